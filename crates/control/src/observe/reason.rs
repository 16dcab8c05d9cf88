//! Why a packet was refused, with the names of what decided: the rule, or its absence.

use std::net::IpAddr;

use model::host::{Refusal, Tuple};
use model::interface::{Interface, Role};
use model::network_acl::{Action, Entry, Peer};
use model::route_table::{Destination, Route, RouteTable, Target};
use model::verdict::Verdict;
use model::world::World;

use super::{door, workload};

/// In a sentence.
pub(super) fn of(world: &World, refusal: &Refusal) -> String {
    // Without its full stop: others go on after it.
    let meaning = refusal.verdict.meaning().trim_end_matches('.');
    named(world, refusal).unwrap_or_else(|| meaning.to_owned())
}

fn named(world: &World, refusal: &Refusal) -> Option<String> {
    let sender = workload(world, refusal.eni);
    let receiver = match refusal.gate {
        Some(gate) => door(world, gate),
        None => refusal.far.and_then(|far| workload(world, far)),
    };
    let (protocol, tuple) = refusal.packet?;
    let about = traffic(protocol, &tuple);
    Some(match refusal.verdict {
        Verdict::GroupEgress => format!(
            "no outbound rule of {} admits {about} to {}",
            groups(sender?),
            tuple.destination
        ),
        Verdict::SecurityGroup => format!(
            "no inbound rule of {} admits {about} from {}",
            groups(receiver?),
            tuple.source
        ),
        Verdict::AclEgress => acl(world, sender?, true, protocol, &tuple)?,
        Verdict::AclIngress => acl(world, receiver?, false, protocol, &tuple)?,
        // Of an endpoint's answers the consumer's side is told as it was translated.
        Verdict::AclReplyEgress if refusal.gate.is_none() => {
            acl(world, sender?, true, protocol, &tuple)?
        }
        Verdict::AclReplyIngress if refusal.gate.is_none() => acl(
            world,
            workload(world, refusal.far?)?,
            false,
            protocol,
            &tuple,
        )?,
        Verdict::NoRoute
        | Verdict::RouteBlackhole
        | Verdict::Asymmetric
        | Verdict::DestCheck
        | Verdict::NoPublicAddress
        | Verdict::NoUplink
        | Verdict::GatewayEndpoint => routed(world, sender?, refusal.verdict, &tuple)?,
        Verdict::NoListener => format!("no listener of the service takes {about}"),
        Verdict::Mtu => format!("the packet has {} bytes", refusal.count.bytes),
        Verdict::SpoofedSource => format!("{} is not an address of {}", tuple.source, sender?.id),
        Verdict::GateClosed => {
            let Role::Endpoint { endpoint, .. } = receiver?.role else {
                return None;
            };
            let state = world.endpoints.get(&endpoint)?.state;
            format!("{endpoint} is {}", crate::api::refusal::state_name(state))
        }
        _ => return None,
    })
}

fn groups(interface: &Interface) -> String {
    let names: Vec<String> = interface.groups.iter().map(ToString::to_string).collect();
    match names.as_slice() {
        [] => format!("{} (it has no security group)", interface.id),
        names => names.join(", "),
    }
}

/// What rules are about, as people say it.
fn traffic(protocol: u8, tuple: &Tuple) -> String {
    match protocol {
        6 => format!("tcp/{}", tuple.destination_port),
        17 => format!("udp/{}", tuple.destination_port),
        1 => "icmp".into(),
        58 => "icmpv6".into(),
        other => format!("protocol {other}"),
    }
}

/// The ACL of an ENI's subnet, and which of its entries decided.
fn acl(
    world: &World,
    interface: &Interface,
    egress: bool,
    protocol: u8,
    tuple: &Tuple,
) -> Option<String> {
    let acl = world.acl_of(interface.subnet)?;
    let other = if egress {
        tuple.destination
    } else {
        tuple.source
    };
    let mut entries: Vec<&Entry> = acl
        .entries
        .iter()
        .filter(|entry| entry.egress == egress && matches(entry, protocol, other, tuple))
        .collect();
    entries.sort_by_key(|entry| entry.number);
    let direction = if egress { "outbound" } else { "inbound" };
    let about = traffic(protocol, tuple);
    Some(match entries.first() {
        Some(entry) if entry.action == Action::Deny => format!(
            "{direction} entry {} of {} denies {about} ({other})",
            entry.number, acl.id
        ),
        Some(_) => return None,
        None => format!(
            "no {direction} entry of {} allows {about} ({other})",
            acl.id
        ),
    })
}

fn matches(entry: &Entry, protocol: u8, other: IpAddr, tuple: &Tuple) -> bool {
    let peer = match (entry.peer, other) {
        (Peer::Cidr4(net), IpAddr::V4(ip)) => net.contains(&ip),
        (Peer::Cidr6(net), IpAddr::V6(ip)) => net.contains(&ip),
        _ => false,
    };
    let ports = entry
        .ports
        .is_none_or(|(from, to)| (from..=to).contains(&tuple.destination_port));
    peer && entry.protocol.is_none_or(|it| it == protocol) && ports
}

/// What the route that an address takes, or the want of one, has to do with it.
fn routed(world: &World, sender: &Interface, verdict: Verdict, tuple: &Tuple) -> Option<String> {
    let table = route_table(world, sender)?;
    let to = tuple.destination;
    let listed = |route: &Route| matches!(route.destination, Destination::PrefixList(_));
    if table.routes.iter().any(listed) {
        // Which of its entries there were is not told.
        return None;
    }
    let Some(taken) = taken(table, to) else {
        return Some(match verdict {
            Verdict::NoRoute | Verdict::Asymmetric => {
                format!("no route of {} leads to {to}", table.id)
            }
            _ => return None,
        });
    };
    let route = format!("the route {} of {}", block(taken), table.id);
    let target = match taken.target {
        Target::Local => sender.vpc.to_string(),
        Target::InternetGateway(id) => id.to_string(),
        Target::NatGateway(id) => id.to_string(),
        Target::Interface(id) => id.to_string(),
        Target::Endpoint(id) => id.to_string(),
        Target::Peering(id) => id.to_string(),
    };
    Some(match (verdict, taken.target) {
        (Verdict::RouteBlackhole, Target::NatGateway(_)) => {
            format!("{route} leads to {target}, which is gone or has no way to {to}")
        }
        (Verdict::RouteBlackhole, _) => {
            format!("{route} is a black hole: {target} is gone or not active")
        }
        (Verdict::Asymmetric, _) => {
            format!("{route} leads the answer to {target}, not back to where the flow came from")
        }
        (Verdict::DestCheck, _) => {
            format!("{route} leads to {target}, whose source/destination check is on")
        }
        (Verdict::NoPublicAddress, _) => format!(
            "{route} leads to {target}, and {} of {} has no public address",
            tuple.source, sender.id
        ),
        (Verdict::NoUplink, _) => {
            format!("{route} leads to {target}, and this host has no way out")
        }
        (Verdict::GatewayEndpoint, _) => format!("{route} leads to {target}"),
        (_, Target::NatGateway(_)) => {
            format!("{route} leads to {target}, whose subnet has no way to {to}")
        }
        _ => format!("{route} leads to {target}, where no interface has {to}"),
    })
}

/// The route with the longest prefix; of prefix lists it is not known here.
fn taken(table: &RouteTable, to: IpAddr) -> Option<&Route> {
    let fits = |route: &&Route| match (route.destination, to) {
        (Destination::Cidr4(net), IpAddr::V4(ip)) => net.contains(&ip),
        (Destination::Cidr6(net), IpAddr::V6(ip)) => net.contains(&ip),
        _ => false,
    };
    let length = |route: &&Route| match route.destination {
        Destination::Cidr4(net) => net.prefix_len(),
        Destination::Cidr6(net) => net.prefix_len(),
        Destination::PrefixList(_) => 0,
    };
    table.routes.iter().filter(fits).max_by_key(length)
}

fn block(route: &Route) -> String {
    match route.destination {
        Destination::Cidr4(net) => net.to_string(),
        Destination::Cidr6(net) => net.to_string(),
        Destination::PrefixList(id) => id.to_string(),
    }
}

fn route_table<'a>(world: &'a World, interface: &Interface) -> Option<&'a RouteTable> {
    let table = world.table_of(interface.subnet);
    table
        .or_else(|| world.main_table(interface.vpc))
        .map(AsRef::as_ref)
}
