//! VPCs: the noun that shows how a noun is written.

use aws::{Fault, ec2};
use ipnet::Ipv4Net;
use model::id::VpcId;
use model::vpc::Vpc;
use model::world::{Change, Kind, Name, World};

use super::page::page;
use super::vpc_parts::NewVpc;
use super::{
    Call, Decision, filter, not_found, parse_id, peering, quota, refusal, select, tags, unsupported,
};

/// The stem of VPC ids in error codes.
pub(crate) const STEM: &str = "VpcID";

/// Makes a VPC, its default security group, its default network ACL and its main route table.
/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateVpc.html>
pub(crate) fn create(
    world: &World,
    call: &Call,
    request: &ec2::CreateVpcRequest,
) -> Result<Decision<ec2::CreateVpcResult>, Fault> {
    let ec2::CreateVpcRequest {
        amazon_provided_ipv6_cidr_block,
        cidr_block,
        dry_run: _,
        instance_tenancy,
        ipv4_ipam_pool_id,
        ipv4_netmask_length,
        ipv6_cidr_block,
        ipv6_cidr_block_network_border_group,
        ipv6_ipam_pool_id,
        ipv6_netmask_length,
        ipv6_pool,
        tag_specifications,
        vpc_encryption_control,
    } = request;
    unsupported(&[
        (
            "AmazonProvidedIpv6CidrBlock",
            *amazon_provided_ipv6_cidr_block == Some(true),
        ),
        (
            "InstanceTenancy=dedicated (there are no instances; leave it at default)",
            instance_tenancy.as_deref() == Some("dedicated"),
        ),
        ("Ipv4IpamPoolId", ipv4_ipam_pool_id.is_some()),
        ("Ipv4NetmaskLength", ipv4_netmask_length.is_some()),
        ("Ipv6CidrBlock", ipv6_cidr_block.is_some()),
        (
            "Ipv6CidrBlockNetworkBorderGroup",
            ipv6_cidr_block_network_border_group.is_some(),
        ),
        ("Ipv6IpamPoolId", ipv6_ipam_pool_id.is_some()),
        ("Ipv6NetmaskLength", ipv6_netmask_length.is_some()),
        ("Ipv6Pool", ipv6_pool.is_some()),
        ("VpcEncryptionControl", vpc_encryption_control.is_some()),
    ])?;
    if let Some(tenancy) = instance_tenancy.as_deref().filter(|it| *it != "default") {
        return Err(Fault::invalid_value(
            "InstanceTenancy",
            tenancy,
            "give default",
        ));
    }
    let text = cidr_block
        .as_deref()
        .ok_or_else(|| Fault::missing("CidrBlock"))?;
    let cidr = parse_cidr(text, "InvalidVpcRange")?;
    let tags = tags::on_create(tag_specifications, "vpc")?;
    check_quota(world, call)?;
    let made = NewVpc::new(world, call, cidr, tags);
    Ok(Decision {
        reply: ec2::CreateVpcResult {
            vpc: Some(wire(&made.vpc)),
        },
        changes: made.changes(),
    })
}

/// Reads a block of /16 to /28 without host bits (AWS drops those bits; we say so instead).
pub(crate) fn parse_cidr(text: &str, code: &'static str) -> Result<Ipv4Net, Fault> {
    let net: Ipv4Net = text.parse().map_err(|_| {
        Fault::bad_request(
            "InvalidParameterValue",
            format!("Value ({text}) for parameter cidrBlock is invalid. This is not a valid CIDR block; give for example 10.0.0.0/16"),
        )
    })?;
    if !(16..=28).contains(&net.prefix_len()) {
        return Err(Fault::bad_request(
            code,
            format!("The CIDR '{text}' is invalid: its prefix must be from /16 to /28"),
        ));
    }
    if net.trunc() != net {
        return Err(Fault::bad_request(
            "InvalidParameterValue",
            format!(
                "The CIDR '{text}' has host bits set; did you mean {}?",
                net.trunc()
            ),
        ));
    }
    Ok(net)
}

/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeVpcs.html>
pub(crate) fn describe(
    world: &World,
    call: &Call,
    request: &ec2::DescribeVpcsRequest,
) -> Result<ec2::DescribeVpcsResult, Fault> {
    let ec2::DescribeVpcsRequest {
        dry_run: _,
        filters,
        max_results,
        next_token,
        vpc_ids,
    } = request;
    let names = [
        "vpc-id",
        "cidr",
        "cidr-block",
        "cidr-block-association.cidr-block",
        "cidr-block-association.association-id",
        "cidr-block-association.state",
        "dhcp-options-id",
        "ipv6-cidr-block-association.association-id",
        "ipv6-cidr-block-association.ipv6-cidr-block",
        "ipv6-cidr-block-association.ipv6-pool",
        "ipv6-cidr-block-association.state",
        "is-default",
        "isDefault",
        "owner-id",
        "state",
    ];
    filter::known(filters, &names)?;
    let mine: Vec<_> = match filter::exact(filters, "vpc-id") {
        Some(wanted) if vpc_ids.is_empty() => select::mine(world, call, wanted)
            .into_iter()
            .filter_map(|id| world.vpc(call.account, id))
            .collect(),
        _ => {
            let find = |text: &str| find_ref(world, call, text);
            select::select(world, call, vpc_ids, find, &[], "")?
        }
    };
    let values = |vpc: &&std::sync::Arc<Vpc>, name: &str| {
        Some(vec![match name {
            "vpc-id" => vpc.id.to_string(),
            "cidr" | "cidr-block" | "cidr-block-association.cidr-block" => vpc.cidr.to_string(),
            "cidr-block-association.association-id" => vpc.cidr_association.to_string(),
            "cidr-block-association.state" => "associated".into(),
            "dhcp-options-id" => dhcp_options(vpc),
            "is-default" | "isDefault" => vpc.is_default.to_string(),
            ipv6 if ipv6.starts_with("ipv6-cidr-block-association.") => return Some(Vec::new()),
            "owner-id" => vpc.owner.to_string(),
            "state" => "available".into(),
            _ => return None,
        }])
    };
    let found = filter::apply(mine, filters, values, |vpc| Some(&vpc.tags))?;
    let (given, next_token) = page(
        found,
        |vpc| vpc.id.to_string(),
        *max_results,
        next_token.as_deref(),
        (5, 1_000),
        !vpc_ids.is_empty(),
    )?;
    Ok(ec2::DescribeVpcsResult {
        next_token,
        vpcs: given.into_iter().map(|vpc| wire(vpc)).collect(),
    })
}

/// Removes a VPC that nothing is in any more, with its default security group, its default
/// network ACL and its main route table; its peering connections end.
/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DeleteVpc.html>
pub(crate) fn delete(
    world: &World,
    call: &Call,
    request: &ec2::DeleteVpcRequest,
) -> Result<Decision<()>, Fault> {
    let ec2::DeleteVpcRequest { dry_run: _, vpc_id } = request;
    let vpc = find_ref(world, call, vpc_id)?;
    let id = vpc.id;
    let table = world.main_table(id).map(|table| Name::RouteTable(table.id));
    let acl = world.default_acl(id).map(|acl| Name::NetworkAcl(acl.id));
    let mut parts = vec![Name::SecurityGroup(vpc.default_group)];
    parts.extend(table.into_iter().chain(acl));
    // An interface is in a subnet, which is named.
    let goes_with_it = |name: &Name| {
        parts.contains(name) || matches!(name.kind(), Kind::Interface | Kind::Peering)
    };
    refusal::dependents(world, &format!("The vpc '{id}'"), id, goes_with_it)?;
    let mut changes = peering::with_vpc(world, call, id)?;
    // The main table and the default ACL are of subnets at most, and none is left.
    let parts = parts.into_iter().chain([Name::Vpc(id)]);
    changes.extend(parts.map(Change::Remove));
    Ok(Decision { reply: (), changes })
}

/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ModifyVpcAttribute.html>
pub(crate) fn modify_attribute(
    world: &World,
    call: &Call,
    request: &ec2::ModifyVpcAttributeRequest,
) -> Result<Decision<()>, Fault> {
    let ec2::ModifyVpcAttributeRequest {
        enable_dns_hostnames,
        enable_dns_support,
        enable_network_address_usage_metrics,
        vpc_id,
    } = request;
    let mut vpc = Vpc::clone(find_ref(world, call, vpc_id)?);
    let given = [
        (enable_dns_hostnames, &mut vpc.dns_hostnames),
        (enable_dns_support, &mut vpc.dns_support),
        (
            enable_network_address_usage_metrics,
            &mut vpc.address_metrics,
        ),
    ];
    let mut set = 0;
    for (attribute, place) in given {
        if let Some(value) = attribute.as_ref().and_then(|attribute| attribute.value) {
            *place = value;
            set += 1;
        }
    }
    match set {
        1 => Ok(Decision {
            reply: (),
            changes: vec![vpc.into()],
        }),
        0 => Err(Fault::missing("EnableDnsSupport.Value")),
        _ => Err(Fault::bad_request(
            "InvalidParameterCombination",
            "Only one attribute can be modified with one call; make a call for each",
        )),
    }
}

/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeVpcAttribute.html>
pub(crate) fn describe_attribute(
    world: &World,
    call: &Call,
    request: &ec2::DescribeVpcAttributeRequest,
) -> Result<ec2::DescribeVpcAttributeResult, Fault> {
    let ec2::DescribeVpcAttributeRequest {
        attribute,
        dry_run: _,
        vpc_id,
    } = request;
    let vpc = find_ref(world, call, vpc_id)?;
    let value = |value| Some(ec2::AttributeBooleanValue { value: Some(value) });
    let mut result = ec2::DescribeVpcAttributeResult {
        vpc_id: Some(vpc.id.to_string()),
        ..ec2::DescribeVpcAttributeResult::default()
    };
    match attribute.as_str() {
        "enableDnsSupport" => result.enable_dns_support = value(vpc.dns_support),
        "enableDnsHostnames" => result.enable_dns_hostnames = value(vpc.dns_hostnames),
        "enableNetworkAddressUsageMetrics" => {
            result.enable_network_address_usage_metrics = value(vpc.address_metrics);
        }
        other => {
            return Err(Fault::invalid_value(
                "Attribute",
                other,
                "give enableDnsSupport, enableDnsHostnames or enableNetworkAddressUsageMetrics",
            ));
        }
    }
    Ok(result)
}

/// The caller's VPC with this id.
pub(crate) fn find_ref<'a>(
    world: &'a World,
    call: &Call,
    text: &str,
) -> Result<&'a std::sync::Arc<Vpc>, Fault> {
    let id: VpcId = parse_id(STEM, text)?;
    world
        .vpc(call.account, id)
        .ok_or_else(|| not_found(STEM, id))
}

/// Refuses one VPC more than an account may have.
pub(crate) fn check_quota(world: &World, call: &Call) -> Result<(), Fault> {
    call.check_quota(
        &quota::VPCS,
        world.owned::<Vpc>(call.account).count(),
        "VpcLimitExceeded",
        &format!("The account {}", call.account),
    )
}

/// The id of a VPC's DHCP options as EC2 writes it.
fn dhcp_options(vpc: &Vpc) -> String {
    let set = vpc.dhcp_options;
    set.map_or_else(|| "default".into(), |id| id.to_string())
}

/// A VPC as EC2 lists it.
pub(crate) fn wire(vpc: &Vpc) -> ec2::Vpc {
    ec2::Vpc {
        block_public_access_states: Some(ec2::BlockPublicAccessStates {
            internet_gateway_block_mode: Some("off".into()),
        }),
        vpc_id: Some(vpc.id.to_string()),
        owner_id: Some(vpc.owner.to_string()),
        cidr_block: Some(vpc.cidr.to_string()),
        cidr_block_association_set: vec![ec2::VpcCidrBlockAssociation {
            association_id: Some(vpc.cidr_association.to_string()),
            cidr_block: Some(vpc.cidr.to_string()),
            cidr_block_state: Some(ec2::VpcCidrBlockState {
                state: Some("associated".into()),
                status_message: None,
            }),
        }],
        dhcp_options_id: Some(dhcp_options(vpc)),
        instance_tenancy: Some("default".into()),
        is_default: Some(vpc.is_default),
        state: Some("available".into()),
        tags: tags::ec2(&vpc.tags),
        ..ec2::Vpc::default()
    }
}

#[cfg(test)]
mod tests;
