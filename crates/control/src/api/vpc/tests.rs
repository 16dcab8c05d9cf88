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
    desk.ok("DeleteVpc", &format!("VpcId={vpc}"));
    assert!(desk.world.vpcs.is_empty() && desk.world.security_groups.is_empty());
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
