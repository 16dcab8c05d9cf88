//! VPCs: the noun that shows how a noun is written.

use aws::{Fault, ec2};
use ipnet::Ipv4Net;
use model::id::VpcId;
use model::security_group::{Peer, Permission, Rule, SecurityGroup};
use model::vpc::Vpc;
use model::world::{Change, Name, World};

use super::page::page;
use super::{Call, Decision, filter, not_found, parse_id, refusal, tags, unsupported};

/// The stem of VPC ids in error codes.
pub(crate) const STEM: &str = "VpcID";

/// Makes a VPC and its default security group.
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
        instance_tenancy: _, // there are no instances
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
    let text = cidr_block
        .as_deref()
        .ok_or_else(|| Fault::missing("CidrBlock"))?;
    let cidr = parse_cidr(text, "InvalidVpcRange")?;
    let id = call.id();
    let group = SecurityGroup {
        id: call.id(),
        owner: call.account,
        vpc: id,
        name: "default".into(),
        description: "default VPC security group".into(),
        slot: world.free_group_slot(),
        rules: Vec::new(),
        tags: tags::on_create(&[], "security-group")?,
    };
    let group = with_default_rules(call, group);
    let vpc = Vpc {
        id,
        owner: call.account,
        cidr,
        cidr_association: call.id(),
        number: world.free_vpc_number(),
        dns_support: true,
        dns_hostnames: false,
        address_metrics: false,
        default_group: group.id,
        dhcp_options: call.id(),
        tags: tags::on_create(tag_specifications, "vpc")?,
    };
    Ok(Decision {
        reply: ec2::CreateVpcResult {
            vpc: Some(wire(&vpc)),
        },
        changes: vec![vpc.into(), group.into()],
    })
}

/// The default group admits its own members, and everything outward.
fn with_default_rules(call: &Call, mut group: SecurityGroup) -> SecurityGroup {
    let anywhere = Peer::Cidr4(Ipv4Net::default());
    for (egress, peer) in [(false, Peer::Group(group.id)), (true, anywhere)] {
        group.rules.push(Rule {
            id: call.id(),
            egress,
            permission: Permission {
                protocol: None,
                from: -1,
                to: -1,
                peer,
            },
            description: None,
            tags: Default::default(),
        });
    }
    group
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
        "is-default",
        "isDefault",
        "owner-id",
        "state",
    ];
    filter::known(filters, &names)?;
    let mine: Vec<_> = if vpc_ids.is_empty() {
        let all = world.vpcs.values();
        all.filter(|vpc| vpc.owner == call.account).collect()
    } else {
        vpc_ids
            .iter()
            .map(|text| find_ref(world, call, text))
            .collect::<Result<_, _>>()?
    };
    let values = |vpc: &&std::sync::Arc<Vpc>, name: &str| {
        Some(vec![match name {
            "vpc-id" => vpc.id.to_string(),
            "cidr" | "cidr-block" | "cidr-block-association.cidr-block" => vpc.cidr.to_string(),
            "cidr-block-association.association-id" => vpc.cidr_association.to_string(),
            "cidr-block-association.state" => "associated".into(),
            "dhcp-options-id" => vpc.dhcp_options.to_string(),
            "is-default" | "isDefault" => "false".into(),
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

/// Removes a VPC that nothing is in any more, with its default security group.
/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DeleteVpc.html>
pub(crate) fn delete(
    world: &World,
    call: &Call,
    request: &ec2::DeleteVpcRequest,
) -> Result<Decision<()>, Fault> {
    let ec2::DeleteVpcRequest { dry_run: _, vpc_id } = request;
    let vpc = find_ref(world, call, vpc_id)?;
    let mut blockers: Vec<String> = Vec::new();
    let endpoints = world.endpoints.values().filter(|e| e.vpc == vpc.id);
    blockers.extend(endpoints.map(|endpoint| endpoint.id.to_string()));
    let subnets = world.subnets.values().filter(|s| s.vpc == vpc.id);
    blockers.extend(subnets.map(|subnet| subnet.id.to_string()));
    let groups = world.security_groups.values().filter(|g| g.vpc == vpc.id);
    let others = groups.filter(|group| group.id != vpc.default_group);
    blockers.extend(others.map(|group| group.id.to_string()));
    let targets = world.target_groups.values().filter(|g| g.vpc == vpc.id);
    blockers.extend(targets.map(|group| format!("target group {}", group.name)));
    refusal::dependency(&format!("The vpc '{}'", vpc.id), &blockers)?;
    Ok(Decision {
        reply: (),
        changes: vec![
            Change::Remove(Name::Vpc(vpc.id)),
            Change::Remove(Name::SecurityGroup(vpc.default_group)),
        ],
    })
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

fn wire(vpc: &Vpc) -> ec2::Vpc {
    ec2::Vpc {
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
        dhcp_options_id: Some(vpc.dhcp_options.to_string()),
        instance_tenancy: Some("default".into()),
        is_default: Some(false),
        state: Some("available".into()),
        tags: tags::ec2(&vpc.tags),
        ..ec2::Vpc::default()
    }
}

#[cfg(test)]
mod tests;
