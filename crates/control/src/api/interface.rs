//! Network interfaces: workloads' own, made here, and those of endpoints, load balancers and NAT
//! gateways, which are only listed here.

mod addresses;
mod attribute;
mod list;

use core::net::Ipv4Addr;
use std::sync::Arc;

use aws::{Fault, ec2};
use model::address::Address;
use model::id::InterfaceId;
use model::interface::{Interface, Role};
use model::net::Mac;
use model::subnet::Subnet;
use model::world::{Change, Name, World};

use super::{
    Call, Decision, address, not_found, parse_id, quota, security_group, subnet, tags, unsupported,
};
use list::wire;

pub(crate) use addresses::{assign, read as read_address, unassign};
pub(crate) use attribute::{attach, describe_attribute, detach, modify, reset};
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
    let asked = addresses::Asked::read(
        private_ip_address.as_deref(),
        private_ip_addresses,
        *secondary_private_ip_address_count,
    )?;
    let description = check_description(description.as_deref())?;
    call.check_quota(
        &quota::INTERFACES,
        world.owned::<Interface>(call.account).count(),
        "NetworkInterfaceLimitExceeded",
        &format!("The account '{}'", call.account),
    )?;
    let (ip, secondary) = asked.find(world, subnet)?;
    let interface = Interface {
        id: call.id(),
        owner: call.account,
        vpc: subnet.vpc,
        subnet: subnet.id,
        ip,
        secondary,
        source_check: true,
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

/// A description, which may be empty.
fn check_description(text: Option<&str>) -> Result<String, Fault> {
    let text = text.unwrap_or_default();
    if text.chars().count() > 255 {
        return Err(Fault::invalid_value(
            "Description",
            text,
            "give at most 255 characters",
        ));
    }
    Ok(text.to_owned())
}

/// Who manages an interface, if it is not its owner.
fn manager(world: &World, interface: &Interface) -> Option<String> {
    match &interface.role {
        Role::Workload { .. } => None,
        Role::Endpoint { endpoint, .. } => Some(format!("the VPC endpoint '{endpoint}'")),
        Role::NatGateway { gateway } => Some(format!("the NAT gateway '{gateway}'")),
        Role::LoadBalancer { balancer } => {
            let known = world.load_balancers.get(balancer);
            let name = known.map_or_else(|| balancer.to_string(), |known| known.name.clone());
            Some(format!("the load balancer '{name}'"))
        }
    }
}

/// The address that is asked for, or the lowest free one.
pub(crate) fn address(
    world: &World,
    subnet: &Subnet,
    asked: Option<&str>,
) -> Result<Ipv4Addr, Fault> {
    match asked {
        None => addresses::free(world, subnet, &[]),
        Some(text) => {
            let ip = addresses::within(subnet, text)?;
            addresses::unused(world, subnet, ip).map(|()| ip)
        }
    }
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
    if let Some(by) = manager(world, interface) {
        return Err(attribute::managed(interface, &by, "delete"));
    }
    match interface.attachment() {
        Some(attachment) => Err(Fault::bad_request(
            "InvalidNetworkInterface.InUse",
            format!(
                "The network interface '{id}' is attached to {} as {}; run `ginnel detach {id}` first",
                attachment.namespace, attachment.device
            ),
        )),
        // A target group may still name it: its target is unhealthy then, as in AWS.
        None => {
            // Its Elastic IP addresses stay, without it.
            let given = world.needing::<Address>(id);
            let mut changes: Vec<Change> = given.map(|it| address::without(it).into()).collect();
            changes.push(Change::Remove(Name::Interface(id)));
            Ok(Decision { reply: (), changes })
        }
    }
}

/// The caller's interface with this id, if nothing but the caller manages it; `verb` is what the
/// caller wants to do with it.
pub(crate) fn find_workload<'a>(
    world: &'a World,
    call: &Call,
    text: &str,
    verb: &str,
) -> Result<&'a Arc<Interface>, Fault> {
    let interface = find_ref(world, call, text)?;
    match manager(world, interface) {
        Some(by) => Err(attribute::managed(interface, &by, verb)),
        None => Ok(interface),
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
