//! Changes to an endpoint: its subnets, security groups and route tables, its policy and DNS.

use std::net::Ipv4Addr;

use aws::{Fault, ec2};
use model::endpoint::{Endpoint, Managed, Service, State};
use model::endpoint_service::EndpointService;
use model::id::SecurityGroupId;
use model::interface::Interface;
use model::world::{Change, Name, World};

use super::endpoint::{check_address_type, find, only_of_gateways, only_of_interfaces};
use super::endpoint_gateway::Tables;
use super::endpoint_subnets::{Place, check_zones, interfaces, places};
use super::{Call, Decision, endpoint_dns, endpoint_policy, endpoint_wire, security_group, vpc};

/// An open endpoint stays open, and a new ENI opens with it.
/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ModifyVpcEndpoint.html>
pub(crate) fn modify(
    world: &World,
    call: &Call,
    request: &ec2::ModifyVpcEndpointRequest,
) -> Result<Decision<ec2::ModifyVpcEndpointResult>, Fault> {
    let ec2::ModifyVpcEndpointRequest {
        add_route_table_ids,
        add_security_group_ids,
        add_subnet_ids,
        dns_options,
        dry_run: _,
        ip_address_type,
        policy_document,
        private_dns_enabled,
        remove_route_table_ids,
        remove_security_group_ids,
        remove_subnet_ids,
        reset_policy,
        subnet_configurations,
        vpc_endpoint_id,
    } = request;
    check_address_type(ip_address_type.as_deref())?;
    let old = find(world, call, vpc_endpoint_id)?;
    if old.state == State::Deleting {
        return Err(Fault::bad_request(
            "InvalidState",
            format!(
                "The VPC endpoint '{}' is in the state deleting and cannot be modified; make a new one",
                old.id
            ),
        ));
    }
    let mut endpoint = Endpoint::clone(old);
    match (policy_document, reset_policy) {
        (Some(_), Some(true)) => {
            return Err(Fault::bad_request(
                "InvalidParameterCombination",
                "PolicyDocument and ResetPolicy=true cannot be given together; leave one out",
            ));
        }
        (Some(text), _) => endpoint.policy = endpoint_policy::stored(call, old.service, text)?,
        (None, Some(true)) => endpoint.policy = None,
        (None, Some(false) | None) => {}
    }
    let vpc = vpc::find_ref(world, call, &old.vpc.to_string())?;
    let private = private_dns_enabled.unwrap_or(old.private_name.is_some());
    let records = endpoint_dns::records(
        dns_options.as_ref(),
        old.service,
        vpc,
        private,
        &call.region,
    )?;
    endpoint.dns_records = records.unwrap_or(old.dns_records);
    let mut changes = match old.service {
        Service::Managed(managed) => {
            only_of_interfaces(&[
                ("AddSecurityGroupId", !add_security_group_ids.is_empty()),
                ("AddSubnetId", !add_subnet_ids.is_empty()),
                ("PrivateDnsEnabled=true", private),
                (
                    "RemoveSecurityGroupId",
                    !remove_security_group_ids.is_empty(),
                ),
                ("RemoveSubnetId", !remove_subnet_ids.is_empty()),
                ("SubnetConfiguration", !subnet_configurations.is_empty()),
            ])?;
            routes(world, call, old, managed, request)?
        }
        Service::Private(_) => {
            only_of_gateways(&[
                ("AddRouteTableId", !add_route_table_ids.is_empty()),
                ("RemoveRouteTableId", !remove_route_table_ids.is_empty()),
            ])?;
            endpoint.private_name = match private_dns_enabled {
                Some(true) => {
                    let service = service(world, call, old)?;
                    let name = endpoint_dns::private_name(world, call, vpc, service, Some(old))?;
                    Some(name)
                }
                Some(false) => None,
                None => endpoint.private_name,
            };
            endpoint.groups = groups(
                world,
                call,
                old,
                add_security_group_ids,
                remove_security_group_ids,
            )?;
            enis(world, call, old, &mut endpoint, request)?
        }
    };
    if endpoint != **old {
        changes.push(endpoint.into());
    }
    Ok(Decision {
        reply: ec2::ModifyVpcEndpointResult {
            r#return: Some(true),
        },
        changes,
    })
}

/// The route tables of a gateway after a change.
fn routes(
    world: &World,
    call: &Call,
    endpoint: &Endpoint,
    service: Managed,
    request: &ec2::ModifyVpcEndpointRequest,
) -> Result<Vec<Change>, Fault> {
    let (add, remove) = (
        &request.add_route_table_ids,
        &request.remove_route_table_ids,
    );
    if let Some(both) = add.iter().find(|text| remove.contains(text)) {
        return Err(Fault::bad_request(
            "InvalidParameterCombination",
            format!(
                "The route table '{both}' is in AddRouteTableId and in RemoveRouteTableId; leave it out of one"
            ),
        ));
    }
    let mut tables = Tables::default();
    tables.remove(world, call, endpoint, remove)?;
    tables.add(world, call, endpoint, service, add)?;
    Ok(tables.changes(world).collect())
}

/// The ENIs of an endpoint after a change: those that go, those with other groups, new ones.
fn enis(
    world: &World,
    call: &Call,
    old: &Endpoint,
    endpoint: &mut Endpoint,
    request: &ec2::ModifyVpcEndpointRequest,
) -> Result<Vec<Change>, Fault> {
    let (mut kept, mut gone): (Vec<&Interface>, Vec<&Interface>) = (Vec::new(), Vec::new());
    let removed = places(world, call, old.vpc, &request.remove_subnet_ids, &[])?;
    for eni in endpoint_wire::interfaces(world, old) {
        let leaves = removed.iter().any(|(subnet, _)| subnet.id == eni.subnet);
        if leaves { &mut gone } else { &mut kept }.push(eni);
    }
    if let Some((stranger, _)) = removed
        .iter()
        .find(|(subnet, _)| !gone.iter().any(|eni| eni.subnet == subnet.id))
    {
        return Err(Fault::invalid_value(
            "RemoveSubnetId",
            &stranger.id.to_string(),
            &format!("it is not a subnet of {}", old.id),
        ));
    }
    let (add, configurations) = (&request.add_subnet_ids, &request.subnet_configurations);
    let wanted = places(world, call, old.vpc, add, configurations)?;
    let added = new_places(&kept, wanted)?;
    if kept.is_empty() && added.is_empty() {
        return Err(Fault::bad_request(
            "InvalidParameter",
            format!(
                "The VPC endpoint '{}' must keep at least one subnet; add another in the same call, or delete the endpoint",
                old.id
            ),
        ));
    }
    check_added(world, call, old, &kept, &added)?;
    let made = interfaces(world, call, endpoint, &added)?;
    let ids = kept.iter().map(|eni| eni.id);
    endpoint.interfaces = ids.chain(made.iter().map(|eni| eni.id)).collect();
    let leaving = gone.iter().map(|eni| eni.id);
    let mut changes: Vec<Change> = leaving
        .map(|id| Change::Remove(Name::Interface(id)))
        .collect();
    for eni in kept {
        if eni.groups != endpoint.groups {
            let mut eni = eni.clone();
            eni.groups.clone_from(&endpoint.groups);
            changes.push(eni.into());
        }
    }
    changes.extend(made.into_iter().map(Change::from));
    Ok(changes)
}

/// The groups after a change; at least one stays.
fn groups(
    world: &World,
    call: &Call,
    endpoint: &Endpoint,
    add: &[String],
    remove: &[String],
) -> Result<Vec<SecurityGroupId>, Fault> {
    if add.is_empty() && remove.is_empty() {
        return Ok(endpoint.groups.clone());
    }
    let remains = |id: &&SecurityGroupId| !remove.contains(&id.to_string());
    for text in remove {
        if !endpoint.groups.iter().any(|id| id.to_string() == *text) {
            return Err(Fault::invalid_value(
                "RemoveSecurityGroupId",
                text,
                &format!("it is not a security group of {}", endpoint.id),
            ));
        }
    }
    let mut texts: Vec<String> = endpoint
        .groups
        .iter()
        .filter(remains)
        .map(ToString::to_string)
        .collect();
    for text in add {
        if !texts.contains(text) {
            texts.push(text.clone());
        }
    }
    if texts.is_empty() {
        return Err(Fault::bad_request(
            "InvalidParameter",
            format!(
                "The VPC endpoint '{}' must keep at least one security group; add another in the same call",
                endpoint.id
            ),
        ));
    }
    let vpc = super::vpc::find_ref(world, call, &endpoint.vpc.to_string())?;
    security_group::groups_of_vpc(world, call, vpc, &texts)
}

/// Those of the wanted subnets where no ENI is yet; an ENI that is there keeps its address.
fn new_places<'a>(kept: &[&Interface], wanted: Vec<Place<'a>>) -> Result<Vec<Place<'a>>, Fault> {
    let mut added = Vec::new();
    for (subnet, ip) in wanted {
        let here = kept.iter().find(|eni| eni.subnet == subnet.id);
        match (here.map(|eni| eni.ip), ip) {
            (None, _) => added.push((subnet, ip)),
            (Some(has), Some(wanted)) if has != wanted => return Err(moves(&wanted, &has)),
            (Some(_), _) => {}
        }
    }
    Ok(added)
}

fn moves(wanted: &Ipv4Addr, has: &Ipv4Addr) -> Fault {
    Fault::bad_request(
        "UnsupportedOperation",
        format!(
            "SubnetConfiguration.Ipv4={wanted}: the address of an ENI ({has}) cannot be changed by this version of Ginnel; remove the subnet with one call and add it with another"
        ),
    )
}

fn check_added(
    world: &World,
    call: &Call,
    endpoint: &Endpoint,
    kept: &[&Interface],
    added: &[Place<'_>],
) -> Result<(), Fault> {
    if added.is_empty() {
        return Ok(());
    }
    let service = service(world, call, endpoint)?;
    let zones: Vec<_> = kept
        .iter()
        .filter_map(|eni| world.subnets.get(&eni.subnet))
        .map(|subnet| subnet.zone)
        .collect();
    check_zones(world, call, service, endpoint.vpc, added, &zones)
}

/// The service of an endpoint; its provider may have deleted it.
fn service<'a>(
    world: &'a World,
    call: &Call,
    endpoint: &Endpoint,
) -> Result<&'a EndpointService, Fault> {
    let found = endpoint.provider().and_then(|id| world.services.get(&id));
    found.map(AsRef::as_ref).ok_or_else(|| {
        Fault::bad_request(
            "InvalidServiceName",
            format!(
                "The Vpc Endpoint Service '{}' does not exist any more; delete the endpoint",
                endpoint.service.name(&call.region)
            ),
        )
    })
}

#[cfg(test)]
mod tests;
