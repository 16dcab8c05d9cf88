//! From what the kernel holds to what it must hold: ordered steps, without a choice left.
//!
//! At no moment does a packet pass that neither the old document nor the new one lets pass. A
//! packet asks several things (a route, two ACLs, two sets of groups, a listener), and a change
//! of the World may close one of them and open another: an order by kinds alone would have
//! moments with both open. So there are two phases:
//!
//! 1. Everything that changes first becomes what both documents let pass, or less
//!    (`meet`): at every moment of this phase each thing lets pass no more than the old
//!    document's.
//! 2. Then everything becomes what the new document says: at every moment of this phase each
//!    thing lets pass no more than the new document's. Things come before what leads to them
//!    (groups, ACLs, NAT gateways, ENIs, targets, listeners; then routes, then gates), so that
//!    a refusal has its right reason as early as possible.
//!
//! What nothing names any more (groups, ACLs, targets, route tables) is removed last: after
//! the first phase nobody asks it.
//!
//! Most changes need one step: what only opens is its old self in the first phase, and what
//! only closes is done with it. And when just one thing changes, writing it is a moment
//! without a middle, so the first phase is left out. Established flows survive the first phase:
//! a gate keeps its generation unless that changes, and what a flow is asked again refuses
//! packets, but ends no flow.

mod meet;

use alloc::vec::Vec;
use core::cmp::Reverse;

use model::host::{Document, Gate, Interface, InterfaceState, NextHop, State, Step, Tables};

use meet::Meet as _;

/// The steps that lead from `state` to `document`; none when they agree.
pub fn diff(document: &Document, state: &State) -> Vec<Step> {
    let (want, have) = (&document.tables, &state.tables);
    let mut plan = Plan::default();
    groups(&mut plan, want, have);
    acls(&mut plan, want, have);
    nats(&mut plan, want, have);
    interfaces(&mut plan, document, state);
    publics(&mut plan, want, have);
    targets(&mut plan, want, have);
    listeners(&mut plan, want, have);
    routes(&mut plan, want, have);
    gates(&mut plan, want, have);
    plan.steps()
}

/// Whether a document's ENI is there as it should be.
pub fn is_realised(wanted: &Interface, found: &InterfaceState) -> bool {
    found.guarded && found.configured.as_ref() == Some(wanted)
}

/// Steps by phase.
#[derive(Default)]
struct Plan {
    /// Closes what must be gone before anything in its place can be written.
    removals: Vec<Step>,
    /// Narrows what will be written over.
    narrowings: Vec<Step>,
    /// Writes what is new.
    puts: Vec<Step>,
    /// Removes what nothing names any more.
    leftovers: Vec<Step>,
}

impl Plan {
    /// A thing that is written over. `between` is what both sides let pass, at most.
    fn change<T: PartialEq>(&mut self, old: &T, new: &T, between: T, put: impl Fn(&T) -> Step) {
        if old == new {
            return;
        }
        if between != *old && between != *new {
            self.narrowings.push(put(&between));
        }
        if between == *new {
            self.removals.push(put(new));
        } else {
            self.puts.push(put(new));
        }
    }

    fn steps(mut self) -> Vec<Step> {
        if self.removals.is_empty() && self.puts.len() == 1 {
            self.narrowings.clear();
        }
        let phases = [self.removals, self.narrowings, self.puts, self.leftovers];
        phases.into_iter().flatten().collect()
    }
}

fn groups(plan: &mut Plan, want: &Tables, have: &Tables) {
    for (slot, group) in &want.groups {
        match have.groups.get(slot) {
            Some(old) => plan.change(old, group, old.meet(group), |group| {
                Step::PutGroup(*slot, group.clone())
            }),
            None => plan.puts.push(Step::PutGroup(*slot, group.clone())),
        }
    }
    let gone = have.groups.keys();
    let gone = gone.filter(|slot| !want.groups.contains_key(slot));
    plan.leftovers
        .extend(gone.map(|slot| Step::RemoveGroup(*slot)));
}

fn acls(plan: &mut Plan, want: &Tables, have: &Tables) {
    for (key, acl) in &want.acls {
        match have.acls.get(key) {
            Some(old) => plan.change(old, acl, old.meet(acl), |acl| {
                Step::PutAcl(*key, acl.clone())
            }),
            None => plan.puts.push(Step::PutAcl(*key, acl.clone())),
        }
    }
    let gone = have.acls.keys().filter(|key| !want.acls.contains_key(key));
    plan.leftovers.extend(gone.map(|key| Step::RemoveAcl(*key)));
}

fn nats(plan: &mut Plan, want: &Tables, have: &Tables) {
    for (key, nat) in &want.nats {
        match have.nats.get(key) {
            // One that keeps its addresses keeps its flows.
            Some(old) if old.address == nat.address && old.public == nat.public => {
                plan.change(old, nat, old.meet(nat), |nat| Step::PutNat(*key, *nat));
            }
            Some(_) => {
                plan.removals.push(Step::RemoveNat(*key));
                plan.puts.push(Step::PutNat(*key, *nat));
            }
            None => plan.puts.push(Step::PutNat(*key, *nat)),
        }
    }
    let gone = have.nats.keys().filter(|key| !want.nats.contains_key(key));
    plan.removals.extend(gone.map(|key| Step::RemoveNat(*key)));
}

fn interfaces(plan: &mut Plan, document: &Document, state: &State) {
    for (slot, found) in &state.interfaces {
        let wanted = document.interfaces.get(slot);
        if !wanted.is_some_and(|wanted| same_link(wanted, found)) {
            plan.removals.push(Step::Detach(*slot, found.link.clone()));
        }
    }
    for (slot, interface) in &document.interfaces {
        let found = state.interfaces.get(slot);
        if found.is_some_and(|found| is_realised(interface, found)) {
            continue;
        }
        let kept = found.filter(|found| same_link(interface, found));
        match kept.and_then(|found| found.configured.as_ref()) {
            Some(old) if old != interface => {
                plan.change(old, interface, old.meet(interface), |interface| {
                    Step::Attach(*slot, interface.clone())
                });
            }
            // New, or only to be repaired.
            _ => plan.puts.push(Step::Attach(*slot, interface.clone())),
        }
    }
}

fn publics(plan: &mut Plan, want: &Tables, have: &Tables) {
    for (ip, old) in &have.publics {
        if want.publics.get(ip) != Some(old) {
            plan.removals.push(Step::RemovePublic(*ip, *old));
        }
    }
    for (ip, public) in &want.publics {
        if have.publics.get(ip) != Some(public) {
            plan.puts.push(Step::PutPublic(*ip, *public));
        }
    }
}

/// The kernel holds no empty list of targets.
fn targets(plan: &mut Plan, want: &Tables, have: &Tables) {
    for (slot, list) in want.targets.iter().filter(|(_, list)| !list.is_empty()) {
        match have.targets.get(slot) {
            Some(old) => {
                let between = old.meet(list);
                if between.is_empty() {
                    plan.removals.push(Step::RemoveTargets(*slot));
                    plan.puts.push(Step::PutTargets(*slot, list.clone()));
                } else {
                    plan.change(old, list, between, |list| {
                        Step::PutTargets(*slot, list.clone())
                    });
                }
            }
            None => plan.puts.push(Step::PutTargets(*slot, list.clone())),
        }
    }
    for slot in have.targets.keys() {
        match want.targets.get(slot) {
            None => plan.leftovers.push(Step::RemoveTargets(*slot)),
            // Its listeners are still there.
            Some(list) if list.is_empty() => plan.removals.push(Step::RemoveTargets(*slot)),
            Some(_) => {}
        }
    }
}

fn listeners(plan: &mut Plan, want: &Tables, have: &Tables) {
    for (key, old) in &have.listeners {
        let wanted = want.listeners.get(key);
        if wanted.is_none_or(|wanted| wanted.target_group != old.target_group) {
            plan.removals.push(Step::RemoveListener(*key));
        }
    }
    for (key, listener) in &want.listeners {
        if have.listeners.get(key) != Some(listener) {
            plan.puts.push(Step::PutListener(*key, *listener));
        }
    }
}

/// A network without its route falls to a wider one. So in the first phase a route that is
/// gone, changed or new is a black hole, and only in the second it is removed; and a wide route
/// is written after the narrower ones.
fn routes(plan: &mut Plan, want: &Tables, have: &Tables) {
    let none = alloc::collections::BTreeMap::new();
    for (table, wanted) in &want.routes {
        let old = have.routes.get(table).unwrap_or(&none);
        let mut narrowest_first: Vec<_> = wanted.iter().collect();
        narrowest_first.sort_by_key(|(net, _)| Reverse(net.prefix_len()));
        for (net, hop) in narrowest_first {
            let put = |hop: &NextHop| Step::PutRoute(*table, *net, *hop);
            match old.get(net) {
                Some(was) => plan.change(was, hop, was.meet(hop), put),
                None => {
                    if old.keys().any(|wider| wider.contains(net)) {
                        plan.narrowings.push(put(&NextHop::Blackhole));
                    }
                    plan.puts.push(put(hop));
                }
            }
        }
        for (net, was) in old.iter().filter(|(net, _)| !wanted.contains_key(*net)) {
            if *was != NextHop::Blackhole {
                plan.narrowings
                    .push(Step::PutRoute(*table, *net, NextHop::Blackhole));
            }
            plan.puts.push(Step::RemoveRoute(*table, *net));
        }
    }
    for (table, old) in &have.routes {
        if !want.routes.contains_key(table) {
            let all = old.keys().map(|net| Step::RemoveRoute(*table, *net));
            plan.leftovers.extend(all);
        }
    }
}

fn gates(plan: &mut Plan, want: &Tables, have: &Tables) {
    for (slot, old) in &have.gates {
        if !want
            .gates
            .get(slot)
            .is_some_and(|gate| same_door(gate, old))
        {
            plan.removals.push(Step::RemoveGate(*slot, old.clone()));
        }
    }
    for (slot, gate) in &want.gates {
        match have.gates.get(slot).filter(|old| same_door(gate, old)) {
            Some(old) => plan.change(old, gate, old.meet(gate), |gate| {
                Step::PutGate(*slot, gate.clone())
            }),
            None => plan.puts.push(Step::PutGate(*slot, gate.clone())),
        }
    }
}

/// A gate that can be written over; another address or subnet is another gate.
fn same_door(a: &Gate, b: &Gate) -> bool {
    a.address == b.address && a.place.subnet == b.place.subnet
}

/// A link that can be kept: its ENI's tables are written over.
fn same_link(wanted: &Interface, found: &InterfaceState) -> bool {
    found.link == wanted.link
        && found.configured.as_ref().is_none_or(|known| {
            known.attachment == wanted.attachment
                && known.address == wanted.address
                && known.place.subnet == wanted.place.subnet
        })
}

#[cfg(test)]
mod tests;
