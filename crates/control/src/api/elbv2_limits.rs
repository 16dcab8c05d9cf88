//! What Elastic Load Balancing says about itself: limits, TLS policies, reserved capacity.

use aws::{Fault, elbv2};
use model::world::World;

use super::elbv2::{invalid, need_balancer, page};
use super::{Call, quota};

/// <https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DescribeAccountLimits.html>
pub(crate) fn describe_limits(
    _world: &World,
    call: &Call,
    request: &elbv2::DescribeAccountLimitsInput,
) -> Result<elbv2::DescribeAccountLimitsOutput, Fault> {
    let elbv2::DescribeAccountLimitsInput { marker, page_size } = request;
    let in_force = |quota| call.quotas.value(quota);
    let limits = vec![
        // These cannot be made here.
        ("application-load-balancers", 0),
        ("gateway-load-balancers", 0),
        (
            "listeners-per-network-load-balancer",
            in_force(&quota::LISTENERS),
        ),
        ("network-load-balancers", in_force(&quota::LOAD_BALANCERS)),
        ("target-groups", in_force(&quota::TARGET_GROUPS)),
        ("target-groups-per-action-on-network-load-balancer", 1),
    ];
    let key = |(name, _): &(&str, u32)| (*name).to_owned();
    let (given, next_marker) = page(limits, key, *page_size, marker.as_deref())?;
    Ok(elbv2::DescribeAccountLimitsOutput {
        limits: given
            .into_iter()
            .map(|(name, most)| elbv2::Limit {
                max: Some(most.to_string()),
                name: Some(name.to_owned()),
            })
            .collect(),
        next_marker,
    })
}

/// AWS's policies for TLS listeners, sorted, with the first and the last version of TLS 1 that
/// they take.
/// <https://docs.aws.amazon.com/elasticloadbalancing/latest/network/describe-ssl-policies.html>
const POLICIES: &[(&str, usize, usize)] = &[
    ("ELBSecurityPolicy-2015-05", 0, 2),
    ("ELBSecurityPolicy-2016-08", 0, 2),
    ("ELBSecurityPolicy-FS-1-1-2019-08", 1, 2),
    ("ELBSecurityPolicy-FS-1-2-2019-08", 2, 2),
    ("ELBSecurityPolicy-FS-1-2-Res-2019-08", 2, 2),
    ("ELBSecurityPolicy-FS-1-2-Res-2020-10", 2, 2),
    ("ELBSecurityPolicy-FS-2018-06", 0, 2),
    ("ELBSecurityPolicy-TLS-1-1-2017-01", 1, 2),
    ("ELBSecurityPolicy-TLS-1-2-2017-01", 2, 2),
    ("ELBSecurityPolicy-TLS-1-2-Ext-2018-06", 2, 2),
    ("ELBSecurityPolicy-TLS13-1-0-2021-06", 0, 3),
    ("ELBSecurityPolicy-TLS13-1-0-FIPS-2023-04", 0, 3),
    ("ELBSecurityPolicy-TLS13-1-1-2021-06", 1, 3),
    ("ELBSecurityPolicy-TLS13-1-1-FIPS-2023-04", 1, 3),
    ("ELBSecurityPolicy-TLS13-1-2-2021-06", 2, 3),
    ("ELBSecurityPolicy-TLS13-1-2-Ext0-FIPS-2023-04", 2, 3),
    ("ELBSecurityPolicy-TLS13-1-2-Ext1-2021-06", 2, 3),
    ("ELBSecurityPolicy-TLS13-1-2-Ext1-FIPS-2023-04", 2, 3),
    ("ELBSecurityPolicy-TLS13-1-2-Ext2-2021-06", 2, 3),
    ("ELBSecurityPolicy-TLS13-1-2-Ext2-FIPS-2023-04", 2, 3),
    ("ELBSecurityPolicy-TLS13-1-2-FIPS-2023-04", 2, 3),
    ("ELBSecurityPolicy-TLS13-1-2-Res-2021-06", 2, 3),
    ("ELBSecurityPolicy-TLS13-1-2-Res-FIPS-2023-04", 2, 3),
    ("ELBSecurityPolicy-TLS13-1-3-2021-06", 3, 3),
    ("ELBSecurityPolicy-TLS13-1-3-FIPS-2023-04", 3, 3),
];

/// AWS's names of TLS 1.0 to 1.3.
const PROTOCOLS: [&str; 4] = ["TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3"];

/// Names and protocols; the ciphers are those of whoever terminates TLS, which is not Ginnel.
/// <https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DescribeSSLPolicies.html>
pub(crate) fn describe_policies(
    _world: &World,
    _call: &Call,
    request: &elbv2::DescribeSSLPoliciesInput,
) -> Result<elbv2::DescribeSSLPoliciesOutput, Fault> {
    let elbv2::DescribeSSLPoliciesInput {
        load_balancer_type,
        marker,
        names,
        page_size,
    } = request;
    let kinds = elbv2::LoadBalancerTypeEnum::ALL;
    if let Some(kind) = load_balancer_type
        .as_deref()
        .filter(|kind| !kinds.contains(kind))
    {
        return Err(invalid(format!(
            "The LoadBalancerType '{kind}' is not valid; give one of {}",
            kinds.join(", ")
        )));
    }
    if let Some(name) = names
        .iter()
        .find(|name| POLICIES.iter().all(|(known, ..)| known != name))
    {
        return Err(Fault::bad_request(
            "SSLPolicyNotFound",
            format!(
                "There is no SSL policy with the name '{name}'; without Names all policies are listed"
            ),
        ));
    }
    let found: Vec<_> = POLICIES
        .iter()
        .filter(|(name, ..)| names.is_empty() || names.iter().any(|wanted| wanted == name))
        // Load balancers of other types cannot be made here.
        .filter(|_| load_balancer_type.as_deref().unwrap_or("network") == "network")
        .collect();
    let (given, next_marker) = page(
        found,
        |(name, ..)| (*name).to_owned(),
        *page_size,
        marker.as_deref(),
    )?;
    Ok(elbv2::DescribeSSLPoliciesOutput {
        next_marker,
        ssl_policies: given.into_iter().map(wire).collect(),
    })
}

fn wire((name, first, last): &(&str, usize, usize)) -> elbv2::SslPolicy {
    let protocols = PROTOCOLS.iter().take(last + 1).skip(*first);
    elbv2::SslPolicy {
        ciphers: Vec::new(),
        name: Some((*name).to_owned()),
        ssl_protocols: protocols.map(|name| (*name).to_owned()).collect(),
        supported_load_balancer_types: vec!["network".into()],
    }
}

/// Nothing is ever reserved: a load balancer here is as large as its host.
/// <https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DescribeCapacityReservation.html>
pub(crate) fn describe_capacity(
    world: &World,
    call: &Call,
    request: &elbv2::DescribeCapacityReservationInput,
) -> Result<elbv2::DescribeCapacityReservationOutput, Fault> {
    let elbv2::DescribeCapacityReservationInput { load_balancer_arn } = request;
    need_balancer(world, call, load_balancer_arn)?;
    Ok(elbv2::DescribeCapacityReservationOutput {
        capacity_reservation_state: Vec::new(),
        decrease_requests_remaining: Some(2),
        last_modified_time: None,
        minimum_load_balancer_capacity: None,
    })
}

#[cfg(test)]
mod tests;
