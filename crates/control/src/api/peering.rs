//! VPC peering connections, of one account or of two. Accepting one makes it active at once.
//! DescribeVpcPeeringConnections and the wire form are in [`list`].

mod list;

use std::sync::Arc;

use aws::{Fault, ec2};
use model::account::AccountId;
use model::id::{PeeringId, VpcId};
use model::peering::{Event, Peering, Refused, Side, State};
use model::vpc::Vpc;
use model::world::{Change, World};

use super::{Call, Decision, not_found, parse_id, quota, tags, unsupported, vpc};
use list::{state_name, wire};

pub(crate) use list::describe;

/// The stem of peering connection ids in error codes.
const STEM: &str = "VpcPeeringConnectionID";
/// The same where they are broken.
const MALFORMED_STEM: &str = "VpcPeeringConnectionId";
/// Of what an account has asked for and has ended, so many are kept for their while.
const MAX_ENDED: usize = 100;

/// Asks for a connection; asking again while something may come of it gives the first one. Two
/// that cannot be peers get one that has failed.
/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateVpcPeeringConnection.html>
pub(crate) fn create(
    world: &World,
    call: &Call,
    request: &ec2::CreateVpcPeeringConnectionRequest,
) -> Result<Decision<ec2::CreateVpcPeeringConnectionResult>, Fault> {
    let ec2::CreateVpcPeeringConnectionRequest {
        dry_run: _,
        peer_owner_id,
        peer_region,
        peer_vpc_id,
        tag_specifications,
        vpc_id,
    } = request;
    unsupported(&[(
        "PeerRegion (other than this region)",
        peer_region.as_ref().is_some_and(|it| *it != call.region),
    )])?;
    let reply = |peering: &Peering| ec2::CreateVpcPeeringConnectionResult {
        vpc_peering_connection: Some(wire(call, peering)),
    };
    let tags = tags::on_create(tag_specifications, "vpc-peering-connection")?;
    let vpc = vpc::find_ref(world, call, vpc_id)?;
    let accepter = accepter(
        world,
        call,
        peer_owner_id.as_deref(),
        peer_vpc_id.as_deref(),
    )?;
    let asked = world.peering_asked(vpc.id, accepter.vpc);
    if let Some(there) = asked.filter(|it| it.accepter.owner == accepter.owner) {
        return Ok(Decision::unchanged(reply(there)));
    }
    let asked = world.needing::<Peering>(vpc.id);
    let waiting =
        asked.filter(|it| it.state == State::PendingAcceptance && it.requester.vpc == vpc.id);
    call.check_quota(
        &quota::PEERING_REQUESTS,
        waiting.count(),
        "OutstandingVpcPeeringConnectionLimitExceeded",
        &format!("The vpc '{}'", vpc.id),
    )?;
    let requester = side(vpc);
    let mut peering = Peering::new(call.id(), requester, accepter, call.now, tags);
    let reply = reply(&peering);
    peering.send(call.now).map_err(internal)?;
    let mut changes = vec![peering.into()];
    changes.extend(crowded_out(world, call));
    Ok(Decision { reply, changes })
}

/// The oldest of the caller's requests that have ended, if there are as many as are kept: nobody
/// fills the store by asking.
fn crowded_out(world: &World, call: &Call) -> Option<Change> {
    let mine = world.owned::<Peering>(call.account);
    let ended = mine.filter(|it| it.requester.owner == call.account && it.forgotten_at().is_some());
    let ended: Vec<&Arc<Peering>> = ended.collect();
    let oldest = ended.iter().min_by_key(|it| (it.since, it.id))?;
    (ended.len() >= MAX_ENDED).then(|| Change::Remove(oldest.id.into()))
}

fn side(vpc: &Vpc) -> Side {
    Side {
        owner: vpc.owner,
        vpc: vpc.id,
        cidr: Some(vpc.cidr),
    }
}

/// The other VPC. Whether another account has it is not told here: the request fails later.
fn accepter(
    world: &World,
    call: &Call,
    owner: Option<&str>,
    vpc: Option<&str>,
) -> Result<Side, Fault> {
    let owner = match owner {
        None => call.account,
        Some(text) => text.parse::<AccountId>().map_err(|_| {
            Fault::invalid_value("PeerOwnerId", text, "give the 12 digits of an account")
        })?,
    };
    let text = vpc.ok_or_else(|| Fault::missing("PeerVpcId"))?;
    let id: VpcId = parse_id(vpc::STEM, text)?;
    match world.vpc(owner, id) {
        Some(vpc) => Ok(side(vpc)),
        None if owner == call.account => Err(not_found(vpc::STEM, id)),
        None => Ok(Side {
            owner,
            vpc: id,
            cidr: None,
        }),
    }
}

/// Only the owner of the VPC that was asked for can accept.
/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_AcceptVpcPeeringConnection.html>
pub(crate) fn accept(
    world: &World,
    call: &Call,
    request: &ec2::AcceptVpcPeeringConnectionRequest,
) -> Result<Decision<ec2::AcceptVpcPeeringConnectionResult>, Fault> {
    let ec2::AcceptVpcPeeringConnectionRequest {
        dry_run: _,
        vpc_peering_connection_id: text,
    } = request;
    let found = find_ref(world, call, text)?;
    only_accepter(call, found, "accept")?;
    let mut peering = Peering::clone(found);
    step(&mut peering, Event::Accept, call)?;
    let (one, two) = (peering.requester.vpc, peering.accepter.vpc);
    if let Some(there) = world.peering_between(one, two) {
        return Err(Fault::bad_request(
            "VpcPeeringConnectionAlreadyExists",
            format!(
                "The vpc peering connection '{}' is between {one} and {two} already; use it, or delete it first",
                there.id
            ),
        ));
    }
    for vpc in [one, two] {
        let ways = world.needing::<Peering>(vpc);
        call.check_quota(
            &quota::PEERINGS,
            ways.filter(|it| it.state.is_way()).count(),
            "ActiveVpcPeeringConnectionPerVpcLimitExceeded",
            &format!("The vpc '{vpc}'"),
        )?;
    }
    let reply = ec2::AcceptVpcPeeringConnectionResult {
        vpc_peering_connection: Some(wire(call, &peering)),
    };
    step(&mut peering, Event::Provisioned, call)?;
    Ok(Decision {
        reply,
        changes: vec![peering.into()],
    })
}

/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_RejectVpcPeeringConnection.html>
pub(crate) fn reject(
    world: &World,
    call: &Call,
    request: &ec2::RejectVpcPeeringConnectionRequest,
) -> Result<Decision<ec2::RejectVpcPeeringConnectionResult>, Fault> {
    let ec2::RejectVpcPeeringConnectionRequest {
        dry_run: _,
        vpc_peering_connection_id: text,
    } = request;
    let found = find_ref(world, call, text)?;
    only_accepter(call, found, "reject")?;
    let mut peering = Peering::clone(found);
    step(&mut peering, Event::Reject, call)?;
    Ok(Decision {
        reply: ec2::RejectVpcPeeringConnectionResult {
            r#return: Some(true),
        },
        changes: vec![peering.into()],
    })
}

/// Either side deletes what is active, the requester what waits; routes to it are black holes
/// from then on.
/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DeleteVpcPeeringConnection.html>
pub(crate) fn delete(
    world: &World,
    call: &Call,
    request: &ec2::DeleteVpcPeeringConnectionRequest,
) -> Result<Decision<ec2::DeleteVpcPeeringConnectionResult>, Fault> {
    let ec2::DeleteVpcPeeringConnectionRequest {
        dry_run: _,
        vpc_peering_connection_id: text,
    } = request;
    let found = find_ref(world, call, text)?;
    if found.state == State::PendingAcceptance && found.requester.owner != call.account {
        return Err(Fault::bad_request(
            "OperationNotPermitted",
            format!(
                "User {} cannot delete peering {}: it waits for acceptance, and only its requester deletes it then; reject it (RejectVpcPeeringConnection)",
                call.account, found.id
            ),
        ));
    }
    Ok(Decision {
        reply: ec2::DeleteVpcPeeringConnectionResult {
            r#return: Some(true),
        },
        changes: vec![ended(call, found)?.into()],
    })
}

/// The connection after its end.
fn ended(call: &Call, found: &Peering) -> Result<Peering, Fault> {
    let mut peering = found.clone();
    step(&mut peering, Event::Delete, call)?;
    step(&mut peering, Event::Removed, call)?;
    Ok(peering)
}

/// What becomes of a VPC's connections when it is deleted: they end with it, but those that
/// another account has asked for must be answered first.
pub(crate) fn with_vpc(world: &World, call: &Call, vpc: VpcId) -> Result<Vec<Change>, Fault> {
    let live = || world.needing::<Peering>(vpc);
    let mut asked = live().filter(|it| {
        it.state == State::PendingAcceptance
            && it.accepter.vpc == vpc
            && it.requester.owner != call.account
    });
    if let Some(peering) = asked.next() {
        return Err(Fault::bad_request(
            "DependencyViolation",
            format!(
                "The vpc '{vpc}' has dependencies and cannot be deleted: the account {} waits for an answer to {}; accept or reject it first",
                peering.requester.owner, peering.id
            ),
        ));
    }
    live().map(|it| Ok(ended(call, it)?.into())).collect()
}

/// The peering connection with this id, if the caller has a part in it.
pub(crate) fn find_ref<'a>(
    world: &'a World,
    call: &Call,
    text: &str,
) -> Result<&'a Arc<Peering>, Fault> {
    let id: PeeringId = parse_id(MALFORMED_STEM, text)?;
    world
        .peering(call.account, id, call.now)
        .ok_or_else(|| not_found(STEM, id))
}

/// Why a connection that routes could lead to cannot be used for one.
pub(crate) fn check_routable(peering: &Peering) -> Result<(), Fault> {
    if peering.state.is_live() {
        return Ok(());
    }
    let why = format!(
        "it is {} and carries nothing any more; give one that is active or pending-acceptance",
        state_name(peering.state)
    );
    let id = peering.id.to_string();
    Err(Fault::invalid_value("VpcPeeringConnectionId", &id, &why))
}

fn only_accepter(call: &Call, peering: &Peering, verb: &str) -> Result<(), Fault> {
    let accepter = peering.accepter.owner;
    if accepter == call.account {
        return Ok(());
    }
    Err(Fault::bad_request(
        "OperationNotPermitted",
        format!(
            "User {} cannot {verb} peering {}: only the owner of {}, the account {accepter}, can",
            call.account, peering.id, peering.accepter.vpc
        ),
    ))
}

/// Moves a connection on in the caller's name.
fn step(peering: &mut Peering, event: Event, call: &Call) -> Result<(), Fault> {
    let done = peering.on(event, Some(call.account), call.now);
    done.map_err(|refused| {
        let wanted = match refused.event {
            Event::Accept => "active; only what is pending-acceptance can be accepted",
            Event::Reject => "rejected; only what is pending-acceptance can be rejected",
            Event::Delete => "deleted; only what is active or pending-acceptance can be deleted",
            Event::Sent | Event::Fail | Event::Provisioned | Event::Expire | Event::Removed => {
                return internal(refused);
            }
        };
        Fault::bad_request(
            "InvalidStateTransition",
            format!(
                "Invalid state transition for {}, attempted to transition from {} to {wanted}",
                peering.id,
                state_name(refused.state)
            ),
        )
    })
}

fn internal(refused: Refused) -> Fault {
    Fault::internal(refused.to_string())
}

#[cfg(test)]
mod tests;
