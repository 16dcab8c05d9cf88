//! Medians, and ratios that never cross rounds.

use super::*;

/// The key of a case at a server with ten endpoints, one call at a time.
pub(crate) fn key(case: Case, subject: Subject) -> Key {
    Key {
        endpoints: 10,
        case,
        at_a_time: 1,
        subject,
    }
}

/// A second in which `calls` calls took `latency` ms each.
pub(crate) fn sample(round: u32, key: Key, calls: usize, latency: f64) -> Sample {
    Sample::new(round, key, 1.0, vec![latency; calls], 0.5, 0.2)
}

#[test]
fn a_sample_is_per_call() {
    let key = key(Case::Vpc, Subject::Ginnel);
    let latencies = (1..=100).rev().map(f64::from).collect();
    let sample = Sample::new(1, key, 2.0, latencies, 0.5, 0.2);
    assert_eq!((sample.calls, sample.rate), (100, 50.0));
    assert_eq!((sample.p50, sample.p99), (51.0, 100.0));
    assert_eq!((sample.server_cpu, sample.client), (5.0, 0.1));
}

#[test]
fn ratios_are_taken_within_the_round() {
    let (ours, moto) = (
        key(Case::Vpc, Subject::Ginnel),
        key(Case::Vpc, Subject::Moto),
    );
    let mut record = Record::default();
    // The machine was twice as fast in round 2; the ratio is 20 all the same.
    record.samples = vec![
        sample(1, ours, 200, 1.0),
        sample(1, moto, 10, 9.0),
        sample(2, moto, 20, 9.0),
        sample(2, ours, 400, 1.0),
        // No partner in its round: it counts for its own figures only.
        sample(3, ours, 10_000, 1.0),
    ];
    let all = record.summarise();
    assert_eq!(all.len(), 2);
    let by_moto = all[0].by_moto.map(|it| (it.min, it.median, it.max));
    assert_eq!(all[0].key, ours);
    assert_eq!(all[0].rounds, 3);
    assert_eq!(by_moto, Some((20.0, 20.0, 20.0)));
    assert_eq!(all[1].by_moto.map(|it| it.median), Some(1.0));
}

#[test]
fn a_note_is_kept_once() {
    let mut record = Record::default();
    record.note("moto is slow".into());
    record.note("moto is slow".into());
    assert_eq!(record.notes.len(), 1);
}
