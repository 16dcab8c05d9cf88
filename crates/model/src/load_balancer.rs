//! Network Load Balancers.

use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use crate::account::AccountId;
use crate::host::BalancerSlot;
use crate::id::{BalancerId, InterfaceId, SecurityGroupId, SubnetId, VpcId};
use crate::place::Zone;
use crate::tag::Tags;
use crate::time::Millis;
use crate::world::{Claim, Facets, Indexed, Kind, Slot};

/// A load balancer with one address in each of its zones.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LoadBalancer {
    /// The last part of its ARN.
    pub id: BalancerId,
    /// Whose.
    pub owner: AccountId,
    /// Its name, one of a kind in the account.
    pub name: String,
    /// In which VPC.
    pub vpc: VpcId,
    /// internal or internet-facing.
    pub scheme: String,
    /// One subnet a zone.
    pub zones: Vec<BalancerZone>,
    /// Its security groups.
    pub groups: Vec<SecurityGroupId>,
    /// Whether clients that come through endpoints are let past its security groups.
    #[serde(default)]
    pub waives_groups: bool,
    /// Whether it serves.
    pub state: State,
    /// Its key in the data plane.
    pub slot: BalancerSlot,
    /// When it was made.
    pub created: Millis,
    /// The log's revision that made it: it is active when a host has realised that.
    pub made_at: u64,
    /// Attributes that were set away from their default.
    pub attributes: BTreeMap<String, String>,
    /// Tags.
    pub tags: Tags,
}

/// A load balancer's part in one zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BalancerZone {
    /// The zone.
    pub zone: Zone,
    /// The subnet there.
    pub subnet: SubnetId,
    /// The ENI there: its address is the source that targets see.
    pub interface: InterfaceId,
}

/// A load balancer's condition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum State {
    /// No host has realised it yet.
    Provisioning,
    /// In the data plane.
    Active,
}

impl Indexed for LoadBalancer {
    fn index(&self, facets: &mut Facets) {
        facets
            .owner(self.owner, &self.tags)
            .claims(Claim::Slot(Slot::Balancer, self.slot.0))
            .claims(Claim::Name(
                self.owner,
                Kind::LoadBalancer,
                self.name.clone(),
            ))
            .needs(self.vpc)
            .needs_all(&self.groups);
        if self.state == State::Provisioning {
            facets.unsettled();
        }
        for zone in &self.zones {
            facets.needs(zone.subnet).needs(zone.interface);
        }
    }
}
