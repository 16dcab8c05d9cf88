//! Model values to kernel structs, and back.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;
use model::host::{
    AclKey, Address, BalancerSlot, EniSlot, Entry, Gate, GroupSlot, Interface, ListenerKey, Nat,
    NatKey, NextHop, Peer, Place, Public, RouteTableKey, Rule, SubnetKey, Traffic, VpcNumber,
};
use model::net::Mac;

use super::super::tables;

/// A network-order IPv4 address as the structs hold it.
pub(in super::super) fn be(ip: Ipv4Addr) -> u32 {
    u32::from_ne_bytes(ip.octets())
}

/// An address of either family.
pub(in super::super) fn address(ip: IpAddr) -> tables::address {
    words(match ip {
        IpAddr::V4(ip) => ip.to_ipv6_mapped(),
        IpAddr::V6(ip) => ip,
    })
}

/// And back.
pub(in super::super) fn ip(raw: &tables::address) -> IpAddr {
    plain(raw).to_canonical()
}

fn words(ip: Ipv6Addr) -> tables::address {
    let mut out = tables::address::default();
    for (word, four) in out.w.iter_mut().zip(ip.octets().chunks_exact(4)) {
        *word = u32::from_ne_bytes(four.try_into().unwrap_or_default());
    }
    out
}

fn plain(raw: &tables::address) -> Ipv6Addr {
    let mut bytes = [0; 16];
    for (four, word) in bytes.chunks_exact_mut(4).zip(raw.w) {
        four.copy_from_slice(&word.to_ne_bytes());
    }
    bytes.into()
}

fn ipv4(raw: u32) -> Ipv4Addr {
    Ipv4Addr::from(raw.to_ne_bytes())
}

fn v4_of(ip: IpAddr) -> Ipv4Addr {
    match ip {
        IpAddr::V4(ip) => ip,
        IpAddr::V6(_) => Ipv4Addr::UNSPECIFIED,
    }
}

pub(super) fn address_key(address_: Address) -> tables::address_key {
    tables::address_key {
        vpc: address_.vpc.0,
        ip: address(address_.ip),
    }
}

pub(super) fn address_from(raw: &tables::address_key) -> Address {
    Address {
        vpc: VpcNumber(raw.vpc),
        ip: ip(&raw.ip),
    }
}

fn place(place: &Place) -> tables::place {
    tables::place {
        subnet: place.subnet.0,
        routes: place.routes.0,
        acl: place.acl.0,
    }
}

fn place_from(raw: &tables::place) -> Place {
    Place {
        subnet: SubnetKey(raw.subnet),
        routes: RouteTableKey(raw.routes),
        acl: AclKey(raw.acl),
    }
}

/// What the kernel holds of an interface, over what its link's alias says of the rest.
pub(in super::super) fn interface_with(
    mut known: Interface,
    eni: &tables::eni,
    addresses: impl Iterator<Item = IpAddr>,
) -> Interface {
    known.address = Address {
        vpc: VpcNumber(eni.vpc),
        ip: ipv4(eni.ip).into(),
    };
    known.more = addresses.filter(|ip| *ip != known.address.ip).collect();
    known.place = place_from(&eni.place);
    known.source_check = eni.source_check != 0;
    known.mac = Mac(eni.mac);
    known.groups = slots(&eni.groups, eni.group_count);
    known
}

pub(in super::super) fn eni(interface: &Interface, ifindex: u32, quota: u32) -> tables::eni {
    let (groups, count) = group_slots(&interface.groups);
    tables::eni {
        place: place(&interface.place),
        vpc: interface.address.vpc.0,
        ip: be(v4_of(interface.address.ip)),
        ifindex,
        flow_quota: quota,
        groups,
        mac: interface.mac.0,
        role: u8::try_from(tables::ROLE_WORKLOAD).unwrap_or_default(),
        group_count: count,
        source_check: u8::from(interface.source_check),
        pad: [0; 3],
    }
}

fn group_slots(groups: &[GroupSlot]) -> ([u32; tables::GROUPS_PER_ENI as usize], u8) {
    let mut out = [0; tables::GROUPS_PER_ENI as usize];
    let mut count = 0;
    for (place, group) in out.iter_mut().zip(groups) {
        *place = group.0;
        count += 1;
    }
    (out, count)
}

fn slots(raw: &[u32], count: u8) -> Vec<GroupSlot> {
    let listed = raw.iter().take(usize::from(count));
    listed.map(|slot| GroupSlot(*slot)).collect()
}

pub(super) fn gate(gate: &Gate) -> tables::gate {
    let (groups, group_count) = group_slots(&gate.groups);
    let (balancer_groups, balancer_group_count) = group_slots(&gate.balancer_groups);
    tables::gate {
        place: place(&gate.place),
        balancer_place: place(&gate.balancer_place),
        generation: gate.generation,
        vpc: gate.address.vpc.0,
        ip: address(gate.address.ip),
        balancer_ip: address(gate.balancer_address.ip),
        balancer: gate.balancer.0,
        balancer_vpc: gate.balancer_address.vpc.0,
        groups,
        balancer_groups,
        group_count,
        balancer_group_count,
        balancer_enforces: u8::from(gate.balancer_enforces),
        pad: [0; 5],
    }
}

pub(super) fn gate_from(raw: &tables::gate) -> Gate {
    Gate {
        generation: raw.generation,
        address: Address {
            vpc: VpcNumber(raw.vpc),
            ip: ip(&raw.ip),
        },
        place: place_from(&raw.place),
        groups: slots(&raw.groups, raw.group_count),
        balancer: BalancerSlot(raw.balancer),
        balancer_address: Address {
            vpc: VpcNumber(raw.balancer_vpc),
            ip: ip(&raw.balancer_ip),
        },
        balancer_place: place_from(&raw.balancer_place),
        balancer_groups: slots(&raw.balancer_groups, raw.balancer_group_count),
        balancer_enforces: raw.balancer_enforces != 0,
    }
}

pub(super) fn listener_key(key: ListenerKey) -> tables::listener_key {
    tables::listener_key {
        balancer: key.balancer.0,
        port: key.port.to_be(),
        protocol: key.protocol,
        pad: 0,
    }
}

fn traffic(raw: &mut tables::rule, traffic: &Traffic) {
    raw.first = traffic.first;
    raw.last = traffic.last;
    raw.protocol = traffic.protocol.unwrap_or_default();
    raw.any_protocol = u8::from(traffic.protocol.is_none());
}

fn traffic_from(raw: &tables::rule) -> Traffic {
    Traffic {
        protocol: (raw.any_protocol == 0).then_some(raw.protocol),
        first: raw.first,
        last: raw.last,
    }
}

/// A network as address and mask; IPv4 ones are mapped, with the mask's first 96 bits set.
fn network(raw: &mut tables::rule, net: IpNet) {
    raw.network = address(net.network());
    raw.family = family(net);
    raw.mask = match net.netmask() {
        IpAddr::V4(mask) => {
            let mut out = words(Ipv6Addr::from([0xff; 16]));
            out.w[3] = be(mask);
            out
        }
        IpAddr::V6(mask) => words(mask),
    };
}

fn network_from(raw: &tables::rule) -> IpNet {
    let ones: u32 = raw
        .mask
        .w
        .iter()
        .map(|word| u32::from_be(*word).leading_ones())
        .sum();
    let prefix = u8::try_from(ones).unwrap_or(128);
    if raw.family == 4 {
        let prefix = prefix.saturating_sub(96);
        IpNet::new(ipv4(raw.network.w[3]).into(), prefix).unwrap_or_default()
    } else {
        IpNet::new(plain(&raw.network).into(), prefix).unwrap_or_default()
    }
}

fn family(net: IpNet) -> u8 {
    match net {
        IpNet::V4(_) => 4,
        IpNet::V6(_) => 6,
    }
}

pub(super) fn rule(rule: &Rule) -> tables::rule {
    let mut raw = tables::rule::default();
    traffic(&mut raw, &rule.traffic);
    match rule.peer {
        Peer::Cidr(net) => network(&mut raw, net),
        Peer::Group(slot) => {
            raw.group = slot.0;
            raw.by_group = 1;
        }
    }
    raw
}

pub(super) fn rule_from(raw: &tables::rule) -> Rule {
    Rule {
        traffic: traffic_from(raw),
        peer: if raw.by_group == 1 {
            Peer::Group(GroupSlot(raw.group))
        } else {
            Peer::Cidr(network_from(raw))
        },
    }
}

pub(super) fn entry(entry: &Entry) -> tables::rule {
    let mut raw = tables::rule {
        number: entry.number,
        denies: u8::from(!entry.allow),
        ..tables::rule::default()
    };
    traffic(&mut raw, &entry.traffic);
    network(&mut raw, entry.peer);
    raw
}

pub(super) fn entry_from(raw: &tables::rule) -> Entry {
    Entry {
        number: raw.number,
        traffic: traffic_from(raw),
        peer: network_from(raw),
        allow: raw.denies == 0,
    }
}

const LOW: u64 = 0xffff_ffff;

/// A route's key: the bits that count, and the data.
pub(super) fn route_key(table: RouteTableKey, net: IpNet) -> (u32, tables::route_data) {
    let prefix = match net {
        IpNet::V4(net) => 96 + u32::from(net.prefix_len()),
        IpNet::V6(net) => u32::from(net.prefix_len()),
    };
    let data = tables::route_data {
        table: [(table.0 & LOW) as u32, (table.0 >> 32) as u32],
        family: u32::from(family(net)),
        ip: address(net.network()),
    };
    (96 + prefix, data)
}

pub(super) fn route_from(prefix: u32, data: &tables::route_data) -> (RouteTableKey, IpNet) {
    let table = u64::from(data.table[1]) << 32 | u64::from(data.table[0]);
    let bits = prefix.saturating_sub(96);
    let net = if data.family == 4 {
        let bits = u8::try_from(bits.saturating_sub(96)).unwrap_or(32);
        IpNet::new(ipv4(data.ip.w[3]).into(), bits)
    } else {
        IpNet::new(plain(&data.ip).into(), u8::try_from(bits).unwrap_or(128))
    };
    (RouteTableKey(table), net.unwrap_or_default())
}

pub(super) fn hop(hop: NextHop) -> tables::hop {
    let (kind, to, nat) = match hop {
        NextHop::Blackhole => (tables::HOP_BLACKHOLE, 0, 0),
        NextHop::Vpc(vpc) => (tables::HOP_VPC, vpc.0, 0),
        NextHop::Eni(slot) => (tables::HOP_ENI, slot.0, 0),
        NextHop::Internet => (tables::HOP_INTERNET, 0, 0),
        NextHop::Nat(key) => (tables::HOP_NAT, 0, key.0),
        NextHop::GatewayEndpoint => (tables::HOP_GATEWAY_ENDPOINT, 0, 0),
    };
    tables::hop { kind, to, nat }
}

pub(super) fn hop_from(raw: &tables::hop) -> NextHop {
    match raw.kind {
        tables::HOP_VPC => NextHop::Vpc(VpcNumber(raw.to)),
        tables::HOP_ENI => NextHop::Eni(EniSlot(raw.to)),
        tables::HOP_INTERNET => NextHop::Internet,
        tables::HOP_NAT => NextHop::Nat(NatKey(raw.nat)),
        tables::HOP_GATEWAY_ENDPOINT => NextHop::GatewayEndpoint,
        _ => NextHop::Blackhole,
    }
}

pub(super) fn nat(nat: &Nat) -> tables::nat {
    tables::nat {
        place: place(&nat.place),
        vpc: nat.address.vpc.0,
        ip: be(v4_of(nat.address.ip)),
        public_ip: be(nat.public),
        pad: 0,
    }
}

pub(super) fn nat_from(raw: &tables::nat) -> Nat {
    Nat {
        address: Address {
            vpc: VpcNumber(raw.vpc),
            ip: ipv4(raw.ip).into(),
        },
        place: place_from(&raw.place),
        public: ipv4(raw.public_ip),
    }
}

pub(super) fn public(public: &Public) -> tables::known {
    tables::known {
        eni: public.eni.0,
        vpc: public.inside.vpc.0,
        inside: address(public.inside.ip),
    }
}

pub(super) fn public_from(raw: &tables::known) -> Public {
    Public {
        eni: EniSlot(raw.eni),
        inside: Address {
            vpc: VpcNumber(raw.vpc),
            ip: ip(&raw.inside),
        },
    }
}
