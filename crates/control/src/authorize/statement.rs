//! As much of policy documents as can be read without the policy engine.

use serde_json::Value;

/// One statement; what is not simple in it is only known to be there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Statement {
    /// For people: its Sid, or its number from 1 on.
    pub(super) label: String,
    /// Denies instead of allowing.
    pub(super) denies: bool,
    /// Elements that need the policy engine: Condition, NotAction, ...
    pub(super) complex: Vec<String>,
    pub(super) actions: Vec<String>,
    pub(super) resources: Vec<String>,
    /// `*`, or AWS principals.
    pub(super) principals: Vec<String>,
}

impl Statement {
    /// Whether it speaks of every action on everything, always.
    pub(super) fn is_total(&self) -> bool {
        let all = |list: &[String]| list.iter().any(|text| text == "*");
        self.complex.is_empty() && all(&self.actions) && all(&self.resources)
    }
}

/// The statements of a document; nothing when it is none.
pub(super) fn read(document: &str) -> Option<Vec<Statement>> {
    let document: Value = serde_json::from_str(document).ok()?;
    let statements = match document.get("Statement")? {
        Value::Array(list) => list.iter().collect(),
        one => vec![one],
    };
    (1..)
        .zip(statements)
        .map(|(number, value)| statement(number, value))
        .collect()
}

fn statement(number: usize, value: &Value) -> Option<Statement> {
    let sid = value.get("Sid").and_then(Value::as_str);
    let denies = match value.get("Effect")?.as_str()? {
        "Allow" => false,
        "Deny" => true,
        _ => return None,
    };
    const SIMPLE: [&str; 5] = ["Sid", "Effect", "Action", "Resource", "Principal"];
    let elements = value.as_object()?.keys();
    let principals = match value.get("Principal") {
        None => Vec::new(),
        Some(Value::String(text)) => vec![text.clone()],
        Some(types) => texts(types.get("AWS")),
    };
    Some(Statement {
        label: sid.map_or_else(|| format!("statement {number}"), |sid| format!("'{sid}'")),
        denies,
        complex: elements
            .filter(|name| !SIMPLE.contains(&name.as_str()))
            .cloned()
            .collect(),
        actions: texts(value.get("Action")),
        resources: texts(value.get("Resource")),
        principals,
    })
}

/// A string or a list of them.
fn texts(value: Option<&Value>) -> Vec<String> {
    match value {
        Some(Value::String(text)) => vec![text.clone()],
        Some(Value::Array(list)) => {
            let texts = list.iter().filter_map(Value::as_str);
            texts.map(str::to_owned).collect()
        }
        _ => Vec::new(),
    }
}
