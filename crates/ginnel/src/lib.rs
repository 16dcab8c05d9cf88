//! The `ginnel` binary: composition, configuration and the command line. No logic lives here:
//! each verb in `cli/` asks the daemon, and `compose.rs` is the only place that picks concrete
//! types for the rooms. A library beside the binary only so that tests and benchmarks can use
//! its [`client`].

mod cli;
pub mod client;
mod compose;
mod demo;
mod output;
pub mod place;

use std::process::ExitCode;

use clap::Parser as _;

/// Runs the command line.
pub fn main() -> ExitCode {
    let command = cli::Command::parse();
    match cli::run(command) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("ginnel: {error:#}");
            ExitCode::FAILURE
        }
    }
}
