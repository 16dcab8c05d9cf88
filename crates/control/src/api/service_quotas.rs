//! Service Quotas: the quotas that Ginnel has, in force and by default.

use std::collections::BTreeSet;

use aws::{Fault, quotas};
use model::world::World;

use super::page::page;
use super::quota::{ALL, Quota};
use super::{Call, unsupported};

/// Quotas of one page.
const MAX_PAGE: i32 = 100;

/// AWS's names of services that have quotas.
const SERVICES: &[(&str, &str)] = &[
    ("ec2", "Amazon Elastic Compute Cloud (Amazon EC2)"),
    ("elasticloadbalancing", "Elastic Load Balancing (ELB)"),
    ("iam", "AWS Identity and Access Management (IAM)"),
    ("sns", "Amazon Simple Notification Service (Amazon SNS)"),
    ("vpc", "Amazon Virtual Private Cloud (Amazon VPC)"),
];

/// What a quota's value is: that in force, or AWS's default.
#[derive(Clone, Copy)]
enum Which {
    InForce,
    Default,
}

/// <https://docs.aws.amazon.com/servicequotas/2019-06-24/apireference/API_ListServices.html>
pub(crate) fn list_services(
    _world: &World,
    _call: &Call,
    request: &quotas::ListServicesRequest,
) -> Result<quotas::ListServicesResponse, Fault> {
    let quotas::ListServicesRequest {
        max_results,
        next_token,
    } = request;
    let code = |code: &&str| (*code).to_owned();
    let (given, next_token) = paged(services(), code, *max_results, next_token.as_deref())?;
    Ok(quotas::ListServicesResponse {
        next_token,
        services: given
            .into_iter()
            .map(|code| quotas::ServiceInfo {
                service_code: Some(code.to_owned()),
                service_name: Some(service_name(code).to_owned()),
            })
            .collect(),
    })
}

/// The codes of the services that have quotas here.
fn services() -> Vec<&'static str> {
    let used: BTreeSet<&str> = ALL.iter().map(|quota| quota.service).collect();
    used.into_iter().collect()
}

fn service_name(code: &str) -> &str {
    let known = SERVICES.iter().find(|(known, _)| *known == code);
    known.map_or(code, |(_, name)| name)
}

/// <https://docs.aws.amazon.com/servicequotas/2019-06-24/apireference/API_ListServiceQuotas.html>
pub(crate) fn list(
    _world: &World,
    call: &Call,
    request: &quotas::ListServiceQuotasRequest,
) -> Result<quotas::ListServiceQuotasResponse, Fault> {
    let quotas::ListServiceQuotasRequest {
        max_results,
        next_token,
        quota_applied_at_level,
        quota_code,
        service_code,
    } = request;
    let levels = quotas::AppliedLevelEnum::ALL;
    let level = quota_applied_at_level.as_deref().unwrap_or("ACCOUNT");
    if !levels.contains(&level) {
        return Err(illegal(format!(
            "Value ({level}) for parameter QuotaAppliedAtLevel is invalid: give one of {}",
            levels.join(", ")
        )));
    }
    let mut found = of_service(service_code)?;
    if let Some(code) = quota_code {
        found = vec![find(service_code, code)?];
    }
    // No resource has quotas of its own here.
    found.retain(|_| level != "RESOURCE");
    let (given, next_token) = paged(found, key, *max_results, next_token.as_deref())?;
    Ok(quotas::ListServiceQuotasResponse {
        next_token,
        quotas: given
            .into_iter()
            .map(|quota| wire(call, quota, Which::InForce))
            .collect(),
    })
}

/// <https://docs.aws.amazon.com/servicequotas/2019-06-24/apireference/API_ListAWSDefaultServiceQuotas.html>
pub(crate) fn list_defaults(
    _world: &World,
    call: &Call,
    request: &quotas::ListAWSDefaultServiceQuotasRequest,
) -> Result<quotas::ListAWSDefaultServiceQuotasResponse, Fault> {
    let quotas::ListAWSDefaultServiceQuotasRequest {
        max_results,
        next_token,
        service_code,
    } = request;
    let found = of_service(service_code)?;
    let (given, next_token) = paged(found, key, *max_results, next_token.as_deref())?;
    Ok(quotas::ListAWSDefaultServiceQuotasResponse {
        next_token,
        quotas: given
            .into_iter()
            .map(|quota| wire(call, quota, Which::Default))
            .collect(),
    })
}

/// <https://docs.aws.amazon.com/servicequotas/2019-06-24/apireference/API_GetServiceQuota.html>
pub(crate) fn get(
    _world: &World,
    call: &Call,
    request: &quotas::GetServiceQuotaRequest,
) -> Result<quotas::GetServiceQuotaResponse, Fault> {
    let quotas::GetServiceQuotaRequest {
        context_id,
        quota_code,
        service_code,
    } = request;
    unsupported(&[("ContextId", context_id.is_some())])?;
    let quota = find(service_code, quota_code)?;
    Ok(quotas::GetServiceQuotaResponse {
        quota: Some(wire(call, quota, Which::InForce)),
    })
}

/// <https://docs.aws.amazon.com/servicequotas/2019-06-24/apireference/API_GetAWSDefaultServiceQuota.html>
pub(crate) fn get_default(
    _world: &World,
    call: &Call,
    request: &quotas::GetAWSDefaultServiceQuotaRequest,
) -> Result<quotas::GetAWSDefaultServiceQuotaResponse, Fault> {
    let quotas::GetAWSDefaultServiceQuotaRequest {
        quota_code,
        service_code,
    } = request;
    let quota = find(service_code, quota_code)?;
    Ok(quotas::GetAWSDefaultServiceQuotaResponse {
        quota: Some(wire(call, quota, Which::Default)),
    })
}

fn illegal(message: impl Into<String>) -> Fault {
    Fault::bad_request("IllegalArgumentException", message)
}

fn of_service(code: &str) -> Result<Vec<&'static Quota>, Fault> {
    let found: Vec<&Quota> = ALL.iter().filter(|quota| quota.service == code).collect();
    if found.is_empty() {
        return Err(Fault::bad_request(
            "NoSuchResourceException",
            format!(
                "The service '{code}' of ServiceCode has no quotas here; give one of {}",
                services().join(", ")
            ),
        ));
    }
    Ok(found)
}

fn find(service: &str, code: &str) -> Result<&'static Quota, Fault> {
    let mut found = of_service(service)?.into_iter();
    found.find(|quota| quota.code == code).ok_or_else(|| {
        Fault::bad_request(
            "NoSuchResourceException",
            format!(
                "The service '{service}' has no quota with the QuotaCode '{code}'; ListServiceQuotas lists those that it has"
            ),
        )
    })
}

fn key(quota: &&Quota) -> String {
    quota.code.to_owned()
}

fn paged<T>(
    mut items: Vec<T>,
    key: impl Fn(&T) -> String,
    size: Option<i32>,
    token: Option<&str>,
) -> Result<(Vec<T>, Option<String>), Fault> {
    items.sort_by_cached_key(&key);
    page(items, key, size, token, (1, MAX_PAGE), false).map_err(|fault| {
        let code = match fault.code.as_ref() {
            "InvalidNextToken" => "InvalidPaginationTokenException",
            _ => "IllegalArgumentException",
        };
        Fault::bad_request(code, fault.message)
    })
}

fn wire(call: &Call, quota: &Quota, which: Which) -> quotas::ServiceQuota {
    let resource = format!("{}/{}", quota.service, quota.code);
    let (value, arn) = match which {
        Which::InForce => (
            call.quotas.value(quota),
            call.arn_of("servicequotas", call.account, &resource),
        ),
        // A default is nobody's.
        Which::Default => (
            quota.default,
            format!("arn:aws:servicequotas:{}::{resource}", call.region),
        ),
    };
    quotas::ServiceQuota {
        adjustable: Some(quota.is_adjustable()),
        description: Some(quota.name.to_owned()),
        global_quota: Some(quota.service == "iam"),
        quota_applied_at_level: Some("ACCOUNT".into()),
        quota_arn: Some(arn),
        quota_code: Some(quota.code.to_owned()),
        quota_name: Some(quota.name.to_owned()),
        service_code: Some(quota.service.to_owned()),
        service_name: Some(service_name(quota.service).to_owned()),
        unit: Some("None".into()),
        value: Some(value.into()),
        ..quotas::ServiceQuota::default()
    }
}

#[cfg(test)]
mod tests;
