//! Network Load Balancers. Their subnets and security groups are in `load_balancer_subnets.rs`,
//! their attributes in `elbv2_attributes.rs`.

use std::sync::Arc;

use aws::{Fault, elbv2};
use model::interface::Interface;
use model::listener::Listener;
use model::load_balancer::{BalancerZone, LoadBalancer, State};
use model::world::{Change, Claim, Kind, Name, World};

use super::elbv2::{add_tags, balancer, balancer_arn, check_name, invalid, need_balancer, page};
use super::elbv2_attributes::{DELETION_PROTECTION, is_on};
use super::load_balancer_subnets::{groups, has_places, interface, places};
use super::{Call, Decision, quota, unsupported};

/// AWS's hosted zones of the names of Network Load Balancers, by region; the first one's for a
/// region that AWS does not have.
const HOSTED_ZONES: &[(&str, &str)] = &[
    ("us-east-1", "Z26RNL4JYFTOTI"),
    ("us-east-2", "ZLMOA37VPKANP"),
    ("us-west-1", "Z24FKFUX50B4VW"),
    ("us-west-2", "Z18D5FSROUN65G"),
    ("ap-east-1", "Z12Y7K3UBGUAD1"),
    ("ap-northeast-1", "Z31USIVHYNEOWT"),
    ("ap-northeast-2", "ZIBE1TIR4HY56"),
    ("ap-south-1", "ZVDDRBQ08TROA"),
    ("ap-southeast-1", "ZKVM4W9LS7TM"),
    ("ap-southeast-2", "ZCT6FZBF4DROD"),
    ("ca-central-1", "Z2EPGBW3API2WT"),
    ("eu-central-1", "Z3F0SRJ5LGBH90"),
    ("eu-north-1", "Z1UDT6IFJ4EJM"),
    ("eu-south-1", "Z23146JA1KNAFP"),
    ("eu-west-1", "Z2IFOLAFXWLO4F"),
    ("eu-west-2", "ZD4D7Y8KGAS4G"),
    ("eu-west-3", "Z1CMS0P5QUZ6D5"),
    ("sa-east-1", "ZTK26PT1VY4CU"),
];

fn hosted_zone(region: &str) -> String {
    let known = HOSTED_ZONES.iter().find(|(name, _)| *name == region);
    let found = known.or(HOSTED_ZONES.first());
    found.map_or("", |(_, zone)| zone).to_owned()
}

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

    if let Some(old) = named(world, call, name) {
        if old.scheme == scheme && old.groups == groups && has_places(world, old, &places) {
            return Ok(Decision::unchanged(reply(world, call, old)));
        }
        return Err(Fault::bad_request(
            "DuplicateLoadBalancerName",
            format!("A load balancer with the name '{name}' exists, but with different settings"),
        ));
    }
    call.check_quota(
        &quota::LOAD_BALANCERS,
        world.owned::<LoadBalancer>(call.account).count(),
        "TooManyLoadBalancers",
        &format!("The account '{}'", call.account),
    )?;
    let mut made = LoadBalancer {
        id: call.id(),
        owner: call.account,
        name: name.clone(),
        vpc,
        scheme: scheme.to_owned(),
        zones: Vec::new(),
        groups,
        waives_groups: false,
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

/// The caller's load balancer of a name.
fn named<'a>(world: &'a World, call: &Call, name: &str) -> Option<&'a Arc<LoadBalancer>> {
    world.claimant(Claim::Name(call.account, Kind::LoadBalancer, name.into()))
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
    let mut found: Vec<&Arc<LoadBalancer>> = Vec::new();
    for name in names {
        found.push(named(world, call, name).ok_or_else(|| {
            Fault::bad_request(
                "LoadBalancerNotFound",
                format!(
                    "One or more load balancers not found: you have none with the name '{name}'"
                ),
            )
        })?);
    }
    for arn in load_balancer_arns {
        found.push(need_balancer(world, call, arn)?);
    }
    if names.is_empty() && load_balancer_arns.is_empty() {
        found.extend(world.owned::<LoadBalancer>(call.account));
    }
    found.sort_by_key(|lb| lb.id);
    found.dedup_by_key(|lb| lb.id);
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
    if is_on(&found.attributes, DELETION_PROTECTION) {
        return Err(Fault::bad_request(
            "OperationNotPermitted",
            format!(
                "Load balancer '{load_balancer_arn}' cannot be deleted because deletion protection is enabled; set {DELETION_PROTECTION} to false with ModifyLoadBalancerAttributes first"
            ),
        ));
    }
    if let Some(service) = world.service_of(found.id) {
        return Err(Fault::bad_request(
            "ResourceInUse",
            format!(
                "Load balancer '{load_balancer_arn}' cannot be deleted because it is currently associated with another service: the VPC endpoint service {}; delete that or remove the load balancer from it first",
                service.id
            ),
        ));
    }
    let listeners = world.needing::<Listener>(found.id);
    let mut changes: Vec<Change> = listeners
        .map(|listener| Change::Remove(Name::Listener(listener.id)))
        .collect();
    let interfaces = found.zones.iter().map(|zone| zone.interface);
    changes.extend(interfaces.map(|id| Change::Remove(Name::Interface(id))));
    changes.push(Change::Remove(Name::LoadBalancer(found.id)));
    Ok(Decision { reply, changes })
}

/// A load balancer's zones as ELBv2 lists them.
pub(crate) fn wire_zones(
    world: &World,
    call: &Call,
    balancer: &LoadBalancer,
) -> Vec<elbv2::AvailabilityZone> {
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
    balancer.zones.iter().map(zone).collect()
}

/// EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic; without groups there is nothing to
/// enforce.
pub(crate) fn enforced(balancer: &LoadBalancer) -> Option<String> {
    let flag = if balancer.waives_groups { "off" } else { "on" };
    (!balancer.groups.is_empty()).then(|| flag.to_owned())
}

fn wire(world: &World, call: &Call, balancer: &LoadBalancer) -> elbv2::LoadBalancer {
    let LoadBalancer { id, name, .. } = balancer;
    elbv2::LoadBalancer {
        load_balancer_arn: Some(balancer_arn(call, balancer)),
        dns_name: Some(format!("{name}-{id}.elb.{}.amazonaws.com", call.region)),
        canonical_hosted_zone_id: Some(hosted_zone(&call.region)),
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
        availability_zones: wire_zones(world, call, balancer),
        security_groups: balancer.groups.iter().map(ToString::to_string).collect(),
        enforce_security_group_inbound_rules_on_private_link_traffic: enforced(balancer),
        ip_address_type: Some("ipv4".into()),
        ..elbv2::LoadBalancer::default()
    }
}

#[cfg(test)]
mod tests;
