//! Reads what the data plane tells, and says what it could not tell.
//!
//! Refusals are always listened for; flows only while somebody observes or a flow log exists,
//! because each costs the programs a few dozen nanoseconds.

use std::collections::BTreeMap;

use dataplane::{Error, Kernel};
use model::host::{EniSlot, Told, Wanted};

/// So many are taken at once: the rest waits for the next turn.
const MOST: usize = 65_536;

/// The reading side of the event buffer.
#[derive(Default)]
pub(crate) struct Reader {
    wanted: Option<Wanted>,
    lost: BTreeMap<EniSlot, u64>,
    read_ms: Option<i64>,
}

impl Reader {
    /// Chooses what is listened for, and reads what was told since the last time.
    pub(crate) fn read(
        &mut self,
        kernel: &mut impl Kernel,
        wanted: Wanted,
        now_ms: i64,
    ) -> Result<Told, Error> {
        // What was asked for until now is what this reading can hold.
        let listened = self.wanted.unwrap_or_default();
        if self.wanted != Some(wanted) {
            kernel.tell(wanted)?;
            self.wanted = Some(wanted);
        }
        let events = kernel.events(MOST)?;
        let counters = kernel.counters(&[])?;
        let now_lost = counters.enis.into_iter();
        let now_lost: BTreeMap<EniSlot, u64> = now_lost
            .map(|(slot, counters)| (slot, counters.events_lost))
            .filter(|(_, lost)| *lost > 0)
            .collect();
        let mut lost = BTreeMap::new();
        for (slot, count) in &now_lost {
            let before = self.lost.get(slot).copied().unwrap_or_default();
            // A slot that changed owners counts from zero.
            let more = if *count >= before {
                count - before
            } else {
                *count
            };
            // What was lost before the first reading is nobody's news.
            if more > 0 && self.read_ms.is_some() {
                lost.insert(*slot, more);
            }
        }
        self.lost = now_lost;
        let from_ms = self.read_ms.replace(now_ms).unwrap_or(now_ms);
        Ok(Told {
            events,
            lost,
            wanted: listened,
            from_ms,
            to_ms: now_ms,
        })
    }
}

#[cfg(test)]
mod tests;
