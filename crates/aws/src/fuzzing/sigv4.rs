//! Signatures: what is read, what is accepted, and what no longer is after one change.

use percent_encoding::percent_decode_str;

use super::check_fault;
use crate::call::{Parts, Service};
use crate::sigv4::{Key, MAX_SKEW_SECONDS, parse, service, sign};

/// The time and the key of `tests/signatures.json`.
const NOW: i64 = 1_795_253_319;
const KEY: Key<'_> = Key {
    id: "AKIAIOSFODNN7EXAMPLE",
    secret: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
};
const REGION: &str = "us-east-1";

/// An HTTP request as text, as `hyper` would hand it over.
#[derive(Debug, Clone)]
struct Sent {
    method: String,
    path: String,
    query: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Sent {
    /// `METHOD path?query`, a line a header, an empty line, the body.
    fn read(data: &[u8]) -> Option<Self> {
        let end = data.windows(2).position(|two| two == b"\n\n");
        let (head, body) = match end {
            Some(end) => (data.get(..end)?, data.get(end + 2..)?),
            None => (data, &[][..]),
        };
        let head = String::from_utf8_lossy(head);
        let mut lines = head.split('\n');
        let (method, target) = lines.next()?.split_once(' ')?;
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let token = |text: &str| {
            let plain = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b);
            !text.is_empty() && text.bytes().all(plain)
        };
        let shown = |text: &str| !text.contains(|c: char| c.is_control() || c == ' ');
        let headers = lines.filter_map(|line| line.split_once(':'));
        let headers = headers.filter(|(name, _)| token(name));
        let headers = headers.map(|(name, value)| {
            let value = value.replace(|c: char| c.is_control() && c != '\t', "");
            (name.to_ascii_lowercase(), value)
        });
        (token(method) && shown(target)).then(|| Self {
            method: method.to_owned(),
            path: path.to_owned(),
            query: query.to_owned(),
            headers: headers.collect(),
            body: body.to_vec(),
        })
    }

    fn parts(&self) -> Parts<'_> {
        Parts {
            method: &self.method,
            path: &self.path,
            query: &self.query,
            headers: &self.headers,
            body: &self.body,
        }
    }

    /// Whether the request is let in, with this secret at this time.
    fn accepted(&self, secret: &str, now: i64) -> bool {
        let parts = self.parts();
        let outcome = parse(&parts).and_then(|signed| signed.verify(&parts, secret, now));
        if let Err(fault) = &outcome {
            check_fault(service(&parts), fault);
        }
        outcome.is_ok()
    }

    fn drop_headers(&mut self, names: &[&str]) {
        self.headers
            .retain(|(name, _)| !names.contains(&name.as_str()));
    }

    fn header_mut(&mut self, name: &str) -> Option<&mut String> {
        let found = self.headers.iter_mut().find(|(n, _)| n == name);
        found.map(|(_, value)| value)
    }

    /// What a signature stands for, said another way than in `sigv4::canonical`.
    fn meaning(&self) -> impl PartialEq + use<> {
        let plain =
            |text: &str| -> Vec<u8> { percent_decode_str(&text.replace('+', " ")).collect() };
        let pairs = self.query.split('&').filter(|pair| !pair.is_empty());
        let mut pairs: Vec<_> = pairs
            .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
            .map(|(name, value)| (plain(name), plain(value)))
            .collect();
        pairs.sort();
        let mut headers: std::collections::BTreeMap<String, String> = Default::default();
        for (name, value) in &self.headers {
            if name != "authorization" {
                let words: Vec<&str> = value.split_ascii_whitespace().collect();
                let all = headers.entry(name.clone()).or_default();
                *all = format!("{all},{}", words.join(" "));
            }
        }
        (
            self.method.clone(),
            self.path.clone(),
            pairs,
            headers,
            self.body.clone(),
        )
    }
}

/// A request as text; it is judged as it is, and again signed by us.
pub fn sigv4(data: &[u8]) -> bool {
    let Some(mut sent) = Sent::read(data) else {
        return false;
    };
    if sent.accepted(KEY.secret, NOW) {
        check_accepted(&sent);
    }
    sent.drop_headers(&["authorization", "x-amz-date"]);
    if sent.parts().header("host").is_none() {
        sent.headers.push(("host".into(), "localhost".into()));
    }
    // A number that depends on every byte, to choose by.
    let choice = data.iter().fold(0xcbf2_9ce4_8422_2325, |sum: u64, byte| {
        (sum ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3)
    });
    let index = usize::try_from(choice >> 32).unwrap_or_default();
    let Some(&service) = Service::ALL.get(index % Service::ALL.len()) else {
        return false;
    };
    let more = match sign(&sent.parts(), KEY, REGION, service, NOW) {
        Ok(more) => more,
        Err(fault) => {
            check_fault(service, &fault);
            return false;
        }
    };
    sent.headers.extend(more);
    assert!(sent.accepted(KEY.secret, NOW), "{sent:?}");
    let changed = tamper(&sent, choice);
    assert!(
        !changed.accepted(KEY.secret, NOW),
        "{changed:?} of {sent:?}"
    );
    true
}

/// The signature is the one that we would have made for what it covers.
fn check_accepted(sent: &Sent) {
    let theirs = sent.parts().header("authorization").unwrap_or_default();
    let signed = theirs.split_once("SignedHeaders=");
    let signed = signed.and_then(|(_, rest)| rest.split([',', ' ']).next());
    let signed: Vec<&str> = signed.unwrap_or_default().split(';').collect();
    let Ok(read) = parse(&sent.parts()) else {
        unreachable!("it was accepted: {sent:?}");
    };
    let mut bare = sent.clone();
    bare.headers
        .retain(|(name, _)| signed.contains(&name.as_str()) && name != "x-amz-date");
    let credential = read.credential();
    let ours = sign(
        &bare.parts(),
        KEY,
        &credential.region,
        credential.service,
        NOW,
    );
    let ours = ours.unwrap_or_default();
    let ours = ours
        .last()
        .and_then(|(_, text)| text.split_once("Signature="));
    assert!(
        ours.is_some_and(|(_, hex)| theirs.contains(&format!("Signature={hex}"))),
        "{ours:?} of {sent:?}"
    );
}

/// The request with one thing changed that its signature covers.
fn tamper(sent: &Sent, choice: u64) -> Sent {
    let at = usize::try_from(choice >> 8).unwrap_or_default();
    let bit = u32::try_from(choice % 7).unwrap_or_default();
    let mut changed = sent.clone();
    match choice / 7 % 8 {
        0 => changed.method = flip(&sent.method, at, bit),
        1 => changed.path = flip(&sent.path, at, bit),
        2 => changed.query = flip(&sent.query, at, bit),
        3 => {
            let count = changed.headers.len();
            if let Some((name, value)) = changed.headers.get_mut(at % count.max(1))
                && name != "authorization"
            {
                *value = flip(value, at / count, bit);
            }
        }
        4 => {
            let length = changed.body.len();
            match changed.body.get_mut(at % length.max(1)) {
                Some(byte) => *byte ^= 1 << bit,
                None => changed.body.push(b'a'),
            }
        }
        5 => {
            if let Some(text) = changed.header_mut("authorization") {
                let digits = text.len() - 64;
                let (head, hex) = text.split_at(digits);
                *text = format!("{head}{}", flip(hex, at, bit));
            }
        }
        6 => {
            if let Some(text) = changed.header_mut("authorization") {
                *text = text.replacen(REGION, &flip(REGION, at, bit), 1);
            }
        }
        _ => changed.headers.push(("x-amz-unheard".into(), "of".into())),
    }
    let signature = |sent: &Sent| sent.parts().header("authorization").map(str::to_owned);
    if changed.meaning() == sent.meaning() && signature(&changed) == signature(sent) {
        // Other words for the same: still let in. What counts is changed then.
        assert!(changed.accepted(KEY.secret, NOW), "{changed:?} of {sent:?}");
        assert!(!changed.accepted("another secret", NOW));
        assert!(!changed.accepted(KEY.secret, NOW + MAX_SKEW_SECONDS + 1));
        changed.body.push(b'a');
    }
    changed
}

/// `text` with one bit of one character changed.
fn flip(text: &str, at: usize, bit: u32) -> String {
    let mut chars: Vec<char> = text.chars().collect();
    let length = chars.len();
    match chars.get_mut(at % length.max(1)) {
        Some(c) => *c = char::from_u32(u32::from(*c) ^ (1 << bit)).unwrap_or('?'),
        None => chars.push('?'),
    }
    chars.into_iter().collect()
}
