//! The first bar of GOALS.md: what ginnel must reach.

use crate::measure::{Measure, Sample};
use crate::stats::{BASIS, pairs};
use crate::testbed::bench::{Limit, Spread, Verdict};

const OURS: &str = "ginnel";
const PEERS: [&str; 2] = ["nftables", "haproxy"];

/// Holds the samples against every demand.
pub(crate) fn check(samples: &[Sample]) -> Vec<Verdict> {
    use Limit::{AtLeast, AtMost};
    let mut verdicts = Vec::new();
    for (measure, limit) in [
        (Measure::Bulk, AtLeast(0.90)),
        (Measure::Rr, AtMost(1.10)),
        (Measure::Crr1, AtLeast(0.85)),
        (Measure::Crr32, AtLeast(0.85)),
        (Measure::Pps, AtLeast(0.72)),
    ] {
        let found = ratio(samples, measure, BASIS);
        verdicts.push(Verdict::new(
            &format!("{} by direct", measure.name()),
            found,
            limit,
        ));
    }
    let both = (OURS, BASIS);
    let added = middle(samples, Measure::Crr32, both, |ours, base| {
        ours.cpu_per - base.cpu_per
    });
    verdicts.push(Verdict::new(
        "CPU added per connection (crr32), us",
        added,
        AtMost(11.0),
    ));
    for peer in PEERS {
        for measure in Measure::USUAL {
            if measure.is_injected() && peer == "haproxy" {
                continue;
            }
            let better = if measure.smaller_is_better() {
                AtMost(1.0)
            } else {
                AtLeast(1.0)
            };
            let demand = format!("{} by {peer}", measure.name());
            verdicts.push(Verdict::new(&demand, ratio(samples, measure, peer), better));
        }
    }
    verdicts
}

fn ratio(samples: &[Sample], measure: Measure, base: &str) -> Option<f64> {
    middle(samples, measure, (OURS, base), |ours, base| {
        ours.value / base.value
    })
}

/// The median over rounds of what two paths' samples of a round make together.
pub(crate) fn middle(
    samples: &[Sample],
    measure: Measure,
    (path, base): (&str, &str),
    combine: impl Fn(&Sample, &Sample) -> f64,
) -> Option<f64> {
    let all = pairs(samples, measure, path, base).map(|(one, base)| combine(one, base));
    Spread::of(all).map(|spread| spread.median)
}

#[cfg(test)]
mod tests;
