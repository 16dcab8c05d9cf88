//! The same answer as a table, JSON or YAML.

use anyhow::Result;
use comfy_table::{Table, TableStyle};
use serde_json::Value;

/// `-o`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Format {
    /// For people
    Table,
    /// For programs
    Json,
    /// For both
    Yaml,
}

/// `-o` of the verbs that read things.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Shape {
    /// For people
    Table,
    /// For people with a wide screen: more columns
    Wide,
    /// For programs
    Json,
    /// For both
    Yaml,
    /// KIND/ID, one a line
    Name,
}

/// Prints a value; `table` says how a person wants it.
pub(crate) fn print(format: Format, value: &Value, table: impl Fn(&Value) -> String) -> Result<()> {
    match format {
        Format::Table => println!("{}", table(value)),
        Format::Json => println!("{}", serde_json::to_string_pretty(value)?),
        Format::Yaml => print!("{}", serde_norway::to_string(value)?),
    }
    Ok(())
}

/// A plain table of the given members of each item.
pub(crate) fn table(items: &Value, columns: &[(&str, &str)]) -> String {
    let row = |item| columns.iter().map(move |(_, pointer)| cell(item, pointer));
    let items = items.as_array().into_iter().flatten();
    grid(
        columns.iter().map(|(title, _)| *title),
        items.map(|item| row(item).collect()),
    )
}

/// A plain table of texts.
pub(crate) fn grid<'a>(
    titles: impl IntoIterator<Item = &'a str>,
    rows: impl IntoIterator<Item = Vec<String>>,
) -> String {
    let mut table = Table::new();
    table.load_style(TableStyle::new());
    table.set_header(titles);
    for row in rows {
        table.add_row(row);
    }
    table.trim_fmt()
}

fn cell(item: &Value, pointer: &str) -> String {
    match item.pointer(pointer) {
        None | Some(Value::Null) => "-".into(),
        Some(Value::String(text)) => text.clone(),
        Some(Value::Object(map)) if map.is_empty() => "-".into(),
        Some(Value::Object(map)) => {
            let pairs = map.iter().map(|(key, value)| format!("{key} {value}"));
            pairs.collect::<Vec<_>>().join(", ")
        }
        Some(other) => other.to_string(),
    }
}
