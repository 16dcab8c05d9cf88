//! Tags of EC2 things: CreateTags, DeleteTags, DescribeTags.

use std::collections::{BTreeMap, BTreeSet};

use aws::{Fault, ec2};
use model::endpoint::Endpoint;
use model::endpoint_service::EndpointService;
use model::id::{ConnectionKind, Kind as _, PeeringKind, PermissionKind, RuleId, SecurityGroupId};
use model::peering::Peering;
use model::security_group::SecurityGroup;
use model::world::{Change, World};

use super::page::page;
use super::tagged::{self, Edit, Tagged};
use super::{
    Call, Decision, connection, digest, filter, not_found, parse_id, peering, security_group,
    security_group_rule, service_permission, tags,
};

/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateTags.html>
pub(crate) fn create(
    world: &World,
    call: &Call,
    request: &ec2::CreateTagsRequest,
) -> Result<Decision<()>, Fault> {
    let ec2::CreateTagsRequest {
        dry_run: _,
        resources,
        tags: given,
    } = request;
    if given.is_empty() {
        return Err(Fault::missing("Tag"));
    }
    edit_all(world, call, resources, &|tags| {
        for ec2::Tag { key, value } in given {
            let key = key.as_deref().unwrap_or_default();
            tags::add(tags, key, value.as_deref().unwrap_or_default())?;
        }
        Ok(())
    })
}

/// Removes tags by key, those with a value only where it is the same; all without any.
/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DeleteTags.html>
pub(crate) fn delete(
    world: &World,
    call: &Call,
    request: &ec2::DeleteTagsRequest,
) -> Result<Decision<()>, Fault> {
    let ec2::DeleteTagsRequest {
        dry_run: _,
        resources,
        tags: given,
    } = request;
    edit_all(world, call, resources, &|tags| {
        if given.is_empty() {
            tags.clear();
        }
        for ec2::Tag { key, value } in given {
            let key = key.as_deref().ok_or_else(|| Fault::missing("Tag.N.Key"))?;
            if value.is_none() || tags.get(key) == value.as_ref() {
                tags.remove(key);
            }
        }
        Ok(())
    })
}

fn edit_all(
    world: &World,
    call: &Call,
    resources: &[String],
    edit: Edit<'_>,
) -> Result<Decision<()>, Fault> {
    if resources.is_empty() {
        return Err(Fault::missing("ResourceId"));
    }
    let mut changes = Vec::new();
    // A group and its rules are one thing in the log, however many of them are named.
    let mut groups: BTreeMap<SecurityGroupId, SecurityGroup> = BTreeMap::new();
    let resources: BTreeSet<&str> = resources.iter().map(String::as_str).collect();
    for text in resources {
        if text.starts_with("sgr-") {
            let id: RuleId = parse_id(security_group_rule::STEM, text)?;
            let (group, _) = security_group_rule::find(world, call, id)?;
            let group = groups.entry(group.id).or_insert_with(|| group.clone());
            let rule = group.rules.iter_mut().find(|rule| rule.id == id);
            edit(
                &mut rule
                    .ok_or_else(|| not_found(security_group_rule::STEM, id))?
                    .tags,
            )?;
        } else if text.starts_with("sg-") {
            let group = security_group::find_ref(world, call, text)?;
            let group = groups
                .entry(group.id)
                .or_insert_with(|| SecurityGroup::clone(group));
            edit(&mut group.tags)?;
        } else {
            changes.push(edit_other(world, call, text, edit)?);
        }
    }
    changes.extend(groups.into_values().map(Change::from));
    Ok(Decision { reply: (), changes })
}

/// Anything that is not a group or a rule.
fn edit_other(world: &World, call: &Call, text: &str, edit: Edit<'_>) -> Result<Change, Fault> {
    // These have no line of their own in the log: they are parts of a service, and of an endpoint.
    if text.starts_with(PermissionKind::PREFIX) {
        let (service, id) = service_permission::find(world, call, text)?;
        let mut service = EndpointService::clone(service);
        let mut entries = service.permissions.iter_mut();
        if let Some(entry) = entries.find(|entry| entry.id == id) {
            edit(&mut entry.tags)?;
        }
        return Ok(service.into());
    }
    if text.starts_with(ConnectionKind::PREFIX) {
        let mut endpoint = Endpoint::clone(connection::find(world, call, text)?);
        edit(&mut endpoint.connection_tags)?;
        return Ok(endpoint.into());
    }
    // Each side has its own.
    if text.starts_with(PeeringKind::PREFIX) {
        let mut found = Peering::clone(peering::find_ref(world, call, text)?);
        edit(found.tags_of_mut(call.account))?;
        return Ok(found.into());
    }
    // What is left of an id is one word: `eni-attach-1` is not of an interface.
    let is_of = |kind: &&tagged::Ec2Kind| {
        let rest = text.strip_prefix(kind.prefix);
        rest.is_some_and(|rest| !rest.contains('-'))
    };
    let Some(kind) = tagged::EC2.iter().find(is_of) else {
        let prefixes = tagged::EC2.iter().map(|kind| kind.prefix);
        let prefixes: Vec<&str> = ["sg-", "sgr-", PeeringKind::PREFIX]
            .into_iter()
            .chain(prefixes)
            .collect();
        return Err(Fault::bad_request(
            "InvalidID",
            format!(
                "The ID '{text}' in ResourceId is not valid: tags go on ids that begin with {}",
                prefixes.join(", ")
            ),
        ));
    };
    (kind.edit)(world, call, text, edit)
}

/// One tag of one thing.
struct Found<'a> {
    thing: Tagged<'a>,
    key: &'a str,
    value: &'a str,
}

impl Found<'_> {
    /// What pages are ordered by: short, however long the tag's key.
    fn order(&self) -> String {
        format!("{}/{:016x}", self.thing.id, digest(self.key))
    }
}

/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeTags.html>
pub(crate) fn describe(
    world: &World,
    call: &Call,
    request: &ec2::DescribeTagsRequest,
) -> Result<ec2::DescribeTagsResult, Fault> {
    let ec2::DescribeTagsRequest {
        dry_run: _,
        filters,
        max_results,
        next_token,
    } = request;
    filter::known(filters, &["key", "value", "resource-id", "resource-type"])?;
    let values = |found: &Found<'_>, name: &str| {
        Some(vec![match name {
            "key" => found.key.to_owned(),
            "value" => found.value.to_owned(),
            "resource-id" => found.thing.id.clone(),
            "resource-type" => found.thing.kind.to_owned(),
            _ => return None,
        }])
    };
    let mut found = filter::apply(all(world, call), filters, values, |found| {
        Some(found.thing.tags)
    })?;
    found.sort_by_cached_key(Found::order);
    let (given, next_token) = page(
        found,
        Found::order,
        *max_results,
        next_token.as_deref(),
        (5, 1_000),
        false,
    )?;
    Ok(ec2::DescribeTagsResult {
        next_token,
        tags: given
            .into_iter()
            .map(|found| ec2::TagDescription {
                key: Some(found.key.to_owned()),
                resource_id: Some(found.thing.id),
                resource_type: Some(found.thing.kind.to_owned()),
                value: Some(found.value.to_owned()),
            })
            .collect(),
    })
}

/// Every tag of the caller's things.
fn all<'a>(world: &'a World, call: &Call) -> Vec<Found<'a>> {
    let mut found = Vec::new();
    for thing in tagged::ec2(world, call) {
        found.extend(thing.tags.iter().map(|(key, value)| Found {
            thing: thing.clone(),
            key,
            value,
        }));
    }
    found
}

#[cfg(test)]
mod tests;
