//! Routes of route tables.

use core::net::{Ipv4Addr, Ipv6Addr};

use aws::{Fault, ec2};
use ipnet::{Ipv4Net, Ipv6Net};
use model::id::{InternetGatewayId, NatGatewayId, PrefixListId, VpcId};
use model::route_table::{Destination, Origin, Route, RouteTable, Target};
use model::subnet::Subnet;
use model::world::World;

use super::{
    Call, Decision, interface, internet_gateway, not_found, parse_id, peering, prefix_list, quota,
    route_table, unsupported,
};

/// The stem of NAT gateway ids in error codes of routes; their own calls have other codes.
const NAT_STEM: &str = "NatGatewayID";
/// What can be a target.
const TARGETS: &str = "GatewayId, NatGatewayId, NetworkInterfaceId and VpcPeeringConnectionId";
/// Addresses that no route may be for alone.
const KEPT4: Ipv4Net = Ipv4Net::new_assert(Ipv4Addr::new(169, 254, 168, 0), 22);
const KEPT6: Ipv6Net = Ipv6Net::new_assert(Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0), 32);

/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateRoute.html>
pub(crate) fn create(
    world: &World,
    call: &Call,
    request: &ec2::CreateRouteRequest,
) -> Result<Decision<ec2::CreateRouteResult>, Fault> {
    let ec2::CreateRouteRequest {
        carrier_gateway_id,
        core_network_arn,
        destination_cidr_block,
        destination_ipv6_cidr_block,
        destination_prefix_list_id,
        dry_run: _,
        egress_only_internet_gateway_id,
        gateway_id,
        instance_id,
        local_gateway_id,
        nat_gateway_id,
        network_interface_id,
        odb_network_arn,
        route_table_id,
        transit_gateway_id,
        vpc_endpoint_id,
        vpc_peering_connection_id,
    } = request;
    unsupported(&[
        ("CarrierGatewayId", carrier_gateway_id.is_some()),
        ("CoreNetworkArn", core_network_arn.is_some()),
        (
            "EgressOnlyInternetGatewayId",
            egress_only_internet_gateway_id.is_some(),
        ),
        ("InstanceId", instance_id.is_some()),
        ("LocalGatewayId", local_gateway_id.is_some()),
        ("OdbNetworkArn", odb_network_arn.is_some()),
        ("TransitGatewayId", transit_gateway_id.is_some()),
        ("VpcEndpointId", vpc_endpoint_id.is_some()),
    ])?;
    let destination = given_destination(
        destination_cidr_block.as_deref(),
        destination_ipv6_cidr_block.as_deref(),
        destination_prefix_list_id.as_deref(),
    )?;
    let table = route_table::find_ref(world, call, route_table_id)?;
    let given = Given {
        gateway: gateway_id.as_deref(),
        nat: nat_gateway_id.as_deref(),
        interface: network_interface_id.as_deref(),
        peering: vpc_peering_connection_id.as_deref(),
        local: false,
    };
    let mut table = RouteTable::clone(table);
    if let Some(there) = table.route(destination) {
        return Err(taken(destination, &table, there.target));
    }
    check_free(destination)?;
    if let Destination::PrefixList(list) = destination {
        prefix_list::check(world, call, list)?;
    }
    let target = target(world, call, &table, &given)?;
    check_within(world, &table, destination, target)?;
    check_size(world, call, &table, weight(world, destination))?;
    let route = Route {
        destination,
        target,
        origin: Origin::CreateRoute,
    };
    let added = table.add_route(route);
    added.map_err(|refused| Fault::internal(refused.to_string()))?;
    Ok(Decision {
        reply: ec2::CreateRouteResult {
            r#return: Some(true),
        },
        changes: vec![table.into()],
    })
}

/// Gives a route another target.
/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ReplaceRoute.html>
pub(crate) fn replace(
    world: &World,
    call: &Call,
    request: &ec2::ReplaceRouteRequest,
) -> Result<Decision<()>, Fault> {
    let ec2::ReplaceRouteRequest {
        carrier_gateway_id,
        core_network_arn,
        destination_cidr_block,
        destination_ipv6_cidr_block,
        destination_prefix_list_id,
        dry_run: _,
        egress_only_internet_gateway_id,
        gateway_id,
        instance_id,
        local_gateway_id,
        local_target,
        nat_gateway_id,
        network_interface_id,
        odb_network_arn,
        route_table_id,
        transit_gateway_id,
        vpc_endpoint_id,
        vpc_peering_connection_id,
    } = request;
    unsupported(&[
        ("CarrierGatewayId", carrier_gateway_id.is_some()),
        ("CoreNetworkArn", core_network_arn.is_some()),
        (
            "EgressOnlyInternetGatewayId",
            egress_only_internet_gateway_id.is_some(),
        ),
        ("InstanceId", instance_id.is_some()),
        ("LocalGatewayId", local_gateway_id.is_some()),
        ("OdbNetworkArn", odb_network_arn.is_some()),
        ("TransitGatewayId", transit_gateway_id.is_some()),
        ("VpcEndpointId", vpc_endpoint_id.is_some()),
    ])?;
    let destination = given_destination(
        destination_cidr_block.as_deref(),
        destination_ipv6_cidr_block.as_deref(),
        destination_prefix_list_id.as_deref(),
    )?;
    let mut table = RouteTable::clone(route_table::find_ref(world, call, route_table_id)?);
    let given = Given {
        gateway: gateway_id.as_deref(),
        nat: nat_gateway_id.as_deref(),
        interface: network_interface_id.as_deref(),
        peering: vpc_peering_connection_id.as_deref(),
        local: *local_target == Some(true),
    };
    let at = place(&table, destination)?;
    let target = target(world, call, &table, &given)?;
    check_within(world, &table, destination, target)?;
    if let Some(route) = table.routes.get_mut(at) {
        refuse_endpoint(route, "changed")?;
        route.target = target;
    }
    Ok(Decision {
        reply: (),
        changes: vec![table.into()],
    })
}

/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DeleteRoute.html>
pub(crate) fn delete(
    world: &World,
    call: &Call,
    request: &ec2::DeleteRouteRequest,
) -> Result<Decision<()>, Fault> {
    let ec2::DeleteRouteRequest {
        destination_cidr_block,
        destination_ipv6_cidr_block,
        destination_prefix_list_id,
        dry_run: _,
        route_table_id,
    } = request;
    let destination = given_destination(
        destination_cidr_block.as_deref(),
        destination_ipv6_cidr_block.as_deref(),
        destination_prefix_list_id.as_deref(),
    )?;
    let mut table = RouteTable::clone(route_table::find_ref(world, call, route_table_id)?);
    let route = table.routes.remove(place(&table, destination)?);
    refuse_endpoint(&route, "removed")?;
    if route.origin == Origin::CreateRouteTable {
        return Err(Fault::bad_request(
            "InvalidParameterValue",
            format!(
                "cannot remove local route {} in route table {}",
                text(destination),
                table.id
            ),
        ));
    }
    Ok(Decision {
        reply: (),
        changes: vec![table.into()],
    })
}

/// The one destination that a request names.
fn given_destination(
    cidr4: Option<&str>,
    cidr6: Option<&str>,
    prefix_list: Option<&str>,
) -> Result<Destination, Fault> {
    let bad = |parameter: &str, text: &str, example: &str| {
        let why = format!("this is not a valid CIDR block; give for example {example}");
        Fault::invalid_value(parameter, text, &why)
    };
    // AWS drops host bits here.
    match (cidr4, cidr6, prefix_list) {
        (Some(text), None, None) => {
            let net: Result<Ipv4Net, _> = text.parse();
            let net = net.map_err(|_| bad("DestinationCidrBlock", text, "0.0.0.0/0"))?;
            Ok(Destination::Cidr4(net.trunc()))
        }
        (None, Some(text), None) => {
            let net: Result<Ipv6Net, _> = text.parse();
            let net = net.map_err(|_| bad("DestinationIpv6CidrBlock", text, "::/0"))?;
            Ok(Destination::Cidr6(net.trunc()))
        }
        (None, None, Some(text)) => Ok(Destination::PrefixList(parse_id("PrefixListID", text)?)),
        (None, None, None) => Err(Fault::missing("DestinationCidrBlock")),
        _ => Err(Fault::bad_request(
            "InvalidParameterCombination",
            "Give one of DestinationCidrBlock, DestinationIpv6CidrBlock and DestinationPrefixListId",
        )),
    }
}

/// AWS keeps these addresses for itself.
fn check_free(destination: Destination) -> Result<(), Fault> {
    let refuse = |kept: &dyn ToString| {
        Err(Fault::bad_request(
            "InvalidParameterValue",
            format!(
                "The destination {} is within {}, which is kept for services of AWS; choose another, or a larger block",
                text(destination),
                kept.to_string()
            ),
        ))
    };
    match destination {
        Destination::Cidr4(net) if KEPT4.contains(&net) => refuse(&KEPT4),
        Destination::Cidr6(net) if KEPT6.contains(&net) => refuse(&KEPT6),
        Destination::Cidr4(_) | Destination::Cidr6(_) | Destination::PrefixList(_) => Ok(()),
    }
}

/// How many routes a destination counts for: a prefix list for as many as it may have entries,
/// one of AWS's here for one.
fn weight(world: &World, destination: Destination) -> usize {
    match destination {
        Destination::Cidr4(_) | Destination::Cidr6(_) => 1,
        Destination::PrefixList(id) => world.prefix_lists.get(&id).map_or(1, |it| it.max_entries),
    }
}

/// Refuses `more` routes of a table than it may have; the local one is not counted.
fn check_size(world: &World, call: &Call, table: &RouteTable, more: usize) -> Result<(), Fault> {
    let routes = table.routes.iter();
    let counted = routes.filter(|route| route.origin != Origin::CreateRouteTable);
    let have = counted.map(|route| weight(world, route.destination)).sum();
    call.check_quota_for(
        &quota::ROUTES,
        have,
        more,
        "RouteLimitExceeded",
        &format!("The route table '{}'", table.id),
    )
}

/// Refuses a prefix list that may have `more` entries than before, if a table that has a route
/// for it could not hold so many.
pub(crate) fn check_list_size(
    world: &World,
    call: &Call,
    list: PrefixListId,
    more: usize,
) -> Result<(), Fault> {
    if more == 0 {
        return Ok(());
    }
    let mut tables = world.mentioning::<RouteTable>(list);
    tables.try_for_each(|table| check_size(world, call, table, more))
}

/// The targets that a request names.
struct Given<'a> {
    gateway: Option<&'a str>,
    nat: Option<&'a str>,
    interface: Option<&'a str>,
    peering: Option<&'a str>,
    local: bool,
}

/// The one target that a request names; all are of the table's VPC.
fn target(
    world: &World,
    call: &Call,
    table: &RouteTable,
    given: &Given<'_>,
) -> Result<Target, Fault> {
    let Given {
        gateway,
        nat,
        interface,
        peering,
        local,
    } = *given;
    match (gateway, nat, interface, peering, local) {
        (Some(text), None, None, None, false) => gateway_target(world, call, table, text),
        (None, Some(text), None, None, false) => {
            let id: NatGatewayId = parse_id(NAT_STEM, text)?;
            let gateway = world.nat_gateway(call.account, id);
            let gateway = gateway.ok_or_else(|| not_found(NAT_STEM, id))?;
            if gateway.vpc != table.vpc {
                return Err(elsewhere(table, "NAT gateway", text));
            }
            Ok(Target::NatGateway(id))
        }
        (None, None, Some(text), None, false) => {
            let found = interface::find_ref(world, call, text)?;
            if found.vpc != table.vpc {
                return Err(elsewhere(table, "interface", text));
            }
            Ok(Target::Interface(found.id))
        }
        (None, None, None, Some(text), false) => {
            let found = peering::find_ref(world, call, text)?;
            if !found.joins(table.vpc) {
                return Err(elsewhere(table, "VPC peering connection", text));
            }
            // One that waits will do: the route is a black hole until it is accepted.
            peering::check_routable(found)?;
            Ok(Target::Peering(found.id))
        }
        (None, None, None, None, true) => Ok(Target::Local),
        (None, None, None, None, false) => Err(Fault::bad_request(
            "MissingParameter",
            format!("The request must contain exactly one of {TARGETS}"),
        )),
        _ => Err(Fault::bad_request(
            "InvalidParameterCombination",
            format!(
                "The request must contain exactly one of {TARGETS} (and LocalTarget, for the local route)"
            ),
        )),
    }
}

fn gateway_target(
    world: &World,
    call: &Call,
    table: &RouteTable,
    text: &str,
) -> Result<Target, Fault> {
    if text.starts_with("vpce-") {
        return Err(Fault::invalid_value(
            "GatewayId",
            text,
            "routes to a VPC endpoint come and go with ModifyVpcEndpoint (AddRouteTableId, RemoveRouteTableId)",
        ));
    }
    unsupported(&[("GatewayId=vgw-", text.starts_with("vgw-"))])?;
    let id: InternetGatewayId = parse_id(internet_gateway::GATEWAY_STEM, text)?;
    let gateway = world.internet_gateway(call.account, id);
    let gateway = gateway.ok_or_else(|| not_found(internet_gateway::GATEWAY_STEM, id))?;
    if gateway.vpc != Some(table.vpc) {
        return Err(elsewhere(table, "network gateway", text));
    }
    Ok(Target::InternetGateway(id))
}

/// A target of another VPC, or of none.
fn elsewhere(table: &RouteTable, what: &str, id: &str) -> Fault {
    Fault::bad_request(
        "InvalidParameterValue",
        format!(
            "route table {} and {what} {id} belong to different networks; choose a target of {}",
            table.id, table.vpc
        ),
    )
}

/// Traffic within the VPC may be sent through a NAT gateway or an interface only, and, but for
/// the local route, only that to a whole subnet.
fn check_within(
    world: &World,
    table: &RouteTable,
    destination: Destination,
    target: Target,
) -> Result<(), Fault> {
    let vpc: VpcId = table.vpc;
    let cidr = world.vpcs.get(&vpc).map(|vpc| vpc.cidr);
    let within = match destination {
        Destination::Cidr4(net) => cidr.filter(|cidr| cidr.contains(&net)).map(|_| net),
        Destination::Cidr6(_) | Destination::PrefixList(_) => None,
    };
    let Some(net) = within else {
        return match target {
            Target::Local => Err(not_local(destination)),
            Target::InternetGateway(_)
            | Target::NatGateway(_)
            | Target::Interface(_)
            | Target::Endpoint(_)
            | Target::Peering(_) => Ok(()),
        };
    };
    let is_local_route = cidr == Some(net);
    match target {
        Target::Local if is_local_route => Ok(()),
        Target::Local => Err(not_local(destination)),
        Target::InternetGateway(_) | Target::Endpoint(_) | Target::Peering(_) => {
            Err(Fault::bad_request(
                "InvalidParameterValue",
                format!(
                    "The destination CIDR block {net} is equal to or more specific than {vpc}'s own block. This route can target only a NAT gateway or a network interface."
                ),
            ))
        }
        Target::NatGateway(_) | Target::Interface(_) => {
            let mut subnets = world.needing::<Subnet>(vpc);
            if is_local_route || subnets.any(|subnet| subnet.cidr == net) {
                return Ok(());
            }
            Err(Fault::bad_request(
                "InvalidParameterValue",
                format!(
                    "The destination CIDR block {net} is more specific than {vpc}'s own block and is not the whole block of one of its subnets; give a subnet's block"
                ),
            ))
        }
    }
}

fn not_local(destination: Destination) -> Fault {
    Fault::bad_request(
        "InvalidParameterValue",
        format!(
            "LocalTarget is for the local route only, and {} is another; name a gateway, an interface or a peering connection",
            text(destination)
        ),
    )
}

/// Where a route is in its table.
fn place(table: &RouteTable, destination: Destination) -> Result<usize, Fault> {
    let mut routes = table.routes.iter();
    let at = routes.position(|route| route.destination == destination);
    at.ok_or_else(|| {
        Fault::bad_request(
            "InvalidRoute.NotFound",
            format!(
                "no route with {} {} in route table {}",
                kind(destination),
                text(destination),
                table.id
            ),
        )
    })
}

/// Routes of gateway endpoints are theirs.
fn refuse_endpoint(route: &Route, verb: &str) -> Result<(), Fault> {
    match route.target {
        Target::Endpoint(endpoint) => Err(Fault::bad_request(
            "InvalidParameterValue",
            format!(
                "The route for {} is of the VPC endpoint {endpoint} and cannot be {verb} by itself; use ModifyVpcEndpoint with RemoveRouteTableId",
                text(route.destination)
            ),
        )),
        Target::Local
        | Target::InternetGateway(_)
        | Target::NatGateway(_)
        | Target::Interface(_)
        | Target::Peering(_) => Ok(()),
    }
}

fn taken(destination: Destination, table: &RouteTable, target: Target) -> Fault {
    let there = match target.name() {
        None => "local".into(),
        Some(name) => {
            let path = name.path();
            path.rsplit('/').next().unwrap_or_default().to_owned()
        }
    };
    Fault::bad_request(
        "RouteAlreadyExists",
        format!(
            "The route identified by {} already exists in route table {} (to {there}); change it with ReplaceRoute",
            text(destination),
            table.id
        ),
    )
}

fn text(destination: Destination) -> String {
    match destination {
        Destination::Cidr4(net) => net.to_string(),
        Destination::Cidr6(net) => net.to_string(),
        Destination::PrefixList(id) => id.to_string(),
    }
}

fn kind(destination: Destination) -> &'static str {
    match destination {
        Destination::Cidr4(_) => "destination-cidr-block",
        Destination::Cidr6(_) => "destination-ipv6-cidr-block",
        Destination::PrefixList(_) => "destination-prefix-list-id",
    }
}

#[cfg(test)]
mod tests;
