//! The life of a peering connection, and who sees its end.

use alloc::string::String;
use alloc::vec::Vec;

use super::{EVENTS, Event, Peering, STATES, Side, State};
use crate::account::AccountId;
use crate::id::{PeeringId, VpcId};
use crate::tag::Tags;
use crate::time::Millis;
use crate::world::{Facet, Kind, World};

const HOUR: i64 = 60 * 60 * 1_000;

fn account(text: &str) -> AccountId {
    text.parse().unwrap()
}

fn side(owner: &str, vpc: u128, cidr: &str) -> Side {
    Side {
        owner: account(owner),
        vpc: VpcId::new(vpc),
        cidr: cidr.parse().ok(),
    }
}

fn peering(owner: &str, cidr: &str) -> Peering {
    Peering::new(
        PeeringId::new(1),
        side("123456789012", 1, "10.0.0.0/16"),
        side(owner, 2, cidr),
        Millis(0),
        Tags::new(),
    )
}

#[test]
fn each_state_has_its_ways_on() {
    let mut ways = Vec::new();
    for state in STATES {
        for event in EVENTS {
            if let Ok(next) = state.on(event) {
                ways.push((state, event, next));
            }
        }
    }
    assert_eq!(
        ways,
        [
            (
                State::InitiatingRequest,
                Event::Sent,
                State::PendingAcceptance
            ),
            (State::InitiatingRequest, Event::Fail, State::Failed),
            (State::PendingAcceptance, Event::Accept, State::Provisioning),
            (State::PendingAcceptance, Event::Reject, State::Rejected),
            (State::PendingAcceptance, Event::Expire, State::Expired),
            (State::PendingAcceptance, Event::Delete, State::Deleting),
            (State::Provisioning, Event::Provisioned, State::Active),
            (State::Provisioning, Event::Delete, State::Deleting),
            (State::Active, Event::Provisioned, State::Active),
            (State::Active, Event::Delete, State::Deleting),
            (State::Deleting, Event::Removed, State::Deleted),
        ]
    );
}

#[test]
fn addresses_that_overlap_fail() {
    for (cidr, state) in [
        ("10.1.0.0/16", State::PendingAcceptance),
        ("10.0.0.0/16", State::Failed),
        ("10.0.128.0/20", State::Failed),
        ("10.0.0.0/8", State::Failed),
        ("", State::Failed),
    ] {
        let mut asked = peering("210987654321", cidr);
        asked.send(Millis(1)).unwrap();
        assert_eq!(asked.state, state, "{cidr}");
    }
}

#[test]
fn an_end_is_seen_longer_by_whom_it_is_news_to() {
    let (one, two) = (account("123456789012"), account("210987654321"));
    let mut rejected = peering("210987654321", "10.1.0.0/16");
    rejected.send(Millis(0)).unwrap();
    assert_eq!(rejected.forgotten_at(), None);
    rejected.on(Event::Reject, Some(two), Millis(0)).unwrap();
    let seen = |who, hours| rejected.is_visible_to(who, Millis(hours * HOUR));
    assert!(seen(one, 47) && !seen(one, 48));
    assert!(seen(two, 1) && !seen(two, 2));
    assert!(!seen(account("111111111111"), 0));
    assert_eq!(rejected.forgotten_at(), Some(Millis(48 * HOUR)));
    // What failed is its requester's alone.
    let mut failed = peering("210987654321", "10.0.0.0/16");
    failed.send(Millis(0)).unwrap();
    assert!(failed.is_visible_to(one, Millis(0)));
    assert!(!failed.is_visible_to(two, Millis(0)));
    assert_eq!(failed.forgotten_at(), Some(Millis(2 * HOUR)));
    let world = World::default().apply(&[failed.into()], 1);
    assert_eq!(world.owned::<Peering>(one).count(), 1);
    assert_eq!(world.owned::<Peering>(two).count(), 0);
    // One account is told once.
    let mut own = peering("123456789012", "10.1.0.0/16");
    own.send(Millis(0)).unwrap();
    own.on(Event::Delete, Some(one), Millis(0)).unwrap();
    own.on(Event::Removed, None, Millis(0)).unwrap();
    assert_eq!(own.forgotten_at(), Some(Millis(2 * HOUR)));
}

#[test]
fn it_is_found_by_both_sides_and_once_by_one() {
    for (owner, count) in [("210987654321", 1), ("123456789012", 1)] {
        let mut asked = peering(owner, "10.1.0.0/16");
        asked.send(Millis(0)).unwrap();
        let world = World::default().apply(&[asked.clone().into()], 1);
        assert_eq!(world.owned::<Peering>(account(owner)).count(), count);
        assert_eq!(
            world.owned::<Peering>(account("123456789012")).count(),
            count
        );
        let [one, two] = [1, 2].map(VpcId::new);
        assert!(world.peering_asked(one, two).is_some());
        assert!(world.peering_asked(two, one).is_none());
        assert!(world.peering_between(two, one).is_none());
        let mut changed = asked.clone();
        changed.on(Event::Accept, None, Millis(0)).unwrap();
        let world = world.apply(&[changed.into()], 2);
        assert!(world.peering_between(two, one).is_some());
        // The VPCs are not there.
        assert_eq!(world.check().len(), 2, "{:?}", world.check());
        let facet = Facet::Owner(account(owner), Kind::Peering);
        assert_eq!(world.select::<Peering>(&facet).count(), 1);
    }
}

#[test]
fn a_world_where_peers_overlap_is_known() {
    let mut asked = peering("210987654321", "10.1.0.0/16");
    asked.send(Millis(0)).unwrap();
    asked.accepter.cidr = asked.requester.cidr;
    let world = World::default().apply(&[asked.into()], 1);
    let found = world.check();
    let overlap = |text: &String| text.contains("overlap");
    assert_eq!(found.iter().filter(|text| overlap(text)).count(), 1);
}
