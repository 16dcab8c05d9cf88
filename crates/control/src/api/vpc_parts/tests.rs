//! The default VPC through the dispatcher.

use crate::api::tests::{Desk, first};

#[test]
fn a_default_vpc_has_a_subnet_in_each_zone_and_a_way_out() {
    let mut desk = Desk::new();
    let made = desk.ok("CreateDefaultVpc", "");
    let vpc = first(&made, "vpcId").unwrap();
    for part in [
        "<cidrBlock>172.31.0.0/16</cidrBlock>",
        "<isDefault>true</isDefault>",
        "<state>available</state>",
    ] {
        assert!(made.contains(part), "{part} in {made}");
    }
    let subnets = desk.ok(
        "DescribeSubnets",
        "Filter.1.Name=default-for-az&Filter.1.Value.1=true",
    );
    for (block, zone) in [("0", "a"), ("16", "b"), ("32", "c")] {
        let block = format!("<cidrBlock>172.31.{block}.0/20</cidrBlock>");
        let zone = format!("<availabilityZone>us-east-1{zone}</availabilityZone>");
        assert!(
            subnets.contains(&block) && subnets.contains(&zone),
            "{subnets}"
        );
    }
    let public = "<mapPublicIpOnLaunch>true</mapPublicIpOnLaunch>";
    assert_eq!(subnets.matches(public).count(), 3);
    let tables = desk.ok("DescribeRouteTables", "");
    let gateway = first(
        &desk.ok("DescribeInternetGateways", ""),
        "internetGatewayId",
    )
    .unwrap();
    assert_eq!(
        tables.matches("<state>active</state>").count(),
        2,
        "{tables}"
    );
    assert!(
        tables.contains(&format!("<gatewayId>{gateway}</gatewayId>")),
        "{tables}"
    );
    let acls = desk.ok("DescribeNetworkAcls", "");
    assert_eq!(
        acls.matches("<networkAclAssociationId>").count(),
        3,
        "{acls}"
    );
    let hostnames = desk.ok(
        "DescribeVpcAttribute",
        &format!("VpcId={vpc}&Attribute=enableDnsHostnames"),
    );
    assert!(hostnames.contains("<value>true</value>"), "{hostnames}");
}

#[test]
fn one_default_vpc_an_account() {
    let mut desk = Desk::new();
    let vpc = desk.make("CreateDefaultVpc", "", "vpcId");
    let fault = desk.fault("CreateDefaultVpc", "");
    assert_eq!(fault.code, "DefaultVpcAlreadyExists");
    assert!(fault.message.contains(&vpc), "{}", fault.message);
    desk.switch_account();
    desk.ok("CreateDefaultVpc", "");
    desk.ok("CreateVpc", "CidrBlock=10.0.0.0/16");
    // The account's DHCP options are there once, and its VPCs have them.
    let sets = desk.ok("DescribeDhcpOptions", "");
    assert_eq!(sets.matches("<dhcpOptionsId>").count(), 1, "{sets}");
    desk.set_quota("L-F678F1CE=0");
    desk.switch_account();
    let id = format!("VpcId={vpc}");
    let fault = desk.fault("DeleteVpc", &id);
    assert_eq!(fault.code, "DependencyViolation");
}

#[test]
fn a_default_vpc_counts_as_one() {
    let mut desk = Desk::new();
    desk.set_quota("L-F678F1CE=0");
    assert_eq!(desk.fault("CreateDefaultVpc", "").code, "VpcLimitExceeded");
}

#[test]
fn a_group_without_a_vpc_goes_to_the_default_one() {
    let mut desk = Desk::new();
    let group = "GroupName=web&GroupDescription=web";
    let fault = desk.fault("CreateSecurityGroup", group);
    assert_eq!(fault.code, "VPCIdNotSpecified");
    let vpc = desk.make("CreateDefaultVpc", "", "vpcId");
    let made = desk.make("CreateSecurityGroup", group, "groupId");
    let listed = desk.ok("DescribeSecurityGroups", &format!("GroupId.1={made}"));
    assert!(listed.contains(&vpc), "{listed}");
}
