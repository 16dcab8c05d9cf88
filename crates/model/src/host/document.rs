//! The desired data plane of one host.

use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;
use core::net::{IpAddr, Ipv4Addr};

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use crate::net::Mac;

/// Security groups that one ENI may carry (AWS quota "Security groups per network interface").
pub const MAX_GROUPS_PER_ENI: usize = 5;
/// Rules of one security group that the tables hold in one direction: 60 of each address family
/// by AWS's quota.
pub const MAX_RULES_PER_GROUP: usize = 128;
/// Entries of one network ACL that the tables hold in one direction (AWS: 20, at most 40).
pub const MAX_ENTRIES_PER_ACL: usize = 40;
/// Addresses of one ENI.
pub const MAX_ADDRESSES_PER_ENI: usize = 64;
/// Targets of one target group that the tables hold.
pub const MAX_TARGETS_PER_GROUP: usize = 1_000;

/// Slots of workload ENIs, of gates and of security groups, and listeners, that a host's tables
/// hold (`bpf/shared/tables.h`); slot 0 is never given out.
pub const MAX_SLOTS: u32 = 16_384;
/// Targets of all target groups together that the tables hold.
pub const MAX_TARGETS: usize = 65_536;

macro_rules! slots {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub u32);

        impl core::fmt::Display for $name {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                write!(f, "{}", self.0)
            }
        }
    )+};
}

slots! {
    /// A VPC on the wire and in the tables (24 bits: it becomes the VNI between hosts).
    VpcNumber,
    /// A workload ENI's place in the kernel's ENI table.
    EniSlot,
    /// The place of one endpoint ENI (an endpoint in one zone) in the kernel's gate table.
    GateSlot,
    /// A security group's key in the kernel's rule table.
    GroupSlot,
    /// A load balancer's key in the listener table.
    BalancerSlot,
    /// A target group's key in the target table.
    TargetGroupSlot,
}

macro_rules! keys {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(
            Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
        )]
        #[serde(transparent)]
        pub struct $name(pub u64);

        impl core::fmt::Display for $name {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                write!(f, "{:016x}", self.0)
            }
        }
    )+};
}

// The last 16 hexadecimal digits of the thing's id, which are random: no place to give out, and
// the same after every compile.
keys! {
    /// A subnet.
    SubnetKey,
    /// A route table.
    RouteTableKey,
    /// A network ACL.
    AclKey,
    /// A NAT gateway.
    NatKey,
}

/// An address inside one VPC; the same IP in two VPCs is two addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Address {
    /// The VPC.
    pub vpc: VpcNumber,
    /// The address in it.
    pub ip: IpAddr,
}

/// Where in its VPC an ENI stands: what its subnet says of its packets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// The subnet; between two ENIs of one subnet no ACL is asked.
    pub subnet: SubnetKey,
    /// The subnet's route table.
    pub routes: RouteTableKey,
    /// The subnet's network ACL.
    pub acl: AclKey,
}

/// An endpoint ENI: the consumer's side of the passage, without a link of its own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gate {
    /// Flows carry the generation under which they were admitted and die when it changes.
    /// 0 = closed (pending acceptance, rejected, being deleted).
    pub generation: u32,
    /// Where clients reach it.
    pub address: Address,
    /// Where in the consumer's VPC it stands.
    pub place: Place,
    /// The security groups whose inbound rules admit clients; at most [`MAX_GROUPS_PER_ENI`].
    pub groups: Vec<GroupSlot>,
    /// The load balancer behind it.
    pub balancer: BalancerSlot,
    /// The load balancer's address in the zone: the source that targets see.
    pub balancer_address: Address,
    /// Where in the provider's VPC the load balancer stands in the zone.
    pub balancer_place: Place,
    /// The load balancer's security groups: its identity for the groups of its targets; at most
    /// [`MAX_GROUPS_PER_ENI`].
    pub balancer_groups: Vec<GroupSlot>,
    /// Whether the inbound rules of the load balancer's groups are asked too (AWS:
    /// `EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic`; never without groups).
    pub balancer_enforces: bool,
}

/// The rules of one security group.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Group {
    /// Inbound; at most [`MAX_RULES_PER_GROUP`]; any match admits.
    pub ingress: Vec<Rule>,
    /// Outbound; at most [`MAX_RULES_PER_GROUP`]; any match admits.
    pub egress: Vec<Rule>,
}

/// Which packets a rule or an entry is about, apart from the other side.
///
/// A packet's selector is its destination port (TCP, UDP), `type * 256 + code` (ICMP, ICMPv6),
/// or 0 (every other protocol).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Traffic {
    /// IP protocol number; `None` = every protocol (AWS `-1`), and then every selector.
    pub protocol: Option<u8>,
    /// First selector, included.
    pub first: u16,
    /// Last selector, included.
    pub last: u16,
}

impl Traffic {
    /// Everything.
    pub const ALL: Self = Self {
        protocol: None,
        first: 0,
        last: u16::MAX,
    };

    /// Whether a packet is of this traffic.
    pub fn holds(&self, protocol: u8, selector: u16) -> bool {
        self.protocol
            .is_none_or(|wanted| wanted == protocol && (self.first..=self.last).contains(&selector))
    }
}

/// One permission.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Rule {
    /// For what.
    pub traffic: Traffic,
    /// For whom.
    pub peer: Peer,
}

/// The other side of a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Peer {
    /// Addresses; host bits are zero. An IPv4 network never holds an IPv6 address.
    Cidr(IpNet),
    /// Any ENI that carries this group.
    Group(GroupSlot),
}

/// A network ACL: the first entry that matches decides; none refuses.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Acl {
    /// Into the subnet, in order; at most [`MAX_ENTRIES_PER_ACL`].
    pub ingress: Vec<Entry>,
    /// Out of the subnet, in order; at most [`MAX_ENTRIES_PER_ACL`].
    pub egress: Vec<Entry>,
}

/// One entry of a network ACL.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Entry {
    /// Its number: for people, the order decides.
    pub number: u16,
    /// For what.
    pub traffic: Traffic,
    /// The other side; host bits are zero.
    pub peer: IpNet,
    /// Lets through, or refuses.
    pub allow: bool,
}

/// Where a route leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum NextHop {
    /// To whoever has the address in this VPC: the own one (`local`) or a peer.
    Vpc(VpcNumber),
    /// To a workload ENI of the own VPC, whatever the address.
    Eni(EniSlot),
    /// Out by the internet gateway.
    Internet,
    /// Out by a NAT gateway.
    Nat(NatKey),
    /// To a gateway endpoint.
    GatewayEndpoint,
    /// Nowhere: the target is gone.
    Blackhole,
}

/// A NAT gateway.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Nat {
    /// Its own address in its subnet.
    pub address: Address,
    /// Where it stands.
    pub place: Place,
    /// The Elastic IP address that its packets leave with.
    pub public: Ipv4Addr,
}

/// An address that the outside knows an ENI by: an Elastic IP address, or an IPv6 address of an
/// ENI's own, in a VPC with an internet gateway.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Public {
    /// The ENI.
    pub eni: EniSlot,
    /// Which of its addresses it is inside.
    pub inside: Address,
}

/// What a client can dial on a load balancer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ListenerKey {
    /// The load balancer.
    pub balancer: BalancerSlot,
    /// 6 (TCP) or 17 (UDP).
    pub protocol: u8,
    /// The listener's port.
    pub port: u16,
}

/// Where a listener forwards to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listener {
    /// The target group.
    pub target_group: TargetGroupSlot,
    /// A flow without packets for so many seconds is forgotten (TCP 350, UDP 120 by default).
    pub idle_seconds: u32,
}

/// One target: an address of a workload ENI on this host.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Target {
    /// The workload ENI that owns the address.
    pub eni: EniSlot,
    /// The target's address.
    pub ip: IpAddr,
    /// The target's port.
    pub port: u16,
}

/// Everything that is plain data in the kernel's tables.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tables {
    /// Security groups.
    pub groups: BTreeMap<GroupSlot, Group>,
    /// Targets by target group; at most [`MAX_TARGETS_PER_GROUP`] each.
    pub targets: BTreeMap<TargetGroupSlot, Vec<Target>>,
    /// Listeners.
    pub listeners: BTreeMap<ListenerKey, Listener>,
    /// Endpoint ENIs.
    pub gates: BTreeMap<GateSlot, Gate>,
    /// Network ACLs.
    pub acls: BTreeMap<AclKey, Acl>,
    /// Route tables: one next hop for each network (the longest prefix decides; of two routes for
    /// one network the compiler kept AWS's choice). Host bits are zero.
    pub routes: BTreeMap<RouteTableKey, BTreeMap<IpNet, NextHop>>,
    /// NAT gateways.
    pub nats: BTreeMap<NatKey, Nat>,
    /// Addresses that the outside knows.
    pub publics: BTreeMap<IpAddr, Public>,
}

/// A workload ENI: a veth pair whose guest side lives in the workload's namespace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Interface {
    /// Its primary IPv4 address.
    pub address: Address,
    /// Its other addresses, of both families; packets with another source are dropped.
    pub more: Vec<IpAddr>,
    /// Whether packets with another source or destination are dropped (AWS `sourceDestCheck`).
    pub source_check: bool,
    /// Where in its VPC it stands.
    pub place: Place,
    /// Prefix length of its subnet.
    pub prefix: u8,
    /// The VPC router's address in its subnet (first address).
    pub gateway: Ipv4Addr,
    /// The VPC resolver (VPC base + 2).
    pub resolver: Ipv4Addr,
    /// Its MAC address; frames with another source are dropped.
    pub mac: Mac,
    /// MTU in bytes.
    pub mtu: u16,
    /// Its security groups; at most [`MAX_GROUPS_PER_ENI`].
    pub groups: Vec<GroupSlot>,
    /// The host side's link name (15 bytes at most).
    pub link: String,
    /// The namespace it is attached to.
    pub attachment: Attachment,
}

/// A workload's network namespace and the name of the link in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attachment {
    /// A path that opens the namespace (`/run/netns/web`, `/proc/123/ns/net`).
    pub namespace: String,
    /// The guest side's link name.
    pub device: String,
}

/// What people call a slot: for reports, never for decisions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Label {
    /// The ENI's id.
    pub eni: String,
    /// The endpoint's id, for a gate.
    pub endpoint: Option<String>,
    /// The owner's account.
    pub account: String,
}

/// The whole desired data plane of one host at one revision.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Document {
    /// The log's revision that it was compiled from.
    pub generation: u64,
    /// Plain tables.
    pub tables: Tables,
    /// Attached workload ENIs only.
    pub interfaces: BTreeMap<EniSlot, Interface>,
    /// Names of gates.
    pub gate_labels: BTreeMap<GateSlot, Label>,
    /// Names of ENIs.
    pub eni_labels: BTreeMap<EniSlot, Label>,
}
