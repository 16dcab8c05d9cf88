//! Tags of topics.

use aws::{Fault, sns};
use model::tag::Tags;
use model::topic::Topic;
use model::world::World;

use super::{invalid, topic};
use crate::api::{Call, Decision, tags};

/// These tags and others, within AWS's limits.
pub(super) fn add(mut tags: Tags, given: &[sns::Tag]) -> Result<Tags, Fault> {
    for sns::Tag { key, value } in given {
        tags::add(&mut tags, key, value).map_err(|fault| {
            if fault.code == "TagLimitExceeded" {
                fault
            } else {
                invalid("Tags", fault.message)
            }
        })?;
    }
    Ok(tags)
}

fn find(world: &World, call: &Call, arn: &str) -> Result<Topic, Fault> {
    let found = topic(world, call, "ResourceArn", arn)?;
    found.map(|found| Topic::clone(found)).ok_or_else(|| {
        let message = format!("The topic '{arn}' does not exist; only topics have tags");
        Fault::new(404, "ResourceNotFound", message)
    })
}

/// <https://docs.aws.amazon.com/sns/latest/api/API_ListTagsForResource.html>
pub(crate) fn list(
    world: &World,
    call: &Call,
    request: &sns::ListTagsForResourceRequest,
) -> Result<sns::ListTagsForResourceResponse, Fault> {
    let sns::ListTagsForResourceRequest { resource_arn } = request;
    let topic = find(world, call, resource_arn)?;
    let tags = topic.tags.into_iter();
    Ok(sns::ListTagsForResourceResponse {
        tags: tags.map(|(key, value)| sns::Tag { key, value }).collect(),
    })
}

/// <https://docs.aws.amazon.com/sns/latest/api/API_TagResource.html>
pub(crate) fn tag(
    world: &World,
    call: &Call,
    request: &sns::TagResourceRequest,
) -> Result<Decision<sns::TagResourceResponse>, Fault> {
    let sns::TagResourceRequest { resource_arn, tags } = request;
    let mut topic = find(world, call, resource_arn)?;
    topic.tags = add(topic.tags, tags)?;
    Ok(Decision {
        reply: sns::TagResourceResponse {},
        changes: vec![topic.into()],
    })
}

/// <https://docs.aws.amazon.com/sns/latest/api/API_UntagResource.html>
pub(crate) fn untag(
    world: &World,
    call: &Call,
    request: &sns::UntagResourceRequest,
) -> Result<Decision<sns::UntagResourceResponse>, Fault> {
    let sns::UntagResourceRequest {
        resource_arn,
        tag_keys,
    } = request;
    let mut topic = find(world, call, resource_arn)?;
    topic.tags.retain(|key, _| !tag_keys.contains(key));
    Ok(Decision {
        reply: sns::UntagResourceResponse {},
        changes: vec![topic.into()],
    })
}
