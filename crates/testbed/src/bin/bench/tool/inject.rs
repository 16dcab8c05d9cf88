//! Small packets: frames injected as fast as it goes, counted where they are received.
//!
//! `sendmmsg` on AF_PACKET past the queueing discipline costs the sender least. The count is
//! `Ip: InReceives` of the target's namespace: the kernel adds it in `ip_rcv`, so a frame counts
//! when the target's IP layer has it, and reading it costs the receive path nothing. The frames
//! are then dropped by one nft rule at the raw hook, before routing and sockets, alike for each
//! path ([`crate::path`]).
//!
//! Many flows are one frame with its ports, and so its checksum, changed from call to call.

use std::fs;
use std::time::Instant;

use anyhow::{Context, Result, ensure};

use super::{Reading, Window, ready};
use crate::testbed::proc::pause;
use crate::testbed::raw::{Batch, RawSender};

/// Frames per system call.
const BATCH: usize = 64;
/// Flows have so many source ports; beyond, their target port differs.
pub(crate) const SOURCES: u32 = 1000;
/// Where things are in an IPv4 frame without options.
const PROTOCOL: usize = 23;
const SPORT: usize = 34;
const DPORT: usize = 36;
const UDP_SUM: usize = 40;
const TCP_SUM: usize = 50;
/// The protocol's number.
const TCP: u8 = 6;

/// Stays inside its namespace until killed.
pub(super) fn hold() -> Result<()> {
    ready();
    loop {
        pause(std::time::Duration::from_secs(3600));
    }
}

/// What injects: frames and the flows that they are sent for in turn.
pub(super) struct Source {
    sender: RawSender,
    frames: Vec<Vec<u8>>,
    flows: u32,
}

impl Source {
    /// At an interface of the own namespace.
    pub(super) fn open(interface: &str, frames: &str, flows: u32) -> Result<Self> {
        let frames = frames.split(',').map(decode).collect::<Result<Vec<_>>>()?;
        ensure!(
            BATCH.is_multiple_of(frames.len()),
            "a batch holds no whole flows of {} frames",
            frames.len()
        );
        ensure!(flows > 0, "no flow");
        let sender = RawSender::open_here(interface)?;
        Ok(Self {
            sender,
            frames,
            flows,
        })
    }

    fn stream(&self) -> Stream<'_> {
        let each = self.frames.len();
        let all = (0..BATCH).flat_map(|at| self.frames.get(at % each).cloned());
        let ports = |at| self.frames.first().and_then(|frame| port(frame, at));
        Stream {
            batch: self.sender.batch(all.collect()),
            each,
            flows: self.flows,
            next: 0,
            first: (ports(SPORT).unwrap_or(0), ports(DPORT).unwrap_or(0)),
        }
    }
}

struct Stream<'a> {
    batch: Batch<'a>,
    /// Frames of a flow, one after the other.
    each: usize,
    flows: u32,
    next: u32,
    first: (u16, u16),
}

impl Stream<'_> {
    /// Sends a batch of the next flows; returns how many frames the driver took.
    fn send(&mut self) -> Result<usize> {
        if self.flows > 1 {
            for flow in self.batch.frames().chunks_mut(self.each) {
                let source = self.first.0.wrapping_add((self.next % SOURCES) as u16);
                let target = self.first.1.wrapping_add((self.next / SOURCES) as u16);
                for frame in flow {
                    change(frame, SPORT, source);
                    change(frame, DPORT, target);
                }
                self.next = (self.next + 1) % self.flows;
            }
        }
        self.batch.send()
    }
}

fn port(frame: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_be_bytes(frame.get(at..at + 2)?.try_into().ok()?))
}

/// Writes a port of an IPv4 frame without options, and corrects its checksum (RFC 1624).
fn change(frame: &mut [u8], at: usize, value: u16) {
    let sum_at = if frame.get(PROTOCOL) == Some(&TCP) {
        TCP_SUM
    } else {
        UDP_SUM
    };
    let (Some(old), Some(sum)) = (port(frame, at), port(frame, sum_at)) else {
        return;
    };
    let sum = u32::from(!sum) + u32::from(!old) + u32::from(value);
    let sum = (sum & 0xffff) + (sum >> 16);
    let sum = !((sum & 0xffff) + (sum >> 16)) as u16;
    for (at, value) in [(at, value), (sum_at, sum)] {
        if let Some(bytes) = frame.get_mut(at..at + 2) {
            bytes.copy_from_slice(&value.to_be_bytes());
        }
    }
}

/// Injects each flow once.
pub(super) fn fill(source: Source) -> Result<()> {
    let mut stream = source.stream();
    let batches = (source.flows as usize * stream.each).div_ceil(BATCH);
    for _ in 0..batches {
        stream.send()?;
    }
    Ok(())
}

/// Injects through the window; the count is what the target's IP layer took.
pub(super) fn load(source: Source, holder: i32, window: &Window) -> Result<Reading> {
    let mut stream = source.stream();
    let warm = Instant::now() + window.warm_up();
    while Instant::now() < warm {
        stream.send()?;
    }
    let before = received(holder)?;
    let first = window.meter.mark()?;
    let start = Instant::now();
    let mut offered = 0;
    while start.elapsed() < window.length() {
        offered += stream.send()? as u64;
    }
    let length = start.elapsed();
    let last = window.meter.mark()?;
    let count = received(holder)? - before;
    ensure!(offered > 0, "the interface took no frame");
    Ok(Reading {
        seconds: length.as_secs_f64(),
        count,
        errors: 0,
        offered: Some(offered),
        latency: None,
        cpu: last.since(&first),
    })
}

/// `Ip: InReceives` of the namespace that the process lives in.
fn received(holder: i32) -> Result<u64> {
    let text = fs::read_to_string(format!("/proc/{holder}/net/snmp"))?;
    let mut lines = text.lines().filter_map(|line| line.strip_prefix("Ip: "));
    let names = lines.next().context("no Ip line")?;
    let values = lines.next().context("no Ip values")?;
    let column = names.split(' ').position(|name| name == "InReceives");
    let value = column.and_then(|column| values.split(' ').nth(column));
    Ok(value.context("no InReceives")?.parse()?)
}

/// Hexadecimal digits of frames, for the command line.
pub(crate) fn encode(frames: &[Vec<u8>]) -> String {
    let digits = |frame: &Vec<u8>| frame.iter().map(|byte| format!("{byte:02x}")).collect();
    frames.iter().map(digits).collect::<Vec<String>>().join(",")
}

fn decode(text: &str) -> Result<Vec<u8>> {
    ensure!(
        text.len().is_multiple_of(2) && text.is_ascii(),
        "odd hexadecimal"
    );
    (0..text.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&text[at..at + 2], 16).context("hexadecimal"))
        .collect()
}

#[cfg(test)]
mod tests;
