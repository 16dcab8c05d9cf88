//! Managed policies, their versions and uses.

use crate::api::tests::{Desk, first};

const ALL: &str = r#"{"Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}"#;
const ARN: &str = "PolicyArn=arn:aws:iam::123456789012:policy/x/p";
const READ: &str = "PolicyArn=arn:aws:iam::aws:policy/ReadOnlyAccess";

fn desk() -> Desk {
    let mut desk = Desk::new();
    let parameters = format!("PolicyName=p&Path=/x/&Description=d&PolicyDocument={ALL}");
    desk.ok("iam:CreatePolicy", &parameters);
    desk.ok("iam:CreateUser", "UserName=ann");
    desk
}

#[test]
fn a_policy_counts_its_uses() {
    let mut desk = desk();
    desk.ok("iam:AttachUserPolicy", &format!("UserName=ann&{ARN}"));
    desk.ok(
        "iam:CreateUser",
        "UserName=bob&PermissionsBoundary=arn:aws:iam::123456789012:policy/x/p",
    );
    let text = desk.ok("iam:GetPolicy", ARN);
    assert!(first(&text, "PolicyId").unwrap().starts_with("ANPA"));
    for wanted in [
        "<AttachmentCount>1</AttachmentCount>",
        "<PermissionsBoundaryUsageCount>1</PermissionsBoundaryUsageCount>",
        "<DefaultVersionId>v1</DefaultVersionId>",
        "<IsAttachable>true</IsAttachable>",
        "<Description>d</Description>",
    ] {
        assert!(text.contains(wanted), "{wanted}: {text}");
    }
    let both = desk.ok("iam:ListEntitiesForPolicy", ARN);
    assert!(both.contains("ann") && both.contains("bob"), "{both}");
    let one = desk.ok(
        "iam:ListEntitiesForPolicy",
        &format!("{ARN}&PolicyUsageFilter=PermissionsBoundary"),
    );
    assert!(!one.contains("ann") && one.contains("bob"), "{one}");
    let none = desk.ok(
        "iam:ListEntitiesForPolicy",
        &format!("{ARN}&EntityFilter=Role"),
    );
    assert!(!none.contains("UserName"), "{none}");
    let fault = desk.fault("iam:DeletePolicy", ARN);
    assert!(
        fault.code == "DeleteConflict"
            && fault.message.contains("ann")
            && fault.message.contains("bob"),
        "{fault}"
    );
}

#[test]
fn versions_come_and_go_and_no_number_comes_twice() {
    let mut desk = desk();
    let create = format!("{ARN}&PolicyDocument={ALL}");
    for wanted in 2..=5 {
        let id = desk.make("iam:CreatePolicyVersion", &create, "VersionId");
        assert_eq!(id, format!("v{wanted}"));
    }
    let fault = desk.fault("iam:CreatePolicyVersion", &create);
    assert_eq!((fault.code.as_ref(), fault.status), ("LimitExceeded", 409));
    assert!(fault.message.contains("v3"), "{fault}");
    let fault = desk.fault("iam:DeletePolicyVersion", &format!("{ARN}&VersionId=v1"));
    assert_eq!(fault.code, "DeleteConflict");
    desk.ok(
        "iam:SetDefaultPolicyVersion",
        &format!("{ARN}&VersionId=v5"),
    );
    desk.ok("iam:DeletePolicyVersion", &format!("{ARN}&VersionId=v1"));
    let id = desk.make(
        "iam:CreatePolicyVersion",
        &format!("{create}&SetAsDefault=true"),
        "VersionId",
    );
    assert_eq!(id, "v6");
    let list = desk.ok("iam:ListPolicyVersions", ARN);
    assert_eq!(first(&list, "VersionId").as_deref(), Some("v6"));
    assert_eq!(list.matches("<IsDefaultVersion>true").count(), 1);
    assert!(!list.contains("<Document>"), "{list}");
    let one = desk.ok("iam:GetPolicyVersion", &format!("{ARN}&VersionId=v6"));
    assert!(one.contains("<Document>%7B%22Statement%22%3A"), "{one}");
    for (id, code) in [
        ("v1", "NoSuchEntity"),
        ("1", "ValidationError"),
        ("v01", "ValidationError"),
        ("v", "ValidationError"),
    ] {
        let fault = desk.fault("iam:GetPolicyVersion", &format!("{ARN}&VersionId={id}"));
        assert_eq!(fault.code, code, "{id}");
    }
    let fault = desk.fault("iam:DeletePolicy", ARN);
    assert!(
        fault.message.contains("v5") && !fault.message.contains("v6"),
        "{fault}"
    );
    for version in 2..=5 {
        desk.ok(
            "iam:DeletePolicyVersion",
            &format!("{ARN}&VersionId=v{version}"),
        );
    }
    desk.ok("iam:DeletePolicy", ARN);
}

#[test]
fn built_in_policies_are_there_for_all_and_cannot_be_changed() {
    let mut desk = desk();
    for name in [
        "AdministratorAccess",
        "PowerUserAccess",
        "ReadOnlyAccess",
        "AmazonVPCFullAccess",
    ] {
        let arn = format!("PolicyArn=arn:aws:iam::aws:policy/{name}");
        let text = desk.ok("iam:GetPolicyVersion", &format!("{arn}&VersionId=v1"));
        assert!(text.contains("%22Statement%22"), "{text}");
    }
    for (action, parameters) in [
        ("iam:DeletePolicy", READ.to_owned()),
        (
            "iam:CreatePolicyVersion",
            format!("{READ}&PolicyDocument={ALL}"),
        ),
        ("iam:DeletePolicyVersion", format!("{READ}&VersionId=v1")),
        (
            "iam:TagPolicy",
            format!("{READ}&Tags.member.1.Key=a&Tags.member.1.Value=b"),
        ),
    ] {
        let fault = desk.fault(action, &parameters);
        assert_eq!(
            (fault.code.as_ref(), fault.status),
            ("AccessDenied", 403),
            "{action}"
        );
    }
    // Who has one is known within the account only.
    desk.ok("iam:AttachUserPolicy", &format!("UserName=ann&{READ}"));
    assert!(desk.ok("iam:ListEntitiesForPolicy", READ).contains("ann"));
    desk.switch_account();
    assert!(!desk.ok("iam:ListEntitiesForPolicy", READ).contains("ann"));
    assert_eq!(desk.make("iam:GetPolicy", READ, "AttachmentCount"), "0");
}

#[test]
fn built_in_policies_have_the_shape_that_is_asked_of_others() {
    for policy in model::iam::builtin::all() {
        super::check(policy.document()).unwrap();
    }
}

#[test]
fn a_list_can_be_narrowed() {
    let mut desk = desk();
    let count = |desk: &mut Desk, more: &str| {
        desk.ok("iam:ListPolicies", more)
            .matches("<PolicyName>")
            .count()
    };
    assert_eq!(count(&mut desk, ""), 5);
    assert_eq!(count(&mut desk, "Scope=Local"), 1);
    assert_eq!(count(&mut desk, "Scope=AWS"), 4);
    assert_eq!(count(&mut desk, "PathPrefix=/x/"), 1);
    assert_eq!(count(&mut desk, "OnlyAttached=true"), 0);
    desk.ok("iam:AttachUserPolicy", &format!("UserName=ann&{READ}"));
    assert_eq!(count(&mut desk, "OnlyAttached=true"), 1);
    assert_eq!(count(&mut desk, "PolicyUsageFilter=PermissionsBoundary"), 0);
    for bad in ["Scope=x", "PolicyUsageFilter=x"] {
        assert_eq!(desk.fault("iam:ListPolicies", bad).code, "ValidationError");
    }
}

#[test]
fn what_is_no_policy_is_refused() {
    let mut desk = desk();
    let long = ALL.replace("\"*\",", &format!("\"ec2:{}\",", "a".repeat(6_144)));
    for (document, code) in [
        ("x", "MalformedPolicyDocument"),
        (
            r#"{"Statement":{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}}"#,
            "MalformedPolicyDocument",
        ),
        (long.as_str(), "LimitExceeded"),
    ] {
        let fault = desk.fault(
            "iam:CreatePolicy",
            &format!("PolicyName=q&PolicyDocument={document}"),
        );
        assert_eq!(fault.code, code, "{document}");
    }
    for (arn, code) in [
        ("x", "ValidationError"),
        ("arn:aws:iam::123456789012:user/ann", "InvalidInput"),
        ("arn:aws:iam::123456789012:policy/p", "NoSuchEntity"),
        ("arn:aws:iam::aws:policy/Nothing", "NoSuchEntity"),
        ("arn:aws:iam::210987654321:policy/x/p", "NoSuchEntity"),
    ] {
        let fault = desk.fault("iam:GetPolicy", &format!("PolicyArn={arn}"));
        assert_eq!(fault.code, code, "{arn}");
    }
}
