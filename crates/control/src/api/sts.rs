//! STS: who calls, and temporary credentials. Those are sealed into their token; nothing is stored.

use aws::{Fault, Service, sts};
use model::account::AccountId;
use model::iam::Role;
use model::id::RoleId;
use model::time::Millis;
use model::world::{Claim, Kind, World};

use super::iam::{access_key, date, invalid, role::role_arn};
use super::{Call, digest, unsupported};
use crate::authenticate::{Principal, session_arn};
use crate::authorize::{Context, Question, Reason, ResourcePolicy, Subject, refusal};
use crate::session::{Session, Who};

/// Seconds of an hour.
const HOUR: u32 = 3_600;

/// <https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html>
pub(crate) fn get_caller_identity(
    _world: &World,
    call: &Call,
    request: &sts::GetCallerIdentityRequest,
) -> Result<sts::GetCallerIdentityResponse, Fault> {
    let sts::GetCallerIdentityRequest {} = request;
    let user_id = match &call.principal {
        // Of an account's root, AWS gives the account id as user id.
        Principal::Root => call.account.to_string(),
        Principal::User(id) => id.to_string(),
        Principal::Session {
            role,
            name,
            session,
        } => {
            let role = role.unwrap_or_else(|| emulated_id(call.account, name));
            format!("{role}:{session}")
        }
    };
    Ok(sts::GetCallerIdentityResponse {
        account: Some(call.account.to_string()),
        arn: Some(call.arn.clone()),
        user_id: Some(user_id),
    })
}

/// The unique id of a role that need not be there: always the same for the same name.
fn emulated_id(account: AccountId, name: &str) -> RoleId {
    let half = |salt: &str| u128::from(digest(&format!("{salt}{account}/{name}")));
    RoleId::new(half("a") << 64 | half("b"))
}

/// <https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html>
pub(crate) fn assume_role(
    world: &World,
    call: &Call,
    request: &sts::AssumeRoleRequest,
) -> Result<sts::AssumeRoleResponse, Fault> {
    let sts::AssumeRoleRequest {
        duration_seconds,
        external_id,
        policy,
        policy_arns,
        provided_contexts,
        role_arn,
        role_session_name,
        serial_number,
        source_identity,
        tags,
        token_code,
        transitive_tag_keys,
    } = request;
    unsupported(&[
        ("ExternalId", external_id.is_some()),
        ("Policy", policy.is_some()),
        ("PolicyArns", !policy_arns.is_empty()),
        ("ProvidedContexts", !provided_contexts.is_empty()),
        ("SerialNumber", serial_number.is_some()),
        ("SourceIdentity", source_identity.is_some()),
        ("Tags", !tags.is_empty()),
        ("TokenCode", token_code.is_some()),
        ("TransitiveTagKeys", !transitive_tag_keys.is_empty()),
    ])?;
    check_session_name(role_session_name)?;
    let (account, name) = parse_role(role_arn)?;
    let session = || role_session_name.clone();
    let (who, id, name, most) = if call.dev {
        let who = Who::Emulated {
            role: name.to_owned(),
            session: session(),
        };
        (who, emulated_id(account, name), name, 12 * HOUR)
    } else {
        let role = assumable(world, call, account, name, role_arn)?;
        let who = Who::Role {
            id: role.id,
            session: session(),
        };
        (who, role.id, role.name.as_str(), role.max_session)
    };
    // One session that opens the next: an hour at most.
    let chained = matches!(call.principal, Principal::Session { .. });
    let most = if chained { HOUR } else { most };
    let seconds = duration(*duration_seconds, HOUR, most, || {
        if chained {
            "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining".into()
        } else {
            format!(
                "The requested DurationSeconds exceeds the MaxSessionDuration set for this role ({most})"
            )
        }
    })?;
    Ok(sts::AssumeRoleResponse {
        assumed_role_user: Some(sts::AssumedRoleUser {
            arn: Some(session_arn(account, name, role_session_name)),
            assumed_role_id: Some(format!("{id}:{role_session_name}")),
        }),
        credentials: Some(credentials(call, account, who, seconds)?),
        packed_policy_size: None,
        source_identity: None,
    })
}

/// The role, if its trust policy and the caller's own let the caller assume it. One that is not
/// there is refused in the same words.
fn assumable<'a>(
    world: &'a World,
    call: &Call,
    account: AccountId,
    name: &str,
    arn: &str,
) -> Result<&'a Role, Fault> {
    const ACTION: &str = "sts:AssumeRole";
    let claim = Claim::Name(account, Kind::Role, name.to_ascii_lowercase());
    let role = world.claimant::<Role>(claim);
    let role = role.filter(|role| role_arn(role) == arn);
    let caller = call.caller();
    let id = u128::from_be_bytes(call.bytes());
    let id = format!("{id:032x}");
    let decision = call.judge.decide(
        world,
        &Question {
            subject: Subject::Caller(&caller),
            service: Service::Sts,
            action: ACTION,
            resources: &[arn.to_owned()],
            context: &Context::new(),
            resource_policy: Some(ResourcePolicy {
                owner: account,
                // Trusts nobody.
                document: role.map_or(r#"{"Statement":[]}"#, |role| role.trust.as_str()),
            }),
            id: &id,
        },
    );
    match role {
        Some(role) if decision.allow() => Ok(role),
        _ => {
            let reason: &Reason = &decision.reason;
            Err(refusal(Service::Sts, &caller, ACTION, Some(arn), reason))
        }
    }
}

/// Account and name of `arn:aws:iam::ACCOUNT:role/PATH/NAME`.
fn parse_role(arn: &str) -> Result<(AccountId, &str), Fault> {
    let rest = arn.strip_prefix("arn:aws:iam::");
    let (account, path) = rest
        .and_then(|rest| rest.split_once(":role/"))
        .ok_or_else(|| not_a_role(arn))?;
    let account = account.parse().map_err(|_| not_a_role(arn))?;
    let name = path.rsplit('/').next().unwrap_or_default();
    super::iam::check_name("RoleArn", name, 64).map_err(|_| not_a_role(arn))?;
    Ok((account, name))
}

fn not_a_role(arn: &str) -> Fault {
    Fault::bad_request(
        "ValidationError",
        format!("{arn} is invalid: RoleArn must be arn:aws:iam::ACCOUNT:role/NAME"),
    )
}

fn check_session_name(name: &str) -> Result<(), Fault> {
    let fits = |c: char| c.is_ascii_alphanumeric() || "_+=,.@-".contains(c);
    if (2..=64).contains(&name.len()) && name.chars().all(fits) {
        return Ok(());
    }
    Err(invalid(
        "RoleSessionName",
        name,
        r"Member must have length from 2 to 64 and satisfy regular expression pattern: [\w+=,.@-]*",
    ))
}

/// DurationSeconds: at least 15 minutes.
fn duration(
    given: Option<i32>,
    usual: u32,
    most: u32,
    too_long: impl FnOnce() -> String,
) -> Result<u32, Fault> {
    let Some(given) = given else {
        return Ok(usual.min(most));
    };
    match u32::try_from(given) {
        Ok(seconds) if seconds >= 900 && seconds <= most => Ok(seconds),
        Ok(seconds) if seconds > most => Err(Fault::bad_request("ValidationError", too_long())),
        _ => Err(invalid(
            "DurationSeconds",
            &given.to_string(),
            "Member must have value greater than or equal to 900",
        )),
    }
}

/// <https://docs.aws.amazon.com/STS/latest/APIReference/API_GetSessionToken.html>
pub(crate) fn get_session_token(
    _world: &World,
    call: &Call,
    request: &sts::GetSessionTokenRequest,
) -> Result<sts::GetSessionTokenResponse, Fault> {
    let sts::GetSessionTokenRequest {
        duration_seconds,
        serial_number,
        token_code,
    } = request;
    unsupported(&[
        ("SerialNumber", serial_number.is_some()),
        ("TokenCode", token_code.is_some()),
    ])?;
    let refuse = || {
        let message = "Cannot call GetSessionToken with session credentials";
        Fault::new(403, "AccessDenied", message)
    };
    if call.temporary {
        return Err(refuse());
    }
    let (who, usual, most) = match &call.principal {
        Principal::Root => (Who::Root, HOUR, HOUR),
        Principal::User(id) => (Who::User(*id), 12 * HOUR, 36 * HOUR),
        Principal::Session { .. } => return Err(refuse()),
    };
    let seconds = duration(*duration_seconds, usual, most, || {
        format!("The requested DurationSeconds exceeds the limit of {most} for this caller")
    })?;
    Ok(sts::GetSessionTokenResponse {
        credentials: Some(credentials(call, call.account, who, seconds)?),
    })
}

fn credentials(
    call: &Call,
    account: AccountId,
    who: Who,
    seconds: u32,
) -> Result<sts::Credentials, Fault> {
    let access_key = access_key::id("ASIA", call.bytes());
    // To the second, as it is written.
    let now = call.now.0 - call.now.0.rem_euclid(1_000);
    let session = Session {
        account,
        who,
        secret: access_key::secret(call.bytes()),
        expires: Millis(now + i64::from(seconds) * 1_000),
    };
    let token = session
        .seal(&call.vault, &access_key)
        .map_err(|error| Fault::internal(error.to_string()))?;
    Ok(sts::Credentials {
        access_key_id: Some(access_key),
        expiration: date(session.expires),
        secret_access_key: Some(session.secret),
        session_token: Some(token),
    })
}

#[cfg(test)]
mod tests;
