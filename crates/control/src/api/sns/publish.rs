//! Publish: a message into the outbox.

use std::collections::BTreeMap;

use aws::{Fault, sns};
use model::outbox::{Attribute, Delivery};
use model::topic::Subscription;
use model::world::World;

use super::{invalid, need_topic, refuse};
use crate::api::{Call, Decision, unsupported};

/// AWS's limit of a message with its attributes, in bytes.
const MAX_MESSAGE: usize = 256 * 1_024;
/// AWS's limit of a subject, in characters.
const MAX_SUBJECT: usize = 100;
/// Messages of an account that wait for delivery; more are refused until some are done.
const MAX_WAITING: usize = 256;

/// <https://docs.aws.amazon.com/sns/latest/api/API_Publish.html>
pub(crate) fn publish(
    world: &World,
    call: &Call,
    request: &sns::PublishInput,
) -> Result<Decision<sns::PublishResponse>, Fault> {
    let sns::PublishInput {
        message,
        message_attributes,
        message_deduplication_id,
        message_group_id,
        message_structure,
        phone_number,
        subject,
        target_arn,
        topic_arn,
    } = request;
    unsupported(&[
        ("MessageDeduplicationId", message_deduplication_id.is_some()),
        ("MessageGroupId", message_group_id.is_some()),
        ("MessageStructure", message_structure.is_some()),
        ("PhoneNumber", phone_number.is_some()),
    ])?;
    let arn = match (topic_arn, target_arn) {
        (Some(arn), None) | (None, Some(arn)) => arn,
        (None, None) => return Err(invalid("TopicArn", "no value for required parameter")),
        (Some(_), Some(_)) => {
            return Err(invalid(
                "TargetArn",
                "both TopicArn and TargetArn were given; leave one out",
            ));
        }
    };
    let topic = need_topic(world, call, arn)?;
    check_subject(subject.as_deref())?;
    let attributes = attributes(message_attributes)?;
    let attached: usize = attributes
        .iter()
        .map(|(name, it)| name.len() + it.kind.len() + it.value.len())
        .sum();
    if message.is_empty() {
        return Err(invalid("Message", "the message is empty"));
    }
    if message.len() + attached > MAX_MESSAGE {
        return Err(invalid(
            "Message",
            format!("the message and its attributes have more than {MAX_MESSAGE} bytes"),
        ));
    }
    let delivery = Delivery {
        id: call.id(),
        owner: call.account,
        topic: arn.clone(),
        subject: subject.clone(),
        message: message.clone(),
        attributes,
        made: call.now,
    };
    let reply = sns::PublishResponse {
        message_id: Some(delivery.id.uuid()),
        sequence_number: None,
    };
    let mut subscriptions = world.needing::<Subscription>(topic.id);
    if !subscriptions.any(|subscription| subscription.is_confirmed()) {
        return Ok(Decision::unchanged(reply));
    }
    check_waiting(world, call)?;
    Ok(Decision {
        reply,
        changes: vec![delivery.into()],
    })
}

/// Refuses one more message while many wait.
pub(super) fn check_waiting(world: &World, call: &Call) -> Result<(), Fault> {
    if world.owned::<Delivery>(call.account).count() < MAX_WAITING {
        return Ok(());
    }
    Err(Fault::new(
        429,
        "Throttled",
        format!("{MAX_WAITING} messages of the account wait for delivery; call again later"),
    ))
}

fn check_subject(subject: Option<&str>) -> Result<(), Fault> {
    let Some(subject) = subject else {
        return Ok(());
    };
    let fits = (1..=MAX_SUBJECT).contains(&subject.chars().count())
        && !subject.chars().any(char::is_control)
        && !subject.starts_with(' ');
    if fits {
        return Ok(());
    }
    Err(invalid(
        "Subject",
        format!(
            "give 1 to {MAX_SUBJECT} characters that begin with no space, without line breaks and control characters"
        ),
    ))
}

fn attributes(
    given: &BTreeMap<String, sns::MessageAttributeValue>,
) -> Result<BTreeMap<String, Attribute>, Fault> {
    let read = |(name, value): (&String, &sns::MessageAttributeValue)| {
        let fits = |b: u8| b.is_ascii_alphanumeric() || b"_-.".contains(&b);
        let bad = |why: &str| invalid("MessageAttributes", format!("'{name}': {why}"));
        if !(1..=256).contains(&name.len()) || !name.bytes().all(fits) {
            return Err(bad(
                "a name has 1 to 256 letters, digits, underscores, hyphens and periods",
            ));
        }
        let sns::MessageAttributeValue {
            binary_value,
            data_type,
            string_value,
        } = value;
        let value = match (data_type.as_str(), string_value, binary_value) {
            ("String" | "String.Array" | "Number", Some(text), None)
            | ("Binary", None, Some(text)) => text,
            ("String" | "String.Array" | "Number" | "Binary", _, _) => {
                return Err(bad(
                    "give StringValue, or for the DataType Binary only BinaryValue",
                ));
            }
            (other, _, _) => {
                return Err(refuse(
                    format!("The DataType '{other}' of the message attribute '{name}'"),
                    "give String, String.Array, Number or Binary",
                ));
            }
        };
        if value.is_empty() {
            return Err(bad("the value is empty"));
        }
        if data_type == "Number" && value.parse::<f64>().is_err() {
            return Err(bad("the value is not a number"));
        }
        let attribute = Attribute {
            kind: data_type.clone(),
            value: value.clone(),
        };
        Ok((name.clone(), attribute))
    };
    given.iter().map(read).collect()
}
