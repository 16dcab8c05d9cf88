//! The tagging API through the dispatcher.

use serde_json::{Value, json};

use crate::api::scene::Scene;
use crate::api::tests::Desk;

fn ask(desk: &mut Desk, operation: &str, body: &Value) -> Value {
    let text = desk.ok(&format!("tagging:{operation}"), &body.to_string());
    serde_json::from_str(&text).unwrap()
}

/// The ARNs of an answer, sorted.
fn arns(desk: &mut Desk, body: &Value) -> Vec<String> {
    let answer = ask(desk, "GetResources", body);
    let list = answer["ResourceTagMappingList"].as_array();
    let arn = |one: &Value| one["ResourceARN"].as_str().unwrap().to_owned();
    let mut arns: Vec<String> = list.into_iter().flatten().map(arn).collect();
    arns.sort();
    arns
}

/// The provider's VPC and load balancer have `team`, with different values; the load balancer
/// has `tier` too. Their ARNs.
fn tagged(scene: &mut Scene) -> [String; 2] {
    let vpc = scene.vpcs[0].clone();
    scene.desk.ok(
        "CreateTags",
        &format!("ResourceId.1={vpc}&Tag.1.Key=team&Tag.1.Value=blue"),
    );
    let balancer = scene.balancer("orders");
    scene.desk.ok(
        "elbv2:AddTags",
        &format!("ResourceArns.member.1={balancer}&Tags.member.1.Key=team&Tags.member.1.Value=red&Tags.member.2.Key=tier&Tags.member.2.Value=1"),
    );
    [
        format!("arn:aws:ec2:us-east-1:123456789012:vpc/{vpc}"),
        balancer,
    ]
}

#[test]
fn things_are_found_by_tag_kind_and_arn() {
    let mut scene = Scene::new();
    let [vpc, balancer] = tagged(&mut scene);
    let both = vec![vpc.clone(), balancer.clone()];
    let desk = &mut scene.desk;
    for (body, wanted) in [
        (json!({}), both.clone()),
        (json!({"TagFilters": [{"Key": "team"}]}), both.clone()),
        (
            json!({"TagFilters": [{"Key": "team", "Values": ["blue", "green"]}]}),
            vec![vpc.clone()],
        ),
        (
            json!({"TagFilters": [{"Key": "team"}, {"Key": "tier"}]}),
            vec![balancer.clone()],
        ),
        (
            json!({"ResourceTypeFilters": ["ec2:vpc"]}),
            vec![vpc.clone()],
        ),
        (
            json!({"ResourceTypeFilters": ["elasticloadbalancing:loadbalancer", "ec2:subnet"]}),
            vec![balancer.clone()],
        ),
        (
            json!({"ResourceTypeFilters": ["ec2", "elasticloadbalancing"]}),
            both,
        ),
        (json!({"ResourceTypeFilters": ["ec2:vpc-endpoint"]}), vec![]),
        (
            json!({"ResourceARNList": [balancer]}),
            vec![balancer.clone()],
        ),
    ] {
        assert_eq!(arns(desk, &body), wanted, "{body}");
    }
    let answer = ask(desk, "GetResources", &json!({"ResourceARNList": [vpc]}));
    assert_eq!(
        answer["ResourceTagMappingList"][0]["Tags"],
        json!([{"Key": "team", "Value": "blue"}])
    );
    assert_eq!(answer["PaginationToken"], "");
    let none = scene.consumer(|desk| arns(desk, &json!({})));
    assert!(none.is_empty(), "{none:?}");
}

#[test]
fn keys_and_values_are_listed_once() {
    let mut scene = Scene::new();
    tagged(&mut scene);
    let sorted = |mut list: Vec<Value>| {
        list.sort_by_key(ToString::to_string);
        list
    };
    let desk = &mut scene.desk;
    let keys = ask(desk, "GetTagKeys", &json!({}))["TagKeys"].clone();
    let keys = sorted(keys.as_array().unwrap().clone());
    assert_eq!(keys, [json!("team"), json!("tier")]);
    let values = ask(desk, "GetTagValues", &json!({"Key": "team"}))["TagValues"].clone();
    let values = sorted(values.as_array().unwrap().clone());
    assert_eq!(values, [json!("blue"), json!("red")]);
    let keys = scene.consumer(|desk| ask(desk, "GetTagKeys", &json!({})));
    assert!(!keys.to_string().contains("team"), "{keys}");
}

#[test]
fn pages_hold_each_thing_once() {
    let mut scene = Scene::new();
    let subnets = scene.provider_subnets.clone();
    let [vpc, balancer] = tagged(&mut scene);
    for subnet in &subnets {
        scene.desk.ok(
            "CreateTags",
            &format!("ResourceId.1={subnet}&Tag.1.Key=team&Tag.1.Value=blue"),
        );
    }
    let (mut seen, mut token) = (Vec::new(), String::new());
    loop {
        let body = json!({"ResourcesPerPage": 1, "PaginationToken": token});
        let answer = ask(&mut scene.desk, "GetResources", &body);
        let list = answer["ResourceTagMappingList"].as_array().unwrap();
        assert_eq!(list.len(), 1, "{answer}");
        seen.push(list[0]["ResourceARN"].as_str().unwrap().to_owned());
        token = answer["PaginationToken"].as_str().unwrap().to_owned();
        if token.is_empty() {
            break;
        }
    }
    seen.sort();
    let mut all = arns(&mut scene.desk, &json!({}));
    all.sort();
    assert_eq!(seen, all);
    assert!(seen.len() == 4 && seen.contains(&vpc) && seen.contains(&balancer));
}

#[test]
fn refusals() {
    let mut desk = Desk::new();
    let arn = "arn:aws:ec2:us-east-1:123456789012:vpc/vpc-1";
    for (body, code) in [
        (
            json!({"ResourcesPerPage": 101}),
            "InvalidParameterException",
        ),
        (json!({"TagsPerPage": 100}), "UnsupportedOperation"),
        (
            json!({"IncludeComplianceDetails": true}),
            "UnsupportedOperation",
        ),
        (
            json!({"ResourceTypeFilters": [":vpc"]}),
            "InvalidParameterException",
        ),
        (
            json!({"TagFilters": [{"Values": ["a"]}]}),
            "InvalidParameterException",
        ),
        (
            json!({"ResourceARNList": ["vpc-1"]}),
            "InvalidParameterException",
        ),
        (
            json!({"ResourceARNList": [arn], "ResourcesPerPage": 5}),
            "InvalidParameterException",
        ),
        (
            json!({"PaginationToken": "zz"}),
            "InvalidParameterException",
        ),
    ] {
        let fault = desk.fault("tagging:GetResources", &body.to_string());
        assert_eq!(fault.code, code, "{body}: {}", fault.message);
    }
}
