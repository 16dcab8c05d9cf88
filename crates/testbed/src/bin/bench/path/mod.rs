//! The ways from a client to a server that are compared.
//!
//! Each path makes its own namespaces and keeps them for the whole run; only one is in use at a
//! time. All veths have the same MTU and default offloads, and the end namespaces are tuned alike.

mod direct;
mod ginnel;
mod haproxy;
mod nftables;
mod policy;

pub(crate) use direct::Direct;
pub(crate) use policy::{Case, PLAIN, Scene, Shape, Way};

use std::any::Any;
use std::net::{Ipv4Addr, SocketAddrV4};
use std::rc::Rc;
use std::time::Duration;

use anyhow::{Context, Result};
use nix::sched::CpuSet;
use nix::unistd::Pid;

use crate::measure::Measure;
use crate::stats::BASIS;
use crate::testbed::packet::{self, Macs, Tcp};
use crate::testbed::{Child, Netns, eventually, link};
use crate::tool::READY;

/// The port that servers listen on, TCP and UDP, on every path.
pub(crate) const PORT: u16 = 7000;
/// What every TCP sender uses, proxies too.
pub(crate) const CONGESTION_CONTROL: &str = "reno";
/// The source port of injected frames.
const INJECTED: u16 = 40_000;
/// The first source port of those that begin a flow: no connection has one below 1024, where all
/// of these are.
const OPENING: u16 = 1;
/// Flows that [`Measure::Spread`] goes over where nothing keeps flows.
const MANY: u32 = 1_000_000;
/// Ethernet 14, IPv4 20, UDP 8, payload 22: 64 bytes without the frame check sequence.
const PAYLOAD: [u8; 22] = [0x42; 22];
/// What such a frame's IP header says, UDP or TCP.
const LENGTH: usize = 50;

/// A way to be measured.
pub(crate) trait Path {
    /// Its name on the command line.
    fn name(&self) -> &'static str;

    /// What it is made of, for the report.
    fn about(&self) -> &'static str;

    /// Whether a measure is taken on it.
    fn carries(&self, _measure: Measure) -> bool {
        true
    }

    /// The path that it is compared with.
    fn base(&self) -> &'static str {
        BASIS
    }

    /// Builds it, once. `cpus` is where everything that works for it must run.
    fn setup(&self, cpus: CpuSet) -> Result<Lane>;

    /// Puts it into the state that a measurement begins with (flow tables).
    fn settle(&self, _lane: &Lane) -> Result<()> {
        Ok(())
    }
}

/// A built path. Guards are dropped before the namespaces they work in.
pub(crate) struct Lane {
    /// Proxies, daemons, files.
    #[expect(dead_code, reason = "held for what its end cleans up")]
    pub(crate) guards: Vec<Box<dyn Any>>,
    /// Where clients run; its interface is `eth0`.
    pub(crate) client: Rc<Netns>,
    /// Where servers run; its interface is `eth0`.
    pub(crate) server: Rc<Netns>,
    /// Namespaces between them.
    #[expect(dead_code, reason = "held for what its end cleans up")]
    pub(crate) between: Vec<Rc<Netns>>,
    /// What clients connect to.
    pub(crate) dial: SocketAddrV4,
    /// Who takes the client's frames for it: itself, or a router; on-link.
    pub(crate) next_hop: Ipv4Addr,
    /// Where servers listen.
    pub(crate) listen: SocketAddrV4,
    /// The client's own address.
    pub(crate) source: Ipv4Addr,
    /// Over how many flows [`Measure::Spread`] goes.
    pub(crate) flows: u32,
}

impl Lane {
    /// The 64-byte UDP frame that the client injects: to whichever MAC answers for `dial`.
    pub(crate) fn frame(&self) -> Result<Vec<u8>> {
        let from = SocketAddrV4::new(self.source, INJECTED);
        packet::udp(self.macs()?, from, self.dial, &PAYLOAD)
    }

    /// The 64-byte frames that begin a flow and end it: a SYN, and the RST of who gives up.
    pub(crate) fn opening(&self) -> Result<[Vec<u8>; 2]> {
        let macs = self.macs()?;
        let from = SocketAddrV4::new(self.source, OPENING);
        let payload = &PAYLOAD[..10];
        let syn = Tcp {
            syn: true,
            ..Tcp::default()
        };
        let reset = Tcp {
            rst: true,
            sequence: 1,
            ..Tcp::default()
        };
        Ok([
            packet::tcp(macs, from, self.dial, syn, payload)?,
            packet::tcp(macs, from, self.dial, reset, payload)?,
        ])
    }

    fn macs(&self) -> Result<Macs> {
        Ok(Macs {
            from: link::mac(&self.client, "eth0")?,
            to: self.neighbour()?,
        })
    }

    /// Asks the kernel's neighbour table of the client, after giving it a reason to resolve.
    fn neighbour(&self) -> Result<[u8; 6]> {
        let (dial, ip) = (self.dial, self.next_hop.to_string());
        let mut found = None;
        eventually("the neighbour's MAC", Duration::from_secs(3), || {
            let _ = self.client.run(|| {
                let socket = std::net::UdpSocket::bind(("0.0.0.0", 0))?;
                socket.send_to(b"?", dial)
            });
            let table = self
                .client
                .command("ip")
                .args(["neigh", "show", &ip])
                .check();
            found = table.ok().as_deref().and_then(lladdr);
            found
        })
        .with_context(|| format!("nobody answers ARP for {ip}"))
    }

    /// A process inside the target's namespace, kept so that its counters can be read.
    pub(crate) fn hold(&self) -> Result<Child> {
        let me = std::env::current_exe()?;
        let mut holder = self.server.command(me).args(["tool", "hold"]).spawn()?;
        holder.wait_for_line(READY, Duration::from_secs(5))?;
        Ok(holder)
    }
}

fn lladdr(line: &str) -> Option<[u8; 6]> {
    let text = line
        .split_whitespace()
        .skip_while(|word| *word != "lladdr")
        .nth(1)?;
    let bytes: Vec<u8> = text
        .split(':')
        .flat_map(|two| u8::from_str_radix(two, 16))
        .collect();
    bytes.try_into().ok()
}

/// All known paths, in the order of the report.
pub(crate) fn all() -> Vec<Box<dyn Path>> {
    vec![
        Box::new(direct::Direct),
        Box::new(nftables::Nftables),
        Box::new(haproxy::Haproxy),
        Box::new(ginnel::Ginnel),
    ]
}

/// A namespace for a client, a server or a proxy, tuned alike on every path.
fn namespace(prefix: &str) -> Result<Rc<Netns>> {
    let ns = Netns::new(prefix)?;
    for (key, value) in [
        // Tens of thousands of connections per measurement, all closed by the client.
        ("net.ipv4.ip_local_port_range", "1024 65535"),
        ("net.ipv4.tcp_tw_reuse", "1"),
        // BBR, this machine's default, paces: one stream on one core then gets 15-18 Gb/s on a bare
        // veth where 50 are possible, at 100 % CPU, and no path shows. Cubic is not allowed in a
        // namespace without changing the host. Nothing is lost here, so Reno just opens its window.
        ("net.ipv4.tcp_congestion_control", CONGESTION_CONTROL),
        // Up to where the receive buffer grows decides how much is under way, and so how often the
        // two ends switch: by default a bare veth falls into 45 or 55 Gb/s from run to run. With
        // this bound it is always 54-55.
        ("net.ipv4.tcp_rmem", "4096 131072 1048576"),
        // A run must not learn from the one before.
        ("net.ipv4.tcp_no_metrics_save", "1"),
        // Neighbour discovery and router solicitations are noise here.
        ("net.ipv6.conf.all.disable_ipv6", "1"),
        ("net.ipv6.conf.default.disable_ipv6", "1"),
    ] {
        ns.sysctl(key, value)?;
    }
    // The benchmark's port must never be taken by an outgoing connection.
    ns.sysctl("net.ipv4.ip_local_reserved_ports", &PORT.to_string())?;
    Ok(Rc::new(ns))
}

/// Drops injected frames in the target's namespace as soon as its IP layer has counted them. All
/// are [`LENGTH`] long, which nothing else is: TCP here has a time stamp in every segment.
///
/// One rule at the raw hook is the cheapest place behind `ip_rcv` that needs no BPF. On a bare veth
/// one by the UDP port let 771k frames/s pass (795k with a drop before the IP layer, so it does not
/// limit); a UDP socket with a full buffer 545k; no socket at all, with its ICMP errors, 374k.
fn drop_injected(server: &Netns) -> Result<()> {
    let rules = format!(
        "table ip bench {{ chain raw {{ type filter hook prerouting priority raw; ip length {LENGTH} drop; }}\n}}"
    );
    nft(server, &rules)
}

/// Loads rules into a namespace.
fn nft(ns: &Netns, rules: &str) -> Result<()> {
    ns.command("nft").arg(rules).check().map(drop)
}

/// The CPU set of these CPUs.
pub(crate) fn cpu_set(cpus: &[usize]) -> Result<CpuSet> {
    let mut set = CpuSet::new();
    for cpu in cpus {
        set.set(*cpu).with_context(|| format!("CPU {cpu}"))?;
    }
    Ok(set)
}

/// The CPUs that this process may use.
pub(crate) fn allowed_cpus() -> Result<Vec<usize>> {
    let set = nix::sched::sched_getaffinity(Pid::from_raw(0))?;
    let all = 0..CpuSet::count();
    Ok(all.filter(|cpu| set.is_set(*cpu) == Ok(true)).collect())
}
