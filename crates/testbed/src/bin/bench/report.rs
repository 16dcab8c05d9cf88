//! The table for people and the document for machines.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use comfy_table::{CellAlignment, Table, presets};
use serde::Serialize;

use crate::machine::Machine;
use crate::measure::{Measure, Sample};
use crate::stats::{BASIS, Summary};
use crate::testbed::bench::{self, Verdict, median, spread};

/// Name and version of the JSON document.
pub(crate) const SCHEMA: &str = "ginnel-bench/1";

/// Everything about one run.
#[derive(Debug, Serialize)]
pub(crate) struct Report<'a> {
    /// [`SCHEMA`].
    pub(crate) schema: &'static str,
    /// Where and when.
    pub(crate) machine: Machine,
    /// How many rounds were asked for.
    pub(crate) rounds: u32,
    /// Seconds of each window.
    pub(crate) seconds: f64,
    /// The measured CPU.
    pub(crate) cpu: &'a [usize],
    /// How CPU time was taken.
    pub(crate) cpu_accounting: &'static str,
    /// What went wrong or was left out.
    pub(crate) notes: Vec<String>,
    /// What each path is.
    pub(crate) paths: BTreeMap<&'static str, &'static str>,
    /// Medians over the rounds.
    pub(crate) summary: Vec<Summary>,
    /// The bar, if it was asked for.
    pub(crate) bars: Option<Vec<Verdict>>,
    /// Every measurement.
    pub(crate) samples: Vec<Sample>,
}

impl Report<'_> {
    /// Whether a demand was missed.
    pub(crate) fn missed(&self) -> bool {
        let bars = self.bars.iter().flatten();
        bars.into_iter().any(|one| !one.met)
    }

    /// The whole report as text.
    pub(crate) fn table(&self) -> String {
        let Machine {
            common,
            congestion_control: [host, ours],
        } = &self.machine;
        let bench::Machine {
            date,
            kernel,
            cpu_model,
            cpus,
            load,
        } = common;
        let mut text = format!(
            "{date}, {cpu_model} x{cpus}, kernel {kernel}, load {load:?} before, CPU {:?}\n\
             {} rounds of {} s, interleaved; median [min..max]; x = by {BASIS} (or by the one named) in the same round\n\
             TCP: {ours} in the namespaces (the host's default is {host})\n\
             CPU time: {}\n",
            self.cpu, self.rounds, self.seconds, self.cpu_accounting,
        );
        for (name, about) in &self.paths {
            let _ = writeln!(text, "{name:>9}: {about}");
        }
        let mut measures: Vec<Measure> = self.summary.iter().map(|one| one.measure).collect();
        measures.dedup();
        for measure in measures {
            let _ = write!(
                text,
                "\n{}: {}\n{}\n",
                measure.name(),
                measure.about(),
                self.of(measure)
            );
        }
        for note in &self.notes {
            let _ = writeln!(text, "note: {note}");
        }
        for verdict in self.bars.iter().flatten() {
            let _ = writeln!(text, "{verdict}");
        }
        text
    }

    fn of(&self, measure: Measure) -> Table {
        let mut table = Table::new();
        table.load_style(presets::NOTHING);
        let latency = measure == Measure::Rr;
        let mut head = vec!["path".to_owned(), measure.unit().to_owned(), "x".to_owned()];
        if latency {
            head.extend(["p99 us".to_owned(), "p99 x".to_owned()]);
        }
        head.extend([
            format!("CPU {}", measure.cpu_unit()),
            "CPU added".to_owned(),
            "CPU x".to_owned(),
            "others".to_owned(),
        ]);
        let named = self.summary.iter().any(|one| one.base != BASIS);
        head.extend(named.then(|| "x is by".to_owned()));
        let columns = head.len();
        table.set_header(head);
        for one in self.summary.iter().filter(|one| one.measure == measure) {
            let mut row = vec![one.path.clone(), spread(one.value, 1), spread(one.ratio, 2)];
            if latency {
                row.extend([spread(one.p99, 1), spread(one.p99_ratio, 2)]);
            }
            row.extend([
                spread(one.cpu, 2),
                spread(one.cpu_added, 2),
                median(one.cpu_ratio, 2),
                one.foreign.map_or("-".to_owned(), |share| {
                    format!("{:.0} %", share.median * 100.0)
                }),
            ]);
            row.extend(named.then(|| one.base.clone()));
            table.add_row(row);
        }
        for column in 1..columns {
            if let Some(column) = table.column_mut(column) {
                column.set_cell_alignment(CellAlignment::Right);
            }
        }
        table
    }
}
