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
    turn: Mutex<()>,
    world: watch::Sender<Arc<World>>,
}

impl Committer {
    /// Starts from what the log holds.
    pub(crate) fn new(log: Arc<dyn Log>, world: World) -> Self {
        Self {
            log,
            turn: Mutex::new(()),
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
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
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
        let problems = next.check();
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
            Ok(outcome) => Err(self.lost(&format!("the log answered {outcome:?}"))),
            Err(error @ revlog::Error::TooLarge { .. }) => Err(Fault::bad_request(
                "RequestLimitExceeded",
                format!("The call changes too much at once ({error}); split it"),
            )),
            Err(error) => Err(self.lost(&error.to_string())),
        }
    }

    /// After a failed write the log's truth is not known: it is read again.
    fn lost(&self, why: &str) -> Fault {
        tracing::error!(why, "writing the log failed");
        match feed::world(self.log.as_ref()) {
            Ok(world) => {
                self.world.send_replace(Arc::new(world));
            }
            Err(error) => tracing::error!(%error, "reading the log failed too"),
        }
        Fault::new(
            503,
            "ServiceUnavailable",
            format!("The change could not be stored: {why}; call again"),
        )
    }
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
