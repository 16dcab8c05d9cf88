//! The words that all rooms of Ginnel share: ids, addresses, nouns with their state machines,
//! the World (desired state of everything) and the host documents compiled from it.
//!
//! Never here: AWS spelling, the kernel, a clock, randomness, I/O. Start reading at [`world`]
//! for what exists and at [`host`] for what a machine must hold.
#![no_std]
extern crate alloc;

pub mod host;
pub mod net;
pub mod verdict;
