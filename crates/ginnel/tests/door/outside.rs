//! The way out and peering, made by the API: real packets to a namespace that is the internet.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use testbed::ginnel::Ginnel;
use testbed::server::Server;
use testbed::tenant::Tenant;
use testbed::{Netns, client, eventually};

use crate::lab::LIMIT;

const SILENCE: Duration = Duration::from_millis(300);
const OUTSIDE: Ipv4Addr = Ipv4Addr::new(203, 0, 113, 1);
const INSIDE: Ipv4Addr = Ipv4Addr::new(10, 0, 1, 10);

fn at(ip: Ipv4Addr, port: u16) -> SocketAddr {
    (ip, port).into()
}

/// The address that a server outside saw.
fn peer(ns: &Netns) -> Option<String> {
    let reply = client::http_get(ns, at(OUTSIDE, 80), "/", SILENCE).ok()?;
    let line = reply.body.split_whitespace();
    let mut peer = line.filter_map(|word| word.strip_prefix("peer="));
    Some(peer.next()?.rsplit_once(':')?.0.to_owned())
}

fn main_table(tenant: &Tenant) -> String {
    let tables = tenant.ec2(
        "DescribeRouteTables",
        &[
            ("Filter.1.Name", "vpc-id"),
            ("Filter.1.Value.1", &tenant.vpc),
            ("Filter.2.Name", "association.main"),
            ("Filter.2.Value.1", "true"),
        ],
    );
    tables.unwrap().need("routeTableId").unwrap()
}

#[test]
fn gateways_lead_out_with_public_addresses_and_in_to_them() {
    if !testbed::usable() {
        return;
    }
    let internet = Netns::new("internet").unwrap();
    internet.ip("link set lo up").unwrap();
    internet.ip("addr add 203.0.113.1/32 dev lo").unwrap();
    let ginnel = Ginnel::start(&["--uplink", internet.name()]).unwrap();
    let _web = Server::http(&internet, at(OUTSIDE, 80), "outside").unwrap();
    let tenant = Tenant::new(&ginnel, "tenant").unwrap();
    let ns = Netns::new("inside").unwrap();
    let eni = tenant.attach(&ginnel, &ns, INSIDE).unwrap();
    let make = |action: &str, parameters: &[(&str, &str)], element: &str| {
        tenant
            .ec2(action, parameters)
            .unwrap()
            .need(element)
            .unwrap()
    };
    // No gateway, no way.
    assert_eq!(peer(&ns), None);
    let gateway = make("CreateInternetGateway", &[], "internetGatewayId");
    let attach = [
        ("InternetGatewayId", gateway.as_str()),
        ("VpcId", &tenant.vpc),
    ];
    tenant.ec2("AttachInternetGateway", &attach).unwrap();
    let table = main_table(&tenant);
    let route = [
        ("RouteTableId", table.as_str()),
        ("DestinationCidrBlock", "0.0.0.0/0"),
        ("GatewayId", &gateway),
    ];
    tenant.ec2("CreateRoute", &route).unwrap();
    assert_eq!(peer(&ns), None, "without a public address");

    let allocated = tenant.ec2("AllocateAddress", &[("Domain", "vpc")]).unwrap();
    let public = allocated.need("publicIp").unwrap();
    let allocation = allocated.need("allocationId").unwrap();
    let associate = [
        ("AllocationId", allocation.as_str()),
        ("NetworkInterfaceId", &eni),
    ];
    tenant.ec2("AssociateAddress", &associate).unwrap();
    eventually("the way out", LIMIT, || {
        (peer(&ns).as_deref() == Some(&public)).then_some(())
    })
    .unwrap();

    // In: the default group admits the VPC only, until it admits this client too.
    let _inside = Server::http(&ns, at(INSIDE, 80), "inside").unwrap();
    let dial = at(public.parse().unwrap(), 80);
    client::connect(&internet, dial, SILENCE).unwrap_err();
    let groups = tenant.ec2(
        "DescribeSecurityGroups",
        &[
            ("Filter.1.Name", "vpc-id"),
            ("Filter.1.Value.1", &tenant.vpc),
        ],
    );
    let group = groups.unwrap().need("groupId").unwrap();
    let admit = [
        ("GroupId", group.as_str()),
        ("IpPermissions.1.IpProtocol", "tcp"),
        ("IpPermissions.1.FromPort", "80"),
        ("IpPermissions.1.ToPort", "80"),
        ("IpPermissions.1.IpRanges.1.CidrIp", "203.0.113.0/24"),
    ];
    tenant.ec2("AuthorizeSecurityGroupIngress", &admit).unwrap();
    eventually("the way in", LIMIT, || {
        let reply = client::http_get(&internet, dial, "/", SILENCE).ok()?;
        reply.body.contains("name=inside").then_some(())
    })
    .unwrap();

    // A NAT gateway in a subnet of its own; the ENI's subnet leads there.
    let zone = format!("{}a", tenant.client.credentials().region);
    let subnet = make(
        "CreateSubnet",
        &[
            ("VpcId", &tenant.vpc),
            ("CidrBlock", "10.0.2.0/24"),
            ("AvailabilityZone", &zone),
        ],
        "subnetId",
    );
    let allocated = tenant.ec2("AllocateAddress", &[("Domain", "vpc")]).unwrap();
    let shared = allocated.need("publicIp").unwrap();
    let allocation = allocated.need("allocationId").unwrap();
    let nat = make(
        "CreateNatGateway",
        &[("SubnetId", &subnet), ("AllocationId", &allocation)],
        "natGatewayId",
    );
    let own = make(
        "CreateRouteTable",
        &[("VpcId", &tenant.vpc)],
        "routeTableId",
    );
    let route = [
        ("RouteTableId", own.as_str()),
        ("DestinationCidrBlock", "0.0.0.0/0"),
        ("NatGatewayId", &nat),
    ];
    tenant.ec2("CreateRoute", &route).unwrap();
    let there = [("RouteTableId", own.as_str()), ("SubnetId", &tenant.subnet)];
    tenant.ec2("AssociateRouteTable", &there).unwrap();
    eventually("the NAT gateway", LIMIT, || {
        (peer(&ns).as_deref() == Some(&shared)).then_some(())
    })
    .unwrap();
}

#[test]
fn peered_vpcs_reach_each_other_when_both_have_routes() {
    if !testbed::usable() {
        return;
    }
    let ginnel = Ginnel::start(&[]).unwrap();
    let near = Tenant::new(&ginnel, "near").unwrap();
    let ns = Netns::new("near").unwrap();
    near.attach(&ginnel, &ns, INSIDE).unwrap();
    // Another VPC of the account, without overlap.
    let vpc = near.ec2("CreateVpc", &[("CidrBlock", "10.1.0.0/16")]);
    let vpc = vpc.unwrap().need("vpcId").unwrap();
    let zone = format!("{}a", near.client.credentials().region);
    let subnet = [
        ("VpcId", vpc.as_str()),
        ("CidrBlock", "10.1.1.0/24"),
        ("AvailabilityZone", &zone),
    ];
    let subnet = near.ec2("CreateSubnet", &subnet).unwrap();
    let far_ip = Ipv4Addr::new(10, 1, 1, 10);
    let far_ns = Netns::new("far").unwrap();
    let far = near.ec2(
        "CreateNetworkInterface",
        &[
            ("SubnetId", &subnet.need("subnetId").unwrap()),
            ("PrivateIpAddress", &far_ip.to_string()),
        ],
    );
    let far = far.unwrap();
    let eni = far.need("networkInterfaceId").unwrap();
    ginnel.cli(&["attach", &eni, far_ns.name()]).unwrap();
    let admit = [
        ("GroupId", &*far.need("groupId").unwrap()),
        ("IpPermissions.1.IpProtocol", "-1"),
        ("IpPermissions.1.IpRanges.1.CidrIp", "10.0.0.0/16"),
    ];
    near.ec2("AuthorizeSecurityGroupIngress", &admit).unwrap();
    let _echo = Server::echo_tcp(&far_ns, at(far_ip, 7)).unwrap();
    let asked = [("VpcId", near.vpc.as_str()), ("PeerVpcId", &vpc)];
    let peering = near.ec2("CreateVpcPeeringConnection", &asked).unwrap();
    let peering = peering.need("vpcPeeringConnectionId").unwrap();
    let accept = [("VpcPeeringConnectionId", peering.as_str())];
    near.ec2("AcceptVpcPeeringConnection", &accept).unwrap();
    let far_table = near.ec2(
        "DescribeRouteTables",
        &[("Filter.1.Name", "vpc-id"), ("Filter.1.Value.1", &vpc)],
    );
    let far_table = far_table.unwrap().need("routeTableId").unwrap();
    let route = |table: &str, to: &str| {
        let route = [
            ("RouteTableId", table),
            ("DestinationCidrBlock", to),
            ("VpcPeeringConnectionId", &peering),
        ];
        near.ec2("CreateRoute", &route).unwrap();
    };
    route(&main_table(&near), "10.1.0.0/16");
    client::echo_tcp(&ns, at(far_ip, 7), b"one way", SILENCE).unwrap_err();
    route(&far_table, "10.0.0.0/16");
    eventually("the way back", LIMIT, || {
        client::echo_tcp(&ns, at(far_ip, 7), b"both ways", SILENCE).ok()
    })
    .unwrap();
    near.ec2("DeleteVpcPeeringConnection", &accept).unwrap();
    eventually("the end of it", LIMIT, || {
        client::connect(&ns, at(far_ip, 7), SILENCE).err()
    })
    .unwrap();
}
