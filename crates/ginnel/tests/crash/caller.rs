//! One signed call on one connection, and whether it was answered.

use std::time::{Duration, SystemTime};

use aws::Service;
use aws::call::Parts;
use aws::sigv4::{Key, sign};

use crate::xml::Node;

/// A parameter of a call.
pub(crate) type Parameter = (String, String);

/// What became of a call.
#[derive(Debug)]
pub(crate) enum Answer {
    /// It was carried out; its id as the audit has it.
    Done { request: String, body: Node },
    /// It was refused with this code and message.
    Refused { code: String, message: String },
    /// There was no whole answer.
    Lost(String),
}

/// Calls as one account.
pub(crate) struct Caller {
    id: String,
    secret: String,
    region: String,
    url: String,
    http: ureq::Agent,
}

impl Caller {
    /// From the variables that `ginnel account create` prints.
    pub(crate) fn new(who: &testbed::ginnel::Credentials) -> Self {
        let get = |name: &str| who[name].clone();
        Self {
            id: get("AWS_ACCESS_KEY_ID"),
            secret: get("AWS_SECRET_ACCESS_KEY"),
            region: get("AWS_REGION"),
            url: get("AWS_ENDPOINT_URL"),
            http: agent(),
        }
    }

    /// The region.
    pub(crate) fn region(&self) -> &str {
        &self.region
    }

    /// From now on at this address, on new connections.
    pub(crate) fn meet(&mut self, url: &str) {
        url.clone_into(&mut self.url);
        self.http = agent();
    }

    /// A call.
    pub(crate) fn call(&self, service: Service, action: &str, parameters: &[Parameter]) -> Answer {
        let body = form_urlencoded::Serializer::new(String::new())
            .append_pair("Action", action)
            .append_pair("Version", service.version())
            .extend_pairs(parameters)
            .finish();
        match self.send(service, &body) {
            Ok((200, request, text)) => Answer::Done {
                request,
                body: Node::parse(&text),
            },
            Ok((400..=499, _, text)) => {
                let body = Node::parse(&text);
                let find = |name: &str| body.find(name).unwrap_or_default().to_owned();
                Answer::Refused {
                    code: find("Code"),
                    message: find("Message"),
                }
            }
            Ok((status, _, text)) => panic!("{action}: {status}: {text}"),
            Err(error) => Answer::Lost(error.to_string()),
        }
    }

    /// A call that must succeed.
    pub(crate) fn must(&self, service: Service, action: &str, parameters: &[Parameter]) -> Node {
        match self.call(service, action, parameters) {
            Answer::Done { body, .. } => body,
            other => panic!("{action} {parameters:?}: {other:?}"),
        }
    }

    fn send(&self, service: Service, body: &str) -> Result<(u16, String, String), ureq::Error> {
        let host = self.url.strip_prefix("http://").unwrap();
        let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let headers = [
            header("host", host),
            header("content-type", "application/x-www-form-urlencoded"),
        ];
        let parts = Parts {
            method: "POST",
            path: "/",
            query: "",
            headers: &headers,
            body: body.as_bytes(),
        };
        let key = Key {
            id: &self.id,
            secret: &self.secret,
        };
        let now = SystemTime::UNIX_EPOCH.elapsed().unwrap().as_secs();
        let signed = sign(&parts, key, &self.region, service, now as i64).unwrap();
        let mut request = self.http.post(&self.url);
        for (name, value) in headers[1..].iter().chain(&signed) {
            request = request.header(name, value);
        }
        let mut response = request.send(body)?;
        let text = response.body_mut().read_to_string()?;
        let id = response.headers().get("x-amzn-requestid");
        let id = id.and_then(|id| id.to_str().ok()).unwrap_or_default();
        assert!(!id.is_empty(), "an answer without a request id: {text}");
        Ok((response.status().as_u16(), id.to_owned(), text))
    }
}

fn agent() -> ureq::Agent {
    ureq::Agent::config_builder()
        .http_status_as_error(false)
        .timeout_global(Some(Duration::from_secs(20)))
        .build()
        .into()
}
