//! Rules of security groups: authorise, revoke, list.

pub(crate) mod permission;
