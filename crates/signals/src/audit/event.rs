//! One record, in the shape of CloudTrail's
//! (<https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html>).

use alloc::string::String;
use alloc::vec::Vec;

use serde::Serialize;
use serde_json::Value;

/// The version of the records' form.
const VERSION: &str = "1.11";

/// What a record is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Kind {
    /// A call of the API.
    AwsApiCall,
    /// Something that Ginnel did by itself.
    AwsServiceEvent,
}

/// A record.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Event {
    /// Who.
    pub user_identity: Identity,
    /// When: ISO 8601, UTC.
    pub event_time: String,
    /// The service: `ec2.amazonaws.com`.
    pub event_source: String,
    /// The operation.
    pub event_name: String,
    /// Where.
    pub aws_region: String,
    /// The client's address.
    #[serde(rename = "sourceIPAddress")]
    pub source_ip_address: String,
    /// What the client calls itself.
    pub user_agent: String,
    /// Why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error_code: Option<String>,
    /// The same for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error_message: Option<String>,
    /// What was asked; secrets are left out.
    pub request_parameters: Value,
    /// What a write answered, without secrets.
    pub response_elements: Value,
    /// The answer's request id.
    #[serde(rename = "requestID")]
    pub request_id: String,
    /// One of a kind.
    #[serde(rename = "eventID")]
    pub event_id: String,
    /// Whether it could change nothing.
    pub read_only: bool,
    /// What it changed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub resources: Vec<Resource>,
    /// What it is about.
    pub event_type: Kind,
    /// Whose trail it belongs to.
    pub recipient_account_id: String,
}

/// Who did it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Identity {
    /// `Root`, `IAMUser`, `AssumedRole`, `AWSService`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The principal's unique id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub principal_id: Option<String>,
    /// Its ARN.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub arn: Option<String>,
    /// Its account.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account_id: Option<String>,
    /// The key that signed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub access_key_id: Option<String>,
    /// The user's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_name: Option<String>,
    /// The service that acted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub invoked_by: Option<String>,
}

/// A thing that was changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Resource {
    /// CloudFormation's name of its type: `AWS::EC2::VPC`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Its id, or its name where it has no id.
    pub name: String,
}

impl Event {
    /// The record as one line of JSON.
    pub fn to_json(&self) -> String {
        #[derive(Serialize)]
        #[serde(rename_all = "camelCase")]
        struct Whole<'a> {
            event_version: &'static str,
            #[serde(flatten)]
            event: &'a Event,
            management_event: bool,
            event_category: &'static str,
        }
        let whole = Whole {
            event_version: VERSION,
            event: self,
            management_event: true,
            event_category: "Management",
        };
        // Strings and a Value have a form in JSON whatever they hold.
        serde_json::to_string(&whole).unwrap_or_default()
    }
}
