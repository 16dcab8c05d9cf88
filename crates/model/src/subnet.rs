//! Subnets.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::net::Ipv4Addr;

use ipnet::Ipv4Net;
use serde::{Deserialize, Serialize};

use crate::account::AccountId;
use crate::id::{SubnetId, VpcId};
use crate::place::Zone;
use crate::tag::Tags;
use crate::world::{Facets, Indexed, World};

/// A part of a VPC's addresses in one zone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subnet {
    /// Its id.
    pub id: SubnetId,
    /// Whose.
    pub owner: AccountId,
    /// In which VPC.
    pub vpc: VpcId,
    /// Its addresses.
    pub cidr: Ipv4Net,
    /// In which zone.
    pub zone: Zone,
    /// Attribute mapPublicIpOnLaunch.
    pub public_addresses: bool,
    /// Whether it is the default VPC's for its zone.
    #[serde(default)]
    pub default_for_az: bool,
    /// Tags.
    pub tags: Tags,
}

impl Subnet {
    /// Whether ENIs may have this address: not the first four, not the last (AWS, "Subnet
    /// sizing").
    pub fn can_hold(&self, ip: Ipv4Addr) -> bool {
        let first = u32::from(self.cidr.network());
        let last = u32::from(self.cidr.broadcast());
        (first + 4..last).contains(&u32::from(ip))
    }

    /// All addresses that ENIs may have, in order.
    pub fn usable(&self) -> impl Iterator<Item = Ipv4Addr> {
        let first = u32::from(self.cidr.network());
        let last = u32::from(self.cidr.broadcast());
        (first + 4..last).map(Ipv4Addr::from)
    }

    /// How many addresses ENIs may have.
    pub fn size(&self) -> usize {
        (1usize << (32 - self.cidr.prefix_len())).saturating_sub(5)
    }

    /// The VPC router: the first address after the network's.
    pub fn router(&self) -> Ipv4Addr {
        Ipv4Addr::from(u32::from(self.cidr.network()) + 1)
    }
}

impl Indexed for Subnet {
    fn index(&self, facets: &mut Facets) {
        facets.owner(self.owner, &self.tags).needs(self.vpc);
    }

    fn problems(&self, world: &World, problems: &mut Vec<String>) {
        let vpc = world.vpcs.get(&self.vpc);
        if vpc.is_some_and(|vpc| !vpc.cidr.contains(&self.cidr)) {
            problems.push(format!("{} is outside {}", self.id, self.vpc));
        }
    }
}
