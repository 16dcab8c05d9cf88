//! Traffic whose damage shows: a byte pattern known by offset, and numbered datagrams.

use std::collections::BTreeSet;
use std::net::{SocketAddr, UdpSocket};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use nix::sys::socket::{setsockopt, sockopt::RcvBufForce};

use crate::netns::Netns;
use crate::proc::pause;
use crate::server::readable;

const FNV_OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
const FNV_PRIME: u64 = 0x0100_0000_01b3;

/// Writes the pattern's bytes from `offset` on. Eight bytes depend on their index only, so a lost,
/// doubled or shifted piece never matches.
pub fn fill(offset: u64, buffer: &mut [u8]) {
    for (at, byte) in (offset..).zip(buffer) {
        *byte = pattern(at);
    }
}

fn pattern(at: u64) -> u8 {
    let word = (at / 8 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (word ^ (word >> 29)).to_le_bytes()[(at % 8) as usize]
}

/// What one connection to a sink brought.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Received {
    /// Who sent, as the sink saw it.
    pub peer: SocketAddr,
    /// How many bytes.
    pub bytes: u64,
    /// Their checksum (FNV-1a).
    pub checksum: u64,
    /// The first byte that was not the pattern's.
    pub first_wrong: Option<u64>,
    /// Ended by the sender's FIN, not by a reset or by the sink.
    pub closed: bool,
}

/// Compares a stream with the pattern and sums it up.
#[derive(Debug)]
pub struct Verifier {
    bytes: u64,
    checksum: u64,
    first_wrong: Option<u64>,
    closed: bool,
}

impl Default for Verifier {
    fn default() -> Self {
        Self {
            bytes: 0,
            checksum: FNV_OFFSET,
            first_wrong: None,
            closed: false,
        }
    }
}

impl Verifier {
    /// Takes the next bytes of the stream.
    pub fn take(&mut self, piece: &[u8]) {
        for (at, byte) in (self.bytes..).zip(piece) {
            self.checksum = (self.checksum ^ u64::from(*byte)).wrapping_mul(FNV_PRIME);
            if self.first_wrong.is_none() && *byte != pattern(at) {
                self.first_wrong = Some(at);
            }
        }
        self.bytes += piece.len() as u64;
    }

    /// The checksum so far.
    pub fn checksum(&self) -> u64 {
        self.checksum
    }

    pub(crate) fn close(&mut self) {
        self.closed = true;
    }

    pub(crate) fn result(self, peer: SocketAddr) -> Received {
        let Self {
            bytes,
            checksum,
            first_wrong,
            closed,
        } = self;
        Received {
            peer,
            bytes,
            checksum,
            first_wrong,
            closed,
        }
    }
}

/// Bytes that a [`UdpReceiver`]'s socket holds.
const RECEIVE_BUFFER: usize = 256 << 20;

/// What a receiver of numbered datagrams can tell.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sequence {
    /// Datagrams with a new number.
    pub received: u64,
    /// Numbers below the highest that never came.
    pub lost: u64,
    /// Datagrams whose number had come before.
    pub duplicates: u64,
    /// Datagrams with a lower number than one before.
    pub reordered: u64,
    /// The highest number, if any came.
    pub highest: Option<u64>,
    /// The longest time between two datagrams.
    pub longest_gap: Duration,
    /// Who sent, as seen here.
    pub peers: BTreeSet<SocketAddr>,
}

/// Sends numbered datagrams at a fixed rate until stopped.
#[derive(Debug)]
pub struct UdpSender {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<u64>>,
}

impl UdpSender {
    /// Starts to send `rate` datagrams per second from inside the namespace.
    pub fn start(ns: &Netns, to: SocketAddr, rate: u32) -> Result<Self> {
        let socket = ns.run(|| -> std::io::Result<UdpSocket> {
            let socket = UdpSocket::bind(("0.0.0.0", 0))?;
            socket.connect(to)?;
            Ok(socket)
        })?;
        let socket = socket.with_context(|| format!("UDP to {to}"))?;
        let stop = Arc::new(AtomicBool::new(false));
        let until = Arc::clone(&stop);
        let thread = std::thread::spawn(move || {
            let start = Instant::now();
            let mut number = 0u64;
            while !until.load(Ordering::Relaxed) {
                // An ICMP error shows up on the next send; it is not a datagram sent.
                if socket.send(&number.to_be_bytes()).is_ok() {
                    number += 1;
                }
                let due = Duration::from_secs_f64(number as f64 / f64::from(rate.max(1)));
                pause(
                    due.saturating_sub(start.elapsed())
                        .min(Duration::from_millis(100)),
                );
            }
            number
        });
        Ok(Self {
            stop,
            thread: Some(thread),
        })
    }

    /// Stops and returns how many were sent.
    pub fn stop(mut self) -> u64 {
        self.end().unwrap_or(0)
    }

    fn end(&mut self) -> Option<u64> {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.take()?.join().ok()
    }
}

impl Drop for UdpSender {
    fn drop(&mut self) {
        self.end();
    }
}

/// Receives numbered datagrams until dropped.
#[derive(Debug)]
pub struct UdpReceiver {
    address: SocketAddr,
    state: Arc<Mutex<Sequence>>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl UdpReceiver {
    /// Listens inside the namespace.
    pub fn start(ns: &Netns, address: SocketAddr) -> Result<Self> {
        let socket = ns.run(|| UdpSocket::bind(address))?.context("bind UDP")?;
        // What waits here while this thread waits for a CPU must not count as lost.
        setsockopt(&socket, RcvBufForce, &RECEIVE_BUFFER).context("enlarge the buffer")?;
        let address = socket.local_addr()?;
        let state = Arc::new(Mutex::new(Sequence::default()));
        let stop = Arc::new(AtomicBool::new(false));
        let (to, until) = (Arc::clone(&state), Arc::clone(&stop));
        let thread = std::thread::spawn(move || {
            let (mut seen, mut last) = (BTreeSet::new(), None::<Instant>);
            let mut buffer = [0; 2048];
            while !until.load(Ordering::Relaxed) {
                if !readable(&socket) {
                    continue;
                }
                let Ok((length, peer)) = socket.recv_from(&mut buffer) else {
                    continue;
                };
                let Some(number) = buffer[..length].first_chunk() else {
                    continue;
                };
                let number = u64::from_be_bytes(*number);
                let mut state = to.lock().unwrap_or_else(PoisonError::into_inner);
                let gap = last
                    .replace(Instant::now())
                    .map_or(Duration::ZERO, |at| at.elapsed());
                state.longest_gap = state.longest_gap.max(gap);
                note(&mut state, &mut seen, number);
                state.peers.insert(peer);
            }
        });
        Ok(Self {
            address,
            state,
            stop,
            thread: Some(thread),
        })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What has come so far.
    pub fn report(&self) -> Sequence {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.clone()
    }
}

impl Drop for UdpReceiver {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn note(state: &mut Sequence, seen: &mut BTreeSet<u64>, number: u64) {
    if !seen.insert(number) {
        state.duplicates += 1;
        return;
    }
    state.received += 1;
    match state.highest {
        Some(highest) if number < highest => state.reordered += 1,
        _ => state.highest = Some(number),
    }
    let expected = state.highest.map_or(0, |highest| highest + 1);
    state.lost = expected - state.received;
}

#[cfg(test)]
mod tests;
