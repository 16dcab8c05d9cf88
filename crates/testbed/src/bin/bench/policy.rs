//! `policy`: what rules, many flows in the tables and flow logs cost.
//!
//! Three parts, each with daemons of its own that are gone when the next one begins. Within a
//! part, paths differ in one thing, and each names the one that it is compared with.

use std::cell::Cell;
use std::fs;
use std::process::ExitCode;
use std::rc::Rc;

use anyhow::{Context, Result};

use crate::bar::middle;
use crate::measure::{Measure, Sample};
use crate::path::{Case, Direct, Lane, PLAIN, Path, Scene, Shape, Way};
use crate::rounds::{self, Lanes, Settings, Site};
use crate::stats::BASIS;
use crate::testbed::bench::{Limit, Verdict};
use crate::testbed::ginnel::Ginnel;

/// Options of `bench policy`.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    #[command(flatten)]
    settings: Settings,
    /// Which parts; all of them unless named.
    #[arg(long, value_delimiter = ',', value_enum)]
    parts: Vec<Part>,
}

/// What is varied.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Part {
    /// Rules of security groups and network ACLs.
    Rules,
    /// Flows in the tables.
    Flows,
    /// Flow logs.
    Logs,
}

/// The number of `BPF_MAP_TYPE_HASH`.
const HASH: u64 = 1;
const RULED: &[Measure] = &[Measure::Crr32, Measure::Pps, Measure::New];
const FILLED: &[Measure] = &[Measure::Crr32, Measure::Pps];
const SPREAD: &[Measure] = &[Measure::Spread];
const LOGGED: &[Measure] = &[Measure::Bulk, Measure::Rr, Measure::Crr32];

/// Measures and reports.
pub(crate) fn run(options: &Options) -> Result<ExitCode> {
    let mut wanted = options.parts.clone();
    if wanted.is_empty() {
        wanted = vec![Part::Rules, Part::Flows, Part::Logs];
    }
    let memory = Cell::new(None);
    let parts = wanted.iter().map(|part| match part {
        Part::Rules => rounds::Part {
            measures: RULED.to_vec(),
            build: Box::new(rules),
        },
        Part::Flows => rounds::Part {
            measures: [FILLED, SPREAD].concat(),
            build: Box::new(|site| flows(site, &memory)),
        },
        Part::Logs => rounds::Part {
            measures: LOGGED.to_vec(),
            build: Box::new(logs),
        },
    });
    let parts: Vec<_> = parts.collect();
    rounds::perform(&options.settings, &parts, &|samples| {
        wanted
            .iter()
            .flat_map(|part| check(*part, samples, memory.get()))
            .collect()
    })
}

/// A path with its lane.
fn built(path: impl Path + 'static, site: &Site<'_>) -> Result<(Box<dyn Path>, Lane)> {
    site.interrupt.check()?;
    let lane = path.setup(site.cpus).context(path.name())?;
    Ok((Box::new(path), lane))
}

/// Both ways through a scene; `names` and `bases` are of the way through the endpoint, and of
/// that from ENI to ENI.
fn both(
    scene: &Rc<Scene>,
    [door, local]: Pair,
    bases: Pair,
    about: Pair,
    measures: [&'static [Measure]; 2],
    site: &Site<'_>,
) -> Result<Lanes> {
    let case = |name, at: usize, way| Case {
        name,
        about: about[at],
        base: bases[at],
        measures: measures[at],
        scene: Rc::clone(scene),
        way,
    };
    Ok(vec![
        built(case(door, 0, Way::Door), site)?,
        built(case(local, 1, Way::Local), site)?,
    ])
}

/// Of the way through the endpoint, and of that from ENI to ENI.
type Pair = [&'static str; 2];

/// Paths with their rules: names of both ways, what they are, and the rules.
const SHAPES: [(Pair, Pair, Shape); 4] = [
    (
        ["door-1", "eni-1"],
        [
            "through an endpoint; 1 group with 1 rule each way on every ENI, ACLs with 1 entry",
            "from ENI to ENI; the same rules",
        ],
        PLAIN,
    ),
    (
        ["door-60", "eni-60"],
        [
            "the same with 60 rules: 1 group of 30 + 30, the last of which matches",
            "the same with 60 rules",
        ],
        Shape {
            groups: &[30],
            entries: 1,
        },
    ),
    (
        ["door-600", "eni-600"],
        [
            "the same with 600 rules: 5 groups of 60 + 60, the last of which matches",
            "the same with 600 rules",
        ],
        Shape {
            groups: &[60; 5],
            entries: 1,
        },
    ),
    (
        ["door-acl", "eni-acl"],
        [
            "1 group with 1 rule each way, ACLs with 20 entries, the last of which matches",
            "the same with 20 entries",
        ],
        Shape {
            groups: &[1],
            entries: 20,
        },
    ),
];

fn rules(site: &mut Site<'_>) -> Result<Lanes> {
    let daemon = Rc::new(Ginnel::start(&[]).context("start ginnel")?);
    let mut lanes = Vec::new();
    for (names, about, shape) in SHAPES {
        let scene = Rc::new(Scene::new(&daemon, names[0], shape, 0)?);
        lanes.extend(both(&scene, names, SHAPES[0].0, about, [RULED; 2], site)?);
    }
    Ok(lanes)
}

/// Paths with their flows: names, how many, and of which size the tables are.
const FILLS: [(Pair, Pair, u32, [&str; 4]); 3] = [
    (
        ["door-1k", "eni-1k"],
        [
            "through an endpoint, 1,000 flows of others in the tables",
            "from ENI to ENI, over these flows",
        ],
        1_000,
        ["--flows", "131072", "--flows-per-eni", "120000"],
    ),
    (
        ["door-100k", "eni-100k"],
        ["the same with 100,000 flows", "over 100,000 flows"],
        100_000,
        ["--flows", "131072", "--flows-per-eni", "120000"],
    ),
    (
        ["door-1M", "eni-1M"],
        [
            "the same with 1,000,000 flows, tables for 1,200,000",
            "over 1,000,000 flows",
        ],
        1_000_000,
        ["--flows", "1200000", "--flows-per-eni", "1100000"],
    ),
];

fn flows(site: &mut Site<'_>, memory: &Cell<Option<f64>>) -> Result<Lanes> {
    let mut lanes = vec![built(Direct, site)?];
    for (names, about, flows, tables) in FILLS {
        let mut daemon = Ginnel::start(&tables).context("start ginnel")?;
        let bytes = memory_per_flow(&mut daemon, tables[1].parse()?)?;
        site.note(format!(
            "{}: the table takes {bytes:.0} bytes of kernel memory by connection",
            names[0]
        ));
        memory.set(Some(bytes));
        let scene = Rc::new(Scene::new(&Rc::new(daemon), names[0], PLAIN, flows)?);
        let measures = [FILLED, SPREAD];
        lanes.extend(both(&scene, names, [BASIS; 2], about, measures, site)?);
    }
    Ok(lanes)
}

/// What the kernel has set aside for the IPv4 flow table, by the connections it has room for.
fn memory_per_flow(daemon: &mut Ginnel, flows: u64) -> Result<f64> {
    let folder = format!("/proc/{}/fdinfo", daemon.daemon().pid());
    for entry in fs::read_dir(&folder).context(folder)?.flatten() {
        let Ok(text) = fs::read_to_string(entry.path()) else {
            continue;
        };
        let field = |name: &str| {
            let line = text.lines().find(|line| line.starts_with(name))?;
            line.split_whitespace().nth(1)?.parse::<u64>().ok()
        };
        // Two records a connection; no other hash table has so many.
        let ours = field("map_type:") == Some(HASH) && field("max_entries:") == Some(flows * 2);
        if let Some(bytes) = field("memlock:").filter(|_| ours) {
            return Ok(bytes as f64 / flows as f64);
        }
    }
    anyhow::bail!("the daemon holds no table of {} records", flows * 2)
}

fn logs(site: &mut Site<'_>) -> Result<Lanes> {
    let mut lanes = Vec::new();
    for (name, about, on) in [
        ("logs-off", "through an endpoint, without flow logs", false),
        (
            "logs-on",
            "the same with a flow log of ALL on both VPCs, to a bucket, every 60 s",
            true,
        ),
    ] {
        let daemon = Rc::new(Ginnel::start(&[]).context("start ginnel")?);
        let scene = Rc::new(Scene::new(&daemon, name, PLAIN, 0)?);
        if on {
            scene.log()?;
        }
        let case = Case {
            name,
            about,
            base: "logs-off",
            measures: LOGGED,
            scene,
            way: Way::Door,
        };
        lanes.push(built(case, site)?);
    }
    Ok(lanes)
}

/// The bars of a part.
fn check(part: Part, samples: &[Sample], memory: Option<f64>) -> Vec<Verdict> {
    match part {
        Part::Rules => rule_bars(samples),
        Part::Flows => {
            let both = ("eni-1M", BASIS);
            let found = middle(samples, Measure::Spread, both, |one, base| {
                one.value / base.value
            });
            vec![
                Verdict::new(
                    "packets/s over 1,000,000 flows by direct",
                    found,
                    Limit::AtLeast(0.55),
                ),
                Verdict::new("bytes by connection", memory, Limit::AtMost(320.0)),
            ]
        }
        Part::Logs => LOGGED
            .iter()
            .map(|measure| {
                let both = ("logs-on", "logs-off");
                let found = middle(samples, *measure, both, |on, off| {
                    if measure.smaller_is_better() {
                        off.value / on.value
                    } else {
                        on.value / off.value
                    }
                });
                let demand = format!("{} with flow logs by without", measure.name());
                Verdict::new(&demand, found, Limit::AtLeast(0.97))
            })
            .collect(),
    }
}

fn rule_bars(samples: &[Sample]) -> Vec<Verdict> {
    let mut verdicts = Vec::new();
    for (names, _, _) in SHAPES.iter().skip(2) {
        for (name, base) in names.iter().zip(SHAPES[0].0) {
            for measure in RULED {
                let both = (*name, base);
                let slower = middle(samples, *measure, both, |one, base| base.value / one.value);
                let dearer = middle(samples, *measure, both, |one, base| {
                    one.cpu_per / base.cpu_per
                });
                for (what, found) in [("1 / rate", slower), ("CPU", dearer)] {
                    let demand = format!("{} {name} by {base}, {what}", measure.name());
                    verdicts.push(Verdict::new(&demand, found, Limit::AtMost(1.10)));
                }
            }
        }
    }
    verdicts
}

#[cfg(test)]
mod tests;
