//! The whole product from outside: the real binary, the real API, real packets.

#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod capture;
mod clients;
mod conformance;
mod demo;
mod dev;
mod flow_logs;
mod lab;
mod notify;
mod observe;
mod outside;
mod passage;
mod reads;
mod refuse;
mod survive;
