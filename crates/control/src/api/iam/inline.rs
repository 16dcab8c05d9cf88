//! Inline policies of users, groups and roles.

use aws::{Fault, iam};
use model::iam::{Group, Role, User};
use model::world::{Change, World};

use super::{
    Entity, Page, check_document, check_name, encode_document, limit, no_such, paged, put,
};
use crate::api::policy_shape::Kind;
use crate::api::{Call, Decision};

fn put_policy<E: Entity>(
    world: &World,
    call: &Call,
    name: &str,
    (policy, document): (&str, &str),
) -> Result<Decision<()>, Fault>
where
    Change: From<E>,
{
    let entity = E::named(world, call, name)?;
    check_name("PolicyName", policy, 128)?;
    let whose = format!("{}PolicySize", E::WORD);
    check_document(document, Kind::Identity, E::INLINE, &whose)?;
    // All together, white space not counted.
    let size = |text: &str| text.chars().filter(|c| !c.is_whitespace()).count();
    let others = entity.grants().inline.iter();
    let others: usize = others
        .filter(|(other, _)| *other != policy)
        .map(|(_, text)| size(text))
        .sum();
    if others + size(document) > E::INLINE {
        return Err(limit(format!(
            "Maximum policy size of {} bytes exceeded for {} {}: its other inline policies have {others} characters, this one {}",
            E::INLINE,
            E::WORD,
            entity.label(),
            size(document)
        )));
    }
    let changes = put(entity, |entity| {
        let inline = &mut entity.grants_mut().inline;
        inline.insert(policy.to_owned(), document.to_owned());
    });
    Ok(Decision { reply: (), changes })
}

/// The entity's name as it is written, and the document.
fn get_policy<'a, E: Entity>(
    world: &'a World,
    call: &Call,
    name: &str,
    policy: &str,
) -> Result<(&'a str, String), Fault> {
    let entity = E::named(world, call, name)?;
    let document = entity.grants().inline.get(policy);
    let document = document.ok_or_else(|| missing::<E>(policy))?;
    Ok((entity.label(), encode_document(document)))
}

fn delete_policy<E: Entity>(
    world: &World,
    call: &Call,
    name: &str,
    policy: &str,
) -> Result<Decision<()>, Fault>
where
    Change: From<E>,
{
    let entity = E::named(world, call, name)?;
    if !entity.grants().inline.contains_key(policy) {
        return Err(missing::<E>(policy));
    }
    let changes = put(entity, |entity| {
        entity.grants_mut().inline.remove(policy);
    });
    Ok(Decision { reply: (), changes })
}

fn missing<E: Entity>(policy: &str) -> Fault {
    no_such(format!(
        "The {} policy with name {policy} cannot be found.",
        E::WORD
    ))
}

fn list_policies<E: Entity>(
    world: &World,
    call: &Call,
    name: &str,
    max_items: Option<i32>,
    marker: Option<&str>,
) -> Result<Page<String>, Fault> {
    let entity = E::named(world, call, name)?;
    let names = entity.grants().inline.keys().cloned().collect();
    paged(names, Clone::clone, max_items, marker)
}

macro_rules! inline {
    (
        $noun:ident $name:ident
        $put:ident $put_request:ident $put_url:literal
        $get:ident $get_request:ident $get_response:ident $get_url:literal
        $delete:ident $delete_request:ident $delete_url:literal
        $list:ident $list_request:ident $list_response:ident $list_url:literal
    ) => {
        #[doc = concat!("<https://docs.aws.amazon.com/IAM/latest/APIReference/API_", $put_url, ".html>")]
        pub(crate) fn $put(
            world: &World,
            call: &Call,
            request: &iam::$put_request,
        ) -> Result<Decision<()>, Fault> {
            let iam::$put_request {
                $name,
                policy_document,
                policy_name,
            } = request;
            put_policy::<$noun>(world, call, $name, (policy_name, policy_document))
        }

        #[doc = concat!("<https://docs.aws.amazon.com/IAM/latest/APIReference/API_", $get_url, ".html>")]
        pub(crate) fn $get(
            world: &World,
            call: &Call,
            request: &iam::$get_request,
        ) -> Result<iam::$get_response, Fault> {
            let iam::$get_request { $name, policy_name } = request;
            let (name, document) = get_policy::<$noun>(world, call, $name, policy_name)?;
            Ok(iam::$get_response {
                $name: Some(name.to_owned()),
                policy_document: Some(document),
                policy_name: Some(policy_name.clone()),
            })
        }

        #[doc = concat!("<https://docs.aws.amazon.com/IAM/latest/APIReference/API_", $delete_url, ".html>")]
        pub(crate) fn $delete(
            world: &World,
            call: &Call,
            request: &iam::$delete_request,
        ) -> Result<Decision<()>, Fault> {
            let iam::$delete_request { $name, policy_name } = request;
            delete_policy::<$noun>(world, call, $name, policy_name)
        }

        #[doc = concat!("<https://docs.aws.amazon.com/IAM/latest/APIReference/API_", $list_url, ".html>")]
        pub(crate) fn $list(
            world: &World,
            call: &Call,
            request: &iam::$list_request,
        ) -> Result<iam::$list_response, Fault> {
            let iam::$list_request {
                $name,
                marker,
                max_items,
            } = request;
            let page = list_policies::<$noun>(world, call, $name, *max_items, marker.as_deref())?;
            Ok(iam::$list_response {
                is_truncated: page.is_truncated,
                marker: page.marker,
                policy_names: page.items,
            })
        }
    };
}

inline! {
    User user_name
    put_user PutUserPolicyRequest "PutUserPolicy"
    get_user GetUserPolicyRequest GetUserPolicyResponse "GetUserPolicy"
    delete_user DeleteUserPolicyRequest "DeleteUserPolicy"
    list_user ListUserPoliciesRequest ListUserPoliciesResponse "ListUserPolicies"
}
inline! {
    Group group_name
    put_group PutGroupPolicyRequest "PutGroupPolicy"
    get_group GetGroupPolicyRequest GetGroupPolicyResponse "GetGroupPolicy"
    delete_group DeleteGroupPolicyRequest "DeleteGroupPolicy"
    list_group ListGroupPoliciesRequest ListGroupPoliciesResponse "ListGroupPolicies"
}
inline! {
    Role role_name
    put_role PutRolePolicyRequest "PutRolePolicy"
    get_role GetRolePolicyRequest GetRolePolicyResponse "GetRolePolicy"
    delete_role DeleteRolePolicyRequest "DeleteRolePolicy"
    list_role ListRolePoliciesRequest ListRolePoliciesResponse "ListRolePolicies"
}

#[cfg(test)]
mod tests;
