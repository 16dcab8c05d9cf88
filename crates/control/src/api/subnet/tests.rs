//! Subnets through the dispatcher.

use crate::api::tests::{Desk, first};

fn with_vpc() -> (Desk, String) {
    let mut desk = Desk::new();
    let vpc = desk.make("CreateVpc", "CidrBlock=10.0.0.0/16", "vpcId");
    (desk, vpc)
}

#[test]
fn a_subnet_is_made_listed_and_removed() {
    let (mut desk, vpc) = with_vpc();
    let made = desk.ok(
        "CreateSubnet",
        &format!("VpcId={vpc}&CidrBlock=10.0.1.0/24&AvailabilityZone=us-east-1b&TagSpecification.1.ResourceType=subnet&TagSpecification.1.Tag.1.Key=Name&TagSpecification.1.Tag.1.Value=one"),
    );
    let subnet = first(&made, "subnetId").unwrap();
    for part in [
        "<availabilityZone>us-east-1b</availabilityZone>",
        "<availabilityZoneId>use1-az2</availabilityZoneId>",
        "<availableIpAddressCount>251</availableIpAddressCount>",
        "<cidrBlock>10.0.1.0/24</cidrBlock>",
        "<mapPublicIpOnLaunch>false</mapPublicIpOnLaunch>",
        "<key>Name</key><value>one</value>",
    ] {
        assert!(made.contains(part), "{part} in {made}");
    }
    for (filter, found) in [
        ("availability-zone&Filter.1.Value.1=us-east-1b", true),
        ("availability-zone-id&Filter.1.Value.1=use1-az1", false),
        ("available-ip-address-count&Filter.1.Value.1=251", true),
        ("cidr-block&Filter.1.Value.1=10.0.1.0/24", true),
        ("default-for-az&Filter.1.Value.1=true", false),
        (
            "ipv6-cidr-block-association.state&Filter.1.Value.1=*",
            false,
        ),
        ("state&Filter.1.Value.1=available", true),
        (
            "subnet-arn&Filter.1.Value.1=arn:aws:ec2:us-east-1:123456789012:subnet/*",
            true,
        ),
        ("tag:Name&Filter.1.Value.1=one", true),
        ("tag:Name&Filter.1.Value.1=two", false),
    ] {
        let listed = desk.ok("DescribeSubnets", &format!("Filter.1.Name={filter}"));
        assert_eq!(listed.contains(&subnet), found, "{filter}");
    }
    let unknown = "Filter.1.Name=colour&Filter.1.Value.1=red";
    assert_eq!(
        desk.fault("DescribeSubnets", unknown).code,
        "InvalidParameterValue"
    );
    desk.ok("DeleteSubnet", &format!("SubnetId={subnet}"));
    let by_id = format!("SubnetId.1={subnet}");
    assert_eq!(
        desk.fault("DescribeSubnets", &by_id).code,
        "InvalidSubnetID.NotFound"
    );
}

#[test]
fn bad_blocks_and_zones_are_told_apart() {
    let (mut desk, vpc) = with_vpc();
    let first = format!("VpcId={vpc}&CidrBlock=10.0.1.0/24");
    let first = desk.make("CreateSubnet", &first, "subnetId");
    for (parameters, code, word) in [
        (
            "CidrBlock=10.1.0.0/24",
            "InvalidSubnet.Range",
            "10.0.0.0/16",
        ),
        ("CidrBlock=10.0.0.0/15", "InvalidSubnet.Range", "/28"),
        (
            "CidrBlock=10.0.1.128/25",
            "InvalidSubnet.Conflict",
            first.as_str(),
        ),
        (
            "CidrBlock=10.0.0.0/22",
            "InvalidSubnet.Conflict",
            first.as_str(),
        ),
        (
            "CidrBlock=10.0.2.1/24",
            "InvalidParameterValue",
            "10.0.2.0/24",
        ),
        ("", "MissingParameter", "CidrBlock"),
        (
            "CidrBlock=10.0.2.0/24&AvailabilityZone=us-east-1z",
            "InvalidParameterValue",
            "us-east-1a",
        ),
        (
            "CidrBlock=10.0.2.0/24&AvailabilityZoneId=usw2-az1",
            "InvalidParameterValue",
            "use1-az1",
        ),
        (
            "CidrBlock=10.0.2.0/24&AvailabilityZone=us-east-1a&AvailabilityZoneId=use1-az2",
            "InvalidParameterCombination",
            "us-east-1a",
        ),
        (
            "CidrBlock=10.0.2.0/24&Ipv6CidrBlock=2001:db8::/64",
            "UnsupportedOperation",
            "Ipv6CidrBlock",
        ),
    ] {
        let fault = desk.fault("CreateSubnet", &format!("VpcId={vpc}&{parameters}"));
        assert_eq!(fault.code, code, "{parameters}");
        assert!(fault.message.contains(word), "{word} in {}", fault.message);
    }
}

#[test]
fn zones_fill_evenly() {
    let (mut desk, vpc) = with_vpc();
    for (third, zone) in [(0, "a"), (1, "b"), (2, "c"), (3, "a")] {
        let made = desk.make(
            "CreateSubnet",
            &format!("VpcId={vpc}&CidrBlock=10.0.{third}.0/24"),
            "availabilityZone",
        );
        assert_eq!(made, format!("us-east-1{zone}"));
    }
}

#[test]
fn a_subnet_with_interfaces_stays() {
    let (mut desk, vpc) = with_vpc();
    let block = format!("VpcId={vpc}&CidrBlock=10.0.1.0/24");
    let subnet = desk.make("CreateSubnet", &block, "subnetId");
    let id = format!("SubnetId={subnet}");
    let eni = desk.make("CreateNetworkInterface", &id, "networkInterfaceId");
    let fault = desk.fault("DeleteSubnet", &id);
    assert_eq!(fault.code, "DependencyViolation");
    assert!(fault.message.contains(&eni), "{}", fault.message);
    let listed = desk.make("DescribeSubnets", "", "availableIpAddressCount");
    assert_eq!(listed, "250");
    desk.ok(
        "DeleteNetworkInterface",
        &format!("NetworkInterfaceId={eni}"),
    );
    desk.ok("DeleteSubnet", &id);
}

#[test]
fn one_attribute_can_be_set() {
    let (mut desk, vpc) = with_vpc();
    let block = format!("VpcId={vpc}&CidrBlock=10.0.1.0/24");
    let id = desk.make("CreateSubnet", &block, "subnetId");
    let set = |what: &str| format!("SubnetId={id}&{what}");
    desk.ok(
        "ModifySubnetAttribute",
        &set("MapPublicIpOnLaunch.Value=true"),
    );
    assert_eq!(
        desk.make("DescribeSubnets", "", "mapPublicIpOnLaunch"),
        "true"
    );
    for (what, code) in [
        ("", "MissingParameter"),
        ("EnableDns64.Value=true", "UnsupportedOperation"),
        (
            "PrivateDnsHostnameTypeOnLaunch=resource-name",
            "UnsupportedOperation",
        ),
    ] {
        assert_eq!(desk.fault("ModifySubnetAttribute", &set(what)).code, code);
    }
}

#[test]
fn another_accounts_subnet_does_not_exist() {
    let (mut desk, vpc) = with_vpc();
    let block = format!("VpcId={vpc}&CidrBlock=10.0.1.0/24");
    let id = desk.make("CreateSubnet", &block, "subnetId");
    desk.switch_account();
    for (action, parameters, code) in [
        ("CreateSubnet", block, "InvalidVpcID.NotFound"),
        (
            "DeleteSubnet",
            format!("SubnetId={id}"),
            "InvalidSubnetID.NotFound",
        ),
        (
            "DescribeSubnets",
            format!("SubnetId.1={id}"),
            "InvalidSubnetID.NotFound",
        ),
        (
            "ModifySubnetAttribute",
            format!("SubnetId={id}&MapPublicIpOnLaunch.Value=true"),
            "InvalidSubnetID.NotFound",
        ),
        (
            "DeleteSubnet",
            "SubnetId=subnet-1".into(),
            "InvalidSubnetID.Malformed",
        ),
    ] {
        assert_eq!(desk.fault(action, &parameters).code, code, "{action}");
    }
    assert!(!desk.ok("DescribeSubnets", "").contains(&id));
}

#[test]
fn a_new_subnet_uses_the_default_acl_and_its_uses_go_with_it() {
    let (mut desk, vpc) = with_vpc();
    let block = format!("VpcId={vpc}&CidrBlock=10.0.1.0/24");
    let subnet = desk.make("CreateSubnet", &block, "subnetId");
    let uses = format!("Filter.1.Name=association.subnet-id&Filter.1.Value.1={subnet}");
    let acl = desk.ok("DescribeNetworkAcls", &uses);
    assert!(acl.contains("<default>true</default>"), "{acl}");
    let table = desk.make("CreateRouteTable", &format!("VpcId={vpc}"), "routeTableId");
    desk.ok(
        "AssociateRouteTable",
        &format!("RouteTableId={table}&SubnetId={subnet}"),
    );
    desk.ok("DeleteSubnet", &format!("SubnetId={subnet}"));
    for action in ["DescribeNetworkAcls", "DescribeRouteTables"] {
        let left = desk.ok(action, "");
        assert!(!left.contains(&subnet), "{action}: {left}");
    }
    desk.ok("DeleteRouteTable", &format!("RouteTableId={table}"));
}

#[test]
fn a_vpc_has_as_many_subnets_as_its_quota() {
    let (mut desk, vpc) = with_vpc();
    desk.set_quota("L-407747CB=1");
    let block = |third: u8| format!("VpcId={vpc}&CidrBlock=10.0.{third}.0/24");
    desk.ok("CreateSubnet", &block(0));
    let fault = desk.fault("CreateSubnet", &block(1));
    assert_eq!(fault.code, "SubnetLimitExceeded");
    assert!(fault.message.contains(&vpc), "{}", fault.message);
}

#[test]
fn subnets_are_found_by_vpc() {
    let (mut desk, one) = with_vpc();
    let two = desk.make("CreateVpc", "CidrBlock=10.0.0.0/16", "vpcId");
    let [a, b] = [&one, &two].map(|vpc| {
        let block = format!("VpcId={vpc}&CidrBlock=10.0.1.0/24");
        desk.make("CreateSubnet", &block, "subnetId")
    });
    for (values, found) in [
        (format!("Filter.1.Value.1={one}"), [true, false]),
        (format!("Filter.1.Value.1={two}"), [false, true]),
        (
            format!("Filter.1.Value.1={one}&Filter.1.Value.2={two}"),
            [true, true],
        ),
        ("Filter.1.Value.1=vpc-?*".into(), [true, true]),
        ("Filter.1.Value.1=vpc-1".into(), [false, false]),
    ] {
        let listed = desk.ok("DescribeSubnets", &format!("Filter.1.Name=vpc-id&{values}"));
        assert_eq!(
            [listed.contains(&a), listed.contains(&b)],
            found,
            "{values}"
        );
    }
}

#[test]
fn attributes_can_be_set_to_what_they_are() {
    let (mut desk, vpc) = with_vpc();
    let block = format!("VpcId={vpc}&CidrBlock=10.0.1.0/24");
    let id = desk.make("CreateSubnet", &block, "subnetId");
    for what in [
        "EnableDns64.Value=false",
        "AssignIpv6AddressOnCreation.Value=false",
        "EnableResourceNameDnsARecordOnLaunch.Value=false",
        "EnableResourceNameDnsAAAARecordOnLaunch.Value=false",
        "PrivateDnsHostnameTypeOnLaunch=ip-name",
    ] {
        desk.ok("ModifySubnetAttribute", &format!("SubnetId={id}&{what}"));
    }
    for (what, code) in [
        (
            "EnableResourceNameDnsARecordOnLaunch.Value=true",
            "UnsupportedOperation",
        ),
        (
            "PrivateDnsHostnameTypeOnLaunch=mine",
            "InvalidParameterValue",
        ),
        (
            "EnableDns64.Value=false&MapPublicIpOnLaunch.Value=true",
            "InvalidParameterCombination",
        ),
    ] {
        let request = format!("SubnetId={id}&{what}");
        assert_eq!(desk.fault("ModifySubnetAttribute", &request).code, code);
    }
}
