//! Keys of every kind, with real signatures.

use aws::call::Parts;
use aws::sigv4::{Key, sign};
use aws::{Fault, Service};
use model::account::AccountId;
use model::iam::{Role, User};
use model::world::World;
use proptest::prelude::*;

use super::{Caller, Place, Principal, authenticate};
use crate::api::tests::{Desk, first};

const NOW: i64 = 1_700_000_000;
const TRUST: &str = r#"{"Statement":{"Effect":"Allow","Principal":"*","Action":"sts:AssumeRole"}}"#;

/// What a client holds.
#[derive(Clone, Debug)]
struct Credentials {
    id: String,
    secret: String,
    token: Option<String>,
}

impl Credentials {
    /// Out of an answer of CreateAccessKey, AssumeRole or GetSessionToken.
    fn read(text: &str) -> Self {
        Self {
            id: first(text, "AccessKeyId").unwrap(),
            secret: first(text, "SecretAccessKey").unwrap(),
            token: first(text, "SessionToken"),
        }
    }
}

/// Where a request is signed for, and when it arrives.
#[derive(Clone, Copy)]
struct Setting {
    region: &'static str,
    served: &'static str,
    service: Service,
    now: i64,
    dev: bool,
}

const HERE: Setting = Setting {
    region: "us-east-1",
    served: "us-east-1",
    service: Service::Sts,
    now: NOW,
    dev: false,
};

fn knock(desk: &Desk, keys: &Credentials, setting: Setting) -> Result<Caller, Fault> {
    let mut headers = vec![("host".to_owned(), "localhost".to_owned())];
    if let Some(token) = &keys.token {
        headers.push(("x-amz-security-token".to_owned(), token.clone()));
    }
    let body = b"Action=GetCallerIdentity&Version=2011-06-15";
    let parts = |headers| Parts {
        method: "POST",
        path: "/",
        query: "",
        headers,
        body,
    };
    let key = Key {
        id: &keys.id,
        secret: &keys.secret,
    };
    let signed = sign(
        &parts(&headers),
        key,
        setting.region,
        setting.service,
        setting.now,
    );
    let all = [headers.clone(), signed.unwrap()].concat();
    let place = Place {
        vault: &desk.call.vault,
        region: setting.served,
        dev: setting.dev,
    };
    match authenticate(&desk.world, place, &parts(&all), setting.now) {
        Ok((service, caller)) => {
            assert_eq!(service, setting.service);
            Ok(caller)
        }
        Err((_, fault)) => Err(fault),
    }
}

fn code(desk: &Desk, keys: &Credentials, setting: Setting) -> String {
    knock(desk, keys, setting).unwrap_err().code.into_owned()
}

fn user(world: &World) -> &User {
    world.users.values().next().unwrap()
}

fn role(world: &World) -> &Role {
    world.roles.values().next().unwrap()
}

fn desk() -> Desk {
    let mut desk = Desk::new();
    desk.ok("iam:CreateUser", "UserName=ann&Path=/ops/");
    let role = format!("RoleName=deploy&Path=/ops/&AssumeRolePolicyDocument={TRUST}");
    desk.ok("iam:CreateRole", &role);
    desk
}

/// Stands at the desk as somebody else.
fn stand(desk: &mut Desk, caller: &Caller) {
    desk.call.account = caller.account;
    desk.call.arn.clone_from(&caller.arn);
    desk.call.principal = caller.principal.clone();
    desk.call.temporary = caller.temporary;
}

fn assume(desk: &mut Desk) -> Credentials {
    let parameters = "RoleArn=arn:aws:iam::123456789012:role/ops/deploy&RoleSessionName=s1";
    Credentials::read(&desk.ok("sts:AssumeRole", parameters))
}

#[test]
fn a_key_is_the_account_or_the_user_it_was_made_for() {
    let mut desk = desk();
    let root = Credentials::read(&desk.ok("iam:CreateAccessKey", ""));
    let caller = knock(&desk, &root, HERE).unwrap();
    assert_eq!(caller.principal, Principal::Root);
    assert_eq!(caller.arn, "arn:aws:iam::123456789012:root");
    assert!(!caller.temporary);

    let ann = Credentials::read(&desk.ok("iam:CreateAccessKey", "UserName=ann"));
    let caller = knock(&desk, &ann, HERE).unwrap();
    assert_eq!(caller.principal, Principal::User(user(&desk.world).id));
    assert_eq!(caller.arn, "arn:aws:iam::123456789012:user/ops/ann");

    let mut wrong = ann.clone();
    wrong.secret = root.secret;
    assert_eq!(code(&desk, &wrong, HERE), "SignatureDoesNotMatch");
    wrong.id = "AKIAABCDEFGHIJKLMNOP".into();
    assert_eq!(code(&desk, &wrong, HERE), "InvalidClientTokenId");
}

#[test]
fn what_is_put_aside_or_deleted_opens_nothing_from_the_next_request_on() {
    let mut desk = desk();
    let ann = Credentials::read(&desk.ok("iam:CreateAccessKey", "UserName=ann"));
    let status = |status: &str| format!("UserName=ann&AccessKeyId={}&Status={status}", ann.id);
    desk.ok("iam:UpdateAccessKey", &status("Inactive"));
    assert_eq!(code(&desk, &ann, HERE), "InvalidClientTokenId");
    let ec2 = Setting {
        service: Service::Ec2,
        ..HERE
    };
    assert_eq!(code(&desk, &ann, ec2), "AuthFailure");
    let json = Setting {
        service: Service::Cloudtrail,
        ..HERE
    };
    assert_eq!(code(&desk, &ann, json), "UnrecognizedClientException");
    desk.ok("iam:UpdateAccessKey", &status("Active"));
    knock(&desk, &ann, HERE).unwrap();
    let key = format!("UserName=ann&AccessKeyId={}", ann.id);
    desk.ok("iam:DeleteAccessKey", &key);
    assert_eq!(code(&desk, &ann, HERE), "InvalidClientTokenId");
}

#[test]
fn a_session_of_a_role_is_the_role_until_it_expires_or_the_role_is_gone() {
    let mut desk = desk();
    let keys = assume(&mut desk);
    assert!(keys.id.starts_with("ASIA") && keys.id.len() == 20);
    let caller = knock(&desk, &keys, HERE).unwrap();
    let arn = "arn:aws:sts::123456789012:assumed-role/deploy/s1";
    assert_eq!(caller.arn, arn);
    assert!(caller.temporary);
    let principal = Principal::Session {
        role: Some(role(&desk.world).id),
        name: "deploy".into(),
        session: "s1".into(),
    };
    assert_eq!(caller.principal, principal);

    let at = |now, service| Setting {
        now,
        service,
        ..HERE
    };
    knock(&desk, &keys, at(NOW + 3_599, Service::Iam)).unwrap();
    for (service, wanted) in [
        (Service::Sts, ("ExpiredToken", 403)),
        (Service::Elbv2, ("ExpiredToken", 403)),
        (Service::Ec2, ("RequestExpired", 400)),
        (Service::Cloudtrail, ("ExpiredTokenException", 403)),
    ] {
        let fault = knock(&desk, &keys, at(NOW + 3_600, service)).unwrap_err();
        assert_eq!((fault.code.as_ref(), fault.status), wanted);
    }

    // One made again under the same name is another.
    desk.ok("iam:DeleteRole", "RoleName=deploy");
    let again = format!("RoleName=deploy&Path=/ops/&AssumeRolePolicyDocument={TRUST}");
    desk.ok("iam:CreateRole", &again);
    assert_eq!(code(&desk, &keys, HERE), "InvalidClientTokenId");
}

#[test]
fn a_session_token_is_who_asked_for_it() {
    let mut desk = desk();
    let root = Credentials::read(&desk.ok("sts:GetSessionToken", ""));
    let caller = knock(&desk, &root, HERE).unwrap();
    assert_eq!(
        (caller.principal, caller.temporary),
        (Principal::Root, true)
    );

    let ann = Credentials::read(&desk.ok("iam:CreateAccessKey", "UserName=ann"));
    let caller = knock(&desk, &ann, HERE).unwrap();
    stand(&mut desk, &caller);
    let token = Credentials::read(&desk.ok("sts:GetSessionToken", ""));
    let again = knock(&desk, &token, HERE).unwrap();
    assert_eq!(again.arn, caller.arn);
    assert!(again.temporary);
    // Twelve hours if nothing is said.
    let late = Setting {
        now: NOW + 12 * 3_600,
        ..HERE
    };
    assert_eq!(code(&desk, &token, late), "ExpiredToken");
}

#[test]
fn a_token_goes_with_its_own_key_and_secret_only() {
    let mut desk = desk();
    let (one, two) = (assume(&mut desk), assume(&mut desk));
    let ann = Credentials::read(&desk.ok("iam:CreateAccessKey", "UserName=ann"));
    let mut mixed = one.clone();
    mixed.token.clone_from(&two.token);
    assert_eq!(code(&desk, &mixed, HERE), "InvalidClientTokenId");
    mixed.id.clone_from(&two.id);
    assert_eq!(code(&desk, &mixed, HERE), "SignatureDoesNotMatch");
    mixed.token = None;
    assert_eq!(code(&desk, &mixed, HERE), "InvalidClientTokenId");
    let mut permanent = ann;
    permanent.token = one.token;
    assert_eq!(code(&desk, &permanent, HERE), "InvalidClientTokenId");
}

#[test]
fn an_emulated_role_is_there_with_dev_only() {
    let mut desk = Desk::new();
    desk.call.dev = true;
    let parameters = "RoleArn=arn:aws:iam::999999999999:role/any&RoleSessionName=s1";
    let keys = Credentials::read(&desk.ok("sts:AssumeRole", parameters));
    let dev = Setting { dev: true, ..HERE };
    let caller = knock(&desk, &keys, dev).unwrap();
    assert_eq!(caller.account, "999999999999".parse::<AccountId>().unwrap());
    assert_eq!(caller.arn, "arn:aws:sts::999999999999:assumed-role/any/s1");
    assert_eq!(code(&desk, &keys, HERE), "InvalidClientTokenId");
}

#[test]
fn iam_and_sts_are_signed_for_in_one_region_wherever_this_is() {
    let mut desk = desk();
    let root = Credentials::read(&desk.ok("iam:CreateAccessKey", ""));
    let abroad = |region, service| Setting {
        region,
        served: "eu-west-1",
        service,
        ..HERE
    };
    for service in [Service::Iam, Service::Sts] {
        knock(&desk, &root, abroad("us-east-1", service)).unwrap();
        knock(&desk, &root, abroad("eu-west-1", service)).unwrap();
        let fault = knock(&desk, &root, abroad("us-west-2", service)).unwrap_err();
        assert_eq!(fault.code, "SignatureDoesNotMatch");
    }
    let fault = knock(&desk, &root, abroad("us-east-1", Service::Elbv2)).unwrap_err();
    assert!(fault.message.contains("eu-west-1"), "{fault}");
}

proptest! {
    #[test]
    fn a_tampered_token_never_authenticates(at: prop::sample::Index, letter in "[A-Za-z0-9+/=]") {
        let mut desk = desk();
        let mut keys = assume(&mut desk);
        let token = keys.token.take().unwrap();
        let mut changed = token.clone();
        let at = at.index(token.len());
        changed.replace_range(at..=at, &letter);
        prop_assume!(changed != token);
        keys.token = Some(changed);
        prop_assert_eq!(code(&desk, &keys, HERE), "InvalidClientTokenId");
    }
}
