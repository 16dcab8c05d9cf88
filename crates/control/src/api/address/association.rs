//! Elastic IP addresses of workloads' interfaces.

use aws::{Fault, ec2};
use model::address::{Address, Association};
use model::id::AddressAssociationId;
use model::nat_gateway::NatGateway;
use model::world::{Change, World};

use super::{find_ip, find_ref, gateway, without};
use crate::api::{Call, Decision, interface, not_found, parse_id, unsupported};

/// The stem of association ids in error codes.
const STEM: &str = "AssociationID";

/// Gives an address to an interface. As in AWS it leaves whatever had it before, and the
/// interface's other address goes, unless the caller says otherwise.
/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_AssociateAddress.html>
pub(crate) fn associate(
    world: &World,
    call: &Call,
    request: &ec2::AssociateAddressRequest,
) -> Result<Decision<ec2::AssociateAddressResult>, Fault> {
    let ec2::AssociateAddressRequest {
        allocation_id,
        allow_reassociation,
        dry_run: _,
        instance_id,
        network_interface_id,
        private_ip_address,
        public_ip,
    } = request;
    unsupported(&[(
        "InstanceId (there are no instances: give NetworkInterfaceId)",
        instance_id.is_some(),
    )])?;
    let address = match (allocation_id.as_deref(), public_ip.as_deref()) {
        (Some(text), None) => find_ref(world, call, text)?,
        (Some(_), Some(_)) => {
            return Err(Fault::bad_request(
                "InvalidParameterCombination",
                "You may specify public IP or allocation id, but not both in the same call",
            ));
        }
        (None, Some(text)) => {
            let known = find_ip(world, call, text)?;
            let why = format!("associate it by its AllocationId, {}", known.id);
            return Err(Fault::invalid_value("PublicIp", text, &why));
        }
        (None, None) => return Err(Fault::missing("AllocationId")),
    };
    let text = network_interface_id.as_deref();
    let text = text.ok_or_else(|| Fault::missing("NetworkInterfaceId"))?;
    let interface = interface::find_workload(world, call, text, "use")?;
    if world.internet_gateway_of(interface.vpc).is_none() {
        return Err(Fault::bad_request(
            "Gateway.NotAttached",
            format!(
                "Network {} is not attached to any internet gateway; attach one with AttachInternetGateway first",
                interface.vpc
            ),
        ));
    }
    let private = match private_ip_address.as_deref() {
        None => interface.ip,
        Some(text) => {
            let ip = interface::read_address(text)?;
            if !interface.addresses().any(|it| it == ip) {
                let why = format!(
                    "it is no address of '{}'; give one of its own, or assign it first",
                    interface.id
                );
                return Err(Fault::invalid_value("PrivateIpAddress", text, &why));
            }
            ip
        }
    };
    if let Some(gateway) = gateway(world, address) {
        return Err(taken(address, &gateway.id, "allocate another"));
    }
    if let Some(there) = &address.association {
        if there.interface == interface.id && there.private == private {
            return Ok(Decision::unchanged(reply(there.id)));
        }
        if *allow_reassociation == Some(false) {
            let instead = "leave AllowReassociation out to move it";
            return Err(taken(address, &there.id, instead));
        }
    }
    let mut changes: Vec<Change> = Vec::new();
    let others = world.needing::<Address>(interface.id);
    let others = others.filter(|it| it.id != address.id && it.private() == Some(private));
    for other in others {
        if *allow_reassociation == Some(false) {
            return Err(Fault::bad_request(
                "Resource.AlreadyAssociated",
                format!(
                    "The private address {private} of '{}' is already associated with '{}'; leave AllowReassociation out to replace it",
                    interface.id, other.id
                ),
            ));
        }
        changes.push(without(other).into());
    }
    let association = Association {
        id: call.id(),
        vpc: interface.vpc,
        interface: interface.id,
        private,
    };
    let reply = reply(association.id);
    let mut address = Address::clone(address);
    address.association = Some(association);
    changes.push(address.into());
    Ok(Decision { reply, changes })
}

fn reply(id: AddressAssociationId) -> ec2::AssociateAddressResult {
    ec2::AssociateAddressResult {
        association_id: Some(id.to_string()),
    }
}

/// An address that something else has.
fn taken(address: &Address, by: &dyn std::fmt::Display, instead: &str) -> Fault {
    Fault::bad_request(
        "Resource.AlreadyAssociated",
        format!(
            "resource {} is already associated with {by}; {instead}",
            address.id
        ),
    )
}

/// Takes an address back from its interface.
/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DisassociateAddress.html>
pub(crate) fn disassociate(
    world: &World,
    call: &Call,
    request: &ec2::DisassociateAddressRequest,
) -> Result<Decision<()>, Fault> {
    let ec2::DisassociateAddressRequest {
        association_id,
        dry_run: _,
        public_ip,
    } = request;
    let text = match (association_id.as_deref(), public_ip.as_deref()) {
        (Some(text), None) => text,
        (Some(_), Some(_)) => {
            return Err(Fault::bad_request(
                "InvalidParameterCombination",
                "You may specify public IP or association id, but not both in the same call",
            ));
        }
        (None, Some(text)) => {
            find_ip(world, call, text)?;
            let why = "disassociate it by its AssociationId, which DescribeAddresses shows";
            return Err(Fault::invalid_value("PublicIp", text, why));
        }
        (None, None) => return Err(Fault::missing("AssociationId")),
    };
    let id: AddressAssociationId = parse_id(STEM, text)?;
    if let Some(address) = world.claimant::<Address>(Address::claim(call.account, id)) {
        return Ok(Decision {
            reply: (),
            changes: vec![without(address).into()],
        });
    }
    match world.claimant::<NatGateway>(NatGateway::claim(call.account, id)) {
        Some(nat) => Err(Fault::bad_request(
            "OperationNotPermitted",
            format!(
                "The association '{id}' is managed by the NAT gateway '{}'; delete that instead",
                nat.id
            ),
        )),
        None => Err(not_found(STEM, id)),
    }
}

#[cfg(test)]
mod tests;
