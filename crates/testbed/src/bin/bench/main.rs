//! `bench`: what a path between two workloads costs, against a bare veth and against its peers.
//!
//! ```text
//! cargo run --release -p ginnel-testbed --bin bench -- run [--check] [--json FILE]
//! cargo run --release -p ginnel-testbed --bin bench -- policy [--check] [--json FILE]
//! ```
//!
//! The method is that of DATAPLANE.md section 1: everything on one core, tools of our own, paths
//! taken in turn within each round, ratios to `direct` of the same round, medians over rounds,
//! and CPU time of our own control group beside every rate. Read `rounds.rs` for the order of
//! things, `measure.rs` for what is measured, `tool/` for how, `path/` for between what.

mod bar;
mod cpu;
mod machine;
mod measure;
mod path;
mod policy;
mod provision;
mod report;
mod rounds;
mod stats;
mod tool;

use std::process::ExitCode;

use clap::Parser;
use ginnel_testbed as testbed;

#[derive(Debug, Parser)]
#[command(name = "bench", about = "Compares network paths on one core, fairly")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Measures all paths in interleaved rounds and prints a table.
    Run(rounds::Options),
    /// Measures what rules, many flows and flow logs cost.
    Policy(policy::Options),
    /// Measures from CreateVpcEndpoint to the first byte through the endpoint.
    Provision(provision::Options),
    /// One measuring tool; started by `run` inside a namespace.
    #[command(hide = true, subcommand)]
    Tool(tool::Tool),
}

fn main() -> ExitCode {
    let result = match Arguments::parse().command {
        Command::Run(options) => rounds::run(&options),
        Command::Policy(options) => policy::run(&options),
        Command::Provision(options) => provision::run(&options),
        Command::Tool(tool) => tool::run(tool).map(|()| ExitCode::SUCCESS),
    };
    result.unwrap_or_else(|error| {
        eprintln!("bench: {error:#}");
        ExitCode::from(2)
    })
}
