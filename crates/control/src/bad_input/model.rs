//! The models as the tests see them: which parameters an operation has, and of what shape.

use aws::Service;
use serde_json::{Map, Value};

/// A service's model, `data/<name>.json`.
pub(super) struct Model {
    pub(super) service: Service,
    value: Value,
}

/// A way from a request to one of its values.
pub(super) type Path = Vec<Step>;

/// One step of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// To a member.
    Member(String),
    /// To a list's first element.
    First,
    /// To the value of a map's only key.
    Entry,
}

/// A value that a request can have.
#[derive(Clone, Debug)]
pub(super) struct Leaf {
    pub(super) path: Path,
    /// Of its shape: `string`, `integer`, `boolean`.
    pub(super) kind: String,
    /// The first value of an enumeration.
    pub(super) first: Option<String>,
}

impl Leaf {
    /// The name of the member that holds it, for example `VpcId` or `SubnetIds`.
    pub(super) fn name(&self) -> &str {
        let members = self.path.iter().rev().filter_map(|step| match step {
            Step::Member(name) => Some(name.as_str()),
            Step::First | Step::Entry => None,
        });
        members.into_iter().next().unwrap_or_default()
    }
}

/// Deeper values are like those above them.
const DEPTH: usize = 6;

impl Model {
    pub(super) fn read(service: Service) -> Self {
        let name = format!("{service:?}").to_lowercase();
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../data");
        let text = std::fs::read(format!("{folder}/{name}.json")).unwrap();
        Self {
            service,
            value: serde_json::from_slice(&text).unwrap(),
        }
    }

    fn shape(&self, name: &str) -> &Value {
        &self.value["shapes"][name]
    }

    fn input(&self, operation: &str) -> &str {
        let input = &self.value["operations"][operation]["input"]["shape"];
        input.as_str().unwrap_or_default()
    }

    /// The operation's parameters that must be there.
    pub(super) fn required(&self, operation: &str) -> Vec<String> {
        names(&self.shape(self.input(operation))["required"])
    }

    /// All values that the operation's request can have.
    pub(super) fn leaves(&self, operation: &str) -> Vec<Leaf> {
        let mut found = Vec::new();
        self.collect(self.input(operation), &mut Vec::new(), &mut found);
        found
    }

    fn collect(&self, shape_name: &str, path: &mut Path, found: &mut Vec<Leaf>) {
        if path.len() > DEPTH {
            return;
        }
        let shape = self.shape(shape_name);
        let kind = shape["type"].as_str().unwrap_or_default();
        let mut below = |step, next: &Value| {
            path.push(step);
            self.collect(next["shape"].as_str().unwrap_or_default(), path, found);
            path.pop();
        };
        match kind {
            "structure" => {
                for (name, reference) in shape["members"].as_object().into_iter().flatten() {
                    below(Step::Member(name.clone()), reference);
                }
            }
            "list" => below(Step::First, &shape["member"]),
            "map" => below(Step::Entry, &shape["value"]),
            "" => {}
            kind => found.push(Leaf {
                path: path.clone(),
                kind: kind.to_owned(),
                first: names(&shape["enum"]).into_iter().next(),
            }),
        }
    }

    /// The least request that decodes: each required member, with `fill` for the values.
    pub(super) fn minimal(&self, operation: &str, fill: &dyn Fn(&Leaf) -> String) -> Value {
        let required = self.required(operation);
        let mut request = Value::Object(Map::new());
        for leaf in self.leaves(operation) {
            if self.is_required(operation, &required, &leaf) {
                put(&mut request, &leaf.path, self.typed(&leaf, fill(&leaf)));
            }
        }
        request
    }

    /// Whether every member on the way to a value is required.
    fn is_required(&self, operation: &str, required: &[String], leaf: &Leaf) -> bool {
        let mut shape = self.input(operation).to_owned();
        for step in &leaf.path {
            let here = self.shape(&shape);
            let next = match step {
                Step::Member(name) => {
                    let top = shape == self.input(operation);
                    let must = names(&here["required"]);
                    if !(if top {
                        required.contains(name)
                    } else {
                        must.contains(name)
                    }) {
                        return false;
                    }
                    &here["members"][name]
                }
                Step::First => &here["member"],
                Step::Entry => &here["value"],
            };
            shape = next["shape"].as_str().unwrap_or_default().to_owned();
        }
        true
    }

    /// A value in the type that JSON wants; forms have text only.
    pub(super) fn typed(&self, leaf: &Leaf, text: String) -> Value {
        if matches!(self.service.protocol(), aws::call::Protocol::Form(_)) {
            return Value::String(text);
        }
        match leaf.kind.as_str() {
            "integer" | "long" | "double" | "float" | "timestamp" | "boolean" => {
                serde_json::from_str(&text).unwrap_or(Value::String(text))
            }
            _ => Value::String(text),
        }
    }

    /// A request as pairs of a form.
    pub(super) fn form(&self, operation: &str, request: &Value) -> Vec<(String, String)> {
        let mut pairs = Vec::new();
        self.flatten(self.input(operation), request, String::new(), &mut pairs);
        pairs
    }

    fn flatten(&self, shape: &str, value: &Value, at: String, pairs: &mut Vec<(String, String)>) {
        let shape = self.shape(shape);
        let ec2 = self.service == Service::Ec2;
        let join = |name: &str| match at.as_str() {
            "" => name.to_owned(),
            at => format!("{at}.{name}"),
        };
        match value {
            Value::Object(members) if shape["type"] == "map" => {
                for (number, (key, value)) in members.iter().enumerate() {
                    let entry = join(&format!("entry.{}", number + 1));
                    pairs.push((format!("{entry}.key"), key.clone()));
                    let of = shape["value"]["shape"].as_str().unwrap_or_default();
                    self.flatten(of, value, format!("{entry}.value"), pairs);
                }
            }
            Value::Object(members) => {
                for (name, value) in members {
                    let reference = &shape["members"][name];
                    let wire = match (&reference["queryName"], &reference["locationName"]) {
                        (Value::String(name), _) if ec2 => name.clone(),
                        (_, Value::String(name)) if ec2 => pascal(name),
                        (_, Value::String(name)) => name.clone(),
                        _ => name.clone(),
                    };
                    let of = reference["shape"].as_str().unwrap_or_default();
                    self.flatten(of, value, join(&wire), pairs);
                }
            }
            Value::Array(elements) => {
                for (number, value) in elements.iter().enumerate() {
                    let number = number + 1;
                    let name = if ec2 {
                        number.to_string()
                    } else {
                        format!("member.{number}")
                    };
                    let of = shape["member"]["shape"].as_str().unwrap_or_default();
                    self.flatten(of, value, join(&name), pairs);
                }
            }
            Value::String(text) => pairs.push((at, text.clone())),
            other => pairs.push((at, other.to_string())),
        }
    }
}

fn names(value: &Value) -> Vec<String> {
    let names = value.as_array().into_iter().flatten();
    names.filter_map(Value::as_str).map(str::to_owned).collect()
}

fn pascal(name: &str) -> String {
    let (first, rest) = name.split_at(1);
    first.to_uppercase() + rest
}

/// Puts a value at the end of a way, which is made where it is not there.
pub(super) fn put(request: &mut Value, path: &[Step], leaf: Value) {
    let mut here = request;
    for step in path {
        here = match step {
            Step::Member(name) => {
                if !here.is_object() {
                    *here = Value::Object(Map::new());
                }
                &mut here[name.as_str()]
            }
            Step::First => {
                if !here.is_array() {
                    *here = Value::Array(vec![Value::Null]);
                }
                &mut here[0]
            }
            Step::Entry => {
                if !here.is_object() {
                    *here = Value::Object(Map::new());
                }
                &mut here["key"]
            }
        };
    }
    *here = leaf;
}
