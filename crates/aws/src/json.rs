//! The awsJson protocol: an object in, an object out
//! (<https://smithy.io/2.0/aws/protocols/aws-json-1_1-protocol.html>).
//!
//! As strict as forms: an unknown member, a member twice or a wrong type is a [`Fault`].

use std::fmt;

use serde::de::{self, DeserializeOwned, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Serialize, Serializer};
use serde_json::{Map, Number, Value};

use crate::fault::{Fault, shorten};
use crate::form::lower_camel;

#[cfg(test)]
mod tests;

/// The content type of answers and faults.
pub const CONTENT_TYPE: &str = "application/x-amz-json-1.1";

/// The parameters of a request.
#[derive(Debug, Clone)]
pub struct Json(pub(crate) Value);

impl Json {
    /// Parses a body; an empty one is an empty object. Members that are `null` count as absent.
    ///
    /// # Errors
    ///
    /// `SerializationException`: no JSON, not an object, a member twice, deeper than 128.
    pub fn parse(body: &[u8]) -> Result<Self, Fault> {
        if body.is_empty() {
            return Ok(Self(Value::Object(Map::new())));
        }
        let Strict(value) = serde_json::from_slice(body).map_err(|error| broken(&error))?;
        Self::of(value)
    }

    /// The same of a value.
    pub(crate) fn of(value: Value) -> Result<Self, Fault> {
        if value.is_object() {
            Ok(Self(value))
        } else {
            Err(broken(&"the body must be an object"))
        }
    }

    /// The parameters, for records: as they came, but names begin in lower case.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let members = self.0.as_object().into_iter().flatten();
        let members = members.map(|(name, value)| (lower_camel(name), value.clone()));
        Value::Object(members.collect())
    }

    /// Reads the whole body as a `T`.
    ///
    /// # Errors
    ///
    /// `ValidationException` (a member that is missing or unknown), `SerializationException` (a
    /// wrong type).
    pub fn decode<T: DeserializeOwned>(&self) -> Result<T, Fault> {
        T::deserialize(&self.0).map_err(|error| {
            let text = error.to_string();
            if text.starts_with("unknown field") || text.starts_with("missing field") {
                Fault::bad_request("ValidationException", shorten_text(&text))
            } else {
                broken(&text)
            }
        })
    }
}

/// The body of an answer to the operation `action`.
///
/// # Errors
///
/// `InternalError` when `result` has no form in JSON; every generated type has one.
pub fn encode<T: Serialize + ?Sized>(action: &str, result: &T) -> Result<String, Fault> {
    let text = serde_json::to_string(result).map_err(|error| {
        Fault::internal(format!("the answer to {action} cannot be written: {error}"))
    })?;
    Ok(if text == "null" { "{}".into() } else { text })
}

fn broken(why: &dyn fmt::Display) -> Fault {
    let why = shorten_text(&why.to_string());
    Fault::bad_request(
        "SerializationException",
        format!("The body cannot be read: {why}"),
    )
}

/// serde's messages repeat what was sent.
fn shorten_text(text: &str) -> String {
    match text.char_indices().nth(256) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

/// A value whose objects name each member once, without those that are `null`.
struct Strict(Value);

impl<'de> Deserialize<'de> for Strict {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(StrictVisitor).map(Self)
    }
}

struct StrictVisitor;

impl<'de> Visitor<'de> for StrictVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E: de::Error>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Value, E> {
        Ok(Number::from_f64(value).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E: de::Error>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_string<E: de::Error>(self, value: String) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_unit<E: de::Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(Strict(item)) = items.next_element()? {
            list.push(item);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some(name) = members.next_key::<String>()? {
            let Strict(value) = members.next_value()?;
            if object.contains_key(&name) {
                let name = shorten(&name);
                return Err(de::Error::custom(format!(
                    "the member {name} is given twice"
                )));
            }
            object.insert(name, value);
        }
        object.retain(|_, value| !value.is_null());
        Ok(Value::Object(object))
    }
}

/// A time, in seconds since 1970 on the wire, kept in milliseconds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Timestamp(pub i64);

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.0 % 1_000 == 0 {
            return serializer.serialize_i64(self.0 / 1_000);
        }
        #[expect(
            clippy::cast_precision_loss,
            reason = "milliseconds of any year that is written with four digits fit"
        )]
        serializer.serialize_f64(self.0 as f64 / 1_000.0)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let seconds = f64::deserialize(deserializer)?;
        // Year 9999 and a day.
        if !(0.0..=253_402_400_000.0).contains(&seconds) {
            return Err(de::Error::custom("a time must be seconds since 1970"));
        }
        #[expect(clippy::cast_possible_truncation, reason = "the range was checked")]
        Ok(Self((seconds * 1_000.0).round() as i64))
    }
}
