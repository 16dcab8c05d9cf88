//! Attached policies and boundaries.

use crate::api::tests::Desk;

const ALL: &str = r#"{"Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}"#;
const TRUST: &str = r#"{"Statement":{"Effect":"Allow","Principal":"*","Action":"sts:AssumeRole"}}"#;

fn desk() -> Desk {
    let mut desk = Desk::new();
    desk.ok("iam:CreateUser", "UserName=x");
    desk.ok("iam:CreateGroup", "GroupName=x");
    desk.ok(
        "iam:CreateRole",
        &format!("RoleName=x&AssumeRolePolicyDocument={TRUST}"),
    );
    for number in 0..11 {
        let parameters = format!("PolicyName=p{number}&Path=/t/&PolicyDocument={ALL}");
        desk.ok("iam:CreatePolicy", &parameters);
    }
    desk
}

#[test]
fn policies_are_attached_once_and_detached() {
    let mut desk = desk();
    for kind in ["User", "Group", "Role"] {
        let with = |arn: &str| format!("{kind}Name=x&PolicyArn={arn}");
        let (attach, detach) = (
            format!("iam:Attach{kind}Policy"),
            format!("iam:Detach{kind}Policy"),
        );
        let own = with("arn:aws:iam::123456789012:policy/t/p0");
        for parameters in [&own, &own, &with("arn:aws:iam::aws:policy/ReadOnlyAccess")] {
            desk.ok(&attach, parameters);
        }
        let list = format!("iam:ListAttached{kind}Policies");
        let text = desk.ok(&list, &format!("{kind}Name=x"));
        assert_eq!(text.matches("<PolicyArn>").count(), 2, "{text}");
        let text = desk.ok(&list, &format!("{kind}Name=x&PathPrefix=/t/"));
        assert_eq!(text.matches("<PolicyArn>").count(), 1, "{text}");
        desk.ok(&detach, &own);
        let fault = desk.fault(&detach, &own);
        assert_eq!((fault.code.as_ref(), fault.status), ("NoSuchEntity", 404));
        for number in 0..9 {
            desk.ok(
                &attach,
                &with(&format!("arn:aws:iam::123456789012:policy/t/p{number}")),
            );
        }
        let fault = desk.fault(&attach, &with("arn:aws:iam::123456789012:policy/t/p10"));
        assert_eq!((fault.code.as_ref(), fault.status), ("LimitExceeded", 409));
        assert!(fault.message.contains("--quota L-"), "{fault}");
        let fault = desk.fault(&attach, &with("arn:aws:iam::123456789012:policy/gone"));
        assert_eq!(fault.code, "NoSuchEntity");
    }
}

#[test]
fn boundaries_are_set_and_taken_away() {
    let mut desk = desk();
    for kind in ["User", "Role"] {
        let name = format!("{kind}Name=x");
        let put = format!("{name}&PermissionsBoundary=arn:aws:iam::123456789012:policy/t/p1");
        desk.ok(&format!("iam:Put{kind}PermissionsBoundary"), &put);
        let text = desk.ok(&format!("iam:Get{kind}"), &name);
        assert!(
            text.contains("policy/t/p1</PermissionsBoundaryArn>"),
            "{text}"
        );
        let delete = format!("iam:Delete{kind}PermissionsBoundary");
        desk.ok(&delete, &name);
        assert_eq!(desk.fault(&delete, &name).code, "NoSuchEntity");
        assert!(
            !desk
                .ok(&format!("iam:Get{kind}"), &name)
                .contains("Boundary")
        );
    }
}
