//! From what the data plane tells to flow logs.
//!
//! A flow's counters grow until it ends; what is recorded is what they grew by since the last
//! look. What has ended is taken before what is open, and a flow is told apart from an earlier
//! one of its tuple by when it was born, so that nothing is counted twice or not at all.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use dataplane::Kernel;
use model::host::{Count, EniSlot, Event, Flow, Told, Tuple, Wanted};
use model::id::FlowLogId;
use signals::flow::{Growth, Watch};
use tokio::sync::watch;

use crate::reader::Reader;
use crate::sink::FlowSink;

/// Open flows are looked through so often.
const LOOK: Duration = Duration::from_secs(5);

/// Flow logs, as the loop feeds them.
pub(crate) struct Recording {
    recorder: Recorder,
    watch: watch::Receiver<Arc<Watch>>,
    looked_at: Instant,
}

impl Recording {
    pub(crate) fn new(sink: FlowSink, watch: watch::Receiver<Arc<Watch>>) -> Self {
        Self {
            recorder: Recorder::new(sink),
            watch,
            looked_at: Instant::now(),
        }
    }

    /// Whether anything is recorded, by the newest word.
    pub(crate) fn is_on(&mut self, now_ms: i64) -> bool {
        let watch = Arc::clone(&self.watch.borrow_and_update());
        self.recorder.configure(&watch, now_ms / 1_000);
        self.recorder.is_on()
    }

    /// All open flows, when it is time to look at them.
    pub(crate) fn open_flows(&mut self, kernel: &mut impl Kernel) -> Option<Vec<Flow>> {
        if self.looked_at.elapsed() < LOOK && !self.recorder.begins() {
            return None;
        }
        self.looked_at = Instant::now();
        match kernel.flows() {
            Ok(flows) => Some(flows),
            Err(error) => {
                tracing::warn!(error = error.chain(), "listing flows failed; tried again");
                None
            }
        }
    }

    /// Takes what happened, and hands over what is due.
    pub(crate) fn record(&mut self, told: &Told, open: Option<&[Flow]>, now_ms: i64) {
        self.recorder.record(told, open);
        self.recorder.sink.tick(now_ms / 1_000);
    }

    /// Flow logs whose last delivery failed, and why.
    pub(crate) fn undelivered(&self) -> BTreeMap<FlowLogId, String> {
        self.recorder.undelivered()
    }

    /// Takes what happened until now; nothing follows.
    pub(crate) fn finish(&mut self, reader: &mut Reader, kernel: &mut impl Kernel, now_ms: i64) {
        if !self.is_on(now_ms) {
            return;
        }
        let open = kernel.flows().ok();
        let wanted = Wanted {
            refused: true,
            ..Wanted::default()
        };
        match reader.read(kernel, wanted, now_ms) {
            Ok(told) => self.recorder.record(&told, open.as_deref()),
            Err(error) => tracing::warn!(error = error.chain(), "the last events are lost"),
        }
    }
}

/// Which flow.
type Identity = (EniSlot, u8, Tuple, u32);

/// Feeds flow logs.
struct Recorder {
    sink: FlowSink,
    watch: Arc<Watch>,
    /// What was recorded of open flows so far, and up to which second.
    recorded: HashMap<Identity, (Growth, i64)>,
    state: State,
}

/// Whether it is known what passed before.
#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// This process has just begun: what is open may have been recorded, up to a time that
    /// nobody remembers.
    Begun,
    /// Nothing was recorded so far, and nobody wanted it to be.
    Off,
    /// Every flow is known from its first packet, or from when recording began.
    On,
}

impl Recorder {
    fn new(sink: FlowSink) -> Self {
        Self {
            sink,
            watch: Arc::default(),
            recorded: HashMap::new(),
            state: State::Begun,
        }
    }

    /// Whether anything is to be recorded.
    fn is_on(&self) -> bool {
        !self.watch.logs.is_empty()
    }

    /// What is recorded from now on (seconds since 1970).
    fn configure(&mut self, watch: &Arc<Watch>, now: i64) {
        if !Arc::ptr_eq(&self.watch, watch) {
            self.watch = Arc::clone(watch);
            self.sink.configure(watch.logs.clone(), now);
        }
        if !self.is_on() {
            self.recorded.clear();
            self.state = State::Off;
        }
    }

    /// Whether a look at open flows is due at once: recording begins with what they have.
    fn begins(&self) -> bool {
        self.is_on() && self.state != State::On
    }

    /// Takes what happened, and (now and then) what is open. `open` was listed before `told` was
    /// read.
    fn record(&mut self, told: &Told, open: Option<&[Flow]>) {
        if !self.is_on() {
            return;
        }
        if self.state != State::On {
            if let Some(open) = open {
                self.begin(open);
            }
            return;
        }
        let mut ended = HashSet::new();
        for event in &told.events {
            match event {
                Event::Refused(refusal) => {
                    for sample in self.watch.refused(refusal) {
                        self.sink.offer(&sample);
                    }
                }
                Event::Opened(_) => {}
                Event::Ended(flow) => {
                    self.grow(flow);
                    self.recorded.remove(&identity(flow));
                    ended.insert(identity(flow));
                }
            }
        }
        if let Some(open) = open {
            for flow in open.iter().filter(|flow| !ended.contains(&identity(flow))) {
                self.grow(flow);
            }
            // A flow whose end was not told is forgotten here; its loss was.
            let open: HashSet<Identity> = open.iter().map(identity).collect();
            self.recorded.retain(|id, _| open.contains(id));
        }
        for (slot, count) in &told.lost {
            let seen = self.watch.enis.get(slot);
            let interface = seen.map(|seen| seen.interface.id);
            self.sink.lost(interface, *count);
        }
    }

    /// What passed before now is not recorded.
    fn begin(&mut self, open: &[Flow]) {
        for flow in open {
            let now = (totals(flow), flow.last_ms.div_euclid(1_000));
            self.recorded.insert(identity(flow), now);
            if self.state == State::Begun {
                for slot in [Some(flow.eni), flow.far].into_iter().flatten() {
                    let seen = self.watch.enis.get(&slot);
                    if let Some(seen) = seen {
                        self.sink.lost(Some(seen.interface.id), 1);
                    }
                }
            }
        }
        self.state = State::On;
    }

    /// Flow logs whose last delivery failed, and why.
    fn undelivered(&self) -> BTreeMap<FlowLogId, String> {
        let logs = self.watch.logs.iter();
        let failed = logs.filter_map(|log| {
            let stats = self.sink.stats_of(log.id)?;
            Some((log.id, stats.last_error?))
        });
        failed.collect()
    }

    fn grow(&mut self, flow: &Flow) {
        let last = flow.last_ms.div_euclid(1_000);
        let (before, until) = match self.recorded.get(&identity(flow)) {
            Some((before, until)) => (*before, *until),
            None => (Growth::default(), flow.first_ms.div_euclid(1_000)),
        };
        let more = Growth {
            there: grown(flow.there, before.there),
            back: grown(flow.back, before.back),
            first: until.min(last),
            last,
        };
        for sample in self.watch.samples(flow, &more) {
            self.sink.offer(&sample);
        }
        self.recorded.insert(identity(flow), (totals(flow), last));
    }
}

fn totals(flow: &Flow) -> Growth {
    Growth {
        there: flow.there,
        back: flow.back,
        ..Growth::default()
    }
}

/// What a counter grew by; flags that were not told yet.
fn grown(now: Count, before: Count) -> Count {
    Count {
        packets: now.packets.saturating_sub(before.packets),
        bytes: now.bytes.saturating_sub(before.bytes),
        tcp_flags: now.tcp_flags & !before.tcp_flags,
    }
}

fn identity(flow: &Flow) -> Identity {
    (flow.eni, flow.protocol, flow.outer, flow.born)
}
