//! CloudTrail's LookupEvents over the trail.
//! <https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_LookupEvents.html>

use aws::Fault;
use aws::cloudtrail::{
    Event, LookupAttribute, LookupEventsRequest, LookupEventsResponse, Resource,
};
use aws::json::Timestamp;
use model::account::AccountId;
use revlog::{Log, Order};
use serde_json::Value;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::trail;

/// Records that one call looks at; a page may hold fewer than asked for, and a token to go on.
const LOOKED_AT: usize = 5_000;
/// Records that are read at once.
const PAGE: usize = 256;

/// Events of the caller's account, newest first.
pub(crate) fn lookup(
    log: &dyn Log,
    account: AccountId,
    request: &LookupEventsRequest,
) -> Result<LookupEventsResponse, Fault> {
    let LookupEventsRequest {
        end_time,
        event_category,
        lookup_attributes,
        max_results,
        next_token,
        start_time,
    } = request;
    let most = match max_results.unwrap_or(50) {
        most @ 1..=50 => usize::try_from(most).unwrap_or(50),
        other => {
            return Err(Fault::bad_request(
                "InvalidMaxResultsException",
                format!("MaxResults {other} is invalid: give 1 to 50"),
            ));
        }
    };
    if let (Some(start), Some(end)) = (start_time, end_time)
        && start > end
    {
        return Err(Fault::bad_request(
            "InvalidTimeRangeException",
            "StartTime is after EndTime: exchange them",
        ));
    }
    let attribute = one_attribute(lookup_attributes)?;
    if let Some(category) = event_category {
        if category != "insight" {
            return Err(Fault::bad_request(
                "InvalidEventCategoryException",
                format!("EventCategory '{category}' is invalid: leave it out, or give insight"),
            ));
        }
        // Insights are not made: there are none.
        return Ok(LookupEventsResponse::default());
    }
    let mut after = match next_token {
        None => None,
        Some(token) => Some(read_token(token)?),
    };
    let owner = account.to_string();
    let failed = |error: &dyn std::error::Error| {
        tracing::error!(%error, "the audit trail cannot be read");
        Fault::internal("The audit trail cannot be read; `ginnel audit verify` tells more")
    };
    let folder = trail::folder().map_err(|error| failed(&error))?;
    let (mut events, mut looked_at) = (Vec::new(), 0);
    loop {
        let items = log.page(&folder, after.as_ref(), Order::Descending, PAGE);
        let items = items.map_err(|error| failed(&error))?;
        if items.is_empty() {
            return Ok(LookupEventsResponse {
                events,
                next_token: None,
            });
        }
        for item in items {
            let (number, _, record) = trail::link(&item).map_err(|error| failed(&error))?;
            looked_at += 1;
            let record: Value = serde_json::from_slice(record).unwrap_or(Value::Null);
            let event = event(&record);
            let in_time = |at: Timestamp| {
                start_time.is_none_or(|start| at >= start) && end_time.is_none_or(|end| at <= end)
            };
            if record["recipientAccountId"] == owner.as_str()
                && event.event_time.is_some_and(in_time)
                && attribute.is_none_or(|attribute| has(&record, &event, attribute))
            {
                events.push(Event {
                    cloud_trail_event: Some(record.to_string()),
                    ..event
                });
            }
            if events.len() >= most || looked_at >= LOOKED_AT {
                return Ok(LookupEventsResponse {
                    events,
                    next_token: (number > 1).then(|| format!("{number:016x}")),
                });
            }
            after = Some(item.key);
        }
    }
}

fn one_attribute(attributes: &[LookupAttribute]) -> Result<Option<&LookupAttribute>, Fault> {
    let refuse = |why: String| Err(Fault::bad_request("InvalidLookupAttributesException", why));
    match attributes {
        [] => Ok(None),
        [one] if aws::cloudtrail::LookupAttributeKey::ALL.contains(&one.attribute_key.as_str()) => {
            Ok(Some(one))
        }
        [one] => refuse(format!(
            "AttributeKey '{}' is invalid: give one of {}",
            one.attribute_key,
            aws::cloudtrail::LookupAttributeKey::ALL.join(", ")
        )),
        many => refuse(format!(
            "LookupAttributes has {} items: give one at most",
            many.len()
        )),
    }
}

fn read_token(token: &str) -> Result<revlog::Key, Fault> {
    let number = u64::from_str_radix(token, 16)
        .ok()
        .filter(|_| token.len() == 16);
    let Some(number) = number else {
        return Err(Fault::bad_request(
            "InvalidNextTokenException",
            "NextToken is not one that this operation gave; start again without it",
        ));
    };
    trail::key(number)
}

fn text(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned)
}

/// A record as LookupEvents lists it.
fn event(record: &Value) -> Event {
    let time = record["eventTime"].as_str();
    let time = time.and_then(|text| OffsetDateTime::parse(text, &Rfc3339).ok());
    let millis = time.map(|time| time.unix_timestamp_nanos() / 1_000_000);
    let identity = &record["userIdentity"];
    let username = match identity["type"].as_str() {
        Some("Root") => Some("root".to_owned()),
        Some("AWSService") => text(&identity["invokedBy"]),
        _ => identity["arn"]
            .as_str()
            .and_then(|arn| arn.rsplit('/').next())
            .map(str::to_owned),
    };
    let resources = record["resources"].as_array();
    let resources = resources.into_iter().flatten().map(|resource| Resource {
        resource_name: text(&resource["name"]),
        resource_type: text(&resource["type"]),
    });
    Event {
        access_key_id: text(&identity["accessKeyId"]),
        cloud_trail_event: None,
        event_id: text(&record["eventID"]),
        event_name: text(&record["eventName"]),
        event_source: text(&record["eventSource"]),
        event_time: millis.and_then(|millis| i64::try_from(millis).ok().map(Timestamp)),
        read_only: record["readOnly"].as_bool().map(|it| it.to_string()),
        resources: resources.collect(),
        username,
    }
}

/// Whether an event has the attribute. A thing's name is also looked for in the parameters:
/// reads name what they read.
fn has(record: &Value, event: &Event, wanted: &LookupAttribute) -> bool {
    let value = Some(wanted.attribute_value.as_str());
    match wanted.attribute_key.as_str() {
        "EventId" => event.event_id.as_deref() == value,
        "EventName" => event.event_name.as_deref() == value,
        "EventSource" => event.event_source.as_deref() == value,
        "ReadOnly" => event.read_only.as_deref() == value,
        "Username" => event.username.as_deref() == value,
        "AccessKeyId" => event.access_key_id.as_deref() == value,
        "ResourceType" => {
            let mut resources = event.resources.iter();
            resources.any(|resource| resource.resource_type.as_deref() == value)
        }
        "ResourceName" => {
            let mut resources = event.resources.iter();
            resources.any(|resource| resource.resource_name.as_deref() == value)
                || mentions(&record["requestParameters"], &wanted.attribute_value)
        }
        _ => false,
    }
}

fn mentions(value: &Value, text: &str) -> bool {
    match value {
        Value::String(value) => value == text,
        Value::Array(items) => items.iter().any(|item| mentions(item, text)),
        Value::Object(members) => members.values().any(|member| mentions(member, text)),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

#[cfg(test)]
mod tests;
