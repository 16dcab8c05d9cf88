//! Bytes of a frame, and the arithmetic of internet checksums. Nothing here panics: what is
//! outside of the frame is `None`, or is not written.

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The bytes at a place.
pub(super) fn array<const N: usize>(frame: &[u8], at: usize) -> Option<[u8; N]> {
    let bytes = frame.get(at..at.checked_add(N)?)?;
    bytes.try_into().ok()
}

/// One byte.
pub(super) fn byte(frame: &[u8], at: usize) -> Option<u8> {
    frame.get(at).copied()
}

/// Two bytes in network order.
pub(super) fn short(frame: &[u8], at: usize) -> Option<u16> {
    array(frame, at).map(u16::from_be_bytes)
}

/// Four bytes in network order.
pub(super) fn long(frame: &[u8], at: usize) -> Option<u32> {
    array(frame, at).map(u32::from_be_bytes)
}

/// An address, of 4 or 16 bytes.
pub(super) fn address(frame: &[u8], at: usize, six: bool) -> Option<IpAddr> {
    if six {
        array::<16>(frame, at).map(|bytes| Ipv6Addr::from(bytes).into())
    } else {
        array::<4>(frame, at).map(|bytes| Ipv4Addr::from(bytes).into())
    }
}

/// Writes bytes at a place, if the frame is long enough.
pub(super) fn put(frame: &mut [u8], at: usize, bytes: &[u8]) {
    let end = at.saturating_add(bytes.len());
    if let Some(place) = frame.get_mut(at..end) {
        place.copy_from_slice(bytes);
    }
}

/// Writes an address.
pub(super) fn put_address(frame: &mut [u8], at: usize, ip: IpAddr) {
    match ip {
        IpAddr::V4(ip) => put(frame, at, &ip.octets()),
        IpAddr::V6(ip) => put(frame, at, &ip.octets()),
    }
}

/// An address as the tables compare it: IPv4 as `::ffff:a.b.c.d`.
pub(super) fn mapped(ip: IpAddr) -> [u8; 16] {
    match ip {
        IpAddr::V4(ip) => ip.to_ipv6_mapped().octets(),
        IpAddr::V6(ip) => ip.octets(),
    }
}

/// A 32-bit ones'-complement sum from a longer one.
fn fold32(sum: u64) -> u32 {
    let once = (sum & 0xffff_ffff) + (sum >> 32);
    let twice = (once & 0xffff_ffff) + (once >> 32);
    u32::try_from(twice).unwrap_or(u32::MAX)
}

/// A 16-bit ones'-complement sum from a longer one.
pub(super) fn fold16(sum: u32) -> u16 {
    let once = (sum & 0xffff) + (sum >> 16);
    let twice = (once & 0xffff) + (once >> 16);
    u16::try_from(twice).unwrap_or(u16::MAX)
}

/// What to add to a checksum's sum when words become others (RFC 1624).
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Difference(u64);

impl Difference {
    /// A word becomes another.
    pub(super) fn word(self, old: u32, new: u32) -> Self {
        Self(self.0 + u64::from(!old) + u64::from(new))
    }

    /// A port, an id or another short number does.
    pub(super) fn short(self, old: u16, new: u16) -> Self {
        self.word(old.into(), new.into())
    }

    /// An address does, in its four or sixteen bytes.
    pub(super) fn address(self, old: IpAddr, new: IpAddr) -> Self {
        match (old, new) {
            (IpAddr::V4(old), IpAddr::V4(new)) => self.word(old.into(), new.into()),
            _ => words(old)
                .zip(words(new))
                .fold(self, |difference, words| difference.word(words.0, words.1)),
        }
    }

    /// Both changes.
    pub(super) fn and(self, other: Self) -> Self {
        Self(self.0 + other.0)
    }

    fn sum(self) -> u32 {
        fold32(self.0)
    }

    /// An IPv4 header's checksum after the change.
    pub(super) fn apply_ip(self, check: u16) -> u16 {
        !fold16(u32::from(!check) + u32::from(fold16(self.sum())))
    }

    /// A TCP, UDP or ICMP checksum after the change, as the kernel's `csum_replace_by_diff`.
    pub(super) fn apply(self, check: u16) -> u16 {
        !fold16(fold32(u64::from(self.sum()) + u64::from(!u32::from(check))))
    }
}

/// The four words of an address as the tables have it.
pub(super) fn words(ip: IpAddr) -> impl Iterator<Item = u32> {
    let number = u128::from_be_bytes(mapped(ip));
    [96, 64, 32, 0]
        .into_iter()
        .map(move |shift| u32::try_from((number >> shift) & 0xffff_ffff).unwrap_or_default())
}

/// The internet checksum of these bytes and a sum that goes before them.
pub(super) fn checksum(bytes: &[u8], before: u32) -> u16 {
    let pairs = bytes.chunks(2).map(|pair| match *pair {
        [high, low] => u32::from(u16::from_be_bytes([high, low])),
        [high] => u32::from(u16::from_be_bytes([high, 0])),
        _ => 0,
    });
    let sum = pairs.map(u64::from).sum::<u64>() + u64::from(before);
    !fold16(fold32(sum))
}

/// The sum of a pseudo header.
pub(super) fn pseudo(source: IpAddr, destination: IpAddr, protocol: u8, length: u16) -> u32 {
    // The mapping's constant part is left out: an IPv4 pseudo header has four bytes each.
    let halves = |ip: IpAddr| -> u64 {
        let all: u64 = words(ip)
            .map(|word| u64::from(word >> 16) + u64::from(word & 0xffff))
            .sum();
        if ip.is_ipv4() { all - 0xffff } else { all }
    };
    let sum = halves(source) + halves(destination) + u64::from(protocol) + u64::from(length);
    fold32(sum)
}
