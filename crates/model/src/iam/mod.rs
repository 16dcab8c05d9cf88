//! Who there is in an account, and what they may: users, groups, roles, policies.
//!
//! Names are unique in an account whatever their letters' case. References are by unique id, so
//! that a renamed thing stays what it was, and one made again under an old name is another.

pub mod builtin;
mod group;
mod policy;
mod role;
mod user;

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::string::String;

use serde::{Deserialize, Serialize};

use crate::id::PolicyId;
use crate::world::Facets;

pub use group::Group;
pub use policy::{Policy, Version};
pub use role::Role;
pub use user::User;

/// The policies of a user, group or role.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grants {
    /// Managed policies, also built-in ones.
    pub attached: BTreeSet<PolicyId>,
    /// Policies of its own: name to document.
    pub inline: BTreeMap<String, String>,
}

impl Grants {
    fn index(&self, facets: &mut Facets) {
        needs_policies(facets, self.attached.iter().copied());
    }
}

/// Built-in policies are always there, and need no place in the World.
fn needs_policies(facets: &mut Facets, ids: impl IntoIterator<Item = PolicyId>) {
    facets.needs_all(ids.into_iter().filter(|id| !builtin::is_builtin(*id)));
}
