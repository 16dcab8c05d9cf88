//! Network interfaces through the dispatcher.

use model::id::{Id, InterfaceId};
use model::interface::{Attachment, Interface, Role};
use model::time::Millis;

use crate::api::scene::Scene;
use crate::api::tests::{Desk, first};

/// A desk with a VPC and a subnet of it.
fn with_subnet(block: &str) -> (Desk, String, String) {
    let mut desk = Desk::new();
    let vpc = desk.make("CreateVpc", "CidrBlock=10.0.0.0/16", "vpcId");
    let parameters = format!("VpcId={vpc}&CidrBlock={block}");
    let subnet = desk.make("CreateSubnet", &parameters, "subnetId");
    (desk, vpc, subnet)
}

#[test]
fn an_interface_is_made_listed_and_removed() {
    let (mut desk, vpc, subnet) = with_subnet("10.0.1.0/24");
    let made = desk.ok(
        "CreateNetworkInterface",
        &format!("SubnetId={subnet}&Description=db&PrivateIpAddress=10.0.1.10"),
    );
    assert!(!made.contains("<privateDnsName>"), "{made}");
    desk.ok(
        "ModifyVpcAttribute",
        &format!("VpcId={vpc}&EnableDnsHostnames.Value=true"),
    );
    let id = first(&made, "networkInterfaceId").unwrap();
    for part in [
        "<status>available</status>",
        "<interfaceType>interface</interfaceType>",
        "<privateIpAddress>10.0.1.10</privateIpAddress>",
        "<groupName>default</groupName>",
        "<requesterManaged>false</requesterManaged>",
        "<sourceDestCheck>true</sourceDestCheck>",
        "<primary>true</primary>",
        "<availabilityZone>us-east-1a</availabilityZone>",
    ] {
        assert!(made.contains(part), "{part} in {made}");
    }
    assert!(!made.contains("<attachment>"), "{made}");
    let mac = first(&made, "macAddress").unwrap();
    for (name, value, found) in [
        ("addresses.private-ip-address", "10.0.1.10", true),
        ("private-ip-address", "10.0.1.11", false),
        ("attachment.status", "attached", false),
        ("availability-zone", "us-east-1a", true),
        ("description", "d*", true),
        ("group-name", "default", true),
        ("interface-type", "vpc_endpoint", false),
        ("mac-address", &mac, true),
        ("private-dns-name", "ip-10-0-1-10.*", true),
        ("requester-managed", "true", false),
        ("status", "available", true),
        ("network-interface-id", &id, true),
        ("network-interface-id", "eni-0000000000000000?", false),
        ("subnet-id", &subnet, true),
        ("subnet-id", "subnet-00000000000000000", false),
        ("subnet-id", "subnet-*", true),
        ("vpc-id", &vpc, true),
        ("vpc-id", "nonsense", false),
    ] {
        let filter = format!("Filter.1.Name={name}&Filter.1.Value.1={value}");
        let listed = desk.ok("DescribeNetworkInterfaces", &filter);
        assert_eq!(listed.contains(&id), found, "{name}={value}");
    }
    desk.ok(
        "DeleteNetworkInterface",
        &format!("NetworkInterfaceId={id}"),
    );
    let gone = desk.fault(
        "DescribeNetworkInterfaces",
        &format!("NetworkInterfaceId.1={id}"),
    );
    assert_eq!(gone.code, "InvalidNetworkInterfaceID.NotFound");
}

#[test]
fn addresses_are_given_lowest_first_until_there_are_none() {
    // 16 addresses, 5 of them reserved.
    let (mut desk, _, subnet) = with_subnet("10.0.1.0/28");
    let id = format!("SubnetId={subnet}");
    let taken = format!("{id}&PrivateIpAddress=10.0.1.5");
    desk.ok("CreateNetworkInterface", &taken);
    for last in [4, 6, 7, 8, 9, 10, 11, 12, 13, 14] {
        let ip = desk.make("CreateNetworkInterface", &id, "privateIpAddress");
        assert_eq!(ip, format!("10.0.1.{last}"));
    }
    let full = desk.fault("CreateNetworkInterface", &id);
    assert_eq!(full.code, "InsufficientFreeAddressesInSubnet");
    assert_eq!(
        desk.fault("CreateNetworkInterface", &taken).code,
        "InvalidIPAddress.InUse"
    );
    let slots = desk
        .world
        .interfaces
        .values()
        .map(|i| format!("{:?}", i.role));
    let slots: std::collections::BTreeSet<String> = slots.collect();
    assert_eq!(slots.len(), 11, "each has a slot of its own");
}

#[test]
fn bad_requests_are_told_apart() {
    let (mut desk, vpc, subnet) = with_subnet("10.0.1.0/24");
    let other_vpc = desk.make("CreateVpc", "CidrBlock=10.0.0.0/16", "vpcId");
    let mut group = |vpc: &str, name: &str| {
        let parameters = format!("VpcId={vpc}&GroupName={name}&GroupDescription=x");
        desk.make("CreateSecurityGroup", &parameters, "groupId")
    };
    let elsewhere = group(&other_vpc, "elsewhere");
    let many: String = (1..=6)
        .map(|n| format!("&SecurityGroupId.{n}={}", group(&vpc, &format!("g{n}"))))
        .collect();
    for (parameters, code, word) in [
        (
            "&PrivateIpAddress=10.0.2.10",
            "InvalidParameterValue",
            "10.0.1.0/24",
        ),
        (
            "&PrivateIpAddress=10.0.1.3",
            "InvalidParameterValue",
            "reserved",
        ),
        (
            "&PrivateIpAddress=10.0.1.255",
            "InvalidParameterValue",
            "reserved",
        ),
        ("&PrivateIpAddress=ten", "InvalidParameterValue", "ten"),
        (
            "&Ipv4PrefixCount=1",
            "UnsupportedOperation",
            "Ipv4PrefixCount",
        ),
        (
            "&Ipv6AddressCount=1",
            "UnsupportedOperation",
            "Ipv6AddressCount",
        ),
        ("&InterfaceType=efa", "UnsupportedOperation", "efa"),
        (
            "&PrivateIpAddresses.1.PrivateIpAddress=10.0.1.9&PrivateIpAddresses.1.Primary=true&PrivateIpAddresses.2.PrivateIpAddress=10.0.2.10",
            "InvalidParameterValue",
            "10.0.2.10",
        ),
        (
            &format!("&SecurityGroupId.1={elsewhere}"),
            "InvalidGroup.NotFound",
            &other_vpc,
        ),
        (&many, "SecurityGroupsPerInterfaceLimitExceeded", "6"),
    ] {
        let fault = desk.fault(
            "CreateNetworkInterface",
            &format!("SubnetId={subnet}{parameters}"),
        );
        assert_eq!(fault.code, code, "{parameters}");
        assert!(fault.message.contains(word), "{word} in {}", fault.message);
    }
    let alone = "&PrivateIpAddresses.1.PrivateIpAddress=10.0.1.9&PrivateIpAddresses.1.Primary=true";
    let parameters = format!("SubnetId={subnet}{alone}");
    let ip = desk.make("CreateNetworkInterface", &parameters, "privateIpAddress");
    assert_eq!(ip, "10.0.1.9");
}

#[test]
fn a_token_makes_one_interface() {
    let (mut desk, _, subnet) = with_subnet("10.0.1.0/24");
    let parameters = format!("SubnetId={subnet}&ClientToken=one");
    let id = desk.make("CreateNetworkInterface", &parameters, "networkInterfaceId");
    let again = desk.make("CreateNetworkInterface", &parameters, "networkInterfaceId");
    assert_eq!(id, again);
    assert_eq!(desk.world.interfaces.size(), 1);
    let other = desk.fault(
        "CreateNetworkInterface",
        &format!("{parameters}&Description=x"),
    );
    assert_eq!(other.code, "IdempotentParameterMismatch");
}

#[test]
fn an_attached_interface_stays() {
    let (mut desk, _, subnet) = with_subnet("10.0.1.0/24");
    let id = format!("SubnetId={subnet}");
    let eni = desk.make("CreateNetworkInterface", &id, "networkInterfaceId");
    let known: InterfaceId = eni.parse().unwrap();
    let mut interface = Interface::clone(&desk.world.interfaces[&known]);
    let Role::Workload { attachment, .. } = &mut interface.role else {
        panic!("{interface:?}");
    };
    *attachment = Some(Attachment {
        id: Id::new(1),
        namespace: "/run/netns/a".into(),
        device: "eth1".into(),
        since: Millis(0),
    });
    desk.world = desk
        .world
        .apply(&[interface.into()], desk.world.revision + 1);
    let by_id = format!("NetworkInterfaceId={eni}");
    let fault = desk.fault("DeleteNetworkInterface", &by_id);
    assert_eq!(fault.code, "InvalidNetworkInterface.InUse");
    assert!(
        fault.message.contains(&format!("ginnel detach {eni}")),
        "{}",
        fault.message
    );
    let listed = desk.ok("DescribeNetworkInterfaces", "");
    for part in [
        "<status>in-use</status>",
        "<instanceOwnerId>123456789012</instanceOwnerId>",
        "<attachmentId>eni-attach-00000000000000001</attachmentId>",
        "<attachTime>1970-01-01T00:00:00.000Z</attachTime>",
    ] {
        assert!(listed.contains(part), "{part} in {listed}");
    }
}

#[test]
fn managed_interfaces_are_listed_but_not_their_owners_to_delete() {
    let mut scene = Scene::new();
    let service = scene.service("lb", false);
    let endpoint = scene.endpoint(&service);
    let of_balancer = "Filter.1.Name=attachment.instance-owner-id&Filter.1.Value.1=amazon-elb";
    let of_endpoint = "Filter.1.Name=interface-type&Filter.1.Value.1=vpc_endpoint";
    let check = |desk: &mut Desk, filter: &str, parts: &[&str], manager: &str| {
        let listed = desk.ok("DescribeNetworkInterfaces", filter);
        for part in [
            "<status>in-use</status>",
            "<requesterManaged>true</requesterManaged>",
        ]
        .iter()
        .chain(parts)
        {
            assert!(listed.contains(part), "{part} in {listed}");
        }
        let id = first(&listed, "networkInterfaceId").unwrap();
        let fault = desk.fault(
            "DeleteNetworkInterface",
            &format!("NetworkInterfaceId={id}"),
        );
        assert_eq!(fault.code, "OperationNotPermitted");
        assert!(fault.message.contains(manager), "{}", fault.message);
    };
    let balancer = "<interfaceType>network_load_balancer</interfaceType>";
    check(
        &mut scene.desk,
        of_balancer,
        &[balancer],
        "load balancer 'lb'",
    );
    scene.consumer(|desk| {
        let owner = "<instanceOwnerId>amazon-aws</instanceOwnerId>";
        check(desk, of_endpoint, &[owner], &endpoint);
        let listed = desk.ok("DescribeNetworkInterfaces", of_balancer);
        assert!(!listed.contains("eni-"), "the provider's: {listed}");
    });
}

#[test]
fn another_accounts_interface_does_not_exist() {
    let (mut desk, _, subnet) = with_subnet("10.0.1.0/24");
    let id = format!("SubnetId={subnet}");
    let eni = desk.make("CreateNetworkInterface", &id, "networkInterfaceId");
    desk.switch_account();
    for (action, parameters, code) in [
        ("CreateNetworkInterface", id, "InvalidSubnetID.NotFound"),
        (
            "DeleteNetworkInterface",
            format!("NetworkInterfaceId={eni}"),
            "InvalidNetworkInterfaceID.NotFound",
        ),
        (
            "DescribeNetworkInterfaces",
            "NetworkInterfaceId.1=eni-1".into(),
            "InvalidNetworkInterfaceID.Malformed",
        ),
    ] {
        assert_eq!(desk.fault(action, &parameters).code, code, "{action}");
    }
    assert!(!desk.ok("DescribeNetworkInterfaces", "").contains(&eni));
}
