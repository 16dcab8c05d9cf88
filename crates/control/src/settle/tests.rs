//! What a report changes, and what it never may.

use model::endpoint::{Endpoint, Event, State};
use model::host::{GateReport, GateSlot, Report};
use model::id::EndpointId;
use model::interface::Role;
use model::load_balancer::State as BalancerState;
use model::peering::State as PeeringState;
use model::time::Millis;
use model::world::{Change, World};
use proptest::prelude::*;

use super::settle;
use crate::api::scene::Scene;

const NOW: Millis = Millis(1_700_000_000_500);

/// A scene with an accepted endpoint in zones a and b; its load balancer is active.
fn two_zones() -> (Scene, EndpointId) {
    let mut scene = Scene::new();
    let service = scene.service("web", false);
    let wanted = scene.wanted(&service, &[0, 1]);
    let id = scene.consumer(|desk| desk.make("CreateVpcEndpoint", &wanted, "vpcEndpointId"));
    let active = settle(&scene.desk.world, &realised(u64::MAX), NOW, 1);
    scene.apply(&active);
    (scene, id.parse().unwrap())
}

fn realised(realised: u64) -> Report {
    Report {
        realised,
        ..Report::default()
    }
}

fn slots(world: &World, endpoint: EndpointId) -> Vec<GateSlot> {
    let interfaces = world.endpoints[&endpoint].interfaces.iter();
    let slot = |id| match world.interfaces[id].role {
        Role::Endpoint { gate, .. } => gate,
        Role::Workload { .. } | Role::LoadBalancer { .. } | Role::NatGateway { .. } => {
            panic!("not of an endpoint")
        }
    };
    interfaces.map(slot).collect()
}

fn probed(gates: impl IntoIterator<Item = (GateSlot, u32)>) -> Report {
    let report = |generation| GateReport {
        generation,
        probed_at_ms: 0,
        round_trip_ns: 1,
    };
    let gates = gates.into_iter();
    Report {
        gates: gates.map(|(slot, number)| (slot, report(number))).collect(),
        ..Report::default()
    }
}

/// Applies what a report changes, and asks again: nothing more.
fn settled(world: &World, report: &Report) -> World {
    let revision = world.revision + 1;
    let next = world.apply(&settle(world, report, NOW, revision), revision);
    assert_eq!(next.check(), Vec::<String>::new());
    assert_eq!(settle(&next, report, NOW, revision + 1), []);
    next
}

#[test]
fn available_when_every_gate_was_probed_in_this_opening() {
    let (scene, id) = two_zones();
    let world = &scene.desk.world;
    let opened = world.endpoints[&id].opened;
    let [a, b] = slots(world, id)[..] else {
        panic!("two zones")
    };
    let insufficient = [
        vec![],
        vec![(a, opened)],
        vec![(b, opened)],
        vec![(a, opened), (b, opened + 1)],
        vec![(a, opened - 1), (b, opened)],
        vec![(a, opened), (b, 0)],
        vec![(a, opened), (GateSlot(99), opened)],
    ];
    for gates in insufficient {
        let mut report = probed(gates);
        // Realised is not probed.
        report.realised = u64::MAX;
        assert_eq!(settle(world, &report, NOW, 99), [], "{:?}", report.gates);
    }
    let next = settled(world, &probed([(a, opened), (b, opened)]));
    let endpoint = &next.endpoints[&id];
    assert_eq!(endpoint.state, State::Available);
    assert_eq!(
        (endpoint.opened, endpoint.changed_at),
        (opened, next.revision)
    );
    assert_eq!(endpoint.provisioning.available, Some(NOW));
}

#[test]
fn an_endpoint_without_gates_was_never_probed() {
    let (scene, id) = two_zones();
    let mut endpoint = scene.desk.world.endpoints[&id].as_ref().clone();
    endpoint.interfaces.clear();
    let world = scene.desk.world.apply(&[endpoint.into()], 99);
    assert_eq!(settle(&world, &realised(u64::MAX), NOW, 100), []);
}

#[test]
fn a_balancer_is_active_when_its_making_is_realised() {
    let mut scene = Scene::new();
    scene.balancer("one");
    let world = &scene.desk.world;
    let (id, balancer) = world.load_balancers.iter().next().unwrap();
    assert_eq!(balancer.state, BalancerState::Provisioning);
    assert!(balancer.made_at > 0);
    assert_eq!(settle(world, &realised(balancer.made_at - 1), NOW, 99), []);
    let next = settled(world, &realised(balancer.made_at));
    assert_eq!(next.load_balancers[id].state, BalancerState::Active);
}

#[test]
fn a_deleted_endpoint_goes_when_no_host_has_it() {
    let (mut scene, id) = two_zones();
    let interfaces = scene.desk.world.endpoints[&id].interfaces.clone();
    let one = format!("VpcEndpointId.1={id}");
    scene.consumer(|desk| desk.ok("DeleteVpcEndpoints", &one));
    let world = &scene.desk.world;
    let changed_at = world.endpoints[&id].changed_at;
    let mut early = probed(slots(world, id).into_iter().map(|slot| (slot, 1)));
    (early.realised, early.tried) = (changed_at - 1, u64::MAX);
    assert_eq!(settle(world, &early, NOW, 99), []);
    let next = settled(world, &realised(changed_at));
    assert!(!next.endpoints.contains_key(&id));
    for interface in &interfaces {
        assert!(!next.interfaces.contains_key(interface));
    }
    assert_eq!(next.interfaces.size() + 2, world.interfaces.size());
}

/// Everything that one report changes must fit a transaction, or it would never be written.
#[test]
fn much_is_settled_in_parts() {
    let mut scene = Scene::new();
    scene.balancer("one");
    let first = scene
        .desk
        .world
        .load_balancers
        .values()
        .next()
        .unwrap()
        .clone();
    let copies = (1..300u32).map(|number| {
        let mut copy = first.as_ref().clone();
        copy.id = model::id::BalancerId::new(number.into());
        copy.slot = model::host::BalancerSlot(number + 1);
        Change::from(copy)
    });
    let mut world = scene.desk.world.apply(&copies.collect::<Vec<_>>(), 99);
    let mut passes = 0;
    loop {
        let changes = settle(&world, &realised(99), NOW, world.revision + 1);
        if changes.is_empty() {
            break;
        }
        // Beside a removal of 27 things, and a record each.
        assert!(2 * changes.len() + 27 <= revlog::MAX_OPERATIONS);
        world = world.apply(&changes, world.revision + 1);
        passes += 1;
    }
    assert_eq!(passes, 8);
    let mut balancers = world.load_balancers.values();
    assert!(balancers.all(|balancer| balancer.state == BalancerState::Active));
}

#[test]
fn what_nobody_answers_expires_after_a_week() {
    let mut scene = Scene::new();
    let service = scene.service("web", true);
    let endpoint = scene.endpoint(&service);
    let week = 7 * 24 * 60 * 60 * 1_000;
    scene.settle(week - 1);
    assert_eq!(scene.state(&endpoint), "pendingAcceptance");
    scene.settle(week);
    assert_eq!(scene.state(&endpoint), "expired");
    // Then it is too late, and the service is free to go.
    let ids = format!("ServiceId={service}&VpcEndpointId.1={endpoint}");
    let text = scene.desk.ok("AcceptVpcEndpointConnections", &ids);
    assert!(text.contains("<code>InvalidState</code>"), "{text}");
    let text = scene.desk.ok(
        "DeleteVpcEndpointServiceConfigurations",
        &format!("ServiceId.1={service}"),
    );
    assert!(!text.contains("<code>"), "{text}");
}

#[test]
fn peering_requests_expire_and_ends_are_forgotten() {
    let mut scene = Scene::new();
    let [mine, _] = scene.vpcs.clone();
    let theirs = scene.consumer(|desk| desk.make("CreateVpc", "CidrBlock=10.9.0.0/16", "vpcId"));
    let wanted = format!("VpcId={mine}&PeerVpcId={theirs}&PeerOwnerId=210987654321");
    let id = scene.desk.make(
        "CreateVpcPeeringConnection",
        &wanted,
        "vpcPeeringConnectionId",
    );
    let key = id.parse().unwrap();
    let state = |scene: &Scene| scene.desk.world.peerings.get(&key).map(|it| it.state);
    let hour = 60 * 60 * 1_000;
    let week = 7 * 24 * hour;
    scene.settle(week - 1);
    assert_eq!(state(&scene), Some(PeeringState::PendingAcceptance));
    scene.settle(week);
    assert_eq!(state(&scene), Some(PeeringState::Expired));
    let accept = format!("VpcPeeringConnectionId={id}");
    let fault = scene.consumer(|desk| desk.fault("AcceptVpcPeeringConnection", &accept));
    assert_eq!(fault.code, "InvalidStateTransition");
    scene.settle(week + 48 * hour - 1);
    assert_eq!(state(&scene), Some(PeeringState::Expired));
    scene.settle(week + 48 * hour);
    assert_eq!(state(&scene), None);
}

/// The endpoint in the state that these events lead to; those not allowed are left out.
fn after(mut endpoint: Endpoint, events: &[Event]) -> Endpoint {
    endpoint.state = State::PendingAcceptance;
    endpoint.opened = 0;
    for (revision, event) in (1000..).zip(events) {
        let _ = endpoint.on(*event, revision, NOW);
    }
    endpoint
}

proptest! {
    #[test]
    fn a_report_never_opens_what_was_not_accepted(
        events in proptest::collection::vec(prop_oneof![
            Just(Event::Accept), Just(Event::Reject), Just(Event::Realised), Just(Event::Delete),
        ], 0..5),
        // Near the generation: before, at and after it, and the number of a closed gate.
        probes in proptest::collection::vec(prop_oneof![
            Just(None), Just(Some(0)), (1000u32..1007).prop_map(Some),
        ], 2),
        exact in any::<bool>(),
        report_realised in prop_oneof![0u64..20, 999u64..1007],
    ) {
        let (scene, id) = two_zones();
        let world = &scene.desk.world;
        let endpoint = after(world.endpoints[&id].as_ref().clone(), &events);
        let before = endpoint.clone();
        let world = world.apply(&[endpoint.into()], 2000);
        let gates = slots(&world, id).into_iter().zip(&probes);
        let mut report = probed(gates.filter_map(|(slot, probe)| {
            Some((slot, if exact { before.opened } else { (*probe)? }))
        }));
        report.realised = report_realised;
        let next = settled(&world, &report);
        match next.endpoints.get(&id) {
            None => {
                prop_assert_eq!(before.state, State::Deleting);
                prop_assert!(report.realised >= before.changed_at);
            }
            Some(after) => {
                prop_assert_eq!(after.opened, before.opened);
                prop_assert_eq!(after.state.is_open(), before.state.is_open());
                if after.state != before.state {
                    prop_assert_eq!(before.state, State::Pending);
                    prop_assert_eq!(after.state, State::Available);
                    prop_assert!(report.gates.len() == 2);
                    let mut probes = report.gates.values();
                    prop_assert!(probes.all(|probe| probe.generation == before.opened));
                }
            }
        }
        prop_assert_eq!(&next.services, &world.services);
    }
}
