//! Endpoint services through the dispatcher.

use crate::api::scene::Scene;
use crate::api::tests::first;

const CREATE: &str = "CreateVpcEndpointServiceConfiguration";
const MODIFY: &str = "ModifyVpcEndpointServiceConfiguration";
const DELETE: &str = "DeleteVpcEndpointServiceConfigurations";

#[test]
fn a_service_waits_for_acceptance_unless_told_otherwise() {
    let mut scene = Scene::new();
    let balancer = scene.balancer("orders");
    let text = scene.desk.ok(
        CREATE,
        &format!("NetworkLoadBalancerArn.1={balancer}&ClientToken=t"),
    );
    let id = first(&text, "serviceId").unwrap();
    for wanted in [
        "<acceptanceRequired>true</acceptanceRequired>",
        "<serviceState>Available</serviceState>",
        "<clientToken>t</clientToken>",
        "<item>us-east-1a</item>",
        "<item>use1-az2</item>",
        balancer.as_str(),
        &format!("com.amazonaws.vpce.us-east-1.{id}"),
        &format!("{id}.us-east-1.vpce.amazonaws.com"),
    ] {
        assert!(text.contains(wanted), "{wanted}: {text}");
    }
    let same = format!("NetworkLoadBalancerArn.1={balancer}&ClientToken=t");
    assert_eq!(scene.desk.make(CREATE, &same, "serviceId"), id);
    assert_eq!(
        scene
            .desk
            .fault(CREATE, &format!("{same}&AcceptanceRequired=false"))
            .code,
        "IdempotentParameterMismatch"
    );
    let filter = format!("Filter.1.Name=service-name&Filter.1.Value.1=*.{id}");
    let text = scene
        .desk
        .ok("DescribeVpcEndpointServiceConfigurations", &filter);
    assert!(text.contains(&id), "{text}");
}

#[test]
fn refusals_of_create() {
    let mut scene = Scene::new();
    scene.service("taken", true);
    let taken = scene.balancer("taken");
    let free = scene.balancer("free");
    let base = format!("NetworkLoadBalancerArn.1={free}");
    for (parameters, code) in [
        (String::new(), "MissingParameter"),
        (
            format!("NetworkLoadBalancerArn.1={taken}"),
            "InvalidParameter",
        ),
        ("NetworkLoadBalancerArn.1=x".into(), "InvalidParameter"),
        (
            format!("{base}&GatewayLoadBalancerArn.1=x"),
            "UnsupportedOperation",
        ),
        (
            format!("{base}&PrivateDnsName=A.example"),
            "InvalidParameterValue",
        ),
        (
            format!("{base}&SupportedIpAddressType.1=ipv6"),
            "UnsupportedOperation",
        ),
        (
            format!("{base}&SupportedRegion.1=eu-central-1"),
            "UnsupportedOperation",
        ),
    ] {
        let fault = scene.desk.fault(CREATE, &parameters);
        assert_eq!(fault.code, code, "{parameters}: {}", fault.message);
    }
    let fault = scene.consumer(|desk| desk.fault(CREATE, &base));
    assert_eq!(fault.code, "InvalidParameter");
}

#[test]
fn what_a_service_has_cannot_be_taken_away() {
    let mut scene = Scene::new();
    let service = scene.service("orders", true);
    for (change, code) in [
        (
            "RemoveSupportedIpAddressType.1=ipv4",
            "InvalidParameterValue",
        ),
        ("AddSupportedIpAddressType.1=ipv6", "UnsupportedOperation"),
        ("AddSupportedIpAddressType.1=ip", "InvalidParameterValue"),
        ("RemoveSupportedRegion.1=us-east-1", "InvalidParameterValue"),
        ("AddSupportedRegion.1=eu-west-1", "UnsupportedOperation"),
        ("AddGatewayLoadBalancerArn.1=x", "UnsupportedOperation"),
    ] {
        let fault = scene
            .desk
            .fault(MODIFY, &format!("ServiceId={service}&{change}"));
        assert_eq!(fault.code, code, "{change}: {}", fault.message);
    }
    // What is there already may be asked for.
    let revision = scene.desk.world.revision;
    let same = "AddSupportedIpAddressType.1=ipv4&AddSupportedRegion.1=us-east-1";
    scene
        .desk
        .ok(MODIFY, &format!("ServiceId={service}&{same}"));
    assert_eq!(scene.desk.world.revision, revision);
}

#[test]
fn who_pays_changes_once() {
    let mut scene = Scene::new();
    let service = scene.service("orders", true);
    let action = "ModifyVpcEndpointServicePayerResponsibility";
    let to = |payer: &str| format!("ServiceId={service}&PayerResponsibility={payer}");
    let fault = scene.desk.fault(action, &to("EndpointOwner"));
    assert_eq!(fault.code, "InvalidParameterValue");
    let mine = to("ServiceOwner");
    let fault = scene.consumer(|desk| desk.fault(action, &mine));
    assert_eq!(fault.code, "InvalidVpcEndpointServiceId.NotFound");
    scene.desk.ok(action, &mine);
    scene.desk.ok(action, &mine);
    let shown = "<payerResponsibility>ServiceOwner</payerResponsibility>";
    let text = scene
        .desk
        .ok("DescribeVpcEndpointServiceConfigurations", "");
    assert!(text.contains(shown), "{text}");
    let text = scene.consumer(|desk| desk.ok("DescribeVpcEndpointServices", ""));
    assert!(text.contains(shown), "{text}");
}

#[test]
fn load_balancers_are_swapped_while_each_connection_keeps_one() {
    let mut scene = Scene::new();
    let service = scene.service("old", false);
    let old = scene.balancer("old");
    let only_b = format!(
        "Name=b&Type=network&Subnets.member.1={}",
        scene.provider_subnets[1]
    );
    let only_b = scene
        .desk
        .make("elbv2:CreateLoadBalancer", &only_b, "LoadBalancerArn");
    let new = scene.balancer("new");
    let change = |add: &str, remove: &str| {
        format!(
            "ServiceId={service}&AddNetworkLoadBalancerArn.1={add}&RemoveNetworkLoadBalancerArn.1={remove}"
        )
    };
    let remove = format!("ServiceId={service}&RemoveNetworkLoadBalancerArn.1={old}");
    assert_eq!(scene.desk.fault(MODIFY, &remove).code, "InvalidParameter");
    let endpoint = scene.endpoint(&service);
    let fault = scene.desk.fault(MODIFY, &change(&only_b, &old));
    assert_eq!(fault.code, "ExistingVpcEndpointConnections");
    assert!(fault.message.contains(&endpoint), "{}", fault.message);
    scene.desk.ok(MODIFY, &change(&new, &old));
    let stranger = scene.desk.fault(MODIFY, &remove);
    assert_eq!(stranger.code, "InvalidParameter");
    scene.desk.ok(
        "elbv2:DeleteLoadBalancer",
        &format!("LoadBalancerArn={old}"),
    );
}

#[test]
fn a_service_with_connections_stays() {
    let mut scene = Scene::new();
    let service = scene.service("orders", true);
    let endpoint = scene.endpoint(&service);
    let delete = format!("ServiceId.1={service}&ServiceId.2=vpce-svc-00000000000000000");
    let text = scene.desk.ok(DELETE, &delete);
    assert!(
        text.contains("<code>ExistingVpcEndpointConnections</code>"),
        "{text}"
    );
    assert!(
        text.contains("<code>InvalidVpcEndpointService.NotFound</code>"),
        "{text}"
    );
    scene.desk.ok(
        "RejectVpcEndpointConnections",
        &format!("ServiceId={service}&VpcEndpointId.1={endpoint}"),
    );
    let text = scene.desk.ok(DELETE, &format!("ServiceId.1={service}"));
    assert!(!text.contains("<code>"), "{text}");
    assert!(scene.desk.world.services.is_empty());
    let ask = format!("ServiceId.1={service}");
    let fault = scene
        .desk
        .fault("DescribeVpcEndpointServiceConfigurations", &ask);
    assert_eq!(fault.code, "InvalidVpcEndpointServiceId.NotFound");
    // The consumer still sees what it had.
    assert_eq!(scene.state(&endpoint), "rejected");
}

#[test]
fn ids_are_told_apart() {
    let mut scene = Scene::new();
    let service = scene.service("orders", true);
    let fault = scene.desk.fault(MODIFY, "ServiceId=vpce-svc-1");
    assert_eq!(fault.code, "InvalidVpcEndpointServiceIdId.Malformed");
    let mine = format!("ServiceId={service}");
    let fault = scene.consumer(|desk| desk.fault(MODIFY, &mine));
    assert_eq!(fault.code, "InvalidVpcEndpointServiceId.NotFound");
}

#[test]
fn a_changed_setting_leaves_connections_alone() {
    let mut scene = Scene::new();
    let service = scene.service("orders", false);
    let first = scene.endpoint(&service);
    scene.desk.ok(
        MODIFY,
        &format!("ServiceId={service}&AcceptanceRequired=true"),
    );
    let second = scene.endpoint(&service);
    assert_eq!(scene.state(&first), "pending");
    assert_eq!(scene.state(&second), "pendingAcceptance");
}
