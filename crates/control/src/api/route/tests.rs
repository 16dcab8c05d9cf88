//! Routes through the dispatcher.

use model::endpoint::Managed;
use model::id::{EndpointId, PrefixListId};
use model::interface::{Attachment, Interface, Role};
use model::route_table::RouteTable;

use crate::api::route_table::tests::{gateway, with_table};
use crate::api::tests::Desk;

fn route(table: &str, rest: &str) -> String {
    format!("RouteTableId={table}&{rest}")
}

fn state(desk: &mut Desk, table: &str, state: &str) -> usize {
    let shown = desk.ok("DescribeRouteTables", &format!("RouteTableId.1={table}"));
    shown.matches(&format!("<state>{state}</state>")).count()
}

#[test]
fn a_route_is_made_changed_and_removed() {
    let (mut desk, [vpc, subnet, table]) = with_table();
    let gateway = gateway(&mut desk, &vpc);
    let out = format!("DestinationCidrBlock=0.0.0.0/0&GatewayId={gateway}");
    let made = desk.ok("CreateRoute", &route(&table, &out));
    assert!(made.contains("<return>true</return>"), "{made}");
    let fault = desk.fault("CreateRoute", &route(&table, &out));
    assert_eq!(fault.code, "RouteAlreadyExists");
    assert!(fault.message.contains(&gateway), "{}", fault.message);
    let eni = format!("SubnetId={subnet}");
    let eni = desk.make("CreateNetworkInterface", &eni, "networkInterfaceId");
    let over = format!("DestinationCidrBlock=0.0.0.0/0&NetworkInterfaceId={eni}");
    desk.ok("ReplaceRoute", &route(&table, &over));
    let shown = desk.ok("DescribeRouteTables", &format!("RouteTableId.1={table}"));
    assert!(
        shown.contains(&format!("<networkInterfaceId>{eni}</networkInterfaceId>")),
        "{shown}"
    );
    assert!(!shown.contains(&gateway), "{shown}");
    // Nothing is attached to that interface.
    assert_eq!(state(&mut desk, &table, "blackhole"), 1);
    let gone = "DestinationCidrBlock=0.0.0.0/0";
    desk.ok("DeleteRoute", &route(&table, gone));
    for (action, rest) in [("DeleteRoute", gone), ("ReplaceRoute", &out)] {
        let fault = desk.fault(action, &route(&table, rest));
        assert_eq!(fault.code, "InvalidRoute.NotFound", "{action}");
    }
}

#[test]
fn host_bits_of_a_destination_are_dropped() {
    let (mut desk, [vpc, _, table]) = with_table();
    let gateway = gateway(&mut desk, &vpc);
    for (given, meant) in [
        ("DestinationCidrBlock=192.168.1.1/16", "192.168.0.0/16"),
        ("DestinationIpv6CidrBlock=2001:db8::1/32", "2001:db8::/32"),
    ] {
        desk.ok(
            "CreateRoute",
            &route(&table, &format!("{given}&GatewayId={gateway}")),
        );
        let shown = desk.ok("DescribeRouteTables", &format!("RouteTableId.1={table}"));
        assert!(shown.contains(&format!(">{meant}<")), "{shown}");
        desk.ok("DeleteRoute", &route(&table, given));
    }
}

#[test]
fn a_route_outlives_its_target_as_a_black_hole() {
    let (mut desk, [vpc, subnet, table]) = with_table();
    let gateway = gateway(&mut desk, &vpc);
    let nat = format!("ConnectivityType=private&SubnetId={subnet}");
    let nat = desk.make("CreateNatGateway", &nat, "natGatewayId");
    for (block, target) in [
        ("0.0.0.0/0", format!("GatewayId={gateway}")),
        ("192.168.0.0/16", format!("NatGatewayId={nat}")),
    ] {
        let rest = format!("DestinationCidrBlock={block}&{target}");
        desk.ok("CreateRoute", &route(&table, &rest));
    }
    assert_eq!(state(&mut desk, &table, "active"), 3);
    desk.ok(
        "DetachInternetGateway",
        &format!("InternetGatewayId={gateway}&VpcId={vpc}"),
    );
    assert_eq!(state(&mut desk, &table, "blackhole"), 1);
    desk.ok("DeleteNatGateway", &format!("NatGatewayId={nat}"));
    assert_eq!(state(&mut desk, &table, "blackhole"), 2);
    desk.ok(
        "DeleteInternetGateway",
        &format!("InternetGatewayId={gateway}"),
    );
    assert_eq!(state(&mut desk, &table, "active"), 1);
}

#[test]
fn the_local_route_stays() {
    let (mut desk, [vpc, subnet, table]) = with_table();
    let gateway = gateway(&mut desk, &vpc);
    let nat = format!("ConnectivityType=private&SubnetId={subnet}");
    let nat = desk.make("CreateNatGateway", &nat, "natGatewayId");
    let local = "DestinationCidrBlock=10.0.0.0/16";
    assert_eq!(
        desk.fault("DeleteRoute", &route(&table, local)).code,
        "InvalidParameterValue"
    );
    for (action, rest, code) in [
        (
            "CreateRoute",
            format!("{local}&GatewayId={gateway}"),
            "RouteAlreadyExists",
        ),
        (
            "ReplaceRoute",
            format!("{local}&GatewayId={gateway}"),
            "InvalidParameterValue",
        ),
        (
            "CreateRoute",
            format!("DestinationCidrBlock=10.0.1.0/24&GatewayId={gateway}"),
            "InvalidParameterValue",
        ),
    ] {
        assert_eq!(
            desk.fault(action, &route(&table, &rest)).code,
            code,
            "{rest}"
        );
    }
    // It can lead elsewhere for a while.
    desk.ok(
        "ReplaceRoute",
        &route(&table, &format!("{local}&NatGatewayId={nat}")),
    );
    desk.ok(
        "ReplaceRoute",
        &route(&table, &format!("{local}&LocalTarget=true")),
    );
    let within = format!("DestinationCidrBlock=10.0.1.0/24&NatGatewayId={nat}");
    desk.ok("CreateRoute", &route(&table, &within));
    let fault = desk.fault(
        "ReplaceRoute",
        &route(&table, "DestinationCidrBlock=10.0.1.0/24&LocalTarget=true"),
    );
    assert_eq!(fault.code, "InvalidParameterValue");
}

#[test]
fn routes_that_cannot_be_are_refused() {
    let (mut desk, [_, _, table]) = with_table();
    let other = desk.make("CreateVpc", "CidrBlock=10.1.0.0/16", "vpcId");
    let foreign = gateway(&mut desk, &other);
    let detached = desk.make("CreateInternetGateway", "", "internetGatewayId");
    let absent = "0123456789abcdef0";
    let any = "DestinationCidrBlock=0.0.0.0/0";
    for (rest, code) in [
        (format!("GatewayId={foreign}"), "MissingParameter"),
        (
            format!("DestinationCidrBlock=all&GatewayId={foreign}"),
            "InvalidParameterValue",
        ),
        (
            format!("DestinationIpv6CidrBlock=all&GatewayId={foreign}"),
            "InvalidParameterValue",
        ),
        (
            format!("{any}&DestinationIpv6CidrBlock=::/0&GatewayId={foreign}"),
            "InvalidParameterCombination",
        ),
        (any.to_owned(), "MissingParameter"),
        (
            format!("{any}&GatewayId={foreign}&NatGatewayId=nat-{absent}"),
            "InvalidParameterCombination",
        ),
        (
            format!("{any}&GatewayId={foreign}"),
            "InvalidParameterValue",
        ),
        (
            format!("{any}&GatewayId={detached}"),
            "InvalidParameterValue",
        ),
        (
            format!("{any}&GatewayId=igw-{absent}"),
            "InvalidGatewayID.NotFound",
        ),
        (
            format!("{any}&GatewayId=vpce-{absent}"),
            "InvalidParameterValue",
        ),
        (
            format!("{any}&GatewayId=vgw-{absent}"),
            "UnsupportedOperation",
        ),
        (
            format!("{any}&NatGatewayId=nat-{absent}"),
            "InvalidNatGatewayID.NotFound",
        ),
        (
            format!("{any}&NetworkInterfaceId=eni-{absent}"),
            "InvalidNetworkInterfaceID.NotFound",
        ),
        (
            format!("{any}&TransitGatewayId=tgw-{absent}"),
            "UnsupportedOperation",
        ),
        (
            format!("{any}&VpcEndpointId=vpce-{absent}"),
            "UnsupportedOperation",
        ),
    ] {
        assert_eq!(
            desk.fault("CreateRoute", &route(&table, &rest)).code,
            code,
            "{rest}"
        );
    }
}

#[test]
fn a_table_has_as_many_routes_as_its_quota() {
    let (mut desk, [vpc, _, table]) = with_table();
    let gateway = gateway(&mut desk, &vpc);
    desk.set_quota("L-93826ACB=1");
    let to = |block: &str| {
        route(
            &table,
            &format!("DestinationCidrBlock={block}&GatewayId={gateway}"),
        )
    };
    desk.ok("CreateRoute", &to("0.0.0.0/0"));
    let fault = desk.fault("CreateRoute", &to("192.168.0.0/16"));
    assert_eq!(fault.code, "RouteLimitExceeded");
}

#[test]
fn routes_of_gateway_endpoints_are_theirs() {
    let (mut desk, [vpc, _, id]) = with_table();
    let gateway = gateway(&mut desk, &vpc);
    let table = desk.world.route_tables.get(&id.parse().unwrap()).unwrap();
    let mut table = RouteTable::clone(table);
    let list = Managed::S3.prefix_list();
    table.add_endpoint_route(list, EndpointId::new(7)).unwrap();
    desk.world = desk.world.apply(&[table.into()], desk.world.revision + 1);
    let there = format!("DestinationPrefixListId={list}");
    for (action, rest, code) in [
        ("DeleteRoute", there.clone(), "InvalidParameterValue"),
        (
            "ReplaceRoute",
            format!("{there}&GatewayId={gateway}"),
            "InvalidParameterValue",
        ),
        (
            "CreateRoute",
            format!("{there}&GatewayId={gateway}"),
            "RouteAlreadyExists",
        ),
        (
            "CreateRoute",
            format!(
                "DestinationPrefixListId={}&GatewayId={gateway}",
                PrefixListId::new(8)
            ),
            "InvalidPrefixListID.NotFound",
        ),
        (
            "DeleteRoute",
            format!("DestinationPrefixListId={}", PrefixListId::new(8)),
            "InvalidRoute.NotFound",
        ),
    ] {
        assert_eq!(
            desk.fault(action, &route(&id, &rest)).code,
            code,
            "{action} {rest}"
        );
    }
    let shown = desk.ok(
        "DescribeRouteTables",
        &format!("Filter.1.Name=route.destination-prefix-list-id&Filter.1.Value.1={list}"),
    );
    assert!(shown.contains(&id), "{shown}");
    // The endpoint is not there.
    assert_eq!(state(&mut desk, &id, "blackhole"), 1);
}

#[test]
fn a_route_through_a_peering_connection_is_dead_until_both_agree() {
    let (mut desk, [vpc, _, table]) = with_table();
    let other = desk.make("CreateVpc", "CidrBlock=10.1.0.0/16", "vpcId");
    let third = desk.make("CreateVpc", "CidrBlock=10.2.0.0/16", "vpcId");
    let mut ask = |from: &str, to: &str| {
        let wanted = format!("VpcId={from}&PeerVpcId={to}");
        desk.make(
            "CreateVpcPeeringConnection",
            &wanted,
            "vpcPeeringConnectionId",
        )
    };
    let peering = ask(&vpc, &other);
    let foreign = ask(&other, &third);
    let failed = ask(&vpc, &vpc);
    let to = |block: &str, id: &str| {
        let rest = format!("DestinationCidrBlock={block}&VpcPeeringConnectionId={id}");
        route(&table, &rest)
    };
    desk.ok("CreateRoute", &to("10.1.0.0/16", &peering));
    assert_eq!(state(&mut desk, &table, "blackhole"), 1);
    let one = format!("VpcPeeringConnectionId={peering}");
    desk.ok("AcceptVpcPeeringConnection", &one);
    assert_eq!(state(&mut desk, &table, "active"), 2);
    let by = "Filter.1.Name=route.vpc-peering-connection-id&Filter.1.Value.1";
    let shown = desk.ok("DescribeRouteTables", &format!("{by}={peering}"));
    assert!(shown.contains(&table), "{shown}");
    let id = format!("<vpcPeeringConnectionId>{peering}</vpcPeeringConnectionId>");
    assert!(shown.contains(&id), "{shown}");
    for (block, id, code) in [
        ("10.2.0.0/16", foreign.as_str(), "InvalidParameterValue"),
        ("10.2.0.0/16", &failed, "InvalidParameterValue"),
        (
            "10.2.0.0/16",
            "pcx-1",
            "InvalidVpcPeeringConnectionId.Malformed",
        ),
        (
            "10.2.0.0/16",
            "pcx-0123456789abcdef0",
            "InvalidVpcPeeringConnectionID.NotFound",
        ),
        // Within the VPC, however exact.
        ("10.0.1.0/24", &peering, "InvalidParameterValue"),
    ] {
        let fault = desk.fault("CreateRoute", &to(block, id));
        assert_eq!(fault.code, code, "{block} {id}: {}", fault.message);
    }
    let local = desk.fault("ReplaceRoute", &to("10.0.0.0/16", &peering));
    assert_eq!(local.code, "InvalidParameterValue");
    desk.ok("DeleteVpcPeeringConnection", &one);
    assert_eq!(state(&mut desk, &table, "blackhole"), 1);
    let dead = "Filter.1.Name=route.state&Filter.1.Value.1=blackhole";
    assert!(desk.ok("DescribeRouteTables", dead).contains(&table));
    let fault = desk.fault("ReplaceRoute", &to("10.1.0.0/16", &peering));
    assert_eq!(fault.code, "InvalidParameterValue");
    assert!(fault.message.contains("deleted"), "{}", fault.message);
    desk.ok(
        "DeleteRoute",
        &route(&table, "DestinationCidrBlock=10.1.0.0/16"),
    );
}

#[test]
fn within_the_vpc_a_route_is_for_a_whole_subnet() {
    let (mut desk, [_, subnet, table]) = with_table();
    let eni = format!("SubnetId={subnet}");
    let eni = desk.make("CreateNetworkInterface", &eni, "networkInterfaceId");
    let to = |block: &str| {
        let rest = format!("DestinationCidrBlock={block}&NetworkInterfaceId={eni}");
        route(&table, &rest)
    };
    for block in ["10.0.1.0/25", "10.0.0.0/17", "10.0.2.0/24"] {
        let fault = desk.fault("CreateRoute", &to(block));
        assert_eq!(fault.code, "InvalidParameterValue", "{block}");
        assert!(fault.message.contains(block), "{}", fault.message);
    }
    desk.ok("CreateRoute", &to("10.0.1.0/24"));
    // A larger block than the VPC's is nothing special.
    desk.ok("CreateRoute", &to("10.0.0.0/8"));
}

#[test]
fn addresses_that_aws_keeps_have_no_routes() {
    let (mut desk, [vpc, _, table]) = with_table();
    let gateway = gateway(&mut desk, &vpc);
    for block in [
        "CidrBlock=169.254.168.0/22",
        "CidrBlock=169.254.169.254/32",
        "Ipv6CidrBlock=fd00:ec2::254/128",
    ] {
        let rest = format!("Destination{block}&GatewayId={gateway}");
        let fault = desk.fault("CreateRoute", &route(&table, &rest));
        assert_eq!(fault.code, "InvalidParameterValue", "{block}");
    }
    let larger = format!("DestinationCidrBlock=169.254.0.0/16&GatewayId={gateway}");
    desk.ok("CreateRoute", &route(&table, &larger));
}

#[test]
fn a_route_for_a_prefix_list_uses_it() {
    let (mut desk, [vpc, subnet, table]) = with_table();
    let gateway = gateway(&mut desk, &vpc);
    let list = "PrefixListName=offices&AddressFamily=IPv4&MaxEntries=3";
    let list = desk.make("CreateManagedPrefixList", list, "prefixListId");
    let there = format!("DestinationPrefixListId={list}");
    let out = format!("{there}&GatewayId={gateway}");
    desk.ok("CreateRoute", &route(&table, &out));
    assert_eq!(
        desk.fault("CreateRoute", &route(&table, &out)).code,
        "RouteAlreadyExists"
    );
    let fault = desk.fault(
        "ReplaceRoute",
        &route(&table, &format!("{there}&LocalTarget=true")),
    );
    assert_eq!(fault.code, "InvalidParameterValue");
    let nat = format!("ConnectivityType=private&SubnetId={subnet}");
    let nat = desk.make("CreateNatGateway", &nat, "natGatewayId");
    desk.ok(
        "ReplaceRoute",
        &route(&table, &format!("{there}&NatGatewayId={nat}")),
    );
    let one = format!("PrefixListId={list}");
    let used = desk.ok("GetManagedPrefixListAssociations", &one);
    assert!(used.contains(&table), "{used}");
    let fault = desk.fault("DeleteManagedPrefixList", &one);
    assert_eq!(fault.code, "DependencyViolation");
    assert!(fault.message.contains(&table), "{}", fault.message);
    // It counts for as many routes as it may have entries.
    desk.set_quota("L-93826ACB=4");
    let grow = |size: u8| format!("{one}&MaxEntries={size}");
    let fault = desk.fault("ModifyManagedPrefixList", &grow(5));
    assert_eq!(fault.code, "RouteLimitExceeded");
    desk.ok("ModifyManagedPrefixList", &grow(4));
    let more = format!("DestinationCidrBlock=0.0.0.0/0&GatewayId={gateway}");
    let fault = desk.fault("CreateRoute", &route(&table, &more));
    assert_eq!(fault.code, "RouteLimitExceeded");
    // Another tenant's list does not exist.
    desk.switch_account();
    let theirs = "PrefixListName=n&AddressFamily=IPv4&MaxEntries=1";
    let theirs = desk.make("CreateManagedPrefixList", theirs, "prefixListId");
    desk.switch_account();
    let rest = format!("DestinationPrefixListId={theirs}&GatewayId={gateway}");
    let fault = desk.fault("CreateRoute", &route(&table, &rest));
    assert_eq!(fault.code, "InvalidPrefixListID.NotFound");
    desk.ok("DeleteRoute", &route(&table, &there));
    assert!(
        !desk
            .ok("GetManagedPrefixListAssociations", &one)
            .contains(&table)
    );
    // One of AWS's is used by its owner's tables alone, too.
    let s3 = Managed::S3.prefix_list();
    let out = format!("DestinationPrefixListId={s3}&GatewayId={gateway}");
    desk.ok("CreateRoute", &route(&table, &out));
    let one_of_aws = format!("PrefixListId={s3}");
    let used = desk.ok("GetManagedPrefixListAssociations", &one_of_aws);
    assert!(used.contains(&table), "{used}");
    desk.switch_account();
    let used = desk.ok("GetManagedPrefixListAssociations", &one_of_aws);
    assert!(!used.contains(&table), "{used}");
    desk.switch_account();
    desk.ok("DeleteManagedPrefixList", &one);
}

#[test]
fn a_route_to_an_interface_lives_while_it_is_attached() {
    let (mut desk, [_, subnet, table]) = with_table();
    let eni = format!("SubnetId={subnet}");
    let eni = desk.make("CreateNetworkInterface", &eni, "networkInterfaceId");
    let rest = format!("DestinationCidrBlock=192.168.0.0/16&NetworkInterfaceId={eni}");
    desk.ok("CreateRoute", &route(&table, &rest));
    for (attached, dead) in [(false, 1), (true, 0), (false, 1)] {
        let found = desk.world.interfaces.get(&eni.parse().unwrap()).unwrap();
        let mut found = Interface::clone(found);
        let Role::Workload { attachment, .. } = &mut found.role else {
            panic!("{found:?}");
        };
        *attachment = attached.then(|| Attachment {
            id: desk.call.id(),
            namespace: "/run/netns/one".into(),
            device: "eth0".into(),
            since: desk.call.now,
        });
        desk.world = desk.world.apply(&[found.into()], desk.world.revision + 1);
        assert_eq!(state(&mut desk, &table, "blackhole"), dead, "{attached}");
    }
    desk.ok(
        "DeleteNetworkInterface",
        &format!("NetworkInterfaceId={eni}"),
    );
    assert_eq!(state(&mut desk, &table, "blackhole"), 1);
}
