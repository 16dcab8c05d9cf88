//! The World: everything that is desired, at one revision of the log.
//!
//! A value: `apply` makes a new one and leaves the old, tables are shared until they change.
//! Handlers read it, and answer with [`Change`]s; only the committer applies those.

mod check;
mod find;

use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::String;
use alloc::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::account::{AccessKey, Account, AccountId};
use crate::endpoint::Endpoint;
use crate::endpoint_service::EndpointService;
use crate::id::{
    BalancerId, EndpointId, InterfaceId, ListenerId, SecurityGroupId, ServiceId, SubnetId,
    TargetGroupId, VpcId,
};
use crate::interface::Interface;
use crate::listener::Listener;
use crate::load_balancer::LoadBalancer;
use crate::security_group::SecurityGroup;
use crate::subnet::Subnet;
use crate::target_group::TargetGroup;
use crate::vpc::Vpc;

pub use find::free_slot;

/// A table: shared between Worlds until it changes.
pub type Table<K, V> = Arc<BTreeMap<K, Arc<V>>>;

/// The first answer to a request with a ClientToken, so that the second is the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Replay {
    /// `ACCOUNT/OPERATION/digest of the token`.
    pub key: String,
    /// What the parameters were, as a digest.
    pub fingerprint: u64,
    /// What was made.
    pub resource: String,
}

macro_rules! tables {
    ($($(#[$doc:meta])* $table:ident: $variant:ident($key:ty => $value:ty, $path:literal, $id:ident)),+ $(,)?) => {
        /// Everything desired.
        #[derive(Clone, Debug, Default, PartialEq, Eq)]
        pub struct World {
            /// The log's revision.
            pub revision: u64,
            $($(#[$doc])* pub $table: Table<$key, $value>,)+
        }

        /// One thing of any kind, as the log holds it.
        #[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(tag = "kind", content = "body", rename_all = "kebab-case")]
        pub enum Resource {
            $($(#[$doc])* $variant($value),)+
        }

        /// The name of one thing of any kind.
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Name {
            $($(#[$doc])* $variant($key),)+
        }

        impl Resource {
            /// Its name.
            pub fn name(&self) -> Name {
                match self {
                    $(Self::$variant(value) => Name::$variant(value.$id.clone()),)+
                }
            }
        }

        impl Name {
            /// Its path in the log.
            pub fn path(&self) -> String {
                match self {
                    $(Self::$variant(key) => format!(concat!("/", $path, "/{}"), key),)+
                }
            }
        }

        $(impl From<$value> for Change {
            fn from(value: $value) -> Self {
                Self::Put(Resource::$variant(value))
            }
        })+

        impl World {
            fn change(&mut self, change: &Change) {
                match change {
                    $(Change::Put(Resource::$variant(value)) => {
                        Arc::make_mut(&mut self.$table)
                            .insert(value.$id.clone(), Arc::new(value.clone()));
                    })+
                    $(Change::Remove(Name::$variant(key)) => {
                        Arc::make_mut(&mut self.$table).remove(key);
                    })+
                }
            }
        }
    };
}

tables! {
    /// Accounts.
    accounts: Account(AccountId => Account, "account", id),
    /// Access keys.
    access_keys: AccessKey(String => AccessKey, "access-key", id),
    /// VPCs.
    vpcs: Vpc(VpcId => Vpc, "vpc", id),
    /// Subnets.
    subnets: Subnet(SubnetId => Subnet, "subnet", id),
    /// Security groups.
    security_groups: SecurityGroup(SecurityGroupId => SecurityGroup, "security-group", id),
    /// Network interfaces.
    interfaces: Interface(InterfaceId => Interface, "interface", id),
    /// Load balancers.
    load_balancers: LoadBalancer(BalancerId => LoadBalancer, "load-balancer", id),
    /// Target groups.
    target_groups: TargetGroup(TargetGroupId => TargetGroup, "target-group", id),
    /// Listeners.
    listeners: Listener(ListenerId => Listener, "listener", id),
    /// Endpoint services.
    services: EndpointService(ServiceId => EndpointService, "endpoint-service", id),
    /// Endpoints.
    endpoints: Endpoint(EndpointId => Endpoint, "endpoint", id),
    /// Answers to ClientTokens.
    replays: Replay(String => Replay, "replay", key),
}

/// One change to the World.
#[expect(
    clippy::large_enum_variant,
    reason = "a handful live for one call; a box each would cost more than it saves"
)]
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// Make or replace.
    Put(Resource),
    /// Remove; an absent thing is fine.
    Remove(Name),
}

impl World {
    /// The World after these changes, at `revision`.
    pub fn apply(&self, changes: &[Change], revision: u64) -> Self {
        let mut next = self.clone();
        next.revision = revision;
        for change in changes {
            next.change(change);
        }
        next
    }
}

#[cfg(test)]
mod tests;
