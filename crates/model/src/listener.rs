//! Listeners of load balancers.

use serde::{Deserialize, Serialize};

use crate::account::AccountId;
use crate::id::{BalancerId, ListenerId, TargetGroupId};
use crate::tag::Tags;
use crate::target_group::Protocol;

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
