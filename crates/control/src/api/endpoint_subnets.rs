//! The subnets of an endpoint: which are allowed, and the ENIs that are made in them.

use std::net::Ipv4Addr;
use std::sync::Arc;

use aws::{Fault, ec2};
use model::endpoint::Endpoint;
use model::endpoint_service::EndpointService;
use model::id::{SubnetId, VpcId};
use model::interface::{Interface, Role};
use model::net::Mac;
use model::place::Zone;
use model::subnet::Subnet;
use model::world::World;

use super::{Call, endpoint_service, not_found, parse_id, unsupported};

/// One subnet, and the address there if the caller wants a certain one.
pub(crate) type Place<'a> = (&'a Arc<Subnet>, Option<Ipv4Addr>);

/// The subnets of a request, each once, with the addresses of its SubnetConfigurations.
pub(crate) fn places<'a>(
    world: &'a World,
    call: &Call,
    vpc: VpcId,
    subnets: &[String],
    configurations: &[ec2::SubnetConfiguration],
) -> Result<Vec<Place<'a>>, Fault> {
    let mut places: Vec<Place<'a>> = Vec::new();
    let mut add = |text: &str, wanted: Option<Ipv4Addr>| {
        let subnet = find(world, call, vpc, text)?;
        match places.iter_mut().find(|(known, _)| known.id == subnet.id) {
            Some(place) => place.1 = wanted.or(place.1),
            None => places.push((subnet, wanted)),
        }
        Ok::<(), Fault>(())
    };
    for text in subnets {
        add(text, None)?;
    }
    for configuration in configurations {
        let ec2::SubnetConfiguration {
            ipv4,
            ipv6,
            subnet_id,
        } = configuration;
        unsupported(&[("SubnetConfiguration.Ipv6", ipv6.is_some())])?;
        let text = subnet_id.as_deref();
        let text = text.ok_or_else(|| Fault::missing("SubnetConfiguration.SubnetId"))?;
        let read = |text: &String| {
            let why = "give an IPv4 address of the subnet";
            text.parse()
                .map_err(|_| Fault::invalid_value("SubnetConfiguration.Ipv4", text, why))
        };
        add(text, ipv4.as_ref().map(read).transpose()?)?;
    }
    Ok(places)
}

fn find<'a>(
    world: &'a World,
    call: &Call,
    vpc: VpcId,
    text: &str,
) -> Result<&'a Arc<Subnet>, Fault> {
    let id: SubnetId = parse_id("SubnetID", text)?;
    let subnet = world.subnet(call.account, id);
    let subnet = subnet.ok_or_else(|| not_found("SubnetID", id))?;
    if subnet.vpc != vpc {
        return Err(Fault::bad_request(
            "InvalidParameter",
            format!(
                "The subnet '{id}' is in {}, not in {vpc}; give subnets of {vpc}",
                subnet.vpc
            ),
        ));
    }
    Ok(subnet)
}

/// Refuses zones that the service is not in, and a second subnet in one zone. `taken` are the
/// zones of subnets that the endpoint keeps.
pub(crate) fn check_zones(
    world: &World,
    call: &Call,
    service: &EndpointService,
    vpc: VpcId,
    places: &[Place<'_>],
    taken: &[Zone],
) -> Result<(), Fault> {
    let served = endpoint_service::zones(world, service);
    let mut taken = taken.to_vec();
    for (subnet, _) in places {
        if !served.contains(&subnet.zone) {
            return Err(elsewhere(world, call, service, vpc, subnet));
        }
        if taken.contains(&subnet.zone) {
            return Err(Fault::bad_request(
                "DuplicateSubnetsInSameZone",
                format!(
                    "Found another subnet in the availability zone {} of the subnet: {}; give one subnet a zone",
                    subnet.zone.name(&call.region),
                    subnet.id
                ),
            ));
        }
        taken.push(subnet.zone);
    }
    Ok(())
}

/// A subnet in a zone that the service is not in: says which zones would do, and which of the
/// VPC's subnets are there.
fn elsewhere(
    world: &World,
    call: &Call,
    service: &EndpointService,
    vpc: VpcId,
    subnet: &Subnet,
) -> Fault {
    let zone = |zone: Zone| format!("{} ({})", zone.name(&call.region), zone.id(&call.region));
    let served = endpoint_service::zones(world, service);
    let zones: Vec<String> = served.iter().map(|it| zone(*it)).collect();
    let there = world.needing::<Subnet>(vpc);
    let there = there.filter(|subnet| served.contains(&subnet.zone));
    let there: Vec<String> = there.map(|subnet| subnet.id.to_string()).collect();
    let there = match there.as_slice() {
        [] => format!("{vpc} has no subnet there yet"),
        [one] => format!("{one} of {vpc} is there"),
        _ => format!("{} of {vpc} are there", there.join(", ")),
    };
    Fault::bad_request(
        "InvalidParameter",
        format!(
            "The VPC endpoint service {} does not support the availability zone of the subnet: {} (in {}); give subnets in {}: {there}",
            service.name(&call.region),
            subnet.id,
            zone(subnet.zone),
            zones.join(", ")
        ),
    )
}

/// Makes the ENIs in these subnets.
pub(crate) fn interfaces(
    world: &World,
    call: &Call,
    endpoint: &Endpoint,
    places: &[Place<'_>],
) -> Result<Vec<Interface>, Fault> {
    let gates = world.free_gate_slots(places.len());
    places
        .iter()
        .zip(gates)
        .map(|((subnet, wanted), gate)| {
            Ok(Interface {
                id: call.id(),
                owner: endpoint.owner,
                vpc: endpoint.vpc,
                subnet: subnet.id,
                ip: address(world, subnet, *wanted)?,
                secondary: Vec::new(),
                source_check: true,
                mac: Mac::local(call.bytes()),
                description: format!("VPC Endpoint Interface {}", endpoint.id),
                groups: endpoint.groups.clone(),
                role: Role::Endpoint {
                    endpoint: endpoint.id,
                    gate,
                },
                created: call.now,
                tags: Default::default(),
            })
        })
        .collect()
}

/// The wanted address, or the lowest free one.
fn address(world: &World, subnet: &Subnet, wanted: Option<Ipv4Addr>) -> Result<Ipv4Addr, Fault> {
    let Some(ip) = wanted else {
        return world.free_address(subnet, &[]).ok_or_else(|| {
            Fault::bad_request(
                "InsufficientFreeAddressesInSubnet",
                format!(
                    "The subnet '{}' has no free address left; give another subnet of its zone",
                    subnet.id
                ),
            )
        });
    };
    if !subnet.can_hold(ip) {
        return Err(Fault::invalid_value(
            "SubnetConfiguration.Ipv4",
            &ip.to_string(),
            &format!(
                "it is not one of the usable addresses of {} ({}; the first four and the last are reserved)",
                subnet.id, subnet.cidr
            ),
        ));
    }
    if world.is_address_in_use(subnet.id, ip) {
        return Err(Fault::bad_request(
            "InvalidIPAddress.InUse",
            format!(
                "The address {ip} of {} is in use; give another, or none for a free one",
                subnet.id
            ),
        ));
    }
    Ok(ip)
}
