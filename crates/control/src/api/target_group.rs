//! Target groups. Their targets are in `target.rs`.

use std::sync::Arc;

use aws::{Fault, elbv2};
use model::id::{BalancerId, TargetGroupId};
use model::target_group::{HealthCheck, Protocol, TargetGroup};
use model::world::{Change, Name, World};

use super::elbv2::{
    attributes as merge, balancer_arn, check_name, group, group_arn, invalid, need_balancer,
    need_group, new_tags, page, port, protocol, protocol_name,
};
use super::{Call, Decision, unsupported};

/// AWS.md 4.2; those that depend on the protocol are in `describe_attributes`.
const ATTRIBUTES: &[(&str, &str)] = &[
    ("deregistration_delay.timeout_seconds", "300"),
    (
        "load_balancing.cross_zone.enabled",
        "use_load_balancer_configuration",
    ),
    ("proxy_protocol_v2.enabled", "false"),
    ("stickiness.enabled", "false"),
    ("stickiness.type", "source_ip"),
    (
        "target_group_health.dns_failover.minimum_healthy_targets.count",
        "1",
    ),
    (
        "target_group_health.dns_failover.minimum_healthy_targets.percentage",
        "off",
    ),
    (
        "target_group_health.unhealthy_state_routing.minimum_healthy_targets.count",
        "1",
    ),
    (
        "target_group_health.unhealthy_state_routing.minimum_healthy_targets.percentage",
        "off",
    ),
    (
        "target_health_state.unhealthy.connection_termination.enabled",
        "true",
    ),
    (
        "target_health_state.unhealthy.draining_interval_seconds",
        "0",
    ),
];

/// <https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateTargetGroup.html>
pub(crate) fn create(
    world: &World,
    call: &Call,
    request: &elbv2::CreateTargetGroupInput,
) -> Result<Decision<elbv2::CreateTargetGroupOutput>, Fault> {
    let elbv2::CreateTargetGroupInput {
        health_check_enabled: _, // in health_check()
        health_check_interval_seconds: _,
        health_check_path: _,
        health_check_port: _,
        health_check_protocol: _,
        health_check_timeout_seconds: _,
        healthy_threshold_count: _,
        ip_address_type,
        matcher: _,
        name,
        port: number,
        protocol: protocol_text,
        protocol_version,
        tags,
        target_control_port,
        target_type,
        unhealthy_threshold_count: _,
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
    let made = TargetGroup {
        id: call.id(),
        owner: call.account,
        name: name.clone(),
        vpc: vpc.id,
        protocol,
        port: number,
        slot: world.free_target_group_slot(),
        health_check: health_check(request)?,
        targets: Vec::new(),
        attributes: Default::default(),
        tags: new_tags(tags)?,
    };
    let mut mine = world.target_groups.values();
    let twin = mine.find(|group| group.owner == call.account && group.name == *name);
    if let Some(old) = twin {
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
    Ok(Decision {
        reply: reply(world, call, &made),
        changes: vec![made.into()],
    })
}

fn reply(world: &World, call: &Call, made: &TargetGroup) -> elbv2::CreateTargetGroupOutput {
    elbv2::CreateTargetGroupOutput {
        target_groups: vec![wire(world, call, made)],
    }
}

/// The health check that a request sets, with AWS's defaults.
fn health_check(request: &elbv2::CreateTargetGroupInput) -> Result<HealthCheck, Fault> {
    if request.health_check_enabled == Some(false) {
        return Err(invalid(
            "HealthCheckEnabled cannot be false for targets of TargetType ip; leave it out",
        ));
    }
    let protocol = request.health_check_protocol.as_deref().unwrap_or("TCP");
    let http = match protocol {
        "TCP" => false,
        "HTTP" | "HTTPS" => true,
        other => {
            return Err(invalid(format!(
                "HealthCheckProtocol '{other}' is not supported; give TCP, HTTP or HTTPS"
            )));
        }
    };
    let path = request.health_check_path.as_deref();
    let matcher = request.matcher.as_ref();
    unsupported(&[(
        "Matcher.GrpcCode",
        matcher.is_some_and(|matcher| matcher.grpc_code.is_some()),
    )])?;
    let codes = matcher.and_then(|matcher| matcher.http_code.as_deref());
    if !http && (path.is_some() || codes.is_some()) {
        return Err(invalid(
            "HealthCheckPath and Matcher are for HealthCheckProtocol HTTP and HTTPS; leave them out for TCP",
        ));
    }
    if let Some(path) = path.filter(|path| !path.starts_with('/') || path.len() > 1_024) {
        return Err(invalid(format!(
            "HealthCheckPath '{path}' must begin with '/' and have at most 1024 characters"
        )));
    }
    if let Some(codes) = codes.filter(|codes| !is_matcher(codes)) {
        return Err(invalid(format!(
            "Matcher.HttpCode '{codes}' is not valid: give codes from 200 to 599, as in 200,202 or 200-399"
        )));
    }
    let check_port = request.health_check_port.as_deref();
    let check_port = check_port.unwrap_or("traffic-port");
    if check_port != "traffic-port" {
        port("HealthCheckPort", check_port.parse().ok().or(Some(0)))?;
    }
    let timeout = if protocol == "HTTP" { 6 } else { 10 };
    let check = HealthCheck {
        protocol: protocol.to_owned(),
        port: check_port.to_owned(),
        path: http.then(|| path.unwrap_or("/").to_owned()),
        interval_seconds: request.health_check_interval_seconds.unwrap_or(30),
        timeout_seconds: request.health_check_timeout_seconds.unwrap_or(timeout),
        healthy_threshold: request.healthy_threshold_count.unwrap_or(5),
        unhealthy_threshold: request.unhealthy_threshold_count.unwrap_or(2),
        matcher: http.then(|| codes.unwrap_or("200-399").to_owned()),
    };
    for (name, value, (least, most)) in [
        (
            "HealthCheckIntervalSeconds",
            check.interval_seconds,
            (5, 300),
        ),
        ("HealthCheckTimeoutSeconds", check.timeout_seconds, (2, 120)),
        ("HealthyThresholdCount", check.healthy_threshold, (2, 10)),
        (
            "UnhealthyThresholdCount",
            check.unhealthy_threshold,
            (2, 10),
        ),
    ] {
        if !(least..=most).contains(&value) {
            return Err(invalid(format!(
                "{name} '{value}' is not valid: give {least} to {most}"
            )));
        }
    }
    Ok(check)
}

/// `200`, `200-399`, `200,202`.
fn is_matcher(codes: &str) -> bool {
    let code = |text: &str| {
        text.parse()
            .is_ok_and(|code: u16| (200..600).contains(&code))
    };
    codes.split(',').all(|part| match part.split_once('-') {
        Some((first, last)) => code(first) && code(last) && first <= last,
        None => code(part),
    })
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
    let all = world.target_groups.values();
    let mut found: Vec<_> = all.filter(|group| group.owner == call.account).collect();
    for name in names {
        if !found.iter().any(|group| group.name == *name) {
            return Err(Fault::bad_request(
                "TargetGroupNotFound",
                format!(
                    "One or more target groups not found: you have none with the name '{name}'"
                ),
            ));
        }
    }
    let mut wanted: Vec<TargetGroupId> = Vec::new();
    for arn in target_group_arns {
        wanted.push(need_group(world, call, arn)?.id);
    }
    if !names.is_empty() || !wanted.is_empty() {
        found.retain(|group| names.contains(&group.name) || wanted.contains(&group.id));
    }
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
    for listener in world.listeners.values() {
        if listener.target_group == group && !found.contains(&listener.balancer) {
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
    let mut listeners = world.listeners.values();
    if let Some(listener) = listeners.find(|listener| listener.target_group == found.id) {
        return Err(Fault::bad_request(
            "ResourceInUse",
            format!(
                "Target group '{arn}' is currently in use by a listener or a rule: delete the listener '{}' first",
                super::elbv2::listener_arn(world, call, listener)
            ),
        ));
    }
    Ok(Decision {
        reply,
        changes: vec![Change::Remove(Name::TargetGroup(found.id))],
    })
}

/// <https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DescribeTargetGroupAttributes.html>
pub(crate) fn describe_attributes(
    world: &World,
    call: &Call,
    request: &elbv2::DescribeTargetGroupAttributesInput,
) -> Result<elbv2::DescribeTargetGroupAttributesOutput, Fault> {
    let elbv2::DescribeTargetGroupAttributesInput { target_group_arn } = request;
    let found = need_group(world, call, target_group_arn)?;
    let datagrams = match found.protocol {
        Protocol::Tcp => "false",
        Protocol::Udp | Protocol::TcpUdp => "true",
    };
    let mut defaults = ATTRIBUTES.to_vec();
    defaults.push((
        "deregistration_delay.connection_termination.enabled",
        datagrams,
    ));
    defaults.push(("preserve_client_ip.enabled", datagrams));
    Ok(elbv2::DescribeTargetGroupAttributesOutput {
        attributes: merge(&defaults, &found.attributes)
            .into_iter()
            .map(|(key, value)| elbv2::TargetGroupAttribute {
                key: Some(key),
                value: Some(value),
            })
            .collect(),
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
