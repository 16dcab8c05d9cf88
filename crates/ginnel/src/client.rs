//! A signed caller of the daemon: its own JSON operations, and the AWS query operations that
//! the demo shows as `aws` commands.

use std::time::{Duration, SystemTime};

use anyhow::{Context as _, Result, anyhow, bail};
use aws::Service;
use aws::call::{Parts, Protocol};
use aws::sigv4::{self, Key};
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::Event;
use serde_json::Value;

use crate::place::Credentials;

mod tree;

const FORM: &str = "application/x-www-form-urlencoded; charset=utf-8";
const JSON: &str = "application/json";
const AWS_JSON: &str = "application/x-amz-json-1.1";

/// Calls as one principal.
#[derive(Clone, Debug)]
pub struct Client {
    who: Credentials,
    /// Of temporary credentials.
    session: Option<String>,
    http: ureq::Agent,
}

/// An answer of an AWS query operation.
#[derive(Debug)]
pub struct Xml(String);

impl Client {
    /// A caller with these credentials.
    pub fn new(who: Credentials) -> Self {
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .user_agent(user_agent())
            .timeout_global(Some(Duration::from_secs(60)))
            .build();
        Self {
            who,
            session: None,
            http: config.into(),
        }
    }

    /// The same with the session token of temporary credentials.
    #[must_use]
    pub fn with_session(self, token: String) -> Self {
        Self {
            session: Some(token),
            ..self
        }
    }

    /// As whom it calls.
    pub fn credentials(&self) -> &Credentials {
        &self.who
    }

    /// One of Ginnel's own operations.
    pub fn ginnel(&self, operation: &str, body: &Value) -> Result<Value> {
        let path = format!("/_ginnel/{operation}");
        let headers = [("content-type", JSON)];
        let (status, text) = self.send(Service::Ginnel, &path, &headers, &body.to_string())?;
        let answer: Value = serde_json::from_str(&text)
            .with_context(|| format!("reading the daemon's answer: {text}"))?;
        if status != 200 {
            let part = |name: &str| answer.get(name).and_then(Value::as_str).unwrap_or("?");
            bail!("{} ({})", part("message"), part("__type"));
        }
        Ok(answer)
    }

    /// An operation of a service that speaks JSON.
    pub fn json(&self, service: Service, action: &str, body: &Value) -> Result<Value> {
        let Protocol::Json(prefix) = service.protocol() else {
            bail!("{} does not speak JSON", service.scope_name());
        };
        let target = format!("{prefix}.{action}");
        let headers = [("content-type", AWS_JSON), ("x-amz-target", &target)];
        let (status, text) = self.send(service, "/", &headers, &body.to_string())?;
        let answer: Value = serde_json::from_str(&text)
            .with_context(|| format!("reading the answer to {action}: {text}"))?;
        if status != 200 {
            let part = |name: &str| answer.get(name).and_then(Value::as_str).unwrap_or("?");
            bail!("{action}: {}: {}", part("__type"), part("message"));
        }
        Ok(answer)
    }

    /// An operation of a service that speaks forms and XML, with its wire parameters.
    pub fn aws(&self, service: Service, action: &str, parameters: &[(&str, &str)]) -> Result<Xml> {
        let body = form(service, action, parameters);
        let headers = [("content-type", FORM)];
        let (status, text) = self.send(service, "/", &headers, &body)?;
        let answer = Xml(text);
        if status != 200 {
            let code = answer.first("Code").unwrap_or_default();
            let message = answer.first("Message").unwrap_or_default();
            bail!("{action}: {code}: {message}");
        }
        Ok(answer)
    }

    /// The headers of a signed query call with this body, for those who send it themselves.
    pub fn headers(&self, service: Service, body: &str) -> Result<Vec<(String, String)>> {
        self.sign(service, "/", &[("content-type", FORM)], body)
    }

    fn sign(
        &self,
        service: Service,
        path: &str,
        more: &[(&str, &str)],
        body: &str,
    ) -> Result<Vec<(String, String)>> {
        let url = &self.who.endpoint_url;
        let host = url
            .strip_prefix("http://")
            .with_context(|| format!("the endpoint {url} is not a http:// address"))?;
        let session = self.session.as_deref();
        let session = session.map(|token| ("x-amz-security-token", token));
        let mut headers: Vec<(String, String)> = std::iter::once(("host", host))
            .chain(more.iter().copied())
            .chain(session)
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        let parts = Parts {
            method: "POST",
            path,
            query: "",
            headers: &headers,
            body: body.as_bytes(),
        };
        let key = Key {
            id: &self.who.access_key_id,
            secret: &self.who.secret_access_key,
        };
        let now = SystemTime::now()
            .duration_since(SystemTime::UNIX_EPOCH)
            .context("the clock is before 1970")?;
        let now = i64::try_from(now.as_secs())?;
        let signed = sigv4::sign(&parts, key, &self.who.region, service, now)
            .map_err(|fault| anyhow!("signing: {}", fault.message))?;
        headers.extend(signed);
        Ok(headers)
    }

    fn send(
        &self,
        service: Service,
        path: &str,
        more: &[(&str, &str)],
        body: &str,
    ) -> Result<(u16, String)> {
        let url = &self.who.endpoint_url;
        let headers = self.sign(service, path, more, body)?;
        let mut request = self.http.post(format!("{url}{path}"));
        for (name, value) in headers.iter().filter(|(name, _)| name != "host") {
            request = request.header(name, value);
        }
        let mut response = request.send(body).with_context(|| {
            format!("no answer from {url}: is `ginnel up` running? (`ginnel status` tells)")
        })?;
        let text = response
            .body_mut()
            .with_config()
            .limit(64 << 20)
            .read_to_string()
            .context("reading the answer")?;
        Ok((response.status().as_u16(), text))
    }
}

/// The body of a query call.
pub fn form(service: Service, action: &str, parameters: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new())
        .append_pair("Action", action)
        .append_pair("Version", service.version())
        .extend_pairs(parameters)
        .finish()
}

impl From<String> for Xml {
    fn from(text: String) -> Self {
        Self(text)
    }
}

/// What this process calls itself: its own calls can be told from others in the trail.
pub(crate) fn user_agent() -> String {
    let version = env!("CARGO_PKG_VERSION");
    format!("ginnel/{version} pid/{}", std::process::id())
}

impl Xml {
    /// The whole answer as JSON: lists are arrays, members keep their names, `true` and `false`
    /// are booleans except as a tag's value, and all other values are text.
    pub fn value(&self) -> Result<Value> {
        tree::value(&self.0)
    }

    /// The text of the first element with this name.
    pub fn first(&self, element: &str) -> Option<String> {
        self.all(element).into_iter().next()
    }

    /// The first element's text, or an error that names it.
    pub fn need(&self, element: &str) -> Result<String> {
        self.first(element)
            .with_context(|| format!("the answer has no {element}: {}", self.0))
    }

    /// The texts of all elements with this name, in order.
    pub fn all(&self, element: &str) -> Vec<String> {
        let mut reader = quick_xml::Reader::from_str(&self.0);
        let mut inside: Option<String> = None;
        let mut found = Vec::new();
        loop {
            match (reader.read_event(), &mut inside) {
                (Ok(Event::Start(start)), _) => {
                    inside = (start.name().as_ref() == element).then(String::new);
                }
                (Ok(Event::Text(text)), Some(inside)) => inside.push_str(&text),
                (Ok(Event::GeneralRef(name)), Some(inside)) => match name.resolve_char_ref() {
                    Ok(Some(character)) => inside.push(character),
                    _ => inside.push_str(resolve_predefined_entity(&name).unwrap_or_default()),
                },
                (Ok(Event::End(_)), _) => found.extend(inside.take()),
                (Ok(Event::Eof) | Err(_), _) => return found,
                (Ok(_), _) => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Xml;

    #[test]
    fn texts_are_whole_and_without_entities() {
        let xml = Xml("<a><b>one &quot;two&quot; &#x26; three</b><b/><c>x</c><b>4</b></a>".into());
        assert_eq!(xml.all("b"), ["one \"two\" & three", "4"]);
        assert_eq!(xml.first("c").as_deref(), Some("x"));
        assert!(xml.need("d").is_err());
    }
}
