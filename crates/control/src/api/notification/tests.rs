//! Connection notifications, and the messages that they send.

use model::notification::Notice;

use crate::api::scene::Scene;
use crate::api::tests::first;

const CREATE: &str = "CreateVpcEndpointConnectionNotification";
const DESCRIBE: &str = "DescribeVpcEndpointConnectionNotifications";
const MODIFY: &str = "ModifyVpcEndpointConnectionNotification";
const DELETE: &str = "DeleteVpcEndpointConnectionNotifications";

fn topic(scene: &Scene) -> String {
    format!("arn:aws:sns:us-east-1:{}:t", scene.desk.call.account)
}

fn events(names: &[&str]) -> String {
    let numbered = names.iter().enumerate();
    numbered
        .map(|(at, name)| format!("&ConnectionEvents.{}={name}", at + 1))
        .collect()
}

#[test]
fn a_notification_is_made_changed_and_removed() {
    let mut scene = Scene::new();
    let service = scene.service("orders", true);
    let topic = topic(&scene);
    let parameters = format!(
        "ClientToken=t&ServiceId={service}&ConnectionNotificationArn={topic}{}",
        events(&["Reject", "Accept", "Reject"])
    );
    let text = scene.desk.ok(CREATE, &parameters);
    let id = first(&text, "connectionNotificationId").unwrap();
    assert!(id.starts_with("vpce-nfn-"), "{id}");
    for wanted in [
        "<connectionNotificationState>Enabled<",
        "<connectionNotificationType>Topic<",
        "<clientToken>t</clientToken>",
        "<item>Accept</item><item>Reject</item>",
        &format!("<serviceId>{service}<"),
        &format!("<connectionNotificationArn>{topic}<"),
    ] {
        assert!(text.contains(wanted), "{wanted}: {text}");
    }
    let again = scene
        .desk
        .make(CREATE, &parameters, "connectionNotificationId");
    assert_eq!(again, id);
    let one = format!("ConnectionNotificationId={id}");
    let by = format!("Filter.1.Name=service-id&Filter.1.Value.1={service}");
    for ask in [&one, &by, &String::new()] {
        assert!(scene.desk.ok(DESCRIBE, ask).contains(&id), "{ask}");
    }
    scene
        .desk
        .ok(MODIFY, &format!("{one}&ConnectionEvents.1=Delete"));
    let text = scene.desk.ok(DESCRIBE, &one);
    assert!(
        text.contains("<item>Delete</item>") && !text.contains("<item>Accept</item>"),
        "{text}"
    );
    // It is nobody else's.
    for (action, parameters) in [(DESCRIBE, &one), (MODIFY, &one)] {
        let fault = scene.consumer(|desk| desk.fault(action, parameters));
        assert_eq!(fault.code, "InvalidConnectionNotification");
    }
    let remove = format!("ConnectionNotificationId.1={id}&ConnectionNotificationId.2=x");
    let text = scene.desk.ok(DELETE, &remove);
    assert_eq!(first(&text, "resourceId").as_deref(), Some("x"));
    assert_eq!(
        first(&text, "code").as_deref(),
        Some("InvalidConnectionNotification")
    );
    let fault = scene.desk.fault(DESCRIBE, &one);
    assert_eq!(fault.code, "InvalidConnectionNotification");
}

#[test]
fn refusals_of_create() {
    let mut scene = Scene::new();
    let service = scene.service("orders", true);
    let endpoint = scene.endpoint(&service);
    let topic = topic(&scene);
    let about = format!("ServiceId={service}");
    let arn =
        |arn: &str| format!("{about}&ConnectionNotificationArn={arn}&ConnectionEvents.1=Accept");
    for (parameters, code) in [
        (
            format!("ConnectionNotificationArn={topic}&ConnectionEvents.1=Accept"),
            "MissingParameter",
        ),
        (
            format!("{}&VpcEndpointId={endpoint}", arn(&topic)),
            "InvalidParameterCombination",
        ),
        (
            arn(&topic).replace("=Accept", "=accept"),
            "InvalidParameterValue",
        ),
        (arn("x"), "InvalidParameterValue"),
        (arn(&topic.replace("sns", "sqs")), "InvalidParameterValue"),
        (
            arn(&topic.replace("us-east-1", "us-east-2")),
            "InvalidParameterValue",
        ),
        (arn(&topic.replace(":t", ":")), "InvalidParameterValue"),
        (
            arn("arn:aws:sns:us-east-1:210987654321:t"),
            "InvalidParameterValue",
        ),
        (
            arn(&topic).replace(&service, "vpce-svc-00000000000000000"),
            "InvalidVpcEndpointServiceId.NotFound",
        ),
        // The provider does not have the endpoint.
        (
            arn(&topic).replace(&about, &format!("VpcEndpointId={endpoint}")),
            "InvalidVpcEndpointId.NotFound",
        ),
    ] {
        let fault = scene.desk.fault(CREATE, &parameters);
        assert_eq!(fault.code, code, "{parameters}: {}", fault.message);
    }
    let gateway = format!(
        "VpcId={}&ServiceName=com.amazonaws.us-east-1.s3",
        scene.vpcs[1]
    );
    let fault = scene.consumer(|desk| {
        let id = desk.make("CreateVpcEndpoint", &gateway, "vpcEndpointId");
        desk.fault(
            CREATE,
            &format!("VpcEndpointId={id}&ConnectionNotificationArn=arn:aws:sns:us-east-1:210987654321:t&ConnectionEvents.1=Accept"),
        )
    });
    assert_eq!(fault.code, "InvalidVpcEndpointType");
}

/// Who was told what, in the order of the messages' making.
fn told(scene: &Scene) -> Vec<(String, String)> {
    let mut told: Vec<_> = scene.desk.world.deliveries.values().collect();
    told.sort_by_key(|delivery| delivery.topic.clone());
    let what = |text: &str| {
        let value: serde_json::Value = serde_json::from_str(text).unwrap();
        value["eventType"].as_str().unwrap().to_owned()
    };
    told.into_iter()
        .map(|delivery| (delivery.topic.clone(), what(&delivery.message)))
        .collect()
}

#[test]
fn whoever_wants_to_know_is_told_in_the_same_commit() {
    let mut scene = Scene::new();
    let service = scene.service("orders", true);
    let all: Vec<&str> = Notice::ALL.iter().map(|notice| notice.name()).collect();
    let topic = topic(&scene);
    for (name, wanted) in [("all", &all[..]), ("rejects", &["Reject"][..])] {
        let topic = topic.replace(":t", &format!(":{name}"));
        let about = format!("ServiceId={service}&ConnectionNotificationArn={topic}");
        scene.desk.ok(CREATE, &format!("{about}{}", events(wanted)));
    }
    let endpoint = scene.endpoint(&service);
    scene.consumer(|desk| {
        let topic = "arn:aws:sns:us-east-1:210987654321:mine";
        let about = format!("VpcEndpointId={endpoint}&ConnectionNotificationArn={topic}");
        desk.ok(
            CREATE,
            &format!("{about}{}", events(&["Accept", "Connect"])),
        )
    });
    let expect = |scene: &mut Scene, wanted: &[(&str, &str)]| {
        let mut told: Vec<(String, String)> = told(scene);
        told.sort();
        let names = told
            .iter()
            .map(|(topic, what)| (topic.rsplit(':').next().unwrap(), what.as_str()));
        assert_eq!(names.collect::<Vec<_>>(), wanted);
        let ids: Vec<_> = scene.desk.world.deliveries.keys().copied().collect();
        let gone = |id| model::world::Change::Remove(model::world::Name::Delivery(id));
        let gone: Vec<_> = ids.into_iter().map(gone).collect();
        scene.apply(&gone);
    };
    expect(&mut scene, &[("all", "Connect")]);
    let ids = format!("ServiceId={service}&VpcEndpointId.1={endpoint}");
    scene.desk.ok("AcceptVpcEndpointConnections", &ids);
    expect(&mut scene, &[("all", "Accept"), ("mine", "Accept")]);
    // What fails tells nobody.
    scene.desk.ok("AcceptVpcEndpointConnections", &ids);
    expect(&mut scene, &[]);
    scene.desk.ok("RejectVpcEndpointConnections", &ids);
    expect(&mut scene, &[("all", "Reject"), ("rejects", "Reject")]);
    let one = format!("VpcEndpointId.1={endpoint}");
    scene.consumer(|desk| desk.ok("DeleteVpcEndpoints", &one));
    expect(&mut scene, &[("all", "Delete")]);
    scene.consumer(|desk| desk.ok("DeleteVpcEndpoints", &one));
    expect(&mut scene, &[]);
    // The notifications go with what they are about.
    scene.settle(0);
    assert_eq!(scene.desk.world.notifications.size(), 2);
    let delete = format!("ServiceId.1={service}");
    scene
        .desk
        .ok("DeleteVpcEndpointServiceConfigurations", &delete);
    assert!(scene.desk.world.notifications.is_empty());
}

#[test]
fn a_message_says_what_happened() {
    let mut scene = Scene::new();
    let service = scene.service("orders", false);
    let topic = topic(&scene);
    let about = format!("ServiceId={service}&ConnectionNotificationArn={topic}");
    scene
        .desk
        .ok(CREATE, &format!("{about}{}", events(&["Connect"])));
    let endpoint = scene.endpoint(&service);
    let world = &scene.desk.world;
    let delivery = world.deliveries.values().next().unwrap();
    assert_eq!(delivery.owner, scene.desk.call.account);
    let message: serde_json::Value = serde_json::from_str(&delivery.message).unwrap();
    assert_eq!(message["vpcEndpointId"], endpoint);
    assert_eq!(message["serviceId"], service);
    assert_eq!(message["vpcEndpointOwner"], "210987654321");
    assert_eq!(message["time"], "2023-11-14T22:13:20.000Z");
}

#[test]
fn there_is_a_limit_for_one_thing() {
    let mut scene = Scene::new();
    let service = scene.service("orders", true);
    let topic = topic(&scene);
    let one =
        format!("ServiceId={service}&ConnectionNotificationArn={topic}&ConnectionEvents.1=Accept");
    for _ in 0..20 {
        scene.desk.ok(CREATE, &one);
    }
    assert_eq!(scene.desk.fault(CREATE, &one).code, "ResourceLimitExceeded");
}
