//! Network ACLs through the dispatcher.

use crate::api::tests::{Desk, first};

/// A VPC, a subnet and an ACL.
pub(crate) fn with_acl() -> (Desk, [String; 3]) {
    let mut desk = Desk::new();
    let vpc = desk.make("CreateVpc", "CidrBlock=10.0.0.0/16", "vpcId");
    let block = format!("VpcId={vpc}&CidrBlock=10.0.1.0/24");
    let subnet = desk.make("CreateSubnet", &block, "subnetId");
    let acl = desk.make("CreateNetworkAcl", &format!("VpcId={vpc}"), "networkAclId");
    (desk, [vpc, subnet, acl])
}

#[test]
fn the_default_acl_lets_everything_pass_and_a_new_one_nothing() {
    let (mut desk, [_, _, acl]) = with_acl();
    let default = desk.ok(
        "DescribeNetworkAcls",
        "Filter.1.Name=default&Filter.1.Value.1=true",
    );
    let new = desk.ok("DescribeNetworkAcls", &format!("NetworkAclId.1={acl}"));
    for (shown, allow) in [(&default, 2), (&new, 0)] {
        assert_eq!(
            shown.matches("<ruleAction>allow</ruleAction>").count(),
            allow,
            "{shown}"
        );
        assert_eq!(
            shown.matches("<ruleNumber>32767</ruleNumber>").count(),
            2,
            "{shown}"
        );
        assert_eq!(
            shown.matches("<ruleAction>deny</ruleAction>").count(),
            2,
            "{shown}"
        );
    }
    assert!(new.contains("<default>false</default><"), "{new}");
    assert_eq!(new.matches("<protocol>-1</protocol>").count(), 2, "{new}");
}

#[test]
fn a_subnet_changes_its_acl() {
    let (mut desk, [_, subnet, acl]) = with_acl();
    let by_subnet = format!("Filter.1.Name=association.subnet-id&Filter.1.Value.1={subnet}");
    let shown = desk.ok("DescribeNetworkAcls", &by_subnet);
    let association = first(&shown, "networkAclAssociationId").unwrap();
    let default = first(&shown, "networkAclId").unwrap();
    let replace =
        |association: &str, acl: &str| format!("AssociationId={association}&NetworkAclId={acl}");
    let new = desk.make(
        "ReplaceNetworkAclAssociation",
        &replace(&association, &acl),
        "newAssociationId",
    );
    let shown = desk.ok("DescribeNetworkAcls", &by_subnet);
    assert_eq!(first(&shown, "networkAclId").unwrap(), acl);
    assert_eq!(first(&shown, "networkAclAssociationId").unwrap(), new);
    let same = desk.make(
        "ReplaceNetworkAclAssociation",
        &replace(&new, &acl),
        "newAssociationId",
    );
    assert_eq!(same, new);
    let old = desk.fault("ReplaceNetworkAclAssociation", &replace(&association, &acl));
    assert_eq!(old.code, "InvalidAssociationID.NotFound");
    let fault = desk.fault("DeleteNetworkAcl", &format!("NetworkAclId={acl}"));
    assert_eq!(fault.code, "DependencyViolation");
    assert!(fault.message.contains(&subnet), "{}", fault.message);
    desk.ok("ReplaceNetworkAclAssociation", &replace(&new, &default));
    desk.ok("DeleteNetworkAcl", &format!("NetworkAclId={acl}"));
    let fault = desk.fault("DeleteNetworkAcl", &format!("NetworkAclId={default}"));
    assert_eq!(fault.code, "InvalidParameterValue");
}

#[test]
fn an_acl_of_another_vpc_is_refused() {
    let (mut desk, [_, subnet, _]) = with_acl();
    let other = desk.make("CreateVpc", "CidrBlock=10.0.0.0/16", "vpcId");
    let foreign = desk.make(
        "CreateNetworkAcl",
        &format!("VpcId={other}"),
        "networkAclId",
    );
    let by_subnet = format!("Filter.1.Name=association.subnet-id&Filter.1.Value.1={subnet}");
    let association = desk.make("DescribeNetworkAcls", &by_subnet, "networkAclAssociationId");
    let request = format!("AssociationId={association}&NetworkAclId={foreign}");
    let fault = desk.fault("ReplaceNetworkAclAssociation", &request);
    assert_eq!(fault.code, "InvalidParameterValue");
}

#[test]
fn acls_are_found_by_filters() {
    let (mut desk, [vpc, _, acl]) = with_acl();
    desk.ok(
        "CreateNetworkAclEntry",
        &format!("NetworkAclId={acl}&RuleNumber=7&Protocol=6&RuleAction=allow&Egress=false&CidrBlock=10.9.0.0/16&PortRange.From=80&PortRange.To=81"),
    );
    for (filter, found) in [
        ("default&Filter.1.Value.1=false".into(), true),
        ("entry.cidr&Filter.1.Value.1=10.9.0.0/16".into(), true),
        ("entry.port-range.from&Filter.1.Value.1=80".into(), true),
        ("entry.port-range.to&Filter.1.Value.1=80".into(), false),
        ("entry.protocol&Filter.1.Value.1=6".into(), true),
        ("entry.rule-number&Filter.1.Value.1=7".into(), true),
        ("entry.rule-action&Filter.1.Value.1=allow".into(), true),
        ("entry.egress&Filter.1.Value.1=true".into(), true),
        ("entry.icmp.type&Filter.1.Value.1=*".into(), false),
        ("entry.ipv6-cidr&Filter.1.Value.1=*".into(), false),
        (
            "association.network-acl-id&Filter.1.Value.1=*".into(),
            false,
        ),
        (format!("vpc-id&Filter.1.Value.1={vpc}"), true),
        ("owner-id&Filter.1.Value.1=1".into(), false),
    ] {
        let filter: String = filter;
        let listed = desk.ok("DescribeNetworkAcls", &format!("Filter.1.Name={filter}"));
        assert_eq!(listed.contains(&acl), found, "{filter}");
    }
    for unknown in ["entry.colour", "colour"] {
        let filter = format!("Filter.1.Name={unknown}&Filter.1.Value.1=red");
        let code = desk.fault("DescribeNetworkAcls", &filter).code;
        assert_eq!(code, "InvalidParameterValue");
    }
}

#[test]
fn one_token_makes_one_acl_within_the_quota() {
    let (mut desk, [vpc, _, _]) = with_acl();
    let request = format!("VpcId={vpc}&ClientToken=terraform-1");
    let one = desk.make("CreateNetworkAcl", &request, "networkAclId");
    assert_eq!(desk.make("CreateNetworkAcl", &request, "networkAclId"), one);
    desk.set_quota("L-B4A6D682=3");
    let fault = desk.fault("CreateNetworkAcl", &format!("VpcId={vpc}"));
    assert_eq!(fault.code, "NetworkAclLimitExceeded");
}

#[test]
fn another_accounts_acl_does_not_exist() {
    let (mut desk, [vpc, subnet, acl]) = with_acl();
    let by_subnet = format!("Filter.1.Name=association.subnet-id&Filter.1.Value.1={subnet}");
    let association = desk.make("DescribeNetworkAcls", &by_subnet, "networkAclAssociationId");
    desk.switch_account();
    let mine = desk.make("CreateVpc", "CidrBlock=10.0.0.0/16", "vpcId");
    let mine = desk.make("CreateNetworkAcl", &format!("VpcId={mine}"), "networkAclId");
    let entry = format!("NetworkAclId={acl}&RuleNumber=1&Egress=true");
    for (action, parameters, code) in [
        (
            "CreateNetworkAcl",
            format!("VpcId={vpc}"),
            "InvalidVpcID.NotFound",
        ),
        (
            "DeleteNetworkAcl",
            format!("NetworkAclId={acl}"),
            "InvalidNetworkAclID.NotFound",
        ),
        (
            "DescribeNetworkAcls",
            format!("NetworkAclId.1={acl}"),
            "InvalidNetworkAclID.NotFound",
        ),
        (
            "DeleteNetworkAclEntry",
            entry.clone(),
            "InvalidNetworkAclID.NotFound",
        ),
        (
            "CreateNetworkAclEntry",
            format!("{entry}&Protocol=-1&RuleAction=allow&CidrBlock=0.0.0.0/0"),
            "InvalidNetworkAclID.NotFound",
        ),
        (
            "ReplaceNetworkAclAssociation",
            format!("AssociationId={association}&NetworkAclId={mine}"),
            "InvalidAssociationID.NotFound",
        ),
        (
            "DeleteNetworkAcl",
            "NetworkAclId=acl-1".into(),
            "InvalidNetworkAclID.Malformed",
        ),
    ] {
        assert_eq!(desk.fault(action, &parameters).code, code, "{action}");
    }
}
