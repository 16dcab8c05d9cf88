//! The way out: NAT gateways, and addresses that the outside knows.

use alloc::collections::BTreeSet;
use core::net::IpAddr;

use model::host::{Address, Document, Nat, NatKey, Public, Tables};
use model::interface::Role;
use model::world::World;

use super::{key, number, place};

/// Public NAT gateways. A private one translates nothing here: a route to it is a black hole.
pub(super) fn nats(world: &World, tables: &mut Tables) {
    for gateway in world.nat_gateways.values() {
        let held = gateway.address.as_ref();
        let (Some(public), Some(eni)) = (
            held.and_then(|held| world.addresses.get(&held.allocation)),
            world.interfaces.get(&gateway.interface),
        ) else {
            continue;
        };
        tables.nats.insert(
            NatKey(key(gateway.id)),
            Nat {
                address: Address {
                    vpc: number(world, gateway.vpc),
                    ip: eni.ip.into(),
                },
                place: place(world, gateway.vpc, gateway.subnet),
                public: public.ip,
            },
        );
    }
}

/// In a VPC with an internet gateway the outside knows an ENI by its Elastic IP addresses and by
/// its own IPv6 addresses.
pub(super) fn publics(world: &World, document: &mut Document) {
    let gateways = world.internet_gateways.values();
    let open = gateways.filter_map(|gateway| Some(number(world, gateway.vpc?)));
    let open: BTreeSet<_> = open.collect();
    for held in world.addresses.values() {
        let Some(association) = &held.association else {
            continue;
        };
        let vpc = number(world, association.vpc);
        let interface = world.interfaces.get(&association.interface);
        let slot = interface.and_then(|interface| match interface.role {
            Role::Workload { slot, .. } => Some(slot),
            _ => None,
        });
        let attached = slot.filter(|slot| document.interfaces.contains_key(slot));
        if let Some(eni) = attached.filter(|_| open.contains(&vpc)) {
            let inside = Address {
                vpc,
                ip: association.private.into(),
            };
            let public = Public { eni, inside };
            document.tables.publics.insert(held.ip.into(), public);
        }
    }
    for (eni, interface) in &document.interfaces {
        let vpc = interface.address.vpc;
        if !open.contains(&vpc) {
            continue;
        }
        for ip in interface.more.iter().copied().filter(IpAddr::is_ipv6) {
            let inside = Address { vpc, ip };
            let public = Public { eni: *eni, inside };
            document.tables.publics.insert(ip, public);
        }
    }
}
