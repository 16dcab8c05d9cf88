//! Why the data plane refuses a packet.
//!
//! Made by `cargo xtask bpf` from dataplane's bpf/shared/verdict.h. Do not edit.

/// A reason for a drop; the numbers are the kernel's and are never used again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verdict {
    /// The frame is shorter than its headers say, or has IP options or a VLAN tag.
    Malformed = 1,
    /// The frame is neither IPv4 nor ARP (IPv6 arrives in a later version).
    NotIpv4 = 2,
    /// The packet is a fragment; load balancers do not forward fragments.
    Fragment = 3,
    /// The packet is neither TCP nor UDP; endpoints answer nothing else, not even ping.
    Protocol = 4,
    /// The frame's source MAC is not the ENI's.
    SpoofedMac = 5,
    /// The packet's source address is not the ENI's.
    SpoofedSource = 6,
    /// An ARP message claims an address or MAC that is not the ENI's.
    SpoofedArp = 7,
    /// The link is not, or not yet, a configured ENI.
    NoEni = 8,
    /// Nothing in this VPC has the destination address.
    NoRoute = 9,
    /// The endpoint exists but is closed: waiting for acceptance, rejected or being deleted.
    GateClosed = 10,
    /// No inbound rule of the endpoint's security groups admits the client.
    SecurityGroup = 11,
    /// The service's load balancer has no listener on this protocol and port.
    NoListener = 12,
    /// The listener's target group has no target that can be reached.
    NoTarget = 13,
    /// No free source port on the load balancer's address towards the target.
    PortAllocation = 14,
    /// The ENI has as many flows as it may have.
    FlowQuota = 15,
    /// The host's flow table is full.
    FlowTableFull = 16,
    /// A packet in the middle of a connection that is not, or no longer, known: idle too long, or closed.
    NoFlow = 17,
    /// The connection was admitted by an endpoint that has been closed since.
    FlowCut = 18,
    /// The target's ENI is no longer on this host.
    TargetGone = 19,
}

impl Verdict {
    /// Every verdict, in the order of its number.
    pub const ALL: &'static [Self] = &[
        Self::Malformed,
        Self::NotIpv4,
        Self::Fragment,
        Self::Protocol,
        Self::SpoofedMac,
        Self::SpoofedSource,
        Self::SpoofedArp,
        Self::NoEni,
        Self::NoRoute,
        Self::GateClosed,
        Self::SecurityGroup,
        Self::NoListener,
        Self::NoTarget,
        Self::PortAllocation,
        Self::FlowQuota,
        Self::FlowTableFull,
        Self::NoFlow,
        Self::FlowCut,
        Self::TargetGone,
    ];

    /// The name in metrics, logs and on the command line.
    pub fn label(self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::NotIpv4 => "not-ipv4",
            Self::Fragment => "fragment",
            Self::Protocol => "protocol",
            Self::SpoofedMac => "spoofed-mac",
            Self::SpoofedSource => "spoofed-source",
            Self::SpoofedArp => "spoofed-arp",
            Self::NoEni => "no-eni",
            Self::NoRoute => "no-route",
            Self::GateClosed => "endpoint-closed",
            Self::SecurityGroup => "security-group",
            Self::NoListener => "no-listener",
            Self::NoTarget => "no-target",
            Self::PortAllocation => "port-allocation",
            Self::FlowQuota => "flow-quota",
            Self::FlowTableFull => "flow-table-full",
            Self::NoFlow => "no-flow",
            Self::FlowCut => "flow-cut",
            Self::TargetGone => "target-gone",
        }
    }

    /// What happened, in a sentence.
    pub fn meaning(self) -> &'static str {
        match self {
            Self::Malformed => {
                "The frame is shorter than its headers say, or has IP options or a VLAN tag."
            }
            Self::NotIpv4 => "The frame is neither IPv4 nor ARP (IPv6 arrives in a later version).",
            Self::Fragment => "The packet is a fragment; load balancers do not forward fragments.",
            Self::Protocol => {
                "The packet is neither TCP nor UDP; endpoints answer nothing else, not even ping."
            }
            Self::SpoofedMac => "The frame's source MAC is not the ENI's.",
            Self::SpoofedSource => "The packet's source address is not the ENI's.",
            Self::SpoofedArp => "An ARP message claims an address or MAC that is not the ENI's.",
            Self::NoEni => "The link is not, or not yet, a configured ENI.",
            Self::NoRoute => "Nothing in this VPC has the destination address.",
            Self::GateClosed => {
                "The endpoint exists but is closed: waiting for acceptance, rejected or being deleted."
            }
            Self::SecurityGroup => {
                "No inbound rule of the endpoint's security groups admits the client."
            }
            Self::NoListener => {
                "The service's load balancer has no listener on this protocol and port."
            }
            Self::NoTarget => "The listener's target group has no target that can be reached.",
            Self::PortAllocation => {
                "No free source port on the load balancer's address towards the target."
            }
            Self::FlowQuota => "The ENI has as many flows as it may have.",
            Self::FlowTableFull => "The host's flow table is full.",
            Self::NoFlow => {
                "A packet in the middle of a connection that is not, or no longer, known: idle too long, or closed."
            }
            Self::FlowCut => {
                "The connection was admitted by an endpoint that has been closed since."
            }
            Self::TargetGone => "The target's ENI is no longer on this host.",
        }
    }

    /// What to do about it.
    pub fn next_step(self) -> &'static str {
        match self {
            Self::Malformed => {
                "Look at the sender: its network stack or a raw socket makes broken frames."
            }
            Self::NotIpv4 => {
                "Use the endpoint's IPv4 address. Neighbour discovery of an idle namespace also counts here and is harmless."
            }
            Self::Fragment => "Send datagrams that fit the MTU of 8,500 bytes.",
            Self::Protocol => "Test with a TCP connection (curl, nc) instead of ping.",
            Self::SpoofedMac => {
                "Leave the interface's MAC as `ginnel attach` set it; do not bridge other hosts behind an ENI."
            }
            Self::SpoofedSource => {
                "Use the ENI's own address as source (source/destination check)."
            }
            Self::SpoofedArp => "Nothing learns from ARP here; find out what sends it.",
            Self::NoEni => {
                "Wait for `ginnel status` to show the ENI attached; until then it is closed on purpose."
            }
            Self::NoRoute => {
                "Dial the endpoint's address (`aws ec2 describe-vpc-endpoints`), not the provider's."
            }
            Self::GateClosed => {
                "Ask the provider to accept the connection (`aws ec2 accept-vpc-endpoint-connections`)."
            }
            Self::SecurityGroup => {
                "Authorize the client's address or group and the port (`aws ec2 authorize-security-group-ingress`)."
            }
            Self::NoListener => {
                "Dial a port that the provider listens on, or ask the provider for a listener."
            }
            Self::NoTarget => {
                "Ask the provider to register a target whose ENI is attached (`aws elbv2 describe-target-health`)."
            }
            Self::PortAllocation => {
                "Add targets or zones: one address to one target carries about 64,000 connections."
            }
            Self::FlowQuota => {
                "Close idle connections, or raise the quota (`ginnel up --flows-per-eni`)."
            }
            Self::FlowTableFull => {
                "Raise `ginnel up --flows`; see which ENI holds most with `ginnel status`."
            }
            Self::NoFlow => "Reconnect; use TCP keepalive below the idle time-out (350 s).",
            Self::FlowCut => {
                "See the endpoint's state: the provider rejected it, or it was deleted."
            }
            Self::TargetGone => "Reconnect: another target will be chosen.",
        }
    }
}
