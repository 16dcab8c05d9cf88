//! Network Load Balancers.

use std::net::Ipv4Addr;
use std::sync::Arc;

use aws::{Fault, elbv2};
use model::id::{BalancerId, SecurityGroupId, VpcId};
use model::interface::{Interface, Role};
use model::load_balancer::{BalancerZone, LoadBalancer, State};
use model::net::Mac;
use model::subnet::Subnet;
use model::world::{Change, Name, World};

use super::elbv2::{
    add_tags, attributes as merge, balancer, balancer_arn, check_name, invalid, need_balancer, page,
};
use super::{Call, Decision, unsupported};

/// Load balancers of an account (AWS quota).
const MAX_BALANCERS: usize = 50;

/// AWS's hosted zone of the names of Network Load Balancers.
const HOSTED_ZONE: &str = "Z26RNL4JYFTOTI";

/// AWS.md 4.2.
const ATTRIBUTES: &[(&str, &str)] = &[
    ("access_logs.s3.bucket", ""),
    ("access_logs.s3.enabled", "false"),
    ("access_logs.s3.prefix", ""),
    ("deletion_protection.enabled", "false"),
    ("dns_record.client_routing_policy", "any_availability_zone"),
    ("ipv6.deny_all_igw_traffic", "false"),
    ("load_balancing.cross_zone.enabled", "false"),
    ("secondary_ips.auto_assigned.per_subnet", "0"),
    ("zonal_shift.config.enabled", "false"),
];

/// One subnet, and the address there if the caller wants a certain one.
type Place<'a> = (&'a Arc<Subnet>, Option<Ipv4Addr>);

/// <https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateLoadBalancer.html>
pub(crate) fn create(
    world: &World,
    call: &Call,
    request: &elbv2::CreateLoadBalancerInput,
) -> Result<Decision<elbv2::CreateLoadBalancerOutput>, Fault> {
    let elbv2::CreateLoadBalancerInput {
        customer_owned_ipv4_pool,
        enable_prefix_for_ipv6_source_nat,
        ip_address_type,
        ipam_pools,
        name,
        scheme,
        security_groups,
        subnet_mappings,
        subnets,
        tags,
        r#type,
    } = request;
    unsupported(&[
        ("CustomerOwnedIpv4Pool", customer_owned_ipv4_pool.is_some()),
        (
            "EnablePrefixForIpv6SourceNat=on",
            enable_prefix_for_ipv6_source_nat.as_deref() == Some("on"),
        ),
        (
            "IpAddressType (other than ipv4)",
            ip_address_type.as_deref().is_some_and(|t| t != "ipv4"),
        ),
        ("IpamPools", ipam_pools.is_some()),
    ])?;
    if r#type.as_deref() != Some("network") {
        return Err(Fault::bad_request(
            "UnsupportedOperation",
            format!(
                "Load balancers of Type '{}' are not supported by this version of Ginnel; give Type=network",
                r#type.as_deref().unwrap_or("application (the default)")
            ),
        ));
    }
    check_name("load balancer", name)?;
    if name.starts_with("internal-") {
        return Err(invalid(format!(
            "The load balancer name '{name}' is not valid: it cannot begin with 'internal-'"
        )));
    }
    let scheme = scheme.as_deref().unwrap_or("internet-facing");
    if !["internal", "internet-facing"].contains(&scheme) {
        return Err(Fault::bad_request(
            "InvalidScheme",
            format!("The Scheme '{scheme}' is not valid; give internal or internet-facing"),
        ));
    }
    let places = places(world, call, subnets, subnet_mappings)?;
    let vpc = places.first().map(|(subnet, _)| subnet.vpc);
    let vpc = vpc.ok_or_else(|| invalid("At least one subnet must be specified in Subnets"))?;
    let groups = groups(world, call, vpc, security_groups)?;

    let mine = || {
        world
            .load_balancers
            .values()
            .filter(|lb| lb.owner == call.account)
    };
    if let Some(old) = mine().find(|lb| lb.name == *name) {
        if old.scheme == scheme && old.groups == groups && has_places(world, old, &places) {
            return Ok(Decision::unchanged(reply(world, call, old)));
        }
        return Err(Fault::bad_request(
            "DuplicateLoadBalancerName",
            format!("A load balancer with the name '{name}' exists, but with different settings"),
        ));
    }
    if mine().count() >= MAX_BALANCERS {
        return Err(Fault::bad_request(
            "TooManyLoadBalancers",
            format!("An account has at most {MAX_BALANCERS} load balancers; delete one first"),
        ));
    }
    let mut made = LoadBalancer {
        id: call.id(),
        owner: call.account,
        name: name.clone(),
        vpc,
        scheme: scheme.to_owned(),
        zones: Vec::new(),
        groups,
        state: State::Provisioning,
        slot: world.free_balancer_slot(),
        created: call.now,
        made_at: call.revision,
        attributes: Default::default(),
        tags: Default::default(),
    };
    add_tags(&mut made.tags, tags)?;
    let mut interfaces = Vec::new();
    for (subnet, wanted) in places {
        let interface = interface(world, call, &made, subnet, wanted)?;
        made.zones.push(BalancerZone {
            zone: subnet.zone,
            subnet: subnet.id,
            interface: interface.id,
        });
        interfaces.push(interface);
    }
    let mut changes: Vec<Change> = vec![made.clone().into()];
    changes.extend(interfaces.into_iter().map(Change::from));
    let after = world.apply(&changes, call.revision);
    Ok(Decision {
        reply: reply(&after, call, &made),
        changes,
    })
}

fn reply(world: &World, call: &Call, made: &LoadBalancer) -> elbv2::CreateLoadBalancerOutput {
    elbv2::CreateLoadBalancerOutput {
        load_balancers: vec![wire(world, call, made)],
    }
}

/// The caller's subnets: of one VPC, one a zone.
fn places<'a>(
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

fn groups(
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
fn has_places(world: &World, balancer: &LoadBalancer, places: &[Place<'_>]) -> bool {
    let has = |(subnet, wanted): &Place<'_>| {
        balancer.zones.iter().any(|zone| {
            let ip = world.interfaces.get(&zone.interface).map(|found| found.ip);
            zone.subnet == subnet.id && (wanted.is_none() || ip == *wanted)
        })
    };
    balancer.zones.len() == places.len() && places.iter().all(has)
}

fn interface(
    world: &World,
    call: &Call,
    balancer: &LoadBalancer,
    subnet: &Subnet,
    wanted: Option<Ipv4Addr>,
) -> Result<Interface, Fault> {
    let used = world.addresses_in_use(subnet.id);
    let fits = |ip: &Ipv4Addr| subnet.can_hold(*ip) && !used.contains(ip);
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

/// <https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DescribeLoadBalancers.html>
pub(crate) fn describe(
    world: &World,
    call: &Call,
    request: &elbv2::DescribeLoadBalancersInput,
) -> Result<elbv2::DescribeLoadBalancersOutput, Fault> {
    let elbv2::DescribeLoadBalancersInput {
        load_balancer_arns,
        marker,
        names,
        page_size,
    } = request;
    let all = world.load_balancers.values();
    let mut found: Vec<_> = all.filter(|lb| lb.owner == call.account).collect();
    for name in names {
        if !found.iter().any(|lb| lb.name == *name) {
            return Err(Fault::bad_request(
                "LoadBalancerNotFound",
                format!(
                    "One or more load balancers not found: you have none with the name '{name}'"
                ),
            ));
        }
    }
    let mut wanted: Vec<BalancerId> = Vec::new();
    for arn in load_balancer_arns {
        wanted.push(need_balancer(world, call, arn)?.id);
    }
    if !names.is_empty() || !wanted.is_empty() {
        found.retain(|lb| names.contains(&lb.name) || wanted.contains(&lb.id));
    }
    let (given, next_marker) = page(found, |lb| lb.id.to_string(), *page_size, marker.as_deref())?;
    Ok(elbv2::DescribeLoadBalancersOutput {
        load_balancers: given.into_iter().map(|lb| wire(world, call, lb)).collect(),
        next_marker,
    })
}

/// Removes a load balancer with its listeners and interfaces; one that is not there is fine.
/// <https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DeleteLoadBalancer.html>
pub(crate) fn delete(
    world: &World,
    call: &Call,
    request: &elbv2::DeleteLoadBalancerInput,
) -> Result<Decision<elbv2::DeleteLoadBalancerOutput>, Fault> {
    let elbv2::DeleteLoadBalancerInput { load_balancer_arn } = request;
    let reply = elbv2::DeleteLoadBalancerOutput {};
    let Some(found) = balancer(world, call, load_balancer_arn)? else {
        return Ok(Decision::unchanged(reply));
    };
    if let Some(service) = world.service_of(found.id) {
        return Err(Fault::bad_request(
            "ResourceInUse",
            format!(
                "Load balancer '{load_balancer_arn}' cannot be deleted because it is currently associated with another service: the VPC endpoint service {}; delete that or remove the load balancer from it first",
                service.id
            ),
        ));
    }
    let listeners = world.listeners.values();
    let listeners = listeners.filter(|listener| listener.balancer == found.id);
    let mut changes: Vec<Change> = listeners
        .map(|listener| Change::Remove(Name::Listener(listener.id)))
        .collect();
    let interfaces = found.zones.iter().map(|zone| zone.interface);
    changes.extend(interfaces.map(|id| Change::Remove(Name::Interface(id))));
    changes.push(Change::Remove(Name::LoadBalancer(found.id)));
    Ok(Decision { reply, changes })
}

/// <https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DescribeLoadBalancerAttributes.html>
pub(crate) fn describe_attributes(
    world: &World,
    call: &Call,
    request: &elbv2::DescribeLoadBalancerAttributesInput,
) -> Result<elbv2::DescribeLoadBalancerAttributesOutput, Fault> {
    let elbv2::DescribeLoadBalancerAttributesInput { load_balancer_arn } = request;
    let found = need_balancer(world, call, load_balancer_arn)?;
    Ok(elbv2::DescribeLoadBalancerAttributesOutput {
        attributes: merge(ATTRIBUTES, &found.attributes)
            .into_iter()
            .map(|(key, value)| elbv2::LoadBalancerAttribute {
                key: Some(key),
                value: Some(value),
            })
            .collect(),
    })
}

fn wire(world: &World, call: &Call, balancer: &LoadBalancer) -> elbv2::LoadBalancer {
    let LoadBalancer { id, name, .. } = balancer;
    let zone = |zone: &BalancerZone| {
        let interface = world.interfaces.get(&zone.interface);
        let address = |interface: &Arc<Interface>| elbv2::LoadBalancerAddress {
            private_ipv4_address: Some(interface.ip.to_string()),
            ..elbv2::LoadBalancerAddress::default()
        };
        elbv2::AvailabilityZone {
            zone_name: Some(zone.zone.name(&call.region)),
            subnet_id: Some(zone.subnet.to_string()),
            load_balancer_addresses: interface.map(address).into_iter().collect(),
            ..elbv2::AvailabilityZone::default()
        }
    };
    let groups: Vec<String> = balancer.groups.iter().map(ToString::to_string).collect();
    let enforced = (!groups.is_empty()).then(|| "on".to_owned());
    elbv2::LoadBalancer {
        load_balancer_arn: Some(balancer_arn(call, balancer)),
        dns_name: Some(format!("{name}-{id}.elb.{}.amazonaws.com", call.region)),
        canonical_hosted_zone_id: Some(HOSTED_ZONE.into()),
        created_time: Some(call.iso(balancer.created)),
        load_balancer_name: Some(name.clone()),
        scheme: Some(balancer.scheme.clone()),
        vpc_id: Some(balancer.vpc.to_string()),
        state: Some(elbv2::LoadBalancerState {
            code: Some(
                match balancer.state {
                    State::Provisioning => "provisioning",
                    State::Active => "active",
                }
                .into(),
            ),
            reason: None,
        }),
        r#type: Some("network".into()),
        availability_zones: balancer.zones.iter().map(zone).collect(),
        security_groups: groups,
        enforce_security_group_inbound_rules_on_private_link_traffic: enforced,
        ip_address_type: Some("ipv4".into()),
        ..elbv2::LoadBalancer::default()
    }
}

#[cfg(test)]
mod tests;
