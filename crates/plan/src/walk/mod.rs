//! The forwarder, as a pure function: a frame goes in on a link, and out comes what becomes of
//! it, with every decision on the way. It is the reference for the program of the ENIs
//! (`dataplane`'s `bpf/`), which must come to the same verdict and the same bytes, and the answer
//! to "what would happen to this packet?".
//!
//! A packet's stages, each in the file of its name:
//!
//! - `parse`: what it is. ARP, neighbour discovery and resets are answered at once (`answer`).
//! - `flow`: the look-up by link, addresses and ports. A known flow takes the short way: it is
//!   asked again when the tables have changed (`recheck`), and goes to `rewrite`.
//! - `admit`, for the first packet of a flow: `guard` → `route` → `acl` → `group` →
//!   `balance` (endpoints) → `nat` → two records.
//! - `related`: ICMP errors follow the flow that they are about.

mod acl;
mod admit;
mod answer;
mod balance;
mod bytes;
mod fabric;
mod flow;
mod group;
mod guard;
mod nat;
mod parse;
mod recheck;
mod related;
mod rewrite;
mod route;
mod trace;

use alloc::vec::Vec;

use model::host::{Document, EniSlot};
use model::net::Mac;
use model::verdict::Verdict;

use fabric::Fabric;
use flow::{Course, Flows};
use parse::{Icmp, L3, Packet, Parsed, RST, TCP};
use recheck::{Asked, Still, recheck};

pub use flow::{FIN_ACKED, FIN_AWAITS, FIN_SENT, FlowKey, FlowKind, Record, Side};
pub use parse::{Kind, Tuple};
pub use trace::{Carrier, Decision, Direction, Flow, Owner};

/// The MAC address of every ENI's gateway: the host sides of all ENIs carry it.
pub const GATEWAY_MAC: [u8; 6] = [0x02, 0x67, 0x69, 0x6e, 0x6e, 0x6c];

/// What the forwarder knows of its host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Host {
    /// What flows' hashes begin with.
    pub seed: u32,
    /// The way out, if there is one.
    pub uplink: Option<Uplink>,
    /// How many flows one ENI may have open.
    pub flow_quota: u32,
}

/// The way out of a host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Uplink {
    /// Its MTU in bytes.
    pub mtu: u16,
    /// The MAC address of what is on its other side.
    pub mac: Mac,
}

/// A link that frames enter and leave by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Link {
    /// A workload ENI's.
    Eni(EniSlot),
    /// The way out.
    Uplink,
}

/// A packet that stands for several segments (generic segmentation offload).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gso {
    /// The bytes of a segment, without headers; 0: it is one packet.
    pub size: u16,
    /// How many they are.
    pub segments: u32,
}

/// What becomes of a frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It leaves by another link.
    Forward {
        /// The link.
        to: Link,
        /// As it leaves.
        frame: Vec<u8>,
    },
    /// This goes back on the same link.
    Answer {
        /// The answer.
        frame: Vec<u8>,
    },
    /// Nothing, and it is counted.
    Drop,
    /// Nothing, and nobody needs to know.
    Swallow,
}

/// What became of a frame, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// Why it is refused, if it is.
    pub verdict: Option<Verdict>,
    /// What becomes of it.
    pub fate: Fate,
    /// The decisions, in order.
    pub trace: Vec<Decision>,
}

type Trace = Vec<Decision>;

/// Why a packet is refused, and whether its sender is told with a reset.
#[derive(Clone, Copy, Debug)]
struct Refusal {
    verdict: Verdict,
    reset: bool,
}

impl Refusal {
    fn with_reset(verdict: Verdict) -> Self {
        Self {
            verdict,
            reset: true,
        }
    }
}

impl From<Verdict> for Refusal {
    fn from(verdict: Verdict) -> Self {
        Self {
            verdict,
            reset: false,
        }
    }
}

/// The forwarder of a host, with its flows.
#[derive(Clone, Debug)]
pub struct Walker<'a> {
    fabric: Fabric<'a>,
    flows: Flows,
    epoch: u32,
}

impl<'a> Walker<'a> {
    /// One that knows no flow yet.
    pub fn new(document: &'a Document, host: Host) -> Self {
        Self {
            fabric: Fabric::new(document, host),
            flows: Flows::default(),
            epoch: 1,
        }
    }

    /// Other tables: flows stay, and are asked again.
    pub fn set_document(&mut self, document: &'a Document) {
        self.fabric = Fabric::new(document, self.fabric.host);
        self.epoch = self.epoch.wrapping_add(1);
    }

    /// The records of all flows.
    pub fn flows(&self) -> impl Iterator<Item = (&FlowKey, &Record)> {
        self.flows.iter()
    }

    /// Forgets an ENI's flows, as when it is detached.
    pub fn forget_eni(&mut self, slot: EniSlot) {
        self.flows.forget_eni(slot);
    }

    /// What becomes of a frame that enters by a link.
    pub fn walk(&mut self, from: Link, frame: &[u8], gso: Option<Gso>) -> Outcome {
        let mut trace = Trace::new();
        let gso = gso.filter(|gso| gso.size != 0);
        let packet = match parse::parse(frame) {
            Ok(Parsed::Packet(packet)) => packet,
            Ok(Parsed::Arp) => {
                return refused_or(answer::arp(&self.fabric, from, frame), trace);
            }
            Ok(Parsed::Neighbour) => {
                return refused_or(answer::neighbour(&self.fabric, from, frame), trace);
            }
            Err(verdict) => return refused_or(Err(verdict), trace),
        };
        let result = self.forward(from, frame, &packet, gso, &mut trace);
        let (verdict, fate) = match result {
            Ok(fate) => (None, fate),
            Err(Refusal { verdict, reset }) => {
                let answer = if reset {
                    answer::reset(frame, &packet)
                } else {
                    None
                };
                let fate = answer.map_or(Fate::Drop, |frame| Fate::Answer { frame });
                (Some(verdict), fate)
            }
        };
        Outcome {
            verdict,
            fate,
            trace,
        }
    }

    fn forward(
        &mut self,
        from: Link,
        frame: &[u8],
        packet: &Packet,
        gso: Option<Gso>,
        trace: &mut Trace,
    ) -> Result<Fate, Refusal> {
        let headers = packet.header_end(frame) - L3;
        let length = match gso {
            None => frame.len() - L3,
            Some(gso) => headers + usize::from(gso.size),
        };
        if length > usize::from(rewrite::MTU) {
            return Err(Verdict::Mtu.into());
        }
        if packet.icmp == Icmp::Error {
            return Ok(self.related(from, frame, packet, trace)?);
        }
        let key = FlowKey {
            link: from,
            tuple: packet.tuple,
        };
        let ends = match self.known(&key, frame, packet, trace)? {
            Some(ends) => ends,
            None => {
                self.admit(&key, frame, packet, trace)?;
                false
            }
        };
        let Some(record) = self.flows.get_mut(&key) else {
            return Err(Verdict::NoFlow.into());
        };
        let segments = gso.map_or(1, |gso| gso.segments.max(1));
        record.packets += u64::from(segments);
        record.bytes += (frame.len() - L3) as u64 + u64::from(segments - 1) * headers as u64;
        let mut out = frame.to_vec();
        rewrite::rewrite(&mut out, packet, record, &self.fabric.host);
        let to = record.out;
        if ends {
            trace.push(Decision::Flow(Flow::Ends));
            self.flows.forget(&key);
        }
        Ok(Fate::Forward { to, frame: out })
    }

    /// The short way: whether the flow ends with this packet, or nothing when everything must be
    /// asked.
    fn known(
        &mut self,
        key: &FlowKey,
        frame: &[u8],
        packet: &Packet,
        trace: &mut Trace,
    ) -> Result<Option<bool>, Refusal> {
        let closing = match self.flows.get(key) {
            Some(record) => record.closing != 0,
            None => {
                trace.push(Decision::Flow(Flow::New));
                return Ok(None);
            }
        };
        let marks = parse::SYN | parse::FIN | RST;
        let tcp = packet.protocol == TCP;
        let course = if tcp && (packet.flags & marks != 0 || closing) {
            self.flows.follow(key, frame, packet)
        } else {
            Course::GoesOn
        };
        if course == Course::Again {
            trace.push(Decision::Flow(Flow::Again));
            self.flows.forget(key);
            return Ok(None);
        }
        let Some(record) = self.flows.get(key) else {
            return Ok(None);
        };
        if self.is_cut(record) {
            trace.push(Decision::Flow(Flow::Cut));
            self.flows.forget(key);
            let verdict = Verdict::FlowCut;
            return Err(Refusal {
                verdict,
                reset: tcp,
            });
        }
        if record.epoch == self.epoch {
            trace.push(Decision::Flow(Flow::Known));
        } else {
            trace.push(Decision::Flow(Flow::Rechecked));
            let asked = Asked::of(packet);
            if recheck(&self.fabric, key, record, &asked, trace)? == Still::Moved {
                trace.push(Decision::Flow(Flow::Moved));
                self.flows.forget(key);
                return Ok(None);
            }
            let epoch = self.epoch;
            if let Some(record) = self.flows.get_mut(key) {
                record.epoch = epoch;
            }
        }
        Ok(Some(course == Course::Ends))
    }

    /// Whether the endpoint that a flow passes was closed, or opened anew, since.
    fn is_cut(&self, record: &Record) -> bool {
        record.gate.is_some_and(|slot| {
            let gate = self.fabric.document.tables.gates.get(&slot);
            gate.is_none_or(|gate| gate.generation == 0 || gate.generation != record.generation)
        })
    }
}

fn refused_or(result: Result<Fate, Verdict>, trace: Trace) -> Outcome {
    let (verdict, fate) = match result {
        Ok(fate) => (None, fate),
        Err(verdict) => (Some(verdict), Fate::Drop),
    };
    Outcome {
        verdict,
        fate,
        trace,
    }
}

#[cfg(test)]
mod tests;
