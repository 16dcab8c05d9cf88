//! Users.

use std::sync::Arc;

use aws::{Fault, iam};
use model::account::AccessKey;
use model::iam::{Grants, User};
use model::world::{Change, Name, World};

use super::{
    Entity, arn, check_deletable, check_free, check_name, check_quota, date, find_policy, paged,
    path, path_prefix, policy_blockers, put, shown_boundary, tags,
};
use crate::api::{Call, Decision, quota};
use crate::authenticate::Principal;

/// A user as a list shows it; a look at one shows the boundary and tags too.
pub(crate) fn listed(user: &User) -> iam::User {
    iam::User {
        arn: Some(arn(user.owner, "user", &user.path, &user.name)),
        create_date: date(user.created),
        // There are no passwords.
        password_last_used: None,
        path: Some(user.path.clone()),
        permissions_boundary: None,
        tags: Vec::new(),
        user_id: Some(user.id.to_string()),
        user_name: Some(user.name.clone()),
    }
}

fn shown(world: &World, user: &User) -> iam::User {
    iam::User {
        permissions_boundary: shown_boundary(world, user.boundary),
        tags: tags::shown(&user.tags),
        ..listed(user)
    }
}

/// The user with this name; without one, the user who calls.
pub(crate) fn named_or_caller<'a>(
    world: &'a World,
    call: &Call,
    name: Option<&str>,
) -> Result<Option<&'a Arc<User>>, Fault> {
    match (name, &call.principal) {
        (Some(name), _) => User::named(world, call, name).map(Some),
        (None, Principal::User(id)) => Ok(world.users.get(id)),
        (None, Principal::Root) => Ok(None),
        (None, Principal::Session { .. }) => Err(Fault::bad_request(
            "ValidationError",
            "Must specify UserName when calling with non-User credentials",
        )),
    }
}

/// <https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateUser.html>
pub(crate) fn create(
    world: &World,
    call: &Call,
    request: &iam::CreateUserRequest,
) -> Result<Decision<iam::CreateUserResponse>, Fault> {
    let iam::CreateUserRequest {
        path: given,
        permissions_boundary,
        tags: given_tags,
        user_name,
    } = request;
    check_name("UserName", user_name, 64)?;
    let path = path("Path", given.as_deref())?;
    let tags = tags::on_create(given_tags)?;
    let boundary = permissions_boundary
        .as_deref()
        .map(|arn| find_policy(world, call, arn).map(|policy| policy.id))
        .transpose()?;
    check_free::<User>(world, call, "User", user_name)?;
    check_quota(
        call,
        &quota::USERS,
        world.owned::<User>(call.account).count(),
    )?;
    let user = User {
        id: call.id(),
        owner: call.account,
        name: user_name.clone(),
        path,
        created: call.now,
        groups: Default::default(),
        grants: Grants::default(),
        boundary,
        tags,
    };
    Ok(Decision {
        reply: iam::CreateUserResponse {
            user: Some(shown(world, &user)),
        },
        changes: vec![user.into()],
    })
}

/// <https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetUser.html>
pub(crate) fn get(
    world: &World,
    call: &Call,
    request: &iam::GetUserRequest,
) -> Result<iam::GetUserResponse, Fault> {
    let iam::GetUserRequest { user_name } = request;
    let user = match named_or_caller(world, call, user_name.as_deref())? {
        Some(user) => shown(world, user),
        None => {
            let account = world.accounts.get(&call.account);
            iam::User {
                arn: Some(call.arn.clone()),
                create_date: account.and_then(|account| date(account.created)),
                user_id: Some(call.account.to_string()),
                ..iam::User::default()
            }
        }
    };
    Ok(iam::GetUserResponse { user: Some(user) })
}

/// <https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListUsers.html>
pub(crate) fn list(
    world: &World,
    call: &Call,
    request: &iam::ListUsersRequest,
) -> Result<iam::ListUsersResponse, Fault> {
    let iam::ListUsersRequest {
        marker,
        max_items,
        path_prefix: prefix,
    } = request;
    let prefix = path_prefix(prefix.as_deref())?;
    let all = world.owned::<User>(call.account);
    let found = all.filter(|user| user.path.starts_with(prefix)).collect();
    let key = |user: &&Arc<User>| user.name.to_ascii_lowercase();
    let page = paged(found, key, *max_items, marker.as_deref())?;
    Ok(iam::ListUsersResponse {
        is_truncated: page.is_truncated,
        marker: page.marker,
        users: page.items.into_iter().map(|user| listed(user)).collect(),
    })
}

/// <https://docs.aws.amazon.com/IAM/latest/APIReference/API_UpdateUser.html>
pub(crate) fn update(
    world: &World,
    call: &Call,
    request: &iam::UpdateUserRequest,
) -> Result<Decision<()>, Fault> {
    let iam::UpdateUserRequest {
        new_path,
        new_user_name,
        user_name,
    } = request;
    let user = User::named(world, call, user_name)?;
    let new_path = new_path
        .as_deref()
        .map(|given| path("NewPath", Some(given)))
        .transpose()?;
    if let Some(name) = new_user_name {
        check_name("NewUserName", name, 64)?;
        if !name.eq_ignore_ascii_case(&user.name) {
            check_free::<User>(world, call, "User", name)?;
        }
    }
    let changes = put(user, |user| {
        if let Some(path) = new_path {
            user.path = path;
        }
        if let Some(name) = new_user_name {
            user.name.clone_from(name);
        }
    });
    Ok(Decision { reply: (), changes })
}

/// <https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteUser.html>
pub(crate) fn delete(
    world: &World,
    call: &Call,
    request: &iam::DeleteUserRequest,
) -> Result<Decision<()>, Fault> {
    let iam::DeleteUserRequest { user_name } = request;
    let user = User::named(world, call, user_name)?;
    let keys = world.needing::<AccessKey>(user.id);
    let mut blockers: Vec<String> = keys
        .map(|key| format!("the access key {}", key.id))
        .collect();
    blockers.extend(policy_blockers(world, &user.grants));
    let groups = user.groups.iter().filter_map(|id| world.groups.get(id));
    blockers.extend(groups.map(|group| format!("the user from the group {}", group.name)));
    check_deletable(&format!("the user {}", user.name), &blockers)?;
    Ok(Decision {
        reply: (),
        changes: vec![Change::Remove(Name::User(user.id))],
    })
}

#[cfg(test)]
mod tests;
