//! Every way there and back, and what becomes of packets on it.

use alloc::string::ToString as _;
use alloc::vec::Vec;

use etherparse::{NetHeaders, PacketHeaders, TransportHeader};
use model::host::GateSlot;
use model::verdict::Verdict;

use super::lab::{
    ACK, CLIENT, FAR, FIN_ACK, Load, RST, SYN, SYN_ACK, TARGET, TCP_SYN, check_sums, document,
    error, forwarded, frame, host, ip, mac, send,
};
use crate::walk::{FlowKind, GATEWAY_MAC, Gso, Link, Side, Walker};

/// A packet, there and back.
pub(super) struct Way {
    pub(super) kind: FlowKind,
    pub(super) from: Link,
    pub(super) ends: (&'static str, &'static str),
    pub(super) ports: (u16, u16),
    pub(super) to: Link,
    /// Source and destination as they arrive; a port of 0 is one that was chosen.
    pub(super) arrives: (&'static str, &'static str),
    pub(super) at: (u16, u16),
}

pub(super) fn ways() -> Vec<Way> {
    let way = |kind, from, ends, to, arrives, at| Way {
        kind,
        from,
        ends,
        ports: (4_000, 80),
        to,
        arrives,
        at,
    };
    use FlowKind::{Door, In, Local, Nat, Out};
    let up = Link::Uplink;
    Vec::from([
        way(
            Local,
            CLIENT,
            ("10.0.1.10", "10.0.2.10"),
            FAR,
            ("10.0.1.10", "10.0.2.10"),
            (4_000, 80),
        ),
        way(
            Local,
            CLIENT,
            ("fd00:1::a", "fd00:1::2a"),
            FAR,
            ("fd00:1::a", "fd00:1::2a"),
            (4_000, 80),
        ),
        way(
            Door,
            CLIENT,
            ("10.0.1.10", "10.0.2.100"),
            TARGET,
            ("10.0.4.200", "10.0.1.10"),
            (0, 8_080),
        ),
        way(
            Door,
            CLIENT,
            ("fd00:1::a", "fd00:1::100"),
            TARGET,
            ("fd00:2::200", "fd00:2::a"),
            (0, 8_080),
        ),
        way(
            Out,
            FAR,
            ("10.0.2.10", "8.8.8.8"),
            up,
            ("198.18.1.1", "8.8.8.8"),
            (4_000, 80),
        ),
        way(
            Out,
            FAR,
            ("fd00:1::2a", "2001:db8::1"),
            up,
            ("fd00:1::2a", "2001:db8::1"),
            (4_000, 80),
        ),
        way(
            Nat,
            CLIENT,
            ("10.0.1.10", "8.8.8.8"),
            up,
            ("198.18.0.1", "8.8.8.8"),
            (0, 80),
        ),
        way(
            In,
            up,
            ("8.8.8.8", "198.18.1.1"),
            FAR,
            ("8.8.8.8", "10.0.2.10"),
            (4_000, 80),
        ),
        way(
            In,
            up,
            ("2001:db8::1", "fd00:1::2a"),
            FAR,
            ("2001:db8::1", "fd00:1::2a"),
            (4_000, 80),
        ),
    ])
}

/// Addresses and ports, by another parser.
pub(super) fn ends(frame: &[u8]) -> (alloc::string::String, alloc::string::String, u16, u16) {
    let packet = PacketHeaders::from_ethernet_slice(frame).unwrap();
    let (source, destination) = match packet.net.unwrap() {
        NetHeaders::Ipv4(ip, _) => (
            core::net::Ipv4Addr::from(ip.source).to_string(),
            core::net::Ipv4Addr::from(ip.destination).to_string(),
        ),
        NetHeaders::Ipv6(ip, _) => (
            core::net::Ipv6Addr::from(ip.source).to_string(),
            core::net::Ipv6Addr::from(ip.destination).to_string(),
        ),
        NetHeaders::Arp(_) => unreachable!(),
    };
    let (sport, dport) = match packet.transport.unwrap() {
        TransportHeader::Tcp(tcp) => (tcp.source_port, tcp.destination_port),
        TransportHeader::Udp(udp) => (udp.source_port, udp.destination_port),
        _ => (0, 0),
    };
    (source, destination, sport, dport)
}

pub(super) fn answer_to(way: &Way, port: u16, load: Load) -> Vec<u8> {
    frame(
        way.to,
        (way.arrives.1, way.arrives.0),
        (way.at.1, port),
        load,
    )
}

#[test]
fn there_and_back() {
    let lab = document();
    for way in ways() {
        let loads = [
            (TCP_SYN, Load::Tcp(SYN_ACK, 9, 1_001)),
            (Load::Udp, Load::Udp),
        ];
        for (load, answer) in loads {
            let mut walker = Walker::new(&lab, host());
            let (to, arrived) = send(
                &mut walker,
                way.from,
                &frame(way.from, way.ends, way.ports, load),
            );
            assert_eq!(to, way.to);
            assert_eq!(arrived[..6], mac(way.to).0);
            assert_eq!(arrived[6..12], GATEWAY_MAC);
            let (source, destination, sport, dport) = ends(&arrived);
            assert_eq!((&*source, &*destination), way.arrives);
            assert_eq!(dport, way.at.1);
            if way.at.0 == 0 {
                assert!(sport >= 1_024);
            } else {
                assert_eq!(sport, way.at.0);
            }
            let kinds: Vec<_> = walker.flows().map(|(_, it)| (it.kind, it.side)).collect();
            assert_eq!(kinds.len(), 2);
            assert!(kinds.contains(&(way.kind, Side::Client)));
            assert!(kinds.contains(&(way.kind, Side::Target)));

            let (to, back) = send(&mut walker, way.to, &answer_to(&way, sport, answer));
            assert_eq!(to, way.from);
            assert_eq!(back[..6], mac(way.from).0);
            let (source, destination, sport, dport) = ends(&back);
            assert_eq!((&*destination, &*source), way.ends);
            assert_eq!((dport, sport), way.ports);
            assert_eq!(walker.flows().count(), 2);
        }
    }
}

#[test]
fn pings_go_where_there_is_no_endpoint() {
    let lab = document();
    for way in ways() {
        let mut walker = Walker::new(&lab, host());
        let ping = frame(way.from, way.ends, (4_000, 0), Load::Echo(true));
        let outcome = walker.walk(way.from, &ping, None);
        if way.kind == FlowKind::Door {
            assert_eq!(outcome.verdict, Some(Verdict::Protocol));
            continue;
        }
        let (to, arrived) = forwarded(&outcome);
        assert_eq!(to, way.to);
        check_sums(arrived);
        let at = if way.ends.0.contains(':') { 58 } else { 38 };
        let id = u16::from_be_bytes([arrived[at], arrived[at + 1]]);
        assert_eq!(id == 4_000, way.kind != FlowKind::Nat);
        let pong = frame(
            way.to,
            (way.arrives.1, way.arrives.0),
            (0, id),
            Load::Echo(false),
        );
        let (to, back) = send(&mut walker, way.to, &pong);
        assert_eq!(to, way.from);
        assert_eq!(back[at..at + 2], 4_000u16.to_be_bytes());
    }
}

#[test]
fn a_tuple_on_another_link_opens_nothing() {
    let lab = document();
    let mut walker = Walker::new(&lab, host());
    let open = frame(CLIENT, ("10.0.1.10", "10.0.2.100"), (4_000, 80), TCP_SYN);
    let (_, arrived) = send(&mut walker, CLIENT, &open);
    let (_, _, port, _) = ends(&arrived);
    let answer = ("10.0.1.10", "10.0.4.200");
    let forged = frame(CLIENT, answer, (8_080, port), Load::Tcp(SYN_ACK, 1, 1_001));
    assert!(walker.walk(CLIENT, &forged, None).verdict.is_some());
}

#[test]
fn a_connection_ends_when_both_sides_have_said_so() {
    let lab = document();
    let there = ("10.0.1.10", "10.0.2.10");
    let back = ("10.0.2.10", "10.0.1.10");
    let mut walker = Walker::new(&lab, host());
    let client = |walker: &mut Walker<'_>, load| {
        send(walker, CLIENT, &frame(CLIENT, there, (4_000, 80), load));
        walker.flows().count()
    };
    let server = |walker: &mut Walker<'_>, load| {
        send(walker, FAR, &frame(FAR, back, (80, 4_000), load));
        walker.flows().count()
    };
    // Each segment has 7 bytes.
    assert_eq!(client(&mut walker, Load::Tcp(SYN, 100, 0)), 2);
    assert_eq!(server(&mut walker, Load::Tcp(SYN_ACK, 500, 101)), 2);
    assert_eq!(client(&mut walker, Load::Tcp(FIN_ACK, 101, 501)), 2);
    assert_eq!(server(&mut walker, Load::Tcp(FIN_ACK, 501, 109)), 2);
    // A new connection with the same ports, before the last ACK.
    assert_eq!(client(&mut walker, Load::Tcp(SYN, 900, 0)), 2);
    assert!(walker.flows().all(|(_, record)| record.closing == 0));
    client(&mut walker, Load::Tcp(FIN_ACK, 901, 501));
    server(&mut walker, Load::Tcp(FIN_ACK, 501, 909));
    assert_eq!(client(&mut walker, Load::Tcp(ACK, 909, 509)), 0);
    // A reset ends it at once.
    client(&mut walker, Load::Tcp(SYN, 100, 0));
    assert_eq!(server(&mut walker, Load::Tcp(RST, 500, 0)), 0);
}

#[test]
fn segments_shrink_to_what_fits() {
    let lab = document();
    for (way, wanted) in ways().iter().zip([
        9_000, 9_000, 8_460, 8_440, 1_460, 1_440, 1_460, 1_460, 1_440,
    ]) {
        let mut walker = Walker::new(&lab, host());
        let open = frame(way.from, way.ends, way.ports, TCP_SYN);
        let (_, arrived) = send(&mut walker, way.from, &open);
        let at = if way.ends.0.contains(':') { 74 } else { 54 };
        assert_eq!(arrived[at..at + 2], [2, 4], "the option's place");
        let size = u16::from_be_bytes([arrived[at + 2], arrived[at + 3]]);
        assert_eq!(size, wanted, "{:?}", way.kind);
    }
    // At an odd place.
    let way = &ways()[2];
    let mut open = frame(way.from, way.ends, way.ports, TCP_SYN);
    // No-operation, MSS, and the first byte of the data, which is no option any more.
    open[46] = 7 << 4;
    open[54..58].copy_from_slice(&[1, 2, 4, 0x23]);
    open[58..62].copy_from_slice(&[0x28, 0, 0, 0]);
    let parsed = PacketHeaders::from_ethernet_slice(&open).unwrap();
    let (ip, tcp) = match (parsed.net.unwrap(), parsed.transport.unwrap()) {
        (NetHeaders::Ipv4(ip, _), TransportHeader::Tcp(tcp)) => (ip, tcp),
        _ => unreachable!(),
    };
    let sum = tcp.calc_checksum_ipv4(&ip, parsed.payload.slice()).unwrap();
    open[50..52].copy_from_slice(&sum.to_be_bytes());
    let (_, arrived) = send(&mut Walker::new(&lab, host()), way.from, &open);
    assert_eq!(arrived[57..59], 8_460u16.to_be_bytes());
}

#[test]
fn errors_follow_the_flow_that_they_are_about() {
    let lab = document();
    for way in ways() {
        for load in [TCP_SYN, Load::Udp, Load::Echo(true)] {
            let mut walker = Walker::new(&lab, host());
            let ports = match load {
                Load::Echo(_) => (4_000, 0),
                _ => way.ports,
            };
            let sent = frame(way.from, way.ends, ports, load);
            let outcome = walker.walk(way.from, &sent, None);
            if outcome.verdict == Some(Verdict::Protocol) {
                continue;
            }
            let (_, arrived) = forwarded(&outcome);
            let by = ip(way.arrives.1);
            let (to, told) = send(&mut walker, way.to, &error(way.to, by, arrived));
            assert_eq!(to, way.from);
            // It is about what was sent, to the byte, as far as rewriting does not show: but for
            // the transport's own checksum.
            let (from, about, at, l4) = if by.is_ipv4() {
                (26, 42, 14, 20)
            } else {
                (22, 62, 14, 40)
            };
            let size = if by.is_ipv4() { 4 } else { 16 };
            let source = ip(way.ends.1);
            let octets = super::super::bytes::mapped(source);
            assert_eq!(told[from..from + size], octets[16 - size..]);
            let ids = if let Load::Echo(_) = load { 4..6 } else { 0..4 };
            let quoted = &told[about..];
            assert_eq!(quoted[..l4], sent[at..at + l4], "{:?}", way.kind);
            assert_eq!(quoted[l4..][ids.clone()], sent[at + l4..][ids]);
        }
    }
}

#[test]
fn a_router_on_the_way_keeps_its_address() {
    let lab = document();
    let by_nat = &ways()[6];
    let mut walker = Walker::new(&lab, host());
    let sent = frame(by_nat.from, by_nat.ends, by_nat.ports, Load::Udp);
    let (_, arrived) = send(&mut walker, by_nat.from, &sent);
    let (to, told) = send(
        &mut walker,
        Link::Uplink,
        &error(Link::Uplink, ip("9.9.9.9"), &arrived),
    );
    assert_eq!(to, CLIENT);
    assert_eq!(told[26..30], [9, 9, 9, 9]);
}

#[test]
fn what_a_flow_carries_is_counted() {
    let lab = document();
    let mut walker = Walker::new(&lab, host());
    let open = frame(
        CLIENT,
        ("10.0.1.10", "10.0.2.10"),
        (4_000, 80),
        Load::Tcp(ACK, 1, 1),
    );
    assert_eq!(open.len(), 14 + 47);
    send(&mut walker, CLIENT, &open);
    let gso = Gso {
        size: 3,
        segments: 3,
    };
    walker.walk(CLIENT, &open, Some(gso));
    let of = |side| {
        let (_, record) = walker.flows().find(|(_, it)| it.side == side).unwrap();
        (record.packets, record.bytes)
    };
    // Three segments have three times 40 bytes of headers.
    assert_eq!(of(Side::Client), (4, 47 + 47 + 80));
    assert_eq!(of(Side::Target), (0, 0));
}

#[test]
fn flows_wait_as_long_as_their_kind_does() {
    let lab = document();
    for (load, wanted) in [
        (TCP_SYN, 350),
        (Load::Udp, 180),
        (Load::Echo(true), 30),
        (Load::Other(47), 600),
    ] {
        let mut walker = Walker::new(&lab, host());
        let open = frame(CLIENT, ("10.0.1.10", "10.0.2.10"), (1, 0), load);
        send(&mut walker, CLIENT, &open);
        assert!(walker.flows().all(|(_, it)| it.idle_seconds == wanted));
    }
    let mut walker = Walker::new(&lab, host());
    let open = frame(CLIENT, ("10.0.1.10", "10.0.2.100"), (1, 80), TCP_SYN);
    send(&mut walker, CLIENT, &open);
    assert!(
        walker.flows().all(|(_, it)| it.idle_seconds == 77),
        "the listener's"
    );
    assert!(
        walker
            .flows()
            .all(|(_, it)| it.gate == Some(GateSlot(1)) && it.generation == 3)
    );
}
