//! `ginnel get -w`: what has changed since the last look.

use std::collections::BTreeMap;
use std::process::ExitCode;

use anyhow::Result;
use serde_json::Value;

use super::show::{GONE, Stream, View, document, say};
use super::{again_and_again, fetch, interrupts};
use crate::client::Client;
use crate::output::Shape;

/// Things by their ids; those that share one are told apart by their number.
type Seen = BTreeMap<(String, usize), Value>;

/// Looks every second, until Ctrl-C.
pub(super) fn run(client: &Client, view: &View, ids: &[String]) -> Result<ExitCode> {
    let interrupts = interrupts()?;
    let look = || fetch::list(client, view.kind, ids);
    let things = look()?;
    if view.query.is_some() {
        let found =
            |things: Vec<Value>| document(view.shape, view.query.as_ref(), &Value::Array(things));
        let mut last = found(things)?;
        say(&last)?;
        return again_and_again(&interrupts, || {
            let now = found(look()?)?;
            if now != last {
                let between = if view.shape == Shape::Yaml {
                    "---\n"
                } else {
                    ""
                };
                say(&format!("{between}{now}"))?;
                last = now;
            }
            Ok(())
        });
    }
    let mut stream = Stream::new(view, Some("CHANGE"), &things);
    let head = stream.head();
    let mut seen = by_id(view, things);
    let there = told(&mut stream, seen.values().map(|thing| ("there", thing)))?;
    say(&(head + &there))?;
    again_and_again(&interrupts, || {
        let now = by_id(view, look()?);
        let changes = changes(view, &seen, &now);
        if !changes.is_empty() {
            say(&told(&mut stream, changes)?)?;
        }
        seen = now;
        Ok(())
    })
}

fn by_id(view: &View, things: Vec<Value>) -> Seen {
    let mut seen = Seen::new();
    for thing in things {
        let id = view.handles.id(&thing);
        let same = seen.keys().filter(|(other, _)| *other == id).count();
        seen.insert((id, same), thing);
    }
    seen
}

/// What is new, what looks different, what is gone.
pub(super) fn changes<'a>(
    view: &View,
    before: &'a Seen,
    now: &'a Seen,
) -> Vec<(&'static str, &'a Value)> {
    let here = now.iter().filter_map(|(id, thing)| match before.get(id) {
        None => Some(("new", thing)),
        Some(old) if view.face(old) != view.face(thing) => Some(("changed", thing)),
        Some(_) => None,
    });
    let gone = before.iter().filter(|(id, _)| !now.contains_key(*id));
    here.chain(gone.map(|(_, thing)| (GONE, thing))).collect()
}

fn told<'a>(
    stream: &mut Stream<'_>,
    changes: impl IntoIterator<Item = (&'a str, &'a Value)>,
) -> Result<String> {
    let lines = changes.into_iter();
    lines
        .map(|(mark, thing)| stream.thing(mark, thing))
        .collect()
}
