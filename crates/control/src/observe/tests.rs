//! What is kept of what was told.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use model::host::{Count, EniSlot, Event, Refusal, Told, Tuple, Wanted};
use model::interface::Role;
use model::verdict::Verdict;
use model::world::World;

use super::{KEPT, Observations};
use crate::api::scene::Scene;

fn tuple(port: u16) -> Tuple {
    Tuple {
        source: Ipv4Addr::new(10, 0, 1, 11).into(),
        destination: Ipv4Addr::new(10, 0, 1, 12).into(),
        source_port: 40_000,
        destination_port: port,
    }
}

fn refusal(eni: EniSlot, verdict: Verdict, port: u16) -> Event {
    Event::Refused(Refusal {
        eni,
        far: Some(eni),
        gate: None,
        verdict,
        answer: false,
        packet: Some((6, tuple(port))),
        count: Count {
            packets: 1,
            bytes: 60,
            tcp_flags: 2,
        },
        at_ms: 5,
    })
}

fn told(events: Vec<Event>, lost: u64) -> Told {
    Told {
        events,
        lost: BTreeMap::from([(EniSlot(1), lost)]),
        wanted: Wanted {
            refused: true,
            ..Wanted::default()
        },
        from_ms: 1,
        to_ms: 9,
    }
}

/// With one workload ENI.
fn scene() -> Scene {
    let mut scene = Scene::new();
    let parameters = format!("SubnetId={}", scene.provider_subnets[0]);
    scene.desk.ok("CreateNetworkInterface", &parameters);
    scene
}

fn workload(world: &World) -> EniSlot {
    let slot = |role: &Role| match role {
        Role::Workload { slot, .. } => Some(*slot),
        _ => None,
    };
    let mut slots = world.interfaces.values().filter_map(|it| slot(&it.role));
    slots.next().unwrap()
}

#[test]
fn a_refusal_names_the_groups_and_the_window() {
    let scene = scene();
    let world = &scene.desk.world;
    let eni = workload(world);
    let seen = Observations::default();
    let events = vec![refusal(eni, Verdict::GroupEgress, 443)];
    seen.take(world, &told(events, 3));
    let window = seen.read(0, None, |_| true);
    let one = &window.observations[0];
    assert_eq!(
        (one.kind, one.verdict),
        ("REJECT", Some("security-group-egress"))
    );
    let reason = one.reason.as_ref().unwrap();
    assert!(
        reason.contains("sg-") && reason.contains("tcp/443"),
        "{reason}"
    );
    assert_eq!((window.refused_from_ms, window.to_ms), (Some(1), Some(9)));
    // Nobody watched flows.
    assert_eq!((window.flows_from_ms, window.lost), (None, 3));
    let later = seen.read(window.next + 1, None, |_| true);
    assert_eq!((later.observations.len(), later.lost), (0, 0));
}

#[test]
fn an_account_keeps_so_many_and_what_goes_is_counted() {
    let scene = scene();
    let world = &scene.desk.world;
    let eni = workload(world);
    let seen = Observations::default();
    let many = (0..KEPT + 5).map(|_| refusal(eni, Verdict::NoRoute, 1));
    seen.take(world, &told(many.collect(), 0));
    let window = seen.read(0, None, |_| true);
    assert_eq!((window.observations.len(), window.lost), (KEPT, 5));
}

#[test]
fn what_idle_namespaces_send_is_not_shown() {
    let scene = scene();
    let world = &scene.desk.world;
    let eni = workload(world);
    let seen = Observations::default();
    let noise = refusal(eni, Verdict::LinkLocal, 0);
    seen.take(world, &told(vec![noise], 0));
    assert!(seen.read(0, None, |_| true).observations.is_empty());
}

#[test]
fn a_refusal_names_the_route_that_decided() {
    let mut scene = scene();
    let (vpc, subnet) = (scene.vpcs[0].clone(), scene.provider_subnets[0].clone());
    let desk = &mut scene.desk;
    let table = desk.make("CreateRouteTable", &format!("VpcId={vpc}"), "routeTableId");
    let there = format!("RouteTableId={table}&SubnetId={subnet}");
    desk.ok("AssociateRouteTable", &there);
    let gateway = desk.make("CreateInternetGateway", "", "internetGatewayId");
    let there = format!("InternetGatewayId={gateway}&VpcId={vpc}");
    desk.ok("AttachInternetGateway", &there);
    let route = format!("RouteTableId={table}&DestinationCidrBlock=0.0.0.0/0&GatewayId={gateway}");
    desk.ok("CreateRoute", &route);
    let reason = |desk: &crate::api::tests::Desk, verdict, to: [u8; 4]| {
        let world = &desk.world;
        let Event::Refused(mut refusal) = refusal(workload(world), verdict, 80) else {
            unreachable!();
        };
        let mut tuple = tuple(80);
        tuple.destination = Ipv4Addr::from(to).into();
        // No route, so nobody at its end.
        (refusal.packet, refusal.far) = (Some((6, tuple)), None);
        super::reason::of(world, &refusal)
    };
    assert_eq!(
        reason(&scene.desk, Verdict::NoRoute, [10, 0, 9, 9]),
        format!("the route 10.0.0.0/16 of {table} leads to {vpc}, where no interface has 10.0.9.9")
    );
    assert_eq!(
        reason(&scene.desk, Verdict::NoUplink, [8, 8, 8, 8]),
        format!("the route 0.0.0.0/0 of {table} leads to {gateway}, and this host has no way out")
    );
    // What has no names is told as it is, and others go on after it.
    assert_eq!(
        reason(&scene.desk, Verdict::NoTarget, [8, 8, 8, 8]),
        Verdict::NoTarget.meaning().trim_end_matches('.')
    );
    let route = format!("RouteTableId={table}&DestinationCidrBlock=0.0.0.0/0");
    scene.desk.ok("DeleteRoute", &route);
    assert_eq!(
        reason(&scene.desk, Verdict::NoRoute, [8, 8, 8, 8]),
        format!("no route of {table} leads to 8.8.8.8")
    );
}
