//! Where and when a run was made.

use std::fs;

use anyhow::{Context, Result};
use serde::Serialize;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// The machine before the run.
#[derive(Debug, Serialize)]
pub struct Machine {
    /// When, in UTC.
    pub date: String,
    /// Kernel release.
    pub kernel: String,
    /// CPU model.
    pub cpu_model: String,
    /// How many CPUs.
    pub cpus: usize,
    /// Load average over 1, 5 and 15 minutes before the run.
    pub load: [f64; 3],
}

impl Machine {
    /// Looks around.
    pub fn read() -> Result<Self> {
        let cpu = fs::read_to_string("/proc/cpuinfo")?;
        let field = |name: &str| {
            let line = cpu.lines().find(|line| line.starts_with(name))?;
            Some(line.split_once(':')?.1.trim().to_owned())
        };
        Ok(Self {
            date: OffsetDateTime::now_utc().format(&Rfc3339)?,
            kernel: fs::read_to_string("/proc/sys/kernel/osrelease")?
                .trim()
                .to_owned(),
            cpu_model: field("model name").unwrap_or_else(|| "unknown".to_owned()),
            cpus: cpu
                .lines()
                .filter(|line| line.starts_with("processor"))
                .count(),
            load: Self::load()?,
        })
    }

    /// The load average at this moment.
    pub fn load() -> Result<[f64; 3]> {
        let text = fs::read_to_string("/proc/loadavg")?;
        let load: Vec<f64> = text.split(' ').take(3).flat_map(str::parse).collect();
        load.try_into().ok().context("/proc/loadavg")
    }
}
