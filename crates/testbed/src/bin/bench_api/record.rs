//! What was measured, and its medians over the rounds.

use serde::Serialize;

use crate::case::Case;
use crate::server::Subject;
use crate::testbed::bench::{Spread, percentile};

/// One window of one case at one server.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Sample {
    /// Which round, from 1.
    pub(crate) round: u32,
    /// What.
    #[serde(flatten)]
    pub(crate) key: Key,
    /// The window's true length.
    pub(crate) seconds: f64,
    /// Calls that ended in it.
    pub(crate) calls: usize,
    /// Calls a second.
    pub(crate) rate: f64,
    /// Half of the calls were not slower, milliseconds.
    pub(crate) p50: f64,
    /// 99 of 100 were not slower.
    pub(crate) p99: f64,
    /// CPU milliseconds of the server for one call.
    pub(crate) server_cpu: f64,
    /// CPU time of the load generator by the window's length.
    pub(crate) client: f64,
}

/// What a sample is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(crate) struct Key {
    /// How many endpoints there are; 0 when the server starts without any and gets them now.
    pub(crate) endpoints: usize,
    /// Which call.
    pub(crate) case: Case,
    /// How many at a time.
    pub(crate) at_a_time: usize,
    /// Of whom.
    pub(crate) subject: Subject,
}

impl Sample {
    /// From the latencies (milliseconds) of a window; `server` and `client` are CPU seconds.
    pub(crate) fn new(
        round: u32,
        key: Key,
        seconds: f64,
        mut latencies: Vec<f64>,
        server: f64,
        client: f64,
    ) -> Self {
        latencies.sort_by(f64::total_cmp);
        let calls = latencies.len();
        Self {
            round,
            key,
            seconds,
            calls,
            rate: calls as f64 / seconds,
            p50: percentile(&latencies, 0.5),
            p99: percentile(&latencies, 0.99),
            server_cpu: server * 1e3 / calls as f64,
            client: client / seconds,
        }
    }
}

/// A figure of a server that is no call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum What {
    /// Seconds from the process's start to its first answer.
    Start,
    /// Resident megabytes, at rest.
    Memory,
    /// Resident megabytes after the calls of a level.
    MemoryAfterLoad,
}

impl What {
    /// As in the tables.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Start => "start to first answer, s",
            Self::Memory => "resident memory at rest, MB",
            Self::MemoryAfterLoad => "resident memory after the calls, MB",
        }
    }
}

/// One such figure.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Fact {
    /// Which round, from 1.
    pub(crate) round: u32,
    /// What.
    pub(crate) what: What,
    /// With how many endpoints.
    pub(crate) endpoints: usize,
    /// Of whom.
    pub(crate) subject: Subject,
    /// The figure.
    pub(crate) value: f64,
}

/// Everything that was measured.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Record {
    /// Every window.
    pub(crate) samples: Vec<Sample>,
    /// Every other figure.
    pub(crate) facts: Vec<Fact>,
    /// Milliseconds of a durable write to the disk, once a round.
    pub(crate) disk: Vec<f64>,
    /// What was left out, and why.
    pub(crate) notes: Vec<String>,
}

/// One key over all rounds.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Summary {
    /// What.
    #[serde(flatten)]
    pub(crate) key: Key,
    /// In how many rounds.
    pub(crate) rounds: usize,
    /// Calls a second.
    pub(crate) rate: Option<Spread>,
    /// The same by moto's in the same round.
    pub(crate) by_moto: Option<Spread>,
    /// Milliseconds.
    pub(crate) p50: Option<Spread>,
    /// Milliseconds.
    pub(crate) p99: Option<Spread>,
    /// CPU milliseconds of the server for one call.
    pub(crate) server_cpu: Option<Spread>,
    /// CPU time of the load generator by the window's length.
    pub(crate) client: Option<Spread>,
}

impl Record {
    /// Says it at once, and keeps it for the report.
    pub(crate) fn note(&mut self, note: String) {
        eprintln!("bench-api: {note}");
        if !self.notes.contains(&note) {
            self.notes.push(note);
        }
    }

    /// Samples of a key.
    pub(crate) fn of(&self, key: Key) -> impl Iterator<Item = &Sample> {
        self.samples.iter().filter(move |one| one.key == key)
    }

    /// A figure of a key over the rounds.
    pub(crate) fn spread(&self, key: Key, figure: fn(&Sample) -> f64) -> Option<Spread> {
        Spread::of(self.of(key).map(figure))
    }

    /// A figure of one key by that of another in the same round.
    pub(crate) fn ratio(&self, key: Key, base: Key, figure: fn(&Sample) -> f64) -> Option<Spread> {
        Spread::of(self.of(key).filter_map(|one| {
            let other = self.of(base).find(|other| other.round == one.round)?;
            Some(figure(one) / figure(other))
        }))
    }

    /// A fact over the rounds.
    pub(crate) fn fact(&self, what: What, endpoints: usize, subject: Subject) -> Option<Spread> {
        let facts = self.facts.iter();
        let ours = facts
            .filter(|one| one.what == what && one.endpoints == endpoints && one.subject == subject);
        Spread::of(ours.map(|one| one.value))
    }

    /// Every key once, in order.
    pub(crate) fn summarise(&self) -> Vec<Summary> {
        let mut keys: Vec<Key> = self.samples.iter().map(|one| one.key).collect();
        keys.sort_unstable();
        keys.dedup();
        let summary = |key: Key| {
            let moto = Key {
                subject: Subject::Moto,
                ..key
            };
            Summary {
                key,
                rounds: self.of(key).count(),
                rate: self.spread(key, |one| one.rate),
                by_moto: self.ratio(key, moto, |one| one.rate),
                p50: self.spread(key, |one| one.p50),
                p99: self.spread(key, |one| one.p99),
                server_cpu: self.spread(key, |one| one.server_cpu),
                client: self.spread(key, |one| one.client),
            }
        };
        keys.into_iter().map(summary).collect()
    }
}

#[cfg(test)]
pub(crate) mod tests;
