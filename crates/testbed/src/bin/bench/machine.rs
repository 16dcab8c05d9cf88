//! Where and when a run was made, and what its TCP is.

use std::fs;

use anyhow::Result;
use serde::Serialize;

use crate::path::CONGESTION_CONTROL;
use crate::testbed::bench;

/// The machine before the run.
#[derive(Debug, Serialize)]
pub(crate) struct Machine {
    /// What every benchmark says.
    #[serde(flatten)]
    pub(crate) common: bench::Machine,
    /// The host's default congestion control, and the one of the benchmark's namespaces.
    pub(crate) congestion_control: [String; 2],
}

impl Machine {
    /// Looks around.
    pub(crate) fn read() -> Result<Self> {
        Ok(Self {
            common: bench::Machine::read()?,
            congestion_control: [
                fs::read_to_string("/proc/sys/net/ipv4/tcp_congestion_control")?
                    .trim()
                    .to_owned(),
                CONGESTION_CONTROL.to_owned(),
            ],
        })
    }
}
