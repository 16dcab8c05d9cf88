//! What the fabric answers by itself.

use alloc::vec::Vec;

use etherparse::PacketHeaders;
use model::host::EniSlot;
use model::verdict::Verdict;

use super::lab::{CLIENT, FAR, Load, check_sums, document, frame, host, ip, mac};
use super::ways::ends;
use crate::walk::{Fate, GATEWAY_MAC, Link, Walker};

#[test]
fn resets_of_both_families_acknowledge_what_came() {
    let lab = document();
    for (source, destination, length) in [
        ("10.0.1.10", "10.0.2.100", 54),
        ("fd00:1::a", "fd00:1::100", 74),
    ] {
        // A FIN of an unknown connection without ACK: 7 bytes and the FIN.
        let fin = frame(
            CLIENT,
            (source, destination),
            (4_000, 80),
            Load::Tcp(1, 100, 0),
        );
        let outcome = Walker::new(&lab, host()).walk(CLIENT, &fin, None);
        let Fate::Answer { frame: reset } = outcome.fate else {
            panic!("{:?}", outcome.fate);
        };
        assert_eq!(reset.len(), length);
        check_sums(&reset);
        let (from, to, sport, dport) = ends(&reset);
        assert_eq!(
            (&*from, &*to, sport, dport),
            (destination, source, 80, 4_000)
        );
        let parsed = PacketHeaders::from_ethernet_slice(&reset).unwrap();
        let tcp = parsed.transport.unwrap().tcp().unwrap();
        assert!(tcp.rst && tcp.ack);
        assert_eq!((tcp.sequence_number, tcp.acknowledgment_number), (0, 108));
    }
}

fn arp(from: Link, sender: [u8; 4], target: [u8; 4]) -> Vec<u8> {
    let mut frame = Vec::from([0xff; 6]);
    frame.extend(mac(from).0);
    frame.extend([8, 6, 0, 1, 8, 0, 6, 4, 0, 1]);
    frame.extend(mac(from).0);
    frame.extend(sender);
    frame.extend([0; 6]);
    frame.extend(target);
    frame
}

#[test]
fn every_address_is_the_gateways() {
    let lab = document();
    let walk = |from, frame: &[u8]| Walker::new(&lab, host()).walk(from, frame, None);
    let (own, other) = ([10, 0, 1, 10], [10, 0, 1, 1]);
    for from in [CLIENT, Link::Uplink] {
        let asked = arp(from, own, other);
        let Fate::Answer { frame } = walk(from, &asked).fate else {
            panic!()
        };
        let mut wanted = Vec::from(mac(from).0);
        wanted.extend(GATEWAY_MAC);
        wanted.extend([8, 6, 0, 1, 8, 0, 6, 4, 0, 2]);
        wanted.extend(GATEWAY_MAC);
        wanted.extend(other);
        wanted.extend(mac(from).0);
        wanted.extend(own);
        assert_eq!(frame, wanted);
    }
    let swallowed = |from, frame: &[u8]| {
        let outcome = walk(from, frame);
        assert_eq!((outcome.verdict, outcome.fate), (None, Fate::Swallow));
    };
    swallowed(CLIENT, &arp(CLIENT, [0; 4], own));
    swallowed(Link::Uplink, &arp(Link::Uplink, own, [0; 4]));
    let mut reply = arp(CLIENT, own, other);
    reply[21] = 2;
    swallowed(CLIENT, &reply);
    let spoofed = [arp(CLIENT, [10, 0, 1, 11], other), arp(FAR, own, other)];
    for frame in spoofed {
        assert_eq!(walk(CLIENT, &frame).verdict, Some(Verdict::SpoofedArp));
    }
    let mut odd = arp(CLIENT, own, other);
    odd[15] = 6;
    assert_eq!(walk(CLIENT, &odd).verdict, Some(Verdict::Malformed));
    assert_eq!(walk(CLIENT, &odd[..41]).verdict, Some(Verdict::Malformed));
    let nobody = Link::Eni(EniSlot(9));
    assert_eq!(
        walk(nobody, &arp(nobody, own, other)).verdict,
        Some(Verdict::NoEni)
    );
}

/// Who has `target`? From `source`.
fn solicitation(from: Link, source: &str, target: &str) -> Vec<u8> {
    let (core::net::IpAddr::V6(source), core::net::IpAddr::V6(target)) = (ip(source), ip(target))
    else {
        unreachable!()
    };
    let mut frame = Vec::from([0x33, 0x33, 0xff, 0, 0, 1]);
    frame.extend(mac(from).0);
    frame.extend([0x86, 0xdd, 0x60, 0, 0, 0, 0, 32, 58, 255]);
    frame.extend(source.octets());
    frame.extend([0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xff, 0, 0, 1]);
    frame.extend([135, 0, 0, 0, 0, 0, 0, 0]);
    frame.extend(target.octets());
    frame.extend([1, 1]);
    frame.extend(mac(from).0);
    frame
}

#[test]
fn neighbours_are_the_gateway_too() {
    let lab = document();
    let walk = |from, frame: &[u8]| Walker::new(&lab, host()).walk(from, frame, None);
    for (from, source) in [
        (CLIENT, "fd00:1::a"),
        (CLIENT, "fe80::1"),
        (Link::Uplink, "2001:db8::1"),
    ] {
        let Fate::Answer { frame } = walk(from, &solicitation(from, source, "fd00:1::1")).fate
        else {
            panic!()
        };
        check_sums(&frame);
        assert_eq!(frame.len(), 86);
        assert_eq!(frame[..6], mac(from).0);
        assert_eq!(frame[6..12], GATEWAY_MAC);
        assert_eq!(frame[54..56], [136, 0]);
        assert_eq!(frame[58..62], [0x60, 0, 0, 0]);
        assert_eq!(frame[22..38], frame[62..78], "the target says it");
        assert_eq!(frame[78..80], [2, 1]);
        assert_eq!(frame[80..], GATEWAY_MAC);
    }
    let verdict = |frame: &[u8]| walk(CLIENT, frame).verdict;
    let other = solicitation(CLIENT, "fd00:1::b", "fd00:1::1");
    assert_eq!(verdict(&other), Some(Verdict::SpoofedArp));
    let other = solicitation(FAR, "fe80::1", "fd00:1::1");
    assert_eq!(verdict(&other), Some(Verdict::SpoofedArp));
    for (source, target) in [("::", "fd00:1::b"), ("fd00:1::a", "fd00:1::a")] {
        let outcome = walk(CLIENT, &solicitation(CLIENT, source, target));
        assert_eq!((outcome.verdict, outcome.fate), (None, Fate::Swallow));
    }
    let asked = solicitation(CLIENT, "fd00:1::a", "fd00:1::1");
    for (at, byte) in [
        (54, 133),
        (54, 134),
        (54, 136),
        (54, 137),
        (55, 1),
        (21, 64),
    ] {
        let mut frame = asked.clone();
        frame[at] = byte;
        assert_eq!(verdict(&frame), Some(Verdict::LinkLocal), "{at}");
    }
    assert_eq!(verdict(&asked[..77]), Some(Verdict::LinkLocal));
    // To one address alone.
    let mut alone = asked.clone();
    let core::net::IpAddr::V6(gateway) = ip("fd00:1::1") else {
        unreachable!()
    };
    alone[38..54].copy_from_slice(&gateway.octets());
    assert!(matches!(walk(CLIENT, &alone).fate, Fate::Answer { .. }));
}
