//! A bar is met only by what was measured and is good enough.

use super::*;
use crate::record::Fact;
use crate::record::tests::sample;

fn scale() -> Scale {
    Scale::new(false)
}

/// A run in which everything is exactly as given.
fn record(rate: usize, slower: f64, memory: f64) -> Record {
    let mut record = Record::default();
    let mut add = |endpoints, case, at_a_time, subject, calls, latency| {
        let key = Key {
            endpoints,
            case,
            at_a_time,
            subject,
        };
        record.samples.push(sample(1, key, calls, latency));
    };
    for at_a_time in TOGETHER {
        for (case, endpoints) in [(Case::Vpc, 10), (Case::Endpoint, 10), (Case::Create, 0)] {
            add(endpoints, case, at_a_time, Subject::Ginnel, rate, 0.1);
            add(endpoints, case, at_a_time, Subject::Moto, 1_000, 3.0);
        }
    }
    add(1_000, Case::List, 1, Subject::Ginnel, rate, 0.1);
    for case in FILTERED {
        add(FEW, case, 1, Subject::Ginnel, 10, 1.0);
        add(100_000, case, 1, Subject::Ginnel, 10, slower);
    }
    for (what, endpoints, value) in [
        (What::Memory, 0, memory),
        (What::Memory, 10_000, memory),
        (What::Start, 0, 0.05),
        (What::Start, 10_000, 0.5),
    ] {
        record.facts.push(Fact {
            round: 1,
            what,
            endpoints,
            subject: Subject::Ginnel,
            value,
        });
    }
    record
}

fn missed(record: &Record) -> Vec<String> {
    let verdicts = check(record, &scale()).into_iter();
    verdicts
        .filter(|one| !one.met)
        .map(|one| one.demand)
        .collect()
}

#[test]
fn a_good_run_meets_every_demand() {
    assert_eq!(missed(&record(25_000, 1.1, 30.0)), Vec::<String>::new());
}

#[test]
fn each_shortfall_is_named() {
    // Half a CPU second of the server in each window: 4,000 calls cost 0.125 ms each.
    let slow = missed(&record(4_000, 1.4, 350.0));
    let count = |part: &str| slow.iter().filter(|one| one.contains(part)).count();
    assert_eq!(count("by moto"), 6, "{slow:?}");
    assert_eq!(count("filter"), 2);
    assert_eq!(count("server CPU"), 3);
    assert_eq!(count("memory"), 2);
    assert_eq!(slow.len(), 13);
}

#[test]
fn what_was_not_measured_is_not_met() {
    let nothing = Record::default();
    assert_eq!(missed(&nothing).len(), check(&nothing, &scale()).len());
}
