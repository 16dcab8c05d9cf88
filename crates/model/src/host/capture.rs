//! Captures: packets as they came, what became of them, and as they went.

use alloc::string::String;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use super::{EniSlot, GateSlot};
use crate::verdict::Verdict;

/// So many endpoint ENIs can be watched at once: an endpoint has one in each zone.
pub const MAX_WATCHED_GATES: usize = 16;

/// So many bytes of a frame are kept at most.
pub const MAX_SNAP: u16 = 256;

/// What a capture is about.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Watch {
    /// All that a workload ENI sends or is handed.
    pub eni: Option<EniSlot>,
    /// All that passes endpoint ENIs, or is refused there.
    pub gates: Vec<GateSlot>,
    /// So many bytes of each frame are kept.
    pub snap: u16,
}

/// The beginning of an Ethernet frame.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Frame {
    /// Bytes of the whole.
    pub length: u32,
    /// The first of them.
    pub bytes: Vec<u8>,
}

/// What became of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Fate {
    /// Handed on.
    Passed,
    /// The data plane answered it: ARP, a reset, a probe.
    Answered,
    /// Refused; the verdict says why.
    Dropped,
    /// Not for anybody else, such as an announcement of the sender's own address.
    Ignored,
}

/// From which end of its flow a packet comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Side {
    /// From who opened it.
    Client,
    /// An answer.
    Target,
}

/// A captured packet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Captured {
    /// When it came, nanoseconds since 1970.
    pub at_ns: u64,
    /// Who sent it.
    pub from: Option<EniSlot>,
    /// Whom it was handed to.
    pub to: Option<EniSlot>,
    /// The endpoint ENI that it came to.
    pub gate: Option<GateSlot>,
    /// From which end of its flow, where it has one.
    pub side: Option<Side>,
    /// What became of it.
    pub fate: Fate,
    /// Why it was refused. A refused packet may be answered, with a reset.
    pub verdict: Option<Verdict>,
    /// Packets that it stands for, before the device cuts it (GSO).
    pub segments: u32,
    /// As it came.
    pub came: Frame,
    /// As it went on, or the answer.
    pub went: Option<Frame>,
}

/// What a reader gets at once.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Catch {
    /// Oldest first.
    pub packets: Vec<Captured>,
    /// Packets since the capture began that found no room.
    pub lost: u64,
    /// There are more now.
    pub more: bool,
}

/// What is asked of a host's agent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CaptureOrder {
    /// Begin.
    Start {
        /// With what.
        watch: Watch,
        /// Who wants it, for those who are refused meanwhile.
        holder: String,
    },
    /// What was captured since the last call. A capture that is not asked ends by itself.
    Poll {
        /// Which capture.
        ticket: u64,
    },
    /// Put the ordinary program back; what is left can be polled.
    Stop {
        /// Which capture.
        ticket: u64,
    },
}

/// The agent's answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CaptureAnswer {
    /// It began.
    Started {
        /// To be named in the calls that follow.
        ticket: u64,
    },
    /// Packets.
    Caught(Catch),
}

/// Why it is not done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CaptureRefused {
    /// Another capture is on.
    Busy {
        /// Whose.
        holder: String,
    },
    /// No such capture: it ended.
    Over,
    /// The kernel cannot.
    Unable {
        /// Its words.
        problem: String,
    },
}
