//! Routes of route tables.

use aws::{Fault, ec2};
use ipnet::{Ipv4Net, Ipv6Net};
use model::id::{InternetGatewayId, NatGatewayId, VpcId};
use model::route_table::{Destination, Origin, Route, RouteTable, Target};
use model::world::World;

use super::{
    Call, Decision, interface, internet_gateway, not_found, parse_id, quota, route_table,
    unsupported,
};

/// The stem of gateways of either kind in error codes of routes.
const NAT_STEM: &str = "NatGatewayID";

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
        (
            "VpcPeeringConnectionId",
            vpc_peering_connection_id.is_some(),
        ),
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
        local: false,
    };
    let mut table = RouteTable::clone(table);
    if let Some(there) = table.route(destination) {
        return Err(taken(destination, &table, there.target));
    }
    let target = target(world, call, &table, &given)?;
    check_within(world, &table, destination, target)?;
    // The local route is not counted.
    call.check_quota(
        &quota::ROUTES,
        table.routes.len().saturating_sub(1),
        "RouteLimitExceeded",
        &format!("The route table '{}'", table.id),
    )?;
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
        (
            "VpcPeeringConnectionId",
            vpc_peering_connection_id.is_some(),
        ),
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

/// The targets that a request names.
struct Given<'a> {
    gateway: Option<&'a str>,
    nat: Option<&'a str>,
    interface: Option<&'a str>,
    local: bool,
}

/// The one target that a request names; all are of the table's VPC.
fn target(
    world: &World,
    call: &Call,
    table: &RouteTable,
    given: &Given<'_>,
) -> Result<Target, Fault> {
    let elsewhere = |what: &str, id: &dyn ToString| {
        Fault::bad_request(
            "InvalidParameterValue",
            format!(
                "route table {} and {what} {} belong to different networks; choose a target of {}",
                table.id,
                id.to_string(),
                table.vpc
            ),
        )
    };
    let Given {
        gateway,
        nat,
        interface,
        local,
    } = *given;
    match (gateway, nat, interface, local) {
        (Some(text), None, None, false) => {
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
                return Err(elsewhere("network gateway", &id));
            }
            Ok(Target::InternetGateway(id))
        }
        (None, Some(text), None, false) => {
            let id: NatGatewayId = parse_id(NAT_STEM, text)?;
            let gateway = world.nat_gateway(call.account, id);
            let gateway = gateway.ok_or_else(|| not_found(NAT_STEM, id))?;
            if gateway.vpc != table.vpc {
                return Err(elsewhere("NAT gateway", &id));
            }
            Ok(Target::NatGateway(id))
        }
        (None, None, Some(text), false) => {
            let found = interface::find_ref(world, call, text)?;
            if found.vpc != table.vpc {
                return Err(elsewhere("interface", &found.id));
            }
            Ok(Target::Interface(found.id))
        }
        (None, None, None, true) => Ok(Target::Local),
        (None, None, None, false) => Err(Fault::bad_request(
            "MissingParameter",
            "The request must contain exactly one of GatewayId, NatGatewayId and NetworkInterfaceId",
        )),
        _ => Err(Fault::bad_request(
            "InvalidParameterCombination",
            "The request must contain exactly one of GatewayId, NatGatewayId and NetworkInterfaceId (and LocalTarget, for the local route)",
        )),
    }
}

/// Traffic within the VPC may be sent through a NAT gateway or an interface only.
fn check_within(
    world: &World,
    table: &RouteTable,
    destination: Destination,
    target: Target,
) -> Result<(), Fault> {
    let vpc: VpcId = table.vpc;
    let cidr = world.vpcs.get(&vpc).map(|vpc| vpc.cidr);
    let Destination::Cidr4(net) = destination else {
        return match (destination, target) {
            (Destination::PrefixList(_), Target::Endpoint(_)) => Ok(()),
            (Destination::PrefixList(_), _) => unsupported(&[("DestinationPrefixListId", true)]),
            (_, Target::Local) => Err(not_local(destination)),
            _ => Ok(()),
        };
    };
    let inside = cidr.is_some_and(|cidr| cidr.contains(&net));
    match target {
        Target::Local if cidr != Some(net) => Err(not_local(destination)),
        Target::InternetGateway(_) if inside => Err(Fault::bad_request(
            "InvalidParameterValue",
            format!(
                "The destination CIDR block {net} is equal to or more specific than {vpc}'s own block. This route can target only a NAT gateway or a network interface."
            ),
        )),
        Target::Local
        | Target::InternetGateway(_)
        | Target::NatGateway(_)
        | Target::Interface(_)
        | Target::Endpoint(_) => Ok(()),
    }
}

fn not_local(destination: Destination) -> Fault {
    Fault::bad_request(
        "InvalidParameterValue",
        format!(
            "LocalTarget is for the local route only, and {} is another; name a gateway or an interface",
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
        | Target::Interface(_) => Ok(()),
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
