//! `ginnel up`.

use std::net::SocketAddr;

use anyhow::Result;

use crate::compose;
use crate::place::Place;

/// Runs until SIGTERM or Ctrl-C, and leaves the data plane forwarding when it stops.
#[derive(Clone, Debug, clap::Args)]
#[command(
    after_help = "Example:\n  sudo ginnel up\n  sudo ginnel up --uplink internet   # a way out, into the namespace of that name\n  ginnel up --no-dataplane --state ~/.ginnel --run ~/.ginnel/run   # API only, without root\n  ginnel up --dev --no-dataplane --state ~/.ginnel --run ~/.ginnel/run   # instead of an emulator"
)]
pub(crate) struct Up {
    /// Where the API listens; port 0 takes a free one
    #[arg(long, default_value = "127.0.0.1:4566", value_name = "ADDR")]
    pub(crate) listen: SocketAddr,
    /// The region that this Ginnel serves
    #[arg(long, default_value = "us-east-1")]
    pub(crate) region: String,
    /// The API without packets: no root needed, and nothing flows
    #[arg(long)]
    pub(crate) no_dataplane: bool,
    /// Like an emulator: loopback only, any access key is an administrator's, every region is a
    /// world of its own with a default VPC (only --region's has packets), POST /_ginnel/reset
    /// empties everything
    #[arg(long)]
    pub(crate) dev: bool,
    /// A quota's value instead of AWS's default, by its code (again for more of them); for
    /// example L-29B6F2EB=100: interface endpoints of a VPC
    #[arg(long, value_name = "CODE=N")]
    pub(crate) quota: Vec<String>,
    /// A range besides the public Internet that notifications may be sent to (again for more of
    /// them), for laboratories; for example 127.0.0.0/8
    #[arg(long, value_name = "CIDR")]
    pub(crate) allow_notify: Vec<String>,
    /// Where others reach the API, for the URLs in notifications, instead of the listener's address
    #[arg(long, value_name = "URL")]
    pub(crate) public_url: Option<String>,
    /// IPv4 connections on this host, and a quarter as many of IPv6 (when its tables are first made)
    #[arg(long, default_value_t = dataplane::Limits::default().flows, value_name = "N")]
    pub(crate) flows: u32,
    /// Connections of one ENI
    #[arg(long, default_value_t = dataplane::Limits::default().flows_per_eni, value_name = "N")]
    pub(crate) flows_per_eni: u32,
    /// The way out of internet and NAT gateways: a network namespace (name, path or pid) that gets
    /// an interface ginnel0, where packets come out with their public address. Without it nothing
    /// leaves
    #[arg(long, value_name = "NAMESPACE", conflicts_with = "no_dataplane")]
    pub(crate) uplink: Option<String>,
    /// MTU of the way out; handshakes are held to it
    #[arg(long, default_value_t = 1_500, value_name = "BYTES", value_parser = clap::value_parser!(u16).range(1_280..=8_500))]
    pub(crate) uplink_mtu: u16,
}

impl Up {
    pub(crate) fn run(self, place: &Place) -> Result<()> {
        compose::up(&self, place)
    }
}
