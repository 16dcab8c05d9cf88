//! World → the document of a host.
//!
//! One host for now, which holds all: every attached workload ENI, every endpoint ENI and
//! what they lead to. An endpoint that is not open is compiled as a closed gate, so that a
//! client's refusal has the right reason.
//!
//! First the ENIs, gates and NAT gateways, each with its place; then what these name: groups,
//! network ACLs, route tables. What nothing names is not in the document.

mod acl;
mod gate;
mod group;
mod interface;
mod listener;
mod nat;
mod route;

use alloc::collections::BTreeSet;
use alloc::string::{String, ToString as _};

use model::host::{AclKey, Document, Label, Place, RouteTableKey, SubnetKey, Tables, VpcNumber};
use model::id::{Id, Kind, SubnetId, VpcId};
use model::interface::{Interface, Role};
use model::world::World;

pub(crate) use gate::balancer_of;
pub(crate) use group::admission;
pub use interface::MTU;

/// The document of the one host.
pub fn compile(world: &World) -> Document {
    let mut document = Document {
        generation: world.revision,
        ..Document::default()
    };
    for interface in world.interfaces.values() {
        match &interface.role {
            Role::Workload { slot, .. } => {
                interface::workload(world, interface, *slot, &mut document);
            }
            Role::Endpoint { endpoint, gate } => {
                if let Some(endpoint) = world.endpoints.get(endpoint) {
                    gate::door(world, interface, endpoint, *gate, &mut document);
                }
            }
            Role::LoadBalancer { .. } | Role::NatGateway { .. } => {}
        }
    }
    nat::nats(world, &mut document.tables);
    nat::publics(world, &mut document);
    group::groups(world, &mut document);
    let used: Places = places(&document).collect();
    acl::acls(world, &used, &mut document.tables);
    route::routes(world, &used, &mut document.tables);
    listener::listeners(world, &mut document);
    document
}

/// The network ACLs and route tables that something stands under.
#[derive(Default)]
struct Places {
    acls: BTreeSet<AclKey>,
    tables: BTreeSet<RouteTableKey>,
}

impl FromIterator<Place> for Places {
    fn from_iter<I: IntoIterator<Item = Place>>(places: I) -> Self {
        let mut used = Self::default();
        for place in places {
            used.acls.insert(place.acl);
            used.tables.insert(place.routes);
        }
        used
    }
}

/// Where the things of a document stand.
fn places(document: &Document) -> impl Iterator<Item = Place> {
    let Tables { gates, nats, .. } = &document.tables;
    let interfaces = document.interfaces.values().map(|found| found.place);
    let gates = gates
        .values()
        .flat_map(|gate| [gate.place, gate.balancer_place]);
    interfaces
        .chain(gates)
        .chain(nats.values().map(|nat| nat.place))
}

/// What a subnet says of the packets of an ENI in it. A key of nothing (0) lets nothing pass.
fn place(world: &World, vpc: VpcId, subnet: SubnetId) -> Place {
    let table = world.table_of(subnet).or_else(|| world.main_table(vpc));
    let acl = world.acl_of(subnet);
    Place {
        subnet: SubnetKey(key(subnet)),
        routes: table.map_or_else(RouteTableKey::default, |table| RouteTableKey(key(table.id))),
        acl: acl.map_or_else(AclKey::default, |acl| AclKey(key(acl.id))),
    }
}

/// A thing's key in the tables: the last 16 digits of its id.
fn key<K: Kind>(id: Id<K>) -> u64 {
    let digits = id.digits();
    let tail = digits.get(digits.len().saturating_sub(16)..);
    u64::from_str_radix(tail.unwrap_or_default(), 16).unwrap_or_default()
}

fn number(world: &World, vpc: VpcId) -> VpcNumber {
    world.vpcs.get(&vpc).map_or(VpcNumber(0), |vpc| vpc.number)
}

fn label(interface: &Interface, endpoint: Option<String>) -> Label {
    Label {
        eni: interface.id.to_string(),
        endpoint,
        account: interface.owner.to_string(),
    }
}

#[cfg(test)]
pub(crate) mod tests;
