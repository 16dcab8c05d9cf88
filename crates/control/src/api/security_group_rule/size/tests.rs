//! Prefix lists in rules through the dispatcher, and what they count for.

use model::endpoint::Managed;

use crate::api::tests::{Desk, first};

const ALLOW: &str = "AuthorizeSecurityGroupIngress";
const CODE: &str = "RulesPerSecurityGroupLimitExceeded";

/// A desk with a group and a list of 50 entries at most.
fn with_list() -> (Desk, [String; 2]) {
    let mut desk = Desk::new();
    let vpc = desk.make("CreateVpc", "CidrBlock=10.0.0.0/16", "vpcId");
    let parameters = format!("VpcId={vpc}&GroupName=a&GroupDescription=d");
    let group = desk.make("CreateSecurityGroup", &parameters, "groupId");
    let list = list(&mut desk, "IPv4", 50);
    (desk, [group, list])
}

fn list(desk: &mut Desk, family: &str, most: usize) -> String {
    let parameters = format!("PrefixListName=l&AddressFamily={family}&MaxEntries={most}");
    desk.make("CreateManagedPrefixList", &parameters, "prefixListId")
}

/// A permission for a prefix list.
fn to(group: &str, port: u16, list: &str) -> String {
    format!(
        "GroupId={group}&IpPermissions.1.IpProtocol=tcp&IpPermissions.1.FromPort={port}&IpPermissions.1.ToPort={port}&IpPermissions.1.PrefixListIds.1.PrefixListId={list}&IpPermissions.1.PrefixListIds.1.Description=offices"
    )
}

#[test]
fn a_rule_for_a_list_is_listed_changed_and_revoked() {
    let (mut desk, [group, list]) = with_list();
    let made = desk.ok(ALLOW, &to(&group, 443, &list));
    let rule = first(&made, "securityGroupRuleId").unwrap();
    let named = format!("<prefixListId>{list}</prefixListId>");
    assert!(made.contains(&named), "{made}");
    assert!(
        made.contains("<description>offices</description>"),
        "{made}"
    );
    let by = format!("Filter.1.Name=ip-permission.prefix-list-id&Filter.1.Value.1={list}");
    let listed = desk.ok("DescribeSecurityGroups", &by);
    assert!(
        listed.contains(&format!(
            "<prefixListIds><item><description>offices</description>{named}</item></prefixListIds>"
        )),
        "{listed}"
    );
    let twice = desk.fault(ALLOW, &to(&group, 443, &list));
    assert_eq!(twice.code, "InvalidPermission.Duplicate");
    assert!(twice.message.contains(&list), "{}", twice.message);
    // The list is in use.
    let one = format!("PrefixListId={list}");
    let used = desk.ok("GetManagedPrefixListAssociations", &one);
    assert_eq!(first(&used, "resourceId"), Some(group.clone()));
    assert_eq!(first(&used, "resourceOwner").unwrap(), "123456789012");
    let fault = desk.fault("DeleteManagedPrefixList", &one);
    assert_eq!(fault.code, "DependencyViolation");
    assert!(fault.message.contains(&group), "{}", fault.message);
    // AWS's lists can be used too.
    let s3 = Managed::S3.prefix_list().to_string();
    let change = format!(
        "GroupId={group}&SecurityGroupRule.1.SecurityGroupRuleId={rule}&SecurityGroupRule.1.SecurityGroupRule.IpProtocol=-1&SecurityGroupRule.1.SecurityGroupRule.PrefixListId={s3}"
    );
    desk.ok("ModifySecurityGroupRules", &change);
    let by = format!("SecurityGroupRuleId.1={rule}");
    let listed = desk.ok("DescribeSecurityGroupRules", &by);
    assert_eq!(first(&listed, "prefixListId").as_deref(), Some(s3.as_str()));
    desk.ok("DeleteManagedPrefixList", &one);
    let revoke = format!(
        "GroupId={group}&IpPermissions.1.IpProtocol=-1&IpPermissions.1.PrefixListIds.1.PrefixListId={s3}"
    );
    let revoked = desk.ok("RevokeSecurityGroupIngress", &revoke);
    assert_eq!(first(&revoked, "prefixListId"), Some(s3.clone()));
    let used = desk.ok(
        "GetManagedPrefixListAssociations",
        &format!("PrefixListId={s3}"),
    );
    assert!(!used.contains(&group), "{used}");
}

#[test]
fn a_list_of_another_account_does_not_exist() {
    let (mut desk, [_, list]) = with_list();
    desk.switch_account();
    let vpc = desk.make("CreateVpc", "CidrBlock=10.0.0.0/16", "vpcId");
    let parameters = format!("VpcId={vpc}&GroupName=a&GroupDescription=d");
    let group = desk.make("CreateSecurityGroup", &parameters, "groupId");
    let fault = desk.fault(ALLOW, &to(&group, 443, &list));
    assert_eq!(fault.code, "InvalidPrefixListID.NotFound");
    // AWS's show the caller's own groups only.
    let s3 = Managed::S3.prefix_list().to_string();
    desk.ok(ALLOW, &to(&group, 443, &s3));
    let one = format!("PrefixListId={s3}");
    assert!(
        desk.ok("GetManagedPrefixListAssociations", &one)
            .contains(&group)
    );
    desk.switch_account();
    assert!(
        !desk
            .ok("GetManagedPrefixListAssociations", &one)
            .contains(&group)
    );
}

#[test]
fn a_list_counts_with_its_most_entries_for_its_family() {
    let (mut desk, [group, four]) = with_list();
    let six = list(&mut desk, "IPv6", 60);
    desk.ok(ALLOW, &to(&group, 1, &four));
    // 50 of 60 are taken on this side, none on the others.
    let fault = desk.fault(ALLOW, &to(&group, 2, &four));
    assert_eq!(fault.code, CODE);
    assert!(fault.message.contains("IPv4 ingress"), "{}", fault.message);
    desk.ok(ALLOW, &to(&group, 1, &six));
    // The rule that every new group has is one of the 60.
    desk.ok("AuthorizeSecurityGroupEgress", &to(&group, 1, &four));
    // AWS's lists here have the weight 1.
    for (port, managed) in (1..=10).zip([Managed::S3; 10]) {
        desk.ok(ALLOW, &to(&group, port, &managed.prefix_list().to_string()));
    }
    let s3 = Managed::S3.prefix_list().to_string();
    assert_eq!(desk.fault(ALLOW, &to(&group, 11, &s3)).code, CODE);
    // A rule for a group is one for each family.
    let member = format!(
        "GroupId={group}&IpPermissions.1.IpProtocol=-1&IpPermissions.1.Groups.1.GroupId={group}"
    );
    let fault = desk.fault(ALLOW, &member);
    assert_eq!(fault.code, CODE);
}

#[test]
fn a_list_grows_no_further_than_the_groups_that_use_it() {
    let (mut desk, [group, list]) = with_list();
    desk.ok("AuthorizeSecurityGroupEgress", &to(&group, 1, &list));
    let grow = |most: usize| format!("PrefixListId={list}&MaxEntries={most}");
    let fault = desk.fault("ModifyManagedPrefixList", &grow(60));
    assert_eq!(fault.code, CODE);
    assert!(fault.message.contains(&group), "{}", fault.message);
    desk.ok("ModifyManagedPrefixList", &grow(59));
    desk.ok("ModifyManagedPrefixList", &grow(1));
    desk.ok("AuthorizeSecurityGroupEgress", &to(&group, 2, &list));
    assert_eq!(desk.fault("ModifyManagedPrefixList", &grow(30)).code, CODE);
    desk.ok("ModifyManagedPrefixList", &grow(29));
}

#[test]
fn a_changed_rule_counts_as_what_it_becomes() {
    let (mut desk, [group, list]) = with_list();
    desk.set_quota("L-0EA8095F=10");
    let made = format!("GroupId={group}&IpProtocol=-1&CidrIp=10.0.0.0/8");
    let rule = desk.make(ALLOW, &made, "securityGroupRuleId");
    let change = format!(
        "GroupId={group}&SecurityGroupRule.1.SecurityGroupRuleId={rule}&SecurityGroupRule.1.SecurityGroupRule.IpProtocol=-1&SecurityGroupRule.1.SecurityGroupRule.PrefixListId={list}"
    );
    assert_eq!(desk.fault("ModifySecurityGroupRules", &change).code, CODE);
}
