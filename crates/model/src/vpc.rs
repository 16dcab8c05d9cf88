//! VPCs.

use ipnet::Ipv4Net;
use serde::{Deserialize, Serialize};

use crate::account::AccountId;
use crate::host::VpcNumber;
use crate::id::{CidrAssociationId, DhcpOptionsId, SecurityGroupId, VpcId};
use crate::tag::Tags;
use crate::world::{Claim, Facets, Indexed, Slot};

/// A private network of one account; two may have the same addresses.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Vpc {
    /// Its id.
    pub id: VpcId,
    /// Whose.
    pub owner: AccountId,
    /// Its addresses, /16 to /28.
    pub cidr: Ipv4Net,
    /// The association of the addresses.
    pub cidr_association: CidrAssociationId,
    /// Its number in the data plane.
    pub number: VpcNumber,
    /// Attribute enableDnsSupport.
    pub dns_support: bool,
    /// Attribute enableDnsHostnames.
    pub dns_hostnames: bool,
    /// Attribute enableNetworkAddressUsageMetrics.
    pub address_metrics: bool,
    /// The group that is used where none is named.
    pub default_group: SecurityGroupId,
    /// Its DHCP options.
    pub dhcp_options: DhcpOptionsId,
    /// Tags.
    pub tags: Tags,
}

impl Indexed for Vpc {
    fn index(&self, facets: &mut Facets) {
        facets
            .owner(self.owner, &self.tags)
            .claims(Claim::Slot(Slot::Vpc, self.number.0))
            .needs(self.owner)
            .needs(self.default_group);
    }
}
