//! What lists endpoints: by the index where a filter says enough.

use std::sync::Arc;

use aws::{Fault, ec2};
use model::endpoint::Endpoint;
use model::id::EndpointId;
use model::world::{Noun as _, World};

use super::endpoint_wire::{self, wire};
use super::page::page_of;
use super::{Call, endpoint, filter, refusal, select, service_catalog};

/// Filters besides tags (AWS.md 2.3).
const FILTERS: [&str; 7] = [
    "ip-address-type",
    "service-name",
    "service-region",
    "vpc-id",
    "vpc-endpoint-id",
    "vpc-endpoint-state",
    "vpc-endpoint-type",
];

/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeVpcEndpoints.html>
pub(crate) fn describe(
    world: &World,
    call: &Call,
    request: &ec2::DescribeVpcEndpointsRequest,
) -> Result<ec2::DescribeVpcEndpointsResult, Fault> {
    let ec2::DescribeVpcEndpointsRequest {
        dry_run: _,
        filters,
        max_results,
        next_token,
        vpc_endpoint_ids,
    } = request;
    filter::known(filters, &FILTERS)?;
    let values = |endpoint: &&Arc<Endpoint>, name: &str| {
        Some(vec![match name {
            "ip-address-type" => "ipv4".into(),
            "service-name" => endpoint.service.name(&call.region),
            "service-region" => call.region.clone(),
            "vpc-id" => endpoint.vpc.to_string(),
            "vpc-endpoint-id" => endpoint.id.to_string(),
            "vpc-endpoint-state" => refusal::state_name(endpoint.state).into(),
            "vpc-endpoint-type" => endpoint_wire::kind(endpoint).into(),
            _ => return None,
        }])
    };
    let start = start(world, call, vpc_endpoint_ids, filters)?;
    let found = filter::passing(start, filters, values, |endpoint| Some(&endpoint.tags))?;
    let (given, next_token) = page_of(
        found,
        |endpoint| endpoint.id.to_string(),
        max_results.map(|most| most.min(1_000)), // more is a thousand, as AWS does it
        next_token.as_deref(),
        (1, 1_000),
        !vpc_endpoint_ids.is_empty(),
    )?;
    Ok(ec2::DescribeVpcEndpointsResult {
        next_token,
        vpc_endpoints: given
            .into_iter()
            .map(|endpoint| wire(world, call, endpoint))
            .collect(),
    })
}

type Found<'a> = Box<dyn Iterator<Item = &'a Arc<Endpoint>> + 'a>;

/// The endpoints that can pass: those named by their ids, else those that an exact filter finds
/// in the index, else all of the caller's. In the order of their ids.
fn start<'a>(
    world: &'a World,
    call: &Call,
    ids: &[String],
    filters: &[ec2::Filter],
) -> Result<Found<'a>, Fault> {
    let mut found: Vec<&Arc<Endpoint>> = if !ids.is_empty() {
        let find = |text: &String| endpoint::find(world, call, text);
        ids.iter().map(find).collect::<Result<_, _>>()?
    } else if let Some(ids) = filter::exact(filters, "vpc-endpoint-id") {
        let ids = ids.iter().filter_map(|text| text.parse().ok());
        let find = |id: EndpointId| world.endpoint(call.account, id);
        ids.filter_map(find).collect()
    } else if let Some(vpcs) = filter::exact(filters, "vpc-id") {
        let vpcs = select::mine(world, call, vpcs).into_iter();
        vpcs.flat_map(|vpc| world.needing(vpc)).collect()
    } else if let Some((key, values)) = filters.iter().find_map(|filter| {
        let name = filter.name.as_deref()?;
        Some((name.strip_prefix("tag:")?, filter::exact(filters, name)?))
    }) {
        let tagged = |value: &'_ String| world.tagged(call.account, key, value);
        values.iter().flat_map(tagged).collect()
    } else if let Some(names) = filter::exact(filters, "service-name")
        && let Some(services) = private_services(call, names)
    {
        let services = services.into_iter();
        let all = services.flat_map(|service| world.mentioning::<Endpoint>(service));
        all.filter(|it| it.owner == call.account).collect()
    } else {
        return Ok(world.owned(call.account));
    };
    found.sort_by_key(|endpoint| endpoint.name());
    found.dedup_by_key(|endpoint| endpoint.id);
    Ok(Box::new(found.into_iter()))
}

/// The ids in these names, if all are names of private services: the others are in no index.
fn private_services(call: &Call, names: &[String]) -> Option<Vec<model::id::ServiceId>> {
    let ids = names.iter().map(|name| service_catalog::id_in(call, name));
    ids.collect()
}

/// The resources behind endpoints of the types Resource and ServiceNetwork: an endpoint of
/// another type has none.
/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeVpcEndpointAssociations.html>
pub(crate) fn associations(
    world: &World,
    call: &Call,
    request: &ec2::DescribeVpcEndpointAssociationsRequest,
) -> Result<ec2::DescribeVpcEndpointAssociationsResult, Fault> {
    let ec2::DescribeVpcEndpointAssociationsRequest {
        dry_run: _,
        filters,
        max_results,
        next_token,
        vpc_endpoint_ids,
    } = request;
    let names = [
        "associated-resource-accessibility",
        "associated-resource-id",
        "association-id",
        "resource-configuration-group-arn",
        "service-network-arn",
        "vpc-endpoint-id",
    ];
    filter::known(filters, &names)?;
    for text in vpc_endpoint_ids {
        endpoint::find(world, call, text)?;
    }
    let none = std::iter::empty::<ec2::VpcEndpointAssociation>();
    let found = filter::passing(none, filters, |_, _| None, |_| None)?;
    let (vpc_endpoint_associations, next_token) = page_of(
        found,
        |_| String::new(),
        *max_results,
        next_token.as_deref(),
        (1, 100),
        false,
    )?;
    Ok(ec2::DescribeVpcEndpointAssociationsResult {
        next_token,
        vpc_endpoint_associations,
    })
}

#[cfg(test)]
mod tests;
