//! The seam: what a revisioned log does, whoever keeps it.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::mpsc::Receiver;
use std::time::Duration;

use tokio::sync::watch;

use crate::{Error, Key, Limit, Prefix};

/// The most puts and deletes (and, separately, compares) in one transaction.
pub const MAX_OPERATIONS: usize = 128;

/// The most bytes of keys and values in one transaction.
pub const MAX_BYTES: usize = 1024 * 1024;

/// A point in the life of the log. 0 is the empty log; the first transaction
/// that changes something makes revision 1, the next 2, and so on without gaps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Revision(u64);

impl Revision {
    /// The empty log; in a [`Compare`]: the key is absent.
    pub const ZERO: Self = Self(0);

    /// The revision with this number.
    pub const fn new(number: u64) -> Self {
        Self(number)
    }

    /// Its number.
    pub const fn get(self) -> u64 {
        self.0
    }

    /// The revision after this one.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

impl fmt::Display for Revision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A condition: the key was last modified at exactly this revision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Compare {
    /// The key.
    pub key: Key,
    /// Its modification revision; [`Revision::ZERO`] demands absence.
    pub mod_revision: Revision,
}

/// A transaction: if all compares hold, do all puts and deletes, else nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Txn {
    /// All must hold.
    pub compares: Vec<Compare>,
    /// Values to write.
    pub puts: Vec<(Key, Vec<u8>)>,
    /// Keys to remove; removing an absent key is not an error.
    pub deletes: Vec<Key>,
}

impl Txn {
    /// An empty transaction to add to.
    pub fn new() -> Self {
        Self::default()
    }

    /// Demands that `key` was last modified at `mod_revision`.
    #[must_use]
    pub fn when(mut self, key: Key, mod_revision: Revision) -> Self {
        self.compares.push(Compare { key, mod_revision });
        self
    }

    /// Demands that `key` is absent.
    #[must_use]
    pub fn when_absent(self, key: Key) -> Self {
        self.when(key, Revision::ZERO)
    }

    /// Writes a value.
    #[must_use]
    pub fn put(mut self, key: Key, value: impl Into<Vec<u8>>) -> Self {
        self.puts.push((key, value.into()));
        self
    }

    /// Removes a key.
    #[must_use]
    pub fn delete(mut self, key: Key) -> Self {
        self.deletes.push(key);
        self
    }

    /// Refuses what every engine refuses. Engines call this before anything else.
    pub fn check(&self) -> Result<(), Error> {
        let operations = self.puts.len() + self.deletes.len();
        if operations == 0 {
            return Err(Error::EmptyTransaction);
        }
        within(Limit::Operations, operations, MAX_OPERATIONS)?;
        within(Limit::Compares, self.compares.len(), MAX_OPERATIONS)?;
        within(Limit::Bytes, self.bytes(), MAX_BYTES)?;
        let mut seen = BTreeSet::new();
        let written = self.puts.iter().map(|(key, _)| key).chain(&self.deletes);
        for key in written {
            if !seen.insert(key) {
                return Err(Error::DuplicateKey { key: key.clone() });
            }
        }
        Ok(())
    }

    /// What counts against [`MAX_BYTES`].
    pub(crate) fn bytes(&self) -> usize {
        let compares = self.compares.iter().map(|c| c.key.as_str().len());
        let puts = self.puts.iter().map(|(k, v)| k.as_str().len() + v.len());
        let deletes = self.deletes.iter().map(|k| k.as_str().len());
        compares.chain(puts).chain(deletes).sum()
    }
}

fn within(limit: Limit, actual: usize, allowed: usize) -> Result<(), Error> {
    if actual <= allowed {
        return Ok(());
    }
    Err(Error::TooLarge {
        limit,
        actual,
        allowed,
    })
}

/// How a transaction ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum TxnOutcome {
    /// It is done and durable.
    Committed {
        /// The revision it made. If it changed nothing (all its deletes met
        /// absent keys) no revision is made and this is the newest one.
        revision: Revision,
    },
    /// A compare did not hold; nothing was written.
    Conflict {
        /// The newest revision when the compares were evaluated.
        revision: Revision,
    },
}

/// One key and its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// The key.
    pub key: Key,
    /// Its value.
    pub value: Vec<u8>,
    /// The revision that created it (since it was last absent).
    pub create_revision: Revision,
    /// The revision that last wrote it.
    pub mod_revision: Revision,
}

/// The items of a prefix as they were at one revision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// The revision this shows: read on with `events` from the next one.
    pub revision: Revision,
    /// In key order.
    pub items: Vec<Item>,
}

/// What happened to a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// It was written with this value.
    Put(Vec<u8>),
    /// It was removed.
    Delete,
}

/// One change in the history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// The revision that did it.
    pub revision: Revision,
    /// The key.
    pub key: Key,
    /// What happened.
    pub change: Change,
}

/// From which end a page is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// The first keys first.
    Ascending,
    /// The last keys first.
    Descending,
}

/// A transaction that was handed over: its outcome is still to come.
#[derive(Debug)]
#[must_use = "a transaction is durable only when its outcome says so"]
pub struct Pending(Outcome);

#[derive(Debug)]
enum Outcome {
    Known(Result<TxnOutcome, Error>),
    /// The answer to come, and what it is when it never does.
    Coming(Receiver<Result<TxnOutcome, Error>>, Error),
}

impl Pending {
    /// One whose outcome is known.
    pub fn done(outcome: Result<TxnOutcome, Error>) -> Self {
        Self(Outcome::Known(outcome))
    }

    /// One whose outcome will be sent; `closed` if the sender goes without.
    pub(crate) fn coming(answer: Receiver<Result<TxnOutcome, Error>>, closed: Error) -> Self {
        Self(Outcome::Coming(answer, closed))
    }

    /// Blocks until the outcome is known.
    pub fn wait(self) -> Result<TxnOutcome, Error> {
        match self.0 {
            Outcome::Known(outcome) => outcome,
            Outcome::Coming(answer, closed) => answer.recv().unwrap_or(Err(closed)),
        }
    }
}

/// A revisioned log. All methods block; call them from a blocking thread.
///
/// **Watching without polling**: take a snapshot with [`range`](Log::range);
/// set `next` to the revision after the snapshot's; then for ever: let `seen`
/// be what [`wait`](Log::wait)`(next - 1)` or [`subscribe`](Log::subscribe)
/// gives, read [`events`](Log::events) from `next`, page by page (each page
/// sets `next` to the revision after its last event), and after an empty page
/// set `next` to the greater of itself and the revision after `seen`. On
/// [`Error::Compacted`] start again.
pub trait Log: Send + Sync {
    /// Does a transaction. When this returns `Committed`, the write is durable
    /// and every later read sees it. After a store error the outcome is
    /// unknown: it may or may not be found later, but never in part.
    fn txn(&self, txn: Txn) -> Result<TxnOutcome, Error>;

    /// Hands a transaction over without waiting for its outcome. Those that
    /// are submitted one after the other are done in that order.
    fn submit(&self, txn: Txn) -> Pending {
        Pending::done(self.txn(txn))
    }

    /// At most `limit` of the newest items below `prefix`, in `order`, those
    /// after `after` only (exclusive; in that order).
    fn page(
        &self,
        prefix: &Prefix,
        after: Option<&Key>,
        order: Order,
        limit: usize,
    ) -> Result<Vec<Item>, Error>;

    /// The items below `prefix` at revision `at` (`None`: the newest).
    ///
    /// Fails with [`Error::Compacted`] or [`Error::Future`] when `at` is no
    /// longer or not yet there.
    fn range(&self, prefix: &Prefix, at: Option<Revision>) -> Result<Snapshot, Error>;

    /// The newest value of one key.
    fn get(&self, key: &Key) -> Result<Option<Item>, Error>;

    /// The changes below `prefix` from revision `from` on (inclusive), ordered
    /// by revision and key; empty when `from` lies in the future.
    ///
    /// Stops after `limit` changes, but never within a revision: the page is
    /// as long as its last revision needs (and at least one revision long), so
    /// that reading on from the next revision loses nothing.
    ///
    /// Fails with [`Error::Compacted`] when `from` is older than what is kept.
    fn events(&self, prefix: &Prefix, from: Revision, limit: usize) -> Result<Vec<Event>, Error>;

    /// The newest revision this handle knows to be durable. It never goes back.
    fn revision(&self) -> Revision;

    /// Blocks until the revision is greater than `after` or the time is over,
    /// and returns the revision.
    fn wait(&self, after: Revision, timeout: Duration) -> Revision;

    /// The same for an asynchronous driver: always holds the newest revision.
    fn subscribe(&self) -> watch::Receiver<Revision>;

    /// Forgets the history before `at`. Reads at `at` or later still work,
    /// older ones fail with [`Error::Compacted`]. Compacting again to the same
    /// or an older revision does nothing; to one that does not exist yet fails
    /// with [`Error::Future`].
    fn compact(&self, at: Revision) -> Result<(), Error>;
}
