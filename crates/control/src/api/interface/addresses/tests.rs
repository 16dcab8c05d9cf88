//! Secondary addresses through the dispatcher.

use crate::api::scene::Scene;
use crate::api::tests::first;

const CREATE: &str = "CreateNetworkInterface";
const ASSIGN: &str = "AssignPrivateIpAddresses";
const UNASSIGN: &str = "UnassignPrivateIpAddresses";

/// An interface of the provider, with more parameters.
fn interface(scene: &mut Scene, more: &str) -> String {
    let parameters = format!("SubnetId={}{more}", scene.provider_subnets[0]);
    scene.desk.make(CREATE, &parameters, "networkInterfaceId")
}

/// Its addresses as they are listed, the primary one first.
fn addresses(scene: &mut Scene, eni: &str) -> Vec<String> {
    let parameters = format!("NetworkInterfaceId.1={eni}");
    let listed = scene.desk.ok("DescribeNetworkInterfaces", &parameters);
    let set = first(&listed, "privateIpAddressesSet").unwrap();
    let items = set.split("<item>").skip(1);
    let found: Vec<String> = items
        .enumerate()
        .map(|(at, item)| {
            let primary = first(item, "primary").unwrap();
            assert_eq!(primary, (at == 0).to_string(), "{set}");
            first(item, "privateIpAddress").unwrap()
        })
        .collect();
    assert_eq!(first(&listed, "privateIpAddress").as_ref(), found.first());
    found
}

fn free(scene: &mut Scene) -> usize {
    let parameters = format!("SubnetId.1={}", scene.provider_subnets[0]);
    let listed = scene.desk.ok("DescribeSubnets", &parameters);
    let count = first(&listed, "availableIpAddressCount").unwrap();
    count.parse().unwrap()
}

#[test]
fn an_interface_is_made_with_several_addresses() {
    let mut scene = Scene::new();
    let before = free(&mut scene);
    let one =
        |at: usize, last: u8| format!("&PrivateIpAddresses.{at}.PrivateIpAddress=10.0.0.{last}");
    let list = format!(
        "{}{}&PrivateIpAddresses.2.Primary=true",
        one(1, 9),
        one(2, 20)
    );
    for (more, wanted) in [
        (list, vec!["10.0.0.20", "10.0.0.9"]),
        // Without Primary, the first is the primary one.
        (
            format!("{}{}", one(1, 30), one(2, 31)),
            vec!["10.0.0.30", "10.0.0.31"],
        ),
        (
            format!("&PrivateIpAddress=10.0.0.40{}", one(1, 41)),
            vec!["10.0.0.40", "10.0.0.41"],
        ),
        (
            "&SecondaryPrivateIpAddressCount=2".into(),
            vec!["10.0.0.4", "10.0.0.5", "10.0.0.6"],
        ),
        (
            "&PrivateIpAddress=10.0.0.7&SecondaryPrivateIpAddressCount=1".into(),
            vec!["10.0.0.7", "10.0.0.8"],
        ),
    ] {
        let eni = interface(&mut scene, &more);
        assert_eq!(addresses(&mut scene, &eni), wanted, "{more}");
    }
    assert_eq!(free(&mut scene), before - 11);
    let by = "Filter.1.Name=addresses.private-ip-address&Filter.1.Value.1=10.0.0.6";
    let listed = scene.desk.ok("DescribeNetworkInterfaces", by);
    assert!(listed.contains("10.0.0.4"), "{listed}");
    let by = by.replace("addresses.", "");
    let listed = scene.desk.ok("DescribeNetworkInterfaces", &by);
    assert!(!listed.contains("eni-"), "only primary ones: {listed}");
}

#[test]
fn refusals_of_create() {
    let mut scene = Scene::new();
    interface(
        &mut scene,
        "&PrivateIpAddress=10.0.0.9&SecondaryPrivateIpAddressCount=1",
    );
    let one =
        |at: usize, last: &str| format!("&PrivateIpAddresses.{at}.PrivateIpAddress=10.0.0.{last}");
    let (a, b) = (one(1, "20"), one(2, "21"));
    for (more, code) in [
        (
            format!("{a}{b}&SecondaryPrivateIpAddressCount=1"),
            "InvalidParameterCombination",
        ),
        (
            format!("{a}{b}&PrivateIpAddresses.1.Primary=true&PrivateIpAddresses.2.Primary=true"),
            "InvalidParameterValue",
        ),
        (
            format!("&PrivateIpAddress=10.0.0.22{a}&PrivateIpAddresses.1.Primary=true"),
            "InvalidParameterValue",
        ),
        (
            format!("{a}&PrivateIpAddresses.1.Primary=false"),
            "InvalidParameterValue",
        ),
        (format!("{a}{}", one(2, "20")), "InvalidParameterValue"),
        // The secondary address of another.
        (format!("{a}{}", one(2, "4")), "InvalidIPAddress.InUse"),
        (
            "&PrivateIpAddress=10.0.0.4".into(),
            "InvalidIPAddress.InUse",
        ),
        (
            "&PrivateIpAddresses.1.Primary=true".into(),
            "MissingParameter",
        ),
        (
            "&SecondaryPrivateIpAddressCount=-1".into(),
            "InvalidParameterValue",
        ),
        (
            "&SecondaryPrivateIpAddressCount=50".into(),
            "PrivateIpAddressLimitExceeded",
        ),
    ] {
        let parameters = format!("SubnetId={}{more}", scene.provider_subnets[0]);
        let fault = scene.desk.fault(CREATE, &parameters);
        assert_eq!(fault.code, code, "{more}: {}", fault.message);
    }
    interface(&mut scene, "&SecondaryPrivateIpAddressCount=49");
}

#[test]
fn addresses_come_go_and_move() {
    let mut scene = Scene::new();
    let [a, b] = [(); 2].map(|()| interface(&mut scene, ""));
    let of = |eni: &str| format!("NetworkInterfaceId={eni}");
    let give = |eni: &str, last: u8| format!("{}&PrivateIpAddress.1=10.0.0.{last}", of(eni));
    let made = scene.desk.ok(ASSIGN, &give(&a, 50));
    assert!(
        made.contains("<privateIpAddress>10.0.0.50</privateIpAddress>"),
        "{made}"
    );
    assert!(made.contains(&a), "{made}");
    scene.desk.ok(
        ASSIGN,
        &format!("{}&SecondaryPrivateIpAddressCount=2", of(&a)),
    );
    assert_eq!(
        addresses(&mut scene, &a),
        ["10.0.0.4", "10.0.0.50", "10.0.0.6", "10.0.0.7"]
    );
    // Targets are found by them.
    let vpc = scene.vpcs[0].parse().unwrap();
    let found = scene
        .desk
        .world
        .workload_at(vpc, "10.0.0.50".parse().unwrap());
    assert_eq!(found.unwrap().id.to_string(), a);
    let fault = scene.desk.fault(ASSIGN, &give(&b, 50));
    assert_eq!(fault.code, "InvalidIPAddress.InUse");
    assert!(
        fault.message.contains("AllowReassignment"),
        "{}",
        fault.message
    );
    scene
        .desk
        .ok(ASSIGN, &format!("{}&AllowReassignment=true", give(&b, 50)));
    assert_eq!(
        addresses(&mut scene, &a),
        ["10.0.0.4", "10.0.0.6", "10.0.0.7"]
    );
    assert_eq!(addresses(&mut scene, &b), ["10.0.0.5", "10.0.0.50"]);
    // A primary one stays where it is.
    let fault = scene
        .desk
        .fault(ASSIGN, &format!("{}&AllowReassignment=true", give(&b, 4)));
    assert_eq!(fault.code, "InvalidIPAddress.InUse");
    // Again is no change.
    scene
        .desk
        .ok(ASSIGN, &format!("{}&AllowReassignment=true", give(&b, 50)));
    assert_eq!(addresses(&mut scene, &b), ["10.0.0.5", "10.0.0.50"]);
    scene.desk.ok(UNASSIGN, &give(&b, 50));
    assert_eq!(addresses(&mut scene, &b), ["10.0.0.5"]);
    scene.desk.ok(
        CREATE,
        &format!(
            "SubnetId={}&PrivateIpAddress=10.0.0.50",
            scene.provider_subnets[0]
        ),
    );
}

#[test]
fn refusals_of_assign_and_unassign() {
    let mut scene = Scene::new();
    let eni = interface(&mut scene, "&SecondaryPrivateIpAddressCount=1");
    scene.balancer("orders");
    let by = "Filter.1.Name=requester-managed&Filter.1.Value.1=true";
    let listed = scene.desk.ok("DescribeNetworkInterfaces", by);
    let theirs = first(&listed, "networkInterfaceId").unwrap();
    let of = format!("NetworkInterfaceId={eni}");
    let (two, count) = (
        "PrivateIpAddress.1=10.0.0.60",
        "SecondaryPrivateIpAddressCount",
    );
    for (action, parameters, code) in [
        (ASSIGN, of.clone(), "MissingParameter"),
        (ASSIGN, format!("{of}&{count}=0"), "MissingParameter"),
        (ASSIGN, format!("{of}&{count}=-1"), "InvalidParameterValue"),
        (
            ASSIGN,
            format!("{of}&{count}=1&{two}"),
            "InvalidParameterCombination",
        ),
        (
            ASSIGN,
            format!("{of}&{count}=49"),
            "PrivateIpAddressLimitExceeded",
        ),
        (
            ASSIGN,
            format!("{of}&PrivateIpAddress.1=10.0.1.60"),
            "InvalidParameterValue",
        ),
        (
            ASSIGN,
            format!("{of}&{two}&PrivateIpAddress.2=10.0.0.60"),
            "InvalidParameterValue",
        ),
        (
            ASSIGN,
            format!("{of}&Ipv4PrefixCount=1"),
            "UnsupportedOperation",
        ),
        (
            ASSIGN,
            format!("NetworkInterfaceId={theirs}&{two}"),
            "OperationNotPermitted",
        ),
        (UNASSIGN, of.clone(), "MissingParameter"),
        (
            UNASSIGN,
            format!("{of}&PrivateIpAddress.1=10.0.0.4"),
            "InvalidParameterValue",
        ),
        (UNASSIGN, format!("{of}&{two}"), "InvalidParameterValue"),
        (
            UNASSIGN,
            format!("{of}&Ipv4Prefix.1=10.0.0.16/28"),
            "UnsupportedOperation",
        ),
        (
            UNASSIGN,
            format!("NetworkInterfaceId={theirs}&{two}"),
            "OperationNotPermitted",
        ),
    ] {
        let fault = scene.desk.fault(action, &parameters);
        assert_eq!(fault.code, code, "{action} {parameters}: {}", fault.message);
    }
    let parameters = format!("{of}&{two}");
    let fault = scene.consumer(|desk| desk.fault(ASSIGN, &parameters));
    assert_eq!(fault.code, "InvalidNetworkInterfaceID.NotFound");
}
