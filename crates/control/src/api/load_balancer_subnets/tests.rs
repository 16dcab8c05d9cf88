//! Moving load balancers through the dispatcher.

use crate::api::scene::Scene;
use crate::api::tests::first;

fn enis(scene: &mut Scene, arn: &str) -> String {
    let name = arn.rsplit_once("loadbalancer/").unwrap().1;
    let filters = format!(
        "Filter.1.Name=description&Filter.1.Value.1=ELB {name}&Filter.2.Name=attachment.instance-owner-id&Filter.2.Value.1=amazon-elb"
    );
    scene.desk.ok("DescribeNetworkInterfaces", &filters)
}

#[test]
fn zones_come_and_go_with_their_interfaces() {
    let mut scene = Scene::new();
    let arn = scene.balancer("orders");
    let [a, b] = [0, 1].map(|at| scene.provider_subnets[at].clone());
    let to = format!("LoadBalancerArn={arn}");
    assert_eq!(enis(&mut scene, &arn).matches("<subnetId>").count(), 2);
    let text = scene
        .desk
        .ok("elbv2:SetSubnets", &format!("{to}&Subnets.member.1={a}"));
    assert!(text.contains(&a) && !text.contains(&b), "{text}");
    let left = enis(&mut scene, &arn);
    assert_eq!(left.matches("<subnetId>").count(), 1, "{left}");
    let kept = first(&left, "networkInterfaceId").unwrap();
    // And back: the one that stayed is the same.
    let both = format!(
        "{to}&SubnetMappings.member.1.SubnetId={b}&SubnetMappings.member.1.PrivateIPv4Address=10.0.1.50&SubnetMappings.member.2.SubnetId={a}"
    );
    let text = scene.desk.ok("elbv2:SetSubnets", &both);
    assert!(text.contains("10.0.1.50"), "{text}");
    let all = enis(&mut scene, &arn);
    assert!(all.contains(&kept) && all.contains("10.0.1.50"), "{all}");
    scene.desk.ok("elbv2:DeleteLoadBalancer", &to);
    assert!(!enis(&mut scene, &arn).contains("eni-"));
}

#[test]
fn refusals_of_set_subnets() {
    let mut scene = Scene::new();
    let arn = scene.balancer("orders");
    let vpc = scene
        .desk
        .make("CreateVpc", "CidrBlock=10.1.0.0/16", "vpcId");
    let elsewhere = scene.desk.make(
        "CreateSubnet",
        &format!("VpcId={vpc}&CidrBlock=10.1.0.0/24"),
        "subnetId",
    );
    let (a, theirs) = (scene.provider_subnets[0].clone(), scene.subnets[0].clone());
    let to = format!("LoadBalancerArn={arn}");
    for (parameters, code) in [
        (to.clone(), "ValidationError"),
        (format!("{to}&Subnets.member.1={theirs}"), "SubnetNotFound"),
        (
            format!("{to}&Subnets.member.1={elsewhere}"),
            "InvalidSubnet",
        ),
        (
            format!("{to}&Subnets.member.1={a}&Subnets.member.2={a}"),
            "InvalidConfigurationRequest",
        ),
        (
            format!("{to}&Subnets.member.1={a}&IpAddressType=dualstack"),
            "UnsupportedOperation",
        ),
        (
            format!(
                "{}&Subnets.member.1={a}",
                to.replace("net/orders", "net/other")
            ),
            "LoadBalancerNotFound",
        ),
    ] {
        let fault = scene.desk.fault("elbv2:SetSubnets", &parameters);
        assert_eq!(fault.code, code, "{parameters}: {}", fault.message);
    }
}

#[test]
fn a_zone_that_endpoints_use_is_kept() {
    let mut scene = Scene::new();
    let service = scene.service("orders", false);
    let arn = scene.balancer("orders");
    let endpoint = scene.endpoint(&service);
    let [a, b] = [0, 1].map(|at| scene.provider_subnets[at].clone());
    let only = |subnet: &str| format!("LoadBalancerArn={arn}&Subnets.member.1={subnet}");
    let fault = scene.desk.fault("elbv2:SetSubnets", &only(&b));
    assert_eq!(fault.code, "InvalidConfigurationRequest");
    for word in [&endpoint, &service, "us-east-1a"] {
        assert!(fault.message.contains(word), "{}", fault.message);
    }
    // Nothing comes through zone b.
    scene.desk.ok("elbv2:SetSubnets", &only(&a));
}

#[test]
fn groups_are_set_where_there_were_some() {
    let mut scene = Scene::new();
    let vpc = scene.vpcs[0].clone();
    let groups = ["one", "two"].map(|name| {
        let parameters = format!("VpcId={vpc}&GroupName={name}&GroupDescription=d");
        scene
            .desk
            .make("CreateSecurityGroup", &parameters, "groupId")
    });
    let [one, two] = &groups;
    let bare = scene.balancer("bare");
    let parameters = format!(
        "Name=full&Type=network&Subnets.member.1={}&SecurityGroups.member.1={one}",
        scene.provider_subnets[0]
    );
    let text = scene.desk.ok("elbv2:CreateLoadBalancer", &parameters);
    let flag = "EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic";
    assert_eq!(first(&text, flag).as_deref(), Some("on"));
    let full = first(&text, "LoadBalancerArn").unwrap();
    let set = |arn: &str, rest: &str| format!("LoadBalancerArn={arn}{rest}");
    let with = format!("&SecurityGroups.member.1={two}");
    let off = format!("{with}&{flag}=off");
    let text = scene.desk.ok("elbv2:SetSecurityGroups", &set(&full, &off));
    assert_eq!(first(&text, flag).as_deref(), Some("off"), "{text}");
    assert!(text.contains(two), "{text}");
    let listed = scene
        .desk
        .ok("elbv2:DescribeLoadBalancers", "Names.member.1=full");
    assert_eq!(first(&listed, flag).as_deref(), Some("off"), "{listed}");
    assert!(enis(&mut scene, &full).contains(two));
    for (parameters, code) in [
        (set(&bare, &with), "InvalidConfigurationRequest"),
        (
            set(&full, &format!("{with}&{flag}=maybe")),
            "ValidationError",
        ),
        (
            set(&full, "&SecurityGroups.member.1=sg-00000000000000000"),
            "InvalidSecurityGroup",
        ),
    ] {
        let fault = scene.desk.fault("elbv2:SetSecurityGroups", &parameters);
        assert_eq!(fault.code, code, "{parameters}: {}", fault.message);
    }
}

#[test]
fn addresses_are_ipv4() {
    let mut scene = Scene::new();
    let arn = scene.balancer("orders");
    let set = |kind: &str| format!("LoadBalancerArn={arn}&IpAddressType={kind}");
    scene.desk.ok("elbv2:SetIpAddressType", &set("ipv4"));
    for (kind, code) in [
        ("dualstack", "UnsupportedOperation"),
        ("dualstack-without-public-ipv4", "ValidationError"),
        ("ipv6", "ValidationError"),
    ] {
        let fault = scene.desk.fault("elbv2:SetIpAddressType", &set(kind));
        assert_eq!(fault.code, code, "{kind}");
    }
}
