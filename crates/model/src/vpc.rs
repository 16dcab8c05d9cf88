//! VPCs.

use ipnet::Ipv4Net;
use serde::{Deserialize, Serialize};

use crate::account::AccountId;
use crate::host::VpcNumber;
use crate::id::{CidrAssociationId, DhcpOptionsId, SecurityGroupId, VpcId};
use crate::tag::Tags;
use crate::world::{Claim, Facets, Indexed, Name, Slot};

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
    /// Its DHCP options; none is AWS's `default`, which is no set at all.
    pub dhcp_options: Option<DhcpOptionsId>,
    /// Whether it is the account's default one.
    #[serde(default)]
    pub is_default: bool,
    /// Tags.
    pub tags: Tags,
}

impl Indexed for Vpc {
    fn index(&self, facets: &mut Facets) {
        facets
            .owner(self.owner, &self.tags)
            .claims(Claim::Slot(Slot::Vpc, self.number.0))
            .needs(self.owner)
            .needs(self.default_group)
            .needs_all(self.dhcp_options);
        if self.is_default {
            facets.claims(Claim::Part(Name::Account(self.owner), "default VPC"));
        }
    }
}
