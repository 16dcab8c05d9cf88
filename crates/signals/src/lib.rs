//! Tells: what happened, in forms that last. Pure: records in, bytes out.
//!
//! Here so far: the audit trail ([`audit`]): one CloudTrail-shaped record a call, chained by
//! hashes; and flow logs ([`flow`]): what is a field, a format and a record, and how counted
//! packets become records. Never here: files, sockets, a clock.
#![no_std]
extern crate alloc;

pub mod audit;
pub mod flow;
