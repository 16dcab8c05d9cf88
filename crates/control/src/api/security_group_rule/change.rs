//! Changing rules that are there: what they admit, and their notes.

use aws::{Fault, ec2};
use model::id::RuleId;
use model::security_group::{Rule, SecurityGroup};
use model::world::World;

use super::permission::{self, Given, in_words};
use super::{STEM, Wanted, absent, check_peer, duplicate, size, way};
use crate::api::{Call, Decision, not_found, parse_id, security_group};

/// Puts other permissions and notes in the place of rules; their ids and tags stay.
/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ModifySecurityGroupRules.html>
pub(crate) fn modify(
    world: &World,
    call: &Call,
    request: &ec2::ModifySecurityGroupRulesRequest,
) -> Result<Decision<ec2::ModifySecurityGroupRulesResult>, Fault> {
    let ec2::ModifySecurityGroupRulesRequest {
        dry_run: _,
        group_id,
        security_group_rules,
    } = request;
    let old = security_group::find_ref(world, call, group_id)?;
    let mut group = SecurityGroup::clone(old);
    if security_group_rules.is_empty() {
        return Err(Fault::missing("SecurityGroupRule"));
    }
    let mut changed: Vec<RuleId> = Vec::new();
    for ec2::SecurityGroupRuleUpdate {
        security_group_rule,
        security_group_rule_id: text,
    } in security_group_rules
    {
        let id = rule_id(&group, text, &mut changed)?;
        let wanted = security_group_rule.as_ref();
        let wanted = wanted
            .ok_or_else(|| Fault::missing("SecurityGroupRule.N.SecurityGroupRule.IpProtocol"))?;
        let Given {
            permission,
            description,
        } = one(call, wanted)?;
        check_peer(world, call, &group, &permission)?;
        if let Some(rule) = group.rules.iter_mut().find(|rule| rule.id == id) {
            rule.permission = permission;
            rule.description = description;
        }
    }
    size::check(world, call, old, &group)?;
    // Only now: two rules may have changed places.
    for id in changed {
        let Some(rule) = group.rules.iter().find(|rule| rule.id == id) else {
            continue;
        };
        let twin = |other: &&Rule| {
            other.id != id && other.egress == rule.egress && other.permission == rule.permission
        };
        if let Some(other) = group.rules.iter().find(twin) {
            return Err(duplicate(&group, other));
        }
    }
    Ok(Decision {
        reply: ec2::ModifySecurityGroupRulesResult {
            r#return: Some(true),
        },
        changes: vec![group.into()],
    })
}

/// The rule of the group that a request names, once.
fn rule_id(group: &SecurityGroup, text: &str, seen: &mut Vec<RuleId>) -> Result<RuleId, Fault> {
    let id: RuleId = parse_id(STEM, text)?;
    if !group.rules.iter().any(|rule| rule.id == id) {
        return Err(not_found(STEM, id));
    }
    if seen.contains(&id) {
        let why = "the rule is named twice; name it once";
        return Err(Fault::invalid_value("SecurityGroupRuleId", text, why));
    }
    seen.push(id);
    Ok(id)
}

/// The one permission of a `SecurityGroupRule`.
fn one(call: &Call, wanted: &ec2::SecurityGroupRuleRequest) -> Result<Given, Fault> {
    let ec2::SecurityGroupRuleRequest {
        cidr_ipv4,
        cidr_ipv6,
        description,
        from_port,
        ip_protocol,
        prefix_list_id,
        referenced_group_id,
        to_port,
    } = wanted;
    let permission = ec2::IpPermission {
        from_port: *from_port,
        ip_protocol: ip_protocol.clone(),
        ip_ranges: cidr_ipv4
            .iter()
            .map(|cidr| ec2::IpRange {
                cidr_ip: Some(cidr.clone()),
                description: description.clone(),
            })
            .collect(),
        ipv6_ranges: cidr_ipv6
            .iter()
            .map(|cidr| ec2::Ipv6Range {
                cidr_ipv6: Some(cidr.clone()),
                description: description.clone(),
            })
            .collect(),
        prefix_list_ids: prefix_list_id
            .iter()
            .map(|id| ec2::PrefixListId {
                description: description.clone(),
                prefix_list_id: Some(id.clone()),
            })
            .collect(),
        to_port: *to_port,
        user_id_group_pairs: referenced_group_id
            .iter()
            .map(|id| ec2::UserIdGroupPair {
                description: description.clone(),
                group_id: Some(id.clone()),
                ..ec2::UserIdGroupPair::default()
            })
            .collect(),
    };
    let mut given = permission::parse(call, &permission)?.into_iter();
    match (given.next(), given.next()) {
        (Some(one), None) => Ok(one),
        _ => Err(Fault::bad_request(
            "InvalidParameterCombination",
            "A SecurityGroupRule has one other side; give one of CidrIpv4, CidrIpv6, PrefixListId and ReferencedGroupId",
        )),
    }
}

/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_UpdateSecurityGroupRuleDescriptionsIngress.html>
pub(crate) fn describe_ingress(
    world: &World,
    call: &Call,
    request: &ec2::UpdateSecurityGroupRuleDescriptionsIngressRequest,
) -> Result<Decision<ec2::UpdateSecurityGroupRuleDescriptionsIngressResult>, Fault> {
    let ec2::UpdateSecurityGroupRuleDescriptionsIngressRequest {
        dry_run: _,
        group_id,
        group_name,
        ip_permissions,
        security_group_rule_descriptions,
    } = request;
    let (id, name) = (group_id.as_deref(), group_name.as_deref());
    let group = security_group::find_given(world, call, id, name)?;
    let notes = security_group_rule_descriptions;
    let group = described(call, group, false, ip_permissions, notes)?;
    Ok(Decision {
        reply: ec2::UpdateSecurityGroupRuleDescriptionsIngressResult {
            r#return: Some(true),
        },
        changes: vec![group.into()],
    })
}

/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_UpdateSecurityGroupRuleDescriptionsEgress.html>
pub(crate) fn describe_egress(
    world: &World,
    call: &Call,
    request: &ec2::UpdateSecurityGroupRuleDescriptionsEgressRequest,
) -> Result<Decision<ec2::UpdateSecurityGroupRuleDescriptionsEgressResult>, Fault> {
    let ec2::UpdateSecurityGroupRuleDescriptionsEgressRequest {
        dry_run: _,
        group_id,
        group_name,
        ip_permissions,
        security_group_rule_descriptions,
    } = request;
    let (id, name) = (group_id.as_deref(), group_name.as_deref());
    let group = security_group::find_given(world, call, id, name)?;
    let notes = security_group_rule_descriptions;
    let group = described(call, group, true, ip_permissions, notes)?;
    Ok(Decision {
        reply: ec2::UpdateSecurityGroupRuleDescriptionsEgressResult {
            r#return: Some(true),
        },
        changes: vec![group.into()],
    })
}

/// The group with other notes on its rules; a note that is left out is removed.
fn described(
    call: &Call,
    group: &SecurityGroup,
    egress: bool,
    permissions: &[ec2::IpPermission],
    notes: &[ec2::SecurityGroupRuleDescription],
) -> Result<SecurityGroup, Fault> {
    match (permissions, notes) {
        ([], []) => return Err(Fault::missing("IpPermissions")),
        ([_, ..], [_, ..]) => {
            return Err(Fault::bad_request(
                "InvalidParameterCombination",
                "SecurityGroupRuleDescription cannot be used together with IpPermissions; make a call for each",
            ));
        }
        _ => {}
    }
    let mut group = group.clone();
    for given in Wanted::listed(permissions).parse(call)? {
        let same = |rule: &&mut Rule| rule.egress == egress && rule.permission == given.permission;
        match group.rules.iter_mut().find(same) {
            Some(rule) => rule.description = given.description,
            None => return Err(absent(&group, egress, &in_words(&given.permission))),
        }
    }
    let mut seen = Vec::new();
    for ec2::SecurityGroupRuleDescription {
        description,
        security_group_rule_id,
    } in notes
    {
        let text = security_group_rule_id
            .as_deref()
            .ok_or_else(|| Fault::missing("SecurityGroupRuleDescription.N.SecurityGroupRuleId"))?;
        let id = rule_id(&group, text, &mut seen)?;
        if let Some(note) = description {
            security_group::check_text("SecurityGroupRuleDescription.N.Description", note)?;
        }
        if let Some(rule) = group.rules.iter_mut().find(|rule| rule.id == id) {
            if rule.egress != egress {
                let why = format!("it is an {} rule; describe it as such", way(rule.egress));
                return Err(Fault::invalid_value("SecurityGroupRuleId", text, &why));
            }
            rule.description = description.clone().filter(|note| !note.is_empty());
        }
    }
    Ok(group)
}

#[cfg(test)]
mod tests;
