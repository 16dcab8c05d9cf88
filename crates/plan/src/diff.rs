//! From what the kernel holds to what it must hold: ordered steps, without a choice left.
//!
//! The order: first close (a gate that must not admit any more), then what others lead to
//! before what leads to it (groups, targets, listeners, then gates), then ENIs; what goes is
//! removed in the opposite order. So at no moment does a packet meet a gate whose groups or
//! listener are not there yet, and a wrong state is one that refuses.

use alloc::vec::Vec;

use model::host::{Document, Gate, Interface, InterfaceState, State, Step};

/// The steps that lead from `state` to `document`; none when they agree.
pub fn diff(document: &Document, state: &State) -> Vec<Step> {
    let (want, have) = (&document.tables, &state.tables);
    let mut steps = Vec::new();

    for (slot, gate) in &have.gates {
        let open_in_both = want
            .gates
            .get(slot)
            .is_some_and(|wanted| same_door(wanted, gate));
        if !open_in_both {
            steps.push(Step::RemoveGate(*slot, gate.clone()));
        }
    }
    for (slot, found) in &state.interfaces {
        let keep = document
            .interfaces
            .get(slot)
            .is_some_and(|wanted| same_link(wanted, found));
        if !keep {
            steps.push(Step::Detach(*slot, found.link.clone()));
        }
    }

    for (slot, group) in &want.groups {
        if have.groups.get(slot) != Some(group) {
            steps.push(Step::PutGroup(*slot, group.clone()));
        }
    }
    for (slot, interface) in &document.interfaces {
        let found = state.interfaces.get(slot);
        if !found.is_some_and(|found| is_realised(interface, found)) {
            steps.push(Step::Attach(*slot, interface.clone()));
        }
    }
    for (slot, targets) in want.targets.iter().filter(|(_, list)| !list.is_empty()) {
        if have.targets.get(slot) != Some(targets) {
            steps.push(Step::PutTargets(*slot, targets.clone()));
        }
    }
    for (key, listener) in &want.listeners {
        if have.listeners.get(key) != Some(listener) {
            steps.push(Step::PutListener(*key, *listener));
        }
    }
    for (slot, gate) in &want.gates {
        if have.gates.get(slot) != Some(gate) {
            steps.push(Step::PutGate(*slot, gate.clone()));
        }
    }

    for key in have.listeners.keys() {
        if !want.listeners.contains_key(key) {
            steps.push(Step::RemoveListener(*key));
        }
    }
    for slot in have.targets.keys() {
        if want.targets.get(slot).is_none_or(Vec::is_empty) {
            steps.push(Step::RemoveTargets(*slot));
        }
    }
    for slot in have.groups.keys() {
        if !want.groups.contains_key(slot) {
            steps.push(Step::RemoveGroup(*slot));
        }
    }
    steps
}

/// Whether a document's ENI is there as it should be.
pub fn is_realised(wanted: &Interface, found: &InterfaceState) -> bool {
    found.guarded && found.configured.as_ref() == Some(wanted)
}

/// A gate that can be written over; another address is another gate.
fn same_door(a: &Gate, b: &Gate) -> bool {
    a.address == b.address
}

/// A link that can be kept: its ENI's tables are written over.
fn same_link(wanted: &Interface, found: &InterfaceState) -> bool {
    found.link == wanted.link
        && found.configured.as_ref().is_none_or(|known| {
            known.attachment == wanted.attachment && known.address == wanted.address
        })
}

#[cfg(test)]
mod tests;
