//! Endpoint services as consumers see them: those that admit the caller; the rest do not exist.

use std::sync::Arc;

use aws::{Fault, ec2};
use model::endpoint_service::EndpointService;
use model::id::ServiceId;
use model::world::World;

use super::endpoint_service::zones;
use super::page::page;
use super::{Call, filter, tags, unsupported};

/// The service with this name, if the caller may see it.
pub(crate) fn find<'a>(
    world: &'a World,
    call: &Call,
    name: &str,
) -> Result<&'a Arc<EndpointService>, Fault> {
    let prefix = format!("com.amazonaws.vpce.{}.", call.region);
    let id = name.strip_prefix(&prefix);
    let id: Option<ServiceId> = id.and_then(|id| id.parse().ok());
    let service = id.and_then(|id| world.services.get(&id));
    service
        .filter(|service| service.is_visible_to(call.account, &call.arn))
        .ok_or_else(|| {
            Fault::bad_request(
                "InvalidServiceName",
                format!(
                    "The Vpc Endpoint Service '{name}' does not exist; names begin with {prefix}vpce-svc-, and the provider must allow {} to see the service",
                    call.arn
                ),
            )
        })
}

/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeVpcEndpointServices.html>
pub(crate) fn describe(
    world: &World,
    call: &Call,
    request: &ec2::DescribeVpcEndpointServicesRequest,
) -> Result<ec2::DescribeVpcEndpointServicesResult, Fault> {
    let ec2::DescribeVpcEndpointServicesRequest {
        dry_run: _,
        filters,
        max_results,
        next_token,
        service_names,
        service_regions,
    } = request;
    unsupported(&[(
        "ServiceRegion (other than this one)",
        service_regions.iter().any(|region| *region != call.region),
    )])?;
    let names = [
        "owner",
        "service-name",
        "service-region",
        "service-type",
        "supported-ip-address-types",
    ];
    filter::known(filters, &names)?;
    let visible: Vec<_> = if service_names.is_empty() {
        let all = world.services.values();
        all.filter(|service| service.is_visible_to(call.account, &call.arn))
            .collect()
    } else {
        let find = |name: &String| find(world, call, name);
        service_names.iter().map(find).collect::<Result<_, _>>()?
    };
    let values = |service: &&Arc<EndpointService>, name: &str| {
        Some(vec![match name {
            "owner" => service.owner.to_string(),
            "service-name" => service.name(&call.region),
            "service-region" => call.region.clone(),
            "service-type" => "Interface".into(),
            "supported-ip-address-types" => "ipv4".into(),
            _ => return None,
        }])
    };
    // A provider's tags are the provider's.
    let mine = |service: &EndpointService| service.owner == call.account;
    let found = filter::apply(visible, filters, values, |service| {
        Some(&service.tags).filter(|_| mine(service))
    })?;
    let (given, next_token) = page(
        found,
        |service| service.id.to_string(),
        *max_results,
        next_token.as_deref(),
        (1, 1_000),
        !service_names.is_empty(),
    )?;
    Ok(ec2::DescribeVpcEndpointServicesResult {
        next_token,
        service_names: given.iter().map(|it| it.name(&call.region)).collect(),
        service_details: given
            .into_iter()
            .map(|service| wire(world, call, service))
            .collect(),
    })
}

fn wire(world: &World, call: &Call, service: &EndpointService) -> ec2::ServiceDetail {
    let region = &call.region;
    let zones = zones(world, service);
    let own_tags = (service.owner == call.account).then_some(&service.tags);
    ec2::ServiceDetail {
        acceptance_required: Some(service.acceptance_required),
        availability_zone_ids: zones.iter().map(|zone| zone.id(region)).collect(),
        availability_zones: zones.iter().map(|zone| zone.name(region)).collect(),
        base_endpoint_dns_names: vec![service.base_dns_name(region)],
        manages_vpc_endpoints: Some(false),
        owner: Some(service.owner.to_string()),
        service_id: Some(service.id.to_string()),
        service_name: Some(service.name(region)),
        service_region: Some(region.clone()),
        service_type: vec![ec2::ServiceTypeDetail {
            service_type: Some("Interface".into()),
        }],
        supported_ip_address_types: vec!["ipv4".into()],
        tags: own_tags.map(tags::ec2).unwrap_or_default(),
        vpc_endpoint_policy_supported: Some(false),
        ..ec2::ServiceDetail::default()
    }
}
