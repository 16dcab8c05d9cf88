//! Target groups and their targets.

use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;
use core::net::Ipv4Addr;

use serde::{Deserialize, Serialize};

use crate::account::AccountId;
use crate::host::TargetGroupSlot;
use crate::id::{TargetGroupId, VpcId};
use crate::tag::Tags;
use crate::world::{Claim, Facets, Indexed, Kind, Slot};

/// Where listeners forward to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TargetGroup {
    /// The last part of its ARN.
    pub id: TargetGroupId,
    /// Whose.
    pub owner: AccountId,
    /// Its name, one of a kind in the account.
    pub name: String,
    /// In which VPC.
    pub vpc: VpcId,
    /// What it takes.
    pub protocol: Protocol,
    /// The port of targets that name none.
    pub port: u16,
    /// Its key in the data plane.
    pub slot: TargetGroupSlot,
    /// Health check settings; active checks are a later version's.
    pub health_check: HealthCheck,
    /// Targets in the order of registration.
    pub targets: Vec<Target>,
    /// Attributes that were set away from their default.
    pub attributes: BTreeMap<String, String>,
    /// Tags.
    pub tags: Tags,
}

/// A registered target.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Target {
    /// Its address.
    pub ip: Ipv4Addr,
    /// Its port.
    pub port: u16,
}

/// How targets would be checked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HealthCheck {
    /// TCP, HTTP or HTTPS.
    pub protocol: String,
    /// A number, or `traffic-port`.
    pub port: String,
    /// For HTTP.
    pub path: Option<String>,
    /// Seconds between two checks.
    pub interval_seconds: i32,
    /// Seconds to wait for an answer.
    pub timeout_seconds: i32,
    /// Successes until healthy.
    pub healthy_threshold: i32,
    /// Failures until unhealthy.
    pub unhealthy_threshold: i32,
    /// HTTP codes that are a success.
    pub matcher: Option<String>,
}

/// Protocols of listeners and target groups that this version carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Protocol {
    /// TCP.
    Tcp,
    /// UDP.
    Udp,
    /// Both on one port.
    TcpUdp,
}

impl Protocol {
    /// IP protocol numbers.
    pub fn numbers(self) -> &'static [u8] {
        match self {
            Self::Tcp => &[6],
            Self::Udp => &[17],
            Self::TcpUdp => &[6, 17],
        }
    }
}

impl Indexed for TargetGroup {
    fn index(&self, facets: &mut Facets) {
        facets
            .owner(self.owner, &self.tags)
            .claims(Claim::Slot(Slot::TargetGroup, self.slot.0))
            .claims(Claim::Name(
                self.owner,
                Kind::TargetGroup,
                self.name.clone(),
            ))
            .needs(self.vpc);
    }
}
