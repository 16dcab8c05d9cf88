//! Properties of the plan, over random documents and states.

pub(super) mod draw;
mod moments;

use alloc::vec::Vec;

use model::host::{
    Acl, AclKey, BalancerSlot, Document, Entry, Gate, GateSlot, Group, GroupSlot, NextHop,
    RouteTableKey, State, Step, Traffic,
};
use proptest::prelude::*;

use super::diff;
use super::meet::Meet as _;
use draw::{acl, document, realised, state};

/// The tables of a document as the kernel holds them: no empty list or table.
fn wanted(document: &Document) -> model::host::Tables {
    let mut tables = document.tables.clone();
    tables.targets.retain(|_, list| !list.is_empty());
    tables.routes.retain(|_, table| !table.is_empty());
    tables
}

proptest! {
    #[test]
    fn the_steps_lead_to_the_document(document in document(), mut state in state()) {
        for step in diff(&document, &state) {
            state.apply(&step);
        }
        prop_assert_eq!(diff(&document, &state), Vec::new());
        prop_assert_eq!(&state.tables, &wanted(&document));
        for (slot, interface) in &document.interfaces {
            prop_assert_eq!(state.interfaces[slot].configured.as_ref(), Some(interface));
        }
        prop_assert_eq!(state.interfaces.len(), document.interfaces.len());
    }

    #[test]
    fn a_plan_can_be_broken_off_anywhere(document in document(), mut state in state(), at in 0usize..40) {
        for step in diff(&document, &state).into_iter().take(at) {
            state.apply(&step);
        }
        for step in diff(&document, &state) {
            state.apply(&step);
        }
        prop_assert_eq!(&state.tables, &wanted(&document));
    }

    #[test]
    fn a_gate_opens_only_when_all_else_is_there(document in document(), mut state in state()) {
        let steps = diff(&document, &state);
        for (at, step) in steps.iter().enumerate() {
            if let Step::PutGate(slot, gate) = step
                && document.tables.gates.get(slot) == Some(gate)
                && steps[at..].iter().all(|step| matches!(step, Step::PutGate(..)))
            {
                prop_assert_eq!(&state.tables.acls.get(&gate.place.acl), &document.tables.acls.get(&gate.place.acl));
                for group in gate.groups.iter().filter(|group| document.tables.groups.contains_key(group)) {
                    prop_assert_eq!(state.tables.groups.get(group), document.tables.groups.get(group));
                }
            }
            state.apply(step);
        }
    }

    /// What both ACLs' meeting lets pass, both let pass.
    #[test]
    fn acls_meet_in_what_both_let_pass(one in acl(), other in acl(), port in 0u16..6, protocol in prop_oneof![Just(6u8), Just(17)]) {
        let passes = |acl: &Acl| {
            let mut entries = acl.ingress.iter();
            let first = entries.find(|entry| entry.traffic.holds(protocol, port));
            first.is_some_and(|entry| entry.allow)
        };
        if passes(&one.meet(&other)) {
            prop_assert!(passes(&one) && passes(&other));
        }
    }
}

fn open(number: u16, allow: bool) -> Entry {
    Entry {
        number,
        traffic: Traffic::ALL,
        peer: "0.0.0.0/0".parse().unwrap(),
        allow,
    }
}

fn acl_of(entries: &[Entry]) -> Acl {
    Acl {
        ingress: entries.to_vec(),
        egress: Vec::new(),
    }
}

fn with_acls(acls: &[(u64, &[Entry])]) -> Document {
    let mut document = Document::default();
    for (key, entries) in acls {
        document.tables.acls.insert(AclKey(*key), acl_of(entries));
    }
    document
}

#[test]
fn one_change_is_one_step() {
    let (allow, deny) = (open(100, true), open(100, false));
    let old = realised(&with_acls(&[(1, &[allow])]));
    let new = with_acls(&[(1, &[deny, open(200, true)])]);
    let put = Step::PutAcl(AclKey(1), acl_of(&[deny, open(200, true)]));
    assert_eq!(diff(&new, &old), [put]);
}

#[test]
fn of_two_changes_the_one_that_closes_is_first() {
    let (a, b) = (open(100, true), open(200, true));
    // One ACL opens, the other closes: in whatever order they are kept.
    for (opens, closes) in [(1, 2), (2, 1)] {
        let old = realised(&with_acls(&[(opens, &[a]), (closes, &[a, b])]));
        let new = with_acls(&[(opens, &[a, b]), (closes, &[a])]);
        let wanted = [
            Step::PutAcl(AclKey(closes), acl_of(&[a])),
            Step::PutAcl(AclKey(opens), acl_of(&[a, b])),
        ];
        assert_eq!(diff(&new, &old), wanted);
    }
}

#[test]
fn changes_both_ways_meet_first() {
    let (a, b, c) = (open(1, true), open(2, true), open(3, true));
    let old = realised(&with_acls(&[(1, &[a, b]), (2, &[a, b])]));
    let new = with_acls(&[(1, &[b, c]), (2, &[b, c])]);
    let put = |key, entries: &[Entry]| Step::PutAcl(AclKey(key), acl_of(entries));
    let wanted = [put(1, &[b]), put(2, &[b]), put(1, &[b, c]), put(2, &[b, c])];
    assert_eq!(diff(&new, &old), wanted);
}

#[test]
fn a_route_that_goes_does_not_fall_to_a_wider_one() {
    let wide = "0.0.0.0/0".parse().unwrap();
    let part = "10.0.7.0/24".parse().unwrap();
    let other = "10.0.8.0/24".parse().unwrap();
    let table = RouteTableKey(1);
    let mut old = Document::default();
    let hops = [(wide, NextHop::Internet), (part, NextHop::GatewayEndpoint)];
    old.tables.routes.insert(table, hops.into());
    let mut new = Document::default();
    let hops = [(wide, NextHop::Internet), (other, NextHop::GatewayEndpoint)];
    new.tables.routes.insert(table, hops.into());
    let black = |net| Step::PutRoute(table, net, NextHop::Blackhole);
    let wanted = [
        black(other),
        black(part),
        Step::PutRoute(table, other, NextHop::GatewayEndpoint),
        Step::RemoveRoute(table, part),
    ];
    assert_eq!(diff(&new, &realised(&old)), wanted);
}

#[test]
fn an_open_gate_stays_open_while_its_groups_change() {
    let gate = |groups: &[u32]| Gate {
        generation: 4,
        groups: groups.iter().map(|slot| GroupSlot(*slot)).collect(),
        ..draw::closed_gate()
    };
    let document = |groups: &[u32]| {
        let mut document = Document::default();
        document.tables.gates.insert(GateSlot(1), gate(groups));
        document
            .tables
            .groups
            .insert(GroupSlot(3), Group::default());
        document
    };
    let mut state = realised(&document(&[1, 2]));
    state.tables.groups.clear();
    let steps = diff(&document(&[2, 3]), &state);
    let wanted = [
        Step::PutGate(GateSlot(1), gate(&[2])),
        Step::PutGroup(GroupSlot(3), Group::default()),
        Step::PutGate(GateSlot(1), gate(&[2, 3])),
    ];
    assert_eq!(steps, wanted);
}

#[test]
fn a_gate_that_leads_elsewhere_takes_nobody_meanwhile() {
    let at = |generation, balancer| Gate {
        generation,
        balancer: BalancerSlot(balancer),
        ..draw::closed_gate()
    };
    let (old, new) = (at(4, 1), at(4, 2));
    assert_eq!(old.meet(&new), at(4, 0), "established flows go on");
    let (old, new) = (at(4, 1), at(5, 1));
    assert_eq!(old.meet(&new), at(0, 1), "established flows end anyway");
}

#[test]
fn nothing_is_to_be_done_when_all_is_there() {
    let document = with_acls(&[(1, &[open(1, true)])]);
    assert_eq!(diff(&document, &realised(&document)), []);
    assert_eq!(diff(&Document::default(), &State::default()), []);
}
