//! A capture: an object of its own, whose program takes notes into a ring buffer. Nothing of it
//! is there before and after.

use std::mem::size_of;

use aya::Ebpf;
use aya::maps::{Array, MapData, RingBuf};
use model::host::{
    Captured, Catch, EniSlot, Fate, Frame, GateSlot, MAX_SNAP, MAX_WATCHED_GATES, Side, Watch,
};
use model::verdict::Verdict;
use nix::time::{ClockId, clock_gettime};

use super::{program, tables};
use crate::kernel::Error;

const _: () = assert!(MAX_SNAP as u32 == tables::SNAP_BYTES);
const _: () = assert!(MAX_WATCHED_GATES == tables::WATCHED_GATES as usize);

/// One capture's object, and the reader's ends.
pub(super) struct Capture {
    pub(super) object: Ebpf,
    watches: Array<MapData, tables::watch>,
    ring: RingBuf<MapData>,
    /// What the kernel's clock is behind the wall's, in nanoseconds, as the capture began.
    behind: i64,
    snap: usize,
    /// Read already, and over what the reader wanted.
    next: Option<Captured>,
}

impl Capture {
    /// Tells the program of a fresh object what to take notes of.
    pub(super) fn begin(mut object: Ebpf, watch: &Watch) -> Result<Self, Error> {
        if watch.gates.len() > MAX_WATCHED_GATES {
            return Err(Error::TooManyGates {
                found: watch.gates.len(),
                most: MAX_WATCHED_GATES,
            });
        }
        let snap = u32::from(watch.snap).min(tables::SNAP_BYTES);
        let mut value = tables::watch {
            eni: watch.eni.map_or(tables::NOBODY, |slot| slot.0),
            snap,
            gates: [tables::NOBODY; MAX_WATCHED_GATES],
            lost: 0,
        };
        for (place, slot) in value.gates.iter_mut().zip(&watch.gates) {
            *place = slot.0;
        }
        let mut map = |name: &str| {
            object
                .take_map(name)
                .ok_or_else(|| program::missing(&format!("map {name}")))
        };
        let mut watches: Array<_, tables::watch> =
            Array::try_from(map("watches")?).map_err(Error::bpf("opening the map watches"))?;
        let ring = RingBuf::try_from(map("captures")?)
            .map_err(Error::bpf("opening the capture buffer"))?;
        watches
            .set(0, value, 0)
            .map_err(Error::bpf("writing what to capture"))?;
        Ok(Self {
            object,
            watches,
            ring,
            behind: behind()?,
            snap: snap as usize,
            next: None,
        })
    }

    /// Reads what is there, at most so many.
    pub(super) fn read(&mut self, most: usize) -> Result<Catch, Error> {
        let mut packets = Vec::new();
        packets.extend(self.next.take());
        while let Some(item) = self.ring.next() {
            let Some(raw) = parse(&item) else {
                continue;
            };
            let packet = captured(&raw, self.behind, self.snap);
            if packets.len() >= most {
                self.next = Some(packet);
                break;
            }
            packets.push(packet);
        }
        let watch = self
            .watches
            .get(&0, 0)
            .map_err(Error::bpf("reading how many packets found no room"))?;
        Ok(Catch {
            packets,
            lost: watch.lost,
            more: self.next.is_some(),
        })
    }
}

fn behind() -> Result<i64, Error> {
    let read = |clock| {
        let time = clock_gettime(clock).map_err(Error::os("reading the clock"))?;
        Ok(time.tv_sec() * 1_000_000_000 + time.tv_nsec())
    };
    Ok(read(ClockId::CLOCK_REALTIME)? - read(ClockId::CLOCK_MONOTONIC)?)
}

#[allow(unsafe_code, reason = "bytes that a program wrote as this struct")]
fn parse(bytes: &[u8]) -> Option<tables::note> {
    if bytes.len() < size_of::<tables::note>() {
        return None;
    }
    // SAFETY: long enough (checked); a `repr(C)` struct of integers and arrays of them, for
    // which every bit pattern is valid; read without an assumption on alignment.
    Some(unsafe { bytes.as_ptr().cast::<tables::note>().read_unaligned() })
}

fn captured(raw: &tables::note, behind: i64, snap: usize) -> Captured {
    let somebody = |slot: u32| (slot != tables::NOBODY).then_some(slot);
    let verdict = Verdict::ALL
        .iter()
        .find(|it| **it as u32 == raw.verdict)
        .copied();
    let fate = match (raw.went_length, raw.answered) {
        (0, _) if verdict.is_some() => Fate::Dropped,
        (0, _) => Fate::Ignored,
        (_, 0) => Fate::Passed,
        _ => Fate::Answered,
    };
    let frame = |length: u32, bytes: &[u8]| {
        let kept = snap.min(length as usize);
        Frame {
            length,
            bytes: bytes.get(..kept).unwrap_or_default().to_vec(),
        }
    };
    Captured {
        at_ns: raw.at.saturating_add_signed(behind),
        from: somebody(raw.from).map(EniSlot),
        to: somebody(raw.to).map(EniSlot),
        gate: somebody(raw.gate).map(GateSlot),
        side: match u32::from(raw.side).checked_sub(1) {
            Some(tables::SIDE_CLIENT) => Some(Side::Client),
            Some(tables::SIDE_TARGET) => Some(Side::Target),
            _ => None,
        },
        fate,
        verdict,
        segments: raw.segments,
        came: frame(raw.came_length, &raw.came),
        went: (raw.went_length != 0).then(|| frame(raw.went_length, &raw.went)),
    }
}
