//! Errors as AWS's clients understand them: a code, an HTTP status and a message, wrapped in the
//! envelope of the service that was called. Codes and statuses: AWS.md 1.3, 1.4 and 11.2.

use std::borrow::Cow;

use serde_json::json;

use crate::call::{Flavour, Protocol, Service};
use crate::xml::escape;

#[cfg(test)]
mod tests;

/// A refusal, before it takes the form of a protocol.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {message}")]
pub struct Fault {
    /// AWS's error code, the only part that clients dispatch on, for example `InvalidVpcID.NotFound`.
    pub code: Cow<'static, str>,
    /// The HTTP status.
    pub status: u16,
    /// What happened and what to do about it, for people.
    pub message: String,
}

impl Fault {
    /// A fault with a status of its own.
    pub fn new(
        status: u16,
        code: impl Into<Cow<'static, str>>,
        message: impl Into<String>,
    ) -> Self {
        Self {
            code: code.into(),
            status,
            message: message.into(),
        }
    }

    /// The caller's mistake: HTTP status 400.
    pub fn bad_request(code: impl Into<Cow<'static, str>>, message: impl Into<String>) -> Self {
        Self::new(400, code, message)
    }

    /// Our mistake: `InternalError`, HTTP status 500.
    pub fn internal(message: impl Into<String>) -> Self {
        Self::new(500, "InternalError", message)
    }

    /// `InvalidParameterValue`: the parameter called `name` has a value that cannot be used.
    #[must_use]
    pub fn invalid_value(name: &str, value: &str, why: &str) -> Self {
        let message = format!("Value ({value}) for parameter {name} is invalid: {why}");
        Self::bad_request("InvalidParameterValue", message)
    }

    /// `MissingParameter`: the request lacks the parameter called `name`.
    #[must_use]
    pub fn missing(name: &str) -> Self {
        let message = format!("The request must contain the parameter {name}");
        Self::bad_request("MissingParameter", message)
    }

    /// `UnknownParameter`: the operation has no parameter called `name`.
    #[must_use]
    pub fn unknown(name: &str) -> Self {
        Self::bad_request(
            "UnknownParameter",
            format!("The parameter {name} is not recognized"),
        )
    }

    /// `DryRunOperation` (412): the request would have been allowed.
    #[must_use]
    pub fn dry_run() -> Self {
        let message = "Request would have succeeded, but DryRun flag is set.";
        Self::new(412, "DryRunOperation", message)
    }

    /// `UnsupportedOperation` if `known`, the sorted names of the service's operations, holds
    /// `action`; otherwise `InvalidAction`.
    #[must_use]
    pub fn no_operation(service: Service, action: &str, known: &[&str]) -> Self {
        if known.binary_search(&action).is_ok() {
            let message = format!(
                "This version of Ginnel does not implement the operation {action} of {} yet; \
                 docs/api.md lists those that it does.",
                service.scope_name()
            );
            return Self::bad_request("UnsupportedOperation", message);
        }
        let action = shorten(action);
        let message = format!("The action {action} is not valid for this web service.");
        Self::bad_request("InvalidAction", message)
    }

    /// The access key is not known. EC2 has one code for this and for a wrong signature.
    #[must_use]
    pub fn invalid_key(service: Service) -> Self {
        match service {
            Service::Ec2 => Self::auth_failure(),
            _ => Self::new(
                403,
                match service.protocol() {
                    Protocol::Json(_) => "UnrecognizedClientException",
                    Protocol::Form(_) | Protocol::Own => "InvalidClientTokenId",
                },
                "The security token included in the request is invalid.",
            ),
        }
    }

    /// The signature is not what the secret key makes of the request.
    #[must_use]
    pub fn bad_signature(service: Service) -> Self {
        match service {
            Service::Ec2 => Self::auth_failure(),
            _ => Self::new(
                403,
                "SignatureDoesNotMatch",
                "The request signature we calculated does not match the signature you provided. \
                 Check your AWS Secret Access Key and signing method. \
                 Consult the service documentation for details.",
            ),
        }
    }

    fn auth_failure() -> Self {
        let message = "AWS was not able to validate the provided access credentials";
        Self::new(401, "AuthFailure", message)
    }

    /// The response's content type and body in the protocol of `service`.
    #[must_use]
    pub fn encode(&self, service: Service, request_id: &str) -> (&'static str, String) {
        let Self {
            code,
            status,
            message,
        } = self;
        let flavour = match service.protocol() {
            Protocol::Form(flavour) => flavour,
            Protocol::Json(_) => {
                let body = json!({ "__type": code, "message": message });
                return (crate::json::CONTENT_TYPE, body.to_string());
            }
            Protocol::Own => {
                let body = json!({ "__type": code, "message": message, "requestId": request_id });
                return ("application/json", body.to_string());
            }
        };
        let (code, message, id) = (escape(code), escape(message), escape(request_id));
        let body = match flavour {
            Flavour::Ec2 => format!(
                "<Response><Errors><Error><Code>{code}</Code><Message>{message}</Message></Error>\
                 </Errors><RequestID>{id}</RequestID></Response>"
            ),
            Flavour::Query => format!(
                "<ErrorResponse xmlns=\"{}\"><Error><Type>{}</Type><Code>{code}</Code>\
                 <Message>{message}</Message></Error><RequestId>{id}</RequestId></ErrorResponse>",
                service.namespace(),
                if *status < 500 { "Sender" } else { "Receiver" },
            ),
        };
        (
            crate::xml::CONTENT_TYPE,
            format!("{}{body}", crate::xml::DECLARATION),
        )
    }
}

/// `text` as an error message may repeat it: at most 64 characters.
pub(crate) fn shorten(text: &str) -> String {
    match text.char_indices().nth(64) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
