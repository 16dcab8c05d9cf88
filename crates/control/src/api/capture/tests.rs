//! What a capture is about, and how packets are told.

use std::net::IpAddr;

use model::host::{Captured, Catch, Document, EniSlot, Fate, Frame, GateSlot, Label, Side};
use model::interface::Attachment;
use model::time::Millis;
use model::verdict::Verdict;
use serde_json::json;

use super::super::scene::Scene;
use super::*;

fn fault(world: &World, target: &str) -> (String, String) {
    let fault = aim(world, target).unwrap_err();
    (fault.code.to_string(), fault.message.to_string())
}

#[test]
fn an_endpoint_is_watched_in_all_its_zones() {
    let mut scene = Scene::new();
    let service = scene.service("nlb", false);
    let wanted = scene.wanted(&service, &[0, 1]);
    let endpoint = scene.consumer(|desk| desk.make("CreateVpcEndpoint", &wanted, "vpcEndpointId"));
    let found = aim(&scene.desk.world, &endpoint).unwrap();
    assert_eq!(found.watch.gates.len(), 2);
    assert_eq!(found.watch.eni, None);
    assert_eq!(found.endpoint.unwrap().to_string(), endpoint);
    assert_eq!(found.addresses.len(), 2);

    // One of its ENIs: the same endpoint, in one zone.
    let world = &scene.desk.world;
    let one = world.endpoints[&endpoint.parse().unwrap()].interfaces[0];
    let found = aim(world, &one.to_string()).unwrap();
    assert_eq!(found.watch.gates.len(), 1);
    assert_eq!(found.endpoint.unwrap().to_string(), endpoint);
    let ip = IpAddr::from(world.interfaces[&one].ip);
    assert_eq!(found.addresses, [ip]);

    let balancer = world
        .interfaces
        .values()
        .find(|it| matches!(it.role, Role::LoadBalancer { .. }));
    let (code, message) = fault(world, &balancer.unwrap().id.to_string());
    assert_eq!(code, "InvalidParameterValue");
    assert!(message.contains("load balancer's"), "{message}");
}

#[test]
fn a_workload_is_watched_once_it_is_attached() {
    let mut scene = Scene::new();
    let subnet = scene.subnets[0].clone();
    let eni = scene.consumer(|desk| {
        let subnet = format!("SubnetId={subnet}");
        desk.make("CreateNetworkInterface", &subnet, "networkInterfaceId")
    });
    let (code, message) = fault(&scene.desk.world, &eni);
    assert_eq!(code, "InvalidParameterValue");
    assert!(
        message.contains("not attached") && message.contains(&eni),
        "{message}"
    );
    let mut attached = scene.desk.world.interfaces[&eni.parse().unwrap()]
        .as_ref()
        .clone();
    let Role::Workload { slot, attachment } = &mut attached.role else {
        panic!("{:?}", attached.role);
    };
    let slot = *slot;
    *attachment = Some(Attachment {
        id: model::id::Id::new(7),
        namespace: "/run/netns/web".into(),
        device: "eth0".into(),
        since: Millis(0),
    });
    scene.apply(&[attached.into()]);
    let found = aim(&scene.desk.world, &eni).unwrap();
    assert_eq!(
        (found.watch.eni, found.watch.gates),
        (Some(slot), Vec::new())
    );
    assert_eq!((found.endpoint, found.addresses), (None, Vec::new()));
}

#[test]
fn what_is_not_there_is_told_as_aws_does() {
    let scene = Scene::new();
    let world = &scene.desk.world;
    for (target, code) in [
        ("vpce-0123456789abcdef0", "InvalidVpcEndpointId.NotFound"),
        (
            "eni-0123456789abcdef0",
            "InvalidNetworkInterfaceID.NotFound",
        ),
        ("vpce-x", "InvalidVpcEndpointId.Malformed"),
        ("web", "InvalidNetworkInterfaceID.Malformed"),
    ] {
        assert_eq!(fault(world, target).0, code, "{target}");
    }
}

#[test]
fn packets_are_told_with_names() {
    let label = |eni: &str, endpoint: Option<&str>| Label {
        eni: eni.into(),
        endpoint: endpoint.map(Into::into),
        account: "123456789012".into(),
    };
    let document = Document {
        eni_labels: [(EniSlot(1), label("eni-1", None))].into(),
        gate_labels: [(GateSlot(2), label("eni-2", Some("vpce-2")))].into(),
        ..Document::default()
    };
    let packet = |from: u32, fate, verdict| Captured {
        at_ns: 5,
        from: Some(EniSlot(from)),
        to: None,
        gate: Some(GateSlot(2)),
        side: (from == 1).then_some(Side::Client),
        fate,
        verdict,
        segments: 1,
        came: Frame {
            length: 60,
            bytes: vec![1, 2, 3],
        },
        went: None,
    };
    let caught = Catch {
        packets: vec![
            packet(1, Fate::Dropped, Some(Verdict::SecurityGroup)),
            packet(0, Fate::Answered, None),
            packet(MAX_SLOTS, Fate::Passed, None),
            packet(9, Fate::Ignored, None),
        ],
        lost: 4,
        more: true,
    };
    let told = told(&document, &caught);
    assert_eq!((&told["lost"], &told["more"]), (&json!(4), &json!(true)));
    assert_eq!(
        told["packets"][0],
        json!({
            "at_ns": 5,
            "from": "eni-1",
            "to": null,
            "endpoint": "vpce-2",
            "side": "client",
            "fate": "dropped",
            "verdict": "security-group",
            "segments": 1,
            "came": { "length": 60, "bytes": "AQID" },
            "went": null,
        })
    );
    let from: Vec<_> = (1..4)
        .map(|at| told["packets"][at]["from"].clone())
        .collect();
    assert_eq!(from, ["ginnel", "outside", "an ENI that is gone"]);
}
