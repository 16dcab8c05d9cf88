//! `bench-api`: what a call of the API costs, against an emulator in the same run.
//!
//! ```text
//! cargo run --release -p ginnel-testbed --bin bench-api -- [--check] [--json FILE]
//! ```
//!
//! Ginnel (`ginnel up --no-dataplane`) and `moto_server` get the same calls from the same load
//! generator, in turn within each round; ratios are to moto of the same round. Read `run.rs` for
//! the order of things, `case.rs` for what is called, `server.rs` and `fill.rs` for whom and with
//! what, `load/` for how, `bars.rs` for what is demanded.

mod bars;
mod case;
mod fill;
mod load;
mod process;
mod record;
mod report;
mod run;
mod server;

use std::process::ExitCode;

use clap::Parser as _;
use ginnel_testbed as testbed;

fn main() -> ExitCode {
    let options = run::Options::parse();
    run::run(&options).unwrap_or_else(|error| {
        eprintln!("bench-api: {error:#}");
        ExitCode::from(2)
    })
}
