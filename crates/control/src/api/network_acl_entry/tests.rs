//! Entries of ACLs through the dispatcher.

use crate::api::network_acl::tests::with_acl;

#[test]
fn an_entry_is_made_changed_and_removed() {
    let (mut desk, [_, _, acl]) = with_acl();
    let shown = |desk: &mut crate::api::tests::Desk| {
        desk.ok("DescribeNetworkAcls", &format!("NetworkAclId.1={acl}"))
    };
    let place = format!("NetworkAclId={acl}&RuleNumber=100&Egress=false");
    let https = format!(
        "{place}&Protocol=6&RuleAction=allow&CidrBlock=0.0.0.0/0&PortRange.From=443&PortRange.To=443"
    );
    desk.ok("CreateNetworkAclEntry", &https);
    let listed = shown(&mut desk);
    for part in [
        "<portRange><from>443</from><to>443</to></portRange>",
        "<protocol>6</protocol>",
        "<ruleNumber>100</ruleNumber>",
    ] {
        assert!(listed.contains(part), "{part} in {listed}");
    }
    let fault = desk.fault("CreateNetworkAclEntry", &https);
    assert_eq!(fault.code, "NetworkAclEntryAlreadyExists");
    // The other way has its own numbers.
    desk.ok(
        "CreateNetworkAclEntry",
        &https.replace("Egress=false", "Egress=true"),
    );
    let ping = format!(
        "{place}&Protocol=icmp&RuleAction=deny&CidrBlock=10.0.0.9/8&Icmp.Type=-1&Icmp.Code=-1"
    );
    desk.ok("ReplaceNetworkAclEntry", &ping);
    let listed = shown(&mut desk);
    for part in [
        "<icmpTypeCode><code>-1</code><type>-1</type></icmpTypeCode>",
        "<protocol>1</protocol>",
        // Without its host bits.
        "<cidrBlock>10.0.0.0/8</cidrBlock>",
    ] {
        assert!(listed.contains(part), "{part} in {listed}");
    }
    desk.ok("DeleteNetworkAclEntry", &place);
    for (action, request) in [
        ("DeleteNetworkAclEntry", &place),
        ("ReplaceNetworkAclEntry", &ping),
    ] {
        let code = desk.fault(action, request).code;
        assert_eq!(code, "InvalidNetworkAclEntry.NotFound", "{action}");
    }
    let all = format!(
        "{place}&Protocol=-1&RuleAction=allow&Ipv6CidrBlock=::/0&PortRange.From=0&PortRange.To=0"
    );
    desk.ok("CreateNetworkAclEntry", &all);
    let listed = shown(&mut desk);
    assert!(
        listed.contains("<ipv6CidrBlock>::/0</ipv6CidrBlock>"),
        "{listed}"
    );
    // Terraform gives ports of all protocols, and AWS leaves them out of the list.
    assert_eq!(listed.matches("<portRange>").count(), 1, "{listed}");
}

#[test]
fn icmp_of_the_other_family_has_no_types() {
    let (mut desk, [_, _, acl]) = with_acl();
    let entry = |number: u8, rest: &str| {
        format!("NetworkAclId={acl}&RuleNumber={number}&Egress=true&RuleAction=allow&{rest}")
    };
    let six = "Protocol=58&Ipv6CidrBlock=::/0";
    let fault = desk.fault("CreateNetworkAclEntry", &entry(1, six));
    assert_eq!(fault.code, "MissingParameter");
    let echo = format!("{six}&Icmp.Type=128&Icmp.Code=-1");
    desk.ok("CreateNetworkAclEntry", &entry(1, &echo));
    // AWS takes ICMPv6 with an IPv4 block, for all types.
    let four = "Protocol=58&CidrBlock=0.0.0.0/0&Icmp.Type=128&Icmp.Code=0";
    desk.ok("CreateNetworkAclEntry", &entry(2, four));
    let listed = desk.ok("DescribeNetworkAcls", &format!("NetworkAclId.1={acl}"));
    assert_eq!(
        listed.matches("<protocol>58</protocol>").count(),
        2,
        "{listed}"
    );
    assert_eq!(listed.matches("<icmpTypeCode>").count(), 1, "{listed}");
}

#[test]
fn entries_that_cannot_be_are_refused() {
    let (mut desk, [_, _, acl]) = with_acl();
    let any = "CidrBlock=0.0.0.0/0&RuleAction=allow";
    for (rest, code) in [
        (
            format!("RuleNumber=0&Protocol=-1&{any}"),
            "InvalidParameterValue",
        ),
        (
            format!("RuleNumber=32767&Protocol=-1&{any}"),
            "InvalidParameterValue",
        ),
        (
            format!("RuleNumber=-1&Protocol=-1&{any}"),
            "InvalidParameterValue",
        ),
        (
            format!("RuleNumber=1&Protocol=256&{any}"),
            "InvalidParameterValue",
        ),
        (format!("RuleNumber=1&Protocol=6&{any}"), "MissingParameter"),
        (
            format!("RuleNumber=1&Protocol=6&PortRange.From=1&{any}"),
            "MissingParameter",
        ),
        (
            format!("RuleNumber=1&Protocol=17&PortRange.From=2&PortRange.To=1&{any}"),
            "InvalidParameterValue",
        ),
        (
            format!("RuleNumber=1&Protocol=17&PortRange.From=2&PortRange.To=65536&{any}"),
            "InvalidParameterValue",
        ),
        (format!("RuleNumber=1&Protocol=1&{any}"), "MissingParameter"),
        (
            format!("RuleNumber=1&Protocol=1&Icmp.Type=256&Icmp.Code=0&{any}"),
            "InvalidParameterValue",
        ),
        (
            "RuleNumber=1&Protocol=-1&RuleAction=allow".into(),
            "MissingParameter",
        ),
        (
            format!("RuleNumber=1&Protocol=-1&Ipv6CidrBlock=::/0&{any}"),
            "InvalidParameterCombination",
        ),
        (
            "RuleNumber=1&Protocol=-1&RuleAction=allow&CidrBlock=all".into(),
            "InvalidParameterValue",
        ),
        (
            "RuleNumber=1&Protocol=-1&RuleAction=maybe&CidrBlock=0.0.0.0/0".into(),
            "InvalidParameterValue",
        ),
    ] {
        let request = format!("NetworkAclId={acl}&Egress=false&{rest}");
        assert_eq!(
            desk.fault("CreateNetworkAclEntry", &request).code,
            code,
            "{rest}"
        );
    }
}

#[test]
fn an_acl_has_as_many_entries_each_way_as_its_quota() {
    let (mut desk, [_, _, acl]) = with_acl();
    desk.set_quota("L-2AEEBF1A=1");
    let entry = |number: u8, egress: bool| {
        format!(
            "NetworkAclId={acl}&RuleNumber={number}&Egress={egress}&Protocol=-1&RuleAction=deny&CidrBlock=0.0.0.0/0"
        )
    };
    desk.ok("CreateNetworkAclEntry", &entry(1, true));
    desk.ok("CreateNetworkAclEntry", &entry(1, false));
    let fault = desk.fault("CreateNetworkAclEntry", &entry(2, false));
    assert_eq!(fault.code, "NetworkAclEntryLimitExceeded");
}
