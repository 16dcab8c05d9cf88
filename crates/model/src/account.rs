//! Accounts and access keys.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::time::Millis;
use crate::world::{Facets, Indexed};

/// Twelve digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct AccountId(u64);

/// A text that is not twelve digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an account id has 12 digits")]
pub struct NotAnAccount;

impl AccountId {
    /// An account id from a random number; never one that begins with a zero.
    pub fn random(bits: u64) -> Self {
        Self(100_000_000_000 + bits % 900_000_000_000)
    }
}

impl FromStr for AccountId {
    type Err = NotAnAccount;

    fn from_str(text: &str) -> Result<Self, NotAnAccount> {
        if text.len() != 12 || !text.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(NotAnAccount);
        }
        text.parse().map(Self).map_err(|_| NotAnAccount)
    }
}

impl TryFrom<String> for AccountId {
    type Error = NotAnAccount;

    fn try_from(text: String) -> Result<Self, NotAnAccount> {
        text.parse()
    }
}

impl From<AccountId> for String {
    fn from(id: AccountId) -> Self {
        alloc::format!("{id}")
    }
}

impl fmt::Display for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:012}", self.0)
    }
}

impl fmt::Debug for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A tenant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// Its id.
    pub id: AccountId,
    /// What people call it.
    pub name: String,
    /// May make accounts and attach any ENI: the operator of this Ginnel.
    pub operator: bool,
    /// When it was made.
    pub created: Millis,
}

/// A key of the account's administrator.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessKey {
    /// `AKIA` and 16 characters.
    pub id: String,
    /// Whose.
    pub account: AccountId,
    /// The secret, sealed with the instance's key file.
    pub sealed_secret: Vec<u8>,
}

impl Indexed for Account {
    fn index(&self, _facets: &mut Facets) {}
}

impl Indexed for AccessKey {
    fn index(&self, facets: &mut Facets) {
        facets
            .owner(self.account, &Default::default())
            .needs(self.account);
    }
}
