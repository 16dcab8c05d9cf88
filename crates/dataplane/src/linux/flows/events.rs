//! The ring buffer that the programs write: refused packets, flows that open and end.

use std::mem::size_of;

use aya::maps::{MapData, RingBuf};
use model::host::{Count, EniSlot, Event, Flow, GateSlot, NatKey, Refusal, Tuple};
use model::verdict::Verdict;

use super::super::program::Programs;
use super::super::{maps, tables};
use super::clock::Clock;
use super::{newer, somebody, way};
use crate::kernel::Error;

/// The reader's end.
pub(super) struct Ring {
    ring: RingBuf<MapData>,
}

impl Ring {
    pub(super) fn open(programs: &mut Programs) -> Result<Self, Error> {
        let ring = RingBuf::try_from(programs.map("events")?)
            .map_err(Error::bpf("opening the event buffer"))?;
        Ok(Self { ring })
    }

    /// Reads what is there, at most so many.
    pub(super) fn read(&mut self, clock: &Clock, most: usize, out: &mut Vec<Event>) {
        for _ in 0..most {
            let Some(item) = self.ring.next() else {
                return;
            };
            if let Some(raw) = parse(&item) {
                out.extend(event(&raw, clock));
            }
        }
    }
}

#[allow(unsafe_code, reason = "bytes that a program wrote as this struct")]
fn parse(bytes: &[u8]) -> Option<tables::event> {
    if bytes.len() < size_of::<tables::event>() {
        return None;
    }
    // SAFETY: long enough (checked); a `repr(C)` struct of integers and arrays of them, for
    // which every bit pattern is valid; read without an assumption on alignment.
    Some(unsafe { bytes.as_ptr().cast::<tables::event>().read_unaligned() })
}

fn event(raw: &tables::event, clock: &Clock) -> Option<Event> {
    let tuple = |source, destination, ports: (u16, u16)| Tuple {
        source: maps::ip(source),
        destination: maps::ip(destination),
        source_port: u16::from_be(ports.0),
        destination_port: u16::from_be(ports.1),
    };
    let outer = tuple(&raw.saddr, &raw.daddr, (raw.sport, raw.dport));
    let protocol = raw.flow_kind.to_le_bytes()[0];
    let there = Count {
        packets: raw.packets,
        bytes: raw.bytes,
        tcp_flags: raw.tcp_flags,
    };
    if u32::from(raw.kind) == tables::EVENT_REFUSED {
        let verdict = Verdict::ALL
            .iter()
            .find(|it| **it as u32 == u32::from(raw.verdict));
        return Some(Event::Refused(Refusal {
            eni: EniSlot(raw.eni),
            far: somebody(raw.far).map(EniSlot),
            gate: somebody(raw.gate).map(GateSlot),
            verdict: *verdict?,
            answer: u32::from(raw.side) == tables::SIDE_TARGET + 1,
            packet: (raw.family != 0).then_some((protocol, outer)),
            count: there,
            at_ms: clock.wall_ms(raw.last_seen),
        }));
    }
    let flow = Flow {
        eni: EniSlot(raw.eni),
        far: somebody(raw.far).map(EniSlot),
        gate: somebody(raw.gate).map(GateSlot),
        nat: (u32::from(raw.way) == tables::WAY_NAT).then_some(NatKey(raw.nat)),
        way: way(raw.way),
        protocol,
        outer,
        inner: tuple(
            &raw.out_saddr,
            &raw.out_daddr,
            (raw.out_sport, raw.out_dport),
        ),
        there,
        back: Count {
            packets: raw.back_packets,
            bytes: raw.back_bytes,
            tcp_flags: raw.back_tcp_flags,
        },
        born: raw.first_seen,
        first_ms: clock.wall_ms(raw.first_seen),
        last_ms: clock.wall_ms(newer(raw.last_seen, raw.back_last_seen)),
    };
    Some(if u32::from(raw.kind) == tables::EVENT_OPENED {
        Event::Opened(flow)
    } else {
        Event::Ended(flow)
    })
}
