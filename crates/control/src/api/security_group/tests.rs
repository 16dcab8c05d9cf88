//! Security groups through the dispatcher.

use crate::api::scene::Scene;
use crate::api::tests::Desk;

/// A desk with a VPC.
fn with_vpc() -> (Desk, String) {
    let mut desk = Desk::new();
    let vpc = desk.make("CreateVpc", "CidrBlock=10.0.0.0/16", "vpcId");
    (desk, vpc)
}

fn group(desk: &mut Desk, vpc: &str, name: &str) -> String {
    let parameters = format!("VpcId={vpc}&GroupName={name}&GroupDescription=about {name}");
    desk.make("CreateSecurityGroup", &parameters, "groupId")
}

#[test]
fn a_group_is_made_listed_and_removed() {
    let (mut desk, vpc) = with_vpc();
    let id = group(&mut desk, &vpc, "web");
    let rule = "CidrIp=10.0.0.0/24&IpProtocol=tcp&FromPort=80&ToPort=81";
    desk.ok(
        "AuthorizeSecurityGroupIngress",
        &format!("GroupId={id}&{rule}"),
    );
    let listed = desk.ok("DescribeSecurityGroups", &format!("GroupId.1={id}"));
    for part in [
        "<groupDescription>about web</groupDescription>",
        &format!("<securityGroupArn>arn:aws:ec2:us-east-1:123456789012:security-group/{id}<"),
        "<ipProtocol>-1</ipProtocol>",
        "<cidrIp>0.0.0.0/0</cidrIp>",
    ] {
        assert!(listed.contains(part), "{part} in {listed}");
    }
    for (name, value, found) in [
        ("description", "about*", true),
        ("group-id", &id, true),
        ("group-name", "web", true),
        ("group-name", "default", false),
        ("owner-id", "123456789012", true),
        ("vpc-id", &vpc, true),
        ("ip-permission.cidr", "10.0.0.0/24", true),
        ("ip-permission.cidr", "0.0.0.0/0", false),
        ("ip-permission.from-port", "80", true),
        ("ip-permission.to-port", "80", false),
        ("ip-permission.protocol", "tcp", true),
        ("ip-permission.protocol", "6", true),
        ("ip-permission.group-id", &id, false),
        ("egress.ip-permission.cidr", "0.0.0.0/0", true),
        ("egress.ip-permission.protocol", "-1", true),
    ] {
        let filter = format!("Filter.1.Name={name}&Filter.1.Value.1={value}");
        let listed = desk.ok("DescribeSecurityGroups", &filter);
        assert_eq!(listed.contains("about web"), found, "{name}={value}");
    }
    let unknown = "Filter.1.Name=ip-permission.colour&Filter.1.Value.1=red";
    assert_eq!(
        desk.fault("DescribeSecurityGroups", unknown).code,
        "InvalidParameterValue"
    );
    desk.ok("DeleteSecurityGroup", &format!("GroupId={id}"));
    let gone = desk.fault("DescribeSecurityGroups", &format!("GroupId.1={id}"));
    assert_eq!(gone.code, "InvalidGroup.NotFound");
}

#[test]
fn bad_names_are_told_apart() {
    let (mut desk, vpc) = with_vpc();
    let other = desk.make("CreateVpc", "CidrBlock=10.0.0.0/16", "vpcId");
    let first = group(&mut desk, &vpc, "web");
    group(&mut desk, &other, "web");
    let long = "x".repeat(256);
    for (name, description, code, word) in [
        ("web", "d", "InvalidGroup.Duplicate", first.as_str()),
        ("default", "d", "InvalidParameterValue", "default"),
        ("sg-x", "d", "InvalidParameterValue", "sg-"),
        ("", "d", "MissingParameter", "GroupName"),
        ("a~", "d", "InvalidParameterValue", "a~"),
        (&long, "d", "InvalidParameterValue", "255"),
        ("a", "", "MissingParameter", "GroupDescription"),
        (
            "a",
            "caf%C3%A9",
            "InvalidParameterValue",
            "GroupDescription",
        ),
    ] {
        let parameters = format!("VpcId={vpc}&GroupName={name}&GroupDescription={description}");
        let fault = desk.fault("CreateSecurityGroup", &parameters);
        assert_eq!(fault.code, code, "{name} {description}");
        assert!(fault.message.contains(word), "{word} in {}", fault.message);
    }
    let nowhere = desk.fault("CreateSecurityGroup", "GroupName=a&GroupDescription=d");
    assert_eq!(nowhere.code, "VPCIdNotSpecified");
    for action in [
        "DescribeSecurityGroups GroupName.1=web",
        "DeleteSecurityGroup GroupName=web",
    ] {
        let (action, parameters) = action.split_once(' ').unwrap();
        let fault = desk.fault(action, parameters);
        assert_eq!(fault.code, "UnsupportedOperation");
        assert!(fault.message.contains("GroupId"), "{}", fault.message);
    }
}

#[test]
fn a_group_in_use_stays() {
    let mut scene = Scene::new();
    let service = scene.service("lb", false);
    let vpc = scene.vpcs[1].clone();
    let subnet = scene.subnets[0].clone();
    let wanted = scene.wanted(&service, &[0]);
    scene.consumer(|desk| {
        let [used, user] = ["used", "user"].map(|name| group(desk, &vpc, name));
        let parameters = format!("SubnetId={subnet}&SecurityGroupId.1={used}");
        let eni = desk.make("CreateNetworkInterface", &parameters, "networkInterfaceId");
        let parameters = format!("{wanted}&SecurityGroupId.1={used}");
        let endpoint = desk.make("CreateVpcEndpoint", &parameters, "vpcEndpointId");
        let permission = |peer: &str| {
            format!("IpPermissions.1.IpProtocol=-1&IpPermissions.1.Groups.1.GroupId={peer}")
        };
        let refers = format!("GroupId={user}&{}", permission(&used));
        desk.ok("AuthorizeSecurityGroupEgress", &refers);
        // To refer to itself does not keep it.
        let own = format!("GroupId={user}&{}", permission(&user));
        desk.ok("AuthorizeSecurityGroupIngress", &own);
        let delete = format!("GroupId={used}");
        let fault = desk.fault("DeleteSecurityGroup", &delete);
        assert_eq!(fault.code, "DependencyViolation");
        for blocker in [&eni, &endpoint, &user] {
            assert!(
                fault.message.contains(blocker),
                "{blocker} in {}",
                fault.message
            );
        }
        desk.ok("DeleteSecurityGroup", &format!("GroupId={user}"));
        let fault = desk.fault("DeleteSecurityGroup", &delete);
        assert!(!fault.message.contains(&user), "{}", fault.message);
    });
}

#[test]
fn the_default_group_stays() {
    let (mut desk, vpc) = with_vpc();
    let id = desk.make("DescribeSecurityGroups", "", "groupId");
    let fault = desk.fault("DeleteSecurityGroup", &format!("GroupId={id}"));
    assert_eq!(fault.code, "CannotDelete");
    assert!(fault.message.contains(&vpc), "{}", fault.message);
}

#[test]
fn another_accounts_group_does_not_exist() {
    let (mut desk, vpc) = with_vpc();
    let id = group(&mut desk, &vpc, "web");
    desk.switch_account();
    for (action, parameters, code) in [
        (
            "DescribeSecurityGroups",
            format!("GroupId.1={id}"),
            "InvalidGroup.NotFound",
        ),
        (
            "DescribeSecurityGroups",
            "GroupId.1=sg-1".into(),
            "InvalidGroupId.Malformed",
        ),
        (
            "DeleteSecurityGroup",
            format!("GroupId={id}"),
            "InvalidGroup.NotFound",
        ),
        ("DeleteSecurityGroup", String::new(), "MissingParameter"),
        (
            "AuthorizeSecurityGroupIngress",
            format!("GroupId={id}&IpProtocol=-1&CidrIp=0.0.0.0/0"),
            "InvalidGroup.NotFound",
        ),
        (
            "CreateSecurityGroup",
            format!("VpcId={vpc}&GroupName=a&GroupDescription=d"),
            "InvalidVpcID.NotFound",
        ),
    ] {
        assert_eq!(
            desk.fault(action, &parameters).code,
            code,
            "{action} {parameters}"
        );
    }
    assert!(!desk.ok("DescribeSecurityGroups", "").contains(&id));
}

#[test]
fn an_account_has_a_most_of_groups() {
    let (mut desk, vpc) = with_vpc();
    // The default group counts.
    let few = ["L-E79EC296=2".to_owned()];
    desk.call.quotas = std::sync::Arc::new(crate::api::quota::Quotas::parse(&few).unwrap());
    group(&mut desk, &vpc, "web");
    let parameters = format!("VpcId={vpc}&GroupName=db&GroupDescription=d");
    let fault = desk.fault("CreateSecurityGroup", &parameters);
    assert_eq!(fault.code, "SecurityGroupLimitExceeded");
    assert!(fault.message.contains("L-E79EC296"), "{}", fault.message);
}

#[test]
fn what_a_group_is_used_for_is_named() {
    let mut scene = Scene::new();
    let [vpc, _] = scene.vpcs.clone();
    let desk = &mut scene.desk;
    let [one, two] = ["one", "two"].map(|name| group(desk, &vpc, name));
    let rule = desk.make(
        "AuthorizeSecurityGroupIngress",
        &format!(
            "GroupId={two}&IpPermissions.1.IpProtocol=-1&IpPermissions.1.Groups.1.GroupId={one}"
        ),
        "securityGroupRuleId",
    );
    let subnet = scene.provider_subnets[0].clone();
    let eni = desk.make(
        "CreateNetworkInterface",
        &format!("SubnetId={subnet}&SecurityGroupId.1={one}"),
        "networkInterfaceId",
    );
    desk.ok(
        "elbv2:CreateLoadBalancer",
        &format!(
            "Name=orders&Type=network&Subnets.member.1={subnet}&SecurityGroups.member.1={one}"
        ),
    );
    let fault = desk.fault("DeleteSecurityGroup", &format!("GroupId={one}"));
    assert_eq!(fault.code, "DependencyViolation");
    for blocker in [eni.as_str(), &rule, &two, "load balancer orders"] {
        assert!(fault.message.contains(blocker), "{}", fault.message);
    }
}
