//! `direct`: one bare veth, nothing in between. The physical limit here.

use std::net::{Ipv4Addr, SocketAddrV4};

use anyhow::Result;
use nix::sched::CpuSet;

use super::{Lane, MANY, PORT, Path, drop_injected, namespace};
use crate::testbed::link::{End, veth};

/// The bare veth.
pub(crate) struct Direct;

impl Path for Direct {
    fn name(&self) -> &'static str {
        "direct"
    }

    fn about(&self) -> &'static str {
        "one veth between two namespaces, 10.1.0.0/24 and 10.2.0.0/24, no NAT, no features"
    }

    fn setup(&self, _cpus: CpuSet) -> Result<Lane> {
        let (client, server) = (namespace("dc")?, namespace("ds")?);
        let end = |ns, address| End {
            ns,
            name: "eth0",
            address: Some(address),
        };
        veth(end(&client, "10.1.0.10/24"), end(&server, "10.2.0.10/24"))?;
        client.ip("route add 10.2.0.0/24 dev eth0")?;
        server.ip("route add 10.1.0.0/24 dev eth0")?;
        drop_injected(&server)?;
        let target = SocketAddrV4::new(Ipv4Addr::new(10, 2, 0, 10), PORT);
        Ok(Lane {
            guards: Vec::new(),
            client,
            server,
            between: Vec::new(),
            dial: target,
            listen: target,
            next_hop: *target.ip(),
            source: Ipv4Addr::new(10, 1, 0, 10),
            flows: MANY,
        })
    }
}
