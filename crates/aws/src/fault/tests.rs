//! The envelopes, byte for byte.

use super::*;

fn body(service: Service, fault: &Fault) -> String {
    let (_, body) = fault.encode(service, "r<1");
    body.replacen(crate::xml::DECLARATION, "", 1)
}

#[test]
fn each_protocol_has_its_envelope() {
    let fault = Fault::bad_request("A.B", "x & \"y\"");
    assert_eq!(
        body(Service::Ec2, &fault),
        "<Response><Errors><Error><Code>A.B</Code><Message>x &amp; &quot;y&quot;</Message></Error>\
         </Errors><RequestID>r&lt;1</RequestID></Response>"
    );
    assert_eq!(
        body(Service::Sts, &fault),
        "<ErrorResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><Error>\
         <Type>Sender</Type><Code>A.B</Code><Message>x &amp; &quot;y&quot;</Message></Error>\
         <RequestId>r&lt;1</RequestId></ErrorResponse>"
    );
    assert!(body(Service::Elbv2, &Fault::internal("")).contains("<Type>Receiver</Type>"));
    assert_eq!(
        body(Service::Ginnel, &fault),
        r#"{"__type":"A.B","message":"x & \"y\"","requestId":"r<1"}"#
    );
}

#[test]
fn a_wrong_key_and_a_wrong_signature_have_the_codes_of_their_service() {
    assert_eq!(
        Fault::invalid_key(Service::Ec2),
        Fault::bad_signature(Service::Ec2)
    );
    assert_eq!(Fault::invalid_key(Service::Ec2).code, "AuthFailure");
    for service in [Service::Elbv2, Service::Sts, Service::Ginnel] {
        assert_eq!(Fault::invalid_key(service).code, "InvalidClientTokenId");
        assert_eq!(Fault::bad_signature(service).code, "SignatureDoesNotMatch");
    }
}

#[test]
fn what_is_repeated_is_kept_short() {
    assert_eq!(shorten(&"ä".repeat(64)), "ä".repeat(64));
    assert_eq!(shorten(&"ä".repeat(65)), format!("{}…", "ä".repeat(64)));
}
