//! Elastic IP addresses, and the private addresses that they stand for.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::net::Ipv4Addr;

use ipnet::Ipv4Net;
use serde::{Deserialize, Serialize};

use crate::account::AccountId;
use crate::id::{AddressAssociationId, AllocationId, InterfaceId, VpcId};
use crate::tag::Tags;
use crate::world::{Claim, Facets, Indexed, Kind, Name, World};

/// These addresses are from 198.18.0.0/15, which is nobody's on the internet (RFC 2544): the
/// first of them.
const FIRST: Ipv4Addr = Ipv4Addr::new(198, 18, 0, 1);
/// How many there are.
pub const COUNT: u32 = (1 << 17) - 2;

/// A public address that an account holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Address {
    /// Its id.
    pub id: AllocationId,
    /// Whose.
    pub owner: AccountId,
    /// The address; nobody else has it.
    pub ip: Ipv4Addr,
    /// The interface that it is given to; a NAT gateway keeps its own account of it.
    #[serde(default)]
    pub association: Option<Association>,
    /// Tags.
    pub tags: Tags,
}

/// What an Elastic IP address stands for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Association {
    /// Its id.
    pub id: AddressAssociationId,
    /// The VPC of the interface.
    pub vpc: VpcId,
    /// The interface.
    pub interface: InterfaceId,
    /// Which of the interface's addresses; it has no other Elastic IP address.
    pub private: Ipv4Addr,
}

impl Address {
    /// What finds an address by its association.
    pub fn claim(owner: AccountId, association: AddressAssociationId) -> Claim {
        Claim::Name(owner, Kind::Address, format!("{association}"))
    }

    /// The private address that it stands for.
    pub fn private(&self) -> Option<Ipv4Addr> {
        self.association.as_ref().map(|it| it.private)
    }
}

impl Indexed for Address {
    fn index(&self, facets: &mut Facets) {
        facets
            .owner(self.owner, &self.tags)
            .needs(self.owner)
            .claims(Claim::PublicAddress(self.ip));
        if let Some(association) = &self.association {
            facets
                .needs(association.vpc)
                .needs(association.interface)
                .claims(Claim::Part(Name::Address(self.id), "association"))
                .claims(Self::claim(self.owner, association.id));
        }
    }

    fn problems(&self, world: &World, problems: &mut Vec<String>) {
        let Some(association) = &self.association else {
            return;
        };
        let (id, interface) = (self.id, association.interface);
        let known = world.interfaces.get(&interface);
        let fits = known.is_some_and(|known| {
            known.owner == self.owner
                && known.vpc == association.vpc
                && known.addresses().any(|ip| ip == association.private)
        });
        if !fits {
            problems.push(format!("{id} does not fit {interface}"));
        }
        let others = world.needing::<Self>(interface);
        let mut same = others.filter(|it| it.private() == Some(association.private));
        if same.any(|it| it.id != id) {
            problems.push(format!(
                "{id} shares {} of {interface}",
                association.private
            ));
        }
    }
}

/// The range that they are from.
pub fn pool() -> Ipv4Net {
    Ipv4Net::new(FIRST, 15).unwrap_or_default().trunc()
}

/// The address at this place of the pool, counted round and round.
pub fn at(place: u32) -> Ipv4Addr {
    Ipv4Addr::from(u32::from(FIRST) + place % COUNT)
}
