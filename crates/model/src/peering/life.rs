//! The life of a peering connection: one table of what each event does in each state.
//!
//! ```text
//!                     ask
//!                      │
//!              InitiatingRequest ─── Fail ──► Failed
//!                      │
//!                    Sent
//!                      ▼
//!   Expired ◄─ PendingAcceptance ── Reject ──► Rejected
//!        Expire    │         │
//!               Accept     Delete ────────────────────┐
//!                  ▼                                  ▼
//!            Provisioning ── Provisioned ──► Active ─ Delete ─► Deleting ── Removed ──► Deleted
//! ```

use serde::{Deserialize, Serialize};

use crate::time::Millis;

/// A request that its accepter has not answered for so long has expired: 7 days.
pub const UNANSWERED: Millis = Millis(7 * 24 * 60 * 60 * 1_000);

/// Where a peering connection's life stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum State {
    /// Asked for.
    InitiatingRequest,
    /// The accepter has to answer.
    PendingAcceptance,
    /// Accepted; no packets yet.
    Provisioning,
    /// Packets may pass.
    Active,
    /// The accepter refused.
    Rejected,
    /// It could not be asked for.
    Failed,
    /// The accepter did not answer in time.
    Expired,
    /// Going away.
    Deleting,
    /// One of the two ended it.
    Deleted,
}

/// What happens to a peering connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// The accepter has the request.
    Sent,
    /// The request cannot be.
    Fail,
    /// The accepter accepts.
    Accept,
    /// Packets may pass.
    Provisioned,
    /// The accepter rejects.
    Reject,
    /// The accepter has let its time pass.
    Expire,
    /// Either side deletes.
    Delete,
    /// No packet passes any more.
    Removed,
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

/// Every state, in the table's order.
pub const STATES: [State; 9] = [
    State::InitiatingRequest,
    State::PendingAcceptance,
    State::Provisioning,
    State::Active,
    State::Rejected,
    State::Failed,
    State::Expired,
    State::Deleting,
    State::Deleted,
];

/// Every event, in the table's order.
pub const EVENTS: [Event; 8] = [
    Event::Sent,
    Event::Fail,
    Event::Accept,
    Event::Provisioned,
    Event::Reject,
    Event::Expire,
    Event::Delete,
    Event::Removed,
];

type Cell = Option<State>;

/// Not possible.
const NO: Cell = None;
const SENT: Cell = Some(State::PendingAcceptance);
const FAIL: Cell = Some(State::Failed);
const LET_IN: Cell = Some(State::Provisioning);
const READY: Cell = Some(State::Active);
const REFUSE: Cell = Some(State::Rejected);
const EXPIRE: Cell = Some(State::Expired);
const CLOSE: Cell = Some(State::Deleting);
const GONE: Cell = Some(State::Deleted);

/// What each event does in each state: a row for each of [`STATES`], a column for each of
/// [`EVENTS`].
#[rustfmt::skip]
const TABLE: [[Cell; EVENTS.len()]; STATES.len()] = [
    //                        Sent  Fail  Accept  Provisioned Reject  Expire  Delete Removed
    /* InitiatingRequest */ [SENT, FAIL, NO,     NO,         NO,     NO,     NO,    NO],
    /* PendingAcceptance */ [NO,   NO,   LET_IN, NO,         REFUSE, EXPIRE, CLOSE, NO],
    /* Provisioning      */ [NO,   NO,   NO,     READY,      NO,     NO,     CLOSE, NO],
    /* Active            */ [NO,   NO,   NO,     READY,      NO,     NO,     CLOSE, NO],
    /* Rejected          */ [NO,   NO,   NO,     NO,         NO,     NO,     NO,    NO],
    /* Failed            */ [NO,   NO,   NO,     NO,         NO,     NO,     NO,    NO],
    /* Expired           */ [NO,   NO,   NO,     NO,         NO,     NO,     NO,    NO],
    /* Deleting          */ [NO,   NO,   NO,     NO,         NO,     NO,     NO,    GONE],
    /* Deleted           */ [NO,   NO,   NO,     NO,         NO,     NO,     NO,    NO],
];

impl State {
    /// What an event leads to.
    pub fn on(self, event: Event) -> Result<Self, Refused> {
        let cell = TABLE
            .get(self as usize)
            .and_then(|row| row.get(event as usize).copied())
            .flatten();
        cell.ok_or(Refused { state: self, event })
    }

    /// Whether packets may pass.
    pub fn is_open(self) -> bool {
        self == Self::Active
    }

    /// Whether it was accepted, and is not at its end.
    pub fn is_way(self) -> bool {
        matches!(self, Self::Provisioning | Self::Active)
    }

    /// Whether it is a way, or something may still come of it.
    pub fn is_live(self) -> bool {
        self.is_way() || matches!(self, Self::InitiatingRequest | Self::PendingAcceptance)
    }
}
