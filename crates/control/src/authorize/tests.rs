//! Who may call what, by policies in a World.

use aws::Service;

use super::{BuiltIn, authorize};
use crate::api::tests::Desk;
use crate::authenticate::{Caller, Principal};

const ADMIN: &str = "PolicyArn=arn:aws:iam::aws:policy/AdministratorAccess";
const ALL: &str = r#"{"Statement":[{"Effect":"Allow","Action":["*"],"Resource":"*"}]}"#;

/// A desk with the user ann in the group staff, and she.
fn scene() -> (Desk, Caller) {
    let mut desk = Desk::new();
    desk.ok("iam:CreateUser", "UserName=ann");
    desk.ok("iam:CreateGroup", "GroupName=staff");
    desk.ok("iam:AddUserToGroup", "UserName=ann&GroupName=staff");
    let ann = Caller {
        principal: Principal::User(desk.world.users.values().next().unwrap().id),
        arn: "arn:aws:iam::123456789012:user/ann".into(),
        ..desk.call.caller()
    };
    (desk, ann)
}

/// The message of a refusal, or nothing.
fn refused(desk: &Desk, caller: &Caller, service: Service, operation: &str) -> Option<String> {
    let asked = authorize(&BuiltIn, &desk.world, caller, (service, operation), "d-1");
    asked.err().map(|fault| {
        assert_eq!(fault.status, 403);
        format!("{}: {}", fault.code, fault.message)
    })
}

fn may(desk: &Desk, caller: &Caller) -> bool {
    refused(desk, caller, Service::Ec2, "CreateVpc").is_none()
}

/// The refusal has these words.
fn because(desk: &Desk, caller: &Caller, words: &[&str]) {
    let message = refused(desk, caller, Service::Ec2, "CreateVpc").unwrap();
    for word in words {
        assert!(message.contains(word), "{word}: {message}");
    }
}

#[test]
fn root_may_and_who_has_no_policy_may_not() {
    let (desk, ann) = scene();
    assert!(may(&desk, &desk.call.caller()));
    because(
        &desk,
        &ann,
        &[
            "UnauthorizedOperation: You are not authorized to perform this operation. User: arn:aws:iam::123456789012:user/ann is not authorized to perform: ec2:CreateVpc because",
            "no identity-based policy",
            "(decision d-1)",
        ],
    );
    let query = refused(&desk, &ann, Service::Iam, "CreateUser").unwrap();
    assert!(query.starts_with("AccessDenied: User: "), "{query}");
    let json = refused(&desk, &ann, Service::Tagging, "GetResources").unwrap();
    assert!(
        json.starts_with("AccessDeniedException: ") && json.contains("tag:GetResources"),
        "{json}"
    );
    for operation in ["GetCallerIdentity", "GetSessionToken", "AssumeRole"] {
        assert_eq!(refused(&desk, &ann, Service::Sts, operation), None);
    }
}

#[test]
fn whoever_has_a_policy_that_allows_everything_is_an_administrator() {
    for (action, parameters, undo) in [
        (
            "iam:AttachUserPolicy",
            format!("UserName=ann&{ADMIN}"),
            "iam:DetachUserPolicy",
        ),
        (
            "iam:AttachGroupPolicy",
            format!("GroupName=staff&{ADMIN}"),
            "iam:DetachGroupPolicy",
        ),
        (
            "iam:PutUserPolicy",
            format!("UserName=ann&PolicyName=p&PolicyDocument={ALL}"),
            "iam:DeleteUserPolicy",
        ),
        (
            "iam:PutGroupPolicy",
            format!("GroupName=staff&PolicyName=p&PolicyDocument={ALL}"),
            "iam:DeleteGroupPolicy",
        ),
    ] {
        let (mut desk, ann) = scene();
        desk.ok(action, &parameters);
        assert!(may(&desk, &ann), "{action}");
        let undone = parameters.split("&PolicyDocument").next().unwrap();
        desk.ok(undo, undone);
        assert!(!may(&desk, &ann), "{undo}");
    }
    // An own managed policy with the same text; its default version decides.
    let (mut desk, ann) = scene();
    desk.ok(
        "iam:CreatePolicy",
        &format!("PolicyName=all&PolicyDocument={ALL}"),
    );
    let arn = "PolicyArn=arn:aws:iam::123456789012:policy/all";
    desk.ok("iam:AttachUserPolicy", &format!("UserName=ann&{arn}"));
    assert!(may(&desk, &ann));
    let some = r#"{"Statement":{"Effect":"Allow","Action":"s3:*","Resource":"*"}}"#;
    desk.ok(
        "iam:CreatePolicyVersion",
        &format!("{arn}&SetAsDefault=true&PolicyDocument={some}"),
    );
    because(
        &desk,
        &ann,
        &["statement 1 of the policy all of user ann", "policy engine"],
    );
}

#[test]
fn what_the_judge_cannot_decide_it_refuses_and_names() {
    let (mut desk, ann) = scene();
    desk.ok("iam:AttachUserPolicy", &format!("UserName=ann&{ADMIN}"));
    let boundary = "UserName=ann&PermissionsBoundary=arn:aws:iam::aws:policy/ReadOnlyAccess";
    desk.ok("iam:PutUserPermissionsBoundary", boundary);
    because(&desk, &ann, &["permissions boundary", "ReadOnlyAccess"]);
    desk.ok("iam:DeleteUserPermissionsBoundary", "UserName=ann");
    assert!(may(&desk, &ann));

    let put = |document: &str| format!("GroupName=staff&PolicyName=no&PolicyDocument={document}");
    let some = r#"{"Statement":{"Sid":"NoMail","Effect":"Deny","Action":"ses:*","Resource":"*"}}"#;
    desk.ok("iam:PutGroupPolicy", &put(some));
    because(
        &desk,
        &ann,
        &["'NoMail' of the policy no of group staff denies something"],
    );
    let all = r#"{"Statement":{"Effect":"Deny","Action":"*","Resource":"*"}}"#;
    desk.ok("iam:PutGroupPolicy", &put(all));
    because(
        &desk,
        &ann,
        &["statement 1 of the policy no of group staff denies everything"],
    );
    desk.ok("iam:DeleteGroupPolicy", "GroupName=staff&PolicyName=no");
    assert!(may(&desk, &ann));

    // Each makes the statement less than everything.
    desk.ok("iam:DetachUserPolicy", &format!("UserName=ann&{ADMIN}"));
    for less in [
        r#""Action":"*","Resource":"*","Condition":{"Bool":{"aws:SecureTransport":"true"}}"#,
        r#""NotAction":"iam:*","Resource":"*""#,
        r#""Action":"*","NotResource":"arn:aws:s3:::b""#,
        r#""Action":"*","Resource":"arn:aws:s3:::b""#,
        r#""Action":"ec2:*","Resource":"*""#,
    ] {
        let document = format!(r#"{{"Statement":{{"Effect":"Allow",{less}}}}}"#);
        desk.ok("iam:PutGroupPolicy", &put(&document));
        because(
            &desk,
            &ann,
            &["statement 1 of the policy no", "allows only some"],
        );
    }
}

#[test]
fn credentials_of_get_session_token_are_no_use_for_iam() {
    let (desk, _) = scene();
    let session = Caller {
        temporary: true,
        ..desk.call.caller()
    };
    assert!(may(&desk, &session));
    for (service, operation) in [
        (Service::Iam, "ListUsers"),
        (Service::Sts, "GetFederationToken"),
    ] {
        let message = refused(&desk, &session, service, operation).unwrap();
        assert!(message.contains("without MFA"), "{message}");
    }
    assert_eq!(
        refused(&desk, &session, Service::Sts, "GetCallerIdentity"),
        None
    );
}

#[test]
fn the_host_is_for_administrators_of_the_operators_account() {
    let (mut desk, ann) = scene();
    let ask = |desk: &Desk, caller: &Caller| refused(desk, caller, Service::Ginnel, "Status");
    let message = ask(&desk, &desk.call.caller()).unwrap();
    assert!(message.contains("only the operator's account"), "{message}");
    let operator = |caller: &Caller| Caller {
        operator: true,
        ..caller.clone()
    };
    assert_eq!(ask(&desk, &operator(&desk.call.caller())), None);
    assert!(ask(&desk, &operator(&ann)).is_some());
    desk.ok("iam:AttachUserPolicy", &format!("UserName=ann&{ADMIN}"));
    assert_eq!(ask(&desk, &operator(&ann)), None);
    assert!(ask(&desk, &ann).is_some());
}
