//! Interfaces as EC2 lists them.

use std::sync::Arc;

use aws::{Fault, ec2};
use model::interface::{Interface, Role};
use model::world::World;

use super::find_ref;
use crate::api::page::page;
use crate::api::{Call, filter, tags};

/// Filters besides tags (AWS.md 3).
const FILTERS: [&str; 24] = [
    "addresses.primary",
    "addresses.private-ip-address",
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
        let all = world.interfaces.values();
        all.filter(|found| found.owner == call.account).collect()
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

fn values(listed: &ec2::NetworkInterface, name: &str) -> Option<Vec<String>> {
    let attachment = listed.attachment.as_ref();
    let flag = |flag: Option<bool>| flag.map(|flag| flag.to_string());
    let one = match name {
        "addresses.primary" => Some("true".into()),
        "addresses.private-ip-address" | "private-ip-address" => listed.private_ip_address.clone(),
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
                    status: Some("attached".into()),
                    ..ec2::NetworkInterfaceAttachment::default()
                }),
        },
    }
}

/// `ip-10-0-1-10.ec2.internal`, outside us-east-1 `ip-10-0-1-10.REGION.compute.internal`.
fn dns_name(call: &Call, interface: &Interface) -> String {
    let [a, b, c, d] = interface.ip.octets();
    let domain = match call.region.as_str() {
        "us-east-1" => "ec2.internal".to_owned(),
        region => format!("{region}.compute.internal"),
    };
    format!("ip-{a}-{b}-{c}-{d}.{domain}")
}

/// An interface as EC2 lists it.
pub(super) fn wire(world: &World, call: &Call, interface: &Interface) -> ec2::NetworkInterface {
    let Holder {
        interface_type,
        requester,
        attachment,
    } = holder(call, interface);
    let zone = world.subnets.get(&interface.subnet).map(|s| s.zone);
    let dns_name = dns_name(call, interface);
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
        private_dns_name: Some(dns_name.clone()),
        private_ip_address: Some(interface.ip.to_string()),
        private_ip_addresses: vec![ec2::NetworkInterfacePrivateIpAddress {
            primary: Some(true),
            private_dns_name: Some(dns_name),
            private_ip_address: Some(interface.ip.to_string()),
            association: None,
        }],
        requester_id: requester.map(str::to_owned),
        requester_managed: Some(interface.is_managed()),
        source_dest_check: Some(true),
        subnet_id: Some(interface.subnet.to_string()),
        tag_set: tags::ec2(&interface.tags),
        vpc_id: Some(interface.vpc.to_string()),
        ..ec2::NetworkInterface::default()
    }
}
