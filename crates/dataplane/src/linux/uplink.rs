//! The way out: a veth pair into a namespace that the operator names. None by default.
//!
//! What leaves by an internet or NAT gateway comes out there with a public address as source;
//! the namespace decides what to do with it (forward it, or answer it: a test's internet). The
//! public addresses are routed back over the same link, where the fabric answers for them.

use std::collections::BTreeSet;
use std::os::fd::AsFd as _;

use ipnet::IpNet;
use model::net::Mac;

use super::device::GATEWAY_MAC;
use super::maps::{Maps, UPLINK_SLOT};
use super::netlink::{End, Netlink};
use super::program::{self, Programs};
use super::{Dirs, namespace, tables};
use crate::kernel::Error;

/// The fabric's side.
pub(super) const LINK: &str = "ginnel-up";
/// The operator's side.
const DEVICE: &str = "ginnel0";

/// Where the way out leads.
#[derive(Clone, Debug)]
pub struct Uplink {
    /// A path that opens the namespace.
    pub namespace: String,
    /// IP bytes of a packet that it carries; handshakes learn of it.
    pub mtu: u16,
    /// Addresses that are routed back over it.
    pub pool: Vec<IpNet>,
}

/// Makes the way out as it should be, or none.
pub(super) fn ensure(
    dirs: &Dirs,
    netlink: &Netlink,
    programs: &mut Programs,
    maps: &mut Maps,
    wanted: Option<&Uplink>,
) -> Result<(), Error> {
    let found = netlink.link(LINK)?;
    let alias = wanted.map(|it| format!("{} {}", it.mtu, it.namespace));
    // A pair goes with its namespace, so one that is there leads to the one of its alias.
    let keep = found
        .as_ref()
        .is_some_and(|link| alias.as_deref() == Some(link.alias.as_str()));
    if let Some(link) = found.filter(|_| !keep) {
        netlink.remove(link.index)?;
        program::remove_pin(&dirs.links().join(LINK))?;
    }
    let Some(wanted) = wanted else {
        maps.remove_eni(UPLINK_SLOT)?;
        return maps.set(|settings| {
            settings.uplink = 0;
            settings.seed = seed(settings.seed);
        });
    };
    let mac = Mac::local([0, 0x67, 0x69, 0x6e, 0x6e, 0x01]);
    let guest = namespace::open(&wanted.namespace)?;
    if !keep {
        netlink.add_pair(
            &End {
                name: LINK,
                mac: GATEWAY_MAC,
                namespace: None,
            },
            &End {
                name: DEVICE,
                mac,
                namespace: Some(guest.as_fd()),
            },
            wanted.mtu,
        )?;
    }
    let link = netlink.link(LINK)?.ok_or_else(|| Error::Io {
        what: "finding the uplink".into(),
        source: std::io::ErrorKind::NotFound.into(),
    })?;
    maps.put_eni(
        UPLINK_SLOT,
        tables::eni {
            ifindex: link.index,
            mac: mac.0,
            role: u8::try_from(tables::ROLE_UPLINK).unwrap_or_default(),
            ..tables::eni::default()
        },
        &BTreeSet::new(),
    )?;
    maps.set(|settings| {
        settings.uplink = link.index;
        settings.uplink_mtu = wanted.mtu.into();
        settings.uplink_mac = mac.0;
        settings.seed = seed(settings.seed);
    })?;
    programs.guard(dirs, LINK)?;
    netlink.up(link.index)?;
    namespace::inside(guest.as_fd(), || {
        let netlink = Netlink::open()?;
        let links = netlink.links()?;
        let device = links.iter().find(|link| link.name == DEVICE);
        let device = device.ok_or_else(|| Error::Io {
            what: format!("finding {DEVICE} in {}", wanted.namespace),
            source: std::io::ErrorKind::NotFound.into(),
        })?;
        netlink.up(device.index)?;
        for net in &wanted.pool {
            netlink.add_route_to(device.index, (net.network(), net.prefix_len()), None)?;
        }
        Ok(())
    })?;
    netlink.set_alias(link.index, &alias.unwrap_or_default())
}

/// Chosen once for the life of the tables: flows remember what it chose.
fn seed(before: u32) -> u32 {
    if before != 0 {
        return before;
    }
    let mut bytes = [0; 4];
    // Without randomness the choices are the same on every host, and no less right.
    let _ = getrandom::fill(&mut bytes);
    u32::from_ne_bytes(bytes).max(1)
}
