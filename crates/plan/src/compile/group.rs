//! Security groups.

use alloc::collections::BTreeSet;
use alloc::vec::Vec;

use ipnet::IpNet;
use model::host::{Document, Group, GroupSlot, Peer, Rule, Traffic};
use model::id::SecurityGroupId;
use model::security_group::{self as stored, Permission, SecurityGroup};
use model::world::World;

use super::route::networks;

const ICMP: u8 = 1;
const TCP: u8 = 6;
const UDP: u8 = 17;
const ICMP6: u8 = 58;

/// The groups that something of the document carries.
pub(super) fn groups(world: &World, document: &mut Document) {
    let interfaces = document.interfaces.values().map(|found| &found.groups);
    let gates = document.tables.gates.values();
    let gates = gates.flat_map(|gate| [&gate.groups, &gate.balancer_groups]);
    let used: BTreeSet<GroupSlot> = interfaces.chain(gates).flatten().copied().collect();
    for group in world.security_groups.values() {
        if used.contains(&group.slot) {
            let rules = rules_of(world, group);
            document.tables.groups.insert(group.slot, rules);
        }
    }
}

/// The slots of groups that exist.
pub(super) fn group_slots(world: &World, groups: &[SecurityGroupId]) -> Vec<GroupSlot> {
    let found = groups.iter().filter_map(|id| world.security_groups.get(id));
    found.map(|group| group.slot).collect()
}

/// A group without outbound rules lets nothing out, as in AWS: the rule that lets everything
/// out is one that every new group has, and that can be revoked.
fn rules_of(world: &World, group: &SecurityGroup) -> Group {
    let mut rules = Group::default();
    for rule in &group.rules {
        let list = if rule.egress {
            &mut rules.egress
        } else {
            &mut rules.ingress
        };
        list.extend(admission(world, rule));
    }
    rules
}

/// What a rule admits in the tables: a prefix list is all its networks. Nothing when it names a
/// group that is gone, or no port at all.
pub(crate) fn admission(world: &World, rule: &stored::Rule) -> Vec<Rule> {
    let peers = match &rule.permission.peer {
        stored::Peer::Cidr4(net) => Vec::from([Peer::Cidr(IpNet::V4(net.trunc()))]),
        stored::Peer::Cidr6(net) => Vec::from([Peer::Cidr(IpNet::V6(net.trunc()))]),
        stored::Peer::Group(id) => {
            let group = world.security_groups.get(id);
            group
                .map(|group| Peer::Group(group.slot))
                .into_iter()
                .collect()
        }
        stored::Peer::PrefixList(id) => {
            let networks = networks(world, *id).into_iter();
            networks.map(Peer::Cidr).collect()
        }
    };
    let Some(traffic) = traffic(&rule.permission) else {
        return Vec::new();
    };
    let rule = |peer| Rule { traffic, peer };
    peers.into_iter().map(rule).collect()
}

fn traffic(permission: &Permission) -> Option<Traffic> {
    let protocol = permission.protocol;
    let (first, last) = match (protocol, permission.from, permission.to) {
        (Some(ICMP | ICMP6), kind, code) => icmp(kind, code)?,
        // -1 is every port.
        (Some(TCP | UDP), from, to) if from != -1 => {
            (u16::try_from(from).ok()?, u16::try_from(to).ok()?)
        }
        _ => (0, u16::MAX),
    };
    Some(Traffic {
        protocol,
        first,
        last,
    })
}

/// The selectors of an ICMP type and code, of which -1 is every one; nothing for numbers that
/// no packet has.
pub(super) fn icmp(kind: i32, code: i32) -> Option<(u16, u16)> {
    if kind == -1 {
        return Some((0, u16::MAX));
    }
    let first = u16::from(u8::try_from(kind).ok()?) << 8;
    if code == -1 {
        return Some((first, first | 0xff));
    }
    let one = first | u16::from(u8::try_from(code).ok()?);
    Some((one, one))
}
