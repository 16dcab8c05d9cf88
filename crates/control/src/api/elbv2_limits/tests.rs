//! Limits, policies and capacity through the dispatcher.

use std::sync::Arc;

use crate::api::quota::Quotas;
use crate::api::scene::Scene;
use crate::api::tests::{Desk, first};

#[test]
fn limits_are_the_quotas_in_force() {
    let mut desk = Desk::new();
    let limit = |name: &str, most: u32| format!("<Max>{most}</Max><Name>{name}</Name>");
    let text = desk.ok("elbv2:DescribeAccountLimits", "");
    assert!(
        text.contains(&limit("network-load-balancers", 50)),
        "{text}"
    );
    let raised = ["L-69A177A2=70".to_owned()];
    desk.call.quotas = Arc::new(Quotas::parse(&raised).unwrap());
    let text = desk.ok("elbv2:DescribeAccountLimits", "");
    assert!(
        text.contains(&limit("network-load-balancers", 70)),
        "{text}"
    );
    let text = desk.ok("elbv2:DescribeAccountLimits", "PageSize=5");
    let marker = first(&text, "NextMarker").unwrap();
    let rest = desk.ok("elbv2:DescribeAccountLimits", &format!("Marker={marker}"));
    assert_eq!(rest.matches("<Name>").count(), 1, "{rest}");
}

#[test]
fn policies_have_names_and_protocols() {
    let mut desk = Desk::new();
    let text = desk.ok("elbv2:DescribeSSLPolicies", "");
    assert_eq!(
        text.matches("<Name>ELBSecurityPolicy-").count(),
        25,
        "{text}"
    );
    let one = "Names.member.1=ELBSecurityPolicy-TLS13-1-2-2021-06";
    let text = desk.ok("elbv2:DescribeSSLPolicies", one);
    assert!(
        text.contains(
            "<SslProtocols><member>TLSv1.2</member><member>TLSv1.3</member></SslProtocols>"
        ),
        "{text}"
    );
    let all = desk.ok("elbv2:DescribeSSLPolicies", "LoadBalancerType=gateway");
    assert!(!all.contains("<Name>"), "{all}");
    for (parameters, code) in [
        ("Names.member.1=ELBSecurityPolicy-x", "SSLPolicyNotFound"),
        ("LoadBalancerType=classic", "ValidationError"),
        ("PageSize=401", "ValidationError"),
    ] {
        let fault = desk.fault("elbv2:DescribeSSLPolicies", parameters);
        assert_eq!(fault.code, code, "{parameters}");
    }
}

#[test]
fn nothing_is_reserved() {
    let mut scene = Scene::new();
    let arn = format!("LoadBalancerArn={}", scene.balancer("orders"));
    let text = scene.desk.ok("elbv2:DescribeCapacityReservation", &arn);
    assert!(!text.contains("<MinimumLoadBalancerCapacity>"), "{text}");
    let fault = scene.consumer(|desk| desk.fault("elbv2:DescribeCapacityReservation", &arn));
    assert_eq!(fault.code, "LoadBalancerNotFound");
}
