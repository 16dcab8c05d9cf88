//! Addresses and numbers of the network that `core::net` lacks.

mod mac;

pub use mac::Mac;
