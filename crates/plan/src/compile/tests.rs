//! What a World compiles to, case by case: a provider and a consumer with the same addresses.

mod network;
pub(crate) mod scene;

use alloc::string::ToString as _;
use alloc::vec::Vec;
use core::net::{IpAddr, Ipv4Addr};

use model::endpoint::State;
use model::host::{
    AclKey, Address, BalancerSlot, Document, EniSlot, Gate, GateSlot, GroupSlot, Listener,
    ListenerKey, Peer as RulePeer, Place, RouteTableKey, Rule, SubnetKey, Target, TargetGroupSlot,
    Traffic, VpcNumber,
};
use model::id::{BalancerId, EndpointId, InterfaceId, SecurityGroupId, ServiceId, TargetGroupId};
use model::interface::Role;
use model::place::Zone;
use model::security_group::Peer;
use model::target_group::Protocol;
use model::world::{Change, Name, World};
use proptest::prelude::*;

use super::{MTU, compile};
use scene::{CONSUMER, PROVIDER, balancer, group, interface, listener, permission, scene};

const GATE: GateSlot = GateSlot(1);

fn with(world: &World, changes: impl IntoIterator<Item = Change>) -> World {
    let changes: Vec<Change> = changes.into_iter().collect();
    let world = world.apply(&changes, world.revision + 1);
    assert_eq!(world.check(), Vec::<alloc::string::String>::new());
    world
}

/// The fixture's endpoint in another state.
fn in_state(state: State, opened: u32) -> World {
    let world = scene();
    let mut endpoint = world.endpoints[&EndpointId::new(1)].as_ref().clone();
    endpoint.state = state;
    endpoint.opened = opened;
    with(&world, [endpoint.into()])
}

fn gate(document: &Document) -> &Gate {
    &document.tables.gates[&GATE]
}

fn targets(world: &World) -> Vec<Target> {
    compile(world).tables.targets[&TargetGroupSlot(6)].clone()
}

fn v4(a: u8, b: u8, c: u8, d: u8) -> IpAddr {
    Ipv4Addr::new(a, b, c, d).into()
}

/// The rules of the gate's group, after these inbound permissions were put into it.
fn rules(permissions: &[(Option<u8>, i32, i32, Peer)]) -> Vec<Rule> {
    let world = scene();
    let mut ours = world.security_groups[&group(2).id].as_ref().clone();
    let permissions = permissions.iter().cloned();
    ours.rules = permissions
        .map(|(protocol, from, to, peer)| permission(protocol, from, to, peer))
        .collect();
    let document = compile(&with(&world, [ours.into()]));
    document.tables.groups[&GroupSlot(2)].ingress.clone()
}

fn anywhere() -> Peer {
    Peer::Cidr4("0.0.0.0/0".parse().unwrap())
}

fn net(text: &str) -> RulePeer {
    RulePeer::Cidr(text.parse().unwrap())
}

/// Where VPC 1 or 2 has everything.
fn place(number: u64) -> Place {
    Place {
        subnet: SubnetKey(number),
        routes: RouteTableKey(number),
        acl: AclKey(number),
    }
}

#[test]
fn an_open_endpoint_is_an_open_gate() {
    for state in [State::Pending, State::Available] {
        let world = in_state(state, 9);
        let document = compile(&world);
        assert_eq!(document.generation, world.revision);
        assert_eq!(document.tables.gates.len(), 1);
        let wanted = Gate {
            generation: 9,
            address: Address {
                vpc: VpcNumber(2),
                ip: v4(10, 0, 1, 10),
            },
            place: place(2),
            groups: Vec::from([GroupSlot(2)]),
            balancer: BalancerSlot(5),
            balancer_address: Address {
                vpc: VpcNumber(1),
                ip: v4(10, 0, 1, 20),
            },
            balancer_place: place(1),
            balancer_groups: Vec::new(),
            balancer_enforces: false,
        };
        assert_eq!(gate(&document), &wanted);
        let label = &document.gate_labels[&GATE];
        assert_eq!(label.eni, InterfaceId::new(10).to_string());
        assert_eq!(label.endpoint, Some(EndpointId::new(1).to_string()));
        assert_eq!(label.account, CONSUMER);
    }
}

#[test]
fn an_endpoint_that_is_not_accepted_is_a_closed_gate() {
    let open = compile(&in_state(State::Available, 9));
    for state in [State::PendingAcceptance, State::Rejected] {
        let document = compile(&in_state(state, 0));
        let closed = Gate {
            generation: 0,
            ..gate(&open).clone()
        };
        assert_eq!(gate(&document), &closed, "{state:?}");
        // Still known, so that the refusal has the right reason and a name.
        assert!(document.gate_labels.contains_key(&GATE));
    }
}

#[test]
fn an_endpoint_that_is_being_deleted_is_no_gate() {
    let document = compile(&in_state(State::Deleting, 0));
    assert!(document.tables.gates.is_empty());
    assert!(document.gate_labels.is_empty());
    assert!(!document.tables.groups.contains_key(&GroupSlot(2)));
}

#[test]
fn without_a_balancer_in_the_zone_the_gate_is_closed() {
    let world = scene();
    let mut other = world.load_balancers[&BalancerId::new(5)].as_ref().clone();
    other.zones[0].zone = Zone('b');
    let elsewhere = with(&world, [other.into()]);
    let mut service = world.services[&ServiceId::new(1)].as_ref().clone();
    service.balancers.clear();
    let nowhere = with(&world, [service.into()]);
    for world in [elsewhere, nowhere] {
        let document = compile(&world);
        let gate = gate(&document);
        assert_eq!((gate.generation, gate.balancer), (0, BalancerSlot(0)));
        assert_eq!(gate.balancer_address.ip, v4(0, 0, 0, 0));
        assert_eq!(gate.address.ip, v4(10, 0, 1, 10));
    }
}

#[test]
fn a_second_balancer_does_not_move_a_gate() {
    let world = scene();
    let before = compile(&world);
    // A lower id and a lower slot: neither may decide.
    let (second, eni) = balancer(3, 21);
    let mut service = world.services[&ServiceId::new(1)].as_ref().clone();
    service.balancers.push(second.id);
    let both = with(&world, [second.into(), eni.into(), service.clone().into()]);
    assert_eq!(gate(&compile(&both)), gate(&before));
    // Without the first the other takes over.
    service.balancers.remove(0);
    let document = compile(&with(&both, [service.into()]));
    assert_eq!(gate(&document).balancer, BalancerSlot(3));
    assert_eq!(gate(&document).balancer_address.ip, v4(10, 0, 1, 21));
}

#[test]
fn only_groups_that_something_carries_are_in_the_table() {
    // 1 and 3 are workloads', 2 is the gate's.
    let slots = |world: &World| -> Vec<u32> {
        let groups = compile(world).tables.groups;
        groups.keys().map(|slot| slot.0).collect()
    };
    let world = scene();
    assert_eq!(slots(&world), [1, 2, 3]);
    let gone = Change::Remove(Name::Interface(InterfaceId::new(2)));
    let world = with(&world, [gone]);
    assert_eq!(slots(&world), [1, 2]);
    let mut balancer = world.load_balancers[&BalancerId::new(5)].as_ref().clone();
    let mut own = group(1);
    (own.id, own.slot) = (SecurityGroupId::new(7), GroupSlot(7));
    own.name = "own".to_string();
    balancer.groups.push(own.id);
    let world = with(&world, [own.into(), balancer.into()]);
    assert_eq!(slots(&world), [1, 2, 7], "a load balancer's own");
}

#[test]
fn a_load_balancers_groups_are_asked_unless_it_waives_them() {
    let world = scene();
    let mut balancer = world.load_balancers[&BalancerId::new(5)].as_ref().clone();
    balancer.groups.push(group(1).id);
    let asked = with(&world, [balancer.clone().into()]);
    let found = compile(&asked);
    assert_eq!(gate(&found).balancer_groups, [GroupSlot(1)]);
    assert!(gate(&found).balancer_enforces);
    balancer.waives_groups = true;
    let waived = compile(&with(&asked, [balancer.into()]));
    assert_eq!(gate(&waived).balancer_groups, [GroupSlot(1)]);
    assert!(!gate(&waived).balancer_enforces);
}

#[test]
fn rules_as_the_tables_have_them() {
    let rule = |protocol, first, last, peer| Rule {
        traffic: Traffic {
            protocol,
            first,
            last,
        },
        peer,
    };
    let some = Peer::Cidr4("10.0.1.7/24".parse().unwrap());
    let six = Peer::Cidr6("fd00::1/64".parse().unwrap());
    let members = || Peer::Group(group(3).id);
    let found = rules(&[
        (Some(6), 443, 445, some),
        (Some(17), 53, 53, members()),
        (None, -1, -1, members()),
        (Some(6), -1, -1, anywhere()),
        (Some(6), 0, 65_535, six),
        (Some(1), 8, -1, anywhere()),
        (Some(1), 3, 4, anywhere()),
        (Some(58), -1, -1, anywhere()),
        (Some(47), -1, -1, anywhere()),
    ]);
    let all = net("0.0.0.0/0");
    let wanted = [
        // Host bits are cleared.
        rule(Some(6), 443, 445, net("10.0.1.0/24")),
        rule(Some(17), 53, 53, RulePeer::Group(GroupSlot(3))),
        rule(None, 0, u16::MAX, RulePeer::Group(GroupSlot(3))),
        rule(Some(6), 0, u16::MAX, all),
        rule(Some(6), 0, u16::MAX, net("fd00::/64")),
        // Type 8, every code; type 3, code 4; every type.
        rule(Some(1), 0x0800, 0x08ff, all),
        rule(Some(1), 0x0304, 0x0304, all),
        rule(Some(58), 0, u16::MAX, all),
        rule(Some(47), 0, u16::MAX, all),
    ];
    assert_eq!(found, wanted);
}

#[test]
fn rules_that_admit_nothing_are_left_out() {
    let unknown = Peer::Group(SecurityGroupId::new(99));
    let found = rules(&[
        (None, -1, -1, unknown),
        // No port at all: never "every port".
        (Some(6), 70_000, 70_001, anywhere()),
        (Some(6), 80, -1, anywhere()),
        (Some(1), 300, -1, anywhere()),
        (Some(1), 3, 256, anywhere()),
    ]);
    assert_eq!(found, []);
}

#[test]
fn outbound_rules_are_apart() {
    let world = scene();
    let mut ours = world.security_groups[&group(2).id].as_ref().clone();
    let mut outbound = permission(None, -1, -1, anywhere());
    outbound.egress = true;
    ours.rules = Vec::from([outbound]);
    let document = compile(&with(&world, [ours.into()]));
    let found = &document.tables.groups[&GroupSlot(2)];
    assert_eq!(found.ingress, []);
    let everything = Rule {
        traffic: Traffic::ALL,
        peer: net("0.0.0.0/0"),
    };
    assert_eq!(found.egress, [everything]);
}

#[test]
fn a_target_is_an_attached_eni_of_the_providers_vpc() {
    // Address 10.0.1.30 is the provider's ENI 1, and the consumer's ENI 2 too.
    let world = scene();
    let target = Target {
        eni: EniSlot(1),
        ip: v4(10, 0, 1, 30),
        port: 8080,
    };
    assert_eq!(targets(&world), [target]);
    // Without the provider's the consumer's must not take its place.
    let gone = with(
        &world,
        [Change::Remove(Name::Interface(InterfaceId::new(1)))],
    );
    assert!(compile(&gone).interfaces.contains_key(&EniSlot(2)));
    assert_eq!(targets(&gone), []);
    // Bound to nothing, it is no target, and not in the document.
    let mut eni = world.interfaces[&InterfaceId::new(1)].as_ref().clone();
    eni.role = Role::Workload {
        slot: EniSlot(1),
        attachment: None,
    };
    let unbound = with(&world, [eni.into()]);
    assert_eq!(targets(&unbound), []);
    let document = compile(&unbound);
    assert_eq!(
        document.interfaces.keys().collect::<Vec<_>>(),
        [&EniSlot(2)]
    );
    assert_eq!(
        document.eni_labels.keys().collect::<Vec<_>>(),
        [&EniSlot(2)]
    );
}

#[test]
fn a_managed_eni_is_never_a_target() {
    let world = scene();
    let mut group = world.target_groups[&TargetGroupId::new(6)].as_ref().clone();
    // The load balancer's own address.
    group.targets[0].ip = Ipv4Addr::new(10, 0, 1, 20);
    assert_eq!(targets(&with(&world, [group.into()])), []);
}

#[test]
fn a_workload_as_the_data_plane_needs_it() {
    let document = compile(&scene());
    let eni = &document.interfaces[&EniSlot(1)];
    assert_eq!((eni.address.vpc, eni.prefix), (VpcNumber(1), 24));
    assert_eq!(eni.address.ip, v4(10, 0, 1, 30));
    assert_eq!(eni.place, place(1));
    assert!(eni.source_check && eni.more.is_empty());
    assert_eq!(eni.gateway, Ipv4Addr::new(10, 0, 1, 1));
    assert_eq!(eni.resolver, Ipv4Addr::new(10, 0, 0, 2));
    assert_eq!(eni.mtu, MTU);
    assert_eq!(eni.link, "gnl000000000001");
    assert!(eni.link.len() <= 15, "Linux allows no more");
    assert_eq!(eni.attachment.namespace, "/run/netns/1");
    assert_eq!(eni.attachment.device, "eth1");
    let label = &document.eni_labels[&EniSlot(1)];
    assert_eq!((label.endpoint.as_ref(), &*label.account), (None, PROVIDER));
}

#[test]
fn listeners_by_protocol() {
    let key = |protocol, port| ListenerKey {
        balancer: BalancerSlot(5),
        protocol,
        port,
    };
    let to = |idle_seconds| Listener {
        target_group: TargetGroupSlot(6),
        idle_seconds,
    };
    let world = scene();
    let found = compile(&world).tables.listeners;
    assert_eq!(found, [(key(6, 80), to(350))].into());
    let more = [
        listener(2, Protocol::TcpUdp, 53).into(),
        listener(3, Protocol::Udp, 80).into(),
    ];
    let found = compile(&with(&world, more)).tables.listeners;
    let wanted = [
        (key(6, 53), to(350)),
        (key(6, 80), to(350)),
        (key(17, 53), to(120)),
        (key(17, 80), to(120)),
    ];
    assert_eq!(found, wanted.into());
}

#[test]
fn a_listener_forgets_idle_tcp_flows_when_it_is_told_to() {
    let mut both = listener(1, Protocol::TcpUdp, 80);
    both.tcp_idle_seconds = Some(60);
    let found = compile(&with(&scene(), [both.into()])).tables.listeners;
    let idle: Vec<u32> = found.values().map(|to| to.idle_seconds).collect();
    assert_eq!(idle, [60, 120], "{found:?}");
}

proptest! {
    /// Same World, same document, in whatever order it came about.
    #[test]
    fn the_same_world_is_the_same_document(order in Just(Vec::from_iter(40u128..48)).prop_shuffle()) {
        let build = |order: &mut dyn Iterator<Item = &u128>| {
            let mut world = scene();
            for number in order {
                let last = u8::try_from(*number).unwrap();
                let mut eni = interface(*number, 1, last, Role::Workload {
                    slot: EniSlot(u32::from(last)),
                    attachment: None,
                });
                // Every second one is attached.
                if number % 2 == 0 {
                    eni.role = scene::attached(last);
                }
                world = with(&world, [eni.into()]);
            }
            world
        };
        let (one, other) = (build(&mut order.iter()), build(&mut order.iter().rev()));
        let document = compile(&one);
        prop_assert_eq!(&document, &compile(&other));
        prop_assert_eq!(&document, &compile(&one));
        let attached = one.interfaces.values().filter(|eni| eni.attachment().is_some());
        prop_assert_eq!(document.interfaces.len(), attached.count());
    }
}
