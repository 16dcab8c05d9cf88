//! CBOR in and out.

use ciborium::cbor;
use serde_json::json;

use super::{from_json, parse};

fn bytes(value: &ciborium::Value) -> Vec<u8> {
    let mut bytes = Vec::new();
    ciborium::into_writer(value, &mut bytes).unwrap();
    bytes
}

#[test]
fn values_are_what_they_would_be_in_json() {
    let value = cbor!({ "A" => [1, -2, 2.5, true, null], "B" => { "C" => "x" }, "D" => null });
    let read = parse(&bytes(&value.unwrap())).unwrap();
    assert_eq!(
        read.0,
        json!({ "A": [1, -2, 2.5, true, null], "B": { "C": "x" } })
    );
    assert_eq!(parse(b"").unwrap().0, json!({}));
}

#[test]
fn answers_are_read_again() {
    let text = r#"{"A":[1,"x"],"B":1.5}"#;
    let read = parse(&from_json(text).unwrap()).unwrap();
    assert_eq!(read.0.to_string(), text);
}

#[test]
fn hostile_bytes_are_refused() {
    let twice = [0xa2, 0x61, b'A', 0x01, 0x61, b'A', 0x02];
    let deep = vec![0x81; 100_000];
    let long = [0xbf, 0x7b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff];
    for body in [
        &twice[..],
        &deep,
        &long,
        &[0x01],
        &[0xa0, 0xa0],
        &[0xa1, 0x01, 0x02],
    ] {
        let fault = parse(body).unwrap_err();
        assert_eq!(fault.code, "SerializationException");
    }
}
