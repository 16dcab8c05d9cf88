//! SNS, as far as notifications need it: topics with HTTP and HTTPS subscriptions.
//!
//! What a message becomes on the wire is `worker/notification`; here it is only written down.

pub(super) mod publish;
pub(super) mod subscription;
pub(super) mod tags;
pub(super) mod topic;

use std::sync::Arc;

use aws::Fault;
use model::id::{Id, SubscriptionId};
use model::topic::{Subscription, Topic};
use model::world::World;

use super::Call;
use super::page::page;

/// Who a call without a signature is: whoever follows the URL in a notification.
pub(crate) const ANYONE: &str = "arn:aws:sns:::anyone";

/// Things on one page of a list.
const PAGE: i32 = 100;

/// A parameter that cannot be: SNS has one code for this.
pub(crate) fn invalid(name: &str, why: impl std::fmt::Display) -> Fault {
    Fault::bad_request(
        "InvalidParameter",
        format!("Invalid parameter: {name} Reason: {why}"),
    )
}

/// What is not there.
fn not_found(what: &str) -> Fault {
    Fault::new(404, "NotFound", format!("{what} does not exist"))
}

/// What this version does not do.
fn refuse(what: impl std::fmt::Display, instead: &str) -> Fault {
    Fault::bad_request(
        "UnsupportedOperation",
        format!("{what} is not supported by this version of Ginnel; {instead}"),
    )
}

/// The parts of an ARN of SNS: the account, the topic's name and what follows it.
fn parts<'a>(name: &str, arn: &'a str) -> Result<(&'a str, &'a str, Option<&'a str>), Fault> {
    let fields: Vec<&str> = arn.split(':').collect();
    match fields.as_slice() {
        ["arn", "aws", "sns", _, account, topic] => Ok((account, topic, None)),
        ["arn", "aws", "sns", _, account, topic, rest] => Ok((account, topic, Some(rest))),
        _ => Err(invalid(
            name,
            format!("'{arn}' is not an ARN of the form arn:aws:sns:REGION:ACCOUNT:TOPIC"),
        )),
    }
}

/// The caller's topic with this ARN, if it is there.
fn topic<'a>(
    world: &'a World,
    call: &Call,
    name: &str,
    arn: &str,
) -> Result<Option<&'a Arc<Topic>>, Fault> {
    let (account, topic, None) = parts(name, arn)? else {
        return Err(invalid(name, format!("'{arn}' is not the ARN of a topic")));
    };
    let mine = account == call.account.to_string();
    let found = world.topic(call.account, topic).filter(|_| mine);
    Ok(found.filter(|found| found.arn(&call.region) == arn))
}

/// The same, which must be there.
fn need_topic<'a>(world: &'a World, call: &Call, arn: &str) -> Result<&'a Arc<Topic>, Fault> {
    topic(world, call, "TopicArn", arn)?.ok_or_else(|| not_found("Topic"))
}

/// A subscription and its topic.
type Found<'a> = (&'a Arc<Subscription>, &'a Arc<Topic>);

/// The caller's subscription with this ARN and its topic, if it is there.
fn subscription<'a>(world: &'a World, call: &Call, arn: &str) -> Result<Option<Found<'a>>, Fault> {
    let (_, _, rest) = parts("SubscriptionArn", arn)?;
    let id: Option<SubscriptionId> = rest.and_then(Id::parse_uuid);
    let id = id.ok_or_else(|| {
        invalid(
            "SubscriptionArn",
            format!("'{arn}' is not the ARN of a subscription"),
        )
    })?;
    let found = world.subscriptions.get(&id).and_then(|found| {
        let topic = world.topics.get(&found.topic)?;
        let mine = found.owner == call.account && found.arn(&call.region, topic) == arn;
        mine.then_some((found, topic))
    });
    Ok(found)
}

/// The same, which must be there.
fn need_subscription<'a>(world: &'a World, call: &Call, arn: &str) -> Result<Found<'a>, Fault> {
    subscription(world, call, arn)?.ok_or_else(|| not_found("Subscription"))
}

/// One page of things that are in the order of their ids.
fn pages<T>(
    items: Vec<T>,
    key: impl Fn(&T) -> String,
    next_token: Option<&str>,
) -> Result<(Vec<T>, Option<String>), Fault> {
    page(items, key, Some(PAGE), next_token, (PAGE, PAGE), false)
        .map_err(|fault| invalid("NextToken", fault.message))
}

#[cfg(test)]
mod tests;
