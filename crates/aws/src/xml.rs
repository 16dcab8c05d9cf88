//! Answers as XML, in the forms of the EC2 and query protocols (AWS.md 1.3 and 1.4).
//!
//! A character that XML 1.0 cannot hold (most control characters, U+FFFE, U+FFFF) is replaced by
//! U+FFFD; a carriage return is written as a reference, since parsers would make it a line feed.

use std::borrow::Cow;

use serde::Serialize;

use crate::call::{Flavour, Service};
use crate::fault::Fault;

#[cfg(test)]
mod tests;
mod write;

/// The content type of answers and faults.
pub const CONTENT_TYPE: &str = "text/xml;charset=UTF-8";

/// The first line of every document.
pub(crate) const DECLARATION: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";

/// The whole answer to the operation `action`. Where a `result` has no content (the unit value has
/// none), EC2 says `<return>true</return>`.
///
/// # Errors
///
/// `InternalError` when `result` has no form in XML; every generated type has one.
pub fn encode<T: Serialize + ?Sized>(
    service: Service,
    action: &str,
    request_id: &str,
    result: &T,
) -> Result<String, Fault> {
    let flavour = service.flavour();
    let content = write::content(result, flavour).map_err(|error| {
        Fault::internal(format!("the answer to {action} cannot be written: {error}"))
    })?;
    let (namespace, id) = (service.namespace(), escape(request_id));
    Ok(match flavour {
        Flavour::Ec2 => {
            let content = if content.is_empty() {
                "<return>true</return>"
            } else {
                &content
            };
            format!(
                "{DECLARATION}<{action}Response xmlns=\"{namespace}\"><requestId>{id}</requestId>\
                 {content}</{action}Response>"
            )
        }
        Flavour::Query => format!(
            "{DECLARATION}<{action}Response xmlns=\"{namespace}\"><{action}Result>{content}\
             </{action}Result><ResponseMetadata><RequestId>{id}</RequestId></ResponseMetadata>\
             </{action}Response>"
        ),
    })
}

/// `text` as character data or as an attribute's value.
pub fn escape(text: &str) -> Cow<'_, str> {
    let plain = |c: char| !matches!(c, '&' | '<' | '>' | '"' | '\r') && is_xml(c);
    if text.chars().all(plain) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\r' => out.push_str("&#xD;"),
            c if is_xml(c) => out.push(c),
            _ => out.push('\u{FFFD}'),
        }
    }
    Cow::Owned(out)
}

/// Production 2, `Char`, of XML 1.0.
fn is_xml(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | ' '..='\u{FFFD}' | '\u{10000}'..)
}
