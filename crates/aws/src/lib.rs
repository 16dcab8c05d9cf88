//! AWS's wire protocols, spoken from the server's side: bytes in, typed requests out, and back.
//!
//! - [`sigv4`] reads and checks signatures (and makes them, for our own client);
//! - [`call`] finds the service and decodes a request of any service;
//! - [`form`] and [`xml`] are the generic codecs of the EC2 and query protocols;
//! - [`json`] and [`cbor`] are those of the awsJson and rpc-v2-cbor protocols;
//! - [`fault`] is an error in the protocol of the service that was called;
//! - [`ec2`], [`elbv2`], [`sts`], [`iam`], [`sns`], [`cloudtrail`], [`quotas`] and [`tagging`]
//!   hold the generated types;
//! - `fuzzing` has the properties that `/fuzz` and the tests check.
//!
//! The crate knows nothing of Ginnel's other rooms, holds no state, reads no clock and does no I/O.

pub mod call;
pub mod cbor;
pub mod fault;
pub mod form;
#[cfg(any(test, feature = "fuzzing"))]
pub mod fuzzing;
pub mod json;
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

/// AWS Identity and Access Management, version 2010-05-08.
pub mod iam {
    mod generated;
    pub use generated::*;
}

/// Amazon Simple Notification Service, version 2010-03-31.
pub mod sns {
    mod generated;
    pub use generated::*;
}

/// AWS CloudTrail, version 2013-11-01.
pub mod cloudtrail {
    mod generated;
    pub use generated::*;
}

/// Service Quotas, version 2019-06-24.
pub mod quotas {
    mod generated;
    pub use generated::*;
}

/// AWS Resource Groups Tagging API, version 2017-01-26.
pub mod tagging {
    mod generated;
    pub use generated::*;
}

pub use call::{Operation, Parts, Request, Response, Service};
pub use fault::Fault;
