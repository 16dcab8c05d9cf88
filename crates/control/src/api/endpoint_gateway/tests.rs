//! Gateway endpoints through the dispatcher.

use model::endpoint::Managed;

use crate::api::scene::Scene;
use crate::api::tests::first;

const CREATE: &str = "CreateVpcEndpoint";
const MODIFY: &str = "ModifyVpcEndpoint";
const DESCRIBE: &str = "DescribeVpcEndpoints";

/// The parameters of a consumer's gateway.
fn wanted(scene: &Scene, service: &str) -> String {
    format!(
        "VpcId={}&ServiceName=com.amazonaws.us-east-1.{service}",
        scene.vpcs[1]
    )
}

fn table(scene: &mut Scene) -> String {
    let vpc = format!("VpcId={}", scene.vpcs[1]);
    scene.consumer(|desk| desk.make("CreateRouteTable", &vpc, "routeTableId"))
}

fn make(scene: &mut Scene, service: &str, more: &str) -> String {
    let parameters = format!("{}{more}", wanted(scene, service));
    scene.consumer(|desk| desk.make(CREATE, &parameters, "vpcEndpointId"))
}

/// How many tables and routes lead to an endpoint.
fn routes(scene: &mut Scene, endpoint: &str) -> usize {
    let by = format!("Filter.1.Name=route.gateway-id&Filter.1.Value.1={endpoint}");
    let text = scene.consumer(|desk| desk.ok("DescribeRouteTables", &by));
    text.matches(&format!("<gatewayId>{endpoint}</gatewayId>"))
        .count()
}

#[test]
fn a_gateway_is_there_at_once_without_enis() {
    let mut scene = Scene::new();
    let table = table(&mut scene);
    let enis = scene.desk.world.interfaces.size();
    let id = make(
        &mut scene,
        "s3",
        &format!("&PrivateDnsEnabled=false&RouteTableId.1={table}&RouteTableId.2={table}"),
    );
    let one = format!("VpcEndpointId.1={id}");
    let text = scene.consumer(|desk| desk.ok(DESCRIBE, &one));
    for wanted in [
        "<state>available</state>",
        "<vpcEndpointType>Gateway</vpcEndpointType>",
        "<serviceName>com.amazonaws.us-east-1.s3</serviceName>",
        "<privateDnsEnabled>false</privateDnsEnabled>",
        "<dnsRecordIpType>service-defined</dnsRecordIpType>",
        "2008-10-17",
        &format!("<item>{table}</item>"),
    ] {
        assert!(text.contains(wanted), "{wanted}: {text}");
    }
    assert!(!text.contains("<dnsName>"), "{text}");
    assert_eq!(scene.desk.world.interfaces.size(), enis);
    assert_eq!(routes(&mut scene, &id), 1);
    // Its routes go at once, the endpoint when no host has it.
    scene.consumer(|desk| desk.ok("DeleteVpcEndpoints", &one));
    assert_eq!(scene.state(&id), "deleting");
    assert_eq!(routes(&mut scene, &id), 0);
    scene.settle(0);
    let fault = scene.consumer(|desk| desk.fault(DESCRIBE, &one));
    assert_eq!(fault.code, "InvalidVpcEndpointId.NotFound");
}

#[test]
fn tables_come_and_go_by_modify() {
    let mut scene = Scene::new();
    let [one, two] = [0; 2].map(|_| table(&mut scene));
    let id = make(&mut scene, "s3", "");
    let base = format!("VpcEndpointId={id}");
    assert_eq!(routes(&mut scene, &id), 0);
    let both = format!("{base}&AddRouteTableId.1={one}&AddRouteTableId.2={two}");
    scene.consumer(|desk| desk.ok(MODIFY, &both));
    assert_eq!(routes(&mut scene, &id), 2);
    // What is there stays there, and nothing is written.
    let revision = scene.desk.world.revision;
    scene.consumer(|desk| desk.ok(MODIFY, &both));
    assert_eq!(scene.desk.world.revision, revision);
    let remove = format!("{base}&RemoveRouteTableId.1={one}");
    scene.consumer(|desk| desk.ok(MODIFY, &remove));
    assert_eq!(routes(&mut scene, &id), 1);
    let again = scene.consumer(|desk| desk.fault(MODIFY, &remove));
    assert_eq!(again.code, "InvalidParameterValue");
    let mixed = format!("{base}&AddRouteTableId.1={two}&RemoveRouteTableId.1={two}");
    let fault = scene.consumer(|desk| desk.fault(MODIFY, &mixed));
    assert_eq!(fault.code, "InvalidParameterCombination");
}

#[test]
fn a_table_has_one_endpoint_a_service() {
    let mut scene = Scene::new();
    let [one, two] = [0; 2].map(|_| table(&mut scene));
    let on = |table: &str| format!("&RouteTableId.1={table}");
    make(&mut scene, "s3", &on(&one));
    let second = format!("{}{}", wanted(&scene, "s3"), on(&one));
    let fault = scene.consumer(|desk| desk.fault(CREATE, &second));
    assert_eq!(fault.code, "RouteAlreadyExists");
    assert_eq!(
        fault.message,
        format!(
            "route table {one} already has a route with destination-prefix-list-id {}",
            Managed::S3.prefix_list()
        )
    );
    let other = make(&mut scene, "s3", &on(&two));
    make(&mut scene, "dynamodb", &on(&one));
    let add = format!("VpcEndpointId={other}&AddRouteTableId.1={one}");
    let fault = scene.consumer(|desk| desk.fault(MODIFY, &add));
    assert_eq!(fault.code, "RouteAlreadyExists");
    // Both of one table go in one call.
    let all = scene.consumer(|desk| desk.ok(DESCRIBE, ""));
    let ids = all.split("<vpcEndpointId>").skip(1).enumerate();
    let ids: String = ids
        .map(|(at, rest)| format!("&VpcEndpointId.{}={}", at + 1, &rest[..22]))
        .collect();
    scene.consumer(|desk| desk.ok("DeleteVpcEndpoints", ids.trim_start_matches('&')));
    let mut tables = scene.desk.world.route_tables.values();
    assert!(tables.all(|table| table.routes.len() == 1));
}

#[test]
fn refusals() {
    let mut scene = Scene::new();
    let base = wanted(&scene, "s3");
    let id = make(&mut scene, "s3", "");
    let theirs = format!("VpcId={}", scene.vpcs[0]);
    let theirs = scene.desk.make("CreateRouteTable", &theirs, "routeTableId");
    let elsewhere = scene.consumer(|desk| {
        let vpc = desk.make("CreateVpc", "CidrBlock=10.9.0.0/16", "vpcId");
        desk.make("CreateRouteTable", &format!("VpcId={vpc}"), "routeTableId")
    });
    let subnet = scene.subnets[0].clone();
    for (more, code) in [
        ("&VpcEndpointType=Interface".into(), "InvalidParameter"),
        (format!("&SubnetId.1={subnet}"), "InvalidParameter"),
        ("&SecurityGroupId.1=sg-1".into(), "InvalidParameter"),
        (
            "&SubnetConfiguration.1.Ipv4=10.0.0.9".into(),
            "InvalidParameter",
        ),
        ("&PrivateDnsEnabled=true".into(), "InvalidParameter"),
        ("&IpAddressType=dualstack".into(), "UnsupportedOperation"),
        ("&IpAddressType=IPv4".into(), "InvalidParameterValue"),
        (
            "&RouteTableId.1=rtb-1".into(),
            "InvalidRouteTableID.Malformed",
        ),
        (
            format!("&RouteTableId.1={theirs}"),
            "InvalidRouteTableID.NotFound",
        ),
        (format!("&RouteTableId.1={elsewhere}"), "InvalidParameter"),
        ("&PolicyDocument={".into(), "InvalidPolicyDocument"),
        ("&PolicyDocument=".into(), "InvalidPolicyDocument"),
    ] {
        let fault = scene.consumer(|desk| desk.fault(CREATE, &format!("{base}{more}")));
        assert_eq!(fault.code, code, "{more}: {}", fault.message);
    }
    for more in [
        format!("AddSubnetId.1={subnet}"),
        format!("RemoveSubnetId.1={subnet}"),
        "AddSecurityGroupId.1=sg-1".into(),
        "RemoveSecurityGroupId.1=sg-1".into(),
        "PrivateDnsEnabled=true".into(),
    ] {
        let change = format!("VpcEndpointId={id}&{more}");
        let fault = scene.consumer(|desk| desk.fault(MODIFY, &change));
        assert_eq!(fault.code, "InvalidParameter", "{more}");
        let name = more.split(['.', '=']).next().unwrap();
        assert!(fault.message.contains(name), "{}", fault.message);
    }
}

#[test]
fn a_policy_is_kept_as_it_is_written() {
    let mut scene = Scene::new();
    let policy = "{ \"Statement\":\n [{\"Effect\":\"Allow\", \"Principal\":\"*\",\"Action\":\"s3:GetObject\",\"Resource\":\"arn:aws:s3:::b/*\"}]}";
    let id = make(&mut scene, "s3", &format!("&PolicyDocument={policy}"));
    let kept = |scene: &Scene| {
        scene.desk.world.endpoints[&id.parse().unwrap()]
            .policy
            .clone()
    };
    assert_eq!(kept(&scene).as_deref(), Some(policy));
    let change = |rest: &str| format!("VpcEndpointId={id}&{rest}");
    let both = change(&format!("ResetPolicy=true&PolicyDocument={policy}"));
    let fault = scene.consumer(|desk| desk.fault(MODIFY, &both));
    assert_eq!(fault.code, "InvalidParameterCombination");
    let long = change(&format!("PolicyDocument={policy}{}", " ".repeat(20_480)));
    let fault = scene.consumer(|desk| desk.fault(MODIFY, &long));
    assert_eq!(fault.code, "InvalidPolicyDocument");
    assert!(fault.message.contains("20480"), "{}", fault.message);
    scene.consumer(|desk| desk.ok(MODIFY, &change("ResetPolicy=false")));
    assert_eq!(kept(&scene).as_deref(), Some(policy));
    scene.consumer(|desk| desk.ok(MODIFY, &change("ResetPolicy=true")));
    assert_eq!(kept(&scene), None);
}

#[test]
fn an_account_has_at_most_twenty() {
    let mut scene = Scene::new();
    for _ in 0..20 {
        make(&mut scene, "dynamodb", "");
    }
    let one_more = wanted(&scene, "s3");
    let fault = scene.consumer(|desk| desk.fault(CREATE, &one_more));
    assert_eq!(fault.code, "VpcEndpointLimitExceeded");
    assert!(fault.message.contains("L-1B52E74A"), "{}", fault.message);
    // They do not count as interface endpoints.
    let service = scene.service("orders", false);
    scene.endpoint(&service);
}

#[test]
fn the_catalogue_has_the_services() {
    let mut scene = Scene::new();
    let service = scene.service("orders", false);
    let by = "Filter.1.Name=service-type&Filter.1.Value.1=Gateway&ServiceName.1=com.amazonaws.us-east-1.s3";
    let text = scene.consumer(|desk| desk.ok("DescribeVpcEndpointServices", by));
    for wanted in [
        "<serviceName>com.amazonaws.us-east-1.s3</serviceName>",
        "<owner>amazon</owner>",
        "<vpcEndpointPolicySupported>true</vpcEndpointPolicySupported>",
        "<acceptanceRequired>false</acceptanceRequired>",
        "<item>us-east-1c</item>",
    ] {
        assert!(text.contains(wanted), "{wanted}: {text}");
    }
    let all = scene.consumer(|desk| desk.ok("DescribeVpcEndpointServices", ""));
    let names = |text: &str| text.matches("<serviceType><item>").count();
    assert_eq!(names(&all), 3, "{all}");
    let page = scene.consumer(|desk| desk.ok("DescribeVpcEndpointServices", "MaxResults=2"));
    let token = first(&page, "nextToken").unwrap();
    assert!(!page.contains(&service), "{page}");
    let rest = format!("MaxResults=2&NextToken={token}");
    let page = scene.consumer(|desk| desk.ok("DescribeVpcEndpointServices", &rest));
    assert!(page.contains(&service) && names(&page) == 1, "{page}");
}
