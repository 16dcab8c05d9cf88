//! The subnets and security groups of a load balancer, and the ENIs that are made there.

use std::net::Ipv4Addr;
use std::sync::Arc;

use aws::{Fault, elbv2};
use model::id::{BalancerId, SecurityGroupId, VpcId};
use model::interface::{Interface, Role};
use model::load_balancer::{BalancerZone, LoadBalancer};
use model::net::Mac;
use model::place::Zone;
use model::subnet::Subnet;
use model::world::{Change, Name, World};

use super::elbv2::{invalid, need_balancer};
use super::load_balancer::{enforced, wire_zones};
use super::{Call, Decision, endpoint_wire, quota, unsupported};

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
    call.check_quota_for(
        &quota::GROUPS_PER_INTERFACE,
        groups.len(),
        0,
        "InvalidConfigurationRequest",
        "The load balancer",
    )?;
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
        secondary: Vec::new(),
        source_check: true,
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

/// Puts a load balancer into these subnets and no others: ENIs are made and removed.
/// <https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_SetSubnets.html>
pub(crate) fn set_subnets(
    world: &World,
    call: &Call,
    request: &elbv2::SetSubnetsInput,
) -> Result<Decision<elbv2::SetSubnetsOutput>, Fault> {
    let elbv2::SetSubnetsInput {
        enable_prefix_for_ipv6_source_nat,
        ip_address_type,
        load_balancer_arn,
        subnet_mappings,
        subnets,
    } = request;
    unsupported(&[
        (
            "EnablePrefixForIpv6SourceNat=on",
            enable_prefix_for_ipv6_source_nat.as_deref() == Some("on"),
        ),
        (
            "IpAddressType (other than ipv4)",
            ip_address_type.as_deref().is_some_and(|t| t != "ipv4"),
        ),
    ])?;
    let old = need_balancer(world, call, load_balancer_arn)?;
    let places = places(world, call, subnets, subnet_mappings)?;
    let Some((first, _)) = places.first() else {
        return Err(invalid("At least one subnet must be specified in Subnets"));
    };
    if first.vpc != old.vpc {
        return Err(Fault::bad_request(
            "InvalidSubnet",
            format!(
                "The subnet '{}' is in {}, and the load balancer '{}' is in {}; give subnets of that",
                first.id, first.vpc, old.name, old.vpc
            ),
        ));
    }
    let (balancer, changes) = moved(world, call, old, &places)?;
    let after = world.apply(&changes, call.revision);
    Ok(Decision {
        reply: elbv2::SetSubnetsOutput {
            availability_zones: wire_zones(&after, call, &balancer),
            enable_prefix_for_ipv6_source_nat: None,
            ip_address_type: Some("ipv4".into()),
        },
        changes,
    })
}

/// The load balancer in its new places, and the changes that bring it there.
fn moved(
    world: &World,
    call: &Call,
    old: &LoadBalancer,
    places: &[Place<'_>],
) -> Result<(LoadBalancer, Vec<Change>), Fault> {
    let mut balancer = old.clone();
    balancer.zones.clear();
    let (mut changes, mut kept) = (Vec::new(), Vec::new());
    for (subnet, wanted) in places {
        let before = old.zones.iter().find(|zone| zone.subnet == subnet.id);
        let ip = before.and_then(|zone| Some(world.interfaces.get(&zone.interface)?.ip));
        let zone = match before.filter(|_| wanted.is_none() || ip == *wanted) {
            Some(zone) => {
                kept.push(zone.interface);
                *zone
            }
            None => {
                let made = interface(world, call, old, subnet, *wanted)?;
                let zone = BalancerZone {
                    zone: subnet.zone,
                    subnet: subnet.id,
                    interface: made.id,
                };
                changes.push(made.into());
                zone
            }
        };
        balancer.zones.push(zone);
    }
    for zone in &old.zones {
        if !kept.contains(&zone.interface) {
            check_unused(world, call, old, zone.zone)?;
            changes.push(Change::Remove(Name::Interface(zone.interface)));
        }
    }
    changes.insert(0, balancer.clone().into());
    Ok((balancer, changes))
}

/// Refuses to leave, or to change the address in, a zone where endpoints come through.
fn check_unused(
    world: &World,
    call: &Call,
    balancer: &LoadBalancer,
    zone: Zone,
) -> Result<(), Fault> {
    let Some(service) = world.service_of(balancer.id) else {
        return Ok(());
    };
    // Endpoints come through the first load balancer of the service that is in their zone.
    let is_there = |id: &&BalancerId| {
        let found = world.load_balancers.get(*id);
        found.is_some_and(|lb| lb.zones.iter().any(|place| place.zone == zone))
    };
    if service.balancers.iter().find(is_there) != Some(&balancer.id) {
        return Ok(());
    }
    let endpoints: Vec<String> = world
        .connections_of(service.id)
        .filter(|endpoint| endpoint_wire::zones(world, endpoint).contains(&zone))
        .map(|endpoint| endpoint.id.to_string())
        .collect();
    if endpoints.is_empty() {
        return Ok(());
    }
    Err(Fault::bad_request(
        "InvalidConfigurationRequest",
        format!(
            "The load balancer '{}' must keep its subnet in {}: it is behind the endpoint service {}, to which {} are connected there; reject and delete those first",
            balancer.name,
            zone.name(&call.region),
            service.id,
            endpoints.join(", ")
        ),
    ))
}

/// <https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_SetSecurityGroups.html>
pub(crate) fn set_groups(
    world: &World,
    call: &Call,
    request: &elbv2::SetSecurityGroupsInput,
) -> Result<Decision<elbv2::SetSecurityGroupsOutput>, Fault> {
    let elbv2::SetSecurityGroupsInput {
        enforce_security_group_inbound_rules_on_private_link_traffic: enforce,
        load_balancer_arn,
        security_groups,
    } = request;
    let mut balancer = LoadBalancer::clone(need_balancer(world, call, load_balancer_arn)?);
    if balancer.groups.is_empty() {
        return Err(Fault::bad_request(
            "InvalidConfigurationRequest",
            format!(
                "The load balancer '{}' was made without security groups, so it cannot have any; make another with SecurityGroups",
                balancer.name
            ),
        ));
    }
    balancer.groups = groups(world, call, balancer.vpc, security_groups)?;
    match enforce.as_deref() {
        None => {}
        Some("on") => balancer.waives_groups = false,
        Some("off") => balancer.waives_groups = true,
        Some(other) => {
            return Err(invalid(format!(
                "The EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic '{other}' is not valid; give on or off"
            )));
        }
    }
    let reply = elbv2::SetSecurityGroupsOutput {
        enforce_security_group_inbound_rules_on_private_link_traffic: enforced(&balancer),
        security_group_ids: security_groups.clone(),
    };
    let interfaces = balancer.zones.iter();
    let interfaces = interfaces.filter_map(|zone| world.interfaces.get(&zone.interface));
    let mut changes: Vec<Change> = interfaces
        .map(|interface| {
            let mut interface = Interface::clone(interface);
            interface.groups.clone_from(&balancer.groups);
            interface.into()
        })
        .collect();
    changes.push(balancer.into());
    Ok(Decision { reply, changes })
}

/// All load balancers have IPv4 addresses: saying so again changes nothing.
/// <https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_SetIpAddressType.html>
pub(crate) fn set_address_type(
    world: &World,
    call: &Call,
    request: &elbv2::SetIpAddressTypeInput,
) -> Result<Decision<elbv2::SetIpAddressTypeOutput>, Fault> {
    let elbv2::SetIpAddressTypeInput {
        ip_address_type,
        load_balancer_arn,
    } = request;
    need_balancer(world, call, load_balancer_arn)?;
    unsupported(&[(
        "IpAddressType=dualstack (give ipv4)",
        ip_address_type == "dualstack",
    )])?;
    if ip_address_type != "ipv4" {
        return Err(invalid(format!(
            "The IpAddressType '{ip_address_type}' is not valid for a Network Load Balancer; give ipv4"
        )));
    }
    Ok(Decision::unchanged(elbv2::SetIpAddressTypeOutput {
        ip_address_type: Some("ipv4".into()),
    }))
}

#[cfg(test)]
mod tests;
