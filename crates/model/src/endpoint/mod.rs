//! Interface endpoints: the consumer's side, and the life of a connection.
//!
//! ```text
//!                 ┌────────────── Reject ──────────────┐
//!                 │                                    ▼
//! PendingAcceptance ── Accept ──► Pending ── Realised ──► Available
//!                                   ▲  │                     │
//!                       Accept ─────┘  └── Reject ──► Rejected ◄── Reject
//! any ── Delete ──► Deleting ── Removed ──► (gone)
//! ```

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use crate::account::AccountId;
use crate::id::{EndpointId, InterfaceId, SecurityGroupId, ServiceId, VpcId};
use crate::tag::Tags;
use crate::time::Millis;
use crate::world::{Facets, Indexed, World};

/// A consumer's door to a service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Endpoint {
    /// Its id.
    pub id: EndpointId,
    /// Whose: the consumer.
    pub owner: AccountId,
    /// In which VPC.
    pub vpc: VpcId,
    /// To which service.
    pub service: ServiceId,
    /// Where its life stands.
    pub state: State,
    /// One ENI a zone, in the order of the subnets given.
    pub interfaces: Vec<InterfaceId>,
    /// The security groups of its ENIs.
    pub groups: Vec<SecurityGroupId>,
    /// The random part of its DNS names, 8 characters.
    pub dns_suffix: String,
    /// The log's revision at which it was last opened (never 0); flows admitted under another
    /// number are cut. 0 while it is closed.
    pub opened: u32,
    /// The log's revision of the last change of state: hosts that have realised it act on it.
    pub changed_at: u64,
    /// How long its making took, by phase.
    pub provisioning: Provisioning,
    /// Tags.
    pub tags: Tags,
}

/// When each phase of an endpoint's making ended (SLI M7).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Provisioning {
    /// The consumer asked.
    pub requested: Millis,
    /// The provider (or its settings) accepted.
    pub accepted: Option<Millis>,
    /// A probe had crossed the path.
    pub available: Option<Millis>,
}

/// Where an endpoint's life stands (AWS.md 7.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum State {
    /// The provider has to accept.
    PendingAcceptance,
    /// Accepted; no probe has crossed yet.
    Pending,
    /// A probe has crossed.
    Available,
    /// The provider refused, at once or later.
    Rejected,
    /// Going away; removed when no host has it any more.
    Deleting,
}

/// What happens to an endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// The provider accepts.
    Accept,
    /// The provider rejects.
    Reject,
    /// A probe of every zone came back.
    Realised,
    /// The consumer deletes.
    Delete,
}

/// An event that the state does not allow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{event:?} is not possible in state {state:?}")]
pub struct Refused {
    /// The state.
    pub state: State,
    /// The event.
    pub event: Event,
}

impl State {
    /// The state after an event.
    pub fn on(self, event: Event) -> Result<Self, Refused> {
        use Event::{Accept, Delete, Realised, Reject};
        use State::{Available, Deleting, Pending, PendingAcceptance, Rejected};
        match (self, event) {
            // Accepting again what was rejected opens it again.
            (PendingAcceptance | Rejected, Accept) => Ok(Pending),
            (PendingAcceptance | Pending | Available, Reject) => Ok(Rejected),
            // A second probe changes nothing.
            (Pending | Available, Realised) => Ok(Available),
            // Deleting twice is deleting.
            (PendingAcceptance | Pending | Available | Rejected | Deleting, Delete) => Ok(Deleting),
            (Pending | Available | Deleting, Accept)
            | (Rejected | Deleting, Reject)
            | (PendingAcceptance | Rejected | Deleting, Realised) => {
                Err(Refused { state: self, event })
            }
        }
    }

    /// Whether packets may pass.
    pub fn is_open(self) -> bool {
        matches!(self, Self::Pending | Self::Available)
    }
}

impl Endpoint {
    /// Moves on. `revision` is the log's at which this is written, `now` the time.
    pub fn on(&mut self, event: Event, revision: u64, now: Millis) -> Result<(), Refused> {
        let was_open = self.state.is_open();
        let next = self.state.on(event)?;
        if next != self.state {
            self.changed_at = revision;
        }
        self.state = next;
        match (was_open, self.state.is_open()) {
            (false, true) => {
                self.open(revision);
                self.provisioning.accepted = Some(now);
                self.provisioning.available = None;
            }
            (_, false) => self.opened = 0,
            (true, true) => {}
        }
        if self.state == State::Available && self.provisioning.available.is_none() {
            self.provisioning.available = Some(now);
        }
        Ok(())
    }

    /// Gives the flows of this opening their number.
    pub fn open(&mut self, revision: u64) {
        // The low half is enough to tell an opening from the one before it.
        self.opened = u32::try_from(revision % u64::from(u32::MAX)).unwrap_or(0) + 1;
    }
}

impl Indexed for Endpoint {
    fn index(&self, facets: &mut Facets) {
        facets
            .owner(self.owner, &self.tags)
            .needs(self.vpc)
            .needs_all(&self.interfaces)
            .needs_all(&self.groups)
            .mentions(self.service);
    }

    fn problems(&self, world: &World, problems: &mut Vec<String>) {
        if (self.opened != 0) != self.state.is_open() {
            problems.push(format!("{} is half open", self.id));
        }
        if self.state.is_open() && !world.services.contains_key(&self.service) {
            problems.push(format!("{} leads to no service", self.id));
        }
    }
}

#[cfg(test)]
mod tests;
