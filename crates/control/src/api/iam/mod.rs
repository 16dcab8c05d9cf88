//! IAM: who there is in an account, and what they may.
//!
//! Names are found whatever their letters' case, and what is missing is `NoSuchEntity`.

pub(crate) mod access_key;
pub(crate) mod attach;
pub(crate) mod boundary;
pub(crate) mod group;
pub(crate) mod inline;
pub(crate) mod membership;
pub(crate) mod policy;
pub(crate) mod policy_use;
pub(crate) mod policy_version;
pub(crate) mod role;
pub(crate) mod simulate;
pub(crate) mod tags;
pub(crate) mod user;

use std::sync::Arc;

use aws::{Fault, iam};
use model::account::AccountId;
use model::iam::{Grants, Group, Policy, Role, User, builtin};
use model::id::PolicyId;
use model::time::Millis;
use model::world::{Change, Claim, Noun, World};

use super::policy_shape::{self, Broken, Kind};
use super::quota::Quota;
use super::{Call, iso};

/// The most that a page holds, and what it holds where nothing is asked for.
const PAGE: (i32, i32) = (1_000, 100);

/// Bytes of a document with its white space.
const MAX_TEXT: usize = 131_072;

/// A user, group or role: what policies can be given to.
pub(crate) trait Entity: Noun + Clone {
    /// The noun.
    const WORD: &'static str;
    /// The parameter that names one.
    const PARAMETER: &'static str;
    /// How many characters all inline policies together may have.
    const INLINE: usize;

    /// Its name.
    fn label(&self) -> &str;
    /// Its policies.
    fn grants(&self) -> &Grants;
    /// The same, to change.
    fn grants_mut(&mut self) -> &mut Grants;

    /// The one with this name.
    fn named<'a>(world: &'a World, call: &Call, name: &str) -> Result<&'a Arc<Self>, Fault> {
        check_name(Self::PARAMETER, name, 128)?;
        taken::<Self>(world, call, name).ok_or_else(|| {
            no_such(format!(
                "The {} with name {name} cannot be found.",
                Self::WORD
            ))
        })
    }
}

macro_rules! entity {
    ($noun:ident $word:literal $parameter:literal $inline:literal) => {
        impl Entity for $noun {
            const WORD: &'static str = $word;
            const PARAMETER: &'static str = $parameter;
            const INLINE: usize = $inline;

            fn label(&self) -> &str {
                &self.name
            }

            fn grants(&self) -> &Grants {
                &self.grants
            }

            fn grants_mut(&mut self) -> &mut Grants {
                &mut self.grants
            }
        }
    };
}

entity!(User "user" "UserName" 2_048);
entity!(Group "group" "GroupName" 5_120);
entity!(Role "role" "RoleName" 10_240);

/// The thing of the account with this name, if there is one.
pub(crate) fn taken<'a, N: Noun>(world: &'a World, call: &Call, name: &str) -> Option<&'a Arc<N>> {
    world.claimant(Claim::Name(
        call.account,
        N::KIND,
        name.to_ascii_lowercase(),
    ))
}

/// Refuses a name that another thing has already.
pub(crate) fn check_free<N: Noun>(
    world: &World,
    call: &Call,
    noun: &str,
    name: &str,
) -> Result<(), Fault> {
    match taken::<N>(world, call, name) {
        None => Ok(()),
        Some(_) => Err(exists(format!("{noun} with name {name} already exists."))),
    }
}

/// The policy with this ARN: the account's own, or a built-in one.
pub(crate) fn find_policy(world: &World, call: &Call, arn: &str) -> Result<Arc<Policy>, Fault> {
    if arn.len() < 20 || arn.len() > 2_048 {
        return Err(invalid(
            "PolicyArn",
            arn,
            "Member must have length from 20 to 2048",
        ));
    }
    let rest = arn.strip_prefix("arn:aws:iam::");
    let (owner, path) = rest
        .and_then(|rest| rest.split_once(":policy/"))
        .ok_or_else(|| bad_input(format!("ARN {arn} is not valid.")))?;
    let name = path.rsplit('/').next().unwrap_or_default();
    let found = if owner == "aws" {
        builtin::all().find(|it| it.name == name).map(Arc::new)
    } else if owner == call.account.to_string() {
        taken::<Policy>(world, call, name).map(Arc::clone)
    } else {
        None
    };
    found
        .filter(|policy| policy_arn(policy) == arn)
        .ok_or_else(|| no_such(format!("Policy {arn} does not exist or is not attachable.")))
}

/// The policy with this id, which something names.
pub(crate) fn policy_of(world: &World, id: PolicyId) -> Option<Arc<Policy>> {
    let own = world.policies.get(&id).map(Arc::clone);
    own.or_else(|| builtin::find(id).map(Arc::new))
}

/// `arn:aws:iam::ACCOUNT:policy/PATH/NAME`; built-in ones are AWS's.
pub(crate) fn policy_arn(policy: &Policy) -> String {
    if builtin::is_builtin(policy.id) {
        return format!("arn:aws:iam::aws:policy{}{}", policy.path, policy.name);
    }
    arn(policy.owner, "policy", &policy.path, &policy.name)
}

/// `arn:aws:iam::ACCOUNT:KIND/PATH/NAME`.
pub(crate) fn arn(owner: AccountId, kind: &str, path: &str, name: &str) -> String {
    format!("arn:aws:iam::{owner}:{kind}{path}{name}")
}

/// Refuses a name with other characters than IAM's.
pub(crate) fn check_name(parameter: &str, name: &str, most: usize) -> Result<(), Fault> {
    let fits = |c: char| c.is_ascii_alphanumeric() || "_+=,.@-".contains(c);
    if name.is_empty() || name.len() > most {
        let why = format!("Member must have length from 1 to {most}");
        return Err(invalid(parameter, name, &why));
    }
    if !name.chars().all(fits) {
        return Err(invalid(
            parameter,
            name,
            r"Member must satisfy regular expression pattern: [\w+=,.@-]+",
        ));
    }
    Ok(())
}

/// A path, `/` where none is given.
pub(crate) fn path(parameter: &str, path: Option<&str>) -> Result<String, Fault> {
    let path = path.unwrap_or("/");
    let plain = path.bytes().all(|byte| (0x21..=0x7e).contains(&byte));
    if path.len() > 512 || !plain || !path.starts_with('/') || !path.ends_with('/') {
        return Err(invalid(
            parameter,
            path,
            "a path begins and ends with /, and has at most 512 printable ASCII characters",
        ));
    }
    Ok(path.to_owned())
}

/// The beginning of paths that a list is limited to.
pub(crate) fn path_prefix(prefix: Option<&str>) -> Result<&str, Fault> {
    let prefix = prefix.unwrap_or("/");
    if prefix.len() > 512 || !prefix.starts_with('/') {
        return Err(invalid(
            "PathPrefix",
            prefix,
            "it begins with /, and has at most 512 characters",
        ));
    }
    Ok(prefix)
}

/// Refuses a description of more than 1,000 characters, or with control characters.
pub(crate) fn check_description(description: Option<&str>) -> Result<(), Fault> {
    let text = description.unwrap_or_default();
    let fits = |c: char| !c.is_control() || "\t\n\r".contains(c);
    if text.chars().count() > 1_000 || !text.chars().all(fits) {
        return Err(invalid(
            "Description",
            text,
            "Member must have at most 1000 characters, and no control characters",
        ));
    }
    Ok(())
}

/// Refuses what is not a policy of its kind, or too long.
pub(crate) fn check_document(
    text: &str,
    kind: Kind,
    most: usize,
    whose: &str,
) -> Result<(), Fault> {
    // White space does not count, but has an end too.
    if text.len() > MAX_TEXT {
        let why = format!("Member must have length less than or equal to {MAX_TEXT}");
        return Err(invalid("PolicyDocument", text, &why));
    }
    policy_shape::check(text, kind, most).map_err(|broken| match broken {
        Broken::TooLong { most, .. } => limit(format!(
            "Cannot exceed quota for {whose}: {most} ({broken})"
        )),
        Broken::Shape(why) => Fault::bad_request(
            "MalformedPolicyDocument",
            format!("The policy document cannot be read: {why}"),
        ),
    })
}

/// A document as IAM answers it: percent-encoded (RFC 3986).
pub(crate) fn encode_document(text: &str) -> String {
    use std::fmt::Write as _;

    let mut out = String::with_capacity(text.len() * 2);
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            // Writing to a String cannot fail.
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

/// A time as IAM and STS write it: to the second.
pub(crate) fn date(at: Millis) -> Option<String> {
    Some(iso(Millis(at.0 - at.0.rem_euclid(1_000))).replace(".000Z", "Z"))
}

/// One page of a list.
pub(crate) struct Page<T> {
    pub(crate) items: Vec<T>,
    pub(crate) is_truncated: Option<bool>,
    pub(crate) marker: Option<String>,
}

/// One page of the items in the order of a key, which must tell them apart.
pub(crate) fn paged<T>(
    mut items: Vec<T>,
    key: impl Fn(&T) -> String,
    max_items: Option<i32>,
    marker: Option<&str>,
) -> Result<Page<T>, Fault> {
    let (most, usual) = PAGE;
    let size = max_items.unwrap_or(usual);
    if !(1..=most).contains(&size) {
        return Err(invalid(
            "MaxItems",
            &size.to_string(),
            "Member must have value from 1 to 1000",
        ));
    }
    items.sort_by_cached_key(&key);
    let page = super::page::page(items, key, Some(size), marker, (1, most), false);
    let (items, marker) = page.map_err(|_| {
        let marker = marker.unwrap_or_default();
        invalid("Marker", marker, "it is not one that this operation gave")
    })?;
    Ok(Page {
        items,
        is_truncated: Some(marker.is_some()),
        marker,
    })
}

/// One page of a list that has an order of its own.
pub(crate) fn paged_in_order<T>(
    items: Vec<T>,
    max_items: Option<i32>,
    marker: Option<&str>,
) -> Result<Page<T>, Fault> {
    let numbered = items.into_iter().enumerate().collect();
    let key = |(number, _): &(usize, T)| format!("{number:06}");
    let page = paged(numbered, key, max_items, marker)?;
    Ok(Page {
        items: page.items.into_iter().map(|(_, item)| item).collect(),
        is_truncated: page.is_truncated,
        marker: page.marker,
    })
}

/// A boundary as IAM shows it.
pub(crate) fn shown_boundary(
    world: &World,
    boundary: Option<PolicyId>,
) -> Option<iam::AttachedPermissionsBoundary> {
    let policy = policy_of(world, boundary?)?;
    Some(iam::AttachedPermissionsBoundary {
        permissions_boundary_arn: Some(policy_arn(&policy)),
        permissions_boundary_type: Some("Policy".into()),
    })
}

/// Refuses one more of what an account has `have` of.
pub(crate) fn check_quota(call: &Call, quota: &Quota, have: usize) -> Result<(), Fault> {
    let whose = format!("The account {}", call.account);
    let checked = call.check_quota(quota, have, "LimitExceeded", &whose);
    checked.map_err(|fault| Fault {
        status: 409,
        ..fault
    })
}

/// A deletion of what others still need; each blocker is named.
pub(crate) fn check_deletable(what: &str, blockers: &[String]) -> Result<(), Fault> {
    if blockers.is_empty() {
        return Ok(());
    }
    Err(Fault::new(
        409,
        "DeleteConflict",
        format!(
            "Cannot delete {what}: remove {} first.",
            blockers.join(", ")
        ),
    ))
}

/// What a thing's policies say against its deletion.
pub(crate) fn policy_blockers(world: &World, grants: &Grants) -> Vec<String> {
    let attached = grants
        .attached
        .iter()
        .filter_map(|id| policy_of(world, *id));
    let attached = attached.map(|policy| format!("the attached policy {}", policy_arn(&policy)));
    let inline = grants.inline.keys();
    let inline = inline.map(|name| format!("the inline policy {name}"));
    attached.chain(inline).collect()
}

/// Replaces a thing.
pub(crate) fn put<E>(entity: &Arc<E>, edit: impl FnOnce(&mut E)) -> Vec<Change>
where
    E: Clone,
    Change: From<E>,
{
    let mut entity = E::clone(entity);
    edit(&mut entity);
    vec![entity.into()]
}

/// `NoSuchEntity` (404).
pub(crate) fn no_such(message: impl Into<String>) -> Fault {
    Fault::new(404, "NoSuchEntity", message)
}

/// `EntityAlreadyExists` (409).
pub(crate) fn exists(message: impl Into<String>) -> Fault {
    Fault::new(409, "EntityAlreadyExists", message)
}

/// `LimitExceeded` (409).
pub(crate) fn limit(message: impl Into<String>) -> Fault {
    Fault::new(409, "LimitExceeded", message)
}

/// `InvalidInput` (400).
pub(crate) fn bad_input(message: impl Into<String>) -> Fault {
    Fault::bad_request("InvalidInput", message)
}

/// `ValidationError`: AWS's words, and ours about what would do.
pub(crate) fn invalid(parameter: &str, value: &str, constraint: &str) -> Fault {
    let shown: String = value.chars().take(128).collect();
    Fault::bad_request(
        "ValidationError",
        format!(
            "1 validation error detected: Value '{shown}' at '{parameter}' failed to satisfy constraint: {constraint}"
        ),
    )
}

#[cfg(test)]
mod tests;
