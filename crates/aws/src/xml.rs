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
    let (flavour, namespace) = (service.flavour(), service.namespace());
    let id = escape(request_id);
    // One buffer from the first line to the last: a list can be megabytes.
    let mut out = String::with_capacity(1_024);
    out.extend([
        DECLARATION,
        "<",
        action,
        "Response xmlns=\"",
        namespace,
        "\">",
    ]);
    match flavour {
        Flavour::Ec2 => out.extend(["<requestId>", &id, "</requestId>"]),
        Flavour::Query => out.extend(["<", action, "Result>"]),
    }
    let before = out.len();
    write::content(result, flavour, &mut out).map_err(|error| {
        Fault::internal(format!("the answer to {action} cannot be written: {error}"))
    })?;
    match flavour {
        Flavour::Ec2 if out.len() == before => out.push_str("<return>true</return>"),
        Flavour::Ec2 => {}
        Flavour::Query => {
            out.extend(["</", action, "Result><ResponseMetadata><RequestId>", &id]);
            out.push_str("</RequestId></ResponseMetadata>");
        }
    }
    out.extend(["</", action, "Response>"]);
    Ok(out)
}

/// `text` as character data or as an attribute's value.
pub fn escape(text: &str) -> Cow<'_, str> {
    if plain(text) == text.len() {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    escape_into(&mut out, text);
    Cow::Owned(out)
}

/// Appends `text` as [`escape`] gives it. What needs no other form is copied in runs.
pub(crate) fn escape_into(out: &mut String, text: &str) {
    let mut rest = text;
    loop {
        let (run, from) = rest.split_at(plain(rest));
        out.push_str(run);
        let mut chars = from.chars();
        match chars.next() {
            None => return,
            Some('&') => out.push_str("&amp;"),
            Some('<') => out.push_str("&lt;"),
            Some('>') => out.push_str("&gt;"),
            Some('"') => out.push_str("&quot;"),
            Some('\r') => out.push_str("&#xD;"),
            Some(c) if is_xml(c) => out.push(c),
            Some(_) => out.push('\u{FFFD}'),
        }
        rest = chars.as_str();
    }
}

/// How many bytes at the start surely need no other form; a whole number of characters.
fn plain(text: &str) -> usize {
    // In blocks, which the compiler checks many bytes at a time.
    const BLOCK: usize = 16;
    let bytes = text.as_bytes();
    let clean = |block: &[u8]| {
        !block
            .iter()
            .fold(false, |found, byte| found | special(*byte))
    };
    let blocks = bytes.chunks_exact(BLOCK).take_while(|block| clean(block));
    let sure = blocks.count() * BLOCK;
    let rest = bytes.iter().skip(sure);
    sure + rest.take_while(|byte| !special(**byte)).count()
}

/// Whether a character that begins with this byte may need another form: markup, control
/// characters, and what begins as U+FFFE and U+FFFF do. No such byte is inside a character.
fn special(byte: u8) -> bool {
    let control = byte < b' ' && byte != b'\t' && byte != b'\n';
    control | matches!(byte, b'&' | b'<' | b'>' | b'"' | 0xEF)
}

/// Production 2, `Char`, of XML 1.0.
fn is_xml(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | ' '..='\u{FFFD}' | '\u{10000}'..)
}
