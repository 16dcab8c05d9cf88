//! Listeners of load balancers: each forwards one port to one target group.

use std::sync::Arc;

use aws::{Fault, elbv2};
use model::listener::Listener;
use model::target_group::{Protocol, TargetGroup};
use model::world::{Change, Claim, Name, World};

use super::elbv2::{
    group_arn, invalid, listener_arn, need_balancer, need_group, need_listener, new_tags, page,
    port, protocol, protocol_name,
};
use super::target_group::balancers_of;
use super::{Call, Decision, quota, unsupported};

/// <https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateListener.html>
pub(crate) fn create(
    world: &World,
    call: &Call,
    request: &elbv2::CreateListenerInput,
) -> Result<Decision<elbv2::CreateListenerOutput>, Fault> {
    let elbv2::CreateListenerInput {
        alpn_policy,
        certificates,
        default_actions,
        load_balancer_arn,
        mutual_authentication,
        port: number,
        protocol: protocol_text,
        ssl_policy,
        tags,
    } = request;
    unsupported(&[
        ("AlpnPolicy", !alpn_policy.is_empty()),
        ("Certificates", !certificates.is_empty()),
        ("MutualAuthentication", mutual_authentication.is_some()),
        ("SslPolicy", ssl_policy.is_some()),
    ])?;
    let balancer = need_balancer(world, call, load_balancer_arn)?;
    let group = need_group(world, call, forward(default_actions)?)?;
    let made = Listener {
        id: call.id(),
        owner: call.account,
        balancer: balancer.id,
        protocol: protocol(protocol_text.as_deref())?,
        port: port("Port", *number)?,
        target_group: group.id,
        tcp_idle_seconds: None,
        tags: new_tags(tags)?,
    };
    if let Some(old) = neighbour(world, &made) {
        if old.protocol == made.protocol && old.target_group == group.id {
            return Ok(Decision::unchanged(reply(world, call, old)));
        }
        return Err(duplicate(world, call, old));
    }
    call.check_quota(
        &quota::LISTENERS,
        world.needing::<Listener>(balancer.id).count(),
        "TooManyListeners",
        &format!("The load balancer '{load_balancer_arn}'"),
    )?;
    fits(world, call, &made, group)?;
    Ok(Decision {
        reply: reply(world, call, &made),
        changes: vec![made.into()],
    })
}

/// Another listener of the load balancer that has the port already.
fn neighbour<'a>(world: &'a World, made: &Listener) -> Option<&'a Arc<Listener>> {
    let mut numbers = made.protocol.numbers().iter();
    numbers.find_map(|number| {
        let claim = Claim::Port(made.balancer, *number, made.port);
        let found: Option<&Arc<Listener>> = world.claimant(claim);
        found.filter(|other| other.id != made.id)
    })
}

fn duplicate(world: &World, call: &Call, old: &Listener) -> Fault {
    Fault::bad_request(
        "DuplicateListener",
        format!(
            "A listener already exists on {} port {} for this load balancer: '{}'; delete it or choose another port",
            protocol_name(old.protocol),
            old.port,
            listener_arn(world, call, old)
        ),
    )
}

/// Changes what a listener takes or where it forwards to, for new flows.
/// <https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_ModifyListener.html>
pub(crate) fn modify(
    world: &World,
    call: &Call,
    request: &elbv2::ModifyListenerInput,
) -> Result<Decision<elbv2::ModifyListenerOutput>, Fault> {
    let elbv2::ModifyListenerInput {
        alpn_policy,
        certificates,
        default_actions,
        listener_arn,
        mutual_authentication,
        port: number,
        protocol: protocol_text,
        ssl_policy,
    } = request;
    unsupported(&[
        ("AlpnPolicy", !alpn_policy.is_empty()),
        ("Certificates", !certificates.is_empty()),
        ("MutualAuthentication", mutual_authentication.is_some()),
        ("SslPolicy", ssl_policy.is_some()),
    ])?;
    let mut listener = Listener::clone(need_listener(world, call, listener_arn)?);
    if number.is_some() {
        listener.port = port("Port", *number)?;
    }
    if protocol_text.is_some() {
        listener.protocol = protocol(protocol_text.as_deref())?;
    }
    if listener.protocol == Protocol::Udp {
        // A listener of UDP alone has no such attribute.
        listener.tcp_idle_seconds = None;
    }
    if !default_actions.is_empty() {
        listener.target_group = need_group(world, call, forward(default_actions)?)?.id;
    }
    if let Some(old) = neighbour(world, &listener) {
        return Err(duplicate(world, call, old));
    }
    if let Some(group) = world.target_groups.get(&listener.target_group) {
        fits(world, call, &listener, group)?;
    }
    Ok(Decision {
        reply: elbv2::ModifyListenerOutput {
            listeners: vec![wire(world, call, &listener)],
        },
        changes: vec![listener.into()],
    })
}

/// Refuses a group that cannot take what the listener takes, that is in another VPC, or that
/// another load balancer has.
fn fits(world: &World, call: &Call, made: &Listener, group: &TargetGroup) -> Result<(), Fault> {
    let takes = group.protocol.numbers();
    if !made.protocol.numbers().iter().all(|n| takes.contains(n)) {
        return Err(Fault::bad_request(
            "IncompatibleProtocols",
            format!(
                "A listener with Protocol {} cannot forward to the target group '{}' with Protocol {}; give a group of the same protocol",
                protocol_name(made.protocol),
                group_arn(call, group),
                protocol_name(group.protocol)
            ),
        ));
    }
    if balancers_of(world, group.id)
        .iter()
        .any(|id| *id != made.balancer)
    {
        return Err(Fault::bad_request(
            "TargetGroupAssociationLimit",
            format!(
                "The following target groups cannot be associated with more than one load balancer: {}; make another target group",
                group_arn(call, group)
            ),
        ));
    }
    let balancer = world.load_balancers.get(&made.balancer);
    if let Some(balancer) = balancer.filter(|balancer| balancer.vpc != group.vpc) {
        return Err(Fault::bad_request(
            "InvalidConfigurationRequest",
            format!(
                "The target group '{}' is in {}, and load balancer '{}' is in {}; give a target group of the same VPC",
                group_arn(call, group),
                group.vpc,
                balancer.name,
                balancer.vpc
            ),
        ));
    }
    Ok(())
}

/// The target group's ARN of the one forward action.
fn forward(actions: &[elbv2::Action]) -> Result<&str, Fault> {
    let [action] = actions else {
        return Err(invalid(
            "Exactly one action must be specified in DefaultActions: Type=forward with a TargetGroupArn",
        ));
    };
    let elbv2::Action {
        authenticate_cognito_config,
        authenticate_oidc_config,
        fixed_response_config,
        forward_config,
        jwt_validation_config,
        order: _, // there is one action
        redirect_config,
        target_group_arn,
        r#type,
    } = action;
    if r#type != "forward" {
        return Err(Fault::bad_request(
            "InvalidLoadBalancerAction",
            format!("Actions of Type '{type}' are not for Network Load Balancers; give Type=forward", type = r#type),
        ));
    }
    unsupported(&[
        (
            "DefaultActions.AuthenticateCognitoConfig",
            authenticate_cognito_config.is_some(),
        ),
        (
            "DefaultActions.AuthenticateOidcConfig",
            authenticate_oidc_config.is_some(),
        ),
        (
            "DefaultActions.FixedResponseConfig",
            fixed_response_config.is_some(),
        ),
        (
            "DefaultActions.JwtValidationConfig",
            jwt_validation_config.is_some(),
        ),
        ("DefaultActions.RedirectConfig", redirect_config.is_some()),
    ])?;
    let Some(config) = forward_config else {
        return target_group_arn.as_deref().ok_or_else(|| {
            invalid("A forward action must have a TargetGroupArn or a ForwardConfig")
        });
    };
    let elbv2::ForwardActionConfig {
        target_group_stickiness_config: stickiness,
        target_groups,
    } = config;
    unsupported(&[(
        "DefaultActions.ForwardConfig.TargetGroupStickinessConfig",
        stickiness.as_ref().is_some_and(|s| s.enabled == Some(true)),
    )])?;
    let [
        elbv2::TargetGroupTuple {
            target_group_arn: Some(arn),
            weight: _, // of one
        },
    ] = target_groups.as_slice()
    else {
        return Err(invalid(
            "ForwardConfig.TargetGroups must name exactly one target group",
        ));
    };
    if target_group_arn.as_ref().is_some_and(|other| other != arn) {
        return Err(invalid(
            "TargetGroupArn and ForwardConfig name different target groups; leave one of them out",
        ));
    }
    Ok(arn)
}

/// <https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DescribeListeners.html>
pub(crate) fn describe(
    world: &World,
    call: &Call,
    request: &elbv2::DescribeListenersInput,
) -> Result<elbv2::DescribeListenersOutput, Fault> {
    let elbv2::DescribeListenersInput {
        listener_arns,
        load_balancer_arn,
        marker,
        page_size,
    } = request;
    if listener_arns.is_empty() && load_balancer_arn.is_none() {
        return Err(invalid(
            "You must specify either ListenerArns or a LoadBalancerArn",
        ));
    }
    let mut found: Vec<&Arc<Listener>> = Vec::new();
    for arn in listener_arns {
        found.push(need_listener(world, call, arn)?);
    }
    if let Some(arn) = load_balancer_arn {
        let balancer = need_balancer(world, call, arn)?.id;
        if listener_arns.is_empty() {
            found.extend(world.needing::<Listener>(balancer));
        }
        found.retain(|listener| listener.balancer == balancer);
    }
    found.sort_by_key(|listener| listener.id);
    found.dedup_by_key(|listener| listener.id);
    let (given, next_marker) = page(
        found,
        |listener| listener.id.to_string(),
        *page_size,
        marker.as_deref(),
    )?;
    Ok(elbv2::DescribeListenersOutput {
        listeners: given
            .into_iter()
            .map(|listener| wire(world, call, listener))
            .collect(),
        next_marker,
    })
}

/// <https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DeleteListener.html>
pub(crate) fn delete(
    world: &World,
    call: &Call,
    request: &elbv2::DeleteListenerInput,
) -> Result<Decision<elbv2::DeleteListenerOutput>, Fault> {
    let elbv2::DeleteListenerInput { listener_arn } = request;
    let listener = need_listener(world, call, listener_arn)?;
    Ok(Decision {
        reply: elbv2::DeleteListenerOutput {},
        changes: vec![Change::Remove(Name::Listener(listener.id))],
    })
}

fn reply(world: &World, call: &Call, made: &Listener) -> elbv2::CreateListenerOutput {
    elbv2::CreateListenerOutput {
        listeners: vec![wire(world, call, made)],
    }
}

fn wire(world: &World, call: &Call, listener: &Listener) -> elbv2::Listener {
    let group = world.target_groups.get(&listener.target_group);
    let group = group.map(|group| group_arn(call, group));
    let balancer = world.load_balancers.get(&listener.balancer);
    elbv2::Listener {
        listener_arn: Some(listener_arn(world, call, listener)),
        load_balancer_arn: balancer.map(|found| super::elbv2::balancer_arn(call, found)),
        port: Some(listener.port.into()),
        protocol: Some(protocol_name(listener.protocol).into()),
        default_actions: vec![elbv2::Action {
            r#type: "forward".into(),
            target_group_arn: group.clone(),
            order: Some(1),
            forward_config: Some(elbv2::ForwardActionConfig {
                target_groups: vec![elbv2::TargetGroupTuple {
                    target_group_arn: group,
                    weight: None,
                }],
                target_group_stickiness_config: None,
            }),
            ..elbv2::Action::default()
        }],
        ..elbv2::Listener::default()
    }
}

#[cfg(test)]
mod tests;
