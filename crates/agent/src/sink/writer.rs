//! The thread that writes, and the queue before it.
//!
//! The queue holds so many records for each tenant and never makes its caller wait: what does
//! not fit is counted. One lock guards it; nobody holds it while something is written.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use model::account::AccountId;
use model::id::{FlowLogId, InterfaceId};
use signals::flow::{Batch, Record};

use super::{Failed, Sink};

/// The records that may wait for one tenant.
pub const MAX_QUEUED: usize = 400_000;

/// What a writer did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WriterStats {
    /// Records that were written.
    pub written: u64,
    /// Records that were not, and never will be.
    pub lost: u64,
    /// What failed, whether it was tried again or not.
    pub errors: u64,
    /// The last of them.
    pub last_error: Option<String>,
}

/// The thread, seen from outside.
pub struct Writer {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
    max_queued: usize,
}

struct Shared {
    state: Mutex<State>,
    wake: Condvar,
}

#[derive(Default)]
struct State {
    jobs: VecDeque<Batch>,
    /// Records of a tenant that wait or are being written.
    queued: BTreeMap<AccountId, usize>,
    lost: BTreeMap<(FlowLogId, InterfaceId), u64>,
    stats: WriterStats,
    by_log: BTreeMap<FlowLogId, WriterStats>,
    now: i64,
    ticked: i64,
    is_stopping: bool,
}

/// How many records there are of each interface.
pub(super) fn count(records: &[Record]) -> BTreeMap<InterfaceId, u64> {
    let mut counts = BTreeMap::new();
    for record in records {
        *counts.entry(record.interface.id).or_default() += 1;
    }
    counts
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        // Every change under the lock is complete in itself.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Changes the counts of one flow log, and of all.
    fn count(&mut self, id: Option<FlowLogId>, change: impl Fn(&mut WriterStats)) {
        change(&mut self.stats);
        if let Some(id) = id {
            change(self.by_log.entry(id).or_default());
        }
    }

    fn lose(&mut self, id: FlowLogId, lost: BTreeMap<InterfaceId, u64>) {
        for (interface, count) in lost {
            *self.lost.entry((id, interface)).or_default() += count;
            self.count(Some(id), |stats| stats.lost += count);
        }
    }

    fn fail(&mut self, id: Option<FlowLogId>, error: &str) {
        if self.stats.last_error.as_deref() != Some(error) {
            tracing::warn!(error, "writing flow logs failed");
        }
        self.count(id, |stats| {
            stats.errors += 1;
            stats.last_error = Some(error.to_owned());
        });
    }

    fn push(&mut self, batch: Batch) {
        *self.queued.entry(batch.target.account).or_default() += batch.records.len();
        self.jobs.push_back(batch);
    }
}

impl Writer {
    /// Starts the thread, which makes its sink itself. `max_queued` records of each tenant wait
    /// at most.
    ///
    /// # Errors
    ///
    /// The thread could not be started.
    pub fn spawn<S: Sink>(
        max_queued: usize,
        open: impl FnOnce() -> S + Send + 'static,
    ) -> io::Result<Self> {
        let shared = Arc::new(Shared {
            state: Mutex::default(),
            wake: Condvar::new(),
        });
        let theirs = Arc::clone(&shared);
        let thread = std::thread::Builder::new()
            .name("flow-logs".into())
            .spawn(move || work(&theirs, open()))?;
        Ok(Self {
            shared,
            thread: Some(thread),
            max_queued,
        })
    }

    /// Queues records, as many as there is room for; the others are lost and counted.
    pub fn offer(&self, mut batch: Batch) {
        let mut state = self.shared.lock();
        let queued = state.queued.get(&batch.target.account).copied();
        let room = self.max_queued.saturating_sub(queued.unwrap_or_default());
        if batch.records.len() > room {
            let id = batch.target.id;
            let lost = count(&batch.records.split_off(room));
            state.lose(id, lost);
            state.fail(Some(id), "the queue is full: the disk is too slow");
        }
        if !batch.records.is_empty() {
            state.push(batch);
            self.shared.wake.notify_one();
        }
    }

    /// Queues records whether there is room or not: the last ones.
    pub(super) fn push(&self, batch: Batch) {
        self.shared.lock().push(batch);
        self.shared.wake.notify_one();
    }

    /// Tells the time, in seconds since 1970.
    pub fn tick(&self, now: i64) {
        self.shared.lock().now = now;
        self.shared.wake.notify_one();
    }

    /// What was lost since this was asked last.
    pub fn take_lost(&self) -> BTreeMap<(FlowLogId, InterfaceId), u64> {
        std::mem::take(&mut self.shared.lock().lost)
    }

    /// What it did so far.
    pub fn stats(&self) -> WriterStats {
        self.shared.lock().stats.clone()
    }

    /// The same for one flow log; none if nothing happened yet.
    pub fn stats_of(&self, id: FlowLogId) -> Option<WriterStats> {
        self.shared.lock().by_log.get(&id).cloned()
    }

    /// Forgets the counts of flow logs that are not among these.
    pub(super) fn keep(&self, ids: BTreeSet<FlowLogId>) {
        self.shared.lock().by_log.retain(|id, _| ids.contains(id));
    }

    /// Something of a flow log failed before it came here.
    pub(super) fn failed(&self, id: FlowLogId, error: &str) {
        self.shared.lock().fail(Some(id), error);
    }

    /// Lets the thread write what is queued and put everything into place; waits for it.
    pub fn stop(&mut self) {
        self.shared.lock().is_stopping = true;
        self.shared.wake.notify_one();
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the thread that writes flow logs died");
        }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.stop();
    }
}

/// What the thread does next.
enum Work {
    Tick(i64),
    Write(Batch, i64),
    Close,
}

fn next(shared: &Shared) -> Work {
    let mut state = shared.lock();
    loop {
        if state.now != state.ticked {
            state.ticked = state.now;
            return Work::Tick(state.now);
        }
        if let Some(batch) = state.jobs.pop_front() {
            return Work::Write(batch, state.now);
        }
        if state.is_stopping {
            return Work::Close;
        }
        let waited = shared.wake.wait(state);
        state = waited.unwrap_or_else(PoisonError::into_inner);
    }
}

fn work(shared: &Shared, mut sink: impl Sink) {
    loop {
        let (done, is_last) = match next(shared) {
            Work::Write(batch, now) => {
                write(shared, &mut sink, &batch, now);
                continue;
            }
            Work::Tick(now) => (sink.tick(now), false),
            Work::Close => (sink.close(), true),
        };
        if let Err(error) = done {
            shared.lock().fail(None, &error);
        }
        if is_last {
            return;
        }
    }
}

fn write(shared: &Shared, sink: &mut impl Sink, batch: &Batch, now: i64) {
    let all = batch.records.len();
    let (id, account) = (batch.target.id, batch.target.account);
    let written = sink.write(batch, now);
    let mut state = shared.lock();
    if let Some(queued) = state.queued.get_mut(&account) {
        *queued = queued.saturating_sub(all);
        if *queued == 0 {
            state.queued.remove(&account);
        }
    }
    let mut good = u64::try_from(all).unwrap_or(u64::MAX);
    if let Err(Failed { lost, error }) = written {
        good = good.saturating_sub(lost.values().sum());
        state.lose(id, lost);
        state.fail(Some(id), &error);
    }
    state.count(Some(id), |stats| stats.written += good);
}
