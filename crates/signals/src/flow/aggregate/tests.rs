//! Nothing counted twice, nothing dropped in silence.

use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::net::{IpAddr, Ipv4Addr};

use model::flow_log::{Destination, Traffic};
use model::id::{FlowLogId, InterfaceId};
use model::verdict::Verdict;
use proptest::prelude::*;

use super::{Aggregator, Batch, LAG_SECONDS};
use crate::flow::{Action, Content, Counts, Direction, Flow, FlowLogSpec, Interface, Loss, Sample};

/// A whole multiple of both intervals.
const T: i64 = 1_200_000;

fn eni(n: u128) -> InterfaceId {
    InterfaceId::new(n)
}

fn log(n: u128) -> FlowLogId {
    FlowLogId::new(n)
}

fn spec(id: u128, account: &str, enis: &[u128], traffic: Traffic, interval: u32) -> FlowLogSpec {
    let interface = |n: &u128| Interface {
        id: eni(*n),
        account: account.parse().expect("an account"),
        vpc: model::id::Id::new(1),
        subnet: model::id::Id::new(1),
        region: "us-east-1".into(),
        az_id: "use1-az1".into(),
        instance: None,
    };
    FlowLogSpec {
        id: log(id),
        account: account.parse().expect("an account"),
        watched: enis
            .iter()
            .map(|n| (eni(*n), Arc::new(interface(n))))
            .collect(),
        traffic,
        destination: Destination::LogGroup {
            name: "a".into(),
            role: String::new(),
        },
        format: "${version}".into(),
        interval_seconds: interval,
    }
}

const A: &str = "111111111111";
const B: &str = "222222222222";

fn flow(port: u16, action: Action) -> Flow {
    let ip = |last| IpAddr::V4(Ipv4Addr::new(10, 0, 0, last));
    Flow {
        direction: Direction::Egress,
        source: ip(1),
        source_port: port,
        destination: ip(2),
        destination_port: 80,
        packet_source: ip(1),
        packet_destination: ip(2),
        protocol: 6,
        action,
        path: None,
        leg: None,
    }
}

fn sample(interface: u128, port: u16, action: Action, bytes: u64, at: i64) -> Sample {
    Sample {
        interface: eni(interface),
        flow: flow(port, action),
        counts: Counts {
            packets: 1,
            bytes,
            tcp_flags: 1 << (port % 3),
            first: at - 3,
            last: at,
        },
    }
}

/// Each record in short: its flow log, interface and what it tells.
fn told(batches: &[Batch]) -> Vec<String> {
    let mut all = Vec::new();
    for batch in batches {
        for record in &batch.records {
            let of = (1..9).find(|n| log(*n) == batch.target.id).unwrap_or(0);
            let at = (1..9).find(|n| eni(*n) == record.interface.id).unwrap_or(0);
            let (first, last) = record.span();
            let (first, last) = (first - T, last - T);
            all.push(match &record.content {
                Content::Flow(_, counts) => {
                    format!("{of} {at} {} {}", counts.packets, counts.bytes)
                }
                Content::NoData(..) => format!("{of} {at} none {first}-{last}"),
                Content::SkipData(..) => format!("{of} {at} skip {first}-{last}"),
            });
        }
    }
    all
}

#[test]
fn windows_are_aligned_and_close_after_the_lag() {
    let mut all = Aggregator::default();
    let specs = [
        spec(1, A, &[1, 2], Traffic::All, 60),
        spec(2, A, &[1], Traffic::Reject, 600),
    ];
    assert!(all.configure(specs.into(), T + 10).is_empty());
    all.offer(&sample(1, 7, Action::Accept, 100, T + 20));
    all.offer(&sample(1, 7, Action::Accept, 50, T + 59));
    assert!(all.tick(T + 60).is_empty());
    // Read late, but of the window before.
    all.offer(&sample(1, 7, Action::Accept, 1, T + 58));
    all.offer(&sample(1, 7, Action::Accept, 1_000, T + 61));
    assert!(all.tick(T + 60 + LAG_SECONDS - 1).is_empty());
    let batches = all.tick(T + 60 + LAG_SECONDS);
    assert_eq!(told(&batches), ["1 2 none 10-60", "1 1 3 151"]);
    let spans = batches[0].records[1].span();
    assert_eq!(spans, (T + 17, T + 59));
    // Too late for its window: it counts in the next.
    all.offer(&sample(1, 7, Action::Accept, 2, T + 30));
    let batches = all.tick(T + 120 + LAG_SECONDS);
    assert_eq!(told(&batches), ["1 2 none 60-120", "1 1 2 1002"]);
    assert_eq!(batches[0].records[1].span().0, T + 60);
    let refused = Action::Reject(Verdict::NoRoute);
    all.offer(&sample(1, 7, refused, 9, T + 130));
    let batches = all.finish();
    assert_eq!(
        told(&batches),
        ["1 2 none 120-135", "1 1 1 9", "2 1 1 9"],
        "both, and only up to now"
    );
    assert!(all.finish().is_empty());
}

#[test]
fn what_ends_tells_what_it_has() {
    let mut all = Aggregator::default();
    all.configure([spec(1, A, &[1], Traffic::All, 60)].into(), T);
    all.offer(&sample(1, 7, Action::Accept, 100, T + 5));
    let mut other = spec(1, A, &[1], Traffic::All, 60);
    other.format = "${bytes}".into();
    all.configure([other.clone()].into(), T + 10);
    assert_eq!(told(&all.tick(T + 11)), ["1 1 1 100"]);
    all.configure(Vec::new(), T + 30);
    assert_eq!(told(&all.tick(T + 31)), ["1 1 none 10-30"]);
    all.offer(&sample(1, 7, Action::Accept, 100, T + 35));
    assert!(all.tick(T + 600).is_empty());
    other.format = "${colour}".into();
    let bad = all.configure([other].into(), T + 600);
    assert_eq!(bad[0].0, log(1));
}

#[test]
fn an_interface_that_comes_or_goes() {
    let mut all = Aggregator::default();
    all.configure([spec(1, A, &[1], Traffic::All, 60)].into(), T);
    all.offer(&sample(1, 7, Action::Accept, 100, T + 5));
    all.configure([spec(1, A, &[2], Traffic::All, 60)].into(), T + 30);
    all.offer(&sample(1, 7, Action::Accept, 100, T + 35));
    let batches = all.tick(T + 75);
    assert_eq!(told(&batches), ["1 2 none 30-60", "1 1 1 100"]);
}

#[test]
fn losses_are_told() {
    let mut all = Aggregator::default();
    let specs = [
        spec(1, A, &[1, 2], Traffic::All, 60),
        spec(2, A, &[1], Traffic::All, 60),
    ];
    all.configure(specs.into(), T);
    all.offer(&sample(1, 7, Action::Accept, 100, T + 5));
    all.lost(Loss {
        interface: Some(eni(2)),
        count: 1,
    });
    all.lost(Loss {
        interface: Some(eni(1)),
        count: 0,
    });
    all.lost_of(log(2), eni(1), 3);
    assert_eq!(
        told(&all.tick(T + 75)),
        ["1 1 1 100", "1 2 skip 0-60", "2 1 1 100", "2 1 skip 0-60"]
    );
    all.lost(Loss {
        interface: None,
        count: 5,
    });
    assert_eq!(
        told(&all.tick(T + 135)),
        ["1 1 skip 60-120", "1 2 skip 60-120", "2 1 skip 60-120"]
    );
}

#[test]
fn a_tenant_exhausts_only_itself() {
    let mut all = Aggregator::new(3);
    let specs = [
        spec(1, A, &[1], Traffic::All, 60),
        spec(2, B, &[2], Traffic::All, 60),
    ];
    all.configure(specs.into(), T);
    for port in 0..10 {
        all.offer(&sample(1, port, Action::Accept, 1, T + 5));
    }
    // Known flows still count.
    all.offer(&sample(1, 0, Action::Accept, 1, T + 6));
    all.offer(&sample(2, 0, Action::Accept, 1, T + 6));
    assert_eq!(all.held(A.parse().expect("an account")), 3);
    assert_eq!(
        told(&all.tick(T + 75)),
        ["1 1 2 2", "1 1 1 1", "1 1 1 1", "1 1 skip 0-60", "2 2 1 1"]
    );
    assert_eq!(all.held(A.parse().expect("an account")), 0);
}

#[test]
fn a_long_sleep_is_not_told_as_silence() {
    let mut all = Aggregator::default();
    all.configure([spec(1, A, &[1], Traffic::All, 60)].into(), T);
    assert_eq!(
        told(&all.tick(T + 86_400)),
        ["1 1 none 0-60", "1 1 skip 60-86340"]
    );
    assert_eq!(
        told(&all.tick(T + 86_400 + LAG_SECONDS)),
        ["1 1 none 86340-86400"]
    );
}

#[test]
fn a_clock_that_was_set_back_begins_again() {
    let mut all = Aggregator::default();
    all.configure([spec(1, A, &[1], Traffic::All, 60)].into(), T + 6_000);
    all.offer(&sample(1, 7, Action::Accept, 100, T + 6_001));
    assert_eq!(told(&all.tick(T + 60)), ["1 1 1 100"]);
    assert_eq!(told(&all.tick(T + 135)), ["1 1 none 60-120"]);
}

#[derive(Clone, Debug)]
enum Event {
    Sample(u128, u16, bool, u64, i64),
    Lost(u128),
    Tick(i64),
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    let sample = (1..4u128, 0..6u16, any::<bool>(), 1..9u64, -90..90i64)
        .prop_map(|(eni, port, accept, bytes, at)| Event::Sample(eni, port, accept, bytes, at));
    let event = prop_oneof![
        8 => sample,
        1 => (1..4u128).prop_map(Event::Lost),
        3 => (1..50i64).prop_map(Event::Tick),
    ];
    proptest::collection::vec(event, 0..120)
}

proptest! {
    #[test]
    fn sums_in_are_sums_out(events in events(), limit in prop_oneof![Just(2usize), Just(1_000)]) {
        let mut all = Aggregator::new(limit);
        let specs = [
            spec(1, A, &[1, 2], Traffic::All, 60),
            spec(2, A, &[2, 3], Traffic::Accept, 600),
            spec(3, B, &[1], Traffic::Reject, 60),
        ];
        let wants = |id: FlowLogId, interface: InterfaceId, accept: bool| {
            (id == log(1) && interface != eni(3))
                || (id == log(2) && interface != eni(1) && accept)
                || (id == log(3) && interface == eni(1) && !accept)
        };
        all.configure(specs.into(), T);
        let (mut now, mut offered, mut batches) = (T, Vec::new(), Vec::new());
        for event in events {
            match event {
                Event::Sample(at, port, accept, bytes, when) => {
                    let action = if accept { Action::Accept } else { Action::Reject(Verdict::NoRoute) };
                    let sample = sample(at, port, action, bytes, now + when);
                    all.offer(&sample);
                    offered.push((sample, accept));
                }
                Event::Lost(at) => all.lost(Loss { interface: Some(eni(at)), count: 1 }),
                Event::Tick(by) => {
                    now += by;
                    batches.extend(all.tick(now));
                }
            }
            for account in [A, B] {
                prop_assert!(all.held(account.parse().expect("an account")) <= limit);
            }
        }
        batches.extend(all.finish());
        prop_assert_eq!(all.held(A.parse().expect("an account")), 0);
        // By flow log: what went in and what came out.
        for id in [log(1), log(2), log(3)] {
            let mine = || offered.iter().filter(|(it, accept)| wants(id, it.interface, *accept));
            let bytes_in: u64 = mine().map(|(it, _)| it.counts.bytes).sum();
            let flags_in = mine().fold(0, |all, (it, _)| all | it.counts.tcp_flags);
            let (mut packets, mut bytes, mut flags, mut skips) = (0, 0, 0, 0);
            // Each interface's windows: whether it had flows, and whether it was told to be silent.
            let mut windows: BTreeMap<(InterfaceId, i64), (usize, usize, usize)> = BTreeMap::new();
            let interval = if id == log(2) { 600 } else { 60 };
            for record in batches.iter().filter(|it| it.target.id == id).flat_map(|it| &it.records) {
                let (first, last) = record.span();
                prop_assert!(first <= last);
                let window = windows
                    .entry((record.interface.id, first - first.rem_euclid(interval)))
                    .or_default();
                match &record.content {
                    Content::Flow(_, counts) => {
                        packets += counts.packets;
                        bytes += counts.bytes;
                        flags |= counts.tcp_flags;
                        window.0 += 1;
                    }
                    Content::NoData(..) => window.1 += 1,
                    Content::SkipData(..) => {
                        window.2 += 1;
                        skips += 1;
                    }
                }
            }
            if limit == 1_000 {
                prop_assert_eq!(packets, mine().count() as u64);
                prop_assert_eq!(bytes, bytes_in);
                prop_assert_eq!(flags, flags_in);
            } else if bytes < bytes_in {
                prop_assert!(skips > 0, "what did not fit is told");
            } else {
                prop_assert_eq!(bytes, bytes_in);
            }
            for (place, (flows, silent, skipped)) in windows {
                prop_assert!(silent + skipped <= 1, "{:?}", place);
                prop_assert!(silent == 0 || flows == 0, "{:?}", place);
            }
            // Every window that passed is told of, for every interface.
            let closed = now - LAG_SECONDS;
            let whole = usize::try_from((closed - T).div_euclid(interval).max(0)).expect("a count");
            for interface in [eni(1), eni(2), eni(3)] {
                if !wants(id, interface, id != log(3)) {
                    continue;
                }
                let mut starts: Vec<i64> = Vec::new();
                for record in batches.iter().filter(|it| it.target.id == id).flat_map(|it| &it.records) {
                    let (first, _) = record.span();
                    let start = first - first.rem_euclid(interval);
                    if record.interface.id == interface && !starts.contains(&start) {
                        starts.push(start);
                    }
                }
                prop_assert!(starts.len() >= whole, "{:?} of {}", starts, whole);
            }
        }
    }
}
