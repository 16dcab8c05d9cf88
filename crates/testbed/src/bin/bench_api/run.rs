//! The run: three parts, each in interleaved rounds.
//!
//! 1. New servers, round by round: start to first answer, idle memory, CreateVpcEndpoint.
//! 2. One server of each, filled further and further: the reads at each level.
//! 3. Two Ginnels, one with few and one with very many endpoints: filtered reads.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use serde::Serialize;

use crate::bars;
use crate::case::{Case, Pages};
use crate::fill::{Filled, PER_VPC};
use crate::load::{Load, Operation, Outcome};
use crate::process;
use crate::record::{Fact, Key, Record, Sample, What};
use crate::report::{self, Report};
use crate::server::{Server, Subject};
use crate::testbed::bench::{Interrupt, Machine};

/// Calls at a time.
pub(crate) const TOGETHER: [usize; 2] = [1, 16];
/// Endpoints that the large server is compared with.
pub(crate) const FEW: usize = 100;
/// The calls of that comparison.
pub(crate) const FILTERED: [Case; 2] = [Case::FilterId, Case::FilterTag];
/// The reads of each level.
const READS: [Case; 3] = [Case::Vpc, Case::Endpoint, Case::List];
/// A window that would take longer than this many seconds is taken in the first round only.
const LONG: f64 = 4.0;
/// One that would take longer than this is left out.
const TOO_LONG: f64 = 20.0;
/// How long a server may be busy with what was made.
const REST: Duration = Duration::from_secs(30);
/// Most endpoints of one window of CreateVpcEndpoint.
const MOST: f64 = 4_000.0;
/// Windows of the comparison are short, rounds many: noise falls on both.
const SHORT: f64 = 0.3;

/// Compares Ginnel's API with moto_server.
#[derive(Debug, clap::Parser)]
#[command(
    name = "bench-api",
    about = "Measures Ginnel's API against moto_server in the same run",
    after_help = "Example:\n  target/release/bench-api --check --json target/bench-api.json\n  target/release/bench-api --quick --alone\n\nStarts `ginnel up --no-dataplane` (GINNEL_BIN, else the ginnel beside this program) and moto_server\n(from PATH), on ports and with state of their own. The full run takes up to six minutes and wants\nthe machine for itself."
)]
pub(crate) struct Options {
    /// How many rounds (5; with --quick 2)
    #[arg(long, value_name = "N")]
    rounds: Option<u32>,
    /// Seconds of each window (0.5; with --quick 0.2)
    #[arg(long, value_name = "S")]
    seconds: Option<f64>,
    /// Endpoints of each level, rising (10,1000,10000; with --quick 10,1000)
    #[arg(long, value_delimiter = ',', value_name = "N,..")]
    levels: Option<Vec<usize>>,
    /// Endpoints of the large Ginnel (100000; with --quick 5000)
    #[arg(long, value_name = "N")]
    large: Option<usize>,
    /// One minute, to see that it works; bars that need more are missed
    #[arg(long)]
    quick: bool,
    /// Without moto: no ratios to it, no bars on them
    #[arg(long)]
    alone: bool,
    /// Write everything, raw samples too, to this file
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Exit with 1 when a bar is missed
    #[arg(long)]
    check: bool,
}

/// How much of everything.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Scale {
    /// Rounds of each part.
    pub(crate) rounds: u32,
    /// Seconds of a window.
    pub(crate) seconds: f64,
    /// Endpoints of each level, rising.
    pub(crate) levels: Vec<usize>,
    /// Endpoints of the large Ginnel.
    pub(crate) large: usize,
}

impl Scale {
    /// The default ones.
    pub(crate) fn new(quick: bool) -> Self {
        if quick {
            return Self {
                rounds: 2,
                seconds: 0.2,
                levels: vec![10, 1_000],
                large: 5_000,
            };
        }
        Self {
            rounds: 5,
            seconds: 0.5,
            levels: vec![10, 1_000, 10_000],
            large: 100_000,
        }
    }

    fn of(options: &Options) -> Result<Self> {
        let default = Self::new(options.quick);
        let mut levels = options.levels.clone().unwrap_or(default.levels);
        levels.sort_unstable();
        let scale = Self {
            rounds: options.rounds.unwrap_or(default.rounds),
            seconds: options.seconds.unwrap_or(default.seconds),
            levels,
            large: options.large.unwrap_or(default.large),
        };
        ensure!(
            scale.rounds > 0 && (0.05..=60.0).contains(&scale.seconds),
            "rounds and seconds must be positive"
        );
        ensure!(
            scale.levels.first().is_some_and(|least| *least > 0),
            "a level needs endpoints"
        );
        Ok(scale)
    }
}

struct Run {
    scale: Scale,
    subjects: Vec<Subject>,
    interrupt: Interrupt,
    record: Record,
}

/// Measures and reports.
pub(crate) fn run(options: &Options) -> Result<ExitCode> {
    let interrupt = Interrupt::listen()?;
    let scale = Scale::of(options)?;
    let machine = Machine::read()?;
    if cfg!(debug_assertions) {
        eprintln!("bench-api: this is a debug build; use --release");
    }
    let mut subjects = vec![Subject::Ginnel];
    if !options.alone {
        subjects.push(Subject::Moto);
    }
    let mut run = Run {
        scale,
        subjects,
        interrupt,
        record: Record::default(),
    };
    run.starts()?;
    let mut servers = run.servers()?;
    let versions = servers
        .iter_mut()
        .map(|server| Ok((server.subject.name(), server.version()?)))
        .collect::<Result<_>>()?;
    let large = run.levels(servers)?;
    run.sizes(large)?;
    let Run { scale, record, .. } = run;
    let report = Report {
        schema: report::SCHEMA,
        machine,
        load_after: Machine::load()?,
        versions,
        summary: record.summarise(),
        bars: bars::check(&record, &scale),
        scale,
        record,
    };
    println!("{}", report.text());
    if let Some(file) = &options.json {
        std::fs::write(file, serde_json::to_string_pretty(&report)?)
            .with_context(|| format!("write {}", file.display()))?;
        eprintln!("bench-api: wrote {}", file.display());
    }
    Ok(ExitCode::from(u8::from(options.check && report.missed())))
}

impl Run {
    /// Whose turn it is: another one first in each round.
    fn turns(&self, round: u32) -> Vec<Subject> {
        let mut subjects = self.subjects.clone();
        let first = (round as usize - 1) % subjects.len();
        subjects.rotate_left(first);
        subjects
    }

    /// Part 1: new servers.
    fn starts(&mut self) -> Result<()> {
        for round in 1..=self.scale.rounds {
            self.record.disk.push(process::durable_write()?);
            for subject in self.turns(round) {
                self.interrupt.check()?;
                let server = Server::start(subject)?;
                self.fact(round, What::Start, 0, subject, server.first_answer);
                self.fact(round, What::Memory, 0, subject, server.idle / 1e6);
                self.create(round, server)?;
            }
        }
        Ok(())
    }

    /// CreateVpcEndpoint: how many are signed for a window follows from how fast the first were.
    fn create(&mut self, round: u32, mut server: Server) -> Result<()> {
        let mut rate = 0.0;
        // The first window is not counted; it warms the server up, and tells the rate.
        for (turn, at_a_time) in [1, TOGETHER[0], TOGETHER[1]].into_iter().enumerate() {
            let most = MOST.max(PER_VPC as f64);
            let foreseen = (rate * self.scale.seconds * 1.5).clamp(PER_VPC as f64, most);
            // A rate of one at a time says little about sixteen.
            let growth = if at_a_time > 1 { 3.0 } else { 1.0 };
            let count = (foreseen * growth).min(most) as usize;
            let rooms = server.build(count.div_ceil(PER_VPC), &self.interrupt)?;
            let operations = (0..count)
                .map(|number| server.creation(&rooms[number / PER_VPC], number))
                .collect::<Result<Vec<_>>>()?;
            server.settle(Duration::from_secs(2), &self.interrupt)?;
            let key = Key {
                endpoints: 0,
                case: Case::Create,
                at_a_time,
                subject: server.subject,
            };
            let sample = self.window(round, key, &mut server, &operations, false)?;
            rate = sample.rate;
            if turn > 0 {
                self.keep(sample);
            }
        }
        Ok(())
    }

    fn servers(&self) -> Result<Vec<Server>> {
        self.subjects
            .iter()
            .map(|subject| Server::start(*subject))
            .collect()
    }

    /// Part 2: the levels. Gives Ginnel back, as full as it is.
    fn levels(&mut self, mut servers: Vec<Server>) -> Result<Option<Server>> {
        for level in self.scale.levels.clone() {
            let mut there = Vec::new();
            for mut server in servers {
                if self.raise(&mut server, level)? {
                    there.push(server);
                }
            }
            servers = there;
            let mut pages = Vec::new();
            for server in &servers {
                pages.push(Pages::walk(server, &self.interrupt)?);
            }
            for case in READS {
                self.reads(case, &mut servers, &pages)?;
            }
            for server in &mut servers {
                let memory = server.resident()? / 1e6;
                self.fact(1, What::MemoryAfterLoad, level, server.subject, memory);
            }
            let last = self.scale.levels.last() == Some(&level);
            let ours = servers
                .iter_mut()
                .filter(|it| it.subject == Subject::Ginnel);
            for server in ours.filter(|_| last) {
                for round in 1..=self.scale.rounds {
                    let took = server.restart()?;
                    self.fact(round, What::Start, level, Subject::Ginnel, took);
                }
            }
        }
        let mut servers = servers.into_iter();
        Ok(servers.find(|server| server.subject == Subject::Ginnel))
    }

    /// Fills a server up to a level; false when that takes too long.
    fn raise(&mut self, server: &mut Server, level: usize) -> Result<bool> {
        let within = Duration::from_secs(if level > 10_000 { 120 } else { 60 });
        eprintln!("{}: {level} endpoints", server.subject.name());
        let filled = server.fill(level, within, &self.interrupt);
        self.interrupt.check()?;
        let left_out = match filled {
            Ok(Filled::Whole) => {
                if !server.settle(REST, &self.interrupt)? {
                    self.record.note(format!(
                        "{} was still busy {REST:?} after {level} endpoints were made",
                        server.subject.name()
                    ));
                }
                let memory = server.resident()? / 1e6;
                self.fact(1, What::Memory, level, server.subject, memory);
                return Ok(true);
            }
            Ok(Filled::Partly(why)) => why,
            Err(error) => format!("{}: {error:#}", server.subject.name()),
        };
        self.record.note(format!("left out: {left_out}"));
        Ok(false)
    }

    /// One read at all servers, in all rounds.
    fn reads(&mut self, case: Case, servers: &mut [Server], pages: &[Pages]) -> Result<()> {
        let mut times = Vec::new();
        for (server, pages) in servers.iter().zip(pages) {
            times.push(case.probe(server, pages, &self.interrupt)?);
        }
        for at_a_time in TOGETHER {
            for round in 1..=self.scale.rounds {
                let count = servers.len();
                for turn in 0..count {
                    let which = (turn + round as usize) % count;
                    let server = &mut servers[which];
                    let key = Key {
                        endpoints: server.endpoints.len(),
                        case,
                        at_a_time,
                        subject: server.subject,
                    };
                    // All that are begun at the start end at about the same time.
                    let foreseen = times[which] / 1e3 * at_a_time as f64;
                    if foreseen > TOO_LONG || (foreseen > LONG && round > 1) {
                        let what = if foreseen > TOO_LONG {
                            "left out"
                        } else {
                            "one round only"
                        };
                        self.record.note(format!(
                            "{what}: {} of {}, {} endpoints, {at_a_time} at a time: a window would take {foreseen:.0} s",
                            case.name(),
                            server.subject.name(),
                            key.endpoints,
                        ));
                        continue;
                    }
                    let operations = case.operations(server, &pages[which])?;
                    let sample = self.window(round, key, server, &operations, true)?;
                    self.keep(sample);
                }
            }
        }
        Ok(())
    }

    /// Part 3: few against very many.
    fn sizes(&mut self, large: Option<Server>) -> Result<()> {
        let Some(mut large) = large else {
            return Ok(());
        };
        if !self.raise(&mut large, self.scale.large)? {
            return Ok(());
        }
        let mut small = Server::start(Subject::Ginnel)?;
        if !self.raise(&mut small, FEW)? {
            return Ok(());
        }
        let mut servers = [small, large];
        let none = Pages::default();
        for case in FILTERED {
            for server in &servers {
                case.probe(server, &none, &self.interrupt)?;
            }
            for round in 1..=2 * self.scale.rounds {
                for turn in 0..servers.len() {
                    let server = &mut servers[(turn + round as usize) % 2];
                    let key = Key {
                        endpoints: server.endpoints.len(),
                        case,
                        at_a_time: 1,
                        subject: Subject::Ginnel,
                    };
                    let operations = case.operations(server, &none)?;
                    let sample = self.window(round, key, server, &operations, true)?;
                    self.keep(sample);
                }
            }
        }
        let took = servers[1].restart()?;
        self.fact(1, What::Start, self.scale.large, Subject::Ginnel, took);
        Ok(())
    }

    /// One window: the load, and the CPU time of both sides.
    fn window(
        &self,
        round: u32,
        key: Key,
        server: &mut Server,
        operations: &[Operation],
        again: bool,
    ) -> Result<Sample> {
        self.interrupt.check()?;
        let seconds = if FILTERED.contains(&key.case) {
            self.scale.seconds.min(SHORT)
        } else {
            self.scale.seconds
        };
        let load = Load {
            to: server.to,
            at_a_time: key.at_a_time,
            operations,
            again,
            limit: Some(Duration::from_secs_f64(seconds)),
            keep: false,
            interrupt: &self.interrupt,
        };
        let pid = server.pid();
        let (server_before, client_before) = (process::cpu(pid)?, process::own_cpu()?);
        let Outcome {
            seconds, latencies, ..
        } = load
            .drive()
            .with_context(|| format!("{} of {}", key.case.name(), key.subject.name()))?;
        let server_cpu = process::cpu(pid)? - server_before;
        let client_cpu = process::own_cpu()? - client_before;
        Ok(Sample::new(
            round, key, seconds, latencies, server_cpu, client_cpu,
        ))
    }

    fn keep(&mut self, sample: Sample) {
        let Key {
            endpoints,
            case,
            at_a_time,
            subject,
        } = sample.key;
        eprintln!(
            "round {} {endpoints:>6} {:45} {at_a_time:>2} {:6} {:>9.1}/s p50 {:>8.3} ms p99 {:>8.3} ms CPU {:>7.3} ms (client {:.0} %)",
            sample.round,
            case.name(),
            subject.name(),
            sample.rate,
            sample.p50,
            sample.p99,
            sample.server_cpu,
            sample.client * 100.0,
        );
        self.record.samples.push(sample);
    }

    fn fact(&mut self, round: u32, what: What, endpoints: usize, subject: Subject, value: f64) {
        eprintln!(
            "round {round} {endpoints:>6} {} {}: {value:.3}",
            subject.name(),
            what.name()
        );
        self.record.facts.push(Fact {
            round,
            what,
            endpoints,
            subject,
            value,
        });
    }
}
