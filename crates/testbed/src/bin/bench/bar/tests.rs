//! A bar is met only by what was measured and is good enough.

use super::*;
use crate::stats::tests::sample;

/// One round: direct 100, peers 50 (latency 200), ours as given; CPU 70 and `cpu`.
fn round(ours: f64, latency: f64, cpu: f64) -> Vec<Sample> {
    let mut all = Vec::new();
    for measure in Measure::USUAL {
        let slow = if measure.smaller_is_better() {
            200.0
        } else {
            50.0
        };
        let mine = if measure.smaller_is_better() {
            latency
        } else {
            ours
        };
        all.push(sample(1, "direct", measure, 100.0, 70.0));
        all.push(sample(1, "nftables", measure, slow, 100.0));
        all.push(sample(1, "haproxy", measure, slow, 140.0));
        all.push(sample(1, "ginnel", measure, mine, cpu));
    }
    all
}

fn missed(samples: &[Sample]) -> Vec<String> {
    let verdicts = check(samples).into_iter();
    verdicts
        .filter(|one| !one.met)
        .map(|one| one.demand)
        .collect()
}

#[test]
fn a_good_run_meets_every_demand() {
    assert_eq!(missed(&round(95.0, 105.0, 78.0)), Vec::<String>::new());
}

#[test]
fn each_shortfall_is_named() {
    let slow = missed(&round(80.0, 120.0, 82.0));
    let named = [
        "bulk by direct",
        "rr by direct",
        "crr1 by direct",
        "crr32 by direct",
        "CPU added",
    ];
    assert_eq!(slow.len(), named.len(), "{slow:?}");
    for (demand, name) in slow.iter().zip(named) {
        assert!(demand.starts_with(name), "{demand}");
    }
}

#[test]
fn what_was_not_measured_is_not_met() {
    let without: Vec<_> = round(95.0, 105.0, 78.0)
        .into_iter()
        .filter(|sample| sample.path != "ginnel")
        .collect();
    assert_eq!(missed(&without).len(), check(&without).len());
}
