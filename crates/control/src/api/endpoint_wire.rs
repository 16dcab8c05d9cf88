//! Endpoints in AWS's form, and what AWS's forms of them share.

use aws::{Fault, ec2};
use model::endpoint::Endpoint;
use model::interface::Interface;
use model::place::Zone;
use model::world::World;

use super::{Call, refusal, tags};

/// AWS's hosted zone of the names of endpoints.
const HOSTED_ZONE: &str = "Z7HUB22UULQXV";

/// What every endpoint without a policy of its own shows.
const DEFAULT_POLICY: &str = "{\n  \"Statement\": [\n    {\n      \"Action\": \"*\", \n      \"Effect\": \"Allow\", \n      \"Principal\": \"*\", \n      \"Resource\": \"*\"\n    }\n  ]\n}";

/// One of a call's items that could not be done.
pub(crate) fn unsuccessful(id: &str, fault: Fault) -> ec2::UnsuccessfulItem {
    ec2::UnsuccessfulItem {
        resource_id: Some(id.to_owned()),
        error: Some(ec2::UnsuccessfulItemError {
            code: Some(fault.code.into_owned()),
            message: Some(fault.message),
        }),
    }
}

/// `com.amazonaws.vpce.REGION.ID`; a service that is gone keeps its name here.
pub(crate) fn service_name(call: &Call, endpoint: &Endpoint) -> String {
    format!("com.amazonaws.vpce.{}.{}", call.region, endpoint.service)
}

/// The ENIs of an endpoint, in its order.
pub(crate) fn interfaces<'a>(
    world: &'a World,
    endpoint: &'a Endpoint,
) -> impl Iterator<Item = &'a Interface> {
    let ids = endpoint.interfaces.iter();
    ids.filter_map(|id| world.interfaces.get(id).map(AsRef::as_ref))
}

/// The zones of an endpoint, in its order.
pub(crate) fn zones(world: &World, endpoint: &Endpoint) -> Vec<Zone> {
    interfaces(world, endpoint)
        .filter_map(|eni| world.subnets.get(&eni.subnet))
        .map(|subnet| subnet.zone)
        .collect()
}

/// The regional name, then one a zone (AWS.md 7.2).
pub(crate) fn dns_entries(world: &World, call: &Call, endpoint: &Endpoint) -> Vec<ec2::DnsEntry> {
    let region = &call.region;
    let base = format!("{}.{region}.vpce.amazonaws.com", endpoint.service);
    let first = format!("{}-{}", endpoint.id, endpoint.dns_suffix);
    let zones = zones(world, endpoint).into_iter();
    let zonal = zones.map(|zone| format!("{first}-{}.{base}", zone.name(region)));
    std::iter::once(format!("{first}.{base}"))
        .chain(zonal)
        .map(|name| ec2::DnsEntry {
            dns_name: Some(name),
            hosted_zone_id: Some(HOSTED_ZONE.into()),
        })
        .collect()
}

/// An endpoint as its owner sees it.
pub(crate) fn wire(world: &World, call: &Call, endpoint: &Endpoint) -> ec2::VpcEndpoint {
    let groups = endpoint
        .groups
        .iter()
        .map(|id| ec2::SecurityGroupIdentifier {
            group_id: Some(id.to_string()),
            group_name: world
                .security_groups
                .get(id)
                .map(|group| group.name.clone()),
        });
    ec2::VpcEndpoint {
        creation_timestamp: Some(call.iso(endpoint.provisioning.requested)),
        dns_entries: dns_entries(world, call, endpoint),
        dns_options: Some(ec2::DnsOptions {
            dns_record_ip_type: Some("ipv4".into()),
            ..ec2::DnsOptions::default()
        }),
        groups: groups.collect(),
        ip_address_type: Some("ipv4".into()),
        network_interface_ids: endpoint
            .interfaces
            .iter()
            .map(ToString::to_string)
            .collect(),
        owner_id: Some(endpoint.owner.to_string()),
        policy_document: Some(DEFAULT_POLICY.into()),
        private_dns_enabled: Some(false),
        requester_managed: Some(false),
        service_name: Some(service_name(call, endpoint)),
        service_region: Some(call.region.clone()),
        state: Some(refusal::state_name(endpoint.state).into()),
        subnet_ids: interfaces(world, endpoint)
            .map(|eni| eni.subnet.to_string())
            .collect(),
        tags: tags::ec2(&endpoint.tags),
        vpc_endpoint_id: Some(endpoint.id.to_string()),
        vpc_endpoint_type: Some("Interface".into()),
        vpc_id: Some(endpoint.vpc.to_string()),
        ..ec2::VpcEndpoint::default()
    }
}
