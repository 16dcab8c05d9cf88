//! Keys and prefixes: validated paths, so that no engine has to escape anything.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use crate::Error;

/// The longest key, in bytes.
pub(crate) const MAX_KEY: usize = 512;

/// A path that names one value: `/vpc/vpc-123`.
///
/// It starts with `/`, has one or more non-empty segments of
/// `[A-Za-z0-9._:@-]`, does not end with `/` and is at most 512 bytes long.
/// Keys are ordered by their bytes.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key(Arc<str>);

impl Key {
    /// Checks `text` and makes a key of it.
    pub fn parse(text: &str) -> Result<Self, Error> {
        check(text).map_err(|reason| bad(text, reason))?;
        Ok(Self(text.into()))
    }

    /// The key as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The segments between the slashes, first to last.
    pub fn segments(&self) -> impl Iterator<Item = &str> {
        self.0.split('/').skip(1)
    }

    /// The prefix of all keys below this one (not of the key itself).
    pub fn below(&self) -> Prefix {
        Prefix(format!("{}/", self.0).into())
    }
}

/// A folder of keys: `/vpc/` covers `/vpc/a` and `/vpc/a/b`, not `/vpcs/a`;
/// `/` covers everything.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Prefix(Arc<str>);

impl Prefix {
    /// The prefix of every key.
    pub fn all() -> Self {
        Self("/".into())
    }

    /// Checks `text`, which starts and ends with `/`, and makes a prefix of it.
    pub fn parse(text: &str) -> Result<Self, Error> {
        if text != "/" {
            let path = text
                .strip_suffix('/')
                .ok_or_else(|| bad(text, "a prefix ends with '/'"))?;
            check(path).map_err(|reason| bad(text, reason))?;
        }
        Ok(Self(text.into()))
    }

    /// The prefix as text; it ends with `/`.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether `key` lies below this prefix.
    pub fn covers(&self, key: &Key) -> bool {
        key.as_str().starts_with(self.as_str())
    }

    /// The first text after everything this prefix covers (exclusive bound).
    pub fn end(&self) -> String {
        // '0' is the byte after '/'.
        let mut end = self.0.to_string();
        end.pop();
        end.push('0');
        end
    }
}

fn check(text: &str) -> Result<(), &'static str> {
    if text.len() > MAX_KEY {
        return Err("it is longer than 512 bytes");
    }
    let Some(path) = text.strip_prefix('/') else {
        return Err("it does not start with '/'");
    };
    for segment in path.split('/') {
        if segment.is_empty() {
            return Err("a segment is empty");
        }
        let legal = |b: u8| b.is_ascii_alphanumeric() || b"._:@-".contains(&b);
        if !segment.bytes().all(legal) {
            return Err("a segment holds a character outside [A-Za-z0-9._:@-]");
        }
    }
    Ok(())
}

fn bad(text: &str, reason: &'static str) -> Error {
    Error::BadKey {
        key: text.chars().take(MAX_KEY).collect(),
        reason,
    }
}

macro_rules! text_like {
    ($name:ident) => {
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({})", stringify!($name), &self.0)
            }
        }

        impl FromStr for $name {
            type Err = Error;

            fn from_str(text: &str) -> Result<Self, Error> {
                Self::parse(text)
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }
    };
}

text_like!(Key);
text_like!(Prefix);

#[cfg(test)]
mod tests;
