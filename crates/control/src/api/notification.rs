//! Connection notifications: topics that are told when connections are asked for, accepted,
//! rejected or deleted. The messages go to the outbox in the same commit as what they tell of.

use std::sync::Arc;

use aws::{Fault, ec2};
use model::account::AccountId;
use model::endpoint::{Effect, Endpoint};
use model::id::NotificationId;
use model::notification::{About, Notice, Notification};
use model::outbox::Delivery;
use model::world::{Change, Name, World};
use serde_json::json;

use super::page::page_of;
use super::{Call, Decision, endpoint, endpoint_service, endpoint_wire, filter};

const CREATE: &str = "CreateVpcEndpointConnectionNotification";

/// Notifications of one deletion: a commit holds so many changes.
const MAX_IDS: usize = 100;

/// Notifications about one service or endpoint: what happens to it is told to all in one commit.
const MAX_ABOUT_ONE: usize = 20;

/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateVpcEndpointConnectionNotification.html>
pub(crate) fn create(
    world: &World,
    call: &Call,
    request: &ec2::CreateVpcEndpointConnectionNotificationRequest,
) -> Result<Decision<ec2::CreateVpcEndpointConnectionNotificationResult>, Fault> {
    let ec2::CreateVpcEndpointConnectionNotificationRequest {
        client_token,
        connection_events,
        connection_notification_arn,
        dry_run: _,
        service_id,
        vpc_endpoint_id,
    } = request;
    let token = client_token.as_deref();
    let reply = |made: &Notification| ec2::CreateVpcEndpointConnectionNotificationResult {
        client_token: client_token.clone(),
        connection_notification: Some(wire(call, made)),
    };
    if let Some(id) = call.replayed(world, CREATE, token, request)? {
        return Ok(Decision::unchanged(reply(find(world, call, &id)?)));
    }
    let about = about(
        world,
        call,
        service_id.as_deref(),
        vpc_endpoint_id.as_deref(),
    )?;
    let name = match about {
        About::Service(id) => Name::EndpointService(id),
        About::Endpoint(id) => Name::Endpoint(id),
    };
    if world.needing::<Notification>(name).count() >= MAX_ABOUT_ONE {
        return Err(Fault::bad_request(
            "ResourceLimitExceeded",
            format!(
                "There are {MAX_ABOUT_ONE} connection notifications about this already, which is the limit; subscribe more than once to one topic instead"
            ),
        ));
    }
    let made = Notification {
        id: call.id(),
        owner: call.account,
        about,
        topic: topic(call, connection_notification_arn)?,
        events: events(connection_events)?,
        enabled: true,
        created: call.now,
    };
    let reply = reply(&made);
    let mut changes = Vec::from_iter(call.remember(CREATE, token, request, &made.id));
    changes.push(made.into());
    Ok(Decision { reply, changes })
}

/// The caller's service or interface endpoint: one of them must be given.
fn about(
    world: &World,
    call: &Call,
    service: Option<&str>,
    endpoint: Option<&str>,
) -> Result<About, Fault> {
    match (service, endpoint) {
        (Some(service), None) => {
            let service = endpoint_service::find(world, call, service)?;
            Ok(About::Service(service.id))
        }
        (None, Some(endpoint)) => {
            let endpoint = endpoint::find(world, call, endpoint)?;
            if endpoint.is_gateway() {
                return Err(Fault::bad_request(
                    "InvalidVpcEndpointType",
                    format!(
                        "The VPC endpoint '{}' is a gateway: nobody accepts or rejects it; give a VpcEndpointId of type Interface",
                        endpoint.id
                    ),
                ));
            }
            Ok(About::Endpoint(endpoint.id))
        }
        (Some(_), Some(_)) => Err(Fault::bad_request(
            "InvalidParameterCombination",
            "ServiceId and VpcEndpointId cannot be given together; leave one out",
        )),
        (None, None) => Err(Fault::missing("ServiceId or VpcEndpointId")),
    }
}

/// The ARN of a topic of the caller's: nobody may send to another account's.
fn topic(call: &Call, arn: &str) -> Result<String, Fault> {
    let refuse = |why: &str| Err(Fault::invalid_value("ConnectionNotificationArn", arn, why));
    let form = "give the ARN of an SNS topic, arn:aws:sns:REGION:ACCOUNT:NAME";
    let Some((region, rest)) = arn
        .strip_prefix("arn:aws:sns:")
        .and_then(|rest| rest.split_once(':'))
    else {
        return refuse(form);
    };
    let Some((account, name)) = rest.split_once(':') else {
        return refuse(form);
    };
    let letter = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    let Ok(account) = account.parse::<AccountId>() else {
        return refuse(form);
    };
    if name.is_empty() || name.len() > 256 || !name.bytes().all(letter) {
        return refuse(form);
    }
    if region != call.region {
        return refuse(&format!("the topic must be in {}", call.region));
    }
    if account != call.account {
        return refuse(&format!(
            "the topic must be of the account {}: this version does not ask another's topic policy whether you may send to it",
            call.account
        ));
    }
    Ok(arn.to_owned())
}

/// At least one, each once.
fn events(texts: &[String]) -> Result<Vec<Notice>, Fault> {
    let mut events = Vec::new();
    for text in texts {
        let known = Notice::ALL.into_iter().find(|notice| notice.name() == text);
        let Some(notice) = known else {
            let names = Notice::ALL.map(Notice::name).join(", ");
            let why = format!("give {names}");
            return Err(Fault::invalid_value("ConnectionEvents", text, &why));
        };
        events.push(notice);
    }
    events.sort();
    events.dedup();
    if events.is_empty() {
        return Err(Fault::missing("ConnectionEvents"));
    }
    Ok(events)
}

/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeVpcEndpointConnectionNotifications.html>
pub(crate) fn describe(
    world: &World,
    call: &Call,
    request: &ec2::DescribeVpcEndpointConnectionNotificationsRequest,
) -> Result<ec2::DescribeVpcEndpointConnectionNotificationsResult, Fault> {
    let ec2::DescribeVpcEndpointConnectionNotificationsRequest {
        connection_notification_id,
        dry_run: _,
        filters,
        max_results,
        next_token,
    } = request;
    let names = [
        "connection-notification-arn",
        "connection-notification-id",
        "connection-notification-state",
        "connection-notification-type",
        "service-id",
        "vpc-endpoint-id",
    ];
    filter::known(filters, &names)?;
    let start: Box<dyn Iterator<Item = &Arc<Notification>>> = match connection_notification_id {
        Some(text) => Box::new(std::iter::once(find(world, call, text)?)),
        None => world.owned(call.account),
    };
    let values = |notification: &&Arc<Notification>, name: &str| {
        let wire = wire(call, notification);
        let value = match name {
            "connection-notification-arn" => wire.connection_notification_arn,
            "connection-notification-id" => wire.connection_notification_id,
            "connection-notification-state" => wire.connection_notification_state,
            "connection-notification-type" => wire.connection_notification_type,
            "service-id" => wire.service_id,
            "vpc-endpoint-id" => wire.vpc_endpoint_id,
            _ => return None,
        };
        Some(value.into_iter().collect())
    };
    let found = filter::passing(start, filters, values, |_| None)?;
    let (given, next_token) = page_of(
        found,
        |notification| notification.id.to_string(),
        *max_results,
        next_token.as_deref(),
        (1, 1_000),
        connection_notification_id.is_some(),
    )?;
    Ok(ec2::DescribeVpcEndpointConnectionNotificationsResult {
        connection_notification_set: given.into_iter().map(|it| wire(call, it)).collect(),
        next_token,
    })
}

/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ModifyVpcEndpointConnectionNotification.html>
pub(crate) fn modify(
    world: &World,
    call: &Call,
    request: &ec2::ModifyVpcEndpointConnectionNotificationRequest,
) -> Result<Decision<ec2::ModifyVpcEndpointConnectionNotificationResult>, Fault> {
    let ec2::ModifyVpcEndpointConnectionNotificationRequest {
        connection_events,
        connection_notification_arn,
        connection_notification_id,
        dry_run: _,
    } = request;
    let old = find(world, call, connection_notification_id)?;
    let mut notification = Notification::clone(old);
    if let Some(arn) = connection_notification_arn {
        notification.topic = topic(call, arn)?;
    }
    if !connection_events.is_empty() {
        notification.events = events(connection_events)?;
    }
    let reply = ec2::ModifyVpcEndpointConnectionNotificationResult {
        return_value: Some(true),
    };
    if notification == **old {
        return Ok(Decision::unchanged(reply));
    }
    Ok(Decision {
        reply,
        changes: vec![notification.into()],
    })
}

/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DeleteVpcEndpointConnectionNotifications.html>
pub(crate) fn delete(
    world: &World,
    call: &Call,
    request: &ec2::DeleteVpcEndpointConnectionNotificationsRequest,
) -> Result<Decision<ec2::DeleteVpcEndpointConnectionNotificationsResult>, Fault> {
    let ec2::DeleteVpcEndpointConnectionNotificationsRequest {
        connection_notification_ids: texts,
        dry_run: _,
    } = request;
    if texts.is_empty() || texts.len() > MAX_IDS {
        return Err(Fault::bad_request(
            "InvalidParameterValue",
            format!(
                "ConnectionNotificationId has {} values; give 1 to {MAX_IDS}",
                texts.len()
            ),
        ));
    }
    let (mut unsuccessful, mut changes) = (Vec::new(), Vec::new());
    for text in texts {
        match find(world, call, text) {
            Ok(found) => {
                let remove = Change::Remove(Name::Notification(found.id));
                if !changes.contains(&remove) {
                    changes.push(remove);
                }
            }
            Err(fault) => unsuccessful.push(endpoint_wire::unsuccessful(text, fault)),
        }
    }
    Ok(Decision {
        reply: ec2::DeleteVpcEndpointConnectionNotificationsResult { unsuccessful },
        changes,
    })
}

/// The caller's notification with this id. AWS has one code for an unknown and a broken id.
fn find<'a>(world: &'a World, call: &Call, text: &str) -> Result<&'a Arc<Notification>, Fault> {
    let id: Option<NotificationId> = text.parse().ok();
    let found = id.and_then(|id| world.notification(call.account, id));
    found.ok_or_else(|| {
        Fault::bad_request(
            "InvalidConnectionNotification",
            format!("The connection notification '{text}' does not exist"),
        )
    })
}

/// The removal of the notifications about a thing that goes.
pub(crate) fn forget(world: &World, about: impl Into<Name>) -> impl Iterator<Item = Change> {
    let gone = world.needing::<Notification>(about);
    gone.map(|it| Change::Remove(Name::Notification(it.id)))
}

/// The messages that these effects on a connection send, one for each notification that wants
/// to know.
pub(crate) fn tell(
    world: &World,
    call: &Call,
    endpoint: &Endpoint,
    effects: &[Effect],
) -> Vec<Change> {
    let mut changes = Vec::new();
    for effect in effects {
        let notice = match effect {
            Effect::Notify(notice) => *notice,
            Effect::Open | Effect::Close | Effect::Forget => continue,
        };
        let of_service = endpoint.provider().into_iter();
        let of_service = of_service.flat_map(|service| world.needing::<Notification>(service));
        let all = of_service.chain(world.needing(endpoint.id));
        let wants = |it: &&Arc<Notification>| it.enabled && it.events.contains(&notice);
        changes.extend(all.filter(wants).map(|notification| {
            Change::from(Delivery {
                id: call.id(),
                owner: notification.owner,
                topic: notification.topic.clone(),
                subject: Some(format!("VPC endpoint connection: {}", notice.name())),
                message: message(call, endpoint, notification, notice),
                attributes: Default::default(),
                made: call.now,
            })
        }));
    }
    changes
}

fn message(
    call: &Call,
    endpoint: &Endpoint,
    notification: &Notification,
    notice: Notice,
) -> String {
    json!({
        "eventType": notice.name(),
        "connectionNotificationId": notification.id.to_string(),
        "serviceId": endpoint.service.to_string(),
        "serviceName": endpoint.service.name(&call.region),
        "vpcEndpointId": endpoint.id.to_string(),
        "vpcEndpointOwner": endpoint.owner.to_string(),
        "region": call.region,
        "time": call.iso(call.now),
    })
    .to_string()
}

fn wire(call: &Call, notification: &Notification) -> ec2::ConnectionNotification {
    let state = if notification.enabled {
        "Enabled"
    } else {
        "Disabled"
    };
    let (service, endpoint) = match notification.about {
        About::Service(id) => (Some(id.to_string()), None),
        About::Endpoint(id) => (None, Some(id.to_string())),
    };
    let events = notification.events.iter();
    ec2::ConnectionNotification {
        connection_events: events.map(|notice| notice.name().into()).collect(),
        connection_notification_arn: Some(notification.topic.clone()),
        connection_notification_id: Some(notification.id.to_string()),
        connection_notification_state: Some(state.into()),
        connection_notification_type: Some("Topic".into()),
        service_id: service,
        service_region: Some(call.region.clone()),
        vpc_endpoint_id: endpoint,
    }
}

#[cfg(test)]
mod tests;
