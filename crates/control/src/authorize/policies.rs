//! The policies of an identity, as the World has them.

use std::sync::Arc;

use model::iam::{Grants, Policy, builtin};
use model::id::PolicyId;
use model::world::World;

use crate::authenticate::{Caller, Principal};

/// What an identity has.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Policies {
    /// Its own and its groups' policies, managed and inline.
    pub(crate) identity: Vec<Document>,
    /// The permissions boundary, if there is one.
    pub(crate) boundary: Option<Vec<Document>>,
}

/// One policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Document {
    /// Where it is from, for people.
    pub(crate) source: String,
    /// The text.
    pub(crate) text: String,
}

impl Policies {
    /// Those of a caller who is not the account itself; an identity that is gone has none.
    pub(crate) fn of(world: &World, caller: &Caller) -> Self {
        let mut policies = Self::default();
        match &caller.principal {
            Principal::User(id) => {
                if let Some(user) = world.users.get(id) {
                    policies.add_user(world, user);
                }
            }
            Principal::Session { role: Some(id), .. } => {
                if let Some(role) = world.roles.get(id) {
                    policies.add(world, &format!("role {}", role.name), &role.grants);
                    policies.bound(world, role.boundary);
                }
            }
            Principal::Root | Principal::Session { role: None, .. } => {}
        }
        policies
    }

    /// Adds a user's, with those of the groups.
    pub(crate) fn add_user(&mut self, world: &World, user: &model::iam::User) {
        self.add(world, &format!("user {}", user.name), &user.grants);
        for group in user.groups.iter().filter_map(|id| world.groups.get(id)) {
            self.add(world, &format!("group {}", group.name), &group.grants);
        }
        self.bound(world, user.boundary);
    }

    /// Adds what one identity has.
    pub(crate) fn add(&mut self, world: &World, whose: &str, grants: &Grants) {
        for policy in grants.attached.iter().filter_map(|id| managed(world, *id)) {
            self.identity.push(Document {
                source: format!("{} of {whose}", policy.name),
                text: policy.document().to_owned(),
            });
        }
        for (name, text) in &grants.inline {
            self.identity.push(Document {
                source: format!("{name} of {whose}"),
                text: text.clone(),
            });
        }
    }

    /// Sets the boundary.
    pub(crate) fn bound(&mut self, world: &World, boundary: Option<PolicyId>) {
        let policy = boundary.and_then(|id| managed(world, id));
        self.boundary = policy.map(|policy| {
            vec![Document {
                source: policy.name.clone(),
                text: policy.document().to_owned(),
            }]
        });
    }
}

/// A managed policy, built in or an account's own.
fn managed(world: &World, id: PolicyId) -> Option<Arc<Policy>> {
    let own = world.policies.get(&id).map(Arc::clone);
    own.or_else(|| builtin::find(id).map(Arc::new))
}
