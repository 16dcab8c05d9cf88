//! Connections: endpoints from the side of the service's provider.

use std::sync::Arc;

use aws::{Fault, ec2};
use model::endpoint::{Endpoint, Event};
use model::endpoint_service::EndpointService;
use model::id::{ConnectionId, ConnectionKind, EndpointId, EndpointKind, Kind as _, ServiceId};
use model::world::{Change, World};

use super::page::page_of;
use super::{
    Call, Decision, endpoint, endpoint_dns, endpoint_service, endpoint_wire, filter, not_found,
    notification, parse_id, refusal, tags,
};

/// The stem of connection ids in error codes.
const STEM: &str = "VpcEndpointConnectionId";

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
        let moved = match found.filter(|endpoint| endpoint.provider() == Some(service)) {
            None => Err(endpoint::absent(id)),
            Some(found) => {
                let mut next = Endpoint::clone(found);
                next.on(event, call.revision, call.now)
                    .map(|effects| (next, effects))
                    .map_err(|refused| refusal::endpoint(id, refused))
            }
        };
        match moved {
            Ok((next, effects)) => {
                changes.extend(notification::tell(world, call, &next, effects));
                changes.push(next.into());
            }
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
    let values = |endpoint: &&Arc<Endpoint>, name: &str| {
        Some(vec![match name {
            "ip-address-type" => "ipv4".into(),
            "service-id" => provider(endpoint),
            "transit-gateway-attachment-id" => return Some(Vec::new()),
            "vpc-endpoint-id" => endpoint.id.to_string(),
            "vpc-endpoint-owner" => endpoint.owner.to_string(),
            "vpc-endpoint-region" => call.region.clone(),
            "vpc-endpoint-state" => refusal::state_name(endpoint.state).into(),
            _ => return None,
        }])
    };
    let start = start(world, call, filters).into_iter();
    // The tags of a connection are its provider's, those of the endpoint its consumer's.
    let found = filter::passing(start, filters, values, |it| Some(&it.connection_tags))?;
    let (given, next_token) = page_of(
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

/// The connections that can pass: those of the services that a filter names, the endpoints that
/// one names, else all of the caller's services. In the order of the endpoints' ids.
fn start<'a>(world: &'a World, call: &Call, filters: &[ec2::Filter]) -> Vec<&'a Arc<Endpoint>> {
    let mine = |service: &ServiceId| world.service(call.account, *service).is_some();
    let mut found: Vec<_> = if let Some(ids) = filter::exact(filters, "vpc-endpoint-id") {
        let ids = ids.iter().filter_map(|text| text.parse().ok());
        let found = ids.filter_map(|id: EndpointId| world.endpoints.get(&id));
        found
            .filter(|endpoint| endpoint.provider().as_ref().is_some_and(mine))
            .collect()
    } else if let Some(ids) = filter::exact(filters, "service-id") {
        let ids = ids.iter().filter_map(|text| text.parse().ok());
        ids.filter(mine)
            .flat_map(|service| world.mentioning(service))
            .collect()
    } else {
        let services = world.owned::<EndpointService>(call.account);
        services
            .flat_map(|service| world.mentioning(service.id))
            .collect()
    };
    found.sort_by_key(|endpoint| endpoint.id);
    found.dedup_by_key(|endpoint| endpoint.id);
    found
}

fn provider(endpoint: &Endpoint) -> String {
    endpoint.service.to_string()
}

/// The id of a connection: the endpoint's digits.
pub(crate) fn id(endpoint: &Endpoint) -> String {
    format!("{}{}", ConnectionKind::PREFIX, endpoint.id.digits())
}

/// The endpoint of a connection to one of the caller's services.
pub(crate) fn find<'a>(
    world: &'a World,
    call: &Call,
    text: &str,
) -> Result<&'a Arc<Endpoint>, Fault> {
    let id: ConnectionId = parse_id(STEM, text)?;
    let endpoint: Option<EndpointId> = format!("{}{}", EndpointKind::PREFIX, id.digits())
        .parse()
        .ok();
    let found = endpoint.and_then(|id| world.endpoints.get(&id));
    let mine = |endpoint: &&Arc<Endpoint>| {
        let service = endpoint.provider();
        service.is_some_and(|service| world.service(call.account, service).is_some())
    };
    found.filter(mine).ok_or_else(|| not_found(STEM, id))
}

fn wire(world: &World, call: &Call, endpoint: &Endpoint) -> ec2::VpcEndpointConnection {
    let service = endpoint.provider().and_then(|id| world.services.get(&id));
    ec2::VpcEndpointConnection {
        creation_timestamp: Some(call.iso(endpoint.provisioning.requested)),
        dns_entries: endpoint_dns::entries(world, call, endpoint),
        ip_address_type: Some("ipv4".into()),
        network_load_balancer_arns: service
            .map(|service| endpoint_service::balancer_arns(world, call, service))
            .unwrap_or_default(),
        service_id: Some(provider(endpoint)),
        tags: tags::ec2(&endpoint.connection_tags),
        vpc_endpoint_connection_id: Some(id(endpoint)),
        vpc_endpoint_id: Some(endpoint.id.to_string()),
        vpc_endpoint_owner: Some(endpoint.owner.to_string()),
        vpc_endpoint_region: Some(call.region.clone()),
        vpc_endpoint_state: Some(refusal::state_name(endpoint.state).into()),
        ..ec2::VpcEndpointConnection::default()
    }
}

#[cfg(test)]
mod tests;
