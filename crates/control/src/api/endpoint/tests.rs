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

#[test]
fn what_describe_shows() {
    let mut scene = Scene::new();
    let service = scene.service("orders", false);
    let wanted = scene.wanted(&service, &[1, 0])
        + "&ClientToken=t&TagSpecification.1.ResourceType=vpc-endpoint&TagSpecification.1.Tag.1.Key=team&TagSpecification.1.Tag.1.Value=blue";
    let id = scene.consumer(|desk| desk.make("CreateVpcEndpoint", &wanted, "vpcEndpointId"));
    let again = scene.consumer(|desk| desk.make("CreateVpcEndpoint", &wanted, "vpcEndpointId"));
    assert_eq!(again, id);
    let by = "Filter.1.Name=vpc-endpoint-state&Filter.1.Value.1=pending&Filter.2.Name=tag:team&Filter.2.Value.1=blue&Filter.3.Name=vpc-endpoint-type&Filter.3.Value.1=Interface";
    let text = scene.consumer(|desk| desk.ok("DescribeVpcEndpoints", by));
    for wanted in [
        id.as_str(),
        "<state>pending</state>",
        "<vpcEndpointType>Interface</vpcEndpointType>",
        "<ipAddressType>ipv4</ipAddressType>",
        "<dnsRecordIpType>ipv4</dnsRecordIpType>",
        "<privateDnsEnabled>false</privateDnsEnabled>",
        "<serviceRegion>us-east-1</serviceRegion>",
        "<creationTimestamp>2023-11-14T22:13:20.000Z</creationTimestamp>",
        "<policyDocument>{",
    ] {
        assert!(text.contains(wanted), "{wanted}: {text}");
    }
    let [b, a] = [1, 0].map(|at| text.find(&scene.subnets[at]).unwrap());
    assert!(b < a, "subnets stay in the order in which they were given");
    let names: Vec<_> = text.match_indices("<dnsName>").collect();
    let zonal = text.find("-us-east-1b.").unwrap();
    assert_eq!(names.len(), 3);
    assert!(names[0].0 < zonal, "the regional name comes first");
    let fault = scene.consumer(|desk| desk.fault("CreateVpcEndpoint", &format!("{wanted}2")));
    assert_eq!(fault.code, "IdempotentParameterMismatch");
    let described = format!("VPC Endpoint Interface {id}");
    let enis = scene.desk.world.interfaces.values();
    assert_eq!(enis.filter(|eni| eni.description == described).count(), 2);
}

#[test]
fn an_address_can_be_chosen() {
    let mut scene = Scene::new();
    let service = scene.service("orders", true);
    let base = scene.wanted(&service, &[0]);
    let pin = |ip: &str| {
        format!(
            "{base}&SubnetConfiguration.1.SubnetId={}&SubnetConfiguration.1.Ipv4={ip}",
            scene.subnets[0]
        )
    };
    let [good, reserved, words] = ["10.0.0.200", "10.0.0.1", "x"].map(pin);
    scene.consumer(|desk| desk.ok("CreateVpcEndpoint", &good));
    let mut enis = scene.desk.world.interfaces.values();
    assert!(enis.any(|eni| eni.ip.to_string() == "10.0.0.200"));
    for (parameters, code) in [
        (good, "InvalidIPAddress.InUse"),
        (reserved, "InvalidParameterValue"),
        (words, "InvalidParameterValue"),
    ] {
        let fault = scene.consumer(|desk| desk.fault("CreateVpcEndpoint", &parameters));
        assert_eq!(fault.code, code, "{}", fault.message);
    }
}

#[test]
fn refusals_of_create() {
    let mut scene = Scene::new();
    let service = scene.service("orders", true);
    let base = scene.wanted(&service, &[0]);
    let kind = |kind: &str| base.replace("Type=Interface", &format!("Type={kind}"));
    let group = &scene.desk.world.security_groups;
    let vpc = scene.vpcs[0].parse().unwrap();
    let foreign = group.values().find(|it| it.vpc == vpc).unwrap().id;
    let [c, own] = [2, 0].map(|at| scene.subnets[at].clone());
    let theirs = scene.provider_subnets[0].clone();
    for (parameters, code) in [
        (
            base.replace("VpcEndpointType=Interface&", ""),
            "InvalidParameter",
        ),
        (kind("Gateway"), "InvalidParameter"),
        (kind("Tunnel"), "UnsupportedOperation"),
        (kind("GatewayLoadBalancer"), "UnsupportedOperation"),
        (kind("Resource"), "UnsupportedOperation"),
        (kind("ServiceNetwork"), "UnsupportedOperation"),
        (kind("interface"), "InvalidParameterValue"),
        (format!("{base}&PrivateDnsEnabled=true"), "InvalidParameter"),
        (
            format!("{base}&PolicyDocument={{}}"),
            "InvalidPolicyDocument",
        ),
        (
            format!(
                "{base}&PolicyDocument={{\"Statement\":{{\"Effect\":\"Deny\",\"Principal\":\"*\",\"Action\":\"*\",\"Resource\":\"*\"}}}}"
            ),
            "InvalidParameter",
        ),
        (
            format!("{base}&IpAddressType=dualstack"),
            "UnsupportedOperation",
        ),
        (format!("{base}&RouteTableId.1=rtb-1"), "InvalidParameter"),
        (
            format!("{base}&ServiceRegion=eu-central-1"),
            "UnsupportedOperation",
        ),
        (
            format!("{base}&DnsOptions.DnsRecordIpType=ipv6"),
            "UnsupportedOperation",
        ),
        (
            base.replace("vpce-svc-", "vpce-svc-x"),
            "InvalidServiceName",
        ),
        (
            base.replace(&scene.vpcs[1], &scene.vpcs[0]),
            "InvalidVpcID.NotFound",
        ),
        (scene.wanted(&service, &[]), "MissingParameter"),
        (base.replace(&own, &theirs), "InvalidSubnetID.NotFound"),
        (
            scene.wanted(&service, &[0, 3]),
            "DuplicateSubnetsInSameZone",
        ),
        (base.replace(&own, &c), "InvalidParameter"),
        (
            format!("{base}&SecurityGroupId.1={foreign}"),
            "InvalidGroup.NotFound",
        ),
    ] {
        let fault = scene.consumer(|desk| desk.fault("CreateVpcEndpoint", &parameters));
        assert_eq!(fault.code, code, "{parameters}: {}", fault.message);
    }
    let zone = base.replace(&own, &c);
    let fault = scene.consumer(|desk| desk.fault("CreateVpcEndpoint", &zone));
    let wanted = format!(
        "does not support the availability zone of the subnet: {c} (in us-east-1c (use1-az3)); give subnets in us-east-1a (use1-az1), us-east-1b (use1-az2): "
    );
    assert!(fault.message.contains(&wanted), "{}", fault.message);
    for there in [0, 1, 3].map(|at| &scene.subnets[at]) {
        assert!(fault.message.contains(there), "{}", fault.message);
    }
}

#[test]
fn a_vpc_has_at_most_fifty() {
    let mut scene = Scene::new();
    let service = scene.service("orders", false);
    for _ in 0..50 {
        scene.endpoint(&service);
    }
    let wanted = scene.wanted(&service, &[0]);
    let fault = scene.consumer(|desk| desk.fault("CreateVpcEndpoint", &wanted));
    assert_eq!(fault.code, "VpcEndpointLimitExceeded");
    assert!(fault.message.contains("50"), "{}", fault.message);
}

#[test]
fn deleting_closes_in_every_state() {
    let mut scene = Scene::new();
    let service = scene.service("orders", true);
    let [waiting, pending, rejected] = [0; 3].map(|_| scene.endpoint(&service));
    for (action, endpoint) in [
        ("AcceptVpcEndpointConnections", &pending),
        ("RejectVpcEndpointConnections", &rejected),
    ] {
        scene.desk.ok(
            action,
            &format!("ServiceId={service}&VpcEndpointId.1={endpoint}"),
        );
    }
    let gone = "vpce-00000000000000000";
    let text = scene.consumer(|desk| {
        desk.ok(
            "DeleteVpcEndpoints",
            &format!("VpcEndpointId.1={waiting}&VpcEndpointId.2={pending}&VpcEndpointId.3={rejected}&VpcEndpointId.4={gone}&VpcEndpointId.5={pending}"),
        )
    });
    assert_eq!(text.matches("<code>").count(), 1, "{text}");
    assert!(
        text.contains("<code>InvalidVpcEndpoint.NotFound</code>"),
        "{text}"
    );
    let revision = scene.desk.world.revision;
    for endpoint in [&waiting, &pending, &rejected] {
        assert_eq!(scene.state(endpoint), "deleting");
        let again = format!("VpcEndpointId.1={endpoint}");
        scene.consumer(|desk| desk.ok("DeleteVpcEndpoints", &again));
    }
    assert_eq!(scene.desk.world.revision, revision);
    let bad = scene.consumer(|desk| desk.fault("DeleteVpcEndpoints", "VpcEndpointId.1=x"));
    assert_eq!(bad.code, "InvalidVpcEndpointId.Malformed");
}

mod demo;
mod property;
