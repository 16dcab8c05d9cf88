//! Request and response: one byte each way on one connection, one at a time.

use std::io::{Read, Write};
use std::net::{SocketAddrV4, TcpListener, TcpStream};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use super::{Latency, Reading, Window, ready};

/// Gives back every byte, one connection after the other.
pub(super) fn serve(listen: SocketAddrV4) -> Result<()> {
    let listener = TcpListener::bind(listen)?;
    ready();
    let mut byte = [0];
    loop {
        let (mut stream, _) = listener.accept()?;
        stream.set_nodelay(true)?;
        while let Ok(1) = stream.read(&mut byte) {
            if stream.write_all(&byte).is_err() {
                break;
            }
        }
    }
}

/// Asks through the window and sorts the latencies.
pub(super) fn load(dial: SocketAddrV4, window: &Window) -> Result<Reading> {
    let limit = Duration::from_secs(3);
    let mut stream = TcpStream::connect_timeout(&dial.into(), limit)?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(limit))?;
    let warm = Instant::now() + window.warm_up();
    while Instant::now() < warm {
        ask(&mut stream)?;
    }
    // Room for what no path here reaches: no allocation inside the window.
    let mut nanoseconds: Vec<u32> = Vec::with_capacity((window.seconds * 300_000.0) as usize);
    let first = window.meter.mark()?;
    let start = Instant::now();
    let mut before = start;
    while before - start < window.length() {
        ask(&mut stream)?;
        let now = Instant::now();
        nanoseconds.push((now - before).as_nanos().min(u128::from(u32::MAX)) as u32);
        before = now;
    }
    let length = before - start;
    let last = window.meter.mark()?;
    nanoseconds.sort_unstable();
    let at = |share: f64| {
        let index = (nanoseconds.len() as f64 * share) as usize;
        let index = index.min(nanoseconds.len().saturating_sub(1));
        nanoseconds
            .get(index)
            .map_or(0.0, |one| f64::from(*one) / 1e3)
    };
    Ok(Reading {
        seconds: length.as_secs_f64(),
        count: nanoseconds.len() as u64,
        errors: 0,
        offered: None,
        latency: Some(Latency {
            p50: at(0.5),
            p99: at(0.99),
            p999: at(0.999),
            max: at(1.0),
        }),
        cpu: last.since(&first),
    })
}

fn ask(stream: &mut TcpStream) -> Result<()> {
    let mut byte = [b'?'];
    stream.write_all(&byte)?;
    stream.read_exact(&mut byte).context("no answer")
}
