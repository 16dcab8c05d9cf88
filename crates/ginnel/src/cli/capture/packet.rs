//! Captured packets as the daemon tells of them, and what can be said of one.

use std::fmt::{self, Display};
use std::net::IpAddr;

use anyhow::{Context as _, Result};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use etherparse::{EtherType, LaxPacketHeaders, NetHeaders, TransportHeader};
use model::verdict::Verdict;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// What is captured, and which side of its NAT a frame is on.
#[derive(Debug)]
pub(super) enum Subject {
    /// A workload's ENI.
    Eni(String),
    /// An endpoint, with its addresses.
    Endpoint(String, Vec<IpAddr>),
}

/// Packets at once.
#[derive(Debug, Deserialize)]
pub(super) struct Batch {
    pub(super) lost: u64,
    pub(super) more: bool,
    pub(super) packets: Vec<Packet>,
}

/// One packet.
#[derive(Debug, Deserialize)]
pub(super) struct Packet {
    pub(super) at_ns: u64,
    from: Option<String>,
    to: Option<String>,
    pub(super) endpoint: Option<String>,
    side: Option<Side>,
    pub(super) fate: Fate,
    pub(super) verdict: Option<String>,
    segments: u32,
    pub(super) came: Frame,
    pub(super) went: Option<Frame>,
}

/// From which end of its flow.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
enum Side {
    Client,
    Target,
}

/// What became of it.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub(super) enum Fate {
    Passed,
    Answered,
    Dropped,
    Ignored,
}

/// A frame's beginning.
#[derive(Debug)]
pub(super) struct Frame {
    pub(super) length: u32,
    pub(super) bytes: Vec<u8>,
    pub(super) heads: Heads,
}

/// What its headers say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Heads {
    /// By name, where it has one here.
    pub(super) protocol: String,
    pub(super) source: Option<IpAddr>,
    pub(super) destination: Option<IpAddr>,
    pub(super) ports: Option<(u16, u16)>,
    flags: Option<String>,
}

impl Subject {
    /// By the daemon's answer.
    pub(super) fn new(target: &str, started: &Value) -> Result<Self> {
        let Some(endpoint) = started.get("endpoint").and_then(Value::as_str) else {
            return Ok(Self::Eni(target.to_owned()));
        };
        let addresses = started.get("addresses").cloned().unwrap_or_default();
        let addresses = serde_json::from_value(addresses).context("the endpoint's addresses")?;
        Ok(Self::Endpoint(endpoint.to_owned(), addresses))
    }

    /// The names of both sides: the subject's own, and the other.
    pub(super) fn sides(&self) -> [String; 2] {
        match self {
            Self::Eni(eni) => [format!("ENI {eni}"), "beyond NAT".into()],
            Self::Endpoint(endpoint, _) => [endpoint.clone(), "after NAT".into()],
        }
    }

    /// Whether a packet comes from the subject's own side: the ENI sent it, or the client of the
    /// endpoint.
    pub(super) fn is_from_own_side(&self, packet: &Packet) -> bool {
        match self {
            Self::Eni(eni) => packet.from.as_ref() == Some(eni),
            Self::Endpoint(_, addresses) => match packet.side {
                Some(side) => side == Side::Client,
                // Without a flow: whoever dials the endpoint.
                None => {
                    let to = packet.came.heads.destination;
                    to.is_some_and(|ip| addresses.contains(&ip))
                }
            },
        }
    }

    /// `out` of the ENI or `in` to it; `in` to the endpoint or `out` of it.
    pub(super) fn direction(&self, packet: &Packet) -> &'static str {
        let own = self.is_from_own_side(packet);
        match self {
            Self::Eni(_) if own => "out",
            Self::Endpoint(..) if !own => "out",
            Self::Eni(_) | Self::Endpoint(..) => "in",
        }
    }
}

impl Batch {
    pub(super) fn read(answer: Value) -> Result<Self> {
        serde_json::from_value(answer).context("reading the daemon's answer")
    }
}

impl Packet {
    pub(super) fn is_dropped(&self) -> bool {
        self.fate == Fate::Dropped
    }

    /// Who sent it.
    pub(super) fn from(&self) -> &str {
        self.from.as_deref().unwrap_or("?")
    }

    /// Who got it: an ENI, or the endpoint as far as it came.
    pub(super) fn to(&self) -> &str {
        let endpoint = self.endpoint.as_deref().filter(|_| self.to.is_none());
        self.to.as_deref().or(endpoint).unwrap_or("nobody")
    }

    /// The frame on the other side, if it is another one there than only in its MAC addresses.
    pub(super) fn other_side(&self) -> Option<&Frame> {
        let went = self.went.as_ref()?;
        let same = went.length == self.came.length
            && went.bytes.get(ETHERNET..) == self.came.bytes.get(ETHERNET..);
        (self.fate == Fate::Passed && !same).then_some(went)
    }

    /// Its length.
    pub(super) fn size(&self) -> String {
        match self.segments {
            0 | 1 => format!("{} bytes", self.came.length),
            segments => format!("{} bytes for {segments} packets", self.came.length),
        }
    }

    /// What became of it, in words.
    pub(super) fn fate_text(&self) -> String {
        let reason = self.verdict.as_deref().map(|label| {
            let verdict = Verdict::ALL.iter().find(|it| it.label() == label);
            let meaning = verdict.map_or("", |verdict| verdict.meaning());
            format!("{label} ({})", meaning.trim_end_matches('.'))
        });
        match (self.fate, reason) {
            (Fate::Passed, _) => "admitted".into(),
            (Fate::Answered, Some(reason)) => format!("refused with an answer: {reason}"),
            (Fate::Answered, None) => "answered by the data plane".into(),
            (Fate::Dropped, reason) => format!("dropped: {}", reason.unwrap_or_default()),
            (Fate::Ignored, _) => "ignored: nobody else is concerned".into(),
        }
    }
}

const ETHERNET: usize = 14;

impl<'de> Deserialize<'de> for Frame {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Raw {
            length: u32,
            bytes: String,
        }
        let Raw { length, bytes } = Raw::deserialize(deserializer)?;
        let bytes = STANDARD.decode(bytes).map_err(serde::de::Error::custom)?;
        Ok(Self::new(length, bytes))
    }
}

impl Frame {
    pub(super) fn new(length: u32, bytes: Vec<u8>) -> Self {
        let heads = Heads::of(&bytes);
        Self {
            length,
            bytes,
            heads,
        }
    }
}

impl Heads {
    fn of(bytes: &[u8]) -> Self {
        let Ok(headers) = LaxPacketHeaders::from_ethernet(bytes) else {
            return Self {
                protocol: "no Ethernet".into(),
                ..Self::default()
            };
        };
        let (protocol, ends) = match &headers.net {
            Some(NetHeaders::Ipv4(ip, _)) => {
                let ends = (IpAddr::from(ip.source), IpAddr::from(ip.destination));
                (protocol(ip.protocol.0), Some(ends))
            }
            Some(NetHeaders::Ipv6(ip, _)) => {
                let ends = (IpAddr::from(ip.source), IpAddr::from(ip.destination));
                (protocol(ip.next_header.0), Some(ends))
            }
            Some(NetHeaders::Arp(arp)) => {
                let ip = |bytes: &[u8]| <[u8; 4]>::try_from(bytes).map(IpAddr::from).ok();
                let ends = ip(arp.sender_protocol_addr()).zip(ip(arp.target_protocol_addr()));
                ("arp".into(), ends)
            }
            None => {
                let ether = headers.link.and_then(|link| link.ethernet2());
                let EtherType(number) = ether.map_or(EtherType(0), |ether| ether.ether_type);
                (format!("ethertype 0x{number:04x}"), None)
            }
        };
        let mut heads = Self {
            protocol,
            source: ends.map(|(source, _)| source),
            destination: ends.map(|(_, destination)| destination),
            ..Self::default()
        };
        match &headers.transport {
            Some(TransportHeader::Tcp(tcp)) => {
                heads.ports = Some((tcp.source_port, tcp.destination_port));
                let flags = [
                    (tcp.syn, 'S'),
                    (tcp.fin, 'F'),
                    (tcp.rst, 'R'),
                    (tcp.psh, 'P'),
                    (tcp.ack, '.'),
                ];
                let set = flags.iter().filter(|(on, _)| *on);
                heads.flags = Some(set.map(|(_, letter)| letter).collect());
            }
            Some(TransportHeader::Udp(udp)) => {
                heads.ports = Some((udp.source_port, udp.destination_port));
            }
            _ => {}
        }
        heads
    }
}

/// An IP protocol's name.
pub(super) fn protocol(number: u8) -> String {
    let known = PROTOCOLS.iter().find(|(_, known)| *known == number);
    known.map_or_else(|| number.to_string(), |(name, _)| (*name).to_owned())
}

/// Those that have a name here.
pub(super) const PROTOCOLS: [(&str, u8); 4] = [("tcp", 6), ("udp", 17), ("icmp", 1), ("icmp6", 58)];

impl Display for Heads {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.protocol)?;
        let (Some(source), Some(destination)) = (self.source, self.destination) else {
            return Ok(());
        };
        let end = |ip: IpAddr, port: Option<u16>| match port {
            Some(port) => std::net::SocketAddr::new(ip, port).to_string(),
            None => ip.to_string(),
        };
        let (from, to) = (
            end(source, self.ports.map(|(from, _)| from)),
            end(destination, self.ports.map(|(_, to)| to)),
        );
        write!(f, " {from} > {to}")?;
        match &self.flags {
            Some(flags) => write!(f, " [{flags}]"),
            None => Ok(()),
        }
    }
}
