//! Managed policies: an account's own, and those that are built in.

use std::sync::Arc;

use aws::{Fault, iam};
use model::iam::{Policy, Version, builtin};
use model::world::{Change, Name, World};

use super::policy_use::{Usage, holders};
use super::{
    check_deletable, check_description, check_document, check_name, check_quota, date, exists,
    find_policy, invalid, paged, path, path_prefix, policy_arn, tags, taken,
};
use crate::api::policy_shape::Kind;
use crate::api::{Call, Decision, quota};

/// Characters of a managed policy, without white space.
const DOCUMENT: usize = 6_144;

/// Refuses what is no managed policy.
pub(crate) fn check(document: &str) -> Result<(), Fault> {
    check_document(document, Kind::Identity, DOCUMENT, "PolicySize")
}

/// The account's own policy with this ARN, to change it.
pub(crate) fn own(world: &World, call: &Call, arn: &str) -> Result<Arc<Policy>, Fault> {
    let policy = find_policy(world, call, arn)?;
    if builtin::is_builtin(policy.id) {
        return Err(Fault::new(
            403,
            "AccessDenied",
            format!(
                "{arn} is the same for all accounts and cannot be changed; create a policy of your own"
            ),
        ));
    }
    Ok(policy)
}

/// A policy as a list shows it; a look at one shows description and tags too.
fn listed(world: &World, call: &Call, policy: &Policy) -> iam::Policy {
    let count = |usage| {
        let found = holders(world, call, policy.id, Some(usage));
        i32::try_from(found.count()).ok()
    };
    iam::Policy {
        arn: Some(policy_arn(policy)),
        attachment_count: count(Usage::Permissions),
        create_date: date(policy.created),
        default_version_id: Some(format!("v{}", policy.default)),
        description: None,
        is_attachable: Some(true),
        path: Some(policy.path.clone()),
        permissions_boundary_usage_count: count(Usage::Boundary),
        policy_id: Some(policy.id.to_string()),
        policy_name: Some(policy.name.clone()),
        tags: Vec::new(),
        update_date: date(policy.updated),
    }
}

fn shown(world: &World, call: &Call, policy: &Policy) -> iam::Policy {
    iam::Policy {
        description: policy.description.clone(),
        tags: tags::shown(&policy.tags),
        ..listed(world, call, policy)
    }
}

/// <https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreatePolicy.html>
pub(crate) fn create(
    world: &World,
    call: &Call,
    request: &iam::CreatePolicyRequest,
) -> Result<Decision<iam::CreatePolicyResponse>, Fault> {
    let iam::CreatePolicyRequest {
        description,
        path: given,
        policy_document,
        policy_name,
        tags: given_tags,
    } = request;
    check_name("PolicyName", policy_name, 128)?;
    let path = path("Path", given.as_deref())?;
    check_description(description.as_deref())?;
    let tags = tags::on_create(given_tags)?;
    check(policy_document)?;
    if taken::<Policy>(world, call, policy_name).is_some() {
        return Err(exists(format!(
            "A policy called {policy_name} already exists. Duplicate names are not allowed."
        )));
    }
    let have = world.owned::<Policy>(call.account).count();
    check_quota(call, &quota::POLICIES, have)?;
    let version = Version {
        number: 1,
        document: policy_document.clone(),
        created: call.now,
    };
    let policy = Policy {
        id: call.id(),
        owner: call.account,
        name: policy_name.clone(),
        path,
        description: description.clone(),
        created: call.now,
        updated: call.now,
        versions: vec![version],
        default: 1,
        next: 2,
        tags,
    };
    Ok(Decision {
        reply: iam::CreatePolicyResponse {
            policy: Some(shown(world, call, &policy)),
        },
        changes: vec![policy.into()],
    })
}

/// <https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetPolicy.html>
pub(crate) fn get(
    world: &World,
    call: &Call,
    request: &iam::GetPolicyRequest,
) -> Result<iam::GetPolicyResponse, Fault> {
    let iam::GetPolicyRequest { policy_arn } = request;
    let policy = find_policy(world, call, policy_arn)?;
    Ok(iam::GetPolicyResponse {
        policy: Some(shown(world, call, &policy)),
    })
}

/// <https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListPolicies.html>
pub(crate) fn list(
    world: &World,
    call: &Call,
    request: &iam::ListPoliciesRequest,
) -> Result<iam::ListPoliciesResponse, Fault> {
    let iam::ListPoliciesRequest {
        marker,
        max_items,
        only_attached,
        path_prefix: prefix,
        policy_usage_filter,
        scope,
    } = request;
    let prefix = path_prefix(prefix.as_deref())?;
    let usage = Usage::parse(policy_usage_filter.as_deref())?;
    let (aws, local) = match scope.as_deref() {
        None | Some("All") => (true, true),
        Some("AWS") => (true, false),
        Some("Local") => (false, true),
        Some(other) => {
            return Err(invalid(
                "Scope",
                other,
                "Member must satisfy enum value set: [All, AWS, Local]",
            ));
        }
    };
    let mut found: Vec<Arc<Policy>> = Vec::new();
    if local {
        found.extend(world.owned::<Policy>(call.account).map(Arc::clone));
    }
    if aws {
        found.extend(builtin::all().map(Arc::new));
    }
    // A usage asks for those that are used so; OnlyAttached for those that are used at all.
    let only_used = only_attached.unwrap_or(false) || usage.is_some();
    found.retain(|policy| {
        policy.path.starts_with(prefix)
            && (!only_used || holders(world, call, policy.id, usage).count() > 0)
    });
    let key = |policy: &Arc<Policy>| {
        let own = !builtin::is_builtin(policy.id);
        format!("{}{}", u8::from(own), policy.name.to_ascii_lowercase())
    };
    let page = paged(found, key, *max_items, marker.as_deref())?;
    let policies = page.items.iter();
    Ok(iam::ListPoliciesResponse {
        is_truncated: page.is_truncated,
        policies: policies.map(|it| listed(world, call, it)).collect(),
        marker: page.marker,
    })
}

/// <https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeletePolicy.html>
pub(crate) fn delete(
    world: &World,
    call: &Call,
    request: &iam::DeletePolicyRequest,
) -> Result<Decision<()>, Fault> {
    let iam::DeletePolicyRequest { policy_arn } = request;
    let policy = own(world, call, policy_arn)?;
    let numbers = policy.versions.iter().map(|version| version.number);
    let others = numbers.filter(|number| *number != policy.default);
    let mut blockers: Vec<String> = others.map(|it| format!("its version v{it}")).collect();
    let holders = holders(world, call, policy.id, None).names();
    blockers.extend(holders.iter().map(|name| format!("it from {name}")));
    check_deletable(&format!("the policy {policy_arn}"), &blockers)?;
    Ok(Decision {
        reply: (),
        changes: vec![Change::Remove(Name::Policy(policy.id))],
    })
}

#[cfg(test)]
mod tests;
