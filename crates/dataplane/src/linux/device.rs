//! Workload ENIs: veth pairs from the fabric into a workload's namespace.
//!
//! Order matters and fails closed: the pair is born down, then the tables and the program are
//! set, and only then it goes up; the host side first, because a side that goes up before its
//! peer drops what it sends until the kernel gets round to it. A link that was left half made
//! has no alias, and is made again from nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::os::fd::AsFd as _;
use std::path::{Path, PathBuf};

use model::host::{Address, Attachment, EniSlot, Interface, InterfaceState, Place, VpcNumber};
use model::net::Mac;

use super::flows::Flows;
use super::maps::{self, Interfaces, Maps, SYSTEM_SLOT, UPLINK_SLOT};
use super::netlink::{End, Link, Netlink};
use super::program::{self, Programs};
use super::{Dirs, Linux, namespace, probe, tables};
use crate::kernel::Error;

/// The host side's MAC of every ENI, as `bpf/lib/packet.h` has it.
pub(super) const GATEWAY_MAC: Mac = Mac([0x02, 0x67, 0x69, 0x6e, 0x6e, 0x6c]);
/// The VPC router's IPv6 address on every link, as in AWS; any would be answered.
const GATEWAY6: Ipv6Addr = Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 1);
const LINK_PREFIX: &str = "gnl";
const SYSTEM_LINK: &str = "ginnel-sys";

/// Makes or repairs a workload's ENI.
pub(super) fn attach(linux: &mut Linux, slot: EniSlot, interface: &Interface) -> Result<(), Error> {
    let guest = namespace::open(&interface.attachment.namespace)?;
    let existing = linux.netlink.link(&interface.link)?;
    let link = match existing {
        Some(link) if parse_alias(&link).is_some_and(|known| same_link(&known, interface)) => link,
        other => {
            if other.is_some() {
                detach(linux, slot, &interface.link)?;
            }
            make_link(linux, interface, &guest)?
        }
    };
    let value = maps::eni_value(interface, link.index, linux.limits.flows_per_eni);
    if linux.maps.eni(slot)?.ifindex != link.index {
        let before = linux.maps.remove_eni(slot)?;
        linux.flows.forget_eni(slot, before)?;
        linux.flows.reset_eni(slot);
    }
    linux.maps.put_eni(slot, value, &addresses(interface))?;
    linux.programs.guard(&linux.dirs, &interface.link)?;
    linux.netlink.up(link.index)?;
    namespace::inside(guest.as_fd(), || configure_guest(interface))?;
    write_resolver(interface)?;
    linux.netlink.set_alias(link.index, &alias(slot, interface))
}

/// All addresses of an ENI.
fn addresses(interface: &Interface) -> BTreeSet<Address> {
    let vpc = interface.address.vpc;
    let more = interface.more.iter().map(|ip| Address { vpc, ip: *ip });
    more.chain([interface.address]).collect()
}

fn same_link(known: &(EniSlot, Interface), wanted: &Interface) -> bool {
    known.1.attachment == wanted.attachment
        && known.1.mtu == wanted.mtu
        && known.1.prefix == wanted.prefix
}

fn make_link(linux: &Linux, interface: &Interface, guest: &File) -> Result<Link, Error> {
    let device = &interface.attachment.device;
    let taken = namespace::inside(guest.as_fd(), || {
        Ok(Netlink::open()?.link(device)?.is_some())
    })?;
    if taken {
        return Err(Error::DeviceTaken {
            path: interface.attachment.namespace.clone(),
            device: device.clone(),
        });
    }
    linux.netlink.add_pair(
        &End {
            name: &interface.link,
            mac: GATEWAY_MAC,
            namespace: None,
        },
        &End {
            name: device,
            mac: interface.mac,
            namespace: Some(guest.as_fd()),
        },
        interface.mtu,
    )?;
    linux
        .netlink
        .link(&interface.link)?
        .ok_or_else(|| Error::Io {
            what: format!("finding the new link {}", interface.link),
            source: std::io::ErrorKind::NotFound.into(),
        })
}

fn configure_guest(interface: &Interface) -> Result<(), Error> {
    let netlink = Netlink::open()?;
    let device = &interface.attachment.device;
    let links = netlink.links()?;
    let find = |name: &str| links.iter().find(|link| link.name == name);
    let Some(link) = find(device) else {
        return Err(Error::Io {
            what: format!("finding {device} in {}", interface.attachment.namespace),
            source: std::io::ErrorKind::NotFound.into(),
        });
    };
    if let Some(loopback) = find("lo")
        && !loopback.up
    {
        netlink.up(loopback.index)?;
    }
    let wanted: BTreeSet<IpAddr> = addresses(interface).iter().map(|it| it.ip).collect();
    for (ip, prefix) in netlink.addresses(link.index)? {
        let ours = match ip {
            IpAddr::V4(_) => true,
            IpAddr::V6(ip) => !ip.is_unicast_link_local(),
        };
        if ours && !wanted.contains(&ip) {
            netlink.remove_address(link.index, ip, prefix)?;
        }
    }
    netlink.add_address(link.index, interface.address.ip, interface.prefix)?;
    for ip in &interface.more {
        let whole = if ip.is_ipv4() { 32 } else { 128 };
        netlink.add_address(link.index, *ip, whole)?;
    }
    netlink.up(link.index)?;
    netlink.add_route(
        link.index,
        Ipv4Addr::UNSPECIFIED.into(),
        interface.gateway.into(),
    )?;
    if interface.more.iter().any(IpAddr::is_ipv6) {
        netlink.add_route(link.index, Ipv6Addr::UNSPECIFIED.into(), GATEWAY6.into())?;
    }
    Ok(())
}

/// Removes a workload's ENI and its flows. What is already gone is fine.
pub(super) fn detach(linux: &mut Linux, slot: EniSlot, link: &str) -> Result<(), Error> {
    let found = linux.netlink.link(link)?;
    if let Some(found) = &found {
        linux.netlink.remove(found.index)?;
    }
    program::remove_pin(&linux.dirs.links().join(link))?;
    let ifindex = linux.maps.remove_eni(slot)?;
    linux.flows.forget_eni(slot, ifindex)?;
    linux.flows.reset_eni(slot);
    // Last, and no reason to keep the ENI: a file that cannot be removed carries no packets.
    if let Some((_, interface)) = found.as_ref().and_then(parse_alias)
        && let Err(error) = remove_resolver(&interface)
    {
        tracing::warn!(error = error.chain(), "a resolver file is left");
    }
    Ok(())
}

/// All workload ENIs that the kernel has, whole or half made.
pub(super) fn read(
    dirs: &Dirs,
    netlink: &Netlink,
    maps: &mut Maps,
    flows: &mut Flows,
) -> Result<Interfaces, Error> {
    let mut out = BTreeMap::new();
    let mut orphans = Vec::new();
    let links = netlink.links()?;
    let there: BTreeSet<u32> = links.iter().map(|link| link.index).collect();
    for link in links {
        if !link.name.starts_with(LINK_PREFIX) {
            continue;
        }
        let Some((slot, interface)) = parse_alias(&link) else {
            orphans.push(link);
            continue;
        };
        let eni = maps.eni(slot)?;
        let ours = eni.ifindex == link.index;
        // A link whose slot is another's: it must not speak in that one's name.
        if !ours && there.contains(&eni.ifindex) {
            orphans.push(link);
            continue;
        }
        out.insert(
            slot,
            InterfaceState {
                configured: ours
                    .then(|| maps::interface_with(interface, &eni, maps.addresses(slot))),
                guarded: ours && link.up && dirs.links().join(&link.name).exists(),
                link: link.name,
            },
        );
    }
    for link in orphans {
        netlink.remove(link.index)?;
        program::remove_pin(&dirs.links().join(&link.name))?;
    }
    // ENIs whose link went away with the workload's namespace.
    for slot in maps.eni_slots()? {
        if slot != SYSTEM_SLOT && slot != UPLINK_SLOT && !out.contains_key(&slot) {
            let ifindex = maps.remove_eni(slot)?;
            flows.forget_eni(slot, ifindex)?;
        }
    }
    Ok(out)
}

/// Ginnel's own interface: the system namespace's only link, in the fabric's table as slot 0.
pub(super) fn ensure_system(
    dirs: &Dirs,
    netlink: &Netlink,
    programs: &mut Programs,
    maps: &mut Maps,
    system: &File,
) -> Result<(), Error> {
    let mac = Mac::local([0, 0x67, 0x69, 0x6e, 0x6e, 0x00]);
    let link = match netlink.link(SYSTEM_LINK)? {
        Some(link) => link,
        None => {
            netlink.add_pair(
                &End {
                    name: SYSTEM_LINK,
                    mac: GATEWAY_MAC,
                    namespace: None,
                },
                &End {
                    name: "sys0",
                    mac,
                    namespace: Some(system.as_fd()),
                },
                1_500,
            )?;
            netlink.link(SYSTEM_LINK)?.ok_or_else(|| Error::Io {
                what: "finding the system link".into(),
                source: std::io::ErrorKind::NotFound.into(),
            })?
        }
    };
    maps.put_eni(
        SYSTEM_SLOT,
        tables::eni {
            ip: maps::be(probe::SYSTEM_IP),
            ifindex: link.index,
            mac: mac.0,
            role: u8::try_from(tables::ROLE_SYSTEM).unwrap_or_default(),
            ..tables::eni::default()
        },
        &BTreeSet::from([Address {
            vpc: VpcNumber(0),
            ip: probe::SYSTEM_IP.into(),
        }]),
    )?;
    programs.guard(dirs, SYSTEM_LINK)?;
    netlink.up(link.index)?;
    namespace::inside(system.as_fd(), || {
        namespace::quiet_ipv6()?;
        let netlink = Netlink::open()?;
        for link in netlink.links()? {
            netlink.up(link.index)?;
            if link.name == "sys0" {
                netlink.add_address(link.index, probe::SYSTEM_IP.into(), 30)?;
                let (fabric, prefix) = probe::FABRIC;
                netlink.add_route_to(
                    link.index,
                    (fabric.into(), prefix),
                    Some(probe::SYSTEM_GATEWAY.into()),
                )?;
            }
        }
        Ok(())
    })
}

/// What the kernel's tables do not hold, kept on the link itself.
fn alias(slot: EniSlot, interface: &Interface) -> String {
    format!(
        "{slot} {} {} {} {} {} {}",
        interface.prefix,
        interface.mtu,
        interface.gateway,
        interface.resolver,
        interface.attachment.device,
        interface.attachment.namespace
    )
}

fn parse_alias(link: &Link) -> Option<(EniSlot, Interface)> {
    let mut words = link.alias.splitn(7, ' ');
    let slot = EniSlot(words.next()?.parse().ok()?);
    let prefix = words.next()?.parse().ok()?;
    let mtu = words.next()?.parse().ok()?;
    let gateway = words.next()?.parse().ok()?;
    let resolver = words.next()?.parse().ok()?;
    let device = words.next()?.to_owned();
    let namespace = words.next()?.to_owned();
    let interface = Interface {
        address: Address {
            vpc: VpcNumber(0),
            ip: Ipv4Addr::UNSPECIFIED.into(),
        },
        more: Vec::new(),
        source_check: true,
        place: Place::default(),
        prefix,
        gateway,
        resolver,
        mac: Mac([0; 6]),
        mtu,
        groups: Vec::new(),
        link: link.name.clone(),
        attachment: Attachment { namespace, device },
    };
    Some((slot, interface))
}

/// `ip netns exec NAME` mounts this file over /etc/resolv.conf; the host's is never touched.
fn resolver_file(interface: &Interface) -> Option<PathBuf> {
    let path = Path::new(&interface.attachment.namespace);
    let named = path.parent() == Some(Path::new(namespace::NAMED))
        || path.parent() == Some(Path::new("/var/run/netns"));
    let name = path.file_name().filter(|_| named)?;
    Some(Path::new("/etc/netns").join(name).join("resolv.conf"))
}

const RESOLVER_MARK: &str = "# Written by ginnel attach; removed by ginnel detach.\n";

fn write_resolver(interface: &Interface) -> Result<(), Error> {
    let Some(file) = resolver_file(interface) else {
        return Ok(());
    };
    if let Ok(text) = std::fs::read_to_string(&file)
        && !text.starts_with(RESOLVER_MARK)
    {
        tracing::warn!(file = %file.display(), "keeping the resolver file that is there");
        return Ok(());
    }
    let what = || Error::io(format!("writing {}", file.display()));
    if let Some(dir) = file.parent() {
        std::fs::create_dir_all(dir).map_err(what())?;
    }
    let text = format!("{RESOLVER_MARK}nameserver {}\n", interface.resolver);
    std::fs::write(&file, text).map_err(what())
}

/// Removes the resolver file and its directories, where they are ours and empty.
pub(super) fn remove_resolver(interface: &Interface) -> Result<(), Error> {
    let Some(file) = resolver_file(interface) else {
        return Ok(());
    };
    let ours = std::fs::read_to_string(&file).is_ok_and(|text| text.starts_with(RESOLVER_MARK));
    if ours {
        std::fs::remove_file(&file).map_err(Error::io(format!("removing {}", file.display())))?;
        for dir in file.ancestors().skip(1).take(2) {
            // Not empty: somebody else's.
            if std::fs::remove_dir(dir).is_err() {
                break;
            }
        }
    }
    Ok(())
}

/// Removes all workload links of the calling thread's namespace, with their resolver files.
pub(super) fn remove_all(netlink: &Netlink) -> Result<(), Error> {
    for link in netlink.links()? {
        if let Some((_, interface)) = parse_alias(&link) {
            remove_resolver(&interface)?;
        }
        let ours = [SYSTEM_LINK, super::uplink::LINK].contains(&link.name.as_str());
        if link.name.starts_with(LINK_PREFIX) || ours {
            netlink.remove(link.index)?;
        }
    }
    Ok(())
}
