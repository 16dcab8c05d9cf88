//! The sorts of bad input, each tried on every operation of a service.

use aws::Service;
use serde_json::Value;

use super::check::is_absent;
use super::fill::{kind_of, plausible};
use super::model::{Leaf, Model, Step, put};
use super::scene::{Ids, SECRET};
use super::{Bench, form_body, scene};
use crate::open::FirstKey;

/// Nothing at all, what is not known, what is there twice, what is no text.
pub(super) fn shape_of_requests(bench: &mut Bench) {
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
pub(super) fn values(bench: &mut Bench) {
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
pub(super) fn long_lists(bench: &mut Bench) {
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
            // The longest once an operation: it is the decoder that refuses it.
            let counts = [1_001, 10_001];
            for count in counts.into_iter().take(if seen.len() == 1 { 2 } else { 1 }) {
                let elements = (0..count).map(|number| {
                    let text = match plausible(service, &leaf) {
                        text if leaf.kind != "string" => text,
                        _ if count > 10_000 => number.to_string(),
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
pub(super) fn foreign_ids(bench: &mut Bench) {
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
            absent > 20,
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
