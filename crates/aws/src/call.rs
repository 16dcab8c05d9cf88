//! Which service is called, with which request: from the parts of an HTTP request to a typed value.

use serde::Serialize;

use crate::fault::{Fault, shorten};
use crate::form::Form;
use crate::{ec2, elbv2, sts};

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

impl Service {
    /// The service with this name in the credential scope, for example `elasticloadbalancing`.
    #[must_use]
    pub fn from_scope_name(name: &str) -> Option<Self> {
        let all = [Self::Ec2, Self::Elbv2, Self::Sts, Self::Ginnel];
        all.into_iter().find(|service| service.scope_name() == name)
    }

    /// The service's name in the credential scope and in messages.
    #[must_use]
    pub fn scope_name(self) -> &'static str {
        match self {
            Self::Ec2 => "ec2",
            Self::Elbv2 => "elasticloadbalancing",
            Self::Sts => "sts",
            Self::Ginnel => "ginnel",
        }
    }

    /// The protocol of forms and XML, unless the service speaks JSON.
    #[must_use]
    pub fn protocol(self) -> Option<Flavour> {
        match self {
            Self::Ec2 => Some(Flavour::Ec2),
            Self::Elbv2 | Self::Sts => Some(Flavour::Query),
            Self::Ginnel => None,
        }
    }

    /// The dialect of the service's forms and XML; a service without any is read as query.
    #[must_use]
    pub fn flavour(self) -> Flavour {
        self.protocol().unwrap_or(Flavour::Query)
    }

    /// The API version that requests must name; empty for a service without one.
    #[must_use]
    pub fn version(self) -> &'static str {
        match self {
            Self::Ec2 => "2016-11-15",
            Self::Elbv2 => "2015-12-01",
            Self::Sts => "2011-06-15",
            Self::Ginnel => "",
        }
    }

    /// The XML namespace of responses (AWS.md 1.1); empty for a service without one.
    #[must_use]
    pub fn namespace(self) -> &'static str {
        match self {
            Self::Ec2 => "http://ec2.amazonaws.com/doc/2016-11-15/",
            Self::Elbv2 => "http://elasticloadbalancing.amazonaws.com/doc/2015-12-01/",
            Self::Sts => "https://sts.amazonaws.com/doc/2011-06-15/",
            Self::Ginnel => "",
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

/// A decoded request of any service that has forms.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Request {
    /// To Amazon EC2.
    Ec2(ec2::Request),
    /// To Elastic Load Balancing v2.
    Elbv2(elbv2::Request),
    /// To the Security Token Service.
    Sts(sts::Request),
}

impl Request {
    /// The service that is called.
    #[must_use]
    pub fn service(&self) -> Service {
        match self {
            Self::Ec2(_) => Service::Ec2,
            Self::Elbv2(_) => Service::Elbv2,
            Self::Sts(_) => Service::Sts,
        }
    }

    /// The operation's name.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Ec2(request) => request.name(),
            Self::Elbv2(request) => request.name(),
            Self::Sts(request) => request.name(),
        }
    }

    /// Whether the caller only asks if the request would be allowed (EC2 only).
    #[must_use]
    pub fn dry_run(&self) -> bool {
        matches!(self, Self::Ec2(request) if request.dry_run())
    }
}

/// Parameters that belong to signing or to the protocol, not to an operation
/// ("Common query parameters" in the EC2 API reference, and their forms of signature version 2).
const COMMON: &[&str] = &[
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

/// Decodes the request in `parts` for `service`: parameters come from the query and from the body.
///
/// # Errors
///
/// `MissingAction`, `InvalidAction`, `UnsupportedOperation`, `NoSuchVersion`, `MissingParameter`
/// (also for a missing `Version`) and what [`Form::parse`] and [`Form::decode`] report.
pub fn decode(service: Service, parts: &Parts<'_>) -> Result<Request, Fault> {
    let mut form = Form::default();
    form.add(parts.query.as_bytes())?;
    form.add(parts.body)?;
    for name in COMMON {
        form.take(name);
    }
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
        Service::Ginnel => Err(Fault::no_operation(service, &action, &[])),
    }
}
