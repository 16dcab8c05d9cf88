//! What a message becomes on the wire.
//! <https://docs.aws.amazon.com/sns/latest/dg/sns-http-https-endpoint-as-subscriber.html>
//!
//! Messages are not signed: `SignatureVersion`, `Signature` and `SigningCertURL` are left out.

use axum::http::{HeaderName, HeaderValue};
use model::outbox::Delivery;
use model::topic::Subscription;
use serde_json::{Map, Value, json};

use crate::api::iso;

/// The SNS API's version, for URLs that are opened without a client.
const VERSION: &str = "2010-03-31";

/// A body and the headers that tell what it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Letter {
    pub(crate) body: String,
    pub(crate) headers: Vec<(HeaderName, HeaderValue)>,
}

impl Letter {
    /// A message for a subscription with this ARN. `base` is where this API is reached.
    pub(crate) fn message(
        delivery: &Delivery,
        subscription: &Subscription,
        arn: &str,
        base: &str,
    ) -> Self {
        let mut headers = headers("Notification", delivery);
        add(&mut headers, "x-amz-sns-subscription-arn", arn);
        if subscription.raw {
            add(&mut headers, "x-amz-sns-rawdelivery", "true");
            return Self {
                body: delivery.message.clone(),
                headers,
            };
        }
        let mut body = envelope("Notification", delivery);
        if let Some(subject) = &delivery.subject {
            body.insert("Subject".into(), json!(subject));
        }
        let url = format!("{base}/?Action=Unsubscribe&Version={VERSION}&SubscriptionArn={arn}");
        body.insert("UnsubscribeURL".into(), json!(url));
        if !delivery.attributes.is_empty() {
            let attributes = delivery.attributes.iter().map(|(name, it)| {
                let value = json!({"Type": it.kind, "Value": it.value});
                (name.clone(), value)
            });
            let attributes: Map<String, Value> = attributes.collect();
            body.insert("MessageAttributes".into(), attributes.into());
        }
        Self {
            body: Value::from(body).to_string(),
            headers,
        }
    }

    /// The question whether to confirm.
    pub(crate) fn question(delivery: &Delivery, token: &str, base: &str) -> Self {
        const KIND: &str = "SubscriptionConfirmation";
        let mut body = envelope(KIND, delivery);
        let topic = &delivery.topic;
        let url = format!(
            "{base}/?Action=ConfirmSubscription&Version={VERSION}&TopicArn={topic}&Token={token}"
        );
        body.insert("Token".into(), json!(token));
        body.insert("SubscribeURL".into(), json!(url));
        Self {
            body: Value::from(body).to_string(),
            headers: headers(KIND, delivery),
        }
    }
}

fn envelope(kind: &str, delivery: &Delivery) -> Map<String, Value> {
    let facts = [
        ("Type", kind.to_owned()),
        ("MessageId", delivery.id.uuid()),
        ("TopicArn", delivery.topic.clone()),
        ("Message", delivery.message.clone()),
        ("Timestamp", iso(delivery.made)),
    ];
    facts
        .map(|(name, value)| (name.into(), value.into()))
        .into_iter()
        .collect()
}

fn headers(kind: &str, delivery: &Delivery) -> Vec<(HeaderName, HeaderValue)> {
    let mut headers = Vec::new();
    add(&mut headers, "content-type", "text/plain; charset=UTF-8");
    add(&mut headers, "user-agent", "Ginnel");
    add(&mut headers, "x-amz-sns-message-type", kind);
    add(&mut headers, "x-amz-sns-message-id", &delivery.id.uuid());
    add(&mut headers, "x-amz-sns-topic-arn", &delivery.topic);
    headers
}

fn add(headers: &mut Vec<(HeaderName, HeaderValue)>, name: &'static str, value: &str) {
    // None of ours is anything but printable ASCII.
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.push((HeaderName::from_static(name), value));
    }
}
