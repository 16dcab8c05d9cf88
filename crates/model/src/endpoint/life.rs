//! The life of an endpoint: one table of what each event does in each state.
//!
//! ```text
//!            ask, waits                    ask, admitted          ask, of a gateway
//!                │                               │                       │
//!                ▼                               ▼                       ▼
//!        PendingAcceptance ───── Accept ─────► Pending ── Realised ──► Available
//!           │        │                         ▲  │  │                   │
//!         Expire   Reject, Gone         Accept │  │  └─ Broken ► Failed  │
//!           ▼        │                         │  │                      │
//!        Expired     └────────────────────► Rejected ◄─ Reject, Gone ────┘
//!
//! any ── Delete ──► Deleting ── Removed ──► Deleted: it is not there any more
//! Partial: of endpoints to several resources, which are not made yet; nothing leads there.
//! ```

use serde::{Deserialize, Serialize};

use crate::notification::Notice;
use crate::time::Millis;

/// A connection that its provider has not answered for so long has expired: 7 days.
pub const UNANSWERED: Millis = Millis(7 * 24 * 60 * 60 * 1_000);

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
    /// It could not be made.
    Failed,
    /// The provider did not answer in time.
    Expired,
    /// Some of its resources can be reached, some cannot.
    Partial,
    /// Going away; removed when no host has it any more.
    Deleting,
    /// Gone; nothing is stored in this state.
    Deleted,
}

/// What happens to an endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// The provider accepts.
    Accept,
    /// The provider rejects.
    Reject,
    /// The provider's service is gone.
    Gone,
    /// The consumer deletes.
    Delete,
    /// A probe of every zone came back.
    Realised,
    /// A host cannot make it.
    Broken,
    /// No host has it any more.
    Removed,
    /// The provider has let its time pass.
    Expire,
}

/// How an endpoint that is asked for begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Admission {
    /// The provider wants to be asked.
    Waits,
    /// The provider admits whoever may see the service.
    Admitted,
    /// Of a gateway: a route, with nothing to wait for.
    AtOnce,
}

/// What else an event does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Packets may pass, under a new number.
    Open,
    /// Packets pass no more.
    Close,
    /// Who wants to know of this is told.
    Notify(Notice),
    /// It is removed from the World.
    Forget,
}

/// What an event leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// The next state.
    pub to: State,
    /// What else happens.
    pub effects: &'static [Effect],
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
    State::PendingAcceptance,
    State::Pending,
    State::Available,
    State::Rejected,
    State::Failed,
    State::Expired,
    State::Partial,
    State::Deleting,
    State::Deleted,
];

/// Every event, in the table's order.
pub const EVENTS: [Event; 8] = [
    Event::Accept,
    Event::Reject,
    Event::Gone,
    Event::Delete,
    Event::Realised,
    Event::Broken,
    Event::Removed,
    Event::Expire,
];

type Cell = Option<Step>;

const fn step(to: State, effects: &'static [Effect]) -> Cell {
    Some(Step { to, effects })
}

/// Not possible.
const NO: Cell = None;
/// The provider lets it in.
const LET_IN: Cell = step(
    State::Pending,
    &[Effect::Open, Effect::Notify(Notice::Accept)],
);
/// The provider refuses what never was open.
const REFUSE: Cell = step(State::Rejected, &[Effect::Notify(Notice::Reject)]);
/// The provider cuts what is open.
const CUT: Cell = step(
    State::Rejected,
    &[Effect::Close, Effect::Notify(Notice::Reject)],
);
/// The consumer gives up what is closed.
const GIVE_UP: Cell = step(State::Deleting, &[Effect::Notify(Notice::Delete)]);
/// The consumer closes what is open, for good.
const CLOSE: Cell = step(
    State::Deleting,
    &[Effect::Close, Effect::Notify(Notice::Delete)],
);
/// A probe has crossed.
const READY: Cell = step(State::Available, &[]);
/// It cannot be made.
const BREAK: Cell = step(State::Failed, &[Effect::Close]);
/// Nobody answered.
const EXPIRE: Cell = step(State::Expired, &[]);
/// It is not there any more.
const FORGET: Cell = step(State::Deleted, &[Effect::Forget]);
/// Nothing new for what is rejected, failed, expired, or being deleted.
const STILL_REJECTED: Cell = step(State::Rejected, &[]);
const STILL_FAILED: Cell = step(State::Failed, &[]);
const STILL_EXPIRED: Cell = step(State::Expired, &[]);
const STILL_PARTIAL: Cell = step(State::Partial, &[]);
const STILL_DELETING: Cell = step(State::Deleting, &[]);

/// What each event does in each state: a row for each of [`STATES`], a column for each of
/// [`EVENTS`].
#[rustfmt::skip]
const TABLE: [[Cell; EVENTS.len()]; STATES.len()] = [
    //                   Accept  Reject  Gone            Delete          Realised Broken Removed Expire
    /* PendingAcceptance */ [LET_IN, REFUSE, REFUSE,         GIVE_UP,        NO,      NO,    NO,     EXPIRE],
    /* Pending           */ [NO,     CUT,    CUT,            CLOSE,          READY,   BREAK, NO,     NO],
    // A second probe changes nothing; what has worked once is repaired, not given up.
    /* Available         */ [NO,     CUT,    CUT,            CLOSE,          READY,   NO,    NO,     NO],
    // Accepting again what was rejected opens it again.
    /* Rejected          */ [LET_IN, NO,     STILL_REJECTED, GIVE_UP,        NO,      NO,    NO,     NO],
    /* Failed            */ [NO,     NO,     STILL_FAILED,   GIVE_UP,        NO,      NO,    NO,     NO],
    /* Expired           */ [NO,     NO,     STILL_EXPIRED,  GIVE_UP,        NO,      NO,    NO,     NO],
    /* Partial           */ [NO,     NO,     STILL_PARTIAL,  GIVE_UP,        NO,      NO,    NO,     NO],
    // Deleting twice is deleting.
    /* Deleting          */ [NO,     NO,     STILL_DELETING, STILL_DELETING, NO,      NO,    FORGET, NO],
    /* Deleted           */ [NO,     NO,     NO,             NO,             NO,      NO,    NO,     NO],
];

impl State {
    /// What an event leads to.
    pub fn on(self, event: Event) -> Result<Step, Refused> {
        let cell = TABLE
            .get(self as usize)
            .and_then(|row| row.get(event as usize).copied())
            .flatten();
        cell.ok_or(Refused { state: self, event })
    }

    /// Whether packets may pass.
    pub fn is_open(self) -> bool {
        matches!(self, Self::Pending | Self::Available)
    }

    /// Whether a provider has to do with it: it waits, or is open.
    pub fn is_live(self) -> bool {
        self.is_open() || self == Self::PendingAcceptance
    }
}

impl Admission {
    /// What asking for an endpoint leads to.
    pub fn begin(self) -> Step {
        let (to, effects): (State, &'static [Effect]) = match self {
            Self::Waits => (State::PendingAcceptance, &[Effect::Notify(Notice::Connect)]),
            Self::Admitted => (
                State::Pending,
                &[Effect::Open, Effect::Notify(Notice::Connect)],
            ),
            Self::AtOnce => (State::Available, &[Effect::Open]),
        };
        Step { to, effects }
    }
}
