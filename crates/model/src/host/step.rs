//! One change to the kernel: data, so that a plan can be printed, compared and replayed.

use alloc::vec::Vec;

use core::net::IpAddr;

use ipnet::IpNet;

use super::{
    Acl, AclKey, EniSlot, Gate, GateSlot, Group, GroupSlot, Interface, Listener, ListenerKey, Nat,
    NatKey, NextHop, Public, RouteTableKey, Target, TargetGroupSlot,
};

/// A step; applying one twice is the same as applying it once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Create or repair a workload ENI: links, program, addresses, then up (fail closed).
    Attach(EniSlot, Interface),
    /// Remove a workload ENI and everything that names it; the link name is the host side's.
    Detach(EniSlot, alloc::string::String),
    /// Write a security group.
    PutGroup(GroupSlot, Group),
    /// Remove a security group.
    RemoveGroup(GroupSlot),
    /// Write the targets of a target group.
    PutTargets(TargetGroupSlot, Vec<Target>),
    /// Remove a target group.
    RemoveTargets(TargetGroupSlot),
    /// Write a listener.
    PutListener(ListenerKey, Listener),
    /// Remove a listener.
    RemoveListener(ListenerKey),
    /// Write an endpoint ENI; closing it (generation 0) ends its flows at once.
    PutGate(GateSlot, Gate),
    /// Remove an endpoint ENI.
    RemoveGate(GateSlot, Gate),
    /// Write a network ACL; established flows are asked again.
    PutAcl(AclKey, Acl),
    /// Remove a network ACL.
    RemoveAcl(AclKey),
    /// Write one route; established flows are asked again.
    PutRoute(RouteTableKey, IpNet, NextHop),
    /// Remove one route; established flows are asked again.
    RemoveRoute(RouteTableKey, IpNet),
    /// Write a NAT gateway.
    PutNat(NatKey, Nat),
    /// Remove a NAT gateway.
    RemoveNat(NatKey),
    /// Give an ENI an address that the outside knows.
    PutPublic(IpAddr, Public),
    /// Take such an address away.
    RemovePublic(IpAddr, Public),
}
