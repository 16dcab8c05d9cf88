//! Tags of EC2 things: CreateTags, DeleteTags, DescribeTags.

use std::collections::{BTreeMap, BTreeSet};

use aws::{Fault, ec2};
use model::address::Address;
use model::dhcp_options::DhcpOptions;
use model::endpoint::Endpoint;
use model::endpoint_service::EndpointService;
use model::id::{RuleId, SecurityGroupId};
use model::interface::Interface;
use model::internet_gateway::InternetGateway;
use model::nat_gateway::NatGateway;
use model::network_acl::NetworkAcl;
use model::route_table::RouteTable;
use model::security_group::SecurityGroup;
use model::subnet::Subnet;
use model::tag::Tags;
use model::vpc::Vpc;
use model::world::{Change, World};

use super::page::page;
use super::{
    Call, Decision, address, dhcp_options, digest, endpoint, endpoint_service, filter, interface,
    internet_gateway, nat_gateway, network_acl, not_found, parse_id, route_table, security_group,
    security_group_rule, subnet, tags, vpc,
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

/// Things that can have tags, apart from groups and their rules.
struct Tagged {
    /// What their ids begin with.
    prefix: &'static str,
    /// Edits the tags of the caller's thing with this id.
    edit: fn(&World, &Call, &str, Edit<'_>) -> Result<Change, Fault>,
    /// Adds every tag of the caller's things.
    list: for<'a> fn(&'a World, &Call, &mut Vec<Found<'a>>),
}

macro_rules! tagged {
    ($($prefix:literal $kind:literal $noun:ty, $find:path;)+) => {
        const TAGGED: &[Tagged] = &[$(Tagged {
            prefix: $prefix,
            edit: |world, call, text, edit| {
                let mut found = <$noun>::clone($find(world, call, text)?);
                edit(&mut found.tags)?;
                Ok(found.into())
            },
            list: |world, call, list| {
                for found in world.owned::<$noun>(call.account) {
                    add(list, $kind, &found.id, &found.tags);
                }
            },
        }),+];
    };
}

tagged! {
    "vpc-" "vpc" Vpc, vpc::find_ref;
    "subnet-" "subnet" Subnet, subnet::find_ref;
    "eni-" "network-interface" Interface, interface::find_ref;
    "dopt-" "dhcp-options" DhcpOptions, dhcp_options::find_ref;
    "rtb-" "route-table" RouteTable, route_table::find_ref;
    "acl-" "network-acl" NetworkAcl, network_acl::find_ref;
    "igw-" "internet-gateway" InternetGateway, internet_gateway::find_ref;
    "nat-" "natgateway" NatGateway, nat_gateway::find_ref;
    "eipalloc-" "elastic-ip" Address, address::find_ref;
    "vpce-" "vpc-endpoint" Endpoint, endpoint::find;
    "vpce-svc-" "vpc-endpoint-service" EndpointService, endpoint_service::find;
}

/// Anything that is not a group or a rule.
fn edit_other(world: &World, call: &Call, text: &str, edit: Edit<'_>) -> Result<Change, Fault> {
    // What is left of an id is one word: `eni-attach-1` is not of an interface.
    let is_of = |kind: &&Tagged| {
        let rest = text.strip_prefix(kind.prefix);
        rest.is_some_and(|rest| !rest.contains('-'))
    };
    let Some(kind) = TAGGED.iter().find(is_of) else {
        let prefixes = TAGGED.iter().map(|kind| kind.prefix);
        let prefixes: Vec<&str> = ["sg-", "sgr-"].into_iter().chain(prefixes).collect();
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
    let mut list = Vec::new();
    for kind in TAGGED {
        (kind.list)(world, call, &mut list);
    }
    for group in world.owned::<SecurityGroup>(call.account) {
        add(&mut list, "security-group", &group.id, &group.tags);
        for rule in &group.rules {
            add(&mut list, "security-group-rule", &rule.id, &rule.tags);
        }
    }
    list
}

/// Adds the tags of one thing.
fn add<'a>(list: &mut Vec<Found<'a>>, kind: &'static str, id: &dyn ToString, tags: &'a Tags) {
    list.extend(tags.iter().map(|(key, value)| Found {
        id: id.to_string(),
        kind,
        key,
        value,
        tags,
    }));
}

#[cfg(test)]
mod tests;
