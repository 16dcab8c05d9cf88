//! Who calls, and who may assume what.

use aws::Fault;

use crate::api::tests::Desk;
use crate::authenticate::Principal;

const ROLE: &str = "arn:aws:iam::123456789012:role/deploy";
const ADMIN: &str = "PolicyArn=arn:aws:iam::aws:policy/AdministratorAccess";

/// A desk with the role deploy, which trusts as `statement` says, and the user ann.
fn desk(statement: &str) -> Desk {
    let mut desk = Desk::new();
    desk.ok("iam:CreateUser", "UserName=ann");
    let trust = format!(r#"{{"Statement":[{{{statement}}}]}}"#);
    let role = format!("RoleName=deploy&AssumeRolePolicyDocument={trust}");
    desk.ok("iam:CreateRole", &role);
    desk
}

fn allow(principal: &str) -> String {
    format!(r#""Effect":"Allow","Principal":{principal},"Action":"sts:AssumeRole""#)
}

/// From now on ann calls.
fn as_ann(desk: &mut Desk) {
    desk.call.principal = Principal::User(desk.world.users.values().next().unwrap().id);
    desk.call.arn = "arn:aws:iam::123456789012:user/ann".into();
}

fn assume(desk: &mut Desk, more: &str) -> Result<String, Fault> {
    let parameters = format!("RoleArn={ROLE}&RoleSessionName=s1{more}");
    desk.call("sts:AssumeRole", &parameters)
}

#[track_caller]
fn refused(desk: &mut Desk, word: &str) {
    let fault = assume(desk, "").unwrap_err();
    assert_eq!((fault.code.as_ref(), fault.status), ("AccessDenied", 403));
    assert!(fault.message.contains(word), "{word}: {fault}");
    assert!(fault.message.contains(ROLE), "{fault}");
}

#[test]
fn everyone_learns_who_they_are() {
    let mut desk = desk(&allow("\"*\""));
    let text = desk.ok("sts:GetCallerIdentity", "");
    assert!(text.contains("<UserId>123456789012</UserId>"), "{text}");
    as_ann(&mut desk);
    let text = desk.ok("sts:GetCallerIdentity", "");
    assert!(text.contains("<UserId>AIDA"), "{text}");
    assert!(text.contains(":user/ann</Arn>"), "{text}");
    let role = desk.world.roles.values().next().unwrap().id;
    desk.call.principal = Principal::Session {
        role: Some(role),
        name: "deploy".into(),
        session: "s1".into(),
    };
    let text = desk.ok("sts:GetCallerIdentity", "");
    assert!(
        text.contains(&format!("<UserId>{role}:s1</UserId>")),
        "{text}"
    );
}

#[test]
fn a_role_is_assumed_by_whom_it_trusts() {
    let mut desk = desk(&allow(r#"{"AWS":"arn:aws:iam::123456789012:root"}"#));
    let text = assume(&mut desk, "").unwrap();
    for wanted in [
        "<Arn>arn:aws:sts::123456789012:assumed-role/deploy/s1</Arn>",
        "<AssumedRoleId>AROA",
        "<Expiration>2023-11-14T23:13:20Z</Expiration>",
    ] {
        assert!(text.contains(wanted), "{wanted}: {text}");
    }
    // The account's administrators pass its trust on: ann needs a policy.
    as_ann(&mut desk);
    refused(&mut desk, "no identity-based policy");
    desk.ok("iam:AttachUserPolicy", &format!("UserName=ann&{ADMIN}"));
    assume(&mut desk, "").unwrap();
}

#[test]
fn a_user_whom_the_role_names_needs_no_policy() {
    let mut desk = desk(&allow(r#"{"AWS":["arn:aws:iam::123456789012:user/ann"]}"#));
    refused(
        &mut desk,
        "no statement of a role's trust policy names the caller",
    );
    as_ann(&mut desk);
    assume(&mut desk, "").unwrap();
    let put = |effect: &str| {
        format!(
            r#"UserName=ann&PolicyName=p&PolicyDocument={{"Statement":{{"Effect":"{effect}","Action":"ec2:*","Resource":"*"}}}}"#
        )
    };
    desk.ok("iam:PutUserPolicy", &put("Allow"));
    assume(&mut desk, "").unwrap();
    desk.ok("iam:PutUserPolicy", &put("Deny"));
    refused(&mut desk, "denies something");
}

#[test]
fn a_unique_id_names_too_and_outlives_a_name() {
    let mut desk = desk(&allow("\"*\""));
    let id = desk.make("iam:GetUser", "UserName=ann", "UserId");
    let trust = format!(
        "{{\"Statement\":{{{}}}}}",
        allow(&format!(r#"{{"AWS":"{id}"}}"#))
    );
    let parameters = format!("RoleName=deploy&PolicyDocument={trust}");
    desk.ok("iam:UpdateAssumeRolePolicy", &parameters);
    as_ann(&mut desk);
    assume(&mut desk, "").unwrap();
    desk.ok("iam:DeleteUser", "UserName=ann");
    desk.ok("iam:CreateUser", "UserName=ann");
    as_ann(&mut desk);
    refused(&mut desk, "names the caller");
}

#[test]
fn across_accounts_both_sides_must_allow() {
    for (principal, trusted) in [
        (r#"{"AWS":"210987654321"}"#, true),
        (r#"{"AWS":"arn:aws:iam::210987654321:root"}"#, true),
        (r#"{"AWS":"*"}"#, true),
        (r#""*""#, true),
        (r#"{"AWS":"arn:aws:iam::123456789012:root"}"#, false),
        (r#"{"Service":"ec2.amazonaws.com"}"#, false),
    ] {
        let mut desk = desk(&allow(principal));
        desk.switch_account();
        assert_eq!(assume(&mut desk, "").is_ok(), trusted, "{principal}");
        // A user there without policies never may.
        desk.ok("iam:CreateUser", "UserName=bob");
        let bob = desk.world.users.values().find(|user| user.name == "bob");
        desk.call.principal = Principal::User(bob.unwrap().id);
        desk.call.arn = "arn:aws:iam::210987654321:user/bob".into();
        assert!(assume(&mut desk, "").is_err(), "{principal}");
    }
}

#[test]
fn a_session_of_a_named_role_may_go_on_for_an_hour() {
    let mut desk = desk(&allow(
        r#"{"AWS":"arn:aws:iam::123456789012:role/x/first"}"#,
    ));
    let trust = r#"{"Statement":{"Effect":"Allow","Principal":"*","Action":"sts:AssumeRole"}}"#;
    desk.ok(
        "iam:CreateRole",
        &format!("RoleName=first&Path=/x/&AssumeRolePolicyDocument={trust}"),
    );
    let first = desk.world.roles.values().find(|role| role.name == "first");
    desk.call.principal = Principal::Session {
        role: Some(first.unwrap().id),
        name: "first".into(),
        session: "s0".into(),
    };
    desk.call.arn = "arn:aws:sts::123456789012:assumed-role/first/s0".into();
    desk.call.temporary = true;
    assume(&mut desk, "").unwrap();
    let fault = assume(&mut desk, "&DurationSeconds=3601").unwrap_err();
    assert!(fault.message.contains("role chaining"), "{fault}");
    let fault = desk.fault("sts:GetSessionToken", "");
    assert_eq!(fault.code, "AccessDenied");
}

#[test]
fn a_trust_policy_that_takes_the_engine_is_said_to() {
    for (more, word) in [
        (
            r#""Principal":"*","Action":"sts:AssumeRole","Condition":{"Bool":{"a:b":"true"}}"#,
            "Condition",
        ),
        (r#""Principal":"*","NotAction":"ec2:*""#, "NotAction"),
        (
            r#""NotPrincipal":{"AWS":"123456789012"},"Action":"sts:AssumeRole""#,
            "NotPrincipal",
        ),
        (r#""Principal":"*","Action":"sts:Assume*""#, "wildcards"),
    ] {
        for effect in ["Allow", "Deny"] {
            let mut desk = desk(&format!(r#""Effect":"{effect}",{more}"#));
            refused(&mut desk, word);
        }
    }
    // Of others only it says nothing.
    let mut desk = desk(
        r#""Effect":"Deny","Principal":{"AWS":"999999999999"},"Action":"sts:AssumeRole","Condition":{"Bool":{"a:b":"true"}}},{"Effect":"Allow","Principal":"*","Action":["sts:TagSession","STS:assumerole"]"#,
    );
    assume(&mut desk, "").unwrap();
    let mut denied = self::desk(
        r#""Effect":"Allow","Principal":"*","Action":"*"},{"Effect":"Deny","Principal":"*","Action":"sts:*""#,
    );
    refused(&mut denied, "denies it");
}

#[test]
fn a_role_that_is_not_there_is_refused_like_one_that_does_not_trust() {
    let mut desk = desk(&allow(r#"{"AWS":"999999999999"}"#));
    let mask = |fault: Fault| fault.message.split(" (decision").next().unwrap().to_owned();
    let there = mask(assume(&mut desk, "").unwrap_err());
    desk.ok("iam:DeleteRole", "RoleName=deploy");
    assert_eq!(mask(assume(&mut desk, "").unwrap_err()), there);
}

#[test]
fn durations_and_names_have_limits() {
    let mut desk = desk(&allow("\"*\""));
    desk.ok("iam:UpdateRole", "RoleName=deploy&MaxSessionDuration=7200");
    assume(&mut desk, "&DurationSeconds=900").unwrap();
    assume(&mut desk, "&DurationSeconds=7200").unwrap();
    for bad in ["899", "7201", "0", "-1"] {
        let fault = assume(&mut desk, &format!("&DurationSeconds={bad}")).unwrap_err();
        assert_eq!(fault.code, "ValidationError", "{bad}");
    }
    for bad in ["", "a", "a b", "a/b", &"a".repeat(65)] {
        let parameters = format!("RoleArn={ROLE}&RoleSessionName={bad}");
        assert_eq!(
            desk.fault("sts:AssumeRole", &parameters).code,
            "ValidationError",
            "{bad}"
        );
    }
    for bad in [
        "",
        "deploy",
        "arn:aws:iam::1:role/x",
        "arn:aws:iam::123456789012:user/x",
        "arn:aws:iam::123456789012:role/",
    ] {
        let parameters = format!("RoleArn={bad}&RoleSessionName=s1");
        assert_eq!(
            desk.fault("sts:AssumeRole", &parameters).code,
            "ValidationError",
            "{bad}"
        );
    }
    for more in [
        "&ExternalId=abc",
        "&Policy={}",
        "&PolicyArns.member.1.arn=x",
        "&TokenCode=123456",
    ] {
        let fault = assume(&mut desk, more).unwrap_err();
        assert_eq!(fault.code, "UnsupportedOperation", "{more}");
    }
    for (who, most) in [("root", 3_600), ("ann", 129_600)] {
        if who == "ann" {
            as_ann(&mut desk);
        }
        desk.ok("sts:GetSessionToken", &format!("DurationSeconds={most}"));
        let fault = desk.fault(
            "sts:GetSessionToken",
            &format!("DurationSeconds={}", most + 1),
        );
        assert_eq!(fault.code, "ValidationError");
    }
    let fault = desk.fault("sts:GetSessionToken", "TokenCode=123456");
    assert_eq!(fault.code, "UnsupportedOperation");
}
