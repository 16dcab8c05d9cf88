//! Roles.

use crate::api::tests::{Desk, first};

const TRUST: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"*"},"Action":"sts:AssumeRole"}]}"#;

fn made(more: &str) -> (Desk, String) {
    let mut desk = Desk::new();
    let parameters = format!("RoleName=deploy&AssumeRolePolicyDocument={TRUST}{more}");
    let text = desk.ok("iam:CreateRole", &parameters);
    (desk, text)
}

#[test]
fn a_role_is_shown_as_it_was_made() {
    let (mut desk, _) = made(
        "&Path=/ops/&Description=d&MaxSessionDuration=7200&Tags.member.1.Key=k&Tags.member.1.Value=v",
    );
    let text = desk.ok("iam:GetRole", "RoleName=Deploy");
    assert!(first(&text, "RoleId").unwrap().starts_with("AROA"));
    for wanted in [
        "<Arn>arn:aws:iam::123456789012:role/ops/deploy</Arn>",
        "<AssumeRolePolicyDocument>%7B%22Version%22%3A%222012-10-17%22%2C%22Statement%22%3A%5B%7B",
        "<Description>d</Description>",
        "<MaxSessionDuration>7200</MaxSessionDuration>",
        "<Key>k</Key>",
    ] {
        assert!(text.contains(wanted), "{wanted}: {text}");
    }
    assert!(
        !desk
            .ok("iam:ListRoles", "PathPrefix=/ops/")
            .contains("<Key>")
    );
}

#[test]
fn an_update_leaves_what_is_not_given() {
    let (mut desk, _) = made("&Description=d&MaxSessionDuration=7200");
    desk.ok("iam:UpdateRole", "RoleName=deploy&MaxSessionDuration=3600");
    let text = desk.ok("iam:GetRole", "RoleName=deploy");
    assert_eq!(first(&text, "Description").as_deref(), Some("d"));
    assert_eq!(first(&text, "MaxSessionDuration").as_deref(), Some("3600"));
    let narrow = TRUST.replace("\"*\"", "\"123456789012\"");
    let parameters = format!("RoleName=deploy&PolicyDocument={narrow}");
    desk.ok("iam:UpdateAssumeRolePolicy", &parameters);
    assert!(
        desk.ok("iam:GetRole", "RoleName=deploy")
            .contains("123456789012%22%7D")
    );
}

#[test]
fn broken_roles_are_refused() {
    let mut desk = Desk::new();
    for (trust, code) in [
        ("", "MalformedPolicyDocument"),
        ("{}", "MalformedPolicyDocument"),
        (
            r#"{"Statement":{"Effect":"Allow","Action":"sts:AssumeRole"}}"#,
            "MalformedPolicyDocument",
        ),
        (
            r#"{"Statement":{"Effect":"Allow","Principal":"*","Action":"sts:AssumeRole","Resource":"*"}}"#,
            "MalformedPolicyDocument",
        ),
        (
            &TRUST.replace("2012-10-17", &"1".repeat(2_048)),
            "LimitExceeded",
        ),
    ] {
        let parameters = format!("RoleName=r&AssumeRolePolicyDocument={trust}");
        assert_eq!(
            desk.fault("iam:CreateRole", &parameters).code,
            code,
            "{trust}"
        );
    }
    for more in [
        "MaxSessionDuration=3599",
        "MaxSessionDuration=43201",
        "PermissionsBoundary=x",
    ] {
        let parameters = format!("RoleName=r&AssumeRolePolicyDocument={TRUST}&{more}");
        assert_eq!(
            desk.fault("iam:CreateRole", &parameters).code,
            "ValidationError",
            "{more}"
        );
    }
    let long = format!(
        "RoleName=r&AssumeRolePolicyDocument={TRUST}&Description={}",
        "d".repeat(1_001)
    );
    assert_eq!(desk.fault("iam:CreateRole", &long).code, "ValidationError");
    for more in ["%00".to_owned(), format!("&Path=/{}", " ".repeat(2))] {
        let parameters = format!("RoleName=r&AssumeRolePolicyDocument={TRUST}&Description=d{more}");
        assert_eq!(
            desk.fault("iam:CreateRole", &parameters).code,
            "ValidationError"
        );
    }
    // White space does not count, but not without end.
    let padded = |spaces: usize| {
        format!(
            "RoleName=r&AssumeRolePolicyDocument={}{TRUST}",
            "+".repeat(spaces)
        )
    };
    assert_eq!(
        desk.fault("iam:CreateRole", &padded(131_072)).code,
        "ValidationError"
    );
    desk.ok("iam:CreateRole", &padded(10_000));
}

#[test]
fn a_role_goes_when_its_policies_are_gone() {
    let (mut desk, _) = made("");
    let attached = "RoleName=deploy&PolicyArn=arn:aws:iam::aws:policy/PowerUserAccess";
    desk.ok("iam:AttachRolePolicy", attached);
    let fault = desk.fault("iam:DeleteRole", "RoleName=deploy");
    assert!(
        fault.code == "DeleteConflict" && fault.message.contains("PowerUserAccess"),
        "{fault}"
    );
    desk.ok("iam:DetachRolePolicy", attached);
    // Terraform asks before.
    let profiles = desk.ok("iam:ListInstanceProfilesForRole", "RoleName=deploy");
    assert!(
        profiles.contains("<IsTruncated>false</IsTruncated>"),
        "{profiles}"
    );
    desk.ok("iam:DeleteRole", "RoleName=deploy");
    let fault = desk.fault("iam:ListInstanceProfilesForRole", "RoleName=deploy");
    assert_eq!(fault.code, "NoSuchEntity");
    desk.ok("iam:ListAccountAliases", "");
}
