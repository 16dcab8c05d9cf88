//! A data plane of its own for each test, and what every lab needs.

use std::sync::mpsc;
use std::thread::JoinHandle;
use std::time::Duration;

use ginnel_dataplane::{Dirs, Kernel, Limits, Linux, Uplink};
use model::host::{EniSlot, Peer, Rule, Step, Traffic};
use model::net::Mac;
use testbed::eventually;

type Work = Box<dyn FnOnce(&mut Linux) + Send>;

/// A `Linux` on its own thread, as the agent has it.
pub(crate) struct Host {
    pub(crate) dirs: Dirs,
    pub(crate) uplink: Option<Uplink>,
    work: Option<mpsc::Sender<Work>>,
    thread: Option<JoinHandle<()>>,
    _run: tempfile::TempDir,
}

impl Host {
    pub(crate) fn new(limits: Limits, uplink: Option<Uplink>) -> Self {
        let run = tempfile::tempdir().unwrap();
        let dirs = Dirs {
            run: run.path().to_owned(),
        };
        let mut host = Self {
            dirs,
            uplink,
            work: None,
            thread: None,
            _run: run,
        };
        host.open(limits);
        host
    }

    /// Opens the instance, as a restarted agent does.
    pub(crate) fn open(&mut self, limits: Limits) {
        self.close();
        let (send, receive) = mpsc::channel::<Work>();
        let (ready, opened) = mpsc::channel();
        let (dirs, uplink) = (self.dirs.clone(), self.uplink.clone());
        self.thread = Some(std::thread::spawn(move || {
            let mut linux = match Linux::open(dirs, limits, uplink.as_ref()) {
                Ok(linux) => linux,
                Err(error) => return ready.send(Err(error.chain())).unwrap(),
            };
            ready.send(Ok(())).unwrap();
            while let Ok(work) = receive.recv() {
                work(&mut linux);
            }
        }));
        self.work = Some(send);
        opened.recv().unwrap().unwrap();
    }

    /// Ends the agent's side only.
    pub(crate) fn close(&mut self) {
        self.work = None;
        if let Some(thread) = self.thread.take() {
            thread.join().unwrap();
        }
    }

    pub(crate) fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Linux) -> T + Send + 'static,
    ) -> T {
        let (send, receive) = mpsc::channel();
        let work: Work = Box::new(move |linux| send.send(work(linux)).unwrap());
        self.work.as_ref().unwrap().send(work).unwrap();
        receive.recv().unwrap()
    }

    pub(crate) fn apply(&self, step: Step) {
        self.run(move |linux| linux.apply(&step).map_err(|error| error.chain()))
            .unwrap();
    }

    /// Drops counted at an ENI under a label.
    pub(crate) fn drops(&self, eni: EniSlot, label: &'static str) -> u64 {
        self.run(move |linux| {
            let counters = linux.counters(&[]).unwrap();
            let eni = counters.enis.get(&eni).cloned().unwrap_or_default();
            eni.drops.get(label).copied().unwrap_or(0)
        })
    }

    /// Waits until so many drops are counted: a busy machine delivers after a send.
    pub(crate) fn counted(&self, eni: EniSlot, label: &'static str, least: u64) {
        let enough = || (self.drops(eni, label) >= least).then_some(());
        if eventually(label, Duration::from_secs(3), enough).is_err() {
            let counters = self.run(|linux| linux.counters(&[]).unwrap());
            panic!("not {least} times {label}: {:?}", counters.enis.get(&eni));
        }
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        self.close();
        ginnel_dataplane::purge(&self.dirs).unwrap();
    }
}

pub(crate) fn mac(slot: EniSlot) -> Mac {
    Mac::local([0, 0, 0, 0, 0, u8::try_from(slot.0).unwrap()])
}

/// Everything, of IPv4.
pub(crate) fn everything() -> Rule {
    Rule {
        traffic: Traffic::ALL,
        peer: Peer::Cidr("0.0.0.0/0".parse().unwrap()),
    }
}
