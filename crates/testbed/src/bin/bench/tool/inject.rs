//! Small packets: one frame injected as often as it goes, counted where it is received.
//!
//! `sendmmsg` on AF_PACKET past the queueing discipline costs the sender least. The count is
//! `Ip: InReceives` of the target's namespace: the kernel adds it in `ip_rcv`, so a frame counts
//! when the target's IP layer has it, and reading it costs the receive path nothing. The frames
//! are then dropped by one nft rule at the raw hook, before routing and sockets, alike for each
//! path ([`crate::path`]).

use std::fs;
use std::time::Instant;

use anyhow::{Context, Result, ensure};

use super::{Reading, Window, ready};
use crate::testbed::proc::pause;
use crate::testbed::raw::RawSender;

/// Frames per system call.
const BATCH: usize = 64;

/// Stays inside its namespace until killed.
pub(super) fn hold() -> Result<()> {
    ready();
    loop {
        pause(std::time::Duration::from_secs(3600));
    }
}

/// Injects through the window; the count is what the target's IP layer took.
pub(super) fn load(interface: &str, frame: &str, holder: i32, window: &Window) -> Result<Reading> {
    let frame = decode(frame)?;
    let sender = RawSender::open_here(interface)?;
    let mut batch = sender.batch(&frame, BATCH);
    let warm = Instant::now() + window.warm_up();
    while Instant::now() < warm {
        batch.send()?;
    }
    let before = received(holder)?;
    let first = window.meter.mark()?;
    let start = Instant::now();
    let mut offered = 0;
    while start.elapsed() < window.length() {
        offered += batch.send()? as u64;
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

/// Hexadecimal digits of a frame, for the command line.
pub(crate) fn encode(frame: &[u8]) -> String {
    frame.iter().map(|byte| format!("{byte:02x}")).collect()
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
