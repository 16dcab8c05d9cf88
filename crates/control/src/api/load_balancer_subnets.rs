//! The subnets and security groups of a load balancer, and the ENIs that are made there.

use std::net::Ipv4Addr;
use std::sync::Arc;

use aws::{Fault, elbv2};
use model::id::{SecurityGroupId, VpcId};
use model::interface::{Interface, Role};
use model::load_balancer::LoadBalancer;
use model::net::Mac;
use model::subnet::Subnet;
use model::world::World;

use super::elbv2::invalid;
use super::{Call, unsupported};

/// One subnet, and the address there if the caller wants a certain one.
pub(crate) type Place<'a> = (&'a Arc<Subnet>, Option<Ipv4Addr>);

/// The caller's subnets: of one VPC, one a zone.
pub(crate) fn places<'a>(
    world: &'a World,
    call: &Call,
    subnets: &[String],
    mappings: &[elbv2::SubnetMapping],
) -> Result<Vec<Place<'a>>, Fault> {
    if !subnets.is_empty() && !mappings.is_empty() {
        return Err(invalid(
            "Subnets and SubnetMappings cannot both be specified; leave one of them out",
        ));
    }
    let mut places: Vec<Place<'a>> = Vec::new();
    for text in subnets {
        places.push((subnet(world, call, text)?, None));
    }
    for mapping in mappings {
        let elbv2::SubnetMapping {
            allocation_id,
            ipv6_address,
            private_ipv4_address,
            source_nat_ipv6_prefix,
            subnet_id,
        } = mapping;
        unsupported(&[
            ("SubnetMappings.AllocationId", allocation_id.is_some()),
            ("SubnetMappings.IPv6Address", ipv6_address.is_some()),
            (
                "SubnetMappings.SourceNatIpv6Prefix",
                source_nat_ipv6_prefix.is_some(),
            ),
        ])?;
        let wanted = private_ipv4_address.as_ref().map(|text| {
            text.parse().map_err(|_| {
                invalid(format!(
                    "PrivateIPv4Address '{text}' is not an IPv4 address"
                ))
            })
        });
        let text = subnet_id.as_deref().unwrap_or_default();
        places.push((subnet(world, call, text)?, wanted.transpose()?));
    }
    for (at, (subnet, _)) in places.iter().enumerate() {
        for (earlier, _) in places.iter().take(at) {
            if earlier.vpc != subnet.vpc {
                return Err(Fault::bad_request(
                    "InvalidSubnet",
                    format!(
                        "The subnets '{}' and '{}' are in different VPCs; give subnets of one VPC",
                        earlier.id, subnet.id
                    ),
                ));
            }
            if earlier.zone == subnet.zone {
                return Err(Fault::bad_request(
                    "InvalidConfigurationRequest",
                    format!(
                        "A load balancer cannot be attached to multiple subnets in the same Availability Zone: '{}' and '{}' are both in {}",
                        earlier.id,
                        subnet.id,
                        subnet.zone.name(&call.region)
                    ),
                ));
            }
        }
    }
    Ok(places)
}

fn subnet<'a>(world: &'a World, call: &Call, text: &str) -> Result<&'a Arc<Subnet>, Fault> {
    let found = text.parse().ok();
    found
        .and_then(|id| world.subnet(call.account, id))
        .ok_or_else(|| {
            Fault::bad_request(
                "SubnetNotFound",
                format!("The subnet ID '{text}' is not valid: you have no such subnet"),
            )
        })
}

/// The caller's security groups in the VPC of the subnets; none when none is named.
pub(crate) fn groups(
    world: &World,
    call: &Call,
    vpc: VpcId,
    texts: &[String],
) -> Result<Vec<SecurityGroupId>, Fault> {
    let most = model::host::MAX_GROUPS_PER_ENI;
    if texts.len() > most {
        return Err(Fault::bad_request(
            "InvalidConfigurationRequest",
            format!("A load balancer has at most {most} SecurityGroups"),
        ));
    }
    let mut groups = Vec::new();
    for text in texts {
        let found = text.parse().ok();
        let found = found.and_then(|id| world.security_group(call.account, id));
        let found = found.filter(|group| group.vpc == vpc).ok_or_else(|| {
            Fault::bad_request(
                "InvalidSecurityGroup",
                format!("The security group '{text}' is not one of yours in {vpc}, the VPC of the subnets"),
            )
        })?;
        if !groups.contains(&found.id) {
            groups.push(found.id);
        }
    }
    Ok(groups)
}

/// Whether a load balancer is in these subnets, with these addresses where some are wanted.
pub(crate) fn has_places(world: &World, balancer: &LoadBalancer, places: &[Place<'_>]) -> bool {
    let has = |(subnet, wanted): &Place<'_>| {
        balancer.zones.iter().any(|zone| {
            let ip = world.interfaces.get(&zone.interface).map(|found| found.ip);
            zone.subnet == subnet.id && (wanted.is_none() || ip == *wanted)
        })
    };
    balancer.zones.len() == places.len() && places.iter().all(has)
}

/// Makes the ENI in one subnet.
pub(crate) fn interface(
    world: &World,
    call: &Call,
    balancer: &LoadBalancer,
    subnet: &Subnet,
    wanted: Option<Ipv4Addr>,
) -> Result<Interface, Fault> {
    let fits = |ip: &Ipv4Addr| subnet.can_hold(*ip) && !world.is_address_in_use(subnet.id, *ip);
    let ip = match wanted {
        Some(ip) => Some(ip).filter(fits).ok_or_else(|| {
            invalid(format!(
                "PrivateIPv4Address '{ip}' is outside {} of subnet '{}', reserved, or in use; give another",
                subnet.cidr, subnet.id
            ))
        })?,
        None => world.free_address(subnet, &[]).ok_or_else(|| {
            Fault::bad_request(
                "InvalidSubnet",
                format!(
                    "Not enough IP addresses are free in subnet '{}'; give another",
                    subnet.id
                ),
            )
        })?,
    };
    Ok(Interface {
        id: call.id(),
        owner: call.account,
        vpc: subnet.vpc,
        subnet: subnet.id,
        ip,
        mac: Mac::local(call.bytes()),
        description: format!("ELB net/{}/{}", balancer.name, balancer.id),
        groups: balancer.groups.clone(),
        role: Role::LoadBalancer {
            balancer: balancer.id,
        },
        created: call.now,
        tags: Default::default(),
    })
}
