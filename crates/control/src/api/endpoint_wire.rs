//! Endpoints in AWS's form, and what AWS's forms of them share.

use aws::{Fault, ec2};
use model::endpoint::Endpoint;
use model::interface::Interface;
use model::place::Zone;
use model::world::World;

use super::{Call, endpoint_dns, endpoint_gateway, endpoint_policy, refusal, tags};

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

/// Letters and digits that nobody can guess.
pub(crate) fn letters<const N: usize>(call: &Call) -> String {
    const LETTERS: &[u8; 36] = b"abcdefghijklmnopqrstuvwxyz0123456789";
    let letter = |byte: u8| LETTERS.get(usize::from(byte) % 36).copied().unwrap_or(b'a');
    let bytes = call.bytes::<N>();
    bytes
        .into_iter()
        .map(|byte| char::from(letter(byte)))
        .collect()
}

/// AWS's name of the endpoint's type.
pub(crate) fn kind(endpoint: &Endpoint) -> &'static str {
    if endpoint.is_gateway() {
        "Gateway"
    } else {
        "Interface"
    }
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
    let policy = endpoint.policy.as_deref();
    let policy = policy.unwrap_or_else(|| endpoint_policy::default(endpoint.service));
    ec2::VpcEndpoint {
        creation_timestamp: Some(call.iso(endpoint.provisioning.requested)),
        dns_entries: endpoint_dns::entries(world, call, endpoint),
        dns_options: Some(ec2::DnsOptions {
            dns_record_ip_type: Some(endpoint_dns::records_name(endpoint.dns_records).into()),
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
        policy_document: Some(policy.to_owned()),
        private_dns_enabled: Some(endpoint.private_name.is_some()),
        requester_managed: Some(false),
        route_table_ids: endpoint_gateway::of(world, endpoint)
            .map(|table| table.id.to_string())
            .collect(),
        service_name: Some(endpoint.service.name(&call.region)),
        service_region: Some(call.region.clone()),
        state: Some(refusal::state_name(endpoint.state).into()),
        subnet_ids: interfaces(world, endpoint)
            .map(|eni| eni.subnet.to_string())
            .collect(),
        tags: tags::ec2(&endpoint.tags),
        vpc_endpoint_id: Some(endpoint.id.to_string()),
        vpc_endpoint_type: Some(kind(endpoint).into()),
        vpc_id: Some(endpoint.vpc.to_string()),
        ..ec2::VpcEndpoint::default()
    }
}
