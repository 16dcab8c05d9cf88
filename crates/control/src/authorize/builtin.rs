//! The judge until the policy engine is there.
//!
//! An account's root may do everything in it, and so may whoever has a policy that allows every
//! action on everything, such as AdministratorAccess. Whoever has no policy may do nothing. The
//! rest it cannot decide: it refuses, and names the statement.

use std::sync::Arc;

use aws::Service;
use model::iam::Role;
use model::world::World;

use super::statement::{Statement, read};
use super::{
    Decision, Document, Judge, Layer, Policies, Question, Reason, ResourcePolicy, Subject, Verdict,
};
use crate::authenticate::{Caller, Principal};

/// The judge.
pub(crate) struct BuiltIn;

/// What it says when it cannot tell.
const NEEDS_ENGINE: &str =
    "which needs the policy engine that this version of Ginnel does not have yet";

/// An answer before it has an id.
struct Answer(Verdict, Layer, String);

impl Judge for BuiltIn {
    fn decide(&self, world: &World, question: &Question<'_>) -> Decision {
        let Answer(verdict, layer, text) = match question.subject {
            Subject::Policies(policies) => by_policies(policies),
            Subject::Caller(caller) => by_caller(world, caller, question),
        };
        Decision {
            verdict,
            reason: Reason {
                layer,
                text,
                id: question.id.to_owned(),
            },
        }
    }
}

fn by_caller(world: &World, caller: &Caller, question: &Question<'_>) -> Answer {
    // No policy can take these away.
    if ["sts:GetCallerIdentity", "sts:GetSessionToken"].contains(&question.action) {
        return allowed(Layer::Always);
    }
    if caller.temporary && !matches!(caller.principal, Principal::Session { .. }) {
        let other_sts = question.service == Service::Sts && question.action != "sts:AssumeRole";
        if question.service == Service::Iam || other_sts {
            return Answer(
                Verdict::ImplicitDeny,
                Layer::Always,
                "credentials of GetSessionToken without MFA cannot call IAM, and of STS only GetCallerIdentity and AssumeRole".into(),
            );
        }
    }
    let own = match &caller.principal {
        Principal::Root | Principal::Session { role: None, .. } => allowed(Layer::Identity),
        Principal::User(_) | Principal::Session { .. } => by_policies(&Policies::of(world, caller)),
    };
    match question.resource_policy {
        None => own,
        Some(policy) => by_resource(world, caller, own, policy),
    }
}

fn allowed(layer: Layer) -> Answer {
    Answer(Verdict::Allow, layer, String::new())
}

/// What identity policies and a boundary say of any action on anything.
fn by_policies(policies: &Policies) -> Answer {
    let Policies { identity, boundary } = policies;
    let statements = |documents: &[Document]| -> Result<Vec<(Statement, String)>, Answer> {
        let mut all = Vec::new();
        for Document { source, text } in documents {
            let read = read(text).ok_or_else(|| {
                let why = format!("the policy {source} cannot be read");
                Answer(Verdict::Undecidable, Layer::Identity, why)
            })?;
            all.extend(read.into_iter().map(|it| (it, source.clone())));
        }
        Ok(all)
    };
    let (own, limits) = match (
        statements(identity),
        statements(boundary.as_deref().unwrap_or_default()),
    ) {
        (Ok(own), Ok(limits)) => (own, limits),
        (Err(answer), _) | (_, Err(answer)) => return answer,
    };
    let name = |(statement, source): &(Statement, String)| {
        format!("{} of the policy {source}", statement.label)
    };
    let denial = |it: &&(Statement, String)| it.0.denies && it.0.is_total();
    for (layer, list) in [(Layer::Identity, &own), (Layer::Boundary, &limits)] {
        if let Some(found) = list.iter().find(denial) {
            let why = format!("{} denies everything", name(found));
            return Answer(Verdict::ExplicitDeny, layer, why);
        }
    }
    let undecided = |layer, what: String| {
        Answer(
            Verdict::Undecidable,
            layer,
            format!(
                "{what}, {NEEDS_ENGINE}; only an identity whose policies allow every action on everything, without denials, may act until then"
            ),
        )
    };
    if let Some(boundary) = boundary {
        let sources: Vec<&str> = boundary.iter().map(|it| it.source.as_str()).collect();
        let what = format!("there is a permissions boundary ({})", sources.join(", "));
        return undecided(Layer::Boundary, what);
    }
    if let Some(found) = own.iter().find(|(statement, _)| statement.denies) {
        return undecided(Layer::Identity, format!("{} denies something", name(found)));
    }
    if own.iter().any(|(statement, _)| statement.is_total()) {
        return allowed(Layer::Identity);
    }
    match own.first() {
        None => Answer(
            Verdict::ImplicitDeny,
            Layer::Identity,
            "no identity-based policy allows it: the identity has no policies; attach one, for example arn:aws:iam::aws:policy/AdministratorAccess".into(),
        ),
        Some(found) => undecided(
            Layer::Identity,
            format!("{} allows only some of everything", name(found)),
        ),
    }
}

/// How a statement of a trust policy names a caller.
#[derive(PartialEq, Eq)]
enum Naming {
    /// The caller, or everybody.
    Direct,
    /// The account: its administrators pass it on.
    Account,
}

/// Combines what the caller's own policies say with a role's trust policy.
fn by_resource(world: &World, caller: &Caller, own: Answer, policy: ResourcePolicy<'_>) -> Answer {
    let undecided = |what: String| {
        Answer(
            Verdict::Undecidable,
            Layer::Resource,
            format!("{what}, {NEEDS_ENGINE}"),
        )
    };
    let Some(statements) = read(policy.document) else {
        return undecided("the trust policy cannot be read".into());
    };
    let mut best = None;
    for statement in statements {
        let label = &statement.label;
        let Some(applies) = speaks_of_assume_role(&statement) else {
            return undecided(format!(
                "{label} of the trust policy has an action with wildcards, NotAction or NotPrincipal"
            ));
        };
        let naming = naming(world, caller, &statement);
        let (true, Some(naming)) = (applies, naming) else {
            continue;
        };
        if let Some(element) = statement.complex.first() {
            return undecided(format!("{label} of the trust policy has a {element}"));
        }
        if statement.denies {
            let why = format!("{label} of the trust policy denies it");
            return Answer(Verdict::ExplicitDeny, Layer::Resource, why);
        }
        if best != Some(Naming::Direct) {
            best = Some(naming);
        }
    }
    let Some(naming) = best else {
        return Answer(
            Verdict::ImplicitDeny,
            Layer::Resource,
            "no statement of a role's trust policy names the caller and allows sts:AssumeRole, or there is no such role".into(),
        );
    };
    // A trust policy that names a caller of the role's account is enough, unless the caller's own
    // policies deny; in all other cases both must allow.
    if naming == Naming::Direct && policy.owner == caller.account && may_pass(world, caller, &own) {
        return allowed(Layer::Resource);
    }
    own
}

/// Whether no policy of the caller can deny what a resource's policy allows.
fn may_pass(world: &World, caller: &Caller, own: &Answer) -> bool {
    if own.0 == Verdict::Allow {
        return true;
    }
    let Policies { identity, boundary } = Policies::of(world, caller);
    let harmless = |document: &Document| {
        read(&document.text).is_some_and(|list| list.iter().all(|statement| !statement.denies))
    };
    boundary.is_none() && identity.iter().all(harmless)
}

/// Whether a statement is about sts:AssumeRole; nothing when that takes more than comparing.
fn speaks_of_assume_role(statement: &Statement) -> Option<bool> {
    let inverted = |element: &String| ["NotAction", "NotPrincipal"].contains(&element.as_str());
    if statement.complex.iter().any(inverted) {
        return None;
    }
    let mut applies = false;
    for action in statement.actions.iter().map(|it| it.to_ascii_lowercase()) {
        match action.as_str() {
            "*" | "sts:*" | "sts:assumerole" => applies = true,
            other if other.contains(['*', '?']) => return None,
            _ => {}
        }
    }
    Some(applies)
}

fn naming(world: &World, caller: &Caller, statement: &Statement) -> Option<Naming> {
    let account = caller.account.to_string();
    let root = format!("arn:aws:iam::{account}:root");
    // A user is named by ARN or unique id, a session also by its role's.
    let (id, role) = match &caller.principal {
        Principal::User(id) => (Some(id.to_string()), None),
        Principal::Session { role: Some(id), .. } => {
            let role = world.roles.get(id);
            let arn =
                |role: &Arc<Role>| format!("arn:aws:iam::{account}:role{}{}", role.path, role.name);
            (Some(id.to_string()), role.map(arn))
        }
        Principal::Root | Principal::Session { role: None, .. } => (None, None),
    };
    let names = |text: &String| {
        let named = [&id, &role].into_iter().flatten().any(|it| it == text);
        if text == "*" || *text == caller.arn || named {
            Some(Naming::Direct)
        } else if *text == account || *text == root {
            Some(Naming::Account)
        } else {
            None
        }
    };
    let mut all: Vec<Naming> = statement.principals.iter().filter_map(names).collect();
    let direct = all.iter().position(|naming| *naming == Naming::Direct);
    match direct {
        Some(at) => Some(all.swap_remove(at)),
        None => all.pop(),
    }
}
