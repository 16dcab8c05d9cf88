//! Flow logs: who wants which records of which traffic, and where they go.

use alloc::string::String;

use serde::{Deserialize, Serialize};

use crate::account::AccountId;
use crate::id::{FlowLogId, InterfaceId, SubnetId, VpcId};
use crate::tag::Tags;
use crate::time::Millis;
use crate::world::{Facets, Indexed, Name};

/// A wish for records of traffic. It never changes, and may outlive what it watches.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FlowLog {
    /// Its id.
    pub id: FlowLogId,
    /// Whose.
    pub owner: AccountId,
    /// Whose traffic is recorded.
    pub watched: Watched,
    /// Which traffic is recorded.
    pub traffic: Traffic,
    /// Where the records go.
    pub destination: Destination,
    /// The fields of a record: `${name}` each, with spaces between.
    pub format: String,
    /// Seconds that one record covers at most.
    pub interval_seconds: u32,
    /// When it was made.
    pub created: Millis,
    /// Tags.
    pub tags: Tags,
}

/// What a flow log watches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Watched {
    /// Every interface of a VPC.
    Vpc(VpcId),
    /// Every interface of a subnet.
    Subnet(SubnetId),
    /// One interface.
    Interface(InterfaceId),
}

/// Which traffic is recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Traffic {
    /// What was let through.
    Accept,
    /// What was dropped.
    Reject,
    /// Both.
    All,
}

/// Where records go.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Destination {
    /// A log group.
    LogGroup {
        /// Its name.
        name: String,
        /// The ARN of the role that writes there.
        role: String,
    },
    /// A bucket.
    Bucket {
        /// Its ARN, with a folder if records are to be in one.
        arn: String,
        /// Parquet files instead of text.
        parquet: bool,
        /// Hive-compatible names of folders.
        hive: bool,
        /// A folder an hour instead of one a day.
        hourly: bool,
    },
}

impl Destination {
    /// Whether two are the same place, however the records look there.
    pub fn is_same_place(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::LogGroup { name, .. }, Self::LogGroup { name: theirs, .. }) => name == theirs,
            (Self::Bucket { arn, .. }, Self::Bucket { arn: theirs, .. }) => arn == theirs,
            (Self::LogGroup { .. }, Self::Bucket { .. })
            | (Self::Bucket { .. }, Self::LogGroup { .. }) => false,
        }
    }
}

impl From<Watched> for Name {
    fn from(watched: Watched) -> Self {
        match watched {
            Watched::Vpc(id) => id.into(),
            Watched::Subnet(id) => id.into(),
            Watched::Interface(id) => id.into(),
        }
    }
}

impl Indexed for FlowLog {
    fn index(&self, facets: &mut Facets) {
        facets
            .owner(self.owner, &self.tags)
            .needs(self.owner)
            .mentions(self.watched);
    }
}
