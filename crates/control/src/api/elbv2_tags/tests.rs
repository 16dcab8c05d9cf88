//! Tags of ELBv2 things through the dispatcher.

use crate::api::scene::Scene;

#[test]
fn tags_come_and_go() {
    let mut scene = Scene::new();
    let (balancer, group) = (scene.balancer("orders"), scene.group("orders"));
    let listener = scene.listener(&balancer, &group, 80);
    let all = format!(
        "ResourceArns.member.1={balancer}&ResourceArns.member.2={group}&ResourceArns.member.3={listener}"
    );
    scene.desk.ok(
        "elbv2:AddTags",
        &format!("{all}&Tags.member.1.Key=team&Tags.member.1.Value=blue&Tags.member.2.Key=x"),
    );
    scene
        .desk
        .ok("elbv2:RemoveTags", &format!("{all}&TagKeys.member.1=x"));
    let text = scene.desk.ok("elbv2:DescribeTags", &all);
    assert_eq!(
        text.matches("<Key>team</Key><Value>blue</Value>").count(),
        3,
        "{text}"
    );
    assert!(!text.contains("<Key>x</Key>"), "{text}");
}

#[test]
fn refusals() {
    let mut scene = Scene::new();
    let arn = scene.balancer("orders");
    let one = format!("ResourceArns.member.1={arn}");
    for (parameters, code) in [
        (format!("{one}&Tags.member.1.Key=aws:x"), "ValidationError"),
        (
            "ResourceArns.member.1=arn:aws:s3:::x&Tags.member.1.Key=a".into(),
            "ValidationError",
        ),
        (
            one.clone()
                + &(1..=51)
                    .map(|n| format!("&Tags.member.{n}.Key=k{n}"))
                    .collect::<String>(),
            "TooManyTags",
        ),
    ] {
        let fault = scene.desk.fault("elbv2:AddTags", &parameters);
        assert_eq!(fault.code, code, "{}", fault.message);
    }
    let fault = scene.consumer(|desk| desk.fault("elbv2:DescribeTags", &one));
    assert_eq!(fault.code, "LoadBalancerNotFound");
}
