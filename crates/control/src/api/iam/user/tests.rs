//! Users and groups.

use crate::api::tests::{Desk, first};
use crate::authenticate::Principal;

const READ: &str = "arn:aws:iam::aws:policy/ReadOnlyAccess";

#[test]
fn a_user_has_an_id_an_arn_and_what_it_was_made_with() {
    let mut desk = Desk::new();
    let more = format!(
        "Path=/ops/&PermissionsBoundary={READ}&Tags.member.1.Key=team&Tags.member.1.Value=a"
    );
    desk.ok("iam:CreateUser", &format!("UserName=Ann&{more}"));
    let text = desk.ok("iam:GetUser", "UserName=ann");
    assert_eq!(first(&text, "UserId").unwrap().len(), 21);
    for wanted in [
        "<UserName>Ann</UserName>",
        "<Arn>arn:aws:iam::123456789012:user/ops/Ann</Arn>",
        "<CreateDate>2023-11-14T22:13:20Z</CreateDate>",
        "<PermissionsBoundaryArn>arn:aws:iam::aws:policy/ReadOnlyAccess</PermissionsBoundaryArn>",
        "<Key>team</Key><Value>a</Value>",
    ] {
        assert!(text.contains(wanted), "{wanted}: {text}");
    }
    // A list shows less.
    let list = desk.ok("iam:ListUsers", "");
    assert!(
        list.contains("Ann") && !list.contains("team") && !list.contains("Boundary"),
        "{list}"
    );
}

#[test]
fn without_a_name_it_is_the_caller() {
    let mut desk = Desk::new();
    let root = desk.ok("iam:GetUser", "");
    assert!(
        root.contains("<Arn>arn:aws:iam::123456789012:root</Arn>"),
        "{root}"
    );
    desk.ok("iam:CreateUser", "UserName=ann");
    desk.call.principal = Principal::User(desk.world.users.values().next().unwrap().id);
    assert_eq!(desk.make("iam:GetUser", "", "UserName"), "ann");
    desk.call.principal = Principal::Session {
        role: None,
        name: "r".into(),
        session: "s".into(),
    };
    assert_eq!(desk.fault("iam:GetUser", "").code, "ValidationError");
}

#[test]
fn a_renamed_user_is_the_same() {
    let mut desk = Desk::new();
    let id = desk.make("iam:CreateUser", "UserName=ann", "UserId");
    desk.ok("iam:CreateUser", "UserName=bob");
    desk.ok("iam:CreateAccessKey", "UserName=ann");
    let taken = desk.fault("iam:UpdateUser", "UserName=ann&NewUserName=BOB");
    assert_eq!(taken.code, "EntityAlreadyExists");
    desk.ok("iam:UpdateUser", "UserName=ann&NewUserName=Ann&NewPath=/x/");
    desk.ok("iam:UpdateUser", "UserName=ann&NewUserName=eve");
    let text = desk.ok("iam:GetUser", "UserName=eve");
    assert_eq!(first(&text, "UserId"), Some(id));
    assert_eq!(first(&text, "Path").as_deref(), Some("/x/"));
    assert_eq!(
        desk.make("iam:ListAccessKeys", "UserName=eve", "UserName"),
        "eve"
    );
    assert_eq!(
        desk.fault("iam:GetUser", "UserName=ann").code,
        "NoSuchEntity"
    );
}

#[test]
fn what_blocks_a_deletion_is_named() {
    let mut desk = Desk::new();
    desk.ok("iam:CreateUser", "UserName=ann");
    desk.ok("iam:CreateGroup", "GroupName=staff");
    desk.ok("iam:AddUserToGroup", "GroupName=staff&UserName=ann");
    let key = desk.make("iam:CreateAccessKey", "UserName=ann", "AccessKeyId");
    desk.ok(
        "iam:AttachUserPolicy",
        &format!("UserName=ann&PolicyArn={READ}"),
    );
    let all = r#"{"Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}"#;
    desk.ok(
        "iam:PutUserPolicy",
        &format!("UserName=ann&PolicyName=own&PolicyDocument={all}"),
    );
    let fault = desk.fault("iam:DeleteUser", "UserName=ann");
    assert_eq!((fault.code.as_ref(), fault.status), ("DeleteConflict", 409));
    for word in [&key, READ, "own", "staff"] {
        assert!(fault.message.contains(word), "{word}: {fault}");
    }
    let group = desk.fault("iam:DeleteGroup", "GroupName=staff");
    assert!(
        group.code == "DeleteConflict" && group.message.contains("ann"),
        "{group}"
    );

    desk.ok("iam:RemoveUserFromGroup", "GroupName=staff&UserName=ann");
    desk.ok(
        "iam:DeleteAccessKey",
        &format!("UserName=ann&AccessKeyId={key}"),
    );
    desk.ok(
        "iam:DetachUserPolicy",
        &format!("UserName=ann&PolicyArn={READ}"),
    );
    desk.ok("iam:DeleteUserPolicy", "UserName=ann&PolicyName=own");
    desk.ok("iam:DeleteUser", "UserName=ann");
    desk.ok("iam:DeleteGroup", "GroupName=staff");
    assert_eq!(
        desk.fault("iam:DeleteUser", "UserName=ann").code,
        "NoSuchEntity"
    );
}

#[test]
fn groups_have_members() {
    let mut desk = Desk::new();
    for name in ["ann", "bob"] {
        desk.ok("iam:CreateUser", &format!("UserName={name}"));
    }
    let id = desk.make("iam:CreateGroup", "GroupName=staff&Path=/g/", "GroupId");
    assert!(id.starts_with("AGPA"), "{id}");
    for name in ["ann", "bob", "ann"] {
        desk.ok(
            "iam:AddUserToGroup",
            &format!("GroupName=STAFF&UserName={name}"),
        );
    }
    let text = desk.ok("iam:GetGroup", "GroupName=staff&MaxItems=1");
    assert!(text.contains("ann") && !text.contains("bob"), "{text}");
    assert!(text.contains("<IsTruncated>true</IsTruncated>"), "{text}");
    assert_eq!(
        desk.make("iam:ListGroupsForUser", "UserName=bob", "GroupName"),
        "staff"
    );
    desk.ok(
        "iam:UpdateGroup",
        "GroupName=staff&NewGroupName=crew&NewPath=/h/",
    );
    assert_eq!(
        desk.make("iam:ListGroupsForUser", "UserName=bob", "Path"),
        "/h/"
    );
    assert_eq!(
        desk.make("iam:ListGroups", "PathPrefix=/h/", "GroupName"),
        "crew"
    );
    desk.ok("iam:RemoveUserFromGroup", "GroupName=crew&UserName=bob");
    let fault = desk.fault("iam:RemoveUserFromGroup", "GroupName=crew&UserName=bob");
    assert_eq!(fault.code, "NoSuchEntity");
    for n in 1..10 {
        desk.ok("iam:CreateGroup", &format!("GroupName=g{n}"));
        desk.ok(
            "iam:AddUserToGroup",
            &format!("GroupName=g{n}&UserName=ann"),
        );
    }
    desk.ok("iam:CreateGroup", "GroupName=more");
    let fault = desk.fault("iam:AddUserToGroup", "GroupName=more&UserName=ann");
    assert_eq!((fault.code.as_ref(), fault.status), ("LimitExceeded", 409));
}
