//! The misconfigurations, one after another.

use std::net::{Ipv4Addr, SocketAddr};

use testbed::server::Server;
use testbed::tenant::Tenant;
use testbed::{Netns, eventually};

use crate::room::{Room, Row, admit, tcp, udp};

const CLIENT: Ipv4Addr = Ipv4Addr::new(10, 0, 1, 10);
const SERVER: Ipv4Addr = Ipv4Addr::new(10, 0, 2, 10);
const LOST: Ipv4Addr = Ipv4Addr::new(10, 0, 3, 10);
const FAR: Ipv4Addr = Ipv4Addr::new(10, 1, 1, 10);
const TARGET: Ipv4Addr = Ipv4Addr::new(10, 0, 1, 10);
const OUTSIDE: Ipv4Addr = Ipv4Addr::new(203, 0, 113, 1);
const PORT: u16 = 8080;

/// All rows.
pub(crate) fn all() -> Vec<Row> {
    let mut rows = with_a_way_out();
    rows.extend(without_one());
    rows
}

/// A subnet with a route table and an ACL of its own, which allows everything.
fn subnet(room: &mut Room, who: &Tenant, cidr: &str, name: &str) -> (String, String, String) {
    let asked = [("VpcId", who.vpc.as_str()), ("CidrBlock", cidr)];
    let subnet = room.make(who, "CreateSubnet", &asked, "subnetId", name);
    let (table, acl) = surround(room, who, &subnet, name);
    (subnet, table, acl)
}

fn surround(room: &mut Room, who: &Tenant, subnet: &str, name: &str) -> (String, String) {
    let vpc = [("VpcId", who.vpc.as_str())];
    let table = room.make(who, "CreateRouteTable", &vpc, "routeTableId", name);
    let there = [("RouteTableId", table.as_str()), ("SubnetId", subnet)];
    who.ec2("AssociateRouteTable", &there).unwrap();
    let acl = room.make(who, "CreateNetworkAcl", &vpc, "networkAclId", name);
    for egress in ["true", "false"] {
        entry(who, &acl, egress, "100", "allow", "-1", None);
    }
    let of = [
        ("Filter.1.Name", "association.subnet-id"),
        ("Filter.1.Value.1", subnet),
    ];
    let shown = who
        .ec2("DescribeNetworkAcls", &of)
        .unwrap()
        .value()
        .unwrap();
    let associations = shown.pointer("/networkAclSet/0/associationSet").unwrap();
    let mut associations = associations.as_array().unwrap().iter();
    let ours = associations.find(|it| it["subnetId"] == subnet).unwrap();
    let ours = ours["networkAclAssociationId"].as_str().unwrap();
    let replace = [("AssociationId", ours), ("NetworkAclId", &acl)];
    who.ec2("ReplaceNetworkAclAssociation", &replace).unwrap();
    (table, acl)
}

fn entry(
    who: &Tenant,
    acl: &str,
    egress: &str,
    number: &str,
    action: &str,
    protocol: &str,
    ports: Option<(&str, &str)>,
) {
    let mut asked = vec![
        ("NetworkAclId", acl),
        ("Egress", egress),
        ("RuleNumber", number),
        ("RuleAction", action),
        ("Protocol", protocol),
        ("CidrBlock", "0.0.0.0/0"),
    ];
    if let Some((from, to)) = ports {
        asked.extend([("PortRange.From", from), ("PortRange.To", to)]);
    }
    who.ec2("CreateNetworkAclEntry", &asked).unwrap();
}

fn route(who: &Tenant, table: &str, cidr: &str, target: &str, id: &str) {
    let asked = [
        ("RouteTableId", table),
        ("DestinationCidrBlock", cidr),
        (target, id),
    ];
    who.ec2("CreateRoute", &asked).unwrap();
}

fn internet(room: &mut Room, who: &Tenant, table: &str) {
    let made = "CreateInternetGateway";
    let gateway = room.make(who, made, &[], "internetGatewayId", "OUT");
    let there = [("InternetGatewayId", gateway.as_str()), ("VpcId", &who.vpc)];
    who.ec2("AttachInternetGateway", &there).unwrap();
    route(who, table, "0.0.0.0/0", "GatewayId", &gateway);
}

fn with_a_way_out() -> Vec<Row> {
    let outside = Netns::new("outside").unwrap();
    let spaces = ["client", "server", "lost", "far", "box", "target"];
    let spaces = spaces.map(|name| Netns::new(name).unwrap());
    let [client_ns, server_ns, lost_ns, far_ns, box_ns, target_ns] = &spaces;
    let mut room = Room::new(&["--uplink", outside.name()]);
    let room = &mut room;
    let who = Tenant::new(&room.ginnel, "consumer").unwrap();
    let vpc = room.name(&who.vpc, "OWN");
    let (client_table, client_acl) = surround(room, &who, &who.subnet, "CLIENT");
    let (server_subnet, _, server_acl) = subnet(room, &who, "10.0.2.0/24", "SERVER");
    let (lost_subnet, _, _) = subnet(room, &who, "10.0.3.0/24", "LOST");
    let at = &who.subnet;
    let (client, client_group) = room.attach(&who, &vpc, at, client_ns, CLIENT, "CLIENT");
    let (_, server_group) = room.attach(&who, &vpc, &server_subnet, server_ns, SERVER, "SERVER");
    let (lost, _) = room.attach(&who, &vpc, &lost_subnet, lost_ns, LOST, "LOST");
    let _echo = Server::echo_tcp(server_ns, (SERVER, PORT).into()).unwrap();
    let _mirror = Server::echo_udp(server_ns, (SERVER, PORT).into()).unwrap();
    let server = SocketAddr::from((SERVER, PORT));
    let dial = || tcp(client_ns, server);
    let well = || {
        eventually(
            "all to be well again",
            std::time::Duration::from_secs(5),
            || (dial() == "connected").then_some(()),
        )
        .unwrap();
    };
    well();

    // Routes.
    let out = SocketAddr::from((OUTSIDE, 443));
    let ask = || tcp(client_ns, out);
    room.meet("no route to the internet", &client, "no-route", ask);
    let nobody = || tcp(client_ns, (Ipv4Addr::new(10, 0, 2, 99), PORT));
    room.meet("an address that nobody has", &client, "no-route", nobody);
    internet(room, &who, &client_table);
    let label = "no-public-address";
    room.meet(
        "an internet gateway, and no public address",
        &client,
        label,
        ask,
    );
    peering(
        room,
        &who,
        &client_table,
        [client_ns, lost_ns, far_ns],
        [&client, &lost],
    );
    let gone = [("SubnetId", who.subnet.as_str())];
    let made = "CreateNetworkInterface";
    let gone = room.make(&who, made, &gone, "networkInterfaceId", "GONE");
    route(
        &who,
        &client_table,
        "10.9.0.0/16",
        "NetworkInterfaceId",
        &gone,
    );
    let id = [("NetworkInterfaceId", gone.as_str())];
    who.ec2("DeleteNetworkInterface", &id).unwrap();
    let hole = || tcp(client_ns, ([10, 9, 0, 1], PORT));
    room.meet(
        "a route to something that is gone",
        &client,
        "blackhole",
        hole,
    );
    let ip = Ipv4Addr::new(10, 0, 2, 20);
    let (middle, _) = room.attach(&who, &vpc, &server_subnet, box_ns, ip, "BOX");
    route(
        &who,
        &client_table,
        "10.8.0.0/16",
        "NetworkInterfaceId",
        &middle,
    );
    let by = || tcp(client_ns, ([10, 8, 0, 1], PORT));
    let label = "destination-check";
    room.meet(
        "a middlebox with its source/destination check on",
        &client,
        label,
        by,
    );

    // Groups.
    let rule = admit(&server_group);
    who.ec2("RevokeSecurityGroupIngress", &rule).unwrap();
    let fault = "no inbound rule in the server's group";
    room.meet(fault, &client, "security-group", dial);
    who.ec2("AuthorizeSecurityGroupIngress", &rule).unwrap();
    well();
    let rule = admit(&client_group);
    who.ec2("RevokeSecurityGroupEgress", &rule).unwrap();
    let fault = "no outbound rule in the client's group";
    room.meet(fault, &client, "security-group-egress", dial);
    who.ec2("AuthorizeSecurityGroupEgress", &rule).unwrap();
    well();

    // ACLs.
    let clients = Some(("1024", "65535"));
    let served = Some(("8080", "8080"));
    let server_eni = room_eni(&who, SERVER);
    for (fault, acl, egress, ports, label, sender) in [
        (
            "the client's ACL denies, outbound",
            &client_acl,
            "true",
            served,
            "acl-egress",
            &client,
        ),
        (
            "the server's ACL denies, inbound",
            &server_acl,
            "false",
            served,
            "acl-ingress",
            &client,
        ),
        (
            "the server's ACL denies answers, outbound",
            &server_acl,
            "true",
            clients,
            "acl-reply-egress",
            &server_eni,
        ),
        (
            "the client's ACL denies answers, inbound",
            &client_acl,
            "false",
            clients,
            "acl-reply-ingress",
            &server_eni,
        ),
    ] {
        entry(&who, acl, egress, "50", "deny", "6", ports);
        room.meet(fault, sender, label, dial);
        let gone = [
            ("NetworkAclId", acl.as_str()),
            ("Egress", egress),
            ("RuleNumber", "50"),
        ];
        who.ec2("DeleteNetworkAclEntry", &gone).unwrap();
        well();
    }

    // Packets.
    let forged = Ipv4Addr::new(10, 0, 1, 66);
    client_ns
        .ip(&format!("addr add {forged}/32 dev eth0"))
        .unwrap();
    let fault = "a source address that is not the ENI's (UDP)";
    room.meet(fault, &client, "spoofed-source", || {
        udp(client_ns, forged, server, 10)
    });
    client_ns.ip("link set eth0 mtu 9000").unwrap();
    let fault = "a packet of 8,504 bytes, with the interface's MTU raised (UDP)";
    room.meet(fault, &client, "mtu", || {
        udp(client_ns, CLIENT, server, 8_504 - 28)
    });
    client_ns.ip("link set eth0 mtu 8500").unwrap();

    endpoints(room, &who, &client, client_ns, target_ns);
    room.assert_counted();
    std::mem::take(&mut room.rows)
}

fn room_eni(who: &Tenant, ip: Ipv4Addr) -> String {
    let ip = ip.to_string();
    let of = [
        ("Filter.1.Name", "private-ip-address"),
        ("Filter.1.Value.1", ip.as_str()),
    ];
    let shown = who.ec2("DescribeNetworkInterfaces", &of).unwrap();
    shown.need("networkInterfaceId").unwrap()
}

fn peering(
    room: &mut Room,
    who: &Tenant,
    table: &str,
    [client_ns, lost_ns, far_ns]: [&Netns; 3],
    [client, lost]: [&String; 2],
) {
    let cidr = [("CidrBlock", "10.1.0.0/16")];
    let vpc = room.make(who, "CreateVpc", &cidr, "vpcId", "FAR");
    let asked = [("VpcId", vpc.as_str()), ("CidrBlock", "10.1.1.0/24")];
    let subnet = room.make(who, "CreateSubnet", &asked, "subnetId", "FAR");
    let asked = [("VpcId", vpc.as_str())];
    let far_table = room.make(who, "CreateRouteTable", &asked, "routeTableId", "FAR");
    let there = [("RouteTableId", far_table.as_str()), ("SubnetId", &subnet)];
    who.ec2("AssociateRouteTable", &there).unwrap();
    let (far, _) = room.attach(who, &vpc, &subnet, far_ns, FAR, "FAR");
    let _echo = Server::echo_tcp(far_ns, (FAR, PORT).into()).unwrap();
    let asked = [("VpcId", who.vpc.as_str()), ("PeerVpcId", &vpc)];
    let made = "CreateVpcPeeringConnection";
    let name = room.make(who, made, &asked, "vpcPeeringConnectionId", "FAR");
    let dial = || tcp(client_ns, (FAR, PORT));
    route(who, table, "10.1.0.0/16", "VpcPeeringConnectionId", &name);
    let fault = "a peering connection that is not accepted";
    room.meet(fault, client, "blackhole", dial);
    let id = [("VpcPeeringConnectionId", name.as_str())];
    eventually("the request", std::time::Duration::from_secs(5), || {
        who.ec2("AcceptVpcPeeringConnection", &id).ok()
    })
    .unwrap();
    let fault = "a peering connection with a route on one side only";
    room.meet(fault, &far, "no-route", dial);
    route(
        who,
        &far_table,
        "10.0.0.0/16",
        "VpcPeeringConnectionId",
        &name,
    );
    eventually("the way", std::time::Duration::from_secs(5), || {
        (dial() == "connected").then_some(())
    })
    .unwrap();
    let fault = "the wrong subnet: its route table has no route to the peered VPC";
    room.meet(fault, lost, "no-route", || tcp(lost_ns, (FAR, PORT)));
}

fn endpoints(room: &mut Room, who: &Tenant, client: &str, client_ns: &Netns, target_ns: &Netns) {
    let provider = Tenant::new(&room.ginnel, "provider").unwrap();
    let (vpc, subnet) = (&provider.vpc, &provider.subnet);
    let (_, target_group) = room.attach(&provider, vpc, subnet, target_ns, TARGET, "TARGET");
    let _echo = Server::echo_tcp(target_ns, (TARGET, PORT).into()).unwrap();
    let service = provider.offer(TARGET, PORT, "TCP", 80).unwrap();
    let open = who.open_group("door").unwrap();
    let open = room.name(&open, "DOOR");
    let asked = [
        ("GroupName", "nobody"),
        ("GroupDescription", "nobody"),
        ("VpcId", &who.vpc),
    ];
    let closed = room.make(who, "CreateSecurityGroup", &asked, "groupId", "NOBODY");
    let make = |room: &mut Room, group: &str, state: &str, name: &str| {
        let made = who.endpoint(&service, group).unwrap();
        let id = room.name(&made.need("vpcEndpointId").unwrap(), name);
        let address = who.wait_for(&id, state).unwrap();
        (id, address)
    };
    let (_, door) = make(room, &open, "available", "OPEN");
    let fault = "a port without a listener at an endpoint";
    room.meet(fault, client, "no-listener", || tcp(client_ns, (door, 81)));
    let rule = admit(&target_group);
    provider.ec2("RevokeSecurityGroupIngress", &rule).unwrap();
    let fault = "no inbound rule in the target's group, behind an endpoint";
    let label = "target-security-group";
    room.meet(fault, client, label, || tcp(client_ns, (door, 80)));
    provider
        .ec2("AuthorizeSecurityGroupIngress", &rule)
        .unwrap();
    let (_, shut) = make(room, &closed, "available", "SHUT");
    let fault = "no inbound rule in the endpoint's group";
    let label = "security-group";
    room.meet(fault, client, label, || tcp(client_ns, (shut, 80)));
    let asked = [
        ("ServiceId", service.as_str()),
        ("AcceptanceRequired", "true"),
    ];
    let made = "ModifyVpcEndpointServiceConfiguration";
    provider.ec2(made, &asked).unwrap();
    let (_, waiting) = make(room, &open, "pendingAcceptance", "WAITING");
    let fault = "an endpoint that waits for acceptance";
    let label = "endpoint-closed";
    room.meet(fault, client, label, || tcp(client_ns, (waiting, 80)));
}

fn without_one() -> Vec<Row> {
    let client_ns = Netns::new("client").unwrap();
    let mut room = Room::new(&[]);
    let who = Tenant::new(&room.ginnel, "consumer").unwrap();
    let vpc = room.name(&who.vpc, "OWN");
    let (table, _) = surround(&mut room, &who, &who.subnet, "CLIENT");
    let at = &who.subnet;
    let (client, _) = room.attach(&who, &vpc, at, &client_ns, CLIENT, "CLIENT");
    internet(&mut room, &who, &table);
    let fault = "an internet gateway, and a host without `--uplink`";
    room.meet(fault, &client, "no-uplink", || {
        tcp(&client_ns, (OUTSIDE, 443))
    });
    room.assert_counted();
    std::mem::take(&mut room.rows)
}
