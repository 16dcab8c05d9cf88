//! Network Load Balancers. Their subnets are in `load_balancer_subnets.rs`.

use std::sync::Arc;

use aws::{Fault, elbv2};
use model::id::BalancerId;
use model::interface::Interface;
use model::load_balancer::{BalancerZone, LoadBalancer, State};
use model::world::{Change, Name, World};

use super::elbv2::{
    add_tags, attributes as merge, balancer, balancer_arn, check_name, invalid, need_balancer, page,
};
use super::load_balancer_subnets::{groups, has_places, interface, places};
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
