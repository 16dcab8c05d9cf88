//! Roles.

use alloc::string::String;

use serde::{Deserialize, Serialize};

use super::{Grants, needs_policies};
use crate::account::AccountId;
use crate::id::{PolicyId, RoleId};
use crate::tag::Tags;
use crate::time::Millis;
use crate::world::{Claim, Facets, Indexed, Kind};

/// An identity without keys, for whom its trust policy names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Role {
    /// The unique id.
    pub id: RoleId,
    /// The account.
    pub owner: AccountId,
    /// The name.
    pub name: String,
    /// The path: slashes at both ends.
    pub path: String,
    /// What people wrote about it.
    pub description: Option<String>,
    /// When it was made.
    pub created: Millis,
    /// Who may assume it: a policy document.
    pub trust: String,
    /// The longest session, in seconds.
    pub max_session: u32,
    /// Its policies.
    pub grants: Grants,
    /// What its policies can grant at most.
    pub boundary: Option<PolicyId>,
    /// Tags.
    pub tags: Tags,
}

impl Indexed for Role {
    fn index(&self, facets: &mut Facets) {
        let name = self.name.to_ascii_lowercase();
        facets
            .owner(self.owner, &self.tags)
            .needs(self.owner)
            .claims(Claim::Name(self.owner, Kind::Role, name));
        self.grants.index(facets);
        needs_policies(facets, self.boundary);
    }
}
