//! An older store, brought up to date.

use std::sync::Arc;

use model::id::DhcpOptionsId;
use model::vpc::Vpc;
use model::world::{Change, Name};
use revlog::{Key, Log as _, Memory, Txn};

use super::{CHUNK, upgrade};
use crate::api::tests::Desk;
use crate::commit::Committer;
use crate::feed;

/// A store of an older Ginnel with so many VPCs.
fn old_store(vpcs: u32) -> Arc<Memory> {
    let mut desk = Desk::new();
    desk.set_quota(&format!("L-F678F1CE={vpcs}"));
    for _ in 0..vpcs {
        desk.ok("CreateVpc", "CidrBlock=10.0.0.0/16");
    }
    let world = desk.world;
    let log = Arc::new(Memory::new());
    let accounts = world.accounts.values().map(|it| it.as_ref().clone().into());
    let groups = world.security_groups.values();
    let groups = groups.map(|it| it.as_ref().clone().into());
    let vpcs = world.vpcs.values().enumerate().map(|(at, vpc)| {
        let mut vpc = Vpc::clone(vpc);
        vpc.dhcp_options = Some(DhcpOptionsId::new(at as u128));
        vpc.into()
    });
    for change in accounts.chain(groups).chain(vpcs) {
        let change: Change = change;
        let Change::Put(resource) = &change else {
            panic!("only puts");
        };
        let key = Key::parse(&resource.name().path()).unwrap();
        let value = feed::encode(resource).unwrap();
        let _ = log.txn(Txn::new().put(key, value)).unwrap();
    }
    log
}

#[test]
fn an_older_store_is_brought_up_to_date_in_more_than_one_transaction() {
    let vpcs = 60;
    let log = old_store(vpcs);
    let committer = Committer::new(Arc::clone(&log) as Arc<dyn revlog::Log>, false).unwrap();
    upgrade(&committer, "us-east-1").unwrap();
    let world = committer.world();
    assert_eq!(world.check(), Vec::<String>::new());
    let made = [
        world.route_tables.size(),
        world.network_acls.size(),
        world.dhcp_options.size(),
    ];
    assert_eq!(made, [60, 60, 1]);
    // The VPCs were written too.
    assert!(made.iter().sum::<usize>() + vpcs as usize > CHUNK);
    for vpc in world.vpcs.values() {
        assert!(
            vpc.dhcp_options
                .is_some_and(|id| world.has(&Name::DhcpOptions(id)))
        );
    }
    // A second start finds nothing to do, and reads what the first wrote.
    let before = log.revision();
    let committer = Committer::new(Arc::clone(&log) as Arc<dyn revlog::Log>, false).unwrap();
    assert_eq!(committer.world().check(), Vec::<String>::new());
    upgrade(&committer, "us-east-1").unwrap();
    assert_eq!(log.revision(), before);
}
