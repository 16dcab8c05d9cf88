//! Network ACLs; their entries are in [`super::network_acl_entry`].

use std::sync::Arc;

use aws::{Fault, ec2};
use model::id::{NetworkAclAssociationId, NetworkAclId};
use model::network_acl::{NetworkAcl, NetworkAclAssociation};
use model::world::{Change, Claim, Kind, Name, World};

use super::network_acl_entry as entry;
use super::page::page;
use super::{Call, Decision, filter, not_found, parse_id, quota, refusal, select, tags, vpc};

/// The stem of ACL ids in error codes.
pub(crate) const STEM: &str = "NetworkAclID";
/// The stem of association ids in error codes.
const ASSOCIATION_STEM: &str = "AssociationID";
const CREATE: &str = "CreateNetworkAcl";

/// Filters besides tags (AWS.md 3).
const FILTERS: [&str; 17] = [
    "association.association-id",
    "association.network-acl-id",
    "association.subnet-id",
    "default",
    "entry.cidr",
    "entry.egress",
    "entry.icmp.code",
    "entry.icmp.type",
    "entry.ipv6-cidr",
    "entry.port-range.from",
    "entry.port-range.to",
    "entry.protocol",
    "entry.rule-action",
    "entry.rule-number",
    "network-acl-id",
    "owner-id",
    "vpc-id",
];

/// Makes an ACL that refuses everything.
/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateNetworkAcl.html>
pub(crate) fn create(
    world: &World,
    call: &Call,
    request: &ec2::CreateNetworkAclRequest,
) -> Result<Decision<ec2::CreateNetworkAclResult>, Fault> {
    let ec2::CreateNetworkAclRequest {
        client_token,
        dry_run: _,
        tag_specifications,
        vpc_id,
    } = request;
    let token = client_token.as_deref();
    let reply = |acl: &NetworkAcl| ec2::CreateNetworkAclResult {
        client_token: client_token.clone(),
        network_acl: Some(wire(acl)),
    };
    if let Some(earlier) = call.replayed(world, CREATE, token, request)? {
        return Ok(Decision::unchanged(reply(find_ref(world, call, &earlier)?)));
    }
    let vpc = vpc::find_ref(world, call, vpc_id)?;
    let acl = NetworkAcl {
        id: call.id(),
        owner: call.account,
        vpc: vpc.id,
        default: false,
        associations: Vec::new(),
        entries: Vec::new(),
        tags: tags::on_create(tag_specifications, "network-acl")?,
    };
    call.check_quota(
        &quota::NETWORK_ACLS,
        world.needing::<NetworkAcl>(vpc.id).count(),
        "NetworkAclLimitExceeded",
        &format!("The vpc '{}'", vpc.id),
    )?;
    let reply = reply(&acl);
    let remembered = call.remember(CREATE, token, request, &acl.id);
    let mut changes = vec![acl.into()];
    changes.extend(remembered);
    Ok(Decision { reply, changes })
}

/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeNetworkAcls.html>
pub(crate) fn describe(
    world: &World,
    call: &Call,
    request: &ec2::DescribeNetworkAclsRequest,
) -> Result<ec2::DescribeNetworkAclsResult, Fault> {
    let ec2::DescribeNetworkAclsRequest {
        dry_run: _,
        filters,
        max_results,
        network_acl_ids,
        next_token,
    } = request;
    filter::known(filters, &FILTERS)?;
    let find = |text: &str| find_ref(world, call, text);
    let mine = select::select(world, call, network_acl_ids, find, filters, "vpc-id")?;
    let values = |acl: &&Arc<NetworkAcl>, name: &str| values(acl, name);
    let found = filter::apply(mine, filters, values, |acl| Some(&acl.tags))?;
    let (given, next_token) = page(
        found,
        |acl| acl.id.to_string(),
        *max_results,
        next_token.as_deref(),
        (5, 1_000),
        !network_acl_ids.is_empty(),
    )?;
    Ok(ec2::DescribeNetworkAclsResult {
        network_acls: given.into_iter().map(|acl| wire(acl)).collect(),
        next_token,
    })
}

fn values(acl: &NetworkAcl, name: &str) -> Option<Vec<String>> {
    if let Some(name) = name.strip_prefix("entry.") {
        return entry::values(acl, name);
    }
    let uses = acl.associations.iter();
    Some(match name {
        "association.association-id" => uses.map(|it| it.id.to_string()).collect(),
        "association.network-acl-id" => uses.map(|_| acl.id.to_string()).collect(),
        "association.subnet-id" => uses.map(|it| it.subnet.to_string()).collect(),
        "default" => vec![acl.default.to_string()],
        "network-acl-id" => vec![acl.id.to_string()],
        "owner-id" => vec![acl.owner.to_string()],
        "vpc-id" => vec![acl.vpc.to_string()],
        _ => return None,
    })
}

/// Removes an ACL that no subnet uses; a VPC's default one goes with the VPC.
/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DeleteNetworkAcl.html>
pub(crate) fn delete(
    world: &World,
    call: &Call,
    request: &ec2::DeleteNetworkAclRequest,
) -> Result<Decision<()>, Fault> {
    let ec2::DeleteNetworkAclRequest {
        dry_run: _,
        network_acl_id,
    } = request;
    let acl = find_ref(world, call, network_acl_id)?;
    let id = acl.id;
    if acl.default {
        return Err(Fault::bad_request(
            "InvalidParameterValue",
            format!(
                "cannot delete default network ACL {id}; it goes when '{}' is deleted",
                acl.vpc
            ),
        ));
    }
    let uses = acl.associations.iter();
    let mut blockers: Vec<String> = uses
        .map(|it| format!("the association '{}' of '{}'", it.id, it.subnet))
        .collect();
    let others = world.dependents(id);
    blockers.extend(others.map(|name| refusal::blocker(world, name)));
    refusal::dependency(&format!("The networkAcl '{id}'"), &blockers)?;
    Ok(Decision {
        reply: (),
        changes: vec![Change::Remove(Name::NetworkAcl(id))],
    })
}

/// Makes a subnet use another ACL.
/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ReplaceNetworkAclAssociation.html>
pub(crate) fn replace_association(
    world: &World,
    call: &Call,
    request: &ec2::ReplaceNetworkAclAssociationRequest,
) -> Result<Decision<ec2::ReplaceNetworkAclAssociationResult>, Fault> {
    let ec2::ReplaceNetworkAclAssociationRequest {
        association_id,
        dry_run: _,
        network_acl_id,
    } = request;
    let id: NetworkAclAssociationId = parse_id(ASSOCIATION_STEM, association_id)?;
    let claim = Claim::Name(call.account, Kind::NetworkAcl, id.to_string());
    let old: &Arc<NetworkAcl> = world
        .claimant(claim)
        .ok_or_else(|| not_found(ASSOCIATION_STEM, id))?;
    let new = find_ref(world, call, network_acl_id)?;
    if new.vpc != old.vpc {
        return Err(Fault::bad_request(
            "InvalidParameterValue",
            format!(
                "network ACL {} belongs to another network than the association {id}: {} and {}; choose an ACL of {}",
                new.id, new.vpc, old.vpc, old.vpc
            ),
        ));
    }
    let reply = |id: NetworkAclAssociationId| ec2::ReplaceNetworkAclAssociationResult {
        new_association_id: Some(id.to_string()),
    };
    if new.id == old.id {
        return Ok(Decision::unchanged(reply(id)));
    }
    let (mut old, mut new) = (NetworkAcl::clone(old), NetworkAcl::clone(new));
    let new_id = call.id();
    if let Some(at) = old.associations.iter().position(|it| it.id == id) {
        let NetworkAclAssociation { id: _, subnet } = old.associations.remove(at);
        new.associations
            .push(NetworkAclAssociation { id: new_id, subnet });
    }
    Ok(Decision {
        reply: reply(new_id),
        changes: vec![old.into(), new.into()],
    })
}

/// The caller's ACL with this id.
pub(crate) fn find_ref<'a>(
    world: &'a World,
    call: &Call,
    text: &str,
) -> Result<&'a Arc<NetworkAcl>, Fault> {
    let id: NetworkAclId = parse_id(STEM, text)?;
    world
        .network_acl(call.account, id)
        .ok_or_else(|| not_found(STEM, id))
}

/// An ACL as EC2 lists it.
fn wire(acl: &NetworkAcl) -> ec2::NetworkAcl {
    let uses = acl
        .associations
        .iter()
        .map(|it| ec2::NetworkAclAssociation {
            network_acl_association_id: Some(it.id.to_string()),
            network_acl_id: Some(acl.id.to_string()),
            subnet_id: Some(it.subnet.to_string()),
        });
    ec2::NetworkAcl {
        associations: uses.collect(),
        entries: entry::wire(acl),
        is_default: Some(acl.default),
        network_acl_id: Some(acl.id.to_string()),
        owner_id: Some(acl.owner.to_string()),
        tags: tags::ec2(&acl.tags),
        vpc_id: Some(acl.vpc.to_string()),
    }
}

#[cfg(test)]
mod tests;
