//! The private addresses of interfaces: which ones a new one gets, and the secondary ones that
//! come and go later.

use core::net::Ipv4Addr;
use std::sync::Arc;

use aws::{Fault, ec2};
use model::address::{Address, Association};
use model::interface::Interface;
use model::subnet::Subnet;
use model::world::{Change, Claim, World};

use super::find_workload;
use crate::api::{Call, Decision, address, unsupported};

/// Addresses of an interface, the primary one included: AWS's most for the largest instances.
const MOST: usize = 50;

/// Which addresses a new interface shall have.
pub(super) struct Asked<'a> {
    primary: Option<&'a str>,
    secondary: Vec<&'a str>,
    /// How many more that the subnet has free.
    more: usize,
}

impl<'a> Asked<'a> {
    /// From the parameters of CreateNetworkInterface.
    pub(super) fn read(
        alone: Option<&'a str>,
        list: &'a [ec2::PrivateIpAddressSpecification],
        count: Option<i32>,
    ) -> Result<Self, Fault> {
        let more = count.map_or(Ok(0), number)?;
        if more > 0 && list.len() > 1 {
            return Err(both("PrivateIpAddresses"));
        }
        let mut primary = alone;
        let mut secondary = Vec::new();
        // Of those that do not say which they are, the first is the primary one.
        let told = alone.is_some() || list.iter().any(|one| one.primary == Some(true));
        let first = list.iter().position(|one| one.primary.is_none());
        for (at, one) in list.iter().enumerate() {
            let ec2::PrivateIpAddressSpecification {
                primary: is_primary,
                private_ip_address,
            } = one;
            let text = private_ip_address
                .as_deref()
                .ok_or_else(|| Fault::missing("PrivateIpAddresses.N.PrivateIpAddress"))?;
            if *is_primary != Some(true) && (told || first != Some(at)) {
                secondary.push(text);
            } else if let Some(other) = primary.replace(text) {
                let why = format!(
                    "only one address is the primary one, and {other} is; give Primary to one of them"
                );
                return Err(Fault::invalid_value("PrivateIpAddresses", text, &why));
            }
        }
        if primary.is_none() && !secondary.is_empty() {
            let why = "none is the primary one; give Primary to one of them";
            let all = secondary.join(", ");
            return Err(Fault::invalid_value("PrivateIpAddresses", &all, why));
        }
        check_count("The network interface", 1, secondary.len() + more)?;
        Ok(Self {
            primary,
            secondary,
            more,
        })
    }

    /// The primary address and the secondary ones, all free.
    pub(super) fn find(
        &self,
        world: &World,
        subnet: &Subnet,
    ) -> Result<(Ipv4Addr, Vec<Ipv4Addr>), Fault> {
        let mut taken = Vec::new();
        let named = self.primary.iter().chain(&self.secondary);
        for text in named {
            let ip = once(within(subnet, text)?, &taken)?;
            unused(world, subnet, ip)?;
            taken.push(ip);
        }
        if self.primary.is_none() {
            taken.push(free(world, subnet, &taken)?);
        }
        for _ in 0..self.more {
            taken.push(free(world, subnet, &taken)?);
        }
        let mut all = taken.into_iter();
        let primary = all.next();
        let primary = primary.ok_or_else(|| Fault::internal("an interface without an address"))?;
        Ok((primary, all.collect()))
    }
}

/// Two ways to say which addresses shall be the secondary ones.
fn both(list: &str) -> Fault {
    Fault::bad_request(
        "InvalidParameterCombination",
        format!(
            "SecondaryPrivateIpAddressCount cannot be used together with {list}; give one of them"
        ),
    )
}

fn number(given: i32) -> Result<usize, Fault> {
    usize::try_from(given).map_err(|_| {
        let why = format!("give a number from 0 to {}", MOST - 1);
        Fault::invalid_value("SecondaryPrivateIpAddressCount", &given.to_string(), &why)
    })
}

/// Refuses more addresses than an interface may have.
fn check_count(whose: &str, have: usize, more: usize) -> Result<(), Fault> {
    if have.saturating_add(more) <= MOST {
        return Ok(());
    }
    Err(Fault::bad_request(
        "PrivateIpAddressLimitExceeded",
        format!(
            "{whose} would have {} private IP addresses, and may have {MOST}; give fewer",
            have.saturating_add(more)
        ),
    ))
}

/// The lowest free address of a subnet that is not among `taken`.
pub(super) fn free(world: &World, subnet: &Subnet, taken: &[Ipv4Addr]) -> Result<Ipv4Addr, Fault> {
    world.free_address(subnet, taken).ok_or_else(|| {
        Fault::bad_request(
            "InsufficientFreeAddressesInSubnet",
            format!(
                "There are not enough free addresses in subnet '{}' ({}) for one more; delete a network interface, or use another subnet",
                subnet.id, subnet.cidr
            ),
        )
    })
}

/// An address as text; interfaces may have it in this subnet.
pub(super) fn within(subnet: &Subnet, text: &str) -> Result<Ipv4Addr, Fault> {
    let ip = read(text)?;
    if subnet.can_hold(ip) {
        return Ok(ip);
    }
    let why = if subnet.cidr.contains(&ip) {
        format!(
            "it is reserved, as the first four and the last address of {} of subnet '{}' are; choose another",
            subnet.cidr, subnet.id
        )
    } else {
        format!(
            "it does not fall within {} of subnet '{}'; choose one in there",
            subnet.cidr, subnet.id
        )
    };
    Err(Fault::invalid_value("PrivateIpAddress", text, &why))
}

/// An address as text.
pub(crate) fn read(text: &str) -> Result<Ipv4Addr, Fault> {
    text.parse().map_err(|_| {
        Fault::invalid_value(
            "PrivateIpAddress",
            text,
            "give an IPv4 address of the subnet",
        )
    })
}

/// Refuses an address that was given before.
fn once(ip: Ipv4Addr, before: &[Ipv4Addr]) -> Result<Ipv4Addr, Fault> {
    if before.contains(&ip) {
        let why = "it is given twice; give each address once";
        return Err(Fault::invalid_value(
            "PrivateIpAddress",
            &ip.to_string(),
            why,
        ));
    }
    Ok(ip)
}

/// The interface that has an address of a subnet.
fn holder<'a>(world: &'a World, subnet: &Subnet, ip: Ipv4Addr) -> Option<&'a Arc<Interface>> {
    world.claimant(Claim::Address(subnet.id, ip))
}

/// Refuses an address that an interface has.
pub(super) fn unused(world: &World, subnet: &Subnet, ip: Ipv4Addr) -> Result<(), Fault> {
    holder(world, subnet, ip).map_or(Ok(()), |other| {
        Err(in_use(
            other,
            ip,
            "choose another, or leave PrivateIpAddress out",
        ))
    })
}

fn in_use(other: &Interface, ip: Ipv4Addr, instead: &str) -> Fault {
    Fault::bad_request(
        "InvalidIPAddress.InUse",
        format!("Address {ip} is in use by '{}'; {instead}", other.id),
    )
}

/// Gives an interface more addresses.
/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_AssignPrivateIpAddresses.html>
pub(crate) fn assign(
    world: &World,
    call: &Call,
    request: &ec2::AssignPrivateIpAddressesRequest,
) -> Result<Decision<ec2::AssignPrivateIpAddressesResult>, Fault> {
    let ec2::AssignPrivateIpAddressesRequest {
        allow_reassignment,
        ipv4_prefix_count,
        ipv4_prefixes,
        network_interface_id,
        private_ip_addresses: list,
        secondary_private_ip_address_count: count,
    } = request;
    unsupported(&[
        (
            "Ipv4PrefixCount",
            ipv4_prefix_count.is_some_and(|it| it != 0),
        ),
        ("Ipv4Prefix", !ipv4_prefixes.is_empty()),
    ])?;
    let known = find_workload(world, call, network_interface_id, "change")?;
    let subnet = world.subnet(call.account, known.subnet);
    let subnet = subnet.ok_or_else(|| Fault::internal(format!("{} has no subnet", known.id)))?;
    let more = count.map_or(Ok(0), number)?;
    match (list.is_empty(), more) {
        (true, 0) => return Err(Fault::missing("PrivateIpAddress")),
        (false, 1..) => return Err(both("PrivateIpAddress")),
        _ => {}
    }
    let mut interface = Interface::clone(known);
    let mut assigned = Vec::new();
    let mut moves = Moves::default();
    for text in list {
        let ip = once(within(subnet, text)?, &assigned)?;
        assigned.push(ip);
        match holder(world, subnet, ip) {
            None => interface.secondary.push(ip),
            Some(other) if *allow_reassignment != Some(true) => {
                let instead = "choose another, or give AllowReassignment";
                return Err(in_use(other, ip, instead));
            }
            Some(other) if other.ip == ip || other.is_managed() => {
                let instead = "it is no secondary address and cannot be moved; choose another";
                return Err(in_use(other, ip, instead));
            }
            // It has it already.
            Some(other) if other.id == interface.id => {}
            Some(other) => {
                moves.take(world, other, ip, &interface);
                interface.secondary.push(ip);
            }
        }
    }
    for _ in 0..more {
        let ip = free(world, subnet, &assigned)?;
        assigned.push(ip);
        interface.secondary.push(ip);
    }
    let whose = format!("The network interface '{}'", interface.id);
    check_count(&whose, 1, interface.secondary.len())?;
    let one = |ip: &Ipv4Addr| ec2::AssignedPrivateIpAddress {
        private_ip_address: Some(ip.to_string()),
    };
    let reply = ec2::AssignPrivateIpAddressesResult {
        assigned_ipv4_prefixes: Vec::new(),
        assigned_private_ip_addresses: assigned.iter().map(one).collect(),
        network_interface_id: Some(interface.id.to_string()),
    };
    let mut changes = moves.changes();
    changes.push(interface.into());
    Ok(Decision { reply, changes })
}

/// Addresses that leave interfaces for another, and the Elastic IP addresses that go with them.
#[derive(Default)]
struct Moves {
    interfaces: Vec<Interface>,
    addresses: Vec<Address>,
}

impl Moves {
    fn take(&mut self, world: &World, from: &Interface, ip: Ipv4Addr, to: &Interface) {
        let at = self.interfaces.iter().position(|it| it.id == from.id);
        let at = at.unwrap_or_else(|| {
            self.interfaces.push(from.clone());
            self.interfaces.len() - 1
        });
        if let Some(from) = self.interfaces.get_mut(at) {
            from.secondary.retain(|it| *it != ip);
        }
        let given = world.needing::<Address>(from.id);
        for given in given.filter(|it| it.private() == Some(ip)) {
            let mut address = Address::clone(given);
            address.association = address.association.map(|it| Association {
                interface: to.id,
                ..it
            });
            self.addresses.push(address);
        }
    }

    fn changes(self) -> Vec<Change> {
        let interfaces = self.interfaces.into_iter().map(Change::from);
        interfaces
            .chain(self.addresses.into_iter().map(Change::from))
            .collect()
    }
}

/// Takes secondary addresses from an interface; their Elastic IP addresses stay, without them.
/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_UnassignPrivateIpAddresses.html>
pub(crate) fn unassign(
    world: &World,
    call: &Call,
    request: &ec2::UnassignPrivateIpAddressesRequest,
) -> Result<Decision<()>, Fault> {
    let ec2::UnassignPrivateIpAddressesRequest {
        ipv4_prefixes,
        network_interface_id,
        private_ip_addresses,
    } = request;
    unsupported(&[("Ipv4Prefix", !ipv4_prefixes.is_empty())])?;
    let known = find_workload(world, call, network_interface_id, "change")?;
    if private_ip_addresses.is_empty() {
        return Err(Fault::missing("PrivateIpAddress"));
    }
    let mut interface = Interface::clone(known);
    for text in private_ip_addresses {
        let ip = read(text)?;
        let refuse = |why: String| Err(Fault::invalid_value("PrivateIpAddress", text, &why));
        if ip == known.ip {
            return refuse(format!(
                "it is the primary address of '{}', which stays as long as the interface",
                known.id
            ));
        }
        if !known.secondary.contains(&ip) {
            return refuse(format!("it is not assigned to interface '{}'", known.id));
        }
        interface.secondary.retain(|it| *it != ip);
    }
    let kept: Vec<Ipv4Addr> = interface.addresses().collect();
    let given = world.needing::<Address>(known.id);
    let given = given.filter(|it| it.private().is_some_and(|ip| !kept.contains(&ip)));
    let mut changes: Vec<Change> = given.map(|it| address::without(it).into()).collect();
    changes.push(interface.into());
    Ok(Decision { reply: (), changes })
}

#[cfg(test)]
mod tests;
