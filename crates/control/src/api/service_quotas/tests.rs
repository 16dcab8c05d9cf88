//! Service Quotas through the dispatcher.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::{Value, json};

use super::SERVICES;
use crate::api::quota::{ALL, Quotas};
use crate::api::tests::Desk;

fn ask(desk: &mut Desk, operation: &str, body: &Value) -> Value {
    let text = desk.ok(&format!("servicequotas:{operation}"), &body.to_string());
    serde_json::from_str(&text).unwrap()
}

#[test]
fn every_service_has_a_name() {
    let used: BTreeSet<&str> = ALL.iter().map(|quota| quota.service).collect();
    let named: BTreeSet<&str> = SERVICES.iter().map(|(code, _)| *code).collect();
    assert!(used.is_subset(&named), "{used:?}");
    let services = ask(&mut Desk::new(), "ListServices", &json!({}));
    assert_eq!(services["Services"][0]["ServiceCode"], "ec2");
    assert_eq!(
        services["Services"].as_array().unwrap().len(),
        used.len(),
        "{services}"
    );
}

#[test]
fn the_value_in_force_is_told_from_the_default() {
    let mut desk = Desk::new();
    let raised = ["L-29B6F2EB=70".to_owned()];
    desk.call.quotas = Arc::new(Quotas::parse(&raised).unwrap());
    let body = json!({"ServiceCode": "vpc", "QuotaCode": "L-29B6F2EB"});
    let now = ask(&mut desk, "GetServiceQuota", &body)["Quota"].clone();
    let usual = ask(&mut desk, "GetAWSDefaultServiceQuota", &body)["Quota"].clone();
    assert_eq!(now["Value"], 70.0);
    assert_eq!(usual["Value"], 50.0);
    assert_eq!(now["Adjustable"], true);
    assert_eq!(
        now["QuotaArn"],
        "arn:aws:servicequotas:us-east-1:123456789012:vpc/L-29B6F2EB"
    );
    assert_eq!(
        usual["QuotaArn"],
        "arn:aws:servicequotas:us-east-1::vpc/L-29B6F2EB"
    );
    assert_eq!(now["QuotaName"], "Interface VPC endpoints per VPC");
    let body = json!({"ServiceCode": "vpc"});
    for operation in ["ListServiceQuotas", "ListAWSDefaultServiceQuotas"] {
        let all = ask(&mut desk, operation, &body)["Quotas"].clone();
        let wanted = ALL.iter().filter(|quota| quota.service == "vpc").count();
        assert_eq!(all.as_array().unwrap().len(), wanted, "{all}");
    }
    // Five groups are all that the tables hold for an ENI.
    let body = json!({"ServiceCode": "vpc", "QuotaCode": "L-2AFB9258"});
    let fixed = ask(&mut desk, "GetServiceQuota", &body)["Quota"].clone();
    assert_eq!(fixed["Adjustable"], false);
}

#[test]
fn pages_hold_each_quota_once() {
    let mut desk = Desk::new();
    let mut body = json!({"ServiceCode": "elasticloadbalancing", "MaxResults": 1});
    let mut seen = BTreeSet::new();
    loop {
        let answer = ask(&mut desk, "ListServiceQuotas", &body);
        let code = answer["Quotas"][0]["QuotaCode"].as_str().unwrap();
        assert!(seen.insert(code.to_owned()), "{code} twice");
        match answer.get("NextToken") {
            Some(token) => body["NextToken"] = token.clone(),
            None => break,
        }
    }
    assert!(seen.len() >= 4, "{seen:?}");
}

#[test]
fn refusals() {
    let mut desk = Desk::new();
    for (operation, body, code) in [
        (
            "GetServiceQuota",
            json!({"ServiceCode": "vpc", "QuotaCode": "L-0"}),
            "NoSuchResourceException",
        ),
        (
            "GetServiceQuota",
            json!({"ServiceCode": "vpc", "QuotaCode": "L-F678F1CE", "ContextId": "x"}),
            "UnsupportedOperation",
        ),
        (
            "ListServiceQuotas",
            json!({"ServiceCode": "lambda"}),
            "NoSuchResourceException",
        ),
        (
            "ListServiceQuotas",
            json!({"ServiceCode": "vpc", "QuotaAppliedAtLevel": "PLANET"}),
            "IllegalArgumentException",
        ),
        (
            "ListServiceQuotas",
            json!({"ServiceCode": "vpc", "MaxResults": 101}),
            "IllegalArgumentException",
        ),
        (
            "ListAWSDefaultServiceQuotas",
            json!({"ServiceCode": "vpc", "NextToken": "zz"}),
            "InvalidPaginationTokenException",
        ),
    ] {
        let fault = desk.fault(&format!("servicequotas:{operation}"), &body.to_string());
        assert_eq!(fault.code, code, "{body}: {}", fault.message);
    }
}
