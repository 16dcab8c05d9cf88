//! DHCP option sets: stored and listed; nothing hands them out yet.

use alloc::string::String;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use crate::account::AccountId;
use crate::id::DhcpOptionsId;
use crate::tag::Tags;
use crate::world::{Claim, Facets, Indexed, Name};

/// What a VPC tells those who ask by DHCP.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DhcpOptions {
    /// Its id.
    pub id: DhcpOptionsId,
    /// Whose.
    pub owner: AccountId,
    /// Whether new VPCs of the account have it.
    pub default: bool,
    /// The options, in the order given.
    pub options: Vec<DhcpOption>,
    /// Tags.
    pub tags: Tags,
}

/// One option.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DhcpOption {
    /// `domain-name-servers` and so on.
    pub key: String,
    /// Its values.
    pub values: Vec<String>,
}

impl DhcpOptions {
    /// The set that every account has: AWS's name server and the region's domain.
    pub fn of_account(id: DhcpOptionsId, owner: AccountId, region: &str) -> Self {
        let domain = match region {
            "us-east-1" => "ec2.internal".into(),
            other => alloc::format!("{other}.compute.internal"),
        };
        let option = |key: &str, value: String| DhcpOption {
            key: key.into(),
            values: alloc::vec![value],
        };
        Self {
            id,
            owner,
            default: true,
            options: alloc::vec![
                option("domain-name", domain),
                option("domain-name-servers", "AmazonProvidedDNS".into()),
            ],
            tags: Tags::new(),
        }
    }
}

impl Indexed for DhcpOptions {
    fn index(&self, facets: &mut Facets) {
        facets.owner(self.owner, &self.tags).needs(self.owner);
        if self.default {
            facets.claims(Claim::Part(
                Name::Account(self.owner),
                "default DHCP options",
            ));
        }
    }
}
