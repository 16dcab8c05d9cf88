//! Attributes through the dispatcher.

use crate::api::scene::Scene;

/// A load balancer, a TCP group, and a TCP listener that forwards to it.
fn things(scene: &mut Scene) -> [String; 3] {
    let (balancer, group) = (scene.balancer("orders"), scene.group("orders"));
    let listener = scene.listener(&balancer, &group, 80);
    [balancer, group, listener]
}

/// The parameters of one attribute.
fn one(arn: &str, key: &str, value: &str) -> String {
    format!("{arn}&Attributes.member.1.Key={key}&Attributes.member.1.Value={value}")
}

fn shown(key: &str, value: &str) -> String {
    format!("<Key>{key}</Key><Value>{value}</Value>")
}

#[test]
fn what_is_set_is_shown_and_the_rest_is_awss_default() {
    let mut scene = Scene::new();
    let [balancer, group, listener] = things(&mut scene);
    for (noun, arn, key, default, values, count) in [
        (
            "LoadBalancer",
            format!("LoadBalancerArn={balancer}"),
            "dns_record.client_routing_policy",
            "any_availability_zone",
            vec!["availability_zone_affinity", "any_availability_zone"],
            9,
        ),
        (
            "LoadBalancer",
            format!("LoadBalancerArn={balancer}"),
            "load_balancing.cross_zone.enabled",
            "false",
            vec!["true", "false"],
            9,
        ),
        (
            "TargetGroup",
            format!("TargetGroupArn={group}"),
            "deregistration_delay.timeout_seconds",
            "300",
            vec!["0", "3600", "300"],
            13,
        ),
        (
            "TargetGroup",
            format!("TargetGroupArn={group}"),
            "target_group_health.dns_failover.minimum_healthy_targets.percentage",
            "off",
            vec!["1", "100", "off"],
            13,
        ),
        (
            "Listener",
            format!("ListenerArn={listener}"),
            "tcp.idle_timeout.seconds",
            "350",
            vec!["60", "6000", "350"],
            1,
        ),
    ] {
        let (describe, modify) = (
            format!("elbv2:Describe{noun}Attributes"),
            format!("elbv2:Modify{noun}Attributes"),
        );
        let before = scene.desk.ok(&describe, &arn);
        assert!(before.contains(&shown(key, default)), "{before}");
        assert_eq!(before.matches("<Key>").count(), count, "{before}");
        let world = scene.desk.world.clone();
        for value in values {
            let answer = scene.desk.ok(&modify, &one(&arn, key, value));
            assert!(answer.contains(&shown(key, value)), "{answer}");
            assert_eq!(answer.matches("<Key>").count(), count, "{answer}");
            let after = scene.desk.ok(&describe, &arn);
            assert!(after.contains(&shown(key, value)), "{after}");
        }
        // Back at the default, nothing of it is kept.
        assert_eq!(world.load_balancers, scene.desk.world.load_balancers);
        assert_eq!(world.target_groups, scene.desk.world.target_groups);
        assert_eq!(world.listeners, scene.desk.world.listeners);
    }
}

#[test]
fn what_terraform_sends_is_taken() {
    let mut scene = Scene::new();
    let [balancer, ..] = things(&mut scene);
    let mut all = format!("LoadBalancerArn={balancer}");
    for (at, (key, value)) in [
        ("access_logs.s3.enabled", "false"),
        ("zonal_shift.config.enabled", "false"),
        ("load_balancing.cross_zone.enabled", "false"),
        ("dns_record.client_routing_policy", "any_availability_zone"),
        ("deletion_protection.enabled", "false"),
    ]
    .into_iter()
    .enumerate()
    {
        let at = at + 1;
        all += &format!("&Attributes.member.{at}.Key={key}&Attributes.member.{at}.Value={value}");
    }
    scene.desk.ok("elbv2:ModifyLoadBalancerAttributes", &all);
}

#[test]
fn refusals_of_modify() {
    let mut scene = Scene::new();
    let [balancer, group, listener] = things(&mut scene);
    let (balancer, group, listener) = (
        format!("LoadBalancerArn={balancer}"),
        format!("TargetGroupArn={group}"),
        format!("ListenerArn={listener}"),
    );
    for (noun, arn, key, value, code, word) in [
        (
            "LoadBalancer",
            &balancer,
            "idle_timeout.timeout_seconds",
            "60",
            "ValidationError",
            "attribute key 'idle_timeout.timeout_seconds' is not recognized",
        ),
        (
            "LoadBalancer",
            &balancer,
            "deletion_protection.enabled",
            "yes",
            "ValidationError",
            "true or false",
        ),
        (
            "LoadBalancer",
            &balancer,
            "access_logs.s3.enabled",
            "true",
            "InvalidConfigurationRequest",
            "access_logs.s3.bucket",
        ),
        (
            "LoadBalancer",
            &balancer,
            "secondary_ips.auto_assigned.per_subnet",
            "1",
            "UnsupportedOperation",
            "secondary_ips.auto_assigned.per_subnet",
        ),
        (
            "TargetGroup",
            &group,
            "slow_start.duration_seconds",
            "30",
            "ValidationError",
            "attribute key 'slow_start.duration_seconds' is not recognized",
        ),
        (
            "TargetGroup",
            &group,
            "deregistration_delay.timeout_seconds",
            "3601",
            "ValidationError",
            "0 to 3600",
        ),
        (
            "TargetGroup",
            &group,
            "deregistration_delay.timeout_seconds",
            "-1",
            "ValidationError",
            "'-1'",
        ),
        (
            "Listener",
            &listener,
            "tcp.idle_timeout.seconds",
            "59",
            "ValidationError",
            "60 to 6000",
        ),
        (
            "Listener",
            &listener,
            "tcp.idle_timeout.seconds",
            "+60",
            "ValidationError",
            "+60",
        ),
    ] {
        let action = format!("elbv2:Modify{noun}Attributes");
        // A plus in a form is a space.
        let value = value.replace('+', "%2B");
        let fault = scene.desk.fault(&action, &one(arn, key, &value));
        assert_eq!(fault.code, code, "{key}: {}", fault.message);
        assert!(fault.message.contains(word), "{key}: {}", fault.message);
    }
    let twice = one(&group, "stickiness.enabled", "true")
        + "&Attributes.member.2.Key=stickiness.enabled&Attributes.member.2.Value=false";
    let fault = scene
        .desk
        .fault("elbv2:ModifyTargetGroupAttributes", &twice);
    assert!(fault.message.contains("twice"), "{}", fault.message);
    for (action, arn, code) in [
        (
            "elbv2:ModifyLoadBalancerAttributes",
            &balancer,
            "LoadBalancerNotFound",
        ),
        (
            "elbv2:ModifyTargetGroupAttributes",
            &group,
            "TargetGroupNotFound",
        ),
        (
            "elbv2:ModifyListenerAttributes",
            &listener,
            "ListenerNotFound",
        ),
    ] {
        let parameters = one(arn, "x", "y");
        let fault = scene.consumer(|desk| desk.fault(action, &parameters));
        assert_eq!(fault.code, code);
    }
}

#[test]
fn datagrams_have_other_defaults() {
    let mut scene = Scene::new();
    let balancer = scene.balancer("dns");
    let parameters = format!(
        "Name=dns&Protocol=UDP&Port=53&TargetType=ip&VpcId={}",
        scene.vpcs[0]
    );
    let group = scene
        .desk
        .make("elbv2:CreateTargetGroup", &parameters, "TargetGroupArn");
    let listener = scene.desk.make(
        "elbv2:CreateListener",
        &crate::api::scene::listener(&balancer, &group, "UDP", 53),
        "ListenerArn",
    );
    let arn = format!("TargetGroupArn={group}");
    let text = scene.desk.ok("elbv2:DescribeTargetGroupAttributes", &arn);
    for key in [
        "preserve_client_ip.enabled",
        "deregistration_delay.connection_termination.enabled",
    ] {
        assert!(text.contains(&shown(key, "true")), "{text}");
    }
    let fault = scene.desk.fault(
        "elbv2:ModifyTargetGroupAttributes",
        &one(&arn, "preserve_client_ip.enabled", "false"),
    );
    assert_eq!(fault.code, "ValidationError");
    let arn = format!("ListenerArn={listener}");
    let text = scene.desk.ok("elbv2:DescribeListenerAttributes", &arn);
    assert!(!text.contains("<Key>"), "{text}");
    let fault = scene.desk.fault(
        "elbv2:ModifyListenerAttributes",
        &one(&arn, "tcp.idle_timeout.seconds", "60"),
    );
    assert!(
        fault.message.contains("is not recognized"),
        "{}",
        fault.message
    );
}

#[test]
fn a_protected_load_balancer_stays() {
    let mut scene = Scene::new();
    let arn = format!("LoadBalancerArn={}", scene.balancer("orders"));
    let key = "deletion_protection.enabled";
    let modify = "elbv2:ModifyLoadBalancerAttributes";
    scene.desk.ok(modify, &one(&arn, key, "true"));
    let fault = scene.desk.fault("elbv2:DeleteLoadBalancer", &arn);
    assert_eq!(fault.code, "OperationNotPermitted");
    assert!(fault.message.contains(key), "{}", fault.message);
    scene.desk.ok(modify, &one(&arn, key, "false"));
    scene.desk.ok("elbv2:DeleteLoadBalancer", &arn);
}
