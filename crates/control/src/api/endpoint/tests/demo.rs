//! The calls of `ginnel demo`, in its order, with every handler that it reaches.

use crate::api::tests::Desk;

fn tenant(desk: &mut Desk) -> (String, String) {
    let vpc = desk.make("CreateVpc", "CidrBlock=10.0.0.0/16", "vpcId");
    let subnet = format!("VpcId={vpc}&CidrBlock=10.0.1.0/24&AvailabilityZone=us-east-1a");
    let subnet = desk.make("CreateSubnet", &subnet, "subnetId");
    (vpc, subnet)
}

#[test]
fn both_tenants_get_through() {
    let mut desk = Desk::new();
    let (vpc, subnet) = tenant(&mut desk);
    for ip in ["10.0.1.10", "10.0.1.11"] {
        let eni = format!("SubnetId={subnet}&PrivateIpAddress={ip}");
        desk.ok("CreateNetworkInterface", &eni);
    }
    let balancer = desk.make(
        "elbv2:CreateLoadBalancer",
        &format!("Name=orders&Type=network&Scheme=internal&Subnets.member.1={subnet}"),
        "LoadBalancerArn",
    );
    let group = desk.make(
        "elbv2:CreateTargetGroup",
        &format!("Name=orders&Protocol=TCP&Port=8080&TargetType=ip&VpcId={vpc}"),
        "TargetGroupArn",
    );
    desk.ok(
        "elbv2:RegisterTargets",
        &format!(
            "TargetGroupArn={group}&Targets.member.1.Id=10.0.1.10&Targets.member.2.Id=10.0.1.11"
        ),
    );
    desk.ok(
        "elbv2:CreateListener",
        &crate::api::scene::listener(&balancer, &group, "TCP", 80),
    );
    let service = desk.make(
        "CreateVpcEndpointServiceConfiguration",
        &format!("NetworkLoadBalancerArn.1={balancer}&AcceptanceRequired=true"),
        "serviceId",
    );
    desk.switch_account();
    let consumer = desk.call.account;
    desk.switch_account();
    desk.ok(
        "ModifyVpcEndpointServicePermissions",
        &format!("ServiceId={service}&AddAllowedPrincipals.1=arn:aws:iam::{consumer}:root"),
    );

    desk.switch_account();
    let (vpc, subnet) = tenant(&mut desk);
    let doors = desk.make(
        "CreateSecurityGroup",
        &format!("GroupName=endpoint&GroupDescription=endpoint&VpcId={vpc}"),
        "groupId",
    );
    let endpoint = desk.make(
        "CreateVpcEndpoint",
        &format!(
            "VpcEndpointType=Interface&VpcId={vpc}&ServiceName=com.amazonaws.vpce.us-east-1.{service}&SubnetId.1={subnet}&SecurityGroupId.1={doors}"
        ),
        "vpcEndpointId",
    );
    let in_use = desk.fault("DeleteSecurityGroup", &format!("GroupId={doors}"));
    assert_eq!(in_use.code, "DependencyViolation");
    let by = format!("Filter.1.Name=description&Filter.1.Value.1=*{endpoint}*");
    let address = desk.make("DescribeNetworkInterfaces", &by, "privateIpAddress");
    assert_eq!(address, "10.0.1.4");
    desk.switch_account();
    desk.ok(
        "AcceptVpcEndpointConnections",
        &format!("ServiceId={service}&VpcEndpointId.1={endpoint}"),
    );
    desk.switch_account();
    let one = format!("VpcEndpointId.1={endpoint}");
    assert_eq!(desk.make("DescribeVpcEndpoints", &one, "state"), "pending");
    let managed = desk.world.endpoints.values().next().unwrap().interfaces[0];
    let fault = desk.fault(
        "DeleteNetworkInterface",
        &format!("NetworkInterfaceId={managed}"),
    );
    assert_eq!(fault.code, "OperationNotPermitted");
}
