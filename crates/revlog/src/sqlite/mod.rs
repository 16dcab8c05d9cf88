//! The engine for one machine: SQLite in WAL mode, one writer thread with
//! group commit, readers that never wait for it.
//!
//! Start reading at [`SqliteLog::open`]; a write goes through `writer.rs` to
//! `apply.rs`, a read through `read.rs`.

mod apply;
mod backup;
mod check;
mod place;
mod read;
mod schema;
mod writer;

use std::fmt;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use rusqlite::Connection;
use tokio::sync::watch;

pub use check::{Report, check};

use crate::notify::Notify;
use crate::{
    Error, Event, Item, Key, Log, Order, Pending, Prefix, Revision, Snapshot, Txn, TxnOutcome,
};
use read::Fault;
use writer::{Job, Writer};

/// Idle reader connections that are kept.
const READERS: usize = 8;

/// How a store is opened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Options {
    /// Writes fail with [`Error::Full`] before the database grows beyond this
    /// (without the WAL); compaction makes room. `None`: the disk is the limit.
    pub max_bytes: Option<u64>,
}

/// A [`Log`] in a directory of its own. Dropping it closes it cleanly.
pub struct SqliteLog {
    path: PathBuf,
    /// `None` if the log is open for reading only.
    jobs: Option<Sender<Job>>,
    thread: Option<JoinHandle<()>>,
    readers: Mutex<Vec<Connection>>,
    notify: Arc<Notify>,
    /// Last, so that the lock is given back when all else is closed.
    _lock: Option<File>,
}

impl SqliteLog {
    /// Opens the store in `dir`, making it (0700) if it is not there, and
    /// migrates it. Fails with [`Error::Locked`] if it is open elsewhere.
    pub fn open(dir: impl AsRef<Path>) -> Result<Self, Error> {
        Self::open_with(dir, Options::default())
    }

    /// The same, with options.
    pub fn open_with(dir: impl AsRef<Path>, options: Options) -> Result<Self, Error> {
        let lock = place::occupy(dir.as_ref())?;
        let path = place::database(dir.as_ref());
        schema::admit(&place::reader(&path)?, &path)?;
        let mut connection = place::writer(&path, options.max_bytes)?;
        schema::migrate(&mut connection, &path)?;
        let notify = Arc::new(Notify::new(Revision::ZERO));
        let writer = Writer::new(
            path.clone(),
            options.max_bytes,
            connection,
            Arc::clone(&notify),
        )?;
        let reader = place::reader(&path)?;
        let (jobs, queue) = mpsc::channel();
        let thread = std::thread::Builder::new()
            .name("revlog-writer".into())
            .spawn(move || writer.run(&queue))
            .map_err(|e| Error::io("start the writer of", &path, e))?;
        let log = Self {
            path,
            jobs: Some(jobs),
            thread: Some(thread),
            readers: Mutex::new(vec![reader]),
            notify,
            _lock: Some(lock),
        };
        // This reader holds the WAL's index from now on: when the disk is full
        // and the writer starts over, it could not be made again.
        log.read("read the revision", |_| Ok(()))?;
        Ok(log)
    }

    /// Opens a store directory, or a backup file, for reading only, also while
    /// another process writes it. Its `revision` moves when it reads;
    /// its `wait` and `subscribe` do not see what the other process writes.
    pub fn open_read_only(path: impl AsRef<Path>) -> Result<Self, Error> {
        let path = path.as_ref();
        let path = if path.is_dir() {
            place::database(path)
        } else {
            path.to_owned()
        };
        let reader = place::reader(&path)?;
        schema::require(&reader, &path)?;
        let log = Self {
            path,
            jobs: None,
            thread: None,
            readers: Mutex::new(vec![reader]),
            notify: Arc::new(Notify::new(Revision::ZERO)),
            _lock: None,
        };
        log.read("read the revision", |_| Ok(()))?;
        Ok(log)
    }

    /// The database file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Runs `question` inside one read transaction.
    fn read<T>(
        &self,
        doing: &'static str,
        question: impl FnOnce(&Connection) -> Result<T, Fault>,
    ) -> Result<T, Error> {
        let idle = self.readers().pop();
        let mut connection = match idle {
            Some(connection) => connection,
            None => place::reader(&self.path)?,
        };
        let run = |connection: &mut Connection| -> Result<(T, Revision), Fault> {
            let snapshot = connection.transaction()?;
            let head = read::head(&snapshot)?;
            Ok((question(&snapshot)?, head))
        };
        let answer = run(&mut connection);
        // A connection that SQLite has failed on is not used again.
        if !matches!(answer, Err(Fault::Sqlite(_))) {
            let mut readers = self.readers();
            if readers.len() < READERS {
                readers.push(connection);
            }
        }
        let (answer, head) = answer.map_err(|fault| fault.error(doing, &self.path))?;
        self.notify.publish(head);
        Ok(answer)
    }

    fn readers(&self) -> std::sync::MutexGuard<'_, Vec<Connection>> {
        self.readers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Hands a job to the writer.
    fn send<T>(
        &self,
        job: impl FnOnce(Sender<Result<T, Error>>) -> Job,
    ) -> Result<Receiver<Result<T, Error>>, Error> {
        let path = || self.path.clone();
        let Some(jobs) = &self.jobs else {
            return Err(Error::ReadOnly { path: path() });
        };
        let (sender, answer) = mpsc::channel();
        jobs.send(job(sender))
            .map_err(|_| Error::Closed { path: path() })?;
        Ok(answer)
    }

    fn closed(&self) -> Error {
        Error::Closed {
            path: self.path.clone(),
        }
    }
}

impl Log for SqliteLog {
    fn txn(&self, txn: Txn) -> Result<TxnOutcome, Error> {
        self.submit(txn).wait()
    }

    fn submit(&self, txn: Txn) -> Pending {
        let sent = txn
            .check()
            .and_then(|()| self.send(|answer| Job::Txn(txn, answer)));
        match sent {
            Ok(answer) => Pending::coming(answer, self.closed()),
            Err(error) => Pending::done(Err(error)),
        }
    }

    fn page(
        &self,
        prefix: &Prefix,
        after: Option<&Key>,
        order: Order,
        limit: usize,
    ) -> Result<Vec<Item>, Error> {
        self.read("read a page", |snapshot| {
            read::page(snapshot, prefix, after, order, limit)
        })
    }

    fn range(&self, prefix: &Prefix, at: Option<Revision>) -> Result<Snapshot, Error> {
        self.read("read a range", |snapshot| read::range(snapshot, prefix, at))
    }

    fn get(&self, key: &Key) -> Result<Option<Item>, Error> {
        self.read("read a key", |snapshot| read::get(snapshot, key))
    }

    fn events(&self, prefix: &Prefix, from: Revision, limit: usize) -> Result<Vec<Event>, Error> {
        self.read("read the history", |snapshot| {
            read::events(snapshot, prefix, from, limit)
        })
    }

    fn revision(&self) -> Revision {
        self.notify.revision()
    }

    fn wait(&self, after: Revision, timeout: Duration) -> Revision {
        self.notify.wait(after, timeout)
    }

    fn subscribe(&self) -> watch::Receiver<Revision> {
        self.notify.subscribe()
    }

    fn compact(&self, at: Revision) -> Result<(), Error> {
        let answer = self.send(|answer| Job::Compact(at, answer))?;
        answer.recv().unwrap_or_else(|_| Err(self.closed()))
    }
}

impl Drop for SqliteLog {
    fn drop(&mut self) {
        // Readers first: the writer can only write the whole WAL back, and
        // SQLite only remove it, when nobody else has the store open.
        self.readers().clear();
        self.jobs = None;
        if let Some(thread) = self.thread.take() {
            // A panic of the writer has been seen by its callers as `Closed`.
            let _ = thread.join();
        }
    }
}

impl fmt::Debug for SqliteLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteLog")
            .field("path", &self.path)
            .field("revision", &self.revision())
            .field("read_only", &self.jobs.is_none())
            .finish_non_exhaustive()
    }
}
