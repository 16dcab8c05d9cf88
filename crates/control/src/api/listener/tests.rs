//! Listeners through the dispatcher.

use crate::api::scene::{Scene, listener};

fn group(scene: &mut Scene, name: &str, protocol: &str) -> String {
    let parameters = format!(
        "Name={name}&Protocol={protocol}&Port=53&TargetType=ip&VpcId={}",
        scene.vpcs[0]
    );
    scene
        .desk
        .make("elbv2:CreateTargetGroup", &parameters, "TargetGroupArn")
}

#[test]
fn a_listener_forwards_to_a_group() {
    let mut scene = Scene::new();
    let (balancer, group) = (scene.balancer("orders"), scene.group("orders"));
    let arn = scene.listener(&balancer, &group, 80);
    let prefix = balancer.replace(":loadbalancer/", ":listener/");
    assert!(arn.starts_with(&format!("{prefix}/")), "{arn}");
    for by in [
        format!("LoadBalancerArn={balancer}"),
        format!("ListenerArns.member.1={arn}"),
    ] {
        let text = scene.desk.ok("elbv2:DescribeListeners", &by);
        assert!(text.contains(&arn) && text.contains(&group), "{text}");
    }
    assert_eq!(
        scene.desk.fault("elbv2:DescribeListeners", "").code,
        "ValidationError"
    );
    // The other form of the same, again: the same listener.
    let again = format!(
        "LoadBalancerArn={balancer}&Protocol=TCP&Port=80&DefaultActions.member.1.Type=forward&DefaultActions.member.1.Order=1&DefaultActions.member.1.ForwardConfig.TargetGroups.member.1.TargetGroupArn={group}"
    );
    assert_eq!(
        scene
            .desk
            .make("elbv2:CreateListener", &again, "ListenerArn"),
        arn
    );
    let fault =
        scene.consumer(|desk| desk.fault("elbv2:DeleteListener", &format!("ListenerArn={arn}")));
    assert_eq!(fault.code, "ListenerNotFound");
}

#[test]
fn ports_are_taken_once_per_protocol() {
    let mut scene = Scene::new();
    let balancer = scene.balancer("orders");
    let groups =
        [("t", "TCP"), ("u", "UDP"), ("b", "TCP_UDP")].map(|(n, p)| group(&mut scene, n, p));
    let [tcp, udp, both] = &groups;
    let make = |group: &str, protocol: &str, port| listener(&balancer, group, protocol, port);
    let desk = &mut scene.desk;
    desk.ok("elbv2:CreateListener", &make(tcp, "TCP", 53));
    desk.ok("elbv2:CreateListener", &make(udp, "UDP", 53));
    desk.ok("elbv2:CreateListener", &make(both, "TCP_UDP", 54));
    for taken in [
        make(both, "TCP", 53),
        make(both, "TCP_UDP", 53),
        make(tcp, "TCP", 54),
        make(udp, "UDP", 54),
    ] {
        let fault = desk.fault("elbv2:CreateListener", &taken);
        assert_eq!(fault.code, "DuplicateListener", "{taken}");
    }
    for wrong in [
        make(udp, "TCP", 60),
        make(tcp, "UDP", 60),
        make(tcp, "TCP_UDP", 60),
    ] {
        let fault = desk.fault("elbv2:CreateListener", &wrong);
        assert_eq!(fault.code, "IncompatibleProtocols", "{wrong}");
    }
    desk.ok("elbv2:CreateListener", &make(both, "UDP", 60));
}

#[test]
fn refusals_of_create() {
    let mut scene = Scene::new();
    let (balancer, group) = (scene.balancer("a"), scene.group("a"));
    let other = scene.balancer("b");
    scene.listener(&balancer, &group, 80);
    let base = listener(&balancer, &group, "TCP", 81);
    let missing = group.replace("targetgroup/a", "targetgroup/z");
    for (parameters, code) in [
        (
            base.replace(&balancer, &other),
            "TargetGroupAssociationLimit",
        ),
        (base.replace(&group, &missing), "TargetGroupNotFound"),
        (base.replace("net/a/", "net/z/"), "LoadBalancerNotFound"),
        (
            base.replace("forward", "redirect"),
            "InvalidLoadBalancerAction",
        ),
        (base.replace("=TCP", "=TLS"), "UnsupportedProtocol"),
        (base.replace("Port=81", "Port=65536"), "ValidationError"),
        (
            format!("{base}&SslPolicy=ELBSecurityPolicy-2016-08"),
            "UnsupportedOperation",
        ),
        (
            format!("{base}&DefaultActions.member.2.Type=forward"),
            "ValidationError",
        ),
        (
            format!(
                "LoadBalancerArn={balancer}&Protocol=TCP&Port=81&DefaultActions.member.1.Type=forward"
            ),
            "ValidationError",
        ),
    ] {
        let fault = scene.desk.fault("elbv2:CreateListener", &parameters);
        assert_eq!(fault.code, code, "{parameters}: {}", fault.message);
    }
}

#[test]
fn a_listener_is_changed_in_place() {
    let mut scene = Scene::new();
    let balancer = scene.balancer("orders");
    let (old, new) = (scene.group("old"), scene.group("new"));
    let arn = scene.listener(&balancer, &old, 80);
    let modify = |rest: &str| format!("ListenerArn={arn}{rest}");
    let to_new = format!(
        "&DefaultActions.member.1.Type=forward&DefaultActions.member.1.TargetGroupArn={new}"
    );
    let text = scene.desk.ok(
        "elbv2:ModifyListener",
        &modify(&format!("&Port=81{to_new}")),
    );
    for part in [arn.as_str(), new.as_str(), "<Port>81</Port>"] {
        assert!(text.contains(part), "{part} in {text}");
    }
    // The old port is free again, the old group is nobody's.
    scene.listener(&balancer, &old, 80);
    for (rest, code) in [
        ("&Port=80", "DuplicateListener"),
        ("&Port=0", "ValidationError"),
        ("&Protocol=UDP", "IncompatibleProtocols"),
        ("&Protocol=TLS", "UnsupportedProtocol"),
        (
            "&SslPolicy=ELBSecurityPolicy-2016-08",
            "UnsupportedOperation",
        ),
        (&to_new.replace("/new/", "/none/"), "TargetGroupNotFound"),
    ] {
        let fault = scene.desk.fault("elbv2:ModifyListener", &modify(rest));
        assert_eq!(fault.code, code, "{rest}: {}", fault.message);
    }
    let other = scene.balancer("other");
    let taken = scene.group("taken");
    scene.listener(&other, &taken, 80);
    let fault = scene.desk.fault(
        "elbv2:ModifyListener",
        &modify(&to_new.replace(&new, &taken)),
    );
    assert_eq!(fault.code, "TargetGroupAssociationLimit");
    let change = modify("&Port=90");
    let fault = scene.consumer(|desk| desk.fault("elbv2:ModifyListener", &change));
    assert_eq!(fault.code, "ListenerNotFound");
}

#[test]
fn a_load_balancer_has_a_most_of_listeners() {
    let mut scene = Scene::new();
    let few = ["L-57A373D6=1".to_owned()];
    scene.desk.call.quotas = std::sync::Arc::new(crate::api::quota::Quotas::parse(&few).unwrap());
    let (balancer, group) = (scene.balancer("orders"), scene.group("orders"));
    scene.listener(&balancer, &group, 80);
    let fault = scene.desk.fault(
        "elbv2:CreateListener",
        &listener(&balancer, &group, "TCP", 81),
    );
    assert_eq!(fault.code, "TooManyListeners");
    assert!(fault.message.contains("L-57A373D6"), "{}", fault.message);
}
