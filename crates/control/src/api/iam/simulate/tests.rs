//! Simulations: an answer where there is one, an error where the engine would be needed.

use crate::api::tests::{Desk, first};

const ALL: &str = r#"{"Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}"#;
const NOTHING: &str = r#"{"Statement":{"Effect":"Deny","Action":"*","Resource":"*"}}"#;
const SOME: &str =
    r#"{"Statement":{"Sid":"Vpcs","Effect":"Allow","Action":"ec2:*","Resource":"*"}}"#;
const ADMIN: &str = "PolicyArn=arn:aws:iam::aws:policy/AdministratorAccess";

#[test]
fn given_policies_are_judged() {
    let mut desk = Desk::new();
    let ask = |documents: &[&str]| {
        let numbered = documents.iter().enumerate();
        let list: String = numbered
            .map(|(at, text)| format!("&PolicyInputList.member.{}={text}", at + 1))
            .collect();
        format!("ActionNames.member.1=ec2:CreateVpc{list}")
    };
    for (documents, wanted) in [
        (&[ALL][..], "allowed"),
        (&[ALL, SOME], "allowed"),
        (&[NOTHING], "explicitDeny"),
        (&[ALL, NOTHING], "explicitDeny"),
        (&[SOME, NOTHING], "explicitDeny"),
    ] {
        let decision = desk.make("iam:SimulateCustomPolicy", &ask(documents), "EvalDecision");
        assert_eq!(decision, wanted, "{documents:?}");
    }
    let fault = desk.fault("iam:SimulateCustomPolicy", &ask(&[SOME]));
    assert_eq!(fault.code, "UnsupportedOperation");
    assert!(
        fault
            .message
            .contains("'Vpcs' of the policy PolicyInputList.1"),
        "{fault}"
    );
    let boundary = format!(
        "{}&PermissionsBoundaryPolicyInputList.member.1={ALL}",
        ask(&[ALL])
    );
    let fault = desk.fault("iam:SimulateCustomPolicy", &boundary);
    assert!(fault.message.contains("boundary"), "{fault}");
    let resource = format!("{}&ResourcePolicy={ALL}", ask(&[ALL]));
    let fault = desk.fault("iam:SimulateCustomPolicy", &resource);
    assert!(fault.message.contains("ResourcePolicy"), "{fault}");
}

#[test]
fn a_principals_policies_are_judged() {
    let mut desk = Desk::new();
    desk.ok("iam:CreateUser", "UserName=ann&Path=/x/");
    desk.ok("iam:CreateGroup", "GroupName=staff");
    let trust = r#"{"Statement":{"Effect":"Allow","Principal":"*","Action":"sts:AssumeRole"}}"#;
    desk.ok(
        "iam:CreateRole",
        &format!("RoleName=r&AssumeRolePolicyDocument={trust}"),
    );
    let ask = |who: &str| {
        format!(
            "PolicySourceArn=arn:aws:iam::123456789012:{who}&ActionNames.member.1=ec2:CreateVpc"
        )
    };
    let all = ["user/x/ann", "group/staff", "role/r"];
    for who in all {
        let decision = desk.make("iam:SimulatePrincipalPolicy", &ask(who), "EvalDecision");
        assert_eq!(decision, "implicitDeny", "{who}");
    }
    desk.ok("iam:AddUserToGroup", "UserName=ann&GroupName=staff");
    desk.ok("iam:AttachGroupPolicy", &format!("GroupName=staff&{ADMIN}"));
    desk.ok("iam:AttachRolePolicy", &format!("RoleName=r&{ADMIN}"));
    for who in all {
        let decision = desk.make("iam:SimulatePrincipalPolicy", &ask(who), "EvalDecision");
        assert_eq!(decision, "allowed", "{who}");
    }
    let more = format!("{}&PolicyInputList.member.1={NOTHING}", ask("role/r"));
    let decision = desk.make("iam:SimulatePrincipalPolicy", &more, "EvalDecision");
    assert_eq!(decision, "explicitDeny");
    for who in ["user/ann", "user/gone", "root", "policy/p"] {
        let fault = desk.fault("iam:SimulatePrincipalPolicy", &ask(who));
        assert_eq!(fault.code, "NoSuchEntity", "{who}");
    }
    desk.switch_account();
    let fault = desk.fault("iam:SimulatePrincipalPolicy", &ask("user/x/ann"));
    assert_eq!(fault.code, "NoSuchEntity");
}

#[test]
fn each_action_and_resource_has_a_result() {
    let mut desk = Desk::new();
    let ask = format!(
        "PolicyInputList.member.1={ALL}&ActionNames.member.1=ec2:A&ActionNames.member.2=ec2:B&ResourceArns.member.1=arn:aws:s3:::b&ResourceArns.member.2=*&MaxItems=3"
    );
    let text = desk.ok("iam:SimulateCustomPolicy", &ask);
    assert_eq!(text.matches("<EvalActionName>").count(), 3, "{text}");
    let marker = first(&text, "Marker").unwrap();
    let rest = desk.ok(
        "iam:SimulateCustomPolicy",
        &format!("{ask}&Marker={marker}"),
    );
    assert_eq!(rest.matches("<EvalActionName>ec2:B<").count(), 1, "{rest}");
    for (bad, code) in [
        ("ActionNames.member.1=nothing", "ValidationError"),
        (
            "ActionNames.member.1=ec2:A&ResourceArns.member.1=x",
            "InvalidInput",
        ),
    ] {
        let fault = desk.fault(
            "iam:SimulateCustomPolicy",
            &format!("PolicyInputList.member.1={ALL}&{bad}"),
        );
        assert_eq!(fault.code, code, "{bad}");
    }
    let fault = desk.fault(
        "iam:SimulateCustomPolicy",
        "PolicyInputList.member.1=x&ActionNames.member.1=ec2:A",
    );
    assert_eq!(fault.code, "MalformedPolicyDocument");
}
