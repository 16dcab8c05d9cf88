//! Tags of load balancers, target groups and listeners.

use aws::{Fault, elbv2};
use model::listener::Listener;
use model::load_balancer::LoadBalancer;
use model::tag::Tags;
use model::target_group::TargetGroup;
use model::world::{Change, World};

use super::elbv2::{add_tags, invalid, need_balancer, need_group, need_listener, wire_tags};
use super::tagged::{self, Tagged};
use super::{Call, Decision};

/// ARNs of one call.
const MAX_ARNS: usize = 20;

/// A tagged thing.
enum Thing {
    Balancer(LoadBalancer),
    Group(TargetGroup),
    Listener(Listener),
}

impl Thing {
    fn tags(&mut self) -> &mut Tags {
        match self {
            Self::Balancer(found) => &mut found.tags,
            Self::Group(found) => &mut found.tags,
            Self::Listener(found) => &mut found.tags,
        }
    }

    fn tagged(&self, world: &World, call: &Call) -> Tagged<'_> {
        match self {
            Self::Balancer(found) => tagged::balancer(call, found),
            Self::Group(found) => tagged::group(call, found),
            Self::Listener(found) => tagged::listener(world, call, found),
        }
    }

    fn put(self) -> Change {
        match self {
            Self::Balancer(found) => found.into(),
            Self::Group(found) => found.into(),
            Self::Listener(found) => found.into(),
        }
    }
}

fn find(world: &World, call: &Call, arn: &str) -> Result<Thing, Fault> {
    let kind = arn
        .splitn(6, ':')
        .nth(5)
        .and_then(|it| it.split('/').next());
    match kind {
        Some("loadbalancer") => {
            need_balancer(world, call, arn).map(|it| Thing::Balancer(LoadBalancer::clone(it)))
        }
        Some("targetgroup") => {
            need_group(world, call, arn).map(|it| Thing::Group(TargetGroup::clone(it)))
        }
        Some("listener") => {
            need_listener(world, call, arn).map(|it| Thing::Listener(Listener::clone(it)))
        }
        _ => Err(invalid(format!(
            "'{arn}' is not the ARN of a load balancer, target group or listener"
        ))),
    }
}

fn find_all(world: &World, call: &Call, arns: &[String]) -> Result<Vec<Thing>, Fault> {
    if arns.is_empty() || arns.len() > MAX_ARNS {
        return Err(invalid(format!(
            "ResourceArns has {} values; give 1 to {MAX_ARNS}",
            arns.len()
        )));
    }
    // A thing that is named twice would be written twice.
    let mut once: Vec<&String> = arns.iter().collect();
    once.sort();
    once.dedup();
    once.into_iter().map(|arn| find(world, call, arn)).collect()
}

/// <https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_AddTags.html>
pub(crate) fn add(
    world: &World,
    call: &Call,
    request: &elbv2::AddTagsInput,
) -> Result<Decision<elbv2::AddTagsOutput>, Fault> {
    let elbv2::AddTagsInput {
        resource_arns,
        tags,
    } = request;
    let mut things = find_all(world, call, resource_arns)?;
    for thing in &mut things {
        add_tags(thing.tags(), tags)?;
    }
    Ok(Decision {
        reply: elbv2::AddTagsOutput {},
        changes: things.into_iter().map(Thing::put).collect(),
    })
}

/// <https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_RemoveTags.html>
pub(crate) fn remove(
    world: &World,
    call: &Call,
    request: &elbv2::RemoveTagsInput,
) -> Result<Decision<elbv2::RemoveTagsOutput>, Fault> {
    let elbv2::RemoveTagsInput {
        resource_arns,
        tag_keys,
    } = request;
    let mut things = find_all(world, call, resource_arns)?;
    for thing in &mut things {
        thing.tags().retain(|key, _| !tag_keys.contains(key));
    }
    Ok(Decision {
        reply: elbv2::RemoveTagsOutput {},
        changes: things.into_iter().map(Thing::put).collect(),
    })
}

/// <https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DescribeTags.html>
pub(crate) fn describe(
    world: &World,
    call: &Call,
    request: &elbv2::DescribeTagsInput,
) -> Result<elbv2::DescribeTagsOutput, Fault> {
    let elbv2::DescribeTagsInput { resource_arns } = request;
    find_all(world, call, resource_arns)?;
    let describe = |arn: &String| {
        let thing = find(world, call, arn)?;
        let Tagged { arn, tags, .. } = thing.tagged(world, call);
        Ok(elbv2::TagDescription {
            resource_arn: Some(arn),
            tags: wire_tags(tags),
        })
    };
    // In the order in which they were asked for.
    let described = resource_arns.iter().map(describe);
    Ok(elbv2::DescribeTagsOutput {
        tag_descriptions: described.collect::<Result<_, Fault>>()?,
    })
}

#[cfg(test)]
mod tests;
