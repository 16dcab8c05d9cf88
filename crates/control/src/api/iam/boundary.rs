//! Permissions boundaries of users and roles.

use aws::{Fault, iam};
use model::iam::{Role, User};
use model::world::World;

use super::{Entity, find_policy, no_such, put};
use crate::api::{Call, Decision};

/// <https://docs.aws.amazon.com/IAM/latest/APIReference/API_PutUserPermissionsBoundary.html>
pub(crate) fn put_user(
    world: &World,
    call: &Call,
    request: &iam::PutUserPermissionsBoundaryRequest,
) -> Result<Decision<()>, Fault> {
    let iam::PutUserPermissionsBoundaryRequest {
        permissions_boundary,
        user_name,
    } = request;
    let user = User::named(world, call, user_name)?;
    let policy = find_policy(world, call, permissions_boundary)?;
    let changes = put(user, |user| user.boundary = Some(policy.id));
    Ok(Decision { reply: (), changes })
}

/// <https://docs.aws.amazon.com/IAM/latest/APIReference/API_PutRolePermissionsBoundary.html>
pub(crate) fn put_role(
    world: &World,
    call: &Call,
    request: &iam::PutRolePermissionsBoundaryRequest,
) -> Result<Decision<()>, Fault> {
    let iam::PutRolePermissionsBoundaryRequest {
        permissions_boundary,
        role_name,
    } = request;
    let role = Role::named(world, call, role_name)?;
    let policy = find_policy(world, call, permissions_boundary)?;
    let changes = put(role, |role| role.boundary = Some(policy.id));
    Ok(Decision { reply: (), changes })
}

/// <https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteUserPermissionsBoundary.html>
pub(crate) fn delete_user(
    world: &World,
    call: &Call,
    request: &iam::DeleteUserPermissionsBoundaryRequest,
) -> Result<Decision<()>, Fault> {
    let iam::DeleteUserPermissionsBoundaryRequest { user_name } = request;
    let user = User::named(world, call, user_name)?;
    if user.boundary.is_none() {
        return Err(none("user", &user.name));
    }
    let changes = put(user, |user| user.boundary = None);
    Ok(Decision { reply: (), changes })
}

/// <https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteRolePermissionsBoundary.html>
pub(crate) fn delete_role(
    world: &World,
    call: &Call,
    request: &iam::DeleteRolePermissionsBoundaryRequest,
) -> Result<Decision<()>, Fault> {
    let iam::DeleteRolePermissionsBoundaryRequest { role_name } = request;
    let role = Role::named(world, call, role_name)?;
    if role.boundary.is_none() {
        return Err(none("role", &role.name));
    }
    let changes = put(role, |role| role.boundary = None);
    Ok(Decision { reply: (), changes })
}

fn none(word: &str, name: &str) -> Fault {
    no_such(format!("The {word} {name} has no permissions boundary."))
}
