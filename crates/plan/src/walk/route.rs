//! Route: where a sender's subnet takes an address.

use core::net::IpAddr;

use model::host::{EniSlot, GateSlot, Interface, NatKey, NextHop, RouteTableKey};
use model::verdict::Verdict;

use super::parse::{Packet, TCP, UDP};
use super::trace::{Decision, Owner};
use super::{Fabric, Trace};

/// A way that a packet may go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// To an ENI of this host.
    Local {
        /// The ENI.
        to: EniSlot,
        /// Whether the destination address is the ENI's own.
        known: bool,
    },
    /// Through an endpoint.
    Door(GateSlot),
    /// Out by the internet gateway.
    Out {
        /// Under this address.
        public: IpAddr,
    },
    /// Out by a NAT gateway.
    Nat(NatKey),
}

/// A packet on its way, as routes see it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Traveller {
    pub(super) saddr: IpAddr,
    pub(super) daddr: IpAddr,
    /// Whether a NAT gateway can tell its flows apart.
    pub(super) translatable: bool,
}

impl Traveller {
    /// A packet as it entered.
    pub(super) fn of(packet: &Packet) -> Self {
        Self {
            saddr: packet.tuple.saddr,
            daddr: packet.tuple.daddr,
            translatable: matches!(packet.protocol, TCP | UDP) || packet.icmp.is_query(),
        }
    }
}

/// The route with the longest prefix.
pub(super) fn hop(
    fabric: &Fabric<'_>,
    table: RouteTableKey,
    address: IpAddr,
    trace: &mut Trace,
) -> Option<NextHop> {
    let routes = fabric.document.tables.routes.get(&table);
    let matching = routes.into_iter().flatten();
    let matching = matching.filter(|(net, _)| net.contains(&address));
    let route = matching.max_by_key(|(net, _)| net.prefix_len());
    let route = route.map(|(net, hop)| (*net, *hop));
    trace.push(Decision::Route {
        table,
        address,
        route,
    });
    route.map(|(_, hop)| hop)
}

/// The way from an ENI to an address.
pub(super) fn way(
    fabric: &Fabric<'_>,
    slot: EniSlot,
    sender: &Interface,
    traveller: Traveller,
    trace: &mut Trace,
) -> Result<Way, Verdict> {
    let Traveller { saddr, daddr, .. } = traveller;
    let vpc = sender.address.vpc;
    match hop(fabric, sender.place.routes, daddr, trace).ok_or(Verdict::NoRoute)? {
        NextHop::Blackhole => Err(Verdict::RouteBlackhole),
        NextHop::GatewayEndpoint => Err(Verdict::GatewayEndpoint),
        NextHop::Vpc(vpc) => match fabric.find(vpc, daddr, trace) {
            Some(Owner::Eni(to)) if to != slot => Ok(Way::Local { to, known: true }),
            Some(Owner::Gate(gate)) => Ok(Way::Door(gate)),
            Some(Owner::Eni(_)) | None => Err(Verdict::NoRoute),
        },
        NextHop::Eni(to) => {
            let there = fabric.eni(to).filter(|there| there.address.vpc == vpc);
            let there = there.ok_or(Verdict::RouteBlackhole)?;
            if to == slot {
                return Err(Verdict::NoRoute);
            }
            let known = fabric.find(vpc, daddr, trace) == Some(Owner::Eni(to));
            if there.source_check && !known {
                return Err(Verdict::DestCheck);
            }
            Ok(Way::Local { to, known })
        }
        NextHop::Internet => {
            fabric.host.uplink.ok_or(Verdict::NoUplink)?;
            // An IPv6 address is known as itself, or not at all.
            let outside = fabric.outside(vpc, saddr);
            let mut outside = outside.into_iter().filter(|outside| match saddr {
                IpAddr::V4(_) => outside.is_ipv4(),
                IpAddr::V6(_) => *outside == saddr,
            });
            let outside = outside.next();
            trace.push(Decision::Public {
                inside: saddr,
                outside,
            });
            let public = outside.ok_or(Verdict::NoPublicAddress)?;
            Ok(Way::Out { public })
        }
        NextHop::Nat(key) => {
            if daddr.is_ipv6() {
                return Err(Verdict::NoRoute);
            }
            let nat = fabric.document.tables.nats.get(&key);
            let nat = nat.filter(|nat| nat.address.vpc == vpc);
            trace.push(Decision::Nat {
                nat: key,
                found: nat.is_some(),
            });
            let nat = nat.ok_or(Verdict::RouteBlackhole)?;
            if !traveller.translatable {
                return Err(Verdict::Protocol);
            }
            match hop(fabric, nat.place.routes, daddr, trace) {
                Some(NextHop::Internet) => {}
                Some(NextHop::Blackhole) => return Err(Verdict::RouteBlackhole),
                _ => return Err(Verdict::NoRoute),
            }
            fabric.host.uplink.ok_or(Verdict::NoUplink)?;
            Ok(Way::Nat(key))
        }
    }
}
