//! Managed policies and their versions.

use alloc::string::String;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use crate::account::AccountId;
use crate::id::PolicyId;
use crate::tag::Tags;
use crate::time::Millis;
use crate::world::{Claim, Facets, Indexed, Kind, World};

/// A policy that users, groups and roles can have in common.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Policy {
    /// The unique id.
    pub id: PolicyId,
    /// The account; [`AccountId::AWS`] of built-in ones.
    pub owner: AccountId,
    /// The name.
    pub name: String,
    /// The path: slashes at both ends.
    pub path: String,
    /// What people wrote about it; it cannot be changed.
    pub description: Option<String>,
    /// When it was made.
    pub created: Millis,
    /// When its versions last changed.
    pub updated: Millis,
    /// Its versions, in the order of their numbers.
    pub versions: Vec<Version>,
    /// The version in force.
    pub default: u32,
    /// The number of the next version; none is given twice.
    pub next: u32,
    /// Tags.
    pub tags: Tags,
}

/// One version of a policy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Version {
    /// `vN`.
    pub number: u32,
    /// The document, byte for byte as it was given.
    pub document: String,
    /// When it was made.
    pub created: Millis,
}

impl Policy {
    /// The document in force.
    pub fn document(&self) -> &str {
        let version = self.version(self.default);
        version.map_or("", |version| version.document.as_str())
    }

    /// The version with this number.
    pub fn version(&self, number: u32) -> Option<&Version> {
        self.versions.iter().find(|it| it.number == number)
    }
}

impl Indexed for Policy {
    fn index(&self, facets: &mut Facets) {
        let name = self.name.to_ascii_lowercase();
        facets
            .owner(self.owner, &self.tags)
            .needs(self.owner)
            .claims(Claim::Name(self.owner, Kind::Policy, name));
    }

    fn problems(&self, _world: &World, problems: &mut Vec<String>) {
        if self.version(self.default).is_none() {
            problems.push(alloc::format!("the default version of {} is gone", self.id));
        }
    }
}
