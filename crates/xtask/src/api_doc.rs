//! Writes `docs/api.md`: each operation with its parameters, and what is refused.
//!
//! Nothing is written by hand: names come from the models in `data/`, operations from the lines
//! of `control/src/api/dispatch/`, refusals from the handlers' own `unsupported(..)` lists and
//! `UnsupportedOperation` faults, found by following their calls ([`source`]).

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};

use crate::codegen::{Mode, request_name, snake};
use crate::models::{Model, module, supported};

mod dispatch;
mod source;
#[cfg(test)]
mod tests;

use dispatch::Line;
use source::{Refusal, Source};

const DOC: &str = "docs/api.md";
/// The room's handlers.
const API: &str = "crates/control/src/api";
/// The one noun outside: the audit trail.
const AUDIT: &str = "crates/control/src/audit";

/// Writes the file, or fails when it is not what would be written.
pub(crate) fn run(root: &Path, mode: Mode) -> Result<()> {
    let text = document(root)?;
    let path = root.join(DOC);
    match mode {
        Mode::Write => {
            std::fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))
        }
        Mode::Check => {
            let same = std::fs::read_to_string(&path).ok().as_deref() == Some(&text);
            ensure!(same, "{DOC} is stale; run `cargo xtask api-doc`");
            Ok(())
        }
    }
}

/// How a service is called in the text.
fn title(service: &str) -> &str {
    match service {
        "ec2" => "EC2",
        "elbv2" => "Elastic Load Balancing v2",
        "sts" => "STS",
        "iam" => "IAM",
        "sns" => "SNS",
        "cloudtrail" => "CloudTrail",
        "service-quotas" => "Service Quotas",
        "resourcegroupstaggingapi" => "Resource Groups Tagging API",
        other => other,
    }
}

fn document(root: &Path) -> Result<String> {
    let mut source = Source::default();
    source.read(&root.join(API), "")?;
    source.read(&root.join(AUDIT), "audit")?;
    let mut body = String::new();
    let mut refused = String::new();
    let mut totals = (0, 0);
    // As `data/operations.toml` has them: what belongs together stands together.
    for (service, operations) in supported(root)? {
        let name = module(&service);
        let model = Model::read(root, name)?;
        let file = root.join(API).join(format!("dispatch/{name}.rs"));
        let lines = dispatch::read(&file)?;
        for known in lines.keys() {
            ensure!(
                operations.contains(known),
                "{} names {known}, which data/operations.toml does not",
                file.display()
            );
        }
        totals.1 += operations.len();
        let mut text = String::new();
        for operation in &operations {
            let why = match lines.get(operation) {
                Some(Line::Handler(path)) => {
                    totals.0 += 1;
                    text += &section(&model, &source, name, operation, path)
                        .with_context(|| format!("{service} {operation}"))?;
                    continue;
                }
                Some(Line::Refuse(why)) => why.as_str(),
                None => "",
            };
            writeln!(refused, "| {} | `{operation}` | {why} |", title(&service))?;
        }
        if !text.is_empty() {
            writeln!(body, "## {}\n\n{text}", title(&service))?;
        }
    }
    Ok(format!(
        "# The API\n\n\
         Written by `cargo xtask api-doc` from the service models and from the source; do not edit.\n\n\
         {} operations are carried out, of {} that are decoded. Every other operation of these services\n\
         answers `UnsupportedOperation`, and one that AWS does not know `InvalidAction`. A parameter that an\n\
         operation does not know is `UnknownParameter` (forms) or `ValidationException` (JSON); one that is\n\
         listed as refused here is `UnsupportedOperation` when it is set. Names are those of the wire;\n\
         required ones are bold; `DryRun` works with every operation of EC2.\n\n\
         {body}## Known, and refused\n\n| service | operation | why |\n|---|---|---|\n{refused}",
        totals.0, totals.1
    ))
}

/// A parameter as a client sends it.
struct Parameter {
    /// Its name on the wire.
    wire: String,
    /// Its name in the model.
    member: String,
    required: bool,
}

fn parameters(model: &Model, operation: &str) -> Result<(String, Vec<Parameter>)> {
    let entry = model.operations.get(operation);
    let input = entry.with_context(|| format!("the model has no {operation}"))?;
    let Some(input) = &input.input else {
        return Ok((String::new(), Vec::new()));
    };
    let shape = model.shape(&input.shape)?;
    let ec2 = model.metadata.protocol == "ec2";
    let parameter = |(member, reference): (&String, _)| Parameter {
        wire: request_name(ec2, member, reference),
        member: member.clone(),
        required: shape.required.contains(member),
    };
    Ok((
        input.shape.clone(),
        shape.members.iter().map(parameter).collect(),
    ))
}

fn section(
    model: &Model,
    source: &Source,
    name: &str,
    operation: &str,
    handler: &str,
) -> Result<String> {
    let (shape, parameters) = parameters(model, operation)?;
    let reached = source.reach(&format!("dispatch/{name}"), handler)?;
    let mut refused = BTreeSet::new();
    let mut wholly = BTreeSet::new();
    let mut sentences = BTreeSet::new();
    for refusal in &reached.refusals {
        match refusal {
            Refusal::Parameter(text) => {
                let (path, condition) = split(text);
                let first = path.split('.').next().unwrap_or_default();
                // A helper of several operations may list what this one does not have.
                let Some(known) = parameters
                    .iter()
                    .find(|it| it.wire == first || it.member == first)
                else {
                    continue;
                };
                if path == first && condition.is_empty() {
                    wholly.insert(known.wire.clone());
                }
                let more = if condition.is_empty() {
                    String::new()
                } else {
                    format!(" ({condition})")
                };
                refused.insert(format!("`{path}`{more}"));
            }
            Refusal::Sentence(text) => {
                sentences.insert(text.clone());
            }
        }
    }
    let aside = source.aside(&shape);
    let shown = |it: &&Parameter| !wholly.contains(&it.wire) && it.wire != "DryRun";
    let names: Vec<String> = parameters
        .iter()
        .filter(shown)
        .filter(|it| !aside.contains_key(&snake(&it.member)))
        .map(|it| {
            if it.required {
                format!("**`{}`**", it.wire)
            } else {
                format!("`{}`", it.wire)
            }
        })
        .collect();
    let mut text = format!("### {operation}\n\n");
    let list = |names: &[String]| {
        if names.is_empty() {
            "none".to_owned()
        } else {
            names.join(", ")
        }
    };
    writeln!(text, "- Parameters: {}", list(&names))?;
    let refused: Vec<String> = refused.into_iter().collect();
    if !refused.is_empty() {
        writeln!(text, "- Refused: {}", refused.join(", "))?;
    }
    for sentence in sentences {
        writeln!(text, "- Refused: {sentence}")?;
    }
    let left: Vec<String> = left_aside(&parameters, &aside).collect();
    if !left.is_empty() {
        writeln!(text, "- Accepted, without effect: {}", left.join(", "))?;
    }
    text.push('\n');
    Ok(text)
}

/// What a handler takes and does not use, with its reason.
fn left_aside(
    parameters: &[Parameter],
    aside: &BTreeMap<String, String>,
) -> impl Iterator<Item = String> {
    parameters.iter().filter_map(move |it| {
        let why = aside.get(&snake(&it.member))?;
        Some(match why.as_str() {
            "" => format!("`{}`", it.wire),
            why => format!("`{}` ({why})", it.wire),
        })
    })
}

/// `IpAddressType (other than ipv4)` and `Prefix=on` are a name and a condition.
fn split(text: &str) -> (String, String) {
    // What is put in at run time tells nothing here.
    let text = text.trim_end_matches([' ', '…']);
    if let Some((name, condition)) = text.split_once(" (") {
        return (name.to_owned(), condition.trim_end_matches(')').to_owned());
    }
    if let Some((name, value)) = text.split_once('=') {
        return (name.to_owned(), format!("as {value}"));
    }
    match text.split_once(' ') {
        Some((name, condition)) => (name.to_owned(), condition.trim().to_owned()),
        None => (text.to_owned(), String::new()),
    }
}
