//! Network insights through the dispatcher.

use model::id::InterfaceId;
use model::interface::{Attachment, Interface, Role};
use model::time::Millis;
use model::world::Change;

use crate::api::scene::Scene;
use crate::api::tests::first;

/// A scene with a listener, a target, an endpoint that is available to everybody and a client.
struct Lab {
    scene: Scene,
    client: String,
    endpoint: String,
    door: String,
    group: String,
}

impl Lab {
    fn new() -> Self {
        let mut scene = Scene::new();
        let service = scene.service("lb", false);
        let balancers = scene.desk.ok("elbv2:DescribeLoadBalancers", "");
        let balancer = first(&balancers, "LoadBalancerArn").unwrap();
        let group = scene.group("tg");
        scene.listener(&balancer, &group, 80);
        let subnet = scene.provider_subnets[0].clone();
        let target = scene
            .desk
            .ok("CreateNetworkInterface", &format!("SubnetId={subnet}"));
        let ip = first(&target, "privateIpAddress").unwrap();
        scene.desk.ok(
            "elbv2:RegisterTargets",
            &format!("TargetGroupArn={group}&Targets.member.1.Id={ip}"),
        );
        let endpoint = scene.endpoint(&service);
        let subnet = scene.subnets[0].clone();
        let client = scene.consumer(|desk| {
            desk.make(
                "CreateNetworkInterface",
                &format!("SubnetId={subnet}"),
                "networkInterfaceId",
            )
        });
        let target = first(&target, "networkInterfaceId").unwrap();
        for id in [&client, &target] {
            attach(&mut scene, id);
        }
        let listed = scene.consumer(|desk| {
            desk.ok(
                "DescribeVpcEndpoints",
                &format!("VpcEndpointId.1={endpoint}"),
            )
        });
        let door = first(&listed, "networkInterfaceIdSet").unwrap();
        Self {
            door: first(&door, "item").unwrap(),
            group: first(&listed, "groupId").unwrap(),
            scene,
            client,
            endpoint,
        }
    }

    fn path(&mut self, token: &str, to: &str, port: u16) -> String {
        let wanted = format!(
            "ClientToken={token}&Source={}&{to}&Protocol=tcp&DestinationPort={port}",
            self.client
        );
        self.scene.consumer(|desk| {
            desk.make(
                "CreateNetworkInsightsPath",
                &wanted,
                "networkInsightsPathId",
            )
        })
    }

    fn start(&mut self, token: &str, path: &str) -> String {
        let wanted = format!("ClientToken={token}&NetworkInsightsPathId={path}");
        self.scene
            .consumer(|desk| desk.ok("StartNetworkInsightsAnalysis", &wanted))
    }
}

fn attach(scene: &mut Scene, id: &str) {
    let id: InterfaceId = id.parse().unwrap();
    let mut interface = Interface::clone(&scene.desk.world.interfaces[&id]);
    if let Role::Workload { attachment, .. } = &mut interface.role {
        *attachment = Some(Attachment {
            id: scene.desk.call.id(),
            namespace: format!("/run/netns/{id}"),
            device: "eth0".into(),
            since: Millis(0),
        });
    }
    scene.apply(&[Change::from(interface)]);
}

fn codes(text: &str) -> Vec<String> {
    let parts = text.split("<explanationCode>").skip(1);
    parts
        .filter_map(|part| part.split('<').next().map(String::from))
        .collect()
}

#[test]
fn a_way_through_an_endpoint_is_found() {
    let mut lab = Lab::new();
    let (endpoint, door) = (lab.endpoint.clone(), lab.door.clone());
    let path = lab.path("1", &format!("Destination={endpoint}"), 80);
    let found = lab.start("2", &path);
    assert_eq!(
        first(&found, "networkPathFound").as_deref(),
        Some("true"),
        "{found}"
    );
    assert_eq!(first(&found, "status").as_deref(), Some("succeeded"));
    for part in [&*lab.client, &*door, &*endpoint, &*lab.group] {
        assert!(
            found.contains(&format!("<id>{part}</id>")),
            "no {part} in {found}"
        );
    }
    // What is the provider's has no name here.
    let provider = lab.scene.desk.call.account.to_string();
    assert!(
        !found.contains("loadbalancer/") && !found.contains(&provider),
        "{found}"
    );
    // The same token, the same answer.
    assert_eq!(lab.start("2", &path), found);
    let listed = lab.scene.consumer(|desk| {
        let text = desk.ok(
            "DescribeNetworkInsightsAnalyses",
            &format!("NetworkInsightsPathId={path}&Filter.1.Name=path-found&Filter.1.Value.1=true"),
        );
        assert!(
            !desk
                .ok(
                    "DescribeNetworkInsightsAnalyses",
                    "Filter.1.Name=path-found&Filter.1.Value.1=false"
                )
                .contains("nia-")
        );
        let early = "AnalysisEndTime=2020-01-01T00:00:00Z";
        assert!(
            !desk
                .ok("DescribeNetworkInsightsAnalyses", early)
                .contains("nia-")
        );
        text
    });
    assert_eq!(codes(&listed), Vec::<String>::new());
    let ends = [
        format!("Destination={door}"),
        "DestinationIp=".to_owned() + &address(&lab, &door),
    ];
    for (number, to) in ends.iter().enumerate() {
        let path = lab.path(&format!("p{number}"), to, 80);
        let found = lab.start(&format!("s{number}"), &path);
        assert!(found.contains("<networkPathFound>true<"), "{to}: {found}");
    }
}

fn address(lab: &Lab, id: &str) -> String {
    let id: InterfaceId = id.parse().unwrap();
    lab.scene.desk.world.interfaces[&id].ip.to_string()
}

#[test]
fn what_is_in_the_way_is_explained() {
    let mut lab = Lab::new();
    let (endpoint, group) = (lab.endpoint.clone(), lab.group.clone());
    let to = format!("Destination={endpoint}");
    let path = lab.path("1", &to, 81);
    let missing = lab.start("1", &path);
    assert_eq!(codes(&missing), ["ELB_LISTENER_PORT_RESTRICTION"]);
    let path = lab.path("2", &to, 80);
    // The default group admits its members only; without its rule nobody.
    let rules = lab.scene.consumer(|desk| {
        desk.ok(
            "DescribeSecurityGroupRules",
            &format!("Filter.1.Name=group-id&Filter.1.Value.1={group}"),
        )
    });
    let inbound = rules
        .split("<item>")
        .find(|part| part.contains("<isEgress>false<"))
        .unwrap();
    let rule = first(inbound, "securityGroupRuleId").unwrap();
    lab.scene.consumer(|desk| {
        desk.ok(
            "RevokeSecurityGroupIngress",
            &format!("GroupId={group}&SecurityGroupRuleId.1={rule}"),
        )
    });
    let refused = lab.start("2", &path);
    assert_eq!(codes(&refused), ["ENI_SG_RULES_MISMATCH"]);
    assert!(refused.contains(&format!("<id>{group}</id>")), "{refused}");
    assert!(
        !refused.contains("forwardPathComponentSet><item>"),
        "{refused}"
    );
    let nowhere = lab.path("3", "DestinationIp=10.0.0.200", 80);
    assert_eq!(
        codes(&lab.start("3", &nowhere)),
        ["NO_ROUTE_TO_DESTINATION"]
    );
    lab.scene
        .consumer(|desk| desk.ok("DeleteVpcEndpoints", &format!("VpcEndpointId.1={endpoint}")));
    let closed = lab.start("4", &path);
    assert_eq!(codes(&closed), ["BAD_STATE", "ENI_SG_RULES_MISMATCH"]);
    assert!(closed.contains("<state>deleting</state>"), "{closed}");
}

#[test]
fn what_is_not_forwarded_is_not_analysed() {
    let mut lab = Lab::new();
    let subnet = lab.scene.subnets[0].clone();
    let other = lab.scene.consumer(|desk| {
        desk.make(
            "CreateNetworkInterface",
            &format!("SubnetId={subnet}"),
            "networkInterfaceId",
        )
    });
    let path = lab.path("1", &format!("Destination={other}"), 80);
    let wanted = format!("ClientToken=1&NetworkInsightsPathId={path}");
    let fault = lab
        .scene
        .consumer(|desk| desk.fault("StartNetworkInsightsAnalysis", &wanted));
    assert_eq!(fault.code, "UnsupportedOperation");
    assert!(fault.message.contains("to endpoints only"), "{fault:?}");
}

#[test]
fn questions_are_judged_and_belong_to_one_account() {
    let mut lab = Lab::new();
    let (client, endpoint) = (lab.client.clone(), lab.endpoint.clone());
    let good = format!("ClientToken=1&Source={client}&Destination={endpoint}&Protocol=tcp");
    for (wanted, code) in [
        (good.replace("ClientToken=1&", ""), "MissingParameter"),
        (good.replace("tcp", "icmp"), "InvalidParameterValue"),
        (good.replace(&client, "igw-1"), "InvalidParameterValue"),
        (
            good.replace(&client, "eni-1"),
            "InvalidNetworkInterfaceID.Malformed",
        ),
        (
            good.replace(&client, "eni-0123456789abcdef0"),
            "InvalidNetworkInterfaceID.NotFound",
        ),
        (good.replace(&endpoint, "tgw-1"), "InvalidParameterValue"),
        (
            good.replace(&endpoint, "vpce-0123456789abcdef0"),
            "InvalidVpcEndpointId.NotFound",
        ),
        (
            good.clone() + "&DestinationIp=10.0.0.1",
            "InvalidParameterCombination",
        ),
        (
            good.clone() + "&DestinationPort=65536",
            "InvalidParameterValue",
        ),
        (good.clone() + "&SourceIp=10.0.0.1", "UnsupportedOperation"),
        (
            good.clone() + "&FilterAtSource.SourceAddress=10.0.0.1",
            "UnsupportedOperation",
        ),
    ] {
        let fault = lab
            .scene
            .consumer(|desk| desk.fault("CreateNetworkInsightsPath", &wanted));
        assert_eq!(fault.code, code, "{wanted}");
    }
    let path = lab
        .scene
        .consumer(|desk| desk.make("CreateNetworkInsightsPath", &good, "networkInsightsPathId"));
    let again = lab
        .scene
        .consumer(|desk| desk.make("CreateNetworkInsightsPath", &good, "networkInsightsPathId"));
    assert_eq!(path, again);
    let analysis = first(&lab.start("2", &path), "networkInsightsAnalysisId").unwrap();
    // At the desk stands the provider.
    let desk = &mut lab.scene.desk;
    for (action, parameters, code) in [
        (
            "StartNetworkInsightsAnalysis",
            format!("ClientToken=9&NetworkInsightsPathId={path}"),
            "InvalidNetworkInsightsPathId.NotFound",
        ),
        (
            "DescribeNetworkInsightsPaths",
            format!("NetworkInsightsPathId.1={path}"),
            "InvalidNetworkInsightsPathId.NotFound",
        ),
        (
            "DeleteNetworkInsightsPath",
            format!("NetworkInsightsPathId={path}"),
            "InvalidNetworkInsightsPathId.NotFound",
        ),
        (
            "DescribeNetworkInsightsAnalyses",
            format!("NetworkInsightsAnalysisId.1={analysis}"),
            "InvalidNetworkInsightsAnalysisId.NotFound",
        ),
        (
            "DeleteNetworkInsightsAnalysis",
            format!("NetworkInsightsAnalysisId={analysis}"),
            "InvalidNetworkInsightsAnalysisId.NotFound",
        ),
    ] {
        assert_eq!(desk.fault(action, &parameters).code, code, "{action}");
    }
    assert!(!desk.ok("DescribeNetworkInsightsPaths", "").contains("nip-"));
    lab.scene.consumer(|desk| {
        let wanted = format!("NetworkInsightsPathId={path}");
        let fault = desk.fault("DeleteNetworkInsightsPath", &wanted);
        assert_eq!(fault.code, "AnalysisExistsForNetworkInsightsPath");
        assert!(fault.message.contains(&analysis));
        for id in [&path, &analysis] {
            desk.ok(
                "CreateTags",
                &format!("ResourceId.1={id}&Tag.1.Key=a&Tag.1.Value=b"),
            );
            assert!(
                desk.ok("DescribeTags", "")
                    .contains(&format!("<resourceId>{id}<"))
            );
        }
        desk.ok(
            "DeleteNetworkInsightsAnalysis",
            &format!("NetworkInsightsAnalysisId={analysis}"),
        );
        assert!(
            desk.ok(
                "DescribeNetworkInsightsPaths",
                &format!("Filter.1.Name=source&Filter.1.Value.1={client}")
            )
            .contains(&path)
        );
        desk.ok("DeleteNetworkInsightsPath", &wanted);
    });
    assert!(lab.scene.desk.world.insights_paths.is_empty());
}
