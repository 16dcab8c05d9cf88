//! Route tables through the dispatcher.

use crate::api::tests::{Desk, first};

/// A VPC, a subnet and a table.
pub(crate) fn with_table() -> (Desk, [String; 3]) {
    let mut desk = Desk::new();
    let vpc = desk.make("CreateVpc", "CidrBlock=10.0.0.0/16", "vpcId");
    let block = format!("VpcId={vpc}&CidrBlock=10.0.1.0/24");
    let subnet = desk.make("CreateSubnet", &block, "subnetId");
    let table = desk.make("CreateRouteTable", &format!("VpcId={vpc}"), "routeTableId");
    (desk, [vpc, subnet, table])
}

/// An internet gateway of a VPC.
pub(crate) fn gateway(desk: &mut Desk, vpc: &str) -> String {
    let gateway = desk.make("CreateInternetGateway", "", "internetGatewayId");
    let attach = format!("InternetGatewayId={gateway}&VpcId={vpc}");
    desk.ok("AttachInternetGateway", &attach);
    gateway
}

#[test]
fn a_table_is_made_listed_and_removed() {
    let (mut desk, [vpc, _, table]) = with_table();
    let shown = desk.ok("DescribeRouteTables", &format!("RouteTableId.1={table}"));
    for part in [
        "<destinationCidrBlock>10.0.0.0/16</destinationCidrBlock>",
        "<gatewayId>local</gatewayId>",
        "<origin>CreateRouteTable</origin>",
        "<state>active</state>",
        "<associationSet/>",
        "<propagatingVgwSet/>",
        "<ownerId>123456789012</ownerId>",
    ] {
        assert!(shown.contains(part), "{part} in {shown}");
    }
    assert_eq!(first(&shown, "vpcId").unwrap(), vpc);
    for (filter, found) in [
        ("association.main&Filter.1.Value.1=true", false),
        ("association.main&Filter.1.Value.1=false", false),
        ("owner-id&Filter.1.Value.1=123456789012", true),
        ("route.gateway-id&Filter.1.Value.1=local", true),
        ("route.destination-cidr-block&Filter.1.Value.1=10.*", true),
        ("route.destination-prefix-list-id&Filter.1.Value.1=*", false),
        ("route.origin&Filter.1.Value.1=CreateRoute", false),
        ("route.state&Filter.1.Value.1=active", true),
    ] {
        let listed = desk.ok("DescribeRouteTables", &format!("Filter.1.Name={filter}"));
        assert_eq!(listed.contains(&table), found, "{filter}");
    }
    desk.ok("DeleteRouteTable", &format!("RouteTableId={table}"));
    let gone = desk.fault("DescribeRouteTables", &format!("RouteTableId.1={table}"));
    assert_eq!(gone.code, "InvalidRouteTableID.NotFound");
}

#[test]
fn one_token_makes_one_table() {
    let (mut desk, [vpc, _, _]) = with_table();
    let request = format!("VpcId={vpc}&ClientToken=terraform-1");
    let one = desk.make("CreateRouteTable", &request, "routeTableId");
    let again = desk.ok("CreateRouteTable", &request);
    assert_eq!(first(&again, "routeTableId").unwrap(), one);
    assert_eq!(first(&again, "clientToken").unwrap(), "terraform-1");
    let other = format!(
        "{request}&TagSpecification.1.ResourceType=route-table&TagSpecification.1.Tag.1.Key=a"
    );
    let fault = desk.fault("CreateRouteTable", &other);
    assert_eq!(fault.code, "IdempotentParameterMismatch");
}

#[test]
fn a_table_in_use_and_the_main_table_stay() {
    let (mut desk, [vpc, subnet, table]) = with_table();
    let use_it = format!("RouteTableId={table}&SubnetId={subnet}");
    let association = desk.make("AssociateRouteTable", &use_it, "associationId");
    let fault = desk.fault("DeleteRouteTable", &format!("RouteTableId={table}"));
    assert_eq!(fault.code, "DependencyViolation");
    for word in [&association, &subnet] {
        assert!(fault.message.contains(word), "{}", fault.message);
    }
    let main = "Filter.1.Name=association.main&Filter.1.Value.1=true";
    let main = desk.make("DescribeRouteTables", main, "routeTableId");
    let fault = desk.fault("DeleteRouteTable", &format!("RouteTableId={main}"));
    assert_eq!(fault.code, "DependencyViolation");
    assert!(fault.message.contains(&vpc), "{}", fault.message);
}

#[test]
fn a_vpc_has_as_many_tables_as_its_quota() {
    let (mut desk, [vpc, _, _]) = with_table();
    desk.set_quota("L-589F43AA=2");
    let fault = desk.fault("CreateRouteTable", &format!("VpcId={vpc}"));
    assert_eq!(fault.code, "RouteTableLimitExceeded");
}

#[test]
fn pages_hold_each_table_once() {
    let (mut desk, [vpc, _, _]) = with_table();
    for _ in 0..10 {
        desk.ok("CreateRouteTable", &format!("VpcId={vpc}"));
    }
    let (mut seen, mut token) = (0, String::new());
    loop {
        let listed = desk.ok("DescribeRouteTables", &format!("MaxResults=5{token}"));
        seen += listed.matches("<propagatingVgwSet/>").count();
        let Some(next) = first(&listed, "nextToken") else {
            break;
        };
        token = format!("&NextToken={next}");
    }
    assert_eq!(seen, 12);
    let fault = desk.fault("DescribeRouteTables", "MaxResults=101");
    assert_eq!(fault.code, "InvalidParameterValue");
}

#[test]
fn another_accounts_table_does_not_exist() {
    let (mut desk, [vpc, subnet, table]) = with_table();
    let use_it = format!("RouteTableId={table}&SubnetId={subnet}");
    let association = desk.make("AssociateRouteTable", &use_it, "associationId");
    desk.switch_account();
    let mine = desk.make("CreateVpc", "CidrBlock=10.0.0.0/16", "vpcId");
    let block = format!("VpcId={mine}&CidrBlock=10.0.1.0/24");
    let my_subnet = desk.make("CreateSubnet", &block, "subnetId");
    let my_table = desk.make("CreateRouteTable", &format!("VpcId={mine}"), "routeTableId");
    let route = "DestinationCidrBlock=0.0.0.0/0";
    for (action, parameters, code) in [
        (
            "CreateRouteTable",
            format!("VpcId={vpc}"),
            "InvalidVpcID.NotFound",
        ),
        (
            "DeleteRouteTable",
            format!("RouteTableId={table}"),
            "InvalidRouteTableID.NotFound",
        ),
        (
            "DescribeRouteTables",
            format!("RouteTableId.1={table}"),
            "InvalidRouteTableID.NotFound",
        ),
        (
            "CreateRoute",
            format!("RouteTableId={table}&{route}&GatewayId=igw-0123456789abcdef0"),
            "InvalidRouteTableID.NotFound",
        ),
        (
            "DeleteRoute",
            format!("RouteTableId={table}&{route}"),
            "InvalidRouteTableID.NotFound",
        ),
        (
            "AssociateRouteTable",
            format!("RouteTableId={table}&SubnetId={my_subnet}"),
            "InvalidRouteTableID.NotFound",
        ),
        (
            "AssociateRouteTable",
            format!("RouteTableId={my_table}&SubnetId={subnet}"),
            "InvalidSubnetID.NotFound",
        ),
        (
            "DisassociateRouteTable",
            format!("AssociationId={association}"),
            "InvalidAssociationID.NotFound",
        ),
        (
            "ReplaceRouteTableAssociation",
            format!("AssociationId={association}&RouteTableId={my_table}"),
            "InvalidAssociationID.NotFound",
        ),
        (
            "DeleteRouteTable",
            "RouteTableId=rtb-1".into(),
            "InvalidRouteTableID.Malformed",
        ),
    ] {
        assert_eq!(desk.fault(action, &parameters).code, code, "{action}");
    }
    assert!(!desk.ok("DescribeRouteTables", "").contains(&table));
}
