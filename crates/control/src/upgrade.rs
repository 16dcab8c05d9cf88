//! What older stores lack: the things that AWS makes with a VPC, which Ginnel did not always.

use std::collections::BTreeMap;

use model::account::AccountId;
use model::dhcp_options::DhcpOptions;
use model::id::{DhcpOptionsId, Id, Kind};
use model::network_acl::{NetworkAcl, NetworkAclAssociation};
use model::route_table::RouteTable;
use model::subnet::Subnet;
use model::vpc::Vpc;
use model::world::{Change, World};
use rand::RngExt as _;
use rand::rngs::StdRng;

/// What makes the default DHCP options, network ACLs and main route tables that are missing.
/// Any beginning of it leaves a World whose invariants hold, and which can go on from there.
pub(crate) fn missing_defaults(world: &World, region: &str, rng: &mut StdRng) -> Vec<Change> {
    let mut changes = Vec::new();
    let mut made: BTreeMap<AccountId, DhcpOptionsId> = BTreeMap::new();
    for vpc in world.vpcs.values() {
        let known = |id: DhcpOptionsId| world.dhcp_options.contains_key(&id);
        if vpc.dhcp_options.is_some_and(|id| !known(id)) {
            let options = match world.default_dhcp_options(vpc.owner) {
                Some(there) => there.id,
                None => *made.entry(vpc.owner).or_insert_with(|| {
                    let set = DhcpOptions::of_account(random(rng), vpc.owner, region);
                    let id = set.id;
                    // Before the first VPC that has it.
                    changes.push(set.into());
                    id
                }),
            };
            let mut vpc = Vpc::clone(vpc);
            vpc.dhcp_options = Some(options);
            changes.push(vpc.into());
        }
        if world.main_table(vpc.id).is_none() {
            let mut table = RouteTable::new(random(rng), vpc);
            table.main = Some(random(rng));
            changes.push(table.into());
        }
        changes.extend(acl(world, vpc, rng).map(Change::from));
    }
    changes
}

/// The VPC's default ACL, with the subnets that use none, if that is news.
fn acl(world: &World, vpc: &Vpc, rng: &mut StdRng) -> Option<NetworkAcl> {
    let there = world.default_acl(vpc.id);
    let mut acl = match there {
        Some(acl) => NetworkAcl::clone(acl),
        None => NetworkAcl::open(random(rng), vpc.owner, vpc.id),
    };
    let subnets = world.needing::<Subnet>(vpc.id);
    for subnet in subnets.filter(|subnet| world.acl_of(subnet.id).is_none()) {
        acl.associations.push(NetworkAclAssociation {
            id: random(rng),
            subnet: subnet.id,
        });
    }
    (there.map(AsRef::as_ref) != Some(&acl)).then_some(acl)
}

fn random<K: Kind>(rng: &mut StdRng) -> Id<K> {
    Id::new(rng.random())
}

#[cfg(test)]
mod tests;
