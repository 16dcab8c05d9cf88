//! Groups of users; who is in one, the user knows.

use alloc::string::String;

use serde::{Deserialize, Serialize};

use super::Grants;
use crate::account::AccountId;
use crate::id::GroupId;
use crate::time::Millis;
use crate::world::{Claim, Facets, Indexed, Kind};

/// A group of users, who all have its policies.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Group {
    /// The unique id.
    pub id: GroupId,
    /// The account.
    pub owner: AccountId,
    /// The name.
    pub name: String,
    /// The path: slashes at both ends.
    pub path: String,
    /// When it was made.
    pub created: Millis,
    /// Its policies.
    pub grants: Grants,
}

impl Indexed for Group {
    fn index(&self, facets: &mut Facets) {
        let name = self.name.to_ascii_lowercase();
        facets
            .owner(self.owner, &Default::default())
            .needs(self.owner)
            .claims(Claim::Name(self.owner, Kind::Group, name));
        self.grants.index(facets);
    }
}
