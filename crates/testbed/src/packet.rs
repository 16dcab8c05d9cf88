//! Frames to forge and to read: thin names over `etherparse`, which does all checksums.

use std::net::{Ipv4Addr, SocketAddrV4};

use anyhow::Result;
use etherparse::icmpv4::DestUnreachableHeader;
use etherparse::{
    ArpEthIpv4Packet, ArpOperation, Icmpv4Type, NetSlice, PacketBuilder, PacketBuilderStep,
    SlicedPacket, TransportSlice, ip_number,
};

const TTL: u8 = 64;
const BROADCAST: [u8; 6] = [0xff; 6];

/// From which MAC address to which.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Macs {
    /// Source.
    pub from: [u8; 6],
    /// Destination.
    pub to: [u8; 6],
}

/// What to set in a TCP header.
#[derive(Debug, Clone, Copy, Default)]
pub struct Tcp {
    /// SYN flag.
    pub syn: bool,
    /// ACK flag and number.
    pub ack: Option<u32>,
    /// FIN flag.
    pub fin: bool,
    /// RST flag.
    pub rst: bool,
    /// Sequence number.
    pub sequence: u32,
}

/// A UDP frame.
pub fn udp(macs: Macs, from: SocketAddrV4, to: SocketAddrV4, payload: &[u8]) -> Result<Vec<u8>> {
    let step = ipv4(macs, *from.ip(), *to.ip()).udp(from.port(), to.port());
    let mut frame = Vec::with_capacity(step.size(payload.len()));
    step.write(&mut frame, payload)?;
    Ok(frame)
}

/// A TCP frame.
pub fn tcp(
    macs: Macs,
    from: SocketAddrV4,
    to: SocketAddrV4,
    header: Tcp,
    payload: &[u8],
) -> Result<Vec<u8>> {
    let mut step =
        ipv4(macs, *from.ip(), *to.ip()).tcp(from.port(), to.port(), header.sequence, 65_535);
    if header.syn {
        step = step.syn();
    }
    if let Some(number) = header.ack {
        step = step.ack(number);
    }
    if header.fin {
        step = step.fin();
    }
    if header.rst {
        step = step.rst();
    }
    let mut frame = Vec::with_capacity(step.size(payload.len()));
    step.write(&mut frame, payload)?;
    Ok(frame)
}

/// An ICMP echo request.
pub fn ping(macs: Macs, from: Ipv4Addr, to: Ipv4Addr, id: u16, sequence: u16) -> Result<Vec<u8>> {
    let step = ipv4(macs, from, to).icmpv4_echo_request(id, sequence);
    let mut frame = Vec::with_capacity(step.size(0));
    step.write(&mut frame, &[])?;
    Ok(frame)
}

/// An ICMP "destination unreachable" about `packet`, which starts at its IP header.
pub fn unreachable(
    macs: Macs,
    from: Ipv4Addr,
    to: Ipv4Addr,
    reason: DestUnreachableHeader,
    packet: &[u8],
) -> Result<Vec<u8>> {
    let step = ipv4(macs, from, to).icmpv4(Icmpv4Type::DestinationUnreachable(reason));
    let mut frame = Vec::with_capacity(step.size(packet.len()));
    step.write(&mut frame, packet)?;
    Ok(frame)
}

/// "Who has `wanted`? Tell `from`", broadcast. With `wanted == from` it is a gratuitous claim.
pub fn arp_request(mac: [u8; 6], from: Ipv4Addr, wanted: Ipv4Addr) -> Result<Vec<u8>> {
    let macs = Macs {
        from: mac,
        to: BROADCAST,
    };
    arp(macs, ArpOperation::REQUEST, (mac, from), ([0; 6], wanted))
}

/// "`claimed` is at `macs.from`", told to `to`.
pub fn arp_reply(macs: Macs, claimed: Ipv4Addr, to: Ipv4Addr) -> Result<Vec<u8>> {
    arp(
        macs,
        ArpOperation::REPLY,
        (macs.from, claimed),
        (macs.to, to),
    )
}

fn arp(
    macs: Macs,
    operation: ArpOperation,
    sender: ([u8; 6], Ipv4Addr),
    target: ([u8; 6], Ipv4Addr),
) -> Result<Vec<u8>> {
    let packet = ArpEthIpv4Packet {
        operation,
        sender_mac: sender.0,
        sender_ipv4: sender.1.octets(),
        target_mac: target.0,
        target_ipv4: target.1.octets(),
    };
    let step = PacketBuilder::ethernet2(macs.from, macs.to).arp(packet.into());
    let mut frame = Vec::with_capacity(step.size());
    step.write(&mut frame)?;
    Ok(frame)
}

fn ipv4(macs: Macs, from: Ipv4Addr, to: Ipv4Addr) -> PacketBuilderStep<etherparse::IpHeaders> {
    PacketBuilder::ethernet2(macs.from, macs.to).ipv4(from.octets(), to.octets(), TTL)
}

/// The parts of a received frame that tests ask about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// Source and port (0 without ports).
    pub from: SocketAddrV4,
    /// Destination and port.
    pub to: SocketAddrV4,
    /// IP protocol number.
    pub protocol: u8,
    /// What follows the transport header.
    pub payload: Vec<u8>,
}

/// Reads an IPv4 frame; `None` for anything else.
pub fn read(frame: &[u8]) -> Option<Seen> {
    let sliced = SlicedPacket::from_ethernet(frame).ok()?;
    let Some(NetSlice::Ipv4(ip)) = &sliced.net else {
        return None;
    };
    let header = ip.header();
    let (source, destination, payload) = match &sliced.transport {
        Some(TransportSlice::Udp(udp)) => {
            (udp.source_port(), udp.destination_port(), udp.payload())
        }
        Some(TransportSlice::Tcp(tcp)) => {
            (tcp.source_port(), tcp.destination_port(), tcp.payload())
        }
        Some(TransportSlice::Icmpv4(icmp)) => (0, 0, icmp.payload()),
        _ => (0, 0, ip.payload().payload),
    };
    Some(Seen {
        from: SocketAddrV4::new(header.source_addr(), source),
        to: SocketAddrV4::new(header.destination_addr(), destination),
        protocol: header.protocol().0,
        payload: payload.to_vec(),
    })
}

/// Whether a frame is UDP, by [`read`].
pub fn is_udp(seen: &Seen) -> bool {
    seen.protocol == ip_number::UDP.0
}
