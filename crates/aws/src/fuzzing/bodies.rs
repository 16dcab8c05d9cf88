//! JSON and CBOR bodies, and the generated requests of the services that read them.

use serde_json::Value;

use super::{check_fault, post};
use crate::call::{Protocol, Request, Service, decode};
use crate::cbor;
use crate::fault::Fault;
use crate::json::Json;

const SERVICES: [Service; 3] = [Service::Cloudtrail, Service::Quotas, Service::Tagging];

/// Nesting that both codecs take.
const SHALLOW: usize = 24;

/// The first byte says which operation, over those of all services, first as JSON, then as CBOR;
/// the rest is the body.
pub fn bodies(data: &[u8]) -> bool {
    let Some((first, body)) = data.split_first() else {
        return false;
    };
    let operations = SERVICES.iter().flat_map(|service| {
        let (_, supported) = service.operations();
        supported.iter().map(move |name| (*service, *name))
    });
    let all: Vec<(Service, &str)> = operations.collect();
    let first = usize::from(first.wrapping_sub(b'0'));
    let Some(&(service, action)) = all.get(first % all.len()) else {
        return false;
    };
    if (first / all.len()).is_multiple_of(2) {
        let heard = call(service, action, Dialect::Json, body);
        check(service, action, &heard, Json::parse(body))
    } else {
        let heard = call(service, action, Dialect::Cbor, body);
        check(service, action, &heard, cbor::parse(body))
    }
}

#[derive(Clone, Copy)]
enum Dialect {
    Json,
    Cbor,
}

/// The call as the SDKs send it.
fn call(service: Service, action: &str, dialect: Dialect, body: &[u8]) -> Result<Request, Fault> {
    let Protocol::Json(prefix) = service.protocol() else {
        unreachable!("{service:?} speaks no JSON");
    };
    let header = |name: &str, value: String| [(name.to_owned(), value)];
    match dialect {
        Dialect::Json => {
            let headers = header("x-amz-target", format!("{prefix}.{action}"));
            decode(service, &post("/", "", &headers, body))
        }
        Dialect::Cbor => {
            let headers = header("smithy-protocol", "rpc-v2-cbor".to_owned());
            let path = format!("/service/{prefix}/operation/{action}");
            decode(service, &post(&path, "", &headers, body))
        }
    }
}

/// `heard` is what a body was understood as, `parsed` the values in it.
fn check(
    service: Service,
    action: &str,
    heard: &Result<Request, Fault>,
    parsed: Result<Json, Fault>,
) -> bool {
    if let Err(fault) = heard {
        check_fault(service, fault);
    }
    let Json(value) = match parsed {
        Ok(json) => json,
        Err(fault) => {
            assert_eq!(heard.as_ref(), Err(&fault));
            return false;
        }
    };
    // The same values in the other dialect, and in the same one written anew.
    let text = value.to_string();
    if depth(&value) <= SHALLOW {
        let Ok(bytes) = cbor::from_json(&text) else {
            unreachable!("JSON that we wrote: {text}");
        };
        let (Ok(Json(json)), Ok(Json(cbor))) = (Json::parse(text.as_bytes()), cbor::parse(&bytes))
        else {
            unreachable!("what we wrote cannot be read: {text}");
        };
        assert_eq!(json, cbor, "{text}");
        assert!(alike(&json, &value), "{json} of {value}");
        let json = call(service, action, Dialect::Json, text.as_bytes());
        let cbor = call(service, action, Dialect::Cbor, &bytes);
        assert_eq!(json, cbor, "{text}");
        let outcomes = [&json, heard].map(|outcome| outcome.as_ref().map_err(|fault| &fault.code));
        let [json, heard] = outcomes.map(|outcome| outcome.map(Request::name));
        assert_eq!(json, heard, "{text}");
    }
    let Ok(request) = heard else {
        return false;
    };
    check_request(service, action, request, value);
    true
}

/// `value` was read as `request`.
fn check_request(service: Service, action: &str, request: &Request, value: Value) {
    assert_eq!((request.service(), request.name()), (service, action));
    // Written from the types and read again: nothing was lost in them.
    let typed = serde_json::to_value(request).unwrap_or_default();
    let typed = typed.as_object().and_then(|map| map.values().next());
    let typed = typed.and_then(|service| service.get(action));
    let text = typed.map(Value::to_string).unwrap_or_default();
    let again = call(service, action, Dialect::Json, text.as_bytes());
    assert_eq!(again.as_ref(), Ok(request), "{text}");
    if let (Value::Object(given), Some(Value::Object(kept))) = (&value, typed) {
        let lost = given.keys().find(|name| !kept.contains_key(*name));
        assert_eq!(lost, None, "{text}");
    }
    // One member more that nobody knows is one too many.
    let mut more = value;
    more["Unheard"] = "of".into();
    let more = call(service, action, Dialect::Json, more.to_string().as_bytes());
    let code = more.map_err(|fault| fault.code.into_owned());
    assert_eq!(code, Err("ValidationException".to_owned()));
}

fn depth(value: &Value) -> usize {
    match value {
        Value::Array(items) => 1 + items.iter().map(depth).max().unwrap_or(0),
        Value::Object(members) => 1 + members.values().map(depth).max().unwrap_or(0),
        _ => 0,
    }
}

/// Equal, but for the last bit of a number that went through text.
fn alike(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| alike(a, b))
        }
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len()
                && a.iter()
                    .all(|(name, a)| b.get(name).is_some_and(|b| alike(a, b)))
        }
        (Value::Number(a), Value::Number(b)) if a.is_f64() => {
            let (a, b) = (a.as_f64().unwrap_or(0.0), b.as_f64().unwrap_or(0.0));
            (a - b).abs() <= a.abs() * 1e-15 + f64::MIN_POSITIVE
        }
        _ => one == other,
    }
}
