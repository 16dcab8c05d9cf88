//! Random frames: honest ones, answers to what was forwarded, ICMP errors about it, and noise.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use etherparse::{
    IcmpEchoHeader, Icmpv4Type, Icmpv6Type, PacketBuilder, PacketBuilderStep, TcpHeader, icmpv4,
    icmpv6,
};
use model::host::{Document, EniSlot, GateSlot};
use plan::walk::{GATEWAY_MAC, Gso, Link};
use rand::RngExt as _;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom as _;

use crate::lab::UPLINK_MAC;
use crate::tables::{PORTS, door, mac};

/// Remembered frames, for answers and errors.
const MEMORY: usize = 400;

/// A stream of frames.
#[derive(Default)]
pub(crate) struct Traffic {
    /// What was delivered, and to whom.
    seen: Vec<(Link, Vec<u8>)>,
    /// What was sent.
    sent: Vec<(Link, Vec<u8>)>,
}

type Frame = (Link, Vec<u8>, Option<Gso>);

fn chance(rng: &mut StdRng, percent: u32) -> bool {
    rng.random_range(0..100) < percent
}

impl Traffic {
    /// A frame was delivered.
    pub(crate) fn saw(&mut self, rng: &mut StdRng, to: Link, frame: &[u8]) {
        remember(rng, &mut self.seen, (to, frame.to_vec()));
    }

    pub(crate) fn next(&mut self, rng: &mut StdRng, document: &Document) -> Frame {
        let (from, mut frame) = match rng.random_range(0..100) {
            0..=29 => fresh(rng, document),
            30..=59 => self.answer(rng).unwrap_or_else(|| fresh(rng, document)),
            60..=79 => self.again(rng).unwrap_or_else(|| fresh(rng, document)),
            80..=87 => self.error(rng).unwrap_or_else(|| fresh(rng, document)),
            88..=93 => neighbours(rng, document),
            _ => (any_link(rng, document), noise(rng)),
        };
        if chance(rng, 8) {
            mutate(rng, &mut frame);
        }
        // A test run takes a whole IP header, and about a page.
        frame.resize(frame.len().max(14), 0);
        let least = match frame.get(12..14) {
            Some([0x08, 0x00]) => 34,
            Some([0x86, 0xdd]) => 54,
            _ => 15,
        };
        frame.resize(frame.len().clamp(least, 3_000), 0);
        remember(rng, &mut self.sent, (from, frame.clone()));
        let gso = chance(rng, 6).then(|| Gso {
            size: *[200, 1_400, 8_440, 8_470].choose(rng).unwrap(),
            segments: rng.random_range(1..6),
        });
        (from, frame, gso)
    }

    /// The receiver answers.
    fn answer(&self, rng: &mut StdRng) -> Option<(Link, Vec<u8>)> {
        let (link, frame) = self.seen.choose(rng)?;
        let mut frame = frame.clone();
        for at in 0..6 {
            frame.swap(at, at + 6);
        }
        let (addresses, size, l4) = places(&frame)?;
        for at in addresses..addresses + size {
            frame.swap(at, at + size);
        }
        let protocol = *frame.get(if size == 4 { 23 } else { 20 })?;
        match protocol {
            6 | 17 => {
                frame.get(l4 + 3)?;
                frame.swap(l4, l4 + 2);
                frame.swap(l4 + 1, l4 + 3);
                if protocol == 6 {
                    *frame.get_mut(l4 + 13)? = flags(rng);
                }
            }
            1 | 58 => {
                let kind = frame.get_mut(l4)?;
                *kind = match *kind {
                    8 => 0,
                    13 => 14,
                    128 => 129,
                    other => other,
                };
            }
            _ => {}
        }
        Some((*link, frame))
    }

    /// Who sent before sends again.
    fn again(&self, rng: &mut StdRng) -> Option<(Link, Vec<u8>)> {
        let (link, frame) = self.sent.choose(rng)?;
        let mut frame = frame.clone();
        if let Some((_, size, l4)) = places(&frame)
            && frame.get(if size == 4 { 23 } else { 20 }) == Some(&6)
            && let Some(place) = frame.get_mut(l4 + 13)
        {
            *place = flags(rng);
        }
        Some((*link, frame))
    }

    /// The receiver complains, or a hop before it.
    fn error(&self, rng: &mut StdRng) -> Option<(Link, Vec<u8>)> {
        let (link, about) = self.seen.choose(rng)?;
        let (_, size, _) = places(about)?;
        let take = rng.random_range(20..120).min(about.len() - 14);
        let inner = about.get(14..14 + take)?;
        let mine = address(about, size, 1)?;
        let other = address(about, size, 0)?;
        let mine = if chance(rng, 15) {
            any_address(rng)
        } else {
            mine
        };
        let from = mac_of(*link);
        let builder = PacketBuilder::ethernet2(from, GATEWAY_MAC);
        let mut out = Vec::new();
        match (mine, other) {
            (IpAddr::V4(mine), IpAddr::V4(other)) => {
                let kind = match rng.random_range(0..4) {
                    0 => Icmpv4Type::TimeExceeded(icmpv4::TimeExceededCode::TtlExceededInTransit),
                    1 => Icmpv4Type::DestinationUnreachable(
                        icmpv4::DestUnreachableHeader::FragmentationNeeded {
                            next_hop_mtu: 1_400,
                        },
                    ),
                    _ => Icmpv4Type::DestinationUnreachable(icmpv4::DestUnreachableHeader::Port),
                };
                let step = builder.ipv4(mine.octets(), other.octets(), 64).icmpv4(kind);
                step.write(&mut out, inner).ok()?;
            }
            (IpAddr::V6(mine), IpAddr::V6(other)) => {
                let kind = if chance(rng, 50) {
                    Icmpv6Type::PacketTooBig { mtu: 1_400 }
                } else {
                    Icmpv6Type::DestinationUnreachable(icmpv6::DestUnreachableCode::Port)
                };
                let step = builder.ipv6(mine.octets(), other.octets(), 64).icmpv6(kind);
                step.write(&mut out, inner).ok()?;
            }
            _ => return None,
        }
        Some((*link, out))
    }
}

fn remember(rng: &mut StdRng, memory: &mut Vec<(Link, Vec<u8>)>, one: (Link, Vec<u8>)) {
    if memory.len() < MEMORY {
        memory.push(one);
    } else {
        let at = rng.random_range(0..MEMORY);
        memory[at] = one;
    }
}

/// Where the addresses are, how long one is, and where the transport header is.
fn places(frame: &[u8]) -> Option<(usize, usize, usize)> {
    match frame.get(12..15)? {
        [0x08, 0x00, 0x45] if frame.len() >= 34 => Some((26, 4, 34)),
        [0x86, 0xdd, version] if version >> 4 == 6 && frame.len() >= 54 => Some((22, 16, 54)),
        _ => None,
    }
}

fn address(frame: &[u8], size: usize, which: usize) -> Option<IpAddr> {
    let first = if size == 4 { 26 } else { 22 } + which * size;
    let bytes = frame.get(first..first + size)?;
    Some(if size == 4 {
        <[u8; 4]>::try_from(bytes).ok()?.into()
    } else {
        <[u8; 16]>::try_from(bytes).ok()?.into()
    })
}

fn mac_of(link: Link) -> [u8; 6] {
    match link {
        Link::Eni(slot) => mac(slot).0,
        Link::Uplink => UPLINK_MAC.0,
    }
}

fn any_link(rng: &mut StdRng, document: &Document) -> Link {
    if chance(rng, 12) {
        return Link::Uplink;
    }
    let slots: Vec<EniSlot> = document.interfaces.keys().copied().collect();
    Link::Eni(*slots.choose(rng).unwrap())
}

fn flags(rng: &mut StdRng) -> u8 {
    *[
        0x02,
        0x12,
        0x10,
        0x10,
        0x18,
        0x11,
        0x11,
        0x04,
        0x14,
        0x01,
        rng.random(),
    ]
    .choose(rng)
    .unwrap()
}

fn any_address(rng: &mut StdRng) -> IpAddr {
    let bytes: [u8; 2] = rng.random();
    if chance(rng, 70) {
        Ipv4Addr::new(203, 0, 113, bytes[0] % 8).into()
    } else {
        Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, u16::from(bytes[1] % 8)).into()
    }
}

/// Somebody's address, of the family of the sender's.
fn somewhere(rng: &mut StdRng, document: &Document, v6: bool) -> IpAddr {
    let enis = document.interfaces.values();
    let mut all: Vec<IpAddr> = enis
        .flat_map(|eni| std::iter::once(eni.address.ip).chain(eni.more.clone()))
        .collect();
    all.extend(document.tables.gates.values().map(|gate| gate.address.ip));
    all.extend((1..=4).map(|slot| door(GateSlot(slot)).ip));
    all.extend(document.tables.publics.keys().copied());
    for _ in 0..6 {
        all.push(any_address(rng));
    }
    all.retain(|ip| ip.is_ipv6() == v6);
    *all.choose(rng).unwrap_or(&IpAddr::V4(Ipv4Addr::BROADCAST))
}

/// A packet that somebody means.
fn fresh(rng: &mut StdRng, document: &Document) -> (Link, Vec<u8>) {
    let link = any_link(rng, document);
    let source = match link {
        Link::Uplink => any_address(rng),
        Link::Eni(slot) => {
            let eni = &document.interfaces[&slot];
            let own: Vec<IpAddr> = std::iter::once(eni.address.ip)
                .chain(eni.more.clone())
                .collect();
            if chance(rng, 6) {
                any_address(rng)
            } else {
                *own.choose(rng).unwrap()
            }
        }
    };
    let to = match link {
        Link::Uplink if chance(rng, 80) => {
            let publics: Vec<IpAddr> = document.tables.publics.keys().copied().collect();
            let same = publics.iter().filter(|ip| ip.is_ipv6() == source.is_ipv6());
            let same: Vec<IpAddr> = same.copied().collect();
            same.choose(rng).copied()
        }
        _ => None,
    };
    let to = to.unwrap_or_else(|| somewhere(rng, document, source.is_ipv6()));
    let from_mac = if chance(rng, 97) {
        mac_of(link)
    } else {
        [2, 9, 9, 9, 9, 9]
    };
    let builder = PacketBuilder::ethernet2(from_mac, GATEWAY_MAC);
    let frame = match (source, to) {
        (IpAddr::V4(source), IpAddr::V4(to)) => {
            transport(rng, builder.ipv4(source.octets(), to.octets(), 64), false)
        }
        (IpAddr::V6(source), IpAddr::V6(to)) => {
            transport(rng, builder.ipv6(source.octets(), to.octets(), 64), true)
        }
        _ => noise(rng),
    };
    (link, frame)
}

fn transport(
    rng: &mut StdRng,
    builder: PacketBuilderStep<etherparse::IpHeaders>,
    v6: bool,
) -> Vec<u8> {
    let payload: Vec<u8> = (0..rng.random_range(0..60)).map(|_| rng.random()).collect();
    let source = 40_000 + rng.random_range(0..6);
    let port = *PORTS.choose(rng).unwrap();
    let echo = IcmpEchoHeader {
        id: rng.random_range(0..4),
        seq: 1,
    };
    let mut out = Vec::new();
    match rng.random_range(0..10) {
        0..=4 => {
            let mut header = TcpHeader::new(source, port, rng.random(), 64_000);
            header.syn = chance(rng, 75);
            header.ack = !header.syn || chance(rng, 10);
            header.acknowledgment_number = rng.random_range(0..4);
            if header.syn && chance(rng, 70) {
                let mss = *[536, 1_440, 8_430, 8_450, 9_000].choose(rng).unwrap();
                let [high, low] = u16::to_be_bytes(mss);
                let mut options = vec![2, 4, high, low];
                // At an odd place, too.
                if chance(rng, 40) {
                    options.insert(0, 1);
                }
                header.set_options_raw(&options).unwrap();
            }
            builder
                .tcp_header(header)
                .write(&mut out, &payload)
                .unwrap();
        }
        5..=7 => builder.udp(source, port).write(&mut out, &payload).unwrap(),
        8 if v6 => builder
            .icmpv6(Icmpv6Type::EchoRequest(echo))
            .write(&mut out, &payload)
            .unwrap(),
        8 => builder
            .icmpv4(Icmpv4Type::EchoRequest(echo))
            .write(&mut out, &payload)
            .unwrap(),
        _ => {
            let number = *[47, 50, 132, 1, 58].choose(rng).unwrap();
            builder
                .write(&mut out, etherparse::IpNumber(number), &payload)
                .unwrap();
        }
    }
    out
}

/// ARP and neighbour discovery.
fn neighbours(rng: &mut StdRng, document: &Document) -> (Link, Vec<u8>) {
    let link = any_link(rng, document);
    let own = mac_of(link);
    let v6 = chance(rng, 50);
    let asked = somewhere(rng, document, v6);
    let source = match link {
        Link::Eni(slot) if chance(rng, 85) => {
            let eni = &document.interfaces[&slot];
            let mut own = std::iter::once(eni.address.ip).chain(eni.more.clone());
            own.find(|ip| ip.is_ipv6() == v6)
        }
        _ => None,
    };
    let frame = match asked {
        IpAddr::V4(asked) => {
            let source = match source {
                Some(IpAddr::V4(source)) => source,
                _ if chance(rng, 50) => Ipv4Addr::UNSPECIFIED,
                _ => Ipv4Addr::new(10, 0, 0, 99),
            };
            let mut frame = vec![0xff; 6];
            frame.extend(own);
            frame.extend([8, 6, 0, 1, 8, 0, 6, 4, 0]);
            frame.push(if chance(rng, 90) { 1 } else { 2 });
            frame.extend(own);
            frame.extend(source.octets());
            frame.extend([0; 6]);
            frame.extend(asked.octets());
            frame
        }
        IpAddr::V6(asked) => {
            let source = match source {
                Some(IpAddr::V6(source)) => source,
                _ if chance(rng, 50) => Ipv6Addr::UNSPECIFIED,
                _ => Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 7),
            };
            let to = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 1, 0xff00, 1);
            let mut body = vec![0; 4];
            body.extend(asked.octets());
            body.extend([1, 1]);
            body.extend(own);
            let hops = if chance(rng, 90) { 255 } else { 64 };
            let builder = PacketBuilder::ethernet2(own, [0x33, 0x33, 0, 0, 0, 1]);
            let mut out = Vec::new();
            let raw = Icmpv6Type::Unknown {
                type_u8: if chance(rng, 85) { 135 } else { 133 },
                code_u8: 0,
                bytes5to8: [0; 4],
            };
            builder
                .ipv6(source.octets(), to.octets(), hops)
                .icmpv6(raw)
                .write(&mut out, &body[4..])
                .unwrap();
            out
        }
    };
    (link, frame)
}

fn noise(rng: &mut StdRng) -> Vec<u8> {
    let length = rng.random_range(14..120);
    let mut frame: Vec<u8> = (0..length).map(|_| rng.random()).collect();
    let kind: [u8; 2] = *[[8, 0], [0x86, 0xdd], [8, 6], [0x81, 0], rng.random()]
        .choose(rng)
        .unwrap();
    frame[12..14].copy_from_slice(&kind);
    frame
}

fn mutate(rng: &mut StdRng, frame: &mut Vec<u8>) {
    if chance(rng, 30) {
        let keep = rng.random_range(0..=frame.len());
        frame.truncate(keep.max(1));
    }
    for _ in 0..rng.random_range(1..4) {
        let at = rng.random_range(0..frame.len());
        frame[at] = rng.random();
    }
}
