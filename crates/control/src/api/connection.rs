//! Connections: endpoints from the side of the service's provider.

use std::sync::Arc;

use aws::{Fault, ec2};
use model::endpoint::{Endpoint, Event};
use model::id::EndpointId;
use model::world::{Change, World};

use super::page::page;
use super::{Call, Decision, endpoint, endpoint_service, endpoint_wire, filter, parse_id, refusal};

/// Ids of one call (AWS.md 10).
const MAX_IDS: usize = 50;

/// Opens connections that wait, and those that were rejected.
/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_AcceptVpcEndpointConnections.html>
pub(crate) fn accept(
    world: &World,
    call: &Call,
    request: &ec2::AcceptVpcEndpointConnectionsRequest,
) -> Result<Decision<ec2::AcceptVpcEndpointConnectionsResult>, Fault> {
    let ec2::AcceptVpcEndpointConnectionsRequest {
        dry_run: _,
        service_id,
        vpc_endpoint_ids,
    } = request;
    let (unsuccessful, changes) = each(world, call, service_id, vpc_endpoint_ids, Event::Accept)?;
    Ok(Decision {
        reply: ec2::AcceptVpcEndpointConnectionsResult { unsuccessful },
        changes,
    })
}

/// Closes connections: those that wait, and those that were accepted.
/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_RejectVpcEndpointConnections.html>
pub(crate) fn reject(
    world: &World,
    call: &Call,
    request: &ec2::RejectVpcEndpointConnectionsRequest,
) -> Result<Decision<ec2::RejectVpcEndpointConnectionsResult>, Fault> {
    let ec2::RejectVpcEndpointConnectionsRequest {
        dry_run: _,
        service_id,
        vpc_endpoint_ids,
    } = request;
    let (unsuccessful, changes) = each(world, call, service_id, vpc_endpoint_ids, Event::Reject)?;
    Ok(Decision {
        reply: ec2::RejectVpcEndpointConnectionsResult { unsuccessful },
        changes,
    })
}

/// Moves each endpoint on; those that cannot be are told one by one.
fn each(
    world: &World,
    call: &Call,
    service_id: &str,
    texts: &[String],
    event: Event,
) -> Result<(Vec<ec2::UnsuccessfulItem>, Vec<Change>), Fault> {
    let service = endpoint_service::find(world, call, service_id)?.id;
    if texts.is_empty() || texts.len() > MAX_IDS {
        return Err(Fault::bad_request(
            "InvalidParameterValue",
            format!(
                "VpcEndpointId has {} values; give 1 to {MAX_IDS}",
                texts.len()
            ),
        ));
    }
    let mut ids: Vec<EndpointId> = Vec::new();
    for text in texts {
        let id = parse_id(endpoint::STEM, text)?;
        if !ids.contains(&id) {
            ids.push(id);
        }
    }
    let (mut unsuccessful, mut changes) = (Vec::new(), Vec::new());
    for id in ids {
        let found = world.endpoints.get(&id);
        // Another service's endpoint does not exist.
        let moved = match found.filter(|endpoint| endpoint.service == service) {
            None => Err(endpoint::absent(id)),
            Some(found) => {
                let mut next = Endpoint::clone(found);
                next.on(event, call.revision, call.now)
                    .map(|()| next)
                    .map_err(|refused| refusal::endpoint(id, refused))
            }
        };
        match moved {
            Ok(next) => changes.push(next.into()),
            Err(fault) => unsuccessful.push(endpoint_wire::unsuccessful(&id.to_string(), fault)),
        }
    }
    Ok((unsuccessful, changes))
}

/// The connections of the caller's services.
/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeVpcEndpointConnections.html>
pub(crate) fn describe(
    world: &World,
    call: &Call,
    request: &ec2::DescribeVpcEndpointConnectionsRequest,
) -> Result<ec2::DescribeVpcEndpointConnectionsResult, Fault> {
    let ec2::DescribeVpcEndpointConnectionsRequest {
        dry_run: _,
        filters,
        max_results,
        next_token,
    } = request;
    let names = [
        "ip-address-type",
        "service-id",
        "transit-gateway-attachment-id",
        "vpc-endpoint-id",
        "vpc-endpoint-owner",
        "vpc-endpoint-region",
        "vpc-endpoint-state",
    ];
    filter::known(filters, &names)?;
    let all = world.endpoints.values();
    let mine = all.filter(|it| world.service(call.account, it.service).is_some());
    let values = |endpoint: &&Arc<Endpoint>, name: &str| {
        Some(vec![match name {
            "ip-address-type" => "ipv4".into(),
            "service-id" => endpoint.service.to_string(),
            "transit-gateway-attachment-id" => return Some(Vec::new()),
            "vpc-endpoint-id" => endpoint.id.to_string(),
            "vpc-endpoint-owner" => endpoint.owner.to_string(),
            "vpc-endpoint-region" => call.region.clone(),
            "vpc-endpoint-state" => refusal::state_name(endpoint.state).into(),
            _ => return None,
        }])
    };
    // An endpoint's tags are its consumer's.
    let found = filter::apply(mine.collect(), filters, values, |_| None)?;
    let (given, next_token) = page(
        found,
        |endpoint| endpoint.id.to_string(),
        *max_results,
        next_token.as_deref(),
        (5, 1_000),
        false,
    )?;
    Ok(ec2::DescribeVpcEndpointConnectionsResult {
        next_token,
        vpc_endpoint_connections: given
            .into_iter()
            .map(|endpoint| wire(world, call, endpoint))
            .collect(),
    })
}

fn wire(world: &World, call: &Call, endpoint: &Endpoint) -> ec2::VpcEndpointConnection {
    let service = world.services.get(&endpoint.service);
    ec2::VpcEndpointConnection {
        creation_timestamp: Some(call.iso(endpoint.provisioning.requested)),
        dns_entries: endpoint_wire::dns_entries(world, call, endpoint),
        ip_address_type: Some("ipv4".into()),
        network_load_balancer_arns: service
            .map(|service| endpoint_service::balancer_arns(world, call, service))
            .unwrap_or_default(),
        service_id: Some(endpoint.service.to_string()),
        vpc_endpoint_id: Some(endpoint.id.to_string()),
        vpc_endpoint_owner: Some(endpoint.owner.to_string()),
        vpc_endpoint_region: Some(call.region.clone()),
        vpc_endpoint_state: Some(refusal::state_name(endpoint.state).into()),
        ..ec2::VpcEndpointConnection::default()
    }
}

#[cfg(test)]
mod tests;
