//! Versions of managed policies: five at most, one of them in force.

use aws::{Fault, iam};
use model::iam::{Policy, Version};
use model::world::World;

use super::policy::{check, own};
use super::{date, encode_document, find_policy, invalid, limit, no_such, paged, put};
use crate::api::{Call, Decision};

/// Versions of a policy.
const VERSIONS: usize = 5;

/// A version as a list shows it; a look at one shows the document too.
fn listed(policy: &Policy, version: &Version) -> iam::PolicyVersion {
    iam::PolicyVersion {
        create_date: date(version.created),
        document: None,
        is_default_version: Some(version.number == policy.default),
        version_id: Some(format!("v{}", version.number)),
    }
}

/// The version that an id such as `v2` names.
fn find<'a>(policy: &'a Policy, arn: &str, id: &str) -> Result<&'a Version, Fault> {
    let number = id
        .strip_prefix('v')
        .filter(|it| !it.starts_with(['0', '+']));
    let number = number.and_then(|number| number.parse().ok());
    let number = number.ok_or_else(|| {
        invalid(
            "VersionId",
            id,
            r"Member must satisfy regular expression pattern: v[1-9][0-9]*",
        )
    })?;
    policy.version(number).ok_or_else(|| {
        no_such(format!(
            "Policy {arn} version {id} does not exist or is not attachable."
        ))
    })
}

/// <https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreatePolicyVersion.html>
pub(crate) fn create(
    world: &World,
    call: &Call,
    request: &iam::CreatePolicyVersionRequest,
) -> Result<Decision<iam::CreatePolicyVersionResponse>, Fault> {
    let iam::CreatePolicyVersionRequest {
        policy_arn,
        policy_document,
        set_as_default,
    } = request;
    let policy = own(world, call, policy_arn)?;
    check(policy_document)?;
    if policy.versions.len() >= VERSIONS {
        let versions = policy.versions.iter();
        let versions: Vec<String> = versions.map(|it| format!("v{}", it.number)).collect();
        return Err(limit(format!(
            "A managed policy can have up to {VERSIONS} versions. Before you create a new version, you must delete an existing version ({}).",
            versions.join(", ")
        )));
    }
    let mut policy = Policy::clone(&policy);
    let version = Version {
        number: policy.next,
        document: policy_document.clone(),
        created: call.now,
    };
    policy.next = policy.next.saturating_add(1);
    policy.updated = call.now;
    if set_as_default.unwrap_or(false) {
        policy.default = version.number;
    }
    policy.versions.push(version.clone());
    Ok(Decision {
        reply: iam::CreatePolicyVersionResponse {
            policy_version: Some(listed(&policy, &version)),
        },
        changes: vec![policy.into()],
    })
}

/// <https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetPolicyVersion.html>
pub(crate) fn get(
    world: &World,
    call: &Call,
    request: &iam::GetPolicyVersionRequest,
) -> Result<iam::GetPolicyVersionResponse, Fault> {
    let iam::GetPolicyVersionRequest {
        policy_arn,
        version_id,
    } = request;
    let policy = find_policy(world, call, policy_arn)?;
    let version = find(&policy, policy_arn, version_id)?;
    Ok(iam::GetPolicyVersionResponse {
        policy_version: Some(iam::PolicyVersion {
            document: Some(encode_document(&version.document)),
            ..listed(&policy, version)
        }),
    })
}

/// The newest first.
/// <https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListPolicyVersions.html>
pub(crate) fn list(
    world: &World,
    call: &Call,
    request: &iam::ListPolicyVersionsRequest,
) -> Result<iam::ListPolicyVersionsResponse, Fault> {
    let iam::ListPolicyVersionsRequest {
        marker,
        max_items,
        policy_arn,
    } = request;
    let policy = find_policy(world, call, policy_arn)?;
    let all = policy.versions.iter().collect();
    let key = |version: &&Version| format!("{:010}", u32::MAX - version.number);
    let page = paged(all, key, *max_items, marker.as_deref())?;
    let versions = page.items.into_iter();
    Ok(iam::ListPolicyVersionsResponse {
        is_truncated: page.is_truncated,
        marker: page.marker,
        versions: versions.map(|it| listed(&policy, it)).collect(),
    })
}

/// <https://docs.aws.amazon.com/IAM/latest/APIReference/API_SetDefaultPolicyVersion.html>
pub(crate) fn set_default(
    world: &World,
    call: &Call,
    request: &iam::SetDefaultPolicyVersionRequest,
) -> Result<Decision<()>, Fault> {
    let iam::SetDefaultPolicyVersionRequest {
        policy_arn,
        version_id,
    } = request;
    let policy = own(world, call, policy_arn)?;
    let number = find(&policy, policy_arn, version_id)?.number;
    let changes = put(&policy, |policy| {
        policy.default = number;
        policy.updated = call.now;
    });
    Ok(Decision { reply: (), changes })
}

/// <https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeletePolicyVersion.html>
pub(crate) fn delete(
    world: &World,
    call: &Call,
    request: &iam::DeletePolicyVersionRequest,
) -> Result<Decision<()>, Fault> {
    let iam::DeletePolicyVersionRequest {
        policy_arn,
        version_id,
    } = request;
    let policy = own(world, call, policy_arn)?;
    let number = find(&policy, policy_arn, version_id)?.number;
    if number == policy.default {
        return Err(Fault::new(
            409,
            "DeleteConflict",
            format!(
                "Cannot delete the default version of a policy: make another than {version_id} the default first, or delete the policy."
            ),
        ));
    }
    let changes = put(&policy, |policy| {
        policy.versions.retain(|it| it.number != number);
        policy.updated = call.now;
    });
    Ok(Decision { reply: (), changes })
}
