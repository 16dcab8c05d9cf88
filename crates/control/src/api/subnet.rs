//! Subnets.

use std::sync::Arc;

use aws::{Fault, ec2};
use model::id::SubnetId;
use model::network_acl::{NetworkAcl, NetworkAclAssociation};
use model::place::{ZONES, Zone};
use model::route_table::RouteTable;
use model::subnet::Subnet;
use model::vpc::Vpc;
use model::world::{Change, Kind, Name, World};

use super::page::page;
use super::{
    Call, Decision, filter, not_found, parse_id, quota, refusal, select, tags, unsupported, vpc,
};

/// The stem of subnet ids in error codes.
pub(crate) const STEM: &str = "SubnetID";

/// Makes a subnet, which uses the VPC's default network ACL.
/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateSubnet.html>
pub(crate) fn create(
    world: &World,
    call: &Call,
    request: &ec2::CreateSubnetRequest,
) -> Result<Decision<ec2::CreateSubnetResult>, Fault> {
    let ec2::CreateSubnetRequest {
        availability_zone,
        availability_zone_id,
        cidr_block,
        dry_run: _,
        ipv4_ipam_pool_id,
        ipv4_netmask_length,
        ipv6_cidr_block,
        ipv6_ipam_pool_id,
        ipv6_native,
        ipv6_netmask_length,
        outpost_arn,
        tag_specifications,
        vpc_id,
    } = request;
    unsupported(&[
        ("Ipv4IpamPoolId", ipv4_ipam_pool_id.is_some()),
        ("Ipv4NetmaskLength", ipv4_netmask_length.is_some()),
        ("Ipv6CidrBlock", ipv6_cidr_block.is_some()),
        ("Ipv6IpamPoolId", ipv6_ipam_pool_id.is_some()),
        ("Ipv6Native", *ipv6_native == Some(true)),
        ("Ipv6NetmaskLength", ipv6_netmask_length.is_some()),
        ("OutpostArn", outpost_arn.is_some()),
    ])?;
    let vpc = vpc::find_ref(world, call, vpc_id)?;
    let text = cidr_block.as_deref();
    let text = text.ok_or_else(|| Fault::missing("CidrBlock"))?;
    let cidr = vpc::parse_cidr(text, "InvalidSubnet.Range")?;
    if !vpc.cidr.contains(&cidr) {
        return Err(Fault::bad_request(
            "InvalidSubnet.Range",
            format!(
                "The CIDR '{cidr}' is invalid: it is not within {} of '{}'; choose a block in there",
                vpc.cidr, vpc.id
            ),
        ));
    }
    let mut others = world.needing::<Subnet>(vpc.id);
    let overlaps = |s: &&Arc<Subnet>| s.cidr.contains(&cidr) || cidr.contains(&s.cidr);
    if let Some(other) = others.find(overlaps) {
        return Err(Fault::bad_request(
            "InvalidSubnet.Conflict",
            format!(
                "The CIDR '{cidr}' conflicts with another subnet: '{}' has {}; choose a block beside it",
                other.id, other.cidr
            ),
        ));
    }
    let name = availability_zone.as_deref();
    let zone = zone(world, call, vpc, name, availability_zone_id.as_deref())?;
    let tags = tags::on_create(tag_specifications, "subnet")?;
    call.check_quota(
        &quota::SUBNETS,
        world.needing::<Subnet>(vpc.id).count(),
        "SubnetLimitExceeded",
        &format!("The vpc '{}'", vpc.id),
    )?;
    let subnet = Subnet {
        id: call.id(),
        owner: call.account,
        vpc: vpc.id,
        cidr,
        zone,
        public_addresses: false,
        default_for_az: false,
        tags,
    };
    let reply = ec2::CreateSubnetResult {
        subnet: Some(wire(world, call, &subnet)),
    };
    let acl = world.default_acl(vpc.id).map(|acl| {
        let mut acl = NetworkAcl::clone(acl);
        acl.associations.push(NetworkAclAssociation {
            id: call.id(),
            subnet: subnet.id,
        });
        acl
    });
    let mut changes = vec![subnet.into()];
    changes.extend(acl.map(Change::from));
    Ok(Decision { reply, changes })
}

/// The zone that is asked for; otherwise the first with the fewest subnets of the VPC.
fn zone(
    world: &World,
    call: &Call,
    vpc: &Vpc,
    name: Option<&str>,
    id: Option<&str>,
) -> Result<Zone, Fault> {
    let region = &call.region;
    let find = |parameter: &str, text: &str| {
        Zone::find(text, region).ok_or_else(|| {
            let known = ZONES.map(|zone| format!("{} ({})", zone.name(region), zone.id(region)));
            Fault::invalid_value(
                parameter,
                text,
                &format!(
                    "subnets can be created in these availability zones: {}",
                    known.join(", ")
                ),
            )
        })
    };
    let name = name
        .map(|text| find("AvailabilityZone", text))
        .transpose()?;
    let id = id
        .map(|text| find("AvailabilityZoneId", text))
        .transpose()?;
    if let (Some(name), Some(id)) = (name, id)
        && name != id
    {
        return Err(Fault::bad_request(
            "InvalidParameterCombination",
            format!(
                "AvailabilityZone is {} and AvailabilityZoneId is {}, which are two zones; give one of them",
                name.name(region),
                id.id(region)
            ),
        ));
    }
    let subnets = |zone: &Zone| {
        let all = world.needing::<Subnet>(vpc.id);
        all.filter(|subnet| subnet.zone == *zone).count()
    };
    // min_by_key gives the first of equals.
    name.or(id)
        .or_else(|| ZONES.into_iter().min_by_key(subnets))
        .ok_or_else(|| Fault::internal("there are no zones"))
}

/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeSubnets.html>
pub(crate) fn describe(
    world: &World,
    call: &Call,
    request: &ec2::DescribeSubnetsRequest,
) -> Result<ec2::DescribeSubnetsResult, Fault> {
    let ec2::DescribeSubnetsRequest {
        dry_run: _,
        filters,
        max_results,
        next_token,
        subnet_ids,
    } = request;
    let names = [
        "availability-zone",
        "availabilityZone",
        "availability-zone-id",
        "availabilityZoneId",
        "available-ip-address-count",
        "cidr-block",
        "cidr",
        "cidrBlock",
        "default-for-az",
        "defaultForAz",
        "enable-dns64",
        "ipv6-cidr-block-association.association-id",
        "ipv6-cidr-block-association.ipv6-cidr-block",
        "ipv6-cidr-block-association.state",
        "ipv6-native",
        "map-customer-owned-ip-on-launch",
        "map-public-ip-on-launch",
        "owner-id",
        "private-dns-name-options-on-launch.enable-resource-name-dns-a-record",
        "private-dns-name-options-on-launch.enable-resource-name-dns-aaaa-record",
        "private-dns-name-options-on-launch.hostname-type",
        "state",
        "subnet-arn",
        "subnet-id",
        "vpc-id",
    ];
    filter::known(filters, &names)?;
    let find = |text: &str| find_ref(world, call, text);
    let mine = select::select(world, call, subnet_ids, find, filters, "vpc-id")?;
    let values = |subnet: &&Arc<Subnet>, name: &str| {
        Some(vec![match name {
            "availability-zone" | "availabilityZone" => subnet.zone.name(&call.region),
            "availability-zone-id" | "availabilityZoneId" => subnet.zone.id(&call.region),
            "available-ip-address-count" => world.free_address_count(subnet).to_string(),
            "cidr-block" | "cidr" | "cidrBlock" => subnet.cidr.to_string(),
            "default-for-az" | "defaultForAz" => subnet.default_for_az.to_string(),
            "enable-dns64" | "ipv6-native" | "map-customer-owned-ip-on-launch" => "false".into(),
            "map-public-ip-on-launch" => subnet.public_addresses.to_string(),
            "owner-id" => subnet.owner.to_string(),
            "private-dns-name-options-on-launch.enable-resource-name-dns-a-record"
            | "private-dns-name-options-on-launch.enable-resource-name-dns-aaaa-record" => {
                "false".into()
            }
            "private-dns-name-options-on-launch.hostname-type" => "ip-name".into(),
            "state" => "available".into(),
            "subnet-arn" => arn(call, subnet),
            "subnet-id" => subnet.id.to_string(),
            "vpc-id" => subnet.vpc.to_string(),
            ipv6 if ipv6.starts_with("ipv6-cidr-block-association.") => return Some(Vec::new()),
            _ => return None,
        }])
    };
    let found = filter::apply(mine, filters, values, |subnet| Some(&subnet.tags))?;
    let (given, next_token) = page(
        found,
        |subnet| subnet.id.to_string(),
        *max_results,
        next_token.as_deref(),
        (5, 1_000),
        !subnet_ids.is_empty(),
    )?;
    Ok(ec2::DescribeSubnetsResult {
        next_token,
        subnets: given
            .into_iter()
            .map(|subnet| wire(world, call, subnet))
            .collect(),
    })
}

/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DeleteSubnet.html>
pub(crate) fn delete(
    world: &World,
    call: &Call,
    request: &ec2::DeleteSubnetRequest,
) -> Result<Decision<()>, Fault> {
    let ec2::DeleteSubnetRequest {
        dry_run: _,
        subnet_id,
    } = request;
    let subnet = find_ref(world, call, subnet_id)?;
    let id = subnet.id;
    // Its uses of a route table and an ACL go with it.
    let uses = |name: &Name| matches!(name.kind(), Kind::RouteTable | Kind::NetworkAcl);
    refusal::dependents(world, &format!("The subnet '{id}'"), id, uses)?;
    let table = world.table_of(id).map(|table| {
        let mut table = RouteTable::clone(table);
        table.associations.retain(|it| it.subnet != id);
        Change::from(table)
    });
    let acl = world.acl_of(id).map(|acl| {
        let mut acl = NetworkAcl::clone(acl);
        acl.associations.retain(|it| it.subnet != id);
        Change::from(acl)
    });
    let mut changes = vec![Change::Remove(Name::Subnet(id))];
    changes.extend(table.into_iter().chain(acl));
    Ok(Decision { reply: (), changes })
}

/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ModifySubnetAttribute.html>
pub(crate) fn modify_attribute(
    world: &World,
    call: &Call,
    request: &ec2::ModifySubnetAttributeRequest,
) -> Result<Decision<()>, Fault> {
    let ec2::ModifySubnetAttributeRequest {
        assign_ipv6_address_on_creation,
        customer_owned_ipv4_pool,
        disable_lni_at_device_index,
        enable_dns64,
        enable_lni_at_device_index,
        enable_resource_name_dns_aaaa_record_on_launch,
        enable_resource_name_dns_a_record_on_launch,
        map_customer_owned_ip_on_launch,
        map_public_ip_on_launch,
        private_dns_hostname_type_on_launch,
        subnet_id,
    } = request;
    let subnet = find_ref(world, call, subnet_id)?;
    unsupported(&[
        ("CustomerOwnedIpv4Pool", customer_owned_ipv4_pool.is_some()),
        (
            "DisableLniAtDeviceIndex",
            disable_lni_at_device_index.is_some(),
        ),
        (
            "EnableLniAtDeviceIndex",
            enable_lni_at_device_index.is_some(),
        ),
        (
            "MapCustomerOwnedIpOnLaunch",
            map_customer_owned_ip_on_launch.is_some(),
        ),
    ])?;
    // Clients set these to what they are; nothing else is possible yet.
    let given = |value: &Option<ec2::AttributeBooleanValue>| value.as_ref().and_then(|a| a.value);
    let [aaaa, dns64, ipv6, a] = [
        enable_resource_name_dns_aaaa_record_on_launch,
        enable_dns64,
        assign_ipv6_address_on_creation,
        enable_resource_name_dns_a_record_on_launch,
    ]
    .map(given);
    let hostnames = private_dns_hostname_type_on_launch.as_deref();
    unsupported(&[
        (
            "EnableResourceNameDnsAAAARecordOnLaunch",
            aaaa == Some(true),
        ),
        ("EnableDns64", dns64 == Some(true)),
        ("AssignIpv6AddressOnCreation", ipv6 == Some(true)),
        ("EnableResourceNameDnsARecordOnLaunch", a == Some(true)),
        (
            "PrivateDnsHostnameTypeOnLaunch=resource-name",
            hostnames == Some("resource-name"),
        ),
    ])?;
    if let Some(other) = hostnames.filter(|it| *it != "ip-name") {
        return Err(Fault::invalid_value(
            "PrivateDnsHostnameTypeOnLaunch",
            other,
            "give ip-name",
        ));
    }
    let public = given(map_public_ip_on_launch);
    let set = [aaaa, dns64, ipv6, a, public].iter().flatten().count();
    match set + usize::from(hostnames.is_some()) {
        0 => return Err(Fault::missing("MapPublicIpOnLaunch.Value")),
        1 => {}
        _ => {
            return Err(Fault::bad_request(
                "InvalidParameterCombination",
                "Only one attribute can be modified with one call; make a call for each",
            ));
        }
    }
    let mut subnet = Subnet::clone(subnet);
    subnet.public_addresses = public.unwrap_or(subnet.public_addresses);
    Ok(Decision {
        reply: (),
        changes: vec![subnet.into()],
    })
}

/// The caller's subnet with this id.
pub(crate) fn find_ref<'a>(
    world: &'a World,
    call: &Call,
    text: &str,
) -> Result<&'a Arc<Subnet>, Fault> {
    let id: SubnetId = parse_id(STEM, text)?;
    world
        .subnet(call.account, id)
        .ok_or_else(|| not_found(STEM, id))
}

fn arn(call: &Call, subnet: &Subnet) -> String {
    call.arn_of("ec2", subnet.owner, &format!("subnet/{}", subnet.id))
}

fn wire(world: &World, call: &Call, subnet: &Subnet) -> ec2::Subnet {
    let free = i32::try_from(world.free_address_count(subnet)).unwrap_or(i32::MAX);
    ec2::Subnet {
        assign_ipv6_address_on_creation: Some(false),
        availability_zone: Some(subnet.zone.name(&call.region)),
        availability_zone_id: Some(subnet.zone.id(&call.region)),
        available_ip_address_count: Some(free),
        cidr_block: Some(subnet.cidr.to_string()),
        default_for_az: Some(subnet.default_for_az),
        enable_dns64: Some(false),
        ipv6_native: Some(false),
        map_customer_owned_ip_on_launch: Some(false),
        map_public_ip_on_launch: Some(subnet.public_addresses),
        owner_id: Some(subnet.owner.to_string()),
        private_dns_name_options_on_launch: Some(ec2::PrivateDnsNameOptionsOnLaunch {
            enable_resource_name_dns_aaaa_record: Some(false),
            enable_resource_name_dns_a_record: Some(false),
            hostname_type: Some("ip-name".into()),
        }),
        state: Some("available".into()),
        subnet_arn: Some(arn(call, subnet)),
        subnet_id: Some(subnet.id.to_string()),
        tags: tags::ec2(&subnet.tags),
        vpc_id: Some(subnet.vpc.to_string()),
        ..ec2::Subnet::default()
    }
}

#[cfg(test)]
mod tests;
