//! Samples into records, one window of time after another.
//!
//! Each flow log has windows as long as its interval, which begin at multiples of it. A sample
//! counts in the window of its last second, or the nearest one that is still open. A window is
//! closed [`LAG_SECONDS`] after its end, so that what was read late is in it; what comes later
//! counts in the next one: nothing is counted twice or dropped.
//!
//! A tenant's flow logs hold at most so many flows at a time. What does not fit is counted, and
//! the window says SKIPDATA for the interface, as it does for what was lost elsewhere.

use alloc::collections::BTreeMap;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::mem;

use model::account::AccountId;
use model::id::{FlowLogId, InterfaceId};

use super::record::{Content, Counts, Flow, Record};
use super::{BadFormat, FlowLogSpec, Interface, Loss, Sample, Target};

/// A window is closed so many seconds after its end.
pub const LAG_SECONDS: i64 = 15;
/// The flows that one tenant's flow logs hold at a time.
pub const MAX_FLOWS: usize = 200_000;
/// After so many windows without a tick nobody knows what happened in between.
const MAX_GAP: i64 = 10;
/// A clock that goes back by more seconds than this was set.
const SET_BACK: i64 = 600;

/// The records of one flow log's window.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch {
    /// Whose, and where they go.
    pub target: Arc<Target>,
    /// The lines.
    pub records: Vec<Record>,
}

/// Makes records of samples. Sans-IO: the time is an argument.
pub struct Aggregator {
    logs: BTreeMap<FlowLogId, Log>,
    /// The flow logs that watch an interface.
    by_interface: BTreeMap<InterfaceId, Vec<FlowLogId>>,
    /// The flows that a tenant's open windows hold.
    held: BTreeMap<AccountId, usize>,
    max_flows: usize,
    now: i64,
    /// Closed before a tick asked: of flow logs that ended.
    ready: Vec<Batch>,
}

/// A flow log.
struct Log {
    target: Arc<Target>,
    /// Each with the second since when it is watched.
    watched: BTreeMap<InterfaceId, (Arc<Interface>, i64)>,
    /// Open windows by their first second.
    open: BTreeMap<i64, Window>,
    /// Everything before this second is closed.
    closed: i64,
}

/// What was seen in a window.
type Window = BTreeMap<InterfaceId, Seen>;

struct Seen {
    interface: Arc<Interface>,
    since: i64,
    flows: BTreeMap<Flow, Counts>,
    skipped: u64,
}

impl Default for Aggregator {
    fn default() -> Self {
        Self::new(MAX_FLOWS)
    }
}

impl Aggregator {
    /// Watches nothing yet; no tenant may have more flows than this.
    pub fn new(max_flows: usize) -> Self {
        Self {
            logs: BTreeMap::new(),
            by_interface: BTreeMap::new(),
            held: BTreeMap::new(),
            max_flows,
            now: 0,
            ready: Vec::new(),
        }
    }

    /// Watches this from now on. Flow logs that are not named end: what they have is given with
    /// the next tick. Returns those whose format is no format; they record nothing.
    pub fn configure(&mut self, specs: Vec<FlowLogSpec>, now: i64) -> Vec<(FlowLogId, BadFormat)> {
        self.now = self.now.max(now);
        let (mut before, mut bad) = (mem::take(&mut self.logs), Vec::new());
        for spec in specs {
            let target = match spec.target() {
                Ok(target) => target,
                Err(error) => {
                    bad.push((spec.id, error));
                    continue;
                }
            };
            let same = |log: &Log| *log.target == target;
            let mut log = match before.remove(&spec.id) {
                Some(log) if same(&log) => log,
                other => {
                    self.end(other, now);
                    Log::new(target, now)
                }
            };
            let was = mem::take(&mut log.watched);
            for (id, interface) in spec.watched {
                let since = was.get(&id).map_or(now, |(_, since)| *since);
                log.watched.insert(id, (interface, since));
            }
            self.logs.insert(spec.id, log);
        }
        for log in before.into_values() {
            self.end(Some(log), now);
        }
        self.by_interface.clear();
        for (id, log) in &self.logs {
            for interface in log.watched.keys() {
                self.by_interface.entry(*interface).or_default().push(*id);
            }
        }
        bad
    }

    /// Counts a sample in every flow log that wants it.
    pub fn offer(&mut self, sample: &Sample) {
        let Some(ids) = self.by_interface.get(&sample.interface) else {
            return;
        };
        for id in ids {
            let Some(log) = self.logs.get_mut(id) else {
                continue;
            };
            if !sample.flow.action.is_in(log.target.traffic) {
                continue;
            }
            let held = self.held.entry(log.target.account).or_default();
            let start = log.window_of(sample.counts.last, self.now);
            let Some(seen) = log.seen(start, sample.interface) else {
                continue;
            };
            if let Some(counts) = seen.flows.get_mut(&sample.flow) {
                counts.add(&sample.counts);
            } else if *held < self.max_flows {
                *held += 1;
                seen.flows.insert(sample.flow.clone(), sample.counts);
            } else {
                seen.skipped = seen.skipped.saturating_add(1);
            }
        }
    }

    /// Something was not seen at an interface, or nobody knows at which.
    pub fn lost(&mut self, loss: Loss) {
        if loss.count == 0 {
            return;
        }
        let ids: Vec<FlowLogId> = match loss.interface {
            Some(interface) => self
                .by_interface
                .get(&interface)
                .cloned()
                .unwrap_or_default(),
            None => self.logs.keys().copied().collect(),
        };
        for id in ids {
            self.skip(id, loss.interface, loss.count);
        }
    }

    /// Records of one flow log were made and did not arrive.
    pub fn lost_of(&mut self, id: FlowLogId, interface: InterfaceId, count: u64) {
        if count > 0 {
            self.skip(id, Some(interface), count);
        }
    }

    fn skip(&mut self, id: FlowLogId, interface: Option<InterfaceId>, count: u64) {
        let Some(log) = self.logs.get_mut(&id) else {
            return;
        };
        let start = log.window_of(self.now, self.now);
        let interfaces: Vec<InterfaceId> = match interface {
            Some(interface) => [interface].into(),
            None => log.watched.keys().copied().collect(),
        };
        for interface in interfaces {
            if let Some(seen) = log.seen(start, interface) {
                seen.skipped = seen.skipped.saturating_add(count);
            }
        }
    }

    /// Closes the windows that ended; gives their records.
    pub fn tick(&mut self, now: i64) -> Vec<Batch> {
        if now + SET_BACK < self.now {
            // The clock was set: what is open ends, and new windows begin.
            let mut ended = self.close(i64::MAX, self.now);
            for log in self.logs.values_mut() {
                log.closed = now;
                for (_, since) in log.watched.values_mut() {
                    *since = (*since).min(now);
                }
            }
            self.now = now;
            ended.append(&mut self.ready);
            return ended;
        }
        self.now = self.now.max(now);
        let mut batches = mem::take(&mut self.ready);
        batches.extend(self.close(self.now - LAG_SECONDS, self.now));
        batches
    }

    /// Closes everything, whole windows or not.
    pub fn finish(&mut self) -> Vec<Batch> {
        let mut batches = mem::take(&mut self.ready);
        batches.extend(self.close(i64::MAX, self.now));
        batches
    }

    /// The flows that are held for a tenant.
    pub fn held(&self, account: AccountId) -> usize {
        self.held.get(&account).copied().unwrap_or_default()
    }

    /// Closes the windows that end at or before `until`, as seen at `now`.
    fn close(&mut self, until: i64, now: i64) -> Vec<Batch> {
        let mut batches = Vec::new();
        for log in self.logs.values_mut() {
            let (records, flows) = log.close(until, now);
            release(&mut self.held, log.target.account, flows);
            if !records.is_empty() {
                batches.push(Batch {
                    target: Arc::clone(&log.target),
                    records,
                });
            }
        }
        batches
    }

    fn end(&mut self, log: Option<Log>, now: i64) {
        let Some(mut log) = log else {
            return;
        };
        let (records, flows) = log.close(i64::MAX, now);
        release(&mut self.held, log.target.account, flows);
        if !records.is_empty() {
            self.ready.push(Batch {
                target: log.target,
                records,
            });
        }
    }
}

fn release(held: &mut BTreeMap<AccountId, usize>, account: AccountId, flows: usize) {
    if let Some(count) = held.get_mut(&account) {
        *count = count.saturating_sub(flows);
        if *count == 0 {
            held.remove(&account);
        }
    }
}

impl Log {
    fn new(target: Target, now: i64) -> Self {
        Self {
            target: Arc::new(target),
            watched: BTreeMap::new(),
            open: BTreeMap::new(),
            closed: now,
        }
    }

    /// The first second of the window that counts something of this second: never a closed one,
    /// and none beyond the next.
    fn window_of(&self, second: i64, now: i64) -> i64 {
        let latest = now.max(self.closed) + self.target.interval;
        self.align(second.clamp(self.closed, latest))
    }

    fn align(&self, second: i64) -> i64 {
        second - second.rem_euclid(self.target.interval)
    }

    /// What was seen of a watched interface in a window.
    fn seen(&mut self, start: i64, interface: InterfaceId) -> Option<&mut Seen> {
        let (details, since) = self.watched.get(&interface)?;
        let window = self.open.entry(start).or_default();
        Some(window.entry(interface).or_insert_with(|| Seen {
            interface: Arc::clone(details),
            since: *since,
            flows: BTreeMap::new(),
            skipped: 0,
        }))
    }

    /// Closes the windows that end at or before `until`, in their order; gives their records and
    /// how many flows they held. Far ends of time close what is open, up to `now`.
    fn close(&mut self, until: i64, now: i64) -> (Vec<Record>, usize) {
        let (mut records, mut flows) = (Vec::new(), 0);
        let interval = self.target.interval;
        loop {
            let start = self.align(self.closed);
            let end = start.saturating_add(interval);
            let is_whole = end <= until.min(now);
            let is_last = until == i64::MAX;
            let open = self.open.first_key_value().map(|(start, _)| *start);
            if !is_whole && !(is_last && (self.closed < now || open.is_some())) {
                return (records, flows);
            }
            let from = self.closed;
            let last = if is_whole {
                end
            } else {
                end.min(now.max(from))
            };
            let window = self.open.remove(&start).unwrap_or_default();
            flows += self.tell(window, from, last, &mut records);
            self.closed = end;
            let target = until.min(now);
            let missed = (target - self.closed).div_euclid(interval);
            let is_empty = open.is_none_or(|open| open < end || open > target);
            if missed > MAX_GAP && is_empty && self.open.range(..target).next().is_none() {
                let resumed = self.align(target);
                for (interface, since) in self.watched.values() {
                    let content = Content::SkipData(self.closed.max(*since), resumed);
                    records.push(Record {
                        interface: Arc::clone(interface),
                        content,
                    });
                }
                self.closed = resumed;
            }
        }
    }

    /// The records of a window, of which the part before `from` is told already.
    fn tell(&self, mut window: Window, from: i64, last: i64, records: &mut Vec<Record>) -> usize {
        let mut flows = 0;
        for (id, (interface, since)) in &self.watched {
            if !window.contains_key(id) && *since < last {
                let content = Content::NoData(from.max(*since), last);
                records.push(Record {
                    interface: Arc::clone(interface),
                    content,
                });
            }
        }
        for seen in mem::take(&mut window).into_values() {
            flows += seen.flows.len();
            let end = self.align(from) + self.target.interval;
            let mut put = |content| {
                records.push(Record {
                    interface: Arc::clone(&seen.interface),
                    content,
                });
            };
            for (flow, mut counts) in seen.flows {
                // A record tells of its window: what began before it goes on in it.
                counts.last = counts.last.clamp(from, last.min(end - 1).max(from));
                counts.first = counts.first.clamp(from, counts.last);
                put(Content::Flow(flow, counts));
            }
            if seen.skipped > 0 {
                put(Content::SkipData(from.max(seen.since.min(last)), last));
            }
        }
        flows
    }
}

#[cfg(test)]
mod tests;
