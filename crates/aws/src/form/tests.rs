//! The outer syntax, its bounds, and that no bytes whatever make the decoder panic.

use proptest::prelude::*;

use super::*;
use crate::{ec2, elbv2, sns};

fn code(text: &[u8]) -> String {
    Form::parse(text).expect_err("a fault").code.into_owned()
}

fn subnets(text: &str) -> Result<Vec<String>, Fault> {
    let form = Form::parse(text.as_bytes())?;
    let request: ec2::DescribeSubnetsRequest = form.decode(Flavour::Ec2)?;
    Ok(request.subnet_ids)
}

#[test]
fn elements_come_in_the_order_of_their_numbers_and_gaps_do_no_harm() {
    let heard = subnets("SubnetId.10=c&SubnetId.2=b&SubnetId.1=a&SubnetId.10000=d").unwrap();
    assert_eq!(heard, ["a", "b", "c", "d"]);
    assert!(subnets("SubnetId.10001=a").is_err());
    assert_eq!(subnets("SubnetId=").unwrap(), [""; 0]);
}

#[test]
fn escapes_are_undone_or_refused() {
    assert_eq!(subnets("SubnetId.1=%C3%A4+%2B%26%3D").unwrap(), ["ä +&="]);
    assert_eq!(subnets("Subnet%49d%2E1=x").unwrap(), ["x"]);
    for text in [
        "a=%", "a=%4", "a=%4g", "a=%ff", "%zz=1", "a..b=1", ".a=1", "a.=1", "=1",
    ] {
        assert_eq!(code(text.as_bytes()), "MalformedQueryString", "{text}");
    }
    assert_eq!(code(b"a=\xff"), "MalformedQueryString");
}

#[test]
fn a_parameter_has_one_meaning() {
    for text in ["a=1&a=1", "a=1&a.b=2", "a.b=2&a=1", "a.b=1&a.b.c=1"] {
        assert_eq!(code(text.as_bytes()), "InvalidQueryParameter", "{text}");
    }
}

#[test]
fn bounds_hold() {
    let large = "RequestEntityTooLarge";
    assert_eq!(code(&vec![b'&'; MAX_BYTES + 1]), large);
    assert_eq!(code("a.".repeat(MAX_DEPTH + 1).as_bytes()), large);
    assert_eq!(code("a".repeat(MAX_NAME + 1).as_bytes()), large);
    let many: String = (0..=MAX_PARAMETERS).map(|i| format!("a{i}&")).collect();
    assert_eq!(code(many.as_bytes()), large);
}

#[test]
fn maps_are_pairs_under_entry() {
    let text = "LoadBalancerArn=l\
        &DefaultActions.member.1.Type=authenticate-oidc\
        &DefaultActions.member.1.AuthenticateOidcConfig.Issuer=i\
        &DefaultActions.member.1.AuthenticateOidcConfig.AuthorizationEndpoint=a\
        &DefaultActions.member.1.AuthenticateOidcConfig.TokenEndpoint=t\
        &DefaultActions.member.1.AuthenticateOidcConfig.UserInfoEndpoint=u\
        &DefaultActions.member.1.AuthenticateOidcConfig.ClientId=c\
        &DefaultActions.member.1.AuthenticateOidcConfig.AuthenticationRequestExtraParams.entry.1";
    let decode = |rest: &str| {
        let form = Form::parse(format!("{text}{rest}").as_bytes())?;
        form.decode::<elbv2::CreateListenerInput>(Flavour::Query)
    };
    let listener = decode(".key=k").unwrap_err();
    assert!(
        listener.message.ends_with("ExtraParams.entry.1.value"),
        "{listener}"
    );
    let listener = decode(".other=k").unwrap_err();
    assert!(
        listener.message.contains("entry.1.other is not"),
        "{listener}"
    );
}

/// Found by the fuzz target `query`: the second one won, the first was lost without a word.
#[test]
fn an_entry_of_a_map_says_everything_once() {
    let decode = |rest: &str| {
        let text = format!("Name=t&Attributes.entry.1.key=k&Attributes.entry.1.value=a&{rest}");
        let form = Form::parse(text.as_bytes()).unwrap();
        form.decode::<sns::CreateTopicInput>(Flavour::Query)
    };
    let more = "Attributes.entry.2.key=l&Attributes.entry.2.value=a";
    assert_eq!(decode(more).unwrap().attributes.len(), 2);
    let twice = decode(&more.replace("=l", "=k")).unwrap_err();
    assert_eq!(twice.code, "InvalidParameterValue");
    assert!(
        twice
            .message
            .contains("(k) for parameter Attributes.entry.2.key"),
        "{twice}"
    );
    for other in ["Name", "Value"] {
        let both = decode(&format!("Attributes.entry.1.{other}=b")).unwrap_err();
        assert_eq!(both, Fault::unknown(&format!("Attributes.entry.1.{other}")));
    }
}

proptest! {
    #[test]
    fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = Form::parse(&bytes);
    }

    #[test]
    fn no_form_panics(text in "((SubnetId|Filter|Tags|member|entry|key|Value|Name|[0-9]{1,3}|)[.=&%]{1,2}){0,12}") {
        if let Ok(form) = Form::parse(text.as_bytes()) {
            for flavour in [Flavour::Ec2, Flavour::Query] {
                let _ = form.decode::<ec2::DescribeSubnetsRequest>(flavour);
                let _ = form.decode::<ec2::CreateVpcEndpointRequest>(flavour);
                let _ = form.decode::<elbv2::CreateListenerInput>(flavour);
            }
        }
    }

    #[test]
    fn what_is_encoded_is_decoded(value in any::<String>()) {
        let escaped = percent_encoding::utf8_percent_encode(&value, percent_encoding::NON_ALPHANUMERIC);
        prop_assert_eq!(subnets(&format!("SubnetId.1={escaped}")).unwrap(), [value]);
    }
}
