//! Changing rules through the dispatcher.

use crate::api::tests::{Desk, first};

const MODIFY: &str = "ModifySecurityGroupRules";

/// A desk with two groups of a VPC, the first with two rules, tcp 80 and 81 from 10.0.0.0/8;
/// the groups' and the rules' ids.
fn with_rules() -> (Desk, [String; 4]) {
    let mut desk = Desk::new();
    let vpc = desk.make("CreateVpc", "CidrBlock=10.0.0.0/16", "vpcId");
    let [a, b] = ["a", "b"].map(|name| {
        let parameters = format!("VpcId={vpc}&GroupName={name}&GroupDescription=d");
        desk.make("CreateSecurityGroup", &parameters, "groupId")
    });
    let [one, two] = [80, 81].map(|port| {
        let parameters = format!(
            "GroupId={a}&IpPermissions.1.IpProtocol=tcp&IpPermissions.1.FromPort={port}&IpPermissions.1.ToPort={port}&IpPermissions.1.IpRanges.1.CidrIp=10.0.0.0/8&IpPermissions.1.IpRanges.1.Description=old"
        );
        desk.make(
            "AuthorizeSecurityGroupIngress",
            &parameters,
            "securityGroupRuleId",
        )
    });
    (desk, [a, b, one, two])
}

/// Parameters that give the `at`th rule other content.
fn update(at: usize, rule: &str, content: &str) -> String {
    let mut text = format!("&SecurityGroupRule.{at}.SecurityGroupRuleId={rule}");
    for part in content.split('&').filter(|part| !part.is_empty()) {
        text += &format!("&SecurityGroupRule.{at}.SecurityGroupRule.{part}");
    }
    text
}

fn rule(desk: &mut Desk, id: &str) -> String {
    desk.ok(
        "DescribeSecurityGroupRules",
        &format!("SecurityGroupRuleId.1={id}"),
    )
}

#[test]
fn a_rule_gets_another_content() {
    let (mut desk, [a, b, one, two]) = with_rules();
    let content = "IpProtocol=udp&FromPort=53&ToPort=53&CidrIpv4=10.1.0.0/16&Description=dns";
    let parameters = format!("GroupId={a}{}", update(1, &one, content));
    desk.ok(MODIFY, &parameters);
    let text = rule(&mut desk, &one);
    for part in [
        "<ipProtocol>udp</ipProtocol>",
        "<fromPort>53</fromPort>",
        "<cidrIpv4>10.1.0.0/16</cidrIpv4>",
        "<description>dns</description>",
    ] {
        assert!(text.contains(part), "{part} in {text}");
    }
    let content = format!("IpProtocol=-1&ReferencedGroupId={b}");
    let parameters = format!("GroupId={a}{}", update(1, &one, &content));
    desk.ok(MODIFY, &parameters);
    let text = rule(&mut desk, &one);
    assert!(
        text.contains(&b) && !text.contains("<description>"),
        "{text}"
    );
    // Two rules that change places are never the same.
    let tcp = |port| format!("IpProtocol=tcp&FromPort={port}&ToPort={port}&CidrIpv4=10.0.0.0/8");
    let (first, second) = (tcp(81), tcp(80));
    let both = format!(
        "GroupId={a}{}{}",
        update(1, &one, &first),
        update(2, &two, &second)
    );
    desk.ok(MODIFY, &both);
    assert!(rule(&mut desk, &two).contains("<fromPort>80</fromPort>"));
}

#[test]
fn refusals_of_modify() {
    let (mut desk, [a, b, one, two]) = with_rules();
    let good = "IpProtocol=tcp&FromPort=1&ToPort=1&CidrIpv4=10.0.0.0/8";
    let same = "IpProtocol=tcp&FromPort=81&ToPort=81&CidrIpv4=10.0.0.0/8";
    for (parameters, code, word) in [
        (
            format!("GroupId={a}"),
            "MissingParameter",
            "SecurityGroupRule",
        ),
        (
            format!("GroupId={a}{}", update(1, &one, "")),
            "MissingParameter",
            "IpProtocol",
        ),
        (
            format!("GroupId={b}{}", update(1, &one, good)),
            "InvalidSecurityGroupRuleId.NotFound",
            one.as_str(),
        ),
        (
            format!("GroupId={a}{}", update(1, "sgr-1", good)),
            "InvalidSecurityGroupRuleId.Malformed",
            "sgr-1",
        ),
        (
            format!("GroupId={a}{}", update(1, &one, same)),
            "InvalidPermission.Duplicate",
            &two,
        ),
        (
            format!(
                "GroupId={a}{}{}",
                update(1, &one, good),
                update(2, &one, good)
            ),
            "InvalidParameterValue",
            "twice",
        ),
        (
            format!(
                "GroupId={a}{}",
                update(1, &one, &format!("{good}&CidrIpv6=2001:db8::/32"))
            ),
            "InvalidParameterCombination",
            "CidrIpv6",
        ),
        (
            format!("GroupId={a}{}", update(1, &one, "IpProtocol=-1")),
            "InvalidPermission.Malformed",
            "other side",
        ),
        (
            format!(
                "GroupId={a}{}",
                update(1, &one, "IpProtocol=-1&PrefixListId=pl-12345678")
            ),
            "InvalidPrefixListID.Malformed",
            "pl-12345678",
        ),
    ] {
        let fault = desk.fault(MODIFY, &parameters);
        assert_eq!(fault.code, code, "{parameters}: {}", fault.message);
        assert!(fault.message.contains(word), "{}", fault.message);
    }
    desk.switch_account();
    let theirs = format!("GroupId={a}{}", update(1, &one, good));
    assert_eq!(desk.fault(MODIFY, &theirs).code, "InvalidGroup.NotFound");
}

#[test]
fn notes_are_changed_by_permission_and_by_id() {
    let (mut desk, [a, _, one, _]) = with_rules();
    let ingress = "UpdateSecurityGroupRuleDescriptionsIngress";
    let permission = format!(
        "GroupId={a}&IpPermissions.1.IpProtocol=tcp&IpPermissions.1.FromPort=80&IpPermissions.1.ToPort=80&IpPermissions.1.IpRanges.1.CidrIp=10.0.0.0/8"
    );
    let by_id = format!("GroupId={a}&SecurityGroupRuleDescription.1.SecurityGroupRuleId={one}");
    for (parameters, note) in [
        (
            format!("{permission}&IpPermissions.1.IpRanges.1.Description=new"),
            Some("new"),
        ),
        (permission.clone(), None),
        (
            format!("{by_id}&SecurityGroupRuleDescription.1.Description=by id"),
            Some("by id"),
        ),
        (by_id.clone(), None),
    ] {
        desk.ok(ingress, &parameters);
        let text = rule(&mut desk, &one);
        assert_eq!(first(&text, "description").as_deref(), note, "{text}");
    }
    let egress = "UpdateSecurityGroupRuleDescriptionsEgress";
    let out = format!(
        "GroupId={a}&IpPermissions.1.IpProtocol=-1&IpPermissions.1.IpRanges.1.CidrIp=0.0.0.0/0&IpPermissions.1.IpRanges.1.Description=all"
    );
    desk.ok(egress, &out);
    let text = desk.ok(
        "DescribeSecurityGroupRules",
        &format!("Filter.1.Name=group-id&Filter.1.Value.1={a}"),
    );
    assert!(text.contains("<description>all</description>"), "{text}");
    for (action, parameters, code) in [
        (ingress, format!("GroupId={a}"), "MissingParameter"),
        (egress, permission.clone(), "InvalidPermission.NotFound"),
        (egress, by_id.clone(), "InvalidParameterValue"),
        (
            ingress,
            format!("{permission}&{by_id}").replacen(&format!("&GroupId={a}"), "", 1),
            "InvalidParameterCombination",
        ),
        (
            ingress,
            format!("{by_id}&SecurityGroupRuleDescription.1.Description=~"),
            "InvalidParameterValue",
        ),
    ] {
        let fault = desk.fault(action, &parameters);
        assert_eq!(fault.code, code, "{parameters}: {}", fault.message);
    }
}
