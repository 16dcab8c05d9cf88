//! Roles.

use std::sync::Arc;

use aws::{Fault, iam};
use model::iam::{Grants, Role};
use model::world::{Change, Name, World};

use super::{
    Entity, arn, check_deletable, check_description, check_document, check_free, check_name,
    check_quota, date, encode_document, find_policy, invalid, paged, path, path_prefix,
    policy_blockers, put, shown_boundary, tags,
};
use crate::api::policy_shape::Kind;
use crate::api::{Call, Decision, quota};

/// Characters of a trust policy.
const TRUST: usize = 2_048;

/// A role as a list shows it; a look at one shows the boundary and tags too.
fn listed(role: &Role) -> iam::Role {
    iam::Role {
        arn: Some(role_arn(role)),
        assume_role_policy_document: Some(encode_document(&role.trust)),
        create_date: date(role.created),
        description: role.description.clone(),
        max_session_duration: i32::try_from(role.max_session).ok(),
        path: Some(role.path.clone()),
        permissions_boundary: None,
        role_id: Some(role.id.to_string()),
        // A session stores nothing.
        role_last_used: None,
        role_name: Some(role.name.clone()),
        tags: Vec::new(),
    }
}

fn shown(world: &World, role: &Role) -> iam::Role {
    iam::Role {
        permissions_boundary: shown_boundary(world, role.boundary),
        tags: tags::shown(&role.tags),
        ..listed(role)
    }
}

/// `arn:aws:iam::ACCOUNT:role/PATH/NAME`.
pub(crate) fn role_arn(role: &Role) -> String {
    arn(role.owner, "role", &role.path, &role.name)
}

/// The longest session that a role allows: 1 to 12 hours, 1 if nothing is said.
fn max_session(given: Option<i32>) -> Result<u32, Fault> {
    let seconds = given.unwrap_or(3_600);
    let fits = u32::try_from(seconds).ok();
    fits.filter(|seconds| (3_600..=43_200).contains(seconds))
        .ok_or_else(|| {
            invalid(
                "MaxSessionDuration",
                &seconds.to_string(),
                "Member must have value from 3600 to 43200",
            )
        })
}

fn check_trust(document: &str) -> Result<(), Fault> {
    check_document(document, Kind::Trust, TRUST, "ACLSizePerRole")
}

/// <https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateRole.html>
pub(crate) fn create(
    world: &World,
    call: &Call,
    request: &iam::CreateRoleRequest,
) -> Result<Decision<iam::CreateRoleResponse>, Fault> {
    let iam::CreateRoleRequest {
        assume_role_policy_document,
        description,
        max_session_duration,
        path: given,
        permissions_boundary,
        role_name,
        tags: given_tags,
    } = request;
    check_name("RoleName", role_name, 64)?;
    let path = path("Path", given.as_deref())?;
    check_description(description.as_deref())?;
    let max_session = max_session(*max_session_duration)?;
    let tags = tags::on_create(given_tags)?;
    check_trust(assume_role_policy_document)?;
    let boundary = permissions_boundary
        .as_deref()
        .map(|arn| find_policy(world, call, arn).map(|policy| policy.id))
        .transpose()?;
    check_free::<Role>(world, call, "Role", role_name)?;
    check_quota(
        call,
        &quota::ROLES,
        world.owned::<Role>(call.account).count(),
    )?;
    let role = Role {
        id: call.id(),
        owner: call.account,
        name: role_name.clone(),
        path,
        description: description.clone(),
        created: call.now,
        trust: assume_role_policy_document.clone(),
        max_session,
        grants: Grants::default(),
        boundary,
        tags,
    };
    Ok(Decision {
        reply: iam::CreateRoleResponse {
            role: Some(shown(world, &role)),
        },
        changes: vec![role.into()],
    })
}

/// <https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetRole.html>
pub(crate) fn get(
    world: &World,
    call: &Call,
    request: &iam::GetRoleRequest,
) -> Result<iam::GetRoleResponse, Fault> {
    let iam::GetRoleRequest { role_name } = request;
    let role = Role::named(world, call, role_name)?;
    Ok(iam::GetRoleResponse {
        role: Some(shown(world, role)),
    })
}

/// <https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListRoles.html>
pub(crate) fn list(
    world: &World,
    call: &Call,
    request: &iam::ListRolesRequest,
) -> Result<iam::ListRolesResponse, Fault> {
    let iam::ListRolesRequest {
        marker,
        max_items,
        path_prefix: prefix,
    } = request;
    let prefix = path_prefix(prefix.as_deref())?;
    let all = world.owned::<Role>(call.account);
    let found = all.filter(|role| role.path.starts_with(prefix)).collect();
    let key = |role: &&Arc<Role>| role.name.to_ascii_lowercase();
    let page = paged(found, key, *max_items, marker.as_deref())?;
    Ok(iam::ListRolesResponse {
        is_truncated: page.is_truncated,
        marker: page.marker,
        roles: page.items.into_iter().map(|role| listed(role)).collect(),
    })
}

/// What is not given stays as it is.
/// <https://docs.aws.amazon.com/IAM/latest/APIReference/API_UpdateRole.html>
pub(crate) fn update(
    world: &World,
    call: &Call,
    request: &iam::UpdateRoleRequest,
) -> Result<Decision<iam::UpdateRoleResponse>, Fault> {
    let iam::UpdateRoleRequest {
        description,
        max_session_duration,
        role_name,
    } = request;
    let role = Role::named(world, call, role_name)?;
    check_description(description.as_deref())?;
    let seconds = max_session_duration.map(|given| max_session(Some(given)));
    let seconds = seconds.transpose()?;
    let changes = put(role, |role| {
        if let Some(text) = description {
            role.description = Some(text.clone());
        }
        if let Some(seconds) = seconds {
            role.max_session = seconds;
        }
    });
    Ok(Decision {
        reply: iam::UpdateRoleResponse {},
        changes,
    })
}

/// <https://docs.aws.amazon.com/IAM/latest/APIReference/API_UpdateAssumeRolePolicy.html>
pub(crate) fn update_trust(
    world: &World,
    call: &Call,
    request: &iam::UpdateAssumeRolePolicyRequest,
) -> Result<Decision<()>, Fault> {
    let iam::UpdateAssumeRolePolicyRequest {
        policy_document,
        role_name,
    } = request;
    let role = Role::named(world, call, role_name)?;
    check_trust(policy_document)?;
    let changes = put(role, |role| role.trust.clone_from(policy_document));
    Ok(Decision { reply: (), changes })
}

/// <https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteRole.html>
pub(crate) fn delete(
    world: &World,
    call: &Call,
    request: &iam::DeleteRoleRequest,
) -> Result<Decision<()>, Fault> {
    let iam::DeleteRoleRequest { role_name } = request;
    let role = Role::named(world, call, role_name)?;
    let blockers = policy_blockers(world, &role.grants);
    check_deletable(&format!("the role {}", role.name), &blockers)?;
    Ok(Decision {
        reply: (),
        changes: vec![Change::Remove(Name::Role(role.id))],
    })
}

/// There are no instance profiles, so no role is in one; Terraform asks before it deletes a role.
/// <https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListInstanceProfilesForRole.html>
pub(crate) fn list_instance_profiles(
    world: &World,
    call: &Call,
    request: &iam::ListInstanceProfilesForRoleRequest,
) -> Result<iam::ListInstanceProfilesForRoleResponse, Fault> {
    let iam::ListInstanceProfilesForRoleRequest {
        marker,
        max_items,
        role_name,
    } = request;
    Role::named(world, call, role_name)?;
    let page = paged(
        Vec::new(),
        |_: &()| String::new(),
        *max_items,
        marker.as_deref(),
    )?;
    Ok(iam::ListInstanceProfilesForRoleResponse {
        instance_profiles: Vec::new(),
        is_truncated: page.is_truncated,
        marker: page.marker,
    })
}

/// There are no account aliases.
/// <https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListAccountAliases.html>
pub(crate) fn list_aliases(
    _world: &World,
    _call: &Call,
    request: &iam::ListAccountAliasesRequest,
) -> Result<iam::ListAccountAliasesResponse, Fault> {
    let iam::ListAccountAliasesRequest { marker, max_items } = request;
    let page = paged(
        Vec::new(),
        |_: &()| String::new(),
        *max_items,
        marker.as_deref(),
    )?;
    Ok(iam::ListAccountAliasesResponse {
        account_aliases: Vec::new(),
        is_truncated: page.is_truncated,
        marker: page.marker,
    })
}

#[cfg(test)]
mod tests;
