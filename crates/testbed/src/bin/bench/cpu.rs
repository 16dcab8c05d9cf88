//! How much CPU time a measurement has cost.
//!
//! The benchmark moves itself, and with it every tool and proxy, into a control group of its own.
//! Softirq work that runs on the back of our tasks is charged to them (this kernel does not
//! account interrupts apart); what spills into `ksoftirqd` is added from its run time. Only the
//! measured CPUs count, so the sleeping parts of the benchmark do not.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

/// How the names of our control groups begin; the rest is the pid.
const MARK: &str = "gnlt-bench-";

/// Where CPU time is read; handed to the load tools, which read it at the edges of their window.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Meter {
    source: Source,
    cpus: Vec<usize>,
    /// `ksoftirqd` of each measured CPU.
    softirqd: Vec<i32>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
enum Source {
    /// cgroup v1 `cpuacct.usage_percpu`: nanoseconds per CPU.
    PerCpu(PathBuf),
    /// cgroup v2 `cpu.stat`: microseconds on all CPUs.
    CpuStat(PathBuf),
    /// `/proc/stat`: everything that ran on the measured CPUs, also what is not ours.
    Whole,
}

/// CPU time up to now, in seconds. Two of them make a [`Spent`].
#[derive(Debug, Clone, Copy)]
pub(crate) struct Mark {
    own: f64,
    softirqd: f64,
    whole: f64,
}

/// CPU time between two marks, in seconds.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct Spent {
    /// Our tools and the proxy, softirq work on their back included.
    pub(crate) own: f64,
    /// `ksoftirqd` of the measured CPUs.
    pub(crate) softirqd: f64,
    /// Everything that ran on the measured CPUs: the rest is foreign load.
    pub(crate) whole: f64,
}

impl Spent {
    /// What the measurement has cost.
    pub(crate) fn total(&self) -> f64 {
        self.own + self.softirqd
    }
}

impl Meter {
    /// The method in words, for the report.
    pub(crate) fn about(&self) -> &'static str {
        match self.source {
            Source::PerCpu(_) => {
                "own cpuacct cgroup (v1), measured CPUs only, plus ksoftirqd's run time"
            }
            Source::CpuStat(_) => {
                "own cgroup v2 cpu.stat (all CPUs), plus ksoftirqd's run time on the measured CPUs"
            }
            Source::Whole => {
                "/proc/stat of the measured CPUs: INCLUDES whatever else ran there, 10 ms steps"
            }
        }
    }

    /// The same meter on other CPUs.
    pub(crate) fn on(&self, cpus: &[usize]) -> Result<Self> {
        Ok(Self {
            source: self.source.clone(),
            cpus: cpus.to_vec(),
            softirqd: softirqd(cpus)?,
        })
    }

    /// Reads the clock of CPU time.
    pub(crate) fn mark(&self) -> Result<Mark> {
        // Makes the scheduler charge the running slice before it is read.
        let _ = nix::sched::sched_yield();
        let whole = whole(&self.cpus)?;
        let own = match &self.source {
            Source::PerCpu(file) => {
                let text = read(file)?;
                let all: Vec<f64> = text.split_whitespace().flat_map(str::parse).collect();
                let ours = self.cpus.iter().filter_map(|cpu| all.get(*cpu));
                ours.sum::<f64>() / 1e9
            }
            Source::CpuStat(file) => {
                let text = read(file)?;
                let used = text
                    .lines()
                    .find_map(|line| line.strip_prefix("usage_usec "));
                let used = used.context("no usage_usec in cpu.stat")?;
                used.trim().parse::<f64>()? / 1e6
            }
            Source::Whole => whole,
        };
        let mut kernel = 0.0;
        if !matches!(self.source, Source::Whole) {
            for pid in &self.softirqd {
                let text = read(&PathBuf::from(format!("/proc/{pid}/schedstat")))?;
                let ran = text.split_whitespace().next().context("empty schedstat")?;
                kernel += ran.parse::<f64>()? / 1e9;
            }
        }
        Ok(Mark {
            own,
            softirqd: kernel,
            whole,
        })
    }
}

impl Mark {
    /// What was spent since `earlier`.
    pub(crate) fn since(&self, earlier: &Self) -> Spent {
        Spent {
            own: self.own - earlier.own,
            softirqd: self.softirqd - earlier.softirqd,
            whole: self.whole - earlier.whole,
        }
    }
}

/// The benchmark's own control groups; dropping it moves the process back and removes them.
#[derive(Debug)]
pub(crate) struct Group {
    /// Own folder and the one to go back to.
    made: Vec<(PathBuf, PathBuf)>,
    source: Source,
    /// What could not be had.
    pub(crate) notes: Vec<String>,
}

impl Group {
    /// Moves this process into groups of its own: one that counts, and one with a large share of
    /// the CPU so that other work on the machine disturbs less.
    pub(crate) fn enter() -> Self {
        let mut group = Self {
            made: Vec::new(),
            source: Source::Whole,
            notes: Vec::new(),
        };
        match group.join("cpuacct", "/sys/fs/cgroup/cpuacct") {
            Ok(folder) => group.source = Source::PerCpu(folder.join("cpuacct.usage_percpu")),
            Err(first) => match group.join_v2() {
                Ok(folder) => group.source = Source::CpuStat(folder.join("cpu.stat")),
                Err(second) => group.notes.push(format!(
                    "no control group of our own (v1: {first:#}; v2: {second:#})"
                )),
            },
        }
        let share = group.join("cpu", "/sys/fs/cgroup/cpu").and_then(|folder| {
            fs::write(folder.join("cpu.shares"), "262144").context("set cpu.shares")
        });
        if let Err(error) = share {
            let note = format!("no larger CPU share, other load disturbs more: {error:#}");
            group.notes.push(note);
        }
        group
    }

    /// A meter of the group on these CPUs.
    pub(crate) fn meter(&self, cpus: &[usize]) -> Result<Meter> {
        Ok(Meter {
            source: self.source.clone(),
            cpus: cpus.to_vec(),
            softirqd: softirqd(cpus)?,
        })
    }

    fn join_v2(&mut self) -> Result<PathBuf> {
        self.join("", "/sys/fs/cgroup/unified")
            .or_else(|_| self.join("", "/sys/fs/cgroup"))
    }

    fn join(&mut self, controller: &str, mounted: &str) -> Result<PathBuf> {
        let text = read(Path::new("/proc/self/cgroup"))?;
        let current = text.lines().find_map(|line| {
            let mut parts = line.splitn(3, ':').skip(1);
            let (names, path) = (parts.next()?, parts.next()?);
            names
                .split(',')
                .any(|name| name == controller)
                .then_some(path)
        });
        let current = current.with_context(|| format!("not in a {controller:?} hierarchy"))?;
        let home = Path::new(mounted).join(current.trim_start_matches('/'));
        sweep(&home);
        let folder = home.join(format!("{MARK}{}", std::process::id()));
        fs::create_dir(&folder).with_context(|| format!("make {}", folder.display()))?;
        self.made.push((folder.clone(), home));
        fs::write(folder.join("cgroup.procs"), std::process::id().to_string())
            .with_context(|| format!("join {}", folder.display()))?;
        Ok(folder)
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        for (folder, home) in &self.made {
            let _ = fs::write(home.join("cgroup.procs"), std::process::id().to_string());
            // Killed tools leave the group a moment after they were reaped.
            let gone = crate::testbed::eventually(
                "empty control group",
                std::time::Duration::from_secs(2),
                || fs::remove_dir(folder).ok(),
            );
            if gone.is_err() {
                eprintln!("bench: could not remove {}", folder.display());
            }
        }
    }
}

/// Removes the groups of killed runs.
fn sweep(home: &Path) {
    for entry in fs::read_dir(home).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let maker = name
            .strip_prefix(MARK)
            .map(|pid| Path::new("/proc").join(pid));
        if maker.is_some_and(|maker| !maker.exists()) {
            let _ = fs::remove_dir(entry.path());
        }
    }
}

fn softirqd(cpus: &[usize]) -> Result<Vec<i32>> {
    let mut found = Vec::new();
    for entry in fs::read_dir("/proc")?.flatten() {
        let Ok(pid) = entry.file_name().to_string_lossy().parse::<i32>() else {
            continue;
        };
        let comm = fs::read_to_string(entry.path().join("comm")).unwrap_or_default();
        let cpu = comm.trim().strip_prefix("ksoftirqd/");
        if cpu
            .and_then(|cpu| cpu.parse().ok())
            .is_some_and(|cpu| cpus.contains(&cpu))
        {
            found.push(pid);
        }
    }
    Ok(found)
}

/// Busy seconds of the measured CPUs from /proc/stat: all but idle, iowait and steal.
fn whole(cpus: &[usize]) -> Result<f64> {
    let text = read(Path::new("/proc/stat"))?;
    let mut ticks = 0.0;
    for line in text.lines() {
        let mut words = line.split_whitespace();
        let cpu = words
            .next()
            .and_then(|word| word.strip_prefix("cpu")?.parse().ok());
        if cpu.is_some_and(|cpu| cpus.contains(&cpu)) {
            let all: Vec<f64> = words.flat_map(str::parse).collect();
            // user nice system idle iowait irq softirq steal
            ticks += all.iter().take(7).sum::<f64>();
            ticks -= all.get(3).unwrap_or(&0.0) + all.get(4).unwrap_or(&0.0);
        }
    }
    Ok(ticks / 100.0)
}

fn read(file: &Path) -> Result<String> {
    fs::read_to_string(file).with_context(|| format!("read {}", file.display()))
}
