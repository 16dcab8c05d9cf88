//! The thread that runs the loop.
//!
//! It owns the kernel (whose namespace a thread enters for good), waits for documents without
//! polling, and leaves the data plane forwarding when it stops.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant, SystemTime};

use dataplane::Kernel;
use model::host::{Document, Flow, Report, Told, Wanted};
use signals::flow::Watch;
use tokio::sync::{oneshot, watch};

use crate::reader::Reader;
use crate::reconcile::Reconciler;
use crate::recorder::Recorder;
use crate::sink::FlowSink;

/// Everything is read and applied again this often, changed or not.
const FULL_PASS: Duration = Duration::from_secs(10);
/// A failed step is tried again, and counters are reported, this often.
const TICK: Duration = Duration::from_secs(1);
/// While somebody watches, what happened is read so often.
const WATCHED_TICK: Duration = Duration::from_millis(100);
/// For flow logs, open flows are looked through so often.
const RECORD: Duration = Duration::from_secs(5);
/// Idle flows are looked for this often.
const EXPIRE: Duration = Duration::from_secs(5);

/// What the loop needs of the world.
pub struct Agent {
    /// The document to realise; the newest counts.
    pub documents: watch::Receiver<Arc<Document>>,
    /// Told after each pass.
    pub report: Box<dyn Fn(Report) + Send>,
    /// Who is told of packets and flows.
    pub observer: Observer,
    /// Where flow logs go, and what they record; none without packets.
    pub flow_logs: Option<(FlowSink, watch::Receiver<Arc<Watch>>)>,
}

/// Who is told of packets and flows.
pub struct Observer {
    /// Until when somebody watches flows, milliseconds since 1970; refusals are always told.
    pub watched_until_ms: Arc<AtomicI64>,
    /// Told as things happen.
    pub told: Box<dyn Fn(Told) + Send>,
}

/// A running loop; it stops when this is dropped.
pub struct Handle {
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Drop for Handle {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the agent's thread died");
        }
    }
}

/// Starts the loop on a thread of its own, where `open` makes the kernel; returns when that
/// has succeeded, or its error.
pub fn spawn<K: Kernel>(
    open: impl FnOnce() -> Result<K, dataplane::Error> + Send + 'static,
    agent: Agent,
) -> Result<Handle, dataplane::Error> {
    let (stop, stopped) = oneshot::channel();
    let (ready, opened) = std::sync::mpsc::channel();
    let failed = |source| dataplane::Error::Io {
        what: "starting the agent's thread".into(),
        source,
    };
    let thread = std::thread::Builder::new()
        .name("agent".into())
        .spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_time()
                .build();
            let started = runtime
                .map_err(failed)
                .and_then(|runtime| Ok((runtime, open()?)));
            match started {
                Ok((runtime, kernel)) => {
                    // The receiver waits for exactly this message.
                    let _ = ready.send(Ok(()));
                    work(&runtime, Reconciler::new(kernel), agent, stopped);
                }
                Err(error) => drop(ready.send(Err(error))),
            }
        })
        .map_err(failed)?;
    let handle = Handle {
        stop: Some(stop),
        thread: Some(thread),
    };
    match opened.recv() {
        Ok(Ok(())) => Ok(handle),
        Ok(Err(error)) => Err(error),
        Err(_) => Err(failed(std::io::Error::other("it died"))),
    }
}

/// What woke the loop.
enum Woken {
    Document,
    Tick,
    Stop,
}

fn work<K: Kernel>(
    runtime: &tokio::runtime::Runtime,
    mut reconciler: Reconciler<K>,
    mut agent: Agent,
    mut stopped: oneshot::Receiver<()>,
) {
    let (mut read_at, mut expired_at) = (Instant::now(), Instant::now());
    let (mut passed_at, mut reported) = (Instant::now(), u64::MAX);
    let mut reader = Reader::default();
    let mut recording = agent.flow_logs.take().map(|(sink, watch)| Recording {
        recorder: Recorder::new(sink),
        watch,
        looked_at: Instant::now(),
    });
    loop {
        let document = Arc::clone(&agent.documents.borrow_and_update());
        let full = read_at.elapsed() >= FULL_PASS;
        if full {
            reconciler.distrust();
            read_at = Instant::now();
        }
        if expired_at.elapsed() >= EXPIRE {
            if let Err(error) = reconciler.expire() {
                tracing::warn!(error, "looking for idle flows failed");
            }
            expired_at = Instant::now();
        }
        let due = passed_at.elapsed() >= TICK || reported != document.generation;
        if full || (due && !reconciler.is_idle(&document)) {
            (passed_at, reported) = (Instant::now(), document.generation);
            let mut report = reconciler.pass(&document, wall_ms());
            if let Some(recording) = &recording {
                report.undelivered = recording.recorder.undelivered();
            }
            (agent.report)(report);
        }
        let watched = agent.observer.watched_until_ms.load(Ordering::Relaxed) > wall_ms();
        let recorded = recording.as_mut().is_some_and(Recording::is_on);
        let wanted = Wanted {
            refused: true,
            opened: watched,
            ended: watched || recorded,
        };
        // Listed before the events are read: see `Recorder::record`.
        let open = match &mut recording {
            Some(recording) if recorded => recording.open_flows(reconciler.kernel()),
            _ => None,
        };
        match reader.read(reconciler.kernel(), wanted, wall_ms()) {
            Ok(told) => {
                if let Some(recording) = &mut recording {
                    recording.recorder.record(&told, open.as_deref());
                    recording.recorder.tick(wall_ms() / 1_000);
                }
                (agent.observer.told)(told);
            }
            Err(error) => tracing::warn!(error = error.chain(), "reading events failed"),
        }
        let tick = if watched { WATCHED_TICK } else { TICK };
        let woken = runtime.block_on(async {
            tokio::select! {
                biased;
                _ = &mut stopped => Woken::Stop,
                changed = agent.documents.changed() => match changed {
                    Ok(()) => Woken::Document,
                    Err(_) => Woken::Stop,
                },
                () = tokio::time::sleep(tick) => Woken::Tick,
            }
        });
        match woken {
            Woken::Document | Woken::Tick => {}
            Woken::Stop => break,
        }
    }
    // What passed since the last look is recorded too; the sink writes when it is dropped.
    if let Some(recording) = &mut recording
        && recording.is_on()
    {
        let open = reconciler.kernel().flows().ok();
        let wanted = Wanted {
            refused: true,
            ..Wanted::default()
        };
        if let Ok(told) = reader.read(reconciler.kernel(), wanted, wall_ms()) {
            recording.recorder.record(&told, open.as_deref());
        }
    }
}

/// Flow logs, as the loop feeds them.
struct Recording {
    recorder: Recorder,
    watch: watch::Receiver<Arc<Watch>>,
    looked_at: Instant,
}

impl Recording {
    /// Whether anything is recorded, by the newest word.
    fn is_on(&mut self) -> bool {
        let watch = Arc::clone(&self.watch.borrow_and_update());
        self.recorder.configure(&watch, wall_ms() / 1_000);
        self.recorder.is_on()
    }

    /// All open flows, when it is time to look at them.
    fn open_flows(&mut self, kernel: &mut impl Kernel) -> Option<Vec<Flow>> {
        if self.looked_at.elapsed() < RECORD && !self.recorder.begins() {
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
}

fn wall_ms() -> i64 {
    SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .map_or(0, |since| {
            i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
        })
}
