//! What one host must hold in its data plane, what it does hold, and the steps between.
//!
//! This is the contract between three rooms that must not know each other: `plan` compiles
//! a World into a [`Document`], `dataplane` reads a [`State`] from the kernel and applies
//! [`Step`]s, `agent` runs the loop and answers with a [`Report`]. Numbers only: names and
//! AWS ids stay in [`Document::labels`], because the kernel does not hold them.

mod capture;
mod document;
mod flow;
mod report;
mod state;
mod step;

pub use capture::{
    CaptureAnswer, CaptureOrder, CaptureRefused, Captured, Catch, Fate, Frame, MAX_SNAP,
    MAX_WATCHED_GATES, Side, Watch,
};
pub use document::{
    Acl, AclKey, Address, Attachment, BalancerSlot, Document, EniSlot, Entry, Gate, GateSlot,
    Group, GroupSlot, Interface, Label, Listener, ListenerKey, MAX_ADDRESSES_PER_ENI,
    MAX_ENTRIES_PER_ACL, MAX_GROUPS_PER_ENI, MAX_RULES_PER_GROUP, MAX_SLOTS, MAX_TARGETS,
    MAX_TARGETS_PER_GROUP, Nat, NatKey, NextHop, Peer, Place, Public, RouteTableKey, Rule,
    SubnetKey, Tables, Target, TargetGroupSlot, Traffic, VpcNumber,
};
pub use flow::{Count, Event, Flow, Refusal, Told, Tuple, Wanted, Way};
pub use report::{Counters, EniCounters, GateCounters, GateReport, InterfaceReport, Report};
pub use state::{InterfaceState, State};
pub use step::Step;
