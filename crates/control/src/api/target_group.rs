//! Target groups. Their targets are in `target.rs`, their attributes in `elbv2_attributes.rs`.

use std::sync::Arc;

use aws::{Fault, elbv2};
use model::id::{BalancerId, TargetGroupId};
use model::listener::Listener;
use model::target_group::TargetGroup;
use model::world::{Change, Claim, Kind, Name, World};

use super::elbv2::{
    balancer_arn, check_name, group, group_arn, invalid, listener_arn, need_balancer, need_group,
    new_tags, page, port, protocol, protocol_name,
};
use super::{Call, Decision, health_check, quota, unsupported};

/// <https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateTargetGroup.html>
pub(crate) fn create(
    world: &World,
    call: &Call,
    request: &elbv2::CreateTargetGroupInput,
) -> Result<Decision<elbv2::CreateTargetGroupOutput>, Fault> {
    let elbv2::CreateTargetGroupInput {
        health_check_enabled,
        health_check_interval_seconds,
        health_check_path,
        health_check_port,
        health_check_protocol,
        health_check_timeout_seconds,
        healthy_threshold_count,
        ip_address_type,
        matcher,
        name,
        port: number,
        protocol: protocol_text,
        protocol_version,
        tags,
        target_control_port,
        target_type,
        unhealthy_threshold_count,
        vpc_id,
    } = request;
    unsupported(&[
        (
            "IpAddressType (other than ipv4)",
            ip_address_type.as_deref().is_some_and(|t| t != "ipv4"),
        ),
        ("ProtocolVersion", protocol_version.is_some()),
        ("TargetControlPort", target_control_port.is_some()),
    ])?;
    check_name("target group", name)?;
    let protocol = protocol(protocol_text.as_deref())?;
    let number = port("Port", *number)?;
    if target_type.as_deref() != Some("ip") {
        return Err(Fault::bad_request(
            "UnsupportedOperation",
            format!(
                "Targets of TargetType '{}' are not supported by this version of Ginnel, which has no instances; give TargetType=ip and register addresses",
                target_type.as_deref().unwrap_or("instance (the default)")
            ),
        ));
    }
    let text = vpc_id
        .as_deref()
        .ok_or_else(|| invalid("The parameter VpcId is missing; give the VPC of the targets"))?;
    let vpc = text.parse().ok();
    let vpc = vpc
        .and_then(|id| world.vpc(call.account, id))
        .ok_or_else(|| invalid(format!("The VPC ID '{text}' is not found")))?;
    let check = health_check::Wanted {
        enabled: *health_check_enabled,
        protocol: health_check_protocol.as_deref(),
        port: health_check_port.as_deref(),
        path: health_check_path.as_deref(),
        interval: *health_check_interval_seconds,
        timeout: *health_check_timeout_seconds,
        healthy: *healthy_threshold_count,
        unhealthy: *unhealthy_threshold_count,
        matcher: matcher.as_ref(),
    };
    let made = TargetGroup {
        id: call.id(),
        owner: call.account,
        name: name.clone(),
        vpc: vpc.id,
        protocol,
        port: number,
        slot: world.free_target_group_slot(),
        health_check: health_check::read(check, None)?,
        targets: Vec::new(),
        attributes: Default::default(),
        tags: new_tags(tags)?,
    };
    if let Some(old) = named(world, call, name) {
        let same = old.vpc == made.vpc
            && (old.protocol, old.port) == (made.protocol, made.port)
            && old.health_check == made.health_check;
        if same {
            return Ok(Decision::unchanged(reply(world, call, old)));
        }
        return Err(Fault::bad_request(
            "DuplicateTargetGroupName",
            format!("A target group with the name '{name}' exists, but with different settings"),
        ));
    }
    call.check_quota(
        &quota::TARGET_GROUPS,
        world.owned::<TargetGroup>(call.account).count(),
        "TooManyTargetGroups",
        &format!("The account '{}'", call.account),
    )?;
    Ok(Decision {
        reply: reply(world, call, &made),
        changes: vec![made.into()],
    })
}

/// The caller's target group of a name.
fn named<'a>(world: &'a World, call: &Call, name: &str) -> Option<&'a Arc<TargetGroup>> {
    world.claimant(Claim::Name(call.account, Kind::TargetGroup, name.into()))
}

fn reply(world: &World, call: &Call, made: &TargetGroup) -> elbv2::CreateTargetGroupOutput {
    elbv2::CreateTargetGroupOutput {
        target_groups: vec![wire(world, call, made)],
    }
}

/// <https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DescribeTargetGroups.html>
pub(crate) fn describe(
    world: &World,
    call: &Call,
    request: &elbv2::DescribeTargetGroupsInput,
) -> Result<elbv2::DescribeTargetGroupsOutput, Fault> {
    let elbv2::DescribeTargetGroupsInput {
        load_balancer_arn,
        marker,
        names,
        page_size,
        target_group_arns,
    } = request;
    let mut found: Vec<&Arc<TargetGroup>> = Vec::new();
    for name in names {
        found.push(named(world, call, name).ok_or_else(|| {
            Fault::bad_request(
                "TargetGroupNotFound",
                format!(
                    "One or more target groups not found: you have none with the name '{name}'"
                ),
            )
        })?);
    }
    for arn in target_group_arns {
        found.push(need_group(world, call, arn)?);
    }
    if names.is_empty() && target_group_arns.is_empty() {
        found.extend(world.owned::<TargetGroup>(call.account));
    }
    found.sort_by_key(|group| group.id);
    found.dedup_by_key(|group| group.id);
    if let Some(arn) = load_balancer_arn {
        let balancer = need_balancer(world, call, arn)?.id;
        found.retain(|group| balancers_of(world, group.id).contains(&balancer));
    }
    let (given, next_marker) = page(
        found,
        |group| group.id.to_string(),
        *page_size,
        marker.as_deref(),
    )?;
    Ok(elbv2::DescribeTargetGroupsOutput {
        next_marker,
        target_groups: given
            .into_iter()
            .map(|group| wire(world, call, group))
            .collect(),
    })
}

/// The load balancers whose listeners forward to a group.
pub(crate) fn balancers_of(world: &World, group: TargetGroupId) -> Vec<BalancerId> {
    let mut found: Vec<BalancerId> = Vec::new();
    for listener in world.needing::<Listener>(group) {
        if !found.contains(&listener.balancer) {
            found.push(listener.balancer);
        }
    }
    found
}

/// One that is not there is fine.
/// <https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DeleteTargetGroup.html>
pub(crate) fn delete(
    world: &World,
    call: &Call,
    request: &elbv2::DeleteTargetGroupInput,
) -> Result<Decision<elbv2::DeleteTargetGroupOutput>, Fault> {
    let elbv2::DeleteTargetGroupInput {
        target_group_arn: arn,
    } = request;
    let reply = elbv2::DeleteTargetGroupOutput {};
    let Some(found) = group(world, call, arn)? else {
        return Ok(Decision::unchanged(reply));
    };
    let users: Vec<String> = world
        .needing::<Listener>(found.id)
        .map(|listener| listener_arn(world, call, listener))
        .collect();
    if !users.is_empty() {
        return Err(Fault::bad_request(
            "ResourceInUse",
            format!(
                "Target group '{arn}' is currently in use by a listener or a rule: {}; delete that or let it forward elsewhere first",
                users.join(", ")
            ),
        ));
    }
    Ok(Decision {
        reply,
        changes: vec![Change::Remove(Name::TargetGroup(found.id))],
    })
}

/// Changes the health check.
/// <https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_ModifyTargetGroup.html>
pub(crate) fn modify(
    world: &World,
    call: &Call,
    request: &elbv2::ModifyTargetGroupInput,
) -> Result<Decision<elbv2::ModifyTargetGroupOutput>, Fault> {
    let elbv2::ModifyTargetGroupInput {
        health_check_enabled,
        health_check_interval_seconds,
        health_check_path,
        health_check_port,
        health_check_protocol,
        health_check_timeout_seconds,
        healthy_threshold_count,
        matcher,
        target_group_arn,
        unhealthy_threshold_count,
    } = request;
    let wanted = health_check::Wanted {
        enabled: *health_check_enabled,
        protocol: health_check_protocol.as_deref(),
        port: health_check_port.as_deref(),
        path: health_check_path.as_deref(),
        interval: *health_check_interval_seconds,
        timeout: *health_check_timeout_seconds,
        healthy: *healthy_threshold_count,
        unhealthy: *unhealthy_threshold_count,
        matcher: matcher.as_ref(),
    };
    let mut group = TargetGroup::clone(need_group(world, call, target_group_arn)?);
    group.health_check = health_check::read(wanted, Some(&group.health_check))?;
    Ok(Decision {
        reply: elbv2::ModifyTargetGroupOutput {
            target_groups: vec![wire(world, call, &group)],
        },
        changes: vec![group.into()],
    })
}

fn wire(world: &World, call: &Call, group: &TargetGroup) -> elbv2::TargetGroup {
    let check = &group.health_check;
    let balancers = balancers_of(world, group.id);
    let balancers = balancers
        .iter()
        .filter_map(|id| world.load_balancers.get(id));
    elbv2::TargetGroup {
        target_group_arn: Some(group_arn(call, group)),
        target_group_name: Some(group.name.clone()),
        protocol: Some(protocol_name(group.protocol).into()),
        port: Some(group.port.into()),
        vpc_id: Some(group.vpc.to_string()),
        health_check_enabled: Some(true),
        health_check_protocol: Some(check.protocol.clone()),
        health_check_port: Some(check.port.clone()),
        health_check_path: check.path.clone(),
        health_check_interval_seconds: Some(check.interval_seconds),
        health_check_timeout_seconds: Some(check.timeout_seconds),
        healthy_threshold_count: Some(check.healthy_threshold),
        unhealthy_threshold_count: Some(check.unhealthy_threshold),
        matcher: check.matcher.as_ref().map(|codes| elbv2::Matcher {
            http_code: Some(codes.clone()),
            grpc_code: None,
        }),
        load_balancer_arns: balancers
            .map(Arc::as_ref)
            .map(|balancer| balancer_arn(call, balancer))
            .collect(),
        target_type: Some("ip".into()),
        ip_address_type: Some("ipv4".into()),
        ..elbv2::TargetGroup::default()
    }
}

#[cfg(test)]
mod tests;
