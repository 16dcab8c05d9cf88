//! Hosts' documents out, hosts' reports in. One host, in this process: a watch and a call.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use model::host::{CaptureAnswer, CaptureOrder, CaptureRefused, Document, Report};
use model::time::Millis;
use signals::flow::Watch;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::Instant;

use crate::audit::record::by_itself;
use crate::commit::Committer;
use crate::flow_logs;
use crate::settle::settle;

/// Whether a namespace path can be attached to; the binary gives the kernel's answer.
pub type NamespaceCheck = Box<dyn Fn(&str) -> Result<(), String> + Send + Sync>;

/// A compilation that is over so soon needs no pause after it ...
const QUICK: Duration = Duration::from_millis(2);
/// ... others so many times as long as they took.
const PAUSE: u32 = 3;

/// An order about captures, and where the answer goes.
pub type CaptureCall = (
    CaptureOrder,
    oneshot::Sender<Result<CaptureAnswer, CaptureRefused>>,
);

/// Orders about captures that wait for the host.
const CAPTURE_CALLS: usize = 16;

/// The exchange with the host.
pub(crate) struct Relay {
    committer: Arc<Committer>,
    region: String,
    documents: watch::Sender<Arc<Document>>,
    flow_logs: watch::Sender<Arc<Watch>>,
    reports: watch::Sender<Arc<Report>>,
    /// The host's ear for captures; it brings it itself.
    captures: Mutex<Option<mpsc::Sender<CaptureCall>>>,
}

impl Relay {
    pub(crate) fn new(committer: Arc<Committer>, region: String) -> Self {
        let world = committer.world();
        let first = plan::compile::compile(&world);
        let recorded = flow_logs::watch(&world, &region);
        Self {
            committer,
            region,
            documents: watch::Sender::new(Arc::new(first)),
            flow_logs: watch::Sender::new(Arc::new(recorded)),
            reports: watch::Sender::new(Arc::new(Report::default())),
            captures: Mutex::new(None),
        }
    }

    /// Compiles every new World; ends with the committer.
    pub(crate) async fn run(&self) {
        let mut worlds = self.committer.subscribe();
        while worlds.changed().await.is_ok() {
            let world = Arc::clone(&worlds.borrow_and_update());
            let began = Instant::now();
            let region = self.region.clone();
            let compiled = tokio::task::spawn_blocking(move || {
                let document = plan::compile::compile(&world);
                (document, flow_logs::watch(&world, &region))
            });
            match compiled.await {
                Ok((document, recorded)) => {
                    self.documents.send_replace(Arc::new(document));
                    self.flow_logs.send_if_modified(|before| {
                        let differs = **before != recorded;
                        if differs {
                            *before = Arc::new(recorded);
                        }
                        differs
                    });
                }
                Err(error) => tracing::error!(%error, "a document could not be compiled"),
            }
            // A large World takes a while: what changes meanwhile goes into the next document, and
            // calls get the rest of the time.
            let took = began.elapsed();
            if took > QUICK {
                tokio::time::sleep(PAUSE * took).await;
            }
        }
    }

    pub(crate) fn documents(&self) -> watch::Receiver<Arc<Document>> {
        self.documents.subscribe()
    }

    /// What is recorded for flow logs.
    pub(crate) fn flow_logs(&self) -> watch::Receiver<Arc<Watch>> {
        self.flow_logs.subscribe()
    }

    pub(crate) fn reports(&self) -> watch::Receiver<Arc<Report>> {
        self.reports.subscribe()
    }

    /// The newest report.
    pub(crate) fn last_report(&self) -> Arc<Report> {
        Arc::clone(&self.reports.borrow())
    }

    /// Where orders about captures come out; a new host takes the place of the one before.
    pub(crate) fn hear_captures(&self) -> mpsc::Receiver<CaptureCall> {
        let (calls, heard) = mpsc::channel(CAPTURE_CALLS);
        *self.captures.lock().unwrap_or_else(PoisonError::into_inner) = Some(calls);
        heard
    }

    /// Where orders about captures go; `None` before the host is there.
    pub(crate) fn captures(&self) -> Option<mpsc::Sender<CaptureCall>> {
        let calls = self.captures.lock();
        calls.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Takes a report and writes its consequences. Blocks for the disk.
    pub(crate) fn report(&self, report: Report, now: Millis) {
        let report = Arc::new(report);
        // Most reports change nothing: then the committer's turn is not needed. One that changes
        // much does so in parts.
        let more = || {
            let world = self.committer.world();
            !settle(&world, &report, now, world.revision + 1).is_empty()
        };
        while more() {
            let settled = self.committer.commit(
                |world, revision| Ok(((), settle(world, &report, now, revision))),
                |outcome| match outcome {
                    Ok(changes) => by_itself("StateChange", &self.region, now, changes),
                    Err(_) => Vec::new(),
                },
            );
            if let Err(fault) = settled {
                tracing::error!(fault.message = %fault.message, "a report's consequences were not written; the next report brings them again");
                break;
            }
        }
        self.reports.send_replace(report);
    }
}
