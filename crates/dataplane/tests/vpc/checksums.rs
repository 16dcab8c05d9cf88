//! Checksums after every translation. The kernel does not look at those of its own packets, so
//! every frame that arrives is summed here, and frames that are complete are sent besides.

use std::net::{IpAddr, SocketAddr};

use testbed::Netns;
use testbed::raw::{RawSender, Sniffer};

use super::frames::macs;
use super::lab::*;
use super::sockets::*;
use super::ways::*;
use super::{LIMIT, SILENCE};

const TCP: u8 = 6;
const UDP: u8 = 17;

/// The folded sum of 16-bit words.
fn sum(bytes: &[u8], before: u32) -> u16 {
    let word = |pair: &[u8]| {
        let low = pair.get(1).copied().unwrap_or_default();
        u32::from(u16::from_be_bytes([pair[0], low]))
    };
    let mut sum = bytes.chunks(2).map(word).sum::<u32>() + before;
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    sum as u16
}

/// Where an IP packet's parts are: its addresses, its protocol, and where its transport begins.
fn parts(packet: &[u8]) -> Option<(&[u8], u8, usize)> {
    match packet[0] >> 4 {
        4 => Some((&packet[12..20], packet[9], 20)),
        6 => Some((&packet[8..40], packet[6], 40)),
        _ => None,
    }
}

/// What is wrong with the checksums of a frame's packet.
fn wrong(frame: &[u8]) -> Option<String> {
    let packet = match frame[12..14] {
        [0x08, 0x00] | [0x86, 0xdd] => &frame[14..],
        _ => return None,
    };
    let (addresses, protocol, l4) = parts(packet)?;
    if l4 == 20 && sum(&packet[..20], 0) != 0xffff {
        return Some(format!("the IPv4 header: {packet:02x?}"));
    }
    let segment = &packet[l4..];
    let pseudo = sum(addresses, u32::from(protocol) + segment.len() as u32);
    let (at, pseudo) = match protocol {
        TCP => (16, pseudo),
        UDP => (6, pseudo),
        1 => (2, 0),
        58 => (2, pseudo),
        _ => return None,
    };
    let check = u16::from_be_bytes([segment[at], segment[at + 1]]);
    let whole = sum(segment, pseudo.into()) == 0xffff;
    // What a device is to complete begins with the pseudo header's.
    let begun = matches!(protocol, TCP | UDP) && check == pseudo;
    let none = protocol == UDP && l4 == 20 && check == 0;
    (!whole && !begun && !none).then(|| format!("protocol {protocol}: {packet:02x?}"))
}

/// A frame with complete checksums.
fn frame(from: Eni, source: SocketAddr, to: SocketAddr, protocol: u8, mut l4: Vec<u8>) -> Vec<u8> {
    let macs = macs(from);
    let mut out = [macs.to, macs.from].concat();
    l4[..2].copy_from_slice(&source.port().to_be_bytes());
    l4[2..4].copy_from_slice(&to.port().to_be_bytes());
    match (source.ip(), to.ip()) {
        (IpAddr::V4(from), IpAddr::V4(to)) => {
            let length = (20 + l4.len() as u16).to_be_bytes();
            out.extend([8, 0, 0x45, 0, length[0], length[1], 0, 0, 0x40, 0, 64]);
            out.extend([protocol, 0, 0]);
            out.extend(from.octets().into_iter().chain(to.octets()));
            let check = (!sum(&out[14..34], 0)).to_be_bytes();
            out[24..26].copy_from_slice(&check);
        }
        (IpAddr::V6(from), IpAddr::V6(to)) => {
            let length = (l4.len() as u16).to_be_bytes();
            out.extend([0x86, 0xdd, 0x60, 0, 0, 0, length[0], length[1]]);
            out.extend([protocol, 64]);
            out.extend(from.octets().into_iter().chain(to.octets()));
        }
        _ => unreachable!("one family"),
    }
    let (addresses, ..) = parts(&out[14..]).unwrap();
    let pseudo = sum(addresses, u32::from(protocol) + l4.len() as u32);
    let at = if protocol == TCP { 16 } else { 6 };
    let check = (!sum(&l4, pseudo.into())).to_be_bytes();
    l4[at..at + 2].copy_from_slice(&check);
    out.extend(l4);
    out
}

/// Complete frames from `from` to `to`, which leads to `at` in `ns`: a datagram, one without a
/// checksum, and a SYN whose segment size is too large and at an odd place.
fn complete(lab: &Vpc, from: Eni, to: SocketAddr, ns: &Netns, at: SocketAddr) {
    let own: SocketAddr = if to.is_ipv4() {
        from.at(7_000)
    } else {
        from.at6(7_000)
    };
    let sender = RawSender::open(lab.ns(from), "eth0").unwrap();
    let server = udp(ns, at);
    for payload in 0..4u8 {
        let datagram = [
            &[0, 0, 0, 0, 0, 8 + payload, 0, 0][..],
            &vec![7; payload.into()],
        ]
        .concat();
        let whole = frame(from, own, to, UDP, datagram);
        sender.send(&whole).unwrap();
        let mut buffer = [0; 8];
        let (length, _) = server.recv_from(&mut buffer).unwrap();
        assert_eq!(length, usize::from(payload));
        if to.is_ipv4() {
            let mut unsummed = whole.clone();
            unsummed[40..42].fill(0);
            sender.send(&unsummed).unwrap();
            server.recv_from(&mut buffer).unwrap();
        }
        if payload == 3 {
            // The receiver looks: it takes no other sum.
            let mut broken = whole;
            *broken.last_mut().unwrap() ^= 0x10;
            sender.send(&broken).unwrap();
            server.set_read_timeout(Some(SILENCE)).unwrap();
            server.recv_from(&mut buffer).unwrap_err();
        }
    }
    let _listener = listen(ns, at);
    let answers = Sniffer::start(lab.ns(from), "eth0").unwrap();
    let mut syn = vec![
        0,
        0,
        0,
        0,
        1,
        2,
        3,
        4,
        0,
        0,
        0,
        0,
        7 << 4,
        2,
        0xff,
        0xff,
        0,
        0,
        0,
        0,
    ];
    syn.extend([1, 2, 4, 0x23, 0x28, 1, 0, 0]);
    sender.send(&frame(from, own, to, TCP, syn)).unwrap();
    let answered = |frame: &[u8]| {
        let (_, protocol, l4) = parts(frame.get(14..)?)?;
        let flags = *frame.get(14 + l4 + 13)?;
        (protocol == TCP && flags == 0x12).then_some(())
    };
    answers
        .wait_for("the answer to a SYN", LIMIT, answered)
        .unwrap();
}

/// Sockets' own packets, of which devices would complete the checksums.
fn usual(from: &Netns, to: SocketAddr, ns: &Netns, at: SocketAddr) {
    for _ in 0..3 {
        let mut pair = connect(ns, at, from, to);
        pair.talk();
        send(ns, at, from, to).unwrap();
        let closed = dial(from, to);
        closed.send(b"nobody listens now").unwrap();
        closed.recv(&mut [0; 8]).unwrap_err();
    }
}

#[test]
fn every_translation_leaves_true_checksums() {
    if !testbed::usable() {
        return;
    }
    let lab = Vpc::with_internet(&[A1, T1]);
    lab.door(|_| ());
    let at6 = lab.door6();
    let sniffers = [
        Sniffer::start(lab.ns(A1), "eth0").unwrap(),
        Sniffer::start(lab.ns(T1), "eth0").unwrap(),
        Sniffer::start(lab.internet(), "ginnel0").unwrap(),
    ];
    let outside = SocketAddr::from((OUTSIDE, 80));
    let outside6 = SocketAddr::from((OUTSIDE6.parse::<IpAddr>().unwrap(), 80));
    let (a1, net) = (lab.ns(A1), lab.internet());
    for (to, at) in [(endpoint(), T1.at(SERVED)), (at6, T1.at6(SERVED))] {
        usual(a1, to, lab.ns(T1), at);
        complete(&lab, A1, to, lab.ns(T1), at);
    }
    lab.nat();
    usual(a1, outside, net, outside);
    complete(&lab, A1, outside, net, outside);
    assert!(ping(a1, OUTSIDE));
    lab.public();
    for to in [outside, outside6] {
        usual(a1, to, net, to);
        complete(&lab, A1, to, net, to);
        assert!(ping(a1, to.ip()));
    }
    usual(net, (PUBLIC, 80).into(), a1, A1.at(80));
    usual(net, A1.at6(80), a1, A1.at6(80));
    assert!(ping(net, PUBLIC) && ping(net, A1.ip6()));
    // Of each family and way to T1 and outside one that is broken on purpose.
    for (sniffer, broken) in sniffers.iter().zip([0, 2, 3]) {
        let frames = sniffer.frames();
        assert!(frames.len() > 20);
        let bad: Vec<String> = frames.iter().filter_map(|it| wrong(it)).collect();
        assert_eq!(bad.len(), broken, "of {}: {bad:#?}", frames.len());
    }
}
