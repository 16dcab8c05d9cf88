//! Which route table a subnet uses: its own, or the VPC's main one.

use std::sync::Arc;

use aws::{Fault, ec2};
use model::id::RouteTableAssociationId;
use model::route_table::{RouteTable, RouteTableAssociation};
use model::world::{Claim, Kind, World};

use super::{Call, Decision, not_found, parse_id, route_table, subnet, unsupported};

/// The stem of association ids in error codes.
const STEM: &str = "AssociationID";

/// Makes a subnet use a table. Asking again for what is so gives the same answer.
/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_AssociateRouteTable.html>
pub(crate) fn associate(
    world: &World,
    call: &Call,
    request: &ec2::AssociateRouteTableRequest,
) -> Result<Decision<ec2::AssociateRouteTableResult>, Fault> {
    let ec2::AssociateRouteTableRequest {
        dry_run: _,
        gateway_id,
        public_ipv4_pool,
        route_table_id,
        subnet_id,
    } = request;
    unsupported(&[
        ("GatewayId", gateway_id.is_some()),
        ("PublicIpv4Pool", public_ipv4_pool.is_some()),
    ])?;
    let table = route_table::find_ref(world, call, route_table_id)?;
    let subnet_id = subnet_id.as_deref();
    let subnet_id = subnet_id.ok_or_else(|| Fault::missing("SubnetId"))?;
    let subnet = subnet::find_ref(world, call, subnet_id)?;
    if subnet.vpc != table.vpc {
        return Err(Fault::bad_request(
            "InvalidParameterValue",
            format!(
                "route table {} and subnet {} belong to different networks: {} and {}; choose both from one VPC",
                table.id, subnet.id, table.vpc, subnet.vpc
            ),
        ));
    }
    let reply = |id: RouteTableAssociationId| ec2::AssociateRouteTableResult {
        association_id: Some(id.to_string()),
        association_state: Some(state("associated")),
    };
    if let Some(used) = world.table_of(subnet.id) {
        let mut uses = used.associations.iter();
        let there = uses.find(|it| it.subnet == subnet.id);
        let there = there.ok_or_else(|| Fault::internal("an association that is none"))?;
        if used.id == table.id {
            return Ok(Decision::unchanged(reply(there.id)));
        }
        return Err(Fault::bad_request(
            "Resource.AlreadyAssociated",
            format!(
                "the specified association for route table {} conflicts with an existing association: {} makes {} use {}; replace that one (ReplaceRouteTableAssociation)",
                table.id, there.id, subnet.id, used.id
            ),
        ));
    }
    let id = call.id();
    let mut table = RouteTable::clone(table);
    table.associations.push(RouteTableAssociation {
        id,
        subnet: subnet.id,
    });
    Ok(Decision {
        reply: reply(id),
        changes: vec![table.into()],
    })
}

/// Makes a subnet use the main table again.
/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DisassociateRouteTable.html>
pub(crate) fn disassociate(
    world: &World,
    call: &Call,
    request: &ec2::DisassociateRouteTableRequest,
) -> Result<Decision<()>, Fault> {
    let ec2::DisassociateRouteTableRequest {
        association_id,
        dry_run: _,
    } = request;
    let (id, table) = find(world, call, association_id)?;
    if table.main == Some(id) {
        return Err(Fault::bad_request(
            "InvalidParameterValue",
            format!(
                "cannot disassociate the main route table association {id} of {}; make another table the main one instead (ReplaceRouteTableAssociation)",
                table.vpc
            ),
        ));
    }
    let mut table = RouteTable::clone(table);
    table.associations.retain(|it| it.id != id);
    Ok(Decision {
        reply: (),
        changes: vec![table.into()],
    })
}

/// Makes a subnet use another table, or another table the main one.
/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ReplaceRouteTableAssociation.html>
pub(crate) fn replace(
    world: &World,
    call: &Call,
    request: &ec2::ReplaceRouteTableAssociationRequest,
) -> Result<Decision<ec2::ReplaceRouteTableAssociationResult>, Fault> {
    let ec2::ReplaceRouteTableAssociationRequest {
        association_id,
        dry_run: _,
        route_table_id,
    } = request;
    let (id, old) = find(world, call, association_id)?;
    let new = route_table::find_ref(world, call, route_table_id)?;
    if new.vpc != old.vpc {
        return Err(Fault::bad_request(
            "InvalidParameterValue",
            format!(
                "route table {} belongs to another network than the association {id}: {} and {}; choose a table of {}",
                new.id, new.vpc, old.vpc, old.vpc
            ),
        ));
    }
    let reply = |id: RouteTableAssociationId| ec2::ReplaceRouteTableAssociationResult {
        association_state: Some(state("associated")),
        new_association_id: Some(id.to_string()),
    };
    if new.id == old.id {
        return Ok(Decision::unchanged(reply(id)));
    }
    let (mut old, mut new) = (RouteTable::clone(old), RouteTable::clone(new));
    let new_id = call.id();
    if old.main == Some(id) {
        old.main = None;
        new.main = Some(new_id);
    } else if let Some(at) = old.associations.iter().position(|it| it.id == id) {
        let RouteTableAssociation { id: _, subnet } = old.associations.remove(at);
        new.associations
            .push(RouteTableAssociation { id: new_id, subnet });
    }
    Ok(Decision {
        reply: reply(new_id),
        changes: vec![old.into(), new.into()],
    })
}

/// The caller's table that has an association with this id.
fn find<'a>(
    world: &'a World,
    call: &Call,
    text: &str,
) -> Result<(RouteTableAssociationId, &'a Arc<RouteTable>), Fault> {
    let id: RouteTableAssociationId = parse_id(STEM, text)?;
    let claim = Claim::Name(call.account, Kind::RouteTable, id.to_string());
    let table = world.claimant(claim).ok_or_else(|| not_found(STEM, id))?;
    Ok((id, table))
}

fn state(state: &str) -> ec2::RouteTableAssociationState {
    ec2::RouteTableAssociationState {
        state: Some(state.into()),
        status_message: None,
    }
}

/// A table's associations as EC2 lists them.
pub(super) fn wire(table: &RouteTable) -> Vec<ec2::RouteTableAssociation> {
    let one = |id: RouteTableAssociationId, subnet: Option<String>| ec2::RouteTableAssociation {
        association_state: Some(state("associated")),
        main: Some(subnet.is_none()),
        route_table_association_id: Some(id.to_string()),
        route_table_id: Some(table.id.to_string()),
        subnet_id: subnet,
        ..ec2::RouteTableAssociation::default()
    };
    let main = table.main.map(|id| one(id, None));
    let uses = table.associations.iter();
    let uses = uses.map(|it| one(it.id, Some(it.subnet.to_string())));
    main.into_iter().chain(uses).collect()
}

#[cfg(test)]
mod tests;
