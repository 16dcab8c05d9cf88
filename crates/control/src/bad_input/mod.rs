//! Bad input: every operation of the models, called through the HTTP door with nothing, wrong
//! types, unknown parameters, unknown and malformed ids, another account's ids, oversized lists,
//! invalid UTF-8 and duplicate parameters. The calls are made from the models, not by hand; each
//! answer must be right in protocol, status and code ([`check`]), and tell nothing of others.

mod cases;
mod check;
mod door;
mod fill;
mod model;
mod scene;

use aws::Service;
use aws::call::Protocol;
use serde_json::Value;

use self::check::Code;
use self::door::Door;
use self::model::{Leaf, Model, put};
use crate::open::FirstKey;

/// What is wrong, with the call that showed it.
#[derive(Default)]
struct Findings {
    texts: Vec<String>,
    calls: usize,
}

impl Findings {
    fn add(&mut self, operation: &str, case: &str, what: &str) {
        self.texts.push(format!("{operation}, {case}: {what}"));
    }

    /// Fails with the first of them.
    fn settle(self, least: usize) {
        let shown: Vec<&str> = self.texts.iter().take(40).map(String::as_str).collect();
        assert!(
            self.texts.is_empty(),
            "{} of {} answers are wrong:\n{}",
            self.texts.len(),
            self.calls,
            shown.join("\n")
        );
        assert!(self.calls >= least, "only {} calls were made", self.calls);
    }
}

/// A caller, and what is known of the service that is called.
struct Bench {
    door: Door,
    who: FirstKey,
    model: Model,
    findings: Findings,
}

impl Bench {
    fn new(service: Service) -> Self {
        let door = Door::open();
        Self {
            who: door.account("caller"),
            door,
            model: Model::read(service),
            findings: Findings::default(),
        }
    }

    fn service(&self) -> Service {
        self.model.service
    }

    fn is_form(&self) -> bool {
        matches!(self.service().protocol(), Protocol::Form(_))
    }

    fn operations(&self) -> &'static [&'static str] {
        self.service().operations().1
    }

    /// The body of a request.
    fn body(&self, operation: &str, request: &Value) -> Vec<u8> {
        if !self.is_form() {
            return request.to_string().into_bytes();
        }
        let pairs = self.model.form(operation, request);
        let pairs = pairs
            .iter()
            .map(|(name, value)| format!("{name}={}", escape(value)));
        let pairs: Vec<String> = pairs.collect();
        form_body(self.service(), operation, &pairs.join("&")).into_bytes()
    }

    /// Calls; what is wrong with any answer is noted. Returns the fault's code and the answer.
    fn call(&mut self, operation: &str, case: &str, body: &[u8]) -> (Code, String) {
        let service = self.service();
        let answer = self.door.call(&self.who, service, operation, body);
        self.findings.calls += 1;
        match check::answer(service, operation, &answer) {
            Ok(code) => (code, answer.body),
            Err(what) => {
                let sent = String::from_utf8_lossy(body);
                let sent: String = sent.chars().take(300).collect();
                let body: String = answer.body.chars().take(300).collect();
                let what = format!("{what}\n    sent {sent}\n    got  {} {body}", answer.status);
                self.findings.add(operation, case, &what);
                (Some(String::new()), answer.body)
            }
        }
    }

    /// Calls, and wants a fault with one of these codes (any, when there are none).
    fn refused(&mut self, operation: &str, case: &str, body: &[u8], codes: &[&str]) {
        let before = self.findings.texts.len();
        let (code, _) = self.call(operation, case, body);
        if self.findings.texts.len() > before {
            return;
        }
        let sent: String = String::from_utf8_lossy(body).chars().take(300).collect();
        match code {
            None => self
                .findings
                .add(operation, case, &format!("succeeded: {sent}")),
            Some(code) if !codes.is_empty() && !codes.contains(&code.as_str()) => {
                let what = format!("{code}, not {}: {sent}", codes.join(" or "));
                self.findings.add(operation, case, &what);
            }
            Some(_) => {}
        }
    }

    /// A request with what is required, and one value more.
    fn with(
        &self,
        operation: &str,
        fill: &dyn Fn(&Leaf) -> String,
        leaf: &Leaf,
        value: Value,
    ) -> Value {
        let mut request = self.model.minimal(operation, fill);
        put(&mut request, &leaf.path, value);
        request
    }
}

/// The parameters of a call with the operation's name and version.
fn form_body(service: Service, operation: &str, parameters: &str) -> String {
    let body = format!(
        "Action={operation}&Version={}&{parameters}",
        service.version()
    );
    body.trim_end_matches('&').to_owned()
}

/// Percent-escapes everything that a form could mistake.
fn escape(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                out.push(char::from(byte));
            }
            byte => out += &format!("%{byte:02X}"),
        }
    }
    out
}

/// One test a service and a sort of bad input; `least` keeps a test from making no calls.
macro_rules! tests {
    ($($module:ident $service:ident $least:literal),+ $(,)?) => {
        $(mod $module {
            use super::*;

            fn run(cases: fn(&mut Bench)) {
                let mut bench = Bench::new(Service::$service);
                cases(&mut bench);
                bench.findings.settle($least);
            }

            #[test]
            fn the_shape_of_requests() {
                run(cases::shape_of_requests);
            }

            #[test]
            fn values_that_are_none() {
                run(cases::values);
            }

            #[test]
            fn lists_without_end() {
                let mut bench = Bench::new(Service::$service);
                cases::long_lists(&mut bench);
                bench.findings.settle(0);
            }

            #[test]
            fn ids_of_others() {
                run(cases::foreign_ids);
            }
        })+
    };
}

tests! {
    ec2 Ec2 200,
    elbv2 Elbv2 80,
    sts Sts 3,
    iam Iam 70,
    sns Sns 16,
    cloudtrail Cloudtrail 1,
    quotas Quotas 5,
    tagging Tagging 3,
}
