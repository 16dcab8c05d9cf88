//! Listeners of load balancers.

use serde::{Deserialize, Serialize};

use crate::account::AccountId;
use crate::id::{BalancerId, ListenerId, TargetGroupId};
use crate::tag::Tags;
use crate::target_group::Protocol;
use crate::world::{Claim, Facets, Indexed};

/// A port on which a load balancer takes connections.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listener {
    /// The last part of its ARN.
    pub id: ListenerId,
    /// Whose.
    pub owner: AccountId,
    /// Of which load balancer.
    pub balancer: BalancerId,
    /// What it takes.
    pub protocol: Protocol,
    /// The port.
    pub port: u16,
    /// Where it forwards to.
    pub target_group: TargetGroupId,
    /// Tags.
    pub tags: Tags,
}

impl Indexed for Listener {
    fn index(&self, facets: &mut Facets) {
        facets
            .owner(self.owner, &self.tags)
            .needs(self.balancer)
            .needs(self.target_group);
        for protocol in self.protocol.numbers() {
            facets.claims(Claim::Port(self.balancer, *protocol, self.port));
        }
    }
}
