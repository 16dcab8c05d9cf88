//! Users.

use alloc::collections::BTreeSet;
use alloc::string::String;

use serde::{Deserialize, Serialize};

use super::{Grants, needs_policies};
use crate::account::AccountId;
use crate::id::{GroupId, PolicyId, UserId};
use crate::tag::Tags;
use crate::time::Millis;
use crate::world::{Claim, Facets, Indexed, Kind};

/// Somebody with access keys of their own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    /// The unique id.
    pub id: UserId,
    /// The account.
    pub owner: AccountId,
    /// The name.
    pub name: String,
    /// The path: slashes at both ends.
    pub path: String,
    /// When it was made.
    pub created: Millis,
    /// The groups that it is in.
    pub groups: BTreeSet<GroupId>,
    /// Its policies.
    pub grants: Grants,
    /// What its policies can grant at most.
    pub boundary: Option<PolicyId>,
    /// Tags.
    pub tags: Tags,
}

impl Indexed for User {
    fn index(&self, facets: &mut Facets) {
        let name = self.name.to_ascii_lowercase();
        facets
            .owner(self.owner, &self.tags)
            .needs(self.owner)
            .needs_all(&self.groups)
            .claims(Claim::Name(self.owner, Kind::User, name));
        self.grants.index(facets);
        needs_policies(facets, self.boundary);
    }
}
