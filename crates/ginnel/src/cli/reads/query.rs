//! JMESPath over JSON values.

use anyhow::{Result, anyhow};
use serde_json::Value;

/// A JMESPath, compiled.
pub(super) struct Query(jmespath::Expression<'static>);

impl Query {
    pub(super) fn new(text: &str) -> Result<Self> {
        let compiled = jmespath::compile(text);
        compiled
            .map(Self)
            .map_err(|error| anyhow!("{}", told(&error)))
    }

    /// What it finds.
    pub(super) fn find(&self, value: &Value) -> Result<Value> {
        let found = self.0.search(value);
        let found = found.map_err(|error| anyhow!("--query: {}", told(&error)))?;
        Ok(serde_json::to_value(found.as_ref())?)
    }

    /// All texts that it finds; none where it does not apply.
    pub(super) fn texts(&self, value: &Value) -> Vec<String> {
        let mut texts = Vec::new();
        gather(&self.find(value).unwrap_or_default(), &mut texts);
        texts
    }

    /// What it finds, in one cell of a table.
    pub(super) fn cell(&self, value: &Value) -> String {
        let texts = self.texts(value);
        if texts.is_empty() {
            return "-".into();
        }
        texts.join(" ")
    }
}

fn gather(value: &Value, texts: &mut Vec<String>) {
    match value {
        Value::Null => {}
        Value::String(text) if text.is_empty() => {}
        Value::String(text) => texts.push(text.clone()),
        Value::Number(number) => texts.push(match number.as_f64() {
            // A quota's value, 200.0.
            Some(it) if it.fract() == 0.0 => it.to_string(),
            _ => number.to_string(),
        }),
        Value::Array(items) => items.iter().for_each(|item| gather(item, texts)),
        Value::Bool(_) | Value::Object(_) => texts.push(value.to_string()),
    }
}

/// For clap: the text, when it is a JMESPath.
pub(super) fn checked(text: &str) -> Result<String, String> {
    match Query::new(text) {
        Ok(_) => Ok(text.to_owned()),
        Err(error) => Err(format!(
            "{error}; see https://jmespath.org, for example \"[].vpcId\""
        )),
    }
}

/// One line.
fn told(error: &jmespath::JmespathError) -> String {
    let text = error.to_string();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
