//! The command line: one file a verb.

mod account;
pub(crate) mod attach;
mod audit;
mod capture;
pub(crate) mod down;
mod env;
mod explain;
pub(crate) mod observe;
mod reads;
mod status;
mod store;
pub(crate) mod up;

use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

use crate::client::Client;
use crate::demo;
use crate::place::Place;

/// The open PrivateLink: VPC endpoints on your own Linux machines.
#[derive(Debug, Parser)]
#[command(
    name = "ginnel",
    version,
    after_help = "Example:\n  sudo ginnel up &\n  eval \"$(sudo ginnel env)\"\n  aws ec2 create-vpc --cidr-block 10.0.0.0/16\n\nSee it work first: sudo ginnel demo"
)]
pub(crate) struct Command {
    #[command(flatten)]
    place: Place,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Run Ginnel in the foreground: the API and the data plane
    Up(up::Up),
    /// Stop the daemon; with --purge, remove its data plane and state too
    Down(down::Down),
    /// Show accounts, endpoints, interfaces and what was dropped
    Status(status::Status),
    /// Print the variables that point AWS clients here
    Env(env::Env),
    /// Bind an ENI to a network namespace
    Attach(attach::Attach),
    /// Unbind an ENI from its network namespace
    Detach(attach::Detach),
    /// Make and list accounts
    #[command(subcommand)]
    Account(account::Account),
    /// Back up or check the store
    #[command(subcommand)]
    Store(store::Store),
    /// Search, verify or export the audit trail
    #[command(subcommand)]
    Audit(audit::Audit),
    /// List things of any kind
    Get(reads::Get),
    /// Show all about one thing
    Describe(reads::Describe),
    /// Show calls and what they did
    Events(reads::Events),
    /// Show refused packets and why; with -f also flows, as they happen
    Observe(observe::Observe),
    /// Show or write the packets of an ENI or an endpoint, on both sides of the NAT
    Capture(capture::Capture),
    /// Explain a drop reason
    Explain(explain::Explain),
    /// Build two tenants and an endpoint between them, prove that it works, remove everything
    Demo(demo::Demo),
    /// The demo's HTTP server
    #[command(hide = true, name = "demo-server")]
    DemoServer(demo::server::Server),
}

pub(crate) fn run(command: Command) -> Result<ExitCode> {
    let place = &command.place;
    match command.verb {
        Verb::Up(verb) => verb.run(place)?,
        Verb::Down(verb) => verb.run(place)?,
        Verb::Status(verb) => verb.run(place)?,
        Verb::Env(verb) => verb.run(place)?,
        Verb::Attach(verb) => verb.run(place)?,
        Verb::Detach(verb) => verb.run(place)?,
        Verb::Account(verb) => verb.run(place)?,
        Verb::Store(verb) => return verb.run(place),
        Verb::Audit(verb) => verb.run(place)?,
        Verb::Get(verb) => return verb.run(place),
        Verb::Describe(verb) => return verb.run(place),
        Verb::Events(verb) => return verb.run(place),
        Verb::Observe(verb) => return verb.run(place),
        Verb::Capture(verb) => return verb.run(place),
        Verb::Explain(verb) => verb.run()?,
        Verb::Demo(verb) => return verb.run(),
        Verb::DemoServer(verb) => verb.run()?,
    }
    Ok(ExitCode::SUCCESS)
}

/// The daemon, as its administrator.
fn administrator(place: &Place) -> Result<Client> {
    Ok(Client::new(place.credentials()?))
}
