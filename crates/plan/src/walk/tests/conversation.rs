//! What holds whatever is sent: nothing panics, records come in pairs, translations undo each
//! other, checksums stay right.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use model::host::{AclKey, Document, EniSlot, GateSlot};
use proptest::collection::vec;
use proptest::prelude::*;

use super::lab::{
    APPLIANCE, CLIENT, FAR, Load, NEIGHBOUR, TARGET, built, check_sums, document, error, host, ip,
    mac,
};
use crate::walk::flow::mirror;
use crate::walk::{Decision, Fate, Flow, Gso, Link, Side, Walker};

const LINKS: [Link; 6] = [CLIENT, NEIGHBOUR, FAR, APPLIANCE, TARGET, Link::Uplink];

const FOUR: [&str; 12] = [
    "10.0.1.10",
    "10.0.1.11",
    "10.0.2.10",
    "10.0.2.20",
    "10.0.2.100",
    "10.0.4.200",
    "8.8.8.8",
    "198.18.1.1",
    "198.18.0.1",
    "192.168.9.1",
    "172.16.0.1",
    "10.0.3.3",
];
const SIX: [&str; 10] = [
    "fd00:1::a",
    "fd00:1::b",
    "fd00:1::2a",
    "fd00:1::2b",
    "fd00:1::100",
    "fd00:2::200",
    "2001:db8::1",
    "fd00:2::a",
    "fe80::1",
    "ff02::1",
];

fn any_link() -> impl Strategy<Value = Link> {
    proptest::sample::select(&LINKS[..])
}

fn any_frame() -> impl Strategy<Value = Vec<u8>> {
    let ends = prop_oneof![
        (
            proptest::sample::select(&FOUR[..]),
            proptest::sample::select(&FOUR[..])
        ),
        (
            proptest::sample::select(&SIX[..]),
            proptest::sample::select(&SIX[..])
        ),
    ];
    let port = || prop_oneof![Just(80u16), Just(8_080), Just(4_000), any::<u16>()];
    let load = prop_oneof![
        (any::<u8>(), 0u32..50, 0u32..50).prop_map(|(flags, a, b)| Load::Tcp(flags & 0x17, a, b)),
        Just(super::lab::TCP_SYN),
        Just(Load::Udp),
        any::<bool>().prop_map(Load::Echo),
        Just(Load::Other(47)),
    ];
    (
        any_link(),
        ends,
        port(),
        port(),
        load,
        vec(any::<u8>(), 0..40),
    )
        .prop_map(
            |(link, (source, destination), sport, dport, load, payload)| {
                let ends = (ip(source), ip(destination));
                built(mac(link), ends, (sport, dport), load, &payload)
            },
        )
}

/// A frame with some bytes changed, or its end missing.
fn broken() -> impl Strategy<Value = Vec<u8>> {
    let changes = vec((any::<prop::sample::Index>(), any::<u8>()), 0..4);
    (
        any_frame(),
        changes,
        any::<prop::sample::Index>(),
        any::<bool>(),
    )
        .prop_map(|(mut frame, changes, length, cut)| {
            for (at, byte) in changes {
                let at = at.index(frame.len());
                frame[at] = byte;
            }
            if cut {
                frame.truncate(length.index(frame.len()));
            }
            frame
        })
}

/// What may happen.
#[derive(Clone, Debug)]
enum Event {
    Sent(Link, Vec<u8>),
    /// Whoever got the last packet answers it in kind.
    Answered,
    /// Whoever got the last packet says that it did not want it.
    Complained,
    Changed(usize),
    Detached(u32),
}

fn event() -> impl Strategy<Value = Event> {
    let own = any_frame().prop_map(|frame| {
        let from = LINKS.into_iter().find(|link| mac(*link).0 == frame[6..12]);
        Event::Sent(from.unwrap(), frame)
    });
    prop_oneof![
        8 => own,
        4 => Just(Event::Answered),
        2 => Just(Event::Complained),
        1 => (0usize..4).prop_map(Event::Changed),
        1 => (any_link(), any_frame()).prop_map(|(link, frame)| Event::Sent(link, frame)),
        1 => (1u32..6).prop_map(Event::Detached),
    ]
}

fn documents() -> [Document; 4] {
    let mut shut = document();
    shut.tables.acls.get_mut(&AclKey(2)).unwrap().egress.clear();
    let mut closed = document();
    closed
        .tables
        .gates
        .get_mut(&GateSlot(1))
        .unwrap()
        .generation = 4;
    let mut moved = document();
    let appliance = model::host::NextHop::Eni(EniSlot(4));
    let tables = moved.tables.routes.values_mut();
    for table in tables {
        table.insert("10.0.2.10/32".parse().unwrap(), appliance);
    }
    [document(), shut, closed, moved]
}

/// The packet that answers one, with right checksums.
fn reversed(from: Link, frame: &[u8]) -> Option<Vec<u8>> {
    use etherparse::{NetHeaders, PacketHeaders, TransportHeader};
    let packet = PacketHeaders::from_ethernet_slice(frame).ok()?;
    let (source, destination) = match packet.net? {
        NetHeaders::Ipv4(ip, _) => (ip.source.into(), ip.destination.into()),
        NetHeaders::Ipv6(ip, _) => (ip.source.into(), ip.destination.into()),
        NetHeaders::Arp(_) => return None,
    };
    let (ports, load) = match packet.transport? {
        TransportHeader::Tcp(tcp) => (
            (tcp.destination_port, tcp.source_port),
            Load::Tcp(0x10, tcp.acknowledgment_number, tcp.sequence_number),
        ),
        TransportHeader::Udp(udp) => ((udp.destination_port, udp.source_port), Load::Udp),
        TransportHeader::Icmpv4(icmp) => match icmp.icmp_type {
            etherparse::Icmpv4Type::EchoRequest(echo) => ((0, echo.id), Load::Echo(false)),
            _ => return None,
        },
        TransportHeader::Igmp(_) => return None,
        TransportHeader::Icmpv6(icmp) => match icmp.icmp_type {
            etherparse::Icmpv6Type::EchoRequest(echo) => ((0, echo.id), Load::Echo(false)),
            _ => return None,
        },
    };
    Some(built(mac(from), (destination, source), ports, load, b""))
}

fn check_records(walker: &Walker<'_>) {
    let mut open: BTreeMap<EniSlot, u32> = BTreeMap::new();
    for (key, record) in walker.flows() {
        let other = mirror(key, record);
        let theirs = walker.flows.get(&other);
        let theirs = theirs.unwrap_or_else(|| panic!("no mirror of {key:?}: {record:?}"));
        assert_eq!(mirror(&other, theirs), *key);
        assert_ne!(theirs.side, record.side);
        assert_eq!(theirs.payer, record.payer);
        if record.side == Side::Client {
            *open.entry(record.payer).or_default() += 1;
        }
    }
    for slot in 1..6 {
        let slot = EniSlot(slot);
        let counted = open.get(&slot).copied().unwrap_or_default();
        assert_eq!(walker.flows.open(slot), counted);
    }
}

proptest! {
    #[test]
    fn nothing_panics(frames in vec((any_link(), prop_oneof![broken(), vec(any::<u8>(), 0..120)], any::<Option<(u16, u32)>>()), 1..40)) {
        let lab = document();
        let mut walker = Walker::new(&lab, host());
        for (link, frame, gso) in frames {
            let gso = gso.map(|(size, segments)| Gso { size, segments });
            let outcome = walker.walk(link, &frame, gso);
            let refused = matches!(outcome.fate, Fate::Drop);
            prop_assert!(!refused || outcome.verdict.is_some());
            let passed = matches!(outcome.fate, Fate::Forward { .. } | Fate::Swallow);
            prop_assert!(!passed || outcome.verdict.is_none());
            for decision in &outcome.trace {
                let told = alloc::string::ToString::to_string(decision);
                prop_assert!(!told.is_empty());
            }
        }
        check_records(&walker);
    }

    #[test]
    fn a_conversation_without_end(events in vec(event(), 1..120)) {
        let all = documents();
        let mut walker = Walker::new(&all[0], host());
        let mut last: Option<(Link, Link, Vec<u8>, Vec<u8>)> = None;
        for event in events {
            let mut reply_of = None;
            let (from, frame) = match event {
                Event::Changed(at) => {
                    walker.set_document(&all[at]);
                    continue;
                }
                Event::Detached(slot) => {
                    walker.forget_eni(EniSlot(slot));
                    check_records(&walker);
                    continue;
                }
                Event::Sent(from, frame) => (from, frame),
                Event::Answered => {
                    let Some((from, to, sent, arrived)) = last.clone() else { continue };
                    let Some(answer) = reversed(to, &arrived) else { continue };
                    reply_of = Some((from, sent));
                    (to, answer)
                }
                Event::Complained => {
                    let Some((_, to, _, arrived)) = last.clone() else { continue };
                    if arrived.len() < 62 || !matches!(arrived[12..14], [8, 0]) { continue }
                    let by = ip(&alloc::format!("{}.{}.{}.{}", arrived[30], arrived[31], arrived[32], arrived[33]));
                    (to, error(to, by, &arrived))
                }
            };
            let outcome = walker.walk(from, &frame, None);
            check_records(&walker);
            if let Fate::Forward { to, frame: arrived } = outcome.fate {
                check_sums(&arrived);
                prop_assert_eq!(arrived.len(), frame.len());
                // Not when the flow has ended, or moved, meanwhile.
                let known = matches!(outcome.trace[..], [Decision::Flow(Flow::Known | Flow::Rechecked), ..]);
                let moved = outcome.trace.contains(&Decision::Flow(Flow::Moved));
                if let Some((asker, sent)) = reply_of.filter(|_| known && !moved) {
                    prop_assert_eq!(to, asker);
                    let wanted = reversed(asker, &sent).unwrap();
                    let (addresses, ports) = if frame[12] == 8 { (26..34, 34..38) } else { (22..54, 54..58) };
                    let echo = matches!(frame[if frame[12] == 8 { 23 } else { 20 }], 1 | 58);
                    prop_assert_eq!(&arrived[addresses.clone()], &wanted[addresses]);
                    let ports = if echo { ports.start + 4..ports.end + 2 } else { ports };
                    prop_assert_eq!(&arrived[ports.clone()], &wanted[ports]);
                }
                last = Some((from, to, frame, arrived));
            } else if let Fate::Answer { frame } = outcome.fate {
                check_sums(&frame);
            }
        }
    }
}
