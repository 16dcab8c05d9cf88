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
