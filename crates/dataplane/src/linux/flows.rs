//! The flow table from user space: ageing, and the counters beside it.
//!
//! The programs remove flows that close; what is idle too long, or was never answered, is
//! removed here. Counters are shared memory with the programs, changed only atomically.

use std::collections::{BTreeMap, BTreeSet};
use std::mem::offset_of;
use std::num::NonZeroUsize;
use std::os::fd::{AsFd as _, AsRawFd as _};
use std::ptr::NonNull;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use aya::maps::{HashMap, Map, MapData};
use model::host::{Counters, EniCounters, EniSlot, GateCounters, GateSlot};
use model::verdict::Verdict;
use nix::sys::mman::{MapFlags, ProtFlags, mmap};

use super::Dirs;
use super::program::Programs;
use super::tables::{self, eni_stats, gate_stats};
use crate::kernel::Error;

/// A flow that was never answered, or that is closing, is forgotten after so many seconds.
const UNANSWERED_SECONDS: u64 = 30;
/// Records read with one system call.
const BATCH: usize = 4_096;

/// The flow table and its counters.
pub(super) struct Flows {
    map: HashMap<MapData, tables::flow_key, tables::flow>,
    /// The same map, for calls that aya does not offer.
    raw: MapData,
    enis: Counting,
    gates: Counting,
    /// Ticks a second, measured once: (jiffies, when).
    clock: Option<(u64, Instant)>,
    hertz: Option<u64>,
}

impl Flows {
    pub(super) fn open(dirs: &Dirs, programs: &mut Programs) -> Result<Self, Error> {
        let raw = MapData::from_pin(dirs.maps().join("flows"))
            .map_err(Error::bpf("opening the pinned flow table"))?;
        let map = HashMap::try_from(programs.map("flows")?)
            .map_err(Error::bpf("opening the flow table"))?;
        Ok(Self {
            map,
            raw,
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
            clock: None,
            hertz: None,
        })
    }

    /// Forgets what is too old at `now` (jiffies); returns how many connections.
    pub(super) fn expire(&mut self, now: u64) -> Result<usize, Error> {
        let Some(hertz) = self.hertz(now) else {
            return Ok(0);
        };
        let mut forgotten = 0;
        for (key, flow) in self.records()? {
            if seconds_quiet(&flow, now, hertz) < UNANSWERED_SECONDS {
                continue;
            }
            let other = self.map.get(&mirror_key(&key, &flow), 0).ok();
            if is_over(&flow, other.as_ref(), now, hertz) && self.forget(&key, &flow) {
                forgotten += 1;
            }
        }
        Ok(forgotten)
    }

    /// Forgets the flows that an ENI opened, and those that lead to or come from its link.
    pub(super) fn forget_eni(&mut self, slot: EniSlot, ifindex: u32) -> Result<(), Error> {
        self.forget_all(|key, flow| {
            let linked = ifindex != 0 && (key.ifindex == ifindex || flow.out_ifindex == ifindex);
            flow.eni == slot.0 || linked
        })
    }

    /// Forgets the flows through a gate, before its slot gets a new owner.
    pub(super) fn forget_gate(&mut self, slot: GateSlot) -> Result<(), Error> {
        self.forget_all(|_, flow| flow.gate == slot.0)
    }

    fn forget_all(
        &mut self,
        which: impl Fn(&tables::flow_key, &tables::flow) -> bool,
    ) -> Result<(), Error> {
        for (key, flow) in self.records()? {
            if which(&key, &flow) {
                self.forget(&key, &flow);
            }
        }
        Ok(())
    }

    /// Removes both records; true for the caller that removed the client's side, which also
    /// settles the accounts (as `forget` in `bpf/lib/flow.h`).
    fn forget(&mut self, key: &tables::flow_key, flow: &tables::flow) -> bool {
        let mirror = mirror_key(key, flow);
        let other = self.map.get(&mirror, 0).unwrap_or_default();
        let is_client = u32::from(flow.side) == tables::SIDE_CLIENT;
        let (client, target) = if is_client {
            (key, &mirror)
        } else {
            (&mirror, key)
        };
        let settled = self.map.remove(client).is_ok();
        // Gone already is fine.
        let _ = self.map.remove(target);
        if settled {
            let (inward, outward) = if is_client {
                (flow, &other)
            } else {
                (&other, flow)
            };
            self.enis
                .add(flow.eni, offset_of!(eni_stats, flows), 1u64.wrapping_neg());
            for (offset, amount) in [
                (offset_of!(gate_stats, packets_in), inward.packets),
                (offset_of!(gate_stats, bytes_in), inward.bytes),
                (offset_of!(gate_stats, packets_out), outward.packets),
                (offset_of!(gate_stats, bytes_out), outward.bytes),
            ] {
                self.gates.add(flow.gate, offset, amount);
            }
        }
        settled
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

    /// The kernel's tick rate: known from the second call on, when at least half a second lies
    /// between them. Kernels are built with 100, 250, 300 or 1000.
    fn hertz(&mut self, now: u64) -> Option<u64> {
        if self.hertz.is_none() {
            match self.clock {
                None => self.clock = Some((now, Instant::now())),
                Some((before, when)) => {
                    let passed = when.elapsed().as_millis();
                    if passed >= 500 {
                        let ticks = u128::from(now.saturating_sub(before)) * 1_000 / passed;
                        let nearest = [100u64, 250, 300, 1_000]
                            .into_iter()
                            .min_by_key(|rate| u128::from(*rate).abs_diff(ticks));
                        self.hertz = nearest;
                    }
                }
            }
        }
        self.hertz
    }

    /// All records, by batches (BPF_MAP_LOOKUP_BATCH, which aya does not offer).
    fn records(&self) -> Result<Vec<(tables::flow_key, tables::flow)>, Error> {
        let fd = self.raw.fd().as_fd().as_raw_fd();
        let mut out = Vec::new();
        let mut keys = vec![tables::flow_key::default(); BATCH];
        let mut values = vec![tables::flow::default(); BATCH];
        let mut position = 0u32;
        let mut started = false;
        loop {
            let mut call = BatchCall {
                in_batch: if started {
                    (&raw const position) as u64
                } else {
                    0
                },
                out_batch: (&raw mut position) as u64,
                keys: keys.as_mut_ptr() as u64,
                values: values.as_mut_ptr() as u64,
                count: BATCH as u32,
                map_fd: fd as u32,
                elem_flags: 0,
                flags: 0,
            };
            let error = lookup_batch(&mut call);
            let count = (call.count as usize).min(BATCH);
            match error {
                None | Some(libc::ENOENT) => {
                    let found = keys.iter().zip(&values).take(count);
                    out.extend(found.map(|(key, value)| (*key, *value)));
                }
                // A bucket longer than the batch: cannot be with a batch of this size.
                Some(errno) => {
                    return Err(Error::io("reading the flow table")(
                        std::io::Error::from_raw_os_error(errno),
                    ));
                }
            }
            if error.is_some() {
                return Ok(out);
            }
            started = true;
        }
    }
}

/// How long a record has seen no packet, at `now` (jiffies).
fn seconds_quiet(flow: &tables::flow, now: u64, hertz: u64) -> u64 {
    // Records hold the clock's low half; flows are far younger than its turn.
    let ticks = (now as u32).wrapping_sub(flow.last_seen);
    // A packet may have come after `now` was read.
    let ticks = if ticks > u32::MAX / 2 { 0 } else { ticks };
    u64::from(ticks) / hertz
}

/// Whether a connection, given by one record and its mirror, has had its time: its listener's
/// idle time-out, or less when it was never answered, is closing, or has lost its mirror.
fn is_over(flow: &tables::flow, other: Option<&tables::flow>, now: u64, hertz: u64) -> bool {
    let quiet = seconds_quiet(flow, now, hertz);
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
    quiet.min(seconds_quiet(other, now, hertz)) >= limit
}

fn mirror_key(key: &tables::flow_key, flow: &tables::flow) -> tables::flow_key {
    tables::flow_key {
        ifindex: flow.out_ifindex,
        saddr: flow.daddr,
        daddr: flow.saddr,
        sport: flow.dport,
        dport: flow.sport,
        protocol: key.protocol,
        pad: [0; 3],
    }
}

/// `union bpf_attr`, the batch member (linux/bpf.h).
#[repr(C)]
struct BatchCall {
    in_batch: u64,
    out_batch: u64,
    keys: u64,
    values: u64,
    count: u32,
    map_fd: u32,
    elem_flags: u64,
    flags: u64,
}

const BPF_MAP_LOOKUP_BATCH: libc::c_long = 24;

/// The errno, or `None` for success.
#[allow(unsafe_code, reason = "a system call that no library wraps")]
fn lookup_batch(call: &mut BatchCall) -> Option<i32> {
    // SAFETY: the struct is the layout of linux/bpf.h; its pointers are to live vectors of
    // `count` elements of the map's key and value sizes, and to a live u32.
    let done = unsafe {
        libc::syscall(
            libc::SYS_bpf,
            BPF_MAP_LOOKUP_BATCH,
            &raw mut *call,
            size_of::<BatchCall>(),
        )
    };
    (done != 0).then(|| {
        std::io::Error::last_os_error()
            .raw_os_error()
            .unwrap_or(libc::EIO)
    })
}

/// An array map of 64-bit counters, mapped into memory.
struct Counting {
    base: NonNull<AtomicU64>,
    /// Words of one value.
    stride: usize,
    count: u32,
    /// Keeps the map open.
    _map: MapData,
}

#[allow(unsafe_code, reason = "memory shared with the kernel")]
// SAFETY: the pages belong to the map, not to a thread, and all access is atomic.
unsafe impl Send for Counting {}

impl Counting {
    #[allow(unsafe_code, reason = "memory shared with the kernel")]
    fn open(programs: &mut Programs, name: &str, size: usize, count: u32) -> Result<Self, Error> {
        let Map::Array(map) = programs.map(name)? else {
            return Err(Error::io(format!("opening the map {name}"))(
                std::io::ErrorKind::InvalidData.into(),
            ));
        };
        let length = NonZeroUsize::new(size * count as usize).unwrap_or(NonZeroUsize::MIN);
        // SAFETY: a new shared mapping of a BPF_F_MMAPABLE array of `count` values of `size`
        // bytes (both from the header that the map is made from). It is never unmapped.
        let base = unsafe {
            mmap(
                None,
                length,
                ProtFlags::PROT_READ | ProtFlags::PROT_WRITE,
                MapFlags::MAP_SHARED,
                map.fd().as_fd(),
                0,
            )
        }
        .map_err(Error::os(format!("mapping {name} into memory")))?;
        Ok(Self {
            base: base.cast(),
            stride: size / size_of::<u64>(),
            count,
            _map: map,
        })
    }

    /// The counter at a byte offset of a value.
    #[allow(unsafe_code, reason = "memory shared with the kernel")]
    fn at(&self, index: u32, offset: usize) -> Option<&AtomicU64> {
        let word = offset / size_of::<u64>();
        if index >= self.count || word >= self.stride {
            return None;
        }
        // SAFETY: inside the mapping (checked above), aligned to 8 (a page start plus whole
        // words), mapped for the process's life; the kernel's side adds atomically too.
        Some(unsafe { self.base.add(index as usize * self.stride + word).as_ref() })
    }

    fn add(&self, index: u32, offset: usize, amount: u64) {
        if let Some(counter) = self.at(index, offset) {
            counter.fetch_add(amount, Ordering::Relaxed);
        }
    }

    fn read(&self, index: u32, offset: usize) -> u64 {
        self.at(index, offset)
            .map_or(0, |counter| counter.load(Ordering::Relaxed))
    }

    fn reset(&self, index: u32) {
        for word in 0..self.stride {
            if let Some(counter) = self.at(index, word * size_of::<u64>()) {
                counter.store(0, Ordering::Relaxed);
            }
        }
    }

    fn drops(&self, index: u32, offset: usize) -> BTreeMap<String, u64> {
        Verdict::ALL
            .iter()
            .map(|verdict| {
                let place = offset + *verdict as usize * size_of::<u64>();
                (verdict.label().to_owned(), self.read(index, place))
            })
            .filter(|(_, count)| *count > 0)
            .collect()
    }
}

#[cfg(test)]
mod tests;
