//! Services as consumers see them: the AWS-managed ones, and those of providers that admit the
//! caller; the rest do not exist.

use std::collections::BTreeMap;
use std::sync::Arc;

use aws::{Fault, ec2};
use model::endpoint::{Managed, Service};
use model::endpoint_service::EndpointService;
use model::id::ServiceId;
use model::place::ZONES;
use model::tag::Tags;
use model::world::World;

use super::endpoint::Offer;
use super::endpoint_service::{payer, zones};
use super::page::page_of;
use super::{Call, filter, service_name, tags, unsupported};

/// What a name leads to, if the caller may see it.
pub(crate) fn resolve<'a>(world: &'a World, call: &Call, name: &str) -> Result<Offer<'a>, Fault> {
    let managed = Managed::ALL.into_iter();
    let mut managed = managed.filter(|it| Service::Managed(*it).name(&call.region) == name);
    if let Some(managed) = managed.next() {
        return Ok(Offer::Managed(managed));
    }
    let service = id_in(call, name).and_then(|id| world.services.get(&id));
    let service = service.filter(|service| service.is_visible_to(call.account, &call.arn));
    service.map(Offer::Private).ok_or_else(|| {
        let [one, other] = Managed::ALL.map(|it| Service::Managed(it).name(&call.region));
        Fault::bad_request(
            "InvalidServiceName",
            format!(
                "The Vpc Endpoint Service '{name}' does not exist; names are {one}, {other}, or begin with {}vpce-svc-, and then the provider must allow {} to see the service",
                prefix(call),
                call.arn
            ),
        )
    })
}

fn prefix(call: &Call) -> String {
    format!("com.amazonaws.vpce.{}.", call.region)
}

/// The id in the name of a provider's service.
pub(crate) fn id_in(call: &Call, name: &str) -> Option<ServiceId> {
    name.strip_prefix(&prefix(call))?.parse().ok()
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
    let mut start: Vec<Offer<'_>> = if service_names.is_empty() {
        visible(world, call)
    } else {
        let find = |name: &String| resolve(world, call, name);
        service_names.iter().map(find).collect::<Result<_, _>>()?
    };
    start.sort_by_key(|offer| offer.id().name(&call.region));
    start.dedup_by_key(|offer| offer.id());
    let values = |offer: &Offer<'_>, name: &str| {
        Some(vec![match name {
            "owner" => owner(*offer),
            "service-name" => offer.id().name(&call.region),
            "service-region" => call.region.clone(),
            "service-type" => offer.kind().into(),
            "supported-ip-address-types" => "ipv4".into(),
            _ => return None,
        }])
    };
    let start = start.into_iter();
    let found = filter::passing(start, filters, values, |offer| own_tags(call, *offer))?;
    let (given, next_token) = page_of(
        found,
        |offer| offer.id().name(&call.region),
        *max_results,
        next_token.as_deref(),
        (1, 1_000),
        !service_names.is_empty(),
    )?;
    let names = given.iter().map(|offer| offer.id().name(&call.region));
    Ok(ec2::DescribeVpcEndpointServicesResult {
        next_token,
        service_names: names.collect(),
        service_details: given
            .into_iter()
            .map(|offer| match offer {
                Offer::Private(service) => wire(world, call, service),
                Offer::Managed(managed) => wire_managed(call, managed),
            })
            .collect(),
    })
}

/// Everything that the caller may see, by the index: its own services, those that admit its
/// account or a user or role of it, and those that admit everybody.
fn visible<'a>(world: &'a World, call: &Call) -> Vec<Offer<'a>> {
    let own = world.owned::<EndpointService>(call.account);
    let named = world.mentioning(call.account);
    let all = own.chain(named).chain(world.public());
    let seen = all.filter(|service| service.is_visible_to(call.account, &call.arn));
    let seen: BTreeMap<ServiceId, &Arc<EndpointService>> =
        seen.map(|service| (service.id, service)).collect();
    let managed = Managed::ALL.into_iter().map(Offer::Managed);
    managed
        .chain(seen.into_values().map(Offer::Private))
        .collect()
}

fn owner(offer: Offer<'_>) -> String {
    match offer {
        Offer::Private(service) => service.owner.to_string(),
        Offer::Managed(_) => "amazon".into(),
    }
}

/// A provider's tags are the provider's.
fn own_tags<'a>(call: &Call, offer: Offer<'a>) -> Option<&'a Tags> {
    match offer {
        Offer::Private(service) => Some(&service.tags).filter(|_| service.owner == call.account),
        Offer::Managed(_) => None,
    }
}

fn wire(world: &World, call: &Call, service: &Arc<EndpointService>) -> ec2::ServiceDetail {
    let region = &call.region;
    let zones = zones(world, service);
    let own_tags = own_tags(call, Offer::Private(service));
    let private = service.private_name.as_ref();
    let names = private.map(|private| ec2::PrivateDnsDetails {
        private_dns_name: Some(private.name.clone()),
    });
    ec2::ServiceDetail {
        acceptance_required: Some(service.acceptance_required),
        availability_zone_ids: zones.iter().map(|zone| zone.id(region)).collect(),
        availability_zones: zones.iter().map(|zone| zone.name(region)).collect(),
        base_endpoint_dns_names: vec![service.base_dns_name(region)],
        manages_vpc_endpoints: Some(false),
        owner: Some(service.owner.to_string()),
        payer_responsibility: payer(service),
        private_dns_name: private.map(|private| private.name.clone()),
        private_dns_name_verification_state: private
            .map(|private| service_name::state(private).into()),
        private_dns_names: names.into_iter().collect(),
        service_id: Some(service.id.to_string()),
        service_name: Some(service.name(region)),
        service_region: Some(region.clone()),
        service_type: vec![ec2::ServiceTypeDetail {
            service_type: Some("Interface".into()),
        }],
        supported_ip_address_types: vec!["ipv4".into()],
        tags: own_tags.map(tags::ec2).unwrap_or_default(),
        vpc_endpoint_policy_supported: Some(false),
    }
}

fn wire_managed(call: &Call, managed: Managed) -> ec2::ServiceDetail {
    let region = &call.region;
    ec2::ServiceDetail {
        acceptance_required: Some(false),
        availability_zone_ids: ZONES.iter().map(|zone| zone.id(region)).collect(),
        availability_zones: ZONES.iter().map(|zone| zone.name(region)).collect(),
        base_endpoint_dns_names: vec![format!("{}.{region}.amazonaws.com", managed.word())],
        manages_vpc_endpoints: Some(false),
        owner: Some("amazon".into()),
        service_id: Some(managed.id().to_string()),
        service_name: Some(Service::Managed(managed).name(region)),
        service_region: Some(region.clone()),
        service_type: vec![ec2::ServiceTypeDetail {
            service_type: Some("Gateway".into()),
        }],
        supported_ip_address_types: vec!["ipv4".into()],
        vpc_endpoint_policy_supported: Some(true),
        ..ec2::ServiceDetail::default()
    }
}
