//! Each bar is missed by what is too dear, and by what was not measured.

use super::*;
use crate::stats::tests::sample;

fn missed(part: Part, samples: &[Sample], memory: Option<f64>) -> Vec<String> {
    let verdicts = check(part, samples, memory).into_iter();
    verdicts
        .filter(|one| !one.met)
        .map(|one| one.demand)
        .collect()
}

fn ruled(rate: f64, cpu: f64) -> Vec<Sample> {
    let mut all = Vec::new();
    for measure in RULED {
        for (names, _, _) in SHAPES {
            for name in names {
                let first = SHAPES[0].0.contains(&name);
                let (rate, cpu) = if first { (100.0, 10.0) } else { (rate, cpu) };
                all.push(sample(1, name, *measure, rate, cpu));
            }
        }
    }
    all
}

#[test]
fn rules_may_cost_a_tenth() {
    assert_eq!(
        missed(Part::Rules, &ruled(92.0, 10.9), None),
        Vec::<String>::new()
    );
    let dear = missed(Part::Rules, &ruled(92.0, 11.5), None);
    assert_eq!(dear.len(), 12, "{dear:?}");
    assert!(dear.iter().all(|one| one.contains(", CPU")), "{dear:?}");
    let slow = missed(Part::Rules, &ruled(90.0, 10.0), None);
    assert_eq!(slow.len(), 12, "{slow:?}");
    assert_eq!(missed(Part::Rules, &[], None).len(), 24);
}

#[test]
fn many_flows_may_cost_some_packets_and_memory() {
    let spread = |rate| {
        [
            sample(1, BASIS, Measure::Spread, 100.0, 1.0),
            sample(1, "eni-1M", Measure::Spread, rate, 1.0),
        ]
    };
    assert_eq!(missed(Part::Flows, &spread(56.0), Some(300.0)).len(), 0);
    assert_eq!(missed(Part::Flows, &spread(54.0), Some(330.0)).len(), 2);
    assert_eq!(missed(Part::Flows, &[], None).len(), 2);
}

#[test]
fn flow_logs_may_cost_three_in_a_hundred() {
    let logged = |rate: f64, latency: f64| {
        let mut all = Vec::new();
        for measure in LOGGED {
            let on = if measure.smaller_is_better() {
                latency
            } else {
                rate
            };
            all.push(sample(1, "logs-off", *measure, 100.0, 1.0));
            all.push(sample(1, "logs-on", *measure, on, 1.0));
        }
        all
    };
    assert_eq!(missed(Part::Logs, &logged(98.0, 102.0), None).len(), 0);
    assert_eq!(missed(Part::Logs, &logged(96.0, 104.0), None).len(), 3);
    assert_eq!(missed(Part::Logs, &[], None).len(), 3);
}
