//! A store of before these things were made.

use model::dhcp_options::DhcpOptions;
use model::id::{DhcpOptionsId, VpcId};
use model::network_acl::NetworkAcl;
use model::route_table::{RouteTable, Target};
use model::subnet::Subnet;
use model::vpc::Vpc;
use model::world::{Change, Name, World};
use rand::SeedableRng as _;
use rand::rngs::StdRng;

use super::missing_defaults;
use crate::api::scene::Scene;

/// A World as an older Ginnel left it: two accounts with a VPC and subnets each, and no tables,
/// ACLs and options.
fn old() -> World {
    let world = Scene::new().desk.world;
    let mut changes = Vec::new();
    for (at, vpc) in world.vpcs.values().enumerate() {
        let mut vpc = Vpc::clone(vpc);
        vpc.dhcp_options = Some(DhcpOptionsId::new(at as u128));
        changes.push(vpc.into());
    }
    let removed = |name: Name| changes.push(Change::Remove(name));
    let options = world.dhcp_options.keys().map(Name::from);
    let acls = world.network_acls.keys().map(Name::from);
    let tables = world.route_tables.keys().map(Name::from);
    options.chain(acls).chain(tables).for_each(removed);
    world.apply(&changes, world.revision + 1)
}

fn missing(world: &World) -> Vec<Change> {
    missing_defaults(world, "eu-central-1", &mut StdRng::seed_from_u64(1))
}

#[test]
fn what_is_missing_is_made_once() {
    let old = old();
    assert!(!old.check().is_empty(), "an older store");
    let new = old.apply(&missing(&old), old.revision + 1);
    assert_eq!(new.check(), Vec::<String>::new());
    assert_eq!(missing(&new), []);
    let sets: Vec<&DhcpOptions> = new.dhcp_options.values().map(AsRef::as_ref).collect();
    assert_eq!(sets.len(), 2, "one an account");
    for vpc in new.vpcs.values() {
        let options = new.default_dhcp_options(vpc.owner).unwrap();
        assert_eq!(vpc.dhcp_options, Some(options.id));
        assert_eq!(options.options[0].values, ["eu-central-1.compute.internal"]);
        let table: &RouteTable = new.main_table(vpc.id).unwrap();
        assert_eq!(table.routes[0].target, Target::Local);
        let acl: &NetworkAcl = new.default_acl(vpc.id).unwrap();
        for subnet in new.needing::<Subnet>(vpc.id) {
            assert!(acl.associations.iter().any(|it| it.subnet == subnet.id));
        }
    }
}

#[test]
fn it_can_stop_anywhere_and_go_on() {
    let old = old();
    let all = missing(&old);
    for done in 0..=all.len() {
        let (before, rest) = all.split_at(done);
        let mut world = old.clone();
        for change in before {
            let one = std::slice::from_ref(change);
            world = world.apply(one, world.revision + 1);
            // What the committer checks.
            assert_eq!(world.check_changes(one), Vec::<String>::new());
        }
        let left = missing(&world);
        assert_eq!(left.len(), rest.len(), "after {done}");
        world = world.apply(&left, world.revision + 1);
        assert_eq!(world.check(), Vec::<String>::new());
    }
}

#[test]
fn a_subnet_without_an_acl_gets_the_default_one_only() {
    let world = Scene::new().desk.world;
    assert_eq!(missing(&world), []);
    let vpc: VpcId = *world.vpcs.keys().next().unwrap();
    let mut acl = NetworkAcl::clone(world.default_acl(vpc).unwrap());
    let lost = acl.associations.pop().unwrap();
    let id = acl.id;
    let world = world.apply(&[acl.into()], world.revision + 1);
    let changes = missing(&world);
    assert_eq!(changes.len(), 1);
    let world = world.apply(&changes, world.revision + 1);
    assert_eq!(world.acl_of(lost.subnet).unwrap().id, id);
}
