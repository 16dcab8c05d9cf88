//! Regions and availability zones: this process serves one region.

use aws::{Fault, ec2};
use model::place::{ZONES, Zone};
use model::world::World;

use super::Call;
use super::filter;

/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeRegions.html>
pub(crate) fn describe_regions(
    _world: &World,
    call: &Call,
    request: &ec2::DescribeRegionsRequest,
) -> Result<ec2::DescribeRegionsResult, Fault> {
    let ec2::DescribeRegionsRequest {
        all_regions: _, // there is one
        dry_run: _,
        filters,
        region_names,
    } = request;
    for name in region_names {
        if *name != call.region {
            return Err(Fault::invalid_value(
                "RegionName",
                name,
                &format!("this Ginnel serves {}", call.region),
            ));
        }
    }
    filter::known(filters, &["region-name", "endpoint", "opt-in-status"])?;
    let endpoint = format!("ec2.{}.amazonaws.com", call.region);
    let values = |region: &String, name: &str| match name {
        "region-name" => Some(vec![region.clone()]),
        "endpoint" => Some(vec![endpoint.clone()]),
        "opt-in-status" => Some(vec!["opt-in-not-required".to_owned()]),
        _ => None,
    };
    let regions = filter::apply(vec![call.region.clone()], filters, values, |_| None)?;
    Ok(ec2::DescribeRegionsResult {
        regions: regions
            .into_iter()
            .map(|name| ec2::Region {
                region_name: Some(name),
                endpoint: Some(endpoint.clone()),
                opt_in_status: Some("opt-in-not-required".into()),
                geography: Vec::new(),
            })
            .collect(),
    })
}

/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeAvailabilityZones.html>
pub(crate) fn describe_zones(
    _world: &World,
    call: &Call,
    request: &ec2::DescribeAvailabilityZonesRequest,
) -> Result<ec2::DescribeAvailabilityZonesResult, Fault> {
    let ec2::DescribeAvailabilityZonesRequest {
        all_availability_zones: _, // all are opted in
        dry_run: _,
        filters,
        zone_ids,
        zone_names,
    } = request;
    let region = &call.region;
    let mut wanted: Vec<Zone> = Vec::new();
    for (parameter, text) in zone_ids
        .iter()
        .map(|id| ("ZoneId", id))
        .chain(zone_names.iter().map(|name| ("ZoneName", name)))
    {
        let zone = Zone::find(text, region).ok_or_else(|| {
            let known = ZONES.map(|zone| zone.name(region)).join(", ");
            Fault::invalid_value(parameter, text, &format!("the zones are {known}"))
        })?;
        wanted.push(zone);
    }
    let names = [
        "zone-name",
        "zone-id",
        "state",
        "region-name",
        "zone-type",
        "opt-in-status",
        "group-name",
    ];
    filter::known(filters, &names)?;
    let values = |zone: &Zone, name: &str| {
        Some(vec![match name {
            "zone-name" => zone.name(region),
            "zone-id" => zone.id(region),
            "state" => "available".into(),
            "region-name" | "group-name" => region.clone(),
            "zone-type" => "availability-zone".into(),
            "opt-in-status" => "opt-in-not-required".into(),
            _ => return None,
        }])
    };
    let all = ZONES
        .into_iter()
        .filter(|zone| wanted.is_empty() || wanted.contains(zone))
        .collect();
    let zones = filter::apply(all, filters, values, |_| None)?;
    Ok(ec2::DescribeAvailabilityZonesResult {
        availability_zones: zones
            .into_iter()
            .map(|zone| ec2::AvailabilityZone {
                zone_name: Some(zone.name(region)),
                zone_id: Some(zone.id(region)),
                state: Some("available".into()),
                region_name: Some(region.clone()),
                group_name: Some(region.clone()),
                network_border_group: Some(region.clone()),
                opt_in_status: Some("opt-in-not-required".into()),
                zone_type: Some("availability-zone".into()),
                ..ec2::AvailabilityZone::default()
            })
            .collect(),
    })
}
