//! The rpc-v2-cbor protocol's bodies, as the same values in JSON
//! (<https://smithy.io/2.0/additional-specs/protocols/smithy-rpc-v2.html>): newer SDKs open with
//! it where a service's model allows both.

use ciborium::value::{Integer, Value as Cbor};
use serde_json::{Map, Number, Value};

use crate::fault::Fault;
use crate::json::Json;

#[cfg(test)]
mod tests;

/// The content type of requests, answers and faults.
pub const CONTENT_TYPE: &str = "application/cbor";

/// Nesting of lists and maps; the deepest in the models has 8.
const MAX_DEPTH: usize = 32;

/// Parses a request's body; an empty one is an empty map.
///
/// # Errors
///
/// `SerializationException`: no CBOR, not a map, a key twice or not a text, too deep.
pub fn parse(body: &[u8]) -> Result<Json, Fault> {
    if body.is_empty() {
        return Json::of(Value::Object(Map::new()));
    }
    let mut rest = body;
    let value: Cbor = ciborium::de::from_reader_with_recursion_limit(&mut rest, MAX_DEPTH)
        .map_err(|error| broken(&error.to_string()))?;
    if !rest.is_empty() {
        return Err(broken("there is something after the body's value"));
    }
    Json::of(json(value)?)
}

/// An answer's JSON as CBOR.
///
/// # Errors
///
/// `InternalError` when `text` is no JSON.
pub fn from_json(text: &str) -> Result<Vec<u8>, Fault> {
    let internal = |why: String| Fault::internal(format!("an answer in CBOR: {why}"));
    let value: Value = serde_json::from_str(text).map_err(|error| internal(error.to_string()))?;
    let mut bytes = Vec::with_capacity(text.len());
    ciborium::into_writer(&value, &mut bytes).map_err(|error| internal(error.to_string()))?;
    Ok(bytes)
}

fn json(value: Cbor) -> Result<Value, Fault> {
    Ok(match value {
        Cbor::Null => Value::Null,
        Cbor::Bool(value) => value.into(),
        Cbor::Text(text) => text.into(),
        Cbor::Integer(number) => integer(number)?,
        Cbor::Float(number) => Number::from_f64(number)
            .map(Value::Number)
            .ok_or_else(|| broken("a number is not finite"))?,
        // Tag 1: a time in seconds (RFC 8949, 3.4.2); other tags say nothing that we use.
        Cbor::Tag(_, inner) => json(*inner)?,
        Cbor::Array(items) => Value::Array(items.into_iter().map(json).collect::<Result<_, _>>()?),
        Cbor::Map(entries) => {
            let mut object = Map::new();
            for (key, value) in entries {
                let Cbor::Text(key) = key else {
                    return Err(broken("a key is not a text"));
                };
                let value = json(value)?;
                if !value.is_null() && object.insert(key, value).is_some() {
                    return Err(broken("a member is given twice"));
                }
            }
            Value::Object(object)
        }
        _ => return Err(broken("a byte string where none is expected")),
    })
}

fn integer(number: Integer) -> Result<Value, Fault> {
    i64::try_from(number)
        .map(Value::from)
        .or_else(|_| u64::try_from(number).map(Value::from))
        .map_err(|_| broken("a number is too large"))
}

fn broken(why: &str) -> Fault {
    Fault::bad_request(
        "SerializationException",
        format!("The body cannot be read: {why}"),
    )
}
