//! The `Authorization` header: its fields, and what the signature must cover.

use std::collections::BTreeSet;

use super::{ALGORITHM, Credential, MAX_AUTHORIZATION, TERMINATOR};
use crate::call::{Parts, Service};
use crate::fault::{Fault, shorten};

/// The one `Authorization` header.
pub(super) fn authorization<'a>(parts: &Parts<'a>) -> Result<&'a str, Fault> {
    let mut all = parts
        .headers
        .iter()
        .filter(|(name, _)| name == "authorization");
    let Some((_, text)) = all.next() else {
        let mut message = "Request is missing Authentication Token".to_owned();
        if parts.query.contains("X-Amz-Signature=") {
            message += ": signatures in the query (presigned requests) are not supported here";
        }
        return Err(Fault::new(403, "MissingAuthenticationToken", message));
    };
    if all.next().is_some() {
        return Err(incomplete("There is more than one Authorization header"));
    }
    if text.len() > MAX_AUTHORIZATION {
        return Err(incomplete("The Authorization header is too long"));
    }
    Ok(text)
}

/// The fields of an `Authorization` header, as text.
pub(super) struct Fields<'a> {
    pub(super) credential: &'a str,
    pub(super) headers: &'a str,
    pub(super) signature: &'a str,
}

impl<'a> Fields<'a> {
    pub(super) fn read(text: &'a str) -> Result<Self, Fault> {
        let Some(rest) = text
            .trim()
            .strip_prefix(ALGORITHM)
            .filter(|rest| rest.starts_with(' '))
        else {
            let scheme = shorten(text.split(' ').next().unwrap_or_default());
            let why = format!("Unsupported algorithm '{scheme}' in Authorization: use {ALGORITHM}");
            return Err(incomplete(&why));
        };
        let (mut credential, mut headers, mut signature) = (None, None, None);
        for field in rest.split(',').map(str::trim) {
            let slot = match field.split_once('=') {
                Some(("Credential", value)) => (&mut credential, value),
                Some(("SignedHeaders", value)) => (&mut headers, value),
                Some(("Signature", value)) => (&mut signature, value),
                _ => {
                    let field = shorten(field);
                    let why = format!("'{field}' is not a field of the Authorization header");
                    return Err(incomplete(&why));
                }
            };
            if slot.0.replace(slot.1).is_some() {
                return Err(incomplete(
                    "A field of the Authorization header is given twice",
                ));
            }
        }
        let need = |field: Option<&'a str>, name: &str| {
            field.ok_or_else(|| {
                incomplete(&format!(
                    "Authorization header requires '{name}' parameter."
                ))
            })
        };
        Ok(Self {
            credential: need(credential, "Credential")?,
            headers: need(headers, "SignedHeaders")?,
            signature: need(signature, "Signature")?,
        })
    }
}

/// Reads the `Credential` field.
pub(super) fn credential(text: &str) -> Result<Credential, Fault> {
    let parts: Vec<&str> = text.split('/').collect();
    let [access_key, date, region, name, TERMINATOR] = parts.as_slice() else {
        let why = "Credential must be <key id>/<YYYYMMDD>/<region>/<service>/aws4_request";
        return Err(incomplete(why));
    };
    let word = |text: &str| {
        let plain = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
        !text.is_empty() && text.len() <= 128 && text.bytes().all(plain)
    };
    if ![access_key, date, region]
        .into_iter()
        .all(|text| word(text))
    {
        return Err(incomplete(
            "A part of the Credential is empty or has strange characters",
        ));
    }
    let Some(service) = Service::from_scope_name(name) else {
        let name = shorten(name);
        let why = format!(
            "Credential should be scoped to a service of this endpoint \
             (ec2, elasticloadbalancing, sts, ginnel), not '{name}'."
        );
        return Err(Fault::new(403, "SignatureDoesNotMatch", why));
    };
    Ok(Credential {
        access_key: (*access_key).to_owned(),
        date: (*date).to_owned(),
        region: (*region).to_owned(),
        service,
    })
}

/// Reads the `SignedHeaders` field.
pub(super) fn signed_headers(text: &str) -> Result<Vec<String>, Fault> {
    let names: Vec<String> = text.split(';').map(str::to_owned).collect();
    let lower = names.iter().all(|name| {
        !name.is_empty()
            && name
                .bytes()
                .all(|b| b.is_ascii_graphic() && !b.is_ascii_uppercase())
    });
    if !lower || !names.is_sorted_by(|a, b| a < b) {
        let why = "SignedHeaders must be lower-case names in order, separated by semicolons";
        return Err(incomplete(why));
    }
    Ok(names)
}

/// Whether the signed headers are there, and cover what AWS demands.
pub(super) fn covers(parts: &Parts<'_>, signed: &[String]) -> Result<(), Fault> {
    let is_signed = |name: &str| signed.binary_search_by(|s| s.as_str().cmp(name)).is_ok();
    for name in ["host", "x-amz-date"] {
        if !is_signed(name) {
            return Err(incomplete(&format!("'{name}' must be a signed header")));
        }
        if parts.headers.iter().filter(|(n, _)| n == name).count() != 1 {
            return Err(incomplete(&format!("There must be one header '{name}'")));
        }
    }
    for (name, _) in parts.headers {
        if name.starts_with("x-amz-") && !is_signed(name) {
            let name = shorten(name);
            return Err(incomplete(&format!(
                "The header '{name}' is present but not signed"
            )));
        }
    }
    let present: BTreeSet<&str> = parts
        .headers
        .iter()
        .map(|(name, _)| name.as_str())
        .collect();
    match signed.iter().find(|name| !present.contains(name.as_str())) {
        Some(name) => {
            let name = shorten(name);
            Err(incomplete(&format!(
                "The signed header '{name}' is not in the request"
            )))
        }
        None => Ok(()),
    }
}

/// `IncompleteSignature`.
pub(super) fn incomplete(why: &str) -> Fault {
    Fault::bad_request("IncompleteSignature", why)
}

/// Reads the `Signature` field.
pub(super) fn unhex(text: &str) -> Option<[u8; 32]> {
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    };
    let mut out = [0; 32];
    if text.len() != 64 {
        return None;
    }
    for (to, pair) in out.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
        *to = digit(pair[0])? << 4 | digit(pair[1])?;
    }
    Some(out)
}
