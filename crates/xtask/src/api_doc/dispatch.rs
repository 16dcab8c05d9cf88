//! The lines of `api/dispatch/`.

use std::collections::BTreeMap;
use std::path::Path;

use super::{Context, Result, bail};

/// What becomes of an operation.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Line {
    /// The handler's path, for example `vpc::create`.
    Handler(String),
    /// Why it is refused.
    Refuse(String),
}

/// Reads a service's lines, by operation.
pub(super) fn read(file: &Path) -> Result<BTreeMap<String, Line>> {
    let text = std::fs::read_to_string(file);
    let text = text.with_context(|| format!("cannot read {}", file.display()))?;
    lines(&text).with_context(|| format!("in {}", file.display()))
}

/// The same of a text. A line may go on over several, up to its semicolon.
pub(super) fn lines(text: &str) -> Result<BTreeMap<String, Line>> {
    let Some((_, inside)) = text.split_once("route! {") else {
        bail!("there is no route! in it");
    };
    let code: Vec<&str> = inside
        .lines()
        .map(str::trim)
        .filter(|line| !line.starts_with("//"))
        .collect();
    let code = code.join(" ");
    // The service's names come first.
    let statements = code.trim().splitn(3, ' ').nth(2).unwrap_or_default();
    let mut found = BTreeMap::new();
    for statement in statements.split(';') {
        let mut words = statement.split_whitespace();
        let (Some(verb @ ("read" | "write" | "done" | "door" | "refuse")), Some(operation)) =
            (words.next(), words.next())
        else {
            // The closing brace.
            continue;
        };
        let operation = operation.trim_end_matches(',').to_owned();
        let rest: Vec<&str> = words.collect();
        let rest = rest.join(" ");
        let line = match verb {
            "refuse" => Line::Refuse(rest.trim_matches(['"', ',', ' ']).to_owned()),
            _ => Line::Handler(rest),
        };
        if found.insert(operation.clone(), line).is_some() {
            bail!("{operation} has two lines");
        }
    }
    Ok(found)
}
