//! Internet gateways through the dispatcher.

use crate::api::tests::Desk;

#[test]
fn a_gateway_is_made_attached_detached_and_removed() {
    let mut desk = Desk::new();
    let vpc = desk.make("CreateVpc", "CidrBlock=10.0.0.0/16", "vpcId");
    let gateway = desk.make("CreateInternetGateway", "", "internetGatewayId");
    let second = desk.make("CreateInternetGateway", "", "internetGatewayId");
    let both = |gateway: &str| format!("InternetGatewayId={gateway}&VpcId={vpc}");
    let id = format!("InternetGatewayId={gateway}");
    let fault = desk.fault("DetachInternetGateway", &both(&gateway));
    assert_eq!(fault.code, "Gateway.NotAttached");
    desk.ok("AttachInternetGateway", &both(&gateway));
    let fault = desk.fault("AttachInternetGateway", &both(&gateway));
    assert_eq!(fault.code, "Resource.AlreadyAssociated");
    let fault = desk.fault("AttachInternetGateway", &both(&second));
    assert_eq!(fault.code, "InvalidParameterValue");
    assert!(fault.message.contains(&gateway), "{}", fault.message);
    for (filter, found) in [
        (
            format!("attachment.vpc-id&Filter.1.Value.1={vpc}"),
            [true, false],
        ),
        (
            "attachment.vpc-id&Filter.1.Value.1=vpc-*".into(),
            [true, false],
        ),
        (
            "attachment.state&Filter.1.Value.1=available".into(),
            [true, false],
        ),
        (
            format!("internet-gateway-id&Filter.1.Value.1={second}"),
            [false, true],
        ),
        (
            "owner-id&Filter.1.Value.1=123456789012".into(),
            [true, true],
        ),
    ] {
        let listed = desk.ok(
            "DescribeInternetGateways",
            &format!("Filter.1.Name={filter}"),
        );
        let has = [&gateway, &second].map(|id| listed.contains(id));
        assert_eq!(has, found, "{filter}");
    }
    let fault = desk.fault("DeleteInternetGateway", &id);
    assert_eq!(fault.code, "DependencyViolation");
    assert!(fault.message.contains(&vpc), "{}", fault.message);
    desk.ok("DetachInternetGateway", &both(&gateway));
    desk.ok("DeleteInternetGateway", &id);
    let gone = format!("InternetGatewayId.1={gateway}");
    let fault = desk.fault("DescribeInternetGateways", &gone);
    assert_eq!(fault.code, "InvalidInternetGatewayID.NotFound");
}

#[test]
fn a_public_nat_gateway_holds_the_gateway() {
    let mut desk = Desk::new();
    let vpc = desk.make("CreateDefaultVpc", "", "vpcId");
    let subnet = desk.make("DescribeSubnets", "", "subnetId");
    let gateway = desk.make("DescribeInternetGateways", "", "internetGatewayId");
    let address = desk.make("AllocateAddress", "", "allocationId");
    let nat = format!("SubnetId={subnet}&AllocationId={address}");
    let nat = desk.make("CreateNatGateway", &nat, "natGatewayId");
    let request = format!("InternetGatewayId={gateway}&VpcId={vpc}");
    let fault = desk.fault("DetachInternetGateway", &request);
    assert_eq!(fault.code, "DependencyViolation");
    assert!(fault.message.contains(&nat), "{}", fault.message);
    desk.ok("DeleteNatGateway", &format!("NatGatewayId={nat}"));
    desk.ok("DetachInternetGateway", &request);
}

#[test]
fn another_accounts_gateway_does_not_exist() {
    let mut desk = Desk::new();
    desk.set_quota("L-A4707A72=1");
    let gateway = desk.make("CreateInternetGateway", "", "internetGatewayId");
    let fault = desk.fault("CreateInternetGateway", "");
    assert_eq!(fault.code, "InternetGatewayLimitExceeded");
    desk.switch_account();
    let vpc = desk.make("CreateVpc", "CidrBlock=10.0.0.0/16", "vpcId");
    let both = format!("InternetGatewayId={gateway}&VpcId={vpc}");
    for (action, parameters) in [
        ("AttachInternetGateway", both.clone()),
        ("DetachInternetGateway", both),
        (
            "DeleteInternetGateway",
            format!("InternetGatewayId={gateway}"),
        ),
        (
            "DescribeInternetGateways",
            format!("InternetGatewayId.1={gateway}"),
        ),
    ] {
        let code = desk.fault(action, &parameters).code;
        assert_eq!(code, "InvalidInternetGatewayID.NotFound", "{action}");
    }
    assert!(!desk.ok("DescribeInternetGateways", "").contains(&gateway));
    let malformed = desk.fault("DeleteInternetGateway", "InternetGatewayId=igw-1");
    assert_eq!(malformed.code, "InvalidInternetGatewayID.Malformed");
}
