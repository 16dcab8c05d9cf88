//! Topics and their subscriptions: who is told what happens.

use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use crate::account::AccountId;
use crate::id::{DeliveryId, SubscriptionId, TopicId};
use crate::tag::Tags;
use crate::time::Millis;
use crate::world::{Claim, Facets, Indexed, Kind, World};

/// Subscriptions of one topic; its removal takes them and their questions along in one
/// transaction.
pub const MAX_SUBSCRIPTIONS: usize = 60;

/// A name that messages are sent to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Topic {
    /// Its id; people use the name.
    pub id: TopicId,
    /// Whose.
    pub owner: AccountId,
    /// Its name, one of a kind in the account.
    pub name: String,
    /// Attributes that were set: DisplayName, Policy.
    pub attributes: BTreeMap<String, String>,
    /// When it was made.
    pub created: Millis,
    /// Tags.
    pub tags: Tags,
}

/// Someone who gets a topic's messages.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subscription {
    /// The last part of its ARN.
    pub id: SubscriptionId,
    /// Whose.
    pub owner: AccountId,
    /// To which topic.
    pub topic: TopicId,
    /// How messages are sent.
    pub protocol: Protocol,
    /// The URL that they are sent to.
    pub endpoint: String,
    /// Whether the other side has agreed.
    pub state: State,
    /// SHA-256 of the token that confirms it, in hex.
    pub token: String,
    /// When that token was made.
    pub asked: Millis,
    /// Only the message itself is sent, without the envelope around it.
    pub raw: bool,
}

/// How messages are sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Protocol {
    /// HTTP.
    Http,
    /// HTTP over TLS.
    Https,
}

/// Whether the other side has agreed to be told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum State {
    /// It was asked, and gets nothing else yet.
    Pending {
        /// The message that asks.
        question: DeliveryId,
        /// The token that confirms, sealed with the instance's key file.
        sealed_token: Vec<u8>,
    },
    /// It has agreed.
    Confirmed {
        /// By a signed call, not by following the URL.
        authenticated: bool,
        /// Only a signed call of its owner ends it.
        guarded: bool,
    },
}

impl Protocol {
    /// AWS's name, which is the URL's scheme too.
    pub fn name(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
        }
    }
}

impl Topic {
    /// `arn:aws:sns:REGION:ACCOUNT:NAME`.
    pub fn arn(&self, region: &str) -> String {
        format!("arn:aws:sns:{region}:{}:{}", self.owner, self.name)
    }
}

impl Subscription {
    /// The topic's ARN, and a UUID.
    pub fn arn(&self, region: &str, topic: &Topic) -> String {
        format!("{}:{}", topic.arn(region), self.id.uuid())
    }

    /// Whether it gets messages.
    pub fn is_confirmed(&self) -> bool {
        matches!(self.state, State::Confirmed { .. })
    }
}

impl World {
    /// The topic with this name.
    pub fn topic(&self, owner: AccountId, name: &str) -> Option<&alloc::sync::Arc<Topic>> {
        self.claimant(Claim::Name(owner, Kind::Topic, name.into()))
    }
}

impl Indexed for Topic {
    fn index(&self, facets: &mut Facets) {
        facets
            .owner(self.owner, &self.tags)
            .claims(Claim::Name(self.owner, Kind::Topic, self.name.clone()))
            .needs(self.owner);
    }
}

impl Indexed for Subscription {
    fn index(&self, facets: &mut Facets) {
        facets
            .owner(self.owner, &Tags::new())
            .needs(self.owner)
            .needs(self.topic);
        if let State::Pending { question, .. } = &self.state {
            facets.mentions(question);
        }
    }
}
