//! Elastic IP addresses through the dispatcher.

use std::collections::BTreeSet;

use crate::api::tests::{Desk, first};

#[test]
fn an_address_is_allocated_listed_and_released() {
    let mut desk = Desk::new();
    let made = desk.ok("AllocateAddress", "Domain=vpc&PublicIpv4Pool=amazon");
    let id = first(&made, "allocationId").unwrap();
    let ip = first(&made, "publicIp").unwrap();
    for part in [
        "<domain>vpc</domain>",
        "<networkBorderGroup>us-east-1</networkBorderGroup>",
        "<publicIpv4Pool>amazon</publicIpv4Pool>",
    ] {
        assert!(made.contains(part), "{part} in {made}");
    }
    assert!(
        ip.starts_with("198.18.") || ip.starts_with("198.19."),
        "{ip}"
    );
    let other = desk.make("AllocateAddress", "", "allocationId");
    for (request, found) in [
        (format!("AllocationId.1={id}"), [true, false]),
        (format!("PublicIp.1={ip}"), [true, false]),
        (
            format!("PublicIp.1={ip}&AllocationId.1={other}"),
            [true, true],
        ),
        (
            format!("PublicIp.1={ip}&AllocationId.1={id}"),
            [true, false],
        ),
        (
            format!("Filter.1.Name=public-ip&Filter.1.Value.1={ip}"),
            [true, false],
        ),
        (
            "Filter.1.Name=domain&Filter.1.Value.1=vpc".into(),
            [true, true],
        ),
        (
            "Filter.1.Name=association-id&Filter.1.Value.1=*".into(),
            [false, false],
        ),
    ] {
        let listed = desk.ok("DescribeAddresses", &request);
        let has = [&id, &other].map(|id| listed.contains(id));
        assert_eq!(has, found, "{request}");
        let ids = listed.matches("<allocationId>").count();
        assert_eq!(ids, has.iter().filter(|has| **has).count(), "{listed}");
    }
    let names = desk.ok(
        "DescribeAddressesAttribute",
        &format!("AllocationId.1={id}&Attribute=domain-name"),
    );
    assert!(names.contains(&ip) && !names.contains(&other), "{names}");
    desk.ok("ReleaseAddress", &format!("AllocationId={id}"));
    let gone = desk.fault("DescribeAddresses", &format!("AllocationId.1={id}"));
    assert_eq!(gone.code, "InvalidAllocationID.NotFound");
    let gone = desk.fault("DescribeAddresses", &format!("PublicIp.1={ip}"));
    assert_eq!(gone.code, "InvalidAddress.NotFound");
}

#[test]
fn nobody_has_the_address_of_another() {
    let mut desk = Desk::new();
    desk.set_quota("L-0263D0A3=100");
    let mut ips = BTreeSet::new();
    for _ in 0..100 {
        ips.insert(desk.make("AllocateAddress", "", "publicIp"));
        desk.switch_account();
        ips.insert(desk.make("AllocateAddress", "", "publicIp"));
        desk.switch_account();
    }
    assert_eq!(ips.len(), 200);
    let fault = desk.fault("AllocateAddress", "");
    assert_eq!(fault.code, "AddressLimitExceeded");
}

#[test]
fn what_cannot_be_is_refused() {
    let mut desk = Desk::new();
    let made = desk.ok("AllocateAddress", "");
    let id = first(&made, "allocationId").unwrap();
    let ip = first(&made, "publicIp").unwrap();
    for (action, request, code) in [
        (
            "AllocateAddress",
            "Domain=standard".into(),
            "InvalidParameterValue",
        ),
        (
            "AllocateAddress",
            "Address=198.18.0.1".into(),
            "UnsupportedOperation",
        ),
        (
            "AllocateAddress",
            "PublicIpv4Pool=mine".into(),
            "UnsupportedOperation",
        ),
        (
            "AllocateAddress",
            "NetworkBorderGroup=us-west-2".into(),
            "InvalidParameterValue",
        ),
        ("ReleaseAddress", String::new(), "MissingParameter"),
        (
            "ReleaseAddress",
            format!("PublicIp={ip}"),
            "InvalidParameterValue",
        ),
        (
            "ReleaseAddress",
            format!("PublicIp={ip}&AllocationId={id}"),
            "InvalidParameterCombination",
        ),
        (
            "ReleaseAddress",
            "AllocationId=eipalloc-1".into(),
            "InvalidAllocationID.Malformed",
        ),
        (
            "DescribeAddresses",
            "PublicIp.1=here".into(),
            "InvalidAddress.Malformed",
        ),
        (
            "DescribeAddresses",
            format!("PublicIp.1={id}"),
            "InvalidAddress.Malformed",
        ),
        (
            "DescribeAddressesAttribute",
            "Attribute=colour".into(),
            "InvalidParameterValue",
        ),
    ] {
        assert_eq!(
            desk.fault(action, &request).code,
            code,
            "{action} {request}"
        );
    }
    desk.switch_account();
    for (action, request, code) in [
        (
            "ReleaseAddress",
            format!("AllocationId={id}"),
            "InvalidAllocationID.NotFound",
        ),
        (
            "DescribeAddresses",
            format!("PublicIp.1={ip}"),
            "InvalidAddress.NotFound",
        ),
    ] {
        assert_eq!(desk.fault(action, &request).code, code, "{action}");
    }
    assert!(!desk.ok("DescribeAddresses", "").contains(&id));
}
