//! What the index finds is what passes the filters, and nobody else's.

use model::id::EndpointId;
use model::world::Change;

use crate::api::scene::Scene;
use crate::api::tests::first;

const DESCRIBE: &str = "DescribeVpcEndpoints";

#[test]
fn each_indexed_filter_finds_what_passes() {
    let mut scene = Scene::new();
    let (one, two) = (scene.service("one", true), scene.service("two", true));
    let tagged = scene.wanted(&one, &[0])
        + "&TagSpecification.1.ResourceType=vpc-endpoint&TagSpecification.1.Tag.1.Key=team&TagSpecification.1.Tag.1.Value=blue";
    let a = scene.consumer(|desk| desk.make("CreateVpcEndpoint", &tagged, "vpcEndpointId"));
    let b = scene.endpoint(&two);
    let gateway = format!(
        "VpcId={}&ServiceName=com.amazonaws.us-east-1.s3",
        scene.vpcs[1]
    );
    let c = scene.consumer(|desk| desk.make("CreateVpcEndpoint", &gateway, "vpcEndpointId"));
    // The provider has an endpoint of its own to the same service.
    let own = format!(
        "VpcEndpointType=Interface&VpcId={}&ServiceName=com.amazonaws.vpce.us-east-1.{one}&SubnetId.1={}",
        scene.vpcs[0], scene.provider_subnets[0]
    );
    let theirs = scene.desk.make("CreateVpcEndpoint", &own, "vpcEndpointId");
    let name = |service: &str| format!("com.amazonaws.vpce.us-east-1.{service}");
    let vpcs = scene.vpcs.clone();
    for (filter, values, wanted) in [
        ("vpc-endpoint-id", vec![a.clone()], vec![&a]),
        (
            "vpc-endpoint-id",
            vec![b.clone(), a.clone(), a.clone()],
            vec![&a, &b],
        ),
        ("vpc-endpoint-id", vec![theirs.clone(), "x".into()], vec![]),
        ("vpc-endpoint-id", vec!["vpce-*".into()], vec![&a, &b, &c]),
        ("vpc-id", vec![vpcs[1].clone()], vec![&a, &b, &c]),
        ("vpc-id", vec![vpcs[0].clone()], vec![]),
        ("tag:team", vec!["blue".into(), "red".into()], vec![&a]),
        ("tag:team", vec!["b*".into()], vec![&a]),
        ("service-name", vec![name(&one)], vec![&a]),
        (
            "service-name",
            vec![name(&one), "com.amazonaws.us-east-1.s3".into()],
            vec![&a, &c],
        ),
        ("vpc-endpoint-type", vec!["Gateway".into()], vec![&c]),
        (
            "vpc-endpoint-state",
            vec!["pendingAcceptance".into()],
            vec![&a, &b],
        ),
    ] {
        let mut by = format!("Filter.1.Name={filter}");
        for (at, value) in values.iter().enumerate() {
            by += &format!("&Filter.1.Value.{}={value}", at + 1);
        }
        let text = scene.consumer(|desk| desk.ok(DESCRIBE, &by));
        let found = text.split("<vpcEndpointId>").skip(1);
        let found: Vec<&str> = found.map(|rest| &rest[..22]).collect();
        let mut wanted: Vec<&str> = wanted.into_iter().map(String::as_str).collect();
        wanted.sort();
        assert_eq!(found, wanted, "{by}");
    }
    let empty = scene.consumer(|desk| desk.fault(DESCRIBE, "Filter.1.Name=vpc-id"));
    assert_eq!(empty.code, "InvalidParameterValue");
}

/// One endpoint is found as fast among many as among few: a scan would take a hundred times as
/// long.
#[test]
fn many_others_do_not_slow_it_down() {
    let mut scene = Scene::new();
    let service = scene.service("one", true);
    let endpoint = scene.endpoint(&service);
    let by = format!("Filter.1.Name=vpc-endpoint-id&Filter.1.Value.1={endpoint}");
    let mut fastest = |count: u128| {
        let world = &scene.desk.world;
        let mut copy = world.endpoints[&endpoint.parse().unwrap()].as_ref().clone();
        copy.interfaces.clear();
        let copies = (1..count).map(|number| {
            copy.id = EndpointId::new(number);
            Change::from(copy.clone())
        });
        let copies: Vec<Change> = copies.collect();
        scene.desk.world = world.apply(&copies, world.revision + 1);
        let take = |scene: &mut Scene| {
            let start = std::time::Instant::now();
            scene.consumer(|desk| desk.ok(DESCRIBE, &by));
            start.elapsed()
        };
        (0..50).map(|_| take(&mut scene)).min().unwrap()
    };
    let (few, many) = (fastest(50), fastest(5_000));
    println!("one of 50: {few:?}, one of 5000: {many:?}");
    assert!(many < few * 5, "{few:?} {many:?}");
}

#[test]
fn pages_hold_all_once() {
    let mut scene = Scene::new();
    let service = scene.service("one", true);
    let mut made: Vec<String> = (0..5).map(|_| scene.endpoint(&service)).collect();
    made.sort();
    let (mut seen, mut rest) = (Vec::new(), String::new());
    loop {
        let text = scene.consumer(|desk| desk.ok(DESCRIBE, &format!("MaxResults=2{rest}")));
        let found = text.split("<vpcEndpointId>").skip(1);
        seen.extend(found.map(|rest| rest[..22].to_owned()));
        let Some(token) = first(&text, "nextToken") else {
            break;
        };
        rest = format!("&NextToken={token}");
    }
    assert_eq!(seen, made);
}

#[test]
fn there_are_no_associations() {
    let mut scene = Scene::new();
    let service = scene.service("one", true);
    let endpoint = scene.endpoint(&service);
    let one = format!("VpcEndpointId.1={endpoint}");
    let text = scene.consumer(|desk| desk.ok("DescribeVpcEndpointAssociations", &one));
    assert!(!text.contains("<item>"), "{text}");
    let fault = scene.desk.fault("DescribeVpcEndpointAssociations", &one);
    assert_eq!(fault.code, "InvalidVpcEndpointId.NotFound");
}

#[test]
fn tags_of_connections_permissions_and_lists() {
    let mut scene = Scene::new();
    let service = scene.service("one", true);
    scene.endpoint(&service);
    let text = scene.desk.ok("DescribeVpcEndpointConnections", "");
    let connection = first(&text, "vpcEndpointConnectionId").unwrap();
    assert!(connection.starts_with("vpce-con-"), "{connection}");
    let listed = format!("ServiceId={service}");
    let permissions = "DescribeVpcEndpointServicePermissions";
    let entry = scene.desk.make(permissions, &listed, "servicePermissionId");
    let list = "PrefixListName=n&AddressFamily=IPv4&MaxEntries=1";
    let list = scene
        .desk
        .make("CreateManagedPrefixList", list, "prefixListId");
    let ids = format!("ResourceId.1={connection}&ResourceId.2={entry}&ResourceId.3={list}");
    let tag = format!("{ids}&Tag.1.Key=a&Tag.1.Value=b");
    scene.desk.ok("CreateTags", &tag);
    for (action, ask) in [
        (
            "DescribeVpcEndpointConnections",
            "Filter.1.Name=tag:a&Filter.1.Value.1=b",
        ),
        (permissions, listed.as_str()),
        (
            "DescribeManagedPrefixLists",
            "Filter.1.Name=tag:a&Filter.1.Value.1=b",
        ),
    ] {
        let text = scene.desk.ok(action, ask);
        assert!(
            text.contains("<key>a</key><value>b</value>"),
            "{action}: {text}"
        );
    }
    let tags = scene.desk.ok("DescribeTags", "");
    for kind in [
        "vpc-endpoint-connection",
        "vpc-endpoint-service-permission",
        "prefix-list",
    ] {
        assert!(tags.contains(&format!(">{kind}<")), "{kind}: {tags}");
    }
    // They are the provider's, not the consumer's.
    let fault = scene.consumer(|desk| desk.fault("CreateTags", &tag));
    assert!(fault.code.ends_with(".NotFound"), "{}", fault.code);
    let text = scene.consumer(|desk| desk.ok(DESCRIBE, ""));
    assert!(!text.contains("<key>a</key>"), "{text}");
}
