//! Rules as EC2 lists them.

use std::sync::Arc;

use aws::{Fault, ec2};
use model::id::RuleId;
use model::security_group::{Peer, Permission, Rule, SecurityGroup};
use model::world::{Claim, World};

use super::STEM;
use super::permission::protocol_name;
use crate::api::page::page;
use crate::api::{Call, filter, not_found, parse_id, tags};

/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeSecurityGroupRules.html>
pub(crate) fn describe(
    world: &World,
    call: &Call,
    request: &ec2::DescribeSecurityGroupRulesRequest,
) -> Result<ec2::DescribeSecurityGroupRulesResult, Fault> {
    let ec2::DescribeSecurityGroupRulesRequest {
        dry_run: _,
        filters,
        max_results,
        next_token,
        security_group_rule_ids,
    } = request;
    filter::known(filters, &["group-id", "security-group-rule-id"])?;
    let mut mine: Vec<(&SecurityGroup, &Rule)> = if security_group_rule_ids.is_empty() {
        let groups = filter::exact(filters, "group-id").map(|ids| {
            let ids = ids.iter().filter_map(|id| id.parse().ok());
            let groups = ids.filter_map(|id| world.security_group(call.account, id));
            groups.map(Arc::as_ref).collect::<Vec<_>>()
        });
        match groups {
            None => all(world, call).collect(),
            Some(groups) => groups
                .into_iter()
                .flat_map(|group| group.rules.iter().map(move |rule| (group, rule)))
                .collect(),
        }
    } else {
        security_group_rule_ids
            .iter()
            .map(|text| find(world, call, parse_id(STEM, text)?))
            .collect::<Result<_, _>>()?
    };
    mine.sort_by_key(|(_, rule)| rule.id);
    mine.dedup_by_key(|(_, rule)| rule.id);
    let values = |(group, rule): &(&SecurityGroup, &Rule), name: &str| match name {
        "group-id" => Some(vec![group.id.to_string()]),
        "security-group-rule-id" => Some(vec![rule.id.to_string()]),
        _ => None,
    };
    let found = filter::apply(mine, filters, values, |(_, rule)| Some(&rule.tags))?;
    let (given, next_token) = page(
        found,
        |(_, rule)| rule.id.to_string(),
        *max_results,
        next_token.as_deref(),
        (5, 1_000),
        !security_group_rule_ids.is_empty(),
    )?;
    Ok(ec2::DescribeSecurityGroupRulesResult {
        next_token,
        security_group_rules: given
            .into_iter()
            .map(|(group, rule)| wire(call, group, rule))
            .collect(),
    })
}

/// The rules of the caller's groups.
fn all<'a>(world: &'a World, call: &Call) -> impl Iterator<Item = (&'a SecurityGroup, &'a Rule)> {
    let groups = world.owned::<SecurityGroup>(call.account);
    let groups = groups.map(Arc::as_ref);
    groups.flat_map(|group| group.rules.iter().map(move |rule| (group, rule)))
}

/// The caller's rule with this id, and its group.
pub(crate) fn find<'a>(
    world: &'a World,
    call: &Call,
    id: RuleId,
) -> Result<(&'a SecurityGroup, &'a Rule), Fault> {
    let group: Option<&Arc<SecurityGroup>> = world.claimant(Claim::Rule(id));
    let group = group.filter(|group| group.owner == call.account);
    let rule = |group: &'a Arc<SecurityGroup>| group.rules.iter().find(|rule| rule.id == id);
    group
        .and_then(|group| Some((group.as_ref(), rule(group)?)))
        .ok_or_else(|| not_found(STEM, id))
}

/// A rule as EC2 lists it.
pub(super) fn wire(call: &Call, group: &SecurityGroup, rule: &Rule) -> ec2::SecurityGroupRule {
    let Permission {
        protocol,
        from,
        to,
        peer,
    } = &rule.permission;
    let mut listed = ec2::SecurityGroupRule {
        description: rule.description.clone(),
        from_port: Some(*from),
        group_id: Some(group.id.to_string()),
        group_owner_id: Some(group.owner.to_string()),
        ip_protocol: Some(protocol_name(*protocol)),
        is_egress: Some(rule.egress),
        security_group_rule_arn: Some(call.arn_of(
            "ec2",
            group.owner,
            &format!("security-group-rule/{}", rule.id),
        )),
        security_group_rule_id: Some(rule.id.to_string()),
        tags: tags::ec2(&rule.tags),
        to_port: Some(*to),
        ..ec2::SecurityGroupRule::default()
    };
    match peer {
        Peer::Cidr4(net) => listed.cidr_ipv4 = Some(net.to_string()),
        Peer::Cidr6(net) => listed.cidr_ipv6 = Some(net.to_string()),
        Peer::Group(id) => {
            listed.referenced_group_info = Some(ec2::ReferencedSecurityGroup {
                group_id: Some(id.to_string()),
                user_id: Some(group.owner.to_string()),
                vpc_id: Some(group.vpc.to_string()),
                ..ec2::ReferencedSecurityGroup::default()
            });
        }
        Peer::PrefixList(id) => listed.prefix_list_id = Some(id.to_string()),
    }
    listed
}

/// A rule as EC2 lists it when it goes.
pub(super) fn wire_revoked(group: &SecurityGroup, rule: &Rule) -> ec2::RevokedSecurityGroupRule {
    let Permission {
        protocol,
        from,
        to,
        peer,
    } = &rule.permission;
    let mut listed = ec2::RevokedSecurityGroupRule {
        description: rule.description.clone(),
        from_port: Some(*from),
        group_id: Some(group.id.to_string()),
        ip_protocol: Some(protocol_name(*protocol)),
        is_egress: Some(rule.egress),
        security_group_rule_id: Some(rule.id.to_string()),
        to_port: Some(*to),
        ..ec2::RevokedSecurityGroupRule::default()
    };
    match peer {
        Peer::Cidr4(net) => listed.cidr_ipv4 = Some(net.to_string()),
        Peer::Cidr6(net) => listed.cidr_ipv6 = Some(net.to_string()),
        Peer::Group(id) => listed.referenced_group_id = Some(id.to_string()),
        Peer::PrefixList(id) => listed.prefix_list_id = Some(id.to_string()),
    }
    listed
}
