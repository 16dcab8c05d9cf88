//! Groups of users.

use std::sync::Arc;

use aws::{Fault, iam};
use model::iam::{Grants, Group, User};
use model::world::{Change, Name, World};

use super::{
    Entity, arn, check_deletable, check_free, check_name, check_quota, date, paged, path,
    path_prefix, policy_blockers, put, user,
};
use crate::api::{Call, Decision, quota};

/// A group as IAM shows it.
pub(crate) fn shown(group: &Group) -> iam::Group {
    iam::Group {
        arn: Some(arn(group.owner, "group", &group.path, &group.name)),
        create_date: date(group.created),
        group_id: Some(group.id.to_string()),
        group_name: Some(group.name.clone()),
        path: Some(group.path.clone()),
    }
}

/// <https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateGroup.html>
pub(crate) fn create(
    world: &World,
    call: &Call,
    request: &iam::CreateGroupRequest,
) -> Result<Decision<iam::CreateGroupResponse>, Fault> {
    let iam::CreateGroupRequest {
        group_name,
        path: given,
    } = request;
    check_name("GroupName", group_name, 128)?;
    let path = path("Path", given.as_deref())?;
    check_free::<Group>(world, call, "Group", group_name)?;
    check_quota(
        call,
        &quota::GROUPS,
        world.owned::<Group>(call.account).count(),
    )?;
    let group = Group {
        id: call.id(),
        owner: call.account,
        name: group_name.clone(),
        path,
        created: call.now,
        grants: Grants::default(),
    };
    Ok(Decision {
        reply: iam::CreateGroupResponse {
            group: Some(shown(&group)),
        },
        changes: vec![group.into()],
    })
}

/// The group and its users.
/// <https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetGroup.html>
pub(crate) fn get(
    world: &World,
    call: &Call,
    request: &iam::GetGroupRequest,
) -> Result<iam::GetGroupResponse, Fault> {
    let iam::GetGroupRequest {
        group_name,
        marker,
        max_items,
    } = request;
    let group = Group::named(world, call, group_name)?;
    let members = world.needing::<User>(group.id).collect();
    let key = |user: &&Arc<User>| user.name.to_ascii_lowercase();
    let page = paged(members, key, *max_items, marker.as_deref())?;
    let users = page.items.into_iter();
    Ok(iam::GetGroupResponse {
        group: Some(shown(group)),
        is_truncated: page.is_truncated,
        marker: page.marker,
        users: users.map(|user| user::listed(user)).collect(),
    })
}

/// <https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListGroups.html>
pub(crate) fn list(
    world: &World,
    call: &Call,
    request: &iam::ListGroupsRequest,
) -> Result<iam::ListGroupsResponse, Fault> {
    let iam::ListGroupsRequest {
        marker,
        max_items,
        path_prefix: prefix,
    } = request;
    let prefix = path_prefix(prefix.as_deref())?;
    let all = world.owned::<Group>(call.account);
    let found = all.filter(|group| group.path.starts_with(prefix)).collect();
    let key = |group: &&Arc<Group>| group.name.to_ascii_lowercase();
    let page = paged(found, key, *max_items, marker.as_deref())?;
    Ok(iam::ListGroupsResponse {
        groups: page.items.into_iter().map(|group| shown(group)).collect(),
        is_truncated: page.is_truncated,
        marker: page.marker,
    })
}

/// <https://docs.aws.amazon.com/IAM/latest/APIReference/API_UpdateGroup.html>
pub(crate) fn update(
    world: &World,
    call: &Call,
    request: &iam::UpdateGroupRequest,
) -> Result<Decision<()>, Fault> {
    let iam::UpdateGroupRequest {
        group_name,
        new_group_name,
        new_path,
    } = request;
    let group = Group::named(world, call, group_name)?;
    let new_path = new_path
        .as_deref()
        .map(|given| path("NewPath", Some(given)))
        .transpose()?;
    if let Some(name) = new_group_name {
        check_name("NewGroupName", name, 128)?;
        if !name.eq_ignore_ascii_case(&group.name) {
            check_free::<Group>(world, call, "Group", name)?;
        }
    }
    let changes = put(group, |group| {
        if let Some(path) = new_path {
            group.path = path;
        }
        if let Some(name) = new_group_name {
            group.name.clone_from(name);
        }
    });
    Ok(Decision { reply: (), changes })
}

/// <https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteGroup.html>
pub(crate) fn delete(
    world: &World,
    call: &Call,
    request: &iam::DeleteGroupRequest,
) -> Result<Decision<()>, Fault> {
    let iam::DeleteGroupRequest { group_name } = request;
    let group = Group::named(world, call, group_name)?;
    let users = world.needing::<User>(group.id);
    let mut blockers: Vec<String> = users
        .map(|user| format!("the user {}", user.name))
        .collect();
    blockers.extend(policy_blockers(world, &group.grants));
    check_deletable(&format!("the group {}", group.name), &blockers)?;
    Ok(Decision {
        reply: (),
        changes: vec![Change::Remove(Name::Group(group.id))],
    })
}
