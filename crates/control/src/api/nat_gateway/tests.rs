//! NAT gateways through the dispatcher.

use crate::api::tests::{Desk, first};

/// A default VPC, one of its subnets and an address.
fn with_address() -> (Desk, [String; 3]) {
    let mut desk = Desk::new();
    let vpc = desk.make("CreateDefaultVpc", "", "vpcId");
    let subnet = desk.make("DescribeSubnets", "", "subnetId");
    let address = desk.make("AllocateAddress", "", "allocationId");
    (desk, [vpc, subnet, address])
}

#[test]
fn a_public_gateway_is_made_listed_and_removed() {
    let (mut desk, [vpc, subnet, address]) = with_address();
    let request = format!("SubnetId={subnet}&AllocationId={address}&ClientToken=terraform-1");
    let made = desk.ok("CreateNatGateway", &request);
    let id = first(&made, "natGatewayId").unwrap();
    let eni = first(&made, "networkInterfaceId").unwrap();
    assert_eq!(desk.make("CreateNatGateway", &request, "natGatewayId"), id);
    let shown = desk.ok("DescribeNatGateways", &format!("NatGatewayId.1={id}"));
    for part in [
        format!("<allocationId>{address}</allocationId>"),
        "<connectivityType>public</connectivityType>".into(),
        "<state>available</state>".into(),
        "<isPrimary>true</isPrimary>".into(),
        format!("<vpcId>{vpc}</vpcId>"),
    ] {
        assert!(
            made.contains(&part) && shown.contains(&part),
            "{part} in {made}, {shown}"
        );
    }
    // Its interface is an interface like any other, and not its owner's to remove.
    let listed = desk.ok(
        "DescribeNetworkInterfaces",
        &format!("NetworkInterfaceId.1={eni}"),
    );
    for part in [
        "<interfaceType>nat_gateway</interfaceType>",
        "<requesterManaged>true</requesterManaged>",
        "<status>in-use</status>",
    ] {
        assert!(listed.contains(part), "{part} in {listed}");
    }
    let fault = desk.fault(
        "DeleteNetworkInterface",
        &format!("NetworkInterfaceId={eni}"),
    );
    assert_eq!(fault.code, "OperationNotPermitted");
    assert!(fault.message.contains(&id), "{}", fault.message);
    // The address is in use.
    let used = desk.ok("DescribeAddresses", &format!("AllocationId.1={address}"));
    assert!(
        used.contains(&eni) && used.contains("<associationId>eipassoc-"),
        "{used}"
    );
    let fault = desk.fault("ReleaseAddress", &format!("AllocationId={address}"));
    assert_eq!(fault.code, "InvalidIPAddress.InUse");
    let again = format!("SubnetId={subnet}&AllocationId={address}");
    let fault = desk.fault("CreateNatGateway", &again);
    assert_eq!(fault.code, "Resource.AlreadyAssociated");
    let fault = desk.fault("DeleteSubnet", &format!("SubnetId={subnet}"));
    assert!(fault.message.contains(&id), "{}", fault.message);
    for (filter, found) in [
        (format!("vpc-id&Filter.1.Value.1={vpc}"), true),
        (format!("subnet-id&Filter.1.Value.1={subnet}"), true),
        ("state&Filter.1.Value.1=deleted".into(), false),
    ] {
        let listed = desk.ok("DescribeNatGateways", &format!("Filter.1.Name={filter}"));
        assert_eq!(listed.contains(&id), found, "{filter}");
    }
    let gone = desk.make(
        "DeleteNatGateway",
        &format!("NatGatewayId={id}"),
        "natGatewayId",
    );
    assert_eq!(gone, id);
    let fault = desk.fault("DescribeNatGateways", &format!("NatGatewayId.1={id}"));
    assert_eq!(fault.code, "NatGatewayNotFound");
    assert!(desk.world.interfaces.is_empty());
    desk.ok("ReleaseAddress", &format!("AllocationId={address}"));
}

#[test]
fn a_private_gateway_has_the_address_that_it_asks_for() {
    let (mut desk, [_, subnet, _]) = with_address();
    let cidr = desk.make(
        "DescribeSubnets",
        &format!("SubnetId.1={subnet}"),
        "cidrBlock",
    );
    let ip = cidr.replace(".0/20", ".77");
    let private = format!("SubnetId={subnet}&ConnectivityType=private");
    let made = desk.ok(
        "CreateNatGateway",
        &format!("{private}&PrivateIpAddress={ip}"),
    );
    assert_eq!(first(&made, "privateIp").unwrap(), ip);
    assert!(
        made.contains("<connectivityType>private</connectivityType>"),
        "{made}"
    );
    assert!(!made.contains("<publicIp>"), "{made}");
    let taken = desk.fault(
        "CreateNatGateway",
        &format!("{private}&PrivateIpAddress={ip}"),
    );
    assert_eq!(taken.code, "InvalidIPAddress.InUse");
}

#[test]
fn gateways_that_cannot_be_are_refused() {
    let (mut desk, [_, subnet, address]) = with_address();
    let closed = desk.make("CreateVpc", "CidrBlock=10.0.0.0/16", "vpcId");
    let block = format!("VpcId={closed}&CidrBlock=10.0.1.0/24");
    let closed = desk.make("CreateSubnet", &block, "subnetId");
    let absent = "eipalloc-0123456789abcdef0";
    for (request, code) in [
        (format!("AllocationId={address}"), "MissingParameter"),
        (format!("SubnetId={subnet}"), "MissingParameter"),
        (
            format!("SubnetId={subnet}&AllocationId={absent}"),
            "InvalidAllocationID.NotFound",
        ),
        (
            format!("SubnetId={subnet}&AllocationId={address}&ConnectivityType=private"),
            "InvalidParameterValue",
        ),
        (
            format!("SubnetId={subnet}&AllocationId={address}&ConnectivityType=both"),
            "InvalidParameterValue",
        ),
        (
            format!("SubnetId={closed}&AllocationId={address}"),
            "Gateway.NotAttached",
        ),
        (
            format!("SubnetId={subnet}&AllocationId={address}&AvailabilityMode=regional"),
            "UnsupportedOperation",
        ),
        (
            format!("SubnetId={subnet}&AllocationId={address}&SecondaryAllocationId.1={absent}"),
            "UnsupportedOperation",
        ),
    ] {
        assert_eq!(
            desk.fault("CreateNatGateway", &request).code,
            code,
            "{request}"
        );
    }
    let malformed = desk.fault("DeleteNatGateway", "NatGatewayId=nat-1");
    assert_eq!(malformed.code, "NatGatewayMalformed");
}

#[test]
fn a_zone_has_as_many_gateways_as_its_quota() {
    let (mut desk, [_, subnet, address]) = with_address();
    desk.set_quota("L-FE5A380F=1");
    let subnets = desk.ok("DescribeSubnets", "");
    let other = subnets.split("<subnetId>").skip(1);
    let other = other.filter_map(|text| text.split('<').next());
    let other = other.map(str::to_owned).find(|id| *id != subnet).unwrap();
    let private = |subnet: &str| format!("SubnetId={subnet}&ConnectivityType=private");
    let nat = desk.make("CreateNatGateway", &private(&subnet), "natGatewayId");
    let fault = desk.fault("CreateNatGateway", &private(&subnet));
    assert_eq!(fault.code, "NatGatewayLimitExceeded");
    // Another zone has its own.
    desk.ok("CreateNatGateway", &private(&other));
    desk.switch_account();
    for (action, parameters, code) in [
        (
            "DeleteNatGateway",
            format!("NatGatewayId={nat}"),
            "NatGatewayNotFound",
        ),
        (
            "DescribeNatGateways",
            format!("NatGatewayId.1={nat}"),
            "NatGatewayNotFound",
        ),
        (
            "CreateNatGateway",
            private(&subnet),
            "InvalidSubnetID.NotFound",
        ),
        (
            "ReleaseAddress",
            format!("AllocationId={address}"),
            "InvalidAllocationID.NotFound",
        ),
    ] {
        assert_eq!(desk.fault(action, &parameters).code, code, "{action}");
    }
    assert!(!desk.ok("DescribeNatGateways", "").contains(&nat));
}
