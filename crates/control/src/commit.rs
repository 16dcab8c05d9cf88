//! The only writer of the log.
//!
//! One commit at a time: decide on the newest World, check its invariants, write, and only
//! when the log has it for good, publish the new World. What the log refuses did not happen.

use std::sync::{Arc, Mutex, PoisonError};

use aws::Fault;
use model::world::{Change, World};
use revlog::{Key, Log, Txn, TxnOutcome};
use tokio::sync::watch;

use crate::feed;

/// Holds the newest World and writes the next.
pub(crate) struct Committer {
    log: Arc<dyn Log>,
    /// Whoever holds it may write. True: a write's outcome is not known, and reading the log
    /// failed too; nothing may be decided on the World before that is done.
    turn: Mutex<bool>,
    world: watch::Sender<Arc<World>>,
}

impl Committer {
    /// Starts from what the log holds.
    pub(crate) fn new(log: Arc<dyn Log>, world: World) -> Self {
        Self {
            log,
            turn: Mutex::new(false),
            world: watch::Sender::new(Arc::new(world)),
        }
    }

    /// The newest World.
    pub(crate) fn world(&self) -> Arc<World> {
        Arc::clone(&self.world.borrow())
    }

    /// Every World from now on.
    pub(crate) fn subscribe(&self) -> watch::Receiver<Arc<World>> {
        self.world.subscribe()
    }

    /// Decides and writes. `decide` sees the newest World and the revision that its changes
    /// will have; an answer without changes writes nothing. Blocks for the disk.
    pub(crate) fn commit<R>(
        &self,
        decide: impl FnOnce(&World, u64) -> Result<(R, Vec<Change>), Fault>,
    ) -> Result<R, Fault> {
        let mut doubt = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        if *doubt {
            *doubt = !self.read_again();
            if *doubt {
                return Err(unavailable("the store cannot be read"));
            }
        }
        let world = self.world();
        let revision = world.revision + 1;
        let (reply, changes) = decide(&world, revision)?;
        if changes.is_empty() {
            return Ok(reply);
        }
        let next = world.apply(&changes, revision);
        if let Some(what) = next.over_capacity() {
            return Err(Fault::bad_request(
                "InsufficientCapacity",
                format!("This host holds no more {what}; delete some first"),
            ));
        }
        let problems = next.check_changes(&changes);
        if !problems.is_empty() {
            tracing::error!(
                ?problems,
                "a change would break the World; nothing was written"
            );
            return Err(Fault::internal(format!(
                "Nothing was changed: it would break an invariant ({})",
                problems.join("; ")
            )));
        }
        match self.log.txn(txn(&changes)?) {
            Ok(TxnOutcome::Committed { revision: written }) if written.get() == revision => {
                self.world.send_replace(Arc::new(next));
                Ok(reply)
            }
            // Only absent things were removed: the log makes no revision of that.
            Ok(TxnOutcome::Committed { revision: written })
                if written.get() == world.revision && same_content(&world, next) =>
            {
                Ok(reply)
            }
            Err(error @ revlog::Error::TooLarge { .. }) => Err(Fault::bad_request(
                "RequestLimitExceeded",
                format!("The call changes too much at once ({error}); split it"),
            )),
            // Now the log's truth is not known.
            outcome => {
                let why = match outcome {
                    Ok(outcome) => format!("the log answered {outcome:?}"),
                    Err(error) => error.to_string(),
                };
                tracing::error!(why, "writing the log failed");
                *doubt = !self.read_again();
                Err(unavailable(&why))
            }
        }
    }

    /// Publishes what the log holds; false when it cannot be read.
    fn read_again(&self) -> bool {
        match feed::world(self.log.as_ref()) {
            Ok(world) => {
                self.world.send_replace(Arc::new(world));
                true
            }
            Err(error) => {
                tracing::error!(%error, "reading the log failed");
                false
            }
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

fn same_content(world: &World, mut next: World) -> bool {
    next.revision = world.revision;
    *world == next
}

fn txn(changes: &[Change]) -> Result<Txn, Fault> {
    let key = |path: &str| {
        Key::parse(path).map_err(|error| Fault::internal(format!("a key of the store: {error}")))
    };
    let mut txn = Txn::new();
    for change in changes {
        txn = match change {
            Change::Put(resource) => {
                let path = key(&resource.name().path())?;
                txn.put(path, feed::encode(resource)?)
            }
            Change::Remove(name) => txn.delete(key(&name.path())?),
        };
    }
    Ok(txn)
}

#[cfg(test)]
mod tests;
