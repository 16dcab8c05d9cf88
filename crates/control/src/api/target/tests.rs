//! Targets through the dispatcher.

use model::host::EniSlot;
use model::interface::{Attachment, Interface, Role};
use model::net::Mac;

use crate::api::scene::Scene;
use crate::api::tests::first;

/// An ENI of the provider, attached or not.
fn workload(scene: &mut Scene, ip: &str, attached: bool) -> String {
    let call = &scene.desk.call;
    let slot = scene.desk.world.free_eni_slot();
    assert_ne!(slot, EniSlot(0));
    let eni = Interface {
        id: call.id(),
        owner: call.account,
        vpc: scene.vpcs[0].parse().unwrap(),
        subnet: scene.provider_subnets[0].parse().unwrap(),
        ip: ip.parse().unwrap(),
        secondary: Vec::new(),
        source_check: true,
        mac: Mac::local(call.bytes()),
        description: String::new(),
        groups: Vec::new(),
        role: Role::Workload {
            slot,
            attachment: attached.then(|| Attachment {
                id: call.id(),
                namespace: "/run/netns/x".into(),
                device: "eth0".into(),
                since: call.now,
            }),
        },
        created: call.now,
        tags: Default::default(),
    };
    let id = eni.id.to_string();
    scene.apply(&[eni.into()]);
    id
}

#[test]
fn targets_are_registered_once() {
    let mut scene = Scene::new();
    let arn = scene.group("orders");
    let both = format!(
        "TargetGroupArn={arn}&Targets.member.1.Id=10.0.0.10&Targets.member.2.Id=10.0.0.10&Targets.member.2.Port=81"
    );
    scene.desk.ok("elbv2:RegisterTargets", &both);
    let revision = scene.desk.world.revision;
    scene.desk.ok("elbv2:RegisterTargets", &both);
    assert_eq!(scene.desk.world.revision, revision);
    let text = scene.desk.ok(
        "elbv2:DescribeTargetHealth",
        &format!("TargetGroupArn={arn}"),
    );
    assert_eq!(text.matches("<Id>10.0.0.10</Id>").count(), 2, "{text}");
    assert!(text.contains("<Port>8080</Port>") && text.contains("<Port>81</Port>"));
    let one = format!("TargetGroupArn={arn}&Targets.member.1.Id=10.0.0.10");
    scene.desk.ok("elbv2:DeregisterTargets", &one);
    scene.desk.ok("elbv2:DeregisterTargets", &one);
    let groups: Vec<_> = scene.desk.world.target_groups.values().collect();
    assert_eq!(groups[0].targets.len(), 1);
    assert_eq!(groups[0].targets[0].port, 81);
}

#[test]
fn addresses_that_cannot_be_targets() {
    let mut scene = Scene::new();
    let arn = scene.group("orders");
    scene.balancer("orders"); // has 10.0.0.4
    for (target, code) in [
        ("Id=i-0123456789", "InvalidTarget"),
        ("Id=fd00::1", "InvalidTarget"),
        ("Id=10.1.0.1", "InvalidTarget"),
        ("Id=10.0.0.4", "InvalidTarget"),
        (
            "Id=10.0.0.10&Targets.member.1.AvailabilityZone=all",
            "InvalidTarget",
        ),
        (
            "Id=10.0.0.10&Targets.member.1.AvailabilityZone=us-east-1b",
            "InvalidTarget",
        ),
        (
            "Id=10.0.0.10&Targets.member.1.Port=70000",
            "ValidationError",
        ),
        ("Id=10.0.0.10&Targets.member.1.Port=0", "ValidationError"),
    ] {
        let parameters = format!("TargetGroupArn={arn}&Targets.member.1.{target}");
        let fault = scene.desk.fault("elbv2:RegisterTargets", &parameters);
        assert_eq!(fault.code, code, "{target}: {}", fault.message);
    }
}

#[test]
fn there_is_a_most_of_targets() {
    let mut scene = Scene::new();
    let arn = scene.group("orders");
    let targets = |range: std::ops::Range<u32>| {
        let mut text = format!("TargetGroupArn={arn}");
        for (at, n) in range.enumerate() {
            let (high, low) = (n / 200, n % 200);
            text += &format!("&Targets.member.{}.Id=10.0.{}.{low}", at + 1, high + 10);
        }
        text
    };
    for at in 0..10 {
        scene
            .desk
            .ok("elbv2:RegisterTargets", &targets(at * 100..at * 100 + 100));
    }
    let fault = scene
        .desk
        .fault("elbv2:RegisterTargets", &targets(1_000..1_001));
    assert_eq!(fault.code, "TooManyTargets");
}

#[test]
fn health_follows_the_listener_and_the_attachment() {
    let mut scene = Scene::new();
    let (balancer, arn) = (scene.balancer("orders"), scene.group("orders"));
    workload(&mut scene, "10.0.0.10", true);
    let loose = workload(&mut scene, "10.0.0.11", false);
    scene.desk.ok(
        "elbv2:RegisterTargets",
        &format!(
            "TargetGroupArn={arn}&Targets.member.1.Id=10.0.0.10&Targets.member.2.Id=10.0.0.11&Targets.member.3.Id=10.0.0.12"
        ),
    );
    let ask = |scene: &mut Scene, ip: &str| {
        let one = format!("TargetGroupArn={arn}&Targets.member.1.Id={ip}");
        scene.desk.ok("elbv2:DescribeTargetHealth", &one)
    };
    let text = ask(&mut scene, "10.0.0.10");
    assert_eq!(first(&text, "State").as_deref(), Some("unused"));
    assert_eq!(first(&text, "Reason").as_deref(), Some("Target.NotInUse"));
    scene.listener(&balancer, &arn, 80);
    let text = ask(&mut scene, "10.0.0.10");
    assert_eq!(first(&text, "State").as_deref(), Some("healthy"));
    let text = ask(&mut scene, "10.0.0.11");
    assert_eq!(first(&text, "State").as_deref(), Some("unhealthy"));
    assert_eq!(
        first(&text, "Reason").as_deref(),
        Some("Target.FailedHealthChecks")
    );
    assert!(text.contains(&format!("ginnel attach {loose}")), "{text}");
    let text = ask(&mut scene, "10.0.0.12");
    assert!(text.contains("ginnel attach ENI"), "{text}");
    let text = ask(&mut scene, "10.0.0.99");
    assert_eq!(
        first(&text, "Reason").as_deref(),
        Some("Target.NotRegistered")
    );
}
