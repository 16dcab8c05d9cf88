//! The seam between what should be and what is.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use model::host::{Catch, Counters, Event, Flow, GateSlot, State, Step, Wanted, Watch};

/// A host's kernel, as far as Ginnel uses it.
pub trait Kernel {
    /// Everything of ours that the kernel holds, read afresh.
    fn read(&mut self) -> Result<State, Error>;

    /// Carries out one step. Applying a step twice is the same as applying it once.
    fn apply(&mut self, step: &Step) -> Result<(), Error>;

    /// Sends a packet through each gate and waits for those that come back.
    fn probe(
        &mut self,
        gates: &[GateSlot],
        timeout: Duration,
    ) -> Result<BTreeMap<GateSlot, Echo>, Error>;

    /// Forgets flows that were idle too long; returns how many.
    fn expire(&mut self) -> Result<usize, Error>;

    /// Counters of these gates and of all attached ENIs.
    fn counters(&mut self, gates: &[GateSlot]) -> Result<Counters, Error>;

    /// Chooses what [`Kernel::events`] tells from now on.
    fn tell(&mut self, wanted: Wanted) -> Result<(), Error>;

    /// What happened since the last call, as far as it is told; at most about `most`.
    fn events(&mut self, most: usize) -> Result<Vec<Event>, Error>;

    /// All open flows, counted so far.
    fn flows(&mut self) -> Result<Vec<Flow>, Error>;

    /// Begins a capture, in place of one that is on, or (`None`) ends it.
    fn capture(&mut self, watch: Option<&Watch>) -> Result<(), Error>;

    /// What was captured since the last call, at most `most` packets; after the end of a
    /// capture what was left.
    fn captured(&mut self, most: usize) -> Result<Catch, Error>;

    /// Whether packets really flow.
    fn is_real(&self) -> bool;
}

/// A probe that came back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Echo {
    /// The generation that the gate was open at.
    pub generation: u32,
    /// Round trip.
    pub round_trip: Duration,
}

/// Why a kernel could not do something; the text names what was tried and what to do.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The process may not load programs.
    #[error(
        "the data plane needs root (CAP_BPF, CAP_NET_ADMIN, CAP_SYS_ADMIN); run with sudo, or use --no-dataplane"
    )]
    NotRoot,
    /// The kernel was built without type information.
    #[error(
        "this kernel has no BTF: {path} is missing; use a kernel with CONFIG_DEBUG_INFO_BTF=y (Debian's has it), or --no-dataplane"
    )]
    NoBtf {
        /// Where it was looked for.
        path: PathBuf,
    },
    /// The kernel is too old for TCX links.
    #[error(
        "kernel {found} is too old: pinned TCX links need Linux 6.6 or newer; upgrade, or use --no-dataplane"
    )]
    OldKernel {
        /// `uname -r`.
        found: String,
    },
    /// Pinned maps of another layout are there.
    #[error(
        "{path} holds the data plane of another Ginnel version (layout {found}, this one has {wanted}); run `ginnel down --purge` with that version first"
    )]
    OtherLayout {
        /// The pin directory.
        path: PathBuf,
        /// What is there.
        found: String,
        /// What this build has.
        wanted: u32,
    },
    /// A namespace path that opens no network namespace.
    #[error(
        "namespace {path}: {problem}; give a name from `ip netns list`, a path such as /run/netns/web, or a pid"
    )]
    NoNamespace {
        /// The path.
        path: String,
        /// What is wrong with it.
        problem: String,
    },
    /// A device name that is taken in the workload's namespace.
    #[error("namespace {path} already has a device {device}; choose another name with --device")]
    DeviceTaken {
        /// The namespace.
        path: String,
        /// The device.
        device: String,
    },
    /// There are no packets.
    #[error(
        "there is no data plane, so no packet to capture; run `ginnel up` as root, without --no-dataplane"
    )]
    NoPackets,
    /// An endpoint with too many zones.
    #[error(
        "{found} endpoint ENIs cannot be watched at once, at most {most}; capture one of them by its eni- id"
    )]
    TooManyGates {
        /// How many.
        found: usize,
        /// The bound.
        most: usize,
    },
    /// A system call or file operation failed.
    #[error("{what}")]
    Io {
        /// What was tried.
        what: String,
        /// Why it failed.
        #[source]
        source: std::io::Error,
    },
    /// Netlink refused.
    #[error("{what}")]
    Netlink {
        /// What was tried.
        what: String,
        /// Why it failed.
        #[source]
        source: Box<rtnetlink::Error>,
    },
    /// Loading, attaching or pinning a BPF object failed.
    #[error("{what}")]
    Bpf {
        /// What was tried.
        what: String,
        /// Why it failed.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

impl Error {
    /// The error with its causes, in one line.
    pub fn chain(&self) -> String {
        let mut text = self.to_string();
        let mut next = std::error::Error::source(self);
        while let Some(cause) = next {
            text += ": ";
            text += &cause.to_string();
            next = cause.source();
        }
        text
    }

    pub(crate) fn io(what: impl Into<String>) -> impl FnOnce(std::io::Error) -> Self {
        let what = what.into();
        move |source| Self::Io { what, source }
    }

    pub(crate) fn os(what: impl Into<String>) -> impl FnOnce(nix::Error) -> Self {
        let what = what.into();
        move |errno| Self::Io {
            what,
            source: errno.into(),
        }
    }

    pub(crate) fn netlink(what: impl Into<String>) -> impl FnOnce(rtnetlink::Error) -> Self {
        let what = what.into();
        move |source| Self::Netlink {
            what,
            source: Box::new(source),
        }
    }

    pub(crate) fn bpf<E>(what: impl Into<String>) -> impl FnOnce(E) -> Self
    where
        E: std::error::Error + Send + Sync + 'static,
    {
        let what = what.into();
        move |source| Self::Bpf {
            what,
            source: Box::new(source),
        }
    }
}
