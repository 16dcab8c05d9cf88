//! Endpoint ENIs, and the load balancers behind them.

use alloc::string::ToString as _;
use alloc::vec::Vec;
use core::net::{IpAddr, Ipv4Addr};

use model::endpoint::{Endpoint, State};
use model::host::{
    AclKey, Address, BalancerSlot, Document, Gate, GateSlot, GroupSlot, Place, RouteTableKey,
    SubnetKey, VpcNumber,
};
use model::interface::Interface;
use model::load_balancer::LoadBalancer;
use model::world::World;

use super::group::group_slots;
use super::{label, number, place};

/// What is behind a gate in its zone.
struct Behind {
    slot: BalancerSlot,
    address: Address,
    place: Place,
    groups: Vec<GroupSlot>,
    enforces: bool,
}

/// Nothing: the service has no load balancer in the zone.
const NOTHING: Behind = Behind {
    slot: BalancerSlot(0),
    address: Address {
        vpc: VpcNumber(0),
        ip: IpAddr::V4(Ipv4Addr::UNSPECIFIED),
    },
    place: Place {
        subnet: SubnetKey(0),
        routes: RouteTableKey(0),
        acl: AclKey(0),
    },
    groups: Vec::new(),
    enforces: false,
};

pub(super) fn door(
    world: &World,
    interface: &Interface,
    endpoint: &Endpoint,
    slot: GateSlot,
    document: &mut Document,
) {
    if endpoint.state == State::Deleting {
        return;
    }
    let balancer = balancer_of(world, interface, endpoint);
    let found = balancer.map(|(balancer, eni)| behind(world, balancer, eni));
    // Without a load balancer there is nowhere to go.
    let generation = found.as_ref().map_or(0, |_| endpoint.opened);
    let Behind {
        slot: balancer,
        address: balancer_address,
        place: balancer_place,
        groups: balancer_groups,
        enforces: balancer_enforces,
    } = found.unwrap_or(NOTHING);
    document.tables.gates.insert(
        slot,
        Gate {
            generation,
            address: Address {
                vpc: number(world, interface.vpc),
                ip: interface.ip.into(),
            },
            place: place(world, interface.vpc, interface.subnet),
            groups: group_slots(world, &interface.groups),
            balancer,
            balancer_address,
            balancer_place,
            balancer_groups,
            balancer_enforces,
        },
    );
    let name = Some(endpoint.id.to_string());
    document.gate_labels.insert(slot, label(interface, name));
}

fn behind(world: &World, balancer: &LoadBalancer, eni: &Interface) -> Behind {
    let groups = group_slots(world, &balancer.groups);
    Behind {
        slot: balancer.slot,
        address: Address {
            vpc: number(world, balancer.vpc),
            ip: eni.ip.into(),
        },
        place: place(world, balancer.vpc, eni.subnet),
        // Without groups there is nobody to ask: everything is let in.
        enforces: !balancer.waives_groups && !groups.is_empty(),
        groups,
    }
}

/// The load balancer of the endpoint ENI's zone, and its ENI there. Of several it is the one
/// that the service has had longest, so that an ENI stays with its own when another is added.
pub(crate) fn balancer_of<'a>(
    world: &'a World,
    interface: &Interface,
    endpoint: &Endpoint,
) -> Option<(&'a LoadBalancer, &'a Interface)> {
    let zone = world.subnets.get(&interface.subnet)?.zone;
    let service = world.services.get(&endpoint.provider()?)?;
    let in_zone = |balancer: &'a LoadBalancer| {
        let place = balancer.zones.iter().find(|place| place.zone == zone)?;
        let interface = world.interfaces.get(&place.interface)?;
        Some((balancer, interface.as_ref()))
    };
    let mut balancers = service.balancers.iter();
    balancers.find_map(|id| in_zone(world.load_balancers.get(id)?))
}
