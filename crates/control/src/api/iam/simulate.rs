//! What policies allow, asked of the judge without doing anything. What it cannot decide is an
//! error that names the statement, never an answer.

use std::collections::BTreeMap;

use aws::{Fault, Service, iam};
use model::iam::{Group, Role, User};
use model::world::World;

use super::policy::check;
use super::{Entity, bad_input, invalid, no_such, paged_in_order};
use crate::api::{Call, unsupported};
use crate::authorize::{Context, Document, Policies, Question, Subject, Verdict};

/// Pairs of an action and a resource in one call.
const MAX_PAIRS: usize = 10_000;

/// What is asked, besides the policies.
struct Inputs<'a> {
    actions: &'a [String],
    resources: &'a [String],
    context: &'a [iam::ContextEntry],
    max_items: Option<i32>,
    marker: Option<&'a str>,
}

/// <https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulateCustomPolicy.html>
pub(crate) fn custom(
    world: &World,
    call: &Call,
    request: &iam::SimulateCustomPolicyRequest,
) -> Result<iam::SimulatePolicyResponse, Fault> {
    let iam::SimulateCustomPolicyRequest {
        action_names,
        // Who calls, and whose the resource is, matter with a resource policy only.
        caller_arn: _,
        context_entries,
        marker,
        max_items,
        permissions_boundary_policy_input_list,
        policy_input_list,
        resource_arns,
        resource_handling_option,
        resource_owner: _,
        resource_policy,
    } = request;
    unsupported(&[
        ("ResourcePolicy", resource_policy.is_some()),
        ("ResourceHandlingOption", resource_handling_option.is_some()),
    ])?;
    let mut policies = Policies::default();
    add_inputs(
        &mut policies,
        policy_input_list,
        permissions_boundary_policy_input_list,
    )?;
    let inputs = Inputs {
        actions: action_names,
        resources: resource_arns,
        context: context_entries,
        max_items: *max_items,
        marker: marker.as_deref(),
    };
    simulate(world, call, &policies, &inputs)
}

/// <https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulatePrincipalPolicy.html>
pub(crate) fn principal(
    world: &World,
    call: &Call,
    request: &iam::SimulatePrincipalPolicyRequest,
) -> Result<iam::SimulatePolicyResponse, Fault> {
    let iam::SimulatePrincipalPolicyRequest {
        action_names,
        // Who calls, and whose the resource is, matter with a resource policy only.
        caller_arn: _,
        context_entries,
        marker,
        max_items,
        permissions_boundary_policy_input_list,
        policy_input_list,
        policy_source_arn,
        resource_arns,
        resource_handling_option,
        resource_owner: _,
        resource_policy,
    } = request;
    unsupported(&[
        ("ResourcePolicy", resource_policy.is_some()),
        ("ResourceHandlingOption", resource_handling_option.is_some()),
    ])?;
    let mut policies = of_principal(world, call, policy_source_arn)?;
    add_inputs(
        &mut policies,
        policy_input_list,
        permissions_boundary_policy_input_list,
    )?;
    let inputs = Inputs {
        actions: action_names,
        resources: resource_arns,
        context: context_entries,
        max_items: *max_items,
        marker: marker.as_deref(),
    };
    simulate(world, call, &policies, &inputs)
}

/// The policies of the user, group or role with an ARN.
fn of_principal(world: &World, call: &Call, arn: &str) -> Result<Policies, Fault> {
    let prefix = format!("arn:aws:iam::{}:", call.account);
    let not_found = || no_such(format!("The entity {arn} cannot be found."));
    if !arn.starts_with("arn:aws:iam::") {
        let why = "give the ARN of a user, group or role";
        return Err(invalid("PolicySourceArn", arn, why));
    }
    let (kind, rest) = arn
        .strip_prefix(&prefix)
        .and_then(|rest| rest.split_once('/'))
        .ok_or_else(not_found)?;
    let name = rest.rsplit('/').next().unwrap_or_default();
    let is = |path: &str, name: &str| super::arn(call.account, kind, path, name) == arn;
    let mut policies = Policies::default();
    match kind {
        "user" => {
            let user = User::named(world, call, name)?;
            if !is(&user.path, &user.name) {
                return Err(not_found());
            }
            policies.add_user(world, user);
        }
        "group" => {
            let group = Group::named(world, call, name)?;
            if !is(&group.path, &group.name) {
                return Err(not_found());
            }
            policies.add(world, &format!("group {}", group.name), &group.grants);
        }
        "role" => {
            let role = Role::named(world, call, name)?;
            if !is(&role.path, &role.name) {
                return Err(not_found());
            }
            policies.add(world, &format!("role {}", role.name), &role.grants);
            policies.bound(world, role.boundary);
        }
        _ => return Err(not_found()),
    }
    Ok(policies)
}

/// Adds the documents of the request; a boundary given there takes the place of the identity's.
fn add_inputs(
    policies: &mut Policies,
    identity: &[String],
    boundary: &[String],
) -> Result<(), Fault> {
    let documents = |texts: &[String], list: &str| {
        let numbered = (1..).zip(texts);
        numbered
            .map(|(number, text)| {
                check(text)?;
                Ok(Document {
                    source: format!("{list}.{number}"),
                    text: text.clone(),
                })
            })
            .collect::<Result<Vec<_>, Fault>>()
    };
    policies
        .identity
        .extend(documents(identity, "PolicyInputList")?);
    if !boundary.is_empty() {
        let list = "PermissionsBoundaryPolicyInputList";
        policies.boundary = Some(documents(boundary, list)?);
    }
    Ok(())
}

/// One result an action and resource.
fn simulate(
    world: &World,
    call: &Call,
    policies: &Policies,
    inputs: &Inputs<'_>,
) -> Result<iam::SimulatePolicyResponse, Fault> {
    if inputs.actions.is_empty() {
        return Err(Fault::missing("ActionNames"));
    }
    for action in inputs.actions {
        let parts = action.split_once(':');
        let named = parts.is_some_and(|(service, name)| !service.is_empty() && !name.is_empty());
        if !named || action.len() > 128 || action.chars().any(char::is_control) {
            let why = "give SERVICE:ACTION, for example ec2:CreateVpc";
            return Err(invalid("ActionNames", action, why));
        }
    }
    let all = ["*".to_owned()];
    let resources = match inputs.resources {
        [] => all.as_slice(),
        given => given,
    };
    for resource in resources {
        let plain = !resource.chars().any(char::is_control) && resource.len() <= 2_048;
        if !plain || resource != "*" && !resource.starts_with("arn:") {
            return Err(bad_input(format!(
                "The resource {resource} in ResourceArns is not valid: give * or an ARN"
            )));
        }
    }
    let pairs = inputs.actions.len().saturating_mul(resources.len());
    if pairs > MAX_PAIRS {
        return Err(bad_input(format!(
            "ActionNames and ResourceArns make {pairs} pairs; ask for at most {MAX_PAIRS} at a time"
        )));
    }
    let context = context(inputs.context)?;
    let mut cases = Vec::new();
    for action in inputs.actions {
        cases.extend(resources.iter().map(|resource| (action, resource)));
    }
    let page = paged_in_order(cases, inputs.max_items, inputs.marker)?;
    let results = page
        .items
        .into_iter()
        .map(|(action, resource)| result(world, call, policies, (action, resource), &context));
    Ok(iam::SimulatePolicyResponse {
        evaluation_results: results.collect::<Result<_, _>>()?,
        is_truncated: page.is_truncated,
        marker: page.marker,
    })
}

fn context(entries: &[iam::ContextEntry]) -> Result<Context, Fault> {
    let mut context = Context::new();
    for iam::ContextEntry {
        context_key_name,
        // The operator of a condition says how its values are read.
        context_key_type: _,
        context_key_values,
    } in entries
    {
        let name = context_key_name.as_deref();
        let name = name.ok_or_else(|| Fault::missing("ContextEntries.member.N.ContextKeyName"))?;
        context.insert(name.to_owned(), context_key_values.clone());
    }
    Ok(context)
}

fn result(
    world: &World,
    call: &Call,
    policies: &Policies,
    (action, resource): (&String, &String),
    context: &Context,
) -> Result<iam::EvaluationResult, Fault> {
    let decision = call.judge.decide(
        world,
        &Question {
            subject: Subject::Policies(policies),
            service: Service::Iam,
            action,
            resources: std::slice::from_ref(resource),
            context,
            resource_policy: None,
            id: "simulation",
        },
    );
    let verdict = match decision.verdict {
        Verdict::Allow => "allowed",
        Verdict::ImplicitDeny => "implicitDeny",
        Verdict::ExplicitDeny => "explicitDeny",
        Verdict::Undecidable => {
            return Err(Fault::bad_request(
                "UnsupportedOperation",
                format!(
                    "Whether {action} on {resource} is allowed cannot be said: {}",
                    decision.reason.text
                ),
            ));
        }
    };
    Ok(iam::EvaluationResult {
        eval_action_name: Some(action.clone()),
        eval_decision: Some(verdict.into()),
        eval_decision_details: BTreeMap::new(),
        eval_resource_name: Some(resource.clone()),
        matched_statements: Vec::new(),
        missing_context_values: Vec::new(),
        organizations_decision_detail: None,
        permissions_boundary_decision_detail: None,
        resource_specific_results: Vec::new(),
    })
}

#[cfg(test)]
mod tests;
