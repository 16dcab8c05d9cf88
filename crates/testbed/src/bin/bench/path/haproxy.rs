//! `haproxy`: a TCP proxy in a namespace between client and server, one thread on the measured
//! CPU. The sides have different CIDRs: to a proxy in user space they make no difference.

use std::net::{Ipv4Addr, SocketAddrV4};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use nix::sched::CpuSet;

use super::{Lane, MANY, PORT, Path, namespace};
use crate::measure::Measure;
use crate::testbed::link::{End, veth};
use crate::testbed::{Child, Netns, eventually, netns};

/// HAProxy in TCP mode.
pub(crate) struct Haproxy;

const DIAL: Ipv4Addr = Ipv4Addr::new(10, 3, 0, 1);
const SERVER: Ipv4Addr = Ipv4Addr::new(10, 4, 0, 10);

impl Path for Haproxy {
    fn name(&self) -> &'static str {
        "haproxy"
    }

    fn about(&self) -> &'static str {
        "HAProxy mode tcp in a namespace of its own, one thread pinned to the measured CPU, different CIDRs"
    }

    fn carries(&self, measure: Measure) -> bool {
        !measure.is_injected()
    }

    fn setup(&self, cpus: CpuSet) -> Result<Lane> {
        let (client, proxy, server) = (namespace("hc")?, namespace("hp")?, namespace("hs")?);
        let end = |ns, name, address| End {
            ns,
            name,
            address: Some(address),
        };
        veth(
            end(&client, "eth0", "10.3.0.10/24"),
            end(&proxy, "c0", "10.3.0.1/24"),
        )?;
        veth(
            end(&server, "eth0", "10.4.0.10/24"),
            end(&proxy, "s0", "10.4.0.1/24"),
        )?;
        let folder = netns::folder()?;
        let file = folder.path().join("haproxy.cfg");
        std::fs::write(&file, configuration())?;
        let mut child = proxy
            .command("haproxy")
            .args(["-db", "-f"])
            .arg(&file)
            .on_cpus(cpus)
            .spawn()?;
        listening(&proxy, &mut child)?;
        Ok(Lane {
            guards: vec![Box::new(child), Box::new(folder)],
            client,
            server,
            between: vec![proxy],
            dial: SocketAddrV4::new(DIAL, PORT),
            listen: SocketAddrV4::new(SERVER, PORT),
            next_hop: DIAL,
            source: Ipv4Addr::new(10, 3, 0, 10),
            flows: MANY,
        })
    }
}

fn configuration() -> String {
    format!(
        "global
  nbthread 1
  maxconn 4096
defaults
  mode tcp
  timeout connect 5s
  timeout client 60s
  timeout server 60s
listen bench
  bind {DIAL}:{PORT}
  server target {SERVER}:{PORT}
"
    )
}

/// Waits for the socket without connecting to it: there is no server behind it yet.
fn listening(proxy: &Netns, child: &mut Child) -> Result<()> {
    let wanted = format!("{DIAL}:{PORT}");
    let up = eventually("haproxy to listen", Duration::from_secs(5), || {
        let sockets = proxy.command("ss").args(["-Hltn"]).check().ok()?;
        sockets.contains(&wanted).then_some(())
    });
    if up.is_err() {
        bail!("haproxy does not listen: {}", child.told());
    }
    up.context("haproxy")
}
