//! Which service is called, with which request: from the parts of an HTTP request to a typed value.

use serde::Serialize;
use serde_json::Value;

use crate::fault::{Fault, shorten};
use crate::form::Form;
use crate::json::Json;
use crate::{cbor, cloudtrail, ec2, elbv2, iam, quotas, sns, sts, tagging};

#[cfg(test)]
mod tests;

/// A service that this crate can speak for, told apart by the credential scope of the signature
/// (names of actions overlap between services; see AWS.md 1.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Service {
    /// Amazon EC2.
    Ec2,
    /// Elastic Load Balancing v2.
    Elbv2,
    /// Security Token Service.
    Sts,
    /// Identity and Access Management.
    Iam,
    /// Simple Notification Service.
    Sns,
    /// CloudTrail.
    Cloudtrail,
    /// Service Quotas.
    Quotas,
    /// Resource Groups Tagging API.
    Tagging,
    /// Our own API, which speaks JSON.
    Ginnel,
}

/// The dialect of a form and of its answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flavour {
    /// EC2's: list elements are `Name.1` in a request and `<item>` in a response.
    Ec2,
    /// The query protocol's: `Name.member.1` and `<member>`.
    Query,
}

/// What a service speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// Forms in, XML out.
    Form(Flavour),
    /// JSON (or CBOR) objects; the operation is in `X-Amz-Target`, after this prefix and a dot.
    Json(&'static str),
    /// Our own.
    Own,
}

/// The facts of a service (AWS.md 1.1).
struct Facts {
    scope: &'static str,
    protocol: Protocol,
    version: &'static str,
    namespace: &'static str,
}

impl Service {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Ec2,
        Self::Elbv2,
        Self::Sts,
        Self::Iam,
        Self::Sns,
        Self::Cloudtrail,
        Self::Quotas,
        Self::Tagging,
        Self::Ginnel,
    ];

    fn facts(self) -> Facts {
        let form = |scope, flavour, version, namespace| Facts {
            scope,
            protocol: Protocol::Form(flavour),
            version,
            namespace,
        };
        let json = |scope, protocol| Facts {
            scope,
            protocol,
            version: "",
            namespace: "",
        };
        let query = Flavour::Query;
        match self {
            Self::Ec2 => form(
                "ec2",
                Flavour::Ec2,
                "2016-11-15",
                "http://ec2.amazonaws.com/doc/2016-11-15/",
            ),
            Self::Elbv2 => form(
                "elasticloadbalancing",
                query,
                "2015-12-01",
                "http://elasticloadbalancing.amazonaws.com/doc/2015-12-01/",
            ),
            Self::Sts => form(
                "sts",
                query,
                "2011-06-15",
                "https://sts.amazonaws.com/doc/2011-06-15/",
            ),
            Self::Iam => form(
                "iam",
                query,
                "2010-05-08",
                "https://iam.amazonaws.com/doc/2010-05-08/",
            ),
            Self::Sns => form(
                "sns",
                query,
                "2010-03-31",
                "http://sns.amazonaws.com/doc/2010-03-31/",
            ),
            Self::Cloudtrail => json(
                "cloudtrail",
                Protocol::Json("com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101"),
            ),
            Self::Quotas => json("servicequotas", Protocol::Json("ServiceQuotasV20190624")),
            Self::Tagging => json(
                "tagging",
                Protocol::Json("ResourceGroupsTaggingAPI_20170126"),
            ),
            Self::Ginnel => json("ginnel", Protocol::Own),
        }
    }

    /// The service with this name in the credential scope, for example `elasticloadbalancing`.
    #[must_use]
    pub fn from_scope_name(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|service| service.scope_name() == name)
    }

    /// The service's name in the credential scope and in messages.
    #[must_use]
    pub fn scope_name(self) -> &'static str {
        self.facts().scope
    }

    /// What it speaks.
    #[must_use]
    pub fn protocol(self) -> Protocol {
        self.facts().protocol
    }

    /// The dialect of the service's forms and XML; a service without any is read as query.
    #[must_use]
    pub fn flavour(self) -> Flavour {
        match self.protocol() {
            Protocol::Form(flavour) => flavour,
            Protocol::Json(_) | Protocol::Own => Flavour::Query,
        }
    }

    /// The API version that requests must name; empty for a service without one.
    #[must_use]
    pub fn version(self) -> &'static str {
        self.facts().version
    }

    /// The XML namespace of responses (AWS.md 1.1); empty for a service without one.
    #[must_use]
    pub fn namespace(self) -> &'static str {
        self.facts().namespace
    }

    /// Names of all operations of the service, sorted, and of those that are decoded.
    #[must_use]
    pub fn operations(self) -> (&'static [&'static str], &'static [&'static str]) {
        match self {
            Self::Ec2 => (ec2::OPERATIONS, ec2::SUPPORTED),
            Self::Elbv2 => (elbv2::OPERATIONS, elbv2::SUPPORTED),
            Self::Sts => (sts::OPERATIONS, sts::SUPPORTED),
            Self::Iam => (iam::OPERATIONS, iam::SUPPORTED),
            Self::Sns => (sns::OPERATIONS, sns::SUPPORTED),
            Self::Cloudtrail => (cloudtrail::OPERATIONS, cloudtrail::SUPPORTED),
            Self::Quotas => (quotas::OPERATIONS, quotas::SUPPORTED),
            Self::Tagging => (tagging::OPERATIONS, tagging::SUPPORTED),
            Self::Ginnel => (&[], &[]),
        }
    }
}

/// Ties a request type to its operation and to the type of its answer.
pub trait Operation {
    /// The service that the operation belongs to.
    const SERVICE: Service;
    /// The operation's name, for example `CreateVpcEndpoint`.
    const NAME: &'static str;
    /// The answer; `()` where the model has none (EC2 then says `<return>true</return>`).
    type Output: Serialize;
}

/// An HTTP request, as far as signing and decoding care.
#[derive(Debug, Clone, Copy)]
pub struct Parts<'a> {
    /// The method in upper case, for example `POST`.
    pub method: &'a str,
    /// The path as received, percent-encoded, without the query.
    pub path: &'a str,
    /// The query as received, percent-encoded, without the question mark; may be empty.
    pub query: &'a str,
    /// Names in lower case, values as received, in the order received.
    pub headers: &'a [(String, String)],
    /// The whole body.
    pub body: &'a [u8],
}

impl<'a> Parts<'a> {
    /// The value of the first header called `name` (lower case).
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&'a str> {
        self.headers
            .iter()
            .find(|(n, _)| n == name)
            .map(|(_, value)| value.as_str())
    }
}

macro_rules! services {
    ($($(#[$doc:meta])* $variant:ident $module:ident),+ $(,)?) => {
        /// A decoded request of any service.
        #[derive(Debug, Clone, PartialEq)]
        #[cfg_attr(any(test, feature = "fuzzing"), derive(Serialize))]
        pub enum Request {
            $($(#[$doc])* $variant($module::Request),)+
        }

        impl Request {
            /// The service that is called.
            #[must_use]
            pub fn service(&self) -> Service {
                match self {
                    $(Self::$variant(_) => Service::$variant,)+
                }
            }

            /// The operation's name.
            #[must_use]
            pub fn name(&self) -> &'static str {
                match self {
                    $(Self::$variant(request) => request.name(),)+
                }
            }
        }

        /// An answer of any service.
        #[derive(Debug, Clone, PartialEq)]
        pub enum Response {
            $($(#[$doc])* $variant($module::Response),)+
        }

        impl Response {
            /// The answer's document: XML or JSON, as the service speaks.
            ///
            /// # Errors
            ///
            /// `InternalError` when a value has no form on the wire.
            pub fn encode(&self, request_id: &str) -> Result<String, Fault> {
                match self {
                    $(Self::$variant(response) => response.encode(request_id),)+
                }
            }
        }
    };
}

services! {
    /// Of Amazon EC2.
    Ec2 ec2,
    /// Of Elastic Load Balancing v2.
    Elbv2 elbv2,
    /// Of the Security Token Service.
    Sts sts,
    /// Of Identity and Access Management.
    Iam iam,
    /// Of the Simple Notification Service.
    Sns sns,
    /// Of CloudTrail.
    Cloudtrail cloudtrail,
    /// Of Service Quotas.
    Quotas quotas,
    /// Of the Resource Groups Tagging API.
    Tagging tagging,
}

impl Request {
    /// Whether the caller only asks if the request would be allowed (EC2 only).
    #[must_use]
    pub fn dry_run(&self) -> bool {
        matches!(self, Self::Ec2(request) if request.dry_run())
    }
}

/// Parameters that belong to signing or to the protocol, not to an operation
/// ("Common query parameters" in the EC2 API reference, and their forms of signature version 2).
pub(crate) const COMMON: &[&str] = &[
    "X-Amz-Algorithm",
    "X-Amz-Credential",
    "X-Amz-Date",
    "X-Amz-Expires",
    "X-Amz-Security-Token",
    "X-Amz-Signature",
    "X-Amz-SignedHeaders",
    "AWSAccessKeyId",
    "Expires",
    "SecurityToken",
    "Signature",
    "SignatureMethod",
    "SignatureVersion",
    "Timestamp",
];

/// Whether a request speaks CBOR instead of JSON; its answer must too.
#[must_use]
pub fn speaks_cbor(parts: &Parts<'_>) -> bool {
    parts.header("smithy-protocol") == Some("rpc-v2-cbor")
}

/// Decodes the request in `parts` for `service`.
///
/// # Errors
///
/// Of a service with forms those of [`decode_form`](self), of one with JSON: `MissingAction`,
/// `InvalidAction`, `UnsupportedOperation` and what [`Json::parse`] and [`Json::decode`] report.
pub fn decode(service: Service, parts: &Parts<'_>) -> Result<Request, Fault> {
    match service.protocol() {
        Protocol::Form(_) | Protocol::Own => decode_form(service, parts),
        Protocol::Json(prefix) => decode_json(service, prefix, parts),
    }
}

fn decode_json(service: Service, prefix: &str, parts: &Parts<'_>) -> Result<Request, Fault> {
    let missing = || {
        Fault::bad_request(
            "MissingAction",
            format!(
                "The request must name its operation in the header X-Amz-Target: {prefix}.NAME"
            ),
        )
    };
    let action = json_action(prefix, parts).ok_or_else(missing)?;
    let body = json_body(parts)?;
    match service {
        Service::Cloudtrail => cloudtrail::Request::decode(action, &body).map(Request::Cloudtrail),
        Service::Quotas => quotas::Request::decode(action, &body).map(Request::Quotas),
        Service::Tagging => tagging::Request::decode(action, &body).map(Request::Tagging),
        Service::Ec2
        | Service::Elbv2
        | Service::Sts
        | Service::Iam
        | Service::Sns
        | Service::Ginnel => Err(Fault::no_operation(service, action, &[])),
    }
}

fn json_action<'a>(prefix: &str, parts: &Parts<'a>) -> Option<&'a str> {
    if speaks_cbor(parts) {
        let path = parts.path.strip_prefix("/service/")?;
        path.strip_prefix(prefix)?.strip_prefix("/operation/")
    } else {
        let target = parts.header("x-amz-target")?;
        target.strip_prefix(prefix)?.strip_prefix('.')
    }
}

fn json_body(parts: &Parts<'_>) -> Result<Json, Fault> {
    if speaks_cbor(parts) {
        cbor::parse(parts.body)
    } else {
        Json::parse(parts.body)
    }
}

fn form(parts: &Parts<'_>) -> Result<Form, Fault> {
    let mut form = Form::default();
    form.add(parts.query.as_bytes())?;
    form.add(parts.body)?;
    for name in COMMON {
        form.take(name);
    }
    Ok(form)
}

/// What a request claims to ask, for records: the operation's name, if there is one, and the
/// parameters (`Null` where they cannot be read).
#[must_use]
pub fn claimed(service: Service, parts: &Parts<'_>) -> (Option<String>, Value) {
    match service.protocol() {
        Protocol::Form(_) | Protocol::Own => {
            let Ok(mut form) = form(parts) else {
                return (None, Value::Null);
            };
            let action = form.take("Action");
            form.take("Version");
            (action, form.to_json())
        }
        Protocol::Json(prefix) => {
            let action = json_action(prefix, parts).map(str::to_owned);
            let body = json_body(parts).map_or(Value::Null, |body| body.to_json());
            (action, body)
        }
    }
}

/// Parameters come from the query and from the body.
///
/// # Errors
///
/// `MissingAction`, `InvalidAction`, `UnsupportedOperation`, `NoSuchVersion`, `MissingParameter`
/// (also for a missing `Version`) and what [`Form::parse`] and [`Form::decode`] report.
fn decode_form(service: Service, parts: &Parts<'_>) -> Result<Request, Fault> {
    let mut form = form(parts)?;
    let Some(action) = form.take("Action") else {
        let message = "The request must contain the parameter Action, the operation's name";
        return Err(Fault::bad_request("MissingAction", message));
    };
    let Some(version) = form.take("Version") else {
        return Err(Fault::missing("Version"));
    };
    if version != service.version() {
        let message = format!(
            "The requested version ({}) of {} is not valid; this endpoint speaks {}.",
            shorten(&version),
            service.scope_name(),
            service.version()
        );
        return Err(Fault::bad_request("NoSuchVersion", message));
    }
    match service {
        Service::Ec2 => ec2::Request::decode(&action, &form).map(Request::Ec2),
        Service::Elbv2 => elbv2::Request::decode(&action, &form).map(Request::Elbv2),
        Service::Sts => sts::Request::decode(&action, &form).map(Request::Sts),
        Service::Iam => iam::Request::decode(&action, &form).map(Request::Iam),
        Service::Sns => sns::Request::decode(&action, &form).map(Request::Sns),
        Service::Cloudtrail | Service::Quotas | Service::Tagging | Service::Ginnel => {
            Err(Fault::no_operation(service, &action, &[]))
        }
    }
}
