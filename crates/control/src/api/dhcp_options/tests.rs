//! DHCP options through the dispatcher.

use crate::api::tests::{Desk, first};

const SET: &str = "DhcpConfiguration.1.Key=domain-name-servers&DhcpConfiguration.1.Value.1=10.0.0.2&DhcpConfiguration.1.Value.2=10.0.0.3&DhcpConfiguration.2.Key=domain-name&DhcpConfiguration.2.Value.1=a.test";

#[test]
fn a_set_is_made_given_to_a_vpc_taken_away_and_removed() {
    let mut desk = Desk::new();
    let vpc = desk.make("CreateVpc", "CidrBlock=10.0.0.0/16", "vpcId");
    let sets = desk.ok("DescribeDhcpOptions", "");
    let default = first(&sets, "dhcpOptionsId").unwrap();
    assert!(sets.contains("<value>ec2.internal</value>"), "{sets}");
    assert!(sets.contains("<value>AmazonProvidedDNS</value>"), "{sets}");
    let of_vpc = |desk: &mut Desk| desk.make("DescribeVpcs", "", "dhcpOptionsId");
    assert_eq!(of_vpc(&mut desk), default);
    let set = desk.make("CreateDhcpOptions", SET, "dhcpOptionsId");
    for (filter, found) in [
        ("key&Filter.1.Value.1=domain-name-servers", true),
        ("value&Filter.1.Value.1=10.0.0.3", true),
        ("value&Filter.1.Value.1=AmazonProvidedDNS", false),
        ("owner-id&Filter.1.Value.1=123456789012", true),
    ] {
        let listed = desk.ok("DescribeDhcpOptions", &format!("Filter.1.Name={filter}"));
        assert_eq!(listed.contains(&set), found, "{filter}");
    }
    let associate = |set: &str| format!("VpcId={vpc}&DhcpOptionsId={set}");
    desk.ok("AssociateDhcpOptions", &associate(&set));
    assert_eq!(of_vpc(&mut desk), set);
    let remove = format!("DhcpOptionsId={set}");
    let fault = desk.fault("DeleteDhcpOptions", &remove);
    assert_eq!(fault.code, "DependencyViolation");
    assert!(fault.message.contains(&vpc), "{}", fault.message);
    desk.ok("AssociateDhcpOptions", &associate("default"));
    assert_eq!(of_vpc(&mut desk), "default");
    desk.ok("DeleteDhcpOptions", &remove);
    let fault = desk.fault("DescribeDhcpOptions", &format!("DhcpOptionsId.1={set}"));
    assert_eq!(fault.code, "InvalidDhcpOptionID.NotFound");
}

#[test]
fn sets_that_cannot_be_are_refused() {
    let mut desk = Desk::new();
    for (options, code, word) in [
        ("", "MissingParameter", "DhcpConfiguration"),
        ("DhcpConfiguration.1.Value.1=a", "MissingParameter", "Key"),
        (
            "DhcpConfiguration.1.Key=colour&DhcpConfiguration.1.Value.1=red",
            "InvalidParameterValue",
            "ntp-servers",
        ),
        (
            "DhcpConfiguration.1.Key=domain-name",
            "InvalidParameterValue",
            "1 to 1",
        ),
        (
            "DhcpConfiguration.1.Key=ntp-servers&DhcpConfiguration.1.Value.1=here",
            "InvalidParameterValue",
            "IP addresses",
        ),
        (
            "DhcpConfiguration.1.Key=netbios-node-type&DhcpConfiguration.1.Value.1=3",
            "InvalidParameterValue",
            "1, 2, 4 or 8",
        ),
        (
            "DhcpConfiguration.1.Key=domain-name&DhcpConfiguration.1.Value.1=a&DhcpConfiguration.2.Key=domain-name&DhcpConfiguration.2.Value.1=b",
            "InvalidParameterValue",
            "twice",
        ),
    ] {
        let fault = desk.fault("CreateDhcpOptions", options);
        assert_eq!(fault.code, code, "{options}");
        assert!(fault.message.contains(word), "{word} in {}", fault.message);
    }
}

#[test]
fn another_accounts_set_does_not_exist() {
    let mut desk = Desk::new();
    let set = desk.make("CreateDhcpOptions", SET, "dhcpOptionsId");
    desk.switch_account();
    let vpc = desk.make("CreateVpc", "CidrBlock=10.0.0.0/16", "vpcId");
    assert!(!desk.ok("DescribeDhcpOptions", "").contains(&set));
    for (action, parameters) in [
        ("DeleteDhcpOptions", format!("DhcpOptionsId={set}")),
        (
            "AssociateDhcpOptions",
            format!("VpcId={vpc}&DhcpOptionsId={set}"),
        ),
    ] {
        let code = desk.fault(action, &parameters).code;
        assert_eq!(code, "InvalidDhcpOptionID.NotFound", "{action}");
    }
    let malformed = desk.fault("DeleteDhcpOptions", "DhcpOptionsId=dopt-1");
    assert_eq!(malformed.code, "InvalidDhcpOptionsId.Malformed");
}
