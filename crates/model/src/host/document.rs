//! The desired data plane of one host.

use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;
use core::net::Ipv4Addr;

use serde::{Deserialize, Serialize};

use crate::net::Mac;

/// Security groups that one ENI may carry (AWS quota "Security groups per network interface").
pub const MAX_GROUPS_PER_ENI: usize = 5;
/// Inbound rules of one security group (AWS quota, 60 by default; the tables hold 64).
pub const MAX_RULES_PER_GROUP: usize = 64;
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

/// An address inside one VPC; the same IP in two VPCs is two addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Address {
    /// The VPC.
    pub vpc: VpcNumber,
    /// The address in it.
    pub ip: Ipv4Addr,
}

/// An endpoint ENI: the consumer's side of the passage, without a link of its own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gate {
    /// Flows carry the generation under which they were admitted and die when it changes.
    /// 0 = closed (pending acceptance, rejected, being deleted).
    pub generation: u32,
    /// Where clients reach it.
    pub address: Address,
    /// The security groups whose inbound rules admit clients; at most [`MAX_GROUPS_PER_ENI`].
    pub groups: Vec<GroupSlot>,
    /// The load balancer behind it.
    pub balancer: BalancerSlot,
    /// The load balancer's address in the zone: the source that targets see.
    pub balancer_address: Address,
}

/// The inbound rules of one security group.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Group {
    /// At most [`MAX_RULES_PER_GROUP`]; any match admits.
    pub rules: Vec<Rule>,
}

/// One inbound permission.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Rule {
    /// IP protocol number; `None` = every protocol (AWS `-1`).
    pub protocol: Option<u8>,
    /// First and last destination port, both included; ignored without ports.
    pub ports: (u16, u16),
    /// Who may come.
    pub source: Source,
}

/// The source side of a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Source {
    /// Network address (host bits zero) and prefix length.
    Cidr(Ipv4Addr, u8),
    /// Any ENI that carries this group.
    Group(GroupSlot),
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
    pub ip: Ipv4Addr,
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
}

/// A workload ENI: a veth pair whose guest side lives in the workload's namespace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Interface {
    /// Its address; packets with another source are dropped.
    pub address: Address,
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
