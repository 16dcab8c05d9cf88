//! VPCs through the dispatcher.

use crate::api::tests::Desk;

#[test]
fn a_vpc_is_made_with_its_default_group_and_removed_with_it() {
    let mut desk = Desk::new();
    let vpc = desk.make("CreateVpc", "CidrBlock=10.0.0.0/16", "vpcId");
    assert_eq!(desk.world.security_groups.size(), 1);
    let text = desk.ok("DescribeVpcs", &format!("VpcId.1={vpc}"));
    assert!(
        text.contains("<cidrBlock>10.0.0.0/16</cidrBlock>"),
        "{text}"
    );
    for (action, filters) in [
        (
            "DescribeRouteTables",
            "Filter.1.Name=association.main&Filter.1.Value.1=true&Filter.2.Name=vpc-id&Filter.2.Value.1=",
        ),
        (
            "DescribeNetworkAcls",
            "Filter.1.Name=default&Filter.1.Value.1=true&Filter.2.Name=vpc-id&Filter.2.Value.1=",
        ),
        (
            "DescribeSecurityGroups",
            "Filter.1.Name=group-name&Filter.1.Value.1=default&Filter.2.Name=vpc-id&Filter.2.Value.1=",
        ),
    ] {
        let found = desk.ok(action, &format!("{filters}{vpc}"));
        assert_eq!(found.matches("<ownerId>").count(), 1, "{found}");
        assert!(found.contains(&vpc), "{found}");
    }
    desk.ok("DeleteVpc", &format!("VpcId={vpc}"));
    let world = &desk.world;
    assert!(world.vpcs.is_empty() && world.security_groups.is_empty());
    assert!(world.route_tables.is_empty() && world.network_acls.is_empty());
    assert_eq!(world.dhcp_options.size(), 1, "the account's");
}

#[test]
fn what_blocks_a_vpc_is_named() {
    let mut desk = Desk::new();
    let vpc = desk.make("CreateVpc", "CidrBlock=10.0.0.0/16", "vpcId");
    let id = format!("VpcId={vpc}");
    let subnet = desk.make(
        "CreateSubnet",
        &format!("{id}&CidrBlock=10.0.1.0/24"),
        "subnetId",
    );
    desk.ok("CreateNetworkInterface", &format!("SubnetId={subnet}"));
    let gateway = desk.make("CreateInternetGateway", "", "internetGatewayId");
    desk.ok(
        "AttachInternetGateway",
        &format!("InternetGatewayId={gateway}&{id}"),
    );
    let blockers = [
        subnet,
        gateway,
        desk.make("CreateRouteTable", &id, "routeTableId"),
        desk.make("CreateNetworkAcl", &id, "networkAclId"),
        desk.make(
            "CreateSecurityGroup",
            &format!("{id}&GroupName=web&GroupDescription=web"),
            "groupId",
        ),
    ];
    let group = format!("{id}&Name=tg&Protocol=TCP&Port=80&TargetType=ip");
    desk.ok("elbv2:CreateTargetGroup", &group);
    let fault = desk.fault("DeleteVpc", &id);
    assert_eq!(fault.code, "DependencyViolation");
    for blocker in blockers
        .iter()
        .map(String::as_str)
        .chain(["target group tg"])
    {
        assert!(
            fault.message.contains(blocker),
            "{blocker} in {}",
            fault.message
        );
    }
    assert!(!fault.message.contains("eni-"), "{}", fault.message);
}

#[test]
fn an_account_has_five_vpcs() {
    let mut desk = Desk::new();
    let block = "CidrBlock=10.0.0.0/16";
    for _ in 0..5 {
        desk.ok("CreateVpc", block);
    }
    let fault = desk.fault("CreateVpc", block);
    assert_eq!(fault.code, "VpcLimitExceeded");
    assert!(
        fault.message.contains("--quota L-F678F1CE=6"),
        "{}",
        fault.message
    );
    desk.set_quota("L-F678F1CE=6");
    desk.ok("CreateVpc", block);
    // Another account has its own.
    desk.switch_account();
    desk.ok("CreateVpc", block);
}

#[test]
fn vpcs_are_found_by_id_and_filter() {
    let mut desk = Desk::new();
    let [one, two] = ["10.0.0.0/16", "10.1.0.0/16"]
        .map(|block| desk.make("CreateVpc", &format!("CidrBlock={block}"), "vpcId"));
    for (filter, found) in [
        (format!("vpc-id&Filter.1.Value.1={one}"), true),
        (format!("vpc-id&Filter.1.Value.1={two}"), false),
        ("vpc-id&Filter.1.Value.1=vpc-*".into(), true),
        ("vpc-id&Filter.1.Value.1=nothing".into(), false),
        ("cidr&Filter.1.Value.1=10.0.0.0/16".into(), true),
        ("is-default&Filter.1.Value.1=true".into(), false),
        ("dhcp-options-id&Filter.1.Value.1=dopt-*".into(), true),
        (
            "ipv6-cidr-block-association.state&Filter.1.Value.1=*".into(),
            false,
        ),
    ] {
        let listed = desk.ok("DescribeVpcs", &format!("Filter.1.Name={filter}"));
        assert_eq!(listed.contains(&one), found, "{filter}");
    }
    desk.switch_account();
    let filter = format!("Filter.1.Name=vpc-id&Filter.1.Value.1={one}");
    for action in ["DescribeVpcs", "DescribeRouteTables", "DescribeNetworkAcls"] {
        let listed = desk.ok(action, &filter);
        assert!(!listed.contains(&one), "{action}: {listed}");
    }
}

#[test]
fn tenancy_is_default() {
    let mut desk = Desk::new();
    for (tenancy, code) in [
        ("dedicated", "UnsupportedOperation"),
        ("mine", "InvalidParameterValue"),
    ] {
        let request = format!("CidrBlock=10.0.0.0/16&InstanceTenancy={tenancy}");
        assert_eq!(desk.fault("CreateVpc", &request).code, code);
    }
    desk.ok("CreateVpc", "CidrBlock=10.0.0.0/16&InstanceTenancy=default");
}

#[test]
fn bad_blocks_are_told_apart() {
    let mut desk = Desk::new();
    for (block, code) in [
        ("CidrBlock=10.0.0.0/8", "InvalidVpcRange"),
        ("CidrBlock=10.0.0.0/29", "InvalidVpcRange"),
        ("CidrBlock=10.0.0.1/16", "InvalidParameterValue"),
        ("CidrBlock=ten", "InvalidParameterValue"),
        ("", "MissingParameter"),
        (
            "CidrBlock=10.0.0.0/16&AmazonProvidedIpv6CidrBlock=true",
            "UnsupportedOperation",
        ),
    ] {
        assert_eq!(desk.fault("CreateVpc", block).code, code, "{block}");
    }
    assert!(desk.world.vpcs.is_empty());
}

#[test]
fn another_accounts_vpc_does_not_exist() {
    let mut desk = Desk::new();
    let vpc = desk.make("CreateVpc", "CidrBlock=10.0.0.0/16", "vpcId");
    desk.switch_account();
    let id = format!("VpcId={vpc}");
    assert_eq!(desk.fault("DeleteVpc", &id).code, "InvalidVpcID.NotFound");
    let listed = desk.ok("DescribeVpcs", "");
    assert!(!listed.contains(&vpc), "{listed}");
}

#[test]
fn one_attribute_a_call() {
    let mut desk = Desk::new();
    let vpc = desk.make("CreateVpc", "CidrBlock=10.0.0.0/16", "vpcId");
    let set = format!("VpcId={vpc}&EnableDnsHostnames.Value=true");
    desk.ok("ModifyVpcAttribute", &set);
    let shown = desk.ok(
        "DescribeVpcAttribute",
        &format!("VpcId={vpc}&Attribute=enableDnsHostnames"),
    );
    assert!(
        shown.contains("<enableDnsHostnames><value>true</value>"),
        "{shown}"
    );
    let two = desk.fault(
        "ModifyVpcAttribute",
        &format!("{set}&EnableDnsSupport.Value=false"),
    );
    assert_eq!(two.code, "InvalidParameterCombination");
}
