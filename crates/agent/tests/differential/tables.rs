//! Random tables: a few VPCs whose addresses overlap, small enough that packets meet everything.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;
use model::host::{
    Acl, AclKey, Address, Attachment, BalancerSlot, Document, EniSlot, Entry, Gate, GateSlot,
    Group, GroupSlot, Interface, Listener, ListenerKey, Nat, NatKey, NextHop, Peer, Place, Public,
    RouteTableKey, Rule, SubnetKey, Tables, Target, TargetGroupSlot, Traffic, VpcNumber,
};
use model::net::Mac;
use rand::RngExt as _;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom as _;

use crate::lab::Lab;

/// VPCs 1 and 3 may be peers; VPC 2 has the addresses of VPC 1.
const VPCS: u32 = 3;
const ENIS: u32 = 9;
const GATES: u32 = 4;
const GROUPS: u32 = 6;
pub(crate) const PORTS: [u16; 4] = [80, 443, 5_000, 5_001];

/// The address of an ENI, fixed: another would be another link.
pub(crate) fn home(slot: EniSlot) -> Ipv4Addr {
    let vpc = vpc_of(slot);
    let second = if vpc.0 == 3 { 3 } else { 0 };
    let subnet = u8::try_from(slot.0 % 2).unwrap();
    Ipv4Addr::new(10, second, subnet, u8::try_from(10 + slot.0 / 3).unwrap())
}

pub(crate) fn vpc_of(slot: EniSlot) -> VpcNumber {
    VpcNumber(1 + slot.0 % VPCS)
}

pub(crate) fn mac(slot: EniSlot) -> Mac {
    Mac([2, 0, 0, 0, 0, u8::try_from(slot.0).unwrap()])
}

fn home6(slot: EniSlot) -> Ipv6Addr {
    let vpc = u16::try_from(vpc_of(slot).0).unwrap();
    // VPCs 1 and 2 overlap here too.
    let vpc = if vpc == 2 { 1 } else { vpc };
    let host = u16::try_from(slot.0 / 3).unwrap();
    Ipv6Addr::new(
        0xfd00,
        vpc,
        0,
        0,
        0,
        0,
        u16::try_from(slot.0 % 2).unwrap(),
        host + 10,
    )
}

fn place(vpc: VpcNumber, which: u32) -> Place {
    let key = u64::from(vpc.0 * 10 + which);
    Place {
        subnet: SubnetKey(key),
        routes: RouteTableKey(key << 33 | key),
        acl: AclKey(key),
    }
}

fn chance(rng: &mut StdRng, percent: u32) -> bool {
    rng.random_range(0..100) < percent
}

fn networks(rng: &mut StdRng) -> IpNet {
    let all = [
        "0.0.0.0/0",
        "10.0.0.0/8",
        "10.0.0.0/16",
        "10.0.1.0/24",
        "10.0.0.12/31",
        "10.3.0.0/16",
        "203.0.113.0/24",
        "::/0",
        "fd00:1::/32",
        "fd00:3::/32",
        "2001:db8::/32",
    ];
    all.choose(rng).unwrap().parse().unwrap()
}

fn traffic(rng: &mut StdRng) -> Traffic {
    match rng.random_range(0..8) {
        0..=3 => Traffic::ALL,
        4 => range(6, 80, 80),
        5 => {
            let first = *PORTS.choose(rng).unwrap();
            range(*[6, 17].choose(rng).unwrap(), first, first.max(5_000))
        }
        6 => range(*[6, 17].choose(rng).unwrap(), 0, u16::MAX),
        _ => {
            let protocol = *[1, 58, 47].choose(rng).unwrap();
            if protocol == 1 && chance(rng, 50) {
                range(1, 8 << 8, 8 << 8 | 0xff)
            } else {
                range(protocol, 0, u16::MAX)
            }
        }
    }
}

fn range(protocol: u8, first: u16, last: u16) -> Traffic {
    Traffic {
        protocol: Some(protocol),
        first,
        last,
    }
}

fn rule(rng: &mut StdRng) -> Rule {
    Rule {
        traffic: traffic(rng),
        peer: if chance(rng, 30) {
            Peer::Group(GroupSlot(rng.random_range(1..=GROUPS)))
        } else {
            Peer::Cidr(networks(rng))
        },
    }
}

fn some_groups(rng: &mut StdRng) -> Vec<GroupSlot> {
    let count = rng.random_range(1..=3);
    let mut all: Vec<GroupSlot> = (1..=GROUPS).map(GroupSlot).collect();
    (0..count)
        .map(|_| all.remove(rng.random_range(0..all.len())))
        .collect()
}

fn entries(rng: &mut StdRng) -> Vec<Entry> {
    let mut entries: Vec<Entry> = (0..rng.random_range(0..4))
        .map(|number| Entry {
            number: 10 + number,
            traffic: traffic(rng),
            peer: networks(rng),
            allow: chance(rng, 75),
        })
        .collect();
    for peer in ["0.0.0.0/0", "::/0"] {
        if chance(rng, 85) {
            entries.push(Entry {
                number: 100,
                traffic: Traffic::ALL,
                peer: peer.parse().unwrap(),
                allow: true,
            });
        }
    }
    entries
}

fn routes(rng: &mut StdRng, vpc: VpcNumber) -> BTreeMap<IpNet, NextHop> {
    let mut table = BTreeMap::new();
    let mut put = |net: &str, hop| table.insert(net.parse().unwrap(), hop);
    let (own4, own6) = if vpc.0 == 3 {
        ("10.3.0.0/16", "fd00:3::/32")
    } else {
        ("10.0.0.0/16", "fd00:1::/32")
    };
    put(own4, NextHop::Vpc(vpc));
    put(own6, NextHop::Vpc(vpc));
    if vpc.0 != 2 && chance(rng, 80) {
        let (peer, nets) = if vpc.0 == 1 {
            (VpcNumber(3), ["10.3.0.0/16", "fd00:3::/32"])
        } else {
            (VpcNumber(1), ["10.0.0.0/16", "fd00:1::/32"])
        };
        for net in nets {
            let hop = if chance(rng, 10) {
                NextHop::Blackhole
            } else {
                NextHop::Vpc(peer)
            };
            put(net, hop);
        }
    }
    for net in [
        "0.0.0.0/0",
        "::/0",
        "203.0.113.0/24",
        "10.0.1.0/24",
        "10.0.0.13/32",
    ] {
        if !chance(rng, if net.ends_with("/0") { 80 } else { 25 }) {
            continue;
        }
        let hop = match rng.random_range(0..10) {
            0..=3 => NextHop::Internet,
            4..=6 => NextHop::Nat(NatKey(u64::from(vpc.0))),
            7 => NextHop::Eni(EniSlot(rng.random_range(1..=ENIS))),
            8 => NextHop::Blackhole,
            _ => NextHop::GatewayEndpoint,
        };
        put(net, hop);
    }
    table
}

/// A document; the ENIs keep their links from one to the next.
pub(crate) fn document(rng: &mut StdRng, lab: &Lab, generation: u64) -> Document {
    let mut document = Document {
        generation,
        ..Document::default()
    };
    for slot in (1..=ENIS).map(EniSlot) {
        document.interfaces.insert(slot, interface(rng, lab, slot));
    }
    let tables = &mut document.tables;
    for slot in 1..=GROUPS {
        let mut some = || (0..rng.random_range(0..6)).map(|_| rule(rng)).collect();
        let group = Group {
            ingress: some(),
            egress: some(),
        };
        tables.groups.insert(GroupSlot(slot), group);
    }
    for vpc in (1..=VPCS).map(VpcNumber) {
        for which in 0..2 {
            let place = place(vpc, which);
            {
                let acl = Acl {
                    ingress: entries(rng),
                    egress: entries(rng),
                };
                tables.acls.insert(place.acl, acl);
            }
            tables.routes.insert(place.routes, routes(rng, vpc));
        }
        if chance(rng, 85) {
            let second = if vpc.0 == 3 { 3 } else { 0 };
            let nat = Nat {
                address: Address {
                    vpc,
                    ip: Ipv4Addr::new(10, second, 1, 200).into(),
                },
                place: place(vpc, 1),
                public: Ipv4Addr::new(198, 18, 0, u8::try_from(vpc.0).unwrap()),
            };
            tables.nats.insert(NatKey(u64::from(vpc.0)), nat);
        }
    }
    gates(rng, tables);
    for (slot, interface) in &document.interfaces {
        let vpc = interface.address.vpc;
        let addresses = std::iter::once(interface.address.ip).chain(interface.more.clone());
        for ip in addresses {
            let public = match ip {
                IpAddr::V4(_) => Ipv4Addr::new(198, 18, 1, rng.random()).into(),
                v6 @ IpAddr::V6(_) => v6,
            };
            let inside = Address { vpc, ip };
            let free = !document.tables.publics.contains_key(&public);
            if free && chance(rng, 40) {
                let known = Public { eni: *slot, inside };
                document.tables.publics.insert(public, known);
            }
        }
    }
    document
}

fn interface(rng: &mut StdRng, lab: &Lab, slot: EniSlot) -> Interface {
    let vpc = vpc_of(slot);
    let mut more = Vec::new();
    if chance(rng, 50) {
        more.push(Ipv4Addr::from(u32::from(home(slot)) + 100).into());
    }
    if chance(rng, 80) {
        more.push(home6(slot).into());
    }
    more.sort_unstable();
    Interface {
        address: Address {
            vpc,
            ip: home(slot).into(),
        },
        more,
        source_check: chance(rng, 75),
        place: place(vpc, slot.0 % 2),
        prefix: 24,
        gateway: Ipv4Addr::from(u32::from(home(slot)) & !0xff | 1),
        resolver: Ipv4Addr::new(10, 0, 0, 2),
        mac: mac(slot),
        mtu: 8_500,
        groups: some_groups(rng),
        link: format!("gnl{:012x}", slot.0),
        attachment: Attachment {
            namespace: lab.guests.path().display().to_string(),
            device: format!("eth{}", slot.0),
        },
    }
}

/// The addresses of gates.
pub(crate) fn door(slot: GateSlot) -> Address {
    let vpc = VpcNumber(if slot.0 == 4 { 3 } else { 1 });
    let second = if vpc.0 == 3 { 3 } else { 0 };
    let ip = if slot.0 == 3 {
        IpAddr::V6(Ipv6Addr::new(0xfd00, 1, 0, 0, 0, 0, 0, 0x50))
    } else {
        Ipv4Addr::new(10, second, 0, 50 + u8::try_from(slot.0).unwrap()).into()
    };
    Address { vpc, ip }
}

fn gates(rng: &mut StdRng, tables: &mut Tables) {
    for slot in (1..=GATES).map(GateSlot) {
        let address = door(slot);
        let balancer_ip: IpAddr = if address.ip.is_ipv6() {
            Ipv6Addr::new(0xfd00, 1, 0, 0, 0, 0, 0, 0x60).into()
        } else {
            Ipv4Addr::new(10, 0, 0, 60).into()
        };
        let balancer_groups = if chance(rng, 40) {
            some_groups(rng)
        } else {
            Vec::new()
        };
        let gate = Gate {
            generation: if chance(rng, 12) {
                0
            } else {
                rng.random_range(1..=2)
            },
            address,
            place: place(address.vpc, 0),
            groups: some_groups(rng),
            balancer: BalancerSlot(1 + slot.0 % 2),
            balancer_address: Address {
                vpc: VpcNumber(2),
                ip: balancer_ip,
            },
            balancer_place: place(VpcNumber(2), rng.random_range(0..2)),
            balancer_enforces: !balancer_groups.is_empty() && chance(rng, 50),
            balancer_groups,
        };
        tables.gates.insert(slot, gate);
    }
    for (balancer, group) in [(1, 1), (2, 2)] {
        for protocol in [6, 17] {
            for port in [80, 443] {
                if chance(rng, 80) {
                    let key = ListenerKey {
                        balancer: BalancerSlot(balancer),
                        protocol,
                        port,
                    };
                    let listener = Listener {
                        target_group: TargetGroupSlot(group),
                        idle_seconds: 350,
                    };
                    tables.listeners.insert(key, listener);
                }
            }
        }
        let mut targets = Vec::new();
        for slot in (1..=ENIS).map(EniSlot).filter(|slot| vpc_of(*slot).0 == 2) {
            if chance(rng, 60) {
                let ip = if chance(rng, 20) {
                    home6(slot).into()
                } else {
                    home(slot).into()
                };
                targets.push(Target {
                    eni: slot,
                    ip,
                    port: *PORTS.choose(rng).unwrap(),
                });
            }
        }
        if !targets.is_empty() {
            tables.targets.insert(TargetGroupSlot(group), targets);
        }
    }
}
