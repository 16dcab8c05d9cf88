//! References to security groups through the dispatcher.

use model::id::SecurityGroupId;
use model::world::{Change, Name};

use crate::api::tests::Desk;

#[test]
fn references_from_peerings_are_none() {
    let mut desk = Desk::new();
    let vpc = desk.make("CreateVpc", "CidrBlock=10.0.0.0/16", "vpcId");
    let parameters = format!("VpcId={vpc}&GroupName=a&GroupDescription=d");
    let group = desk.make("CreateSecurityGroup", &parameters, "groupId");
    let describe = "DescribeSecurityGroupReferences";
    let text = desk.ok(describe, &format!("GroupId.1={group}"));
    assert!(!text.contains("<item>"), "{text}");
    assert_eq!(desk.fault(describe, "").code, "MissingParameter");
    desk.switch_account();
    let fault = desk.fault(describe, &format!("GroupId.1={group}"));
    assert_eq!(fault.code, "InvalidGroup.NotFound");
}

#[test]
fn a_rule_that_names_a_group_that_is_gone_is_stale() {
    let mut desk = Desk::new();
    let vpc = desk.make("CreateVpc", "CidrBlock=10.0.0.0/16", "vpcId");
    let [user, gone] = ["user", "gone"].map(|name| {
        let parameters = format!("VpcId={vpc}&GroupName={name}&GroupDescription=d");
        desk.make("CreateSecurityGroup", &parameters, "groupId")
    });
    desk.ok(
        "AuthorizeSecurityGroupIngress",
        &format!("GroupId={user}&IpPermissions.1.IpProtocol=tcp&IpPermissions.1.FromPort=80&IpPermissions.1.ToPort=80&IpPermissions.1.Groups.1.GroupId={gone}"),
    );
    let of_vpc = format!("VpcId={vpc}");
    let text = desk.ok("DescribeStaleSecurityGroups", &of_vpc);
    assert!(!text.contains("<item>"), "{text}");
    let id: SecurityGroupId = gone.parse().unwrap();
    let remove = [Change::Remove(Name::SecurityGroup(id))];
    desk.world = desk.world.apply(&remove, desk.world.revision + 1);
    let text = desk.ok("DescribeStaleSecurityGroups", &of_vpc);
    assert!(text.contains(&user) && text.contains(&gone), "{text}");
    assert_eq!(text.matches("<fromPort>80</fromPort>").count(), 1, "{text}");
    desk.switch_account();
    let fault = desk.fault("DescribeStaleSecurityGroups", &of_vpc);
    assert_eq!(fault.code, "InvalidVpcID.NotFound");
}
