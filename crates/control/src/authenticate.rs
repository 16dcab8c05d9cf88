//! Who calls: from a signature to an identity.
//!
//! Three kinds of keys: an account's root's and a user's (`AKIA`, stored sealed), and temporary
//! ones (`ASIA`), whose session is in the request's `X-Amz-Security-Token`.

use aws::call::{Parts, Protocol};
use aws::sigv4::{self, Signed};
use aws::{Fault, Service};
use model::account::{AccountId, Status};
use model::id::{RoleId, UserId};
use model::time::Millis;
use model::world::World;

use crate::secret::Vault;
use crate::session::{Session, Who};

/// Where the services without regions are, whichever region this Ginnel serves.
const GLOBAL: &str = "us-east-1";

/// Whose administrator `ginnel up --dev` takes everybody for.
pub(crate) const DEV_ACCOUNT: &str = "123456789012";

/// A caller whose signature is right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Caller {
    pub(crate) account: AccountId,
    pub(crate) principal: Principal,
    /// Has temporary credentials.
    pub(crate) temporary: bool,
    pub(crate) arn: String,
    /// Of the operator's account.
    pub(crate) operator: bool,
}

/// Who a caller is within the account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Principal {
    /// The account itself.
    Root,
    /// A user.
    User(UserId),
    /// Whoever assumed a role.
    Session {
        /// The role; nothing when it need not be there (`ginnel up --dev`).
        role: Option<RoleId>,
        /// The role's name.
        name: String,
        /// The session's name.
        session: String,
    },
}

/// What authenticating needs to know of this process.
#[derive(Clone, Copy)]
pub(crate) struct Place<'a> {
    pub(crate) vault: &'a Vault,
    /// The region that is served.
    pub(crate) region: &'a str,
    /// `ginnel up --dev`.
    pub(crate) dev: bool,
}

/// Checks a request's signature; `now` in seconds since 1970. Says which service is called,
/// also in an error, because that decides how the error is encoded.
pub(crate) fn authenticate(
    world: &World,
    place: Place<'_>,
    parts: &Parts<'_>,
    now: i64,
) -> Result<(Service, Caller), (Service, Fault)> {
    let service = sigv4::service(parts);
    let failed = |fault| (service, fault);
    let signed = sigv4::parse(parts).map_err(failed)?;
    let caller = verify(world, place, &signed, parts, service, now).map_err(failed)?;
    let given = &signed.credential().region;
    // Clients sign for the global services in one region, whichever they work in.
    let global = matches!(service, Service::Iam | Service::Sts) && given == GLOBAL;
    if given != place.region && !global {
        let mut fault = Fault::bad_signature(service);
        fault.message = format!(
            "Credential should be scoped to the region {}, which this Ginnel serves, not {given}; set AWS_REGION={}",
            place.region, place.region
        );
        return Err(failed(fault));
    }
    Ok((service, caller))
}

fn verify(
    world: &World,
    place: Place<'_>,
    signed: &Signed,
    parts: &Parts<'_>,
    service: Service,
    now: i64,
) -> Result<Caller, Fault> {
    let id = &signed.credential().access_key;
    let unknown = || Fault::invalid_key(service);
    // With --dev, whoever has no credentials of ours is the administrator.
    let stranger = || match place.dev.then(|| DEV_ACCOUNT.parse().ok()).flatten() {
        Some(account) => caller(world, account, Who::Root, false).ok_or_else(unknown),
        None => Err(unknown()),
    };
    let Some(token) = token(parts) else {
        let Some(key) = world.access_keys.get(id) else {
            return stranger();
        };
        let secret = place
            .vault
            .open_sealed(id, &key.sealed_secret)
            .map_err(|error| {
                tracing::error!(key = id, %error, "an access key cannot be used");
                Fault::internal("The access key's secret cannot be opened; see the daemon's log")
            })?;
        signed.verify(parts, &secret, now)?;
        // Said only to who has the secret, and in the words for an unknown key.
        if key.status == Status::Inactive {
            return Err(unknown());
        }
        let who = key.user.map_or(Who::Root, Who::User);
        return caller(world, key.account, who, false).ok_or_else(unknown);
    };
    let Some(session) = Session::open(place.vault, id, token) else {
        return stranger();
    };
    signed.verify(parts, &session.secret, now)?;
    if session.expires <= Millis(now.saturating_mul(1_000)) {
        return Err(expired(service));
    }
    if matches!(session.who, Who::Emulated { .. }) && !place.dev {
        return Err(unknown());
    }
    caller(world, session.account, session.who, true).ok_or_else(unknown)
}

/// The session token; that it is signed, [`sigv4::parse`] has checked.
fn token<'a>(parts: &Parts<'a>) -> Option<&'a str> {
    parts.header("x-amz-security-token").map(str::trim)
}

/// The identity; nothing when the user or role is gone.
fn caller(world: &World, account: AccountId, who: Who, temporary: bool) -> Option<Caller> {
    let (principal, arn) = match who {
        Who::Root => (Principal::Root, format!("arn:aws:iam::{account}:root")),
        Who::User(id) => {
            let user = world.users.get(&id)?;
            let arn = format!("arn:aws:iam::{account}:user{}{}", user.path, user.name);
            (Principal::User(id), arn)
        }
        Who::Role { id, session } => {
            let role = world.roles.get(&id)?;
            session_of(account, Some(id), role.name.clone(), session)
        }
        Who::Emulated { role, session } => session_of(account, None, role, session),
    };
    let operator = world.accounts.get(&account);
    Some(Caller {
        account,
        principal,
        temporary,
        arn,
        operator: operator.is_some_and(|account| account.operator),
    })
}

fn session_of(
    account: AccountId,
    role: Option<RoleId>,
    name: String,
    session: String,
) -> (Principal, String) {
    let arn = session_arn(account, &name, &session);
    let principal = Principal::Session {
        role,
        name,
        session,
    };
    (principal, arn)
}

/// `arn:aws:sts::ACCOUNT:assumed-role/ROLE/SESSION`: without the role's path.
pub(crate) fn session_arn(account: AccountId, role: &str, session: &str) -> String {
    format!("arn:aws:sts::{account}:assumed-role/{role}/{session}")
}

/// Temporary credentials that are over.
fn expired(service: Service) -> Fault {
    const MESSAGE: &str = "The security token included in the request is expired";
    match service.protocol() {
        Protocol::Form(_) if service == Service::Ec2 => {
            Fault::bad_request("RequestExpired", "Request has expired.")
        }
        Protocol::Form(_) => Fault::new(403, "ExpiredToken", MESSAGE),
        Protocol::Json(_) | Protocol::Own => Fault::new(403, "ExpiredTokenException", MESSAGE),
    }
}

#[cfg(test)]
mod tests;
