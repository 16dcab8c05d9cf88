//! NAT: the flow's hash, and a source port that is free.

use super::bytes::words;
use super::parse::Tuple;

/// The first port that is given out.
const FIRST_PORT: u32 = 1024;
/// How many there are.
const PORTS: u32 = 64_512;
/// How many are tried.
const TRIES: u32 = 16;
/// From one to the next.
const STRIDE: u32 = 7_919;
/// What makes the port's hash another one than the target's.
const SALT: u32 = 0x6769_6e6e;

fn mix(hash: u32, word: u32) -> u32 {
    let hash = (hash ^ word).wrapping_mul(0x9e37_79b1);
    hash ^ (hash >> 15)
}

/// A flow's hash; the program of the ENI works out the same.
pub(super) fn hash(seed: u32, tuple: &Tuple) -> u32 {
    // Words as the machine reads them.
    let native = |word: u32| u32::from_ne_bytes(word.to_be_bytes());
    let port = |port: u16| u32::from(u16::from_ne_bytes(port.to_be_bytes()));
    let addresses = words(tuple.saddr).chain(words(tuple.daddr)).map(native);
    let ports = port(tuple.sport) | port(tuple.dport) << 16;
    let all = addresses.chain([ports, tuple.word]);
    let hash = all.fold(seed, mix);
    let hash = (hash ^ (hash >> 13)).wrapping_mul(0x85eb_ca6b);
    hash ^ (hash >> 16)
}

/// The source ports to try for a flow.
pub(super) fn ports(hash: u32) -> impl Iterator<Item = u16> {
    let first = mix(hash, SALT) % PORTS;
    (0..TRIES).map(move |at| {
        let port = FIRST_PORT + (first + at * STRIDE) % PORTS;
        u16::try_from(port).unwrap_or(u16::MAX)
    })
}
