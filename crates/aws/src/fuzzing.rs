//! What must hold for any bytes whatever: the properties of the fuzz targets in `/fuzz`, one
//! function a target. The tests replay the targets' corpora and past findings with them.
//!
//! A function panics when a property is broken. It returns whether the bytes got through to the
//! end (a decoded request, a signature made and checked), so that a corpus can be judged.

use crate::call::{Parts, Protocol, Service};
use crate::fault::Fault;

mod bodies;
mod query;
mod sigv4;
#[cfg(test)]
mod tests;
mod write;

pub use bodies::bodies;
pub use query::query;
pub use sigv4::sigv4;

/// The longest message of a fault, in bytes: a name of [`MAX_NAME`](crate::form::MAX_NAME) bytes,
/// a value of 64 characters, and the text around them.
const MAX_MESSAGE: usize = 1_500;

/// A fault about bad input is the caller's, short, and well-formed in its envelope.
fn check_fault(service: Service, fault: &Fault) {
    assert!((400..500).contains(&fault.status), "{fault:?}");
    assert!(!fault.code.is_empty() && !fault.message.is_empty());
    assert!(fault.message.len() <= MAX_MESSAGE, "{fault:?}");
    let (_, body) = fault.encode(service, "id");
    match service.protocol() {
        Protocol::Json(_) | Protocol::Own => {
            let told: serde_json::Value = serde_json::from_str(&body).unwrap_or_default();
            let told = ["__type", "message"].map(|name| told[name].as_str());
            assert_eq!(told, [Some(fault.code.as_ref()), Some(&fault.message)]);
        }
        Protocol::Form(_) => {
            // Production 2 of XML 1.0: what may stand in a document at all.
            let legal = |c: char| {
                matches!(c, '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}')
                    || c >= '\u{10000}'
            };
            assert!(body.chars().all(legal), "{body:?}");
            let plain = Fault::new(fault.status, "A", "a").encode(service, "id").1;
            let marks = |text: &str| text.matches(['<', '>', '"']).count();
            assert_eq!(marks(&body), marks(&plain), "{body:?}");
        }
    }
}

/// A `POST` with these headers and this body.
fn post<'a>(
    path: &'a str,
    query: &'a str,
    headers: &'a [(String, String)],
    body: &'a [u8],
) -> Parts<'a> {
    Parts {
        method: "POST",
        path,
        query,
        headers,
        body,
    }
}
