//! Tells waiters, blocking or asynchronous, that the revision has moved.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;

use crate::Revision;

/// The newest revision and those who wait for the next.
#[derive(Debug)]
pub(crate) struct Notify {
    revision: Mutex<Revision>,
    moved: Condvar,
    sender: watch::Sender<Revision>,
}

impl Notify {
    pub(crate) fn new(revision: Revision) -> Self {
        Self {
            revision: Mutex::new(revision),
            moved: Condvar::new(),
            sender: watch::Sender::new(revision),
        }
    }

    /// Moves forward to `revision`; moving back does nothing.
    pub(crate) fn publish(&self, revision: Revision) {
        let mut newest = self.lock();
        if *newest < revision {
            *newest = revision;
            self.sender.send_replace(revision);
            self.moved.notify_all();
        }
    }

    pub(crate) fn revision(&self) -> Revision {
        *self.lock()
    }

    pub(crate) fn wait(&self, after: Revision, timeout: Duration) -> Revision {
        let waited = self
            .moved
            .wait_timeout_while(self.lock(), timeout, |newest| *newest <= after);
        *waited.unwrap_or_else(PoisonError::into_inner).0
    }

    pub(crate) fn subscribe(&self) -> watch::Receiver<Revision> {
        self.sender.subscribe()
    }

    fn lock(&self) -> MutexGuard<'_, Revision> {
        self.revision.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
