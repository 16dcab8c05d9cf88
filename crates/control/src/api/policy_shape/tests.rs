//! What is stored and what is refused, by kind.

use proptest::prelude::*;

use super::{Broken, Kind, check};

const MOST: usize = 20_480;

fn statement(rest: &str) -> String {
    format!(r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow"{rest}}}]}}"#)
}

fn why(text: &str, kind: Kind) -> String {
    check(text, kind, MOST).unwrap_err().to_string()
}

#[test]
fn each_kind_has_its_elements() {
    let full = r#","Principal":"*","Action":"*","Resource":"*""#;
    let identity = r#","Action":["s3:Get*","ec2:Describe?pcs"],"Resource":["arn:aws:s3:::b/*"]"#;
    let trust = r#","Principal":{"AWS":["arn:aws:iam::123456789012:root"],"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole","Sid":"one""#;
    let kinds = [Kind::Endpoint, Kind::Identity, Kind::Trust];
    for (text, fits) in [(full, 0), (identity, 1), (trust, 2)] {
        for (place, kind) in kinds.into_iter().enumerate() {
            let done = check(&statement(text), kind, MOST);
            assert_eq!(done.is_ok(), place == fits, "{text} {kind:?} {done:?}");
        }
    }
    // The default of endpoints, one statement without a list, conditions of all forms.
    for good in [
        r#"{"Statement":[{"Action":"*","Effect":"Allow","Principal":"*","Resource":"*"}]}"#,
        r#"{"Id":"x","Statement":{"NotAction":"s3:*","Effect":"Deny","NotPrincipal":{"AWS":"*"},"NotResource":"arn:aws:s3:::b"}}"#,
        r#"{"Statement":{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*","Condition":{"StringEqualsIfExists":{"aws:PrincipalAccount":["1","2"]},"ForAllValues:StringLike":{"a:b":"*"},"Bool":{"a:c":true},"NumericLessThan":{"a:d":5},"Null":{"a:e":"true"}}}}"#,
    ] {
        assert_eq!(check(good, Kind::Endpoint, MOST), Ok(()), "{good}");
    }
}

#[test]
fn refusals_say_where_and_why() {
    let full = r#""Principal":"*","Action":"*","Resource":"*""#;
    for (text, wanted) in [
        ("", "line 1, column 0: EOF"),
        ("policy", "line 1, column 1: expected value"),
        ("[]", "line 1, column"),
        ("{}", "missing field `Statement`"),
        (r#"{"Statement":[]}"#, "Statement is empty"),
        (r#"{"Statement":"x"}"#, "expected an object or a list"),
        (r#"{"Version":"2013-10-17","Statement":[]}"#, "2012-10-17"),
        (
            "{\"Statement\":[],\n\"Owner\":1}",
            "line 2, column 7: unknown field `Owner`",
        ),
        (r#"{"Statement":[],"Statement":[]}"#, "duplicate field"),
        (r#"{"Statement":[]} x"#, "trailing characters"),
        (
            &format!(r#"{{"Statement":{{{full}}}}}"#),
            "statement 1 has no Effect",
        ),
        (
            &format!(r#"{{"Statement":{{"Effect":"allow",{full}}}}}"#),
            "unknown variant `allow`, expected `Allow` or `Deny`",
        ),
        (
            &statement(r#","Action":"*","Resource":"*""#),
            "statement 1 has no Principal",
        ),
        (
            &statement(r#","Principal":"*","Resource":"*""#),
            "statement 1 has no Action",
        ),
        (
            &statement(r#","Principal":"*","Action":"*""#),
            "statement 1 has no Resource",
        ),
        (
            &statement(r#","Principal":"*","Action":"*","NotAction":"*","Resource":"*""#),
            "both Action and NotAction",
        ),
        (
            &statement(r#","Principal":"me","Action":"*","Resource":"*""#),
            "the principal 'me'",
        ),
        (
            &statement(r#","Principal":{"Aws":"*"},"Action":"*","Resource":"*""#),
            "principal type 'Aws'",
        ),
        (
            &statement(r#","Principal":{"AWS":"*","AWS":"*"},"Action":"*","Resource":"*""#),
            "duplicate field `AWS`",
        ),
        (
            &statement(r#","Principal":"*","Action":"GetObject","Resource":"*""#),
            "the action 'GetObject'",
        ),
        (
            &statement(r#","Principal":"*","Action":[],"Resource":"*""#),
            "an empty list",
        ),
        (
            &statement(r#","Principal":"*","Action":[1],"Resource":"*""#),
            "expected a string",
        ),
        (
            &statement(r#","Principal":"*","Action":"*","Resource":"bucket""#),
            "the resource 'bucket'",
        ),
        (
            &statement(&format!(
                r#",{full},"Condition":{{"StringIs":{{"a:b":"c"}}}}"#
            )),
            "operator 'StringIs'",
        ),
        (
            &statement(&format!(r#",{full},"Condition":{{"Bool":{{"a:b":{{}}}}}}"#)),
            "expected a string, a number",
        ),
        (
            &statement(&format!(r#",{full},"Conditions":{{}}"#)),
            "unknown field `Conditions`",
        ),
        (
            &format!(
                r#"{{"Statement":[{{"Sid":"a","Effect":"Deny",{full}}},{{"Sid":"a","Effect":"Deny",{full}}}]}}"#
            ),
            "statement 2 has the Sid 'a'",
        ),
    ] {
        let why = why(text, Kind::Endpoint);
        assert!(why.contains(wanted), "{text}: {why}");
    }
    let identity = statement(r#","Sid":"a b","Action":"*","Resource":"*""#);
    assert!(why(&identity, Kind::Identity).contains("statement 1 (Sid a b) has a Sid"));
}

#[test]
fn white_space_counts_in_policies_of_endpoints_only() {
    let short = statement(r#","Principal":"*","Action":"*","Resource":"*""#);
    let exact = format!("{short}{}", " ".repeat(MOST - short.len()));
    assert_eq!(check(&exact, Kind::Endpoint, MOST), Ok(()));
    let too_long = Broken::TooLong {
        characters: MOST + 1,
        most: MOST,
    };
    assert_eq!(
        check(&format!("{exact} "), Kind::Endpoint, MOST),
        Err(too_long)
    );
    let identity = statement(r#","Action":"*","Resource":"*""#);
    let padded = format!("{identity}{}", " ".repeat(MOST));
    assert_eq!(check(&padded, Kind::Identity, MOST), Ok(()));
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(text in "\\PC{0,60}", cut in 0usize..90) {
        let _ = check(&text, Kind::Endpoint, MOST);
        let whole = statement(r#","Principal":"*","Action":"*","Resource":"*""#);
        if cut < whole.len() {
            prop_assert!(check(&whole[..cut], Kind::Endpoint, MOST).is_err());
        }
    }
}
