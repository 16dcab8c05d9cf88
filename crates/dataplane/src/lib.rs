//! The only room that touches the kernel: network namespaces, links, BPF programs and maps.
//!
//! It carries out [`model::host::Step`]s and reads back [`model::host::State`]; it decides
//! nothing. Two kernels: [`Linux`], and [`Fake`] for tests and hosts without root. The
//! programs are C, in `bpf/`; start there at `eni.bpf.c`. This is the only crate with
//! `unsafe`, and each block says why it is sound.

mod fake;
mod kernel;
mod linux;

pub use fake::Fake;
pub use kernel::{Echo, Error, Kernel};
pub use linux::{
    Dirs, Gso, Limits, Linux, Trial, Uplink, check_namespace, make_named, preflight, purge,
    remove_named, run_inside,
};
