//! Attributes of load balancers, target groups and listeners: which there are, what they may
//! be, AWS's defaults (AWS.md 4.2).

use std::collections::BTreeMap;

use aws::{Fault, elbv2};
use model::listener::{Listener, TCP_IDLE_SECONDS};
use model::load_balancer::LoadBalancer;
use model::target_group::{Protocol, TargetGroup};
use model::world::World;

use super::elbv2::{invalid, need_balancer, need_group, need_listener, protocol_name};
use super::{Call, Decision, unsupported};

/// One attribute.
struct Attribute {
    key: &'static str,
    default: &'static str,
    values: Values,
}

/// What an attribute may be.
enum Values {
    /// true or false.
    Flag,
    /// One of some words.
    Word(&'static [&'static str]),
    /// A number from the first to the last.
    Number(u32, u32),
    /// The same, or `off`.
    NumberOrOff(u32, u32),
    /// Anything of so many characters.
    Text(usize),
    /// Only its default: for others there is no data plane yet.
    OnlyDefault,
}

const fn attribute(key: &'static str, default: &'static str, values: Values) -> Attribute {
    Attribute {
        key,
        default,
        values,
    }
}

const CROSS_ZONE: &str = "load_balancing.cross_zone.enabled";
const PRESERVE_CLIENT_IP: &str = "preserve_client_ip.enabled";
const TERMINATION: &str = "deregistration_delay.connection_termination.enabled";
const IDLE: &str = "tcp.idle_timeout.seconds";
/// While it is true, a load balancer is not deleted.
pub(crate) const DELETION_PROTECTION: &str = "deletion_protection.enabled";

const OF_BALANCERS: &[Attribute] = &[
    attribute("access_logs.s3.bucket", "", Values::Text(63)),
    attribute("access_logs.s3.enabled", "false", Values::Flag),
    attribute("access_logs.s3.prefix", "", Values::Text(1_024)),
    attribute(DELETION_PROTECTION, "false", Values::Flag),
    attribute(
        "dns_record.client_routing_policy",
        "any_availability_zone",
        Values::Word(&[
            "any_availability_zone",
            "availability_zone_affinity",
            "partial_availability_zone_affinity",
        ]),
    ),
    attribute("ipv6.deny_all_igw_traffic", "false", Values::Flag),
    attribute(CROSS_ZONE, "false", Values::Flag),
    // Secondary addresses are the data plane's to have.
    attribute(
        "secondary_ips.auto_assigned.per_subnet",
        "0",
        Values::OnlyDefault,
    ),
    attribute("zonal_shift.config.enabled", "false", Values::Flag),
];

/// Those of every protocol; see [`of_group`] for the others.
const OF_GROUPS: &[Attribute] = &[
    attribute(
        "deregistration_delay.timeout_seconds",
        "300",
        Values::Number(0, 3_600),
    ),
    attribute(
        CROSS_ZONE,
        "use_load_balancer_configuration",
        Values::Word(&["true", "false", "use_load_balancer_configuration"]),
    ),
    // Stored, because configurations have it; the data plane does not write the header yet.
    attribute("proxy_protocol_v2.enabled", "false", Values::Flag),
    attribute("stickiness.enabled", "false", Values::Flag),
    attribute("stickiness.type", "source_ip", Values::Word(&["source_ip"])),
    attribute(
        "target_group_health.dns_failover.minimum_healthy_targets.count",
        "1",
        Values::NumberOrOff(1, 1_000),
    ),
    attribute(
        "target_group_health.dns_failover.minimum_healthy_targets.percentage",
        "off",
        Values::NumberOrOff(1, 100),
    ),
    attribute(
        "target_group_health.unhealthy_state_routing.minimum_healthy_targets.count",
        "1",
        Values::Number(1, 1_000),
    ),
    attribute(
        "target_group_health.unhealthy_state_routing.minimum_healthy_targets.percentage",
        "off",
        Values::NumberOrOff(1, 100),
    ),
    attribute(
        "target_health_state.unhealthy.connection_termination.enabled",
        "true",
        Values::Flag,
    ),
    attribute(
        "target_health_state.unhealthy.draining_interval_seconds",
        "0",
        Values::Number(0, 360_000),
    ),
];

/// The attributes of a group whose default depends on its protocol.
fn of_group(protocol: Protocol) -> [Attribute; 2] {
    let (flag, preserves) = match protocol {
        Protocol::Tcp => ("false", Values::Flag),
        // AWS has it fixed for datagrams.
        Protocol::Udp | Protocol::TcpUdp => ("true", Values::Word(&["true"])),
    };
    [
        attribute(TERMINATION, flag, Values::Flag),
        attribute(PRESERVE_CLIENT_IP, flag, preserves),
    ]
}

/// A listener of UDP alone has none.
const OF_LISTENERS: &[Attribute] = &[attribute(IDLE, "350", Values::Number(60, 6_000))];

fn of_listener(listener: &Listener) -> &'static [Attribute] {
    match listener.protocol {
        Protocol::Tcp | Protocol::TcpUdp => OF_LISTENERS,
        Protocol::Udp => &[],
    }
}

impl Attribute {
    /// Refuses a value that it cannot have.
    fn check(&self, value: &str) -> Result<(), Fault> {
        let number = |least: u32, most: u32| {
            let digits = value.bytes().all(|byte| byte.is_ascii_digit());
            let found = value.parse().ok().filter(|_| digits);
            found.is_some_and(|number: u32| (least..=most).contains(&number))
        };
        let (fits, wanted) = match &self.values {
            Values::Flag => (["true", "false"].contains(&value), "true or false".into()),
            Values::Word(words) => (words.contains(&value), words.join(" or ")),
            Values::Number(least, most) => (
                number(*least, *most),
                format!("a number from {least} to {most}"),
            ),
            Values::NumberOrOff(least, most) => (
                value == "off" || number(*least, *most),
                format!("a number from {least} to {most}, or off"),
            ),
            Values::Text(most) => (
                value.chars().count() <= *most,
                format!("at most {most} characters"),
            ),
            Values::OnlyDefault => {
                let other = format!("Attributes {} (other than {})", self.key, self.default);
                unsupported(&[(&other, value != self.default)])?;
                return Ok(());
            }
        };
        if fits {
            return Ok(());
        }
        Err(invalid(format!(
            "The value '{value}' for attribute key '{}' is not valid; give {wanted}",
            self.key
        )))
    }
}

/// The attributes as AWS lists them: those that were set, and defaults.
fn listed<'a>(
    known: impl IntoIterator<Item = &'a Attribute>,
    set: &BTreeMap<String, String>,
) -> BTreeMap<String, String> {
    let value = |attribute: &Attribute| {
        let set = set.get(attribute.key).map(String::as_str);
        set.unwrap_or(attribute.default).to_owned()
    };
    let known = known.into_iter();
    known.map(|a| (a.key.to_owned(), value(a))).collect()
}

/// Sets attributes; what is set to its default is not kept.
fn set<'a>(
    what: &str,
    known: &[&Attribute],
    kept: &mut BTreeMap<String, String>,
    given: impl IntoIterator<Item = (&'a Option<String>, &'a Option<String>)>,
) -> Result<(), Fault> {
    let mut seen: Vec<&str> = Vec::new();
    for (key, value) in given {
        let key = key.as_deref();
        let key = key.ok_or_else(|| invalid("An attribute of Attributes has no Key; give one"))?;
        if seen.contains(&key) {
            return Err(invalid(format!(
                "The attribute key '{key}' is given twice; give it once"
            )));
        }
        seen.push(key);
        let Some(attribute) = known.iter().find(|attribute| attribute.key == key) else {
            let keys: Vec<&str> = known.iter().map(|attribute| attribute.key).collect();
            let there_are = match keys.as_slice() {
                [] => "there are none".to_owned(),
                keys => format!("there are {}", keys.join(", ")),
            };
            return Err(invalid(format!(
                "{what} attribute key '{key}' is not recognized; {there_are}"
            )));
        };
        let value = value.as_deref().unwrap_or_default();
        attribute.check(value)?;
        if value == attribute.default {
            kept.remove(key);
        } else {
            kept.insert(key.to_owned(), value.to_owned());
        }
    }
    Ok(())
}

/// Whether an attribute is set to true.
pub(crate) fn is_on(set: &BTreeMap<String, String>, key: &str) -> bool {
    set.get(key).is_some_and(|value| value == "true")
}

/// <https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DescribeLoadBalancerAttributes.html>
pub(crate) fn describe_balancer(
    world: &World,
    call: &Call,
    request: &elbv2::DescribeLoadBalancerAttributesInput,
) -> Result<elbv2::DescribeLoadBalancerAttributesOutput, Fault> {
    let elbv2::DescribeLoadBalancerAttributesInput { load_balancer_arn } = request;
    let found = need_balancer(world, call, load_balancer_arn)?;
    Ok(elbv2::DescribeLoadBalancerAttributesOutput {
        attributes: wire_balancer(found),
    })
}

/// <https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_ModifyLoadBalancerAttributes.html>
pub(crate) fn modify_balancer(
    world: &World,
    call: &Call,
    request: &elbv2::ModifyLoadBalancerAttributesInput,
) -> Result<Decision<elbv2::ModifyLoadBalancerAttributesOutput>, Fault> {
    let elbv2::ModifyLoadBalancerAttributesInput {
        attributes,
        load_balancer_arn,
    } = request;
    let mut balancer = LoadBalancer::clone(need_balancer(world, call, load_balancer_arn)?);
    let known: Vec<&Attribute> = OF_BALANCERS.iter().collect();
    let given = attributes.iter().map(|given| (&given.key, &given.value));
    set("Load balancer", &known, &mut balancer.attributes, given)?;
    let kept = &balancer.attributes;
    if is_on(kept, "access_logs.s3.enabled") && !kept.contains_key("access_logs.s3.bucket") {
        return Err(Fault::bad_request(
            "InvalidConfigurationRequest",
            "access_logs.s3.enabled is true, but access_logs.s3.bucket is empty; name a bucket",
        ));
    }
    Ok(Decision {
        reply: elbv2::ModifyLoadBalancerAttributesOutput {
            attributes: wire_balancer(&balancer),
        },
        changes: vec![balancer.into()],
    })
}

fn wire_balancer(balancer: &LoadBalancer) -> Vec<elbv2::LoadBalancerAttribute> {
    listed(OF_BALANCERS, &balancer.attributes)
        .into_iter()
        .map(|(key, value)| elbv2::LoadBalancerAttribute {
            key: Some(key),
            value: Some(value),
        })
        .collect()
}

/// <https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DescribeTargetGroupAttributes.html>
pub(crate) fn describe_group(
    world: &World,
    call: &Call,
    request: &elbv2::DescribeTargetGroupAttributesInput,
) -> Result<elbv2::DescribeTargetGroupAttributesOutput, Fault> {
    let elbv2::DescribeTargetGroupAttributesInput { target_group_arn } = request;
    let found = need_group(world, call, target_group_arn)?;
    Ok(elbv2::DescribeTargetGroupAttributesOutput {
        attributes: wire_group(found),
    })
}

/// <https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_ModifyTargetGroupAttributes.html>
pub(crate) fn modify_group(
    world: &World,
    call: &Call,
    request: &elbv2::ModifyTargetGroupAttributesInput,
) -> Result<Decision<elbv2::ModifyTargetGroupAttributesOutput>, Fault> {
    let elbv2::ModifyTargetGroupAttributesInput {
        attributes,
        target_group_arn,
    } = request;
    let mut group = TargetGroup::clone(need_group(world, call, target_group_arn)?);
    let own = of_group(group.protocol);
    let known: Vec<&Attribute> = OF_GROUPS.iter().chain(&own).collect();
    let given = attributes.iter().map(|given| (&given.key, &given.value));
    set("Target group", &known, &mut group.attributes, given)?;
    Ok(Decision {
        reply: elbv2::ModifyTargetGroupAttributesOutput {
            attributes: wire_group(&group),
        },
        changes: vec![group.into()],
    })
}

fn wire_group(group: &TargetGroup) -> Vec<elbv2::TargetGroupAttribute> {
    let own = of_group(group.protocol);
    listed(OF_GROUPS.iter().chain(&own), &group.attributes)
        .into_iter()
        .map(|(key, value)| elbv2::TargetGroupAttribute {
            key: Some(key),
            value: Some(value),
        })
        .collect()
}

/// <https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DescribeListenerAttributes.html>
pub(crate) fn describe_listener(
    world: &World,
    call: &Call,
    request: &elbv2::DescribeListenerAttributesInput,
) -> Result<elbv2::DescribeListenerAttributesOutput, Fault> {
    let elbv2::DescribeListenerAttributesInput { listener_arn } = request;
    let found = need_listener(world, call, listener_arn)?;
    Ok(elbv2::DescribeListenerAttributesOutput {
        attributes: wire_listener(found),
    })
}

/// The data plane takes a changed time-out for new flows.
/// <https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_ModifyListenerAttributes.html>
pub(crate) fn modify_listener(
    world: &World,
    call: &Call,
    request: &elbv2::ModifyListenerAttributesInput,
) -> Result<Decision<elbv2::ModifyListenerAttributesOutput>, Fault> {
    let elbv2::ModifyListenerAttributesInput {
        attributes,
        listener_arn,
    } = request;
    let mut listener = Listener::clone(need_listener(world, call, listener_arn)?);
    let known: Vec<&Attribute> = of_listener(&listener).iter().collect();
    let mut kept = kept(&listener);
    let given = attributes.iter().map(|given| (&given.key, &given.value));
    let what = format!("{} listener", protocol_name(listener.protocol));
    set(&what, &known, &mut kept, given)?;
    listener.tcp_idle_seconds = kept.get(IDLE).and_then(|value| value.parse().ok());
    Ok(Decision {
        reply: elbv2::ModifyListenerAttributesOutput {
            attributes: wire_listener(&listener),
        },
        changes: vec![listener.into()],
    })
}

/// What was set of a listener's attributes.
fn kept(listener: &Listener) -> BTreeMap<String, String> {
    let idle = listener.tcp_idle_seconds;
    let idle = idle.filter(|seconds| *seconds != TCP_IDLE_SECONDS);
    let set = idle.map(|seconds| (IDLE.to_owned(), seconds.to_string()));
    set.into_iter().collect()
}

fn wire_listener(listener: &Listener) -> Vec<elbv2::ListenerAttribute> {
    listed(of_listener(listener), &kept(listener))
        .into_iter()
        .map(|(key, value)| elbv2::ListenerAttribute {
            key: Some(key),
            value: Some(value),
        })
        .collect()
}

#[cfg(test)]
mod tests;
