//! Elastic IP addresses: stored and listed; the data plane has no way to the internet.

use core::net::Ipv4Addr;

use ipnet::Ipv4Net;
use serde::{Deserialize, Serialize};

use crate::account::AccountId;
use crate::id::AllocationId;
use crate::tag::Tags;
use crate::world::{Claim, Facets, Indexed};

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
    /// Tags.
    pub tags: Tags,
}

impl Indexed for Address {
    fn index(&self, facets: &mut Facets) {
        facets
            .owner(self.owner, &self.tags)
            .needs(self.owner)
            .claims(Claim::PublicAddress(self.ip));
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
