//! Managed policies of users, groups and roles.

use std::sync::Arc;

use aws::{Fault, iam};
use model::iam::{Group, Policy, Role, User};
use model::world::{Change, World};

use super::{
    Entity, Page, find_policy, limit, no_such, paged, path_prefix, policy_arn, policy_of, put,
};
use crate::api::quota::{self, Quota};
use crate::api::{Call, Decision};

fn attach<E: Entity>(
    world: &World,
    call: &Call,
    name: &str,
    arn: &str,
    most: &Quota,
) -> Result<Decision<()>, Fault>
where
    Change: From<E>,
{
    let entity = E::named(world, call, name)?;
    let policy = find_policy(world, call, arn)?;
    let attached = &entity.grants().attached;
    if attached.contains(&policy.id) {
        return Ok(Decision::unchanged(()));
    }
    let whose = format!("The {} {}", E::WORD, entity.label());
    call.check_quota(most, attached.len(), "LimitExceeded", &whose)
        .map_err(|fault| limit(fault.message))?;
    let changes = put(entity, |entity| {
        entity.grants_mut().attached.insert(policy.id);
    });
    Ok(Decision { reply: (), changes })
}

fn detach<E: Entity>(
    world: &World,
    call: &Call,
    name: &str,
    arn: &str,
) -> Result<Decision<()>, Fault>
where
    Change: From<E>,
{
    let entity = E::named(world, call, name)?;
    let policy = find_policy(world, call, arn)?;
    if !entity.grants().attached.contains(&policy.id) {
        return Err(no_such(format!(
            "Policy {arn} is not attached to the {} {}.",
            E::WORD,
            entity.label()
        )));
    }
    let changes = put(entity, |entity| {
        entity.grants_mut().attached.remove(&policy.id);
    });
    Ok(Decision { reply: (), changes })
}

fn list<E: Entity>(
    world: &World,
    call: &Call,
    name: &str,
    prefix: Option<&str>,
    (max_items, marker): (Option<i32>, Option<&str>),
) -> Result<Page<iam::AttachedPolicy>, Fault> {
    let entity = E::named(world, call, name)?;
    let prefix = path_prefix(prefix)?;
    let attached = entity.grants().attached.iter();
    let found = attached
        .filter_map(|id| policy_of(world, *id))
        .filter(|policy| policy.path.starts_with(prefix))
        .collect();
    let key = |policy: &Arc<Policy>| format!("{}/{}", policy.name.to_ascii_lowercase(), policy.id);
    let page = paged(found, key, max_items, marker)?;
    let shown = |policy: &Arc<Policy>| iam::AttachedPolicy {
        policy_arn: Some(policy_arn(policy)),
        policy_name: Some(policy.name.clone()),
    };
    Ok(Page {
        items: page.items.iter().map(shown).collect(),
        is_truncated: page.is_truncated,
        marker: page.marker,
    })
}

macro_rules! attachments {
    (
        $noun:ident $name:ident $quota:ident
        $attach:ident $attach_request:ident $attach_url:literal
        $detach:ident $detach_request:ident $detach_url:literal
        $list:ident $list_request:ident $list_response:ident $list_url:literal
    ) => {
        #[doc = concat!("<https://docs.aws.amazon.com/IAM/latest/APIReference/API_", $attach_url, ".html>")]
        pub(crate) fn $attach(
            world: &World,
            call: &Call,
            request: &iam::$attach_request,
        ) -> Result<Decision<()>, Fault> {
            let iam::$attach_request { policy_arn, $name } = request;
            attach::<$noun>(world, call, $name, policy_arn, &quota::$quota)
        }

        #[doc = concat!("<https://docs.aws.amazon.com/IAM/latest/APIReference/API_", $detach_url, ".html>")]
        pub(crate) fn $detach(
            world: &World,
            call: &Call,
            request: &iam::$detach_request,
        ) -> Result<Decision<()>, Fault> {
            let iam::$detach_request { policy_arn, $name } = request;
            detach::<$noun>(world, call, $name, policy_arn)
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
                path_prefix,
                $name,
            } = request;
            let place = (*max_items, marker.as_deref());
            let page = list::<$noun>(world, call, $name, path_prefix.as_deref(), place)?;
            Ok(iam::$list_response {
                attached_policies: page.items,
                is_truncated: page.is_truncated,
                marker: page.marker,
            })
        }
    };
}

attachments! {
    User user_name POLICIES_PER_USER
    attach_user AttachUserPolicyRequest "AttachUserPolicy"
    detach_user DetachUserPolicyRequest "DetachUserPolicy"
    list_user ListAttachedUserPoliciesRequest ListAttachedUserPoliciesResponse "ListAttachedUserPolicies"
}
attachments! {
    Group group_name POLICIES_PER_GROUP
    attach_group AttachGroupPolicyRequest "AttachGroupPolicy"
    detach_group DetachGroupPolicyRequest "DetachGroupPolicy"
    list_group ListAttachedGroupPoliciesRequest ListAttachedGroupPoliciesResponse "ListAttachedGroupPolicies"
}
attachments! {
    Role role_name POLICIES_PER_ROLE
    attach_role AttachRolePolicyRequest "AttachRolePolicy"
    detach_role DetachRolePolicyRequest "DetachRolePolicy"
    list_role ListAttachedRolePoliciesRequest ListAttachedRolePoliciesResponse "ListAttachedRolePolicies"
}

#[cfg(test)]
mod tests;
