//! One line of a flow log, before it is written.

use alloc::string::String;
use alloc::sync::Arc;
use core::fmt::{Display, Write as _};
use core::net::IpAddr;

use model::flow_log::Traffic;
use model::id::{EndpointId, ServiceId};
use model::verdict::Verdict;

use super::{Field, Format, Interface};

const FIN: u8 = 1;
const SYN: u8 = 2;
const RST: u8 = 4;
const ACK: u8 = 16;

/// What flow logs tell of the flags of one TCP packet: FIN, SYN and RST as they are, ACK only
/// beside SYN. The flags of a flow are these of its packets, OR-ed.
#[must_use]
pub fn recorded_flags(of_packet: u8) -> u8 {
    let plain = of_packet & (FIN | SYN | RST);
    match of_packet & (SYN | ACK) {
        both if both == SYN | ACK => plain | ACK,
        _ => plain,
    }
}

/// Which way, seen from the interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Direction {
    /// To the interface.
    Ingress,
    /// From the interface.
    Egress,
}

/// What became of a flow's packets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Action {
    /// They were let through.
    Accept,
    /// They were dropped, and why.
    Reject(Verdict),
}

impl Action {
    /// Whether a flow log of this traffic records it.
    #[must_use]
    pub fn is_in(self, traffic: Traffic) -> bool {
        match traffic {
            Traffic::All => true,
            Traffic::Accept => self == Self::Accept,
            Traffic::Reject => self != Self::Accept,
        }
    }
}

/// The part of a flow between an endpoint and the target of its service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EndpointLeg {
    /// The endpoint.
    pub endpoint: EndpointId,
    /// Its service.
    pub service: Option<ServiceId>,
    /// The load balancer's address and port that the target sees.
    pub balancer: Option<(IpAddr, u16)>,
    /// The chosen target.
    pub target: Option<(IpAddr, u16)>,
}

/// What tells flows of one interface apart.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Flow {
    /// Which way.
    pub direction: Direction,
    /// The source, with the interface's primary address for its own side.
    pub source: IpAddr,
    /// Its port; 0 where the protocol has none.
    pub source_port: u16,
    /// The destination, with the interface's primary address for its own side.
    pub destination: IpAddr,
    /// Its port; 0 where the protocol has none.
    pub destination_port: u16,
    /// The source in the packet.
    pub packet_source: IpAddr,
    /// The destination in the packet.
    pub packet_destination: IpAddr,
    /// The IANA number of the protocol.
    pub protocol: u8,
    /// What became of it.
    pub action: Action,
    /// AWS's number of the way out, for egress.
    pub path: Option<u8>,
    /// The leg behind an endpoint.
    pub leg: Option<EndpointLeg>,
}

/// How much a flow was, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counts {
    /// Packets.
    pub packets: u64,
    /// Bytes.
    pub bytes: u64,
    /// [`recorded_flags`] of all packets, OR-ed.
    pub tcp_flags: u8,
    /// The second of the first packet, since 1970.
    pub first: i64,
    /// The second of the last packet, since 1970.
    pub last: i64,
}

impl Counts {
    /// Adds another part of the same flow.
    pub(super) fn add(&mut self, more: &Self) {
        self.packets = self.packets.saturating_add(more.packets);
        self.bytes = self.bytes.saturating_add(more.bytes);
        self.tcp_flags |= more.tcp_flags;
        self.first = self.first.min(more.first);
        self.last = self.last.max(more.last);
    }
}

/// What a record tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// Traffic of a flow.
    Flow(Flow, Counts),
    /// There was no traffic from the first second to the last.
    NoData(i64, i64),
    /// Something between the first second and the last was not recorded.
    SkipData(i64, i64),
}

/// One line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Whose traffic.
    pub interface: Arc<Interface>,
    /// What it tells.
    pub content: Content,
}

impl Record {
    /// The line, without its end.
    pub fn to_line(&self, format: &Format) -> String {
        let mut line = String::new();
        self.write_line(format, &mut line);
        line
    }

    /// Appends the line, without its end.
    pub fn write_line(&self, format: &Format, line: &mut String) {
        for (at, field) in format.fields().iter().enumerate() {
            if at > 0 {
                line.push(' ');
            }
            let before = line.len();
            self.write(*field, format, line);
            if line.len() == before {
                line.push('-');
            }
        }
    }

    /// Appends a field's value; nothing if there is none.
    fn write(&self, field: Field, format: &Format, line: &mut String) {
        let interface = &self.interface;
        match field {
            Field::Version => put(line, Some(format.version())),
            Field::AccountId => put(line, Some(interface.account)),
            Field::InterfaceId => put(line, Some(interface.id)),
            Field::VpcId => put(line, Some(interface.vpc)),
            Field::SubnetId => put(line, Some(interface.subnet)),
            Field::InstanceId => put(line, interface.instance.as_ref()),
            Field::Region => put(line, Some(&interface.region)),
            Field::AzId => put(line, Some(&interface.az_id)),
            Field::Start => put(line, Some(self.span().0)),
            Field::End => put(line, Some(self.span().1)),
            Field::LogStatus => put(line, Some(self.status())),
            _ => {
                if let Content::Flow(flow, counts) = &self.content {
                    flow.write(field, counts, line);
                }
            }
        }
    }

    /// The first second and the last that it tells of.
    pub fn span(&self) -> (i64, i64) {
        match &self.content {
            Content::Flow(_, counts) => (counts.first, counts.last),
            Content::NoData(first, last) | Content::SkipData(first, last) => (*first, *last),
        }
    }

    fn status(&self) -> &'static str {
        match &self.content {
            Content::Flow(..) => "OK",
            Content::NoData(..) => "NODATA",
            Content::SkipData(..) => "SKIPDATA",
        }
    }
}

impl Flow {
    fn write(&self, field: Field, counts: &Counts, line: &mut String) {
        let leg = self.leg.as_ref();
        match field {
            Field::SrcAddr => put(line, Some(self.source)),
            Field::DstAddr => put(line, Some(self.destination)),
            Field::SrcPort => put(line, Some(self.source_port)),
            Field::DstPort => put(line, Some(self.destination_port)),
            Field::Protocol => put(line, Some(self.protocol)),
            Field::Packets => put(line, Some(counts.packets)),
            Field::Bytes => put(line, Some(counts.bytes)),
            Field::Action => put(
                line,
                Some(match self.action {
                    Action::Accept => "ACCEPT",
                    Action::Reject(_) => "REJECT",
                }),
            ),
            Field::TcpFlags => put(line, Some(counts.tcp_flags)),
            Field::Type => put(
                line,
                Some(match self.source {
                    IpAddr::V4(_) => "IPv4",
                    IpAddr::V6(_) => "IPv6",
                }),
            ),
            Field::PktSrcAddr => put(line, Some(self.packet_source)),
            Field::PktDstAddr => put(line, Some(self.packet_destination)),
            Field::FlowDirection => put(
                line,
                Some(match self.direction {
                    Direction::Ingress => "ingress",
                    Direction::Egress => "egress",
                }),
            ),
            Field::TrafficPath => put(line, self.path),
            Field::VpceId => put(line, leg.map(|leg| leg.endpoint)),
            Field::VpceServiceId => put(line, leg.and_then(|leg| leg.service)),
            Field::NlbSrcAddr => put(line, leg.and_then(|leg| leg.balancer).map(|it| it.0)),
            Field::NlbSrcPort => put(line, leg.and_then(|leg| leg.balancer).map(|it| it.1)),
            Field::TargetAddr => put(line, leg.and_then(|leg| leg.target).map(|it| it.0)),
            Field::TargetPort => put(line, leg.and_then(|leg| leg.target).map(|it| it.1)),
            Field::DropReason => match self.action {
                Action::Accept => {}
                Action::Reject(why) => put(line, Some(why.label())),
            },
            // The interface's, or never told here.
            _ => {}
        }
    }
}

fn put(line: &mut String, value: Option<impl Display>) {
    if let Some(value) = value {
        // Writing to a string does not fail.
        let _ = write!(line, "{value}");
    }
}

#[cfg(test)]
mod tests;
