//! What is to be recorded, and what was seen.

use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::net::Ipv4Addr;

use model::account::AccountId;
use model::flow_log::{Destination, Traffic};
use model::host::{EniSlot, GateSlot};
use model::id::{EndpointId, FlowLogId, InterfaceId, ServiceId, SubnetId, VpcId};
use serde::{Deserialize, Serialize};

use super::record::{Counts, Flow};
use super::{BadFormat, Format};

/// What records say of an interface.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Interface {
    /// Its id.
    pub id: InterfaceId,
    /// Who owns it.
    pub account: AccountId,
    /// Its VPC.
    pub vpc: VpcId,
    /// Its subnet.
    pub subnet: SubnetId,
    /// Its region: `us-east-1`.
    pub region: String,
    /// The id of its zone: `use1-az1`.
    pub az_id: String,
    /// What it is attached to.
    #[serde(default)]
    pub instance: Option<String>,
}

/// A flow log, as the host that records needs it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FlowLogSpec {
    /// Its id.
    pub id: FlowLogId,
    /// Whose.
    pub account: AccountId,
    /// The interfaces whose traffic is recorded.
    pub watched: BTreeMap<InterfaceId, Arc<Interface>>,
    /// Which traffic is recorded.
    pub traffic: Traffic,
    /// Where the records go.
    pub destination: Destination,
    /// The fields, as [`Format::parse`] reads them.
    pub format: String,
    /// Seconds that one record covers at most.
    pub interval_seconds: u32,
}

/// What of a flow log does not change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// Its id.
    pub id: FlowLogId,
    /// Whose.
    pub account: AccountId,
    /// Which traffic is recorded.
    pub traffic: Traffic,
    /// Where the records go.
    pub destination: Destination,
    /// The fields.
    pub format: Format,
    /// Seconds that one record covers at most.
    pub interval: i64,
}

impl FlowLogSpec {
    /// What does not change.
    ///
    /// # Errors
    ///
    /// The format's fault.
    pub fn target(&self) -> Result<Target, BadFormat> {
        Ok(Target {
            id: self.id,
            account: self.account,
            traffic: self.traffic,
            destination: self.destination.clone(),
            format: Format::parse(&self.format)?,
            interval: i64::from(self.interval_seconds).max(1),
        })
    }
}

/// An interface in the data plane's numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// What records say of it.
    pub interface: Arc<Interface>,
    /// Its primary address, which records show for its own side.
    pub primary: Ipv4Addr,
    /// The endpoint whose ENI it is, and its service if that is one of ours.
    pub endpoint: Option<(EndpointId, Option<ServiceId>)>,
}

/// What a host records: the flow logs, and who is behind the data plane's numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Watch {
    /// The flow logs.
    pub logs: Vec<FlowLogSpec>,
    /// Workload ENIs.
    pub enis: BTreeMap<EniSlot, Seen>,
    /// Endpoint ENIs.
    pub gates: BTreeMap<GateSlot, Seen>,
}

/// What one flow did at one interface since it was last looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sample {
    /// The interface.
    pub interface: InterfaceId,
    /// The flow, in one direction, with what became of it.
    pub flow: Flow,
    /// How much it was, and when.
    pub counts: Counts,
}

/// Something was not seen, and nobody knows what it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Loss {
    /// Where; none if that is not known either: then it may have been at any.
    pub interface: Option<InterfaceId>,
    /// How many events.
    pub count: u64,
}
