//! Prefix lists of customers: CIDR blocks under one name. Those of AWS-managed services are in
//! [`crate::endpoint::Managed`].

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use crate::account::AccountId;
use crate::id::PrefixListId;
use crate::tag::Tags;
use crate::time::Millis;
use crate::world::{Facets, Indexed, World};

/// CIDR blocks under one name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PrefixList {
    /// Its id.
    pub id: PrefixListId,
    /// Whose.
    pub owner: AccountId,
    /// Its name; others may have the same.
    pub name: String,
    /// Of which family its blocks are.
    pub family: Family,
    /// How many blocks it may have.
    pub max_entries: usize,
    /// Raised with each change of its blocks, from 1.
    pub version: u64,
    /// Whether it was changed since it was made.
    pub modified: bool,
    /// Its blocks, in order, each once.
    pub entries: Vec<Entry>,
    /// When it was made.
    pub created: Millis,
    /// Tags.
    pub tags: Tags,
}

/// The family of addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Family {
    /// IPv4.
    Ipv4,
    /// IPv6.
    Ipv6,
}

/// One block.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Entry {
    /// The addresses.
    pub cidr: IpNet,
    /// What it is for.
    pub description: Option<String>,
}

impl Family {
    /// AWS's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ipv4 => "IPv4",
            Self::Ipv6 => "IPv6",
        }
    }

    /// Whether a block is of this family.
    pub fn has(self, cidr: &IpNet) -> bool {
        match self {
            Self::Ipv4 => matches!(cidr, IpNet::V4(_)),
            Self::Ipv6 => matches!(cidr, IpNet::V6(_)),
        }
    }
}

impl Indexed for PrefixList {
    fn index(&self, facets: &mut Facets) {
        facets.owner(self.owner, &self.tags);
    }

    fn problems(&self, _world: &World, problems: &mut Vec<String>) {
        let id = self.id;
        if self.entries.len() > self.max_entries {
            problems.push(format!("{id} has more entries than it may have"));
        }
        if !self.entries.iter().all(|it| self.family.has(&it.cidr)) {
            problems.push(format!("{id} has an entry of the other family"));
        }
        let mut pairs = self.entries.iter().zip(self.entries.iter().skip(1));
        if pairs.any(|(one, next)| one.cidr >= next.cidr) {
            problems.push(format!("{id} has its entries out of order"));
        }
    }
}
