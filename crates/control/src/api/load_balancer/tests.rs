//! Load balancers through the dispatcher.

use crate::api::scene::Scene;
use crate::api::tests::first;

#[test]
fn a_load_balancer_has_an_address_in_each_zone() {
    let mut scene = Scene::new();
    let arn = scene.balancer("orders");
    assert!(
        arn.starts_with(
            "arn:aws:elasticloadbalancing:us-east-1:123456789012:loadbalancer/net/orders/"
        ),
        "{arn}"
    );
    let text = scene.desk.ok(
        "elbv2:DescribeLoadBalancers",
        &format!("LoadBalancerArns.member.1={arn}"),
    );
    for wanted in [
        "<Code>provisioning</Code>",
        "<ZoneName>us-east-1a</ZoneName>",
        "<ZoneName>us-east-1b</ZoneName>",
        "<PrivateIPv4Address>10.0.0.4</PrivateIPv4Address>",
        "<Scheme>internet-facing</Scheme>",
        ".elb.us-east-1.amazonaws.com</DNSName>",
    ] {
        assert!(text.contains(wanted), "{wanted}: {text}");
    }
    let id = arn.rsplit('/').next().unwrap();
    let described = format!("ELB net/orders/{id}");
    let mut enis = scene.desk.world.interfaces.values();
    assert!(enis.all(|eni| eni.description == described));

    // Again with the same settings: the same. With others: refused.
    assert_eq!(scene.balancer("orders"), arn);
    let other = format!(
        "Name=orders&Type=network&Subnets.member.1={}",
        scene.provider_subnets[0]
    );
    let fault = scene.desk.fault("elbv2:CreateLoadBalancer", &other);
    assert_eq!(fault.code, "DuplicateLoadBalancerName");
}

#[test]
fn an_address_can_be_chosen() {
    let mut scene = Scene::new();
    let with = |name: &str, ip: &str| {
        format!(
            "Name={name}&Type=network&Scheme=internal&SubnetMappings.member.1.SubnetId={}&SubnetMappings.member.1.PrivateIPv4Address={ip}",
            scene.provider_subnets[0]
        )
    };
    let [good, taken, reserved, outside] = [
        with("a", "10.0.0.77"),
        with("b", "10.0.0.77"),
        with("b", "10.0.0.3"),
        with("b", "10.9.0.9"),
    ];
    let text = scene.desk.ok("elbv2:CreateLoadBalancer", &good);
    assert_eq!(
        first(&text, "PrivateIPv4Address").as_deref(),
        Some("10.0.0.77")
    );
    for bad in [taken, reserved, outside] {
        let fault = scene.desk.fault("elbv2:CreateLoadBalancer", &bad);
        assert_eq!(fault.code, "ValidationError", "{bad}");
    }
}

#[test]
fn refusals_of_create() {
    let mut scene = Scene::new();
    let [a, b] = [0, 1].map(|at| scene.provider_subnets[at].clone());
    let theirs = scene.subnets[0].clone();
    let long = "x".repeat(33);
    let one = format!("Subnets.member.1={a}");
    for (parameters, code) in [
        (format!("Name=x&{one}"), "UnsupportedOperation"),
        (format!("Name=x&Type=gateway&{one}"), "UnsupportedOperation"),
        (
            format!("Name=x&Type=network&IpAddressType=dualstack&{one}"),
            "UnsupportedOperation",
        ),
        (format!("Name={long}&Type=network&{one}"), "ValidationError"),
        (format!("Name=-x&Type=network&{one}"), "ValidationError"),
        (format!("Name=x_y&Type=network&{one}"), "ValidationError"),
        (
            format!("Name=internal-x&Type=network&{one}"),
            "ValidationError",
        ),
        (
            format!("Name=x&Type=network&Scheme=public&{one}"),
            "InvalidScheme",
        ),
        ("Name=x&Type=network".into(), "ValidationError"),
        (
            format!("Name=x&Type=network&Subnets.member.1={theirs}"),
            "SubnetNotFound",
        ),
        (
            format!("Name=x&Type=network&Subnets.member.1={a}&Subnets.member.2={a}"),
            "InvalidConfigurationRequest",
        ),
        (
            format!("Name=x&Type=network&{one}&SubnetMappings.member.1.SubnetId={b}"),
            "ValidationError",
        ),
        (
            format!("Name=x&Type=network&{one}&SecurityGroups.member.1=sg-1"),
            "InvalidSecurityGroup",
        ),
    ] {
        let fault = scene.desk.fault("elbv2:CreateLoadBalancer", &parameters);
        assert_eq!(fault.code, code, "{parameters}: {}", fault.message);
    }
}

#[test]
fn deleting_takes_listeners_and_interfaces_along() {
    let mut scene = Scene::new();
    let arn = scene.balancer("orders");
    let group = scene.group("orders");
    scene.listener(&arn, &group, 80);
    let delete = format!("LoadBalancerArn={arn}");
    // Another account's does not exist, so there is nothing to do.
    scene.consumer(|desk| desk.ok("elbv2:DeleteLoadBalancer", &delete));
    assert_eq!(scene.desk.world.load_balancers.size(), 1);
    scene.desk.ok("elbv2:DeleteLoadBalancer", &delete);
    let world = &scene.desk.world;
    assert!(world.load_balancers.is_empty() && world.listeners.is_empty());
    assert!(world.interfaces.is_empty());
    scene.desk.ok("elbv2:DeleteLoadBalancer", &delete);
    let named = scene
        .desk
        .fault("elbv2:DescribeLoadBalancers", "Names.member.1=orders");
    assert_eq!(named.code, "LoadBalancerNotFound");
    let broken = scene
        .desk
        .fault("elbv2:DeleteLoadBalancer", "LoadBalancerArn=orders");
    assert_eq!(broken.code, "ValidationError");
}

#[test]
fn one_behind_a_service_stays() {
    let mut scene = Scene::new();
    let service = scene.service("orders", true);
    let arn = scene.balancer("orders");
    let fault = scene.desk.fault(
        "elbv2:DeleteLoadBalancer",
        &format!("LoadBalancerArn={arn}"),
    );
    assert_eq!(fault.code, "ResourceInUse");
    assert!(fault.message.contains(&service), "{}", fault.message);
}

#[test]
fn pages_and_attributes() {
    let mut scene = Scene::new();
    let arns = ["a", "b", "c"].map(|name| scene.balancer(name));
    let (mut seen, mut marker) = (String::new(), String::new());
    loop {
        let text = scene.desk.ok(
            "elbv2:DescribeLoadBalancers",
            &format!("PageSize=2{marker}"),
        );
        seen += &text;
        match first(&text, "NextMarker") {
            Some(next) => marker = format!("&Marker={next}"),
            None => break,
        }
    }
    for arn in &arns {
        let shown = format!("<LoadBalancerArn>{arn}<");
        assert_eq!(seen.matches(&shown).count(), 1, "{seen}");
    }
    for bad in ["PageSize=0", "PageSize=401", "Marker=zz"] {
        let fault = scene.desk.fault("elbv2:DescribeLoadBalancers", bad);
        assert_eq!(fault.code, "ValidationError", "{bad}");
    }
    let text = scene.desk.ok(
        "elbv2:DescribeLoadBalancerAttributes",
        &format!("LoadBalancerArn={}", arns[0]),
    );
    assert!(
        text.contains("<Key>load_balancing.cross_zone.enabled</Key><Value>false</Value>"),
        "{text}"
    );
}

#[test]
fn names_are_in_the_hosted_zone_of_the_region() {
    let mut scene = Scene::new();
    scene.balancer("orders");
    for (region, zone) in [
        ("us-east-1", "Z26RNL4JYFTOTI"),
        ("eu-west-1", "Z2IFOLAFXWLO4F"),
        ("moon-1", "Z26RNL4JYFTOTI"),
    ] {
        scene.desk.call.region = region.into();
        let text = scene.desk.ok("elbv2:DescribeLoadBalancers", "");
        assert_eq!(first(&text, "CanonicalHostedZoneId").unwrap(), zone);
        let name = first(&text, "DNSName").unwrap();
        assert!(
            name.starts_with("orders-") && name.ends_with(&format!(".elb.{region}.amazonaws.com")),
            "{name}"
        );
    }
}
