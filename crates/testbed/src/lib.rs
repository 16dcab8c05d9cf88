//! The network lab: real namespaces, real veths, real packets, and nothing left behind.
//!
//! Everything here runs between network namespaces that the lab makes itself; the host's own
//! interfaces are never touched. Each thing started (a namespace, a process, a server) is a guard
//! that ends it when dropped, also when a test panics, and what a killed test left is swept away
//! by the next one ([`netns`]).
//!
//! Start with [`Netns`] and [`link::pair`]; then [`server`] and [`client`] for sockets, [`raw`]
//! and [`packet`] for forged frames, [`ginnel`] for the product itself, and
//! [`proc::eventually`] to wait for a state. The benchmarks in `src/bin/` are built from the same
//! parts; what they share of their own is in [`bench`]. No shipped crate may import this one.

pub mod bench;
pub mod client;
pub mod flow;
pub mod ginnel;
pub mod link;
pub mod netns;
pub mod packet;
pub mod proc;
pub mod raw;
pub mod server;
pub mod tenant;

pub use netns::Netns;
pub use proc::{Child, eventually};

/// Whether the lab can work here. Without root it cannot make namespaces: it says so on stderr,
/// and a test then returns early.
pub fn usable() -> bool {
    let root = nix::unistd::geteuid().is_root();
    if !root {
        eprintln!("skipped: the network lab needs root");
    }
    root
}
