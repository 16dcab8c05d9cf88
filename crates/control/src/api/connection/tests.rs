//! Acceptance and rejection through the dispatcher.

use crate::api::scene::Scene;
use crate::api::tests::first;

const ACCEPT: &str = "AcceptVpcEndpointConnections";
const REJECT: &str = "RejectVpcEndpointConnections";

fn code(text: &str) -> Option<String> {
    first(text, "code")
}

#[test]
fn every_step_of_a_connection() {
    let mut scene = Scene::new();
    let service = scene.service("orders", true);
    let endpoint = scene.endpoint(&service);
    let ids = format!("ServiceId={service}&VpcEndpointId.1={endpoint}");
    let id = endpoint.parse().unwrap();
    // What is done, what the answer's code is, the state after, and whether it is open.
    let mut openings = Vec::new();
    for (action, wanted, state) in [
        (ACCEPT, None, "pending"),
        (ACCEPT, Some("InvalidState"), "pending"),
        (REJECT, None, "rejected"),
        (REJECT, Some("InvalidState"), "rejected"),
        (ACCEPT, None, "pending"),
        (REJECT, None, "rejected"),
    ] {
        let text = scene.desk.ok(action, &ids);
        assert_eq!(code(&text).as_deref(), wanted, "{action}: {text}");
        assert_eq!(scene.state(&endpoint), state);
        openings.push(scene.desk.world.endpoints[&id].opened);
    }
    assert_ne!(openings[0], 0);
    assert_eq!(openings[1], openings[0]);
    assert_eq!((openings[2], openings[5]), (0, 0));
    assert_ne!(openings[4], openings[0], "a new opening has a new number");

    let delete = format!("VpcEndpointId.1={endpoint}");
    scene.consumer(|desk| desk.ok("DeleteVpcEndpoints", &delete));
    for action in [ACCEPT, REJECT] {
        let text = scene.desk.ok(action, &ids);
        assert_eq!(code(&text).as_deref(), Some("InvalidState"));
    }
    let text = scene.desk.ok("DescribeVpcEndpointConnections", "");
    assert!(text.contains("<vpcEndpointState>deleting<"), "{text}");
}

#[test]
fn a_waiting_connection_can_be_rejected() {
    let mut scene = Scene::new();
    let service = scene.service("orders", true);
    let endpoint = scene.endpoint(&service);
    let ids = format!("ServiceId={service}&VpcEndpointId.1={endpoint}");
    scene.desk.ok(REJECT, &ids);
    assert_eq!(scene.state(&endpoint), "rejected");
}

#[test]
fn some_of_a_call_may_fail() {
    let mut scene = Scene::new();
    let service = scene.service("orders", true);
    let other = scene.service("others", true);
    let (mine, strange) = (scene.endpoint(&service), scene.endpoint(&other));
    let text = scene.desk.ok(
        ACCEPT,
        &format!("ServiceId={service}&VpcEndpointId.1={strange}&VpcEndpointId.2={mine}"),
    );
    assert_eq!(
        code(&text).as_deref(),
        Some("InvalidVpcEndpointId.NotFound")
    );
    assert_eq!(first(&text, "resourceId"), Some(strange.clone()));
    assert_eq!(scene.state(&mine), "pending");
    assert_eq!(scene.state(&strange), "pendingAcceptance");
}

#[test]
fn refusals() {
    let mut scene = Scene::new();
    let service = scene.service("orders", true);
    let endpoint = scene.endpoint(&service);
    let many: String = (1..=51)
        .map(|n| format!("&VpcEndpointId.{n}={endpoint}"))
        .collect();
    for (parameters, code) in [
        (
            format!("ServiceId={service}&VpcEndpointId.1=vpce-1"),
            "InvalidVpcEndpointId.Malformed",
        ),
        (
            format!("ServiceId=vpce-svc-00000000000000000&VpcEndpointId.1={endpoint}"),
            "InvalidVpcEndpointServiceId.NotFound",
        ),
        (
            format!("ServiceId={service}{many}"),
            "InvalidParameterValue",
        ),
    ] {
        let fault = scene.desk.fault(ACCEPT, &parameters);
        assert_eq!(fault.code, code, "{}", fault.message);
    }
    // The consumer cannot accept its own connection.
    let ids = format!("ServiceId={service}&VpcEndpointId.1={endpoint}");
    let fault = scene.consumer(|desk| desk.fault(ACCEPT, &ids));
    assert_eq!(fault.code, "InvalidVpcEndpointServiceId.NotFound");
}

#[test]
fn a_provider_sees_its_connections_and_nobody_elses() {
    let mut scene = Scene::new();
    let service = scene.service("orders", true);
    let other = scene.service("others", true);
    let (mine, second) = (scene.endpoint(&service), scene.endpoint(&other));
    let by = format!("Filter.1.Name=service-id&Filter.1.Value.1={service}");
    let text = scene.desk.ok("DescribeVpcEndpointConnections", &by);
    assert!(text.contains(&mine) && !text.contains(&second), "{text}");
    let owner = scene.consumer(|desk| desk.call.account);
    for wanted in [
        format!("<vpcEndpointOwner>{owner}</vpcEndpointOwner>"),
        "<vpcEndpointState>pendingAcceptance<".into(),
        "loadbalancer/net/orders/".into(),
    ] {
        assert!(text.contains(&wanted), "{wanted}: {text}");
    }
    let none = "Filter.1.Name=vpc-endpoint-state&Filter.1.Value.1=available";
    let text = scene.desk.ok("DescribeVpcEndpointConnections", none);
    assert!(!text.contains("<vpcEndpointId>"), "{text}");
    let text = scene.consumer(|desk| desk.ok("DescribeVpcEndpointConnections", ""));
    assert!(!text.contains(&mine), "{text}");
    // A provider does not see a consumer's endpoint as an endpoint.
    let text = scene.desk.ok("DescribeVpcEndpoints", "");
    assert!(!text.contains(&mine), "{text}");
    let fault = scene
        .desk
        .fault("DescribeVpcEndpoints", &format!("VpcEndpointId.1={mine}"));
    assert_eq!(fault.code, "InvalidVpcEndpointId.NotFound");
    let text = scene
        .desk
        .ok("DeleteVpcEndpoints", &format!("VpcEndpointId.1={mine}"));
    assert_eq!(code(&text).as_deref(), Some("InvalidVpcEndpoint.NotFound"));
}
