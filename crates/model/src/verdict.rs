//! Why the data plane refuses a packet.
//!
//! Made by `cargo xtask bpf` from dataplane's bpf/shared/verdict.h. Do not edit.

use serde::{Deserialize, Serialize};

/// A reason for a drop; the numbers are the kernel's and are never used again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Verdict {
    /// The frame is shorter than its headers say, or has IP options.
    Malformed = 1,
    /// The frame is neither IPv4, IPv6 nor ARP, or carries a VLAN tag.
    NotIp = 2,
    /// The packet is a fragment. No fragment is forwarded: only the first of them has the ports that rules are about.
    Fragment = 3,
    /// The packet's protocol cannot go there: endpoints take TCP and UDP only and answer no ping; NAT gateways take TCP, UDP and ping.
    Protocol = 4,
    /// The frame's source MAC is not the ENI's.
    SpoofedMac = 5,
    /// The packet's source address is not the ENI's.
    SpoofedSource = 6,
    /// An ARP or neighbour discovery message claims an address or MAC that is not the ENI's.
    SpoofedArp = 7,
    /// The link is not, or not yet, a configured ENI.
    NoEni = 8,
    /// No route of the sender's subnet leads to the destination address, or nothing there has it.
    NoRoute = 9,
    /// The endpoint exists but is closed: waiting for acceptance, rejected or being deleted.
    GateClosed = 10,
    /// No inbound rule of the receiver's security groups (an ENI's, or an endpoint's) admits the sender.
    SecurityGroup = 11,
    /// The service's load balancer has no listener on this protocol and port.
    NoListener = 12,
    /// The listener's target group has no target that can be reached.
    NoTarget = 13,
    /// No free source port on the load balancer's or NAT gateway's address towards the target.
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
    /// No outbound rule of the sender's security groups admits the destination.
    GroupEgress = 20,
    /// The network ACL of the sender's subnet refuses the packet on its way out.
    AclEgress = 21,
    /// The network ACL of the receiver's subnet refuses the packet on its way in.
    AclIngress = 22,
    /// The network ACL of the answering side's subnet refuses the answer on its way out. ACLs are stateless: answers need an entry of their own.
    AclReplyEgress = 23,
    /// The network ACL of the client's subnet refuses the answer on its way in. ACLs are stateless: answers need an entry of their own.
    AclReplyIngress = 24,
    /// The route that matches leads to something that is gone: its state is `blackhole`.
    RouteBlackhole = 25,
    /// The route leads to the internet, and this host has no way out.
    NoUplink = 26,
    /// The route leads to an internet gateway, and the ENI has no address that the outside knows.
    NoPublicAddress = 27,
    /// The route leads to an ENI that takes only packets for its own addresses.
    DestCheck = 28,
    /// The packet is larger than 8,500 bytes. As in AWS no ICMP message says so.
    Mtu = 29,
    /// An ICMP error about a packet of no known flow.
    IcmpUnrelated = 30,
    /// The answer's route does not lead back to where the flow came from.
    Asymmetric = 31,
    /// The route leads to a gateway endpoint, which carries no packets in this version.
    GatewayEndpoint = 32,
    /// Link-local or multicast IPv6, such as router solicitations of an idle namespace.
    LinkLocal = 33,
    /// A network ACL between the service's load balancer and its target refuses.
    ProviderAcl = 34,
    /// No inbound rule of the target's security groups admits the load balancer.
    TargetGroup = 35,
    /// No inbound rule of the load balancer's security groups admits the client.
    BalancerGroup = 36,
    /// The packet has an IPv6 extension header.
    Extension = 37,
}

impl Verdict {
    /// Every verdict, in the order of its number.
    pub const ALL: &'static [Self] = &[
        Self::Malformed,
        Self::NotIp,
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
        Self::GroupEgress,
        Self::AclEgress,
        Self::AclIngress,
        Self::AclReplyEgress,
        Self::AclReplyIngress,
        Self::RouteBlackhole,
        Self::NoUplink,
        Self::NoPublicAddress,
        Self::DestCheck,
        Self::Mtu,
        Self::IcmpUnrelated,
        Self::Asymmetric,
        Self::GatewayEndpoint,
        Self::LinkLocal,
        Self::ProviderAcl,
        Self::TargetGroup,
        Self::BalancerGroup,
        Self::Extension,
    ];

    /// The name in metrics, logs and on the command line.
    pub fn label(self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::NotIp => "not-ip",
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
            Self::GroupEgress => "security-group-egress",
            Self::AclEgress => "acl-egress",
            Self::AclIngress => "acl-ingress",
            Self::AclReplyEgress => "acl-reply-egress",
            Self::AclReplyIngress => "acl-reply-ingress",
            Self::RouteBlackhole => "blackhole",
            Self::NoUplink => "no-uplink",
            Self::NoPublicAddress => "no-public-address",
            Self::DestCheck => "destination-check",
            Self::Mtu => "mtu",
            Self::IcmpUnrelated => "icmp-unrelated",
            Self::Asymmetric => "asymmetric",
            Self::GatewayEndpoint => "gateway-endpoint",
            Self::LinkLocal => "link-local",
            Self::ProviderAcl => "provider-acl",
            Self::TargetGroup => "target-security-group",
            Self::BalancerGroup => "balancer-security-group",
            Self::Extension => "extension-header",
        }
    }

    /// What happened, in a sentence.
    pub fn meaning(self) -> &'static str {
        match self {
            Self::Malformed => "The frame is shorter than its headers say, or has IP options.",
            Self::NotIp => "The frame is neither IPv4, IPv6 nor ARP, or carries a VLAN tag.",
            Self::Fragment => {
                "The packet is a fragment. No fragment is forwarded: only the first of them has the ports that rules are about."
            }
            Self::Protocol => {
                "The packet's protocol cannot go there: endpoints take TCP and UDP only and answer no ping; NAT gateways take TCP, UDP and ping."
            }
            Self::SpoofedMac => "The frame's source MAC is not the ENI's.",
            Self::SpoofedSource => "The packet's source address is not the ENI's.",
            Self::SpoofedArp => {
                "An ARP or neighbour discovery message claims an address or MAC that is not the ENI's."
            }
            Self::NoEni => "The link is not, or not yet, a configured ENI.",
            Self::NoRoute => {
                "No route of the sender's subnet leads to the destination address, or nothing there has it."
            }
            Self::GateClosed => {
                "The endpoint exists but is closed: waiting for acceptance, rejected or being deleted."
            }
            Self::SecurityGroup => {
                "No inbound rule of the receiver's security groups (an ENI's, or an endpoint's) admits the sender."
            }
            Self::NoListener => {
                "The service's load balancer has no listener on this protocol and port."
            }
            Self::NoTarget => "The listener's target group has no target that can be reached.",
            Self::PortAllocation => {
                "No free source port on the load balancer's or NAT gateway's address towards the target."
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
            Self::GroupEgress => {
                "No outbound rule of the sender's security groups admits the destination."
            }
            Self::AclEgress => {
                "The network ACL of the sender's subnet refuses the packet on its way out."
            }
            Self::AclIngress => {
                "The network ACL of the receiver's subnet refuses the packet on its way in."
            }
            Self::AclReplyEgress => {
                "The network ACL of the answering side's subnet refuses the answer on its way out. ACLs are stateless: answers need an entry of their own."
            }
            Self::AclReplyIngress => {
                "The network ACL of the client's subnet refuses the answer on its way in. ACLs are stateless: answers need an entry of their own."
            }
            Self::RouteBlackhole => {
                "The route that matches leads to something that is gone: its state is `blackhole`."
            }
            Self::NoUplink => "The route leads to the internet, and this host has no way out.",
            Self::NoPublicAddress => {
                "The route leads to an internet gateway, and the ENI has no address that the outside knows."
            }
            Self::DestCheck => {
                "The route leads to an ENI that takes only packets for its own addresses."
            }
            Self::Mtu => {
                "The packet is larger than 8,500 bytes. As in AWS no ICMP message says so."
            }
            Self::IcmpUnrelated => "An ICMP error about a packet of no known flow.",
            Self::Asymmetric => {
                "The answer's route does not lead back to where the flow came from."
            }
            Self::GatewayEndpoint => {
                "The route leads to a gateway endpoint, which carries no packets in this version."
            }
            Self::LinkLocal => {
                "Link-local or multicast IPv6, such as router solicitations of an idle namespace."
            }
            Self::ProviderAcl => {
                "A network ACL between the service's load balancer and its target refuses."
            }
            Self::TargetGroup => {
                "No inbound rule of the target's security groups admits the load balancer."
            }
            Self::BalancerGroup => {
                "No inbound rule of the load balancer's security groups admits the client."
            }
            Self::Extension => "The packet has an IPv6 extension header.",
        }
    }

    /// What to do about it.
    pub fn next_step(self) -> &'static str {
        match self {
            Self::Malformed => {
                "Look at the sender: its network stack or a raw socket makes broken frames."
            }
            Self::NotIp => "Send plain IP; a VPC is an L3 network and carries nothing else.",
            Self::Fragment => "Send datagrams that fit the MTU of 8,500 bytes.",
            Self::Protocol => "Test an endpoint with a TCP connection (curl, nc) instead of ping.",
            Self::SpoofedMac => {
                "Leave the interface's MAC as `ginnel attach` set it; do not bridge other hosts behind an ENI."
            }
            Self::SpoofedSource => {
                "Use one of the ENI's own addresses as source, or switch its source/destination check off (`aws ec2 modify-network-interface-attribute --no-source-dest-check`)."
            }
            Self::SpoofedArp => "Nothing learns from such messages here; find out what sends it.",
            Self::NoEni => {
                "Wait for `ginnel status` to show the ENI attached; until then it is closed on purpose."
            }
            Self::NoRoute => {
                "Look at the subnet's route table (`aws ec2 describe-route-tables`) and at who has the address; dial an endpoint's own address, not the provider's."
            }
            Self::GateClosed => {
                "Ask the provider to accept the connection (`aws ec2 accept-vpc-endpoint-connections`)."
            }
            Self::SecurityGroup => {
                "Authorize the sender's address or group and the port (`aws ec2 authorize-security-group-ingress`)."
            }
            Self::NoListener => {
                "Dial a port that the provider listens on, or ask the provider for a listener."
            }
            Self::NoTarget => {
                "Ask the provider to register a target whose ENI is attached (`aws elbv2 describe-target-health`)."
            }
            Self::PortAllocation => {
                "Add targets, zones or gateways: one address to one target carries about 64,000 connections."
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
            Self::GroupEgress => {
                "Authorize the destination and the port (`aws ec2 authorize-security-group-egress`)."
            }
            Self::AclEgress => {
                "Look for the lowest number that matches among the outbound entries (`aws ec2 describe-network-acls`)."
            }
            Self::AclIngress => {
                "Look for the lowest number that matches among the inbound entries (`aws ec2 describe-network-acls`)."
            }
            Self::AclReplyEgress => {
                "Allow the clients' ports (1024-65535) outbound in the answering subnet's ACL."
            }
            Self::AclReplyIngress => {
                "Allow the clients' ports (1024-65535) inbound in the client subnet's ACL."
            }
            Self::RouteBlackhole => "Replace or delete the route (`aws ec2 replace-route`).",
            Self::NoUplink => {
                "Name one: `ginnel up --uplink NAMESPACE`. Without it nothing leaves by accident."
            }
            Self::NoPublicAddress => {
                "Associate an Elastic IP address (`aws ec2 associate-address`), or route through a NAT gateway."
            }
            Self::DestCheck => {
                "Switch its source/destination check off (`aws ec2 modify-network-interface-attribute --no-source-dest-check`)."
            }
            Self::Mtu => "Leave the interface's MTU as `ginnel attach` set it.",
            Self::IcmpUnrelated => {
                "Harmless when a flow has just ended; otherwise find out what sends it."
            }
            Self::Asymmetric => {
                "Make the route tables of both sides lead to each other the same way."
            }
            Self::GatewayEndpoint => "Use an interface endpoint.",
            Self::LinkLocal => "Harmless: no broadcast or multicast leaves an ENI.",
            Self::ProviderAcl => {
                "Ask the provider to open the ACLs of the load balancer's and the target's subnets, answers included."
            }
            Self::TargetGroup => {
                "Ask the provider to authorize the load balancer's address or group on the target's port."
            }
            Self::BalancerGroup => {
                "Ask the provider to authorize the clients, or to switch off the groups for PrivateLink (`aws elbv2 set-security-groups --enforce-security-group-inbound-rules-on-private-link-traffic off`)."
            }
            Self::Extension => "Send without extension headers.",
        }
    }
}
