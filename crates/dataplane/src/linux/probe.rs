//! Probes: a datagram from Ginnel's own ENI to a gate's fabric address. The program finds the
//! gate, reads what it would do, and sends the datagram back (`answer_probe` in
//! `bpf/lib/answer.h`). So `available` is said of a path that a packet has crossed, and
//! without a look at the health of the service behind it.

use std::collections::BTreeMap;
use std::fs::File;
use std::net::{Ipv4Addr, UdpSocket};
use std::os::fd::AsFd as _;
use std::time::{Duration, Instant};

use model::host::GateSlot;

use super::{namespace, tables};
use crate::kernel::{Echo, Error};

/// Ginnel's own address in the system VPC.
pub(super) const SYSTEM_IP: Ipv4Addr = Ipv4Addr::new(100, 127, 255, 254);
pub(super) const SYSTEM_GATEWAY: Ipv4Addr = Ipv4Addr::new(100, 127, 255, 253);
/// Gate N is at the base + N.
pub(super) const FABRIC: (Ipv4Addr, u8) = (Ipv4Addr::new(100, 64, 0, 0), 10);

const SIZE: usize = size_of::<tables::probe>();

/// Sends probes and collects their echoes.
pub(super) struct Prober {
    socket: UdpSocket,
    nonce: u64,
}

impl Prober {
    pub(super) fn open(system: &File) -> Result<Self, Error> {
        let socket = namespace::inside(system.as_fd(), || {
            UdpSocket::bind((SYSTEM_IP, 0)).map_err(Error::io("opening the probe's socket"))
        })?;
        Ok(Self {
            socket,
            nonce: u64::from(std::process::id()) << 32,
        })
    }

    pub(super) fn probe(
        &mut self,
        gates: &[GateSlot],
        timeout: Duration,
    ) -> Result<BTreeMap<GateSlot, Echo>, Error> {
        self.nonce += 1;
        let started = Instant::now();
        let mut sent = BTreeMap::new();
        let mut echoes = BTreeMap::new();
        for gate in gates {
            let to = Ipv4Addr::from(u32::from(FABRIC.0) + gate.0);
            sent.insert(*gate, Instant::now());
            self.socket
                .send_to(&encode(*gate, self.nonce), (to, tables::PROBE_PORT as u16))
                .map_err(Error::io(format!("sending a probe to {to}")))?;
            // Echoes come back before the send returns: the queue never grows.
            self.collect(Duration::from_micros(1), &sent, &mut echoes)?;
        }
        while echoes.len() < sent.len() {
            let left = timeout.saturating_sub(started.elapsed());
            if left.is_zero() {
                break;
            }
            self.collect(left, &sent, &mut echoes)?;
        }
        Ok(echoes)
    }

    fn collect(
        &self,
        wait: Duration,
        sent: &BTreeMap<GateSlot, Instant>,
        echoes: &mut BTreeMap<GateSlot, Echo>,
    ) -> Result<(), Error> {
        let mut buffer = [0; SIZE];
        self.socket
            .set_read_timeout(Some(wait))
            .map_err(Error::io("setting the probe's time-out"))?;
        let Ok(SIZE) = self.socket.recv(&mut buffer) else {
            return Ok(());
        };
        if let Some((gate, nonce, generation)) = decode(&buffer)
            && nonce == self.nonce
            && let Some(at) = sent.get(&gate)
        {
            echoes.insert(
                gate,
                Echo {
                    generation,
                    round_trip: at.elapsed(),
                },
            );
        }
        Ok(())
    }
}

fn encode(gate: GateSlot, nonce: u64) -> [u8; SIZE] {
    let mut out = [0; SIZE];
    let magic = tables::PROBE_MAGIC.to_ne_bytes();
    for (place, byte) in out.iter_mut().zip(
        magic
            .into_iter()
            .chain(gate.0.to_ne_bytes())
            .chain(nonce.to_ne_bytes()),
    ) {
        *place = byte;
    }
    out
}

fn decode(bytes: &[u8; SIZE]) -> Option<(GateSlot, u64, u32)> {
    let word = |at: usize| -> Option<u32> {
        Some(u32::from_ne_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
    };
    if word(0)? != tables::PROBE_MAGIC {
        return None;
    }
    let nonce = u64::from_ne_bytes(bytes.get(8..16)?.try_into().ok()?);
    Some((GateSlot(word(4)?), nonce, word(16)?))
}
