//! Network interfaces: workloads' own, made here, and those of endpoints, load balancers and NAT
//! gateways, which are only listed here.

mod list;

use core::net::Ipv4Addr;
use std::sync::Arc;

use aws::{Fault, ec2};
use model::id::InterfaceId;
use model::interface::{Interface, Role};
use model::net::Mac;
use model::subnet::Subnet;
use model::world::{Change, Name, World};

use super::{Call, Decision, not_found, parse_id, security_group, subnet, tags, unsupported};
use list::wire;

pub(crate) use list::describe;

/// The stem of interface ids in error codes.
pub(crate) const STEM: &str = "NetworkInterfaceID";
const CREATE: &str = "CreateNetworkInterface";

/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateNetworkInterface.html>
pub(crate) fn create(
    world: &World,
    call: &Call,
    request: &ec2::CreateNetworkInterfaceRequest,
) -> Result<Decision<ec2::CreateNetworkInterfaceResult>, Fault> {
    let ec2::CreateNetworkInterfaceRequest {
        client_token,
        connection_tracking_specification,
        description,
        dry_run: _,
        enable_primary_ipv6,
        groups,
        interface_type,
        ipv4_prefix_count,
        ipv4_prefixes,
        ipv6_address_count,
        ipv6_addresses,
        ipv6_prefix_count,
        ipv6_prefixes,
        operator,
        private_ip_address,
        private_ip_addresses,
        secondary_private_ip_address_count,
        subnet_id,
        tag_specifications,
    } = request;
    let some = |count: &Option<i32>| count.is_some_and(|count| count != 0);
    unsupported(&[
        (
            "ConnectionTrackingSpecification",
            connection_tracking_specification.is_some(),
        ),
        ("EnablePrimaryIpv6", *enable_primary_ipv6 == Some(true)),
        ("Ipv4PrefixCount", some(ipv4_prefix_count)),
        ("Ipv4Prefix", !ipv4_prefixes.is_empty()),
        ("Ipv6AddressCount", some(ipv6_address_count)),
        ("Ipv6Addresses", !ipv6_addresses.is_empty()),
        ("Ipv6PrefixCount", some(ipv6_prefix_count)),
        ("Ipv6Prefix", !ipv6_prefixes.is_empty()),
        ("Operator", operator.is_some()),
        (
            "SecondaryPrivateIpAddressCount",
            some(secondary_private_ip_address_count),
        ),
    ])?;
    if let Some(other) = interface_type
        .as_deref()
        .filter(|kind| *kind != "interface")
    {
        unsupported(&[(&format!("InterfaceType={other}"), true)])?;
    }
    let token = client_token.as_deref();
    let reply = |interface: &Interface| ec2::CreateNetworkInterfaceResult {
        client_token: client_token.clone(),
        network_interface: Some(wire(world, call, interface)),
    };
    if let Some(earlier) = call.replayed(world, CREATE, token, request)? {
        return Ok(Decision::unchanged(reply(find_ref(world, call, &earlier)?)));
    }
    let subnet = subnet::find_ref(world, call, subnet_id)?;
    let vpc = world.vpc(call.account, subnet.vpc);
    let vpc = vpc.ok_or_else(|| Fault::internal(format!("{} has no VPC", subnet.id)))?;
    let groups = security_group::groups_of_vpc(world, call, vpc, groups)?;
    let asked = primary(private_ip_address.as_deref(), private_ip_addresses)?;
    let description = description.clone().unwrap_or_default();
    if description.chars().count() > 255 {
        return Err(Fault::invalid_value(
            "Description",
            &description,
            "give at most 255 characters",
        ));
    }
    let interface = Interface {
        id: call.id(),
        owner: call.account,
        vpc: subnet.vpc,
        subnet: subnet.id,
        ip: address(world, subnet, asked)?,
        mac: Mac::local(call.bytes()),
        description,
        groups,
        role: Role::Workload {
            slot: world.free_eni_slot(),
            attachment: None,
        },
        created: call.now,
        tags: tags::on_create(tag_specifications, "network-interface")?,
    };
    let reply = reply(&interface);
    let remembered = call.remember(CREATE, token, request, &interface.id);
    let mut changes = vec![interface.into()];
    changes.extend(remembered);
    Ok(Decision { reply, changes })
}

/// The address that the request names: alone, or as the only one of a list.
fn primary<'a>(
    alone: Option<&'a str>,
    list: &'a [ec2::PrivateIpAddressSpecification],
) -> Result<Option<&'a str>, Fault> {
    match (alone, list) {
        (alone, []) => Ok(alone),
        (Some(_), _) => Err(Fault::bad_request(
            "InvalidParameterCombination",
            "PrivateIpAddress cannot be used together with PrivateIpAddresses; give one of them",
        )),
        (None, [one]) if one.primary != Some(false) => {
            let ec2::PrivateIpAddressSpecification {
                primary: _, // the only one is
                private_ip_address,
            } = one;
            Ok(private_ip_address.as_deref())
        }
        (None, _) => {
            unsupported(&[("PrivateIpAddresses with secondary addresses", true)]).map(|()| None)
        }
    }
}

/// The address that is asked for, or the lowest free one.
pub(crate) fn address(
    world: &World,
    subnet: &Subnet,
    asked: Option<&str>,
) -> Result<Ipv4Addr, Fault> {
    let Some(text) = asked else {
        return world.free_address(subnet, &[]).ok_or_else(|| {
            Fault::bad_request(
                "InsufficientFreeAddressesInSubnet",
                format!(
                    "There are not enough free addresses in subnet '{}' ({}) for one more; delete a network interface, or use another subnet",
                    subnet.id, subnet.cidr
                ),
            )
        });
    };
    let ip: Ipv4Addr = text.parse().map_err(|_| {
        Fault::invalid_value(
            "PrivateIpAddress",
            text,
            "give an IPv4 address of the subnet",
        )
    })?;
    if !subnet.can_hold(ip) {
        let why = if subnet.cidr.contains(&ip) {
            format!(
                "it is reserved, as the first four and the last address of {} of subnet '{}' are; choose another",
                subnet.cidr, subnet.id
            )
        } else {
            format!(
                "it does not fall within {} of subnet '{}'; choose one in there",
                subnet.cidr, subnet.id
            )
        };
        return Err(Fault::invalid_value("PrivateIpAddress", text, &why));
    }
    if let Some(other) = world.interfaces_of(subnet.id).find(|other| other.ip == ip) {
        return Err(Fault::bad_request(
            "InvalidIPAddress.InUse",
            format!(
                "Address {ip} is in use by '{}'; choose another, or leave PrivateIpAddress out",
                other.id
            ),
        ));
    }
    Ok(ip)
}

/// Removes a workload's interface that is not attached.
/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DeleteNetworkInterface.html>
pub(crate) fn delete(
    world: &World,
    call: &Call,
    request: &ec2::DeleteNetworkInterfaceRequest,
) -> Result<Decision<()>, Fault> {
    let ec2::DeleteNetworkInterfaceRequest {
        dry_run: _,
        network_interface_id,
    } = request;
    let interface = find_ref(world, call, network_interface_id)?;
    let id = interface.id;
    let managed = |by: String| {
        Err(Fault::bad_request(
            "OperationNotPermitted",
            format!("The network interface '{id}' is managed by {by}; delete that instead"),
        ))
    };
    match &interface.role {
        Role::Endpoint { endpoint, .. } => managed(format!("the VPC endpoint '{endpoint}'")),
        Role::NatGateway { gateway } => managed(format!("the NAT gateway '{gateway}'")),
        Role::LoadBalancer { balancer } => {
            let known = world.load_balancers.get(balancer);
            let name = known.map_or_else(|| balancer.to_string(), |known| known.name.clone());
            managed(format!("the load balancer '{name}'"))
        }
        Role::Workload {
            attachment: Some(attachment),
            ..
        } => Err(Fault::bad_request(
            "InvalidNetworkInterface.InUse",
            format!(
                "The network interface '{id}' is attached to {} as {}; run `ginnel detach {id}` first",
                attachment.namespace, attachment.device
            ),
        )),
        // A target group may still name it: its target is unhealthy then, as in AWS.
        Role::Workload {
            attachment: None, ..
        } => Ok(Decision {
            reply: (),
            changes: vec![Change::Remove(Name::Interface(id))],
        }),
    }
}

/// The caller's interface with this id.
pub(crate) fn find_ref<'a>(
    world: &'a World,
    call: &Call,
    text: &str,
) -> Result<&'a Arc<Interface>, Fault> {
    let id: InterfaceId = parse_id(STEM, text)?;
    world
        .interface(call.account, id)
        .ok_or_else(|| not_found(STEM, id))
}

#[cfg(test)]
mod tests;
