//! Bad input: every operation of the models, called through the HTTP door with nothing, wrong
//! types, unknown parameters, unknown and malformed ids, another account's ids, oversized lists,
//! invalid UTF-8 and duplicate parameters. The calls are made from the models, not by hand; each
//! answer must be right in protocol, status and code ([`check`]), and tell nothing of others.

mod check;
mod door;
mod model;
mod scene;

use aws::Service;
use aws::call::Protocol;
use serde_json::Value;

use self::check::{Code, is_absent};
use self::door::Door;
use self::model::{Leaf, Model, Step, put};
use self::scene::{Ids, SECRET};
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

/// What a member's name says of its value: the kind of an id, as [`scene`] calls it.
fn kind_of(name: &str) -> Option<&'static str> {
    const KINDS: &[(&str, &str)] = &[
        ("connectionnotificationid", "vpce-nfn"),
        ("vpcendpointid", "vpce"),
        ("serviceid", "vpce-svc"),
        ("securitygroupruleid", "sgr"),
        ("networkinterfaceid", "eni"),
        ("routetableid", "rtb"),
        ("networkaclid", "acl"),
        ("internetgatewayid", "igw"),
        ("natgatewayid", "nat"),
        ("allocationid", "eipalloc"),
        ("prefixlistid", "pl"),
        ("dhcpoptionsid", "dopt"),
        ("flowlogid", "fl"),
        ("insightspathid", "nip"),
        ("insightsanalysisid", "nia"),
        ("attachmentid", "eni-attach"),
        ("associationid", "rtbassoc"),
        ("gatewayid", "igw"),
        ("instanceid", "i"),
        ("subnetid", "subnet"),
        ("subnets", "subnet"),
        ("securitygroups", "sg"),
        ("groupid", "sg"),
        ("vpcid", "vpc"),
        ("resourceid", "vpc"),
        ("resources", "vpc"),
        ("loadbalancerarn", "loadbalancer"),
        ("targetgrouparn", "targetgroup"),
        ("listenerarn", "listener"),
        ("subscriptionarn", "subscription"),
        ("notificationarn", "topic"),
        ("topicarn", "topic"),
        ("rolearn", "role"),
        ("policysourcearn", "user"),
        ("policyarn", "policy"),
        ("resourcearn", "loadbalancer"),
        ("groups", "sg"),
    ];
    let name = name.to_lowercase();
    let name = name.trim_start_matches("add").trim_start_matches("remove");
    KINDS
        .iter()
        .find(|(part, _)| {
            name.trim_end_matches('s')
                .ends_with(part.trim_end_matches('s'))
        })
        .map(|(_, kind)| *kind)
}

/// An id of a kind that nothing has.
fn absent(service: Service, kind: &str) -> String {
    let elb = "arn:aws:elasticloadbalancing:us-east-1:123456789012";
    match kind {
        "loadbalancer" if service == Service::Sns => absent(service, "topic"),
        "loadbalancer" => format!("{elb}:loadbalancer/net/gone/0123456789abcdef"),
        "targetgroup" => format!("{elb}:targetgroup/gone/0123456789abcdef"),
        "listener" => format!("{elb}:listener/net/gone/0123456789abcdef/0123456789abcdef"),
        "topic" => "arn:aws:sns:us-east-1:123456789012:gone".into(),
        "subscription" => {
            "arn:aws:sns:us-east-1:123456789012:gone:01234567-89ab-cdef-0123-456789abcdef".into()
        }
        "role" | "user" | "policy" => format!("arn:aws:iam::123456789012:{kind}/gone"),
        kind => format!("{kind}-0123456789abcdef0"),
    }
}

/// A value that could be meant: an id that nothing has, the first of an enumeration, a number.
fn plausible(service: Service, leaf: &Leaf) -> String {
    if let Some(first) = &leaf.first {
        return first.clone();
    }
    match leaf.kind.as_str() {
        "integer" | "long" | "double" | "float" => "5".into(),
        "boolean" => "true".into(),
        "timestamp" if matches!(service.protocol(), Protocol::Form(_)) => {
            "2026-01-01T00:00:00.000Z".into()
        }
        "timestamp" => "1767225600".into(),
        "blob" => "AAAA".into(),
        _ => match kind_of(leaf.name()) {
            Some(kind) => absent(service, kind),
            None if leaf.name().contains("Cidr") => "10.5.0.0/16".into(),
            None if leaf.name().contains("Policy") && leaf.name().contains("Document") => {
                r#"{"Version":"2012-10-17","Statement":[]}"#.into()
            }
            None => "plain".into(),
        },
    }
}

/// Nothing at all, what is not known, what is there twice, what is no text.
fn shape_of_requests(bench: &mut Bench) {
    let service = bench.service();
    let fill = move |leaf: &Leaf| plausible(service, leaf);
    for operation in bench.operations() {
        let required = bench.model.required(operation);
        let nothing = bench.body(operation, &Value::Object(Default::default()));
        if required.is_empty() {
            bench.call(operation, "nothing", &nothing);
        } else {
            let codes = ["MissingParameter", "ValidationException", "ValidationError"];
            bench.refused(operation, "nothing", &nothing, &codes);
        }
        let minimal = bench.model.minimal(operation, &fill);
        let body = bench.body(operation, &minimal);
        let add = |more: &[u8]| [body.as_slice(), more].concat();
        if bench.is_form() {
            let unknown = ["UnknownParameter"];
            bench.refused(
                operation,
                "an unknown parameter",
                &add(b"&Bogus=1"),
                &unknown,
            );
            bench.refused(
                operation,
                "an unknown list",
                &add(b"&Bogus.1.Name=1"),
                &unknown,
            );
            let broken = ["MalformedQueryString"];
            for bad in [
                &b"&Bogus=%FF%FE"[..],
                b"&Bogus=\xff\xfe",
                b"&Bogus=%zz",
                b"&B..x=1",
            ] {
                bench.refused(operation, "invalid UTF-8", &add(bad), &broken);
            }
            let twice = ["InvalidQueryParameter"];
            bench.refused(
                operation,
                "a parameter twice",
                &add(b"&Bogus=1&Bogus=2"),
                &twice,
            );
            if let Some((name, _)) = bench.model.form(operation, &minimal).first() {
                let again = add(format!("&{name}=again").as_bytes());
                bench.refused(operation, "a required one twice", &again, &twice);
                let below = add(format!("&{name}.x.1=again").as_bytes());
                bench.refused(operation, "value and parts", &below, &twice);
            }
        } else {
            let (unknown, broken) = (["ValidationException"], ["SerializationException"]);
            let mut more = minimal.clone();
            more["Bogus"] = Value::from(1);
            let more = bench.body(operation, &more);
            bench.refused(operation, "an unknown parameter", &more, &unknown);
            for bad in [
                &b"{\"Bogus\": \"\xff\xfe\"}"[..],
                b"{\"a\": 1, \"a\": 2}",
                b"[]",
                b"nothing",
                b"{\"a\": \"\\ud800\"}",
            ] {
                bench.refused(operation, "no JSON", bad, &broken);
            }
        }
    }
}

/// Each value of each operation as what it is not.
fn values(bench: &mut Bench) {
    let service = bench.service();
    let fill = move |leaf: &Leaf| plausible(service, leaf);
    let nasty = [
        "",
        "<&\"'>]]>",
        "\u{1}\u{b}\u{fffe}",
        "../../etc/passwd",
        "\u{1f980}*?%",
    ];
    let long = "a".repeat(3_000);
    for operation in bench.operations() {
        for leaf in bench.model.leaves(operation) {
            let name = leaf.name().to_owned();
            let send = |bench: &mut Bench, case: &str, value: Value, must_fail: bool| {
                let request = bench.with(operation, &fill, &leaf, value);
                let body = bench.body(operation, &request);
                let case = format!("{name} {case}");
                if must_fail {
                    bench.refused(operation, &case, &body, &[]);
                } else {
                    bench.call(operation, &case, &body);
                }
            };
            // A structure or a list where there is a value; then a value of another type.
            let other = match bench.is_form() {
                true => "maybe".into(),
                false if leaf.kind == "string" => Value::from(5),
                false => Value::from("maybe"),
            };
            let typed = leaf.kind != "string" && leaf.kind != "blob";
            send(bench, "of a wrong type", other, typed || !bench.is_form());
            match leaf.kind.as_str() {
                "integer" | "long" => {
                    for number in [
                        "-1",
                        "0",
                        "999999",
                        "99999999999999999999",
                        "1.5",
                        "0x10",
                        "",
                    ] {
                        let number = bench.model.typed(&leaf, number.into());
                        send(bench, "out of range", number, false);
                    }
                }
                "string" => {
                    for text in nasty.into_iter().chain([long.as_str()]) {
                        send(bench, "nasty", text.into(), false);
                    }
                    if kind_of(&name).is_some() {
                        for text in ["xyz", "vpc-", "vpc-zzzzzzzzzzzzzzzzz", "arn:aws:::", "*"] {
                            send(bench, "malformed", text.into(), false);
                        }
                    }
                }
                _ => {}
            }
        }
    }
}

/// Every list with more elements than anyone takes.
fn long_lists(bench: &mut Bench) {
    let service = bench.service();
    let fill = move |leaf: &Leaf| plausible(service, leaf);
    for operation in bench.operations() {
        let mut seen = Vec::new();
        for leaf in bench.model.leaves(operation) {
            let Some(at) = leaf.path.iter().position(|step| *step == Step::First) else {
                continue;
            };
            // Each list once, with one member of its elements.
            let list = leaf.path[..at].to_vec();
            if seen.contains(&list) {
                continue;
            }
            seen.push(list);
            let rest = leaf.path.get(at + 1..).unwrap_or_default();
            for count in [1_001, 10_001] {
                let elements = (0..count).map(|number| {
                    let text = match plausible(service, &leaf) {
                        text if leaf.kind != "string" => text,
                        text => format!("{}{number:05}", &text[..text.len().saturating_sub(5)]),
                    };
                    let mut element = Value::Null;
                    put(&mut element, rest, bench.model.typed(&leaf, text));
                    element
                });
                let elements = Value::Array(elements.collect());
                let mut request = bench.model.minimal(operation, &fill);
                put(&mut request, &leaf.path[..at], elements);
                let body = bench.body(operation, &request);
                let case = format!("{count} of {}", leaf.name());
                if count > 10_000 && bench.is_form() {
                    bench.refused(operation, &case, &body, &[]);
                } else {
                    bench.call(operation, &case, &body);
                }
            }
        }
    }
}

/// What others have, as a stranger asks for it: each id alone, and all of them together.
fn foreign_ids(bench: &mut Bench) {
    let owner = bench.door.account("owner");
    let ids = scene::furnish(&bench.door, &owner);
    let before = looks(bench, &owner);
    assert!(before.iter().any(|text| text.contains(SECRET)) || bench.service() != Service::Ec2);
    let service = bench.service();
    let theirs = |leaf: &Leaf| {
        let kind = kind_of(leaf.name())?;
        let kind = match (kind, service) {
            ("loadbalancer", Service::Sns) => "topic",
            (kind, _) => kind,
        };
        ids.last(kind).map(str::to_owned)
    };
    let fill = |leaf: &Leaf| {
        let name = leaf.name();
        let named = name.ends_with("Name") && service == Service::Iam;
        if named {
            return SECRET.to_owned();
        }
        theirs(leaf).unwrap_or_else(|| plausible(service, leaf))
    };
    let mut absent = 0;
    for operation in bench.operations() {
        let leaves = bench.model.leaves(operation);
        let mut requests = vec![bench.model.minimal(operation, &fill)];
        let mut whole = requests[0].clone();
        for leaf in leaves.iter().filter(|leaf| leaf.path.len() <= 3) {
            if let Some(id) = theirs(leaf) {
                requests.push(bench.with(operation, &fill, leaf, id.clone().into()));
                put(&mut whole, &leaf.path, id.into());
            }
        }
        requests.push(whole);
        // Filters tell nothing either.
        if let Some(leaf) = leaves
            .iter()
            .find(|leaf| leaf.name() == "Values" && leaf.path.len() == 4)
        {
            for (name, value) in [
                ("tag-key", SECRET),
                ("owner-id", owner.account.as_str()),
                ("vpc-id", "*"),
            ] {
                let mut request = bench.with(operation, &fill, leaf, value.into());
                let mut path = leaf.path[..2].to_vec();
                path.push(Step::Member("Name".into()));
                put(&mut request, &path, name.into());
                requests.push(request);
            }
        }
        for request in requests {
            let body = bench.body(operation, &request);
            let (code, answer) = bench.call(operation, "another's id", &body);
            absent += usize::from(code.as_deref().is_some_and(is_absent));
            if let Some(what) = tells(&ids, &owner, &request.to_string(), &answer) {
                let answer: String = answer.chars().take(400).collect();
                bench.findings.add(
                    operation,
                    "another's id",
                    &format!("tells {what}: {request}\n    {answer}"),
                );
            }
        }
    }
    let after = looks(bench, &owner);
    for (before, after) in before.iter().zip(&after) {
        if before != after {
            bench.findings.add(
                "the owner's things",
                "another's id",
                &format!("have changed:\n    {before}\n    {after}"),
            );
        }
    }
    if matches!(service, Service::Ec2 | Service::Elbv2) {
        assert!(
            absent > 50,
            "only {absent} answers say that a thing does not exist"
        );
    }
}

/// What an answer tells that was not in the question.
fn tells(ids: &Ids, owner: &FirstKey, asked: &str, answer: &str) -> Option<String> {
    let mut private: Vec<&str> = ids.all().collect();
    private.extend([SECRET, owner.account.as_str(), "10.77."]);
    let told = private
        .into_iter()
        .find(|it| answer.contains(it) && !asked.contains(it));
    told.map(str::to_owned)
}

/// All that an account can read without naming anything, in every service, without request ids.
fn looks(bench: &Bench, who: &FirstKey) -> Vec<String> {
    let mut seen = Vec::new();
    for service in [Service::Ec2, Service::Elbv2, Service::Iam, Service::Sns] {
        let model = Model::read(service);
        for operation in service.operations().1 {
            let reads = ["Describe", "List"]
                .iter()
                .any(|verb| operation.starts_with(verb));
            if !reads || !model.required(operation).is_empty() {
                continue;
            }
            let body = form_body(service, operation, "");
            let answer = bench.door.call(who, service, operation, body.as_bytes());
            let mut text = answer.body;
            for tag in ["requestId", "RequestId", "RequestID"] {
                if let (Some(from), Some(to)) = (
                    text.find(&format!("<{tag}>")),
                    text.find(&format!("</{tag}>")),
                ) {
                    text.replace_range(from..to, "");
                }
            }
            seen.push(text);
        }
    }
    seen
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
                run(shape_of_requests);
            }

            #[test]
            fn values_that_are_none() {
                run(values);
            }

            #[test]
            fn lists_without_end() {
                let mut bench = Bench::new(Service::$service);
                long_lists(&mut bench);
                bench.findings.settle(0);
            }

            #[test]
            fn ids_of_others() {
                run(foreign_ids);
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
