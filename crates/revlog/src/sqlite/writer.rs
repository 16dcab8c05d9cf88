//! The one thread that writes: it takes all transactions that wait, does them
//! in one SQLite transaction, commits once, and only then answers.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, TryRecvError};

use rusqlite::{Connection, TransactionBehavior};

use super::{apply, place, read};
use crate::notify::Notify;
use crate::{Error, Revision, Txn, TxnOutcome};

/// The most transactions that share a commit, so that none waits too long.
const BATCH: usize = 256;

/// A batch takes no more transactions once it holds this many bytes.
const BATCH_BYTES: usize = 4 * 1024 * 1024;

/// How many changes one step of a sweep looks at.
const SWEEP_ROWS: u32 = 1000;

/// What the thread is asked to do.
#[derive(Debug)]
pub(crate) enum Job {
    /// A checked transaction.
    Txn(Txn, Sender<Result<TxnOutcome, Error>>),
    /// A compaction.
    Compact(Revision, Sender<Result<(), Error>>),
}

/// The answer to a job, held back until the commit.
enum Answer {
    Txn(TxnOutcome),
    Compacted(Result<(), Error>),
    /// The history is declared gone; answered after the sweep.
    Sweep(Revision),
}

/// A compaction in progress, done in steps between batches.
struct Sweep {
    oldest: Revision,
    after: Revision,
    waiters: Vec<Sender<Result<(), Error>>>,
}

/// What the thread knows of the store.
pub(crate) struct Writer {
    path: PathBuf,
    max_bytes: Option<u64>,
    /// `None` after a failure: opened again, and `head` and `oldest` read
    /// again, before the next use.
    connection: Option<Connection>,
    head: Revision,
    oldest: Revision,
    notify: Arc<Notify>,
    sweep: Option<Sweep>,
}

impl Writer {
    /// A writer on a migrated store.
    pub(crate) fn new(
        path: PathBuf,
        max_bytes: Option<u64>,
        connection: Connection,
        notify: Arc<Notify>,
    ) -> Result<Self, Error> {
        let mut writer = Self {
            path,
            max_bytes,
            connection: None,
            head: Revision::ZERO,
            oldest: Revision::ZERO,
            notify,
            sweep: None,
        };
        writer.adopt(connection)?;
        Ok(writer)
    }

    /// Works until all senders are gone, then writes the WAL back.
    pub(crate) fn run(mut self, jobs: &Receiver<Job>) {
        while let Some(batch) = self.take(jobs) {
            if !batch.is_empty() {
                self.batch(batch);
            }
            self.sweep_on();
        }
        if let Some(connection) = self.connection.take() {
            // Nothing is lost if this fails: the next open reads the WAL.
            let _ = checkpoint(&connection, "TRUNCATE");
        }
    }

    /// The jobs that wait now; waits for one unless there is a sweep to do.
    fn take(&self, jobs: &Receiver<Job>) -> Option<Vec<Job>> {
        let mut batch = Vec::new();
        if self.sweep.is_none() {
            batch.push(jobs.recv().ok()?);
        }
        let bytes = |job: &Job| match job {
            Job::Txn(txn, _) => txn.bytes(),
            Job::Compact(..) => 0,
        };
        let mut taken: usize = batch.iter().map(bytes).sum();
        while batch.len() < BATCH && taken < BATCH_BYTES {
            match jobs.try_recv() {
                Ok(job) => {
                    taken += bytes(&job);
                    batch.push(job);
                }
                Err(TryRecvError::Empty) => break,
                Err(TryRecvError::Disconnected) if batch.is_empty() => return None,
                Err(TryRecvError::Disconnected) => break,
            }
        }
        Some(batch)
    }

    /// Does a batch and answers everyone in it.
    fn batch(&mut self, jobs: Vec<Job>) {
        let answers = self.commit(&jobs);
        if answers.is_err() {
            self.connection = None;
        }
        let mut answers = match answers {
            Ok(answers) => Ok(answers.into_iter()),
            Err(error) => Err(error),
        };
        // A caller that has gone away does not need its answer.
        for job in jobs {
            let answer = match &mut answers {
                Ok(answers) => answers.next().ok_or_else(|| self.closed()),
                Err(error) => Err(error.clone()),
            };
            match (job, answer) {
                (Job::Txn(_, to), Ok(Answer::Txn(outcome))) => drop(to.send(Ok(outcome))),
                (Job::Txn(_, to), Ok(_)) => drop(to.send(Err(self.closed()))),
                (Job::Txn(_, to), Err(error)) => drop(to.send(Err(error))),
                (Job::Compact(_, to), Ok(Answer::Sweep(at))) => self.sweep_from(at, to),
                (Job::Compact(_, to), Ok(Answer::Compacted(done))) => drop(to.send(done)),
                (Job::Compact(_, to), Ok(_)) => drop(to.send(Err(self.closed()))),
                (Job::Compact(_, to), Err(error)) => drop(to.send(Err(error))),
            }
        }
    }

    /// Evaluates the jobs in order and makes their changes durable together.
    fn commit(&mut self, jobs: &[Job]) -> Result<Vec<Answer>, Error> {
        self.reopen()?;
        let (mut head, mut oldest) = (self.head, self.oldest);
        let path = &self.path;
        let Some(connection) = &mut self.connection else {
            return Err(Error::Closed { path: path.clone() });
        };
        let mut work = || -> rusqlite::Result<Vec<Answer>> {
            let batch = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let mut answers = Vec::with_capacity(jobs.len());
            for job in jobs {
                answers.push(match job {
                    Job::Txn(txn, _) => {
                        let outcome = apply::txn(&batch, head, txn)?;
                        if let TxnOutcome::Committed { revision } = outcome {
                            head = revision;
                        }
                        Answer::Txn(outcome)
                    }
                    Job::Compact(at, _) => declare(&batch, *at, head, &mut oldest)?,
                });
            }
            batch.commit()?;
            Ok(answers)
        };
        let answers = work().map_err(|e| Error::sqlite("commit", path, e))?;
        (self.head, self.oldest) = (head, oldest);
        self.notify.publish(head);
        Ok(answers)
    }

    /// Adds a compaction to the sweep.
    fn sweep_from(&mut self, oldest: Revision, waiter: Sender<Result<(), Error>>) {
        let mut waiters = self.sweep.take().map_or_else(Vec::new, |s| s.waiters);
        waiters.push(waiter);
        self.sweep = Some(Sweep {
            oldest: oldest.max(self.oldest),
            after: Revision::ZERO,
            waiters,
        });
    }

    /// Does one step of the sweep, if there is one.
    fn sweep_on(&mut self) {
        let Some(mut sweep) = self.sweep.take() else {
            return;
        };
        let done = match self.sweep_step(&sweep) {
            Ok(Some(after)) => {
                sweep.after = after;
                self.sweep = Some(sweep);
                return;
            }
            Ok(None) => Ok(()),
            Err(error) => {
                self.connection = None;
                Err(error)
            }
        };
        for waiter in sweep.waiters {
            drop(waiter.send(done.clone()));
        }
    }

    fn sweep_step(&mut self, sweep: &Sweep) -> Result<Option<Revision>, Error> {
        self.reopen()?;
        let path = &self.path;
        let Some(connection) = &mut self.connection else {
            return Err(Error::Closed { path: path.clone() });
        };
        let mut work = || -> rusqlite::Result<Option<Revision>> {
            let step = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let next = apply::sweep(&step, sweep.oldest, sweep.after, SWEEP_ROWS)?;
            step.commit()?;
            Ok(next)
        };
        work().map_err(|e| Error::sqlite("compact", path, e))
    }

    /// Opens the store again after a failure.
    fn reopen(&mut self) -> Result<(), Error> {
        if self.connection.is_some() {
            return Ok(());
        }
        let connection = place::writer(&self.path, self.max_bytes)?;
        // What a failed commit left in the WAL may count as committed now:
        // make it durable before anyone builds on it.
        checkpoint(&connection, "PASSIVE").map_err(|e| Error::sqlite("recover", &self.path, e))?;
        self.adopt(connection)
    }

    /// Takes a connection into use, and the state it shows.
    fn adopt(&mut self, connection: Connection) -> Result<(), Error> {
        let state = || -> rusqlite::Result<_> {
            let snapshot = connection.unchecked_transaction()?;
            Ok((read::head(&snapshot)?, read::oldest(&snapshot)?))
        };
        let state = state().map_err(|e| Error::sqlite("read the revision", &self.path, e))?;
        (self.head, self.oldest) = state;
        self.notify.publish(self.head);
        self.connection = Some(connection);
        Ok(())
    }

    fn closed(&self) -> Error {
        Error::Closed {
            path: self.path.clone(),
        }
    }
}

/// Declares the history before `at` gone, if it is not.
fn declare(
    batch: &Connection,
    at: Revision,
    head: Revision,
    oldest: &mut Revision,
) -> rusqlite::Result<Answer> {
    if at > head {
        return Ok(Answer::Compacted(Err(Error::Future {
            asked: at,
            revision: head,
        })));
    }
    if at < *oldest || at == Revision::ZERO {
        return Ok(Answer::Compacted(Ok(())));
    }
    if at > *oldest {
        apply::set_oldest(batch, at)?;
        *oldest = at;
    }
    // The same revision again: an earlier sweep may have been cut short.
    Ok(Answer::Sweep(at))
}

fn checkpoint(connection: &Connection, mode: &str) -> rusqlite::Result<()> {
    connection.query_row(&format!("PRAGMA wal_checkpoint({mode})"), [], |_| Ok(()))
}
