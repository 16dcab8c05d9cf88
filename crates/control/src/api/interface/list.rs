//! Interfaces as EC2 lists them.

use core::net::Ipv4Addr;
use std::collections::BTreeMap;
use std::sync::Arc;

use aws::{Fault, ec2};
use model::address::Address;
use model::id::AddressAssociationId;
use model::interface::{Interface, Role};
use model::world::{Name, World};

use super::find_ref;
use crate::api::page::page;
use crate::api::{Call, filter, tags};

/// Filters besides tags (AWS.md 3).
const FILTERS: [&str; 30] = [
    "addresses.association.ip-owner-id",
    "addresses.association.public-ip",
    "addresses.primary",
    "addresses.private-ip-address",
    "association.allocation-id",
    "association.association-id",
    "association.ip-owner-id",
    "association.public-ip",
    "attachment.attachment-id",
    "attachment.device-index",
    "attachment.instance-id",
    "attachment.instance-owner-id",
    "attachment.status",
    "availability-zone",
    "availability-zone-id",
    "description",
    "group-id",
    "group-name",
    "interface-type",
    "mac-address",
    "network-interface-id",
    "owner-id",
    "private-dns-name",
    "private-ip-address",
    "requester-id",
    "requester-managed",
    "source-dest-check",
    "status",
    "subnet-id",
    "vpc-id",
];

/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeNetworkInterfaces.html>
pub(crate) fn describe(
    world: &World,
    call: &Call,
    request: &ec2::DescribeNetworkInterfacesRequest,
) -> Result<ec2::DescribeNetworkInterfacesResult, Fault> {
    let ec2::DescribeNetworkInterfacesRequest {
        dry_run: _,
        filters,
        include_managed_resources: _, // about those that AWS hides; none is hidden here
        max_results,
        network_interface_ids,
        next_token,
    } = request;
    filter::known(filters, &FILTERS)?;
    let mut mine: Vec<&Arc<Interface>> = if network_interface_ids.is_empty() {
        candidates(world, call, filters)
    } else {
        network_interface_ids
            .iter()
            .map(|text| find_ref(world, call, text))
            .collect::<Result<_, _>>()?
    };
    mine.sort_by_key(|interface| interface.id);
    mine.dedup_by_key(|interface| interface.id);
    // Filters ask about what is listed.
    let mine: Vec<_> = mine
        .into_iter()
        .map(|interface| (interface, wire(world, call, interface)))
        .collect();
    let found = filter::apply(
        mine,
        filters,
        |(_, listed), name| values(listed, name),
        |(interface, _)| Some(&interface.tags),
    )?;
    let (given, next_token) = page(
        found,
        |(interface, _)| interface.id.to_string(),
        *max_results,
        next_token.as_deref(),
        (5, 1_000),
        !network_interface_ids.is_empty(),
    )?;
    Ok(ec2::DescribeNetworkInterfacesResult {
        network_interfaces: given.into_iter().map(|(_, listed)| listed).collect(),
        next_token,
    })
}

/// The caller's interfaces that can pass the filters: by the filter that names the fewest
/// things, if one names any, so that nothing else is looked at.
fn candidates<'a>(
    world: &'a World,
    call: &Call,
    filters: &[ec2::Filter],
) -> Vec<&'a Arc<Interface>> {
    let of = |name: Name| world.needing::<Interface>(name);
    let found: Vec<&Arc<Interface>> =
        if let Some(ids) = filter::exact(filters, "network-interface-id") {
            let ids = ids.iter().filter_map(|id| id.parse().ok());
            ids.filter_map(|id| world.interfaces.get(&id)).collect()
        } else if let Some(ids) = filter::exact(filters, "subnet-id") {
            let ids = ids.iter().filter_map(|id| id.parse().ok());
            ids.flat_map(|id| of(Name::Subnet(id))).collect()
        } else if let Some(ids) = filter::exact(filters, "group-id") {
            let ids = ids.iter().filter_map(|id| id.parse().ok());
            ids.flat_map(|id| of(Name::SecurityGroup(id))).collect()
        } else if let Some(ids) = filter::exact(filters, "vpc-id") {
            let ids = ids.iter().filter_map(|id| id.parse().ok());
            ids.flat_map(|id| of(Name::Vpc(id))).collect()
        } else {
            world.owned(call.account).collect()
        };
    let mine = found.into_iter();
    mine.filter(|found| found.owner == call.account).collect()
}

fn values(listed: &ec2::NetworkInterface, name: &str) -> Option<Vec<String>> {
    let association = listed.association.as_ref();
    let attachment = listed.attachment.as_ref();
    let flag = |flag: Option<bool>| flag.map(|flag| flag.to_string());
    let one = match name {
        "addresses.association.ip-owner-id" => {
            return of_addresses(listed, |it| it.association.as_ref()?.ip_owner_id.clone());
        }
        "addresses.association.public-ip" => {
            return of_addresses(listed, |it| it.association.as_ref()?.public_ip.clone());
        }
        "addresses.primary" => {
            return of_addresses(listed, |it| it.primary.map(|primary| primary.to_string()));
        }
        "addresses.private-ip-address" => {
            return of_addresses(listed, |it| it.private_ip_address.clone());
        }
        "association.allocation-id" => association.and_then(|it| it.allocation_id.clone()),
        "association.association-id" => association.and_then(|it| it.association_id.clone()),
        "association.ip-owner-id" => association.and_then(|it| it.ip_owner_id.clone()),
        "association.public-ip" => association.and_then(|it| it.public_ip.clone()),
        "private-ip-address" => listed.private_ip_address.clone(),
        "attachment.attachment-id" => attachment.and_then(|a| a.attachment_id.clone()),
        "attachment.device-index" => {
            attachment.and_then(|a| a.device_index.map(|index| index.to_string()))
        }
        "attachment.instance-id" => attachment.and_then(|a| a.instance_id.clone()),
        "attachment.instance-owner-id" => attachment.and_then(|a| a.instance_owner_id.clone()),
        "attachment.status" => attachment.and_then(|a| a.status.clone()),
        "availability-zone" => listed.availability_zone.clone(),
        "availability-zone-id" => listed.availability_zone_id.clone(),
        "description" => listed.description.clone(),
        "group-id" => {
            let ids = listed.groups.iter();
            return Some(ids.filter_map(|group| group.group_id.clone()).collect());
        }
        "group-name" => {
            let names = listed.groups.iter();
            return Some(names.filter_map(|group| group.group_name.clone()).collect());
        }
        "interface-type" => listed.interface_type.clone(),
        "mac-address" => listed.mac_address.clone(),
        "network-interface-id" => listed.network_interface_id.clone(),
        "owner-id" => listed.owner_id.clone(),
        "private-dns-name" => listed.private_dns_name.clone(),
        "requester-id" => listed.requester_id.clone(),
        "requester-managed" => flag(listed.requester_managed),
        "source-dest-check" => flag(listed.source_dest_check),
        "status" => listed.status.clone(),
        "subnet-id" => listed.subnet_id.clone(),
        "vpc-id" => listed.vpc_id.clone(),
        _ => return None,
    };
    Some(one.into_iter().collect())
}

/// What there is to say of each address.
fn of_addresses(
    listed: &ec2::NetworkInterface,
    value: impl Fn(&ec2::NetworkInterfacePrivateIpAddress) -> Option<String>,
) -> Option<Vec<String>> {
    let addresses = listed.private_ip_addresses.iter();
    Some(addresses.filter_map(value).collect())
}

/// Who holds the other end, as AWS names them.
struct Holder {
    interface_type: &'static str,
    requester: Option<&'static str>,
    attachment: Option<ec2::NetworkInterfaceAttachment>,
}

fn holder(call: &Call, interface: &Interface) -> Holder {
    let managed = |interface_type, requester: &'static str| Holder {
        interface_type,
        requester: Some(requester),
        attachment: Some(ec2::NetworkInterfaceAttachment {
            // There is nothing to detach it by; AWS gives such an id too.
            attachment_id: Some(format!("ela-attach-{}", interface.id.digits())),
            attach_time: Some(call.iso(interface.created)),
            delete_on_termination: Some(false),
            device_index: Some(1),
            instance_owner_id: Some(requester.into()),
            status: Some("attached".into()),
            ..ec2::NetworkInterfaceAttachment::default()
        }),
    };
    match &interface.role {
        Role::Endpoint { .. } => managed("vpc_endpoint", "amazon-aws"),
        Role::LoadBalancer { .. } => managed("network_load_balancer", "amazon-elb"),
        Role::NatGateway { .. } => managed("nat_gateway", "amazon-aws"),
        Role::Workload { attachment, .. } => Holder {
            interface_type: "interface",
            requester: None,
            attachment: attachment
                .as_ref()
                .map(|attachment| ec2::NetworkInterfaceAttachment {
                    attachment_id: Some(attachment.id.to_string()),
                    attach_time: Some(call.iso(attachment.since)),
                    delete_on_termination: Some(false),
                    device_index: Some(0),
                    instance_owner_id: Some(interface.owner.to_string()),
                    network_card_index: Some(0),
                    status: Some("attached".into()),
                    ..ec2::NetworkInterfaceAttachment::default()
                }),
        },
    }
}

/// `ip-10-0-1-10.ec2.internal`, outside us-east-1 `ip-10-0-1-10.REGION.compute.internal`.
fn dns_name(call: &Call, ip: Ipv4Addr) -> String {
    let [a, b, c, d] = ip.octets();
    let domain = match call.region.as_str() {
        "us-east-1" => "ec2.internal".to_owned(),
        region => format!("{region}.compute.internal"),
    };
    format!("ip-{a}-{b}-{c}-{d}.{domain}")
}

/// The Elastic IP addresses of an interface, by the private ones that they stand for.
fn associations(
    world: &World,
    interface: &Interface,
) -> BTreeMap<Ipv4Addr, ec2::NetworkInterfaceAssociation> {
    let one = |address: &Address, id: AddressAssociationId| ec2::NetworkInterfaceAssociation {
        allocation_id: Some(address.id.to_string()),
        association_id: Some(id.to_string()),
        ip_owner_id: Some(address.owner.to_string()),
        public_ip: Some(address.ip.to_string()),
        ..ec2::NetworkInterfaceAssociation::default()
    };
    // A NAT gateway keeps its association itself.
    if let Role::NatGateway { gateway } = &interface.role {
        let gateway = world.nat_gateways.get(gateway);
        let used = gateway.and_then(|gateway| gateway.address.as_ref());
        let found = used.and_then(|used| {
            let address = world.addresses.get(&used.allocation)?;
            Some((interface.ip, one(address, used.association)))
        });
        return found.into_iter().collect();
    }
    let given = world.needing::<Address>(interface.id);
    let given = given.filter_map(|address| {
        let association = address.association.as_ref()?;
        Some((association.private, one(address, association.id)))
    });
    given.collect()
}

/// An interface as EC2 lists it.
pub(super) fn wire(world: &World, call: &Call, interface: &Interface) -> ec2::NetworkInterface {
    let Holder {
        interface_type,
        requester,
        attachment,
    } = holder(call, interface);
    let zone = world.subnets.get(&interface.subnet).map(|s| s.zone);
    // AWS gives the name where the VPC's instances have names.
    let vpc = world.vpcs.get(&interface.vpc);
    let named = vpc.is_some_and(|vpc| vpc.dns_hostnames);
    let associated = associations(world, interface);
    let addresses = interface.addresses().enumerate();
    let addresses = addresses.map(|(at, ip)| ec2::NetworkInterfacePrivateIpAddress {
        primary: Some(at == 0),
        private_dns_name: named.then(|| dns_name(call, ip)),
        private_ip_address: Some(ip.to_string()),
        association: associated.get(&ip).cloned(),
    });
    let groups = interface.groups.iter().map(|id| ec2::GroupIdentifier {
        group_id: Some(id.to_string()),
        group_name: world
            .security_groups
            .get(id)
            .map(|group| group.name.clone()),
    });
    ec2::NetworkInterface {
        status: Some(
            if attachment.is_some() {
                "in-use"
            } else {
                "available"
            }
            .into(),
        ),
        association: associated.get(&interface.ip).cloned(),
        attachment,
        availability_zone: zone.map(|zone| zone.name(&call.region)),
        availability_zone_id: zone.map(|zone| zone.id(&call.region)),
        description: Some(interface.description.clone()),
        groups: groups.collect(),
        interface_type: Some(interface_type.into()),
        mac_address: Some(interface.mac.to_string()),
        network_interface_id: Some(interface.id.to_string()),
        operator: Some(ec2::OperatorResponse {
            managed: Some(false),
            ..ec2::OperatorResponse::default()
        }),
        owner_id: Some(interface.owner.to_string()),
        private_dns_name: named.then(|| dns_name(call, interface.ip)),
        private_ip_address: Some(interface.ip.to_string()),
        private_ip_addresses: addresses.collect(),
        requester_id: requester.map(str::to_owned),
        requester_managed: Some(interface.is_managed()),
        source_dest_check: Some(interface.source_check),
        subnet_id: Some(interface.subnet.to_string()),
        tag_set: tags::ec2(&interface.tags),
        vpc_id: Some(interface.vpc.to_string()),
        ..ec2::NetworkInterface::default()
    }
}
