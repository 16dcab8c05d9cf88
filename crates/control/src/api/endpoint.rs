//! Interface endpoints: a consumer's doors to services. Their subnets are in
//! `endpoint_subnets.rs`, changes to them in `endpoint_modify.rs`, the provider's side in
//! `connection.rs`.

use std::sync::Arc;

use aws::{Fault, ec2};
use model::endpoint::{Endpoint, Event, Provisioning, State};
use model::id::{EndpointId, VpcId};
use model::world::{Change, World};

use super::endpoint_subnets::{check_zones, interfaces, places};
use super::endpoint_wire::{self, wire};
use super::page::page;
use super::{
    Call, Decision, filter, parse_id, refusal, security_group, service_catalog, tags, unsupported,
    vpc,
};

/// The stem of endpoint ids in error codes.
pub(crate) const STEM: &str = "VpcEndpointId";

/// Interface endpoints of one VPC (AWS quota).
const MAX_ENDPOINTS: usize = 50;

/// Endpoints of one deletion: a commit holds so many changes.
const MAX_IDS: usize = 100;

/// Makes an endpoint with an ENI in each subnet.
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
    interface_only(vpc_endpoint_type.as_deref())?;
    unsupported(&[
        (
            "ResourceConfigurationArn",
            resource_configuration_arn.is_some(),
        ),
        ("RouteTableId", !route_table_ids.is_empty()),
        ("ServiceNetworkArn", service_network_arn.is_some()),
        (
            "ServiceRegion (other than this one)",
            service_region.as_ref().is_some_and(|it| *it != call.region),
        ),
    ])?;
    check_options(
        dns_options.as_ref(),
        ip_address_type.as_deref(),
        policy_document.as_deref(),
        *private_dns_enabled,
    )?;
    let vpc = vpc::find_ref(world, call, vpc_id)?;
    let name = service_name.as_deref();
    let name = name.ok_or_else(|| Fault::missing("ServiceName"))?;
    let service = service_catalog::find(world, call, name)?;
    check_quota(world, vpc.id)?;
    let places = places(world, call, vpc.id, subnet_ids, subnet_configurations)?;
    if places.is_empty() {
        return Err(Fault::missing("SubnetId"));
    }
    check_zones(world, call, service, &places, &[])?;
    let mut made = Endpoint {
        id: call.id(),
        owner: call.account,
        vpc: vpc.id,
        service: service.id,
        state: State::PendingAcceptance,
        interfaces: Vec::new(),
        groups: security_group::groups_of_vpc(world, call, vpc, security_group_ids)?,
        dns_suffix: dns_suffix(call),
        opened: 0,
        changed_at: call.revision,
        provisioning: Provisioning {
            requested: call.now,
            ..Provisioning::default()
        },
        tags: tags::on_create(tag_specifications, "vpc-endpoint")?,
    };
    if !service.acceptance_required {
        made.on(Event::Accept, call.revision, call.now)
            .map_err(|refused| refusal::endpoint(made.id, refused))?;
    }
    let enis = interfaces(world, call, &made, &places)?;
    made.interfaces = enis.iter().map(|eni| eni.id).collect();
    let mut changes: Vec<Change> = vec![made.clone().into()];
    changes.extend(enis.into_iter().map(Change::from));
    changes.extend(call.remember(operation, token, request, &made.id));
    let after = world.apply(&changes, call.revision);
    Ok(Decision {
        reply: reply(&after, call, request, &made),
        changes,
    })
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

fn interface_only(kind: Option<&str>) -> Result<(), Fault> {
    let kind = kind.unwrap_or("Gateway");
    if kind == "Interface" {
        return Ok(());
    }
    if !ec2::VpcEndpointType::ALL.contains(&kind) {
        return Err(Fault::invalid_value(
            "VpcEndpointType",
            kind,
            "give Interface",
        ));
    }
    Err(Fault::bad_request(
        "UnsupportedOperation",
        format!(
            "VPC endpoints of the VpcEndpointType {kind} are not supported by this version of Ginnel; give VpcEndpointType=Interface (without it, the type is Gateway)"
        ),
    ))
}

/// Options that Create and Modify share: there is one choice for each.
pub(crate) fn check_options(
    dns_options: Option<&ec2::DnsOptionsSpecification>,
    ip_address_type: Option<&str>,
    policy_document: Option<&str>,
    private_dns_enabled: Option<bool>,
) -> Result<(), Fault> {
    if let Some(options) = dns_options {
        let ec2::DnsOptionsSpecification {
            dns_record_ip_type,
            private_dns_only_for_inbound_resolver_endpoint: inbound,
            private_dns_preference,
            private_dns_specified_domains,
        } = options;
        unsupported(&[
            (
                "DnsOptions.DnsRecordIpType (other than ipv4)",
                dns_record_ip_type.as_deref().is_some_and(|it| it != "ipv4"),
            ),
            (
                "DnsOptions.PrivateDnsOnlyForInboundResolverEndpoint",
                *inbound == Some(true),
            ),
            (
                "DnsOptions.PrivateDnsPreference",
                private_dns_preference.is_some(),
            ),
            (
                "DnsOptions.PrivateDnsSpecifiedDomain",
                !private_dns_specified_domains.is_empty(),
            ),
        ])?;
    }
    unsupported(&[(
        "IpAddressType (other than ipv4)",
        ip_address_type.is_some_and(|it| it != "ipv4"),
    )])?;
    if policy_document.is_some() {
        return Err(Fault::bad_request(
            "UnsupportedOperation",
            "PolicyDocument is not supported: services behind load balancers do not evaluate endpoint policies; leave it out, and use security groups and the service's allow-list",
        ));
    }
    if private_dns_enabled == Some(true) {
        return Err(Fault::bad_request(
            "UnsupportedOperation",
            "PrivateDnsEnabled=true is not supported by this version of Ginnel: its services have no private DNS name; give PrivateDnsEnabled=false and use the endpoint's own names",
        ));
    }
    Ok(())
}

fn check_quota(world: &World, vpc: VpcId) -> Result<(), Fault> {
    let endpoints = world.endpoints.values();
    if endpoints.filter(|endpoint| endpoint.vpc == vpc).count() < MAX_ENDPOINTS {
        return Ok(());
    }
    Err(Fault::bad_request(
        "VpcEndpointLimitExceeded",
        format!(
            "The VPC '{vpc}' has {MAX_ENDPOINTS} interface endpoints, which is the limit; delete one first"
        ),
    ))
}

/// Eight characters that make the names of an endpoint unguessable.
fn dns_suffix(call: &Call) -> String {
    const LETTERS: &[u8; 36] = b"abcdefghijklmnopqrstuvwxyz0123456789";
    let letter = |byte: u8| LETTERS.get(usize::from(byte) % 36).copied().unwrap_or(b'a');
    let bytes = call.bytes::<8>();
    bytes
        .into_iter()
        .map(|byte| char::from(letter(byte)))
        .collect()
}

/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeVpcEndpoints.html>
pub(crate) fn describe(
    world: &World,
    call: &Call,
    request: &ec2::DescribeVpcEndpointsRequest,
) -> Result<ec2::DescribeVpcEndpointsResult, Fault> {
    let ec2::DescribeVpcEndpointsRequest {
        dry_run: _,
        filters,
        max_results,
        next_token,
        vpc_endpoint_ids,
    } = request;
    let names = [
        "ip-address-type",
        "service-name",
        "service-region",
        "vpc-id",
        "vpc-endpoint-id",
        "vpc-endpoint-state",
        "vpc-endpoint-type",
    ];
    filter::known(filters, &names)?;
    let mine: Vec<_> = if vpc_endpoint_ids.is_empty() {
        let all = world.endpoints.values();
        all.filter(|it| it.owner == call.account).collect()
    } else {
        let find = |text: &String| find(world, call, text);
        vpc_endpoint_ids
            .iter()
            .map(find)
            .collect::<Result<_, _>>()?
    };
    let values = |endpoint: &&Arc<Endpoint>, name: &str| {
        Some(vec![match name {
            "ip-address-type" => "ipv4".into(),
            "service-name" => endpoint_wire::service_name(call, endpoint),
            "service-region" => call.region.clone(),
            "vpc-id" => endpoint.vpc.to_string(),
            "vpc-endpoint-id" => endpoint.id.to_string(),
            "vpc-endpoint-state" => refusal::state_name(endpoint.state).into(),
            "vpc-endpoint-type" => "Interface".into(),
            _ => return None,
        }])
    };
    let found = filter::apply(mine, filters, values, |endpoint| Some(&endpoint.tags))?;
    let (given, next_token) = page(
        found,
        |endpoint| endpoint.id.to_string(),
        max_results.map(|most| most.min(1_000)), // more is a thousand, as AWS does it
        next_token.as_deref(),
        (1, 1_000),
        !vpc_endpoint_ids.is_empty(),
    )?;
    Ok(ec2::DescribeVpcEndpointsResult {
        next_token,
        vpc_endpoints: given
            .into_iter()
            .map(|endpoint| wire(world, call, endpoint))
            .collect(),
    })
}

/// Closes endpoints for good. Their ENIs stay until no host has them (`settle.rs`).
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
            Ok(()) if next == **found => {} // deleted before
            Ok(()) => changes.push(next.into()),
            Err(refused) => {
                let fault = refusal::endpoint(id, refused);
                unsuccessful.push(endpoint_wire::unsuccessful(text, fault));
            }
        }
    }
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
