//! Security groups; their rules are in [`super::security_group_rule`].

use std::sync::Arc;

use aws::{Fault, ec2};
use ipnet::Ipv4Net;
use model::endpoint::Endpoint;
use model::id::{RuleId, SecurityGroupId};
use model::interface::Interface;
use model::load_balancer::LoadBalancer;
use model::security_group::{Peer, Permission, Rule, SecurityGroup};
use model::vpc::Vpc;
use model::world::{Change, Claim, Kind, Name, World};

use super::page::page;
use super::security_group_rule::permission;
use super::{Call, Decision, filter, not_found, parse_id, quota, refusal, tags, unsupported, vpc};

/// The stem of groups in `NotFound` codes.
pub(crate) const STEM: &str = "Group";
/// The stem of groups in `Malformed` codes.
const ID_STEM: &str = "GroupId";
/// What AWS allows in names and descriptions besides letters and digits.
const MARKS: &str = " ._-:/()#,@[]+=&;{}!$*";

/// The groups of a new or changed interface in `vpc`: those with these ids, the VPC's default
/// group when there are none.
pub(crate) fn groups_of_vpc(
    world: &World,
    call: &Call,
    vpc: &Vpc,
    ids: &[String],
) -> Result<Vec<SecurityGroupId>, Fault> {
    if ids.is_empty() {
        return Ok(vec![vpc.default_group]);
    }
    let mut groups: Vec<SecurityGroupId> = Vec::new();
    for text in ids {
        let group = find_ref(world, call, text)?;
        if group.vpc != vpc.id {
            return Err(elsewhere(group, vpc));
        }
        if !groups.contains(&group.id) {
            groups.push(group.id);
        }
    }
    call.check_quota_for(
        &quota::GROUPS_PER_INTERFACE,
        groups.len(),
        0,
        "SecurityGroupsPerInterfaceLimitExceeded",
        "The network interface",
    )?;
    Ok(groups)
}

/// A group that cannot be used because it is in another VPC.
fn elsewhere(group: &SecurityGroup, vpc: &Vpc) -> Fault {
    Fault::bad_request(
        "InvalidGroup.NotFound",
        format!(
            "The security group '{}' does not exist in '{}': it is in '{}'; name a group of '{}'",
            group.id, vpc.id, group.vpc, vpc.id
        ),
    )
}

/// Makes a group that admits everything outward and nothing inward.
/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateSecurityGroup.html>
pub(crate) fn create(
    world: &World,
    call: &Call,
    request: &ec2::CreateSecurityGroupRequest,
) -> Result<Decision<ec2::CreateSecurityGroupResult>, Fault> {
    let ec2::CreateSecurityGroupRequest {
        description,
        dry_run: _,
        group_name,
        tag_specifications,
        vpc_id,
    } = request;
    let vpc = match vpc_id.as_deref() {
        Some(text) => vpc::find_ref(world, call, text)?,
        None => world.default_vpc(call.account).ok_or_else(|| {
            Fault::bad_request(
                "VPCIdNotSpecified",
                "No default VPC for this user; give VpcId, or make a default VPC (CreateDefaultVpc)",
            )
        })?,
    };
    let name = group_name.trim_end();
    check_name(name)?;
    if description.is_empty() {
        return Err(Fault::missing("GroupDescription"));
    }
    check_text("GroupDescription", description)?;
    let claim = Claim::NameIn(vpc.id, Kind::SecurityGroup, name.to_owned());
    if let Some(other) = world.claimant::<SecurityGroup>(claim) {
        return Err(Fault::bad_request(
            "InvalidGroup.Duplicate",
            format!(
                "The security group '{name}' already exists for VPC '{}' as '{}'; choose another GroupName",
                vpc.id, other.id
            ),
        ));
    }
    call.check_quota(
        &quota::SECURITY_GROUPS,
        world.owned::<SecurityGroup>(call.account).count(),
        "SecurityGroupLimitExceeded",
        &format!("The account '{}'", call.account),
    )?;
    let group = SecurityGroup {
        id: call.id(),
        owner: call.account,
        vpc: vpc.id,
        name: name.to_owned(),
        description: description.clone(),
        slot: world.free_group_slot(),
        rules: vec![outward(call.id())],
        tags: tags::on_create(tag_specifications, "security-group")?,
    };
    Ok(Decision {
        reply: ec2::CreateSecurityGroupResult {
            group_id: Some(group.id.to_string()),
            security_group_arn: Some(arn(call, &group)),
            tags: tags::ec2(&group.tags),
        },
        changes: vec![group.into()],
    })
}

/// The rule that every new group has.
fn outward(id: RuleId) -> Rule {
    Rule {
        id,
        egress: true,
        permission: Permission {
            protocol: None,
            from: -1,
            to: -1,
            peer: Peer::Cidr4(Ipv4Net::default()),
        },
        description: None,
        tags: Default::default(),
    }
}

fn check_name(name: &str) -> Result<(), Fault> {
    let refuse = |why| Err(Fault::invalid_value("GroupName", name, why));
    if name.is_empty() {
        return Err(Fault::missing("GroupName"));
    }
    if name == "default" {
        return refuse("every VPC has its own group of this name; choose another");
    }
    if name.starts_with("sg-") {
        return refuse("names that begin with sg- would look like ids; choose another");
    }
    check_text("GroupName", name)
}

/// Names and descriptions of groups and rules: 255 characters of AWS's set.
pub(crate) fn check_text(parameter: &str, text: &str) -> Result<(), Fault> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || MARKS.contains(c);
    if text.chars().count() > 255 || !text.chars().all(allowed) {
        return Err(Fault::invalid_value(
            parameter,
            text,
            &format!("give at most 255 ASCII letters, digits and characters of '{MARKS}'"),
        ));
    }
    Ok(())
}

/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeSecurityGroups.html>
pub(crate) fn describe(
    world: &World,
    call: &Call,
    request: &ec2::DescribeSecurityGroupsRequest,
) -> Result<ec2::DescribeSecurityGroupsResult, Fault> {
    let ec2::DescribeSecurityGroupsRequest {
        dry_run: _,
        filters,
        group_ids,
        group_names,
        max_results,
        next_token,
    } = request;
    // AWS looks for these in the default VPC only.
    unsupported(&[(
        "GroupName (give GroupId, or the filter group-name)",
        !group_names.is_empty(),
    )])?;
    let mut names: Vec<String> = [
        "description",
        "group-id",
        "group-name",
        "owner-id",
        "vpc-id",
    ]
    .map(String::from)
    .into();
    for way in ["ip-permission", "egress.ip-permission"] {
        names.extend(RULE_FILTERS.map(|name| format!("{way}.{name}")));
    }
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    filter::known(filters, &names)?;
    let mut mine: Vec<_> = if group_ids.is_empty() {
        match filter::exact(filters, "vpc-id") {
            None => world.owned(call.account).collect(),
            Some(ids) => ids
                .iter()
                .filter_map(|id| world.vpc(call.account, id.parse().ok()?))
                .flat_map(|vpc| world.needing::<SecurityGroup>(vpc.id))
                .collect(),
        }
    } else {
        group_ids
            .iter()
            .map(|text| find_ref(world, call, text))
            .collect::<Result<_, _>>()?
    };
    mine.sort_by_key(|group| group.id);
    mine.dedup_by_key(|group| group.id);
    let values = |group: &&Arc<SecurityGroup>, name: &str| {
        if let Some(name) = name.strip_prefix("ip-permission.") {
            return rule_values(world, group, false, name);
        }
        if let Some(name) = name.strip_prefix("egress.ip-permission.") {
            return rule_values(world, group, true, name);
        }
        Some(vec![match name {
            "description" => group.description.clone(),
            "group-id" => group.id.to_string(),
            "group-name" => group.name.clone(),
            "owner-id" => group.owner.to_string(),
            "vpc-id" => group.vpc.to_string(),
            _ => return None,
        }])
    };
    let found = filter::apply(mine, filters, values, |group| Some(&group.tags))?;
    let (given, next_token) = page(
        found,
        |group| group.id.to_string(),
        *max_results,
        next_token.as_deref(),
        (5, 1_000),
        !group_ids.is_empty(),
    )?;
    Ok(ec2::DescribeSecurityGroupsResult {
        next_token,
        security_groups: given.into_iter().map(|group| wire(call, group)).collect(),
    })
}

/// Filters after `ip-permission.` and `egress.ip-permission.`.
const RULE_FILTERS: [&str; 9] = [
    "cidr",
    "from-port",
    "group-id",
    "group-name",
    "ipv6-cidr",
    "prefix-list-id",
    "protocol",
    "to-port",
    "user-id",
];

/// The values of all rules of one way under one of [`RULE_FILTERS`].
fn rule_values(
    world: &World,
    group: &SecurityGroup,
    egress: bool,
    name: &str,
) -> Option<Vec<String>> {
    if !RULE_FILTERS.contains(&name) {
        return None;
    }
    let rules = group.rules.iter().filter(|rule| rule.egress == egress);
    let values = rules.flat_map(|rule| {
        let permission = &rule.permission;
        match (name, &permission.peer) {
            ("from-port", _) => vec![permission.from.to_string()],
            ("to-port", _) => vec![permission.to.to_string()],
            ("protocol", _) => permission::protocol_names(permission.protocol),
            ("cidr", Peer::Cidr4(net)) => vec![net.to_string()],
            ("ipv6-cidr", Peer::Cidr6(net)) => vec![net.to_string()],
            ("group-id", Peer::Group(id)) => vec![id.to_string()],
            ("group-name", Peer::Group(id)) => {
                let known = world.security_groups.get(id);
                known.map(|group| group.name.clone()).into_iter().collect()
            }
            ("prefix-list-id", Peer::PrefixList(id)) => vec![id.to_string()],
            ("user-id", Peer::Group(_)) => vec![group.owner.to_string()],
            _ => Vec::new(),
        }
    });
    Some(values.collect())
}

/// Removes a group that nothing uses or refers to.
/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DeleteSecurityGroup.html>
pub(crate) fn delete(
    world: &World,
    call: &Call,
    request: &ec2::DeleteSecurityGroupRequest,
) -> Result<Decision<ec2::DeleteSecurityGroupResult>, Fault> {
    let ec2::DeleteSecurityGroupRequest {
        dry_run: _,
        group_id,
        group_name,
    } = request;
    let group = find_given(world, call, group_id.as_deref(), group_name.as_deref())?;
    let id = group.id;
    if world.needing::<Vpc>(id).next().is_some() {
        return Err(Fault::bad_request(
            "CannotDelete",
            format!(
                "The security group '{id}' is the default group of '{}' and cannot be deleted by itself; it goes when the VPC is deleted",
                group.vpc
            ),
        ));
    }
    let mut blockers: Vec<String> = Vec::new();
    let interfaces = world.needing::<Interface>(id);
    blockers.extend(interfaces.map(|interface| interface.id.to_string()));
    let endpoints = world.needing::<Endpoint>(id);
    blockers.extend(endpoints.map(|endpoint| endpoint.id.to_string()));
    let balancers = world.needing::<LoadBalancer>(id);
    blockers.extend(balancers.map(|balancer| format!("load balancer {}", balancer.name)));
    for other in world.mentioning::<SecurityGroup>(id) {
        let refers = |rule: &&Rule| rule.permission.peer == Peer::Group(id);
        let rules = other.rules.iter().filter(refers);
        blockers.extend(rules.map(|rule| format!("rule {} of {}", rule.id, other.id)));
    }
    refusal::dependency(&format!("The security group '{id}'"), &blockers)?;
    Ok(Decision {
        reply: ec2::DeleteSecurityGroupResult {
            group_id: Some(id.to_string()),
            r#return: Some(true),
        },
        changes: vec![Change::Remove(Name::SecurityGroup(id))],
    })
}

/// The caller's group with this id.
pub(crate) fn find_ref<'a>(
    world: &'a World,
    call: &Call,
    text: &str,
) -> Result<&'a Arc<SecurityGroup>, Fault> {
    let id: SecurityGroupId = parse_id(ID_STEM, text)?;
    world
        .security_group(call.account, id)
        .ok_or_else(|| not_found(STEM, id))
}

/// The caller's group by GroupId. AWS takes GroupName for groups of the default VPC only.
pub(crate) fn find_given<'a>(
    world: &'a World,
    call: &Call,
    group_id: Option<&str>,
    group_name: Option<&str>,
) -> Result<&'a Arc<SecurityGroup>, Fault> {
    unsupported(&[("GroupName (give GroupId)", group_name.is_some())])?;
    find_ref(
        world,
        call,
        group_id.ok_or_else(|| Fault::missing("GroupId"))?,
    )
}

fn arn(call: &Call, group: &SecurityGroup) -> String {
    call.arn_of("ec2", group.owner, &format!("security-group/{}", group.id))
}

fn wire(call: &Call, group: &SecurityGroup) -> ec2::SecurityGroup {
    ec2::SecurityGroup {
        description: Some(group.description.clone()),
        group_id: Some(group.id.to_string()),
        group_name: Some(group.name.clone()),
        ip_permissions: permission::merged(group, false),
        ip_permissions_egress: permission::merged(group, true),
        owner_id: Some(group.owner.to_string()),
        security_group_arn: Some(arn(call, group)),
        tags: tags::ec2(&group.tags),
        vpc_id: Some(group.vpc.to_string()),
    }
}

#[cfg(test)]
mod tests;
