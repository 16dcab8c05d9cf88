//! Route tables; their routes are in [`super::route`], the subnets that use them in
//! [`super::route_table_association`].

use std::sync::Arc;

use aws::{Fault, ec2};
use model::id::RouteTableId;
use model::route_table::{Destination, Origin, Route, RouteTable, Target};
use model::world::{Change, Name, World};

use super::page::page;
use super::route_table_association as association;
use super::{Call, Decision, filter, not_found, parse_id, quota, refusal, select, tags, vpc};

/// The stem of route table ids in error codes.
pub(crate) const STEM: &str = "RouteTableID";
const CREATE: &str = "CreateRouteTable";

/// Filters besides tags (AWS.md 3).
const FILTERS: [&str; 20] = [
    "association.gateway-id",
    "association.main",
    "association.route-table-association-id",
    "association.route-table-id",
    "association.subnet-id",
    "owner-id",
    "route-table-id",
    "route.destination-cidr-block",
    "route.destination-ipv6-cidr-block",
    "route.destination-prefix-list-id",
    "route.egress-only-internet-gateway-id",
    "route.gateway-id",
    "route.instance-id",
    "route.nat-gateway-id",
    "route.network-interface-id",
    "route.origin",
    "route.state",
    "route.transit-gateway-id",
    "route.vpc-peering-connection-id",
    "vpc-id",
];

/// Makes a table with the local route.
/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateRouteTable.html>
pub(crate) fn create(
    world: &World,
    call: &Call,
    request: &ec2::CreateRouteTableRequest,
) -> Result<Decision<ec2::CreateRouteTableResult>, Fault> {
    let ec2::CreateRouteTableRequest {
        client_token,
        dry_run: _,
        tag_specifications,
        vpc_id,
    } = request;
    let token = client_token.as_deref();
    let reply = |table: &RouteTable| ec2::CreateRouteTableResult {
        client_token: client_token.clone(),
        route_table: Some(wire(world, table)),
    };
    if let Some(earlier) = call.replayed(world, CREATE, token, request)? {
        return Ok(Decision::unchanged(reply(find_ref(world, call, &earlier)?)));
    }
    let vpc = vpc::find_ref(world, call, vpc_id)?;
    let mut table = RouteTable::new(call.id(), vpc);
    table.tags = tags::on_create(tag_specifications, "route-table")?;
    call.check_quota(
        &quota::ROUTE_TABLES,
        world.needing::<RouteTable>(vpc.id).count(),
        "RouteTableLimitExceeded",
        &format!("The vpc '{}'", vpc.id),
    )?;
    let reply = reply(&table);
    let remembered = call.remember(CREATE, token, request, &table.id);
    let mut changes = vec![table.into()];
    changes.extend(remembered);
    Ok(Decision { reply, changes })
}

/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeRouteTables.html>
pub(crate) fn describe(
    world: &World,
    call: &Call,
    request: &ec2::DescribeRouteTablesRequest,
) -> Result<ec2::DescribeRouteTablesResult, Fault> {
    let ec2::DescribeRouteTablesRequest {
        dry_run: _,
        filters,
        max_results,
        next_token,
        route_table_ids,
    } = request;
    filter::known(filters, &FILTERS)?;
    let find = |text: &str| find_ref(world, call, text);
    let mine = select::select(world, call, route_table_ids, find, filters, "vpc-id")?;
    let values = |table: &&Arc<RouteTable>, name: &str| values(world, table, name);
    let found = filter::apply(mine, filters, values, |table| Some(&table.tags))?;
    let (given, next_token) = page(
        found,
        |table| table.id.to_string(),
        *max_results,
        next_token.as_deref(),
        (5, 100),
        !route_table_ids.is_empty(),
    )?;
    Ok(ec2::DescribeRouteTablesResult {
        next_token,
        route_tables: given.into_iter().map(|table| wire(world, table)).collect(),
    })
}

fn values(world: &World, table: &RouteTable, name: &str) -> Option<Vec<String>> {
    if let Some(name) = name.strip_prefix("route.") {
        let routes = table
            .routes
            .iter()
            .map(|route| wire_route(world, table, route));
        let value = |route: ec2::Route| match name {
            "destination-cidr-block" => route.destination_cidr_block,
            "destination-ipv6-cidr-block" => route.destination_ipv6_cidr_block,
            "destination-prefix-list-id" => route.destination_prefix_list_id,
            "egress-only-internet-gateway-id" => route.egress_only_internet_gateway_id,
            "gateway-id" => route.gateway_id,
            "instance-id" => route.instance_id,
            "nat-gateway-id" => route.nat_gateway_id,
            "network-interface-id" => route.network_interface_id,
            "origin" => route.origin,
            "state" => route.state,
            "transit-gateway-id" => route.transit_gateway_id,
            "vpc-peering-connection-id" => route.vpc_peering_connection_id,
            _ => None,
        };
        return Some(routes.filter_map(value).collect());
    }
    if let Some(name) = name.strip_prefix("association.") {
        let value = |association: ec2::RouteTableAssociation| match name {
            "gateway-id" => association.gateway_id,
            "main" => association.main.map(|main| main.to_string()),
            "route-table-association-id" => association.route_table_association_id,
            "route-table-id" => association.route_table_id,
            "subnet-id" => association.subnet_id,
            _ => None,
        };
        let all = association::wire(table).into_iter();
        return Some(all.filter_map(value).collect());
    }
    Some(vec![match name {
        "owner-id" => table.owner.to_string(),
        "route-table-id" => table.id.to_string(),
        "vpc-id" => table.vpc.to_string(),
        _ => return None,
    }])
}

/// Removes a table that no subnet uses; a VPC's main table goes with the VPC.
/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DeleteRouteTable.html>
pub(crate) fn delete(
    world: &World,
    call: &Call,
    request: &ec2::DeleteRouteTableRequest,
) -> Result<Decision<()>, Fault> {
    let ec2::DeleteRouteTableRequest {
        dry_run: _,
        route_table_id,
    } = request;
    let table = find_ref(world, call, route_table_id)?;
    let id = table.id;
    if table.main.is_some() {
        return Err(Fault::bad_request(
            "DependencyViolation",
            format!(
                "The routeTable '{id}' is the main one of '{}' and cannot be deleted; make another table the main one first (ReplaceRouteTableAssociation)",
                table.vpc
            ),
        ));
    }
    let uses = table.associations.iter();
    let mut blockers: Vec<String> = uses
        .map(|it| format!("the association '{}' of '{}'", it.id, it.subnet))
        .collect();
    let others = world.dependents(id);
    blockers.extend(others.map(|name| refusal::blocker(world, name)));
    refusal::dependency(&format!("The routeTable '{id}'"), &blockers)?;
    Ok(Decision {
        reply: (),
        changes: vec![Change::Remove(Name::RouteTable(id))],
    })
}

/// The caller's route table with this id.
pub(crate) fn find_ref<'a>(
    world: &'a World,
    call: &Call,
    text: &str,
) -> Result<&'a Arc<RouteTable>, Fault> {
    let id: RouteTableId = parse_id(STEM, text)?;
    world
        .route_table(call.account, id)
        .ok_or_else(|| not_found(STEM, id))
}

/// A table as EC2 lists it.
fn wire(world: &World, table: &RouteTable) -> ec2::RouteTable {
    let routes = table.routes.iter();
    ec2::RouteTable {
        associations: association::wire(table),
        owner_id: Some(table.owner.to_string()),
        propagating_vgws: Vec::new(),
        route_table_id: Some(table.id.to_string()),
        routes: routes
            .map(|route| wire_route(world, table, route))
            .collect(),
        tags: tags::ec2(&table.tags),
        vpc_id: Some(table.vpc.to_string()),
    }
}

fn wire_route(world: &World, table: &RouteTable, route: &Route) -> ec2::Route {
    let mut listed = ec2::Route {
        origin: Some(
            match route.origin {
                Origin::CreateRouteTable => "CreateRouteTable",
                Origin::CreateRoute => "CreateRoute",
            }
            .into(),
        ),
        state: Some(
            if route.is_live(world, table.vpc) {
                "active"
            } else {
                "blackhole"
            }
            .into(),
        ),
        ..ec2::Route::default()
    };
    match route.destination {
        Destination::Cidr4(net) => listed.destination_cidr_block = Some(net.to_string()),
        Destination::Cidr6(net) => listed.destination_ipv6_cidr_block = Some(net.to_string()),
        Destination::PrefixList(id) => listed.destination_prefix_list_id = Some(id.to_string()),
    }
    match route.target {
        Target::Local => listed.gateway_id = Some("local".into()),
        Target::InternetGateway(id) => listed.gateway_id = Some(id.to_string()),
        Target::Endpoint(id) => listed.gateway_id = Some(id.to_string()),
        Target::NatGateway(id) => listed.nat_gateway_id = Some(id.to_string()),
        Target::Interface(id) => listed.network_interface_id = Some(id.to_string()),
        Target::Peering(id) => listed.vpc_peering_connection_id = Some(id.to_string()),
    }
    listed
}

#[cfg(test)]
pub(crate) mod tests;
