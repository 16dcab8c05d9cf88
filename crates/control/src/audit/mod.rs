//! Audit: each call becomes one CloudTrail-shaped record in the transaction of its effect.
//!
//! [`record`] makes the records, [`trail`] chains them into the log, `lookup` answers
//! CloudTrail's LookupEvents, [`offline`] is for the command line. Records of reads that
//! succeed share a later transaction: a crash can lose those of the last moments, never one of a
//! write, a refusal of a write, or an effect.

pub(crate) mod lookup;
pub(crate) mod offline;
pub(crate) mod record;
pub(crate) mod trail;
