//! Network ACLs: asked of every packet that crosses the border of a subnet.

use core::net::IpAddr;

use model::host::{AclKey, Place};
use model::verdict::Verdict;

use super::parse::Kind;
use super::trace::{Decision, Direction};
use super::{Fabric, Trace};

/// Whether an ACL lets a packet pass: the first entry that matches decides, none refuses.
pub(super) fn allows(
    fabric: &Fabric<'_>,
    acl: AclKey,
    direction: Direction,
    peer: IpAddr,
    kind: Kind,
    trace: &mut Trace,
) -> bool {
    let found = fabric.document.tables.acls.get(&acl);
    let entries = found.map_or(&[][..], |acl| match direction {
        Direction::Ingress => &acl.ingress,
        Direction::Egress => &acl.egress,
    });
    let mut entries = entries.iter();
    let first = entries.find(|entry| {
        entry.traffic.holds(kind.protocol, kind.selector) && entry.peer.contains(&peer)
    });
    trace.push(Decision::Acl {
        acl,
        direction,
        peer,
        kind,
        entry: first.map(|entry| (entry.number, entry.allow)),
    });
    first.is_some_and(|entry| entry.allow)
}

/// A border between two places.
pub(super) struct Border {
    pub(super) from: Place,
    pub(super) to: Place,
    /// What the ACL of `from` says when it refuses.
    pub(super) leaving: Verdict,
    /// What the ACL of `to` says when it refuses.
    pub(super) entering: Verdict,
}

/// Out of one subnet into another; nothing is asked within one.
pub(super) fn cross(
    fabric: &Fabric<'_>,
    border: &Border,
    (saddr, daddr): (IpAddr, IpAddr),
    kind: Kind,
    trace: &mut Trace,
) -> Result<(), Verdict> {
    let Border { from, to, .. } = border;
    if from.subnet == to.subnet {
        return Ok(());
    }
    if !allows(fabric, from.acl, Direction::Egress, daddr, kind, trace) {
        return Err(border.leaving);
    }
    if !allows(fabric, to.acl, Direction::Ingress, saddr, kind, trace) {
        return Err(border.entering);
    }
    Ok(())
}

/// One ACL alone, with its verdict.
pub(super) fn ask(
    fabric: &Fabric<'_>,
    acl: AclKey,
    direction: Direction,
    peer: IpAddr,
    kind: Kind,
    verdict: Verdict,
    trace: &mut Trace,
) -> Result<(), Verdict> {
    if allows(fabric, acl, direction, peer, kind, trace) {
        Ok(())
    } else {
        Err(verdict)
    }
}
