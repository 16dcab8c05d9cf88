//! AWS's wire protocols, spoken from the server's side: bytes in, typed requests out, and back.
//!
//! - [`sigv4`] reads and checks signatures (and makes them, for our own client);
//! - [`call`] finds the service and decodes a request of any service;
//! - [`form`] and [`xml`] are the generic codecs of the EC2 and query protocols;
//! - [`fault`] is an error in the protocol of the service that was called;
//! - [`ec2`], [`elbv2`], [`sts`] hold the generated types.
//!
//! The crate knows nothing of Ginnel's other rooms, holds no state, reads no clock and does no I/O.

pub mod call;
pub mod fault;
pub mod form;
pub mod sigv4;
pub mod xml;

/// Amazon EC2, version 2016-11-15.
pub mod ec2 {
    mod generated;
    pub use generated::*;
}

/// Elastic Load Balancing v2, version 2015-12-01.
pub mod elbv2 {
    mod generated;
    pub use generated::*;
}

/// AWS Security Token Service, version 2011-06-15.
pub mod sts {
    mod generated;
    pub use generated::*;
}

pub use call::{Operation, Parts, Request, Service};
pub use fault::Fault;
