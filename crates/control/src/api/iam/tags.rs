//! Tags of users, roles and policies. Keys are kept as they are written and compared without
//! their letters' case.

use std::sync::Arc;

use aws::{Fault, iam};
use model::iam::{Policy, Role, User};
use model::tag::Tags;
use model::world::World;

use super::{Entity, Page, bad_input, find_policy, invalid, limit, paged_in_order, policy, put};
use crate::api::{Call, Decision};

/// Tags of one thing.
const MAX_TAGS: usize = 50;

/// Tags as IAM lists them.
pub(crate) fn shown(tags: &Tags) -> Vec<iam::Tag> {
    tags.iter()
        .map(|(key, value)| iam::Tag {
            key: key.clone(),
            value: value.clone(),
        })
        .collect()
}

/// The tags of a new thing.
pub(crate) fn on_create(given: &[iam::Tag]) -> Result<Tags, Fault> {
    let mut tags = Tags::new();
    add(&mut tags, given)?;
    Ok(tags)
}

/// Sets tags, within AWS's limits.
fn add(tags: &mut Tags, given: &[iam::Tag]) -> Result<(), Fault> {
    for (at, iam::Tag { key, value }) in given.iter().enumerate() {
        if key.is_empty() || key.chars().count() > 128 {
            let why = "Member must have length from 1 to 128";
            return Err(invalid("Tags.member.N.Key", key, why));
        }
        if value.chars().count() > 256 {
            let why = "Member must have length less than or equal to 256";
            return Err(invalid("Tags.member.N.Value", value, why));
        }
        for (member, text) in [("Key", key), ("Value", value)] {
            if !text.chars().all(is_tag_character) {
                return Err(invalid(
                    &format!("Tags.member.N.{member}"),
                    text,
                    r"Member must satisfy regular expression pattern: [\p{L}\p{Z}\p{N}_.:/=+\-@]*",
                ));
            }
        }
        if key.to_ascii_lowercase().starts_with("aws:") {
            return Err(bad_input(format!(
                "The tag key {key} is reserved: choose one that does not begin with aws:"
            )));
        }
        let earlier = given.iter().take(at);
        if earlier.into_iter().any(|it| same(&it.key, key)) {
            return Err(bad_input(format!(
                "Duplicate tag keys found: {key}. Please note that Tag keys are case insensitive."
            )));
        }
        tags.retain(|other, _| !same(other, key));
        tags.insert(key.clone(), value.clone());
    }
    if tags.len() > MAX_TAGS {
        return Err(limit(format!(
            "The number of tags has reached the maximum limit: {MAX_TAGS}; remove some first"
        )));
    }
    Ok(())
}

fn is_tag_character(c: char) -> bool {
    c.is_alphanumeric() || c.is_whitespace() && !c.is_control() || "_.:/=+-@".contains(c)
}

fn same(one: &str, other: &str) -> bool {
    one.to_lowercase() == other.to_lowercase()
}

/// Removes tags; a key that is not there is fine.
fn remove(tags: &mut Tags, keys: &[String]) {
    tags.retain(|key, _| !keys.iter().any(|it| same(it, key)));
}

fn listed(
    tags: &Tags,
    max_items: Option<i32>,
    marker: Option<&str>,
) -> Result<Page<iam::Tag>, Fault> {
    paged_in_order(shown(tags), max_items, marker)
}

macro_rules! tags {
    (
        $find:path, $name:ident
        $tag:ident $tag_request:ident $tag_url:literal
        $untag:ident $untag_request:ident $untag_url:literal
        $list:ident $list_request:ident $list_response:ident $list_url:literal $look:path
    ) => {
        #[doc = concat!("<https://docs.aws.amazon.com/IAM/latest/APIReference/API_", $tag_url, ".html>")]
        pub(crate) fn $tag(
            world: &World,
            call: &Call,
            request: &iam::$tag_request,
        ) -> Result<Decision<()>, Fault> {
            let iam::$tag_request { $name, tags } = request;
            let found = $find(world, call, $name)?;
            let mut next = found.tags.clone();
            add(&mut next, tags)?;
            let changes = put(&found, |it| it.tags = next);
            Ok(Decision { reply: (), changes })
        }

        #[doc = concat!("<https://docs.aws.amazon.com/IAM/latest/APIReference/API_", $untag_url, ".html>")]
        pub(crate) fn $untag(
            world: &World,
            call: &Call,
            request: &iam::$untag_request,
        ) -> Result<Decision<()>, Fault> {
            let iam::$untag_request { $name, tag_keys } = request;
            let found = $find(world, call, $name)?;
            let changes = put(&found, |it| remove(&mut it.tags, tag_keys));
            Ok(Decision { reply: (), changes })
        }

        #[doc = concat!("<https://docs.aws.amazon.com/IAM/latest/APIReference/API_", $list_url, ".html>")]
        pub(crate) fn $list(
            world: &World,
            call: &Call,
            request: &iam::$list_request,
        ) -> Result<iam::$list_response, Fault> {
            let iam::$list_request {
                marker,
                max_items,
                $name,
            } = request;
            let found = $look(world, call, $name)?;
            let page = listed(&found.tags, *max_items, marker.as_deref())?;
            Ok(iam::$list_response {
                is_truncated: page.is_truncated,
                marker: page.marker,
                tags: page.items,
            })
        }
    };
}

fn user(world: &World, call: &Call, name: &str) -> Result<Arc<User>, Fault> {
    User::named(world, call, name).map(Arc::clone)
}

fn role(world: &World, call: &Call, name: &str) -> Result<Arc<Role>, Fault> {
    Role::named(world, call, name).map(Arc::clone)
}

fn own_policy(world: &World, call: &Call, arn: &str) -> Result<Arc<Policy>, Fault> {
    policy::own(world, call, arn)
}

tags! {
    user, user_name
    tag_user TagUserRequest "TagUser"
    untag_user UntagUserRequest "UntagUser"
    list_user ListUserTagsRequest ListUserTagsResponse "ListUserTags" user
}
tags! {
    role, role_name
    tag_role TagRoleRequest "TagRole"
    untag_role UntagRoleRequest "UntagRole"
    list_role ListRoleTagsRequest ListRoleTagsResponse "ListRoleTags" role
}
tags! {
    own_policy, policy_arn
    tag_policy TagPolicyRequest "TagPolicy"
    untag_policy UntagPolicyRequest "UntagPolicy"
    list_policy ListPolicyTagsRequest ListPolicyTagsResponse "ListPolicyTags" find_policy
}

#[cfg(test)]
mod tests;
