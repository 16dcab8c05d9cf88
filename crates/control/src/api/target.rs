//! Targets of target groups: addresses that listeners forward to, and whether they can take
//! connections. There are no active health checks yet: a target whose address an attached ENI
//! has is healthy.

use std::net::Ipv4Addr;
use std::sync::Arc;

use aws::{Fault, elbv2};
use model::interface::Interface;
use model::place::Zone;
use model::subnet::Subnet;
use model::target_group::{Target, TargetGroup};
use model::world::{Claim, World};

use super::elbv2::{invalid, need_group, port};
use super::target_group::balancers_of;
use super::{Call, Decision, quota, unsupported};

/// <https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_RegisterTargets.html>
pub(crate) fn register(
    world: &World,
    call: &Call,
    request: &elbv2::RegisterTargetsInput,
) -> Result<Decision<elbv2::RegisterTargetsOutput>, Fault> {
    let elbv2::RegisterTargetsInput {
        target_group_arn,
        targets,
    } = request;
    let old = need_group(world, call, target_group_arn)?;
    let mut group = TargetGroup::clone(old);
    for description in given(targets)? {
        let target = read(call, &group, description)?;
        check(world, call, &group, target, description)?;
        if !group.targets.contains(&target) {
            group.targets.push(target);
        }
    }
    call.check_quota_for(
        &quota::TARGETS,
        old.targets.len(),
        group.targets.len() - old.targets.len(),
        "TooManyTargets",
        &format!("The target group '{target_group_arn}'"),
    )?;
    let reply = elbv2::RegisterTargetsOutput {};
    if group == **old {
        return Ok(Decision::unchanged(reply));
    }
    Ok(Decision {
        reply,
        changes: vec![group.into()],
    })
}

/// Targets that are not registered are fine.
/// <https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DeregisterTargets.html>
pub(crate) fn deregister(
    world: &World,
    call: &Call,
    request: &elbv2::DeregisterTargetsInput,
) -> Result<Decision<elbv2::DeregisterTargetsOutput>, Fault> {
    let elbv2::DeregisterTargetsInput {
        target_group_arn,
        targets,
    } = request;
    let old = need_group(world, call, target_group_arn)?;
    let mut group = TargetGroup::clone(old);
    for description in given(targets)? {
        let target = read(call, &group, description)?;
        group.targets.retain(|known| *known != target);
    }
    let reply = elbv2::DeregisterTargetsOutput {};
    if group == **old {
        return Ok(Decision::unchanged(reply));
    }
    Ok(Decision {
        reply,
        changes: vec![group.into()],
    })
}

fn given(targets: &[elbv2::TargetDescription]) -> Result<&[elbv2::TargetDescription], Fault> {
    if targets.is_empty() {
        return Err(invalid("At least one target must be specified in Targets"));
    }
    Ok(targets)
}

fn invalid_target(message: String) -> Fault {
    Fault::bad_request("InvalidTarget", message)
}

/// The target of a description; without a port it has the group's.
fn read(
    call: &Call,
    group: &TargetGroup,
    description: &elbv2::TargetDescription,
) -> Result<Target, Fault> {
    let elbv2::TargetDescription {
        availability_zone,
        id,
        port: number,
        quic_server_id,
    } = description;
    unsupported(&[("Targets.QuicServerId", quic_server_id.is_some())])?;
    let ip: Ipv4Addr = id.parse().map_err(|_| {
        invalid_target(format!(
            "The target Id '{id}' is not an IPv4 address; target group '{}' takes addresses",
            group.name
        ))
    })?;
    if let Some(zone) = availability_zone
        && Zone::find(zone, &call.region).is_none()
    {
        return Err(invalid_target(format!(
            "The AvailabilityZone '{zone}' of target '{id}' is not one of {}; leave it out, targets outside the VPC ('all') are not supported",
            call.region
        )));
    }
    let port = match number {
        None => group.port,
        set => port("Targets.Port", *set)?,
    };
    Ok(Target { ip, port })
}

/// Refuses addresses that cannot be a target's.
fn check(
    world: &World,
    call: &Call,
    group: &TargetGroup,
    target: Target,
    description: &elbv2::TargetDescription,
) -> Result<(), Fault> {
    let ip = target.ip;
    let vpc = world.vpcs.get(&group.vpc);
    if !vpc.is_some_and(|vpc| vpc.cidr.contains(&ip)) {
        return Err(invalid_target(format!(
            "The target '{ip}' is outside the addresses of {} ({}); give an address inside",
            group.vpc,
            vpc.map(|vpc| vpc.cidr.to_string()).unwrap_or_default()
        )));
    }
    let subnet = subnet_of(world, group, ip);
    let taken = subnet.and_then(|subnet| world.claimant(Claim::Address(subnet.id, ip)));
    if let Some(eni) = taken.filter(|eni: &&Arc<Interface>| eni.is_managed()) {
        return Err(invalid_target(format!(
            "The address '{ip}' is that of {} ({}), which Ginnel manages; give the address of a workload",
            eni.id, eni.description
        )));
    }
    let stated = description.availability_zone.as_deref();
    let stated = stated.and_then(|zone| Zone::find(zone, &call.region));
    match (stated, subnet.map(|subnet| subnet.zone)) {
        (Some(stated), Some(found)) if stated != found => Err(invalid_target(format!(
            "The target '{ip}' is in {}, not in the AvailabilityZone '{}'; leave AvailabilityZone out",
            found.name(&call.region),
            stated.name(&call.region)
        ))),
        _ => Ok(()),
    }
}

/// The subnet of the group's VPC that has an address.
fn subnet_of<'a>(world: &'a World, group: &TargetGroup, ip: Ipv4Addr) -> Option<&'a Arc<Subnet>> {
    let mut subnets = world.needing::<Subnet>(group.vpc);
    subnets.find(|subnet| subnet.cidr.contains(&ip))
}

/// <https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DescribeTargetHealth.html>
pub(crate) fn describe_health(
    world: &World,
    call: &Call,
    request: &elbv2::DescribeTargetHealthInput,
) -> Result<elbv2::DescribeTargetHealthOutput, Fault> {
    let elbv2::DescribeTargetHealthInput {
        include: _, // there is no anomaly detection for these load balancers
        target_group_arn,
        targets,
    } = request;
    let group = need_group(world, call, target_group_arn)?;
    let asked = if targets.is_empty() {
        group.targets.clone()
    } else {
        let read = |description| read(call, group, description);
        targets.iter().map(read).collect::<Result<_, _>>()?
    };
    let used = !balancers_of(world, group.id).is_empty();
    Ok(elbv2::DescribeTargetHealthOutput {
        target_health_descriptions: asked
            .into_iter()
            .map(|target| health(world, call, group, target, used))
            .collect(),
    })
}

fn health(
    world: &World,
    call: &Call,
    group: &TargetGroup,
    target: Target,
    used: bool,
) -> elbv2::TargetHealthDescription {
    let eni = world.workload_at(group.vpc, target.ip);
    let (state, reason, description) = if !group.targets.contains(&target) {
        (
            "unused",
            Some("Target.NotRegistered"),
            Some("Target is not registered to the target group".to_owned()),
        )
    } else if !used {
        (
            "unused",
            Some("Target.NotInUse"),
            Some("Target group is not configured to receive traffic from the load balancer".into()),
        )
    } else if eni.is_some_and(|eni| eni.attachment().is_some()) {
        ("healthy", None, None)
    } else {
        let eni = eni.map_or_else(|| "ENI".to_owned(), |eni| eni.id.to_string());
        (
            "unhealthy",
            Some("Target.FailedHealthChecks"),
            Some(format!(
                "No attached ENI has the address {}; attach one with: ginnel attach {eni} NAMESPACE",
                target.ip
            )),
        )
    };
    let check = &group.health_check.port;
    let traffic = check == "traffic-port";
    elbv2::TargetHealthDescription {
        health_check_port: Some(if traffic {
            target.port.to_string()
        } else {
            check.clone()
        }),
        target: Some(elbv2::TargetDescription {
            availability_zone: subnet_of(world, group, target.ip)
                .map(|subnet| subnet.zone.name(&call.region)),
            id: target.ip.to_string(),
            port: Some(target.port.into()),
            quic_server_id: None,
        }),
        target_health: Some(elbv2::TargetHealth {
            state: Some(state.into()),
            reason: reason.map(Into::into),
            description,
        }),
        ..elbv2::TargetHealthDescription::default()
    }
}

#[cfg(test)]
mod tests;
