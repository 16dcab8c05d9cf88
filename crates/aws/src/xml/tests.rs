//! Answers, as text and as the real botocore reads them.

use std::io::Write;
use std::process::{Command, Stdio};

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::call::Response;
use crate::{ec2, sts};

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/corpus.py");

#[test]
fn ec2_lists_have_items_and_empty_ones_are_written() {
    let tag = ec2::Tag {
        key: Some("a<b".into()),
        value: Some(String::new()),
    };
    let vpc = ec2::Vpc {
        vpc_id: Some("vpc-1".into()),
        tags: vec![tag],
        ..Default::default()
    };
    let result = ec2::DescribeVpcsResult {
        vpcs: vec![vpc],
        ..Default::default()
    };
    assert_eq!(
        encode(Service::Ec2, "DescribeVpcs", "r", &result).unwrap(),
        format!(
            "{DECLARATION}<DescribeVpcsResponse xmlns=\"http://ec2.amazonaws.com/doc/2016-11-15/\">\
             <requestId>r</requestId><vpcSet><item><cidrBlockAssociationSet/>\
             <ipv6CidrBlockAssociationSet/><tagSet><item><key>a&lt;b</key><value/></item></tagSet>\
             <vpcId>vpc-1</vpcId></item></vpcSet></DescribeVpcsResponse>"
        )
    );
}

#[test]
fn an_ec2_answer_without_content_says_true() {
    let text = ec2::Response::DeleteVpc.encode("r").unwrap();
    assert!(text.contains("<requestId>r</requestId><return>true</return></DeleteVpcResponse>"));
}

#[test]
fn query_answers_have_a_result_and_metadata() {
    let result = sts::GetCallerIdentityResponse {
        account: Some("1".into()),
        ..Default::default()
    };
    assert_eq!(
        encode(Service::Sts, "GetCallerIdentity", "r", &result).unwrap(),
        format!(
            "{DECLARATION}<GetCallerIdentityResponse \
             xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><GetCallerIdentityResult>\
             <Account>1</Account></GetCallerIdentityResult><ResponseMetadata>\
             <RequestId>r</RequestId></ResponseMetadata></GetCallerIdentityResponse>"
        )
    );
}

#[test]
fn what_xml_cannot_hold_is_replaced() {
    assert_eq!(
        escape("a\u{0}b\u{1b}\u{FFFF}\r\n\t"),
        "a\u{FFFD}b\u{FFFD}\u{FFFD}&#xD;\n\t"
    );
    assert!(matches!(escape("plain ä 😀"), Cow::Borrowed(_)));
}

/// Runs the script with botocore; nothing when there is none on this machine.
fn botocore(mode: &str, input: &str) -> Option<std::process::Output> {
    let import = Command::new("python3")
        .args(["-c", "import botocore"])
        .output();
    if !import.is_ok_and(|output| output.status.success()) {
        eprintln!("SKIPPED: python3 with botocore is not installed; answers were not checked");
        return None;
    }
    let mut child = Command::new("python3")
        .args([SCRIPT, mode])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("python3 runs");
    child
        .stdin
        .take()
        .unwrap()
        .write_all(input.as_bytes())
        .expect("python3 reads");
    Some(child.wait_with_output().expect("python3 ends"))
}

#[test]
fn botocore_reads_answers_as_they_were_meant() {
    let Some(made) = botocore("responses", "") else {
        return;
    };
    assert!(
        made.status.success(),
        "{}",
        String::from_utf8_lossy(&made.stderr)
    );
    let cases: Vec<Value> = serde_json::from_slice(&made.stdout).expect("cases");
    let write = |case: &Value| {
        let name = case["operation"].as_str().unwrap();
        let typed = match &case["typed"] {
            Value::Null => json!(name),
            typed => json!({ name: typed }),
        };
        let answer = match Service::from_scope_name(case["service"].as_str().unwrap()).unwrap() {
            Service::Ec2 => serde_json::from_value(typed).map(Response::Ec2),
            Service::Elbv2 => serde_json::from_value(typed).map(Response::Elbv2),
            Service::Sts => serde_json::from_value(typed).map(Response::Sts),
            Service::Iam => serde_json::from_value(typed).map(Response::Iam),
            Service::Sns => serde_json::from_value(typed).map(Response::Sns),
            Service::Cloudtrail => serde_json::from_value(typed).map(Response::Cloudtrail),
            Service::Quotas => serde_json::from_value(typed).map(Response::Quotas),
            Service::Tagging => serde_json::from_value(typed).map(Response::Tagging),
            Service::Ginnel => unreachable!("not in the corpus"),
        };
        answer.unwrap().encode("req-1")
    };
    let documents: Vec<String> = cases.iter().map(|case| write(case).unwrap()).collect();
    let seen = botocore("check", &json!(documents).to_string()).expect("it was there before");
    assert!(
        seen.status.success(),
        "{}",
        String::from_utf8_lossy(&seen.stderr)
    );
}

proptest! {
    #[test]
    fn runs_are_copied_as_characters_are(text in "[a-z&<>\"\r\u{1}\u{FEFF}\u{FFFD}\u{FFFF}ä😀]{0,80}") {
        let mut one_by_one = String::new();
        for c in text.chars() {
            one_by_one.push_str(&escape(&c.to_string()));
        }
        prop_assert_eq!(escape(&text), one_by_one);
    }

    #[test]
    fn escaped_text_holds_nothing_that_ends_it(text in any::<String>()) {
        let safe = escape(&text);
        prop_assert!(!safe.contains(['<', '>', '"', '\r']) && safe.chars().all(is_xml));
    }
}
