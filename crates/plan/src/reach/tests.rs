//! What is said of the World is what the tables would do: an own reading of the forwarder's
//! rules about endpoints, over the compiled document, says the same of random scenes.

use alloc::format;
use alloc::string::ToString as _;
use alloc::vec::Vec;
use core::net::{IpAddr, Ipv4Addr};

use ipnet::IpNet;
use model::endpoint::State;
use model::host::{Document, EniSlot, Interface as HostInterface, ListenerKey, Peer as RulePeer};
use model::id::{
    BalancerId, EndpointId, InterfaceId, SecurityGroupId, ServiceId, SubnetId, TargetGroupId, VpcId,
};
use model::insights::{Destination, Hop, Obstacle};
use model::interface::Role;
use model::place::Zone;
use model::security_group::{Peer, Rule};
use model::target_group::{Protocol, Target};
use model::world::{Change, World};
use proptest::prelude::*;

use super::{Question, Unsupported, Walk, reach};
use crate::compile::compile;
use crate::compile::tests::scene::{attached, group, interface, listener, permission, scene};

fn endpoint() -> Destination {
    Destination::Endpoint(EndpointId::new(1))
}

fn ask(
    world: &World,
    destination: Destination,
    protocol: u8,
    port: Option<u16>,
) -> Result<Walk, Unsupported> {
    let question = Question {
        source: &world.interfaces[&InterfaceId::new(2)],
        destination,
        protocol,
        port,
    };
    reach(world, &question)
}

/// Whether the tables admit a first packet, as `admit()` and `bind()` read them.
fn admits(document: &Document, eni: EniSlot, to: Ipv4Addr, protocol: u8, port: u16) -> bool {
    let Some(client) = document.interfaces.get(&eni) else {
        return false;
    };
    let mut gates = document.tables.gates.values();
    let at = |ip: IpAddr, vpc| model::host::Address { vpc, ip };
    let Some(gate) = gates.find(|gate| gate.address == at(to.into(), client.address.vpc)) else {
        return false;
    };
    if gate.generation == 0 {
        return false;
    }
    let rules = gate
        .groups
        .iter()
        .filter_map(|slot| document.tables.groups.get(slot));
    let mut rules = rules.flat_map(|group| &group.ingress);
    if !rules.any(|rule| rule_admits(rule, client, protocol, port)) {
        return false;
    }
    let key = ListenerKey {
        balancer: gate.balancer,
        protocol,
        port,
    };
    let Some(listener) = document.tables.listeners.get(&key) else {
        return false;
    };
    let targets = document.tables.targets.get(&listener.target_group);
    targets.into_iter().flatten().any(|target| {
        let held = document.interfaces.get(&target.eni);
        held.is_some_and(|held| held.address == at(target.ip, gate.balancer_address.vpc))
    })
}

fn rule_admits(rule: &model::host::Rule, client: &HostInterface, protocol: u8, port: u16) -> bool {
    if let Some(wanted) = rule.traffic.protocol
        && (wanted != protocol || port < rule.traffic.first || port > rule.traffic.last)
    {
        return false;
    }
    match rule.peer {
        RulePeer::Group(slot) => client.groups.contains(&slot),
        RulePeer::Cidr(IpNet::V4(net)) => {
            let mask = if net.prefix_len() == 0 {
                0
            } else {
                u32::MAX << (32 - u32::from(net.prefix_len()))
            };
            let IpAddr::V4(ip) = client.address.ip else {
                return false;
            };
            u32::from(ip) & mask == u32::from(net.addr())
        }
        RulePeer::Cidr(IpNet::V6(_)) => false,
    }
}

/// What a scene may differ in.
#[derive(Clone, Debug)]
struct Draw {
    state: State,
    client_groups: Vec<u32>,
    gate_groups: Vec<u32>,
    rules: Vec<Rule>,
    listener: (Protocol, u16),
    targets: Vec<u8>,
    target_vpc: u128,
    attached: (bool, bool),
    balanced: bool,
    zones: (char, char),
    second: bool,
}

fn rule() -> impl Strategy<Value = Rule> {
    let protocol = prop_oneof![Just(None), Just(Some(6)), Just(Some(17)), Just(Some(1))];
    let ports = prop_oneof![
        Just((-1, -1)),
        Just((80, 80)),
        Just((53, 443)),
        Just((81, 90)),
        Just((70_000, 70_001))
    ];
    let peer = prop_oneof![
        Just(Peer::Cidr4("0.0.0.0/0".parse().unwrap())),
        Just(Peer::Cidr4("10.0.1.30/32".parse().unwrap())),
        Just(Peer::Cidr4("10.0.1.31/32".parse().unwrap())),
        Just(Peer::Cidr4("10.0.0.0/20".parse().unwrap())),
        Just(Peer::Cidr6("::/0".parse().unwrap())),
        (2u32..4).prop_map(|number| Peer::Group(group(number).id)),
        Just(Peer::Group(SecurityGroupId::new(99))),
    ];
    (protocol, ports, peer, any::<bool>()).prop_map(|(protocol, (from, to), peer, egress)| {
        let mut rule = permission(protocol, from, to, peer);
        rule.egress = egress;
        rule
    })
}

fn draw() -> impl Strategy<Value = Draw> {
    let state = prop_oneof![
        8 => Just(State::Available),
        1 => Just(State::Pending),
        1 => Just(State::PendingAcceptance),
        1 => Just(State::Rejected),
        1 => Just(State::Deleting),
    ];
    let some = || proptest::sample::subsequence(Vec::from([2u32, 3]), 0..=2);
    // Chance alone would hardly ever open the door.
    let open = permission(None, -1, -1, Peer::Cidr4("0.0.0.0/0".parse().unwrap()));
    let open = move || Just(open.clone());
    let protocol = prop_oneof![
        Just(Protocol::Tcp),
        Just(Protocol::Udp),
        Just(Protocol::TcpUdp)
    ];
    let zone = || prop_oneof![3 => Just('a'), 1 => Just('b')];
    let mostly = || proptest::bool::weighted(0.85);
    (
        (
            state,
            some(),
            prop_oneof![2 => Just(Vec::from([2u32])), 1 => some()],
            proptest::collection::vec(prop_oneof![1 => open(), 2 => rule()], 0..4),
        ),
        (protocol, prop_oneof![3 => Just(80u16), 1 => Just(443)]),
        prop_oneof![
            2 => Just(Vec::from([30u8])),
            1 => proptest::sample::subsequence(Vec::from([20u8, 30, 31]), 0..=3),
        ],
        prop_oneof![5 => Just(1u128), 1 => Just(2)],
        (mostly(), mostly()),
        (mostly(), zone(), zone(), any::<bool>()),
    )
        .prop_map(
            |(
                (state, client_groups, gate_groups, rules),
                listener,
                targets,
                target_vpc,
                attached,
                (balanced, one, two, second),
            )| Draw {
                state,
                client_groups,
                gate_groups,
                rules,
                listener,
                targets,
                target_vpc,
                attached,
                balanced,
                zones: (one, two),
                second,
            },
        )
}

/// The fixture, changed. Gate 2 is in a second subnet of the consumer, 10.0.2.0/24.
fn build(draw: &Draw) -> World {
    let world = scene();
    let ids = |numbers: &[u32]| {
        numbers
            .iter()
            .map(|number| group(*number).id)
            .collect::<Vec<_>>()
    };
    let mut changes: Vec<Change> = Vec::new();
    let role = |number: u8, is: bool| match (attached(number), is) {
        (Role::Workload { slot, .. }, false) => Role::Workload {
            slot,
            attachment: None,
        },
        (role, _) => role,
    };
    let mut client = world.interfaces[&InterfaceId::new(2)].as_ref().clone();
    client.groups = ids(&draw.client_groups);
    client.role = role(2, draw.attached.0);
    let mut target = world.interfaces[&InterfaceId::new(1)].as_ref().clone();
    target.role = role(1, draw.attached.1);
    let mut door = world.interfaces[&InterfaceId::new(10)].as_ref().clone();
    door.groups = ids(&draw.gate_groups);
    let mut endpoint = world.endpoints[&EndpointId::new(1)].as_ref().clone();
    endpoint.state = draw.state;
    endpoint.opened = if draw.state.is_open() { 9 } else { 0 };
    let mut subnet = world.subnets[&SubnetId::new(2)].as_ref().clone();
    subnet.zone = Zone(draw.zones.0);
    changes.push(subnet.clone().into());
    if draw.second {
        subnet.id = SubnetId::new(3);
        subnet.cidr = "10.0.2.0/24".parse().unwrap();
        subnet.zone = Zone(draw.zones.1);
        let mut second = interface(
            11,
            2,
            11,
            Role::Endpoint {
                endpoint: endpoint.id,
                gate: model::host::GateSlot(2),
            },
        );
        second.subnet = subnet.id;
        second.ip = Ipv4Addr::new(10, 0, 2, 11);
        second.groups = door.groups.clone();
        endpoint.interfaces.push(second.id);
        changes.extend([subnet.into(), second.into()]);
    }
    let mut ours = world.security_groups[&group(2).id].as_ref().clone();
    ours.rules.clone_from(&draw.rules);
    let mut service = world.services[&ServiceId::new(1)].as_ref().clone();
    if !draw.balanced {
        service.balancers.clear();
    }
    let mut targets = world.target_groups[&TargetGroupId::new(6)].as_ref().clone();
    targets.vpc = VpcId::new(draw.target_vpc);
    let target_at = |last: &u8| Target {
        ip: Ipv4Addr::new(10, 0, 1, *last),
        port: 8080,
    };
    targets.targets = draw.targets.iter().map(target_at).collect();
    let (protocol, port) = draw.listener;
    changes.extend([
        client.into(),
        target.into(),
        door.into(),
        endpoint.into(),
        ours.into(),
        service.into(),
        targets.into(),
        listener(1, protocol, port).into(),
    ]);
    let world = world.apply(&changes, world.revision + 1);
    assert_eq!(world.check(), Vec::<alloc::string::String>::new());
    world
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn an_analysis_says_what_the_tables_do(draw in draw(), protocol in prop_oneof![Just(6u8), Just(17)]) {
        let world = build(&draw);
        let document = compile(&world);
        let doors = world.endpoints[&EndpointId::new(1)].interfaces.clone();
        let admitted = |ip, port| admits(&document, EniSlot(2), ip, protocol, port);
        let mut through_any = [false; 2];
        for door in &doors {
            let ip = world.interfaces[door].ip;
            for (at, port) in [80, 443].into_iter().enumerate() {
                let wanted = admitted(ip, port);
                through_any[at] |= wanted;
                for destination in [Destination::Interface(*door), Destination::Address(ip)] {
                    let walk = ask(&world, destination, protocol, Some(port)).unwrap();
                    prop_assert_eq!(walk.obstacles.is_empty(), wanted, "{:?} {:?}", destination, walk);
                }
            }
        }
        for (at, port) in [80, 443].into_iter().enumerate() {
            let walk = ask(&world, endpoint(), protocol, Some(port)).unwrap();
            prop_assert_eq!(walk.obstacles.is_empty(), through_any[at], "{:?}", walk);
        }
        let any = ask(&world, endpoint(), protocol, None).unwrap();
        prop_assert_eq!(any.obstacles.is_empty(), through_any.contains(&true), "{:?}", any);
        let nowhere = ask(&world, Destination::Address(Ipv4Addr::new(10, 0, 1, 77)), protocol, Some(80)).unwrap();
        prop_assert!(!nowhere.obstacles.is_empty());
    }
}

/// The comparison means nothing if hardly any scene lets anything through, or all do.
#[test]
fn scenes_differ_in_what_they_let_through() {
    use proptest::strategy::ValueTree as _;
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let found = |runner: &mut _| {
        let world = build(&draw().new_tree(runner).unwrap().current());
        let walk = ask(&world, endpoint(), 6, None).unwrap();
        walk.obstacles.is_empty()
    };
    let through = (0..300).filter(|_| found(&mut runner)).count();
    assert!((15..285).contains(&through), "{through} of 300");
}

/// The fixture with a rule that admits everybody.
fn open() -> World {
    let world = scene();
    let mut ours = world.security_groups[&group(2).id].as_ref().clone();
    let anywhere = Peer::Cidr4("0.0.0.0/0".parse().unwrap());
    ours.rules = Vec::from([permission(Some(6), 80, 80, anywhere)]);
    world.apply(&[ours.into()], world.revision + 1)
}

#[test]
fn a_way_is_told_hop_by_hop() {
    let walk = ask(&open(), endpoint(), 6, Some(80)).unwrap();
    assert_eq!(walk.obstacles, []);
    let told: Vec<_> = walk
        .hops
        .iter()
        .map(|hop| match hop {
            Hop::Interface(id) => format!("{id}"),
            Hop::Rule { group, .. } => format!("{group}"),
            Hop::Endpoint(id) => format!("{id}"),
            Hop::Balancer { name, port, .. } => format!("{name}:{port}"),
            Hop::Target { ip, port, .. } => format!("{ip}:{port}"),
        })
        .collect();
    let wanted = [
        InterfaceId::new(2).to_string(),
        group(2).id.to_string(),
        InterfaceId::new(10).to_string(),
        EndpointId::new(1).to_string(),
        "lb5:80".into(),
        "10.0.1.30:8080".into(),
    ];
    assert_eq!(told, wanted);
}

#[test]
fn each_obstacle_is_told() {
    let walk = ask(&scene(), endpoint(), 6, Some(80)).unwrap();
    let refused = Obstacle::NotAdmitted {
        interface: InterfaceId::new(10),
        groups: Vec::from([group(2).id]),
    };
    assert_eq!(walk.obstacles, [refused]);
    let walk = ask(&open(), endpoint(), 6, Some(81)).unwrap();
    let missing = Obstacle::NoListener {
        balancer: Some((BalancerId::new(5), "lb5".into())),
        port: Some(81),
    };
    assert!(walk.obstacles.contains(&missing), "{walk:?}");
    let walk = ask(&open(), endpoint(), 17, None).unwrap();
    assert!(matches!(
        walk.obstacles[..],
        [Obstacle::NoListener { port: None, .. }]
    ));
}

#[test]
fn what_is_not_forwarded_is_not_judged() {
    let world = open();
    // The provider's target, the client itself, the load balancer.
    for id in [1, 2, 20] {
        let to = Destination::Interface(InterfaceId::new(id));
        assert_eq!(ask(&world, to, 6, Some(80)), Err(Unsupported), "{id}");
    }
    let itself = Destination::Address(Ipv4Addr::new(10, 0, 1, 30));
    assert_eq!(ask(&world, itself, 6, Some(80)), Err(Unsupported));
}
