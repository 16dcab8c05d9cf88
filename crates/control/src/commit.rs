//! The only writer of the log.
//!
//! One decision at a time, on the newest World that was decided, written or not: its invariants
//! are checked and its transaction is handed to the log in order; then the next may be decided
//! while the first waits for the disk, so that many calls share one flush. A World is published,
//! and its call answered, only when the log has it for good. What the log refuses did not happen.
//!
//! Each transaction carries the audit records of its calls. They are a chain, and a transaction
//! demands that the link before its own is where it was seen: a decision on a World that the log
//! never got cannot be written.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use aws::Fault;
use model::world::{Change, World};
use revlog::{Key, Log, MAX_OPERATIONS, Txn, TxnOutcome};
use tokio::sync::watch;

use crate::audit::trail::{self, Trail};
use crate::feed;

/// Records of reads that wait for a transaction; more, and the reader has to wait for the disk.
const MAX_WAITING: usize = 4_096;
/// So many bytes of them go into one transaction.
const RECORD_BYTES: usize = 256 * 1024;

/// Holds the newest World and writes the next.
pub(crate) struct Committer {
    log: Arc<dyn Log>,
    /// Whoever holds it may decide.
    turn: Mutex<Turn>,
    world: watch::Sender<Arc<World>>,
    /// Transactions that the log has not answered yet.
    flying: Flying,
    /// Records of reads, which share a later transaction.
    waiting: Mutex<Vec<String>>,
    /// Whether a host's tables must be able to hold the World.
    bounded: bool,
}

/// What the next decision builds on.
struct Turn {
    world: Arc<World>,
    trail: Trail,
    /// A write's outcome is not known, and nothing may be decided before the log was read.
    doubt: bool,
    /// Counts readings of the log: a failure of an older epoch is known already.
    epoch: u64,
}

/// What a call leaves in the audit trail: lines of JSON.
pub(crate) type Records = Vec<String>;

/// A transaction on its way, and what is true once it is there.
struct Flight {
    pending: revlog::Pending,
    next: Arc<World>,
    changed: bool,
    epoch: u64,
    /// Records of reads that went along: they wait again when it fails.
    along: Records,
}

impl Committer {
    /// Starts from what the log holds.
    pub(crate) fn new(log: Arc<dyn Log>, bounded: bool) -> Result<Self, feed::Error> {
        let (world, trail) = feed::read(log.as_ref())?;
        let world = Arc::new(world);
        Ok(Self {
            log,
            turn: Mutex::new(Turn {
                world: Arc::clone(&world),
                trail,
                doubt: false,
                epoch: 0,
            }),
            world: watch::Sender::new(world),
            flying: Flying::default(),
            waiting: Mutex::default(),
            bounded,
        })
    }

    /// The newest World that is durable.
    pub(crate) fn world(&self) -> Arc<World> {
        Arc::clone(&self.world.borrow())
    }

    /// Every World from now on in which something has changed.
    pub(crate) fn subscribe(&self) -> watch::Receiver<Arc<World>> {
        self.world.subscribe()
    }

    /// The log.
    pub(crate) fn log(&self) -> &dyn Log {
        self.log.as_ref()
    }

    /// Decides and writes. `decide` sees the newest World and the revision that its changes
    /// will have; `record` says what the audit trail keeps of the decision, also of a refusal.
    /// Without changes and records nothing is written. Blocks for the disk.
    pub(crate) fn commit<R>(
        &self,
        decide: impl FnOnce(&World, u64) -> Result<(R, Vec<Change>), Fault>,
        record: impl FnOnce(Result<&[Change], &Fault>) -> Records,
    ) -> Result<R, Fault> {
        let mut turn = self.turn()?;
        let world = Arc::clone(&turn.world);
        let revision = world.revision + 1;
        let decided = decide(&world, revision).and_then(|(reply, mut changes)| {
            // Removing what is absent is fine, and no change.
            changes.retain(|change| match change {
                Change::Put(_) => true,
                Change::Remove(name) => world.has(name),
            });
            let next = self.check(&world, &changes, revision)?;
            Ok((reply, changes, next))
        });
        let (outcome, changes, next) = match decided {
            Ok((reply, changes, next)) => (Ok(reply), changes, next),
            Err(fault) => (Err(fault), Vec::new(), None),
        };
        let records = record(outcome.as_ref().map(|_| changes.as_slice()));
        let next = next.unwrap_or_else(|| world.apply(&[], revision));
        let txn = txn(&changes)?;
        match self.send(&mut turn, txn, records, next, !changes.is_empty())? {
            None => outcome,
            Some(flight) => {
                drop(turn);
                self.land(flight)?;
                outcome
            }
        }
    }

    /// Keeps a record of a read: durable within the next transaction, or the next `flush`.
    pub(crate) fn note(&self, record: String) -> Result<(), Fault> {
        let mut waiting = self.waiting();
        waiting.push(record);
        if waiting.len() <= MAX_WAITING {
            return Ok(());
        }
        drop(waiting);
        self.flush()
    }

    /// Writes the records of reads that wait. Blocks for the disk.
    pub(crate) fn flush(&self) -> Result<(), Fault> {
        while !self.waiting().is_empty() {
            let mut turn = self.turn()?;
            let next = turn.world.apply(&[], turn.world.revision + 1);
            let flight = self.send(&mut turn, Txn::new(), Vec::new(), next, false)?;
            drop(turn);
            if let Some(flight) = flight {
                self.land(flight)?;
            }
        }
        Ok(())
    }

    /// Removes everything, in as many transactions as it takes, and all of them share a flush. A
    /// crash in the middle can leave a part: this is for `--dev`.
    pub(crate) fn reset(&self, records: Records) -> Result<(), Fault> {
        let mut turn = self.turn()?;
        self.flying.wait_for_none();
        let mut revision = turn.world.revision;
        let mut pending = Vec::new();
        for names in turn.world.names().chunks(MAX_OPERATIONS) {
            let changes: Vec<Change> = names.iter().cloned().map(Change::Remove).collect();
            pending.push(self.log.submit(txn(&changes)?));
            revision += 1;
        }
        // A failure leaves it to the next call to read what is there.
        turn.doubt = true;
        for removed in pending {
            let removed = removed.wait();
            let _ = removed.map_err(|error| unavailable(&error.to_string()))?;
        }
        turn.doubt = false;
        let empty = Arc::new(World::default().apply(&[], revision));
        turn.world = Arc::clone(&empty);
        self.publish(empty, true);
        let next = turn.world.apply(&[], revision + 1);
        let flight = self.send(&mut turn, Txn::new(), records, next, true)?;
        drop(turn);
        flight.map_or(Ok(()), |flight| self.land(flight))
    }

    /// Forgets the oldest records of the trail beyond `keep`, and those from before `before` (ISO
    /// 8601), and the log's history. Blocks for the disk.
    pub(crate) fn tidy(&self, keep: u64, before: &str) -> Result<(), Fault> {
        loop {
            let mut turn = self.turn()?;
            let last = turn.trail.head.number;
            let forgotten = trail::forget(self.log(), MAX_OPERATIONS / 2, |number, record| {
                number < last && (number.saturating_add(keep) <= last || is_before(record, before))
            });
            let forgotten = forgotten.map_err(|error| unavailable(&error.to_string()))?;
            let Some(txn) = forgotten else { break };
            let next = turn.world.apply(&[], turn.world.revision + 1);
            let flight = self.send(&mut turn, txn, Vec::new(), next, false)?;
            drop(turn);
            if let Some(flight) = flight {
                self.land(flight)?;
            }
        }
        let compacted = self.log.compact(self.log.revision());
        compacted.map_err(|error| unavailable(&error.to_string()))
    }

    /// The changed World, or why it may not be.
    fn check(
        &self,
        world: &World,
        changes: &[Change],
        revision: u64,
    ) -> Result<Option<World>, Fault> {
        if changes.is_empty() {
            return Ok(None);
        }
        if changes.len() >= MAX_OPERATIONS {
            return Err(Fault::bad_request(
                "RequestLimitExceeded",
                format!(
                    "The call changes {} things at once, of at most {}; split it",
                    changes.len(),
                    MAX_OPERATIONS - 1
                ),
            ));
        }
        let next = world.apply(changes, revision);
        if self.bounded
            && let Some(what) = next.over_capacity()
        {
            return Err(Fault::bad_request(
                "InsufficientCapacity",
                format!("This host holds no more {what}; delete some first"),
            ));
        }
        let problems = next.check_changes(changes);
        if problems.is_empty() {
            return Ok(Some(next));
        }
        tracing::error!(
            ?problems,
            "a change would break the World; nothing was written"
        );
        Err(Fault::internal(format!(
            "Nothing was changed: it would break an invariant ({})",
            problems.join("; ")
        )))
    }

    /// Hands a transaction to the log; `None` when there is nothing to write. From then on the
    /// next decision builds on it.
    fn send(
        &self,
        turn: &mut Turn,
        txn: Txn,
        records: Records,
        next: World,
        changed: bool,
    ) -> Result<Option<Flight>, Fault> {
        let taken = txn.puts.len() + txn.deletes.len() + records.len();
        let along = self.take_waiting(MAX_OPERATIONS.saturating_sub(taken));
        let all = along.iter().chain(&records);
        let (txn, trail) = turn.trail.extend(txn, all, next.revision)?;
        match txn.check() {
            Ok(()) => {}
            Err(revlog::Error::EmptyTransaction) => return Ok(None),
            Err(error) => {
                self.wait_again(along);
                return Err(Fault::bad_request(
                    "RequestLimitExceeded",
                    format!("The call changes too much at once ({error}); split it"),
                ));
            }
        }
        let next = Arc::new(next);
        self.flying.start();
        let flight = Flight {
            pending: self.log.submit(txn),
            next: Arc::clone(&next),
            changed,
            epoch: turn.epoch,
            along,
        };
        (turn.world, turn.trail) = (next, trail);
        Ok(Some(flight))
    }

    /// Waits until the log has a transaction, and publishes its World.
    fn land(&self, flight: Flight) -> Result<(), Fault> {
        let outcome = flight.pending.wait();
        let why = match outcome {
            Ok(TxnOutcome::Committed { revision }) if revision.get() == flight.next.revision => {
                self.publish(flight.next, flight.changed);
                self.flying.end();
                return Ok(());
            }
            Ok(outcome) => format!("the log answered {outcome:?}"),
            Err(error) => error.to_string(),
        };
        self.flying.end();
        // Now the log's truth is not known, nor is what was decided after this.
        tracing::error!(why, "writing the log failed");
        self.wait_again(flight.along);
        let mut turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        if turn.epoch == flight.epoch {
            self.read_again(&mut turn);
        }
        Err(unavailable(&why))
    }

    /// Worlds can arrive out of order, because each caller brings its own; the newest stays.
    fn publish(&self, next: Arc<World>, changed: bool) {
        self.world.send_if_modified(|current| {
            if next.revision > current.revision {
                *current = next;
            }
            changed
        });
    }

    fn turn(&self) -> Result<MutexGuard<'_, Turn>, Fault> {
        let mut turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        if turn.doubt {
            self.read_again(&mut turn);
        }
        if turn.doubt {
            return Err(unavailable("the store cannot be read"));
        }
        Ok(turn)
    }

    /// Builds on what the log holds, if it can be read.
    fn read_again(&self, turn: &mut Turn) {
        turn.epoch += 1;
        turn.doubt = true;
        // What is still on its way must have ended: it may be there or not.
        self.flying.wait_for_none();
        match feed::read(self.log.as_ref()) {
            Ok((world, trail)) => {
                let world = Arc::new(world);
                turn.world = Arc::clone(&world);
                turn.trail = trail;
                turn.doubt = false;
                self.world.send_replace(world);
            }
            Err(error) => tracing::error!(%error, "reading the log failed"),
        }
    }

    fn waiting(&self) -> MutexGuard<'_, Records> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The oldest waiting records, as many as fit.
    fn take_waiting(&self, room: usize) -> Records {
        let mut waiting = self.waiting();
        let mut bytes = 0;
        let fits = waiting.iter().take(room).take_while(|record| {
            bytes += record.len();
            bytes <= RECORD_BYTES
        });
        let count = fits.count();
        waiting.drain(..count).collect()
    }

    fn wait_again(&self, along: Records) {
        self.waiting().splice(..0, along);
    }
}

/// Counts what is on its way to the log.
#[derive(Default)]
struct Flying {
    count: Mutex<usize>,
    none: Condvar,
}

impl Flying {
    fn count(&self) -> MutexGuard<'_, usize> {
        self.count.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn start(&self) {
        *self.count() += 1;
    }

    fn end(&self) {
        let mut count = self.count();
        *count -= 1;
        if *count == 0 {
            self.none.notify_all();
        }
    }

    fn wait_for_none(&self) {
        let mut count = self.count();
        while *count > 0 {
            let woken = self.none.wait(count);
            count = woken.unwrap_or_else(PoisonError::into_inner);
        }
    }
}

fn unavailable(why: &str) -> Fault {
    Fault::new(
        503,
        "ServiceUnavailable",
        format!("The change could not be stored: {why}; call again"),
    )
}

/// The transaction of some changes.
fn txn(changes: &[Change]) -> Result<Txn, Fault> {
    let mut txn = Txn::new();
    for change in changes {
        txn = match change {
            Change::Put(resource) => {
                txn.put(key(&resource.name().path())?, feed::encode(resource)?)
            }
            Change::Remove(name) => txn.delete(key(&name.path())?),
        };
    }
    Ok(txn)
}

/// Whether a record is from before a time; one that cannot be read is not.
fn is_before(record: &[u8], time: &str) -> bool {
    #[derive(serde::Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct At<'a> {
        event_time: &'a str,
    }
    serde_json::from_slice(record).is_ok_and(|At { event_time }| event_time < time)
}

fn key(path: &str) -> Result<Key, Fault> {
    Key::parse(path).map_err(|error| Fault::internal(format!("a key of the store: {error}")))
}

#[cfg(test)]
mod tests;
