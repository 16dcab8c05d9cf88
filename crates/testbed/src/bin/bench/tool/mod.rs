//! The measuring tools: this program run again inside a namespace, pinned to the measured CPUs.
//!
//! They are processes, not threads, as real clients and servers are: a switch between two
//! processes costs more than one between threads, and a proxy has to pay for it too.
//!
//! A server prints `ready` and serves until it is killed. A load tool warms up, marks time and
//! CPU, works for its window, marks again and prints one JSON [`Reading`].

mod bulk;
mod crr;
mod inject;
mod rr;

pub(crate) use inject::{SOURCES, encode};

use std::net::SocketAddrV4;
use std::time::Duration;

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

use crate::cpu::{Meter, Spent};

/// What a server says when it can be used.
pub(crate) const READY: &str = "ready";

/// One run of a tool, as its command line.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Tool {
    /// Takes bytes and drops them.
    BulkServer {
        /// Where to listen.
        listen: SocketAddrV4,
    },
    /// Sends as many bytes as it can.
    Bulk {
        /// Whom to send to.
        dial: SocketAddrV4,
        /// How many connections.
        streams: usize,
        /// The window.
        window: String,
    },
    /// Gives back every byte.
    RrServer {
        /// Where to listen.
        listen: SocketAddrV4,
    },
    /// One byte there and back, again and again.
    Rr {
        /// Whom to ask.
        dial: SocketAddrV4,
        /// The window.
        window: String,
    },
    /// Answers one byte per connection; the client closes first.
    CrrServer {
        /// Where to listen.
        listen: SocketAddrV4,
    },
    /// Connects, asks, closes.
    Crr {
        /// Whom to ask.
        dial: SocketAddrV4,
        /// How many at a time.
        together: usize,
        /// The window.
        window: String,
    },
    /// Injects each of many flows once.
    Fill {
        /// At which interface.
        interface: String,
        /// The frame in hexadecimal.
        frame: String,
        /// How many flows, by their ports.
        flows: u32,
    },
    /// Does nothing inside the target's namespace, so that its counters can be read through /proc.
    Hold,
    /// Injects frames as fast as it goes.
    Inject {
        /// At which interface.
        interface: String,
        /// The frames of a flow in hexadecimal, with commas.
        frames: String,
        /// Over how many flows, by their ports.
        flows: u32,
        /// The process that holds the target's namespace.
        holder: i32,
        /// The window.
        window: String,
    },
}

/// When to measure, and how.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Window {
    /// Seconds before the window.
    pub(crate) warm_up: f64,
    /// Seconds of the window.
    pub(crate) seconds: f64,
    /// The CPU clock.
    pub(crate) meter: Meter,
}

impl Window {
    fn parse(text: &str) -> Result<Self> {
        serde_json::from_str(text).context("the window")
    }

    fn warm_up(&self) -> Duration {
        Duration::from_secs_f64(self.warm_up)
    }

    fn length(&self) -> Duration {
        Duration::from_secs_f64(self.seconds)
    }
}

/// What a load tool has measured in its window.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Reading {
    /// The window's true length in seconds.
    pub(crate) seconds: f64,
    /// Bytes, transactions, connections or packets.
    pub(crate) count: u64,
    /// Attempts that failed.
    pub(crate) errors: u64,
    /// Packets offered (injection only).
    pub(crate) offered: Option<u64>,
    /// Latencies in microseconds.
    pub(crate) latency: Option<Latency>,
    /// CPU time of the window.
    pub(crate) cpu: Spent,
}

/// Latency in microseconds.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct Latency {
    /// Median.
    pub(crate) p50: f64,
    /// 99 of 100 are not slower.
    pub(crate) p99: f64,
    /// 999 of 1000 are not slower.
    pub(crate) p999: f64,
    /// The slowest.
    pub(crate) max: f64,
}

/// Runs a tool to its end.
pub(crate) fn run(tool: Tool) -> Result<()> {
    let reading = match tool {
        Tool::BulkServer { listen } => return bulk::serve(listen),
        Tool::RrServer { listen } => return rr::serve(listen),
        Tool::CrrServer { listen } => return crr::serve(listen),
        Tool::Hold => return inject::hold(),
        Tool::Fill {
            interface,
            frame,
            flows,
        } => return inject::fill(inject::Source::open(&interface, &frame, flows)?),
        Tool::Bulk {
            dial,
            streams,
            window,
        } => bulk::load(dial, streams, &Window::parse(&window)?)?,
        Tool::Rr { dial, window } => rr::load(dial, &Window::parse(&window)?)?,
        Tool::Crr {
            dial,
            together,
            window,
        } => crr::load(dial, together, &Window::parse(&window)?)?,
        Tool::Inject {
            interface,
            frames,
            flows,
            holder,
            window,
        } => {
            let source = inject::Source::open(&interface, &frames, flows)?;
            inject::load(source, holder, &Window::parse(&window)?)?
        }
    };
    println!("{}", serde_json::to_string(&reading)?);
    Ok(())
}

/// Says `ready` on stdout.
fn ready() {
    println!("{READY}");
}
