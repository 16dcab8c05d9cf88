//! Subscriptions: who asks to be told, who agreed, who had enough.

use std::collections::BTreeMap;

use aws::{Fault, sns};
use model::outbox::Delivery;
use model::topic::{MAX_SUBSCRIPTIONS, Protocol, State, Subscription, Topic};
use model::world::{Change, World};
use sha2::{Digest as _, Sha256};

use super::{
    ANYONE, Found, invalid, need_subscription, need_topic, pages, publish, refuse, subscription,
};
use crate::api::{Call, Decision};
use crate::worker::notification::Target;

/// Protocols that AWS knows besides HTTP.
const ELSEWHERE: [&str; 7] = [
    "application",
    "email",
    "email-json",
    "firehose",
    "lambda",
    "sms",
    "sqs",
];
/// Attributes that AWS knows besides RawMessageDelivery.
const ATTRIBUTES: [&str; 6] = [
    "DeliveryPolicy",
    "FilterPolicy",
    "FilterPolicyScope",
    "RedrivePolicy",
    "ReplayPolicy",
    "SubscriptionRoleArn",
];
/// A token confirms for so long: three days.
const TOKEN_MILLIS: i64 = 3 * 24 * 3_600 * 1_000;
/// What AWS says instead of the ARN of a subscription that is not confirmed.
const PENDING: &str = "PendingConfirmation";

/// Asks the endpoint to confirm; a subscription that is there already is given again.
/// <https://docs.aws.amazon.com/sns/latest/api/API_Subscribe.html>
pub(crate) fn subscribe(
    world: &World,
    call: &Call,
    request: &sns::SubscribeInput,
) -> Result<Decision<sns::SubscribeResponse>, Fault> {
    let sns::SubscribeInput {
        attributes,
        endpoint,
        protocol,
        return_subscription_arn,
        topic_arn,
    } = request;
    let topic = need_topic(world, call, topic_arn)?;
    let protocol = read_protocol(protocol)?;
    let endpoint = endpoint
        .as_deref()
        .ok_or_else(|| invalid("Endpoint", "no value for required parameter"))?;
    check_endpoint(call, protocol, endpoint)?;
    let mut raw = None;
    for (name, value) in attributes {
        raw = Some(read_raw(name, Some(value))?);
    }
    let with_arn = *return_subscription_arn == Some(true);
    let reply = |subscription: &Subscription| sns::SubscribeResponse {
        subscription_arn: Some(if with_arn || subscription.is_confirmed() {
            subscription.arn(&call.region, topic)
        } else {
            "pending confirmation".into()
        }),
    };
    let mut others = world.needing::<Subscription>(topic.id);
    let old = others.find(|it| it.protocol == protocol && it.endpoint == endpoint);
    if let Some(old) = old.filter(|old| old.is_confirmed()) {
        if raw.is_some_and(|raw| raw != old.raw) {
            return Err(invalid(
                "Attributes",
                "Subscription already exists with different attributes; SetSubscriptionAttributes changes them",
            ));
        }
        return Ok(Decision::unchanged(reply(old)));
    }
    let have = world.needing::<Subscription>(topic.id).count();
    if old.is_none() && have >= MAX_SUBSCRIPTIONS {
        return Err(Fault::new(
            403,
            "SubscriptionLimitExceeded",
            format!("The topic has {have} of {MAX_SUBSCRIPTIONS} subscriptions; remove some first"),
        ));
    }
    publish::check_waiting(world, call)?;
    let token = hex(&call.bytes::<32>());
    let id = old.map_or_else(|| call.id(), |old| old.id);
    let question = question(call, topic);
    let sealed_token = call.vault.seal(&id.to_string(), &token);
    let sealed_token = sealed_token
        .map_err(|error| Fault::internal(format!("The token could not be sealed: {error}")))?;
    let subscription = Subscription {
        id,
        owner: call.account,
        topic: topic.id,
        protocol,
        endpoint: endpoint.to_owned(),
        state: State::Pending {
            question: question.id,
            sealed_token,
        },
        token: digest(&token),
        asked: call.now,
        raw: raw.unwrap_or_default(),
    };
    let mut changes: Vec<Change> = old.into_iter().filter_map(|old| unasked(old)).collect();
    let reply = reply(&subscription);
    changes.extend([subscription.into(), question.into()]);
    Ok(Decision { reply, changes })
}

/// The message that asks the endpoint to confirm; the subscription names it.
fn question(call: &Call, topic: &Topic) -> Delivery {
    Delivery {
        id: call.id(),
        owner: call.account,
        topic: topic.arn(&call.region),
        subject: None,
        message: format!(
            "{} is to be sent to this address. Open SubscribeURL to agree, or do nothing.",
            topic.arn(&call.region)
        ),
        attributes: BTreeMap::new(),
        made: call.now,
    }
}

/// Takes the question back, which without its subscription would be a message to the topic.
pub(super) fn unasked(subscription: &Subscription) -> Option<Change> {
    match &subscription.state {
        State::Pending { question, .. } => Some(Change::Remove(question.into())),
        State::Confirmed { .. } => None,
    }
}

fn read_protocol(text: &str) -> Result<Protocol, Fault> {
    match text {
        "http" => Ok(Protocol::Http),
        "https" => Ok(Protocol::Https),
        known if ELSEWHERE.contains(&known) => Err(refuse(
            format!("The Protocol '{known}'"),
            "give http or https",
        )),
        other => Err(invalid(
            "Protocol",
            format!("'{other}' is no protocol; give http or https"),
        )),
    }
}

/// A URL of the protocol that may be called; for a name that is judged again at each delivery.
fn check_endpoint(call: &Call, protocol: Protocol, endpoint: &str) -> Result<(), Fault> {
    let target = Target::parse(endpoint).map_err(|why| invalid("Endpoint", why))?;
    if target.protocol() != protocol {
        return Err(invalid(
            "Endpoint",
            format!(
                "must match the specified protocol: give a URL that begins with {}://",
                protocol.name()
            ),
        ));
    }
    match target.literal() {
        Some(ip) if !call.reach.permits(ip) => Err(invalid(
            "Endpoint",
            format!(
                "{ip} is no address of the public Internet; only the operator can open others: ginnel up --allow-notify CIDR"
            ),
        )),
        _ => Ok(()),
    }
}

/// The one attribute that this version carries.
fn read_raw(name: &str, value: Option<&str>) -> Result<bool, Fault> {
    match (name, value) {
        ("RawMessageDelivery", Some("true")) => Ok(true),
        ("RawMessageDelivery", Some("false")) => Ok(false),
        ("RawMessageDelivery", _) => Err(invalid("RawMessageDelivery", "give true or false")),
        (known, _) if ATTRIBUTES.contains(&known) => Err(refuse(
            format!("The attribute {known}"),
            "RawMessageDelivery can be set",
        )),
        (other, _) => Err(invalid(
            "AttributeName",
            format!("'{other}' is no attribute of subscriptions"),
        )),
    }
}

/// <https://docs.aws.amazon.com/sns/latest/api/API_ConfirmSubscription.html>
pub(crate) fn confirm(
    world: &World,
    call: &Call,
    request: &sns::ConfirmSubscriptionInput,
) -> Result<Decision<sns::ConfirmSubscriptionResponse>, Fault> {
    let sns::ConfirmSubscriptionInput {
        authenticate_on_unsubscribe,
        token,
        topic_arn,
    } = request;
    let topic = need_topic(world, call, topic_arn)?;
    let guarded = match authenticate_on_unsubscribe.as_deref() {
        Some("true") => true,
        Some("false") | None => false,
        Some(_) => {
            return Err(invalid("AuthenticateOnUnsubscribe", "give true or false"));
        }
    };
    let wanted = digest(token);
    let fresh = |it: &Subscription| {
        it.is_confirmed() || call.now.0.saturating_sub(it.asked.0) <= TOKEN_MILLIS
    };
    let found = world
        .needing::<Subscription>(topic.id)
        .find(|it| it.token == wanted && fresh(it))
        .ok_or_else(|| {
            invalid(
                "Token",
                "no subscription of the topic waits for it, or it is older than three days; Subscribe again",
            )
        })?;
    let reply = sns::ConfirmSubscriptionResponse {
        subscription_arn: Some(found.arn(&call.region, topic)),
    };
    if found.is_confirmed() {
        return Ok(Decision::unchanged(reply));
    }
    let mut changes: Vec<Change> = unasked(found).into_iter().collect();
    let mut subscription = Subscription::clone(found);
    subscription.state = State::Confirmed {
        authenticated: call.arn != ANYONE,
        guarded,
    };
    changes.push(subscription.into());
    Ok(Decision { reply, changes })
}

/// Removes a subscription; one that is not there is fine.
/// <https://docs.aws.amazon.com/sns/latest/api/API_Unsubscribe.html>
pub(crate) fn unsubscribe(
    world: &World,
    call: &Call,
    request: &sns::UnsubscribeInput,
) -> Result<Decision<()>, Fault> {
    let sns::UnsubscribeInput { subscription_arn } = request;
    if subscription_arn == PENDING {
        return Err(invalid(
            "SubscriptionArn",
            "a subscription that is not confirmed has no ARN; it is forgotten by not confirming it",
        ));
    }
    let Some((found, _)) = subscription(world, call, subscription_arn)? else {
        return Ok(Decision::unchanged(()));
    };
    let guarded = matches!(found.state, State::Confirmed { guarded: true, .. });
    if guarded && call.arn == ANYONE {
        return Err(Fault::new(
            403,
            "AuthorizationError",
            "Only a signed call of its owner ends this subscription",
        ));
    }
    let mut changes: Vec<Change> = unasked(found).into_iter().collect();
    changes.push(Change::Remove(found.id.into()));
    Ok(Decision { reply: (), changes })
}

fn list_some(
    call: &Call,
    found: Vec<Found<'_>>,
    next_token: Option<&str>,
) -> Result<(Vec<sns::Subscription>, Option<String>), Fault> {
    let key = |(subscription, _): &Found<'_>| subscription.id.to_string();
    let (given, next_token) = pages(found, key, next_token)?;
    let listed = given.into_iter().map(|(subscription, topic)| {
        let arn = subscription.arn(&call.region, topic);
        let shown = if subscription.is_confirmed() {
            arn
        } else {
            PENDING.into()
        };
        sns::Subscription {
            endpoint: Some(subscription.endpoint.clone()),
            owner: Some(subscription.owner.to_string()),
            protocol: Some(subscription.protocol.name().into()),
            subscription_arn: Some(shown),
            topic_arn: Some(topic.arn(&call.region)),
        }
    });
    Ok((listed.collect(), next_token))
}

/// <https://docs.aws.amazon.com/sns/latest/api/API_ListSubscriptions.html>
pub(crate) fn list(
    world: &World,
    call: &Call,
    request: &sns::ListSubscriptionsInput,
) -> Result<sns::ListSubscriptionsResponse, Fault> {
    let sns::ListSubscriptionsInput { next_token } = request;
    let mine = world.owned::<Subscription>(call.account);
    let mine = mine.filter_map(|it| Some((it, world.topics.get(&it.topic)?)));
    let (subscriptions, next_token) = list_some(call, mine.collect(), next_token.as_deref())?;
    Ok(sns::ListSubscriptionsResponse {
        next_token,
        subscriptions,
    })
}

/// <https://docs.aws.amazon.com/sns/latest/api/API_ListSubscriptionsByTopic.html>
pub(crate) fn list_by_topic(
    world: &World,
    call: &Call,
    request: &sns::ListSubscriptionsByTopicInput,
) -> Result<sns::ListSubscriptionsByTopicResponse, Fault> {
    let sns::ListSubscriptionsByTopicInput {
        next_token,
        topic_arn,
    } = request;
    let topic = need_topic(world, call, topic_arn)?;
    let found = world.needing::<Subscription>(topic.id);
    let found = found.map(|subscription| (subscription, topic)).collect();
    let (subscriptions, next_token) = list_some(call, found, next_token.as_deref())?;
    Ok(sns::ListSubscriptionsByTopicResponse {
        next_token,
        subscriptions,
    })
}

/// <https://docs.aws.amazon.com/sns/latest/api/API_GetSubscriptionAttributes.html>
pub(crate) fn attributes(
    world: &World,
    call: &Call,
    request: &sns::GetSubscriptionAttributesInput,
) -> Result<sns::GetSubscriptionAttributesResponse, Fault> {
    let sns::GetSubscriptionAttributesInput { subscription_arn } = request;
    let (found, topic) = need_subscription(world, call, subscription_arn)?;
    let authenticated = matches!(
        found.state,
        State::Confirmed {
            authenticated: true,
            ..
        }
    );
    let facts = [
        ("ConfirmationWasAuthenticated", authenticated.to_string()),
        ("Endpoint", found.endpoint.clone()),
        ("Owner", found.owner.to_string()),
        ("PendingConfirmation", (!found.is_confirmed()).to_string()),
        ("Protocol", found.protocol.name().into()),
        ("RawMessageDelivery", found.raw.to_string()),
        ("SubscriptionArn", found.arn(&call.region, topic)),
        ("TopicArn", topic.arn(&call.region)),
    ];
    let attributes = facts.map(|(name, value)| (name.to_owned(), value));
    Ok(sns::GetSubscriptionAttributesResponse {
        attributes: attributes.into_iter().collect(),
    })
}

/// <https://docs.aws.amazon.com/sns/latest/api/API_SetSubscriptionAttributes.html>
pub(crate) fn set_attributes(
    world: &World,
    call: &Call,
    request: &sns::SetSubscriptionAttributesInput,
) -> Result<Decision<()>, Fault> {
    let sns::SetSubscriptionAttributesInput {
        attribute_name,
        attribute_value,
        subscription_arn,
    } = request;
    let (found, _) = need_subscription(world, call, subscription_arn)?;
    let mut subscription = Subscription::clone(found);
    subscription.raw = read_raw(attribute_name, attribute_value.as_deref())?;
    Ok(Decision {
        reply: (),
        changes: vec![subscription.into()],
    })
}

fn digest(token: &str) -> String {
    hex(&Sha256::digest(token.as_bytes()))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
