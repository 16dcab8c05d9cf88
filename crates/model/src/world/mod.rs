//! The World: everything that is desired, at one revision of the log.
//!
//! A value: `apply` makes a new one and leaves the old, tables are shared until they change.
//! Handlers read it, and answer with [`Change`]s; only the committer applies those.

mod check;
mod find;
mod index;

use alloc::format;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;

use rpds::RedBlackTreeMapSync;
use serde::{Deserialize, Serialize};

use crate::account::{AccessKey, Account, AccountId};
use crate::address::Address;
use crate::dhcp_options::DhcpOptions;
use crate::endpoint::Endpoint;
use crate::endpoint_service::EndpointService;
use crate::flow_log::FlowLog;
use crate::iam::{Group, Policy, Role, User};
use crate::id::{
    AllocationId, BalancerId, DeliveryId, DhcpOptionsId, EndpointId, FlowLogId, GroupId,
    InsightsAnalysisId, InsightsPathId, InterfaceId, InternetGatewayId, ListenerId, NatGatewayId,
    NetworkAclId, NotificationId, PeeringId, PolicyId, PrefixListId, RoleId, RouteTableId,
    SecurityGroupId, ServiceId, SubnetId, SubscriptionId, TargetGroupId, TopicId, UserId, VpcId,
};
use crate::insights::{Analysis, Path};
use crate::interface::Interface;
use crate::internet_gateway::InternetGateway;
use crate::listener::Listener;
use crate::load_balancer::LoadBalancer;
use crate::nat_gateway::NatGateway;
use crate::network_acl::NetworkAcl;
use crate::notification::Notification;
use crate::outbox::Delivery;
use crate::peering::Peering;
use crate::prefix_list::PrefixList;
use crate::route_table::RouteTable;
use crate::security_group::SecurityGroup;
use crate::subnet::Subnet;
use crate::target_group::TargetGroup;
use crate::time::Millis;
use crate::topic::{Subscription, Topic};
use crate::vpc::Vpc;

pub use find::Found;
pub use index::{Claim, Facet, Facets, Indexed, Slot};

/// A table: what did not change is shared between Worlds.
pub type Table<K, V> = RedBlackTreeMapSync<K, Arc<V>>;

/// A noun that has a table.
pub trait Noun: Indexed + Sized + 'static {
    /// Its kind.
    const KIND: Kind;

    /// The thing with a name, if the name is of its kind and it is there.
    fn find<'a>(world: &'a World, name: &Name) -> Option<&'a Arc<Self>>;

    /// Its name.
    fn name(&self) -> Name;
}

/// The first answer to a request with a ClientToken, so that the second is the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Replay {
    /// `ACCOUNT/OPERATION/digest of the token`.
    pub key: String,
    /// What the parameters were, as a digest.
    pub fingerprint: u64,
    /// What was made.
    pub resource: String,
    /// When; it is forgotten some time later.
    #[serde(default)]
    pub made: Millis,
}

impl Indexed for Replay {
    fn index(&self, _facets: &mut Facets) {}
}

macro_rules! tables {
    ($($(#[$doc:meta])* $table:ident: $variant:ident($key:ty => $value:ty, $path:literal, $id:ident)),+ $(,)?) => {
        /// Everything desired.
        #[derive(Clone, Debug, Default, PartialEq, Eq)]
        pub struct World {
            /// The log's revision.
            pub revision: u64,
            $($(#[$doc])* pub $table: Table<$key, $value>,)+
            index: index::Index,
        }

        /// The kinds of things.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Kind {
            $($(#[$doc])* $variant,)+
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
            /// Whose it is, if it is somebody's.
            pub fn owner(&self) -> Option<AccountId> {
                let facets = match self {
                    $(Self::$variant(value) => Facets::of(Kind::$variant, value),)+
                };
                facets.into_iter().find_map(|facet| match facet {
                    Facet::Owner(owner, _) => Some(owner),
                    _ => None,
                })
            }

            /// Its name.
            pub fn name(&self) -> Name {
                match self {
                    $(Self::$variant(value) => Name::$variant(value.$id.clone()),)+
                }
            }
        }

        $(impl Noun for $value {
            const KIND: Kind = Kind::$variant;

            fn find<'a>(world: &'a World, name: &Name) -> Option<&'a Arc<Self>> {
                match name {
                    Name::$variant(key) => world.$table.get(key),
                    _ => None,
                }
            }

            fn name(&self) -> Name {
                Name::$variant(self.$id.clone())
            }
        })+

        impl Name {
            /// The folder of each kind in the log.
            pub const FOLDERS: &[&str] = &[$(concat!("/", $path, "/")),+];

            /// The kind of thing that it names.
            pub fn kind(&self) -> Kind {
                match self {
                    $(Self::$variant(_) => Kind::$variant,)+
                }
            }

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
                        let name = Noun::name(value);
                        if let Some(old) = self.$table.get(&value.$id) {
                            self.index.remove(&name, Facets::of(Kind::$variant, old.as_ref()));
                        }
                        self.index.add(&name, Facets::of(Kind::$variant, value));
                        self.$table.insert_mut(value.$id.clone(), Arc::new(value.clone()));
                    })+
                    $(Change::Remove(name @ Name::$variant(key)) => {
                        if let Some(old) = self.$table.get(key) {
                            self.index.remove(name, Facets::of(Kind::$variant, old.as_ref()));
                            self.$table.remove_mut(key);
                        }
                    })+
                }
            }

            /// Whether there is a thing with this name.
            pub fn has(&self, name: &Name) -> bool {
                match name {
                    $(Name::$variant(key) => self.$table.contains_key(key),)+
                }
            }

            /// The facets of a thing, and what is wrong with it in itself; nothing when it is
            /// not there.
            fn look_at(&self, name: &Name, problems: &mut Vec<String>) -> Vec<Facet> {
                match name {
                    $(Name::$variant(key) => self.$table.get(key).map_or_else(Vec::new, |value| {
                        value.problems(self, problems);
                        Facets::of(Kind::$variant, value.as_ref())
                    }),)+
                }
            }

            /// The names of all things.
            pub fn names(&self) -> Vec<Name> {
                let mut names = Vec::new();
                $(names.extend(self.$table.keys().cloned().map(Name::$variant));)+
                names
            }
        }
    };
}

tables! {
    /// Accounts.
    accounts: Account(AccountId => Account, "account", id),
    /// Access keys.
    access_keys: AccessKey(String => AccessKey, "access-key", id),
    /// Users.
    users: User(UserId => User, "user", id),
    /// User groups.
    groups: Group(GroupId => Group, "group", id),
    /// Roles.
    roles: Role(RoleId => Role, "role", id),
    /// Managed policies of the accounts' own.
    policies: Policy(PolicyId => Policy, "policy", id),
    /// VPCs.
    vpcs: Vpc(VpcId => Vpc, "vpc", id),
    /// Subnets.
    subnets: Subnet(SubnetId => Subnet, "subnet", id),
    /// DHCP option sets.
    dhcp_options: DhcpOptions(DhcpOptionsId => DhcpOptions, "dhcp-options", id),
    /// Route tables.
    route_tables: RouteTable(RouteTableId => RouteTable, "route-table", id),
    /// Network ACLs.
    network_acls: NetworkAcl(NetworkAclId => NetworkAcl, "network-acl", id),
    /// Internet gateways.
    internet_gateways: InternetGateway(InternetGatewayId => InternetGateway, "internet-gateway", id),
    /// NAT gateways.
    nat_gateways: NatGateway(NatGatewayId => NatGateway, "nat-gateway", id),
    /// VPC peering connections.
    peerings: Peering(PeeringId => Peering, "peering", id),
    /// Elastic IP addresses.
    addresses: Address(AllocationId => Address, "address", id),
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
    /// Topics.
    topics: Topic(TopicId => Topic, "topic", id),
    /// Subscriptions.
    subscriptions: Subscription(SubscriptionId => Subscription, "subscription", id),
    /// Messages on their way.
    deliveries: Delivery(DeliveryId => Delivery, "delivery", id),
    /// Network insights paths.
    insights_paths: InsightsPath(InsightsPathId => Path, "insights-path", id),
    /// Network insights analyses.
    insights_analyses: InsightsAnalysis(InsightsAnalysisId => Analysis, "insights-analysis", id),
    /// Flow logs.
    flow_logs: FlowLog(FlowLogId => FlowLog, "flow-log", id),
    /// Connection notifications.
    notifications: Notification(NotificationId => Notification, "notification", id),
    /// Prefix lists of customers.
    prefix_lists: PrefixList(PrefixListId => PrefixList, "prefix-list", id),
    /// Answers to ClientTokens.
    replays: Replay(String => Replay, "replay", key),
}

macro_rules! names {
    ($($id:ident $variant:ident),+ $(,)?) => {$(
        impl From<$id> for Name {
            fn from(id: $id) -> Self {
                Self::$variant(id)
            }
        }

        impl From<&$id> for Name {
            fn from(id: &$id) -> Self {
                Self::$variant(*id)
            }
        }
    )+};
}

names! {
    AccountId Account,
    UserId User,
    GroupId Group,
    RoleId Role,
    PolicyId Policy,
    VpcId Vpc,
    SubnetId Subnet,
    DhcpOptionsId DhcpOptions,
    RouteTableId RouteTable,
    NetworkAclId NetworkAcl,
    InternetGatewayId InternetGateway,
    NatGatewayId NatGateway,
    PeeringId Peering,
    AllocationId Address,
    SecurityGroupId SecurityGroup,
    InterfaceId Interface,
    BalancerId LoadBalancer,
    TargetGroupId TargetGroup,
    ListenerId Listener,
    ServiceId EndpointService,
    EndpointId Endpoint,
    TopicId Topic,
    SubscriptionId Subscription,
    DeliveryId Delivery,
    InsightsPathId InsightsPath,
    InsightsAnalysisId InsightsAnalysis,
    FlowLogId FlowLog,
    NotificationId Notification,
    PrefixListId PrefixList,
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

impl Change {
    /// What it makes, replaces or removes.
    pub fn name(&self) -> Name {
        match self {
            Self::Put(resource) => resource.name(),
            Self::Remove(name) => name.clone(),
        }
    }
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
