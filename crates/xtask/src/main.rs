//! Development tasks of the workspace: `cargo xtask <task>`.
//!
//! - `cut-models` makes `data/*.json` from the botocore that python3 imports;
//! - `bpf [--check]` makes (or compares) the BPF object and the Rust made from its headers;
//! - `api-doc [--check]` writes (or compares) `docs/api.md`: what the API carries out and refuses;
//! - `check-arch` holds the rooms to `architecture.toml`;
//! - `codegen [--check]` writes (or compares) `crates/aws/src/*/generated.rs` from them.

mod api_doc;
mod bpf;
mod check_arch;
mod codegen;
mod models;

use std::path::PathBuf;
use std::process::ExitCode;

const USAGE: &str = "usage: cargo xtask <cut-models | codegen [--check] | api-doc [--check] | bpf [--check] | check-arch>";

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = args.iter().map(String::as_str).collect();
    let done = match words.as_slice() {
        ["cut-models"] => models::cut(&root()),
        ["check-arch"] => check_arch::run(&root()),
        ["bpf"] => bpf::run(&root(), codegen::Mode::Write),
        ["bpf", "--check"] => bpf::run(&root(), codegen::Mode::Check),
        ["api-doc"] => api_doc::run(&root(), codegen::Mode::Write),
        ["api-doc", "--check"] => api_doc::run(&root(), codegen::Mode::Check),
        ["codegen"] => codegen::run(&root(), codegen::Mode::Write),
        ["codegen", "--check"] => codegen::run(&root(), codegen::Mode::Check),
        _ => {
            eprintln!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// The workspace's folder, seen from this crate's.
fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..")
}
