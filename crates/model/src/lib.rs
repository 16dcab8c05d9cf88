//! The words that all rooms of Ginnel share: ids, addresses, nouns with their state machines,
//! the World (desired state of everything) and the host documents compiled from it.
//!
//! Never here: AWS spelling, the kernel, a clock, randomness, I/O. Start reading at [`world`]
//! for what exists and at [`host`] for what a machine must hold.
#![no_std]
extern crate alloc;

pub mod account;
pub mod address;
pub mod dhcp_options;
pub mod endpoint;
pub mod endpoint_service;
pub mod flow_log;
pub mod host;
pub mod iam;
pub mod id;
pub mod insights;
pub mod interface;
pub mod internet_gateway;
pub mod listener;
pub mod load_balancer;
pub mod nat_gateway;
pub mod net;
pub mod network_acl;
pub mod notification;
pub mod outbox;
pub mod peering;
pub mod place;
pub mod prefix_list;
pub mod route_table;
pub mod security_group;
pub mod subnet;
pub mod tag;
pub mod target_group;
pub mod time;
pub mod topic;
pub mod verdict;
pub mod vpc;
pub mod world;
