//! The revisioned log: what Ginnel remembers.
//!
//! A [`Log`] is an ordered map from [`Key`] to bytes in which every successful
//! transaction makes exactly one new [`Revision`]. It means what etcd means:
//! compares on modification revisions, snapshots at a revision, history from a
//! revision, compaction. [`Memory`] is the model; [`SqliteLog`] is the engine
//! for one machine; [`laws`] holds every engine to the same behaviour.
//!
//! This crate never knows what a value means and imports no other room.
//!
//! Start reading at [`log`], then `memory.rs` (the whole meaning in one page),
//! then `sqlite/writer.rs` (how a write becomes durable).

mod error;
mod key;
pub mod laws;
pub mod log;
mod memory;
mod notify;
pub mod sqlite;

pub use error::{Error, Limit};
pub use key::{Key, Prefix};
pub use log::{
    Change, Compare, Event, Item, Log, MAX_BYTES, MAX_OPERATIONS, Order, Pending, Revision,
    Snapshot, Txn, TxnOutcome,
};
pub use memory::Memory;
pub use sqlite::{Options, Report, SqliteLog, check};
