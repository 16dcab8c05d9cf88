//! Access keys of users and of the account's root. A new status and a removal hold for the next
//! request: nothing is cached.

use std::sync::Arc;

use aws::{Fault, iam};
use model::account::{AccessKey, Status};
use model::iam::User;
use model::id::UserId;
use model::world::{Change, Name, World};

use super::user::named_or_caller;
use super::{date, invalid, limit, no_such, paged};
use crate::api::{Call, Decision};

/// Keys of one user, and of root.
const KEYS: usize = 2;

/// An access key's id: a prefix that tells its kind, and 16 characters.
pub(crate) fn id(prefix: &str, random: [u8; 16]) -> String {
    let letters = random.map(|byte| letter(byte, b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"));
    prefix.chars().chain(letters).collect()
}

/// A secret: 40 characters, 240 bits.
pub(crate) fn secret(random: [u8; 40]) -> String {
    let letters = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    random.map(|byte| letter(byte, letters)).iter().collect()
}

fn letter(random: u8, letters: &[u8]) -> char {
    // 256 is a multiple of both alphabets' lengths (32 and 64): no letter is more likely.
    char::from(
        letters
            .get(usize::from(random) % letters.len())
            .copied()
            .unwrap_or(b'A'),
    )
}

/// The keys of a user, or of root.
fn keys_of<'a>(
    world: &'a World,
    call: &Call,
    user: Option<&'a Arc<User>>,
) -> Vec<&'a Arc<AccessKey>> {
    match user {
        Some(user) => world.needing::<AccessKey>(user.id).collect(),
        None => {
            let all = world.owned::<AccessKey>(call.account);
            all.filter(|key| key.user.is_none()).collect()
        }
    }
}

/// A key that the user, or root, has.
fn find<'a>(
    world: &'a World,
    call: &Call,
    user: Option<UserId>,
    id: &str,
) -> Result<&'a Arc<AccessKey>, Fault> {
    if !(16..=128).contains(&id.len()) {
        let why = "Member must have length from 16 to 128";
        return Err(invalid("AccessKeyId", id, why));
    }
    let key = world.access_keys.get(id);
    key.filter(|key| key.account == call.account && key.user == user)
        .ok_or_else(|| missing(id))
}

fn missing(id: &str) -> Fault {
    no_such(format!("The Access Key with id {id} cannot be found."))
}

fn status_name(status: Status) -> String {
    match status {
        Status::Active => "Active".into(),
        Status::Inactive => "Inactive".into(),
    }
}

/// The only answer that ever has the secret.
/// <https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateAccessKey.html>
pub(crate) fn create(
    world: &World,
    call: &Call,
    request: &iam::CreateAccessKeyRequest,
) -> Result<Decision<iam::CreateAccessKeyResponse>, Fault> {
    let iam::CreateAccessKeyRequest { user_name } = request;
    let user = named_or_caller(world, call, user_name.as_deref())?;
    let have = keys_of(world, call, user);
    if have.len() >= KEYS {
        let have: Vec<&str> = have.iter().map(|key| key.id.as_str()).collect();
        return Err(limit(format!(
            "Cannot exceed quota for AccessKeysPerUser: {KEYS}; delete {} first",
            have.join(" or ")
        )));
    }
    let id = id("AKIA", call.bytes());
    let secret = secret(call.bytes());
    let sealed_secret = call
        .vault
        .seal(&id, &secret)
        .map_err(|error| Fault::internal(error.to_string()))?;
    let key = AccessKey {
        id: id.clone(),
        account: call.account,
        user: user.map(|user| user.id),
        status: Status::Active,
        created: call.now,
        sealed_secret,
    };
    Ok(Decision {
        reply: iam::CreateAccessKeyResponse {
            access_key: Some(iam::AccessKey {
                access_key_id: Some(id),
                create_date: date(call.now),
                secret_access_key: Some(secret),
                status: Some(status_name(key.status)),
                user_name: Some(owner_name(user)),
            }),
        },
        changes: vec![key.into()],
    })
}

/// A user's name; root has none, and AWS shows an empty one.
fn owner_name(user: Option<&Arc<User>>) -> String {
    user.map(|user| user.name.clone()).unwrap_or_default()
}

/// <https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListAccessKeys.html>
pub(crate) fn list(
    world: &World,
    call: &Call,
    request: &iam::ListAccessKeysRequest,
) -> Result<iam::ListAccessKeysResponse, Fault> {
    let iam::ListAccessKeysRequest {
        marker,
        max_items,
        user_name,
    } = request;
    let user = named_or_caller(world, call, user_name.as_deref())?;
    let keys = keys_of(world, call, user);
    let id = |key: &&Arc<AccessKey>| key.id.clone();
    let page = paged(keys, id, *max_items, marker.as_deref())?;
    let shown = |key: &Arc<AccessKey>| iam::AccessKeyMetadata {
        access_key_id: Some(key.id.clone()),
        create_date: date(key.created),
        status: Some(status_name(key.status)),
        user_name: Some(owner_name(user)),
    };
    Ok(iam::ListAccessKeysResponse {
        access_key_metadata: page.items.into_iter().map(shown).collect(),
        is_truncated: page.is_truncated,
        marker: page.marker,
    })
}

/// <https://docs.aws.amazon.com/IAM/latest/APIReference/API_UpdateAccessKey.html>
pub(crate) fn update(
    world: &World,
    call: &Call,
    request: &iam::UpdateAccessKeyRequest,
) -> Result<Decision<()>, Fault> {
    let iam::UpdateAccessKeyRequest {
        access_key_id,
        status,
        user_name,
    } = request;
    let user = named_or_caller(world, call, user_name.as_deref())?;
    let key = find(world, call, user.map(|user| user.id), access_key_id)?;
    let status = match status.as_str() {
        "Active" => Status::Active,
        "Inactive" => Status::Inactive,
        other => {
            return Err(invalid(
                "Status",
                other,
                "Member must satisfy enum value set: [Active, Inactive]",
            ));
        }
    };
    let mut key = AccessKey::clone(key);
    key.status = status;
    Ok(Decision {
        reply: (),
        changes: vec![key.into()],
    })
}

/// <https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteAccessKey.html>
pub(crate) fn delete(
    world: &World,
    call: &Call,
    request: &iam::DeleteAccessKeyRequest,
) -> Result<Decision<()>, Fault> {
    let iam::DeleteAccessKeyRequest {
        access_key_id,
        user_name,
    } = request;
    let user = named_or_caller(world, call, user_name.as_deref())?;
    let key = find(world, call, user.map(|user| user.id), access_key_id)?;
    Ok(Decision {
        reply: (),
        changes: vec![Change::Remove(Name::AccessKey(key.id.clone()))],
    })
}

/// Whose key it is. When it was used last is not kept, because that would be a write a call:
/// the answer is AWS's for a key of which nothing is known. The audit trail knows.
/// <https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetAccessKeyLastUsed.html>
pub(crate) fn last_used(
    world: &World,
    call: &Call,
    request: &iam::GetAccessKeyLastUsedRequest,
) -> Result<iam::GetAccessKeyLastUsedResponse, Fault> {
    let iam::GetAccessKeyLastUsedRequest { access_key_id } = request;
    let key = world.access_keys.get(access_key_id.as_str());
    let key = key.filter(|key| key.account == call.account);
    let key = key.ok_or_else(|| missing(access_key_id))?;
    let user = key.user.and_then(|id| world.users.get(&id));
    Ok(iam::GetAccessKeyLastUsedResponse {
        access_key_last_used: Some(iam::AccessKeyLastUsed {
            last_used_date: None,
            region: Some("N/A".into()),
            service_name: Some("N/A".into()),
        }),
        user_name: Some(owner_name(user)),
    })
}

#[cfg(test)]
mod tests;
