use std::collections::{BTreeMap, BTreeSet};

use aws::Service;
use serde_json::json;

use super::fetch::Handles;
use super::kinds::{self, Kind, Narrow};
use super::query::Query;
use super::show::Look;
use super::{catalogue, describe, watch};

fn kind(word: &str) -> &'static Kind {
    kinds::find(word).unwrap()
}

#[test]
fn every_word_means_one_kind() {
    let mut all: BTreeMap<String, &str> = BTreeMap::new();
    for kind in catalogue::kinds() {
        let words = kinds::words(kind).map(|word| word.replace('-', ""));
        let words: BTreeSet<_> = words
            .flat_map(|word| [kinds::plural(&word), word])
            .collect();
        for word in words {
            let before = all.insert(word.clone(), kind.name);
            assert_eq!(before, None, "{word} is {} too", kind.name);
            assert_eq!(kinds::find(&word).unwrap().name, kind.name, "{word}");
        }
    }
}

#[test]
fn words_as_people_say_them() {
    for (word, name) in [
        ("VPCs", "vpc"),
        ("sg", "security-group"),
        ("SecurityGroups", "security-group"),
        ("security_group", "security-group"),
        ("enis", "network-interface"),
        ("eip", "address"),
        ("addresses", "address"),
        ("policies", "policy"),
        ("nat-gateways", "nat-gateway"),
        ("peerings", "vpc-peering-connection"),
        ("analyses", "insights-analysis"),
        ("dhcp-options", "dhcp-options"),
        ("svc", "endpoint-service"),
        ("vpce", "endpoint"),
        ("nlbs", "load-balancer"),
        ("tg", "target-group"),
    ] {
        assert_eq!(kind(word).name, name, "{word}");
    }
}

#[test]
fn an_unknown_kind_is_told_with_the_nearest_and_all() {
    let told = kinds::find("enpoint").unwrap_err();
    assert!(told.contains("did you mean endpoint?"), "{told}");
    let told = kinds::find("pterodactyl").unwrap_err();
    assert!(!told.contains("did you mean"), "{told}");
    assert!(told.contains("vpc, subnet"), "{told}");
}

#[test]
fn every_entry_is_a_call_that_there_is_and_paths_that_are_right() {
    for kind in catalogue::kinds() {
        let name = kind.name;
        let (_, supported) = kind.service.operations();
        let known = supported.contains(&kind.operation) || kind.service == Service::Ginnel;
        assert!(known, "{name}: {}", kind.operation);
        Handles::new(kind).unwrap();
        let columns = kind.columns.iter().chain(kind.wide);
        let refers = kind.refers.iter();
        for (title, path) in columns.chain(refers) {
            let found = Query::new(path);
            assert!(found.is_ok(), "{name}: {title}: {path}");
        }
        for (other, _) in kind.refers {
            assert_eq!(kinds::find(other).unwrap().name, *other, "{name}");
        }
        if let Narrow::Each { kind: other, .. } = kind.narrow {
            assert_eq!(kinds::find(other).unwrap().name, other, "{name}");
        }
        let filtered = matches!(kind.narrow, Narrow::Filter(_));
        assert!(!filtered || !kind.prefix.is_empty(), "{name}");
    }
}

#[test]
fn an_id_tells_its_kind_by_the_longest_start() {
    for (id, name) in [
        ("vpce-0123456789abcdef0", Some("endpoint")),
        ("vpce-svc-0123456789abcdef0", Some("endpoint-service")),
        ("vpc-0123456789abcdef0", Some("vpc")),
        ("sgr-0123456789abcdef0", Some("security-group-rule")),
        ("web", None),
    ] {
        assert_eq!(kinds::of_id(id).map(|kind| kind.name), name, "{id}");
    }
}

#[test]
fn a_thing_is_meant_by_its_id_its_arn_and_its_names() {
    let group = json!({
        "groupId": "sg-1",
        "securityGroupArn": "arn:sg-1",
        "groupName": "web",
        "tagSet": [{ "key": "Name", "value": "front" }],
    });
    let handles = Handles::new(kind("sg")).unwrap();
    for word in ["sg-1", "arn:sg-1", "web", "front"] {
        assert!(handles.means(&group, word), "{word}");
    }
    assert!(!handles.means(&group, "sg-2"));
    assert_eq!(handles.exact(&group), ["sg-1", "arn:sg-1"]);
}

#[test]
fn what_a_thing_refers_to() {
    let endpoint = json!({
        "vpcEndpointId": "vpce-1",
        "vpcId": "vpc-1",
        "serviceName": "com.amazonaws.vpce.eu-west-1.vpce-svc-1",
        "groupSet": [{ "groupId": "sg-2" }, { "groupId": "sg-1" }],
        "subnetIdSet": ["subnet-1"],
        "networkInterfaceIdSet": [],
    });
    let found = describe::refers_to(kind("endpoint"), &endpoint).unwrap();
    assert_eq!(
        serde_json::Value::Object(found),
        json!({
            "vpc": ["vpc-1"],
            "subnet": ["subnet-1"],
            "security-group": ["sg-1", "sg-2"],
            "endpoint-service": ["com.amazonaws.vpce.eu-west-1.vpce-svc-1"],
        })
    );
    // A route to another gateway is none to an internet gateway.
    let table = json!({
        "vpcId": "vpc-1",
        "routeSet": [{ "gatewayId": "local" }, { "gatewayId": "igw-1" }],
    });
    let found = describe::refers_to(kind("rtb"), &table).unwrap();
    assert_eq!(
        serde_json::Value::Object(found),
        json!({ "vpc": ["vpc-1"], "internet-gateway": ["igw-1"] })
    );
}

#[test]
fn cells_are_short_texts() {
    let cell = |path: &str, value| Query::new(path).unwrap().cell(&value);
    assert_eq!(cell("a", json!({})), "-");
    assert_eq!(cell("a", json!({ "a": "" })), "-");
    assert_eq!(cell("a", json!({ "a": 200.0 })), "200");
    assert_eq!(cell("a", json!({ "a": true })), "true");
    assert_eq!(
        cell("a[].b", json!({ "a": [{ "b": "x" }, { "b": "y" }] })),
        "x y"
    );
    // A path that does not apply is no reason to stop.
    assert_eq!(cell("length(a)", json!({})), "-");
}

#[test]
fn a_look_tells_what_is_new_different_and_gone() {
    let view = Look::default().view(kind("vpc")).unwrap();
    let thing = |id: &str, state: &str| {
        let vpc = json!({ "vpcId": id, "state": state, "not shown": state });
        ((id.to_owned(), 0), vpc)
    };
    let before = [
        thing("vpc-1", "a"),
        thing("vpc-2", "a"),
        thing("vpc-3", "a"),
    ]
    .into();
    let now = [
        thing("vpc-2", "b"),
        thing("vpc-3", "a"),
        thing("vpc-4", "a"),
    ]
    .into();
    let changes = watch::changes(&view, &before, &now);
    let changes: Vec<_> = changes
        .iter()
        .map(|(mark, thing)| (*mark, thing["vpcId"].as_str().unwrap()))
        .collect();
    assert_eq!(
        changes,
        [("changed", "vpc-2"), ("new", "vpc-4"), ("gone", "vpc-1")]
    );
}
