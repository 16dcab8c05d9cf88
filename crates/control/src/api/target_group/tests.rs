//! Target groups through the dispatcher.

use crate::api::scene::Scene;

#[test]
fn a_group_has_awss_defaults() {
    let mut scene = Scene::new();
    let arn = scene.group("orders");
    let text = scene
        .desk
        .ok("elbv2:DescribeTargetGroups", "Names.member.1=orders");
    for wanted in [
        arn.as_str(),
        "<HealthCheckProtocol>TCP</HealthCheckProtocol>",
        "<HealthCheckPort>traffic-port</HealthCheckPort>",
        "<HealthCheckIntervalSeconds>30</HealthCheckIntervalSeconds>",
        "<HealthCheckTimeoutSeconds>10</HealthCheckTimeoutSeconds>",
        "<HealthyThresholdCount>5</HealthyThresholdCount>",
        "<UnhealthyThresholdCount>2</UnhealthyThresholdCount>",
        "<TargetType>ip</TargetType>",
    ] {
        assert!(text.contains(wanted), "{wanted}: {text}");
    }
    assert_eq!(scene.group("orders"), arn);
    let attributes = scene.desk.ok(
        "elbv2:DescribeTargetGroupAttributes",
        &format!("TargetGroupArn={arn}"),
    );
    assert!(
        attributes.contains("<Key>preserve_client_ip.enabled</Key><Value>false</Value>"),
        "{attributes}"
    );
}

#[test]
fn refusals_of_create() {
    let mut scene = Scene::new();
    scene.group("orders");
    let [vpc, theirs] = scene.vpcs.clone();
    let base = format!("Name=x&Protocol=TCP&Port=80&TargetType=ip&VpcId={vpc}");
    for (parameters, code) in [
        (
            base.replace("Name=x", "Name=orders"),
            "DuplicateTargetGroupName",
        ),
        (base.replace("&TargetType=ip", ""), "UnsupportedOperation"),
        (
            base.replace("TargetType=ip", "TargetType=alb"),
            "UnsupportedOperation",
        ),
        (base.replace("TCP", "HTTP"), "UnsupportedProtocol"),
        (base.replace("TCP", "TLS"), "UnsupportedProtocol"),
        (base.replace("TCP", "SCTP"), "ValidationError"),
        (base.replace("Port=80", "Port=0"), "ValidationError"),
        (base.replace("&Port=80", ""), "ValidationError"),
        (base.replace(&vpc, &theirs), "ValidationError"),
        (base.replace("Name=x", "Name=x."), "ValidationError"),
        (
            format!("{base}&HealthCheckEnabled=false"),
            "ValidationError",
        ),
        (
            format!("{base}&HealthCheckIntervalSeconds=4"),
            "ValidationError",
        ),
        (
            format!("{base}&HealthCheckTimeoutSeconds=121"),
            "ValidationError",
        ),
        (format!("{base}&HealthyThresholdCount=1"), "ValidationError"),
        (format!("{base}&HealthCheckPort=http"), "ValidationError"),
        (format!("{base}&HealthCheckPath=/x"), "ValidationError"),
        (
            format!("{base}&HealthCheckProtocol=HTTP&HealthCheckPath=x"),
            "ValidationError",
        ),
        (
            format!("{base}&HealthCheckProtocol=HTTP&Matcher.HttpCode=100"),
            "ValidationError",
        ),
        (format!("{base}&HealthCheckProtocol=UDP"), "ValidationError"),
        (
            format!("{base}&ProtocolVersion=GRPC"),
            "UnsupportedOperation",
        ),
    ] {
        let fault = scene.desk.fault("elbv2:CreateTargetGroup", &parameters);
        assert_eq!(fault.code, code, "{parameters}: {}", fault.message);
    }
}

#[test]
fn a_group_that_a_listener_uses_stays() {
    let mut scene = Scene::new();
    let (balancer, group) = (scene.balancer("orders"), scene.group("orders"));
    let listener = scene.listener(&balancer, &group, 80);
    let text = scene.desk.ok(
        "elbv2:DescribeTargetGroups",
        &format!("LoadBalancerArn={balancer}"),
    );
    assert!(text.contains(&group) && text.contains(&balancer), "{text}");
    let delete = format!("TargetGroupArn={group}");
    let fault = scene.desk.fault("elbv2:DeleteTargetGroup", &delete);
    assert_eq!(fault.code, "ResourceInUse");
    assert!(
        fault
            .message
            .contains("is currently in use by a listener or a rule")
            && fault.message.contains(&listener),
        "{}",
        fault.message
    );
    let listener = format!("ListenerArn={listener}");
    scene.desk.ok("elbv2:DeleteListener", &listener);
    assert_eq!(
        scene.desk.fault("elbv2:DeleteListener", &listener).code,
        "ListenerNotFound"
    );
    scene.desk.ok("elbv2:DeleteTargetGroup", &delete);
    scene.desk.ok("elbv2:DeleteTargetGroup", &delete);
    let gone = scene
        .desk
        .fault("elbv2:DescribeTargetGroups", "Names.member.1=orders");
    assert_eq!(gone.code, "TargetGroupNotFound");
}

#[test]
fn another_accounts_group_does_not_exist() {
    let mut scene = Scene::new();
    let arn = scene.group("orders");
    let fault = scene.consumer(|desk| {
        desk.fault(
            "elbv2:DescribeTargetGroups",
            &format!("TargetGroupArns.member.1={arn}"),
        )
    });
    assert_eq!(fault.code, "TargetGroupNotFound");
    let text = scene.consumer(|desk| desk.ok("elbv2:DescribeTargetGroups", ""));
    assert!(!text.contains(&arn), "{text}");
}

#[test]
fn the_health_check_is_changed() {
    let mut scene = Scene::new();
    let arn = format!("TargetGroupArn={}", scene.group("orders"));
    let modify = "elbv2:ModifyTargetGroup";
    let http = "HealthCheckProtocol=HTTP&HealthCheckPath=/up&HealthCheckIntervalSeconds=10";
    let text = scene.desk.ok(modify, &format!("{arn}&{http}"));
    for part in [
        "<HealthCheckProtocol>HTTP</HealthCheckProtocol>",
        "<HealthCheckPath>/up</HealthCheckPath>",
        "<HttpCode>200-399</HttpCode>",
        "<HealthCheckIntervalSeconds>10</HealthCheckIntervalSeconds>",
        "<HealthCheckTimeoutSeconds>10</HealthCheckTimeoutSeconds>",
    ] {
        assert!(text.contains(part), "{part} in {text}");
    }
    // What is not said stays, and what TCP has no use for goes.
    let text = scene
        .desk
        .ok(modify, &format!("{arn}&HealthyThresholdCount=3"));
    assert!(
        text.contains("<HealthCheckPath>/up</HealthCheckPath>"),
        "{text}"
    );
    let text = scene
        .desk
        .ok(modify, &format!("{arn}&HealthCheckProtocol=TCP"));
    assert!(
        !text.contains("<HealthCheckPath>") && !text.contains("<Matcher>"),
        "{text}"
    );
    assert!(
        text.contains("<HealthyThresholdCount>3</HealthyThresholdCount>"),
        "{text}"
    );
    for rest in [
        "HealthCheckEnabled=false",
        "HealthCheckPath=/x",
        "UnhealthyThresholdCount=11",
        "HealthCheckPort=70000",
    ] {
        let fault = scene.desk.fault(modify, &format!("{arn}&{rest}"));
        assert_eq!(fault.code, "ValidationError", "{rest}: {}", fault.message);
    }
    let fault = scene.consumer(|desk| desk.fault(modify, &arn));
    assert_eq!(fault.code, "TargetGroupNotFound");
}

#[test]
fn an_account_has_a_most_of_groups_and_load_balancers() {
    let mut scene = Scene::new();
    let few = ["L-B22855CB=1", "L-69A177A2=1"].map(String::from);
    scene.desk.call.quotas = std::sync::Arc::new(crate::api::quota::Quotas::parse(&few).unwrap());
    scene.group("a");
    scene.balancer("a");
    let group = format!(
        "Name=b&Protocol=TCP&Port=80&TargetType=ip&VpcId={}",
        scene.vpcs[0]
    );
    let fault = scene.desk.fault("elbv2:CreateTargetGroup", &group);
    assert_eq!(fault.code, "TooManyTargetGroups");
    let balancer = format!(
        "Name=b&Type=network&Subnets.member.1={}",
        scene.provider_subnets[0]
    );
    let fault = scene.desk.fault("elbv2:CreateLoadBalancer", &balancer);
    assert_eq!(fault.code, "TooManyLoadBalancers");
    // What is there already is found, not made.
    scene.group("a");
    scene.balancer("a");
}
