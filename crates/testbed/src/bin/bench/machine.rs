//! Where and when a run was made.

use std::fs;

use anyhow::{Context, Result};
use serde::Serialize;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::path::CONGESTION_CONTROL;

/// The machine before the run.
#[derive(Debug, Serialize)]
pub(crate) struct Machine {
    /// When, in UTC.
    pub(crate) date: String,
    /// Kernel release.
    pub(crate) kernel: String,
    /// CPU model.
    pub(crate) cpu_model: String,
    /// How many CPUs.
    pub(crate) cpus: usize,
    /// The host's default congestion control, and the one of the benchmark's namespaces.
    pub(crate) congestion_control: [String; 2],
    /// Load average over 1, 5 and 15 minutes before the run.
    pub(crate) load: [f64; 3],
}

impl Machine {
    /// Looks around.
    pub(crate) fn read() -> Result<Self> {
        let cpu = fs::read_to_string("/proc/cpuinfo")?;
        let field = |name: &str| {
            let line = cpu.lines().find(|line| line.starts_with(name))?;
            Some(line.split_once(':')?.1.trim().to_owned())
        };
        let text = fs::read_to_string("/proc/loadavg")?;
        let load: Vec<f64> = text.split(' ').take(3).flat_map(str::parse).collect();
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
            congestion_control: [
                fs::read_to_string("/proc/sys/net/ipv4/tcp_congestion_control")?
                    .trim()
                    .to_owned(),
                CONGESTION_CONTROL.to_owned(),
            ],
            load: load.try_into().ok().context("/proc/loadavg")?,
        })
    }
}
