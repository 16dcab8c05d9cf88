//! What a host says of itself: always the whole, never a difference (constant work).

use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use super::{EniSlot, GateSlot};

/// The last probe of a gate that came back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GateReport {
    /// The generation that the probe found open.
    pub generation: u32,
    /// When it came back, milliseconds since 1970.
    pub probed_at_ms: i64,
    /// Round trip in nanoseconds.
    pub round_trip_ns: u64,
}

/// A workload ENI's condition.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InterfaceReport {
    /// Links up and program attached.
    pub attached: bool,
    /// Why not, if not.
    pub problem: Option<String>,
}

/// One host's answer after a pass of its loop.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// The newest document whose every step succeeded.
    pub realised: u64,
    /// The newest document that was tried.
    pub tried: u64,
    /// Gates whose probe crossed the path.
    pub gates: BTreeMap<GateSlot, GateReport>,
    /// Workload ENIs that the document names.
    pub interfaces: BTreeMap<EniSlot, InterfaceReport>,
    /// Steps that failed in the last pass, as text with their cause.
    pub failures: Vec<String>,
    /// False when the host has no data plane (`--no-dataplane`): nothing will ever be probed.
    pub dataplane: bool,
}
