//! The form of stored values, and what is refused.

use std::collections::BTreeSet;
use std::error::Error as _;

use model::account::AccessKey;
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
    scene.endpoint(&service);
    let balancer = scene.balancer("two");
    let group = scene.group("tg");
    scene.listener(&balancer, &group, 80);
    let key = AccessKey {
        id: "AKIAABCDEFGHIJKLMNOP".into(),
        account: scene.desk.call.account,
        sealed_secret: vec![0, 255, 7],
    };
    let replay = Replay {
        key: "123456789012/CreateVpc/00ff".into(),
        // More than a JavaScript number holds.
        fingerprint: u64::MAX,
        resource: "vpc-1".into(),
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
        accounts Account, access_keys AccessKey, vpcs Vpc, subnets Subnet,
        security_groups SecurityGroup, interfaces Interface, load_balancers LoadBalancer,
        target_groups TargetGroup, listeners Listener, services EndpointService,
        endpoints Endpoint, replays Replay
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
    assert_eq!(kinds.len(), 12);
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
