//! The host's side: makes the kernel hold what the document says, and says what it found.
//!
//! [`Reconciler`] is one pass of the loop, over any [`dataplane::Kernel`], with the time as an
//! argument; [`spawn`] is its driver: a thread that wakes for a new document, and re-reads
//! and re-applies everything every ten seconds, changed or not, and serves the host's one capture beside it. [`sink`] writes flow logs. Never
//! here: a decision (they are in the document), the store.

mod capture;
mod driver;
mod reader;
mod reconcile;
mod recorder;
pub mod sink;

pub use driver::{Agent, CaptureCall, Handle, Observer, spawn};
pub use reconcile::Reconciler;
