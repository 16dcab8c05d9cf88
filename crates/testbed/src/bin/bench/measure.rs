//! What is measured: which tools run, and what their reading means.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use nix::sched::CpuSet;
use serde::{Deserialize, Serialize};

use crate::path::Lane;
use crate::testbed::bench::Interrupt;
use crate::testbed::{Child, Netns};
use crate::tool::{READY, Reading, SOURCES, Window, encode};

/// How much longer than its window a tool may take.
const GRACE: Duration = Duration::from_secs(15);
/// Frames of a flow that is begun and ended.
const FRAMES_PER_FLOW: f64 = 2.0;

/// One thing to measure.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, clap::ValueEnum,
)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Measure {
    /// TCP bulk, one stream, one core.
    Bulk,
    /// One-byte request and response, one core.
    Rr,
    /// Connect-request-close, one at a time, one core.
    Crr1,
    /// Connect-request-close, 32 at a time, one core.
    Crr32,
    /// 64-byte UDP frames, one core.
    Pps,
    /// TCP bulk, four streams, two cores.
    Bulk4,
    /// 64-byte UDP frames over all flows of the lane in turn, one core.
    Spread,
    /// 64-byte TCP frames that begin and end a flow each time, one core.
    New,
}

/// One measurement of one path.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Sample {
    /// Which round, from 1.
    pub(crate) round: u32,
    /// Which path.
    pub(crate) path: String,
    /// What.
    pub(crate) measure: Measure,
    /// The measure's main figure, in [`Measure::unit`].
    pub(crate) value: f64,
    /// CPU per operation, in [`Measure::cpu_unit`].
    pub(crate) cpu_per: f64,
    /// Share of the measured CPUs that others took.
    pub(crate) foreign: f64,
    /// As the tool gave it.
    pub(crate) reading: Reading,
}

impl Measure {
    /// The measures of the first bar; `bulk4` is only taken when asked for.
    pub(crate) const USUAL: [Self; 5] = [Self::Bulk, Self::Rr, Self::Crr1, Self::Crr32, Self::Pps];

    /// Its name, as on the command line.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Bulk => "bulk",
            Self::Rr => "rr",
            Self::Crr1 => "crr1",
            Self::Crr32 => "crr32",
            Self::Pps => "pps",
            Self::Bulk4 => "bulk4",
            Self::Spread => "spread",
            Self::New => "new",
        }
    }

    /// What it is, for the report.
    pub(crate) fn about(self) -> &'static str {
        match self {
            Self::Bulk => "TCP bulk, 1 stream, one core",
            Self::Rr => "TCP request/response, 1 byte, one core (p50)",
            Self::Crr1 => "TCP connect-request-close, 1 at a time, one core",
            Self::Crr32 => "TCP connect-request-close, 32 at a time, one core",
            Self::Pps => {
                "64-byte UDP frames injected raw, counted at the target's IP layer, one core"
            }
            Self::Bulk4 => "TCP bulk, 4 streams, two cores (a proxy keeps its one thread)",
            Self::Spread => {
                "64-byte UDP frames as in pps, over all flows in the table in turn (direct: 1,000,000)"
            }
            Self::New => {
                "new flows by raw 64-byte TCP frames: SYN and RST, so that each SYN is a first packet"
            }
        }
    }

    /// The main figure's unit.
    pub(crate) fn unit(self) -> &'static str {
        match self {
            Self::Bulk | Self::Bulk4 => "Gb/s",
            Self::Rr => "us",
            Self::Crr1 | Self::Crr32 => "conn/s",
            Self::Pps | Self::Spread | Self::New => "k/s",
        }
    }

    /// The unit of CPU time per operation.
    pub(crate) fn cpu_unit(self) -> &'static str {
        match self {
            Self::Bulk | Self::Bulk4 => "ms/GB",
            Self::Rr => "us/trans",
            Self::Crr1 | Self::Crr32 => "us/conn",
            Self::Pps | Self::Spread => "ns/pkt",
            Self::New => "ns/flow",
        }
    }

    /// Whether a smaller figure is the better one.
    pub(crate) fn smaller_is_better(self) -> bool {
        matches!(self, Self::Rr)
    }

    /// Whether its frames are injected raw: a proxy in user space does not carry them.
    pub(crate) fn is_injected(self) -> bool {
        matches!(self, Self::Pps | Self::Spread | Self::New)
    }

    /// How many CPUs it uses.
    pub(crate) fn cpus(self) -> usize {
        if matches!(self, Self::Bulk4) { 2 } else { 1 }
    }

    fn value(self, reading: &Reading) -> Result<f64> {
        let rate = reading.count as f64 / reading.seconds;
        Ok(match self {
            Self::Bulk | Self::Bulk4 => rate * 8.0 / 1e9,
            Self::Rr => reading.latency.context("no latency in the reading")?.p50,
            Self::Crr1 | Self::Crr32 => rate,
            Self::Pps | Self::Spread => rate / 1e3,
            Self::New => rate / FRAMES_PER_FLOW / 1e3,
        })
    }

    fn cpu_per(self, reading: &Reading) -> f64 {
        let each = reading.cpu.total() / reading.count as f64;
        match self {
            Self::Bulk | Self::Bulk4 => each * 1e9 * 1e3,
            Self::Rr | Self::Crr1 | Self::Crr32 => each * 1e6,
            Self::Pps | Self::Spread => each * 1e9,
            Self::New => each * FRAMES_PER_FLOW * 1e9,
        }
    }

    /// Takes one measurement on a lane.
    pub(crate) fn take(self, lane: &Lane, place: &Place<'_>) -> Result<Reading> {
        let listen = lane.listen.to_string();
        let dial = lane.dial.to_string();
        let window = serde_json::to_string(&place.window)?;
        let (server, load) = match self {
            Self::Bulk => (["bulk-server", &listen], vec!["bulk", &dial, "1", &window]),
            Self::Bulk4 => (["bulk-server", &listen], vec!["bulk", &dial, "4", &window]),
            Self::Rr => (["rr-server", &listen], vec!["rr", &dial, &window]),
            Self::Crr1 => (["crr-server", &listen], vec!["crr", &dial, "1", &window]),
            Self::Crr32 => (["crr-server", &listen], vec!["crr", &dial, "32", &window]),
            Self::Pps => return inject(lane, place, &[lane.frame()?], 1),
            Self::Spread => return inject(lane, place, &[lane.frame()?], lane.flows),
            Self::New => return inject(lane, place, &lane.opening()?, SOURCES),
        };
        let mut server = place.start(&lane.server, &server)?;
        server.wait_for_line(READY, Duration::from_secs(5))?;
        let reading = place.load(&lane.client, &load);
        reading.map_err(|error| error.context(format!("server: {}", server.told())))
    }

    /// Gives the reading its meaning.
    pub(crate) fn sample(self, round: u32, path: &str, reading: Reading) -> Result<Sample> {
        if reading.count == 0 {
            bail!("nothing arrived");
        }
        let cpus = self.cpus() as f64;
        let foreign = (reading.cpu.whole - reading.cpu.total()) / (reading.seconds * cpus);
        Ok(Sample {
            round,
            path: path.to_owned(),
            measure: self,
            value: self.value(&reading)?,
            cpu_per: self.cpu_per(&reading),
            foreign: foreign.max(0.0),
            reading,
        })
    }
}

/// Where and how long tools run.
pub(crate) struct Place<'a> {
    /// The CPUs that all of them are pinned to.
    pub(crate) cpus: CpuSet,
    /// When they measure.
    pub(crate) window: Window,
    /// Set when the run was interrupted.
    pub(crate) interrupt: &'a Interrupt,
}

impl Place<'_> {
    fn start(&self, ns: &Netns, words: &[&str]) -> Result<Child> {
        let me = std::env::current_exe()?;
        let command = ns.command(me).arg("tool").args(words);
        command.on_cpus(self.cpus).spawn()
    }

    /// Runs a load tool to its end and reads what it printed.
    fn load(&self, ns: &Netns, words: &[&str]) -> Result<Reading> {
        let mut tool = self.start(ns, words)?;
        let own = Duration::from_secs_f64(self.window.warm_up + self.window.seconds);
        let end = Instant::now() + own + GRACE;
        let status = loop {
            self.interrupt.check()?;
            match tool.wait(Duration::from_millis(100)) {
                Ok(status) => break status,
                Err(error) if Instant::now() > end => return Err(error),
                Err(_) => {}
            }
        };
        if !status.success() {
            bail!("{} ended with {status}: {}", words[0], tool.told());
        }
        serde_json::from_str(tool.stdout().trim())
            .with_context(|| format!("{} gave no reading: {}", words[0], tool.told()))
    }
}

fn inject(lane: &Lane, place: &Place<'_>, frames: &[Vec<u8>], flows: u32) -> Result<Reading> {
    let holder = lane.hold()?;
    let window = serde_json::to_string(&place.window)?;
    let (frames, flows) = (encode(frames), flows.to_string());
    let holder = holder.pid().to_string();
    let words = ["inject", "eth0", &frames, &flows, &holder, &window];
    place.load(&lane.client, &words)
}
