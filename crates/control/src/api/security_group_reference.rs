//! Who refers to security groups, and which references lead nowhere.

use aws::{Fault, ec2};
use model::security_group::{Peer, SecurityGroup};
use model::world::World;

use super::page::page;
use super::security_group_rule::permission;
use super::{Call, security_group, vpc};

/// References from the other side of VPC peerings, of which there are none: no rule can name a
/// group of another VPC yet.
/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeSecurityGroupReferences.html>
pub(crate) fn describe(
    world: &World,
    call: &Call,
    request: &ec2::DescribeSecurityGroupReferencesRequest,
) -> Result<ec2::DescribeSecurityGroupReferencesResult, Fault> {
    let ec2::DescribeSecurityGroupReferencesRequest {
        dry_run: _,
        group_id,
    } = request;
    if group_id.is_empty() {
        return Err(Fault::missing("GroupId"));
    }
    for text in group_id {
        security_group::find_ref(world, call, text)?;
    }
    Ok(ec2::DescribeSecurityGroupReferencesResult {
        security_group_reference_set: Vec::new(),
    })
}

/// The groups of a VPC that have rules which name a group that is gone.
/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeStaleSecurityGroups.html>
pub(crate) fn describe_stale(
    world: &World,
    call: &Call,
    request: &ec2::DescribeStaleSecurityGroupsRequest,
) -> Result<ec2::DescribeStaleSecurityGroupsResult, Fault> {
    let ec2::DescribeStaleSecurityGroupsRequest {
        dry_run: _,
        max_results,
        next_token,
        vpc_id,
    } = request;
    let vpc = vpc::find_ref(world, call, vpc_id)?;
    let groups = world.needing::<SecurityGroup>(vpc.id);
    let stale: Vec<SecurityGroup> = groups
        .map(|group| {
            let mut group = SecurityGroup::clone(group);
            group.rules.retain(|rule| match rule.permission.peer {
                Peer::Group(id) => !world.security_groups.contains_key(&id),
                Peer::Cidr4(_) | Peer::Cidr6(_) | Peer::PrefixList(_) => false,
            });
            group
        })
        .filter(|group| !group.rules.is_empty())
        .collect();
    let (given, next_token) = page(
        stale,
        |group| group.id.to_string(),
        *max_results,
        next_token.as_deref(),
        (5, 255),
        false,
    )?;
    Ok(ec2::DescribeStaleSecurityGroupsResult {
        next_token,
        stale_security_group_set: given.iter().map(wire).collect(),
    })
}

/// A group that has only its stale rules left.
fn wire(group: &SecurityGroup) -> ec2::StaleSecurityGroup {
    let permissions = |egress| {
        let merged = permission::merged(group, egress).into_iter();
        merged
            .map(|permission| ec2::StaleIpPermission {
                from_port: permission.from_port,
                ip_protocol: permission.ip_protocol,
                to_port: permission.to_port,
                user_id_group_pairs: permission.user_id_group_pairs,
                ..ec2::StaleIpPermission::default()
            })
            .collect()
    };
    ec2::StaleSecurityGroup {
        description: Some(group.description.clone()),
        group_id: Some(group.id.to_string()),
        group_name: Some(group.name.clone()),
        stale_ip_permissions: permissions(false),
        stale_ip_permissions_egress: permissions(true),
        vpc_id: Some(group.vpc.to_string()),
    }
}

#[cfg(test)]
mod tests;
