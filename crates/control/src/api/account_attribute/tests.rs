//! Account attributes through the dispatcher.

use crate::api::tests::Desk;

#[test]
fn attributes_follow_quotas_and_the_default_vpc() {
    let mut desk = Desk::new();
    let all = desk.ok("DescribeAccountAttributes", "");
    assert_eq!(all.matches("<attributeName>").count(), 6, "{all}");
    assert!(
        all.contains("<attributeValue>VPC</attributeValue>"),
        "{all}"
    );
    let ask = |name: &str| format!("AttributeName.1={name}");
    let value = |desk: &mut Desk, name: &str| {
        desk.make("DescribeAccountAttributes", &ask(name), "attributeValue")
    };
    assert_eq!(value(&mut desk, "default-vpc"), "none");
    let vpc = desk.make("CreateDefaultVpc", "", "vpcId");
    assert_eq!(value(&mut desk, "default-vpc"), vpc);
    desk.set_quota("L-0263D0A3=77");
    assert_eq!(value(&mut desk, "vpc-max-elastic-ips"), "77");
    let fault = desk.fault("DescribeAccountAttributes", &ask("colour"));
    assert_eq!(fault.code, "InvalidParameterValue");
    assert!(fault.message.contains("default-vpc"), "{}", fault.message);
}
