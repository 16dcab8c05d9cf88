//! Tags of EC2 things: CreateTags, DeleteTags, DescribeTags.

use std::collections::{BTreeMap, BTreeSet};

use aws::{Fault, ec2};
use model::endpoint::Endpoint;
use model::endpoint_service::EndpointService;
use model::id::{
    ConnectionKind, Kind as _, PermissionKind, PrefixListKind, RuleId, SecurityGroupId,
};
use model::interface::Interface;
use model::prefix_list::PrefixList;
use model::security_group::SecurityGroup;
use model::subnet::Subnet;
use model::tag::Tags;
use model::vpc::Vpc;
use model::world::{Change, World};

use super::page::page;
use super::{
    Call, Decision, connection, digest, endpoint, endpoint_service, filter, interface, not_found,
    parse_id, prefix_list, security_group, security_group_rule, service_permission, subnet, tags,
    vpc,
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

type Edit<'a> = &'a dyn Fn(&mut Tags) -> Result<(), Fault>;

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
    // The longer prefix first: that of endpoints begins those of the others.
    if text.starts_with(PermissionKind::PREFIX) {
        let (service, id) = service_permission::find(world, call, text)?;
        let mut service = EndpointService::clone(service);
        let mut entries = service.permissions.iter_mut();
        if let Some(entry) = entries.find(|entry| entry.id == id) {
            edit(&mut entry.tags)?;
        }
        Ok(service.into())
    } else if text.starts_with(ConnectionKind::PREFIX) {
        let mut endpoint = Endpoint::clone(connection::find(world, call, text)?);
        edit(&mut endpoint.connection_tags)?;
        Ok(endpoint.into())
    } else if text.starts_with(PrefixListKind::PREFIX) {
        let mut list = PrefixList::clone(prefix_list::find_own(world, call, text)?);
        edit(&mut list.tags)?;
        Ok(list.into())
    } else if text.starts_with("vpce-svc-") {
        let mut service = EndpointService::clone(endpoint_service::find(world, call, text)?);
        edit(&mut service.tags)?;
        Ok(service.into())
    } else if text.starts_with("vpce-") {
        let mut endpoint = Endpoint::clone(endpoint::find(world, call, text)?);
        edit(&mut endpoint.tags)?;
        Ok(endpoint.into())
    } else if text.starts_with("vpc-") && !text.starts_with("vpc-cidr-assoc-") {
        let mut vpc = Vpc::clone(vpc::find_ref(world, call, text)?);
        edit(&mut vpc.tags)?;
        Ok(vpc.into())
    } else if text.starts_with("subnet-") {
        let mut subnet = Subnet::clone(subnet::find_ref(world, call, text)?);
        edit(&mut subnet.tags)?;
        Ok(subnet.into())
    } else if text.starts_with("eni-") && !text.starts_with("eni-attach-") {
        let mut interface = Interface::clone(interface::find_ref(world, call, text)?);
        edit(&mut interface.tags)?;
        Ok(interface.into())
    } else {
        Err(Fault::bad_request(
            "InvalidID",
            format!(
                "The ID '{text}' in ResourceId is not valid: tags go on vpc-, subnet-, sg-, sgr-, eni-, vpce-, vpce-svc-, vpce-svc-perm-, vpce-con- and pl- ids"
            ),
        ))
    }
}

/// One tag of one thing.
struct Found<'a> {
    id: String,
    kind: &'static str,
    key: &'a str,
    value: &'a str,
    tags: &'a Tags,
}

impl Found<'_> {
    /// What pages are ordered by: short, however long the tag's key.
    fn order(&self) -> String {
        format!("{}/{:016x}", self.id, digest(self.key))
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
            "resource-id" => found.id.clone(),
            "resource-type" => found.kind.to_owned(),
            _ => return None,
        }])
    };
    let mut found = filter::apply(all(world, call), filters, values, |found| Some(found.tags))?;
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
                resource_id: Some(found.id),
                resource_type: Some(found.kind.to_owned()),
                value: Some(found.value.to_owned()),
            })
            .collect(),
    })
}

/// Every tag of the caller's things.
fn all<'a>(world: &'a World, call: &Call) -> Vec<Found<'a>> {
    let mut found = Vec::new();
    let mut add = |kind: &'static str, id: &dyn ToString, tags: &'a Tags| {
        found.extend(tags.iter().map(|(key, value)| Found {
            id: id.to_string(),
            kind,
            key,
            value,
            tags,
        }));
    };
    let me = call.account;
    for vpc in world.vpcs.values().filter(|vpc| vpc.owner == me) {
        add("vpc", &vpc.id, &vpc.tags);
    }
    for subnet in world.subnets.values().filter(|s| s.owner == me) {
        add("subnet", &subnet.id, &subnet.tags);
    }
    for group in world.security_groups.values().filter(|g| g.owner == me) {
        add("security-group", &group.id, &group.tags);
        for rule in &group.rules {
            add("security-group-rule", &rule.id, &rule.tags);
        }
    }
    for interface in world.interfaces.values().filter(|i| i.owner == me) {
        add("network-interface", &interface.id, &interface.tags);
    }
    for endpoint in world.endpoints.values().filter(|e| e.owner == me) {
        add("vpc-endpoint", &endpoint.id, &endpoint.tags);
    }
    for service in world.owned::<EndpointService>(me) {
        add("vpc-endpoint-service", &service.id, &service.tags);
        for entry in &service.permissions {
            add("vpc-endpoint-service-permission", &entry.id, &entry.tags);
        }
        for endpoint in world.mentioning::<Endpoint>(service.id) {
            let id = connection::id(endpoint);
            add("vpc-endpoint-connection", &id, &endpoint.connection_tags);
        }
    }
    for list in world.owned::<PrefixList>(me) {
        add("prefix-list", &list.id, &list.tags);
    }
    found
}

#[cfg(test)]
mod tests;
