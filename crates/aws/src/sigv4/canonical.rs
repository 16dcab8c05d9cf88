//! The canonical request: one text for all ways to write the same request.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use crate::call::Parts;
use crate::fault::{Fault, shorten};

/// Everything but RFC 3986's unreserved characters.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');
/// The same, but for the separator of a path's segments.
const RESERVED_IN_PATH: &AsciiSet = &RESERVED.remove(b'/');

/// Refuses a path that signer and router could understand differently.
pub(super) fn check_path(path: &str) -> Result<(), Fault> {
    let strange = |segment: &str| matches!(segment, "" | "." | "..");
    let normal = path.strip_prefix('/').is_some_and(|rest| {
        // A slash at the end is fine, so only what is before it counts.
        rest.is_empty()
            || !rest
                .strip_suffix('/')
                .unwrap_or(rest)
                .split('/')
                .any(strange)
    });
    if normal {
        return Ok(());
    }
    let message = format!("The path {:?} is not in normal form", shorten(path));
    Err(Fault::bad_request("InvalidURI", message))
}

/// The canonical request, with the headers named in `signed` (sorted) and the body's `hash`.
pub(super) fn request(parts: &Parts<'_>, signed: &[String], hash: &str) -> Result<String, Fault> {
    let mut out = format!(
        "{}\n{}\n{}\n",
        parts.method,
        // Encoded a second time, as every service but S3 wants it.
        utf8_percent_encode(parts.path, RESERVED_IN_PATH),
        query(parts.query)?
    );
    for name in signed {
        out.push_str(name);
        out.push(':');
        out.push_str(&values(parts, name));
        out.push('\n');
    }
    out.push('\n');
    out.push_str(&signed.join(";"));
    out.push('\n');
    out.push_str(hash);
    Ok(out)
}

/// The values of a header, trimmed, runs of spaces made one, joined by commas.
fn values(parts: &Parts<'_>, name: &str) -> String {
    let all = parts.headers.iter().filter(|(n, _)| n == name);
    let tidy = |(_, value): &(String, String)| -> String {
        value.split_ascii_whitespace().collect::<Vec<_>>().join(" ")
    };
    all.map(tidy).collect::<Vec<_>>().join(",")
}

/// The query's parameters, decoded as [`crate::form`] does, encoded alike and sorted.
fn query(text: &str) -> Result<String, Fault> {
    let recode = |part: &str| -> Result<String, Fault> {
        let spaced = part.replace('+', " ");
        let plain = percent_decode_str(&spaced).decode_utf8().map_err(|_| {
            Fault::bad_request("MalformedQueryString", "The query string is not UTF-8")
        })?;
        Ok(utf8_percent_encode(&plain, RESERVED).to_string())
    };
    let mut pairs = Vec::new();
    for pair in text.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        pairs.push((recode(name)?, recode(value)?));
    }
    pairs.sort_unstable();
    let joined: Vec<String> = pairs.into_iter().map(|(n, v)| format!("{n}={v}")).collect();
    Ok(joined.join("&"))
}
