//! Changes to endpoints through the dispatcher.

use crate::api::scene::Scene;

const MODIFY: &str = "ModifyVpcEndpoint";

#[test]
fn subnets_come_and_go() {
    let mut scene = Scene::new();
    let service = scene.service("orders", false);
    let endpoint = scene.endpoint(&service);
    let id = endpoint.parse().unwrap();
    let opened = scene.desk.world.endpoints[&id].opened;
    let [a, b, c, second_a] = [0, 1, 2, 3].map(|at| scene.subnets[at].clone());
    let base = format!("VpcEndpointId={endpoint}");
    scene.consumer(|desk| {
        desk.ok(
            MODIFY,
            &format!("{base}&AddSubnetId.1={b}&SubnetConfiguration.1.SubnetId={b}&SubnetConfiguration.1.Ipv4=10.0.1.99"),
        )
    });
    let now = &scene.desk.world.endpoints[&id];
    assert_eq!((now.interfaces.len(), now.opened), (2, opened));
    let mut enis = scene.desk.world.interfaces.values();
    assert!(enis.any(|eni| eni.ip.to_string() == "10.0.1.99"));
    // A subnet that is there is fine; its address stays.
    scene.consumer(|desk| desk.ok(MODIFY, &format!("{base}&AddSubnetId.1={b}")));
    assert_eq!(scene.desk.world.endpoints[&id].interfaces.len(), 2);
    for (change, code) in [
        (format!("AddSubnetId.1={c}"), "InvalidParameter"),
        (
            format!("AddSubnetId.1={second_a}"),
            "DuplicateSubnetsInSameZone",
        ),
        (
            format!("RemoveSubnetId.1={a}&RemoveSubnetId.2={b}"),
            "InvalidParameter",
        ),
        (format!("RemoveSubnetId.1={c}"), "InvalidParameterValue"),
        (
            format!("SubnetConfiguration.1.SubnetId={b}&SubnetConfiguration.1.Ipv4=10.0.1.98"),
            "UnsupportedOperation",
        ),
        ("AddRouteTableId.1=rtb-1".into(), "InvalidParameter"),
        ("PrivateDnsEnabled=true".into(), "InvalidParameter"),
        ("PolicyDocument={}".into(), "InvalidPolicyDocument"),
    ] {
        let fault = scene.consumer(|desk| desk.fault(MODIFY, &format!("{base}&{change}")));
        assert_eq!(fault.code, code, "{change}: {}", fault.message);
    }
    // A zone's subnet is exchanged in one call.
    scene.consumer(|desk| {
        desk.ok(
            MODIFY,
            &format!("{base}&RemoveSubnetId.1={a}&AddSubnetId.1={second_a}"),
        )
    });
    scene.consumer(|desk| desk.ok(MODIFY, &format!("{base}&RemoveSubnetId.1={b}")));
    let now = &scene.desk.world.endpoints[&id];
    assert_eq!((now.interfaces.len(), now.opened), (1, opened));
}

#[test]
fn groups_reach_the_interfaces() {
    let mut scene = Scene::new();
    let service = scene.service("orders", true);
    let endpoint = scene.endpoint(&service);
    let id = endpoint.parse().unwrap();
    let vpc = scene.vpcs[1].parse().unwrap();
    let old = scene.desk.world.vpcs[&vpc].default_group;
    let mut new = scene.desk.world.security_groups[&old].as_ref().clone();
    new.id = scene.desk.call.id();
    new.slot = scene.desk.world.free_group_slot();
    new.name = "doors".into();
    new.rules.clear();
    let group = new.id;
    scene.apply(&[new.into()]);
    let base = format!("VpcEndpointId={endpoint}");
    let swap = format!("{base}&AddSecurityGroupId.1={group}&RemoveSecurityGroupId.1={old}");
    scene.consumer(|desk| desk.ok(MODIFY, &swap));
    assert_eq!(scene.desk.world.endpoints[&id].groups, [group]);
    let eni = scene.desk.world.endpoints[&id].interfaces[0];
    assert_eq!(scene.desk.world.interfaces[&eni].groups, [group]);
    let strange = scene.consumer(|desk| desk.fault(MODIFY, &swap));
    assert_eq!(strange.code, "InvalidParameterValue");
    let last = format!("{base}&RemoveSecurityGroupId.1={group}");
    let fault = scene.consumer(|desk| desk.fault(MODIFY, &last));
    assert_eq!(fault.code, "InvalidParameter");
}

#[test]
fn what_goes_away_does_not_change() {
    let mut scene = Scene::new();
    let service = scene.service("orders", true);
    let endpoint = scene.endpoint(&service);
    let base = format!("VpcEndpointId={endpoint}");
    let fault = scene.desk.fault(MODIFY, &base);
    assert_eq!(fault.code, "InvalidVpcEndpointId.NotFound");
    scene.consumer(|desk| desk.ok("DeleteVpcEndpoints", &format!("VpcEndpointId.1={endpoint}")));
    let fault = scene.consumer(|desk| desk.fault(MODIFY, &base));
    assert_eq!(fault.code, "InvalidState");
}
