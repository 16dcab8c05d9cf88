//! The audit trail: what a record says ([`Event`]), and how records hang together ([`chain`]).

pub mod chain;
mod event;

pub use event::{Event, Identity, Kind, Resource};
