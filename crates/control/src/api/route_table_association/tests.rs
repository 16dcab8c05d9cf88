//! Associations through the dispatcher.

use crate::api::route_table::tests::with_table;
use crate::api::tests::{Desk, first};

fn main_table(desk: &mut Desk) -> [String; 2] {
    let main = "Filter.1.Name=association.main&Filter.1.Value.1=true";
    let shown = desk.ok("DescribeRouteTables", main);
    ["routeTableId", "routeTableAssociationId"].map(|element| first(&shown, element).unwrap())
}

#[test]
fn a_subnet_uses_one_table() {
    let (mut desk, [vpc, subnet, table]) = with_table();
    let other = desk.make("CreateRouteTable", &format!("VpcId={vpc}"), "routeTableId");
    let request = |table: &str| format!("RouteTableId={table}&SubnetId={subnet}");
    let made = desk.ok("AssociateRouteTable", &request(&table));
    assert!(made.contains("<state>associated</state>"), "{made}");
    let association = first(&made, "associationId").unwrap();
    // Asking again changes nothing.
    let again = desk.make("AssociateRouteTable", &request(&table), "associationId");
    assert_eq!(again, association);
    let fault = desk.fault("AssociateRouteTable", &request(&other));
    assert_eq!(fault.code, "Resource.AlreadyAssociated");
    assert!(fault.message.contains(&association), "{}", fault.message);
    let filter = format!(
        "Filter.1.Name=association.route-table-association-id&Filter.1.Value.1={association}"
    );
    let found = desk.ok("DescribeRouteTables", &filter);
    assert_eq!(first(&found, "subnetId").unwrap(), subnet);
    assert!(found.contains("<main>false</main>"), "{found}");
    // Another table instead.
    let replace = format!("AssociationId={association}&RouteTableId={other}");
    let new = desk.make("ReplaceRouteTableAssociation", &replace, "newAssociationId");
    assert_ne!(new, association);
    let by_subnet = format!("Filter.1.Name=association.subnet-id&Filter.1.Value.1={subnet}");
    assert_eq!(
        desk.make("DescribeRouteTables", &by_subnet, "routeTableId"),
        other
    );
    let same = format!("AssociationId={new}&RouteTableId={other}");
    assert_eq!(
        desk.make("ReplaceRouteTableAssociation", &same, "newAssociationId"),
        new
    );
    desk.ok("DisassociateRouteTable", &format!("AssociationId={new}"));
    let gone = desk.fault("DisassociateRouteTable", &format!("AssociationId={new}"));
    assert_eq!(gone.code, "InvalidAssociationID.NotFound");
    assert!(!desk.ok("DescribeRouteTables", &by_subnet).contains(&other));
}

#[test]
fn another_table_becomes_the_main_one() {
    let (mut desk, [vpc, _, table]) = with_table();
    let [old, association] = main_table(&mut desk);
    let fault = desk.fault(
        "DisassociateRouteTable",
        &format!("AssociationId={association}"),
    );
    assert_eq!(fault.code, "InvalidParameterValue");
    desk.ok(
        "ReplaceRouteTableAssociation",
        &format!("AssociationId={association}&RouteTableId={table}"),
    );
    assert_eq!(main_table(&mut desk)[0], table);
    desk.ok("DeleteRouteTable", &format!("RouteTableId={old}"));
    let main = desk.fault("DeleteRouteTable", &format!("RouteTableId={table}"));
    assert!(main.message.contains(&vpc), "{}", main.message);
}

#[test]
fn what_does_not_go_together_is_refused() {
    let (mut desk, [_, subnet, table]) = with_table();
    let vpc = desk.make("CreateVpc", "CidrBlock=10.0.0.0/16", "vpcId");
    let foreign = desk.make("CreateRouteTable", &format!("VpcId={vpc}"), "routeTableId");
    let request = format!("RouteTableId={table}&SubnetId={subnet}");
    let association = desk.make("AssociateRouteTable", &request, "associationId");
    for (action, parameters, code) in [
        (
            "AssociateRouteTable",
            format!("RouteTableId={foreign}&SubnetId={subnet}"),
            "InvalidParameterValue",
        ),
        (
            "ReplaceRouteTableAssociation",
            format!("RouteTableId={foreign}&AssociationId={association}"),
            "InvalidParameterValue",
        ),
        (
            "AssociateRouteTable",
            format!("RouteTableId={table}"),
            "MissingParameter",
        ),
        (
            "AssociateRouteTable",
            format!("RouteTableId={table}&GatewayId=igw-0123456789abcdef0"),
            "UnsupportedOperation",
        ),
        (
            "DisassociateRouteTable",
            "AssociationId=rtbassoc-1".into(),
            "InvalidAssociationID.Malformed",
        ),
    ] {
        assert_eq!(
            desk.fault(action, &parameters).code,
            code,
            "{action} {parameters}"
        );
    }
}
