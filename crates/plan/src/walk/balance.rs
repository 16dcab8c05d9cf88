//! Balance: the listener behind an endpoint, and one of its targets.

use core::net::IpAddr;

use model::host::{EniSlot, Gate, Interface, ListenerKey};
use model::verdict::Verdict;

use super::acl::{Border, cross};
use super::group::{Other, admit};
use super::nat::hash;
use super::parse::{Kind, Packet};
use super::trace::{Carrier, Decision, Direction, Owner};
use super::{Fabric, Trace};

/// Where a load balancer sends a flow.
pub(super) struct Chosen<'a> {
    pub(super) slot: EniSlot,
    pub(super) eni: &'a Interface,
    pub(super) ip: IpAddr,
    pub(super) port: u16,
    pub(super) idle_seconds: u32,
}

/// A target for the packet: the flow's hash chooses, and it must be reachable and willing.
pub(super) fn balance<'a>(
    fabric: &Fabric<'a>,
    gate: &Gate,
    packet: &Packet,
    trace: &mut Trace,
) -> Result<Chosen<'a>, Verdict> {
    let tables = &fabric.document.tables;
    let key = ListenerKey {
        balancer: gate.balancer,
        protocol: packet.protocol,
        port: packet.tuple.dport,
    };
    let listener = tables.listeners.get(&key);
    let target_group = listener.map(|listener| listener.target_group);
    trace.push(Decision::Listener { key, target_group });
    let listener = listener.ok_or(Verdict::NoListener)?;
    let target_group = listener.target_group;

    let targets = tables.targets.get(&target_group);
    let targets = targets.map_or(&[][..], |targets| targets);
    let index = hash(fabric.host.seed, &packet.tuple)
        .checked_rem(u32::try_from(targets.len()).unwrap_or(u32::MAX));
    let target = index.and_then(|index| targets.get(usize::try_from(index).ok()?));
    trace.push(Decision::Target {
        target_group,
        target: target.copied(),
    });
    let target = target.ok_or(Verdict::NoTarget)?;

    let vpc = gate.balancer_address.vpc;
    let eni = fabric.eni(target.eni).filter(|eni| {
        eni.address.vpc == vpc
            && fabric.owner(vpc, target.ip) == Some(Owner::Eni(target.eni))
            && target.ip.is_ipv6() == gate.balancer_address.ip.is_ipv6()
            && target.ip.is_ipv6() == packet.six
    });
    trace.push(Decision::Reachable {
        eni: target.eni,
        found: eni.is_some(),
    });
    let eni = eni.ok_or(Verdict::TargetGone)?;

    let kind = packet.kind().at_port(target.port);
    leg(fabric, gate, eni, target.ip, kind, trace)?;
    let balancer = Other {
        ip: gate.balancer_address.ip,
        groups: &gate.balancer_groups,
    };
    let of = (Carrier::Eni(target.eni), &eni.groups[..]);
    if !admit(fabric, of, Direction::Ingress, balancer, kind, trace) {
        return Err(Verdict::TargetGroup);
    }
    Ok(Chosen {
        slot: target.eni,
        eni,
        ip: target.ip,
        port: target.port,
        idle_seconds: listener.idle_seconds,
    })
}

/// The ACLs between a load balancer and a target.
pub(super) fn leg(
    fabric: &Fabric<'_>,
    gate: &Gate,
    target: &Interface,
    ip: IpAddr,
    kind: Kind,
    trace: &mut Trace,
) -> Result<(), Verdict> {
    let border = Border {
        from: gate.balancer_place,
        to: target.place,
        leaving: Verdict::ProviderAcl,
        entering: Verdict::ProviderAcl,
    };
    let ends = (gate.balancer_address.ip, ip);
    cross(fabric, &border, ends, kind, trace)
}
