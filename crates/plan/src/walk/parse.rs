//! What a frame is. The rules see no more of it than [`Packet`] says.

use core::net::{IpAddr, Ipv6Addr};

use model::verdict::Verdict;

use super::bytes::{address, byte, short};

/// Where an Ethernet header ends.
pub(super) const L3: usize = 14;
const ARP: u16 = 0x0806;
const IPV4: u16 = 0x0800;
const IPV6: u16 = 0x86dd;

/// ICMP.
pub(super) const ICMP: u8 = 1;
/// TCP.
pub(super) const TCP: u8 = 6;
/// UDP.
pub(super) const UDP: u8 = 17;
/// ICMPv6.
pub(super) const ICMP6: u8 = 58;

/// TCP flag.
pub(super) const FIN: u8 = 0x01;
/// TCP flag.
pub(super) const SYN: u8 = 0x02;
/// TCP flag.
pub(super) const RST: u8 = 0x04;
/// TCP flag.
pub(super) const ACK: u8 = 0x10;

/// A frame that is not refused as such.
#[derive(Clone, Copy, Debug)]
pub(super) enum Parsed {
    /// ARP.
    Arp,
    /// ICMPv6 to a multicast or link-local address, or about neighbours.
    Neighbour,
    /// A packet that rules are about.
    Packet(Packet),
}

/// An IP packet.
#[derive(Clone, Copy, Debug)]
pub(super) struct Packet {
    /// Whether it is IPv6.
    pub(super) six: bool,
    /// Where its IP header ends.
    pub(super) l4: usize,
    /// Who sent it, and to whom.
    pub(super) tuple: Tuple,
    /// IP protocol number.
    pub(super) protocol: u8,
    /// What rules look at: the destination port, or ICMP type and code.
    pub(super) selector: u16,
    /// Flags, of TCP.
    pub(super) flags: u8,
    /// What kind of ICMP message it is, if it is one.
    pub(super) icmp: Icmp,
}

/// Addresses, ports (or ICMP ids), and the rest of what tells flows apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tuple {
    /// Source address.
    pub saddr: IpAddr,
    /// Destination address.
    pub daddr: IpAddr,
    /// Source port, or the id of an ICMP request.
    pub sport: u16,
    /// Destination port, or the id of an ICMP reply.
    pub dport: u16,
    /// The IP protocol; of ICMP also the type (of a query the request's) and the code.
    pub word: u32,
}

impl Tuple {
    /// As the other side's packets have it.
    pub(super) fn reversed(self) -> Self {
        Self {
            saddr: self.daddr,
            daddr: self.saddr,
            sport: self.dport,
            dport: self.sport,
            word: self.word,
        }
    }
}

/// A kind of ICMP message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Icmp {
    /// Not ICMP.
    None,
    /// Asks for a reply.
    Request,
    /// Answers a request.
    Reply,
    /// Says that another packet did not arrive.
    Error,
    /// Any other.
    Other,
}

impl Icmp {
    /// Whether its id stands for ports.
    pub(super) fn is_query(self) -> bool {
        matches!(self, Self::Request | Self::Reply)
    }
}

/// What rules see of a packet: they know a protocol and a selector.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kind {
    /// IP protocol number.
    pub protocol: u8,
    /// Destination port, or ICMP type and code, or 0.
    pub selector: u16,
}

impl Kind {
    /// The same to another port; ICMP has none.
    pub(super) fn at_port(self, port: u16) -> Self {
        match self.protocol {
            TCP | UDP => Self {
                selector: port,
                ..self
            },
            _ => self,
        }
    }
}

impl Packet {
    /// What rules see of it.
    pub(super) fn kind(&self) -> Kind {
        Kind {
            protocol: self.protocol,
            selector: self.selector,
        }
    }

    /// Where the header of its transport ends, as far as it says so.
    pub(super) fn header_end(&self, frame: &[u8]) -> usize {
        if self.protocol == TCP {
            self.l4 + data_offset(frame, self.l4)
        } else {
            self.l4 + 8
        }
    }

    /// Whether it opens a TCP connection.
    pub(super) fn is_pure_syn(&self) -> bool {
        self.flags & (SYN | ACK) == SYN
    }
}

/// The length of a TCP header.
pub(super) fn data_offset(frame: &[u8], l4: usize) -> usize {
    usize::from(byte(frame, l4 + 12).unwrap_or_default() >> 4) * 4
}

/// The frame, or why it is refused.
pub(super) fn parse(frame: &[u8]) -> Result<Parsed, Verdict> {
    match short(frame, 12).ok_or(Verdict::Malformed)? {
        ARP => Ok(Parsed::Arp),
        IPV4 => ipv4(frame).ok_or(Verdict::Malformed)?,
        IPV6 => ipv6(frame).ok_or(Verdict::Malformed)?,
        _ => Err(Verdict::NotIp),
    }
}

/// `None`: too short, or options.
fn ipv4(frame: &[u8]) -> Option<Result<Parsed, Verdict>> {
    let daddr = address(frame, L3 + 16, false)?;
    if byte(frame, L3)? != 0x45 {
        return None;
    }
    if short(frame, L3 + 6)? & 0x3fff != 0 {
        return Some(Err(Verdict::Fragment));
    }
    let saddr = address(frame, L3 + 12, false)?;
    let protocol = byte(frame, L3 + 9)?;
    transport(frame, (saddr, daddr), protocol)
}

/// `None`: too short, or of another version.
fn ipv6(frame: &[u8]) -> Option<Result<Parsed, Verdict>> {
    let destination: [u8; 16] = super::bytes::array(frame, L3 + 24)?;
    let source: [u8; 16] = super::bytes::array(frame, L3 + 8)?;
    let (source, destination) = (Ipv6Addr::from(source), Ipv6Addr::from(destination));
    if byte(frame, L3)? >> 4 != 6 {
        return None;
    }
    // An IPv4 address in disguise is in no packet (RFC 4291, 2.5.5.2), and would be taken for it.
    if source.to_ipv4_mapped().is_some() || destination.to_ipv4_mapped().is_some() {
        return None;
    }
    let protocol = byte(frame, L3 + 6)?;
    match protocol {
        44 => return Some(Err(Verdict::Fragment)),
        0 | 43 | 51 | 60 | 135 => return Some(Err(Verdict::Extension)),
        _ => {}
    }
    let local = source.is_unicast_link_local() || destination.is_unicast_link_local();
    if local || destination.is_multicast() {
        return Some(if protocol == ICMP6 {
            Ok(Parsed::Neighbour)
        } else {
            Err(Verdict::LinkLocal)
        });
    }
    transport(frame, (source.into(), destination.into()), protocol)
}

/// What is the same in both families: `None` is too short, or ICMP of the other family.
fn transport(
    frame: &[u8],
    (saddr, daddr): (IpAddr, IpAddr),
    protocol: u8,
) -> Option<Result<Parsed, Verdict>> {
    let six = daddr.is_ipv6();
    let l4 = if six { L3 + 40 } else { L3 + 20 };
    let mut packet = Packet {
        six,
        l4,
        tuple: Tuple {
            saddr,
            daddr,
            sport: 0,
            dport: 0,
            word: protocol.into(),
        },
        protocol,
        selector: 0,
        flags: 0,
        icmp: Icmp::None,
    };
    match protocol {
        TCP | UDP => {
            let header = if protocol == TCP { 20 } else { 8 };
            frame.get(l4..l4 + header)?;
            packet.tuple.sport = short(frame, l4)?;
            packet.tuple.dport = short(frame, l4 + 2)?;
            packet.selector = packet.tuple.dport;
            if protocol == TCP {
                packet.flags = byte(frame, l4 + 13)?;
            }
        }
        ICMP | ICMP6 => {
            frame.get(l4..l4 + 8)?;
            if six != (protocol == ICMP6) {
                return None;
            }
            if six && (133..=137).contains(&byte(frame, l4)?) {
                return Some(Ok(Parsed::Neighbour));
            }
            packet.selector = short(frame, l4)?;
            let query = query(frame, l4, six)?;
            packet.icmp = query.icmp;
            packet.tuple.sport = query.sport;
            packet.tuple.dport = query.dport;
            packet.tuple.word = query.word;
        }
        _ => {}
    }
    Some(Ok(Parsed::Packet(packet)))
}

/// What tells ICMP flows apart.
#[derive(Clone, Copy, Debug)]
pub(super) struct Query {
    pub(super) icmp: Icmp,
    pub(super) sport: u16,
    pub(super) dport: u16,
    pub(super) word: u32,
}

/// An ICMP message's kind, and its id in the place of ports.
pub(super) fn query(frame: &[u8], l4: usize, six: bool) -> Option<Query> {
    let (kind, code) = (byte(frame, l4)?, byte(frame, l4 + 1)?);
    let id = short(frame, l4 + 4)?;
    let (icmp, class) = match (six, kind) {
        (false, 3 | 11 | 12) | (true, 1..=4) => (Icmp::Error, kind),
        (false, 8 | 13) | (true, 128) => (Icmp::Request, kind),
        (false, 0) => (Icmp::Reply, 8),
        (false, 14) => (Icmp::Reply, 13),
        (true, 129) => (Icmp::Reply, 128),
        _ => (Icmp::Other, kind),
    };
    let protocol = if six { ICMP6 } else { ICMP };
    let (sport, dport) = match icmp {
        Icmp::Request => (id, 0),
        Icmp::Reply => (0, id),
        Icmp::None | Icmp::Error | Icmp::Other => (0, 0),
    };
    Some(Query {
        icmp,
        sport,
        dport,
        word: u32::from(protocol) | u32::from(class) << 8 | u32::from(code) << 16,
    })
}
