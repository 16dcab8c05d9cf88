//! Security groups: asked of the first packet of a flow only.

use core::net::IpAddr;

use model::host::{GroupSlot, Peer};

use super::parse::Kind;
use super::trace::{Carrier, Decision, Direction};
use super::{Fabric, Trace};

/// The other side of a rule.
#[derive(Clone, Copy, Debug)]
pub(super) struct Other<'a> {
    pub(super) ip: IpAddr,
    /// The groups that whoever has the address carries; none when it is somebody else's.
    pub(super) groups: &'a [GroupSlot],
}

/// Whether any rule of any of the groups admits the packet.
pub(super) fn admit(
    fabric: &Fabric<'_>,
    (of, groups): (Carrier, &[GroupSlot]),
    direction: Direction,
    other: Other<'_>,
    kind: Kind,
    trace: &mut Trace,
) -> bool {
    let rule = groups.iter().find_map(|slot| {
        let group = fabric.document.tables.groups.get(slot)?;
        let rules = match direction {
            Direction::Ingress => &group.ingress,
            Direction::Egress => &group.egress,
        };
        let at = rules.iter().position(|rule| {
            rule.traffic.holds(kind.protocol, kind.selector)
                && match rule.peer {
                    Peer::Cidr(net) => net.contains(&other.ip),
                    Peer::Group(group) => other.groups.contains(&group),
                }
        })?;
        Some((*slot, at))
    });
    trace.push(Decision::Groups {
        direction,
        of,
        peer: other.ip,
        kind,
        rule,
    });
    rule.is_some()
}
