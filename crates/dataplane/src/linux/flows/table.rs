//! The two flow tables, read whole and by batches.

use std::net::IpAddr;
use std::os::fd::{AsFd as _, AsRawFd as _};

use aya::Pod;
use aya::maps::{HashMap, MapData};
use model::host::Tuple;

use super::super::program::Programs;
use super::super::{Dirs, maps, tables};
use crate::kernel::Error;

/// Records read with one system call.
const BATCH: usize = 4_096;

/// A family's records.
pub(super) trait Family {
    /// The map's name.
    const NAME: &'static str;
    /// Where a record is.
    type Key: Pod + Default + PartialEq + Eq + std::hash::Hash + Send + Sync;
    /// A record.
    type Value: Pod + Default + Send + Sync;
    /// What both families' records have.
    fn track(value: &Self::Value) -> &tables::track;
    /// Where the other direction's record is.
    fn mirror(key: &Self::Key, value: &Self::Value) -> Self::Key;
    /// The direction as it enters.
    fn outer(key: &Self::Key) -> Tuple;
    /// The direction as it leaves.
    fn inner(value: &Self::Value) -> Tuple;
    /// The link that it enters by.
    fn link(key: &Self::Key) -> u32;
    /// Protocol, and an ICMP message's type and code.
    fn kind(key: &Self::Key) -> u32;
}

/// IPv4.
pub(super) struct V4;
/// IPv6.
pub(super) struct V6;

fn v4(raw: u32) -> IpAddr {
    IpAddr::from(raw.to_ne_bytes())
}

fn tuple(source: IpAddr, destination: IpAddr, ports: (u16, u16)) -> Tuple {
    Tuple {
        source,
        destination,
        source_port: u16::from_be(ports.0),
        destination_port: u16::from_be(ports.1),
    }
}

macro_rules! family {
    ($family:ident, $name:literal, $key:ident, $value:ident, $ip:expr) => {
        impl Family for $family {
            const NAME: &'static str = $name;
            type Key = tables::$key;
            type Value = tables::$value;
            fn track(value: &Self::Value) -> &tables::track {
                &value.track
            }
            fn mirror(key: &Self::Key, value: &Self::Value) -> Self::Key {
                tables::$key {
                    ifindex: value.track.out_ifindex,
                    saddr: value.daddr,
                    daddr: value.saddr,
                    sport: value.track.dport,
                    dport: value.track.sport,
                    kind: key.kind,
                }
            }
            fn outer(key: &Self::Key) -> Tuple {
                tuple($ip(&key.saddr), $ip(&key.daddr), (key.sport, key.dport))
            }
            fn inner(value: &Self::Value) -> Tuple {
                let ports = (value.track.sport, value.track.dport);
                tuple($ip(&value.saddr), $ip(&value.daddr), ports)
            }
            fn link(key: &Self::Key) -> u32 {
                key.ifindex
            }
            fn kind(key: &Self::Key) -> u32 {
                key.kind
            }
        }
    };
}

family!(V4, "flows", flow_key, flow, |raw: &u32| v4(*raw));
family!(V6, "flows6", flow_key6, flow6, maps::ip);

/// Records with their keys.
pub(super) type Records<F> = Vec<(<F as Family>::Key, <F as Family>::Value)>;

/// One family's table.
pub(super) struct Table<F: Family> {
    map: HashMap<MapData, F::Key, F::Value>,
    /// The same map, for calls that aya does not offer.
    raw: MapData,
}

impl<F: Family> Table<F> {
    pub(super) fn open(dirs: &Dirs, programs: &mut Programs) -> Result<Self, Error> {
        let what = || format!("opening the flow table {}", F::NAME);
        let pin = dirs.maps().join(F::NAME);
        Ok(Self {
            raw: MapData::from_pin(pin).map_err(Error::bpf(what()))?,
            map: HashMap::try_from(programs.map(F::NAME)?).map_err(Error::bpf(what()))?,
        })
    }

    pub(super) fn get(&self, key: &F::Key) -> Option<F::Value> {
        self.map.get(key, 0).ok()
    }

    /// Whether this call removed it.
    pub(super) fn remove(&mut self, key: &F::Key) -> bool {
        self.map.remove(key).is_ok()
    }

    /// All records, by batches (BPF_MAP_LOOKUP_BATCH, which aya does not offer).
    pub(super) fn records(&self) -> Result<Records<F>, Error> {
        let fd = self.raw.fd().as_fd().as_raw_fd();
        let mut out = Vec::new();
        let mut keys = vec![F::Key::default(); BATCH];
        let mut values = vec![F::Value::default(); BATCH];
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
