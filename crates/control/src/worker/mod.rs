//! What goes on besides calls.

pub(crate) mod notification;
