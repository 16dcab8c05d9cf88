//! Slots, addresses, sharing.

use alloc::collections::BTreeMap;
use core::net::Ipv4Addr;

use proptest::prelude::*;

use super::{Change, Name, World};
use crate::account::Account;
use crate::host::{GroupSlot, MAX_SLOTS};
use crate::id::{SecurityGroupId, SubnetId, VpcId};
use crate::place::Zone;
use crate::security_group::SecurityGroup;
use crate::subnet::Subnet;
use crate::time::Millis;

proptest! {
    #[test]
    fn a_subnet_hands_out_its_usable_addresses_only(prefix in 16u8..=28) {
        let subnet = Subnet {
            id: SubnetId::new(1),
            owner: "123456789012".parse().unwrap(),
            vpc: VpcId::new(1),
            cidr: ipnet::Ipv4Net::new(Ipv4Addr::new(10, 0, 0, 0), prefix).unwrap(),
            zone: Zone('a'),
            public_addresses: false,
            default_for_az: false,
            tags: BTreeMap::new(),
        };
        let world = World::default();
        let usable = (1usize << (32 - prefix)) - 5;
        prop_assert_eq!(world.free_address_count(&subnet), usable);
        prop_assert_eq!(world.free_address(&subnet, &[]), Some(Ipv4Addr::new(10, 0, 0, 4)));
        prop_assert!(subnet.usable().all(|ip| subnet.can_hold(ip)));
        prop_assert!(!subnet.can_hold(subnet.cidr.broadcast()));
        prop_assert!(!subnet.can_hold(subnet.router()));
    }
}

#[test]
fn a_new_world_shares_what_did_not_change() {
    let account = Account {
        id: "123456789012".parse().unwrap(),
        name: "one".into(),
        operator: true,
        created: Millis(0),
    };
    let before = World::default();
    let after = before.apply(&[account.clone().into()], 1);
    assert!(before.accounts.is_empty());
    let gone = after.apply(&[Change::Remove(Name::Account(account.id))], 2);
    assert_eq!(gone.accounts, before.accounts);
    assert_eq!(Name::Account(account.id).path(), "/account/123456789012");
    assert_eq!(
        after.check(),
        alloc::vec::Vec::<alloc::string::String>::new()
    );
}

#[test]
fn a_world_that_no_host_can_hold_is_known() {
    let group = |slot: u32| SecurityGroup {
        id: SecurityGroupId::new(u128::from(slot)),
        owner: "123456789012".parse().unwrap(),
        vpc: VpcId::new(1),
        name: "g".into(),
        description: "g".into(),
        slot: GroupSlot(slot),
        rules: alloc::vec::Vec::new(),
        tags: BTreeMap::new(),
    };
    let fits = World::default().apply(&[group(MAX_SLOTS - 1).into()], 1);
    assert_eq!(fits.over_capacity(), None);
    let full = fits.apply(&[group(MAX_SLOTS).into()], 2);
    assert_eq!(full.over_capacity(), Some("security groups"));
}
