//! Tags through the dispatcher.

use crate::api::scene::Scene;
use crate::api::tests::{Desk, first};

/// A VPC, its subnet, a group and its rule, an interface.
fn things(desk: &mut Desk) -> [String; 5] {
    let vpc = desk.make("CreateVpc", "CidrBlock=10.0.0.0/16", "vpcId");
    let block = format!("VpcId={vpc}&CidrBlock=10.0.1.0/24");
    let subnet = desk.make("CreateSubnet", &block, "subnetId");
    let group = desk.make(
        "CreateSecurityGroup",
        &format!("VpcId={vpc}&GroupName=web&GroupDescription=web"),
        "groupId",
    );
    let rule = desk.make(
        "AuthorizeSecurityGroupIngress",
        &format!("GroupId={group}&IpProtocol=tcp&FromPort=80&ToPort=80&CidrIp=0.0.0.0/0"),
        "securityGroupRuleId",
    );
    let id = format!("SubnetId={subnet}");
    let eni = desk.make("CreateNetworkInterface", &id, "networkInterfaceId");
    [vpc, subnet, group, rule, eni]
}

fn named(ids: &[String]) -> String {
    let parts = ids.iter().enumerate();
    let parts = parts.map(|(at, id)| format!("ResourceId.{}={id}&", at + 1));
    parts.collect()
}

#[test]
fn everything_can_be_tagged_listed_and_untagged() {
    let mut desk = Desk::new();
    let ids = things(&mut desk);
    let all = named(&ids);
    desk.ok(
        "CreateTags",
        &format!("{all}Tag.1.Key=team&Tag.1.Value=blue&Tag.2.Key=empty"),
    );
    let kinds = [
        "vpc",
        "subnet",
        "security-group",
        "security-group-rule",
        "network-interface",
    ];
    for (id, kind) in ids.iter().zip(kinds) {
        let listed = desk.ok(
            "DescribeTags",
            &format!("Filter.1.Name=resource-id&Filter.1.Value.1={id}&Filter.2.Name=key&Filter.2.Value.1=team"),
        );
        assert_eq!(listed.matches("<item>").count(), 1, "{listed}");
        assert_eq!(first(&listed, "resourceType").unwrap(), kind);
        assert_eq!(first(&listed, "value").unwrap(), "blue");
    }
    let vpcs = desk.ok(
        "DescribeVpcs",
        "Filter.1.Name=tag:team&Filter.1.Value.1=blue",
    );
    assert!(vpcs.contains(&ids[0]));
    // Another value stays; the same value, and a key alone, go.
    desk.ok(
        "DeleteTags",
        &format!("{all}Tag.1.Key=team&Tag.1.Value=red"),
    );
    assert_eq!(desk.ok("DescribeTags", "").matches("<item>").count(), 10);
    desk.ok(
        "DeleteTags",
        &format!("{all}Tag.1.Key=team&Tag.1.Value=blue"),
    );
    assert_eq!(desk.ok("DescribeTags", "").matches("<item>").count(), 5);
    desk.ok(
        "DeleteTags",
        &format!("ResourceId.1={}&Tag.1.Key=empty", ids[0]),
    );
    assert_eq!(desk.ok("DescribeTags", "").matches("<item>").count(), 4);
    desk.ok("DeleteTags", &all);
    assert_eq!(desk.ok("DescribeTags", "").matches("<item>").count(), 0);
}

#[test]
fn what_a_vpc_has_around_it_can_be_tagged() {
    let mut desk = Desk::new();
    let [vpc, subnet, ..] = things(&mut desk);
    let id = format!("VpcId={vpc}");
    let kinds = [
        (
            "CreateRouteTable",
            id.as_str(),
            "routeTableId",
            "route-table",
        ),
        ("CreateNetworkAcl", &id, "networkAclId", "network-acl"),
        (
            "CreateInternetGateway",
            "",
            "internetGatewayId",
            "internet-gateway",
        ),
        ("AllocateAddress", "", "allocationId", "elastic-ip"),
        (
            "CreateNatGateway",
            &format!("ConnectivityType=private&SubnetId={subnet}"),
            "natGatewayId",
            "natgateway",
        ),
        (
            "CreateDhcpOptions",
            "DhcpConfiguration.1.Key=domain-name&DhcpConfiguration.1.Value.1=a.test",
            "dhcpOptionsId",
            "dhcp-options",
        ),
    ];
    for (action, parameters, element, kind) in kinds {
        let tag = format!(
            "{parameters}&TagSpecification.1.ResourceType={kind}&TagSpecification.1.Tag.1.Key=made&TagSpecification.1.Tag.1.Value=so"
        );
        let made = desk.make(action, tag.trim_start_matches('&'), element);
        desk.ok(
            "CreateTags",
            &format!("ResourceId.1={made}&Tag.1.Key=later"),
        );
        let filter = format!("Filter.1.Name=resource-type&Filter.1.Value.1={kind}");
        let listed = desk.ok("DescribeTags", &filter);
        assert_eq!(listed.matches(&made).count(), 2, "{listed}");
        let wrong = tag.replace(&format!("={kind}&"), "=volume&");
        let fault = desk.fault(action, wrong.trim_start_matches('&'));
        assert_eq!(fault.code, "InvalidParameterValue", "{action}");
        desk.ok("DeleteTags", &format!("ResourceId.1={made}"));
        let listed = desk.ok("DescribeTags", &filter);
        assert!(!listed.contains(&made), "{listed}");
        desk.switch_account();
        let theirs = desk.fault("CreateTags", &format!("ResourceId.1={made}&Tag.1.Key=a"));
        assert!(theirs.code.contains("NotFound"), "{}", theirs.code);
        desk.switch_account();
    }
}

#[test]
fn endpoints_and_services_can_be_tagged() {
    let mut scene = Scene::new();
    let service = scene.service("lb", false);
    let endpoint = scene.endpoint(&service);
    scene
        .desk
        .ok("CreateTags", &format!("ResourceId.1={service}&Tag.1.Key=a"));
    let listed = scene.desk.ok("DescribeTags", "");
    assert_eq!(
        first(&listed, "resourceType").unwrap(),
        "vpc-endpoint-service"
    );
    scene.consumer(|desk| {
        let theirs = desk.fault("CreateTags", &format!("ResourceId.1={service}&Tag.1.Key=a"));
        assert_eq!(theirs.code, "InvalidVpcEndpointServiceId.NotFound");
        desk.ok(
            "CreateTags",
            &format!("ResourceId.1={endpoint}&Tag.1.Key=b"),
        );
        let listed = desk.ok("DescribeTags", "");
        assert_eq!(first(&listed, "resourceType").unwrap(), "vpc-endpoint");
        let filter = "Filter.1.Name=tag-key&Filter.1.Value.1=b";
        assert!(desk.ok("DescribeVpcEndpoints", filter).contains(&endpoint));
    });
}

#[test]
fn pages_hold_each_tag_once() {
    let mut desk = Desk::new();
    let ids = things(&mut desk);
    let key = "k".repeat(127);
    for end in ["a", "b", "c"] {
        desk.ok(
            "CreateTags",
            &format!("{}Tag.1.Key={key}{end}&Tag.1.Value=v", named(&ids)),
        );
    }
    let (mut seen, mut token) = (0, String::new());
    loop {
        let listed = desk.ok("DescribeTags", &format!("MaxResults=7{token}"));
        seen += listed.matches("<item>").count();
        let Some(next) = first(&listed, "nextToken") else {
            break;
        };
        token = format!("&NextToken={next}");
    }
    assert_eq!(seen, 15);
}

#[test]
fn tags_that_cannot_be_are_refused() {
    let mut desk = Desk::new();
    let [vpc, ..] = things(&mut desk);
    let absent = "0123456789abcdef0";
    for (id, code) in [
        ("i-0123456789abcdef0".to_owned(), "InvalidID"),
        (format!("eni-attach-{absent}"), "InvalidID"),
        (format!("rtbassoc-{absent}"), "InvalidID"),
        (format!("rtb-{absent}"), "InvalidRouteTableID.NotFound"),
        (format!("acl-{absent}"), "InvalidNetworkAclID.NotFound"),
        (format!("dopt-{absent}"), "InvalidDhcpOptionID.NotFound"),
        (format!("nat-{absent}"), "NatGatewayNotFound"),
        ("vpc-1".to_owned(), "InvalidVpcID.Malformed"),
        (format!("vpc-{absent}"), "InvalidVpcID.NotFound"),
        (format!("subnet-{absent}"), "InvalidSubnetID.NotFound"),
        (format!("sg-{absent}"), "InvalidGroup.NotFound"),
        ("sg-1".to_owned(), "InvalidGroupId.Malformed"),
        (
            format!("sgr-{absent}"),
            "InvalidSecurityGroupRuleId.NotFound",
        ),
        (
            format!("eni-{absent}"),
            "InvalidNetworkInterfaceID.NotFound",
        ),
        (format!("vpce-{absent}"), "InvalidVpcEndpointId.NotFound"),
        (
            format!("vpce-svc-{absent}"),
            "InvalidVpcEndpointServiceId.NotFound",
        ),
    ] {
        // One that is wrong spoils all.
        let both = format!("ResourceId.1={vpc}&ResourceId.2={id}&Tag.1.Key=a");
        assert_eq!(desk.fault("CreateTags", &both).code, code, "{id}");
        assert_eq!(desk.fault("DeleteTags", &both).code, code, "{id}");
    }
    for (tags, code) in [
        ("", "MissingParameter"),
        ("Tag.1.Key=aws:x", "InvalidParameterValue"),
        ("Tag.1.Value=x", "InvalidParameterValue"),
    ] {
        let request = format!("ResourceId.1={vpc}&{tags}");
        assert_eq!(desk.fault("CreateTags", &request).code, code, "{tags}");
    }
    desk.switch_account();
    let request = format!("ResourceId.1={vpc}&Tag.1.Key=a");
    assert_eq!(
        desk.fault("CreateTags", &request).code,
        "InvalidVpcID.NotFound"
    );
}

#[test]
fn another_accounts_tags_are_not_listed() {
    let mut desk = Desk::new();
    let ids = things(&mut desk);
    desk.ok("CreateTags", &format!("{}Tag.1.Key=a", named(&ids)));
    desk.switch_account();
    assert_eq!(desk.ok("DescribeTags", "").matches("<item>").count(), 0);
}
