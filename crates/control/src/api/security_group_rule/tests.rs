//! Rules of security groups through the dispatcher.

use std::collections::BTreeSet;

use proptest::prelude::*;

use crate::api::tests::{Desk, first};

const ALLOW: &str = "AuthorizeSecurityGroupIngress";
const ALLOW_OUT: &str = "AuthorizeSecurityGroupEgress";
const REVOKE: &str = "RevokeSecurityGroupIngress";
const REVOKE_OUT: &str = "RevokeSecurityGroupEgress";

/// A desk with two groups of one VPC and one of another.
fn with_groups() -> (Desk, [String; 3]) {
    let mut desk = Desk::new();
    let [one, two] = [(); 2].map(|()| desk.make("CreateVpc", "CidrBlock=10.0.0.0/16", "vpcId"));
    let groups = [(&one, "a"), (&one, "b"), (&two, "c")].map(|(vpc, name)| {
        let parameters = format!("VpcId={vpc}&GroupName={name}&GroupDescription=d");
        desk.make("CreateSecurityGroup", &parameters, "groupId")
    });
    (desk, groups)
}

#[test]
fn a_rule_is_answered_merged_and_listed() {
    let (mut desk, [a, b, _]) = with_groups();
    let made = desk.ok(
        ALLOW,
        &format!(
            "GroupId={a}&IpPermissions.1.IpProtocol=tcp&IpPermissions.1.FromPort=443&IpPermissions.1.ToPort=443&IpPermissions.1.IpRanges.1.CidrIp=10.0.0.0/8&IpPermissions.1.IpRanges.1.Description=all of ten&IpPermissions.1.Ipv6Ranges.1.CidrIpv6=::/0&IpPermissions.1.Groups.1.GroupId={b}&TagSpecification.1.ResourceType=security-group-rule&TagSpecification.1.Tag.1.Key=k&TagSpecification.1.Tag.1.Value=v"
        ),
    );
    assert_eq!(made.matches("<securityGroupRuleId>").count(), 3, "{made}");
    let rule = first(&made, "securityGroupRuleId").unwrap();
    let listed = desk.ok(
        "DescribeSecurityGroupRules",
        &format!("SecurityGroupRuleId.1={rule}"),
    );
    for part in [
        "<isEgress>false</isEgress>",
        "<ipProtocol>tcp</ipProtocol>",
        "<fromPort>443</fromPort>",
        "<cidrIpv4>10.0.0.0/8</cidrIpv4>",
        "<description>all of ten</description>",
        "<key>k</key><value>v</value>",
    ] {
        assert!(listed.contains(part), "{part} in {listed}");
    }
    // One permission in, one entry beside the egress rule out.
    let group = desk.ok("DescribeSecurityGroups", &format!("GroupId.1={a}"));
    assert_eq!(group.matches("<ipProtocol>").count(), 2, "{group}");
    let filter = format!("Filter.1.Name=group-id&Filter.1.Value.1={a}");
    let listed = desk.ok("DescribeSecurityGroupRules", &filter);
    assert_eq!(listed.matches("<securityGroupRuleId>").count(), 4);
    assert!(
        listed.contains(&format!("<groupId>{b}</groupId>")),
        "{listed}"
    );
    desk.switch_account();
    let theirs = desk.fault(
        "DescribeSecurityGroupRules",
        &format!("SecurityGroupRuleId.1={rule}"),
    );
    assert_eq!(theirs.code, "InvalidSecurityGroupRuleId.NotFound");
    assert!(!desk.ok("DescribeSecurityGroupRules", "").contains("sgr-"));
}

#[test]
fn bad_rules_are_told_apart() {
    let (mut desk, [a, b, c]) = with_groups();
    let flat = |rest: &str| format!("GroupId={a}&{rest}");
    desk.ok(
        ALLOW,
        &flat("IpProtocol=tcp&FromPort=22&ToPort=22&CidrIp=10.0.0.0/8"),
    );
    let to = |peer: &str| format!("IpPermissions.1.IpProtocol=-1&IpPermissions.1.{peer}");
    for (rest, code, word) in [
        (
            "IpProtocol=tcp&FromPort=22&ToPort=22&CidrIp=10.0.0.0/8",
            "InvalidPermission.Duplicate",
            "sgr-",
        ),
        (
            "IpProtocol=6&FromPort=22&ToPort=22&CidrIp=10.0.0.0/8",
            "InvalidPermission.Duplicate",
            "sgr-",
        ),
        (
            "IpProtocol=tcp&FromPort=23&ToPort=22&CidrIp=10.0.0.0/8",
            "InvalidParameterValue",
            "23:22",
        ),
        (
            "IpProtocol=udp&FromPort=1&ToPort=65536&CidrIp=10.0.0.0/8",
            "InvalidParameterValue",
            "65536",
        ),
        (
            "IpProtocol=tcp&FromPort=22&CidrIp=10.0.0.0/8",
            "InvalidParameterValue",
            "22:none",
        ),
        (
            "IpProtocol=icmp&FromPort=-1&ToPort=3&CidrIp=10.0.0.0/8",
            "InvalidPermission.Malformed",
            "3",
        ),
        (
            "IpProtocol=icmp&FromPort=256&ToPort=3&CidrIp=10.0.0.0/8",
            "InvalidParameterValue",
            "256",
        ),
        (
            "IpProtocol=gre&CidrIp=10.0.0.0/8",
            "InvalidParameterValue",
            "gre",
        ),
        (
            "IpProtocol=256&CidrIp=10.0.0.0/8",
            "InvalidParameterValue",
            "256",
        ),
        (
            "IpProtocol=-1&CidrIp=10.0.0.1/8",
            "InvalidParameterValue",
            "10.0.0.0/8",
        ),
        (
            "IpProtocol=-1&CidrIp=10.0.0.1",
            "InvalidParameterValue",
            "10.0.0.1",
        ),
        ("IpProtocol=-1", "MissingParameter", "CidrIp"),
        ("", "MissingParameter", "IpPermissions"),
        (
            "IpPermissions.1.IpProtocol=-1",
            "InvalidPermission.Malformed",
            "IpRanges",
        ),
        (
            &to("PrefixListIds.1.PrefixListId=pl-1"),
            "InvalidPrefixListID.Malformed",
            "pl-1",
        ),
        (
            &to("PrefixListIds.1.PrefixListId=pl-0123456789abcdef0"),
            "InvalidPrefixListID.NotFound",
            "pl-0123456789abcdef0",
        ),
        (
            &to("PrefixListIds.1.Description=x"),
            "MissingParameter",
            "PrefixListId",
        ),
        (
            &to("Groups.1.GroupName=b"),
            "UnsupportedOperation",
            "GroupId",
        ),
        (
            &to(&format!("Groups.1.GroupId={c}")),
            "InvalidGroup.NotFound",
            c.as_str(),
        ),
        (
            &to("Groups.1.GroupId=sg-1"),
            "InvalidGroupId.Malformed",
            "sg-1",
        ),
        (
            &to(&format!(
                "Groups.1.GroupId={b}&IpPermissions.1.Groups.1.UserId=210987654321"
            )),
            "InvalidGroup.NotFound",
            "210987654321",
        ),
        (
            &to("IpRanges.1.CidrIp=0.0.0.0/0&CidrIp=0.0.0.0/0"),
            "InvalidParameterCombination",
            "CidrIp",
        ),
        (
            &to("IpRanges.1.CidrIp=0.0.0.0/0&IpPermissions.1.IpRanges.2.CidrIp=0.0.0.0/0"),
            "InvalidParameterValue",
            "multiple",
        ),
        (
            &to("IpRanges.1.CidrIp=0.0.0.0/0&IpPermissions.1.IpRanges.1.Description=~"),
            "InvalidParameterValue",
            "Description",
        ),
        (
            "SourceSecurityGroupName=b",
            "UnsupportedOperation",
            "GroupId",
        ),
    ] {
        let fault = desk.fault(ALLOW, &flat(rest));
        assert_eq!(fault.code, code, "{rest}: {}", fault.message);
        assert!(fault.message.contains(word), "{word} in {}", fault.message);
    }
    let by_name = desk.fault(ALLOW, "GroupName=a&IpProtocol=-1&CidrIp=0.0.0.0/0");
    assert_eq!(by_name.code, "UnsupportedOperation");
}

#[test]
fn terraform_revokes_the_first_rule() {
    let (mut desk, [a, ..]) = with_groups();
    let all = |peer: &str| {
        format!(
            "GroupId={a}&IpPermissions.1.IpProtocol=-1&IpPermissions.1.FromPort=0&IpPermissions.1.ToPort=0&IpPermissions.1.{peer}"
        )
    };
    let revoked = desk.ok(REVOKE_OUT, &all("IpRanges.1.CidrIp=0.0.0.0/0"));
    assert!(revoked.contains("<return>true</return>"), "{revoked}");
    assert!(
        revoked.contains("<cidrIpv4>0.0.0.0/0</cidrIpv4>"),
        "{revoked}"
    );
    let absent = desk.fault(REVOKE_OUT, &all("Ipv6Ranges.1.CidrIpv6=::/0"));
    assert_eq!(absent.code, "InvalidPermission.NotFound");
    let rules = desk.ok("DescribeSecurityGroups", &format!("GroupId.1={a}"));
    assert!(!rules.contains("<ipProtocol>"), "{rules}");
}

#[test]
fn rules_are_revoked_by_id() {
    let (mut desk, [a, b, _]) = with_groups();
    let made = format!("GroupId={a}&IpProtocol=-1&CidrIp=10.0.0.0/8");
    let rule = desk.make(ALLOW, &made, "securityGroupRuleId");
    let by_id = |group: &str, id: &str| format!("GroupId={group}&SecurityGroupRuleId.1={id}");
    for (action, parameters, code) in [
        (
            REVOKE,
            by_id(&b, &rule),
            "InvalidSecurityGroupRuleId.NotFound",
        ),
        (
            REVOKE,
            by_id(&a, "sgr-1"),
            "InvalidSecurityGroupRuleId.Malformed",
        ),
        (REVOKE_OUT, by_id(&a, &rule), "InvalidParameterValue"),
        (
            REVOKE,
            format!("{}&SecurityGroupRuleId.1={rule}", made),
            "InvalidParameterCombination",
        ),
        (REVOKE, format!("GroupId={a}"), "MissingParameter"),
    ] {
        assert_eq!(desk.fault(action, &parameters).code, code, "{parameters}");
    }
    desk.ok(REVOKE, &by_id(&a, &rule));
    let gone = desk.fault(REVOKE, &by_id(&a, &rule));
    assert_eq!(gone.code, "InvalidSecurityGroupRuleId.NotFound");
}

#[test]
fn protocols_are_numbers_or_names() {
    let (mut desk, [a, b, _]) = with_groups();
    let all = "CidrIp=10.0.0.0/8";
    for (given, wanted) in [
        ("icmp&FromPort=8&ToPort=-1", ["icmp", "8", "-1"]),
        ("1&FromPort=3&ToPort=4", ["icmp", "3", "4"]),
        ("58&FromPort=128&ToPort=0", ["icmpv6", "128", "0"]),
        ("ICMPv6", ["icmpv6", "-1", "-1"]),
        ("17&FromPort=53&ToPort=53", ["udp", "53", "53"]),
        // Others have no ports: all of the protocol.
        ("47&FromPort=1&ToPort=2", ["47", "-1", "-1"]),
        ("-1&FromPort=0&ToPort=0", ["-1", "-1", "-1"]),
    ] {
        let made = desk.ok(ALLOW, &format!("GroupId={a}&IpProtocol={given}&{all}"));
        let found = ["ipProtocol", "fromPort", "toPort"].map(|name| first(&made, name).unwrap());
        assert_eq!(found, wanted, "{given}");
    }
    // The same in other words is the same.
    for (given, code) in [
        ("ICMP&FromPort=3&ToPort=4", "InvalidPermission.Duplicate"),
        (
            "icmpv6&FromPort=-1&ToPort=-1",
            "InvalidPermission.Duplicate",
        ),
        ("47", "InvalidPermission.Duplicate"),
        ("58&FromPort=128", "InvalidParameterValue"),
        ("icmp", "InvalidParameterValue"),
        ("icmpv6&FromPort=-1&ToPort=0", "InvalidPermission.Malformed"),
        ("tcp&FromPort=-1&ToPort=-1", "InvalidParameterValue"),
        ("-2", "InvalidParameterValue"),
    ] {
        let fault = desk.fault(ALLOW, &format!("GroupId={a}&IpProtocol={given}&{all}"));
        assert_eq!(fault.code, code, "{given}: {}", fault.message);
    }
    let six = format!(
        "GroupId={b}&IpPermissions.1.IpProtocol=58&IpPermissions.1.FromPort=-1&IpPermissions.1.ToPort=-1&IpPermissions.1.Ipv6Ranges.1.CidrIpv6=::/0"
    );
    desk.ok(ALLOW_OUT, &six);
}

#[test]
fn a_group_has_sixty_rules_each_way() {
    let (mut desk, [a, ..]) = with_groups();
    let ranges = |from: usize, to: usize| {
        let ranges =
            (from..=to).map(|n| format!("&IpPermissions.1.IpRanges.{n}.CidrIp=10.0.{n}.0/24"));
        let ranges: String = ranges.collect();
        format!("GroupId={a}&IpPermissions.1.IpProtocol=-1{ranges}")
    };
    let code = "RulesPerSecurityGroupLimitExceeded";
    assert_eq!(desk.fault(ALLOW, &ranges(1, 61)).code, code);
    desk.ok(ALLOW, &ranges(1, 60));
    assert_eq!(desk.fault(ALLOW, &ranges(61, 61)).code, code);
    // One is there already.
    assert_eq!(desk.fault(ALLOW_OUT, &ranges(1, 60)).code, code);
    desk.ok(ALLOW_OUT, &ranges(1, 59));
    // IPv6 has its own sixty.
    let six = |from: usize, to: usize| {
        ranges(from, to)
            .replace("IpRanges", "Ipv6Ranges")
            .replace("CidrIp=10.0.", "CidrIpv6=fd00:")
            .replace(".0/24", "::/32")
    };
    desk.ok(ALLOW, &six(1, 60));
    let fault = desk.fault(ALLOW, &six(61, 61));
    assert_eq!(fault.code, code);
    assert!(fault.message.contains("IPv6 ingress"), "{}", fault.message);
}

/// A random permission of one peer, without its `IpPermissions.N.`; `GROUP` is a group.
fn permission() -> impl Strategy<Value = Vec<String>> {
    let port = 0..=65_535i32;
    let ports = prop_oneof![
        (
            prop_oneof![Just("tcp"), Just("udp"), Just("17")],
            port.clone(),
            port
        )
            .prop_map(|(name, a, b)| (name.to_owned(), Some((a.min(b), a.max(b))))),
        (
            prop_oneof![Just("icmp"), Just("icmpv6")],
            0..=255i32,
            -1..=255i32
        )
            .prop_map(|(name, kind, code)| (name.to_owned(), Some((kind, code)))),
        Just(("icmp".to_owned(), Some((-1, -1)))),
        (59..=255u8).prop_map(|number| (number.to_string(), None)),
        Just(("-1".to_owned(), None)),
    ];
    let peer = prop_oneof![
        (any::<u32>(), 0..=32u8).prop_map(|(bits, length)| {
            let net = ipnet::Ipv4Net::new(bits.into(), length).unwrap().trunc();
            format!("IpRanges.1.CidrIp={net}")
        }),
        (any::<u128>(), 0..=128u8).prop_map(|(bits, length)| {
            let net = ipnet::Ipv6Net::new(bits.into(), length).unwrap().trunc();
            format!("Ipv6Ranges.1.CidrIpv6={net}")
        }),
        Just("Groups.1.GroupId=GROUP".to_owned()),
    ];
    (ports, peer).prop_map(|((protocol, ports), peer)| {
        let mut parts = vec![format!("IpProtocol={protocol}"), peer];
        if let Some((from, to)) = ports {
            parts.extend([format!("FromPort={from}"), format!("ToPort={to}")]);
        }
        parts
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn authorise_and_revoke_leave_nothing(
        permissions in prop::collection::btree_set(permission(), 1..12),
        egress: bool,
    ) {
        let (mut desk, [a, b, _]) = with_groups();
        // 17 is udp.
        let mut seen = BTreeSet::new();
        let permissions = permissions.iter().filter(|parts| {
            seen.insert(parts.join("&").replace("=17&", "=udp&"))
        });
        let mut request = format!("GroupId={a}");
        let mut count = 0;
        for parts in permissions.filter(|parts| {
            // It is there from the start.
            !(egress && parts[0] == "IpProtocol=-1" && parts[1].ends_with("CidrIp=0.0.0.0/0"))
        }) {
            count += 1;
            for part in parts {
                request += &format!("&IpPermissions.{count}.{}", part.replace("GROUP", &b));
            }
        }
        prop_assume!(count > 0);
        let before = desk.world.security_groups.clone();
        let (allow, revoke) = if egress { (ALLOW_OUT, REVOKE_OUT) } else { (ALLOW, REVOKE) };
        let made = desk.ok(allow, &request);
        prop_assert_eq!(made.matches("<securityGroupRuleId>").count(), count);
        // Both lists show each rule once, besides the first.
        let filter = format!("Filter.1.Name=group-id&Filter.1.Value.1={a}");
        let rules = desk.ok("DescribeSecurityGroupRules", &filter);
        prop_assert_eq!(rules.matches("<securityGroupRuleId>").count(), count + 1);
        let group = desk.ok("DescribeSecurityGroups", &filter);
        let peers = ["<cidrIp>", "<cidrIpv6>", "<userId>"].map(|e| group.matches(e).count());
        prop_assert_eq!(peers.iter().sum::<usize>(), count + 1, "{}", group);
        desk.ok(revoke, &request);
        prop_assert_eq!(&desk.world.security_groups, &before);
    }
}
