//! Endpoints: a consumer's doors to services. Interface endpoints have ENIs in subnets
//! (`endpoint_subnets.rs`), gateway endpoints have routes (`endpoint_gateway.rs`). Changes to
//! them are in `endpoint_modify.rs`, what lists them in `endpoint_list.rs`, the provider's side
//! in `connection.rs`.

use std::sync::Arc;

use aws::{Fault, ec2};
use model::endpoint::{
    Admission, DnsRecords, Endpoint, Event, Managed, Provisioning, Service, State,
};
use model::endpoint_service::EndpointService;
use model::id::EndpointId;
use model::vpc::Vpc;
use model::world::{Change, World};

use super::endpoint_gateway::{self, Tables};
use super::endpoint_subnets::{check_zones, interfaces, places};
use super::endpoint_wire::{self, wire};
use super::{
    Call, Decision, endpoint_dns, endpoint_policy, notification, parse_id, quota, refusal,
    security_group, service_catalog, tags, unsupported, vpc,
};

/// The stem of endpoint ids in error codes.
pub(crate) const STEM: &str = "VpcEndpointId";

/// Endpoints of one deletion: a commit holds so many changes.
const MAX_IDS: usize = 100;

/// Makes an endpoint: with an ENI in each subnet, or with a route in each route table.
/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateVpcEndpoint.html>
pub(crate) fn create(
    world: &World,
    call: &Call,
    request: &ec2::CreateVpcEndpointRequest,
) -> Result<Decision<ec2::CreateVpcEndpointResult>, Fault> {
    let ec2::CreateVpcEndpointRequest {
        client_token,
        dns_options,
        dry_run: _,
        ip_address_type,
        policy_document,
        private_dns_enabled,
        resource_configuration_arn,
        route_table_ids,
        security_group_ids,
        service_name,
        service_network_arn,
        service_region,
        subnet_configurations,
        subnet_ids,
        tag_specifications,
        vpc_endpoint_type,
        vpc_id,
    } = request;
    let (operation, token) = ("CreateVpcEndpoint", client_token.as_deref());
    if let Some(id) = call.replayed(world, operation, token, request)? {
        let made = find(world, call, &id)?;
        return Ok(Decision::unchanged(reply(world, call, request, made)));
    }
    let kind = kind(vpc_endpoint_type.as_deref())?;
    unsupported(&[
        (
            "ResourceConfigurationArn",
            resource_configuration_arn.is_some(),
        ),
        ("ServiceNetworkArn", service_network_arn.is_some()),
        (
            "ServiceRegion (other than this one)",
            service_region.as_ref().is_some_and(|it| *it != call.region),
        ),
    ])?;
    check_address_type(ip_address_type.as_deref())?;
    let vpc = vpc::find_ref(world, call, vpc_id)?;
    let name = service_name.as_deref();
    let name = name.ok_or_else(|| Fault::missing("ServiceName"))?;
    let service = service_catalog::resolve(world, call, name)?;
    fits(kind, service)?;
    let private = private_dns_enabled.unwrap_or(false);
    let records = endpoint_dns::records(
        dns_options.as_ref(),
        service.id(),
        vpc,
        private,
        &call.region,
    )?;
    let policy = policy_document.as_deref();
    let policy = policy.map(|text| endpoint_policy::stored(call, service.id(), text));
    let made = Endpoint {
        id: call.id(),
        owner: call.account,
        vpc: vpc.id,
        service: service.id(),
        state: State::PendingAcceptance,
        interfaces: Vec::new(),
        groups: Vec::new(),
        dns_suffix: endpoint_wire::letters::<8>(call),
        dns_records: records.unwrap_or(match service {
            Offer::Managed(_) => DnsRecords::ServiceDefined,
            Offer::Private(_) => DnsRecords::Ipv4,
        }),
        private_name: None,
        policy: policy.transpose()?.flatten(),
        opened: 0,
        changed_at: call.revision,
        provisioning: Provisioning {
            requested: call.now,
            ..Provisioning::default()
        },
        tags: tags::on_create(tag_specifications, "vpc-endpoint")?,
        connection_tags: tags::on_create(&[], "vpc-endpoint-connection")?,
    };
    let (made, mut changes) = match service {
        Offer::Managed(managed) => {
            only_of_interfaces(&[
                ("SubnetId", !subnet_ids.is_empty()),
                ("SubnetConfiguration", !subnet_configurations.is_empty()),
                ("SecurityGroupId", !security_group_ids.is_empty()),
                ("PrivateDnsEnabled=true", private),
            ])?;
            gateway(world, call, vpc, made, managed, route_table_ids)?
        }
        Offer::Private(service) => {
            only_of_gateways(&[("RouteTableId", !route_table_ids.is_empty())])?;
            interface(world, call, vpc, made, service, request)?
        }
    };
    changes.extend(call.remember(operation, token, request, &made.id));
    let after = world.apply(&changes, call.revision);
    Ok(Decision {
        reply: reply(&after, call, request, &made),
        changes,
    })
}

/// What a service's name leads to.
#[derive(Clone, Copy)]
pub(crate) enum Offer<'a> {
    /// A provider's service.
    Private(&'a Arc<EndpointService>),
    /// An AWS-managed one.
    Managed(Managed),
}

impl Offer<'_> {
    pub(crate) fn id(self) -> Service {
        match self {
            Self::Private(service) => Service::Private(service.id),
            Self::Managed(managed) => Service::Managed(managed),
        }
    }

    /// AWS's name of the type of endpoints that lead to it.
    pub(crate) fn kind(self) -> &'static str {
        match self {
            Self::Private(_) => "Interface",
            Self::Managed(_) => "Gateway",
        }
    }
}

/// A gateway: open at once, with a route in each table.
fn gateway(
    world: &World,
    call: &Call,
    vpc: &Vpc,
    mut made: Endpoint,
    service: Managed,
    route_tables: &[String],
) -> Result<(Endpoint, Vec<Change>), Fault> {
    endpoint_gateway::check_quota(world, call, vpc)?;
    made.begin(Admission::AtOnce, call.revision, call.now);
    let mut tables = Tables::default();
    tables.add(world, call, &made, service, route_tables)?;
    let mut changes: Vec<Change> = vec![made.clone().into()];
    changes.extend(tables.changes(world));
    Ok((made, changes))
}

/// An endpoint with ENIs, which waits for its provider if that wants to be asked.
fn interface(
    world: &World,
    call: &Call,
    vpc: &Vpc,
    mut made: Endpoint,
    service: &EndpointService,
    request: &ec2::CreateVpcEndpointRequest,
) -> Result<(Endpoint, Vec<Change>), Fault> {
    check_quota(world, call, vpc)?;
    let (subnets, configurations) = (&request.subnet_ids, &request.subnet_configurations);
    let places = places(world, call, vpc.id, subnets, configurations)?;
    if places.is_empty() {
        return Err(Fault::missing("SubnetId"));
    }
    check_zones(world, call, service, vpc.id, &places, &[])?;
    made.groups = security_group::groups_of_vpc(world, call, vpc, &request.security_group_ids)?;
    if request.private_dns_enabled == Some(true) {
        let name = endpoint_dns::private_name(world, call, vpc, service, None)?;
        made.private_name = Some(name);
    }
    let admission = if service.acceptance_required {
        Admission::Waits
    } else {
        Admission::Admitted
    };
    let effects = made.begin(admission, call.revision, call.now);
    let enis = interfaces(world, call, &made, &places)?;
    made.interfaces = enis.iter().map(|eni| eni.id).collect();
    let mut changes: Vec<Change> = vec![made.clone().into()];
    changes.extend(enis.into_iter().map(Change::from));
    changes.extend(notification::tell(world, call, &made, effects));
    Ok((made, changes))
}

fn reply(
    world: &World,
    call: &Call,
    request: &ec2::CreateVpcEndpointRequest,
    made: &Endpoint,
) -> ec2::CreateVpcEndpointResult {
    ec2::CreateVpcEndpointResult {
        client_token: request.client_token.clone(),
        vpc_endpoint: Some(wire(world, call, made)),
    }
}

/// Gateway (which is the default) or Interface; the other types of AWS's are not made yet.
fn kind(text: Option<&str>) -> Result<&'static str, Fault> {
    match text {
        None | Some("Gateway") => Ok("Gateway"),
        Some("Interface") => Ok("Interface"),
        // AWS's newest type is not in the list of the model yet.
        Some(kind) if kind != "Tunnel" && !ec2::VpcEndpointType::ALL.contains(&kind) => Err(
            Fault::invalid_value("VpcEndpointType", kind, "give Interface or Gateway"),
        ),
        Some(kind) => Err(Fault::bad_request(
            "UnsupportedOperation",
            format!(
                "VPC endpoints of the VpcEndpointType {kind} are not supported by this version of Ginnel; give VpcEndpointType=Interface or Gateway"
            ),
        )),
    }
}

/// Refuses a type of endpoint that the service does not have.
fn fits(kind: &str, service: Offer<'_>) -> Result<(), Fault> {
    if kind == service.kind() {
        return Ok(());
    }
    Err(Fault::bad_request(
        "InvalidParameter",
        format!(
            "Endpoint type ({kind}) does not match available service types ([{}]); give VpcEndpointType={} (without it, the type is Gateway)",
            service.kind(),
            service.kind()
        ),
    ))
}

/// Refuses parameters that gateways have no use for.
pub(crate) fn only_of_interfaces(parameters: &[(&str, bool)]) -> Result<(), Fault> {
    misplaced(parameters, "Gateway")
}

/// Refuses parameters that only gateways have a use for.
pub(crate) fn only_of_gateways(parameters: &[(&str, bool)]) -> Result<(), Fault> {
    misplaced(parameters, "Interface")
}

fn misplaced(parameters: &[(&str, bool)], kind: &str) -> Result<(), Fault> {
    match parameters.iter().find(|(_, set)| *set) {
        None => Ok(()),
        Some((name, _)) => Err(Fault::bad_request(
            "InvalidParameter",
            format!("{name} cannot be used with VPC endpoints of type {kind}; leave it out"),
        )),
    }
}

/// There is one choice so far.
pub(crate) fn check_address_type(text: Option<&str>) -> Result<(), Fault> {
    match text {
        None | Some("ipv4") => Ok(()),
        Some(text) if ec2::IpAddressType::ALL.contains(&text) => {
            unsupported(&[("IpAddressType (other than ipv4)", true)])
        }
        Some(text) => Err(Fault::invalid_value("IpAddressType", text, "give ipv4")),
    }
}

/// Refuses one more interface endpoint than a VPC may have.
fn check_quota(world: &World, call: &Call, vpc: &Vpc) -> Result<(), Fault> {
    let there = world.needing::<Endpoint>(vpc.id);
    call.check_quota(
        &quota::INTERFACE_ENDPOINTS,
        there.filter(|endpoint| !endpoint.is_gateway()).count(),
        "VpcEndpointLimitExceeded",
        &format!("The VPC '{}'", vpc.id),
    )
}

/// Closes endpoints for good. Their routes go at once, their ENIs when no host has them
/// (`settle.rs`).
/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DeleteVpcEndpoints.html>
pub(crate) fn delete(
    world: &World,
    call: &Call,
    request: &ec2::DeleteVpcEndpointsRequest,
) -> Result<Decision<ec2::DeleteVpcEndpointsResult>, Fault> {
    let ec2::DeleteVpcEndpointsRequest {
        dry_run: _,
        vpc_endpoint_ids,
    } = request;
    if vpc_endpoint_ids.is_empty() || vpc_endpoint_ids.len() > MAX_IDS {
        return Err(Fault::bad_request(
            "InvalidParameterValue",
            format!(
                "VpcEndpointId has {} values; give 1 to {MAX_IDS}",
                vpc_endpoint_ids.len()
            ),
        ));
    }
    let (mut unsuccessful, mut changes) = (Vec::new(), Vec::new());
    let mut tables = Tables::default();
    let mut seen: Vec<EndpointId> = Vec::new();
    for text in vpc_endpoint_ids {
        let id = parse_id(STEM, text)?;
        if seen.contains(&id) {
            continue;
        }
        seen.push(id);
        let Some(found) = world.endpoint(call.account, id) else {
            let message = absent(id).message;
            let fault = Fault::bad_request("InvalidVpcEndpoint.NotFound", message);
            unsuccessful.push(endpoint_wire::unsuccessful(text, fault));
            continue;
        };
        let mut next = Endpoint::clone(found);
        match next.on(Event::Delete, call.revision, call.now) {
            Ok(_) if next == **found => {} // deleted before
            Ok(effects) => {
                tables.remove_all(world, found);
                changes.extend(notification::tell(world, call, &next, effects));
                changes.push(next.into());
            }
            Err(refused) => {
                let fault = refusal::endpoint(id, refused);
                unsuccessful.push(endpoint_wire::unsuccessful(text, fault));
            }
        }
    }
    changes.extend(tables.changes(world));
    Ok(Decision {
        reply: ec2::DeleteVpcEndpointsResult { unsuccessful },
        changes,
    })
}

/// AWS words this one unlike the others.
pub(crate) fn absent(id: EndpointId) -> Fault {
    Fault::bad_request(
        "InvalidVpcEndpointId.NotFound",
        format!("The Vpc Endpoint Id '{id}' does not exist"),
    )
}

/// The caller's endpoint with this id.
pub(crate) fn find<'a>(
    world: &'a World,
    call: &Call,
    text: &str,
) -> Result<&'a Arc<Endpoint>, Fault> {
    let id: EndpointId = parse_id(STEM, text)?;
    world.endpoint(call.account, id).ok_or_else(|| absent(id))
}

#[cfg(test)]
mod tests;
