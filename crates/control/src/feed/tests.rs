//! The form of stored values, and what is refused.

use std::collections::BTreeSet;
use std::error::Error as _;

use model::account::{AccessKey, Status};
use model::time::Millis;
use model::world::{Change, Replay, Resource, World};
use revlog::{Key, Log as _, Memory, Txn};

use super::{Error, decode, encode, read};
use crate::api::scene::Scene;

fn store(key: &str, value: impl Into<Vec<u8>>) -> Memory {
    let log = Memory::new();
    let _ = log
        .txn(Txn::new().put(Key::parse(key).unwrap(), value))
        .unwrap();
    log
}

/// A World that holds every kind of resource.
fn full() -> World {
    let mut scene = Scene::new();
    let service = scene.service("web", false);
    let topic = format!("arn:aws:sns:us-east-1:{}:t", scene.desk.call.account);
    scene.desk.ok(
        "CreateVpcEndpointConnectionNotification",
        &format!(
            "ServiceId={service}&ConnectionNotificationArn={topic}&ConnectionEvents.1=Connect"
        ),
    );
    scene.endpoint(&service);
    let gateway = "com.amazonaws.us-east-1.s3";
    let gateway = format!("VpcId={}&ServiceName={gateway}", scene.vpcs[1]);
    scene.consumer(|desk| desk.ok("CreateVpcEndpoint", &gateway));
    let list = "PrefixListName=n&AddressFamily=IPv6&MaxEntries=2&Entry.1.Cidr=fd00::/8";
    scene.desk.ok("CreateManagedPrefixList", list);
    let balancer = scene.balancer("two");
    let group = scene.group("tg");
    scene.listener(&balancer, &group, 80);
    let desk = &mut scene.desk;
    desk.ok("iam:CreateUser", "UserName=ann&Path=/ops/");
    desk.ok("iam:CreateGroup", "GroupName=staff");
    desk.ok("iam:AddUserToGroup", "GroupName=staff&UserName=ann");
    let trust = r#"{"Statement":{"Effect":"Allow","Principal":"*","Action":"sts:AssumeRole"}}"#;
    desk.ok(
        "iam:CreateRole",
        &format!("RoleName=deploy&AssumeRolePolicyDocument={trust}"),
    );
    let document = r#"{"Statement":{"Effect":"Allow","Action":"ec2:*","Resource":"*"}}"#;
    desk.ok(
        "iam:CreatePolicy",
        &format!("PolicyName=some&PolicyDocument={document}"),
    );
    let [vpc, subnet] = [&scene.vpcs[0], &scene.provider_subnets[0]];
    let gateway = desk.make("CreateInternetGateway", "", "internetGatewayId");
    desk.ok(
        "AttachInternetGateway",
        &format!("InternetGatewayId={gateway}&VpcId={vpc}"),
    );
    let address = desk.make("AllocateAddress", "", "allocationId");
    desk.ok(
        "CreateNatGateway",
        &format!("SubnetId={subnet}&AllocationId={address}"),
    );
    let peer = format!(
        "VpcId={vpc}&PeerVpcId={}&PeerOwnerId=210987654321",
        scene.vpcs[1]
    );
    desk.ok("CreateVpcPeeringConnection", &peer);
    let key = AccessKey {
        id: "AKIAABCDEFGHIJKLMNOP".into(),
        account: scene.desk.call.account,
        user: None,
        status: Status::Inactive,
        created: Millis(5),
        sealed_secret: vec![0, 255, 7],
    };
    let replay = Replay {
        key: "123456789012/CreateVpc/00ff".into(),
        // More than a JavaScript number holds.
        fingerprint: u64::MAX,
        resource: "vpc-1".into(),
        made: Millis(1),
    };
    scene.apply(&[key.into(), replay.into()]);
    scene.desk.world
}

fn resources(world: &World) -> Vec<Resource> {
    macro_rules! all {
        ($($table:ident $kind:ident),+) => {{
            let mut found = Vec::new();
            $(
                assert!(!world.$table.is_empty(), "no {}", stringify!($table));
                let values = world.$table.values();
                found.extend(values.map(|value| Resource::$kind(value.as_ref().clone())));
            )+
            found
        }};
    }
    all!(
        accounts Account, access_keys AccessKey, users User, groups Group, roles Role,
        policies Policy, vpcs Vpc, subnets Subnet,
        dhcp_options DhcpOptions, route_tables RouteTable, network_acls NetworkAcl,
        internet_gateways InternetGateway, nat_gateways NatGateway, peerings Peering, addresses Address,
        security_groups SecurityGroup, interfaces Interface, load_balancers LoadBalancer,
        target_groups TargetGroup, listeners Listener, services EndpointService,
        endpoints Endpoint, notifications Notification, prefix_lists PrefixList,
        deliveries Delivery, replays Replay
    )
}

#[test]
fn every_kind_is_read_as_it_was_written() {
    let before = full();
    let mut kinds = BTreeSet::new();
    let mut changes = Vec::new();
    let log = Memory::new();
    for resource in resources(&before) {
        let path = resource.name().path();
        let value = encode(&resource).unwrap();
        assert_eq!(decode(&path, &value).unwrap(), resource);
        kinds.insert(path.split('/').nth(1).unwrap().to_owned());
        let key = Key::parse(&path).unwrap();
        let _ = log.txn(Txn::new().put(key, value)).unwrap();
        changes.push(Change::Put(resource));
    }
    assert_eq!(kinds.len(), 26);
    let mut found = read(&log).unwrap().0;
    assert_eq!(found.revision, log.revision().get());
    found.revision = before.revision;
    assert_eq!(found, before);
    assert_eq!(World::default().apply(&changes, before.revision), before);
}

#[test]
fn an_empty_log_is_an_empty_world() {
    assert_eq!(read(&Memory::new()).unwrap().0, World::default());
}

#[test]
fn a_newer_schema_is_refused_by_name() {
    // Nothing but the version has a meaning to us.
    let log = store("/vpc/vpc-1", r#"{"v":2,"shape":"of the future"}"#);
    let error = read(&log).unwrap_err();
    assert!(matches!(&error, Error::Newer { key, version: 2 } if key == "/vpc/vpc-1"));
    assert!(error.to_string().contains("/vpc/vpc-1"), "{error}");
}

#[test]
fn a_value_that_is_no_resource_is_named() {
    let values = [
        "",
        "garbage",
        "{}",
        r#"{"v":1}"#,
        r#"{"v":-1}"#,
        r#"{"v":1,"kind":"moon","body":{}}"#,
        r#"{"v":1,"kind":"vpc","body":{"id":"sg-1"}}"#,
    ];
    for value in values {
        let error = read(&store("/vpc/vpc-1", value)).unwrap_err();
        assert!(matches!(&error, Error::Value { key, .. } if key == "/vpc/vpc-1"));
        assert!(error.to_string().contains("/vpc/vpc-1"), "{error}");
        assert!(error.source().is_some(), "{value}");
    }
}

/// What stores held of endpoints and services before there were gateways and private names.
#[test]
fn older_endpoints_are_read() {
    let mut scene = Scene::new();
    let service = scene.service("web", true);
    let endpoint = scene.endpoint(&service);
    let world = &scene.desk.world;
    let endpoint = &world.endpoints[&endpoint.parse().unwrap()];
    let service = &world.services[&service.parse().unwrap()];
    let read = |resource: &Resource, new: &[&str]| {
        let value = encode(resource).unwrap();
        let mut value: serde_json::Value = serde_json::from_slice(&value).unwrap();
        let body = value["body"].as_object_mut().unwrap();
        for name in new {
            assert!(body.remove(*name).is_some(), "{name}");
        }
        if let Some(permissions) = body.get_mut("permissions") {
            permissions[0].as_object_mut().unwrap().remove("tags");
        }
        decode("/x", value.to_string().as_bytes()).unwrap()
    };
    let old = Resource::Endpoint(endpoint.as_ref().clone());
    let text = String::from_utf8(encode(&old).unwrap()).unwrap();
    assert!(
        text.contains(&format!("\"service\":\"{}\"", service.id)),
        "{text}"
    );
    let new = ["dns_records", "private_name", "policy", "connection_tags"];
    assert_eq!(read(&old, &new), old);
    let old = Resource::EndpointService(service.as_ref().clone());
    assert_eq!(read(&old, &["private_name", "provider_pays"]), old);
}

/// What stores held of interfaces and addresses before they could be given to each other.
#[test]
fn older_interfaces_and_addresses_are_read() {
    let world = full();
    let mut read = 0;
    for old in resources(&world) {
        let new: &[&str] = match old {
            Resource::Interface(_) => &["secondary", "source_check"],
            Resource::Address(_) => &["association"],
            _ => continue,
        };
        let value = encode(&old).unwrap();
        let mut value: serde_json::Value = serde_json::from_slice(&value).unwrap();
        let body = value["body"].as_object_mut().unwrap();
        for name in new {
            assert!(body.remove(*name).is_some(), "{name}");
        }
        let mut wanted = old;
        if let Resource::Interface(interface) = &mut wanted {
            interface.source_check = true;
        }
        let found = decode("/x", value.to_string().as_bytes()).unwrap();
        assert_eq!(found, wanted);
        read += 1;
    }
    assert!(read >= 2, "the World has both");
}
