//! The run: set up, take turns, sum up, clean up.
//!
//! Order: for each round, for each measure, each path once. The figures that are compared are so
//! taken within seconds of each other; which path goes first changes from round to round.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use nix::sched::sched_setaffinity;
use nix::unistd::Pid;

use crate::cpu::Group;
use crate::machine::Machine;
use crate::measure::{Measure, Place, Sample};
use crate::path::{self, Lane, Path, cpu_set};
use crate::report::{self, Report};
use crate::testbed::bench::Interrupt;
use crate::testbed::proc::pause;
use crate::tool::Window;
use crate::{bar, stats};

/// Settings of a run.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// How many rounds.
    #[arg(long, default_value_t = 7)]
    rounds: u32,
    /// Seconds of each measurement's window.
    #[arg(long, default_value_t = 2.0)]
    seconds: f64,
    /// Which paths; `direct` is always among them.
    #[arg(
        long,
        value_delimiter = ',',
        default_value = "direct,nftables,haproxy,ginnel"
    )]
    paths: Vec<String>,
    /// Which measures; all but bulk4 unless named.
    #[arg(long, value_delimiter = ',', value_enum)]
    measures: Vec<Measure>,
    /// Write everything, raw samples too, to this file.
    #[arg(long)]
    json: Option<PathBuf>,
    /// Two short rounds, to see that it works; the figures are worth little.
    #[arg(long)]
    quick: bool,
    /// Compare ginnel with the first bar; exit code 1 when it misses one.
    #[arg(long)]
    check: bool,
    /// The CPU that everything runs on; the last one unless given.
    #[arg(long)]
    cpu: Option<usize>,
}

/// One core for most measures, two for some.
struct Cores {
    one: Vec<usize>,
    two: Vec<usize>,
}

/// Measures and reports.
pub(crate) fn run(options: &Options) -> Result<ExitCode> {
    ensure!(crate::testbed::usable(), "root is needed");
    let interrupt = Interrupt::listen()?;
    let (rounds, seconds) = if options.quick {
        (2, 0.5)
    } else {
        (options.rounds, options.seconds)
    };
    ensure!(
        rounds > 0 && (0.1..=600.0).contains(&seconds),
        "rounds and seconds must be positive"
    );
    let machine = Machine::read()?;
    if cfg!(debug_assertions) {
        eprintln!("bench: this is a debug build: the tools are the bottleneck. Use --release.");
    }
    let cores = cores(options.cpu)?;
    // Before the control groups: what a killed run left running keeps its group alive.
    crate::testbed::netns::sweep();
    let group = Group::enter();
    for note in &group.notes {
        eprintln!("bench: {note}");
    }
    let mut notes = group.notes.clone();
    let mut measures = options.measures.clone();
    if measures.is_empty() {
        measures = Measure::USUAL.to_vec();
    }
    let lanes = set_up(&options.paths, &cores, &mut notes, &interrupt)?;
    let meter = group.meter(&cores.one)?;
    let window = |measure: Measure| -> Result<(Window, &[usize])> {
        let cpus = if measure.cpus() == 1 {
            &cores.one
        } else {
            &cores.two
        };
        let meter = meter.on(cpus)?;
        let warm_up = (seconds / 4.0).clamp(0.2, 0.5);
        Ok((
            Window {
                warm_up,
                seconds,
                meter,
            },
            cpus,
        ))
    };
    let mut samples = Vec::new();
    for round in 1..=rounds {
        for measure in &measures {
            let (window, cpus) = window(*measure)?;
            let place = Place {
                cpus: cpu_set(cpus)?,
                window,
                interrupt: &interrupt,
            };
            for turn in 0..lanes.len() {
                // Another path goes first in each round.
                let (path, lane) = &lanes[(turn + round as usize - 1) % lanes.len()];
                if measure.is_udp() && !path.carries_udp() {
                    continue;
                }
                match one(*measure, round, path.as_ref(), lane, &place) {
                    Ok(sample) => {
                        eprintln!(
                            "round {round}/{rounds} {:6} {:9} {:>9.1} {:7} {:>8.2} {} (others {:.0} %)",
                            measure.name(),
                            path.name(),
                            sample.value,
                            measure.unit(),
                            sample.cpu_per,
                            measure.cpu_unit(),
                            sample.foreign * 100.0,
                        );
                        samples.push(sample);
                    }
                    Err(error) => {
                        interrupt.check()?;
                        let note = format!(
                            "round {round} {} {}: {error:#}",
                            measure.name(),
                            path.name()
                        );
                        eprintln!("bench: {note}");
                        notes.push(note);
                    }
                }
            }
        }
    }
    let paths = lanes
        .iter()
        .map(|(path, _)| (path.name(), path.about()))
        .collect();
    // Namespaces and proxies go before the report, so that nothing is left if printing fails.
    drop(lanes);
    ensure!(
        !samples.is_empty(),
        "nothing could be measured: {}",
        notes.join("; ")
    );
    let summary = stats::summarise(&samples);
    let bars = options.check.then(|| bar::check(&samples));
    let report = Report {
        schema: report::SCHEMA,
        machine,
        rounds,
        seconds,
        cpu: &cores.one,
        cpu_accounting: meter.about(),
        notes,
        paths,
        summary,
        bars,
        samples,
    };
    println!("{}", report.table());
    if let Some(file) = &options.json {
        std::fs::write(file, serde_json::to_string_pretty(&report)?)
            .with_context(|| format!("write {}", file.display()))?;
        eprintln!("bench: wrote {}", file.display());
    }
    Ok(ExitCode::from(u8::from(report.missed())))
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
fn set_up(
    wanted: &[String],
    cores: &Cores,
    notes: &mut Vec<String>,
    interrupt: &Interrupt,
) -> Result<Vec<(Box<dyn Path>, Lane)>> {
    let known = path::all();
    let names: Vec<_> = known.iter().map(|path| path.name()).collect();
    if let Some(odd) = wanted.iter().find(|name| !names.contains(&name.as_str())) {
        bail!("no path {odd:?}; there are {}", names.join(", "));
    }
    let mut lanes = Vec::new();
    for path in known {
        interrupt.check()?;
        let basis = path.name() == stats::BASIS;
        if !basis && !wanted.iter().any(|name| name == path.name()) {
            continue;
        }
        match path.setup(cpu_set(&cores.one)?) {
            Ok(lane) => lanes.push((path, lane)),
            Err(error) if basis => return Err(error.context(path.name())),
            Err(error) => {
                let note = format!("{} is left out: {error:#}", path.name());
                eprintln!("bench: {note}");
                notes.push(note);
            }
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
