//! Questions that several handlers ask.

use alloc::collections::BTreeSet;
use alloc::sync::Arc;
use core::net::Ipv4Addr;

use super::World;
use crate::account::AccountId;
use crate::endpoint::Endpoint;
use crate::endpoint_service::EndpointService;
use crate::host::{BalancerSlot, EniSlot, GateSlot, GroupSlot, TargetGroupSlot, VpcNumber};
use crate::id::{
    BalancerId, EndpointId, InterfaceId, SecurityGroupId, ServiceId, SubnetId, TargetGroupId, VpcId,
};
use crate::interface::{Interface, Role};
use crate::load_balancer::LoadBalancer;
use crate::security_group::SecurityGroup;
use crate::subnet::Subnet;
use crate::target_group::TargetGroup;
use crate::vpc::Vpc;

macro_rules! owned {
    ($($method:ident $table:ident $id:ty => $noun:ty),+ $(,)?) => {$(
        #[doc = concat!("A `", stringify!($noun), "` of this account; another account's does not exist.")]
        pub fn $method(&self, owner: AccountId, id: $id) -> Option<&Arc<$noun>> {
            self.$table.get(&id).filter(|found| found.owner == owner)
        }
    )+};
}

impl World {
    owned! {
        vpc vpcs VpcId => Vpc,
        subnet subnets SubnetId => Subnet,
        security_group security_groups SecurityGroupId => SecurityGroup,
        interface interfaces InterfaceId => Interface,
        load_balancer load_balancers BalancerId => LoadBalancer,
        target_group target_groups TargetGroupId => TargetGroup,
        service services ServiceId => EndpointService,
        endpoint endpoints EndpointId => Endpoint,
    }

    /// The interfaces of a subnet.
    pub fn interfaces_of(&self, subnet: SubnetId) -> impl Iterator<Item = &Arc<Interface>> {
        self.interfaces
            .values()
            .filter(move |interface| interface.subnet == subnet)
    }

    /// The addresses of a subnet that are in use.
    pub fn addresses_in_use(&self, subnet: SubnetId) -> BTreeSet<Ipv4Addr> {
        self.interfaces_of(subnet).map(|found| found.ip).collect()
    }

    /// The lowest address of the subnet that is free, apart from those in `taken` (by changes
    /// that are not applied yet).
    pub fn free_address(&self, subnet: &Subnet, taken: &[Ipv4Addr]) -> Option<Ipv4Addr> {
        let used = self.addresses_in_use(subnet.id);
        subnet
            .usable()
            .find(|ip| !used.contains(ip) && !taken.contains(ip))
    }

    /// Addresses left in a subnet.
    pub fn free_address_count(&self, subnet: &Subnet) -> usize {
        subnet
            .size()
            .saturating_sub(self.addresses_in_use(subnet.id).len())
    }

    /// The endpoints of a service, except those that are being deleted.
    pub fn connections_of(&self, service: ServiceId) -> impl Iterator<Item = &Arc<Endpoint>> {
        self.endpoints.values().filter(move |endpoint| {
            endpoint.service == service && endpoint.state != crate::endpoint::State::Deleting
        })
    }

    /// The service that a load balancer is behind.
    pub fn service_of(&self, balancer: BalancerId) -> Option<&Arc<EndpointService>> {
        self.services
            .values()
            .find(|service| service.balancers.contains(&balancer))
    }

    /// The workload interface that has an address of a VPC.
    pub fn workload_at(&self, vpc: VpcId, ip: Ipv4Addr) -> Option<&Arc<Interface>> {
        self.interfaces
            .values()
            .find(|interface| interface.vpc == vpc && interface.ip == ip && !interface.is_managed())
    }

    /// The lowest free VPC number; 0 is the system VPC's.
    pub fn free_vpc_number(&self) -> VpcNumber {
        VpcNumber(free_slot(self.vpcs.values().map(|vpc| vpc.number.0)))
    }

    /// The lowest free ENI slot; 0 is Ginnel's own.
    pub fn free_eni_slot(&self) -> EniSlot {
        EniSlot(free_slot(self.interfaces.values().filter_map(
            |interface| match interface.role {
                Role::Workload { slot, .. } => Some(slot.0),
                Role::Endpoint { .. } | Role::LoadBalancer { .. } => None,
            },
        )))
    }

    /// The lowest free gate slots, as many as asked for.
    pub fn free_gate_slots(&self, count: usize) -> alloc::vec::Vec<GateSlot> {
        let used: BTreeSet<u32> = self
            .interfaces
            .values()
            .filter_map(|interface| match interface.role {
                Role::Endpoint { gate, .. } => Some(gate.0),
                Role::Workload { .. } | Role::LoadBalancer { .. } => None,
            })
            .collect();
        (1..)
            .filter(|slot| !used.contains(slot))
            .take(count)
            .map(GateSlot)
            .collect()
    }

    /// The lowest free security group slot.
    pub fn free_group_slot(&self) -> GroupSlot {
        GroupSlot(free_slot(
            self.security_groups.values().map(|group| group.slot.0),
        ))
    }

    /// The lowest free load balancer slot.
    pub fn free_balancer_slot(&self) -> BalancerSlot {
        BalancerSlot(free_slot(self.load_balancers.values().map(|lb| lb.slot.0)))
    }

    /// The lowest free target group slot.
    pub fn free_target_group_slot(&self) -> TargetGroupSlot {
        TargetGroupSlot(free_slot(
            self.target_groups.values().map(|group| group.slot.0),
        ))
    }
}

/// The lowest number from 1 on that is not used.
pub fn free_slot(used: impl Iterator<Item = u32>) -> u32 {
    let mut next = 1;
    for slot in used.collect::<BTreeSet<u32>>() {
        if slot != next {
            break;
        }
        next += 1;
    }
    next
}
