//! NAT gateways: there at once, gone at once.

use std::sync::Arc;

use aws::{Fault, ec2};
use model::address::Address;
use model::id::NatGatewayId;
use model::interface::{Interface, Role};
use model::nat_gateway::{NatAddress, NatGateway};
use model::net::Mac;
use model::subnet::Subnet;
use model::world::{Change, Name, World};

use super::page::page;
use super::{
    Call, Decision, address, filter, interface, quota, refusal, select, subnet, tags, unsupported,
};

const CREATE: &str = "CreateNatGateway";

/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateNatGateway.html>
pub(crate) fn create(
    world: &World,
    call: &Call,
    request: &ec2::CreateNatGatewayRequest,
) -> Result<Decision<ec2::CreateNatGatewayResult>, Fault> {
    let ec2::CreateNatGatewayRequest {
        allocation_id,
        availability_mode,
        availability_zone_addresses,
        client_token,
        connectivity_type,
        dry_run: _,
        private_ip_address,
        secondary_allocation_ids,
        secondary_private_ip_address_count,
        secondary_private_ip_addresses,
        subnet_id,
        tag_specifications,
        vpc_id,
    } = request;
    unsupported(&[
        (
            "AvailabilityMode=regional",
            availability_mode.as_deref() == Some("regional"),
        ),
        (
            "AvailabilityZoneAddress",
            !availability_zone_addresses.is_empty(),
        ),
        (
            "SecondaryAllocationId",
            !secondary_allocation_ids.is_empty(),
        ),
        (
            "SecondaryPrivateIpAddressCount",
            secondary_private_ip_address_count.is_some_and(|count| count != 0),
        ),
        (
            "SecondaryPrivateIpAddress",
            !secondary_private_ip_addresses.is_empty(),
        ),
        ("VpcId (it is for regional NAT gateways)", vpc_id.is_some()),
    ])?;
    if let Some(other) = availability_mode.as_deref().filter(|it| *it != "zonal") {
        return Err(Fault::invalid_value(
            "AvailabilityMode",
            other,
            "give zonal",
        ));
    }
    let token = client_token.as_deref();
    let reply = |listed| ec2::CreateNatGatewayResult {
        client_token: client_token.clone(),
        nat_gateway: Some(listed),
    };
    if let Some(earlier) = call.replayed(world, CREATE, token, request)? {
        let gateway = find_ref(world, call, &earlier)?;
        return Ok(Decision::unchanged(reply(listed(world, call, gateway))));
    }
    let subnet_id = subnet_id.as_deref();
    let subnet_id = subnet_id.ok_or_else(|| Fault::missing("SubnetId"))?;
    let subnet = subnet::find_ref(world, call, subnet_id)?;
    let connectivity = connectivity_type.as_deref();
    let address = public_address(world, call, subnet, connectivity, allocation_id.as_deref())?;
    check_quota(world, call, subnet)?;
    let id = call.id();
    let interface = Interface {
        id: call.id(),
        owner: call.account,
        vpc: subnet.vpc,
        subnet: subnet.id,
        ip: interface::address(world, subnet, private_ip_address.as_deref())?,
        secondary: Vec::new(),
        source_check: false,
        mac: Mac::local(call.bytes()),
        description: format!("Interface for NAT Gateway {id}"),
        groups: Vec::new(),
        role: Role::NatGateway { gateway: id },
        created: call.now,
        tags: Default::default(),
    };
    let gateway = NatGateway {
        id,
        owner: call.account,
        vpc: subnet.vpc,
        subnet: subnet.id,
        interface: interface.id,
        address: address.map(|address| NatAddress {
            allocation: address.id,
            association: call.id(),
        }),
        created: call.now,
        tags: tags::on_create(tag_specifications, "natgateway")?,
    };
    let public = address.map(|address| address.as_ref());
    let reply = reply(wire(call, &gateway, Some(&interface), Some(subnet), public));
    let remembered = call.remember(CREATE, token, request, &id);
    let mut changes = vec![gateway.into(), interface.into()];
    changes.extend(remembered);
    Ok(Decision { reply, changes })
}

/// The Elastic IP address of a public gateway; a private one has none.
fn public_address<'a>(
    world: &'a World,
    call: &Call,
    subnet: &Subnet,
    connectivity: Option<&str>,
    allocation: Option<&str>,
) -> Result<Option<&'a Arc<Address>>, Fault> {
    match (connectivity.unwrap_or("public"), allocation) {
        ("private", None) => Ok(None),
        ("private", Some(text)) => Err(Fault::invalid_value(
            "AllocationId",
            text,
            "a private NAT gateway has no Elastic IP address; leave it out",
        )),
        ("public", None) => Err(Fault::missing("AllocationId")),
        ("public", Some(text)) => {
            let address = address::find_ref(world, call, text)?;
            if let Some(other) = world.needing::<NatGateway>(address.id).next() {
                return Err(Fault::bad_request(
                    "Resource.AlreadyAssociated",
                    format!(
                        "Elastic IP address [{text}] is already associated with {}; allocate another",
                        other.id
                    ),
                ));
            }
            if let Some(there) = &address.association {
                return Err(Fault::bad_request(
                    "Resource.AlreadyAssociated",
                    format!(
                        "Elastic IP address [{text}] is already associated with {} ({}); disassociate it, or allocate another",
                        there.interface, there.id
                    ),
                ));
            }
            // AWS makes a gateway that then fails for this reason.
            if world.internet_gateway_of(subnet.vpc).is_none() {
                return Err(Fault::bad_request(
                    "Gateway.NotAttached",
                    format!(
                        "Network {} has no Internet gateway attached; attach one first (AttachInternetGateway), or give ConnectivityType=private",
                        subnet.vpc
                    ),
                ));
            }
            Ok(Some(address))
        }
        (other, _) => Err(Fault::invalid_value(
            "ConnectivityType",
            other,
            "give public or private",
        )),
    }
}

fn check_quota(world: &World, call: &Call, subnet: &Subnet) -> Result<(), Fault> {
    let all = world.owned::<NatGateway>(call.account);
    let same_zone = all.filter(|gateway| {
        let there = world.subnets.get(&gateway.subnet);
        there.is_some_and(|there| there.zone == subnet.zone)
    });
    call.check_quota(
        &quota::NAT_GATEWAYS,
        same_zone.count(),
        "NatGatewayLimitExceeded",
        &format!("The zone {}", subnet.zone.name(&call.region)),
    )
}

/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeNatGateways.html>
pub(crate) fn describe(
    world: &World,
    call: &Call,
    request: &ec2::DescribeNatGatewaysRequest,
) -> Result<ec2::DescribeNatGatewaysResult, Fault> {
    let ec2::DescribeNatGatewaysRequest {
        dry_run: _,
        filter: filters,
        max_results,
        nat_gateway_ids: ids,
        next_token,
    } = request;
    filter::known(filters, &["nat-gateway-id", "state", "subnet-id", "vpc-id"])?;
    let find = |text: &str| find_ref(world, call, text);
    let mine = select::select(world, call, ids, find, filters, "vpc-id")?;
    let values = |gateway: &&Arc<NatGateway>, name: &str| {
        Some(vec![match name {
            "nat-gateway-id" => gateway.id.to_string(),
            "state" => "available".into(),
            "subnet-id" => gateway.subnet.to_string(),
            "vpc-id" => gateway.vpc.to_string(),
            _ => return None,
        }])
    };
    let found = filter::apply(mine, filters, values, |gateway| Some(&gateway.tags))?;
    let (given, next_token) = page(
        found,
        |gateway| gateway.id.to_string(),
        *max_results,
        next_token.as_deref(),
        (5, 1_000),
        !ids.is_empty(),
    )?;
    let given = given.into_iter();
    Ok(ec2::DescribeNatGatewaysResult {
        nat_gateways: given.map(|it| listed(world, call, it)).collect(),
        next_token,
    })
}

/// Removes a gateway with its interface; routes to it are black holes from then on.
/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DeleteNatGateway.html>
pub(crate) fn delete(
    world: &World,
    call: &Call,
    request: &ec2::DeleteNatGatewayRequest,
) -> Result<Decision<ec2::DeleteNatGatewayResult>, Fault> {
    let ec2::DeleteNatGatewayRequest {
        dry_run: _,
        nat_gateway_id,
    } = request;
    let gateway = find_ref(world, call, nat_gateway_id)?;
    let (id, interface) = (gateway.id, Name::Interface(gateway.interface));
    let what = format!("The natGateway '{id}'");
    refusal::dependents(world, &what, id, |name| *name == interface)?;
    Ok(Decision {
        reply: ec2::DeleteNatGatewayResult {
            nat_gateway_id: Some(id.to_string()),
        },
        changes: vec![
            Change::Remove(Name::NatGateway(id)),
            Change::Remove(interface),
        ],
    })
}

/// The caller's gateway with this id.
pub(crate) fn find_ref<'a>(
    world: &'a World,
    call: &Call,
    text: &str,
) -> Result<&'a Arc<NatGateway>, Fault> {
    let id: NatGatewayId = text.parse().map_err(|_| {
        Fault::bad_request(
            "NatGatewayMalformed",
            format!("The natGateway ID '{text}' is malformed"),
        )
    })?;
    let found = world.nat_gateway(call.account, id);
    found.ok_or_else(|| {
        Fault::bad_request(
            "NatGatewayNotFound",
            format!("The NAT gateway '{id}' was not found"),
        )
    })
}

/// A gateway of the World as EC2 lists it.
fn listed(world: &World, call: &Call, gateway: &NatGateway) -> ec2::NatGateway {
    let interface = world.interfaces.get(&gateway.interface);
    let subnet = world.subnets.get(&gateway.subnet);
    let allocation = gateway.address.as_ref().map(|used| used.allocation);
    let address = allocation.and_then(|id| world.addresses.get(&id));
    wire(
        call,
        gateway,
        interface.map(Arc::as_ref),
        subnet.map(Arc::as_ref),
        address.map(Arc::as_ref),
    )
}

fn wire(
    call: &Call,
    gateway: &NatGateway,
    interface: Option<&Interface>,
    subnet: Option<&Subnet>,
    address: Option<&Address>,
) -> ec2::NatGateway {
    let used = gateway.address.as_ref();
    let zone = subnet.map(|subnet| subnet.zone);
    let connectivity = match used {
        Some(_) => "public",
        None => "private",
    };
    ec2::NatGateway {
        availability_mode: Some("zonal".into()),
        connectivity_type: Some(connectivity.into()),
        create_time: Some(call.iso(gateway.created)),
        nat_gateway_addresses: vec![ec2::NatGatewayAddress {
            allocation_id: used.map(|used| used.allocation.to_string()),
            association_id: used.map(|used| used.association.to_string()),
            availability_zone: zone.map(|zone| zone.name(&call.region)),
            availability_zone_id: zone.map(|zone| zone.id(&call.region)),
            is_primary: Some(true),
            network_interface_id: Some(gateway.interface.to_string()),
            private_ip: interface.map(|interface| interface.ip.to_string()),
            public_ip: address.map(|address| address.ip.to_string()),
            status: Some("succeeded".into()),
            ..ec2::NatGatewayAddress::default()
        }],
        nat_gateway_id: Some(gateway.id.to_string()),
        state: Some("available".into()),
        subnet_id: Some(gateway.subnet.to_string()),
        tags: tags::ec2(&gateway.tags),
        vpc_id: Some(gateway.vpc.to_string()),
        ..ec2::NatGateway::default()
    }
}

#[cfg(test)]
mod tests;
