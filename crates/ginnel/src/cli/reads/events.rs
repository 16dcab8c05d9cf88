//! `ginnel events`: the audit trail as LookupEvents tells it.

use std::collections::{BTreeMap, BTreeSet};
use std::process::ExitCode;
use std::time::{Duration, SystemTime};

use anyhow::{Context as _, Result};
use serde_json::Value;

use super::fetch::{attribute, pages, plain};
use super::kinds::{self, Kind};
use super::show::{Look, Stream, View, refuse, say};
use super::who::Who;
use super::{again_and_again, interrupts, to_the_end};
use crate::client::{Client, user_agent};
use crate::place::Place;

/// A record may come so much later into the trail than its call began.
const LATE: Duration = Duration::from_secs(60);

/// Show calls and what they did, newest last.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  sudo ginnel events vpce-0123456789abcdef0\n  sudo ginnel events --kind endpoint -n 10\n  sudo ginnel events --errors -f\n\nThese are the events of one account. `ginnel audit search` reads those of all from the store.\nCalls as the administrator of --state; or as AWS_ENDPOINT_URL, AWS_REGION, AWS_ACCESS_KEY_ID\nand AWS_SECRET_ACCESS_KEY say, when they are set.\nEnds with 0, with 1 when there is no event of what was asked for, with 2 on wrong usage."
)]
pub(crate) struct Events {
    /// Only calls that name or changed this thing
    id: Option<String>,
    /// Only calls that changed a thing of this kind
    #[arg(long, value_parser = kinds::find)]
    kind: Option<&'static Kind>,
    /// Without reads
    #[arg(long)]
    writes: bool,
    /// Only calls that were refused or failed
    #[arg(long)]
    errors: bool,
    /// So many at most
    #[arg(short = 'n', long, default_value_t = 50, value_name = "N")]
    limit: usize,
    /// Go on with new ones as they come, until Ctrl-C
    #[arg(short, long, visible_short_alias = 'w', visible_alias = "watch")]
    follow: bool,
    #[command(flatten)]
    look: Look,
    #[command(flatten)]
    who: Who,
}

/// Which events.
#[derive(Default)]
struct Wanted {
    /// Any of these things; when empty, all.
    names: Vec<String>,
    /// A type of the trail.
    of: Option<&'static str>,
    writes: bool,
    errors: bool,
}

impl Events {
    pub(crate) fn run(self, place: &Place) -> Result<ExitCode> {
        to_the_end(self.events(place))
    }

    fn events(self, place: &Place) -> Result<ExitCode> {
        let view = self.look.view(event()?)?;
        if let Some(kind) = self.kind.filter(|kind| kind.event.is_empty()) {
            refuse(&format!("no event changes a {}", kind.name));
        }
        let wanted = Wanted {
            names: in_trail(self.id.as_slice()),
            of: self.kind.map(|kind| kind.event),
            writes: self.writes,
            errors: self.errors,
        };
        let client = self.who.client(place)?;
        if self.follow {
            return follow(&client, &view, &wanted, self.limit);
        }
        let found = newest(&client, &wanted, self.limit)?;
        say(&view.whole(&found)?)?;
        if let Some(id) = self.id.as_deref().filter(|_| found.is_empty()) {
            eprintln!(
                "ginnel: there is no such event of {id} in the caller's account; `ginnel events` lists all"
            );
            return Ok(ExitCode::FAILURE);
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// The last changes of a thing, newest last.
pub(super) fn changes_of(client: &Client, names: &[String], most: usize) -> Result<Vec<Value>> {
    let wanted = Wanted {
        names: in_trail(names),
        writes: true,
        ..Wanted::default()
    };
    newest(client, &wanted, most)
}

/// A table of events, for people.
pub(super) fn table(events: &[Value]) -> Result<String> {
    Look::default().view(event()?)?.whole(events)
}

fn event() -> Result<&'static Kind> {
    kinds::find("event").map_err(anyhow::Error::msg)
}

/// How the trail calls things: where people say the ARN, it has the last part of it too.
fn in_trail(names: &[String]) -> Vec<String> {
    let last = |name: &String| {
        let rest = name.strip_prefix("arn:")?;
        rest.rsplit(['/', ':']).next().map(str::to_owned)
    };
    let mut all: Vec<String> = names.iter().filter_map(last).collect();
    all.extend_from_slice(names);
    all.sort_unstable();
    all.dedup();
    all
}

/// So many at most, newest last.
fn newest(client: &Client, wanted: &Wanted, most: usize) -> Result<Vec<Value>> {
    let kind = event()?;
    if most == 0 {
        return Ok(Vec::new());
    }
    // CloudTrail looks for one attribute; the rest is done here.
    let calls = match wanted {
        Wanted { names, .. } if !names.is_empty() => {
            let names = names.iter();
            names.map(|name| attribute("ResourceName", name)).collect()
        }
        Wanted { of: Some(of), .. } => vec![attribute("ResourceType", of)],
        Wanted { writes: true, .. } => vec![attribute("ReadOnly", "false")],
        _ => vec![Vec::new()],
    };
    let mut found = BTreeMap::new();
    for parameters in calls {
        let mut left = most;
        pages(client, kind, parameters, &mut |thing| {
            let record = plain(kind, thing);
            if wanted.wants(&record) {
                let text = |name: &str| {
                    let value = record.get(name).and_then(Value::as_str);
                    value.unwrap_or_default().to_owned()
                };
                found.insert((text("eventTime"), text("eventID")), record);
                left -= 1;
            }
            left > 0
        })?;
    }
    let more = found.len().saturating_sub(most);
    Ok(found.into_values().skip(more).collect())
}

/// The last ones, and then each that comes.
fn follow(client: &Client, view: &View, wanted: &Wanted, most: usize) -> Result<ExitCode> {
    let interrupts = interrupts()?;
    let mut since = before(LATE)?;
    // What was there before the last ones were asked for is not new.
    let (_, mut seen) = latest(client, since)?;
    let found = newest(client, wanted, most)?;
    seen.extend(found.iter().map(|record| view.handles.id(record)));
    let mut stream = Stream::new(view, None, &found);
    let head = stream.head();
    say(&(head + &told(view, &mut stream, &found)?))?;
    again_and_again(&interrupts, || {
        let next = before(LATE)?;
        let (mut records, now) = latest(client, since)?;
        records.retain(|record| !seen.contains(&view.handles.id(record)) && wanted.wants(record));
        records.reverse();
        if !records.is_empty() {
            say(&told(view, &mut stream, &records)?)?;
        }
        (since, seen) = (next, now);
        Ok(())
    })
}

fn told(view: &View, stream: &mut Stream<'_>, records: &[Value]) -> Result<String> {
    if view.query.is_some() {
        return view.whole(records);
    }
    let records = records.iter();
    records.map(|record| stream.thing("", record)).collect()
}

/// All events since a time (Unix seconds), newest first, and their ids.
fn latest(client: &Client, since: f64) -> Result<(Vec<Value>, BTreeSet<String>)> {
    let kind = event()?;
    let (mut records, mut ids) = (Vec::new(), BTreeSet::new());
    pages(client, kind, Vec::new(), &mut |thing| {
        let at = thing.get("EventTime").and_then(Value::as_f64);
        if at.is_some_and(|at| at < since) {
            return false;
        }
        let id = thing.get("EventId").and_then(Value::as_str);
        ids.insert(id.unwrap_or_default().to_owned());
        records.push(plain(kind, thing));
        true
    })?;
    Ok((records, ids))
}

fn before(length: Duration) -> Result<f64> {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    let now = now.context("the clock is before 1970")?;
    Ok(now.saturating_sub(length).as_secs_f64())
}

impl Wanted {
    fn wants(&self, record: &Value) -> bool {
        let text = |name: &str| record.get(name).and_then(Value::as_str);
        let resources = record.get("resources").and_then(Value::as_array);
        let mut types = resources
            .into_iter()
            .flatten()
            .filter_map(|resource| resource.get("type").and_then(Value::as_str));
        // Following makes calls too; telling of them would never end.
        text("userAgent") != Some(user_agent().as_str())
            && (self.names.is_empty() || self.names.iter().any(|name| names(record, name)))
            && self.of.is_none_or(|of| types.any(|it| it == of))
            && (!self.writes || record.get("readOnly") == Some(&Value::Bool(false)))
            && (!self.errors || text("errorCode").is_some())
    }
}

/// Whether a call names or changed a thing.
fn names(record: &Value, id: &str) -> bool {
    ["resources", "requestParameters"]
        .iter()
        .filter_map(|part| record.get(part))
        .any(|part| mentions(part, id))
}

fn mentions(value: &Value, text: &str) -> bool {
    match value {
        Value::String(value) => value == text,
        Value::Array(items) => items.iter().any(|item| mentions(item, text)),
        Value::Object(members) => members.values().any(|member| mentions(member, text)),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}
