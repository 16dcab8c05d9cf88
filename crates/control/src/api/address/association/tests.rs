//! Elastic IP addresses of interfaces, through the dispatcher.

use crate::api::scene::Scene;
use crate::api::tests::first;

const ASSOCIATE: &str = "AssociateAddress";
const DISASSOCIATE: &str = "DisassociateAddress";

/// A scene whose provider has a way out; an interface there with a secondary address.
fn with_gateway() -> (Scene, String) {
    let mut scene = Scene::new();
    let gateway = scene
        .desk
        .make("CreateInternetGateway", "", "internetGatewayId");
    let parameters = format!("InternetGatewayId={gateway}&VpcId={}", scene.vpcs[0]);
    scene.desk.ok("AttachInternetGateway", &parameters);
    let eni = interface(&mut scene);
    (scene, eni)
}

fn interface(scene: &mut Scene) -> String {
    let subnet = &scene.provider_subnets[0];
    let parameters = format!("SubnetId={subnet}&SecondaryPrivateIpAddressCount=1");
    scene
        .desk
        .make("CreateNetworkInterface", &parameters, "networkInterfaceId")
}

/// An address: its id and what it is.
fn address(scene: &mut Scene) -> (String, String) {
    let made = scene.desk.ok("AllocateAddress", "");
    let find = |element| first(&made, element).unwrap();
    (find("allocationId"), find("publicIp"))
}

fn give(address: &str, eni: &str, more: &str) -> String {
    format!("AllocationId={address}&NetworkInterfaceId={eni}{more}")
}

fn listed(scene: &mut Scene, address: &str) -> String {
    scene
        .desk
        .ok("DescribeAddresses", &format!("AllocationId.1={address}"))
}

#[test]
fn an_address_is_given_shown_and_taken_back() {
    let (mut scene, eni) = with_gateway();
    let (address, ip) = address(&mut scene);
    let request = give(&address, &eni, "&PrivateIpAddress=10.0.0.5");
    let id = scene.desk.make(ASSOCIATE, &request, "associationId");
    assert!(id.starts_with("eipassoc-"), "{id}");
    // The same again is the same.
    assert_eq!(scene.desk.make(ASSOCIATE, &request, "associationId"), id);
    let of = |name: &str, value: &str| format!("Filter.1.Name={name}&Filter.1.Value.1={value}");
    let parts = [
        format!("<associationId>{id}</associationId>"),
        format!("<networkInterfaceId>{eni}</networkInterfaceId>"),
        "<privateIpAddress>10.0.0.5</privateIpAddress>".into(),
        "<networkInterfaceOwnerId>123456789012</networkInterfaceOwnerId>".into(),
        "<domain>vpc</domain>".into(),
    ];
    for (name, value) in [
        ("association-id", id.as_str()),
        ("network-interface-id", &eni),
        ("network-interface-owner-id", "123456789012"),
        ("private-ip-address", "10.0.0.5"),
    ] {
        let text = scene.desk.ok("DescribeAddresses", &of(name, value));
        for part in &parts {
            assert!(text.contains(part), "{name}: {part} in {text}");
        }
    }
    let parts = [
        format!("<allocationId>{address}</allocationId>"),
        format!("<associationId>{id}</associationId>"),
        "<ipOwnerId>123456789012</ipOwnerId>".into(),
        format!("<publicIp>{ip}</publicIp>"),
    ];
    let text = scene.desk.ok(
        "DescribeNetworkInterfaces",
        &of("addresses.association.public-ip", &ip),
    );
    for part in &parts {
        assert_eq!(text.matches(part).count(), 1, "{part} in {text}");
    }
    // That is not the interface's own association: it is of a secondary address.
    let none = scene.desk.ok(
        "DescribeNetworkInterfaces",
        &of("association.public-ip", &ip),
    );
    assert!(!none.contains(&eni), "{none}");
    let (other, second) = self::address(&mut scene);
    scene.desk.ok(ASSOCIATE, &give(&other, &eni, ""));
    for (name, value) in [
        ("association.public-ip", second.as_str()),
        ("association.allocation-id", &other),
        ("association.ip-owner-id", "123456789012"),
        ("association.association-id", "eipassoc-*"),
    ] {
        let text = scene.desk.ok("DescribeNetworkInterfaces", &of(name, value));
        assert_eq!(text.matches(&second).count(), 2, "{name}: {text}");
    }
    let request = format!("AssociationId={id}");
    scene.desk.ok(DISASSOCIATE, &request);
    assert!(!listed(&mut scene, &address).contains("associationId"));
    let gone = scene.desk.fault(DISASSOCIATE, &request);
    assert_eq!(gone.code, "InvalidAssociationID.NotFound");
    scene
        .desk
        .ok("ReleaseAddress", &format!("AllocationId={address}"));
}

#[test]
fn an_address_moves_unless_the_caller_says_no() {
    let (mut scene, a) = with_gateway();
    let b = interface(&mut scene);
    let [(one, _), (two, _)] = [(); 2].map(|()| address(&mut scene));
    let id = scene
        .desk
        .make(ASSOCIATE, &give(&one, &a, ""), "associationId");
    let stay = "&AllowReassociation=false";
    for (request, word) in [
        (give(&one, &b, stay), id.as_str()),
        (give(&two, &a, stay), &one),
    ] {
        let fault = scene.desk.fault(ASSOCIATE, &request);
        assert_eq!(fault.code, "Resource.AlreadyAssociated");
        assert!(fault.message.contains(word), "{}", fault.message);
    }
    scene.desk.ok(ASSOCIATE, &give(&one, &b, ""));
    assert!(listed(&mut scene, &one).contains(&b));
    // The interface's other address has to go.
    scene
        .desk
        .ok(ASSOCIATE, &give(&two, &b, "&AllowReassociation=true"));
    assert!(listed(&mut scene, &two).contains(&b));
    assert!(!listed(&mut scene, &one).contains("eni-"));
}

#[test]
fn an_associated_address_is_not_released() {
    let (mut scene, eni) = with_gateway();
    let (address, _) = address(&mut scene);
    scene.desk.ok(ASSOCIATE, &give(&address, &eni, ""));
    let release = format!("AllocationId={address}");
    let fault = scene.desk.fault("ReleaseAddress", &release);
    assert_eq!(fault.code, "InvalidIPAddress.InUse");
    assert!(fault.message.contains(&eni), "{}", fault.message);
    let nat = format!(
        "SubnetId={}&AllocationId={address}",
        scene.provider_subnets[0]
    );
    let fault = scene.desk.fault("CreateNatGateway", &nat);
    assert_eq!(fault.code, "Resource.AlreadyAssociated");
    // Nor is the way out closed.
    let gateways = scene.desk.ok("DescribeInternetGateways", "");
    let gateway = first(&gateways, "internetGatewayId").unwrap();
    let detach = format!("InternetGatewayId={gateway}&VpcId={}", scene.vpcs[0]);
    let fault = scene.desk.fault("DetachInternetGateway", &detach);
    assert_eq!(fault.code, "DependencyViolation");
    assert!(fault.message.contains(&address), "{}", fault.message);
    // It outlives its interface.
    scene.desk.ok(
        "DeleteNetworkInterface",
        &format!("NetworkInterfaceId={eni}"),
    );
    assert!(!listed(&mut scene, &address).contains("associationId"));
    scene.desk.ok("DetachInternetGateway", &detach);
    scene.desk.ok("ReleaseAddress", &release);
}

#[test]
fn an_address_follows_its_private_address() {
    let (mut scene, a) = with_gateway();
    let b = interface(&mut scene);
    let (address, _) = address(&mut scene);
    scene
        .desk
        .ok(ASSOCIATE, &give(&address, &a, "&PrivateIpAddress=10.0.0.5"));
    let moved = format!("NetworkInterfaceId={b}&PrivateIpAddress.1=10.0.0.5");
    scene.desk.ok(
        "AssignPrivateIpAddresses",
        &format!("{moved}&AllowReassignment=true"),
    );
    assert!(listed(&mut scene, &address).contains(&b));
    scene.desk.ok("UnassignPrivateIpAddresses", &moved);
    assert!(!listed(&mut scene, &address).contains("associationId"));
}

#[test]
fn what_cannot_be_is_refused() {
    let (mut scene, eni) = with_gateway();
    let (address, ip) = address(&mut scene);
    let (used, _) = self::address(&mut scene);
    let nat = format!("SubnetId={}&AllocationId={used}", scene.provider_subnets[0]);
    scene.desk.ok("CreateNatGateway", &nat);
    let text = listed(&mut scene, &used);
    let [of_nat, nats] =
        ["associationId", "networkInterfaceId"].map(|it| first(&text, it).unwrap());
    let (a, e) = (
        format!("AllocationId={address}"),
        format!("NetworkInterfaceId={eni}"),
    );
    for (action, parameters, code) in [
        (ASSOCIATE, e.clone(), "MissingParameter"),
        (ASSOCIATE, a.clone(), "MissingParameter"),
        (
            ASSOCIATE,
            format!("{a}&{e}&PublicIp={ip}"),
            "InvalidParameterCombination",
        ),
        (
            ASSOCIATE,
            format!("{e}&PublicIp={ip}"),
            "InvalidParameterValue",
        ),
        (
            ASSOCIATE,
            format!("{a}&InstanceId=i-0123456789abcdef0"),
            "UnsupportedOperation",
        ),
        (
            ASSOCIATE,
            format!("{a}&{e}&PrivateIpAddress=10.0.0.99"),
            "InvalidParameterValue",
        ),
        (
            ASSOCIATE,
            format!("{a}&{e}&PrivateIpAddress=here"),
            "InvalidParameterValue",
        ),
        (
            ASSOCIATE,
            give(&address, &nats, ""),
            "OperationNotPermitted",
        ),
        (
            ASSOCIATE,
            give(&used, &eni, ""),
            "Resource.AlreadyAssociated",
        ),
        (
            ASSOCIATE,
            give("eipalloc-1", &eni, ""),
            "InvalidAllocationID.Malformed",
        ),
        (DISASSOCIATE, String::new(), "MissingParameter"),
        (
            DISASSOCIATE,
            format!("PublicIp={ip}"),
            "InvalidParameterValue",
        ),
        (
            DISASSOCIATE,
            format!("PublicIp={ip}&AssociationId={of_nat}"),
            "InvalidParameterCombination",
        ),
        (
            DISASSOCIATE,
            "AssociationId=eipassoc-1".into(),
            "InvalidAssociationID.Malformed",
        ),
        (
            DISASSOCIATE,
            format!("AssociationId={of_nat}"),
            "OperationNotPermitted",
        ),
    ] {
        let fault = scene.desk.fault(action, &parameters);
        assert_eq!(fault.code, code, "{action} {parameters}: {}", fault.message);
    }
    // A NAT gateway's interface shows its address.
    let by = format!("NetworkInterfaceId.1={nats}");
    let text = scene.desk.ok("DescribeNetworkInterfaces", &by);
    assert!(text.contains(&of_nat), "{text}");
    let id = scene
        .desk
        .make(ASSOCIATE, &give(&address, &eni, ""), "associationId");
    let subnet = scene.subnets[0].clone();
    scene.consumer(|desk| {
        let made = format!("SubnetId={subnet}");
        let eni = desk.make("CreateNetworkInterface", &made, "networkInterfaceId");
        let own = desk.make("AllocateAddress", "", "allocationId");
        for (action, parameters, code) in [
            (
                ASSOCIATE,
                give(&address, &eni, ""),
                "InvalidAllocationID.NotFound",
            ),
            (
                ASSOCIATE,
                give(&own, &nats, ""),
                "InvalidNetworkInterfaceID.NotFound",
            ),
            // This VPC has no way out.
            (ASSOCIATE, give(&own, &eni, ""), "Gateway.NotAttached"),
            (
                DISASSOCIATE,
                format!("AssociationId={id}"),
                "InvalidAssociationID.NotFound",
            ),
        ] {
            let fault = desk.fault(action, &parameters);
            assert_eq!(fault.code, code, "{action} {parameters}: {}", fault.message);
        }
    });
}
