//! Handlers: one file a noun, one function an operation, all pure:
//! `fn(&World, &Call, &Request) -> Result<Reply, Fault>` for reads,
//! `-> Result<Decision<Reply>, Fault>` for writes.
//!
//! To add an operation: name it in `data/operations.toml` and run `cargo xtask codegen`; write
//! the handler in the noun's file; add its line to `dispatch/SERVICE.rs`; test it beside the noun.
//!
//! A handler takes its request apart without `..`, so that a new parameter breaks the build:
//! each is used, or given to [`unsupported`] (setting it is an error), or to `_` with a word why
//! leaving it aside harms nobody. It finds things through the owner-scoped look-ups of World:
//! another tenant's things do not exist. It changes nothing itself; DryRun, invariants and
//! durability are the committer's.

mod account_attribute;
mod address;
mod capture;
mod connection;
mod dhcp_options;
mod dispatch;
mod elbv2;
mod elbv2_attributes;
mod elbv2_limits;
mod elbv2_tags;
mod endpoint;
mod endpoint_dns;
mod endpoint_gateway;
mod endpoint_list;
mod endpoint_modify;
mod endpoint_policy;
mod endpoint_service;
mod endpoint_subnets;
mod endpoint_wire;
pub(crate) mod filter;
mod flow_log;
pub(crate) mod ginnel;
mod health_check;
pub(crate) mod iam;
mod insights;
pub(crate) mod interface;
mod internet_gateway;
mod listener;
mod load_balancer;
mod load_balancer_subnets;
mod nat_gateway;
mod network_acl;
mod network_acl_entry;
mod notification;
pub(crate) mod observe;
pub(crate) mod page;
mod peering;
mod place;
pub(crate) mod policy_shape;
mod prefix_list;
pub(crate) mod quota;
pub(crate) mod refusal;
mod route;
mod route_table;
mod route_table_association;
pub(crate) mod security_group;
mod security_group_reference;
mod security_group_rule;
pub(crate) mod select;
mod service_catalog;
mod service_name;
mod service_permission;
mod service_quotas;
pub(crate) mod sns;
mod sts;
pub(crate) mod subnet;
mod tag;
mod tagged;
mod tagging;
pub(crate) mod tags;
mod target;
mod target_group;
mod vpc;
pub(crate) mod vpc_parts;

use std::cell::RefCell;
use std::sync::Arc;

use aws::Fault;
use model::account::AccountId;
use model::host::Report;
use model::id::{Id, Kind};
use model::time::Millis;
use model::world::{Change, Replay, World};
use rand::rngs::StdRng;
use rand::{Rng as _, RngExt as _};

use crate::authenticate::{Caller, Principal};
use crate::authorize::Judge;
use crate::secret::Vault;
use crate::worker::notification::Reach;

pub(crate) use dispatch::{handle, is_read};

/// Who calls, when and where: everything a handler may know besides the World.
pub(crate) struct Call {
    /// The caller's account.
    pub(crate) account: AccountId,
    /// The caller's ARN.
    pub(crate) arn: String,
    /// Who the caller is within the account.
    pub(crate) principal: Principal,
    /// The caller has temporary credentials.
    pub(crate) temporary: bool,
    /// This process's region.
    pub(crate) region: String,
    /// The time.
    pub(crate) now: Millis,
    /// The revision that a write of this call will have.
    pub(crate) revision: u64,
    /// Chance.
    pub(crate) rng: RefCell<StdRng>,
    /// `ginnel up --dev`: for people who used an emulator until now.
    pub(crate) dev: bool,
    /// Where notifications may go besides the public Internet.
    pub(crate) reach: Arc<Reach>,
    /// The quotas in force.
    pub(crate) quotas: Arc<quota::Quotas>,
    /// What the host said last.
    pub(crate) report: Arc<Report>,
    /// Seals secrets.
    pub(crate) vault: Arc<Vault>,
    /// Who may, for what the handler alone can ask.
    pub(crate) judge: Arc<dyn Judge>,
}

/// A write's answer and its effect.
#[derive(Debug)]
pub(crate) struct Decision<R> {
    pub(crate) reply: R,
    pub(crate) changes: Vec<Change>,
}

impl<R> Decision<R> {
    /// An answer that changes nothing (again what was said before).
    pub(crate) fn unchanged(reply: R) -> Self {
        Self {
            reply,
            changes: Vec::new(),
        }
    }
}

impl Call {
    /// Who calls, as the judge knows it.
    pub(crate) fn caller(&self) -> Caller {
        Caller {
            account: self.account,
            principal: self.principal.clone(),
            temporary: self.temporary,
            arn: self.arn.clone(),
            // Nothing that a handler asks depends on it.
            operator: false,
        }
    }

    /// A new id.
    pub(crate) fn id<K: Kind>(&self) -> Id<K> {
        Id::new(self.rng.borrow_mut().random())
    }

    /// Random bytes.
    pub(crate) fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.rng.borrow_mut().fill_bytes(&mut bytes);
        bytes
    }

    /// `arn:aws:SERVICE:REGION:ACCOUNT:RESOURCE` of a thing of the caller's region.
    pub(crate) fn arn_of(&self, service: &str, owner: AccountId, resource: &str) -> String {
        format!("arn:aws:{service}:{}:{owner}:{resource}", self.region)
    }

    /// ISO 8601 with milliseconds, as AWS writes times.
    pub(crate) fn iso(&self, at: Millis) -> String {
        iso(at)
    }

    /// What an earlier call with this ClientToken made: `None` when there was none. The same
    /// token with other parameters is `IdempotentParameterMismatch`.
    pub(crate) fn replayed(
        &self,
        world: &World,
        operation: &str,
        token: Option<&str>,
        request: &impl std::fmt::Debug,
    ) -> Result<Option<String>, Fault> {
        let Some(token) = token else { return Ok(None) };
        check_token(token)?;
        let Some(replay) = world.replays.get(&self.replay_key(operation, token)) else {
            return Ok(None);
        };
        if replay.fingerprint != digest(&format!("{request:?}")) {
            return Err(Fault::bad_request(
                "IdempotentParameterMismatch",
                format!(
                    "The ClientToken '{token}' was used before with other parameters (it made {}); use a new token for a new request",
                    replay.resource
                ),
            ));
        }
        Ok(Some(replay.resource.clone()))
    }

    /// The record that makes a later call with this token answer `resource` again; nothing
    /// without a token.
    pub(crate) fn remember(
        &self,
        operation: &str,
        token: Option<&str>,
        request: &impl std::fmt::Debug,
        resource: &impl ToString,
    ) -> Option<Change> {
        token.map(|token| {
            Replay {
                key: self.replay_key(operation, token),
                fingerprint: digest(&format!("{request:?}")),
                resource: resource.to_string(),
                made: self.now,
            }
            .into()
        })
    }

    fn replay_key(&self, operation: &str, token: &str) -> String {
        format!("{}/{operation}/{:016x}", self.account, digest(token))
    }
}

fn check_token(token: &str) -> Result<(), Fault> {
    if token.is_empty() || token.len() > 64 || !token.is_ascii() {
        return Err(Fault::invalid_value(
            "ClientToken",
            token,
            "give 1 to 64 ASCII characters",
        ));
    }
    Ok(())
}

/// FNV-1a: tells different parameters of one caller apart; nothing secret hangs on it.
fn digest(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

/// ISO 8601 with milliseconds.
pub(crate) fn iso(at: Millis) -> String {
    let nanos = i128::from(at.0) * 1_000_000;
    let Ok(time) = time::OffsetDateTime::from_unix_timestamp_nanos(nanos) else {
        return String::new();
    };
    let format = time::macros::format_description!(
        "[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:3]Z"
    );
    time.format(format).unwrap_or_default()
}

/// Refuses parameters that this version does not carry: each is (its name, whether it is set).
pub(crate) fn unsupported(parameters: &[(&str, bool)]) -> Result<(), Fault> {
    match parameters.iter().find(|(_, set)| *set) {
        None => Ok(()),
        Some((name, _)) => Err(Fault::bad_request(
            "UnsupportedOperation",
            format!(
                "The parameter {name} is not supported by this version of Ginnel; leave it out (docs/api.md lists what is)"
            ),
        )),
    }
}

/// Reads an id; the code of a broken one is `Invalid<stem>.Malformed`.
pub(crate) fn parse_id<K: Kind>(stem: &str, text: &str) -> Result<Id<K>, Fault> {
    text.parse().map_err(|malformed: model::id::Malformed| {
        Fault::bad_request(
            format!("Invalid{stem}.Malformed"),
            format!("Invalid id: \"{text}\" (expecting \"{}\")", malformed.form),
        )
    })
}

/// `Invalid<stem>.NotFound`, as EC2 words it.
pub(crate) fn not_found<K: Kind>(stem: &str, id: Id<K>) -> Fault {
    Fault::bad_request(
        format!("Invalid{stem}.NotFound"),
        format!("The {} '{id}' does not exist", K::NOUN),
    )
}

#[cfg(test)]
pub(crate) mod scene;
#[cfg(test)]
pub(crate) mod tests;
