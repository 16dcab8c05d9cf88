//! Random documents and states: few numbers, so that they meet.

use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::ToString as _;
use alloc::vec::Vec;
use core::net::{IpAddr, Ipv4Addr};

use ipnet::IpNet;
use model::host::{
    Acl, AclKey, Address, Attachment, BalancerSlot, Document, EniSlot, Entry, Gate, GateSlot,
    Group, GroupSlot, Interface, InterfaceState, Listener, ListenerKey, Nat, NatKey, NextHop, Peer,
    Place, Public, RouteTableKey, Rule, State, SubnetKey, Tables, Target, TargetGroupSlot, Traffic,
    VpcNumber,
};
use model::net::Mac;
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;

fn ip() -> impl Strategy<Value = IpAddr> {
    (1u8..5).prop_map(|last| Ipv4Addr::new(10, 0, 0, last).into())
}

fn net() -> impl Strategy<Value = IpNet> {
    prop_oneof![
        Just("0.0.0.0/0"),
        Just("10.0.0.0/16"),
        Just("10.0.0.0/30"),
        Just("10.0.0.2/32"),
        Just("192.168.0.0/16"),
    ]
    .prop_map(|text| text.parse().unwrap())
}

fn place() -> impl Strategy<Value = Place> {
    (1u64..3, 1u64..3).prop_map(|(routes, acl)| Place {
        subnet: SubnetKey(1),
        routes: RouteTableKey(routes),
        acl: AclKey(acl),
    })
}

fn traffic() -> impl Strategy<Value = Traffic> {
    let protocol = prop_oneof![2 => Just(None), 1 => Just(Some(6u8)), 1 => Just(Some(17))];
    (protocol, 0u16..3, 2u16..6).prop_map(|(protocol, first, last)| Traffic {
        protocol,
        first,
        last,
    })
}

fn groups_of() -> impl Strategy<Value = Vec<GroupSlot>> {
    proptest::sample::subsequence(Vec::from([GroupSlot(1), GroupSlot(2)]), 0..=2)
}

fn rules() -> impl Strategy<Value = Vec<Rule>> {
    let peer = prop_oneof![
        3 => net().prop_map(Peer::Cidr),
        1 => (1u32..3).prop_map(|slot| Peer::Group(GroupSlot(slot))),
    ];
    vec((traffic(), peer), 0..3).prop_map(|list| {
        let rules = list.into_iter();
        rules
            .map(|(traffic, peer)| Rule { traffic, peer })
            .collect()
    })
}

fn entries() -> impl Strategy<Value = Vec<Entry>> {
    let some = (traffic(), net(), proptest::bool::weighted(0.7));
    btree_map(1u16..6, some, 0..4).prop_map(|map| {
        let entries = map
            .into_iter()
            .map(|(number, (traffic, peer, allow))| Entry {
                number,
                traffic,
                peer,
                allow,
            });
        entries.collect()
    })
}

/// An ACL.
pub(in super::super) fn acl() -> impl Strategy<Value = Acl> {
    (entries(), entries()).prop_map(|(ingress, egress)| Acl { ingress, egress })
}

/// A gate at 10.0.0.9 that leads to load balancer 0.
pub(in super::super) fn closed_gate() -> Gate {
    Gate {
        generation: 0,
        address: Address {
            vpc: VpcNumber(1),
            ip: Ipv4Addr::new(10, 0, 0, 9).into(),
        },
        place: Place::default(),
        groups: Vec::new(),
        balancer: BalancerSlot(0),
        balancer_address: Address {
            vpc: VpcNumber(2),
            ip: Ipv4Addr::new(10, 0, 0, 9).into(),
        },
        balancer_place: Place::default(),
        balancer_groups: Vec::new(),
        balancer_enforces: false,
    }
}

fn gate() -> impl Strategy<Value = Gate> {
    let asks = (groups_of(), groups_of(), any::<bool>());
    (0u32..3, 9u8..11, place(), place(), asks, 1u32..3).prop_map(
        |(generation, last, place, balancer_place, (groups, balancer_groups, enforces), slot)| {
            Gate {
                generation,
                address: Address {
                    vpc: VpcNumber(1),
                    ip: Ipv4Addr::new(10, 0, 0, last).into(),
                },
                place,
                groups,
                balancer: BalancerSlot(slot),
                balancer_place,
                balancer_groups,
                balancer_enforces: enforces,
                ..closed_gate()
            }
        },
    )
}

fn hop() -> impl Strategy<Value = NextHop> {
    prop_oneof![
        4 => Just(NextHop::Vpc(VpcNumber(1))),
        1 => (1u32..4).prop_map(|slot| NextHop::Eni(EniSlot(slot))),
        1 => Just(NextHop::Internet),
        1 => (1u64..3).prop_map(|key| NextHop::Nat(NatKey(key))),
        1 => Just(NextHop::Blackhole),
    ]
}

fn nat() -> impl Strategy<Value = Nat> {
    (place(), 1u8..3).prop_map(|(place, last)| Nat {
        address: Address {
            vpc: VpcNumber(1),
            ip: Ipv4Addr::new(10, 0, 0, 20).into(),
        },
        place,
        public: Ipv4Addr::new(198, 18, 0, last),
    })
}

fn tables() -> impl Strategy<Value = Tables> {
    let group = (rules(), rules()).prop_map(|(ingress, egress)| Group { ingress, egress });
    let target = (1u32..3, ip()).prop_map(|(eni, ip)| Target {
        eni: EniSlot(eni),
        ip,
        port: 80,
    });
    let key = (1u32..3, 1u16..5).prop_map(|(balancer, port)| ListenerKey {
        balancer: BalancerSlot(balancer),
        protocol: 6,
        port,
    });
    let listener = (1u32..3, 350u32..352).prop_map(|(group, idle_seconds)| Listener {
        target_group: TargetGroupSlot(group),
        idle_seconds,
    });
    let public = (1u32..4, ip()).prop_map(|(eni, ip)| Public {
        eni: EniSlot(eni),
        inside: Address {
            vpc: VpcNumber(1),
            ip,
        },
    });
    let known = (1u8..4).prop_map(|last| IpAddr::from(Ipv4Addr::new(198, 18, 1, last)));
    (
        (
            btree_map((1u32..3).prop_map(GroupSlot), group, 0..3),
            btree_map((1u32..3).prop_map(TargetGroupSlot), vec(target, 0..3), 0..3),
            btree_map(key, listener, 0..4),
            btree_map((1u32..3).prop_map(GateSlot), gate(), 0..3),
        ),
        (
            btree_map((1u64..3).prop_map(AclKey), acl(), 0..3),
            btree_map(
                (1u64..3).prop_map(RouteTableKey),
                btree_map(net(), hop(), 0..4),
                0..3,
            ),
            btree_map((1u64..3).prop_map(NatKey), nat(), 0..3),
            btree_map(known, public, 0..3),
        ),
    )
        .prop_map(
            |((groups, targets, listeners, gates), (acls, routes, nats, publics))| Tables {
                groups,
                targets,
                listeners,
                gates,
                acls,
                routes,
                nats,
                publics,
            },
        )
}

fn interfaces() -> impl Strategy<Value = BTreeMap<EniSlot, Interface>> {
    let inner = (place(), groups_of(), any::<bool>());
    let one = (1u32..4, 0u8..2, inner).prop_map(|(slot, namespace, (place, groups, check))| {
        let interface = Interface {
            address: Address {
                vpc: VpcNumber(1),
                ip: Ipv4Addr::new(10, 0, 0, u8::try_from(slot).unwrap()).into(),
            },
            more: Vec::new(),
            source_check: check,
            place,
            prefix: 24,
            gateway: Ipv4Addr::new(10, 0, 0, 1),
            resolver: Ipv4Addr::new(10, 0, 0, 2),
            mac: Mac([2, 0, 0, 0, 0, u8::try_from(slot).unwrap()]),
            mtu: 8_500,
            groups,
            link: format!("gnl{slot}"),
            attachment: Attachment {
                namespace: format!("/run/netns/{}", namespace / 2),
                device: "eth0".to_string(),
            },
        };
        (EniSlot(slot), interface)
    });
    vec(one, 0..4).prop_map(|list| list.into_iter().collect())
}

/// A document.
pub(in super::super) fn document() -> impl Strategy<Value = Document> {
    (tables(), interfaces()).prop_map(|(tables, interfaces)| Document {
        generation: 1,
        tables,
        interfaces,
        ..Document::default()
    })
}

/// The state of a kernel that holds a document.
pub(in super::super) fn realised(document: &Document) -> State {
    let mut tables = document.tables.clone();
    // The kernel holds no empty list.
    tables.targets.retain(|_, list| !list.is_empty());
    tables.routes.retain(|_, table| !table.is_empty());
    let interfaces = document.interfaces.iter().map(|(slot, interface)| {
        let state = InterfaceState {
            link: interface.link.clone(),
            configured: Some(interface.clone()),
            guarded: true,
        };
        (*slot, state)
    });
    State {
        tables,
        interfaces: interfaces.collect(),
    }
}

/// A state.
pub(in super::super) fn state() -> impl Strategy<Value = State> {
    (document(), any::<bool>()).prop_map(|(document, guarded)| {
        let mut state = realised(&document);
        for found in state.interfaces.values_mut() {
            found.guarded = guarded;
        }
        state
    })
}
