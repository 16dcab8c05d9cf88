//! Rules of security groups: authorise, revoke, change, list.

mod change;
mod list;
pub(crate) mod permission;
pub(crate) mod size;

use aws::{Fault, ec2};
use model::id::RuleId;
use model::security_group::{Peer, Permission, Rule, SecurityGroup};
use model::world::World;

use super::{Call, Decision, not_found, parse_id, prefix_list, security_group, tags, unsupported};
use list::{wire, wire_revoked};
use permission::{Given, in_words};

pub(crate) use change::{describe_egress, describe_ingress, modify};
pub(crate) use list::{describe, find};

/// The stem of rule ids in error codes.
pub(crate) const STEM: &str = "SecurityGroupRuleId";

/// Which permissions a request means: `IpPermissions.N`, or the flat form of one.
struct Wanted<'a> {
    permissions: &'a [ec2::IpPermission],
    cidr: Option<&'a String>,
    protocol: Option<&'a String>,
    from: Option<i32>,
    to: Option<i32>,
    source_name: Option<&'a String>,
    source_owner: Option<&'a String>,
}

impl<'a> Wanted<'a> {
    /// Those of `IpPermissions.N` alone.
    fn listed(permissions: &'a [ec2::IpPermission]) -> Self {
        Self {
            permissions,
            cidr: None,
            protocol: None,
            from: None,
            to: None,
            source_name: None,
            source_owner: None,
        }
    }

    /// One permission for each peer; empty when the request has none.
    fn parse(&self, call: &Call) -> Result<Vec<Given>, Fault> {
        let instead = "(give IpPermissions.1.Groups.1.GroupId)";
        unsupported(&[
            (
                &format!("SourceSecurityGroupName {instead}"),
                self.source_name.is_some(),
            ),
            (
                &format!("SourceSecurityGroupOwnerId {instead}"),
                self.source_owner.is_some(),
            ),
        ])?;
        let ports = self.from.is_some() || self.to.is_some();
        let flat = self.cidr.is_some() || self.protocol.is_some() || ports;
        let one;
        let permissions = match (flat, self.permissions) {
            (true, []) => {
                let cidr = self.cidr.ok_or_else(|| Fault::missing("CidrIp"))?;
                let protocol = self.protocol.ok_or_else(|| Fault::missing("IpProtocol"))?;
                one = [ec2::IpPermission {
                    from_port: self.from,
                    ip_protocol: Some(protocol.clone()),
                    ip_ranges: vec![ec2::IpRange {
                        cidr_ip: Some(cidr.clone()),
                        description: None,
                    }],
                    to_port: self.to,
                    ..ec2::IpPermission::default()
                }];
                &one
            }
            (true, _) => {
                return Err(Fault::bad_request(
                    "InvalidParameterCombination",
                    "IpPermissions cannot be used together with CidrIp, IpProtocol, FromPort and ToPort; give all in IpPermissions",
                ));
            }
            (false, given) => given,
        };
        let mut given: Vec<Given> = Vec::new();
        for permission in permissions {
            for one in permission::parse(call, permission)? {
                if given.iter().any(|other| other.permission == one.permission) {
                    return Err(Fault::bad_request(
                        "InvalidParameterValue",
                        format!(
                            "The same permission must not appear multiple times: \"{}\"; give it once",
                            in_words(&one.permission)
                        ),
                    ));
                }
                given.push(one);
            }
        }
        Ok(given)
    }
}

/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_AuthorizeSecurityGroupIngress.html>
pub(crate) fn authorize_ingress(
    world: &World,
    call: &Call,
    request: &ec2::AuthorizeSecurityGroupIngressRequest,
) -> Result<Decision<ec2::AuthorizeSecurityGroupIngressResult>, Fault> {
    let ec2::AuthorizeSecurityGroupIngressRequest {
        cidr_ip,
        dry_run: _,
        from_port,
        group_id,
        group_name,
        ip_permissions,
        ip_protocol,
        source_security_group_name,
        source_security_group_owner_id,
        tag_specifications,
        to_port,
    } = request;
    let (id, name) = (group_id.as_deref(), group_name.as_deref());
    let group = security_group::find_given(world, call, id, name)?;
    let wanted = Wanted {
        permissions: ip_permissions,
        cidr: cidr_ip.as_ref(),
        protocol: ip_protocol.as_ref(),
        from: *from_port,
        to: *to_port,
        source_name: source_security_group_name.as_ref(),
        source_owner: source_security_group_owner_id.as_ref(),
    };
    let (group, rules) = authorize(world, call, group, false, &wanted, tag_specifications)?;
    Ok(Decision {
        reply: ec2::AuthorizeSecurityGroupIngressResult {
            r#return: Some(true),
            security_group_rules: rules,
        },
        changes: vec![group.into()],
    })
}

/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_AuthorizeSecurityGroupEgress.html>
pub(crate) fn authorize_egress(
    world: &World,
    call: &Call,
    request: &ec2::AuthorizeSecurityGroupEgressRequest,
) -> Result<Decision<ec2::AuthorizeSecurityGroupEgressResult>, Fault> {
    let ec2::AuthorizeSecurityGroupEgressRequest {
        cidr_ip,
        dry_run: _,
        from_port,
        group_id,
        ip_permissions,
        ip_protocol,
        source_security_group_name,
        source_security_group_owner_id,
        tag_specifications,
        to_port,
    } = request;
    let group = security_group::find_ref(world, call, group_id)?;
    let wanted = Wanted {
        permissions: ip_permissions,
        cidr: cidr_ip.as_ref(),
        protocol: ip_protocol.as_ref(),
        from: *from_port,
        to: *to_port,
        source_name: source_security_group_name.as_ref(),
        source_owner: source_security_group_owner_id.as_ref(),
    };
    let (group, rules) = authorize(world, call, group, true, &wanted, tag_specifications)?;
    Ok(Decision {
        reply: ec2::AuthorizeSecurityGroupEgressResult {
            r#return: Some(true),
            security_group_rules: rules,
        },
        changes: vec![group.into()],
    })
}

/// The group with the new rules, and these as EC2 lists them.
fn authorize(
    world: &World,
    call: &Call,
    group: &SecurityGroup,
    egress: bool,
    wanted: &Wanted<'_>,
    tag_specifications: &[ec2::TagSpecification],
) -> Result<(SecurityGroup, Vec<ec2::SecurityGroupRule>), Fault> {
    let given = wanted.parse(call)?;
    if given.is_empty() {
        return Err(Fault::missing("IpPermissions"));
    }
    let tags = tags::on_create(tag_specifications, "security-group-rule")?;
    let old = group;
    let mut group = old.clone();
    let mut made = Vec::new();
    for Given {
        permission,
        description,
    } in given
    {
        check_peer(world, call, &group, &permission)?;
        let same = |rule: &&Rule| rule.egress == egress && rule.permission == permission;
        if let Some(rule) = group.rules.iter().find(same) {
            return Err(duplicate(&group, rule));
        }
        let rule = Rule {
            id: call.id(),
            egress,
            permission,
            description,
            tags: tags.clone(),
        };
        made.push(wire(call, &group, &rule));
        group.rules.push(rule);
    }
    size::check(world, call, old, &group)?;
    Ok((group, made))
}

/// A rule names groups of its own VPC, and prefix lists that its owner can see.
fn check_peer(
    world: &World,
    call: &Call,
    group: &SecurityGroup,
    permission: &Permission,
) -> Result<(), Fault> {
    let peer = match permission.peer {
        Peer::Cidr4(_) | Peer::Cidr6(_) => return Ok(()),
        Peer::PrefixList(list) => return prefix_list::check(world, call, list),
        Peer::Group(peer) => peer,
    };
    let known = world.security_group(call.account, peer);
    if known.is_some_and(|known| known.vpc == group.vpc) {
        return Ok(());
    }
    Err(Fault::bad_request(
        "InvalidGroup.NotFound",
        format!(
            "The security group '{peer}' does not exist in '{}'; a rule of '{}' names groups of its own VPC",
            group.vpc, group.id
        ),
    ))
}

/// A rule that is there already.
fn duplicate(group: &SecurityGroup, rule: &Rule) -> Fault {
    Fault::bad_request(
        "InvalidPermission.Duplicate",
        format!(
            "the specified rule \"{}\" already exists in '{}' as '{}'; leave it out",
            in_words(&rule.permission),
            group.id,
            rule.id
        ),
    )
}

/// A rule that is not there.
fn absent(group: &SecurityGroup, egress: bool, words: &str) -> Fault {
    Fault::bad_request(
        "InvalidPermission.NotFound",
        format!(
            "The specified {} rule \"{words}\" does not exist in the security group '{}'; DescribeSecurityGroupRules lists those that do",
            way(egress),
            group.id
        ),
    )
}

fn way(egress: bool) -> &'static str {
    if egress { "egress" } else { "ingress" }
}

/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_RevokeSecurityGroupIngress.html>
pub(crate) fn revoke_ingress(
    world: &World,
    call: &Call,
    request: &ec2::RevokeSecurityGroupIngressRequest,
) -> Result<Decision<ec2::RevokeSecurityGroupIngressResult>, Fault> {
    let ec2::RevokeSecurityGroupIngressRequest {
        cidr_ip,
        dry_run: _,
        from_port,
        group_id,
        group_name,
        ip_permissions,
        ip_protocol,
        security_group_rule_ids,
        source_security_group_name,
        source_security_group_owner_id,
        to_port,
    } = request;
    let (id, name) = (group_id.as_deref(), group_name.as_deref());
    let group = security_group::find_given(world, call, id, name)?;
    let wanted = Wanted {
        permissions: ip_permissions,
        cidr: cidr_ip.as_ref(),
        protocol: ip_protocol.as_ref(),
        from: *from_port,
        to: *to_port,
        source_name: source_security_group_name.as_ref(),
        source_owner: source_security_group_owner_id.as_ref(),
    };
    let (group, revoked) = revoke(call, group, false, &wanted, security_group_rule_ids)?;
    Ok(Decision {
        reply: ec2::RevokeSecurityGroupIngressResult {
            r#return: Some(true),
            revoked_security_group_rules: revoked,
            unknown_ip_permissions: Vec::new(), // only without a VPC
        },
        changes: vec![group.into()],
    })
}

/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_RevokeSecurityGroupEgress.html>
pub(crate) fn revoke_egress(
    world: &World,
    call: &Call,
    request: &ec2::RevokeSecurityGroupEgressRequest,
) -> Result<Decision<ec2::RevokeSecurityGroupEgressResult>, Fault> {
    let ec2::RevokeSecurityGroupEgressRequest {
        cidr_ip,
        dry_run: _,
        from_port,
        group_id,
        ip_permissions,
        ip_protocol,
        security_group_rule_ids,
        source_security_group_name,
        source_security_group_owner_id,
        to_port,
    } = request;
    let group = security_group::find_ref(world, call, group_id)?;
    let wanted = Wanted {
        permissions: ip_permissions,
        cidr: cidr_ip.as_ref(),
        protocol: ip_protocol.as_ref(),
        from: *from_port,
        to: *to_port,
        source_name: source_security_group_name.as_ref(),
        source_owner: source_security_group_owner_id.as_ref(),
    };
    let (group, revoked) = revoke(call, group, true, &wanted, security_group_rule_ids)?;
    Ok(Decision {
        reply: ec2::RevokeSecurityGroupEgressResult {
            r#return: Some(true),
            revoked_security_group_rules: revoked,
            unknown_ip_permissions: Vec::new(), // only without a VPC
        },
        changes: vec![group.into()],
    })
}

/// The group without the rules, and these as EC2 lists them.
fn revoke(
    call: &Call,
    group: &SecurityGroup,
    egress: bool,
    wanted: &Wanted<'_>,
    rule_ids: &[String],
) -> Result<(SecurityGroup, Vec<ec2::RevokedSecurityGroupRule>), Fault> {
    let given = wanted.parse(call)?;
    let mut going: Vec<RuleId> = Vec::new();
    match (given.is_empty(), rule_ids.is_empty()) {
        (true, true) => return Err(Fault::missing("IpPermissions")),
        (false, false) => {
            return Err(Fault::bad_request(
                "InvalidParameterCombination",
                "SecurityGroupRuleId cannot be used together with IpPermissions; make a call for each",
            ));
        }
        _ => {}
    }
    for text in rule_ids {
        let id: RuleId = parse_id(STEM, text)?;
        let rule = group.rules.iter().find(|rule| rule.id == id);
        let rule = rule.ok_or_else(|| not_found(STEM, id))?;
        if rule.egress != egress {
            let why = format!("it is an {} rule; revoke it as such", way(rule.egress));
            return Err(Fault::invalid_value("SecurityGroupRuleId", text, &why));
        }
        going.push(id);
    }
    for Given { permission, .. } in given {
        let same = |rule: &&Rule| rule.egress == egress && rule.permission == permission;
        let rule = group.rules.iter().find(same);
        let rule = rule.ok_or_else(|| absent(group, egress, &in_words(&permission)))?;
        going.push(rule.id);
    }
    let mut group = group.clone();
    let (gone, kept) = std::mem::take(&mut group.rules)
        .into_iter()
        .partition::<Vec<Rule>, _>(|rule| going.contains(&rule.id));
    group.rules = kept;
    let revoked = gone.iter().map(|rule| wire_revoked(&group, rule)).collect();
    Ok((group, revoked))
}

#[cfg(test)]
mod tests;
