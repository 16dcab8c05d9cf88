//! What is read, and what is refused.

use serde::Deserialize;

use super::{Json, Timestamp, encode};

#[derive(Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    #[serde(rename = "Name")]
    name: String,
    #[serde(rename = "At")]
    at: Option<Timestamp>,
    #[serde(rename = "Keys", default)]
    keys: Vec<String>,
}

fn read(body: &str) -> Result<Asked, String> {
    Json::parse(body.as_bytes())
        .and_then(|json| json.decode())
        .map_err(|fault| fault.code.into_owned())
}

#[test]
fn objects_are_read_and_null_is_absent() {
    let asked = read(r#"{"Name":"a","At":1700000000.25,"Keys":null}"#).unwrap();
    assert_eq!(asked.at, Some(Timestamp(1_700_000_000_250)));
    assert!(asked.keys.is_empty());
}

#[test]
fn nothing_is_guessed() {
    for (body, code) in [
        ("", "ValidationException"),
        ("{}", "ValidationException"),
        (r#"{"Name":"a","Other":1}"#, "ValidationException"),
        (r#"{"Name":1}"#, "SerializationException"),
        (r#"{"Name":"a","Name":"b"}"#, "SerializationException"),
        ("[]", "SerializationException"),
        ("{", "SerializationException"),
        ("\u{1}", "SerializationException"),
        (r#"{"Name":"a","At":-1}"#, "SerializationException"),
        (r#"{"Name":"a","At":1e300}"#, "SerializationException"),
    ] {
        assert_eq!(read(body), Err(code.to_owned()), "{body}");
    }
    assert!(Json::parse(&[0xff]).is_err());
    assert!(Json::parse("[".repeat(100_000).as_bytes()).is_err());
}

#[test]
fn whole_seconds_are_integers() {
    assert_eq!(encode("X", &Timestamp(2_000)).unwrap(), "2");
    assert_eq!(encode("X", &Timestamp(2_500)).unwrap(), "2.5");
    assert_eq!(encode("X", &()).unwrap(), "{}");
}
