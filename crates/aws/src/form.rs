//! Parameters of the EC2 and query protocols: `application/x-www-form-urlencoded` text becomes a
//! tree (`TagSpecification.1.Tag.1.Key=Name`), and the tree is read by serde into generated types.
//!
//! Nothing is guessed: a parameter that no type knows, a value of the wrong type, a parameter given
//! twice or a bad escape is a [`Fault`] that names the parameter by its full path.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use percent_encoding::percent_decode_str;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::call::Flavour;
use crate::fault::{Fault, shorten};

mod read;
#[cfg(test)]
mod tests;

/// The longest form, in bytes; AWS's own limit is not documented.
pub const MAX_BYTES: usize = 1 << 20;
/// The most parameters in a form.
pub const MAX_PARAMETERS: usize = 10_000;
/// The most segments in a parameter's name (the deepest in the models has 8).
pub const MAX_DEPTH: usize = 16;
/// The longest name of a parameter, in bytes, after decoding.
pub const MAX_NAME: usize = 512;
/// The largest index of a list element.
pub const MAX_INDEX: u32 = 10_000;

/// A parsed form: a tree of parameters.
#[derive(Debug, Clone, Default)]
pub struct Form {
    root: Node,
    count: usize,
    bytes: usize,
}

/// A value, or the parameters below a common beginning; never both.
#[derive(Debug, Clone, Default)]
struct Node {
    value: Option<String>,
    children: BTreeMap<String, Node>,
}

impl Form {
    /// Parses one form.
    ///
    /// # Errors
    ///
    /// - `MalformedQueryString`: not UTF-8, a bad percent escape, a name with an empty segment;
    /// - `InvalidQueryParameter`: a parameter twice, or one both with a value and with parts;
    /// - `RequestEntityTooLarge` (413): beyond the bounds of this module.
    pub fn parse(text: &[u8]) -> Result<Self, Fault> {
        let mut form = Self::default();
        form.add(text)?;
        Ok(form)
    }

    /// Adds the parameters of another text, for requests that have some in the query and some in
    /// the body.
    ///
    /// # Errors
    ///
    /// As [`Form::parse`].
    pub fn add(&mut self, text: &[u8]) -> Result<(), Fault> {
        self.bytes = self.bytes.saturating_add(text.len());
        if self.bytes > MAX_BYTES {
            return Err(too_large(format!(
                "The parameters exceed {MAX_BYTES} bytes"
            )));
        }
        let text = std::str::from_utf8(text).map_err(|_| malformed("it is not UTF-8"))?;
        for pair in text.split('&').filter(|pair| !pair.is_empty()) {
            self.count += 1;
            if self.count > MAX_PARAMETERS {
                return Err(too_large(format!("More than {MAX_PARAMETERS} parameters")));
            }
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            self.insert(&unescape(name)?, unescape(value)?)?;
        }
        Ok(())
    }

    /// Removes and returns the top-level parameter `name`, if it is there with a plain value.
    pub fn take(&mut self, name: &str) -> Option<String> {
        match self.root.children.entry(name.to_owned()) {
            Entry::Occupied(entry) if entry.get().value.is_some() => entry.remove().value,
            _ => None,
        }
    }

    /// Reads the whole form as a `T`.
    ///
    /// # Errors
    ///
    /// `UnknownParameter`, `MissingParameter` or `InvalidParameterValue`, naming the parameter by
    /// its full path.
    pub fn decode<T: DeserializeOwned>(&self, flavour: Flavour) -> Result<T, Fault> {
        T::deserialize(read::Reader::new(&self.root, flavour)).map_err(read::Error::into_fault)
    }

    /// The parameters as JSON, for records: lists are arrays, names begin in lower case, all
    /// values are texts.
    #[must_use]
    pub fn to_json(&self) -> Value {
        self.root.to_json()
    }

    fn insert(&mut self, name: &str, value: String) -> Result<(), Fault> {
        if name.len() > MAX_NAME {
            return Err(too_large(format!(
                "A parameter's name exceeds {MAX_NAME} bytes"
            )));
        }
        if name.split('.').count() > MAX_DEPTH {
            let name = shorten(name);
            return Err(too_large(format!("{name} has more than {MAX_DEPTH} parts")));
        }
        let mut node = &mut self.root;
        for segment in name.split('.') {
            if segment.is_empty() {
                let why = format!("the parameter name {:?} has an empty part", shorten(name));
                return Err(malformed(&why));
            }
            if node.value.is_some() {
                return Err(ambiguous(name, "a part of it has a value of its own"));
            }
            node = node.children.entry(segment.to_owned()).or_default();
        }
        if node.value.is_some() {
            return Err(ambiguous(name, "it is given more than once"));
        }
        if !node.children.is_empty() {
            return Err(ambiguous(name, "it has both a value and parts"));
        }
        node.value = Some(value);
        Ok(())
    }
}

impl Node {
    fn to_json(&self) -> Value {
        if let Some(value) = &self.value {
            return value.as_str().into();
        }
        let children = &self.children;
        // The query protocol's lists have a level of their own.
        if let (1, Some(list)) = (children.len(), children.get("member")) {
            return list.to_json();
        }
        let mut numbered: Vec<(u32, &Self)> = Vec::with_capacity(children.len());
        for (name, child) in children {
            match name.parse() {
                Ok(number) => numbered.push((number, child)),
                Err(_) => break,
            }
        }
        if numbered.len() == children.len() && !numbered.is_empty() {
            numbered.sort_unstable_by_key(|(number, _)| *number);
            return numbered.iter().map(|(_, child)| child.to_json()).collect();
        }
        let member = |(name, child): (&String, &Self)| (lower_camel(name), child.to_json());
        Value::Object(children.iter().map(member).collect())
    }
}

/// `name` with its first letter in lower case.
pub(crate) fn lower_camel(name: &str) -> String {
    let mut letters = name.chars();
    let first = letters.next().map(|first| first.to_ascii_lowercase());
    first.into_iter().chain(letters).collect()
}

/// Undoes form encoding; unlike most decoders it takes no bad escape for plain text.
pub(crate) fn unescape(text: &str) -> Result<String, Fault> {
    let bytes = text.as_bytes();
    let broken = bytes.iter().enumerate().any(|(i, byte)| {
        let digits = bytes.get(i + 1..i + 3).unwrap_or_default();
        *byte == b'%' && !(digits.len() == 2 && digits.iter().all(u8::is_ascii_hexdigit))
    });
    if broken {
        let why = format!(
            "{:?} has a percent sign without two hex digits",
            shorten(text)
        );
        return Err(malformed(&why));
    }
    let spaced = text.replace('+', " ");
    match percent_decode_str(&spaced).decode_utf8() {
        Ok(text) => Ok(text.into_owned()),
        Err(_) => Err(malformed(&format!("{:?} is not UTF-8", shorten(text)))),
    }
}

fn malformed(why: &str) -> Fault {
    let message = format!("The query string contains a syntax error: {why}");
    Fault::bad_request("MalformedQueryString", message)
}

fn ambiguous(name: &str, why: &str) -> Fault {
    let message = format!("The parameter {} cannot be read: {why}", shorten(name));
    Fault::bad_request("InvalidQueryParameter", message)
}

fn too_large(message: String) -> Fault {
    Fault::new(413, "RequestEntityTooLarge", message)
}
