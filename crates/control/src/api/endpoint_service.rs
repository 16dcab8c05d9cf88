//! Endpoint services: load balancers that a provider offers under one name. Who may see them is
//! in `service_permission.rs`, their private names in `service_name.rs`, who is connected in `connection.rs`, how consumers see them in
//! `service_catalog.rs`.

use std::collections::BTreeSet;
use std::sync::Arc;

use aws::{Fault, ec2};
use model::endpoint_service::EndpointService;
use model::id::{BalancerId, ServiceId};
use model::place::Zone;
use model::world::{Change, Name, World};

use super::page::page;
use super::{
    Call, Decision, elbv2, endpoint_wire, filter, notification, parse_id, service_name, tags,
    unsupported,
};

/// Services of one deletion: a commit holds so many changes.
const MAX_IDS: usize = 100;

/// Makes a service of one or more load balancers of the caller.
/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateVpcEndpointServiceConfiguration.html>
pub(crate) fn create(
    world: &World,
    call: &Call,
    request: &ec2::CreateVpcEndpointServiceConfigurationRequest,
) -> Result<Decision<ec2::CreateVpcEndpointServiceConfigurationResult>, Fault> {
    let ec2::CreateVpcEndpointServiceConfigurationRequest {
        acceptance_required,
        client_token,
        dry_run: _,
        gateway_load_balancer_arns,
        network_load_balancer_arns,
        private_dns_name,
        supported_ip_address_types,
        supported_regions,
        tag_specifications,
    } = request;
    let (operation, token) = (
        "CreateVpcEndpointServiceConfiguration",
        client_token.as_deref(),
    );
    let reply = |made: &EndpointService| ec2::CreateVpcEndpointServiceConfigurationResult {
        client_token: client_token.clone(),
        service_configuration: Some(wire(world, call, made)),
    };
    if let Some(id) = call.replayed(world, operation, token, request)? {
        return Ok(Decision::unchanged(reply(find(world, call, &id)?)));
    }
    unsupported(&[
        (
            "GatewayLoadBalancerArn",
            !gateway_load_balancer_arns.is_empty(),
        ),
        (
            "SupportedRegion (other than this one)",
            supported_regions
                .iter()
                .any(|region| *region != call.region),
        ),
    ])?;
    check_address_types("SupportedIpAddressType", supported_ip_address_types)?;
    if network_load_balancer_arns.is_empty() {
        return Err(Fault::missing("NetworkLoadBalancerArn"));
    }
    let name = private_dns_name.as_deref();
    let mut made = EndpointService {
        id: call.id(),
        owner: call.account,
        balancers: Vec::new(),
        acceptance_required: acceptance_required.unwrap_or(true),
        permissions: Vec::new(),
        private_name: name.map(|name| service_name::new(call, name)).transpose()?,
        provider_pays: false,
        created: call.now,
        tags: tags::on_create(tag_specifications, "vpc-endpoint-service")?,
    };
    add_balancers(world, call, &mut made, network_load_balancer_arns)?;
    let mut changes: Vec<Change> = vec![made.clone().into()];
    changes.extend(call.remember(operation, token, request, &made.id));
    Ok(Decision {
        reply: reply(&made),
        changes,
    })
}

fn balancer(world: &World, call: &Call, arn: &str) -> Result<BalancerId, Fault> {
    let found = elbv2::balancer(world, call, arn).ok().flatten();
    found.map(|found| found.id).ok_or_else(|| {
        Fault::bad_request(
            "InvalidParameter",
            format!("The Network Load Balancer '{arn}' does not exist in this account; give the ARN of one of yours"),
        )
    })
}

/// Puts load balancers behind the service; each may be behind one only.
fn add_balancers(
    world: &World,
    call: &Call,
    service: &mut EndpointService,
    arns: &[String],
) -> Result<(), Fault> {
    for arn in arns {
        let id = balancer(world, call, arn)?;
        if let Some(other) = world.service_of(id).filter(|other| other.id != service.id) {
            return Err(Fault::bad_request(
                "InvalidParameter",
                format!(
                    "The Network Load Balancer '{arn}' is already associated with the endpoint service {}; remove it there first, or give another",
                    other.id
                ),
            ));
        }
        if !service.balancers.contains(&id) {
            service.balancers.push(id);
        }
    }
    Ok(())
}

/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ModifyVpcEndpointServiceConfiguration.html>
pub(crate) fn modify(
    world: &World,
    call: &Call,
    request: &ec2::ModifyVpcEndpointServiceConfigurationRequest,
) -> Result<Decision<ec2::ModifyVpcEndpointServiceConfigurationResult>, Fault> {
    let ec2::ModifyVpcEndpointServiceConfigurationRequest {
        acceptance_required,
        add_gateway_load_balancer_arns,
        add_network_load_balancer_arns,
        add_supported_ip_address_types,
        add_supported_regions,
        dry_run: _,
        private_dns_name,
        remove_gateway_load_balancer_arns,
        remove_network_load_balancer_arns,
        remove_private_dns_name,
        remove_supported_ip_address_types,
        remove_supported_regions,
        service_id,
    } = request;
    unsupported(&[
        (
            "AddGatewayLoadBalancerArn",
            !add_gateway_load_balancer_arns.is_empty(),
        ),
        (
            "AddSupportedRegion (other than this one)",
            add_supported_regions
                .iter()
                .any(|region| *region != call.region),
        ),
        (
            "RemoveGatewayLoadBalancerArn",
            !remove_gateway_load_balancer_arns.is_empty(),
        ),
    ])?;
    check_address_types("AddSupportedIpAddressType", add_supported_ip_address_types)?;
    check_address_types(
        "RemoveSupportedIpAddressType",
        remove_supported_ip_address_types,
    )?;
    // What every service has, and the only thing that can be had so far.
    for (name, last) in [
        (
            "RemoveSupportedIpAddressType",
            remove_supported_ip_address_types.first(),
        ),
        ("RemoveSupportedRegion", remove_supported_regions.first()),
    ] {
        if let Some(last) = last {
            let why = "a service must keep at least one, and this is the only one it has";
            return Err(Fault::invalid_value(name, last, why));
        }
    }
    let old = find(world, call, service_id)?;
    let mut service = EndpointService::clone(old);
    if let Some(required) = acceptance_required {
        service.acceptance_required = *required;
    }
    add_balancers(world, call, &mut service, add_network_load_balancer_arns)?;
    for arn in remove_network_load_balancer_arns {
        let id = balancer(world, call, arn)?;
        if !service.balancers.contains(&id) {
            return Err(Fault::bad_request(
                "InvalidParameter",
                format!("The Network Load Balancer '{arn}' is not associated with {service_id}"),
            ));
        }
        service.balancers.retain(|known| *known != id);
    }
    check_cover(world, call, &service)?;
    let remove_name = *remove_private_dns_name == Some(true);
    let name = private_dns_name.as_deref();
    service_name::change(world, call, &mut service, name, remove_name)?;
    let reply = ec2::ModifyVpcEndpointServiceConfigurationResult {
        r#return: Some(true),
    };
    if service == **old {
        return Ok(Decision::unchanged(reply));
    }
    Ok(Decision {
        reply,
        changes: vec![service.into()],
    })
}

/// There is one type so far.
fn check_address_types(name: &str, types: &[String]) -> Result<(), Fault> {
    let known = ec2::ServiceConnectivityType::ALL;
    for text in types {
        if !known.contains(&text.as_str()) {
            return Err(Fault::invalid_value(name, text, "give ipv4"));
        }
        unsupported(&[(&format!("{name} (other than ipv4)"), text != "ipv4")])?;
    }
    Ok(())
}

/// Makes the provider pay for the endpoints; this cannot be undone.
/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ModifyVpcEndpointServicePayerResponsibility.html>
pub(crate) fn modify_payer(
    world: &World,
    call: &Call,
    request: &ec2::ModifyVpcEndpointServicePayerResponsibilityRequest,
) -> Result<Decision<ec2::ModifyVpcEndpointServicePayerResponsibilityResult>, Fault> {
    let ec2::ModifyVpcEndpointServicePayerResponsibilityRequest {
        dry_run: _,
        payer_responsibility: payer,
        service_id,
    } = request;
    let old = find(world, call, service_id)?;
    if payer != PROVIDER_PAYS {
        let why = "give ServiceOwner; once it is, it cannot be taken back";
        return Err(Fault::invalid_value("PayerResponsibility", payer, why));
    }
    let reply = ec2::ModifyVpcEndpointServicePayerResponsibilityResult {
        return_value: Some(true),
    };
    if old.provider_pays {
        return Ok(Decision::unchanged(reply));
    }
    let mut service = EndpointService::clone(old);
    service.provider_pays = true;
    Ok(Decision {
        reply,
        changes: vec![service.into()],
    })
}

/// AWS's word for a provider that pays.
const PROVIDER_PAYS: &str = "ServiceOwner";

/// Who pays, if it is the provider.
pub(crate) fn payer(service: &EndpointService) -> Option<String> {
    service.provider_pays.then(|| PROVIDER_PAYS.into())
}

/// A service keeps a load balancer, and one in each zone in which it has connections.
fn check_cover(world: &World, call: &Call, service: &EndpointService) -> Result<(), Fault> {
    if service.balancers.is_empty() {
        return Err(Fault::bad_request(
            "InvalidParameter",
            format!(
                "The endpoint service {} must keep at least one Network Load Balancer; add another in the same call",
                service.id
            ),
        ));
    }
    let covered = zones(world, service);
    for endpoint in world.connections_of(service.id) {
        let mut used = endpoint_wire::zones(world, endpoint).into_iter();
        if let Some(zone) = used.find(|zone| !covered.contains(zone)) {
            return Err(Fault::bad_request(
                "ExistingVpcEndpointConnections",
                format!(
                    "The VPC endpoint {} is connected to {} in {}, which no load balancer of the service would be in; add one there first",
                    endpoint.id,
                    service.id,
                    zone.name(&call.region)
                ),
            ));
        }
    }
    Ok(())
}

/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeVpcEndpointServiceConfigurations.html>
pub(crate) fn describe(
    world: &World,
    call: &Call,
    request: &ec2::DescribeVpcEndpointServiceConfigurationsRequest,
) -> Result<ec2::DescribeVpcEndpointServiceConfigurationsResult, Fault> {
    let ec2::DescribeVpcEndpointServiceConfigurationsRequest {
        dry_run: _,
        filters,
        max_results,
        next_token,
        service_ids,
    } = request;
    let names = [
        "service-name",
        "service-id",
        "service-state",
        "supported-ip-address-types",
    ];
    filter::known(filters, &names)?;
    let mine: Vec<_> = if service_ids.is_empty() {
        world.owned(call.account).collect()
    } else {
        let find = |text: &String| find(world, call, text);
        service_ids.iter().map(find).collect::<Result<_, _>>()?
    };
    let values = |service: &&Arc<EndpointService>, name: &str| {
        Some(vec![match name {
            "service-name" => service.name(&call.region),
            "service-id" => service.id.to_string(),
            "service-state" => "Available".into(),
            "supported-ip-address-types" => "ipv4".into(),
            _ => return None,
        }])
    };
    let found = filter::apply(mine, filters, values, |service| Some(&service.tags))?;
    let (given, next_token) = page(
        found,
        |service| service.id.to_string(),
        *max_results,
        next_token.as_deref(),
        (1, 1_000),
        !service_ids.is_empty(),
    )?;
    Ok(ec2::DescribeVpcEndpointServiceConfigurationsResult {
        next_token,
        service_configurations: given
            .into_iter()
            .map(|service| wire(world, call, service))
            .collect(),
    })
}

/// Removes services without live connections; the others are told one by one.
/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DeleteVpcEndpointServiceConfigurations.html>
pub(crate) fn delete(
    world: &World,
    call: &Call,
    request: &ec2::DeleteVpcEndpointServiceConfigurationsRequest,
) -> Result<Decision<ec2::DeleteVpcEndpointServiceConfigurationsResult>, Fault> {
    let ec2::DeleteVpcEndpointServiceConfigurationsRequest {
        dry_run: _,
        service_ids,
    } = request;
    if service_ids.is_empty() || service_ids.len() > MAX_IDS {
        return Err(Fault::bad_request(
            "InvalidParameterValue",
            format!(
                "ServiceId has {} values; give 1 to {MAX_IDS}",
                service_ids.len()
            ),
        ));
    }
    let (mut unsuccessful, mut changes) = (Vec::new(), Vec::new());
    let mut seen: Vec<ServiceId> = Vec::new();
    for text in service_ids {
        let id = parse_id(MALFORMED_STEM, text)?;
        if seen.contains(&id) {
            continue;
        }
        seen.push(id);
        let fault = if world.service(call.account, id).is_none() {
            let message = absent(id).message;
            Fault::bad_request("InvalidVpcEndpointService.NotFound", message)
        } else {
            let live: Vec<String> = world
                .connections_of(id)
                .filter(|endpoint| endpoint.state.is_live())
                .map(|endpoint| endpoint.id.to_string())
                .collect();
            if live.is_empty() {
                changes.extend(notification::forget(world, id));
                changes.push(Change::Remove(Name::EndpointService(id)));
                continue;
            }
            Fault::bad_request(
                "ExistingVpcEndpointConnections",
                format!(
                    "Service {id} has existing active VPC Endpoint connections; reject {} first",
                    live.join(", ")
                ),
            )
        };
        unsuccessful.push(endpoint_wire::unsuccessful(text, fault));
    }
    Ok(Decision {
        reply: ec2::DeleteVpcEndpointServiceConfigurationsResult { unsuccessful },
        changes,
    })
}

/// AWS really spells it so.
const MALFORMED_STEM: &str = "VpcEndpointServiceIdId";

fn absent(id: ServiceId) -> Fault {
    Fault::bad_request(
        "InvalidVpcEndpointServiceId.NotFound",
        format!("The VpcEndpointService Id '{id}' does not exist"),
    )
}

/// The caller's service with this id.
pub(crate) fn find<'a>(
    world: &'a World,
    call: &Call,
    text: &str,
) -> Result<&'a Arc<EndpointService>, Fault> {
    let id: ServiceId = parse_id(MALFORMED_STEM, text)?;
    let found = world.service(call.account, id);
    found.ok_or_else(|| absent(id))
}

/// The zones of a service: those of its load balancers.
pub(crate) fn zones(world: &World, service: &EndpointService) -> BTreeSet<Zone> {
    let balancers = service.balancers.iter();
    let balancers = balancers.filter_map(|id| world.load_balancers.get(id));
    balancers
        .flat_map(|balancer| balancer.zones.iter().map(|zone| zone.zone))
        .collect()
}

/// The ARNs of the load balancers behind a service.
pub(crate) fn balancer_arns(world: &World, call: &Call, service: &EndpointService) -> Vec<String> {
    let balancers = service.balancers.iter();
    balancers
        .filter_map(|id| world.load_balancers.get(id))
        .map(|balancer| elbv2::balancer_arn(call, balancer))
        .collect()
}

fn wire(world: &World, call: &Call, service: &EndpointService) -> ec2::ServiceConfiguration {
    let region = &call.region;
    let zones = zones(world, service);
    let private = service.private_name.as_ref();
    ec2::ServiceConfiguration {
        acceptance_required: Some(service.acceptance_required),
        availability_zone_ids: zones.iter().map(|zone| zone.id(region)).collect(),
        availability_zones: zones.iter().map(|zone| zone.name(region)).collect(),
        base_endpoint_dns_names: vec![service.base_dns_name(region)],
        manages_vpc_endpoints: Some(false),
        network_load_balancer_arns: balancer_arns(world, call, service),
        payer_responsibility: payer(service),
        private_dns_name: private.map(|private| private.name.clone()),
        private_dns_name_configuration: private.map(|private| ec2::PrivateDnsNameConfiguration {
            name: Some(private.record.clone()),
            state: Some(service_name::state(private).into()),
            r#type: Some("TXT".into()),
            value: Some(private.value.clone()),
        }),
        remote_access_enabled: Some(false),
        service_id: Some(service.id.to_string()),
        service_name: Some(service.name(region)),
        service_state: Some("Available".into()),
        service_type: vec![ec2::ServiceTypeDetail {
            service_type: Some("Interface".into()),
        }],
        supported_ip_address_types: vec!["ipv4".into()],
        supported_regions: vec![ec2::SupportedRegionDetail {
            region: Some(region.clone()),
            service_state: Some("Available".into()),
        }],
        tags: tags::ec2(&service.tags),
        ..ec2::ServiceConfiguration::default()
    }
}

#[cfg(test)]
mod tests;
