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

/// The address of an ENI.
pub(in super::super) fn eni_ip(slot: u32) -> IpAddr {
    Ipv4Addr::new(10, 0, 0, u8::try_from(slot).unwrap()).into()
}

/// Its MAC address.
pub(in super::super) fn eni_mac(slot: u32) -> Mac {
    Mac([2, 0, 0, 0, 0, u8::try_from(slot).unwrap()])
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

/// Somewhere in a subnet, which nothing ever leaves.
fn place(subnet: u64) -> impl Strategy<Value = Place> {
    (1u64..3, 1u64..3).prop_map(move |(routes, acl)| Place {
        subnet: SubnetKey(subnet),
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
    proptest::sample::subsequence(Vec::from([GroupSlot(1), GroupSlot(2)]), 1..=2)
}

fn everywhere() -> IpNet {
    "0.0.0.0/0".parse().unwrap()
}

/// Chance alone would hardly ever let anything pass.
fn rules() -> impl Strategy<Value = Vec<Rule>> {
    let peer = prop_oneof![
        3 => net().prop_map(Peer::Cidr),
        1 => (1u32..3).prop_map(|slot| Peer::Group(GroupSlot(slot))),
    ];
    let some = vec((traffic(), peer), 0..5);
    (some, proptest::bool::weighted(0.5)).prop_map(|(list, open)| {
        let open = open.then_some((Traffic::ALL, Peer::Cidr(everywhere())));
        let rules = list.into_iter().chain(open);
        rules
            .map(|(traffic, peer)| Rule { traffic, peer })
            .collect()
    })
}

fn entries() -> impl Strategy<Value = Vec<Entry>> {
    let some = (traffic(), net(), proptest::bool::weighted(0.7));
    let some = btree_map(1u16..6, some, 0..5);
    (some, proptest::bool::weighted(0.6)).prop_map(|(map, open)| {
        let open = open.then_some((9, (Traffic::ALL, everywhere(), true)));
        let entries = map.into_iter().chain(open);
        let entries = entries.map(|(number, (traffic, peer, allow))| Entry {
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
            vpc: VpcNumber(1),
            ip: Ipv4Addr::new(10, 0, 0, 30).into(),
        },
        balancer_place: Place::default(),
        balancer_groups: Vec::new(),
        balancer_enforces: false,
    }
}

/// Gates 1 and 2, at 10.0.0.9 or 10.0.0.10, sometimes the other way round.
fn gates() -> impl Strategy<Value = BTreeMap<GateSlot, Gate>> {
    let one = |number: u32, moved: (u8, u8)| {
        gate().prop_map(move |mut gate| {
            let own = if number == 1 { moved.0 } else { moved.1 };
            gate.address.ip = Ipv4Addr::new(10, 0, 0, own).into();
            (GateSlot(number), gate)
        })
    };
    let places = prop_oneof![8 => Just((9, 10)), 1 => Just((10, 9))];
    let both = places.prop_flat_map(move |places| (one(1, places), one(2, places)));
    (both, any::<(bool, bool, bool)>()).prop_map(|((one, two), (a, b, c))| {
        // Each is there three times of four.
        let all = [(one, a || c), (two, b || !c)];
        let there = all.into_iter().filter(|(_, there)| *there);
        there.map(|(gate, _)| gate).collect()
    })
}

fn gate() -> impl Strategy<Value = Gate> {
    let asks = (groups_of(), groups_of(), any::<bool>());
    (0u32..3, 9u8..11, place(9), place(30), asks, 1u32..3).prop_map(
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

fn table() -> impl Strategy<Value = BTreeMap<IpNet, NextHop>> {
    let some = btree_map(net(), hop(), 0..4);
    (some, proptest::bool::weighted(0.7)).prop_map(|(mut table, open)| {
        if open {
            table.insert(everywhere(), NextHop::Vpc(VpcNumber(1)));
        }
        table
    })
}

fn hop() -> impl Strategy<Value = NextHop> {
    prop_oneof![
        6 => Just(NextHop::Vpc(VpcNumber(1))),
        1 => (1u32..4).prop_map(|slot| NextHop::Eni(EniSlot(slot))),
        1 => Just(NextHop::Internet),
        1 => (1u64..3).prop_map(|key| NextHop::Nat(NatKey(key))),
        1 => Just(NextHop::Blackhole),
    ]
}

fn nat() -> impl Strategy<Value = Nat> {
    (place(20), 1u8..3).prop_map(|(place, last)| Nat {
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
    let target = (1u32..4, 1u16..3).prop_map(|(eni, port)| Target {
        eni: EniSlot(eni),
        ip: eni_ip(eni),
        port,
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
    let public = (1u32..4).prop_map(|eni| Public {
        eni: EniSlot(eni),
        inside: Address {
            vpc: VpcNumber(1),
            ip: eni_ip(eni),
        },
    });
    let known = (1u8..4).prop_map(|last| IpAddr::from(Ipv4Addr::new(198, 18, 1, last)));
    (
        (
            btree_map((1u32..3).prop_map(GroupSlot), group, 1..3),
            btree_map((1u32..3).prop_map(TargetGroupSlot), vec(target, 0..3), 1..3),
            btree_map(key, listener, 2..7),
            gates(),
        ),
        (
            btree_map((1u64..3).prop_map(AclKey), acl(), 1..3),
            btree_map((1u64..3).prop_map(RouteTableKey), table(), 1..3),
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

/// ENIs 1, 2 and 3, of which some move to another namespace now and then.
fn interfaces() -> impl Strategy<Value = BTreeMap<EniSlot, Interface>> {
    let one = |slot: u32| {
        let moves = proptest::bool::weighted(0.1);
        let check = any::<bool>();
        let inner = (place(slot.into()), groups_of(), check, moves);
        inner.prop_map(move |(place, groups, source_check, moved)| {
            let interface = Interface {
                address: Address {
                    vpc: VpcNumber(1),
                    ip: eni_ip(slot),
                },
                more: Vec::new(),
                source_check,
                place,
                prefix: 24,
                gateway: Ipv4Addr::new(10, 0, 0, 1),
                resolver: Ipv4Addr::new(10, 0, 0, 2),
                mac: eni_mac(slot),
                mtu: 8_500,
                groups,
                link: format!("gnl{slot}"),
                attachment: Attachment {
                    namespace: format!("/run/netns/{moved}"),
                    device: "eth0".to_string(),
                },
            };
            (EniSlot(slot), interface)
        })
    };
    let absent = vec(proptest::bool::weighted(0.1), 3);
    (one(1), one(2), one(3), absent).prop_map(|(one, two, three, absent)| {
        let all = [one, two, three].into_iter().zip(absent);
        let there = all.filter(|(_, absent)| !absent);
        there.map(|(interface, _)| interface).collect()
    })
}

/// A document. As every compiled one, it names no group, ACL, table or target group that it has
/// not.
pub(in super::super) fn document() -> impl Strategy<Value = Document> {
    (tables(), interfaces()).prop_map(|(mut tables, mut interfaces)| {
        let Tables {
            groups,
            targets,
            listeners,
            gates,
            acls,
            routes,
            nats,
            ..
        } = &mut tables;
        listeners.retain(|_, listener| targets.contains_key(&listener.target_group));
        let has = |slot: &GroupSlot| groups.contains_key(slot);
        let mut places = Vec::new();
        for gate in gates.values_mut() {
            gate.groups.retain(has);
            gate.balancer_groups.retain(has);
            places.extend([&mut gate.place, &mut gate.balancer_place]);
        }
        for interface in interfaces.values_mut() {
            interface.groups.retain(has);
            places.push(&mut interface.place);
        }
        places.extend(nats.values_mut().map(|nat| &mut nat.place));
        for place in places {
            if !acls.contains_key(&place.acl) {
                place.acl = acls.keys().next().copied().unwrap_or_default();
            }
            if !routes.contains_key(&place.routes) {
                place.routes = routes.keys().next().copied().unwrap_or_default();
            }
        }
        Document {
            generation: 1,
            tables,
            interfaces,
            ..Document::default()
        }
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
