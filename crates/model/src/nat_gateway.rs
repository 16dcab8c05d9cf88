//! NAT gateways.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use crate::account::AccountId;
use crate::id::{AddressAssociationId, AllocationId, InterfaceId, NatGatewayId, SubnetId, VpcId};
use crate::interface::Role;
use crate::tag::Tags;
use crate::time::Millis;
use crate::world::{Claim, Facets, Indexed, Kind, Name, World};

/// A way out for addresses that nobody outside can reach.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NatGateway {
    /// Its id.
    pub id: NatGatewayId,
    /// Whose.
    pub owner: AccountId,
    /// In which VPC.
    pub vpc: VpcId,
    /// In which subnet.
    pub subnet: SubnetId,
    /// Its interface there.
    pub interface: InterfaceId,
    /// The Elastic IP address of a public one.
    pub address: Option<NatAddress>,
    /// When it was made.
    pub created: Millis,
    /// Tags.
    pub tags: Tags,
}

/// A public gateway's address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NatAddress {
    /// The address.
    pub allocation: AllocationId,
    /// Its association with the gateway.
    pub association: AddressAssociationId,
}

impl NatGateway {
    /// What finds a gateway by the association of its address.
    pub fn claim(owner: AccountId, association: AddressAssociationId) -> Claim {
        Claim::Name(owner, Kind::NatGateway, format!("{association}"))
    }
}

impl Indexed for NatGateway {
    fn index(&self, facets: &mut Facets) {
        facets
            .owner(self.owner, &self.tags)
            .needs(self.vpc)
            .needs(self.subnet)
            .needs(self.interface);
        if let Some(address) = &self.address {
            let name = Name::Address(address.allocation);
            facets
                .needs(address.allocation)
                .claims(Claim::Part(name, "association"))
                .claims(Self::claim(self.owner, address.association));
        }
    }

    fn problems(&self, world: &World, problems: &mut Vec<String>) {
        let interface = world.interfaces.get(&self.interface);
        let fits = interface.is_some_and(|found| {
            found.subnet == self.subnet
                && found.vpc == self.vpc
                && matches!(found.role, Role::NatGateway { gateway } if gateway == self.id)
        });
        if !fits {
            problems.push(format!("{} is not of {}", self.interface, self.id));
        }
    }
}
