//! Inline policies.

use crate::api::tests::Desk;

const ALL: &str = r#"{"Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}"#;
const TRUST: &str = r#"{"Statement":{"Effect":"Allow","Principal":"*","Action":"sts:AssumeRole"}}"#;

fn desk() -> Desk {
    let mut desk = Desk::new();
    desk.ok("iam:CreateUser", "UserName=X");
    desk.ok("iam:CreateGroup", "GroupName=X");
    desk.ok(
        "iam:CreateRole",
        &format!("RoleName=X&AssumeRolePolicyDocument={TRUST}"),
    );
    desk
}

#[test]
fn inline_policies_are_put_shown_and_deleted() {
    let mut desk = desk();
    for kind in ["User", "Group", "Role"] {
        let one = format!("{kind}Name=x&PolicyName=p");
        desk.ok(
            &format!("iam:Put{kind}Policy"),
            &format!("{one}&PolicyDocument={ALL}"),
        );
        let text = desk.ok(&format!("iam:Get{kind}Policy"), &one);
        assert!(
            text.contains("<PolicyDocument>%7B%22Statement%22"),
            "{text}"
        );
        assert!(text.contains(&format!("<{kind}Name>X<")), "{text}");
        let list = format!("iam:List{kind}Policies");
        assert!(
            desk.ok(&list, &format!("{kind}Name=x"))
                .contains("<member>p</member>")
        );
        desk.ok(&format!("iam:Delete{kind}Policy"), &one);
        for action in ["Get", "Delete"] {
            let fault = desk.fault(&format!("iam:{action}{kind}Policy"), &one);
            assert_eq!((fault.code.as_ref(), fault.status), ("NoSuchEntity", 404));
        }
    }
}

#[test]
fn all_inline_policies_together_have_a_limit() {
    let mut desk = desk();
    for (kind, most) in [("User", 2_048), ("Group", 5_120), ("Role", 10_240)] {
        let document = |characters: usize| {
            let more = characters - ALL.len() - "\"Sid\":\"\",".len();
            ALL.replacen('{', "", 1).replacen(
                '{',
                &format!("{{\"Sid\":\"{}\",", "a".repeat(more)),
                1,
            )
        };
        let put = |desk: &mut Desk, name: &str, characters: usize| {
            let document = format!("{{{}", document(characters));
            let parameters = format!("{kind}Name=x&PolicyName={name}&PolicyDocument={document}");
            desk.call(&format!("iam:Put{kind}Policy"), &parameters)
        };
        put(&mut desk, "a", 200).unwrap();
        put(&mut desk, "b", most - 200).unwrap();
        // In the place of itself it fits.
        put(&mut desk, "b", most - 200).unwrap();
        for (name, characters) in [("b", most - 199), ("c", 100), ("d", most + 1)] {
            let fault = put(&mut desk, name, characters).unwrap_err();
            assert_eq!(fault.code, "LimitExceeded", "{kind} {name}");
        }
    }
}
