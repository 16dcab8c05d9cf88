//! Elastic network interfaces.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::net::Ipv4Addr;

use serde::{Deserialize, Serialize};

use crate::account::AccountId;
use crate::host::MAX_GROUPS_PER_ENI;
use crate::host::{EniSlot, GateSlot};
use crate::id::{
    AttachmentId, BalancerId, EndpointId, InterfaceId, NatGatewayId, SecurityGroupId, SubnetId,
    VpcId,
};
use crate::net::Mac;
use crate::tag::Tags;
use crate::time::Millis;
use crate::world::{Claim, Facets, Indexed, Slot, World};

/// An address in a subnet, and who uses it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Interface {
    /// Its id.
    pub id: InterfaceId,
    /// Whose.
    pub owner: AccountId,
    /// In which VPC.
    pub vpc: VpcId,
    /// In which subnet.
    pub subnet: SubnetId,
    /// Its address.
    pub ip: Ipv4Addr,
    /// Its secondary addresses, in the order in which they were given.
    #[serde(default)]
    pub secondary: Vec<Ipv4Addr>,
    /// Attribute sourceDestCheck: it only sends and receives packets of its own addresses.
    #[serde(default = "checked")]
    pub source_check: bool,
    /// Its MAC address.
    pub mac: Mac,
    /// What it is for.
    pub description: String,
    /// Its security groups.
    pub groups: Vec<SecurityGroupId>,
    /// What kind of use.
    pub role: Role,
    /// When it was made.
    pub created: Millis,
    /// Tags.
    pub tags: Tags,
}

/// What interfaces from before the attribute have.
fn checked() -> bool {
    true
}

/// Who uses an interface. All but a workload's are made and removed by Ginnel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Role {
    /// A workload's, with a device of its own once it is attached.
    Workload {
        /// Its place in the data plane.
        slot: EniSlot,
        /// The namespace it is bound to.
        attachment: Option<Attachment>,
    },
    /// An endpoint's in one zone.
    Endpoint {
        /// The endpoint.
        endpoint: EndpointId,
        /// Its place in the data plane.
        gate: GateSlot,
    },
    /// A load balancer's in one zone.
    LoadBalancer {
        /// The load balancer.
        balancer: BalancerId,
    },
    /// A NAT gateway's.
    NatGateway {
        /// The gateway.
        gateway: NatGatewayId,
    },
}

/// A binding to a network namespace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attachment {
    /// Its id.
    pub id: AttachmentId,
    /// A path that opens the namespace.
    pub namespace: String,
    /// The device's name there.
    pub device: String,
    /// Since when.
    pub since: Millis,
}

impl Interface {
    /// The binding, if it is a workload's and bound.
    pub fn attachment(&self) -> Option<&Attachment> {
        match &self.role {
            Role::Workload { attachment, .. } => attachment.as_ref(),
            Role::Endpoint { .. } | Role::LoadBalancer { .. } | Role::NatGateway { .. } => None,
        }
    }

    /// Its addresses, the primary one first.
    pub fn addresses(&self) -> impl Iterator<Item = Ipv4Addr> {
        core::iter::once(self.ip).chain(self.secondary.iter().copied())
    }

    /// Made by Ginnel, not by its owner.
    pub fn is_managed(&self) -> bool {
        !matches!(self.role, Role::Workload { .. })
    }
}

impl Indexed for Interface {
    fn index(&self, facets: &mut Facets) {
        facets
            .owner(self.owner, &self.tags)
            .needs(self.vpc)
            .needs(self.subnet)
            .needs_all(&self.groups);
        for ip in self.addresses() {
            facets.claims(Claim::Address(self.subnet, ip));
        }
        match &self.role {
            Role::Workload { slot, attachment } => {
                if let Some(attachment) = attachment {
                    facets.claims(Claim::Attachment(attachment.id));
                }
                facets.claims(Claim::Slot(Slot::Eni, slot.0))
            }
            Role::Endpoint { endpoint, gate } => facets
                .claims(Claim::Slot(Slot::Gate, gate.0))
                .needs(*endpoint),
            Role::LoadBalancer { balancer } => facets.needs(*balancer),
            Role::NatGateway { gateway } => facets.needs(*gateway),
        };
    }

    fn problems(&self, world: &World, problems: &mut Vec<String>) {
        let id = self.id;
        if let Some(subnet) = world.subnets.get(&self.subnet)
            && (!self.addresses().all(|ip| subnet.can_hold(ip)) || subnet.vpc != self.vpc)
        {
            problems.push(format!("{id} does not fit {}", subnet.id));
        }
        if self.groups.len() > MAX_GROUPS_PER_ENI {
            problems.push(format!("{id} has too many groups"));
        }
        let twice = |(at, ip): (usize, Ipv4Addr)| self.addresses().take(at).any(|it| it == ip);
        if self.addresses().enumerate().any(twice) {
            problems.push(format!("{id} has an address twice"));
        }
        for group in &self.groups {
            let group = world.security_groups.get(group);
            if let Some(group) = group.filter(|group| group.vpc != self.vpc) {
                problems.push(format!("{id} names {} of another VPC", group.id));
            }
        }
        match &self.role {
            Role::Workload { .. } => {}
            Role::Endpoint { endpoint, .. } => {
                let known = world.endpoints.get(endpoint);
                if !known.is_some_and(|endpoint| endpoint.interfaces.contains(&id)) {
                    problems.push(format!("{id} is not of {endpoint}"));
                }
            }
            Role::LoadBalancer { balancer } => {
                let known = world.load_balancers.get(balancer);
                if !known.is_some_and(|lb| lb.zones.iter().any(|zone| zone.interface == id)) {
                    problems.push(format!("{id} is not of load balancer {balancer}"));
                }
            }
            Role::NatGateway { gateway } => {
                let known = world.nat_gateways.get(gateway);
                if known.is_none_or(|gateway| gateway.interface != id) {
                    problems.push(format!("{id} is not of {gateway}"));
                }
            }
        }
    }
}
