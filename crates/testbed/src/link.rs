//! Veths between namespaces.
//!
//! Both ends are made directly inside their namespaces: no interface ever shows up in the host's.

use anyhow::{Context, Result};
use nix::ifaddrs::getifaddrs;
use nix::sys::socket::LinkAddr;

use crate::netns::{self, Netns};

/// The MTU of every lab interface: the same as an endpoint's.
pub const MTU: u32 = 8500;

/// One end of a veth.
#[derive(Debug, Clone, Copy)]
pub struct End<'a> {
    /// Where it lives.
    pub ns: &'a Netns,
    /// Its interface name there.
    pub name: &'a str,
    /// Its address with prefix length, if it has one.
    pub address: Option<&'a str>,
}

/// Makes a veth between two namespaces, gives it its addresses and sets both ends up.
pub fn veth(left: End<'_>, right: End<'_>) -> Result<()> {
    let mtu = MTU.to_string();
    #[rustfmt::skip]
    netns::ip(&[
        "link", "add", left.name, "mtu", &mtu, "netns", left.ns.name(), "type", "veth",
        "peer", "name", right.name, "mtu", &mtu, "netns", right.ns.name(),
    ])?;
    for End { ns, name, address } in [left, right] {
        if let Some(address) = address {
            ns.ip(&format!("addr add {address} dev {name}"))?;
        }
        ns.ip(&format!("link set {name} up"))?;
    }
    Ok(())
}

/// Two namespaces joined by one veth: `eth0` is 10.99.0.1/24 in the first, .2 in the second.
pub fn pair(prefix: &str) -> Result<(Netns, Netns)> {
    let (a, b) = (Netns::new(prefix)?, Netns::new(prefix)?);
    let end = |ns, address| End {
        ns,
        name: "eth0",
        address: Some(address),
    };
    veth(end(&a, "10.99.0.1/24"), end(&b, "10.99.0.2/24"))?;
    Ok((a, b))
}

/// The hardware address of an interface.
pub fn mac(ns: &Netns, interface: &str) -> Result<[u8; 6]> {
    ns.run(|| link_address(interface))??
        .addr()
        .with_context(|| format!("{interface} has no hardware address"))
}

/// The link-layer socket address (index and MAC) of an interface in the caller's namespace.
pub(crate) fn link_address(interface: &str) -> Result<LinkAddr> {
    getifaddrs()?
        .filter(|entry| entry.interface_name == interface)
        .find_map(|entry| entry.address?.as_link_addr().copied())
        .with_context(|| format!("no interface {interface}"))
}
