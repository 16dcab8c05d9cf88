//! Health checks of target groups: what is set, and what of it can be.

use aws::{Fault, elbv2};
use model::target_group::HealthCheck;

use super::elbv2::{invalid, port};
use super::unsupported;

/// What a request says about a health check.
#[derive(Clone, Copy, Default)]
pub(crate) struct Wanted<'a> {
    /// HealthCheckEnabled.
    pub(crate) enabled: Option<bool>,
    /// HealthCheckProtocol.
    pub(crate) protocol: Option<&'a str>,
    /// HealthCheckPort.
    pub(crate) port: Option<&'a str>,
    /// HealthCheckPath.
    pub(crate) path: Option<&'a str>,
    /// HealthCheckIntervalSeconds.
    pub(crate) interval: Option<i32>,
    /// HealthCheckTimeoutSeconds.
    pub(crate) timeout: Option<i32>,
    /// HealthyThresholdCount.
    pub(crate) healthy: Option<i32>,
    /// UnhealthyThresholdCount.
    pub(crate) unhealthy: Option<i32>,
    /// Matcher.
    pub(crate) matcher: Option<&'a elbv2::Matcher>,
}

/// The health check that is asked for: what is not said is as it is in `old`, or AWS's default.
pub(crate) fn read(wanted: Wanted<'_>, old: Option<&HealthCheck>) -> Result<HealthCheck, Fault> {
    if wanted.enabled == Some(false) {
        return Err(invalid(
            "HealthCheckEnabled cannot be false for targets of TargetType ip; leave it out",
        ));
    }
    let protocol = wanted.protocol.or(old.map(|old| old.protocol.as_str()));
    let protocol = protocol.unwrap_or("TCP");
    let http = match protocol {
        "TCP" => false,
        "HTTP" | "HTTPS" => true,
        other => {
            return Err(invalid(format!(
                "HealthCheckProtocol '{other}' is not supported; give TCP, HTTP or HTTPS"
            )));
        }
    };
    unsupported(&[(
        "Matcher.GrpcCode",
        wanted
            .matcher
            .is_some_and(|matcher| matcher.grpc_code.is_some()),
    )])?;
    let codes = wanted.matcher.and_then(|it| it.http_code.as_deref());
    check_http(http, wanted.path, codes)?;
    let check_port = wanted.port.or(old.map(|old| old.port.as_str()));
    let check_port = check_port.unwrap_or("traffic-port");
    if check_port != "traffic-port" {
        port("HealthCheckPort", check_port.parse().ok().or(Some(0)))?;
    }
    let kept = |get: fn(&HealthCheck) -> i32| old.map(get);
    let timeout = wanted.timeout.or(kept(|old| old.timeout_seconds));
    let default_timeout = if protocol == "HTTP" { 6 } else { 10 };
    let text = |given: Option<&str>, old: Option<&String>, default: &str| {
        let text = given.or(old.map(String::as_str)).unwrap_or(default);
        http.then(|| text.to_owned())
    };
    let check = HealthCheck {
        protocol: protocol.to_owned(),
        port: check_port.to_owned(),
        path: text(wanted.path, old.and_then(|old| old.path.as_ref()), "/"),
        interval_seconds: wanted
            .interval
            .or(kept(|old| old.interval_seconds))
            .unwrap_or(30),
        timeout_seconds: timeout.unwrap_or(default_timeout),
        healthy_threshold: wanted
            .healthy
            .or(kept(|old| old.healthy_threshold))
            .unwrap_or(5),
        unhealthy_threshold: wanted
            .unhealthy
            .or(kept(|old| old.unhealthy_threshold))
            .unwrap_or(2),
        matcher: text(codes, old.and_then(|old| old.matcher.as_ref()), "200-399"),
    };
    check_numbers(&check)?;
    Ok(check)
}

/// Refuses a path or codes that cannot be.
fn check_http(http: bool, path: Option<&str>, codes: Option<&str>) -> Result<(), Fault> {
    if !http && (path.is_some() || codes.is_some()) {
        return Err(invalid(
            "HealthCheckPath and Matcher are for HealthCheckProtocol HTTP and HTTPS; leave them out for TCP",
        ));
    }
    if let Some(path) = path.filter(|path| !path.starts_with('/') || path.len() > 1_024) {
        return Err(invalid(format!(
            "HealthCheckPath '{path}' must begin with '/' and have at most 1024 characters"
        )));
    }
    if let Some(codes) = codes.filter(|codes| !is_matcher(codes)) {
        return Err(invalid(format!(
            "Matcher.HttpCode '{codes}' is not valid: give codes from 200 to 599, as in 200,202 or 200-399"
        )));
    }
    Ok(())
}

/// Refuses numbers outside AWS's ranges.
fn check_numbers(check: &HealthCheck) -> Result<(), Fault> {
    for (name, value, (least, most)) in [
        (
            "HealthCheckIntervalSeconds",
            check.interval_seconds,
            (5, 300),
        ),
        ("HealthCheckTimeoutSeconds", check.timeout_seconds, (2, 120)),
        ("HealthyThresholdCount", check.healthy_threshold, (2, 10)),
        (
            "UnhealthyThresholdCount",
            check.unhealthy_threshold,
            (2, 10),
        ),
    ] {
        if !(least..=most).contains(&value) {
            return Err(invalid(format!(
                "{name} '{value}' is not valid: give {least} to {most}"
            )));
        }
    }
    Ok(())
}

/// `200`, `200-399`, `200,202`.
fn is_matcher(codes: &str) -> bool {
    let code = |text: &str| {
        text.parse()
            .is_ok_and(|code: u16| (200..600).contains(&code))
    };
    codes.split(',').all(|part| match part.split_once('-') {
        Some((first, last)) => code(first) && code(last) && first <= last,
        None => code(part),
    })
}
