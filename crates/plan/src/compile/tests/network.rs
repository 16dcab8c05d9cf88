//! Network ACLs, route tables and the way out, as the tables have them.

use alloc::vec::Vec;
use core::net::Ipv4Addr;

use ipnet::IpNet;
use model::address::Address as ElasticIp;
use model::endpoint::Managed;
use model::host::{
    Acl, AclKey, Address, EniSlot, Entry as TableEntry, Nat, NatKey, NextHop, RouteTableKey,
    SubnetKey, Traffic, VpcNumber,
};
use model::id::{
    AddressAssociationId, AllocationId, EndpointId, InterfaceId, InternetGatewayId, NatGatewayId,
    NetworkAclId, PrefixListId, RouteTableAssociationId, RouteTableId, SubnetId, VpcId,
};
use model::interface::Role;
use model::internet_gateway::InternetGateway;
use model::nat_gateway::{NatAddress, NatGateway};
use model::network_acl::{Action, Entry, Peer};
use model::prefix_list::{Family, PrefixList};
use model::route_table::{Destination, Origin, Route, RouteTableAssociation, Target};
use model::tag::Tags;
use model::time::Millis;
use model::world::{Change, Name, World};

use super::scene::{acl, attached, interface, scene, table};
use super::{place, v4, with};
use crate::compile::compile;

fn net(text: &str) -> IpNet {
    text.parse().unwrap()
}

fn to(destination: &str, target: Target) -> Route {
    Route {
        destination: match net(destination) {
            IpNet::V4(net) => Destination::Cidr4(net),
            IpNet::V6(net) => Destination::Cidr6(net),
        },
        target,
        origin: Origin::CreateRoute,
    }
}

/// The hops of VPC 1's main table with these routes in it.
fn hops(world: &World, routes: impl IntoIterator<Item = Route>) -> Vec<(IpNet, NextHop)> {
    let mut table = table(1);
    table.routes.extend(routes);
    let document = compile(&with(world, [table.into()]));
    let hops = &document.tables.routes[&RouteTableKey(1)];
    hops.iter().map(|(net, hop)| (*net, *hop)).collect()
}

const LOCAL: &str = "10.0.0.0/16";

fn local() -> (IpNet, NextHop) {
    (net(LOCAL), NextHop::Vpc(VpcNumber(1)))
}

fn gateway(vpc: Option<u128>) -> InternetGateway {
    InternetGateway {
        id: InternetGatewayId::new(1),
        owner: super::PROVIDER.parse().unwrap(),
        vpc: vpc.map(VpcId::new),
        tags: Tags::new(),
    }
}

/// NAT gateway 1 at 10.0.1.40 of the provider, with 198.18.0.1.
fn nat_gateway(public: bool) -> [Change; 3] {
    let id = NatGatewayId::new(1);
    let eni = interface(40, 1, 40, Role::NatGateway { gateway: id });
    let owner = eni.owner;
    let address = ElasticIp {
        association: None,
        id: AllocationId::new(1),
        owner,
        ip: Ipv4Addr::new(198, 18, 0, 1),
        tags: Tags::new(),
    };
    let gateway = NatGateway {
        id,
        owner,
        vpc: eni.vpc,
        subnet: eni.subnet,
        interface: eni.id,
        address: public.then(|| NatAddress {
            allocation: address.id,
            association: AddressAssociationId::new(1),
        }),
        created: Millis(0),
        tags: Tags::new(),
    };
    [address.into(), eni.into(), gateway.into()]
}

#[test]
fn an_acls_entries_are_in_the_order_of_their_numbers() {
    let mut ours = acl(1);
    let entry = |number, egress, action, protocol, ports, icmp| Entry {
        number,
        egress,
        action,
        protocol,
        peer: Peer::Cidr4("10.0.1.7/24".parse().unwrap()),
        ports,
        icmp,
    };
    ours.entries = Vec::from([
        entry(200, false, Action::Allow, Some(6), Some((80, 90)), None),
        entry(100, false, Action::Deny, Some(1), None, Some((8, -1))),
        entry(50, true, Action::Allow, None, None, None),
        entry(150, false, Action::Allow, Some(58), None, Some((-1, -1))),
        entry(120, false, Action::Allow, Some(47), None, None),
    ]);
    let document = compile(&with(&scene(), [ours.into()]));
    let wanted = |number, protocol, first, last, allow| TableEntry {
        number,
        traffic: Traffic {
            protocol,
            first,
            last,
        },
        peer: net("10.0.1.0/24"),
        allow,
    };
    let wanted = Acl {
        ingress: Vec::from([
            wanted(100, Some(1), 0x0800, 0x08ff, false),
            wanted(120, Some(47), 0, u16::MAX, true),
            wanted(150, Some(58), 0, u16::MAX, true),
            wanted(200, Some(6), 80, 90, true),
        ]),
        egress: Vec::from([wanted(50, None, 0, u16::MAX, true)]),
    };
    assert_eq!(document.tables.acls[&AclKey(1)], wanted);
}

#[test]
fn what_nothing_stands_under_is_not_in_the_tables() {
    let world = scene();
    let keys = |world: &World| {
        let tables = compile(world).tables;
        let acls: Vec<u64> = tables.acls.keys().map(|key| key.0).collect();
        let routes: Vec<u64> = tables.routes.keys().map(|key| key.0).collect();
        (acls, routes)
    };
    assert_eq!(keys(&world), (Vec::from([1, 2]), Vec::from([1, 2])));
    let mut third = table(1);
    (third.id, third.main) = (RouteTableId::new(3), None);
    let mut other = acl(1);
    (other.id, other.default) = (NetworkAclId::new(3), false);
    other.associations.clear();
    let world = with(&world, [third.clone().into(), other.into()]);
    assert_eq!(keys(&world), (Vec::from([1, 2]), Vec::from([1, 2])));
    // A subnet's own table goes before the main one.
    third.associations.push(RouteTableAssociation {
        id: RouteTableAssociationId::new(3),
        subnet: SubnetId::new(1),
    });
    let world = with(&world, [third.into()]);
    assert_eq!(keys(&world), (Vec::from([1, 2]), Vec::from([2, 3])));
    let document = compile(&world);
    let found = document.interfaces[&EniSlot(1)].place;
    assert_eq!(found.routes, RouteTableKey(3));
    assert_eq!(found.subnet, SubnetKey(1));
}

#[test]
fn a_key_is_the_end_of_an_id() {
    let mut table = table(1);
    table.id = RouteTableId::new(0xa_fedc_ba98_7654_3210);
    let gone = Change::Remove(Name::RouteTable(RouteTableId::new(1)));
    let document = compile(&with(&scene(), [gone, table.into()]));
    let found = document.interfaces[&EniSlot(1)].place.routes;
    assert_eq!(found, RouteTableKey(0xfedc_ba98_7654_3210));
}

#[test]
fn routes_lead_to_what_is_there() {
    let world = scene();
    let out = Target::InternetGateway(InternetGatewayId::new(1));
    let all = || to("0.0.0.0/0", out);
    let nowhere = (net("0.0.0.0/0"), NextHop::Blackhole);
    assert_eq!(hops(&world, [all()]), [nowhere, local()]);
    for (vpc, hop) in [
        (None, NextHop::Blackhole),
        (Some(2), NextHop::Blackhole),
        (Some(1), NextHop::Internet),
    ] {
        let world = with(&world, [gateway(vpc).into()]);
        assert_eq!(hops(&world, [all()]), [(net("0.0.0.0/0"), hop), local()]);
    }

    let through = || to("0.0.0.0/0", Target::NatGateway(NatGatewayId::new(1)));
    assert_eq!(hops(&world, [through()]), [nowhere, local()]);
    let there = with(&world, nat_gateway(true));
    let by_nat = (net("0.0.0.0/0"), NextHop::Nat(NatKey(1)));
    assert_eq!(hops(&there, [through()]), [by_nat, local()]);

    let by = |id| to("192.168.0.0/16", Target::Interface(InterfaceId::new(id)));
    let hop = |hop| [local(), (net("192.168.0.0/16"), hop)];
    assert_eq!(hops(&world, [by(1)]), hop(NextHop::Eni(EniSlot(1))));
    // Gone, another VPC's, a load balancer's, and one that is bound to nothing.
    for id in [99, 2, 20] {
        assert_eq!(hops(&world, [by(id)]), hop(NextHop::Blackhole), "{id}");
    }
    let Role::Workload { slot, .. } = attached(1) else {
        unreachable!()
    };
    let idle = interface(
        1,
        1,
        30,
        Role::Workload {
            slot,
            attachment: None,
        },
    );
    let world = with(&world, [idle.into()]);
    assert_eq!(hops(&world, [by(1)]), hop(NextHop::Blackhole));
}

#[test]
fn the_local_route_can_be_replaced_and_refined() {
    let world = scene();
    let mut replaced = table(1);
    replaced.routes[0].target = Target::Interface(InterfaceId::new(1));
    let part = to("10.0.7.0/24", Target::Interface(InterfaceId::new(1)));
    let six = to("fd00::/56", Target::Local);
    replaced.routes.extend([part, six]);
    let document = compile(&with(&world, [replaced.into()]));
    let hops = &document.tables.routes[&RouteTableKey(1)];
    let wanted = [
        (net(LOCAL), NextHop::Eni(EniSlot(1))),
        (net("10.0.7.0/24"), NextHop::Eni(EniSlot(1))),
        (net("fd00::/56"), NextHop::Vpc(VpcNumber(1))),
    ];
    assert_eq!(*hops, wanted.into());
}

#[test]
fn a_static_route_goes_before_a_prefix_lists() {
    let list = PrefixList {
        id: PrefixListId::new(1),
        owner: super::PROVIDER.parse().unwrap(),
        name: "list".into(),
        family: Family::Ipv4,
        max_entries: 5,
        version: 1,
        modified: false,
        entries: ["10.0.0.0/16", "172.16.0.0/16", "172.17.0.0/16"]
            .map(|cidr| model::prefix_list::Entry {
                cidr: net(cidr),
                description: None,
            })
            .into(),
        created: Millis(0),
        tags: Tags::new(),
    };
    let world = with(&scene(), [list.into(), gateway(Some(1)).into()]);
    let of_list = Route {
        destination: Destination::PrefixList(PrefixListId::new(1)),
        target: Target::InternetGateway(InternetGatewayId::new(1)),
        origin: Origin::CreateRoute,
    };
    let one = to("172.16.0.0/16", Target::Interface(InterfaceId::new(1)));
    let wanted = [
        local(),
        (net("172.16.0.0/16"), NextHop::Eni(EniSlot(1))),
        (net("172.17.0.0/16"), NextHop::Internet),
    ];
    assert_eq!(hops(&world, [of_list.clone(), one.clone()]), wanted);
    assert_eq!(hops(&world, [one, of_list]), wanted);
}

#[test]
fn a_gateway_endpoint_is_a_route_to_the_services_addresses() {
    let world = scene();
    let id = EndpointId::new(2);
    let mut endpoint = world.endpoints[&EndpointId::new(1)].as_ref().clone();
    endpoint.id = id;
    endpoint.owner = super::PROVIDER.parse().unwrap();
    endpoint.vpc = VpcId::new(1);
    endpoint.service = model::endpoint::Service::Managed(Managed::S3);
    endpoint.interfaces.clear();
    endpoint.groups.clear();
    let world = with(&world, [endpoint.into()]);
    let route = Route {
        destination: Destination::PrefixList(Managed::S3.prefix_list()),
        target: Target::Endpoint(id),
        origin: Origin::CreateRoute,
    };
    let found = hops(&world, [route]);
    let wanted = Managed::S3
        .addresses()
        .map(|net| (IpNet::V4(net), NextHop::GatewayEndpoint));
    let wanted: Vec<_> = core::iter::once(local()).chain(wanted).collect();
    assert_eq!(found, wanted);
}

#[test]
fn a_nat_gateway_with_an_address_is_in_the_tables() {
    let world = scene();
    let found = |world: &World| compile(world).tables.nats;
    assert!(found(&with(&world, nat_gateway(false))).is_empty());
    let wanted = Nat {
        address: Address {
            vpc: VpcNumber(1),
            ip: v4(10, 0, 1, 40),
        },
        place: place(1),
        public: Ipv4Addr::new(198, 18, 0, 1),
    };
    let nats = found(&with(&world, nat_gateway(true)));
    assert_eq!(nats, [(NatKey(1), wanted)].into());
}
