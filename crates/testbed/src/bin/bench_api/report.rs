//! The tables for people and the document for machines.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use comfy_table::{CellAlignment, Table, presets};
use serde::Serialize;

use crate::record::{Record, Summary, What};
use crate::run::Scale;
use crate::server::Subject;
use crate::testbed::bench::{Machine, Spread, Verdict, median, spread};

/// Name and version of the JSON document.
pub(crate) const SCHEMA: &str = "ginnel-bench-api/1";

/// Everything about one run.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    /// [`SCHEMA`].
    pub(crate) schema: &'static str,
    /// Where and when.
    pub(crate) machine: Machine,
    /// Load average over 1, 5 and 15 minutes after the run.
    pub(crate) load_after: [f64; 3],
    /// How much of everything.
    pub(crate) scale: Scale,
    /// What was measured, by name.
    pub(crate) versions: BTreeMap<&'static str, String>,
    /// Medians over the rounds.
    pub(crate) summary: Vec<Summary>,
    /// The bars.
    pub(crate) bars: Vec<Verdict>,
    /// Every figure.
    pub(crate) record: Record,
}

impl Report {
    /// Whether a demand was missed.
    pub(crate) fn missed(&self) -> bool {
        self.bars.iter().any(|one| !one.met)
    }

    /// The whole report as text.
    pub(crate) fn text(&self) -> String {
        let Machine {
            date,
            kernel,
            cpu_model,
            cpus,
            load,
        } = &self.machine;
        let mut text = format!(
            "{date}, {cpu_model} x{cpus}, kernel {kernel}, load {load:?} before, {:?} after\n\
             {} rounds of {} s, interleaved; median [min..max]; x = calls/s by moto's in the same round\n\
             server and load generator share the CPUs; client = the generator's CPU time by the window\n",
            self.load_after, self.scale.rounds, self.scale.seconds,
        );
        let disk = Spread::of(self.record.disk.iter().copied());
        let _ = writeln!(
            text,
            "a 4 kB write and fdatasync takes {} ms here: Ginnel makes one before it acknowledges, moto keeps nothing",
            spread(disk, 3)
        );
        for (name, version) in &self.versions {
            let _ = writeln!(text, "{name:>6}: {version}");
        }
        let mut levels: Vec<usize> = self.summary.iter().map(|one| one.key.endpoints).collect();
        levels.dedup();
        for level in levels {
            let title = match level {
                0 => "a new server that gets its endpoints".to_owned(),
                level => format!("{level} endpoints"),
            };
            let _ = write!(text, "\n{title}\n{}\n", self.calls(level));
        }
        let _ = write!(text, "\nstart and memory\n{}\n\n", self.facts());
        for note in &self.record.notes {
            let _ = writeln!(text, "note: {note}");
        }
        for verdict in &self.bars {
            let _ = writeln!(text, "{verdict}");
        }
        text
    }

    fn calls(&self, level: usize) -> Table {
        let mut table = table(&[
            "call",
            "at a time",
            "of",
            "calls/s",
            "x",
            "p50 ms",
            "p99 ms",
            "server CPU ms",
            "client",
        ]);
        for one in &self.summary {
            if one.key.endpoints != level {
                continue;
            }
            let ratio = match one.key.subject {
                Subject::Moto => None,
                Subject::Ginnel => one.by_moto,
            };
            let share = one.client.map(|it| format!("{:.0} %", it.median * 100.0));
            table.add_row([
                one.key.case.name().to_owned(),
                one.key.at_a_time.to_string(),
                one.key.subject.name().to_owned(),
                spread(one.rate, digits(one.rate)),
                spread(ratio, 1),
                median(one.p50, 3),
                spread(one.p99, 3),
                median(one.server_cpu, 3),
                share.unwrap_or_default(),
            ]);
        }
        align(table, 3)
    }

    fn facts(&self) -> Table {
        let mut table = table(&["what", "endpoints", "of", "value"]);
        let mut seen = Vec::new();
        for fact in &self.record.facts {
            let key = (fact.what, fact.endpoints, fact.subject);
            if seen.contains(&key) {
                continue;
            }
            seen.push(key);
            let digits = if fact.what == What::Start { 3 } else { 1 };
            let figure = self.record.fact(fact.what, fact.endpoints, fact.subject);
            table.add_row([
                fact.what.name().to_owned(),
                fact.endpoints.to_string(),
                fact.subject.name().to_owned(),
                spread(figure, digits),
            ]);
        }
        align(table, 3)
    }
}

fn table(head: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_header(head.to_vec());
    table
}

/// Large figures need none behind the point.
fn digits(figure: Option<Spread>) -> usize {
    usize::from(figure.is_none_or(|it| it.median < 100.0))
}

/// Columns of figures stand to the right.
fn align(mut table: Table, from: usize) -> Table {
    for column in from..table.column_count() {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table
}
