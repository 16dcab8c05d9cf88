//! What the nouns of Elastic Load Balancing share: ARNs, tags, pages, faults.

use std::sync::Arc;

use aws::{Fault, elbv2};
use model::id::{Id, Kind};
use model::listener::Listener;
use model::load_balancer::LoadBalancer;
use model::tag::Tags;
use model::target_group::{Protocol, TargetGroup};
use model::world::World;

use super::{Call, tags};

const SERVICE: &str = "elasticloadbalancing";

/// A parameter that cannot be: ELBv2 has one code for this.
pub(crate) fn invalid(message: impl Into<String>) -> Fault {
    Fault::bad_request("ValidationError", message)
}

/// `…:loadbalancer/net/NAME/ID`.
pub(crate) fn balancer_arn(call: &Call, balancer: &LoadBalancer) -> String {
    let LoadBalancer {
        owner, name, id, ..
    } = balancer;
    call.arn_of(SERVICE, *owner, &format!("loadbalancer/net/{name}/{id}"))
}

/// `…:targetgroup/NAME/ID`.
pub(crate) fn group_arn(call: &Call, group: &TargetGroup) -> String {
    let TargetGroup {
        owner, name, id, ..
    } = group;
    call.arn_of(SERVICE, *owner, &format!("targetgroup/{name}/{id}"))
}

/// `…:listener/net/NAME/BALANCER/ID`.
pub(crate) fn listener_arn(world: &World, call: &Call, listener: &Listener) -> String {
    let balancer = world.load_balancers.get(&listener.balancer);
    let name = balancer.map_or("", |balancer| balancer.name.as_str());
    let resource = format!("listener/net/{name}/{}/{}", listener.balancer, listener.id);
    call.arn_of(SERVICE, listener.owner, &resource)
}

/// The id at the end of an ARN of this kind of resource.
fn id_of<K: Kind>(arn: &str, kind: &str) -> Result<Id<K>, Fault> {
    let read = || {
        let mut fields = arn.splitn(6, ':');
        if fields.next() != Some("arn") || fields.nth(1) != Some(SERVICE) {
            return None;
        }
        let mut parts = fields.nth(2)?.split('/');
        if parts.next() != Some(kind) {
            return None;
        }
        parts.next_back()?.parse().ok()
    };
    read().ok_or_else(|| invalid(format!("'{arn}' is not a valid {} ARN", K::NOUN)))
}

/// The caller's load balancer with this ARN, if it is there.
pub(crate) fn balancer<'a>(
    world: &'a World,
    call: &Call,
    arn: &str,
) -> Result<Option<&'a Arc<LoadBalancer>>, Fault> {
    let found = world.load_balancer(call.account, id_of(arn, "loadbalancer")?);
    Ok(found.filter(|found| balancer_arn(call, found) == arn))
}

/// The same, which must be there.
pub(crate) fn need_balancer<'a>(
    world: &'a World,
    call: &Call,
    arn: &str,
) -> Result<&'a Arc<LoadBalancer>, Fault> {
    balancer(world, call, arn)?.ok_or_else(|| {
        Fault::bad_request(
            "LoadBalancerNotFound",
            format!("Load balancer '{arn}' not found"),
        )
    })
}

/// The caller's target group with this ARN, if it is there.
pub(crate) fn group<'a>(
    world: &'a World,
    call: &Call,
    arn: &str,
) -> Result<Option<&'a Arc<TargetGroup>>, Fault> {
    let found = world.target_group(call.account, id_of(arn, "targetgroup")?);
    Ok(found.filter(|found| group_arn(call, found) == arn))
}

/// The same, which must be there.
pub(crate) fn need_group<'a>(
    world: &'a World,
    call: &Call,
    arn: &str,
) -> Result<&'a Arc<TargetGroup>, Fault> {
    group(world, call, arn)?.ok_or_else(|| {
        Fault::bad_request(
            "TargetGroupNotFound",
            format!("Target group '{arn}' not found"),
        )
    })
}

/// The caller's listener with this ARN, which must be there.
pub(crate) fn need_listener<'a>(
    world: &'a World,
    call: &Call,
    arn: &str,
) -> Result<&'a Arc<Listener>, Fault> {
    let found = world.listeners.get(&id_of(arn, "listener")?);
    found
        .filter(|found| found.owner == call.account && listener_arn(world, call, found) == arn)
        .ok_or_else(|| {
            Fault::bad_request("ListenerNotFound", format!("Listener '{arn}' not found"))
        })
}

/// Names of load balancers and target groups.
pub(crate) fn check_name(what: &str, name: &str) -> Result<(), Fault> {
    let fits = (1..=32).contains(&name.len())
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
        && !name.starts_with('-')
        && !name.ends_with('-');
    if fits {
        return Ok(());
    }
    Err(invalid(format!(
        "The {what} name '{name}' is not valid: give 1 to 32 letters, digits and hyphens, with no hyphen at an end"
    )))
}

/// A protocol that this version carries.
pub(crate) fn protocol(text: Option<&str>) -> Result<Protocol, Fault> {
    match text {
        Some("TCP") => Ok(Protocol::Tcp),
        Some("UDP") => Ok(Protocol::Udp),
        Some("TCP_UDP") => Ok(Protocol::TcpUdp),
        Some(known) if elbv2::ProtocolEnum::ALL.contains(&known) => Err(Fault::bad_request(
            "UnsupportedProtocol",
            format!(
                "The Protocol '{known}' is not supported by this version of Ginnel; give TCP, UDP or TCP_UDP"
            ),
        )),
        Some(other) => Err(invalid(format!(
            "'{other}' is not a Protocol; give TCP, UDP or TCP_UDP"
        ))),
        None => Err(invalid(
            "The parameter Protocol is missing; give TCP, UDP or TCP_UDP",
        )),
    }
}

/// AWS's name of a protocol.
pub(crate) fn protocol_name(protocol: Protocol) -> &'static str {
    match protocol {
        Protocol::Tcp => "TCP",
        Protocol::Udp => "UDP",
        Protocol::TcpUdp => "TCP_UDP",
    }
}

/// A port from 1 to 65535.
pub(crate) fn port(name: &str, value: Option<i32>) -> Result<u16, Fault> {
    let value = value
        .ok_or_else(|| invalid(format!("The parameter {name} is missing; give 1 to 65535")))?;
    u16::try_from(value)
        .ok()
        .filter(|port| *port != 0)
        .ok_or_else(|| {
            invalid(format!(
                "Value {value} for parameter {name} is invalid: give 1 to 65535"
            ))
        })
}

/// Sets tags, within AWS's limits.
pub(crate) fn add_tags(tags: &mut Tags, given: &[elbv2::Tag]) -> Result<(), Fault> {
    for elbv2::Tag { key, value } in given {
        tags::add(tags, key, value.as_deref().unwrap_or_default()).map_err(|fault| {
            let limit = fault.code == "TagLimitExceeded";
            let code = if limit {
                "TooManyTags"
            } else {
                "ValidationError"
            };
            Fault::bad_request(code, fault.message)
        })?;
    }
    Ok(())
}

/// The tags of a new thing.
pub(crate) fn new_tags(given: &[elbv2::Tag]) -> Result<Tags, Fault> {
    let mut tags = Tags::new();
    add_tags(&mut tags, given)?;
    Ok(tags)
}

/// Tags as ELBv2 lists them.
pub(crate) fn wire_tags(tags: &Tags) -> Vec<elbv2::Tag> {
    tags.iter()
        .map(|(key, value)| elbv2::Tag {
            key: key.clone(),
            value: Some(value.clone()),
        })
        .collect()
}

/// PageSize and Marker, over items that are sorted by `key`.
pub(crate) fn page<T>(
    items: Vec<T>,
    key: impl Fn(&T) -> String,
    page_size: Option<i32>,
    marker: Option<&str>,
) -> Result<(Vec<T>, Option<String>), Fault> {
    if let Some(size) = page_size.filter(|size| !(1..=400).contains(size)) {
        return Err(invalid(format!(
            "Value {size} for parameter PageSize is invalid: give 1 to 400"
        )));
    }
    super::page::page(items, key, page_size, marker, (1, 400), false)
        .map_err(|fault| invalid(format!("Marker: {}", fault.message)))
}
