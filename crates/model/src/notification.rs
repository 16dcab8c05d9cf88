//! Connection notifications: which topics are told of what happens to connections.

use alloc::string::String;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use crate::account::AccountId;
use crate::id::{EndpointId, NotificationId, ServiceId};
use crate::tag::Tags;
use crate::time::Millis;
use crate::world::{Facets, Indexed};

/// A wish to be told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notification {
    /// Its id.
    pub id: NotificationId,
    /// Whose.
    pub owner: AccountId,
    /// Whose connections.
    pub about: About,
    /// The topic's ARN.
    pub topic: String,
    /// What is told, each once, in order.
    pub events: Vec<Notice>,
    /// Whether it is in force.
    pub enabled: bool,
    /// When it was made.
    pub created: Millis,
}

/// Whose connections a notification is about. It goes when they go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum About {
    /// All of a service: its provider is told.
    Service(ServiceId),
    /// One endpoint's: its consumer is told.
    Endpoint(EndpointId),
}

/// What can be told of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Notice {
    /// The provider accepted it.
    Accept,
    /// The consumer asked for it.
    Connect,
    /// The consumer deleted it.
    Delete,
    /// The provider rejected it.
    Reject,
}

impl Notice {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Accept, Self::Connect, Self::Delete, Self::Reject];

    /// AWS's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Accept => "Accept",
            Self::Connect => "Connect",
            Self::Delete => "Delete",
            Self::Reject => "Reject",
        }
    }
}

impl Indexed for Notification {
    fn index(&self, facets: &mut Facets) {
        facets.owner(self.owner, &Tags::new());
        match self.about {
            About::Service(service) => facets.needs(service),
            About::Endpoint(endpoint) => facets.needs(endpoint),
        };
    }
}
