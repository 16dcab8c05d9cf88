//! Medians of ratios within rounds.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::measure::{Measure, Sample};
use crate::testbed::bench::Spread;

/// The path that others are compared with, unless they name another.
pub(crate) const BASIS: &str = "direct";

/// One path in one measure, over all rounds.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Summary {
    /// What was measured.
    pub(crate) measure: Measure,
    /// Its unit.
    pub(crate) unit: &'static str,
    /// Where.
    pub(crate) path: String,
    /// In how many rounds.
    pub(crate) rounds: usize,
    /// The main figure.
    pub(crate) value: Option<Spread>,
    /// The path that the ratios are by.
    pub(crate) base: String,
    /// The main figure by that of the base in the same round.
    pub(crate) ratio: Option<Spread>,
    /// 99th percentile of latency in microseconds.
    pub(crate) p99: Option<Spread>,
    /// The same by that of the base.
    pub(crate) p99_ratio: Option<Spread>,
    /// The unit of the next two.
    pub(crate) cpu_unit: &'static str,
    /// CPU per operation.
    pub(crate) cpu: Option<Spread>,
    /// CPU per operation above that of the base in the same round.
    pub(crate) cpu_added: Option<Spread>,
    /// CPU per operation by that of the base.
    pub(crate) cpu_ratio: Option<Spread>,
    /// Share of the measured CPUs that others took.
    pub(crate) foreign: Option<Spread>,
}

/// Sums up by measure and path, in the order in which they first came. `bases` names the path
/// that one is compared with, where it is not [`BASIS`].
pub(crate) fn summarise(samples: &[Sample], bases: &BTreeMap<&str, &str>) -> Vec<Summary> {
    let mut order: Vec<(Measure, &str)> = Vec::new();
    for sample in samples {
        let key = (sample.measure, sample.path.as_str());
        if !order.contains(&key) {
            order.push(key);
        }
    }
    order.sort_by_key(|(measure, _)| *measure);
    order
        .into_iter()
        .map(|(measure, path)| {
            let base = bases.get(path).copied().unwrap_or(BASIS);
            let of =
                |figure: fn(&Sample) -> f64| Spread::of(select(samples, measure, path).map(figure));
            let pairs = |combine: fn(&Sample, &Sample) -> f64| {
                Spread::of(
                    pairs(samples, measure, path, base).map(|(one, base)| combine(one, base)),
                )
            };
            Summary {
                measure,
                unit: measure.unit(),
                path: path.to_owned(),
                base: base.to_owned(),
                rounds: select(samples, measure, path).count(),
                value: of(|one| one.value),
                ratio: pairs(|one, base| one.value / base.value),
                p99: of(p99),
                p99_ratio: pairs(|one, base| p99(one) / p99(base)),
                cpu_unit: measure.cpu_unit(),
                cpu: of(|one| one.cpu_per),
                cpu_added: pairs(|one, base| one.cpu_per - base.cpu_per),
                cpu_ratio: pairs(|one, base| one.cpu_per / base.cpu_per),
                foreign: of(|one| one.foreign),
            }
        })
        .collect()
}

/// NaN without latencies: [`Spread::of`] leaves it out.
fn p99(sample: &Sample) -> f64 {
    sample
        .reading
        .latency
        .map_or(f64::NAN, |latency| latency.p99)
}

fn select<'a>(
    samples: &'a [Sample],
    measure: Measure,
    path: &'a str,
) -> impl Iterator<Item = &'a Sample> {
    samples
        .iter()
        .filter(move |sample| sample.measure == measure && sample.path == path)
}

/// Samples of two paths that were taken in the same round.
pub(crate) fn pairs<'a>(
    samples: &'a [Sample],
    measure: Measure,
    path: &'a str,
    base: &'a str,
) -> impl Iterator<Item = (&'a Sample, &'a Sample)> {
    let bases: BTreeMap<u32, &Sample> = select(samples, measure, base)
        .map(|sample| (sample.round, sample))
        .collect();
    select(samples, measure, path)
        .filter_map(move |sample| Some((sample, *bases.get(&sample.round)?)))
}

#[cfg(test)]
pub(crate) mod tests;
