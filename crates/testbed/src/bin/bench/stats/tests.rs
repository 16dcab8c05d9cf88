//! Medians, and ratios that never cross rounds.

use super::*;
use crate::cpu::Spent;
use crate::tool::{Latency, Reading};

/// A sample with these figures.
pub(crate) fn sample(round: u32, path: &str, measure: Measure, value: f64, cpu: f64) -> Sample {
    Sample {
        round,
        path: path.to_owned(),
        measure,
        value,
        cpu_per: cpu,
        foreign: 0.0,
        reading: Reading {
            seconds: 1.0,
            count: 1,
            errors: 0,
            offered: None,
            latency: (measure == Measure::Rr).then_some(Latency {
                p50: value,
                p99: 2.0 * value,
                p999: 3.0 * value,
                max: 4.0 * value,
            }),
            cpu: Spent {
                own: 1.0,
                softirqd: 0.0,
                whole: 1.0,
            },
        },
    }
}

#[test]
fn ratios_are_taken_within_the_round() {
    let bulk = Measure::Bulk;
    // The machine was twice as fast in round 2; the ratio is 0.5 all the same.
    let samples = [
        sample(1, "direct", bulk, 10.0, 1.0),
        sample(1, "other", bulk, 5.0, 3.0),
        sample(2, "other", bulk, 10.0, 3.5),
        sample(2, "direct", bulk, 20.0, 1.5),
        // No partner in its round: it counts for the value only.
        sample(3, "other", bulk, 99.0, 9.0),
    ];
    let all = summarise(&samples, &BTreeMap::new());
    let other = all.iter().find(|one| one.path == "other").expect("other");
    assert_eq!(other.rounds, 3);
    assert_eq!(other.value.map(|s| s.median), Some(10.0));
    assert_eq!(
        other.ratio.map(|s| (s.min, s.median, s.max)),
        Some((0.5, 0.5, 0.5))
    );
    assert_eq!(other.cpu_added.map(|s| s.median), Some(2.0));
    assert_eq!(other.p99, None);
}

#[test]
fn latency_gives_a_ratio_of_its_own() {
    let samples = [
        sample(1, "direct", Measure::Rr, 10.0, 10.0),
        sample(1, "other", Measure::Rr, 12.0, 11.0),
    ];
    let all = summarise(&samples, &BTreeMap::new());
    let ratio = all
        .iter()
        .find(|one| one.path == "other")
        .and_then(|one| one.p99_ratio);
    assert_eq!(ratio.map(|s| s.median), Some(1.2));
}
