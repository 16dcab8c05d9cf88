//! Workload ENIs.

use alloc::string::String;
use alloc::vec::Vec;
use core::net::{IpAddr, Ipv4Addr};

use model::host::{Address, Attachment, Document, EniSlot, Interface as HostInterface};
use model::interface::Interface;
use model::world::World;

use super::group::group_slots;
use super::{label, place};

/// MTU of workload ENIs (AWS PrivateLink: 8,500 bytes).
pub const MTU: u16 = 8_500;

/// One that is bound to a namespace; others send nothing and take nothing.
pub(super) fn workload(
    world: &World,
    interface: &Interface,
    slot: EniSlot,
    document: &mut Document,
) {
    let (Some(attachment), Some(subnet), Some(vpc)) = (
        interface.attachment(),
        world.subnets.get(&interface.subnet),
        world.vpcs.get(&interface.vpc),
    ) else {
        return;
    };
    let resolver = Ipv4Addr::from(u32::from(vpc.cidr.network()) + 2);
    document.interfaces.insert(
        slot,
        HostInterface {
            address: Address {
                vpc: vpc.number,
                ip: interface.ip.into(),
            },
            more: more(interface),
            source_check: interface.source_check,
            place: place(world, interface.vpc, interface.subnet),
            prefix: subnet.cidr.prefix_len(),
            gateway: subnet.router(),
            resolver,
            mac: interface.mac,
            mtu: MTU,
            groups: group_slots(world, &interface.groups),
            link: link_name(interface),
            attachment: Attachment {
                namespace: attachment.namespace.clone(),
                device: attachment.device.clone(),
            },
        },
    );
    document.eni_labels.insert(slot, label(interface, None));
}

/// All addresses but the primary one, in the kernel's order.
fn more(interface: &Interface) -> Vec<IpAddr> {
    let secondary = interface.secondary.iter().copied();
    let mut more: Vec<IpAddr> = secondary.map(IpAddr::V4).collect();
    more.sort_unstable();
    more
}

/// The host side's link name: 15 bytes are all that Linux allows.
fn link_name(interface: &Interface) -> String {
    let digits = interface.id.digits();
    let tail = digits.get(digits.len().saturating_sub(12)..);
    alloc::format!("gnl{}", tail.unwrap_or_default())
}
