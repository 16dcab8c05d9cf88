//! `provision`: from CreateVpcEndpoint to the first byte through the endpoint (SLI M7).
//!
//! The clock starts before the request is sent and stops when a byte has come back from the
//! service. The client dials as soon as it knows the address, again and again, with a patience
//! of a few milliseconds: a SYN that comes too early is dropped, and TCP's own retry would be a
//! second late.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use serde_json::json;

use crate::testbed::server::Server;
use crate::testbed::tenant::Tenant;
use crate::testbed::{Netns, eventually, ginnel};

const ADDRESS: Ipv4Addr = Ipv4Addr::new(10, 0, 1, 10);
const PORT: u16 = 80;
/// One attempt to connect.
const ATTEMPT: Duration = Duration::from_millis(2);
/// An endpoint that carries nothing by then has failed.
const PATIENCE: Duration = Duration::from_secs(10);
/// The bar of issue "The first door".
const BAR: Duration = Duration::from_millis(250);

/// Options of `bench provision`.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// How many endpoints, one after the other
    #[arg(long, default_value_t = 100)]
    endpoints: usize,
    /// Exit with 1 when the 99th percentile is above 250 ms
    #[arg(long)]
    check: bool,
    /// Write the samples as JSON
    #[arg(long, value_name = "FILE")]
    json: Option<std::path::PathBuf>,
}

/// Measures and prints.
pub(crate) fn run(options: &Options) -> Result<ExitCode> {
    let daemon = ginnel::Ginnel::start(&[]).context("start ginnel")?;
    let (client, server) = (Netns::new("pc")?, Netns::new("ps")?);
    let provider = Tenant::new(&daemon, "provider")?;
    provider.attach(&daemon, &server, ADDRESS)?;
    let service = provider.offer(ADDRESS, 8_080, "TCP", PORT)?;
    let _echo = Server::echo_tcp(&server, (ADDRESS, 8_080).into())?;
    let consumer = Tenant::new(&daemon, "consumer")?;
    consumer.attach(&daemon, &client, ADDRESS)?;
    let group = consumer.open_group("open")?;
    let mut samples = Vec::new();
    for number in 1..=options.endpoints {
        samples.push(once(&consumer, &client, &service, &group)?);
        if number % 25 == 0 {
            eprintln!("{number} of {} endpoints", options.endpoints);
        }
    }
    samples.sort_unstable();
    let at = |share: f64| {
        let last = samples.len().saturating_sub(1);
        let place = (share * last as f64).round() as usize;
        samples.get(place).copied().unwrap_or_default()
    };
    let (p50, p99, worst) = (at(0.5), at(0.99), at(1.0));
    println!(
        "CreateVpcEndpoint to first byte, {} endpoints: p50 {p50:.1?}, p99 {p99:.1?}, worst {worst:.1?} (bar: p99 <= {BAR:?})",
        samples.len()
    );
    if let Some(file) = &options.json {
        let millis: Vec<f64> = samples.iter().map(|s| s.as_secs_f64() * 1e3).collect();
        let text = json!({ "unit": "ms", "samples": millis }).to_string();
        std::fs::write(file, text).with_context(|| format!("write {}", file.display()))?;
    }
    Ok(ExitCode::from(u8::from(options.check && p99 > BAR)))
}

fn once(consumer: &Tenant, client: &Netns, service: &str, group: &str) -> Result<Duration> {
    let start = Instant::now();
    let made = consumer.endpoint(service, group)?;
    let endpoint = made.need("vpcEndpointId")?;
    let address = consumer.address(&endpoint)?;
    client.run(|| first_byte((address, PORT).into(), start))??;
    let took = start.elapsed();
    consumer.wait_for(&endpoint, "available")?;
    consumer.ec2("DeleteVpcEndpoints", &[("VpcEndpointId.1", &endpoint)])?;
    eventually("the endpoint to be gone", PATIENCE, || {
        consumer.state(&endpoint).is_none().then_some(())
    })?;
    Ok(took)
}

fn first_byte(to: SocketAddr, start: Instant) -> Result<()> {
    loop {
        if start.elapsed() > PATIENCE {
            bail!("nothing came through {to} within {PATIENCE:?}");
        }
        let Ok(mut stream) = TcpStream::connect_timeout(&to, ATTEMPT) else {
            continue;
        };
        stream.set_read_timeout(Some(PATIENCE))?;
        let mut byte = [1];
        stream.write_all(&byte)?;
        stream.read_exact(&mut byte)?;
        return Ok(());
    }
}
