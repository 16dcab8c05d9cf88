//! Works out: from the World to what a host must hold, and from there to ordered steps.
//!
//! Never here: I/O, a clock, randomness, the kernel. The same inputs give the same plan.
#![no_std]
extern crate alloc;

pub mod compile;
pub mod diff;
pub mod reach;
pub mod walk;
