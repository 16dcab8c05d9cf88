//! Asked again: ACLs are stateless and routes may change, so a known flow is asked when the
//! tables have changed since it was. Security groups are not: what they once admitted goes on,
//! as in AWS.

use model::host::{EniSlot, Interface, NextHop};
use model::verdict::Verdict;

use super::acl::{Border, ask, cross};
use super::balance::leg;
use super::flow::{FlowKey, FlowKind, Record, Side};
use super::parse::{Kind, Packet, Tuple};
use super::route::{Traveller, Way, hop, way};
use super::trace::{Direction, Owner};
use super::{Fabric, Link, Trace, guard};

/// A packet of the flow: of an ICMP error about one, the error.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked {
    pub(super) kind: Kind,
    pub(super) traveller: Traveller,
}

impl Asked {
    pub(super) fn of(packet: &Packet) -> Self {
        Self {
            kind: packet.kind(),
            traveller: Traveller::of(packet),
        }
    }
}

/// Whether the flow's way still leads where it did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Still {
    /// It does, and the packet may take it.
    Same,
    /// It leads elsewhere.
    Moved,
}

/// Asks a flow's ACLs and routes.
pub(super) fn recheck(
    fabric: &Fabric<'_>,
    key: &FlowKey,
    record: &Record,
    asked: &Asked,
    trace: &mut Trace,
) -> Result<Still, Verdict> {
    match record.side {
        Side::Client => client(fabric, key, record, asked, trace),
        Side::Target => {
            target(fabric, key, record, asked, trace)?;
            Ok(Still::Same)
        }
    }
}

/// The ENI that the packet comes from.
fn sender<'a>(fabric: &Fabric<'a>, key: &FlowKey) -> Result<(EniSlot, &'a Interface), Verdict> {
    match key.link {
        Link::Eni(slot) => Ok((slot, fabric.eni(slot).ok_or(Verdict::NoEni)?)),
        Link::Uplink => Err(Verdict::NoEni),
    }
}

/// A packet of whoever opened the flow.
fn client(
    fabric: &Fabric<'_>,
    key: &FlowKey,
    record: &Record,
    asked: &Asked,
    trace: &mut Trace,
) -> Result<Still, Verdict> {
    let Traveller { saddr, daddr, .. } = asked.traveller;
    let kind = asked.kind;
    if record.kind == FlowKind::In {
        let public = fabric.document.tables.publics.get(&key.tuple.daddr);
        let public = public.filter(|public| {
            Some(public.eni) == record.far && public.inside.ip == record.tuple.daddr
        });
        let Some(receiver) = public.and_then(|public| fabric.eni(public.eni)) else {
            return Ok(Still::Moved);
        };
        let (acl, refusal) = (receiver.place.acl, Verdict::AclIngress);
        ask(fabric, acl, Direction::Ingress, saddr, kind, refusal, trace)?;
        return Ok(Still::Same);
    }
    let (slot, eni) = sender(fabric, key)?;
    guard::source(fabric, slot, eni, saddr, trace)?;
    let border = |to| Border {
        from: eni.place,
        to,
        leaving: Verdict::AclEgress,
        entering: Verdict::AclIngress,
    };
    let ends = (saddr, daddr);
    match way(fabric, slot, eni, asked.traveller, trace)? {
        Way::Local { to, .. } if record.kind == FlowKind::Local && record.far == Some(to) => {
            let receiver = fabric.eni(to).ok_or(Verdict::NoRoute)?;
            cross(fabric, &border(receiver.place), ends, kind, trace)?;
        }
        Way::Door(slot) if record.kind == FlowKind::Door && record.gate == Some(slot) => {
            let gate = fabric.document.tables.gates.get(&slot);
            let gate = gate.ok_or(Verdict::NoRoute)?;
            cross(fabric, &border(gate.place), ends, kind, trace)?;
            let target = record.far.and_then(|slot| fabric.eni(slot));
            let target = target.ok_or(Verdict::TargetGone)?;
            let Tuple { daddr, dport, .. } = record.tuple;
            leg(fabric, gate, target, daddr, kind.at_port(dport), trace)?;
        }
        Way::Out { public } if record.kind == FlowKind::Out && public == record.tuple.saddr => {
            let (acl, refusal) = (eni.place.acl, Verdict::AclEgress);
            ask(fabric, acl, Direction::Egress, daddr, kind, refusal, trace)?;
        }
        Way::Nat(nat) if record.kind == FlowKind::Nat && record.nat == Some(nat) => {
            let nat = fabric.document.tables.nats.get(&nat);
            let place = nat.ok_or(Verdict::RouteBlackhole)?.place;
            cross(fabric, &border(place), ends, kind, trace)?;
            let (acl, refusal) = (place.acl, Verdict::AclEgress);
            ask(fabric, acl, Direction::Egress, daddr, kind, refusal, trace)?;
        }
        Way::Local { .. } | Way::Door(_) | Way::Out { .. } | Way::Nat(_) => {
            return Ok(Still::Moved);
        }
    }
    Ok(Still::Same)
}

/// An answer.
fn target(
    fabric: &Fabric<'_>,
    key: &FlowKey,
    record: &Record,
    asked: &Asked,
    trace: &mut Trace,
) -> Result<(), Verdict> {
    let Traveller { saddr, daddr, .. } = asked.traveller;
    let kind = asked.kind;
    let opener = || fabric.eni(record.payer).ok_or(Verdict::NoEni);
    let reply = |from, to| Border {
        from,
        to,
        leaving: Verdict::AclReplyEgress,
        entering: Verdict::AclReplyIngress,
    };
    match record.kind {
        FlowKind::Local => {
            let (slot, eni) = sender(fabric, key)?;
            guard::source(fabric, slot, eni, saddr, trace)?;
            match way(fabric, slot, eni, asked.traveller, trace)? {
                Way::Local { to, .. } if to == record.payer => {}
                _ => return Err(Verdict::Asymmetric),
            }
            let border = reply(eni.place, opener()?.place);
            cross(fabric, &border, (saddr, daddr), kind, trace)
        }
        FlowKind::Door => {
            let (_, eni) = sender(fabric, key)?;
            let gate = record
                .gate
                .and_then(|it| fabric.document.tables.gates.get(&it));
            let gate = gate.ok_or(Verdict::FlowCut)?;
            let border = Border {
                from: eni.place,
                to: gate.balancer_place,
                leaving: Verdict::ProviderAcl,
                entering: Verdict::ProviderAcl,
            };
            cross(fabric, &border, (saddr, daddr), kind, trace)?;
            // From here on it is the endpoint's packet to its client.
            let (door, client) = (record.tuple.saddr, record.tuple.daddr);
            match hop(fabric, gate.place.routes, client, trace).ok_or(Verdict::NoRoute)? {
                NextHop::Blackhole => return Err(Verdict::RouteBlackhole),
                NextHop::Vpc(vpc) => {
                    if fabric.find(vpc, client, trace) != Some(Owner::Eni(record.payer)) {
                        return Err(Verdict::Asymmetric);
                    }
                }
                _ => return Err(Verdict::Asymmetric),
            }
            let border = reply(gate.place, opener()?.place);
            let kind = kind.at_port(record.tuple.dport);
            cross(fabric, &border, (door, client), kind, trace)
        }
        FlowKind::Out => {
            let (acl, refusal) = (opener()?.place.acl, Verdict::AclReplyIngress);
            ask(fabric, acl, Direction::Ingress, saddr, kind, refusal, trace)
        }
        FlowKind::Nat => {
            let nat = record
                .nat
                .and_then(|key| fabric.document.tables.nats.get(&key));
            let place = nat.ok_or(Verdict::FlowCut)?.place;
            let (acl, refusal) = (place.acl, Verdict::AclReplyIngress);
            ask(fabric, acl, Direction::Ingress, saddr, kind, refusal, trace)?;
            let border = reply(place, opener()?.place);
            let ends = (saddr, record.tuple.daddr);
            let kind = kind.at_port(record.tuple.dport);
            cross(fabric, &border, ends, kind, trace)
        }
        FlowKind::In => {
            let (slot, eni) = sender(fabric, key)?;
            guard::source(fabric, slot, eni, saddr, trace)?;
            let Way::Out { .. } = way(fabric, slot, eni, asked.traveller, trace)? else {
                return Err(Verdict::Asymmetric);
            };
            let (acl, refusal) = (eni.place.acl, Verdict::AclReplyEgress);
            ask(fabric, acl, Direction::Egress, daddr, kind, refusal, trace)
        }
    }
}
