//! `plan::walk` against the BPF programs: the same random packets over the same random tables,
//! the programs by test run. Same verdict, same bytes.
//!
//! ```text
//! GINNEL_SEED=1 GINNEL_PACKETS=10000000 cargo test --release -p ginnel-agent --test differential -- --nocapture
//! ```
//!
//! Without `GINNEL_PACKETS` it runs for `GINNEL_SECONDS` (120).

#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod frames;
mod lab;
mod tables;

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use frames::Traffic;
use lab::Lab;
use model::host::{Document, EniSlot};
use plan::walk::{Fate, Gso, Host, Link, Outcome, Uplink, Walker};
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};

/// Packets over one set of tables.
const ROUND: u64 = 10_000;
/// Tables that follow each other, with the flows of the ones before.
const CHANGES: u64 = 4;

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

#[test]
fn the_programs_and_the_reference_agree() {
    if !testbed::usable() {
        return;
    }
    let seed = number("GINNEL_SEED").unwrap_or_else(|| rand::rng().random());
    let packets = number("GINNEL_PACKETS");
    let until = Instant::now() + Duration::from_secs(number("GINNEL_SECONDS").unwrap_or(120));
    println!("GINNEL_SEED={seed}");
    let mut rng = StdRng::seed_from_u64(seed);
    let mut tally = BTreeMap::new();
    let mut done = 0u64;
    let began = Instant::now();
    let enough = |done: u64| match packets {
        Some(packets) => done >= packets,
        None => Instant::now() >= until,
    };
    while !enough(done) {
        done += life(&mut rng, &mut tally, seed);
    }
    println!(
        "{done} packets, 0 disagreements, {:.0} s, seed {seed}",
        began.elapsed().as_secs_f64()
    );
    for (what, count) in &tally {
        println!("{count:>10} {what}");
    }
    // A test that forwards nothing agrees about nothing.
    assert!(tally.contains_key("forwarded") && tally.contains_key("answered"));
}

/// One data plane, from its first tables to its last.
fn life(rng: &mut StdRng, tally: &mut BTreeMap<String, u64>, seed: u64) -> u64 {
    let lab = Lab::new();
    let hashes = rng.random_range(1..=u32::MAX);
    lab.set_seed(hashes);
    let host = Host {
        seed: hashes,
        uplink: Some(Uplink {
            mtu: lab::UPLINK_MTU,
            mac: lab::UPLINK_MAC,
        }),
        flow_quota: lab::FLOWS_PER_ENI,
    };
    let documents: Vec<Document> = (0..CHANGES)
        .map(|number| tables::document(rng, &lab, number + 1))
        .collect();
    let mut walker = None;
    let mut traffic = Traffic::default();
    let mut done = 0;
    for document in &documents {
        lab.apply(document);
        let walker = match &mut walker {
            None => walker.insert(Walker::new(document, host)),
            Some(walker) => {
                walker.set_document(document);
                walker
            }
        };
        for _ in 0..ROUND {
            let (from, frame, gso) = traffic.next(rng, document);
            let expected = walker.walk(from, &frame, gso);
            let found = lab.trial(slot(from), &frame, gso);
            *tally.entry(word(&expected)).or_default() += 1;
            if let Some(problem) = difference(&expected, &found) {
                panic!(
                    "packet {done} of seed {seed}: {problem}\n from {from:?} {gso:?}\n frame    {}\n expected {expected:?}\n expected {}\n found    {} verdict {}\n",
                    hex(&frame),
                    hex(match &expected.fate {
                        Fate::Forward { frame, .. } | Fate::Answer { frame } => frame,
                        Fate::Drop | Fate::Swallow => &[],
                    }),
                    hex(&found.frame),
                    found.verdict,
                );
            }
            if let Fate::Forward { to, frame } = &expected.fate {
                traffic.saw(rng, *to, frame);
            }
            done += 1;
        }
    }
    done
}

fn slot(link: Link) -> Option<EniSlot> {
    match link {
        Link::Eni(slot) => Some(slot),
        Link::Uplink => None,
    }
}

fn word(outcome: &Outcome) -> String {
    match (&outcome.fate, outcome.verdict) {
        (Fate::Forward { .. }, _) => "forwarded".into(),
        (Fate::Answer { .. }, None) => "answered".into(),
        (Fate::Swallow, _) => "swallowed".into(),
        (_, verdict) => verdict.map_or("dropped", |it| it.label()).into(),
    }
}

fn difference(expected: &Outcome, found: &dataplane::Trial) -> Option<&'static str> {
    let verdict = expected.verdict.map_or(0, |verdict| verdict as u32);
    if verdict != found.verdict {
        return Some("another verdict");
    }
    match &expected.fate {
        Fate::Forward { frame, to } => {
            if !found.sent {
                return Some("not sent");
            }
            if *frame != found.frame {
                return Some("other bytes");
            }
            // The fast path does not tell the link; the receiver's MAC is in the bytes.
            let told = found.to.is_some();
            let link = |slot: &EniSlot| match to {
                Link::Eni(to) => to == slot,
                Link::Uplink => slot.0 == lab::UPLINK_SLOT,
            };
            (told && !found.to.iter().any(link)).then_some("another link")
        }
        Fate::Answer { frame } => {
            if !found.sent {
                return Some("not answered");
            }
            (*frame != found.frame).then_some("another answer")
        }
        Fate::Drop | Fate::Swallow => found.sent.then_some("sent"),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The walker's and the data plane's.
pub(crate) fn gso_of(gso: Option<Gso>) -> Option<dataplane::Gso> {
    gso.map(|gso| dataplane::Gso {
        size: gso.size,
        segments: gso.segments,
    })
}
