//! Attributes and attachments through the dispatcher.

use model::id::InterfaceId;
use model::interface::{Attachment, Interface, Role};

use crate::api::scene::Scene;
use crate::api::tests::first;

const MODIFY: &str = "ModifyNetworkInterfaceAttribute";
const DESCRIBE: &str = "DescribeNetworkInterfaceAttribute";

/// An interface of the provider.
fn workload(scene: &mut Scene) -> String {
    let parameters = format!("SubnetId={}", scene.provider_subnets[0]);
    scene
        .desk
        .make("CreateNetworkInterface", &parameters, "networkInterfaceId")
}

/// A load balancer's interface.
fn managed(scene: &mut Scene) -> (String, String) {
    scene.balancer("orders");
    let filter = "Filter.1.Name=requester-managed&Filter.1.Value.1=true";
    let listed = scene.desk.ok("DescribeNetworkInterfaces", filter);
    let find = |element| first(&listed, element).unwrap();
    (find("networkInterfaceId"), find("attachmentId"))
}

/// What `ginnel attach` does to the World.
fn bind(scene: &mut Scene, eni: &str) -> String {
    let id: InterfaceId = eni.parse().unwrap();
    let mut interface = Interface::clone(&scene.desk.world.interfaces[&id]);
    let bound = Attachment {
        id: scene.desk.call.id(),
        namespace: "/run/netns/a".into(),
        device: "eth1".into(),
        since: scene.desk.call.now,
    };
    let attachment_id = bound.id.to_string();
    let Role::Workload { attachment, .. } = &mut interface.role else {
        panic!("{interface:?}");
    };
    *attachment = Some(bound);
    scene.apply(&[interface.into()]);
    attachment_id
}

#[test]
fn attributes_are_changed_and_shown() {
    let mut scene = Scene::new();
    let eni = workload(&mut scene);
    let parameters = format!("VpcId={}&GroupName=a&GroupDescription=d", scene.vpcs[0]);
    let group = scene
        .desk
        .make("CreateSecurityGroup", &parameters, "groupId");
    let of = format!("NetworkInterfaceId={eni}");
    for (change, attribute, part) in [
        (
            "Description.Value=db",
            "description",
            "<description><value>db</value></description>".to_owned(),
        ),
        (
            &format!("SecurityGroupId.1={group}"),
            "groupSet",
            format!("<groupId>{group}</groupId>"),
        ),
        (
            "SourceDestCheck.Value=false",
            "sourceDestCheck",
            "<sourceDestCheck><value>false</value></sourceDestCheck>".to_owned(),
        ),
        (
            "SourceDestCheck.Value=true",
            "sourceDestCheck",
            "<sourceDestCheck><value>true</value></sourceDestCheck>".to_owned(),
        ),
    ] {
        scene.desk.ok(MODIFY, &format!("{of}&{change}"));
        let text = scene
            .desk
            .ok(DESCRIBE, &format!("{of}&Attribute={attribute}"));
        assert!(text.contains(&part), "{part} in {text}");
        assert!(text.contains(&eni), "{text}");
    }
    let text = scene
        .desk
        .ok(DESCRIBE, &format!("{of}&Attribute=attachment"));
    assert!(!text.contains("<attachment>"), "{text}");
    let attachment = bind(&mut scene, &eni);
    let text = scene
        .desk
        .ok(DESCRIBE, &format!("{of}&Attribute=attachment"));
    assert!(text.contains(&attachment), "{text}");
}

#[test]
fn the_check_of_addresses_is_reset() {
    let mut scene = Scene::new();
    let eni = workload(&mut scene);
    let (theirs, _) = managed(&mut scene);
    let of = format!("NetworkInterfaceId={eni}");
    let off = format!("{of}&SourceDestCheck.Value=false");
    let filter = "Filter.1.Name=source-dest-check&Filter.1.Value.1=false";
    let unchecked = |scene: &mut Scene| {
        let listed = scene.desk.ok("DescribeNetworkInterfaces", filter);
        listed.contains(&eni)
    };
    assert!(!unchecked(&mut scene));
    scene.desk.ok(MODIFY, &off);
    assert!(unchecked(&mut scene));
    let reset = "ResetNetworkInterfaceAttribute";
    for (parameters, code) in [
        (of.clone(), "MissingParameter"),
        (
            format!("NetworkInterfaceId={theirs}&SourceDestCheck=true"),
            "OperationNotPermitted",
        ),
    ] {
        assert_eq!(scene.desk.fault(reset, &parameters).code, code);
    }
    let parameters = format!("{of}&SourceDestCheck=true");
    scene.desk.ok(reset, &parameters);
    assert!(!unchecked(&mut scene));
    let fault = scene.consumer(|desk| desk.fault(reset, &parameters));
    assert_eq!(fault.code, "InvalidNetworkInterfaceID.NotFound");
}

#[test]
fn refusals_of_modify() {
    let mut scene = Scene::new();
    let eni = workload(&mut scene);
    let (theirs, _) = managed(&mut scene);
    let of = format!("NetworkInterfaceId={eni}");
    for (parameters, code) in [
        (of.clone(), "MissingParameter"),
        (
            format!("{of}&Attachment.AttachmentId=x&Attachment.DeleteOnTermination=true"),
            "UnsupportedOperation",
        ),
        (
            format!("{of}&SourceDestCheck.Value=true&Description.Value=a"),
            "InvalidParameterCombination",
        ),
        (
            format!("{of}&Description.Value={}", "x".repeat(256)),
            "InvalidParameterValue",
        ),
        (
            format!("{of}&SecurityGroupId.1=sg-00000000000000000"),
            "InvalidGroup.NotFound",
        ),
        (
            format!("NetworkInterfaceId={theirs}&Description.Value=a"),
            "OperationNotPermitted",
        ),
    ] {
        let fault = scene.desk.fault(MODIFY, &parameters);
        assert_eq!(fault.code, code, "{parameters}: {}", fault.message);
    }
    for (parameters, code) in [
        (of.clone(), "MissingParameter"),
        (format!("{of}&Attribute=colour"), "InvalidParameterValue"),
    ] {
        let fault = scene.desk.fault(DESCRIBE, &parameters);
        assert_eq!(fault.code, code, "{parameters}: {}", fault.message);
    }
    let change = format!("{of}&Description.Value=a");
    let fault = scene.consumer(|desk| desk.fault(MODIFY, &change));
    assert_eq!(fault.code, "InvalidNetworkInterfaceID.NotFound");
}

#[test]
fn there_is_nothing_to_attach_to() {
    let mut scene = Scene::new();
    let eni = workload(&mut scene);
    let (theirs, _) = managed(&mut scene);
    for (interface, instance, code) in [
        (&eni, "i-0123456789abcdef0", "InvalidInstanceID.NotFound"),
        (&eni, "i-1", "InvalidInstanceID.Malformed"),
        (&theirs, "i-0123456789abcdef0", "OperationNotPermitted"),
    ] {
        let parameters =
            format!("NetworkInterfaceId={interface}&InstanceId={instance}&DeviceIndex=1");
        let fault = scene.desk.fault("AttachNetworkInterface", &parameters);
        assert_eq!(fault.code, code, "{}", fault.message);
        if code == "InvalidInstanceID.NotFound" {
            let hint = format!("ginnel attach {eni}");
            assert!(fault.message.contains(&hint), "{}", fault.message);
        }
    }
}

#[test]
fn an_attachment_is_taken_back() {
    let mut scene = Scene::new();
    let eni = workload(&mut scene);
    let (_, theirs) = managed(&mut scene);
    let attachment = bind(&mut scene, &eni);
    let detach = |id: &str| format!("AttachmentId={id}&Force=true");
    let foreign = scene.consumer(|desk| desk.fault("DetachNetworkInterface", &detach(&attachment)));
    assert_eq!(foreign.code, "InvalidAttachmentID.NotFound");
    scene
        .desk
        .ok("DetachNetworkInterface", &detach(&attachment));
    let listed = scene.desk.ok(
        "DescribeNetworkInterfaces",
        &format!("NetworkInterfaceId.1={eni}"),
    );
    assert!(listed.contains("<status>available</status>"), "{listed}");
    for (id, code) in [
        (attachment.as_str(), "InvalidAttachmentID.NotFound"),
        ("eni-attach-1", "InvalidAttachmentID.Malformed"),
        (theirs.as_str(), "OperationNotPermitted"),
        (
            "ela-attach-00000000000000000",
            "InvalidAttachmentID.NotFound",
        ),
    ] {
        let fault = scene.desk.fault("DetachNetworkInterface", &detach(id));
        assert_eq!(fault.code, code, "{id}: {}", fault.message);
    }
    scene.desk.ok(
        "DeleteNetworkInterface",
        &format!("NetworkInterfaceId={eni}"),
    );
}

#[test]
fn an_account_has_a_most_of_interfaces() {
    let mut scene = Scene::new();
    workload(&mut scene);
    let few = ["L-DF5E4CA3=1".to_owned()];
    scene.desk.call.quotas = std::sync::Arc::new(crate::api::quota::Quotas::parse(&few).unwrap());
    let parameters = format!("SubnetId={}", scene.provider_subnets[0]);
    let fault = scene.desk.fault("CreateNetworkInterface", &parameters);
    assert_eq!(fault.code, "NetworkInterfaceLimitExceeded");
    assert!(
        fault.message.contains("--quota L-DF5E4CA3=2"),
        "{}",
        fault.message
    );
}
