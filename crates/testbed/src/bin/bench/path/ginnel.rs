//! `ginnel`: the product itself: an interface endpoint, two tenants with the same addresses.
//!
//! ```text
//!  client 10.0.1.10 -- endpoint 10.0.1.x [fabric: BPF at each ENI] balancer -- 10.0.1.10 server
//! ```

use std::net::{Ipv4Addr, SocketAddrV4};

use anyhow::{Context, Result};
use nix::sched::CpuSet;

use super::{Lane, MANY, PORT, Path, drop_injected, namespace};
use crate::testbed::ginnel;
use crate::testbed::tenant::Tenant;

/// An interface endpoint of Ginnel.
pub(crate) struct Ginnel;

const ADDRESS: Ipv4Addr = Ipv4Addr::new(10, 0, 1, 10);

impl Path for Ginnel {
    fn name(&self) -> &'static str {
        "ginnel"
    }

    fn about(&self) -> &'static str {
        "interface endpoint to an NLB service, consumer and provider both 10.0.0.0/16, security group, flow accounting and drop reasons on"
    }

    fn setup(&self, _cpus: CpuSet) -> Result<Lane> {
        let daemon = ginnel::Ginnel::start(&[]).context("start ginnel")?;
        let (client, server) = (namespace("gc")?, namespace("gs")?);
        let provider = Tenant::new(&daemon, "provider")?;
        provider.attach(&daemon, &server, ADDRESS)?;
        let service = provider.offer(ADDRESS, PORT, "TCP_UDP", PORT)?;
        let consumer = Tenant::new(&daemon, "consumer")?;
        consumer.attach(&daemon, &client, ADDRESS)?;
        let group = consumer.open_group("open")?;
        let endpoint = consumer.endpoint(&service, &group)?.need("vpcEndpointId")?;
        let dial = consumer.wait_for(&endpoint, "available")?;
        drop_injected(&server)?;
        Ok(Lane {
            guards: vec![Box::new(daemon)],
            client,
            server,
            between: Vec::new(),
            dial: SocketAddrV4::new(dial, PORT),
            listen: SocketAddrV4::new(ADDRESS, PORT),
            next_hop: dial,
            source: ADDRESS,
            flows: MANY,
        })
    }
}
