//! The allow-list of an endpoint service: who may see it and ask for an endpoint.

use std::sync::Arc;

use aws::{Fault, ec2};
use model::endpoint_service::{EndpointService, Permission, Principal};
use model::id::PermissionId;
use model::world::World;

use super::page::page;
use super::{Call, Decision, endpoint_service, filter, not_found, parse_id, tags};

/// Adds and removes principals; what is there already, or not there, is fine. Connections that
/// were accepted stay.
/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ModifyVpcEndpointServicePermissions.html>
pub(crate) fn modify(
    world: &World,
    call: &Call,
    request: &ec2::ModifyVpcEndpointServicePermissionsRequest,
) -> Result<Decision<ec2::ModifyVpcEndpointServicePermissionsResult>, Fault> {
    let ec2::ModifyVpcEndpointServicePermissionsRequest {
        add_allowed_principals,
        dry_run: _,
        remove_allowed_principals,
        service_id,
    } = request;
    let old = endpoint_service::find(world, call, service_id)?;
    let mut service = EndpointService::clone(old);
    let removed = parse_all(remove_allowed_principals)?;
    service
        .permissions
        .retain(|entry| !removed.contains(&entry.principal));
    let mut added = Vec::new();
    for principal in parse_all(add_allowed_principals)? {
        if removed.contains(&principal) {
            return Err(Fault::bad_request(
                "InvalidParameterCombination",
                format!(
                    "The principal '{}' is in AddAllowedPrincipals and in RemoveAllowedPrincipals; leave it out of one",
                    principal.arn()
                ),
            ));
        }
        let known = service.permissions.iter();
        let known = known.clone().find(|entry| entry.principal == principal);
        let entry = known.cloned().unwrap_or_else(|| Permission {
            id: call.id(),
            principal,
            tags: Default::default(),
        });
        if !service.permissions.contains(&entry) {
            service.permissions.push(entry.clone());
        }
        added.push(ec2::AddedPrincipal {
            principal: Some(entry.principal.arn()),
            principal_type: Some(entry.principal.kind().into()),
            service_id: Some(service.id.to_string()),
            service_permission_id: Some(entry.id.to_string()),
        });
    }
    let reply = ec2::ModifyVpcEndpointServicePermissionsResult {
        added_principals: added,
        return_value: Some(true),
    };
    if service == **old {
        return Ok(Decision::unchanged(reply));
    }
    Ok(Decision {
        reply,
        changes: vec![service.into()],
    })
}

/// Each principal once.
fn parse_all(texts: &[String]) -> Result<Vec<Principal>, Fault> {
    let mut principals = Vec::new();
    for text in texts {
        let principal = Principal::parse(text).ok_or_else(|| {
            Fault::bad_request(
                "InvalidPrincipal",
                format!(
                    "The principal '{text}' is not valid: give *, arn:aws:iam::ACCOUNT:root, arn:aws:iam::ACCOUNT:user/NAME, arn:aws:iam::ACCOUNT:role/NAME, NAME.amazonaws.com, or the ARN of an organization or an organizational unit"
                ),
            )
        })?;
        if !principals.contains(&principal) {
            principals.push(principal);
        }
    }
    Ok(principals)
}

/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeVpcEndpointServicePermissions.html>
pub(crate) fn describe(
    world: &World,
    call: &Call,
    request: &ec2::DescribeVpcEndpointServicePermissionsRequest,
) -> Result<ec2::DescribeVpcEndpointServicePermissionsResult, Fault> {
    let ec2::DescribeVpcEndpointServicePermissionsRequest {
        dry_run: _,
        filters,
        max_results,
        next_token,
        service_id,
    } = request;
    filter::known(filters, &["permission-type", "principal", "principal-type"])?;
    let service = endpoint_service::find(world, call, service_id)?;
    let mut all: Vec<&Permission> = service.permissions.iter().collect();
    all.sort_by_key(|entry| entry.id);
    let values = |entry: &&Permission, name: &str| {
        Some(vec![match name {
            "permission-type" => "vpc-endpoint".into(),
            "principal" => entry.principal.arn(),
            "principal-type" => entry.principal.kind().into(),
            _ => return None,
        }])
    };
    let found = filter::apply(all, filters, values, |entry| Some(&entry.tags))?;
    let (given, next_token) = page(
        found,
        |entry| entry.id.to_string(),
        *max_results,
        next_token.as_deref(),
        (1, 1_000),
        false,
    )?;
    let wire = |entry: &Permission| ec2::AllowedPrincipal {
        principal: Some(entry.principal.arn()),
        principal_type: Some(entry.principal.kind().into()),
        service_id: Some(service.id.to_string()),
        service_permission_id: Some(entry.id.to_string()),
        tags: tags::ec2(&entry.tags),
    };
    Ok(ec2::DescribeVpcEndpointServicePermissionsResult {
        allowed_principals: given.into_iter().map(wire).collect(),
        next_token,
    })
}

/// The service of the caller's that has this entry.
pub(crate) fn find<'a>(
    world: &'a World,
    call: &Call,
    text: &str,
) -> Result<(&'a Arc<EndpointService>, PermissionId), Fault> {
    const STEM: &str = "VpcEndpointServicePermissionId";
    let id: PermissionId = parse_id(STEM, text)?;
    let has = |service: &&Arc<EndpointService>| service.permissions.iter().any(|it| it.id == id);
    let mut mine = world.owned::<EndpointService>(call.account);
    let found = mine.find(has).ok_or_else(|| not_found(STEM, id))?;
    Ok((found, id))
}

#[cfg(test)]
mod tests;
