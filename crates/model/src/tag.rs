//! Tags.

use alloc::collections::BTreeMap;
use alloc::string::String;

/// Key to value; AWS allows 50, keys of 128 and values of 256 characters.
pub type Tags = BTreeMap<String, String>;
