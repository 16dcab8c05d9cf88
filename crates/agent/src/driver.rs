//! The thread that runs the loop.
//!
//! It owns the kernel (whose namespace a thread enters for good), waits for documents without
//! polling, and leaves the data plane forwarding when it stops.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant, SystemTime};

use dataplane::Kernel;
use model::host::{CaptureAnswer, CaptureOrder, CaptureRefused, Document, Report, Told, Wanted};
use signals::flow::Watch;
use tokio::sync::{mpsc, oneshot, watch};

use crate::capture::Captures;
use crate::reader::Reader;
use crate::reconcile::Reconciler;
use crate::recorder::Recording;
use crate::sink::FlowSink;

/// Everything is read and applied again this often, changed or not.
const FULL_PASS: Duration = Duration::from_secs(10);
/// A failed step is tried again, and counters are reported, this often.
const TICK: Duration = Duration::from_secs(1);
/// While somebody watches, what happened is read so often.
const WATCHED_TICK: Duration = Duration::from_millis(100);
/// Idle flows are looked for this often.
const EXPIRE: Duration = Duration::from_secs(5);
/// The kernel's capture buffer is emptied this often, while a capture is on.
const DRAIN: Duration = Duration::from_millis(20);

/// An order about captures, and where the answer goes.
pub type CaptureCall = (
    CaptureOrder,
    oneshot::Sender<Result<CaptureAnswer, CaptureRefused>>,
);

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
    /// Captures that are asked for.
    pub captures: mpsc::Receiver<CaptureCall>,
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
    Capture(CaptureCall),
    Drain,
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
    let logs = agent.flow_logs.take();
    let mut recording = logs.map(|(sink, watch)| Recording::new(sink, watch));
    let mut captures = Captures::default();
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
                report.undelivered = recording.undelivered();
            }
            (agent.report)(report);
        }
        let watched = agent.observer.watched_until_ms.load(Ordering::Relaxed) > wall_ms();
        let recorded = recording.as_mut().is_some_and(|it| it.is_on(wall_ms()));
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
                    recording.record(&told, open.as_deref(), wall_ms());
                }
                (agent.observer.told)(told);
            }
            Err(error) => tracing::warn!(error = error.chain(), "reading events failed"),
        }
        let tick = if watched { WATCHED_TICK } else { TICK };
        if sleep(
            runtime,
            tick,
            reconciler.kernel(),
            &mut agent,
            &mut captures,
            &mut stopped,
        ) {
            captures.finish(reconciler.kernel(), Instant::now());
            break;
        }
    }
    // What passed since the last look is recorded too; the sink writes when it is dropped.
    if let Some(recording) = &mut recording {
        recording.finish(&mut reader, reconciler.kernel(), wall_ms());
    }
}

/// Serves captures until there is something else to do; true when that is to stop.
fn sleep(
    runtime: &tokio::runtime::Runtime,
    tick: Duration,
    kernel: &mut impl Kernel,
    agent: &mut Agent,
    captures: &mut Captures,
    stopped: &mut oneshot::Receiver<()>,
) -> bool {
    let until = tokio::time::Instant::now() + tick;
    loop {
        let woken = runtime.block_on(async {
            tokio::select! {
                biased;
                _ = &mut *stopped => Woken::Stop,
                changed = agent.documents.changed() => match changed {
                    Ok(()) => Woken::Document,
                    Err(_) => Woken::Stop,
                },
                () = tokio::time::sleep_until(until) => Woken::Tick,
                Some(call) = agent.captures.recv() => Woken::Capture(call),
                () = tokio::time::sleep(DRAIN), if captures.is_on() => Woken::Drain,
            }
        });
        let now = Instant::now();
        match woken {
            Woken::Document | Woken::Tick => return false,
            Woken::Stop => return true,
            Woken::Drain => captures.drain(kernel, now),
            Woken::Capture((order, answer)) => {
                // Who asked may be gone; a capture that nobody fetches ends by itself.
                let _ = answer.send(captures.serve(kernel, order, now));
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
