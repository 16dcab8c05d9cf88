//! The run: set up, take turns, sum up, clean up.
//!
//! Order: for each round, for each measure, each path once. The figures that are compared are so
//! taken within seconds of each other; which path goes first changes from round to round.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use nix::sched::{CpuSet, sched_setaffinity};
use nix::unistd::Pid;

use crate::cpu::{Group, Meter};
use crate::machine::Machine;
use crate::measure::{Measure, Place, Sample};
use crate::path::{self, Lane, Path, cpu_set};
use crate::report::{self, Report};
use crate::testbed::bench::{Interrupt, Verdict};
use crate::testbed::proc::pause;
use crate::tool::Window;
use crate::{bar, stats};

/// Settings of every run.
#[derive(Debug, clap::Args)]
pub(crate) struct Settings {
    /// How many rounds.
    #[arg(long, default_value_t = 7)]
    rounds: u32,
    /// Seconds of each measurement's window.
    #[arg(long, default_value_t = 2.0)]
    seconds: f64,
    /// Write everything, raw samples too, to this file.
    #[arg(long)]
    json: Option<PathBuf>,
    /// Two short rounds, to see that it works; the figures are worth little.
    #[arg(long)]
    quick: bool,
    /// Hold the figures against their bars; exit code 1 when one is missed.
    #[arg(long)]
    check: bool,
    /// The CPU that everything runs on; the last one unless given.
    #[arg(long)]
    cpu: Option<usize>,
}

impl Settings {
    /// Rounds, and seconds of a window.
    fn length(&self) -> Result<(u32, f64)> {
        let (rounds, seconds) = if self.quick {
            (2, 0.5)
        } else {
            (self.rounds, self.seconds)
        };
        ensure!(
            rounds > 0 && (0.1..=600.0).contains(&seconds),
            "rounds and seconds must be positive"
        );
        Ok((rounds, seconds))
    }
}

/// Settings of `bench run`.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    #[command(flatten)]
    settings: Settings,
    /// Which paths; `direct` is always among them.
    #[arg(
        long,
        value_delimiter = ',',
        default_value = "direct,nftables,haproxy,ginnel"
    )]
    paths: Vec<String>,
    /// Which measures; the usual five unless named.
    #[arg(long, value_delimiter = ',', value_enum)]
    measures: Vec<Measure>,
}

/// Paths that are compared with each other, and by what.
pub(crate) struct Part<'a> {
    /// What is measured, where a path carries it.
    pub(crate) measures: Vec<Measure>,
    /// Builds the paths.
    pub(crate) build: Build<'a>,
}

/// Builds paths.
pub(crate) type Build<'a> = Box<dyn Fn(&mut Site<'_>) -> Result<Lanes> + 'a>;

/// Built paths.
pub(crate) type Lanes = Vec<(Box<dyn Path>, Lane)>;

/// Where paths are built.
pub(crate) struct Site<'a> {
    /// Where everything that works for a path must run.
    pub(crate) cpus: CpuSet,
    /// What went wrong or is left out, for the report.
    pub(crate) notes: &'a mut Vec<String>,
    /// Set when the run was interrupted.
    pub(crate) interrupt: &'a Interrupt,
}

impl Site<'_> {
    /// Says something now and in the report.
    pub(crate) fn note(&mut self, note: String) {
        eprintln!("bench: {note}");
        self.notes.push(note);
    }
}

/// One core for most measures, two for some.
struct Cores {
    one: Vec<usize>,
    two: Vec<usize>,
}

/// Measures the paths of `bench run` and reports.
pub(crate) fn run(options: &Options) -> Result<ExitCode> {
    let mut measures = options.measures.clone();
    if measures.is_empty() {
        measures = Measure::USUAL.to_vec();
    }
    let part = Part {
        measures,
        build: Box::new(|site| set_up(&options.paths, site)),
    };
    perform(&options.settings, &[part], &bar::check)
}

/// Measures one part after the other and reports.
pub(crate) fn perform(
    settings: &Settings,
    parts: &[Part<'_>],
    check: &dyn Fn(&[Sample]) -> Vec<Verdict>,
) -> Result<ExitCode> {
    ensure!(crate::testbed::usable(), "root is needed");
    let interrupt = Interrupt::listen()?;
    let (rounds, seconds) = settings.length()?;
    let machine = Machine::read()?;
    if cfg!(debug_assertions) {
        eprintln!("bench: this is a debug build: the tools are the bottleneck. Use --release.");
    }
    let cores = cores(settings.cpu)?;
    // Before the control groups: what a killed run left running keeps its group alive.
    crate::testbed::netns::sweep();
    let group = Group::enter();
    for note in &group.notes {
        eprintln!("bench: {note}");
    }
    let mut series = Series {
        rounds,
        seconds,
        meter: group.meter(&cores.one)?,
        cores,
        interrupt,
        notes: group.notes.clone(),
        samples: Vec::new(),
    };
    let (mut abouts, mut bases) = (BTreeMap::new(), BTreeMap::new());
    for part in parts {
        let mut site = Site {
            cpus: cpu_set(&series.cores.one)?,
            notes: &mut series.notes,
            interrupt: &series.interrupt,
        };
        let lanes = (part.build)(&mut site)?;
        for (path, _) in &lanes {
            abouts.insert(path.name(), path.about());
            bases.insert(path.name(), path.base());
        }
        series.take(&part.measures, &lanes)?;
        // Namespaces and proxies go before the report, so that nothing is left if printing fails.
        drop(lanes);
    }
    let Series { samples, notes, .. } = series;
    ensure!(
        !samples.is_empty(),
        "nothing could be measured: {}",
        notes.join("; ")
    );
    let report = Report {
        schema: report::SCHEMA,
        machine,
        rounds,
        seconds,
        cpu: &series.cores.one,
        cpu_accounting: series.meter.about(),
        notes,
        paths: abouts,
        summary: stats::summarise(&samples, &bases),
        bars: settings.check.then(|| check(&samples)),
        samples,
    };
    println!("{}", report.table());
    if let Some(file) = &settings.json {
        std::fs::write(file, serde_json::to_string_pretty(&report)?)
            .with_context(|| format!("write {}", file.display()))?;
        eprintln!("bench: wrote {}", file.display());
    }
    Ok(ExitCode::from(u8::from(report.missed())))
}

/// Rounds of measurements, and what they gave.
struct Series {
    rounds: u32,
    seconds: f64,
    cores: Cores,
    meter: Meter,
    interrupt: Interrupt,
    notes: Vec<String>,
    samples: Vec<Sample>,
}

impl Series {
    fn place(&self, measure: Measure) -> Result<Place<'_>> {
        let cpus = if measure.cpus() == 1 {
            &self.cores.one
        } else {
            &self.cores.two
        };
        let window = Window {
            warm_up: (self.seconds / 4.0).clamp(0.2, 0.5),
            seconds: self.seconds,
            meter: self.meter.on(cpus)?,
        };
        Ok(Place {
            cpus: cpu_set(cpus)?,
            window,
            interrupt: &self.interrupt,
        })
    }

    /// All rounds on these paths.
    fn take(&mut self, measures: &[Measure], lanes: &Lanes) -> Result<()> {
        for round in 1..=self.rounds {
            for measure in measures {
                for turn in 0..lanes.len() {
                    // Another path goes first in each round.
                    let (path, lane) = &lanes[(turn + round as usize - 1) % lanes.len()];
                    if path.carries(*measure) {
                        self.one(*measure, round, path.as_ref(), lane)?;
                    }
                }
            }
        }
        Ok(())
    }

    /// A measurement that fails is a note; an interrupted one ends the run.
    fn one(&mut self, measure: Measure, round: u32, path: &dyn Path, lane: &Lane) -> Result<()> {
        let place = self.place(measure)?;
        match one(measure, round, path, lane, &place) {
            Ok(sample) => {
                eprintln!(
                    "round {round}/{} {:6} {:9} {:>9.1} {:7} {:>8.2} {} (others {:.0} %)",
                    self.rounds,
                    measure.name(),
                    path.name(),
                    sample.value,
                    measure.unit(),
                    sample.cpu_per,
                    measure.cpu_unit(),
                    sample.foreign * 100.0,
                );
                self.samples.push(sample);
            }
            Err(error) => {
                self.interrupt.check()?;
                let note = format!(
                    "round {round} {} {}: {error:#}",
                    measure.name(),
                    path.name()
                );
                eprintln!("bench: {note}");
                self.notes.push(note);
            }
        }
        Ok(())
    }
}

fn one(
    measure: Measure,
    round: u32,
    path: &dyn Path,
    lane: &Lane,
    place: &Place<'_>,
) -> Result<Sample> {
    place.interrupt.check()?;
    path.settle(lane).context("settle")?;
    // Deferred work of the last measurement (RCU, freed sockets) ends before the next begins.
    pause(Duration::from_millis(100));
    let reading = measure.take(lane, place)?;
    measure.sample(round, path.name(), reading)
}

/// Builds the wanted paths. One that cannot be built is left out with a note; not so `direct`.
fn set_up(wanted: &[String], site: &mut Site<'_>) -> Result<Lanes> {
    let known = path::all();
    let names: Vec<_> = known.iter().map(|path| path.name()).collect();
    if let Some(odd) = wanted.iter().find(|name| !names.contains(&name.as_str())) {
        bail!("no path {odd:?}; there are {}", names.join(", "));
    }
    let mut lanes = Vec::new();
    for path in known {
        site.interrupt.check()?;
        let basis = path.name() == stats::BASIS;
        if !basis && !wanted.iter().any(|name| name == path.name()) {
            continue;
        }
        match path.setup(site.cpus) {
            Ok(lane) => lanes.push((path, lane)),
            Err(error) if basis => return Err(error.context(path.name())),
            Err(error) => site.note(format!("{} is left out: {error:#}", path.name())),
        }
    }
    Ok(lanes)
}

/// Chooses the measured CPU and moves the benchmark itself to the others.
fn cores(wanted: Option<usize>) -> Result<Cores> {
    let all = path::allowed_cpus()?;
    let cpu = match wanted {
        Some(cpu) => cpu,
        None => *all.last().context("no CPU")?,
    };
    ensure!(all.contains(&cpu), "CPU {cpu} is not among {all:?}");
    let others: Vec<_> = all.iter().copied().filter(|other| *other != cpu).collect();
    if !others.is_empty() {
        sched_setaffinity(Pid::from_raw(0), &cpu_set(&others)?)?;
    }
    let two = [cpu].into_iter().chain(others.last().copied()).collect();
    Ok(Cores {
        one: vec![cpu],
        two,
    })
}
