//! Why a packet was refused, with the names of what decided: the rule, or its absence.

use std::net::IpAddr;

use model::host::{Refusal, Tuple};
use model::interface::{Interface, Role};
use model::network_acl::{Action, Entry, Peer};
use model::route_table::RouteTable;
use model::verdict::Verdict;
use model::world::World;

use super::{door, workload};

/// In a sentence.
pub(super) fn of(world: &World, refusal: &Refusal) -> String {
    named(world, refusal).unwrap_or_else(|| refusal.verdict.meaning().to_owned())
}

fn named(world: &World, refusal: &Refusal) -> Option<String> {
    let sender = workload(world, refusal.eni);
    let receiver = match refusal.gate {
        Some(gate) => door(world, gate),
        None => workload(world, refusal.far?),
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
        Verdict::NoRoute | Verdict::RouteBlackhole | Verdict::Asymmetric => {
            let table = route_table(world, sender?)?;
            let what = match refusal.verdict {
                Verdict::RouteBlackhole => "the route of",
                Verdict::Asymmetric => "the answer's route in",
                _ => "no route of",
            };
            let tail = match refusal.verdict {
                Verdict::RouteBlackhole => format!("for {} is a black hole", tuple.destination),
                Verdict::Asymmetric => {
                    format!("for {} does not lead back", tuple.destination)
                }
                _ => format!("leads to {}, or nobody has it", tuple.destination),
            };
            format!("{what} {} {tail}", table.id)
        }
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

fn route_table<'a>(world: &'a World, interface: &Interface) -> Option<&'a RouteTable> {
    let table = world.table_of(interface.subnet);
    table
        .or_else(|| world.main_table(interface.vpc))
        .map(AsRef::as_ref)
}
