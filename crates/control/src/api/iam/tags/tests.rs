//! Tags of users, roles and policies.

use crate::api::tests::Desk;

const ALL: &str = r#"{"Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}"#;
const TRUST: &str = r#"{"Statement":{"Effect":"Allow","Principal":"*","Action":"sts:AssumeRole"}}"#;

#[test]
fn tags_are_set_listed_and_removed() {
    let mut desk = Desk::new();
    desk.ok("iam:CreateUser", "UserName=x");
    desk.ok(
        "iam:CreateRole",
        &format!("RoleName=x&AssumeRolePolicyDocument={TRUST}"),
    );
    desk.ok(
        "iam:CreatePolicy",
        &format!("PolicyName=x&PolicyDocument={ALL}"),
    );
    for (kind, name) in [
        ("User", "UserName=x"),
        ("Role", "RoleName=x"),
        ("Policy", "PolicyArn=arn:aws:iam::123456789012:policy/x"),
    ] {
        let tag = |key: &str, value: &str| {
            format!("{name}&Tags.member.1.Key={key}&Tags.member.1.Value={value}")
        };
        let (set, list) = (format!("iam:Tag{kind}"), format!("iam:List{kind}Tags"));
        desk.ok(&set, &tag("Team", "a"));
        desk.ok(&set, &tag("env", ""));
        // Another case is the same key.
        desk.ok(&set, &tag("TEAM", "b"));
        let text = desk.ok(&list, name);
        assert!(text.contains("<Key>TEAM</Key><Value>b</Value>"), "{text}");
        assert_eq!(text.matches("<Key>").count(), 2, "{text}");
        let page = desk.ok(&list, &format!("{name}&MaxItems=1"));
        assert!(page.contains("<IsTruncated>true</IsTruncated>"), "{page}");
        desk.ok(
            &format!("iam:Untag{kind}"),
            &format!("{name}&TagKeys.member.1=team&TagKeys.member.2=no"),
        );
        assert_eq!(desk.ok(&list, name).matches("<Key>").count(), 1);

        for (key, value, code) in [
            ("", "v", "ValidationError"),
            (&*"k".repeat(129), "v", "ValidationError"),
            ("k", &*"v".repeat(257), "ValidationError"),
            ("a<b", "v", "ValidationError"),
            ("k", "a%0Ab", "ValidationError"),
            ("AWS:x", "v", "InvalidInput"),
        ] {
            assert_eq!(desk.fault(&set, &tag(key, value)).code, code, "{key}");
        }
        let twice = format!(
            "{}&Tags.member.2.Key=A&Tags.member.2.Value=2",
            tag("a", "1")
        );
        assert_eq!(desk.fault(&set, &twice).code, "InvalidInput");
        let many: String = (1..=50)
            .map(|n| format!("&Tags.member.{n}.Key=k{n}&Tags.member.{n}.Value=v"))
            .collect();
        let fault = desk.fault(&set, &format!("{name}{many}"));
        assert_eq!((fault.code.as_ref(), fault.status), ("LimitExceeded", 409));
    }
}
