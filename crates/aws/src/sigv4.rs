//! AWS Signature Version 4 over HTTP headers: reading, checking and making it.
//! Source: "Create a signed AWS API request" in the IAM user guide.
//!
//! Stricter than AWS in one way: a path that is not in normal form (empty, `.` or `..` segments) is
//! refused, so that the path that was signed is always the path that is routed.

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

use crate::call::{Parts, Service};
use crate::fault::{Fault, shorten};

mod canonical;
mod date;
mod header;
#[cfg(test)]
mod tests;

/// The only algorithm that is accepted.
const ALGORITHM: &str = "AWS4-HMAC-SHA256";
/// The last part of every credential scope.
const TERMINATOR: &str = "aws4_request";
/// How far a request's date may be from our clock, in seconds, either way.
pub const MAX_SKEW_SECONDS: i64 = 5 * 60;
/// The longest `Authorization` header, in bytes.
pub const MAX_AUTHORIZATION: usize = 8 * 1024;

/// Who signed, and for what: the `Credential` of the `Authorization` header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credential {
    /// The access key's id, for example `AKIAIOSFODNN7EXAMPLE`. Not proven before
    /// [`Signed::verify`] has succeeded.
    pub access_key: String,
    /// The day, `YYYYMMDD`.
    pub date: String,
    /// The region, for example `us-east-1`.
    pub region: String,
    /// The service that is called.
    pub service: Service,
}

impl Credential {
    fn scope(&self) -> String {
        format!(
            "{}/{}/{}/{TERMINATOR}",
            self.date,
            self.region,
            self.service.scope_name()
        )
    }
}

/// A request's signature, read but not yet checked.
#[derive(Debug, Clone)]
pub struct Signed {
    credential: Credential,
    /// Lower case, sorted, no doubles.
    headers: Vec<String>,
    signature: [u8; 32],
    /// `X-Amz-Date` as sent and in Unix seconds.
    stamp: String,
    seconds: i64,
}

/// An access key with its secret, to sign with.
#[derive(Clone, Copy)]
pub struct Key<'a> {
    /// The access key's id.
    pub id: &'a str,
    /// The secret access key.
    pub secret: &'a str,
}

impl std::fmt::Debug for Key<'_> {
    /// Without the secret.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Key")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

/// The service that a request claims to call, however broken it is otherwise; EC2 when there is no
/// telling. A fault of [`parse`] is to be encoded for it.
#[must_use]
pub fn service(parts: &Parts<'_>) -> Service {
    claimed(parts, 1)
        .and_then(Service::from_scope_name)
        .unwrap_or(Service::Ec2)
}

/// The region that a request claims to call.
#[must_use]
pub fn region(parts: &Parts<'_>) -> Option<String> {
    claimed(parts, 2).map(str::to_owned)
}

/// A part of the credential's scope, counted from its end.
fn claimed<'a>(parts: &Parts<'a>, place: usize) -> Option<&'a str> {
    let (_, rest) = parts.header("authorization")?.split_once("Credential=")?;
    let credential = rest.split([',', ' ']).next()?;
    credential.rsplit('/').nth(place)
}

/// Reads the signature of a request.
///
/// # Errors
///
/// - `MissingAuthenticationToken`: there is no `Authorization` header;
/// - `IncompleteSignature`: the header is broken, or does not cover what it must: `host` and every
///   `x-amz-*` header of the request;
/// - `InvalidURI`: the path is not in normal form;
/// - `SignatureDoesNotMatch`: the credential is of another day than the request.
///
/// Encode them for [`service`].
pub fn parse(parts: &Parts<'_>) -> Result<Signed, Fault> {
    let text = header::authorization(parts)?;
    let fields = header::Fields::read(text)?;
    let credential = header::credential(fields.credential)?;
    let headers = header::signed_headers(fields.headers)?;
    header::covers(parts, &headers)?;
    canonical::check_path(parts.path)?;
    let signature = header::unhex(fields.signature).ok_or_else(|| {
        header::incomplete(
            "The Signature of the Authorization header must be 64 lower-case hex digits",
        )
    })?;
    let stamp = parts.header("x-amz-date").unwrap_or_default().trim();
    let seconds = date::seconds(stamp).ok_or_else(|| {
        let stamp = shorten(stamp);
        header::incomplete(&format!(
            "Date must be in ISO-8601 'basic format', as 20150830T123600Z. Got '{stamp}'."
        ))
    })?;
    let day = stamp.get(..8).unwrap_or_default();
    if credential.date != day {
        let message = format!(
            "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from \
             HTTP: '{}' != '{day}', from '{stamp}'.",
            shorten(&credential.date)
        );
        return Err(Fault::new(403, "SignatureDoesNotMatch", message));
    }
    Ok(Signed {
        credential,
        headers,
        signature,
        stamp: stamp.to_owned(),
        seconds,
    })
}

impl Signed {
    /// Who claims to have signed, and for which service and region.
    #[must_use]
    pub fn credential(&self) -> &Credential {
        &self.credential
    }

    /// Checks that the holder of `secret` signed exactly the request in `parts`, which must be what
    /// [`parse`] read, at most [`MAX_SKEW_SECONDS`] away from `now` (Unix seconds).
    ///
    /// # Errors
    ///
    /// - `RequestExpired` (EC2) or `SignatureDoesNotMatch`: the date is too far from `now`;
    /// - `InvalidParameterValue`: `x-amz-content-sha256` is not the body's hash;
    /// - [`Fault::bad_signature`]: the signature is another.
    pub fn verify(&self, parts: &Parts<'_>, secret: &str, now: i64) -> Result<(), Fault> {
        self.check_date(now)?;
        let hash = payload_hash(parts)?;
        let text = canonical::request(parts, &self.headers, &hash)?;
        let scope = self.credential.scope();
        // `verify` of the MAC compares in constant time.
        signer(secret, &self.credential, &self.stamp, &scope, &text)
            .verify_slice(&self.signature)
            .map_err(|_| Fault::bad_signature(self.credential.service))
    }

    fn check_date(&self, now: i64) -> Result<(), Fault> {
        let skew = self.seconds.saturating_sub(now);
        if skew.abs() <= MAX_SKEW_SECONDS {
            return Ok(());
        }
        let (late, sign) = if skew < 0 {
            ("earlier", '-')
        } else {
            ("later", '+')
        };
        let limit = if skew < 0 {
            now - MAX_SKEW_SECONDS
        } else {
            now + MAX_SKEW_SECONDS
        };
        let verdict = if skew < 0 {
            "Signature expired"
        } else {
            "Signature not yet current"
        };
        let adverb = if skew < 0 { "now" } else { "still" };
        let message = format!(
            "{verdict}: {} is {adverb} {late} than {} ({} {sign} 5 min.). The request's date is \
             {} {} this server's clock; check the clock of the client.",
            self.stamp,
            date::stamp(limit),
            date::stamp(now),
            date::duration(skew.unsigned_abs()),
            if skew < 0 { "behind" } else { "ahead of" },
        );
        Err(match self.credential.service {
            Service::Ec2 => Fault::bad_request("RequestExpired", message),
            _ => Fault::new(403, "SignatureDoesNotMatch", message),
        })
    }
}

/// Signs the request in `parts` at the time `now` (Unix seconds): returns the headers `x-amz-date`
/// and `authorization`, to be added to it. Every header in `parts` is signed; `host` must be among
/// them, `x-amz-date` and `authorization` must not.
///
/// # Errors
///
/// Those of [`parse`] about what must be signed, so that a request that we sign can be verified.
pub fn sign(
    parts: &Parts<'_>,
    key: Key<'_>,
    region: &str,
    service: Service,
    now: i64,
) -> Result<Vec<(String, String)>, Fault> {
    let stamp = date::stamp(now);
    let mut all = parts.headers.to_vec();
    all.push(("x-amz-date".to_owned(), stamp.clone()));
    let parts = Parts {
        headers: &all,
        ..*parts
    };
    let mut names: Vec<String> = all.iter().map(|(name, _)| name.clone()).collect();
    names.sort_unstable();
    names.dedup();
    header::covers(&parts, &names)?;
    canonical::check_path(parts.path)?;

    let hash = payload_hash(&parts)?;
    let text = canonical::request(&parts, &names, &hash)?;
    let credential = Credential {
        access_key: key.id.to_owned(),
        date: stamp.get(..8).unwrap_or_default().to_owned(),
        region: region.to_owned(),
        service,
    };
    let scope = credential.scope();
    let mac = signer(key.secret, &credential, &stamp, &scope, &text);
    let authorization = format!(
        "{ALGORITHM} Credential={}/{scope}, SignedHeaders={}, Signature={}",
        key.id,
        names.join(";"),
        hex(&mac.finalize().into_bytes()),
    );
    Ok(vec![
        ("x-amz-date".to_owned(), stamp),
        ("authorization".to_owned(), authorization),
    ])
}

/// What stands for the body in the signature: its hash. `UNSIGNED-PAYLOAD` is refused: a call
/// without a signed body could be changed on its way, and no client of these services needs it.
fn payload_hash(parts: &Parts<'_>) -> Result<String, Fault> {
    let hash = hex(&Sha256::digest(parts.body));
    match parts.header("x-amz-content-sha256") {
        None => Ok(hash),
        Some(given) if given == hash => Ok(hash),
        Some(given) => {
            let why = "it is not the SHA-256 hash of the body in lower-case hex; sign the body";
            Err(Fault::invalid_value(
                "x-amz-content-sha256",
                &shorten(given),
                why,
            ))
        }
    }
}

/// The MAC of the string to sign.
fn signer(
    secret: &str,
    credential: &Credential,
    stamp: &str,
    scope: &str,
    canonical: &str,
) -> Hmac<Sha256> {
    let Credential {
        access_key: _,
        date,
        region,
        service,
    } = credential;
    let mut key = mac(format!("AWS4{secret}").as_bytes());
    for part in [date, region.as_str(), service.scope_name(), TERMINATOR] {
        key.update(part.as_bytes());
        key = mac(&key.finalize().into_bytes());
    }
    let hash = hex(&Sha256::digest(canonical));
    key.update(format!("{ALGORITHM}\n{stamp}\n{scope}\n{hash}").as_bytes());
    key
}

/// An HMAC with a key of any length, as RFC 2104 lengthens or shortens it.
fn mac(key: &[u8]) -> Hmac<Sha256> {
    let mut block = [0; 64];
    let digest = Sha256::digest(key);
    let short = if key.len() > block.len() {
        digest.as_slice()
    } else {
        key
    };
    for (to, from) in block.iter_mut().zip(short) {
        *to = *from;
    }
    Hmac::new(&block.into())
}

fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |nibble: u8| char::from(DIGITS[usize::from(nibble & 15)]);
    bytes
        .iter()
        .flat_map(|byte| [digit(byte >> 4), digit(*byte)])
        .collect()
}
