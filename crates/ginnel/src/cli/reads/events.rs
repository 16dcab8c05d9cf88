//! `ginnel events`: the audit trail as LookupEvents tells it.

use std::collections::BTreeSet;
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
    after_help = "Example:\n  sudo ginnel events vpce-0123456789abcdef0\n  sudo ginnel events --kind endpoint -n 10\n  sudo ginnel events --errors -f\n\nThese are the events of one account. `ginnel audit search` reads those of all from the store.\nEnds with 0, with 1 when there is no event of what was asked for, with 2 on wrong usage."
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
struct Wanted<'a> {
    id: Option<&'a str>,
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
            id: self.id.as_deref(),
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
pub(super) fn changes_of(client: &Client, id: &str, most: usize) -> Result<Vec<Value>> {
    let wanted = Wanted {
        id: Some(id),
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

/// So many at most, newest last.
fn newest(client: &Client, wanted: &Wanted<'_>, most: usize) -> Result<Vec<Value>> {
    let kind = event()?;
    let mut found = Vec::new();
    if most == 0 {
        return Ok(found);
    }
    // CloudTrail looks for one attribute; the rest is done here.
    let parameters = match wanted {
        Wanted { id: Some(id), .. } => attribute("ResourceName", id),
        Wanted { of: Some(of), .. } => attribute("ResourceType", of),
        Wanted { writes: true, .. } => attribute("ReadOnly", "false"),
        _ => Vec::new(),
    };
    pages(client, kind, parameters, &mut |thing| {
        let record = plain(kind, thing);
        if wanted.wants(&record) {
            found.push(record);
        }
        found.len() < most
    })?;
    found.reverse();
    Ok(found)
}

/// The last ones, and then each that comes.
fn follow(client: &Client, view: &View, wanted: &Wanted<'_>, most: usize) -> Result<ExitCode> {
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

impl Wanted<'_> {
    fn wants(&self, record: &Value) -> bool {
        let text = |name: &str| record.get(name).and_then(Value::as_str);
        let resources = record.get("resources").and_then(Value::as_array);
        let mut types = resources
            .into_iter()
            .flatten()
            .filter_map(|resource| resource.get("type").and_then(Value::as_str));
        // Following makes calls too; telling of them would never end.
        text("userAgent") != Some(user_agent().as_str())
            && self.id.is_none_or(|id| names(record, id))
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
