//! A data plane with ENIs that lead nowhere, on a thread of its own.

use std::sync::mpsc;
use std::thread::JoinHandle;

use dataplane::{Dirs, Kernel as _, Limits, Linux, Trial};
use model::host::{Document, EniSlot};
use model::net::Mac;
use plan::walk::Gso;
use testbed::Netns;

use crate::gso_of;

pub(crate) const UPLINK_MTU: u16 = 1_500;
/// As `dataplane` gives it.
pub(crate) const UPLINK_MAC: Mac = Mac([0x02, 0x67, 0x69, 0x6e, 0x6e, 0x01]);
/// The uplink's place in the kernel's table.
pub(crate) const UPLINK_SLOT: u32 = 16_384;
/// Few, so that some are refused.
pub(crate) const FLOWS_PER_ENI: u32 = 150;

type Work = Box<dyn FnOnce(&mut Linux) + Send>;

/// The data plane.
pub(crate) struct Lab {
    work: Option<mpsc::Sender<Work>>,
    thread: Option<JoinHandle<()>>,
    dirs: Dirs,
    /// Where all ENIs end.
    pub(crate) guests: Netns,
    _internet: Netns,
    _run: tempfile::TempDir,
}

impl Lab {
    pub(crate) fn new() -> Self {
        let run = tempfile::tempdir().unwrap();
        let dirs = Dirs {
            run: run.path().to_owned(),
        };
        let (guests, internet) = (Netns::new("guests").unwrap(), Netns::new("out").unwrap());
        let (send, receive) = mpsc::channel::<Work>();
        let (ready, opened) = mpsc::channel();
        let uplink = dataplane::Uplink {
            namespace: internet.path().display().to_string(),
            mtu: UPLINK_MTU,
            pool: vec!["198.18.0.0/15".parse().unwrap()],
        };
        let limits = Limits {
            flows: 16_384,
            flows_per_eni: FLOWS_PER_ENI,
        };
        let theirs = dirs.clone();
        let thread = std::thread::spawn(move || {
            let mut linux = match Linux::open(theirs, limits, Some(&uplink)) {
                Ok(linux) => linux,
                Err(error) => return ready.send(Err(error.chain())).unwrap(),
            };
            ready.send(Ok(())).unwrap();
            while let Ok(work) = receive.recv() {
                work(&mut linux);
            }
        });
        opened.recv().unwrap().unwrap();
        Self {
            work: Some(send),
            thread: Some(thread),
            dirs,
            guests,
            _internet: internet,
            _run: run,
        }
    }

    fn run<T: Send + 'static>(&self, work: impl FnOnce(&mut Linux) -> T + Send + 'static) -> T {
        let (send, receive) = mpsc::channel();
        let work: Work = Box::new(move |linux| send.send(work(linux)).unwrap());
        self.work.as_ref().unwrap().send(work).unwrap();
        receive.recv().unwrap()
    }

    pub(crate) fn set_seed(&self, seed: u32) {
        self.run(move |linux| linux.set_seed(seed).unwrap());
    }

    /// Makes the kernel hold a document, by the steps that the agent would take.
    pub(crate) fn apply(&self, document: &Document) {
        let document = document.clone();
        self.run(move |linux| {
            let state = linux.read().unwrap();
            for step in plan::diff::diff(&document, &state) {
                linux.apply(&step).unwrap_or_else(|error| {
                    panic!("{step:?}: {}", error.chain());
                });
            }
            let state = linux.read().unwrap();
            let left = plan::diff::diff(&document, &state);
            assert!(left.is_empty(), "the kernel does not hold it: {left:?}");
        });
    }

    pub(crate) fn trial(&self, from: Option<EniSlot>, frame: &[u8], gso: Option<Gso>) -> Trial {
        let frame = frame.to_vec();
        self.run(move |linux| {
            linux
                .trial(from, &frame, gso_of(gso))
                .unwrap_or_else(|error| panic!("{from:?} {gso:?} {frame:02x?}: {}", error.chain()))
        })
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        self.work = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
        let purged = dataplane::purge(&self.dirs);
        if !std::thread::panicking() {
            purged.unwrap();
        }
    }
}
