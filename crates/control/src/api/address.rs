//! Elastic IP addresses. They belong to an account, and are used by NAT gateways and by
//! workloads' interfaces.

mod association;

use core::net::Ipv4Addr;
use std::sync::Arc;

use aws::{Fault, ec2};
use model::address::{Address, COUNT, at};
use model::id::{AddressAssociationId, AllocationId};
use model::interface::Interface;
use model::nat_gateway::NatGateway;
use model::world::{Change, Name, World};

use super::page::page;
use super::{Call, Decision, filter, not_found, parse_id, quota, select, tags, unsupported};

pub(crate) use association::{associate, disassociate};

/// The stem of allocation ids in error codes.
pub(crate) const STEM: &str = "AllocationID";
/// The pool that AWS's own addresses are from.
const POOL: &str = "amazon";

/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_AllocateAddress.html>
pub(crate) fn allocate(
    world: &World,
    call: &Call,
    request: &ec2::AllocateAddressRequest,
) -> Result<Decision<ec2::AllocateAddressResult>, Fault> {
    let ec2::AllocateAddressRequest {
        address,
        customer_owned_ipv4_pool,
        domain,
        dry_run: _,
        ipam_pool_id,
        network_border_group,
        public_ipv4_pool,
        tag_specifications,
    } = request;
    unsupported(&[
        ("Address", address.is_some()),
        ("CustomerOwnedIpv4Pool", customer_owned_ipv4_pool.is_some()),
        ("IpamPoolId", ipam_pool_id.is_some()),
        (
            "PublicIpv4Pool",
            public_ipv4_pool.as_deref().is_some_and(|it| it != POOL),
        ),
    ])?;
    if let Some(other) = domain.as_deref().filter(|domain| *domain != "vpc") {
        return Err(Fault::invalid_value("Domain", other, "give vpc"));
    }
    check_group(call, network_border_group.as_deref())?;
    let tags = tags::on_create(tag_specifications, "elastic-ip")?;
    call.check_quota(
        &quota::ADDRESSES,
        world.owned::<Address>(call.account).count(),
        "AddressLimitExceeded",
        &format!("The account {}", call.account),
    )?;
    let address = Address {
        id: call.id(),
        owner: call.account,
        ip: free(world, call)?,
        association: None,
        tags,
    };
    Ok(Decision {
        reply: ec2::AllocateAddressResult {
            allocation_id: Some(address.id.to_string()),
            domain: Some("vpc".into()),
            network_border_group: Some(call.region.clone()),
            public_ip: Some(address.ip.to_string()),
            public_ipv4_pool: Some(POOL.into()),
            ..ec2::AllocateAddressResult::default()
        },
        changes: vec![address.into()],
    })
}

/// An address that nobody has: the first from a place that chance chooses.
fn free(world: &World, call: &Call) -> Result<Ipv4Addr, Fault> {
    let start = u32::from_be_bytes(call.bytes()) % COUNT;
    let mut places = (start..start + COUNT).map(at);
    let free = places.find(|ip| !world.is_public_address_in_use(*ip));
    free.ok_or_else(|| {
        Fault::bad_request(
            "InsufficientAddressCapacity",
            format!("All {COUNT} addresses are taken; release some"),
        )
    })
}

fn check_group(call: &Call, group: Option<&str>) -> Result<(), Fault> {
    match group.filter(|group| *group != call.region) {
        None => Ok(()),
        Some(other) => Err(Fault::invalid_value(
            "NetworkBorderGroup",
            other,
            &format!("the only one is {}", call.region),
        )),
    }
}

/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ReleaseAddress.html>
pub(crate) fn release(
    world: &World,
    call: &Call,
    request: &ec2::ReleaseAddressRequest,
) -> Result<Decision<()>, Fault> {
    let ec2::ReleaseAddressRequest {
        allocation_id,
        dry_run: _,
        network_border_group,
        public_ip,
    } = request;
    check_group(call, network_border_group.as_deref())?;
    let address = match (allocation_id.as_deref(), public_ip.as_deref()) {
        (Some(text), None) => find_ref(world, call, text)?,
        (Some(_), Some(_)) => {
            return Err(Fault::bad_request(
                "InvalidParameterCombination",
                "You may specify public IP or allocation id, but not both in the same call",
            ));
        }
        (None, Some(text)) => {
            let known = find_ip(world, call, text)?;
            return Err(Fault::invalid_value(
                "PublicIp",
                text,
                &format!("release it by its AllocationId, {}", known.id),
            ));
        }
        (None, None) => return Err(Fault::missing("AllocationId")),
    };
    let gateway = gateway(world, address);
    let gateway = gateway.map(|gateway| format!("{}; delete that first", gateway.id));
    let associated = address.association.as_ref();
    let associated = associated.map(|it| {
        format!(
            "{} ({}); disassociate it first with DisassociateAddress",
            it.interface, it.id
        )
    });
    if let Some(user) = gateway.or(associated) {
        return Err(Fault::bad_request(
            "InvalidIPAddress.InUse",
            format!(
                "The address {} ({}) is in use by {user}",
                address.ip, address.id
            ),
        ));
    }
    Ok(Decision {
        reply: (),
        changes: vec![Change::Remove(Name::Address(address.id))],
    })
}

/// The address without its association.
pub(crate) fn without(address: &Address) -> Address {
    Address {
        association: None,
        ..address.clone()
    }
}

/// The NAT gateway that uses an address.
fn gateway<'a>(world: &'a World, address: &Address) -> Option<&'a Arc<NatGateway>> {
    world.needing(address.id).next()
}

/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeAddresses.html>
pub(crate) fn describe(
    world: &World,
    call: &Call,
    request: &ec2::DescribeAddressesRequest,
) -> Result<ec2::DescribeAddressesResult, Fault> {
    let ec2::DescribeAddressesRequest {
        allocation_ids,
        dry_run: _,
        filters,
        public_ips,
    } = request;
    let names = [
        "allocation-id",
        "association-id",
        "domain",
        "instance-id",
        "network-border-group",
        "network-interface-id",
        "network-interface-owner-id",
        "private-ip-address",
        "public-ip",
    ];
    filter::known(filters, &names)?;
    let find = |text: &str| match text.parse::<Ipv4Addr>() {
        Ok(_) => find_ip(world, call, text),
        Err(_) => find_ref(world, call, text),
    };
    for text in public_ips {
        // An id is no address.
        find_ip(world, call, text)?;
    }
    let asked: Vec<String> = allocation_ids.iter().chain(public_ips).cloned().collect();
    let mine = select::select(world, call, &asked, find, &[], "")?;
    let mine = mine.into_iter().map(|it| (it, wire(world, call, it)));
    let values = |(_, listed): &(_, ec2::Address), name: &str| {
        let one = match name {
            "allocation-id" => &listed.allocation_id,
            "association-id" => &listed.association_id,
            "domain" => &listed.domain,
            "instance-id" => &listed.instance_id,
            "network-border-group" => &listed.network_border_group,
            "network-interface-id" => &listed.network_interface_id,
            "network-interface-owner-id" => &listed.network_interface_owner_id,
            "private-ip-address" => &listed.private_ip_address,
            "public-ip" => &listed.public_ip,
            _ => return None,
        };
        Some(one.iter().cloned().collect())
    };
    let found = filter::apply(mine.collect(), filters, values, |(address, _)| {
        Some(&address.tags)
    })?;
    Ok(ec2::DescribeAddressesResult {
        addresses: found.into_iter().map(|(_, listed)| listed).collect(),
    })
}

/// Attributes of addresses: there are no reverse names yet.
/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeAddressesAttribute.html>
pub(crate) fn describe_attribute(
    world: &World,
    call: &Call,
    request: &ec2::DescribeAddressesAttributeRequest,
) -> Result<ec2::DescribeAddressesAttributeResult, Fault> {
    let ec2::DescribeAddressesAttributeRequest {
        allocation_ids,
        attribute,
        dry_run: _,
        max_results,
        next_token,
    } = request;
    if let Some(other) = attribute.as_deref().filter(|it| *it != "domain-name") {
        return Err(Fault::invalid_value("Attribute", other, "give domain-name"));
    }
    let find = |text: &str| find_ref(world, call, text);
    let mine = select::select(world, call, allocation_ids, find, &[], "")?;
    let (given, next_token) = page(
        mine,
        |address| address.id.to_string(),
        *max_results,
        next_token.as_deref(),
        (1, 1_000),
        false,
    )?;
    let addresses = given.into_iter().map(|address| ec2::AddressAttribute {
        allocation_id: Some(address.id.to_string()),
        public_ip: Some(address.ip.to_string()),
        ..ec2::AddressAttribute::default()
    });
    Ok(ec2::DescribeAddressesAttributeResult {
        addresses: addresses.collect(),
        next_token,
    })
}

/// The caller's address with this allocation id.
pub(crate) fn find_ref<'a>(
    world: &'a World,
    call: &Call,
    text: &str,
) -> Result<&'a Arc<Address>, Fault> {
    let id: AllocationId = parse_id(STEM, text)?;
    world
        .address(call.account, id)
        .ok_or_else(|| not_found(STEM, id))
}

/// The caller's address that is this one.
fn find_ip<'a>(world: &'a World, call: &Call, text: &str) -> Result<&'a Arc<Address>, Fault> {
    let ip: Ipv4Addr = text.parse().map_err(|_| {
        Fault::bad_request(
            "InvalidAddress.Malformed",
            format!("The address '{text}' is not an IPv4 address"),
        )
    })?;
    let found = world.public_address(ip);
    let found = found.filter(|address| address.owner == call.account);
    found.ok_or_else(|| {
        Fault::bad_request(
            "InvalidAddress.NotFound",
            format!("Address '{ip}' not found"),
        )
    })
}

/// What an address stands for: its association, the interface and the private address.
fn used<'a>(
    world: &'a World,
    address: &Address,
) -> Option<(AddressAssociationId, &'a Interface, Ipv4Addr)> {
    if let Some(association) = &address.association {
        let interface = world.interfaces.get(&association.interface)?;
        return Some((association.id, interface, association.private));
    }
    let gateway = gateway(world, address)?;
    let interface = world.interfaces.get(&gateway.interface)?;
    Some((
        gateway.address.as_ref()?.association,
        interface,
        interface.ip,
    ))
}

/// An address as EC2 lists it.
fn wire(world: &World, call: &Call, address: &Address) -> ec2::Address {
    let mut listed = ec2::Address {
        allocation_id: Some(address.id.to_string()),
        domain: Some("vpc".into()),
        network_border_group: Some(call.region.clone()),
        public_ip: Some(address.ip.to_string()),
        public_ipv4_pool: Some(POOL.into()),
        tags: tags::ec2(&address.tags),
        ..ec2::Address::default()
    };
    if let Some((association, interface, private)) = used(world, address) {
        listed.association_id = Some(association.to_string());
        listed.network_interface_id = Some(interface.id.to_string());
        listed.network_interface_owner_id = Some(interface.owner.to_string());
        listed.private_ip_address = Some(private.to_string());
    }
    listed
}

#[cfg(test)]
mod tests;
