//! The audit trail holds what was acknowledged, once, and of what was in doubt what was done.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use testbed::ginnel::Ginnel;

use crate::client::Client;

/// The chain is whole.
pub(crate) fn verify(ginnel: &Ginnel) {
    let told = ginnel.cli(&["audit", "verify"]).unwrap();
    assert!(told.contains("the chain is whole"), "{told}");
}

/// Compares the whole trail with the clients' books; returns how many writes are in it.
pub(crate) fn check(ginnel: &Ginnel, clients: &[Client]) -> usize {
    verify(ginnel);
    let trail = ginnel.cli(&["audit", "export"]).unwrap();
    let (mut ids, mut writes) = (BTreeSet::new(), BTreeMap::new());
    for line in trail.lines() {
        let record: Value = serde_json::from_str(line).unwrap();
        let text = |name: &str| record[name].as_str().unwrap_or_default().to_owned();
        assert!(ids.insert(text("requestID")), "twice in the trail: {line}");
        if record["readOnly"] == false && record["eventType"] == "AwsApiCall" {
            assert!(
                record.get("errorCode").is_none(),
                "nothing was refused: {line}"
            );
            let account: &mut BTreeMap<_, _> =
                writes.entry(text("recipientAccountId")).or_default();
            account.insert(text("requestID"), text("eventName"));
        }
    }
    let mut all = 0;
    for client in clients {
        let mut found = writes.remove(&client.account).unwrap_or_default();
        all += found.len();
        for done in &client.done {
            let action = found.remove(&done.request);
            let Some(action) = action else {
                panic!("{} {} is not in the trail", done.action, done.request);
            };
            assert_eq!(action, done.action);
        }
        // The rest was in doubt. What changed nothing that shows may be there or not.
        let mut rest: Vec<String> = found.into_values().collect();
        for doubt in &client.doubts {
            let at = rest.iter().position(|action| action == doubt.action);
            match (doubt.applied, at) {
                (Some(true) | None, Some(at)) => drop(rest.swap_remove(at)),
                (Some(true), None) => panic!("{} was done, without a record", doubt.action),
                (Some(false), _) | (None, None) => {}
            }
        }
        assert!(
            rest.is_empty(),
            "records of calls that were not done: {rest:?}"
        );
    }
    all
}
