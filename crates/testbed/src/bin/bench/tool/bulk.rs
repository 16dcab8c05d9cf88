//! Bulk transfer with 128 KiB calls whose buffers never rest at one alignment.
//!
//! iperf3 was seen to be bimodal here, the same path at 14-17 or at 35-38 Gb/s (DATAPLANE.md 1).
//! Alignment was suspected, so each call starts at another offset. Measured since with this tool,
//! the offset changes nothing, while BBR gives rates like the low mode and how far buffers have
//! grown makes two more (see `namespace` in `path/mod.rs`). iperf3 itself was not tried again.

use std::io::{Read, Write};
use std::net::{SocketAddrV4, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use super::{Reading, Window, ready};
use crate::testbed::proc::pause;

/// Bytes per call.
const CHUNK: usize = 128 << 10;
/// Where calls may start; with the chunk it stays well inside the second-level cache.
const ROOM: usize = 128 << 10;
/// Odd in pages and in cache lines: all 64 line offsets of a page come by.
const STEP: usize = 3 * 4096 + 64;

struct Rotating {
    bytes: Vec<u8>,
    at: usize,
}

impl Rotating {
    fn new() -> Self {
        Self {
            bytes: vec![0x5a; ROOM + CHUNK],
            at: 0,
        }
    }

    fn next(&mut self) -> &mut [u8] {
        self.at = (self.at + STEP) % ROOM;
        &mut self.bytes[self.at..self.at + CHUNK]
    }
}

/// Reads every connection to its end.
pub(super) fn serve(listen: SocketAddrV4) -> Result<()> {
    let listener = TcpListener::bind(listen)?;
    ready();
    loop {
        let (mut stream, _) = listener.accept()?;
        std::thread::spawn(move || {
            let mut buffer = Rotating::new();
            while let Ok(1..) = stream.read(buffer.next()) {}
        });
    }
}

/// Sends on all streams through the window.
pub(super) fn load(dial: SocketAddrV4, streams: usize, window: &Window) -> Result<Reading> {
    let stop = AtomicBool::new(false);
    let sent: Vec<AtomicU64> = (0..streams).map(|_| AtomicU64::new(0)).collect();
    let total = || {
        sent.iter()
            .map(|one| one.load(Ordering::Relaxed))
            .sum::<u64>()
    };
    let mut connections = Vec::new();
    for _ in 0..streams {
        let stream = TcpStream::connect_timeout(&dial.into(), Duration::from_secs(3))?;
        // The end must come even if the other side stops reading.
        stream.set_write_timeout(Some(Duration::from_secs(2)))?;
        connections.push(stream);
    }
    std::thread::scope(|scope| {
        let pumps: Vec<_> = connections
            .into_iter()
            .zip(&sent)
            .map(|(stream, sent)| scope.spawn(|| pump(stream, sent, &stop)))
            .collect();
        // This thread only sleeps between the marks.
        let result = (|| {
            pause(window.warm_up());
            let (start, first, before) = (Instant::now(), window.meter.mark()?, total());
            pause(window.length());
            let (after, last, length) = (total(), window.meter.mark()?, start.elapsed());
            Ok(Reading {
                seconds: length.as_secs_f64(),
                count: after - before,
                errors: 0,
                offered: None,
                latency: None,
                cpu: last.since(&first),
            })
        })();
        stop.store(true, Ordering::Relaxed);
        for pump in pumps {
            pump.join().ok().context("a pump panicked")??;
        }
        result
    })
}

fn pump(mut stream: TcpStream, sent: &AtomicU64, stop: &AtomicBool) -> Result<()> {
    let mut buffer = Rotating::new();
    while !stop.load(Ordering::Relaxed) {
        let length = stream
            .write(buffer.next())
            .context("the transfer stalled")?;
        sent.fetch_add(length as u64, Ordering::Relaxed);
    }
    Ok(())
}
