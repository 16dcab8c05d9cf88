//! What a host says of itself: always the whole, never a difference (constant work).

use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use super::{EniSlot, GateSlot};
use crate::id::FlowLogId;

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

/// What a workload ENI was refused, by reason, since it was attached.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EniCounters {
    /// Flows that it has open.
    pub flows: u64,
    /// Refusals and ends of flows that were not told: too many, or no room.
    #[serde(default)]
    pub events_lost: u64,
    /// Drops by verdict label; reasons that never happened are left out.
    pub drops: BTreeMap<String, u64>,
}

/// What passed an endpoint ENI; packets and bytes are counted when a flow ends.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct GateCounters {
    /// Connections admitted.
    pub connections: u64,
    /// Packets from clients.
    pub packets_in: u64,
    /// IP bytes from clients.
    pub bytes_in: u64,
    /// Packets to clients.
    pub packets_out: u64,
    /// IP bytes to clients.
    pub bytes_out: u64,
    /// Drops by verdict label.
    pub drops: BTreeMap<String, u64>,
}

/// Counters of everything that a document names.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counters {
    /// By workload ENI.
    pub enis: BTreeMap<EniSlot, EniCounters>,
    /// By endpoint ENI.
    pub gates: BTreeMap<GateSlot, GateCounters>,
}

/// One host's answer after a pass of its loop.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// The newest document whose every step succeeded, apart from ENIs that could not be
    /// attached: those are told one by one in `interfaces`, and hold nobody else up.
    pub realised: u64,
    /// The newest document that was tried.
    pub tried: u64,
    /// Gates whose probe crossed the path.
    pub gates: BTreeMap<GateSlot, GateReport>,
    /// Workload ENIs that the document names.
    pub interfaces: BTreeMap<EniSlot, InterfaceReport>,
    /// Counters at the end of the pass.
    pub counters: Counters,
    /// Steps that failed in the last pass, as text with their cause.
    pub failures: Vec<String>,
    /// Flow logs whose records do not arrive, and why.
    #[serde(default)]
    pub undelivered: BTreeMap<FlowLogId, String>,
    /// False when the host has no data plane (`--no-dataplane`): nothing will ever be probed.
    pub dataplane: bool,
}
