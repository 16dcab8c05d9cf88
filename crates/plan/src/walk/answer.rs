//! What the fabric answers by itself: ARP, neighbour discovery, resets of unknown connections.

use alloc::vec::Vec;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use model::verdict::Verdict;

use super::bytes::{address, array, byte, checksum, long, pseudo, put, put_address, short};
use super::flow::payload;
use super::parse::{ACK, FIN, ICMP6, L3, Packet, RST, SYN, TCP};
use super::{Fabric, Fate, GATEWAY_MAC, Link};

/// Every address is behind the gateway's MAC address: a VPC is an L3 network.
pub(super) fn arp(fabric: &Fabric<'_>, link: Link, frame: &[u8]) -> Result<Fate, Verdict> {
    const END: usize = L3 + 28;
    const REQUEST: u16 = 1;
    frame.get(..END).ok_or(Verdict::Malformed)?;
    let ip = |at| match address(frame, at, false) {
        Some(IpAddr::V4(ip)) => ip,
        _ => Ipv4Addr::UNSPECIFIED,
    };
    let sender = match link {
        Link::Eni(slot) => Some((slot, fabric.eni(slot).ok_or(Verdict::NoEni)?)),
        Link::Uplink => None,
    };
    // Ethernet, IPv4, and the lengths of their addresses.
    if array::<6>(frame, L3) != Some([0, 1, 8, 0, 6, 4]) {
        return Err(Verdict::Malformed);
    }
    let (from, asked) = (ip(L3 + 14), ip(L3 + 24));
    if let Some((slot, eni)) = sender {
        let macs = [array::<6>(frame, 6), array::<6>(frame, L3 + 8)];
        let own = |ip: Ipv4Addr| fabric.owns(slot, eni, ip.into());
        if macs != [Some(eni.mac.0); 2] || !(from.is_unspecified() || own(from)) {
            return Err(Verdict::SpoofedArp);
        }
        // Its own address: duplicate detection or an announcement. Nobody else has it.
        if own(asked) {
            return Ok(Fate::Swallow);
        }
    } else if asked.is_unspecified() {
        return Ok(Fate::Swallow);
    }
    if short(frame, L3 + 6) != Some(REQUEST) {
        return Ok(Fate::Swallow);
    }
    let mut answer = frame.to_vec();
    let sender: [u8; 10] = array(frame, L3 + 8).unwrap_or_default();
    put(&mut answer, L3 + 6, &[0, 2]);
    put(&mut answer, L3 + 8, &GATEWAY_MAC);
    put(&mut answer, L3 + 14, &asked.octets());
    put(&mut answer, L3 + 18, &sender);
    turn(&mut answer);
    Ok(Fate::Answer { frame: answer })
}

/// Back to where the frame came from, from the gateway.
fn turn(frame: &mut [u8]) {
    let from: [u8; 6] = array(frame, 6).unwrap_or_default();
    put(frame, 0, &from);
    put(frame, 6, &GATEWAY_MAC);
}

/// The same for IPv6: a solicitation is answered, nothing else of its kind goes anywhere.
pub(super) fn neighbour(fabric: &Fabric<'_>, link: Link, frame: &[u8]) -> Result<Fate, Verdict> {
    const L4: usize = L3 + 40;
    const SOLICITATION: [u8; 2] = [135, 0];
    let v6 = |at| match address(frame, at, true) {
        Some(IpAddr::V6(ip)) => ip,
        _ => Ipv6Addr::UNSPECIFIED,
    };
    let whole = frame.len() >= L4 + 24;
    let asks = array::<2>(frame, L4) == Some(SOLICITATION) && byte(frame, L3 + 7) == Some(255);
    if !whole || !asks {
        return Err(Verdict::LinkLocal);
    }
    let (from, target) = (v6(L3 + 8), v6(L4 + 8));
    match link {
        Link::Eni(slot) => {
            let eni = fabric.eni(slot).ok_or(Verdict::NoEni)?;
            if array::<6>(frame, 6) != Some(eni.mac.0) {
                return Err(Verdict::SpoofedArp);
            }
            // Duplicate detection.
            if from.is_unspecified() {
                return Ok(Fate::Swallow);
            }
            let own = |ip: Ipv6Addr| fabric.owns(slot, eni, ip.into());
            if !from.is_unicast_link_local() && !own(from) {
                return Err(Verdict::SpoofedArp);
            }
            if own(target) {
                return Ok(Fate::Swallow);
            }
        }
        Link::Uplink => {
            if from.is_unspecified() {
                return Ok(Fate::Swallow);
            }
        }
    }
    let mut answer = frame.to_vec();
    answer.resize(L4 + 32, 0);
    turn(&mut answer);
    put(&mut answer, L3 + 4, &[0, 32, ICMP6, 255]);
    put_address(&mut answer, L3 + 8, target.into());
    put_address(&mut answer, L3 + 24, from.into());
    // Advertisement: solicited, override.
    put(&mut answer, L4, &[136, 0, 0, 0, 0x60, 0, 0, 0]);
    put_address(&mut answer, L4 + 8, target.into());
    put(&mut answer, L4 + 24, &[2, 1]);
    put(&mut answer, L4 + 26, &GATEWAY_MAC);
    let before = pseudo(target.into(), from.into(), ICMP6, 32);
    let sum = checksum(answer.get(L4..).unwrap_or_default(), before);
    put(&mut answer, L4 + 2, &sum.to_be_bytes());
    Ok(Fate::Answer { frame: answer })
}

/// RFC 9293 3.10.7.1: a segment of no known connection is answered with a reset; a reset with
/// nothing.
pub(super) fn reset(frame: &[u8], packet: &Packet) -> Option<Vec<u8>> {
    let l4 = packet.l4;
    if packet.protocol != TCP || packet.flags & RST != 0 {
        return None;
    }
    let mut length = payload(frame, packet);
    for flag in [SYN, FIN] {
        length = length.wrapping_add(u32::from(packet.flags & flag != 0));
    }
    let (sequence, acknowledged) = (long(frame, l4 + 4)?, long(frame, l4 + 8)?);
    let (sequence, acknowledged, flags) = if packet.flags & ACK != 0 {
        (acknowledged, 0, RST)
    } else {
        (0, sequence.wrapping_add(length), RST | ACK)
    };
    let (saddr, daddr) = (packet.tuple.saddr, packet.tuple.daddr);

    let mut answer = frame.get(..l4 + 20)?.to_vec();
    let (to, from) = (array::<6>(frame, 6)?, array::<6>(frame, 0)?);
    put(&mut answer, 0, &to);
    put(&mut answer, 6, &from);
    if packet.six {
        put(&mut answer, L3, &[0x60, 0, 0, 0, 0, 20, TCP, 64]);
        put_address(&mut answer, L3 + 8, daddr);
        put_address(&mut answer, L3 + 24, saddr);
    } else {
        put(&mut answer, L3 + 1, &[0, 0, 40]);
        put(&mut answer, L3 + 8, &[64, TCP, 0, 0]);
        put_address(&mut answer, L3 + 12, daddr);
        put_address(&mut answer, L3 + 16, saddr);
        let sum = checksum(answer.get(L3..l4)?, 0);
        put(&mut answer, L3 + 10, &sum.to_be_bytes());
    }
    put(&mut answer, l4, &packet.tuple.dport.to_be_bytes());
    put(&mut answer, l4 + 2, &packet.tuple.sport.to_be_bytes());
    put(&mut answer, l4 + 4, &sequence.to_be_bytes());
    put(&mut answer, l4 + 8, &acknowledged.to_be_bytes());
    // The header's length, flags, no window, no sum yet, nothing urgent.
    put(&mut answer, l4 + 12, &[5 << 4, flags, 0, 0, 0, 0, 0, 0]);
    let before = pseudo(daddr, saddr, TCP, 20);
    let sum = checksum(answer.get(l4..)?, before);
    put(&mut answer, l4 + 16, &sum.to_be_bytes());
    Some(answer)
}
