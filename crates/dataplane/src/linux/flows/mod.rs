//! The flow tables from user space: ageing, what is told of flows, and the counters beside.
//!
//! The programs remove flows that close; what is idle too long, or was never answered, is
//! removed here.

mod clock;
mod counting;
mod events;
mod table;

use std::collections::{BTreeSet, HashMap};
use std::mem::offset_of;

use model::host::{
    Count, Counters, EniCounters, EniSlot, Event, Flow, GateCounters, GateSlot, NatKey, Way,
};

use super::Dirs;
use super::program::Programs;
use super::tables::{self, eni_stats, gate_stats};
use crate::kernel::Error;
use clock::Clock;
use counting::Counting;
use events::Ring;
use table::{Family, Records, Table, V4, V6};

/// A flow that was never answered, or that is closing, is forgotten after so many seconds.
const UNANSWERED_SECONDS: u64 = 30;

/// The flow tables, their counters, and what is told of them.
pub(super) struct Flows {
    v4: Table<V4>,
    v6: Table<V6>,
    enis: Counting,
    gates: Counting,
    ring: Ring,
    clock: Clock,
    /// Flows that this process forgot, not told yet.
    ended: Vec<Event>,
    /// Whether ended flows are to be told.
    tells: bool,
}

impl Flows {
    pub(super) fn open(dirs: &Dirs, programs: &mut Programs) -> Result<Self, Error> {
        Ok(Self {
            v4: Table::open(dirs, programs)?,
            v6: Table::open(dirs, programs)?,
            enis: Counting::open(
                programs,
                "eni_stats",
                size_of::<eni_stats>(),
                tables::MAX_ENIS,
            )?,
            gates: Counting::open(
                programs,
                "gate_stats",
                size_of::<gate_stats>(),
                tables::MAX_GATES,
            )?,
            ring: Ring::open(programs)?,
            clock: Clock::default(),
            ended: Vec::new(),
            tells: false,
        })
    }

    /// Takes a reading of the kernel's clock; all that follows is told by it.
    pub(super) fn at(&mut self, reading: tables::clock) {
        self.clock.read(reading);
    }

    /// Whether flows that end are to be told.
    pub(super) fn tell(&mut self, tells: bool) {
        self.tells = tells;
    }

    /// Forgets what is too old; returns how many connections.
    pub(super) fn expire(&mut self) -> Result<usize, Error> {
        let (v4, v6) = (self.v4.records()?, self.v6.records()?);
        Ok(self.expire_in(|it| &mut it.v4, v4) + self.expire_in(|it| &mut it.v6, v6))
    }

    fn expire_in<F: Family>(
        &mut self,
        table: impl Fn(&mut Self) -> &mut Table<F>,
        records: Records<F>,
    ) -> usize {
        let mut forgotten = 0;
        for (key, flow) in records {
            let track = F::track(&flow);
            if self.clock.seconds_quiet(track.last_seen) < UNANSWERED_SECONDS {
                continue;
            }
            let other = table(self).get(&F::mirror(&key, &flow));
            if is_over(track, other.as_ref().map(F::track), &self.clock)
                && self.forget(&table, &key, &flow)
            {
                forgotten += 1;
            }
        }
        forgotten
    }

    /// Forgets the flows that an ENI opened, and those that lead to or come from its link.
    pub(super) fn forget_eni(&mut self, slot: EniSlot, ifindex: u32) -> Result<(), Error> {
        self.forget_all(|link, track| {
            let linked = ifindex != 0 && (link == ifindex || track.out_ifindex == ifindex);
            track.eni == slot.0 || linked
        })
    }

    /// Forgets the flows through a gate, before its slot gets a new owner.
    pub(super) fn forget_gate(&mut self, slot: GateSlot) -> Result<(), Error> {
        self.forget_all(|_, track| track.gate == slot.0)
    }

    fn forget_all(&mut self, which: impl Fn(u32, &tables::track) -> bool) -> Result<(), Error> {
        for (key, flow) in self.v4.records()? {
            if which(V4::link(&key), V4::track(&flow)) {
                self.forget(&|it: &mut Self| &mut it.v4, &key, &flow);
            }
        }
        for (key, flow) in self.v6.records()? {
            if which(V6::link(&key), V6::track(&flow)) {
                self.forget(&|it: &mut Self| &mut it.v6, &key, &flow);
            }
        }
        Ok(())
    }

    /// Removes both records; true for the caller that removed the client's side, which also
    /// settles the accounts and tells (as `forget4` in `bpf/lib/flow.h`).
    fn forget<F: Family>(
        &mut self,
        table: &impl Fn(&mut Self) -> &mut Table<F>,
        key: &F::Key,
        flow: &F::Value,
    ) -> bool {
        let mirror = F::mirror(key, flow);
        let other = table(self).get(&mirror);
        let is_client = u32::from(F::track(flow).side) == tables::SIDE_CLIENT;
        let (client, target) = if is_client {
            (*key, mirror)
        } else {
            (mirror, *key)
        };
        let settled = table(self).remove(&client);
        // Gone already is fine.
        table(self).remove(&target);
        if !settled {
            return false;
        }
        let (inward, outward) = if is_client {
            (Some(*flow), other)
        } else {
            (other, Some(*flow))
        };
        let count = |value: Option<&F::Value>| {
            value
                .map(F::track)
                .map_or((0, 0), |track| (track.packets, track.bytes))
        };
        let ((packets_in, bytes_in), (packets_out, bytes_out)) =
            (count(inward.as_ref()), count(outward.as_ref()));
        let track = F::track(flow);
        self.enis
            .add(track.eni, offset_of!(eni_stats, flows), 1u64.wrapping_neg());
        for (offset, amount) in [
            (offset_of!(gate_stats, packets_in), packets_in),
            (offset_of!(gate_stats, bytes_in), bytes_in),
            (offset_of!(gate_stats, packets_out), packets_out),
            (offset_of!(gate_stats, bytes_out), bytes_out),
        ] {
            self.gates.add(track.gate, offset, amount);
        }
        if self.tells
            && let Some(inward) = &inward
        {
            let told = self.describe::<F>(&client, inward, outward.as_ref());
            self.ended.push(Event::Ended(told));
        }
        true
    }

    /// Everything that is open, counted so far.
    pub(super) fn list(&self) -> Result<Vec<Flow>, Error> {
        let mut out = self.list_in::<V4>(self.v4.records()?);
        out.extend(self.list_in::<V6>(self.v6.records()?));
        Ok(out)
    }

    fn list_in<F: Family>(&self, records: Records<F>) -> Vec<Flow> {
        let is_client = |value: &F::Value| u32::from(F::track(value).side) == tables::SIDE_CLIENT;
        let (clients, targets): (Vec<_>, Vec<_>) =
            records.into_iter().partition(|(_, value)| is_client(value));
        let targets: HashMap<F::Key, F::Value> = targets.into_iter().collect();
        clients
            .iter()
            .map(|(key, value)| self.describe::<F>(key, value, targets.get(&F::mirror(key, value))))
            .collect()
    }

    fn describe<F: Family>(
        &self,
        key: &F::Key,
        client: &F::Value,
        target: Option<&F::Value>,
    ) -> Flow {
        let track = F::track(client);
        let back = target.map(F::track);
        let last_seen = back.map_or(track.last_seen, |back| {
            newer(track.last_seen, back.last_seen)
        });
        Flow {
            eni: EniSlot(track.eni),
            far: somebody(track.far).map(EniSlot),
            gate: somebody(track.gate).map(GateSlot),
            nat: (u32::from(track.way) == tables::WAY_NAT).then_some(NatKey(track.nat)),
            way: way(track.way),
            protocol: F::kind(key).to_le_bytes()[0],
            outer: F::outer(key),
            inner: F::inner(client),
            there: count(track),
            back: back.map(count).unwrap_or_default(),
            born: track.first_seen,
            first_ms: self.clock.wall_ms(track.first_seen),
            last_ms: self.clock.wall_ms(last_seen),
        }
    }

    /// What happened since the last call, oldest first; at most `most` from the programs.
    pub(super) fn events(&mut self, most: usize) -> Vec<Event> {
        let mut out = std::mem::take(&mut self.ended);
        self.ring.read(&self.clock, most, &mut out);
        out
    }

    /// Zeroes an ENI's counters, before its slot gets a new owner.
    pub(super) fn reset_eni(&self, slot: EniSlot) {
        self.enis.reset(slot.0);
    }

    /// Zeroes a gate's counters.
    pub(super) fn reset_gate(&self, slot: GateSlot) {
        self.gates.reset(slot.0);
    }

    /// Reads counters.
    pub(super) fn counters(&self, enis: &BTreeSet<EniSlot>, gates: &[GateSlot]) -> Counters {
        let eni = |slot: &EniSlot| EniCounters {
            // A removal may be counted a moment before its flow.
            flows: self
                .enis
                .read(slot.0, offset_of!(eni_stats, flows))
                .cast_signed()
                .max(0)
                .cast_unsigned(),
            events_lost: self.enis.read(slot.0, offset_of!(eni_stats, events_lost)),
            drops: self.enis.drops(slot.0, offset_of!(eni_stats, drops)),
        };
        let gate = |slot: &GateSlot| {
            let read = |offset| self.gates.read(slot.0, offset);
            GateCounters {
                connections: read(offset_of!(gate_stats, connections)),
                packets_in: read(offset_of!(gate_stats, packets_in)),
                bytes_in: read(offset_of!(gate_stats, bytes_in)),
                packets_out: read(offset_of!(gate_stats, packets_out)),
                bytes_out: read(offset_of!(gate_stats, bytes_out)),
                drops: self.gates.drops(slot.0, offset_of!(gate_stats, drops)),
            }
        };
        Counters {
            enis: enis.iter().map(|slot| (*slot, eni(slot))).collect(),
            gates: gates.iter().map(|slot| (*slot, gate(slot))).collect(),
        }
    }
}

/// A slot, unless it is nobody's.
fn somebody(slot: u32) -> Option<u32> {
    (slot != tables::NOBODY).then_some(slot)
}

fn way(raw: u8) -> Way {
    match u32::from(raw) {
        tables::WAY_DOOR => Way::Door,
        tables::WAY_OUT => Way::Out,
        tables::WAY_NAT => Way::Nat,
        tables::WAY_IN => Way::In,
        _ => Way::Local,
    }
}

fn count(track: &tables::track) -> Count {
    Count {
        packets: track.packets,
        bytes: track.bytes,
        tcp_flags: track.tcp_flags,
    }
}

/// The later of two times, as low halves of jiffies.
fn newer(a: u32, b: u32) -> u32 {
    if b.wrapping_sub(a).cast_signed() > 0 {
        b
    } else {
        a
    }
}

/// Whether a connection, given by one record and its mirror, has had its time: its listener's
/// idle time-out, or less when it was never answered, is closing, or has lost its mirror.
fn is_over(flow: &tables::track, other: Option<&tables::track>, clock: &Clock) -> bool {
    let quiet = clock.seconds_quiet(flow.last_seen);
    let Some(other) = other else {
        return quiet >= UNANSWERED_SECONDS;
    };
    let one_sided = flow.packets == 0 || other.packets == 0;
    // Both have said their last; half closed is open.
    let said = u32::from(flow.closing & other.closing);
    let closing = said & tables::FIN_SENT != 0;
    let limit = if one_sided || closing {
        UNANSWERED_SECONDS
    } else {
        u64::from(flow.idle_seconds)
    };
    quiet.min(clock.seconds_quiet(other.last_seen)) >= limit
}

#[cfg(test)]
mod tests;
