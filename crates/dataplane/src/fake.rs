//! A kernel that only remembers: for tests, and for `ginnel up --no-dataplane`.

use std::collections::BTreeMap;
use std::time::Duration;

use model::host::{Catch, Counters, Event, Flow, GateSlot, State, Step, Wanted, Watch};

use crate::kernel::{Echo, Error, Kernel};

/// Holds what was applied. Its probes answer for open gates, without any packet.
#[derive(Clone, Debug, Default)]
pub struct Fake {
    /// What it holds.
    pub state: State,
    /// The last steps applied, newest last.
    pub applied: Vec<Step>,
}

/// So many steps are remembered at least; a daemon without a data plane runs for long.
const REMEMBERED: usize = 1_000;

impl Kernel for Fake {
    fn read(&mut self) -> Result<State, Error> {
        Ok(self.state.clone())
    }

    fn apply(&mut self, step: &Step) -> Result<(), Error> {
        self.state.apply(step);
        if self.applied.len() >= 2 * REMEMBERED {
            self.applied.drain(..REMEMBERED);
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

    fn tell(&mut self, _wanted: Wanted) -> Result<(), Error> {
        Ok(())
    }

    fn events(&mut self, _most: usize) -> Result<Vec<Event>, Error> {
        Ok(Vec::new())
    }

    fn flows(&mut self) -> Result<Vec<Flow>, Error> {
        Ok(Vec::new())
    }

    fn capture(&mut self, watch: Option<&Watch>) -> Result<(), Error> {
        watch.map_or(Ok(()), |_| Err(Error::NoPackets))
    }

    fn captured(&mut self, _most: usize) -> Result<Catch, Error> {
        Ok(Catch::default())
    }

    fn is_real(&self) -> bool {
        false
    }
}
