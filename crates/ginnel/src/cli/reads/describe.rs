//! `ginnel describe`: all about one thing.

use std::process::ExitCode;

use anyhow::Result;
use aws::Service;
use serde_json::{Map, Value, json};

use super::fetch::Handles;
use super::kinds::{self, Kind};
use super::query::Query;
use super::show::{Look, document, refuse, say};
use super::who::Who;
use super::{catalogue, events, fetch, get, to_the_end};
use crate::client::Client;
use crate::output::Shape;
use crate::place::Place;

/// How many of its events are shown.
const EVENTS: usize = 10;

/// Show all about one thing: its members, what it refers to, what refers to it, its last changes.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  sudo ginnel describe endpoint vpce-0123456789abcdef0\n  sudo ginnel describe vpc web -o json --query \"referredToBy.subnet\"\n\nCalls as the administrator of --state; or as AWS_ENDPOINT_URL, AWS_REGION, AWS_ACCESS_KEY_ID\nand AWS_SECRET_ACCESS_KEY say, when they are set.\nEnds with 0, with 1 when it is not there, with 2 on wrong usage."
)]
pub(crate) struct Describe {
    /// For example vpc, sg, eni, endpoint, nlb, user; `ginnel get` lists all
    #[arg(value_parser = kinds::find)]
    kind: &'static Kind,
    /// Its id, ARN or name
    id: String,
    #[command(flatten)]
    look: Look,
    #[command(flatten)]
    who: Who,
}

impl Describe {
    pub(crate) fn run(self, place: &Place) -> Result<ExitCode> {
        to_the_end(self.describe(place))
    }

    fn describe(self, place: &Place) -> Result<ExitCode> {
        let Self {
            kind,
            id,
            look,
            who,
        } = self;
        let shape = look.shape();
        if matches!(shape, Shape::Wide | Shape::Name) {
            refuse("describe prints a text: leave -o out, or give -o json or -o yaml");
        }
        let query = look.query()?;
        let client = who.client(place)?;
        let handles = Handles::new(kind)?;
        let mut found = fetch::list(&client, kind, std::slice::from_ref(&id))?;
        // An id means more than a name that is the same.
        if found.iter().any(|thing| handles.id(thing) == id) {
            found.retain(|thing| handles.id(thing) == id);
        }
        let thing = match found.as_slice() {
            [thing] => thing,
            [] => {
                eprintln!("ginnel: {}", get::missing(&client, kind, &id));
                return Ok(ExitCode::FAILURE);
            }
            many => {
                let ids: Vec<_> = many.iter().map(|thing| handles.id(thing)).collect();
                eprintln!(
                    "ginnel: {id} means {} {}: give one of {}",
                    ids.len(),
                    kinds::plural(kind.name),
                    ids.join(", ")
                );
                return Ok(ExitCode::FAILURE);
            }
        };
        let mut unread = Vec::new();
        let id = handles.id(thing);
        let names = handles.exact(thing);
        let by = referred_to_by(&client, kind, &names, &mut unread)?;
        let events = match kind.service {
            Service::Cloudtrail => Ok(Vec::new()),
            _ => events::changes_of(&client, &names, EVENTS),
        };
        let events = events.unwrap_or_else(|error| {
            unread.push(format!("{error:#}"));
            Vec::new()
        });
        let all = json!({
            "kind": kind.name,
            "id": id,
            "thing": thing,
            "refersTo": refers_to(kind, thing)?,
            "referredToBy": by,
            "events": events,
        });
        if shape == Shape::Table {
            say(&people(&all)?)?;
        } else {
            say(&document(shape, query.as_ref(), &all)?)?;
        }
        for problem in unread {
            eprintln!("ginnel: not shown: {problem}");
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// What a thing of this kind refers to: ids by kind.
pub(super) fn refers_to(kind: &Kind, thing: &Value) -> Result<Map<String, Value>> {
    let mut found = Map::new();
    for (other, path) in kind.refers {
        let other = kinds::find(other).map_err(anyhow::Error::msg)?;
        let mut ids = Query::new(path)?.texts(thing);
        // Some members name things of several kinds.
        ids.retain(|id| {
            id.starts_with(other.prefix)
                || (other.name == "endpoint-service" && id.contains(".vpce-svc-"))
        });
        ids.sort_unstable();
        ids.dedup();
        if !ids.is_empty() {
            found.insert(other.name.to_owned(), json!(ids));
        }
    }
    Ok(found)
}

/// What refers to a thing that has these names: ids by kind.
fn referred_to_by(
    client: &Client,
    kind: &Kind,
    names: &[String],
    unread: &mut Vec<String>,
) -> Result<Map<String, Value>> {
    let mut found = Map::new();
    for other in catalogue::kinds() {
        let paths = other.refers.iter().filter(|(to, _)| *to == kind.name);
        let paths = paths.map(|(_, path)| Query::new(path));
        let paths = paths.collect::<Result<Vec<_>>>()?;
        if paths.is_empty() {
            continue;
        }
        let handles = Handles::new(other)?;
        let things = fetch::list(client, other, &[]).unwrap_or_else(|error| {
            unread.push(format!("{error:#}"));
            Vec::new()
        });
        let refers = |thing: &&Value| {
            let mut ids = paths.iter().flat_map(|path| path.texts(thing));
            ids.any(|id| names.contains(&id))
        };
        let ids = things.iter().filter(refers).map(|thing| handles.id(thing));
        // A group that names itself in a rule.
        let itself = |id: &String| other.name == kind.name && names.contains(id);
        let ids: Vec<_> = ids.filter(|id| !itself(id)).collect();
        if !ids.is_empty() {
            found.insert(other.name.to_owned(), json!(ids));
        }
    }
    Ok(found)
}

/// The text for people.
fn people(all: &Value) -> Result<String> {
    let text = |name: &str| all.get(name).and_then(Value::as_str).unwrap_or_default();
    let thing = all.get("thing").unwrap_or(&Value::Null);
    let mut out = format!("{} {}\n\n", text("kind"), text("id"));
    for line in serde_norway::to_string(thing)?.lines() {
        out += &format!("  {line}\n");
    }
    for (title, member) in [
        ("Refers to", "refersTo"),
        ("Referred to by", "referredToBy"),
    ] {
        let kinds = all.get(member).and_then(Value::as_object);
        for (number, (kind, ids)) in kinds.into_iter().flatten().enumerate() {
            if number == 0 {
                out += &format!("\n{title}\n");
            }
            let ids: Vec<_> = ids
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(Value::as_str)
                .collect();
            out += &format!("  {kind:<22} {:>3}  {}\n", ids.len(), ids.join(" "));
        }
    }
    let events = all.get("events").and_then(Value::as_array);
    if let Some(events) = events.filter(|events| !events.is_empty()) {
        out += "\nLast changes\n";
        out += &events::table(events)?;
    }
    Ok(out)
}
