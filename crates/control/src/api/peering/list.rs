//! Peering connections as EC2 lists them, to each side what it may see.

use std::sync::Arc;

use aws::{Fault, ec2};
use model::peering::{Peering, Side, State};
use model::world::World;

use super::find_ref;
use crate::api::page::page;
use crate::api::{Call, filter, tags};

/// Filters besides tags.
const FILTERS: [&str; 10] = [
    "accepter-vpc-info.cidr-block",
    "accepter-vpc-info.owner-id",
    "accepter-vpc-info.vpc-id",
    "expiration-time",
    "requester-vpc-info.cidr-block",
    "requester-vpc-info.owner-id",
    "requester-vpc-info.vpc-id",
    "status-code",
    "status-message",
    "vpc-peering-connection-id",
];

/// Those that the caller has a part in; what has ended is listed for a while, as by AWS.
/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeVpcPeeringConnections.html>
pub(crate) fn describe(
    world: &World,
    call: &Call,
    request: &ec2::DescribeVpcPeeringConnectionsRequest,
) -> Result<ec2::DescribeVpcPeeringConnectionsResult, Fault> {
    let ec2::DescribeVpcPeeringConnectionsRequest {
        dry_run: _,
        filters,
        max_results,
        next_token,
        vpc_peering_connection_ids: ids,
    } = request;
    filter::known(filters, &FILTERS)?;
    let start = start(world, call, ids, filters)?;
    let values = |peering: &&Arc<Peering>, name: &str| values(call, peering, name);
    let found = filter::apply(start, filters, values, |peering| {
        Some(peering.tags_of(call.account))
    })?;
    let (given, next_token) = page(
        found,
        |peering| peering.id.to_string(),
        *max_results,
        next_token.as_deref(),
        (5, 1_000),
        !ids.is_empty(),
    )?;
    let given = given.into_iter();
    Ok(ec2::DescribeVpcPeeringConnectionsResult {
        next_token,
        vpc_peering_connections: given.map(|peering| wire(call, peering)).collect(),
    })
}

/// Those that were named, those of the VPCs that a filter names, or all of the caller's; in the
/// order of their ids.
fn start<'a>(
    world: &'a World,
    call: &Call,
    ids: &[String],
    filters: &[ec2::Filter],
) -> Result<Vec<&'a Arc<Peering>>, Fault> {
    let by_vpc = ["requester-vpc-info.vpc-id", "accepter-vpc-info.vpc-id"];
    let mut by_vpc = by_vpc.iter().map(|name| filter::exact(filters, name));
    let mut found: Vec<&Arc<Peering>> = if !ids.is_empty() {
        let found = ids.iter().map(|text| find_ref(world, call, text));
        found.collect::<Result<_, _>>()?
    } else if let Some(vpcs) = by_vpc.find_map(|vpcs| vpcs) {
        let vpcs = vpcs.iter().filter_map(|text| text.parse().ok());
        vpcs.flat_map(|vpc: model::id::VpcId| world.mentioning(vpc))
            .collect()
    } else {
        world.owned(call.account).collect()
    };
    found.retain(|peering| peering.is_visible_to(call.account, call.now));
    found.sort_by_key(|peering| peering.id);
    found.dedup_by_key(|peering| peering.id);
    Ok(found)
}

fn values(call: &Call, peering: &Peering, name: &str) -> Option<Vec<String>> {
    let (requester, accepter) = (&peering.requester, &peering.accepter);
    let cidr = |side: &Side| shown_cidr(peering, side);
    Some(match name {
        "accepter-vpc-info.cidr-block" => cidr(accepter).into_iter().collect(),
        "accepter-vpc-info.owner-id" => vec![accepter.owner.to_string()],
        "accepter-vpc-info.vpc-id" => vec![accepter.vpc.to_string()],
        "expiration-time" => expiration(call, peering).into_iter().collect(),
        "requester-vpc-info.cidr-block" => cidr(requester).into_iter().collect(),
        "requester-vpc-info.owner-id" => vec![requester.owner.to_string()],
        "requester-vpc-info.vpc-id" => vec![requester.vpc.to_string()],
        "status-code" => vec![state_name(peering.state).into()],
        "status-message" => vec![message(peering)],
        "vpc-peering-connection-id" => vec![peering.id.to_string()],
        _ => return None,
    })
}

/// A side's addresses: the accepter's are nobody's business before it has accepted.
fn shown_cidr(peering: &Peering, side: &Side) -> Option<String> {
    let hidden = *side == peering.accepter && !peering.state.is_way();
    let cidr = side.cidr.filter(|_| !hidden)?;
    Some(cidr.to_string())
}

fn expiration(call: &Call, peering: &Peering) -> Option<String> {
    peering.deadline().map(|at| call.iso(at))
}

/// A connection as EC2 writes it.
pub(super) fn wire(call: &Call, peering: &Peering) -> ec2::VpcPeeringConnection {
    ec2::VpcPeeringConnection {
        accepter_vpc_info: Some(wire_side(call, peering, &peering.accepter)),
        expiration_time: expiration(call, peering),
        requester_vpc_info: Some(wire_side(call, peering, &peering.requester)),
        status: Some(ec2::VpcPeeringConnectionStateReason {
            code: Some(state_name(peering.state).into()),
            message: Some(message(peering)),
        }),
        tags: tags::ec2(peering.tags_of(call.account)),
        vpc_peering_connection_id: Some(peering.id.to_string()),
    }
}

fn wire_side(call: &Call, peering: &Peering, side: &Side) -> ec2::VpcPeeringConnectionVpcInfo {
    let cidr = shown_cidr(peering, side);
    let cidrs = cidr.iter().map(|cidr| ec2::CidrBlock {
        cidr_block: Some(cidr.clone()),
    });
    let options = ec2::VpcPeeringConnectionOptionsDescription {
        allow_dns_resolution_from_remote_vpc: Some(false),
        allow_egress_from_local_classic_link_to_remote_vpc: Some(false),
        allow_egress_from_local_vpc_to_remote_classic_link: Some(false),
    };
    ec2::VpcPeeringConnectionVpcInfo {
        cidr_block_set: cidrs.collect(),
        owner_id: Some(side.owner.to_string()),
        peering_options: cidr.is_some().then_some(options),
        region: Some(call.region.clone()),
        vpc_id: Some(side.vpc.to_string()),
        cidr_block: cidr,
        ..ec2::VpcPeeringConnectionVpcInfo::default()
    }
}

/// The wire form of a state.
pub(super) fn state_name(state: State) -> &'static str {
    match state {
        State::InitiatingRequest => "initiating-request",
        State::PendingAcceptance => "pending-acceptance",
        State::Provisioning => "provisioning",
        State::Active => "active",
        State::Rejected => "rejected",
        State::Failed => "failed",
        State::Expired => "expired",
        State::Deleting => "deleting",
        State::Deleted => "deleted",
    }
}

fn message(peering: &Peering) -> String {
    let accepter = peering.accepter.owner;
    let by = peering.ended_by.unwrap_or(accepter);
    match peering.state {
        State::InitiatingRequest => format!("Initiating Request to {accepter}"),
        State::PendingAcceptance => format!("Pending Acceptance by {accepter}"),
        State::Provisioning => "Provisioning".into(),
        State::Active => "Active".into(),
        State::Rejected => format!("Rejected by {by}"),
        State::Failed => {
            "Failed due to incorrect VPC-ID, Account ID, or overlapping CIDR range".into()
        }
        State::Expired => "Expired".into(),
        State::Deleting => format!("Deleting by {by}"),
        State::Deleted => format!("Deleted by {by}"),
    }
}
