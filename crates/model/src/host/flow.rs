//! Flows as the data plane tells of them: what is open, what has ended, what was refused.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::{EniSlot, GateSlot, NatKey};
use crate::verdict::Verdict;

/// Addresses and ports of one direction. A ping has its id as source port in a request, as
/// destination port in an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Tuple {
    /// From.
    pub source: IpAddr,
    /// To.
    pub destination: IpAddr,
    /// From which port; 0 without ports.
    pub source_port: u16,
    /// To which port.
    pub destination_port: u16,
}

/// What passed in one direction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Count {
    /// Packets; of a GSO packet its segments.
    pub packets: u64,
    /// IP bytes, headers included.
    pub bytes: u64,
    /// TCP flags that were seen: FIN 1, SYN 2, RST 4, and 16 for a SYN-ACK.
    pub tcp_flags: u8,
}

/// How a flow leaves its ENI.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Way {
    /// To another ENI; nothing is translated.
    Local,
    /// Through an endpoint to a target.
    Door,
    /// Out by the internet gateway.
    Out,
    /// Out by a NAT gateway.
    Nat,
    /// In from outside.
    In,
}

/// One flow, both directions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Flow {
    /// The ENI in whose quota it counts: the one that opened it, or that was reached from
    /// outside.
    pub eni: EniSlot,
    /// The ENI at the other end, if it is one of this host.
    pub far: Option<EniSlot>,
    /// The endpoint ENI that it passes.
    pub gate: Option<GateSlot>,
    /// The NAT gateway that it passes.
    pub nat: Option<NatKey>,
    /// How it leaves.
    pub way: Way,
    /// IP protocol number.
    pub protocol: u8,
    /// As who opened it sends.
    pub outer: Tuple,
    /// As the other end receives.
    pub inner: Tuple,
    /// From who opened it.
    pub there: Count,
    /// The answers.
    pub back: Count,
    /// Tells it apart from an earlier flow of the same tuple: the kernel's clock at its first
    /// packet.
    pub born: u32,
    /// First packet, milliseconds since 1970.
    pub first_ms: i64,
    /// Last packet.
    pub last_ms: i64,
}

/// A refused packet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// Who sent it.
    pub eni: EniSlot,
    /// Whom it did not reach, where that was known.
    pub far: Option<EniSlot>,
    /// The endpoint ENI that it came to.
    pub gate: Option<GateSlot>,
    /// Why.
    pub verdict: Verdict,
    /// Whether it was an answer in a known flow.
    pub answer: bool,
    /// IP protocol number and the tuple; `None` when it could not be read.
    pub packet: Option<(u8, Tuple)>,
    /// How much.
    pub count: Count,
    /// When, milliseconds since 1970.
    pub at_ms: i64,
}

/// What the data plane tells.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Event {
    /// A packet was refused.
    Refused(Refusal),
    /// A flow was admitted.
    Opened(Flow),
    /// A flow was forgotten: closed, cut or idle.
    Ended(Flow),
}

/// What a host told in a while.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Told {
    /// What happened, oldest first within its kind.
    pub events: Vec<Event>,
    /// What was not told, by ENI: too much at once, or no room.
    pub lost: BTreeMap<EniSlot, u64>,
    /// What was listened for: nothing else can be in it.
    pub wanted: Wanted,
    /// From when it covers, milliseconds since 1970.
    pub from_ms: i64,
    /// Until when.
    pub to_ms: i64,
}

/// What is to be told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Refused packets.
    pub refused: bool,
    /// Flows that open.
    pub opened: bool,
    /// Flows that end.
    pub ended: bool,
}
