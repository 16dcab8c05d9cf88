//! Who may: one question, one judge.
//!
//! [`Judge`] is the place of the policy engine. Until it is there, [`BuiltIn`] answers: it knows
//! administrators, and says what it cannot decide instead of guessing. That another account's
//! things do not exist for a caller is the handlers' (owner-scoped look-ups). Ginnel's own
//! operations on the host are the operator's administrators' alone.

mod builtin;
mod policies;
mod statement;

use std::collections::BTreeMap;

use aws::call::Protocol;
use aws::{Fault, Service};
use model::account::AccountId;
use model::world::World;

use crate::authenticate::Caller;

pub(crate) use builtin::BuiltIn;
pub(crate) use policies::{Document, Policies};

/// Decides questions. Pure: the same World and question have the same answer.
pub(crate) trait Judge: Send + Sync {
    /// Whether the subject may.
    fn decide(&self, world: &World, question: &Question<'_>) -> Decision;
}

/// Condition keys and their values.
pub(crate) type Context = BTreeMap<String, Vec<String>>;

/// What is asked.
#[derive(Clone, Copy)]
#[expect(
    dead_code,
    reason = "the built-in judge needs less than the policy engine"
)]
pub(crate) struct Question<'a> {
    /// Who.
    pub(crate) subject: Subject<'a>,
    /// Whose operation it is.
    pub(crate) service: Service,
    /// `ec2:CreateVpc`.
    pub(crate) action: &'a str,
    /// ARNs of what it acts on; none when that is not known before the operation runs.
    pub(crate) resources: &'a [String],
    /// Condition keys.
    pub(crate) context: &'a Context,
    /// The policy of what it acts on, where that has one of its own.
    pub(crate) resource_policy: Option<ResourcePolicy<'a>>,
    /// The decision's id, which a refusal carries.
    pub(crate) id: &'a str,
}

/// Who is asked about.
#[derive(Clone, Copy)]
pub(crate) enum Subject<'a> {
    /// Who calls; the judge finds the policies.
    Caller(&'a Caller),
    /// Nobody in particular: these policies (simulations).
    Policies(&'a Policies),
}

/// A policy that says who may use what it belongs to.
#[derive(Clone, Copy)]
pub(crate) struct ResourcePolicy<'a> {
    /// The account of what it belongs to.
    pub(crate) owner: AccountId,
    /// The document.
    pub(crate) document: &'a str,
}

/// The answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Decision {
    pub(crate) verdict: Verdict,
    pub(crate) reason: Reason,
}

/// How a question is answered; only `Allow` lets anybody through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Yes.
    Allow,
    /// No: nothing allows it.
    ImplicitDeny,
    /// No: a statement denies it.
    ExplicitDeny,
    /// No, because this judge cannot tell.
    Undecidable,
}

/// Why it is answered so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reason {
    pub(crate) layer: Layer,
    /// The end of a sentence after "because".
    pub(crate) text: String,
    pub(crate) id: String,
}

/// Which policies decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Layer {
    /// None: every caller may, or nobody in this place.
    Always,
    /// The policies of the identity.
    Identity,
    /// The permissions boundary.
    Boundary,
    /// The policy of what is acted on.
    Resource,
}

impl Decision {
    /// Whether the subject may.
    pub(crate) fn allow(&self) -> bool {
        self.verdict == Verdict::Allow
    }
}

/// Whether the caller may call this operation at all; `id` names the decision.
pub(crate) fn authorize(
    judge: &dyn Judge,
    world: &World,
    caller: &Caller,
    (service, operation): (Service, &str),
    id: &str,
) -> Result<(), Fault> {
    if service == Service::Ginnel && !caller.operator {
        return Err(Fault::new(
            403,
            "AccessDeniedException",
            format!(
                "{operation} acts on the host: only the operator's account may call it, not {}",
                caller.account
            ),
        ));
    }
    // The handler asks, when it has found the role and its trust policy.
    if service == Service::Sts && operation == "AssumeRole" {
        return Ok(());
    }
    let action = format!("{}:{operation}", action_prefix(service));
    let decision = judge.decide(
        world,
        &Question {
            subject: Subject::Caller(caller),
            service,
            action: &action,
            resources: &[],
            context: &Context::new(),
            resource_policy: None,
            id,
        },
    );
    if decision.allow() {
        return Ok(());
    }
    Err(refusal(service, caller, &action, None, &decision.reason))
}

/// A service's name in policies.
fn action_prefix(service: Service) -> &'static str {
    match service {
        Service::Tagging => "tag",
        other => other.scope_name(),
    }
}

/// A decision against a caller, in the service's words.
pub(crate) fn refusal(
    service: Service,
    caller: &Caller,
    action: &str,
    resource: Option<&str>,
    reason: &Reason,
) -> Fault {
    let on = resource.map_or(String::new(), |arn| format!(" on resource: {arn}"));
    let Reason { layer: _, text, id } = reason;
    let message = format!(
        "User: {} is not authorized to perform: {action}{on} because {text} (decision {id})",
        caller.arn
    );
    match service.protocol() {
        Protocol::Form(_) if service == Service::Ec2 => Fault::new(
            403,
            "UnauthorizedOperation",
            format!("You are not authorized to perform this operation. {message}"),
        ),
        Protocol::Form(_) => Fault::new(403, "AccessDenied", message),
        Protocol::Json(_) | Protocol::Own => Fault::new(403, "AccessDeniedException", message),
    }
}

#[cfg(test)]
mod tests;
