//! Vectors from botocore's signer, the rules one by one, and that no single bit can be changed.

use proptest::prelude::*;
use serde_json::Value;

use super::*;

const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
const NOW: i64 = 1_795_253_319;
const KEY: Key<'_> = Key {
    id: "AKIAIOSFODNN7EXAMPLE",
    secret: SECRET,
};

/// A request that owns its parts.
#[derive(Debug, Clone)]
struct Sent {
    method: String,
    path: String,
    query: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Sent {
    fn parts(&self) -> Parts<'_> {
        Parts {
            method: &self.method,
            path: &self.path,
            query: &self.query,
            headers: &self.headers,
            body: &self.body,
        }
    }

    /// Signed for `service`, now.
    fn signed(service: Service) -> Self {
        let headers = [
            ("host", "localhost"),
            ("x-amz-meta", "one"),
            ("content-type", "text/plain"),
        ];
        let mut sent = Self {
            method: "POST".into(),
            path: "/v1/why".into(),
            query: "abc=def&ghi=jkl".into(),
            headers: headers
                .map(|(name, value)| (name.into(), value.into()))
                .to_vec(),
            body: b"Action=DescribeVpcs".to_vec(),
        };
        let more = sign(&sent.parts(), KEY, "us-east-1", service, NOW).expect("it can be signed");
        sent.headers.extend(more);
        sent
    }

    fn check(&self, now: i64) -> Result<(), Fault> {
        parse(&self.parts())?.verify(&self.parts(), SECRET, now)
    }

    fn set(&mut self, name: &str, value: &str) -> &mut Self {
        self.headers.retain(|(n, _)| n != name);
        self.headers.push((name.into(), value.into()));
        self
    }

    fn authorization(&self) -> String {
        self.parts()
            .header("authorization")
            .expect("it is signed")
            .to_owned()
    }
}

fn code(result: Result<(), Fault>) -> String {
    result.expect_err("a fault").code.into_owned()
}

/// Made by `tests/corpus.py` with botocore's `SigV4Auth`.
#[test]
fn signatures_of_botocore_are_right_and_ours_are_the_same() {
    let file: Value =
        serde_json::from_str(include_str!("../../tests/signatures.json")).expect("vectors");
    assert_eq!(
        (file["now"].as_i64(), file["secret"].as_str()),
        (Some(NOW), Some(SECRET))
    );
    for case in file["cases"].as_array().unwrap() {
        let text = |name: &str| case[name].as_str().unwrap().to_owned();
        let mut sent = Sent {
            method: text("method"),
            path: text("path"),
            query: text("query"),
            headers: serde_json::from_value(case["headers"].clone()).unwrap(),
            body: text("body").into_bytes(),
        };
        assert_eq!(sent.check(NOW), Ok(()), "{case}");
        let signed = parse(&sent.parts()).unwrap();
        assert_eq!(signed.credential().access_key, KEY.id);
        assert_eq!(signed.credential().region, text("region"));
        let service = signed.credential().service;
        assert_eq!(
            (service.scope_name(), super::service(&sent.parts())),
            (case["service"].as_str().unwrap(), service)
        );

        let theirs = sent.authorization();
        sent.headers
            .retain(|(name, _)| name != "authorization" && name != "x-amz-date");
        let ours = sign(&sent.parts(), KEY, &text("region"), service, NOW).unwrap();
        assert_eq!(ours[1].1, theirs);
    }
}

#[test]
fn without_a_signature_nobody_is_let_in() {
    let mut sent = Sent::signed(Service::Sts);
    sent.headers.retain(|(name, _)| name != "authorization");
    assert_eq!(code(sent.check(NOW)), "MissingAuthenticationToken");
    assert_eq!(service(&sent.parts()), Service::Ec2);
}

#[test]
fn broken_headers_are_incomplete_signatures() {
    let good = Sent::signed(Service::Sts).authorization();
    let cases = [
        String::new(),
        "Basic abc".to_owned(),
        good.replace("AWS4-HMAC-SHA256", "AWS4-HMAC-SHA512"),
        good.replace("Credential=", "Credentials="),
        good.replace("aws4_request", "aws5_request"),
        good.replace("/us-east-1", "/"),
        good.replace("/us-east-1", ""),
        good.replace("AKIA", "AK\u{e4}"),
        good.replace("host;", ""),
        good.replace(";x-amz-date", ""),
        good.replace(";x-amz-meta", ""),
        good.replace("content-type;host", "host;content-type"),
        good.replace("host;", "host;host;"),
        good.replace("host;", "host;other;"),
        good.replace("Signature=", "Signature=0"),
        good.replace("Signature=", "Signature=Z"),
        format!("{good}, Signature=00"),
        format!("{good}, Other=00"),
        good.split(", Signature").next().unwrap().to_owned(),
        format!("{good}{}", " ".repeat(MAX_AUTHORIZATION)),
    ];
    for text in cases {
        let mut sent = Sent::signed(Service::Sts);
        sent.set("authorization", &text);
        assert_eq!(code(sent.check(NOW)), "IncompleteSignature", "{text}");
    }
    let mut sent = Sent::signed(Service::Sts);
    sent.headers.push(("authorization".into(), good.clone()));
    assert_eq!(code(sent.check(NOW)), "IncompleteSignature");
    let mut sent = Sent::signed(Service::Sts);
    sent.set("authorization", &good.replace("/sts/", "/s3/"));
    assert_eq!(code(sent.check(NOW)), "SignatureDoesNotMatch");
}

#[test]
fn headers_of_amz_that_are_not_signed_are_refused() {
    let mut sent = Sent::signed(Service::Ec2);
    sent.set("x-amz-new", "1");
    assert_eq!(code(sent.check(NOW)), "IncompleteSignature");
    let mut sent = Sent::signed(Service::Ec2);
    sent.set("user-agent", "any").set("accept", "*/*");
    assert_eq!(sent.check(NOW), Ok(()));
}

#[test]
fn the_clock_may_be_five_minutes_wrong_and_no_more() {
    for service in [Service::Ec2, Service::Sts] {
        let sent = Sent::signed(service);
        for now in [NOW - MAX_SKEW_SECONDS, NOW, NOW + MAX_SKEW_SECONDS] {
            assert_eq!(sent.check(now), Ok(()));
        }
        let late = sent.check(NOW + 3_661).unwrap_err();
        assert!(late.message.starts_with(
            "Signature expired: 20261121T092839Z is now earlier than 20261121T102440Z \
             (20261121T102940Z - 5 min.)"
        ));
        assert!(
            late.message
                .contains("1 h 1 min 1 s behind this server's clock"),
            "{late}"
        );
        let early = sent.check(NOW - MAX_SKEW_SECONDS - 1).unwrap_err();
        assert!(early.message.contains("is still later than"), "{early}");
        assert!(
            early
                .message
                .contains("5 min 1 s ahead of this server's clock"),
            "{early}"
        );
        let expected = if service == Service::Ec2 {
            "RequestExpired"
        } else {
            "SignatureDoesNotMatch"
        };
        assert_eq!(
            (late.code.as_ref(), early.code.as_ref()),
            (expected, expected)
        );
        assert!(sent.check(i64::MAX).is_err() && sent.check(i64::MIN).is_err());
    }
}

#[test]
fn dates_must_be_real_and_of_the_credentials_day() {
    for stamp in [
        "",
        "20261121",
        "20261321T092839Z",
        "20260229T092839Z",
        "20261121T092860Z",
        "20261121 092839Z",
    ] {
        let mut sent = Sent::signed(Service::Ec2);
        assert_eq!(
            code(sent.set("x-amz-date", stamp).check(NOW)),
            "IncompleteSignature",
            "{stamp}"
        );
    }
    let mut sent = Sent::signed(Service::Ec2);
    assert_eq!(
        code(sent.set("x-amz-date", "20261122T092839Z").check(NOW)),
        "SignatureDoesNotMatch"
    );
}

#[test]
fn the_body_is_always_covered() {
    let hash = hex(&Sha256::digest(b"abc"));
    for (claimed, body, expected) in [
        (hash.as_str(), "abc", Ok(())),
        (hash.as_str(), "abd", Err("InvalidParameterValue")),
        // Whoever signed so: the body could be changed on its way.
        ("UNSIGNED-PAYLOAD", "abc", Err("InvalidParameterValue")),
    ] {
        let headers = [("host", "h"), ("x-amz-content-sha256", hash.as_str())];
        let mut sent = Sent {
            method: "POST".into(),
            path: "/".into(),
            query: String::new(),
            headers: headers
                .map(|(name, value)| (name.into(), value.into()))
                .to_vec(),
            body: b"abc".to_vec(),
        };
        let more = sign(&sent.parts(), KEY, "r", Service::Ginnel, NOW).unwrap();
        sent.headers.extend(more);
        sent.headers[1].1 = claimed.into();
        sent.body = body.into();
        assert_eq!(
            sent.check(NOW).map_err(|fault| fault.code),
            expected.map_err(Into::into)
        );
    }
}

#[test]
fn paths_have_one_form() {
    for path in ["", "a", "//", "/a//b", "/./a", "/a/..", "/a/."] {
        let mut sent = Sent::signed(Service::Ec2);
        sent.path = path.into();
        assert_eq!(code(sent.check(NOW)), "InvalidURI", "{path}");
    }
}

#[test]
fn another_secret_service_or_region_is_a_bad_signature() {
    let sent = Sent::signed(Service::Ec2);
    let signed = parse(&sent.parts()).unwrap();
    let fault = signed.verify(&sent.parts(), "other", NOW).unwrap_err();
    assert_eq!(fault, Fault::bad_signature(Service::Ec2));
    for (from, to) in [
        ("/ec2/", "/sts/"),
        ("us-east-1", "us-east-2"),
        ("AKIA", "AKIB"),
    ] {
        let mut other = sent.clone();
        other.set("authorization", &sent.authorization().replace(from, to));
        // The key's id is no part of what is signed: its secret is.
        assert_eq!(other.check(NOW).is_ok(), from == "AKIA", "{from}");
    }
}

#[test]
fn the_secret_is_not_printed() {
    assert!(!format!("{KEY:?}").contains(SECRET));
}

/// `text` with one bit flipped, if that is still text.
fn flip(text: &str, bit: usize) -> Option<String> {
    let mut bytes = text.as_bytes().to_vec();
    let at = bit / 8 % bytes.len();
    bytes[at] ^= 1 << (bit % 8);
    String::from_utf8(bytes)
        .ok()
        .filter(|other| other.bytes().all(|b| b.is_ascii_graphic()))
}

proptest! {
    #[test]
    fn no_single_bit_can_be_changed(part in 0..5, bit in 0..2_000usize) {
        let mut sent = Sent::signed(Service::Ec2);
        let done = match part {
            0 => {
                let bits = sent.body.len() * 8;
                sent.body[bit % bits / 8] ^= 1 << (bit % 8);
                true
            }
            1 => flip(&sent.path, bit).map(|path| sent.path = path).is_some(),
            2 => flip(&sent.query, bit).map(|query| sent.query = query).is_some(),
            3 => flip(&sent.method, bit).map(|method| sent.method = method).is_some(),
            _ => {
                let at = bit % sent.headers.len();
                let (name, value) = &sent.headers[at];
                // The access key's id is the one part that another check covers.
                let id = name == "authorization" && bit / 8 % value.len() < 17 + 11 + 20;
                match flip(value, bit).filter(|_| !id) {
                    Some(value) => { sent.headers[at].1 = value; true }
                    None => false,
                }
            }
        };
        prop_assume!(done);
        prop_assert!(sent.check(NOW).is_err(), "{sent:?}");
    }

    #[test]
    fn no_header_panics(text in any::<String>(), date in any::<String>(), path in any::<String>()) {
        let mut sent = Sent::signed(Service::Ec2);
        sent.path = path;
        sent.set("x-amz-date", &date).set("authorization", &text);
        let _ = (service(&sent.parts()), sent.check(NOW));
        let almost = format!("AWS4-HMAC-SHA256 Credential={text}, SignedHeaders={date}, Signature={text}");
        sent.set("authorization", &almost);
        let _ = (service(&sent.parts()), sent.check(NOW));
    }

    #[test]
    fn dates_are_read_as_written(seconds in -62_167_219_200i64..253_402_300_800) {
        prop_assert_eq!(date::seconds(&date::stamp(seconds)), Some(seconds));
    }
}
