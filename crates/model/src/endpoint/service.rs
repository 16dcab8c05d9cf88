//! What an endpoint leads to.

use alloc::format;
use alloc::string::String;
use core::fmt;
use core::net::Ipv4Addr;

use ipnet::Ipv4Net;
use serde::{Deserialize, Serialize};

use crate::id::{PrefixListId, ServiceId};

/// A provider's service, or an AWS-managed one.
// Stored as its text: `vpce-svc-...`, as stores before the second kind have it, or `s3`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Service {
    /// A provider's, behind load balancers.
    Private(ServiceId),
    /// One of AWS's, reached through a gateway.
    Managed(Managed),
}

/// The services that are reached through a gateway.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Managed {
    /// Tables.
    DynamoDb,
    /// Objects.
    S3,
}

impl Service {
    /// The AWS-managed service.
    pub fn managed(self) -> Option<Managed> {
        match self {
            Self::Private(_) => None,
            Self::Managed(managed) => Some(managed),
        }
    }

    /// The name that consumers give: `com.amazonaws.vpce.REGION.ID`, `com.amazonaws.REGION.s3`.
    pub fn name(self, region: &str) -> String {
        match self {
            Self::Private(id) => format!("com.amazonaws.vpce.{region}.{id}"),
            Self::Managed(managed) => format!("com.amazonaws.{region}.{}", managed.word()),
        }
    }
}

impl fmt::Display for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Private(id) => id.fmt(f),
            Self::Managed(managed) => f.write_str(managed.word()),
        }
    }
}

impl Managed {
    /// All of them, in the order of their names.
    pub const ALL: [Self; 2] = [Self::DynamoDb, Self::S3];

    /// The last part of its name.
    pub fn word(self) -> &'static str {
        match self {
            Self::DynamoDb => "dynamodb",
            Self::S3 => "s3",
        }
    }

    /// Its id among services, the same everywhere.
    pub fn id(self) -> ServiceId {
        ServiceId::new(match self {
            Self::DynamoDb => 0x0_d711_a0db_0000_0001,
            Self::S3 => 0x0_0530_0000_0000_0001,
        })
    }

    /// The id of the list of its addresses, the same everywhere.
    pub fn prefix_list(self) -> PrefixListId {
        PrefixListId::new(match self {
            Self::DynamoDb => 0x0_d711_a0db_0000_0002,
            Self::S3 => 0x0_0530_0000_0000_0002,
        })
    }

    /// The service that a prefix list is of, if the list is one of AWS's.
    pub fn of_prefix_list(list: PrefixListId) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.prefix_list() == list)
    }

    /// Its addresses, which nobody else has: those set apart for documentation (RFC 5737).
    pub fn addresses(self) -> impl Iterator<Item = Ipv4Net> {
        let blocks: &[[u8; 3]] = match self {
            Self::DynamoDb => &[[192, 0, 2]],
            Self::S3 => &[[198, 51, 100], [203, 0, 113]],
        };
        blocks
            .iter()
            .map(|[a, b, c]| Ipv4Net::new_assert(Ipv4Addr::new(*a, *b, *c, 0), 24))
    }
}
