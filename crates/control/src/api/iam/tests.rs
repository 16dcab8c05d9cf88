//! What all of IAM has in common: names, paths, pages, encoded documents.

use proptest::prelude::*;

use super::{encode_document, paged};
use crate::api::tests::{Desk, first};

#[test]
fn names_and_paths_are_iams() {
    let mut desk = Desk::new();
    for bad in ["", "a b", "a/b", "ä", &"a".repeat(65)] {
        let fault = desk.fault("iam:CreateUser", &format!("UserName={bad}"));
        assert_eq!(
            (fault.code.as_ref(), fault.status),
            ("ValidationError", 400),
            "{bad}"
        );
        assert!(fault.message.contains("UserName"), "{fault}");
    }
    for bad in [
        "",
        "x",
        "/x",
        "x/",
        "/a b/",
        &format!("/{}/", "a".repeat(511)),
    ] {
        let fault = desk.fault("iam:CreateUser", &format!("UserName=a&Path={bad}"));
        assert_eq!(fault.code, "ValidationError", "{bad}");
    }
    desk.ok("iam:CreateUser", "UserName=Ann%2B_=,.@-1&Path=/a/b/");
}

#[test]
fn names_are_unique_whatever_their_case_but_only_in_their_account() {
    let mut desk = Desk::new();
    let trust = r#"{"Statement":{"Effect":"Allow","Principal":"*","Action":"sts:AssumeRole"}}"#;
    let all = r#"{"Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}"#;
    let makes = [
        ("iam:CreateUser", "UserName", String::new()),
        ("iam:CreateGroup", "GroupName", String::new()),
        (
            "iam:CreateRole",
            "RoleName",
            format!("&AssumeRolePolicyDocument={trust}"),
        ),
        (
            "iam:CreatePolicy",
            "PolicyName",
            format!("&PolicyDocument={all}"),
        ),
    ];
    for (action, parameter, more) in &makes {
        desk.ok(action, &format!("{parameter}=Same{more}"));
        let fault = desk.fault(action, &format!("{parameter}=sAME&Path=/x/{more}"));
        assert_eq!(
            (fault.code.as_ref(), fault.status),
            ("EntityAlreadyExists", 409)
        );
    }
    desk.switch_account();
    for (action, parameter, more) in &makes {
        desk.ok(action, &format!("{parameter}=same{more}"));
    }
}

#[test]
fn anothers_things_do_not_exist() {
    let mut desk = Desk::new();
    let all = r#"{"Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}"#;
    desk.ok("iam:CreateUser", "UserName=ann");
    let key = desk.make("iam:CreateAccessKey", "UserName=ann", "AccessKeyId");
    let arn = desk.make(
        "iam:CreatePolicy",
        &format!("PolicyName=p&PolicyDocument={all}"),
        "Arn",
    );
    desk.switch_account();
    desk.ok("iam:CreateUser", "UserName=bob");
    for (action, parameters) in [
        ("iam:GetUser", "UserName=ann".to_owned()),
        ("iam:DeleteUser", "UserName=ann".to_owned()),
        ("iam:GetPolicy", format!("PolicyArn={arn}")),
        (
            "iam:AttachUserPolicy",
            format!("UserName=bob&PolicyArn={arn}"),
        ),
        ("iam:GetAccessKeyLastUsed", format!("AccessKeyId={key}")),
        (
            "iam:DeleteAccessKey",
            format!("UserName=bob&AccessKeyId={key}"),
        ),
        ("iam:DeleteAccessKey", format!("AccessKeyId={key}")),
    ] {
        let fault = desk.fault(action, &parameters);
        assert_eq!(
            (fault.code.as_ref(), fault.status),
            ("NoSuchEntity", 404),
            "{action}"
        );
    }
    assert!(!desk.ok("iam:ListUsers", "").contains("ann"));
    assert!(!desk.ok("iam:ListPolicies", "").contains(&arn));
}

#[test]
fn lists_come_in_pages() {
    let mut desk = Desk::new();
    for name in ["b", "A", "c"] {
        desk.ok("iam:CreateUser", &format!("UserName={name}&Path=/x/"));
    }
    let one = desk.ok("iam:ListUsers", "MaxItems=2");
    assert!(one.contains("<IsTruncated>true</IsTruncated>"), "{one}");
    assert_eq!(first(&one, "UserName").as_deref(), Some("A"));
    let marker = first(&one, "Marker").unwrap();
    let two = desk.ok("iam:ListUsers", &format!("MaxItems=2&Marker={marker}"));
    assert!(two.contains("<IsTruncated>false</IsTruncated>"), "{two}");
    assert_eq!(first(&two, "UserName").as_deref(), Some("c"));
    assert_eq!(first(&two, "Marker"), None);
    assert_eq!(
        first(&desk.ok("iam:ListUsers", "PathPrefix=/y/"), "UserName"),
        None
    );
    assert!(first(&desk.ok("iam:ListUsers", "PathPrefix=/x"), "UserName").is_some());
    for bad in ["MaxItems=0", "MaxItems=1001", "Marker=zz", "PathPrefix=x"] {
        assert_eq!(
            desk.fault("iam:ListUsers", bad).code,
            "ValidationError",
            "{bad}"
        );
    }
}

proptest! {
    #[test]
    fn documents_survive_their_encoding(text in "\\PC{0,60}") {
        let encoded = encode_document(&text);
        prop_assert!(encoded.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~%".contains(&byte)));
        let mut bytes = Vec::new();
        let mut rest = encoded.as_bytes();
        while let Some((byte, more)) = rest.split_first() {
            rest = more;
            if *byte == b'%' {
                let (digits, more) = rest.split_at(2);
                bytes.push(u8::from_str_radix(std::str::from_utf8(digits).unwrap(), 16).unwrap());
                rest = more;
            } else {
                bytes.push(*byte);
            }
        }
        prop_assert_eq!(String::from_utf8(bytes).unwrap(), text);
    }

    #[test]
    fn no_marker_makes_it_panic(marker in "\\PC{0,20}") {
        let _ = paged(vec![String::from("a")], Clone::clone, None, Some(&marker));
    }
}
