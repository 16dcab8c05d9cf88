//! Endpoints through the dispatcher.

use model::endpoint::{Event, State};

use crate::api::scene::Scene;
use crate::api::tests::first;

#[test]
fn the_demo_path() {
    let mut scene = Scene::new();
    let service = scene.service("orders", true);
    let wanted = scene.wanted(&service, &[0, 1]);
    let text = scene.consumer(|desk| desk.ok("CreateVpcEndpoint", &wanted));
    let id = first(&text, "vpcEndpointId").unwrap();
    assert_eq!(first(&text, "state").as_deref(), Some("pendingAcceptance"));
    let dns: Vec<_> = text.matches("<dnsName>vpce-").collect();
    assert_eq!(dns.len(), 3, "{text}");
    assert!(text.contains("-us-east-1b.vpce-svc-"), "{text}");
    assert!(text.contains("<groupName>default</groupName>"), "{text}");
    let connections = scene.desk.ok("DescribeVpcEndpointConnections", "");
    assert!(connections.contains(&id), "{connections}");
    scene.desk.ok(
        "AcceptVpcEndpointConnections",
        &format!("ServiceId={service}&VpcEndpointId.1={id}"),
    );
    assert_eq!(scene.state(&id), "pending");
    let mut endpoint = scene.desk.world.endpoints[&id.parse().unwrap()]
        .as_ref()
        .clone();
    let revision = scene.desk.world.revision + 1;
    endpoint
        .on(Event::Realised, revision, scene.desk.call.now)
        .unwrap();
    assert_eq!(endpoint.state, State::Available);
    scene.apply(&[endpoint.into()]);
    assert_eq!(scene.state(&id), "available");
}
