//! What a call leaves in the trail.

use aws::call::{Parts, claimed};
use aws::{Fault, Service};
use model::account::AccountId;
use model::time::Millis;
use model::world::{Change, Name};
use rand::RngExt as _;
use serde_json::{Value, json};
use signals::audit::{Event, Identity, Kind, Resource};

use crate::api::iso;
use crate::authenticate::Caller;
use crate::commit::Records;

/// What stands for a secret, as CloudTrail writes it.
const HIDDEN: &str = "HIDDEN_DUE_TO_SECURITY_REASONS";
/// Members that hold secrets, in any service, in lower case.
const SECRETS: [&str; 5] = [
    "secretaccesskey",
    "sessiontoken",
    "password",
    "newpassword",
    "token",
];
/// Longer parameters are left out, and said to be: a record must fit beside its effect.
const MAX_PARAMETERS: usize = 16 * 1024;

/// Makes the record of one call.
#[derive(Clone, Debug)]
pub(crate) struct Recorder {
    event: Event,
}

/// The HTTP side of a call.
pub(crate) struct Origin<'a> {
    pub(crate) request_id: &'a str,
    pub(crate) address: &'a str,
    pub(crate) region: &'a str,
    pub(crate) at: Millis,
}

impl Recorder {
    /// For a call whose signature is right. `operation` where the path names it.
    pub(crate) fn new(
        service: Service,
        parts: &Parts<'_>,
        caller: &Caller,
        operation: Option<&str>,
        origin: &Origin<'_>,
    ) -> Self {
        let (name, parameters) = match operation {
            Some(name) => {
                let body = serde_json::from_slice(parts.body).unwrap_or(Value::Null);
                (Some(name.to_owned()), body)
            }
            None => claimed(service, parts),
        };
        let kind = if caller.arn.ends_with(":root") {
            "Root"
        } else if caller.arn.contains(":assumed-role/") {
            "AssumedRole"
        } else {
            "IAMUser"
        };
        Self {
            event: Event {
                user_identity: Identity {
                    kind: kind.into(),
                    principal_id: None,
                    arn: Some(caller.arn.clone()),
                    account_id: Some(caller.account.to_string()),
                    access_key_id: aws::sigv4::access_key(parts),
                    user_name: (kind == "IAMUser")
                        .then(|| caller.arn.rsplit('/').next().unwrap_or_default().to_owned()),
                    invoked_by: None,
                },
                event_time: iso(origin.at),
                event_source: format!("{}.amazonaws.com", service.scope_name()),
                event_name: name.unwrap_or_else(|| "Unknown".into()),
                aws_region: origin.region.to_owned(),
                source_ip_address: origin.address.to_owned(),
                user_agent: shorten(parts.header("user-agent").unwrap_or_default(), 256),
                error_code: None,
                error_message: None,
                request_parameters: hidden(parameters),
                response_elements: Value::Null,
                request_id: origin.request_id.to_owned(),
                event_id: event_id(),
                read_only: true,
                resources: Vec::new(),
                event_type: Kind::AwsApiCall,
                recipient_account_id: caller.account.to_string(),
            },
        }
    }

    /// Who calls, and with what, for others to read.
    pub(crate) fn who(&self) -> String {
        let arn = self.event.user_identity.arn.as_deref().unwrap_or("?");
        format!("{arn} ({})", self.event.user_agent)
    }

    /// The record of a read.
    pub(crate) fn read(&self, fault: Option<&Fault>) -> String {
        let mut event = self.event.clone();
        failed(&mut event, fault);
        event.to_json()
    }

    /// The record of a write that succeeded; of a refusal nothing, because the caller records it.
    pub(crate) fn done(&self, outcome: Result<&[Change], &Fault>) -> Records {
        match outcome {
            Ok(changes) => self.write(Ok(changes)),
            Err(_) => Vec::new(),
        }
    }

    /// The record of a write.
    pub(crate) fn write(&self, outcome: Result<&[Change], &Fault>) -> Records {
        let mut event = self.event.clone();
        event.read_only = false;
        failed(&mut event, outcome.err());
        if let Ok(changes) = outcome {
            event.resources = changes.iter().filter_map(changed).collect();
            event.response_elements = json!({ "requestId": event.request_id, "_return": true });
        }
        vec![event.to_json()]
    }
}

/// The records of something that Ginnel did by itself: one an account, and one without an account
/// when it is nobody's.
pub(crate) fn by_itself(name: &str, region: &str, at: Millis, changes: &[Change]) -> Records {
    let mut accounts: Vec<(Option<AccountId>, Vec<Resource>)> = Vec::new();
    for change in changes {
        let (owner, resource) = (owner(change), changed(change));
        match accounts.iter_mut().find(|(account, _)| *account == owner) {
            Some((_, resources)) => resources.extend(resource),
            None => accounts.push((owner, resource.into_iter().collect())),
        }
    }
    let record = |(account, resources): (Option<AccountId>, Vec<Resource>)| {
        let event = Event {
            user_identity: Identity {
                kind: "AWSService".into(),
                principal_id: None,
                arn: None,
                account_id: None,
                access_key_id: None,
                user_name: None,
                invoked_by: Some("ginnel".into()),
            },
            event_time: iso(at),
            event_source: "ginnel.amazonaws.com".into(),
            event_name: name.to_owned(),
            aws_region: region.to_owned(),
            source_ip_address: "ginnel".into(),
            user_agent: "ginnel".into(),
            error_code: None,
            error_message: None,
            request_parameters: Value::Null,
            response_elements: Value::Null,
            request_id: event_id(),
            event_id: event_id(),
            read_only: false,
            resources,
            event_type: Kind::AwsServiceEvent,
            recipient_account_id: account.map(|it| it.to_string()).unwrap_or_default(),
        };
        event.to_json()
    };
    accounts.into_iter().map(record).collect()
}

fn failed(event: &mut Event, fault: Option<&Fault>) {
    event.error_code = fault.map(|fault| fault.code.to_string());
    event.error_message = fault.map(|fault| shorten(&fault.message, 1_024));
}

/// The owner of what a change makes; a removal does not say.
fn owner(change: &Change) -> Option<AccountId> {
    match change {
        Change::Put(resource) => resource.owner(),
        Change::Remove(_) => None,
    }
}

/// What a change changes; what has no name for people is left out.
fn changed(change: &Change) -> Option<Resource> {
    let name = change.name();
    let path = name.path();
    let (folder, id) = path.strip_prefix('/')?.split_once('/')?;
    let kind = match &name {
        Name::Replay(_) => return None,
        Name::User(_) => "AWS::IAM::User".into(),
        Name::Group(_) => "AWS::IAM::Group".into(),
        Name::Role(_) => "AWS::IAM::Role".into(),
        Name::Policy(_) => "AWS::IAM::Policy".into(),
        Name::AccessKey(_) => "AWS::IAM::AccessKey".into(),
        Name::Vpc(_) => "AWS::EC2::VPC".into(),
        Name::Subnet(_) => "AWS::EC2::Subnet".into(),
        Name::SecurityGroup(_) => "AWS::EC2::SecurityGroup".into(),
        Name::RouteTable(_) => "AWS::EC2::RouteTable".into(),
        Name::NetworkAcl(_) => "AWS::EC2::NetworkAcl".into(),
        Name::InternetGateway(_) => "AWS::EC2::InternetGateway".into(),
        Name::NatGateway(_) => "AWS::EC2::NatGateway".into(),
        Name::Peering(_) => "AWS::EC2::VPCPeeringConnection".into(),
        Name::Address(_) => "AWS::EC2::EIP".into(),
        Name::DhcpOptions(_) => "AWS::EC2::DHCPOptions".into(),
        Name::Interface(_) => "AWS::EC2::NetworkInterface".into(),
        Name::Endpoint(_) => "AWS::EC2::VPCEndpoint".into(),
        Name::EndpointService(_) => "AWS::EC2::VPCEndpointService".into(),
        Name::LoadBalancer(_) => "AWS::ElasticLoadBalancingV2::LoadBalancer".into(),
        Name::TargetGroup(_) => "AWS::ElasticLoadBalancingV2::TargetGroup".into(),
        Name::Listener(_) => "AWS::ElasticLoadBalancingV2::Listener".into(),
        _ => format!("Ginnel::{folder}"),
    };
    Some(Resource {
        kind,
        name: id.to_owned(),
    })
}

/// Without secrets, and not longer than a record may be.
fn hidden(mut parameters: Value) -> Value {
    hide(&mut parameters);
    let bytes = parameters.to_string().len();
    if bytes > MAX_PARAMETERS {
        return json!({ "omitted": true, "originalSize": bytes, "reason": "requestParameters too large" });
    }
    parameters
}

fn hide(value: &mut Value) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                if SECRETS.contains(&name.to_ascii_lowercase().as_str()) {
                    *member = HIDDEN.into();
                } else {
                    hide(member);
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(hide),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn shorten(text: &str, most: usize) -> String {
    text.chars().take(most).collect()
}

fn event_id() -> String {
    crate::http::uuid(rand::rng().random())
}
