//! Guard: a sender is who it says it is.

use core::net::IpAddr;

use model::host::{EniSlot, Interface};
use model::verdict::Verdict;

use super::bytes::array;
use super::trace::Decision;
use super::{Fabric, Trace};

/// The frame's source MAC address must be the ENI's.
pub(super) fn mac(
    slot: EniSlot,
    eni: &Interface,
    frame: &[u8],
    trace: &mut Trace,
) -> Result<(), Verdict> {
    let own = array::<6>(frame, 6) == Some(eni.mac.0);
    trace.push(Decision::Mac { eni: slot, own });
    if own {
        Ok(())
    } else {
        Err(Verdict::SpoofedMac)
    }
}

/// The packet's source address must be the ENI's, unless it is let off. Says whether it is.
pub(super) fn source(
    fabric: &Fabric<'_>,
    slot: EniSlot,
    eni: &Interface,
    saddr: IpAddr,
    trace: &mut Trace,
) -> Result<bool, Verdict> {
    let own = fabric.owns(slot, eni, saddr);
    let checked = eni.source_check;
    trace.push(Decision::Source {
        eni: slot,
        own,
        checked,
    });
    if checked && !own {
        return Err(Verdict::SpoofedSource);
    }
    Ok(own)
}
