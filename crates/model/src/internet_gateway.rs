//! Internet gateways. They lead out where the operator named an uplink.

use serde::{Deserialize, Serialize};

use crate::account::AccountId;
use crate::id::{InternetGatewayId, VpcId};
use crate::tag::Tags;
use crate::world::{Claim, Facets, Indexed, Name};

/// A VPC's door to the internet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InternetGateway {
    /// Its id.
    pub id: InternetGatewayId,
    /// Whose.
    pub owner: AccountId,
    /// The VPC that it is attached to; a VPC has one at most.
    pub vpc: Option<VpcId>,
    /// Tags.
    pub tags: Tags,
}

impl Indexed for InternetGateway {
    fn index(&self, facets: &mut Facets) {
        facets.owner(self.owner, &self.tags).needs(self.owner);
        if let Some(vpc) = self.vpc {
            facets
                .needs(vpc)
                .claims(Claim::Part(Name::Vpc(vpc), "internet gateway"));
        }
    }
}
