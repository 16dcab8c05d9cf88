//! A VPC with real sockets: rules, routes, the way out, errors, and what is told of it all.

#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

#[path = "../door/host.rs"]
mod host;
mod lab;
mod sockets;
mod ways;

mod acls;
mod attached;
mod checksums;
mod doors;
mod errors;
mod families;
mod frames;
mod groups;
mod outside;
mod routes;
mod sizes;
mod told;

use std::time::Duration;

const LIMIT: Duration = Duration::from_secs(3);
/// Long enough for nothing to come: the paths here answer in microseconds, and what refused a
/// packet is counted besides.
const SILENCE: Duration = Duration::from_millis(50);
