//! What is demanded: issue 3 ("Shows", 4) and GOALS.md ("Control plane").

use crate::case::Case;
use crate::record::{Key, Record, What};
use crate::run::{FEW, FILTERED, Scale, TOGETHER};
use crate::server::Subject;
use crate::testbed::bench::Limit::{AtLeast, AtMost};
use crate::testbed::bench::Verdict;

/// Small calls by moto's.
const SMALL: f64 = 20.0;
/// A filtered call with the most endpoints by the same with few.
const SIZE: f64 = 1.3;

/// Holds the record against every demand.
pub(crate) fn check(record: &Record, scale: &Scale) -> Vec<Verdict> {
    let mut verdicts = Vec::new();
    let least = scale.levels.first().copied().unwrap_or_default();
    let ours = |case, endpoints, at_a_time| Key {
        endpoints,
        case,
        at_a_time,
        subject: Subject::Ginnel,
    };
    let small = [
        (Case::Vpc, least),
        (Case::Endpoint, least),
        (Case::Create, 0),
    ];
    for (case, endpoints) in small {
        for at_a_time in TOGETHER {
            let key = ours(case, endpoints, at_a_time);
            let moto = Key {
                subject: Subject::Moto,
                ..key
            };
            let found = record.ratio(key, moto, |one| one.rate);
            let what = format!("{}, {at_a_time} at a time: calls/s by moto", case.name());
            verdicts.push(Verdict::new(
                &what,
                found.map(|it| it.median),
                AtLeast(SMALL),
            ));
        }
    }
    for case in FILTERED {
        let (many, few) = (ours(case, scale.large, 1), ours(case, FEW, 1));
        let found = record.ratio(many, few, |one| one.p50);
        let what = format!("{}: p50 at {} endpoints by {FEW}", case.name(), scale.large);
        verdicts.push(Verdict::new(&what, found.map(|it| it.median), AtMost(SIZE)));
    }
    let cpu = [
        (Case::Vpc, least, 0.1),
        (Case::Endpoint, least, 0.1),
        (Case::Create, 0, 0.1),
        (Case::List, 1_000, 3.0),
    ];
    for (case, endpoints, limit) in cpu {
        let found = record.spread(ours(case, endpoints, 1), |one| one.server_cpu);
        let what = match case {
            Case::List => format!("{} {endpoints}: server CPU ms", case.name()),
            _ => format!("{}: server CPU ms", case.name()),
        };
        verdicts.push(Verdict::new(
            &what,
            found.map(|it| it.median),
            AtMost(limit),
        ));
    }
    for (what, endpoints, limit) in [
        (What::Memory, 0, 40.0),
        (What::Memory, 10_000, 300.0),
        (What::Start, 0, 0.1),
        (What::Start, 10_000, 1.0),
    ] {
        let found = record.fact(what, endpoints, Subject::Ginnel);
        let what = format!("{}, {endpoints} endpoints", what.name());
        verdicts.push(Verdict::new(
            &what,
            found.map(|it| it.median),
            AtMost(limit),
        ));
    }
    verdicts
}

#[cfg(test)]
mod tests;
