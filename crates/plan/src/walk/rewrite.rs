//! Rewrite: a packet of a known flow becomes what its record says, and its checksums with it.

use core::net::IpAddr;

use super::bytes::{Difference, address, byte, put, put_address, short};
use super::flow::{FlowKind, Record};
use super::parse::{Icmp, L3, Packet, SYN, TCP, Tuple, UDP, data_offset};
use super::{GATEWAY_MAC, Host};

/// The MTU between ENIs, as IP bytes.
pub(super) const MTU: u16 = 8_500;

/// Where the places of a header's addresses and of its checksum are.
pub(super) struct Header {
    at: usize,
    six: bool,
}

impl Header {
    /// An IP header that begins here.
    pub(super) fn at(at: usize, six: bool) -> Self {
        Self { at, six }
    }

    fn places(&self) -> (usize, usize) {
        if self.six {
            (self.at + 8, self.at + 24)
        } else {
            (self.at + 12, self.at + 16)
        }
    }

    /// Its addresses.
    pub(super) fn addresses(&self, frame: &[u8]) -> Option<(IpAddr, IpAddr)> {
        let (source, destination) = self.places();
        let source = address(frame, source, self.six)?;
        Some((source, address(frame, destination, self.six)?))
    }

    /// Writes other addresses, and an IPv4 header's checksum. Says how sums change.
    pub(super) fn rewrite(&self, frame: &mut [u8], saddr: IpAddr, daddr: IpAddr) -> Difference {
        let Some((old_source, old_destination)) = self.addresses(frame) else {
            return Difference::default();
        };
        let difference = Difference::default()
            .address(old_source, saddr)
            .address(old_destination, daddr);
        let (source, destination) = self.places();
        put_address(frame, source, saddr);
        put_address(frame, destination, daddr);
        if !self.six {
            update(frame, self.at + 10, |check| difference.apply_ip(check));
        }
        difference
    }
}

/// Changes a short number in place.
pub(super) fn update(frame: &mut [u8], at: usize, change: impl Fn(u16) -> u16) {
    if let Some(old) = short(frame, at) {
        put(frame, at, &change(old).to_be_bytes());
    }
}

/// Sets who the frame is from and to.
pub(super) fn set_macs(frame: &mut [u8], to: [u8; 6]) {
    put(frame, 0, &to);
    put(frame, 6, &GATEWAY_MAC);
}

/// The packet as its receiver gets it.
pub(super) fn rewrite(frame: &mut [u8], packet: &Packet, record: &Record, host: &Host) {
    set_macs(frame, record.mac.0);
    clamp(frame, packet, record, host);
    if record.kind == FlowKind::Local {
        return;
    }
    let Tuple {
        saddr,
        daddr,
        sport,
        dport,
        ..
    } = record.tuple;
    let addresses = Header::at(L3, packet.six).rewrite(frame, saddr, daddr);
    let l4 = packet.l4;
    match packet.protocol {
        TCP | UDP => {
            let ports = Difference::default()
                .short(packet.tuple.sport, sport)
                .short(packet.tuple.dport, dport);
            put(frame, l4, &sport.to_be_bytes());
            put(frame, l4 + 2, &dport.to_be_bytes());
            let udp = packet.protocol == UDP;
            let at = if udp { l4 + 6 } else { l4 + 16 };
            for difference in [addresses, ports] {
                update(frame, at, |check| transport(difference, check, udp));
            }
        }
        _ if packet.icmp.is_query() => {
            let (old, new) = match packet.icmp {
                Icmp::Request => (packet.tuple.sport, sport),
                _ => (packet.tuple.dport, dport),
            };
            put(frame, l4 + 4, &new.to_be_bytes());
            // Only ICMPv6 sums a pseudo header.
            let before = if packet.six {
                addresses
            } else {
                Difference::default()
            };
            let difference = before.short(old, new);
            update(frame, l4 + 2, |check| difference.apply(check));
        }
        _ => {}
    }
}

/// A TCP or UDP checksum after a change. UDP without a checksum stays so, and a sum that comes
/// out as none is written the other way (RFC 768).
fn transport(difference: Difference, check: u16, udp: bool) -> u16 {
    if udp && check == 0 {
        return 0;
    }
    match difference.apply(check) {
        0 if udp => 0xffff,
        sum => sum,
    }
}

/// Nobody says "too big" in a VPC: whoever opens a TCP connection across an endpoint or the
/// uplink is told at once how much fits.
fn clamp(frame: &mut [u8], packet: &Packet, record: &Record, host: &Host) {
    let mtu = match record.kind {
        FlowKind::Local => return,
        FlowKind::Door => MTU,
        FlowKind::Out | FlowKind::Nat | FlowKind::In => match host.uplink {
            Some(uplink) => uplink.mtu,
            None => return,
        },
    };
    if packet.protocol != TCP || packet.flags & SYN == 0 {
        return;
    }
    let limit = mtu.saturating_sub(if packet.six { 60 } else { 40 });
    let Some(at) = segment_size(frame, packet.l4) else {
        return;
    };
    let Some(old) = short(frame, at).filter(|old| *old > limit) else {
        return;
    };
    put(frame, at, &limit.to_be_bytes());
    // At an odd place the halves are in other words of the sum.
    let (old, new) = if (at - packet.l4).is_multiple_of(2) {
        (old, limit)
    } else {
        (old.swap_bytes(), limit.swap_bytes())
    };
    let difference = Difference::default().short(old, new);
    update(frame, packet.l4 + 16, |check| difference.apply(check));
}

/// Where the value of the first MSS option is, if the whole option is in the header and frame.
fn segment_size(frame: &[u8], l4: usize) -> Option<usize> {
    let end = (l4 + data_offset(frame, l4)).min(frame.len());
    let mut at = l4 + 20;
    while at < end {
        match byte(frame, at)? {
            0 => return None,
            1 => at += 1,
            kind => {
                if at + 1 >= end {
                    return None;
                }
                let length = usize::from(byte(frame, at + 1)?);
                if kind == 2 && length == 4 {
                    return (at + 4 <= end).then_some(at + 2);
                }
                if length < 2 {
                    return None;
                }
                at += length;
            }
        }
    }
    None
}
