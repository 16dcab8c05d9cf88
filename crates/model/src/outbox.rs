//! The outbox: messages that were sent and are not delivered yet.
//!
//! A message is written in the same transaction as what it tells of, and removed when it has
//! been delivered or given up: a crash between the two delivers it again, and never loses it.

use alloc::collections::BTreeMap;
use alloc::string::String;

use serde::{Deserialize, Serialize};

use crate::account::AccountId;
use crate::id::DeliveryId;
use crate::tag::Tags;
use crate::time::Millis;
use crate::world::{Facets, Indexed};

/// A message on its way to a topic's subscriptions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delivery {
    /// Its id: the message's, too.
    pub id: DeliveryId,
    /// The topic's owner.
    pub owner: AccountId,
    /// The topic's ARN; a topic that is not there any more has nobody to tell.
    pub topic: String,
    /// Its subject.
    pub subject: Option<String>,
    /// Its text.
    pub message: String,
    /// What its sender attached.
    #[serde(default)]
    pub attributes: BTreeMap<String, Attribute>,
    /// When it was made.
    pub made: Millis,
}

/// What a message attaches under a name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attribute {
    /// String, String.Array, Number or Binary.
    pub kind: String,
    /// Its value as text; base64 for Binary.
    pub value: String,
}

impl Indexed for Delivery {
    fn index(&self, facets: &mut Facets) {
        facets.owner(self.owner, &Tags::new());
    }
}
