//! What the forwarder decided about a packet, in order and in words.

use core::fmt;
use core::net::IpAddr;

use ipnet::IpNet;
use model::host::{
    AclKey, EniSlot, GateSlot, GroupSlot, ListenerKey, NatKey, NextHop, RouteTableKey, Target,
    TargetGroupSlot, VpcNumber,
};

use super::parse::{Kind, Tuple};

/// Which way, seen from the ENI or subnet whose rules are asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Into it.
    Ingress,
    /// Out of it.
    Egress,
}

/// Who has an address of a VPC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owner {
    /// A workload ENI.
    Eni(EniSlot),
    /// An endpoint ENI.
    Gate(GateSlot),
}

/// What became of a look-up in the flow table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flow {
    /// The packet is of a flow that was admitted, and nothing has changed since it was asked.
    Known,
    /// It is of a known flow; ACLs and routes may have changed, and are asked.
    Rechecked,
    /// It is of no known flow: everything is asked.
    New,
    /// It opens a new connection with the addresses of one that is closing.
    Again,
    /// The flow is known, but its way leads elsewhere now: everything is asked.
    Moved,
    /// The endpoint was closed or opened anew since the flow was admitted.
    Cut,
    /// With this packet the flow ends.
    Ends,
}

/// One decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// A look-up in the flow table.
    Flow(Flow),
    /// The sender's MAC address.
    Mac {
        /// Of which ENI.
        eni: EniSlot,
        /// Whether it is the ENI's.
        own: bool,
    },
    /// The source address.
    Source {
        /// The sender.
        eni: EniSlot,
        /// Whether the address is its own.
        own: bool,
        /// Whether it must be.
        checked: bool,
    },
    /// A look-up in a route table.
    Route {
        /// The table.
        table: RouteTableKey,
        /// For which address.
        address: IpAddr,
        /// The route with the longest prefix, and where it leads.
        route: Option<(IpNet, NextHop)>,
    },
    /// Who has an address.
    Owner {
        /// In which VPC.
        vpc: VpcNumber,
        /// Which address.
        address: IpAddr,
        /// Who.
        owner: Option<Owner>,
    },
    /// The address that the outside knows.
    Public {
        /// The ENI's address.
        inside: IpAddr,
        /// The address that is known.
        outside: Option<IpAddr>,
    },
    /// A NAT gateway.
    Nat {
        /// The gateway.
        nat: NatKey,
        /// Whether it is there, in the sender's VPC.
        found: bool,
    },
    /// A network ACL.
    Acl {
        /// The ACL.
        acl: AclKey,
        /// Its entries for which way.
        direction: Direction,
        /// The other side.
        peer: IpAddr,
        /// The packet.
        kind: Kind,
        /// The first entry that matches, and whether it allows.
        entry: Option<(u16, bool)>,
    },
    /// Security groups.
    Groups {
        /// The rules for which way.
        direction: Direction,
        /// Whose groups.
        of: Carrier,
        /// The other side.
        peer: IpAddr,
        /// The packet.
        kind: Kind,
        /// The first rule that matches, by its place in the group.
        rule: Option<(GroupSlot, usize)>,
    },
    /// An endpoint ENI.
    Gate {
        /// The ENI.
        gate: GateSlot,
        /// Its generation; 0 is closed.
        generation: u32,
    },
    /// A listener.
    Listener {
        /// What was dialled.
        key: ListenerKey,
        /// Where it leads.
        target_group: Option<TargetGroupSlot>,
    },
    /// The target.
    Target {
        /// Of which group.
        target_group: TargetGroupSlot,
        /// Which one.
        target: Option<Target>,
    },
    /// Whether the target can be reached.
    Reachable {
        /// The target's ENI.
        eni: EniSlot,
        /// Whether it is there, with the target's address, in the load balancer's VPC.
        found: bool,
    },
    /// How many flows the ENI has open.
    Quota {
        /// The ENI that pays.
        eni: EniSlot,
        /// Its flows.
        open: u32,
        /// How many it may have.
        quota: u32,
    },
    /// What the packet becomes.
    Translated {
        /// As it came.
        from: Tuple,
        /// As it goes.
        to: Tuple,
    },
    /// The packet that an ICMP error is about, as its receiver would answer it.
    Related {
        /// Whether a flow is known.
        known: bool,
        /// The answer's tuple.
        tuple: Tuple,
    },
}

/// Who carries security groups.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Carrier {
    /// A workload ENI.
    Eni(EniSlot),
    /// An endpoint ENI.
    Gate(GateSlot),
    /// The load balancer behind an endpoint ENI.
    Balancer(GateSlot),
}

impl fmt::Display for Direction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ingress => "inbound",
            Self::Egress => "outbound",
        })
    }
}

impl fmt::Display for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Eni(slot) => write!(f, "ENI {slot}"),
            Self::Gate(slot) => write!(f, "gate {slot}"),
        }
    }
}

impl fmt::Display for Carrier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Eni(slot) => write!(f, "ENI {slot}"),
            Self::Gate(slot) => write!(f, "gate {slot}"),
            Self::Balancer(slot) => write!(f, "the load balancer behind gate {slot}"),
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { protocol, selector } = self;
        match protocol {
            1 | 58 => {
                let name = if *protocol == 1 { "ICMP" } else { "ICMPv6" };
                write!(f, "{name} type {} code {}", selector >> 8, selector & 0xff)
            }
            6 => write!(f, "TCP port {selector}"),
            17 => write!(f, "UDP port {selector}"),
            other => write!(f, "protocol {other}"),
        }
    }
}

impl fmt::Display for Tuple {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            saddr,
            daddr,
            sport,
            dport,
            word: _,
        } = self;
        write!(f, "{saddr} port {sport} to {daddr} port {dport}")
    }
}

/// Where a route leads, in words.
struct Hop(NextHop);

impl fmt::Display for Hop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            NextHop::Vpc(vpc) => write!(f, "into VPC {vpc}"),
            NextHop::Eni(slot) => write!(f, "to ENI {slot}"),
            NextHop::Internet => f.write_str("to the internet gateway"),
            NextHop::Nat(key) => write!(f, "to NAT gateway {key}"),
            NextHop::GatewayEndpoint => f.write_str("to a gateway endpoint"),
            NextHop::Blackhole => f.write_str("nowhere: its target is gone"),
        }
    }
}

impl fmt::Display for Flow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Known => "the flow is known",
            Self::Rechecked => "the flow is known; routes and ACLs are asked again",
            Self::New => "the flow is new",
            Self::Again => "a new connection takes the place of one that is closing",
            Self::Moved => "the flow's way has changed; it is asked as a new one",
            Self::Cut => "the flow's endpoint was closed since it was admitted",
            Self::Ends => "the flow ends with this packet",
        })
    }
}

impl fmt::Display for Decision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let is = |yes: bool| if yes { "is" } else { "is not" };
        match self {
            Self::Flow(flow) => flow.fmt(f),
            Self::Mac { eni, own } => {
                write!(f, "the source MAC address {} ENI {eni}'s", is(*own))
            }
            Self::Source { eni, own, checked } => {
                let checked = if *checked { "checked" } else { "not checked" };
                write!(
                    f,
                    "the source address {} ENI {eni}'s own ({checked})",
                    is(*own)
                )
            }
            Self::Route {
                table,
                address,
                route,
            } => match route {
                Some((net, hop)) => {
                    write!(
                        f,
                        "route {net} of table {table} takes {address} {}",
                        Hop(*hop)
                    )
                }
                None => write!(f, "no route of table {table} is for {address}"),
            },
            Self::Owner {
                vpc,
                address,
                owner,
            } => match owner {
                Some(owner) => write!(f, "{address} of VPC {vpc} is {owner}'s"),
                None => write!(f, "nobody has {address} of VPC {vpc}"),
            },
            Self::Public { inside, outside } => match outside {
                Some(outside) => write!(f, "the outside knows {inside} as {outside}"),
                None => write!(f, "the outside knows no address of {inside}"),
            },
            Self::Nat { nat, found } => {
                write!(f, "NAT gateway {nat} {} in the sender's VPC", is(*found))
            }
            Self::Acl {
                acl,
                direction,
                peer,
                kind,
                entry,
            } => {
                write!(f, "{direction} entry ")?;
                match entry {
                    Some((number, true)) => write!(f, "{number} of ACL {acl} allows")?,
                    Some((number, false)) => write!(f, "{number} of ACL {acl} denies")?,
                    None => write!(f, "* of ACL {acl} (no other matches) denies")?,
                }
                write!(f, " {kind}, peer {peer}")
            }
            Self::Groups {
                direction,
                of,
                peer,
                kind,
                rule,
            } => match rule {
                Some((group, at)) => write!(
                    f,
                    "{direction} rule {at} of group {group}, carried by {of}, admits {kind}, peer {peer}"
                ),
                None => write!(
                    f,
                    "no {direction} rule of the groups of {of} admits {kind}, peer {peer}"
                ),
            },
            Self::Gate { gate, generation } => match generation {
                0 => write!(f, "gate {gate} is closed"),
                open => write!(f, "gate {gate} is open, generation {open}"),
            },
            Self::Listener { key, target_group } => {
                let kind = Kind {
                    protocol: key.protocol,
                    selector: key.port,
                };
                let balancer = key.balancer;
                match target_group {
                    Some(group) => write!(
                        f,
                        "load balancer {balancer} listens on {kind}, target group {group}"
                    ),
                    None => write!(f, "load balancer {balancer} does not listen on {kind}"),
                }
            }
            Self::Target {
                target_group,
                target,
            } => match target {
                Some(Target { eni, ip, port }) => {
                    write!(f, "target {ip} port {port} of ENI {eni} is chosen")
                }
                None => write!(f, "target group {target_group} has no target"),
            },
            Self::Reachable { eni, found } => {
                write!(
                    f,
                    "the target's ENI {eni} {} where it should be",
                    is(*found)
                )
            }
            Self::Quota { eni, open, quota } => {
                write!(f, "ENI {eni} has {open} of {quota} flows open")
            }
            Self::Translated { from, to } => write!(f, "{from} becomes {to}"),
            Self::Related { known, tuple } => {
                let known = if *known { "known" } else { "not known" };
                write!(f, "the flow that the error is about is {known}: {tuple}")
            }
        }
    }
}
