//! `nftables`: full NAT by conntrack in a router namespace, the kernel's own way to do what an
//! endpoint does.
//!
//! Both sides are 10.0.0.0/16, and client and server even have the same address: conntrack zones
//! by interface keep their tuples apart, and rules by incoming interface route each side's packets
//! to the other side.
//!
//! ```text
//!  client 10.0.0.10 -- c0 10.0.0.100 [router: DNAT + SNAT] 10.0.0.200 s0 -- 10.0.0.10 server
//! ```

use std::net::{Ipv4Addr, SocketAddrV4};

use anyhow::{Context, Result};
use nix::sched::CpuSet;

use super::{Lane, MANY, PORT, Path, drop_injected, namespace, nft};
use crate::testbed::link::{End, veth};

/// Conntrack full NAT with zones.
pub(crate) struct Nftables;

const RULES: &str = "
table ip bench {
  chain zones {
    type filter hook prerouting priority raw;
    iifname c0 ct original zone set 1
    iifname s0 ct original zone set 2
  }
  chain in {
    type nat hook prerouting priority dstnat;
    iifname c0 ip daddr 10.0.0.100 meta l4proto { tcp, udp } dnat to 10.0.0.10
  }
  chain out {
    type nat hook postrouting priority srcnat;
    oifname s0 snat to 10.0.0.200
  }
}";

impl Path for Nftables {
    fn name(&self) -> &'static str {
        "nftables"
    }

    fn about(&self) -> &'static str {
        "nftables/conntrack DNAT + SNAT in a router namespace, both sides 10.0.0.0/16, zones by interface"
    }

    fn setup(&self, _cpus: CpuSet) -> Result<Lane> {
        let (client, router, server) = (namespace("nc")?, namespace("nr")?, namespace("ns")?);
        let end = |ns, name, address| End {
            ns,
            name,
            address: Some(address),
        };
        veth(
            end(&client, "eth0", "10.0.0.10/16"),
            end(&router, "c0", "10.0.0.100/32"),
        )?;
        veth(
            end(&server, "eth0", "10.0.0.10/16"),
            end(&router, "s0", "10.0.0.200/32"),
        )?;
        for (key, value) in [
            ("net.ipv4.conf.all.rp_filter", "0"),
            ("net.ipv4.conf.c0.rp_filter", "0"),
            ("net.ipv4.conf.s0.rp_filter", "0"),
            ("net.ipv4.ip_forward", "1"),
        ] {
            router.sysctl(key, value)?;
        }
        router.ip("route add 10.0.0.0/16 dev c0 table 101")?;
        router.ip("route add 10.0.0.0/16 dev s0 table 102")?;
        router.ip("rule add iif c0 lookup 102")?;
        router.ip("rule add iif s0 lookup 101")?;
        nft(&router, RULES).context("nftables NAT with zones")?;
        // Closed connections must not fill the table over a run; live ones are not touched.
        router.sysctl("net.netfilter.nf_conntrack_tcp_timeout_time_wait", "2")?;
        drop_injected(&server)?;
        Ok(Lane {
            guards: Vec::new(),
            client,
            server,
            between: vec![router],
            dial: SocketAddrV4::new(Ipv4Addr::new(10, 0, 0, 100), PORT),
            listen: SocketAddrV4::new(Ipv4Addr::new(10, 0, 0, 10), PORT),
            next_hop: Ipv4Addr::new(10, 0, 0, 100),
            source: Ipv4Addr::new(10, 0, 0, 10),
            flows: MANY,
        })
    }
}
