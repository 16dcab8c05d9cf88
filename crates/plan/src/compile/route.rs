//! Route tables: one next hop for each network.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use ipnet::IpNet;
use model::endpoint::Managed;
use model::host::{NatKey, NextHop, RouteTableKey, Tables};
use model::id::PrefixListId;
use model::interface::Role;
use model::route_table::{Destination, Route, RouteTable, Target};
use model::world::World;

use super::{Places, key, number};

/// The tables that something stands under.
pub(super) fn routes(world: &World, used: &Places, tables: &mut Tables) {
    for table in world.route_tables.values() {
        let key = RouteTableKey(key(table.id));
        if used.tables.contains(&key) {
            tables.routes.insert(key, hops(world, table));
        }
    }
}

/// Of routes for one network AWS takes the static one before a prefix list's. The VPC's own
/// network is there in any case; a route for exactly it that leads elsewhere has replaced the
/// local one. The longest prefix decides among the rest, which is the forwarder's business.
fn hops(world: &World, table: &RouteTable) -> BTreeMap<IpNet, NextHop> {
    let own = NextHop::Vpc(number(world, table.vpc));
    let mut hops = BTreeMap::new();
    for route in &table.routes {
        if let Destination::PrefixList(list) = route.destination {
            let hop = hop(world, table, route);
            for net in networks(world, list) {
                // Of two lists with one network the table's first.
                hops.entry(net).or_insert(hop);
            }
        }
    }
    if let Some(vpc) = world.vpcs.get(&table.vpc) {
        hops.insert(IpNet::V4(vpc.cidr.trunc()), own);
    }
    for route in &table.routes {
        let net = match route.destination {
            Destination::Cidr4(net) => IpNet::V4(net.trunc()),
            Destination::Cidr6(net) => IpNet::V6(net.trunc()),
            Destination::PrefixList(_) => continue,
        };
        hops.insert(net, hop(world, table, route));
    }
    hops
}

/// The networks of a prefix list: an AWS-managed service's, or a customer's.
pub(super) fn networks(world: &World, list: PrefixListId) -> Vec<IpNet> {
    let mut managed = Managed::ALL.into_iter();
    if let Some(service) = managed.find(|service| service.prefix_list() == list) {
        return service.addresses().map(IpNet::V4).collect();
    }
    let list = world.prefix_lists.get(&list);
    let entries = list.map_or(&[][..], |list| &list.entries);
    entries.iter().map(|entry| entry.cidr.trunc()).collect()
}

fn hop(world: &World, table: &RouteTable, route: &Route) -> NextHop {
    if !route.is_live(world, table.vpc) {
        return NextHop::Blackhole;
    }
    match route.target {
        Target::Local => NextHop::Vpc(number(world, table.vpc)),
        Target::InternetGateway(_) => NextHop::Internet,
        Target::NatGateway(id) => NextHop::Nat(NatKey(key(id))),
        Target::Interface(id) => {
            let found = world.interfaces.get(&id);
            let found = found.filter(|found| found.vpc == table.vpc);
            match found.map(|found| &found.role) {
                Some(Role::Workload { slot, .. }) => NextHop::Eni(*slot),
                // Ginnel's own ENIs take only what is for their own addresses.
                _ => NextHop::Blackhole,
            }
        }
        Target::Endpoint(_) => NextHop::GatewayEndpoint,
        Target::Peering(id) => {
            let peering = world.peerings.get(&id);
            let beyond = peering.and_then(|it| it.beyond(table.vpc));
            beyond.map_or(NextHop::Blackhole, |side| {
                NextHop::Vpc(number(world, side.vpc))
            })
        }
    }
}
