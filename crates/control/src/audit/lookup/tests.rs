//! Look-ups over a trail in memory.

use aws::cloudtrail::{LookupAttribute, LookupEventsRequest};
use revlog::{Log as _, Memory, Txn};
use serde_json::json;

use super::lookup;
use crate::audit::offline;
use crate::audit::trail::Trail;

/// A trail of 20 records: of two accounts in turn, all their own operation.
fn trail() -> Memory {
    let log = Memory::new();
    let mut trail = Trail::default();
    for number in 1..=20u64 {
        let account = ["123456789012", "210987654321"][usize::try_from(number % 2).unwrap()];
        let record = json!({
            "eventTime": format!("2026-01-01T00:00:{number:02}.000Z"),
            "eventName": format!("Do{number}"),
            "eventID": number.to_string(),
            "eventSource": "ec2.amazonaws.com",
            "readOnly": number % 4 == 0,
            "userIdentity": { "type": "Root", "accessKeyId": "AKIA" },
            "requestParameters": { "vpcId": [format!("vpc-{number}")] },
            "resources": [{ "type": "AWS::EC2::VPC", "name": format!("vpc-{number}") }],
            "recipientAccountId": account,
        });
        let records = [record.to_string()];
        let (txn, next) = trail.extend(Txn::new(), records.iter(), number).unwrap();
        let _ = log.txn(txn).unwrap();
        trail = next;
    }
    assert_eq!(Trail::read(&log).unwrap(), trail);
    log
}

fn ask(request: &LookupEventsRequest) -> Result<(Vec<String>, Option<String>), String> {
    let found = lookup(&trail(), "123456789012".parse().unwrap(), request);
    let found = found.map_err(|fault| fault.code.into_owned())?;
    let names = found
        .events
        .into_iter()
        .map(|event| event.event_name.unwrap());
    Ok((names.collect(), found.next_token))
}

#[test]
fn an_account_sees_its_own_newest_first_page_by_page() {
    let (mut seen, mut token) = (Vec::new(), None);
    loop {
        let request = LookupEventsRequest {
            max_results: Some(3),
            next_token: token,
            ..Default::default()
        };
        let (mut names, next) = ask(&request).unwrap();
        seen.append(&mut names);
        token = next;
        if token.is_none() {
            break;
        }
    }
    let even: Vec<String> = (1..=10).rev().map(|n| format!("Do{}", 2 * n)).collect();
    assert_eq!(seen, even);
}

#[test]
fn attributes_and_times_select() {
    let by = |key: &str, value: &str| {
        let attribute = LookupAttribute {
            attribute_key: key.into(),
            attribute_value: value.into(),
        };
        let request = LookupEventsRequest {
            lookup_attributes: vec![attribute],
            ..Default::default()
        };
        ask(&request).map(|(names, _)| names)
    };
    assert_eq!(by("EventName", "Do4").unwrap(), ["Do4"]);
    assert_eq!(by("ResourceName", "vpc-6").unwrap(), ["Do6"]);
    // The other account's.
    assert_eq!(by("ResourceName", "vpc-7").unwrap(), [""; 0]);
    assert_eq!(by("ReadOnly", "true").unwrap().len(), 5);
    assert_eq!(by("Username", "root").unwrap().len(), 10);
    assert_eq!(
        by("Colour", "red").unwrap_err(),
        "InvalidLookupAttributesException"
    );
    let at = |second: i64| Some(aws::json::Timestamp(1_767_225_600_000 + second * 1_000));
    let request = LookupEventsRequest {
        start_time: at(4),
        end_time: at(6),
        ..Default::default()
    };
    assert_eq!(ask(&request).unwrap().0, ["Do6", "Do4"]);
    let backwards = LookupEventsRequest {
        start_time: at(6),
        end_time: at(4),
        ..Default::default()
    };
    assert_eq!(ask(&backwards).unwrap_err(), "InvalidTimeRangeException");
    for token in ["", "x", "-1", "00000000000000000"] {
        let request = LookupEventsRequest {
            next_token: Some(token.into()),
            ..Default::default()
        };
        assert_eq!(ask(&request).unwrap_err(), "InvalidNextTokenException");
    }
}

#[test]
fn a_changed_record_is_found() {
    let log = trail();
    let verified = offline::verify(&log).unwrap();
    assert_eq!(verified.records, 20);
    let key = crate::audit::trail::key(7).unwrap();
    let mut link = log.get(&key).unwrap().unwrap().value;
    *link.last_mut().unwrap() ^= 1;
    let _ = log.txn(Txn::new().put(key, link)).unwrap();
    let error = offline::verify(&log).unwrap_err().to_string();
    assert!(error.contains("link 7 "), "{error}");
}
