//! The DNS of endpoints: which names they have and may have. Nothing answers them yet.

use aws::{Fault, ec2};
use model::endpoint::{DnsRecords, Endpoint, Service};
use model::endpoint_service::EndpointService;
use model::vpc::Vpc;
use model::world::{Claim, Kind, World};

use super::{Call, endpoint_wire, unsupported};

/// AWS's hosted zone of the names of endpoints.
const HOSTED_ZONE: &str = "Z7HUB22UULQXV";

/// What DnsOptions set: the records, where they are given. `private` says whether the endpoint
/// has private DNS after the call.
pub(crate) fn records(
    options: Option<&ec2::DnsOptionsSpecification>,
    service: Service,
    vpc: &Vpc,
    private: bool,
    region: &str,
) -> Result<Option<DnsRecords>, Fault> {
    let Some(options) = options else {
        return Ok(None);
    };
    let ec2::DnsOptionsSpecification {
        dns_record_ip_type,
        private_dns_only_for_inbound_resolver_endpoint: inbound,
        private_dns_preference,
        private_dns_specified_domains,
    } = options;
    for (name, set) in [
        ("PrivateDnsPreference", private_dns_preference.is_some()),
        (
            "PrivateDnsSpecifiedDomain",
            !private_dns_specified_domains.is_empty(),
        ),
    ] {
        if set {
            return Err(Fault::bad_request(
                "InvalidParameter",
                format!(
                    "DnsOptions.{name} is only for VPC endpoints of the types Resource and ServiceNetwork; leave it out"
                ),
            ));
        }
    }
    if *inbound == Some(true) {
        if !private {
            return Err(Fault::bad_request(
                "InvalidParameterCombination",
                "DnsOptions.PrivateDnsOnlyForInboundResolverEndpoint can be true only together with PrivateDnsEnabled=true",
            ));
        }
        // Only services with a gateway can have one there; those are reached through it alone.
        return Err(Fault::bad_request(
            "InvalidParameter",
            format!(
                "To set PrivateDnsOnlyForInboundResolverEndpoint to true, the VPC {} must have a Gateway endpoint for the service {}",
                vpc.id,
                service.name(region)
            ),
        ));
    }
    let Some(text) = dns_record_ip_type.as_deref() else {
        return Ok(None);
    };
    match text {
        "ipv4" => Ok(Some(DnsRecords::Ipv4)),
        "service-defined" => Ok(Some(DnsRecords::ServiceDefined)),
        _ if ec2::DnsRecordIpType::ALL.contains(&text) => {
            unsupported(&[(
                "DnsOptions.DnsRecordIpType (other than ipv4 and service-defined)",
                true,
            )])?;
            Ok(None)
        }
        _ => Err(Fault::invalid_value(
            "DnsOptions.DnsRecordIpType",
            text,
            &format!("give one of {}", ec2::DnsRecordIpType::ALL.join(", ")),
        )),
    }
}

/// AWS's name of the records.
pub(crate) fn records_name(records: DnsRecords) -> &'static str {
    match records {
        DnsRecords::Ipv4 => "ipv4",
        DnsRecords::ServiceDefined => "service-defined",
    }
}

/// The private name that an endpoint to the service may have in the VPC. `own` is the endpoint
/// that asks, if it is there already.
pub(crate) fn private_name(
    world: &World,
    call: &Call,
    vpc: &Vpc,
    service: &EndpointService,
    own: Option<&Endpoint>,
) -> Result<String, Fault> {
    let refuse = |message: String| Err(Fault::bad_request("InvalidParameter", message));
    let service_name = service.name(&call.region);
    let Some(private) = &service.private_name else {
        return refuse(format!(
            "Private DNS can't be enabled because the service {service_name} does not provide a private DNS name."
        ));
    };
    if !vpc.dns_support || !vpc.dns_hostnames {
        return refuse(format!(
            "Enabling private DNS requires both enableDnsSupport and enableDnsHostnames VPC attributes set to true for {}",
            vpc.id
        ));
    }
    if !private.verified {
        return refuse(format!(
            "Private DNS can't be enabled because the private DNS name {} of the service {service_name} is not verified; its provider has to verify it first",
            private.name
        ));
    }
    let claim = Claim::NameIn(vpc.id, Kind::Endpoint, private.name.clone());
    let holder = world.claimant::<Endpoint>(claim);
    let holder = holder.filter(|holder| own.is_none_or(|own| own.id != holder.id));
    if let Some(holder) = holder {
        return refuse(format!(
            "private-dns-enabled cannot be set because there is already a conflicting DNS domain for {} in the VPC {}: the VPC endpoint {} has it; disable private DNS there first",
            private.name, vpc.id, holder.id
        ));
    }
    Ok(private.name.clone())
}

/// The regional name, then one a zone, then the private name (AWS.md 7.2); gateways have none.
pub(crate) fn entries(world: &World, call: &Call, endpoint: &Endpoint) -> Vec<ec2::DnsEntry> {
    let Some(service) = endpoint.provider() else {
        return Vec::new();
    };
    let region = &call.region;
    let base = format!("{service}.{region}.vpce.amazonaws.com");
    let first = format!("{}-{}", endpoint.id, endpoint.dns_suffix);
    let zones = endpoint_wire::zones(world, endpoint).into_iter();
    let zonal = zones.map(|zone| format!("{first}-{}.{base}", zone.name(region)));
    let entry = |name: String, zone: String| ec2::DnsEntry {
        dns_name: Some(name),
        hosted_zone_id: Some(zone),
    };
    let mut entries: Vec<_> = std::iter::once(format!("{first}.{base}"))
        .chain(zonal)
        .map(|name| entry(name, HOSTED_ZONE.into()))
        .collect();
    if let Some(name) = &endpoint.private_name {
        // Its zone is the endpoint's own.
        let zone = format!("Z{}", endpoint.id.digits().to_ascii_uppercase());
        entries.push(entry(name.clone(), zone));
    }
    entries
}
