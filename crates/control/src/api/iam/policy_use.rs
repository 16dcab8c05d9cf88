//! Who has a managed policy: attached, or as a permissions boundary.

use std::sync::Arc;

use aws::{Fault, iam};
use model::iam::{Group, Role, User, builtin};
use model::id::PolicyId;
use model::world::{Name, World};

use super::{Entity, find_policy, invalid, paged, path_prefix};
use crate::api::Call;

/// What a policy is used as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Usage {
    /// Attached.
    Permissions,
    /// The limit of what others grant.
    Boundary,
}

impl Usage {
    /// Reads PolicyUsageFilter.
    pub(crate) fn parse(text: Option<&str>) -> Result<Option<Self>, Fault> {
        match text {
            None => Ok(None),
            Some("PermissionsPolicy") => Ok(Some(Self::Permissions)),
            Some("PermissionsBoundary") => Ok(Some(Self::Boundary)),
            Some(other) => Err(invalid(
                "PolicyUsageFilter",
                other,
                "Member must satisfy enum value set: [PermissionsPolicy, PermissionsBoundary]",
            )),
        }
    }
}

/// The users, groups and roles of the account that have a policy.
pub(crate) struct Holders<'a> {
    pub(crate) users: Vec<&'a Arc<User>>,
    pub(crate) groups: Vec<&'a Arc<Group>>,
    pub(crate) roles: Vec<&'a Arc<Role>>,
}

/// Who has this policy, as `usage` if one is given. Of a built-in one all of the account's are
/// looked through, because every account has those.
pub(crate) fn holders<'a>(
    world: &'a World,
    call: &Call,
    id: PolicyId,
    usage: Option<Usage>,
) -> Holders<'a> {
    fn all<'a, E: Entity>(
        world: &'a World,
        call: &Call,
        id: PolicyId,
        has: impl Fn(&E) -> bool,
    ) -> Vec<&'a Arc<E>> {
        let found: Box<dyn Iterator<Item = &'a Arc<E>>> = if builtin::is_builtin(id) {
            world.owned::<E>(call.account)
        } else {
            world.needing::<E>(Name::Policy(id))
        };
        found.filter(|it| has(it)).collect()
    }
    let as_policy = usage != Some(Usage::Boundary);
    let as_boundary = usage != Some(Usage::Permissions);
    Holders {
        users: all(world, call, id, |user: &User| {
            as_policy && user.grants.attached.contains(&id)
                || as_boundary && user.boundary == Some(id)
        }),
        groups: all(world, call, id, |group: &Group| {
            as_policy && group.grants.attached.contains(&id)
        }),
        roles: all(world, call, id, |role: &Role| {
            as_policy && role.grants.attached.contains(&id)
                || as_boundary && role.boundary == Some(id)
        }),
    }
}

impl Holders<'_> {
    /// How many.
    pub(crate) fn count(&self) -> usize {
        self.users.len() + self.groups.len() + self.roles.len()
    }

    /// All of them, for people.
    pub(crate) fn names(&self) -> Vec<String> {
        fn of<'a, E: Entity>(all: &'a [&'a Arc<E>]) -> impl Iterator<Item = String> + 'a {
            all.iter()
                .map(|it| format!("the {} {}", E::WORD, it.label()))
        }
        let users = of(&self.users);
        users
            .chain(of(&self.groups))
            .chain(of(&self.roles))
            .collect()
    }
}

/// One of those that have a policy.
enum Holder<'a> {
    User(&'a User),
    Group(&'a Group),
    Role(&'a Role),
}

impl Holder<'_> {
    fn path(&self) -> &str {
        match self {
            Self::User(user) => &user.path,
            Self::Group(group) => &group.path,
            Self::Role(role) => &role.path,
        }
    }

    fn key(&self) -> String {
        match self {
            Self::User(user) => format!("0{}", user.name.to_ascii_lowercase()),
            Self::Group(group) => format!("1{}", group.name.to_ascii_lowercase()),
            Self::Role(role) => format!("2{}", role.name.to_ascii_lowercase()),
        }
    }
}

/// <https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListEntitiesForPolicy.html>
pub(crate) fn list_entities(
    world: &World,
    call: &Call,
    request: &iam::ListEntitiesForPolicyRequest,
) -> Result<iam::ListEntitiesForPolicyResponse, Fault> {
    let iam::ListEntitiesForPolicyRequest {
        entity_filter,
        marker,
        max_items,
        path_prefix: prefix,
        policy_arn,
        policy_usage_filter,
    } = request;
    let policy = find_policy(world, call, policy_arn)?;
    let usage = Usage::parse(policy_usage_filter.as_deref())?;
    let prefix = path_prefix(prefix.as_deref())?;
    let (users, groups, roles) = match entity_filter.as_deref() {
        None => (true, true, true),
        Some("User") => (true, false, false),
        Some("Group") => (false, true, false),
        Some("Role") => (false, false, true),
        // No policy is either of these here: there are no organizations.
        Some("LocalManagedPolicy" | "AWSManagedPolicy") => (false, false, false),
        Some(other) => {
            return Err(invalid(
                "EntityFilter",
                other,
                "Member must satisfy enum value set: [User, Role, Group, LocalManagedPolicy, AWSManagedPolicy]",
            ));
        }
    };
    let found = holders(world, call, policy.id, usage);
    let mut all: Vec<Holder<'_>> = Vec::new();
    if users {
        all.extend(found.users.iter().map(|it| Holder::User(it)));
    }
    if groups {
        all.extend(found.groups.iter().map(|it| Holder::Group(it)));
    }
    if roles {
        all.extend(found.roles.iter().map(|it| Holder::Role(it)));
    }
    all.retain(|holder| holder.path().starts_with(prefix));
    let page = paged(all, Holder::key, *max_items, marker.as_deref())?;
    let mut answer = iam::ListEntitiesForPolicyResponse {
        is_truncated: page.is_truncated,
        marker: page.marker,
        ..Default::default()
    };
    for holder in page.items {
        match holder {
            Holder::User(user) => answer.policy_users.push(iam::PolicyUser {
                user_id: Some(user.id.to_string()),
                user_name: Some(user.name.clone()),
            }),
            Holder::Group(group) => answer.policy_groups.push(iam::PolicyGroup {
                group_id: Some(group.id.to_string()),
                group_name: Some(group.name.clone()),
            }),
            Holder::Role(role) => answer.policy_roles.push(iam::PolicyRole {
                role_id: Some(role.id.to_string()),
                role_name: Some(role.name.clone()),
            }),
        }
    }
    Ok(answer)
}
