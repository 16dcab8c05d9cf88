//! Between two documents: at every moment of a plan the forwarder lets pass only what it lets
//! pass before or after, and ends no flow that goes on.

use alloc::vec::Vec;
use core::net::{IpAddr, Ipv4Addr};

use etherparse::PacketBuilder;
use model::host::{Document, EniSlot, State, Step};
use model::net::Mac;
use proptest::collection::vec;
use proptest::prelude::*;

use super::draw::{document, eni_ip, eni_mac, realised};
use crate::diff::diff;
use crate::walk::{
    Decision, Fate, Flow, FlowKey, GATEWAY_MAC, Host, Link, Outcome, Uplink, Walker,
};

const UPLINK: Mac = Mac([2, 0, 0, 0, 0, 99]);

fn host(seed: u32) -> Host {
    Host {
        seed,
        uplink: Some(Uplink {
            mtu: 1_500,
            mac: UPLINK,
        }),
        flow_quota: 1_000,
    }
}

/// What the kernel would do with its tables as they are.
fn as_document(state: &State) -> Document {
    let interfaces = state.interfaces.iter();
    let interfaces =
        interfaces.filter_map(|(slot, found)| Some((*slot, found.configured.clone()?)));
    Document {
        tables: state.tables.clone(),
        interfaces: interfaces.collect(),
        ..Document::default()
    }
}

/// A packet that opens a connection.
#[derive(Clone, Copy, Debug)]
struct Opening {
    from: Link,
    ends: (Ipv4Addr, Ipv4Addr),
    port: u16,
    tcp: bool,
}

impl Opening {
    fn frame(&self) -> Vec<u8> {
        let mac = match self.from {
            Link::Eni(slot) => eni_mac(slot.0),
            Link::Uplink => UPLINK,
        };
        let (source, destination) = self.ends;
        let ip = PacketBuilder::ethernet2(mac.0, GATEWAY_MAC);
        let ip = ip.ipv4(source.octets(), destination.octets(), 60);
        let mut frame = Vec::new();
        if self.tcp {
            let tcp = ip.tcp(4_000, self.port, 1, 100).syn();
            tcp.write(&mut frame, b"").unwrap();
        } else {
            ip.udp(4_000, self.port).write(&mut frame, b"").unwrap();
        }
        frame
    }
}

fn opening() -> impl Strategy<Value = Opening> {
    let there = || {
        prop_oneof![
            6 => (1u8..4).prop_map(|last| Ipv4Addr::new(10, 0, 0, last)),
            6 => (9u8..11).prop_map(|last| Ipv4Addr::new(10, 0, 0, last)),
            1 => Just(Ipv4Addr::new(8, 8, 8, 8)),
            1 => Just(Ipv4Addr::new(192, 168, 0, 1)),
        ]
    };
    let by_eni = (1u32..4, there()).prop_map(|(slot, to)| {
        // Not to itself.
        let to = if IpAddr::V4(to) == eni_ip(slot) {
            Ipv4Addr::new(10, 0, 0, 9)
        } else {
            to
        };
        let IpAddr::V4(own) = eni_ip(slot) else {
            unreachable!()
        };
        (Link::Eni(EniSlot(slot)), (own, to))
    });
    let outside = Ipv4Addr::new(8, 8, 8, 8);
    let inward = (1u8..4).prop_map(move |last| {
        let to = Ipv4Addr::new(198, 18, 1, last);
        (Link::Uplink, (outside, to))
    });
    let ends = prop_oneof![5 => by_eni, 1 => inward];
    (ends, 1u16..5, proptest::bool::weighted(0.8)).prop_map(|((from, ends), port, tcp)| Opening {
        from,
        ends,
        port,
        tcp,
    })
}

fn passes(document: &Document, opening: &Opening, seed: u32) -> Outcome {
    Walker::new(document, host(seed)).walk(opening.from, &opening.frame(), None)
}

/// Whether some flow like it would pass: which target it gets is chance.
fn may_pass(document: &Document, opening: &Opening) -> bool {
    (0..16).any(|seed| passes(document, opening, seed).verdict.is_none())
}

/// The answer to a packet as it arrived: addresses and ports change places.
fn answer(arrived: &[u8], from: Link) -> Vec<u8> {
    let mut answer = arrived.to_vec();
    let mac = match from {
        Link::Eni(slot) => eni_mac(slot.0),
        Link::Uplink => UPLINK,
    };
    answer[6..12].copy_from_slice(&mac.0);
    answer[26..30].copy_from_slice(&arrived[30..34]);
    answer[30..34].copy_from_slice(&arrived[26..30]);
    answer[34..36].copy_from_slice(&arrived[36..38]);
    answer[36..38].copy_from_slice(&arrived[34..36]);
    answer
}

/// A walker that has the flow, after other tables came.
fn after<'a>(
    walker: &Walker<'a>,
    document: &'a Document,
    from: Link,
    frame: &[u8],
) -> (Outcome, usize) {
    let mut walker = walker.clone();
    walker.set_document(document);
    let outcome = walker.walk(from, frame, None);
    let keys: Vec<&FlowKey> = walker.flows().map(|(key, _)| key).collect();
    (outcome, keys.len())
}

fn goes_on(outcome: &Outcome) -> bool {
    let changed = |decision: &Decision| {
        matches!(
            decision,
            Decision::Flow(Flow::Moved | Flow::New | Flow::Cut)
        )
    };
    outcome.verdict.is_none() && !outcome.trace.iter().any(changed)
}

proptest! {
    #[test]
    fn no_moment_lets_pass_what_neither_side_does(old in document(), new in document(), openings in vec(opening(), 12)) {
        let mut state = realised(&old);
        let mut moments = Vec::new();
        for step in diff(&new, &state) {
            state.apply(&step);
            moments.push((step, as_document(&state)));
        }
        for opening in &openings {
            let either = may_pass(&old, opening) || may_pass(&new, opening);
            for (step, moment) in &moments {
                let outcome = passes(moment, opening, 1);
                prop_assert!(
                    outcome.verdict.is_some() || either,
                    "after {:?}: {:?} {:?}", step, opening, outcome
                );
            }
        }
    }

    #[test]
    fn flows_that_both_sides_carry_go_on(old in document(), new in document(), openings in vec(opening(), 12)) {
        let mut state = realised(&old);
        let mut moments = Vec::new();
        for step in diff(&new, &state) {
            // Flows end with their ENI, and with their endpoint.
            if matches!(step, Step::Detach(..) | Step::RemoveGate(..)) {
                return Ok(());
            }
            state.apply(&step);
            moments.push(as_document(&state));
        }
        for opening in &openings {
            let mut walker = Walker::new(&old, host(1));
            let open = opening.frame();
            let outcome = walker.walk(opening.from, &open, None);
            let Fate::Forward { to, frame: arrived } = outcome.fate else { continue };
            let answer = answer(&arrived, to);
            for (from, frame) in [(opening.from, &open), (to, &answer)] {
                let before = after(&walker, &old, from, frame).0;
                let then = after(&walker, &new, from, frame).0;
                for moment in &moments {
                    let (now, records) = after(&walker, moment, from, frame);
                    prop_assert!(
                        now.verdict.is_some() || before.verdict.is_none() || then.verdict.is_none(),
                        "{:?} {:?}", opening, now
                    );
                    if goes_on(&before) && goes_on(&then) {
                        prop_assert_eq!(records, 2, "{:?} {:?}", opening, now);
                    }
                }
            }
        }
    }
}

/// The properties mean nothing if hardly anything passes, or everything does.
#[test]
fn documents_differ_in_what_they_let_pass() {
    use proptest::strategy::ValueTree as _;
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let mut through = [0; 2];
    let mut kinds = alloc::collections::BTreeMap::new();
    for _ in 0..400 {
        let new = document().new_tree(&mut runner).unwrap().current();
        let opening = opening().new_tree(&mut runner).unwrap().current();
        let mut walker = Walker::new(&new, host(1));
        let outcome = walker.walk(opening.from, &opening.frame(), None);
        through[usize::from(outcome.verdict.is_none())] += 1;
        *kinds
            .entry(alloc::format!("{:?}", outcome.verdict))
            .or_insert(0) += 1;
        if let Some((_, record)) = walker.flows().next() {
            *kinds
                .entry(alloc::format!("{:?}", record.kind))
                .or_insert(0) += 1;
        }
    }
    assert!(through[1] > 8 && through[0] > 100, "{kinds:?}");
    for kind in ["Local", "Door"] {
        assert!(kinds.contains_key(kind), "{kinds:?}");
    }
}
