//! Who is in which group.

use std::sync::Arc;

use aws::{Fault, iam};
use model::iam::{Group, User};
use model::world::World;

use super::{Entity, group, limit, no_such, paged, put};
use crate::api::{Call, Decision};

/// Groups that a user can be in.
const GROUPS: usize = 10;

/// <https://docs.aws.amazon.com/IAM/latest/APIReference/API_AddUserToGroup.html>
pub(crate) fn add(
    world: &World,
    call: &Call,
    request: &iam::AddUserToGroupRequest,
) -> Result<Decision<()>, Fault> {
    let iam::AddUserToGroupRequest {
        group_name,
        user_name,
    } = request;
    let group = Group::named(world, call, group_name)?;
    let user = User::named(world, call, user_name)?;
    if user.groups.contains(&group.id) {
        return Ok(Decision::unchanged(()));
    }
    if user.groups.len() >= GROUPS {
        return Err(limit(format!(
            "Cannot exceed quota for GroupsPerUser: {GROUPS}; remove {} from a group first",
            user.name
        )));
    }
    let changes = put(user, |user| {
        user.groups.insert(group.id);
    });
    Ok(Decision { reply: (), changes })
}

/// <https://docs.aws.amazon.com/IAM/latest/APIReference/API_RemoveUserFromGroup.html>
pub(crate) fn remove(
    world: &World,
    call: &Call,
    request: &iam::RemoveUserFromGroupRequest,
) -> Result<Decision<()>, Fault> {
    let iam::RemoveUserFromGroupRequest {
        group_name,
        user_name,
    } = request;
    let group = Group::named(world, call, group_name)?;
    let user = User::named(world, call, user_name)?;
    if !user.groups.contains(&group.id) {
        return Err(no_such(format!(
            "The user {} is not in the group {}.",
            user.name, group.name
        )));
    }
    let changes = put(user, |user| {
        user.groups.remove(&group.id);
    });
    Ok(Decision { reply: (), changes })
}

/// <https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListGroupsForUser.html>
pub(crate) fn list_for_user(
    world: &World,
    call: &Call,
    request: &iam::ListGroupsForUserRequest,
) -> Result<iam::ListGroupsForUserResponse, Fault> {
    let iam::ListGroupsForUserRequest {
        marker,
        max_items,
        user_name,
    } = request;
    let user = User::named(world, call, user_name)?;
    let groups = user.groups.iter().filter_map(|id| world.groups.get(id));
    let key = |group: &&Arc<Group>| group.name.to_ascii_lowercase();
    let page = paged(groups.collect(), key, *max_items, marker.as_deref())?;
    let groups = page.items.into_iter();
    Ok(iam::ListGroupsForUserResponse {
        groups: groups.map(|group| group::shown(group)).collect(),
        is_truncated: page.is_truncated,
        marker: page.marker,
    })
}
