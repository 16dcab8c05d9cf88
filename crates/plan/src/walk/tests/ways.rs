//! Every way there and back, and what becomes of flows when the tables change.

use alloc::string::ToString as _;
use alloc::vec::Vec;

use etherparse::{NetHeaders, PacketHeaders, TransportHeader};
use model::host::{AclKey, Document, EniSlot, GateSlot, GroupSlot, NatKey, NextHop, RouteTableKey};
use model::verdict::Verdict;

use super::lab::{
    ACK, CLIENT, FAR, FIN_ACK, Load, RST, SYN, SYN_ACK, TARGET, TCP_SYN, check_sums, document,
    error, forwarded, frame, host, ip, mac, send, told,
};
use crate::walk::{Fate, FlowKind, GATEWAY_MAC, Gso, Link, Side, Walker};

/// A packet, there and back.
struct Way {
    kind: FlowKind,
    from: Link,
    ends: (&'static str, &'static str),
    ports: (u16, u16),
    to: Link,
    /// Source and destination as they arrive; a port of 0 is one that was chosen.
    arrives: (&'static str, &'static str),
    at: (u16, u16),
}

fn ways() -> Vec<Way> {
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
fn ends(frame: &[u8]) -> (alloc::string::String, alloc::string::String, u16, u16) {
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

fn answer_to(way: &Way, port: u16, load: Load) -> Vec<u8> {
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

/// What an answer meets when the tables change after the first packet.
#[track_caller]
fn answer_is_refused(way: &Way, verdict: Verdict, change: impl FnOnce(&mut Document)) {
    let lab = document();
    let mut changed = document();
    change(&mut changed);
    let mut walker = Walker::new(&lab, host());
    let (_, arrived) = send(
        &mut walker,
        way.from,
        &frame(way.from, way.ends, way.ports, Load::Udp),
    );
    let (_, _, port, _) = ends(&arrived);
    let answer = answer_to(way, port, Load::Udp);
    walker.set_document(&changed);
    let outcome = walker.walk(way.to, &answer, None);
    assert_eq!(outcome.verdict, Some(verdict), "{}", told(&outcome));
    // The flow is kept, and goes on when the tables are as before.
    if verdict != Verdict::FlowCut || way.kind == FlowKind::Nat {
        walker.set_document(&lab);
        assert_eq!(walker.walk(way.to, &answer, None).verdict, None);
    }
}

fn deny(lab: &mut Document, acl: u64, egress: bool) {
    let acl = lab.tables.acls.get_mut(&AclKey(acl)).unwrap();
    if egress {
        acl.egress.clear();
    } else {
        acl.ingress.clear();
    }
}

fn set_route(lab: &mut Document, table: u64, net: &str, hop: Option<NextHop>) {
    let table = lab.tables.routes.get_mut(&RouteTableKey(table)).unwrap();
    let net = net.parse().unwrap();
    match hop {
        Some(hop) => drop(table.insert(net, hop)),
        None => drop(table.remove(&net)),
    }
}

#[test]
fn answers_need_acls_and_routes_of_their_own() {
    use Verdict::{
        AclReplyEgress, AclReplyIngress, Asymmetric, FlowCut, NoPublicAddress, NoRoute,
        ProviderAcl, RouteBlackhole,
    };
    let ways = ways();
    let (local, door, out, nat, inward) = (&ways[0], &ways[2], &ways[4], &ways[6], &ways[7]);
    answer_is_refused(local, AclReplyEgress, |lab| deny(lab, 2, true));
    answer_is_refused(local, AclReplyIngress, |lab| deny(lab, 1, false));
    let local_net = "10.0.0.0/16";
    answer_is_refused(local, Asymmetric, |lab| set_route(lab, 2, local_net, None));
    answer_is_refused(local, RouteBlackhole, |lab| {
        set_route(lab, 2, "10.0.1.0/24", Some(NextHop::Blackhole));
    });
    answer_is_refused(local, Asymmetric, |lab| {
        set_route(lab, 2, "10.0.1.0/24", Some(NextHop::Eni(EniSlot(4))));
    });
    answer_is_refused(door, ProviderAcl, |lab| deny(lab, 3, true));
    answer_is_refused(door, ProviderAcl, |lab| deny(lab, 4, false));
    answer_is_refused(door, AclReplyEgress, |lab| deny(lab, 2, true));
    answer_is_refused(door, AclReplyIngress, |lab| deny(lab, 1, false));
    answer_is_refused(door, Asymmetric, |lab| set_route(lab, 2, local_net, None));
    answer_is_refused(door, RouteBlackhole, |lab| {
        set_route(lab, 2, local_net, Some(NextHop::Blackhole));
    });
    answer_is_refused(door, NoRoute, |lab| {
        lab.tables.routes.remove(&RouteTableKey(2));
    });
    answer_is_refused(door, FlowCut, |lab| {
        lab.tables.gates.get_mut(&GateSlot(1)).unwrap().generation = 4;
    });
    answer_is_refused(out, AclReplyIngress, |lab| deny(lab, 2, false));
    answer_is_refused(nat, FlowCut, |lab| {
        lab.tables.nats.remove(&NatKey(1));
    });
    answer_is_refused(nat, AclReplyIngress, |lab| deny(lab, 2, false));
    answer_is_refused(nat, AclReplyEgress, |lab| deny(lab, 2, true));
    answer_is_refused(nat, AclReplyIngress, |lab| deny(lab, 1, false));
    answer_is_refused(inward, AclReplyEgress, |lab| deny(lab, 2, true));
    answer_is_refused(inward, Asymmetric, |lab| {
        set_route(lab, 2, "0.0.0.0/0", Some(NextHop::Eni(EniSlot(4))));
    });
    answer_is_refused(inward, NoPublicAddress, |lab| {
        lab.tables.publics.remove(&ip("198.18.1.1"));
    });
}

#[test]
fn groups_admit_flows_not_packets() {
    let lab = document();
    let mut shut = document();
    for slot in [1, 2, 3] {
        shut.tables
            .groups
            .insert(GroupSlot(slot), Default::default());
    }
    for way in ways() {
        let mut walker = Walker::new(&lab, host());
        let open = frame(way.from, way.ends, way.ports, Load::Udp);
        let (_, arrived) = send(&mut walker, way.from, &open);
        let (_, _, port, _) = ends(&arrived);
        walker.set_document(&shut);
        assert_eq!(walker.walk(way.from, &open, None).verdict, None);
        let answer = answer_to(&way, port, Load::Udp);
        assert_eq!(walker.walk(way.to, &answer, None).verdict, None);
        let mut fresh = way.ports;
        fresh.0 += 1;
        let open = frame(way.from, way.ends, fresh, Load::Udp);
        assert!(walker.walk(way.from, &open, None).verdict.is_some());
    }
}

#[test]
fn acls_ask_every_packet_of_a_flow() {
    let lab = document();
    for (way, acl, egress, verdict) in [
        (0, 1, true, Verdict::AclEgress),
        (0, 2, false, Verdict::AclIngress),
        (2, 1, true, Verdict::AclEgress),
        (2, 4, true, Verdict::ProviderAcl),
        (2, 3, false, Verdict::ProviderAcl),
        (4, 2, true, Verdict::AclEgress),
        (6, 1, true, Verdict::AclEgress),
        (6, 2, false, Verdict::AclIngress),
        (6, 2, true, Verdict::AclEgress),
        (7, 2, false, Verdict::AclIngress),
    ] {
        let way = &ways()[way];
        let mut changed = document();
        deny(&mut changed, acl, egress);
        let mut walker = Walker::new(&lab, host());
        let open = frame(way.from, way.ends, way.ports, Load::Udp);
        send(&mut walker, way.from, &open);
        walker.set_document(&changed);
        let outcome = walker.walk(way.from, &open, None);
        assert_eq!(outcome.verdict, Some(verdict), "{}", told(&outcome));
        walker.set_document(&lab);
        assert_eq!(walker.walk(way.from, &open, None).verdict, None);
    }
}

#[test]
fn a_flow_whose_way_moves_is_asked_as_a_new_one() {
    let lab = document();
    let mut moved = document();
    set_route(
        &mut moved,
        1,
        "10.0.2.10/32",
        Some(NextHop::Eni(EniSlot(4))),
    );
    let mut walker = Walker::new(&lab, host());
    let open = frame(CLIENT, ("10.0.1.10", "10.0.2.10"), (4_000, 80), Load::Udp);
    assert_eq!(send(&mut walker, CLIENT, &open).0, FAR);
    walker.set_document(&moved);
    assert_eq!(send(&mut walker, CLIENT, &open).0, Link::Eni(EniSlot(4)));
    assert_eq!(walker.flows().count(), 2, "the old records are gone");
    // From an endpoint's address to an ENI's: a TCP segment finds no connection.
    let mut swapped = document();
    let gate = swapped.tables.gates.get_mut(&GateSlot(1)).unwrap();
    gate.address.ip = ip("10.0.2.101");
    let mut other = swapped.tables.gates[&GateSlot(1)].clone();
    other.address.ip = ip("10.0.2.100");
    swapped.tables.gates.insert(GateSlot(7), other);
    let mut walker = Walker::new(&lab, host());
    let ends = ("10.0.1.10", "10.0.2.100");
    send(
        &mut walker,
        CLIENT,
        &frame(CLIENT, ends, (4_000, 80), TCP_SYN),
    );
    walker.set_document(&swapped);
    let segment = frame(CLIENT, ends, (4_000, 80), Load::Tcp(ACK, 1_001, 1));
    let outcome = walker.walk(CLIENT, &segment, None);
    assert_eq!(outcome.verdict, Some(Verdict::NoFlow));
    assert_eq!(walker.flows().count(), 0);
}

#[test]
fn a_closed_endpoint_cuts_its_connections_and_says_so() {
    let lab = document();
    let mut closed = document();
    closed
        .tables
        .gates
        .get_mut(&GateSlot(1))
        .unwrap()
        .generation = 0;
    let ends = ("10.0.1.10", "10.0.2.100");
    let mut walker = Walker::new(&lab, host());
    send(
        &mut walker,
        CLIENT,
        &frame(CLIENT, ends, (4_000, 80), TCP_SYN),
    );
    walker.set_document(&closed);
    let segment = frame(CLIENT, ends, (4_000, 80), Load::Tcp(ACK, 1_001, 77));
    let outcome = walker.walk(CLIENT, &segment, None);
    assert_eq!(outcome.verdict, Some(Verdict::FlowCut));
    let Fate::Answer { frame: reset } = outcome.fate else {
        panic!("{:?}", outcome.fate);
    };
    check_sums(&reset);
    assert_eq!(reset.len(), 54);
    let parsed = PacketHeaders::from_ethernet_slice(&reset).unwrap();
    let tcp = parsed.transport.unwrap().tcp().unwrap();
    assert!(tcp.rst && !tcp.ack);
    assert_eq!((tcp.sequence_number, tcp.acknowledgment_number), (77, 0));
    assert_eq!(walker.flows().count(), 0);
    assert_eq!(
        walker.walk(CLIENT, &segment, None).verdict,
        Some(Verdict::NoFlow)
    );
}

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
