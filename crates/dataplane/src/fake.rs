//! A kernel that only remembers: for tests, and for `ginnel up --no-dataplane`.

use std::collections::BTreeMap;
use std::time::Duration;

use model::host::{Counters, GateSlot, InterfaceState, State, Step};

use crate::kernel::{Echo, Error, Kernel};

/// Holds what was applied. Its probes answer for open gates, without any packet.
#[derive(Clone, Debug, Default)]
pub struct Fake {
    /// What it holds.
    pub state: State,
    /// Steps applied, newest last.
    pub applied: Vec<Step>,
}

impl Kernel for Fake {
    fn read(&mut self) -> Result<State, Error> {
        Ok(self.state.clone())
    }

    fn apply(&mut self, step: &Step) -> Result<(), Error> {
        let tables = &mut self.state.tables;
        match step.clone() {
            Step::Attach(slot, interface) => {
                let state = InterfaceState {
                    link: interface.link.clone(),
                    configured: Some(interface),
                    guarded: true,
                };
                self.state.interfaces.insert(slot, state);
            }
            Step::Detach(slot, _) => {
                self.state.interfaces.remove(&slot);
            }
            Step::PutGroup(slot, group) => {
                tables.groups.insert(slot, group);
            }
            Step::RemoveGroup(slot) => {
                tables.groups.remove(&slot);
            }
            Step::PutTargets(slot, targets) => {
                tables.targets.insert(slot, targets);
            }
            Step::RemoveTargets(slot) => {
                tables.targets.remove(&slot);
            }
            Step::PutListener(key, listener) => {
                tables.listeners.insert(key, listener);
            }
            Step::RemoveListener(key) => {
                tables.listeners.remove(&key);
            }
            Step::PutGate(slot, gate) => {
                tables.gates.insert(slot, gate);
            }
            Step::RemoveGate(slot, _) => {
                tables.gates.remove(&slot);
            }
        }
        self.applied.push(step.clone());
        Ok(())
    }

    fn probe(
        &mut self,
        gates: &[GateSlot],
        _timeout: Duration,
    ) -> Result<BTreeMap<GateSlot, Echo>, Error> {
        Ok(gates
            .iter()
            .filter_map(|slot| {
                let generation = self.state.tables.gates.get(slot)?.generation;
                (generation != 0).then_some((
                    *slot,
                    Echo {
                        generation,
                        round_trip: Duration::ZERO,
                    },
                ))
            })
            .collect())
    }

    fn expire(&mut self) -> Result<usize, Error> {
        Ok(0)
    }

    fn counters(&mut self, _gates: &[GateSlot]) -> Result<Counters, Error> {
        Ok(Counters::default())
    }

    fn is_real(&self) -> bool {
        false
    }
}
