//! Access keys.

use proptest::prelude::*;

use super::{id, secret};
use crate::api::tests::{Desk, first};
use crate::authenticate::Principal;

#[test]
fn a_key_is_shown_whole_once() {
    let mut desk = Desk::new();
    desk.ok("iam:CreateUser", "UserName=ann");
    let text = desk.ok("iam:CreateAccessKey", "UserName=ann");
    let key = first(&text, "AccessKeyId").unwrap();
    let hidden = first(&text, "SecretAccessKey").unwrap();
    assert!(key.starts_with("AKIA") && key.len() == 20 && hidden.len() == 40);
    let stored = desk.world.access_keys.get(&key).unwrap();
    assert_eq!(
        desk.call
            .vault
            .open_sealed(&key, &stored.sealed_secret)
            .unwrap(),
        hidden
    );
    let list = desk.ok("iam:ListAccessKeys", "UserName=ann");
    assert!(
        list.contains(&key) && list.contains("<Status>Active</Status>"),
        "{list}"
    );
    assert!(!list.contains(&hidden));
    let used = desk.ok("iam:GetAccessKeyLastUsed", &format!("AccessKeyId={key}"));
    for wanted in [
        "<UserName>ann</UserName>",
        "<Region>N/A</Region>",
        "<ServiceName>N/A</ServiceName>",
    ] {
        assert!(used.contains(wanted), "{wanted}: {used}");
    }
}

#[test]
fn a_user_has_two_and_root_has_two_of_its_own() {
    let mut desk = Desk::new();
    desk.ok("iam:CreateUser", "UserName=ann");
    for whose in ["UserName=ann", ""] {
        let one = desk.make("iam:CreateAccessKey", whose, "AccessKeyId");
        desk.ok("iam:CreateAccessKey", whose);
        let fault = desk.fault("iam:CreateAccessKey", whose);
        assert_eq!((fault.code.as_ref(), fault.status), ("LimitExceeded", 409));
        assert!(fault.message.contains(&one), "{fault}");
        assert_eq!(
            desk.ok("iam:ListAccessKeys", whose)
                .matches("<AccessKeyId>")
                .count(),
            2
        );
    }
    // Without a name they are the caller's own.
    let anns = desk.make("iam:ListAccessKeys", "UserName=ann", "AccessKeyId");
    assert_eq!(
        desk.fault("iam:DeleteAccessKey", &format!("AccessKeyId={anns}"))
            .code,
        "NoSuchEntity"
    );
    desk.call.principal = Principal::User(desk.world.users.values().next().unwrap().id);
    desk.ok(
        "iam:UpdateAccessKey",
        &format!("AccessKeyId={anns}&Status=Inactive"),
    );
    assert!(
        desk.ok("iam:ListAccessKeys", "")
            .contains("<Status>Inactive</Status>")
    );
    desk.ok("iam:DeleteAccessKey", &format!("AccessKeyId={anns}"));
}

#[test]
fn what_is_not_a_key_or_a_status_is_refused() {
    let mut desk = Desk::new();
    desk.ok("iam:CreateUser", "UserName=ann");
    let key = desk.make("iam:CreateAccessKey", "UserName=ann", "AccessKeyId");
    let update =
        |key: &str, status: &str| format!("UserName=ann&AccessKeyId={key}&Status={status}");
    for (key, status, code) in [
        (key.as_str(), "active", "ValidationError"),
        ("AKIA", "Active", "ValidationError"),
        ("AKIAABCDEFGHIJKLMNOP", "Active", "NoSuchEntity"),
    ] {
        assert_eq!(
            desk.fault("iam:UpdateAccessKey", &update(key, status)).code,
            code
        );
    }
}

proptest! {
    #[test]
    fn ids_and_secrets_have_their_letters(one: [u8; 16], two in proptest::array::uniform32(any::<u8>())) {
        let id = id("ASIA", one);
        prop_assert!(id.len() == 20 && id.bytes().all(|b| b.is_ascii_uppercase() || (b'2'..=b'7').contains(&b)));
        let mut bytes = [0; 40];
        bytes[..32].copy_from_slice(&two);
        let secret = secret(bytes);
        prop_assert!(secret.len() == 40 && secret.bytes().all(|b| b.is_ascii_alphanumeric() || b"+/".contains(&b)));
    }
}
