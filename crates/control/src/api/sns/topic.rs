//! Topics.

use std::collections::BTreeMap;

use aws::{Fault, sns};
use model::topic::{Subscription, Topic};
use model::world::{Change, World};
use serde_json::json;

use super::{invalid, need_topic, pages, refuse, subscription, tags, topic};
use crate::api::{Call, Decision, quota, unsupported};
use crate::worker::notification::RETRIES;

/// Attributes that can be set here.
const SETTABLE: [&str; 2] = ["DisplayName", "Policy"];
/// Attributes that AWS knows besides.
const ELSEWHERE: [&str; 27] = [
    "ApplicationFailureFeedbackRoleArn",
    "ApplicationSuccessFeedbackRoleArn",
    "ApplicationSuccessFeedbackSampleRate",
    "ArchivePolicy",
    "BeginningArchiveTime",
    "ContentBasedDeduplication",
    "DataProtectionPolicy",
    "DeliveryPolicy",
    "FifoThroughputScope",
    "FifoTopic",
    "FirehoseFailureFeedbackRoleArn",
    "FirehoseSuccessFeedbackRoleArn",
    "FirehoseSuccessFeedbackSampleRate",
    "HTTPFailureFeedbackRoleArn",
    "HTTPSuccessFeedbackRoleArn",
    "HTTPSuccessFeedbackSampleRate",
    "KmsDataKeyReusePeriodSeconds",
    "KmsMasterKeyId",
    "LambdaFailureFeedbackRoleArn",
    "LambdaSuccessFeedbackRoleArn",
    "LambdaSuccessFeedbackSampleRate",
    "SQSFailureFeedbackRoleArn",
    "SQSSuccessFeedbackRoleArn",
    "SQSSuccessFeedbackSampleRate",
    "SignatureVersion",
    "TracingConfig",
    "ReplayPolicy",
];
/// AWS's limit of a policy, in bytes.
const MAX_POLICY: usize = 30_720;
/// AWS's limit of a display name, in characters.
const MAX_DISPLAY_NAME: usize = 100;

/// Makes a topic; one with the same name and settings is given again.
/// <https://docs.aws.amazon.com/sns/latest/api/API_CreateTopic.html>
pub(crate) fn create(
    world: &World,
    call: &Call,
    request: &sns::CreateTopicInput,
) -> Result<Decision<sns::CreateTopicResponse>, Fault> {
    let sns::CreateTopicInput {
        attributes,
        data_protection_policy,
        name,
        tags: given,
    } = request;
    unsupported(&[("DataProtectionPolicy", data_protection_policy.is_some())])?;
    check_name(name)?;
    let mut wanted = BTreeMap::new();
    for (key, value) in attributes {
        // Saying what is so anyway asks for nothing.
        if key == "FifoTopic" && value == "false" {
            continue;
        }
        set(&mut wanted, key, Some(value))?;
    }
    let tags = tags::add(Default::default(), given)?;
    if let Some(old) = world.topic(call.account, name) {
        let differs = |(key, value)| old.attributes.get(key) != Some(value);
        if wanted.iter().any(differs) {
            return Err(invalid(
                "Attributes",
                "Topic already exists with different attributes; SetTopicAttributes changes them",
            ));
        }
        if !tags.is_empty() && tags != old.tags {
            return Err(invalid(
                "Tags",
                "Topic already exists with different tags; TagResource changes them",
            ));
        }
        return Ok(Decision::unchanged(reply(call, old)));
    }
    let have = world.owned::<Topic>(call.account).count();
    call.check_quota(&quota::TOPICS, have, "TopicLimitExceeded", "The account")
        .map_err(|fault| Fault {
            status: 403,
            ..fault
        })?;
    let topic = Topic {
        id: call.id(),
        owner: call.account,
        name: name.clone(),
        attributes: wanted,
        created: call.now,
        tags,
    };
    Ok(Decision {
        reply: reply(call, &topic),
        changes: vec![topic.into()],
    })
}

fn reply(call: &Call, topic: &Topic) -> sns::CreateTopicResponse {
    sns::CreateTopicResponse {
        topic_arn: Some(topic.arn(&call.region)),
    }
}

fn check_name(name: &str) -> Result<(), Fault> {
    if name.ends_with(".fifo") {
        return Err(refuse(
            format!("The FIFO topic '{name}'"),
            "choose a name that does not end with .fifo",
        ));
    }
    let fits = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
    if (1..=256).contains(&name.len()) && name.bytes().all(fits) {
        return Ok(());
    }
    Err(invalid(
        "Topic Name",
        format!("'{name}' is no name: give 1 to 256 letters, digits, hyphens and underscores"),
    ))
}

/// Sets an attribute, or takes it back to its default when its value is empty.
fn set(
    attributes: &mut BTreeMap<String, String>,
    name: &str,
    value: Option<&str>,
) -> Result<(), Fault> {
    if !SETTABLE.contains(&name) {
        if ELSEWHERE.contains(&name) {
            return Err(refuse(
                format!("The attribute {name}"),
                "DisplayName and Policy can be set",
            ));
        }
        return Err(invalid(
            "AttributeName",
            format!("'{name}' is no attribute of topics"),
        ));
    }
    let value = value.unwrap_or_default();
    if value.is_empty() {
        attributes.remove(name);
        return Ok(());
    }
    if name == "Policy" {
        let read: Result<serde_json::Map<String, serde_json::Value>, _> =
            serde_json::from_str(value);
        if read.is_err() || value.len() > MAX_POLICY {
            return Err(invalid(
                "Policy",
                format!("give a JSON object of at most {MAX_POLICY} bytes"),
            ));
        }
    } else if value.chars().count() > MAX_DISPLAY_NAME || value.chars().any(char::is_control) {
        return Err(invalid(
            name,
            format!("give at most {MAX_DISPLAY_NAME} characters, and no control characters"),
        ));
    }
    attributes.insert(name.to_owned(), value.to_owned());
    Ok(())
}

/// Removes a topic with its subscriptions; one that is not there is fine.
/// <https://docs.aws.amazon.com/sns/latest/api/API_DeleteTopic.html>
pub(crate) fn delete(
    world: &World,
    call: &Call,
    request: &sns::DeleteTopicInput,
) -> Result<Decision<()>, Fault> {
    let sns::DeleteTopicInput { topic_arn } = request;
    let Some(found) = topic(world, call, "TopicArn", topic_arn)? else {
        return Ok(Decision::unchanged(()));
    };
    let mut changes: Vec<Change> = Vec::new();
    for subscription in world.needing::<Subscription>(found.id) {
        changes.extend(subscription::unasked(subscription));
        changes.push(Change::Remove(subscription.id.into()));
    }
    changes.push(Change::Remove(found.id.into()));
    Ok(Decision { reply: (), changes })
}

/// <https://docs.aws.amazon.com/sns/latest/api/API_ListTopics.html>
pub(crate) fn list(
    world: &World,
    call: &Call,
    request: &sns::ListTopicsInput,
) -> Result<sns::ListTopicsResponse, Fault> {
    let sns::ListTopicsInput { next_token } = request;
    let mine = world.owned::<Topic>(call.account).collect();
    let key = |topic: &&std::sync::Arc<Topic>| topic.id.to_string();
    let (given, next_token) = pages(mine, key, next_token.as_deref())?;
    Ok(sns::ListTopicsResponse {
        next_token,
        topics: given
            .into_iter()
            .map(|topic| sns::Topic {
                topic_arn: Some(topic.arn(&call.region)),
            })
            .collect(),
    })
}

/// <https://docs.aws.amazon.com/sns/latest/api/API_GetTopicAttributes.html>
pub(crate) fn attributes(
    world: &World,
    call: &Call,
    request: &sns::GetTopicAttributesInput,
) -> Result<sns::GetTopicAttributesResponse, Fault> {
    let sns::GetTopicAttributesInput { topic_arn } = request;
    let topic = need_topic(world, call, topic_arn)?;
    let subscriptions = || world.needing::<Subscription>(topic.id);
    let confirmed = subscriptions().filter(|it| it.is_confirmed()).count();
    let pending = subscriptions().count() - confirmed;
    let facts = [
        ("DisplayName", String::new()),
        ("EffectiveDeliveryPolicy", delivery_policy()),
        ("Owner", topic.owner.to_string()),
        ("Policy", default_policy(call, topic)),
        ("SubscriptionsConfirmed", confirmed.to_string()),
        ("SubscriptionsDeleted", "0".into()),
        ("SubscriptionsPending", pending.to_string()),
        ("TopicArn", topic.arn(&call.region)),
    ];
    let mut attributes: BTreeMap<String, String> = facts
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect();
    attributes.extend(topic.attributes.clone());
    Ok(sns::GetTopicAttributesResponse { attributes })
}

/// How messages are retried, as AWS writes it.
fn delivery_policy() -> String {
    let seconds = |at: usize| RETRIES.get(at).map_or(0, std::time::Duration::as_secs);
    json!({"http": {
        "defaultHealthyRetryPolicy": {
            "minDelayTarget": seconds(0),
            "maxDelayTarget": seconds(RETRIES.len() - 1),
            "numRetries": RETRIES.len(),
            "numMaxDelayRetries": 0,
            "numNoDelayRetries": 0,
            "numMinDelayRetries": 0,
            "backoffFunction": "exponential",
        },
        "disableSubscriptionOverrides": true,
    }})
    .to_string()
}

/// The policy of a topic for which none was set: its owner may do everything.
fn default_policy(call: &Call, topic: &Topic) -> String {
    let actions = [
        "SNS:GetTopicAttributes",
        "SNS:SetTopicAttributes",
        "SNS:AddPermission",
        "SNS:RemovePermission",
        "SNS:DeleteTopic",
        "SNS:Subscribe",
        "SNS:ListSubscriptionsByTopic",
        "SNS:Publish",
    ];
    json!({
        "Version": "2008-10-17",
        "Id": "__default_policy_ID",
        "Statement": [{
            "Sid": "__default_statement_ID",
            "Effect": "Allow",
            "Principal": {"AWS": "*"},
            "Action": actions,
            "Resource": topic.arn(&call.region),
            "Condition": {"StringEquals": {"AWS:SourceOwner": topic.owner.to_string()}},
        }],
    })
    .to_string()
}

/// <https://docs.aws.amazon.com/sns/latest/api/API_SetTopicAttributes.html>
pub(crate) fn set_attributes(
    world: &World,
    call: &Call,
    request: &sns::SetTopicAttributesInput,
) -> Result<Decision<()>, Fault> {
    let sns::SetTopicAttributesInput {
        attribute_name,
        attribute_value,
        topic_arn,
    } = request;
    let mut topic = Topic::clone(need_topic(world, call, topic_arn)?);
    set(
        &mut topic.attributes,
        attribute_name,
        attribute_value.as_deref(),
    )?;
    Ok(Decision {
        reply: (),
        changes: vec![topic.into()],
    })
}
