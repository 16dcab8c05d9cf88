//! Network insights: questions whether one thing reaches another, and the answers.

use alloc::string::String;
use alloc::vec::Vec;
use core::net::Ipv4Addr;

use serde::{Deserialize, Serialize};

use crate::account::AccountId;
use crate::endpoint::State;
use crate::id::{
    BalancerId, EndpointId, InsightsAnalysisId, InsightsPathId, InterfaceId, ListenerId, RuleId,
    SecurityGroupId,
};
use crate::place::Zone;
use crate::security_group::Permission;
use crate::tag::Tags;
use crate::time::Millis;
use crate::world::{Facets, Indexed};

/// A question that can be asked again and again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Path {
    /// Its id.
    pub id: InsightsPathId,
    /// Whose.
    pub owner: AccountId,
    /// The workload ENI that would open a connection.
    pub source: InterfaceId,
    /// To where.
    pub destination: Destination,
    /// 6 (TCP) or 17 (UDP).
    pub protocol: u8,
    /// To which port; `None`: any.
    pub port: Option<u16>,
    /// When it was made.
    pub created: Millis,
    /// Tags.
    pub tags: Tags,
}

/// Where a path leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Destination {
    /// An endpoint, through any of its ENIs.
    Endpoint(EndpointId),
    /// One ENI.
    Interface(InterfaceId),
    /// An address of the source's VPC.
    Address(Ipv4Addr),
}

/// An answer, as things were when it was given.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Analysis {
    /// Its id.
    pub id: InsightsAnalysisId,
    /// Whose.
    pub owner: AccountId,
    /// To which question.
    pub path: InsightsPathId,
    /// When it was given.
    pub started: Millis,
    /// What a packet would meet, in order.
    pub hops: Vec<Hop>,
    /// Why it would not arrive; empty when it would.
    pub obstacles: Vec<Obstacle>,
    /// Tags.
    pub tags: Tags,
}

/// What a packet meets on its way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Hop {
    /// An ENI of the source's account.
    Interface(InterfaceId),
    /// The inbound rule that admits it.
    Rule {
        /// Of this group.
        group: SecurityGroupId,
        /// The rule.
        rule: RuleId,
        /// What it admits.
        permission: Permission,
    },
    /// An endpoint.
    Endpoint(EndpointId),
    /// A load balancer, by this listener.
    Balancer {
        /// The load balancer.
        balancer: BalancerId,
        /// Its name.
        name: String,
        /// The listener.
        listener: ListenerId,
        /// The listener's port.
        port: u16,
    },
    /// A target of the load balancer.
    Target {
        /// The target's ENI.
        interface: InterfaceId,
        /// Its address.
        ip: Ipv4Addr,
        /// Its port.
        port: u16,
    },
}

/// Why a packet does not arrive.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Obstacle {
    /// The source is in no namespace: it sends nothing.
    SourceNotAttached(InterfaceId),
    /// Nothing of the source's VPC has the address.
    NoRoute(Option<Ipv4Addr>),
    /// The endpoint is not open.
    EndpointClosed {
        /// The endpoint.
        endpoint: EndpointId,
        /// Where its life stands.
        state: State,
    },
    /// The service has no load balancer in the zone of the endpoint's ENI.
    NoBalancerInZone {
        /// The endpoint.
        endpoint: EndpointId,
        /// The zone.
        zone: Option<Zone>,
    },
    /// No inbound rule of the ENI's groups admits the packet.
    NotAdmitted {
        /// The endpoint's ENI.
        interface: InterfaceId,
        /// Its groups.
        groups: Vec<SecurityGroupId>,
    },
    /// The load balancer does not listen on the port.
    NoListener {
        /// The load balancer and its name.
        balancer: Option<(BalancerId, String)>,
        /// The port; `None`: any.
        port: Option<u16>,
    },
    /// The listener has no target that is attached.
    NoTarget {
        /// The load balancer and its name.
        balancer: Option<(BalancerId, String)>,
        /// How many are registered.
        registered: usize,
    },
}

impl Analysis {
    /// Whether the packet would arrive.
    pub fn is_found(&self) -> bool {
        self.obstacles.is_empty()
    }
}

impl Indexed for Path {
    fn index(&self, facets: &mut Facets) {
        facets.owner(self.owner, &self.tags).needs(self.owner);
    }
}

impl Indexed for Analysis {
    fn index(&self, facets: &mut Facets) {
        facets.owner(self.owner, &self.tags).needs(self.path);
    }
}
