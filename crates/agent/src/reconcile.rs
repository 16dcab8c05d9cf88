//! One pass: read, plan, apply, probe, report.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::time::Duration;

use dataplane::Kernel;
use ipnet::IpNet;
use model::host::{
    AclKey, Document, EniSlot, GateReport, GateSlot, GroupSlot, InterfaceReport, ListenerKey,
    NatKey, Report, RouteTableKey, State, Step, TargetGroupSlot,
};

/// A gate that does not answer a probe within this is not open.
const PROBE_TIMEOUT: Duration = Duration::from_millis(100);

/// The host's loop, one pass at a time.
pub struct Reconciler<K> {
    kernel: K,
    /// What the kernel holds, as long as every step since the last read succeeded.
    known: Option<State>,
    gates: BTreeMap<GateSlot, GateReport>,
    realised: u64,
    /// Of the last pass: a failure is logged when it appears, not each time it is met again.
    failures: Vec<String>,
}

impl<K: Kernel> Reconciler<K> {
    /// Starts with nothing known.
    pub fn new(kernel: K) -> Self {
        Self {
            kernel,
            known: None,
            gates: BTreeMap::new(),
            realised: 0,
            failures: Vec::new(),
        }
    }

    /// Forgets what is known of the kernel: the next pass reads, applies and probes everything.
    pub fn distrust(&mut self) {
        self.known = None;
        self.gates.clear();
    }

    /// Whether another pass of the same document would tell nothing new: without packets there is
    /// nothing to count, and all is as the document says.
    pub fn is_idle(&self, document: &Document) -> bool {
        !self.kernel.is_real()
            && self.known.is_some()
            && self.realised == document.generation
            && self.failures.is_empty()
    }

    /// Forgets idle flows; returns how many.
    pub fn expire(&mut self) -> Result<usize, String> {
        self.kernel.expire().map_err(|error| error.chain())
    }

    /// Brings the kernel to the document, as far as it goes: a step that fails does not keep
    /// the others from being tried. `now_ms`: milliseconds since 1970.
    pub fn pass(&mut self, document: &Document, now_ms: i64) -> Report {
        let mut failures = Vec::new();
        let mut behind = false;
        let mut problems = BTreeMap::new();
        let state = match self.known.take() {
            Some(state) => Ok(state),
            None => self.kernel.read(),
        };
        let state = match state {
            Ok(mut state) => {
                let mut blocked = BTreeSet::new();
                for step in plan::diff::diff(document, &state) {
                    // A slot whose old owner is still there gets no new one.
                    if blocked.contains(&place(&step)) {
                        continue;
                    }
                    match self.kernel.apply(&step) {
                        Ok(()) => state.apply(&step),
                        Err(error) => {
                            let text = error.chain();
                            failures.push(format!("{}: {text}", name(&step)));
                            // A workload's namespace may be gone: that is its owner's matter,
                            // and must hold nobody else up.
                            match &step {
                                Step::Attach(slot, _) => {
                                    problems.insert(*slot, text);
                                }
                                _ => {
                                    blocked.insert(place(&step));
                                    behind = true;
                                }
                            }
                        }
                    }
                }
                Some(state)
            }
            Err(error) => {
                failures.push(format!("reading the kernel: {}", error.chain()));
                behind = true;
                None
            }
        };
        self.probe(document, now_ms, &mut failures);
        if !behind {
            self.realised = document.generation;
        }
        if failures != self.failures {
            for failure in &failures {
                tracing::warn!(failure, "not as the document says; trying again");
            }
            if failures.is_empty() {
                tracing::info!("everything is as the document says again");
            }
            self.failures.clone_from(&failures);
        }
        let interfaces = document.interfaces.iter().map(|(slot, wanted)| {
            let found = state.as_ref().and_then(|state| state.interfaces.get(slot));
            let report = InterfaceReport {
                attached: found.is_some_and(|found| plan::diff::is_realised(wanted, found)),
                problem: problems.get(slot).cloned(),
            };
            (*slot, report)
        });
        let interfaces = interfaces.collect();
        // After a failure the kernel is read again: it may hold half a step.
        self.known = state.filter(|_| failures.is_empty());
        let slots: Vec<GateSlot> = document.tables.gates.keys().copied().collect();
        let counters = self.kernel.counters(&slots).unwrap_or_default();
        Report {
            realised: self.realised,
            tried: document.generation,
            gates: self.gates.clone(),
            interfaces,
            counters,
            failures,
            undelivered: BTreeMap::new(),
            dataplane: self.kernel.is_real(),
        }
    }

    /// The kernel, for reading what it tells.
    pub(crate) fn kernel(&mut self) -> &mut K {
        &mut self.kernel
    }

    /// Probes the open gates that were not yet heard at their generation.
    fn probe(&mut self, document: &Document, now_ms: i64, failures: &mut Vec<String>) {
        let open = |slot: &GateSlot| document.tables.gates.get(slot).map(|gate| gate.generation);
        self.gates
            .retain(|slot, heard| open(slot) == Some(heard.generation));
        let wanted: Vec<GateSlot> = document
            .tables
            .gates
            .iter()
            .filter(|(slot, gate)| gate.generation != 0 && !self.gates.contains_key(slot))
            .map(|(slot, _)| *slot)
            .collect();
        if wanted.is_empty() {
            return;
        }
        match self.kernel.probe(&wanted, PROBE_TIMEOUT) {
            Ok(echoes) => {
                for (slot, echo) in echoes {
                    let report = GateReport {
                        generation: echo.generation,
                        probed_at_ms: now_ms,
                        round_trip_ns: u64::try_from(echo.round_trip.as_nanos())
                            .unwrap_or(u64::MAX),
                    };
                    self.gates.insert(slot, report);
                }
                let silent = wanted.iter().filter(|slot| !self.gates.contains_key(slot));
                for slot in silent {
                    failures.push(format!("the probe of gate {slot} did not come back"));
                }
            }
            Err(error) => failures.push(format!("probing: {}", error.chain())),
        }
    }
}

/// What a step changes.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    Eni(EniSlot),
    Gate(GateSlot),
    Group(GroupSlot),
    Targets(TargetGroupSlot),
    Listener(ListenerKey),
    Acl(AclKey),
    Route(RouteTableKey, IpNet),
    Nat(NatKey),
    Public(IpAddr),
}

fn place(step: &Step) -> Place {
    match step {
        Step::Attach(slot, _) | Step::Detach(slot, _) => Place::Eni(*slot),
        Step::PutGroup(slot, _) | Step::RemoveGroup(slot) => Place::Group(*slot),
        Step::PutTargets(slot, _) | Step::RemoveTargets(slot) => Place::Targets(*slot),
        Step::PutListener(key, _) | Step::RemoveListener(key) => Place::Listener(*key),
        Step::PutGate(slot, _) | Step::RemoveGate(slot, _) => Place::Gate(*slot),
        Step::PutAcl(key, _) | Step::RemoveAcl(key) => Place::Acl(*key),
        Step::PutRoute(key, net, _) | Step::RemoveRoute(key, net) => Place::Route(*key, *net),
        Step::PutNat(key, _) | Step::RemoveNat(key) => Place::Nat(*key),
        Step::PutPublic(ip, _) | Step::RemovePublic(ip, _) => Place::Public(*ip),
    }
}

fn name(step: &Step) -> String {
    match step {
        Step::Attach(slot, interface) => format!(
            "attach ENI {slot} ({}) to {}",
            interface.address.ip, interface.attachment.namespace
        ),
        Step::Detach(slot, link) => format!("detach ENI {slot} ({link})"),
        Step::PutGroup(slot, _) => format!("write security group {slot}"),
        Step::RemoveGroup(slot) => format!("remove security group {slot}"),
        Step::PutTargets(slot, _) => format!("write target group {slot}"),
        Step::RemoveTargets(slot) => format!("remove target group {slot}"),
        Step::PutListener(key, _) => format!("write listener {}:{}", key.balancer, key.port),
        Step::RemoveListener(key) => format!("remove listener {}:{}", key.balancer, key.port),
        Step::PutGate(slot, gate) => format!("write gate {slot} ({})", gate.address.ip),
        Step::RemoveGate(slot, gate) => format!("remove gate {slot} ({})", gate.address.ip),
        Step::PutAcl(key, _) => format!("write network ACL {key}"),
        Step::RemoveAcl(key) => format!("remove network ACL {key}"),
        Step::PutRoute(key, net, _) => format!("write the route {net} of table {key}"),
        Step::RemoveRoute(key, net) => format!("remove the route {net} of table {key}"),
        Step::PutNat(key, _) => format!("write NAT gateway {key}"),
        Step::RemoveNat(key) => format!("remove NAT gateway {key}"),
        Step::PutPublic(ip, _) => format!("write the public address {ip}"),
        Step::RemovePublic(ip, _) => format!("remove the public address {ip}"),
    }
}

#[cfg(test)]
mod tests;
