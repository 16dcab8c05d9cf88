//! Counters that are shared memory with the programs, changed only atomically.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::os::fd::AsFd as _;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicU64, Ordering};

use aya::maps::{Map, MapData};
use model::verdict::Verdict;
use nix::sys::mman::{MapFlags, ProtFlags, mmap, munmap};

use super::super::program::Programs;
use crate::kernel::Error;

/// An array map of 64-bit counters, mapped into memory.
pub(super) struct Counting {
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

impl Drop for Counting {
    /// A mapping keeps its map, and the memory of both.
    #[allow(unsafe_code, reason = "memory shared with the kernel")]
    fn drop(&mut self) {
        let length = self.stride * size_of::<u64>() * self.count as usize;
        // SAFETY: the mapping that `open` made, of this length; nothing borrowed from it
        // outlives `self`.
        if let Err(error) = unsafe { munmap(self.base.cast(), length) } {
            tracing::warn!(%error, "unmapping counters");
        }
    }
}

impl Counting {
    #[allow(unsafe_code, reason = "memory shared with the kernel")]
    pub(super) fn open(
        programs: &mut Programs,
        name: &str,
        size: usize,
        count: u32,
    ) -> Result<Self, Error> {
        let Map::Array(map) = programs.map(name)? else {
            return Err(Error::io(format!("opening the map {name}"))(
                std::io::ErrorKind::InvalidData.into(),
            ));
        };
        let length = NonZeroUsize::new(size * count as usize).unwrap_or(NonZeroUsize::MIN);
        // SAFETY: a new shared mapping of a BPF_F_MMAPABLE array of `count` values of `size`
        // bytes (both from the header that the map is made from). It is unmapped when `Counting` is dropped.
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
        // words), mapped as long as `self` lives; the kernel's side adds atomically too.
        Some(unsafe { self.base.add(index as usize * self.stride + word).as_ref() })
    }

    pub(super) fn add(&self, index: u32, offset: usize, amount: u64) {
        if let Some(counter) = self.at(index, offset) {
            counter.fetch_add(amount, Ordering::Relaxed);
        }
    }

    pub(super) fn read(&self, index: u32, offset: usize) -> u64 {
        self.at(index, offset)
            .map_or(0, |counter| counter.load(Ordering::Relaxed))
    }

    pub(super) fn reset(&self, index: u32) {
        for word in 0..self.stride {
            if let Some(counter) = self.at(index, word * size_of::<u64>()) {
                counter.store(0, Ordering::Relaxed);
            }
        }
    }

    pub(super) fn drops(&self, index: u32, offset: usize) -> BTreeMap<String, u64> {
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
