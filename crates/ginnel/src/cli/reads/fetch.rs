//! The calls that list things: the public AWS API, all pages.

use std::collections::BTreeSet;

use anyhow::{Context as _, Result};
use aws::Service;
use aws::call::Protocol;
use serde_json::{Map, Value, json};

use super::kinds::{self, Kind, Narrow};
use super::query::Query;
use crate::client::Client;

/// Parameters of one call, as the service takes them.
type Parameters = Vec<(String, Value)>;

/// What finds out how a thing is called.
pub(super) struct Handles {
    id: Query,
    also: Option<Query>,
    names: Option<Query>,
}

impl Handles {
    pub(super) fn new(kind: &Kind) -> Result<Self> {
        let optional = |text: &str| (!text.is_empty()).then(|| Query::new(text)).transpose();
        Ok(Self {
            id: Query::new(kind.id)?,
            also: optional(kind.also)?,
            names: optional(kind.names)?,
        })
    }

    /// The thing's id.
    pub(super) fn id(&self, thing: &Value) -> String {
        self.id.texts(thing).concat()
    }

    /// What means this thing and no other.
    pub(super) fn exact(&self, thing: &Value) -> Vec<String> {
        let also = self.also.as_ref().map(|query| query.texts(thing));
        std::iter::once(self.id(thing))
            .chain(also.into_iter().flatten())
            .collect()
    }

    /// Whether somebody who says `word` may mean this thing.
    pub(super) fn means(&self, thing: &Value, word: &str) -> bool {
        let names = self.names.as_ref().map(|query| query.texts(thing));
        let mut all = self
            .exact(thing)
            .into_iter()
            .chain(names.into_iter().flatten());
        all.any(|name| name == word)
    }
}

/// All things of a kind; with `ids`, those that are so called.
pub(super) fn list(client: &Client, kind: &Kind, ids: &[String]) -> Result<Vec<Value>> {
    let handles = Handles::new(kind)?;
    let mut things = Vec::new();
    let mut one_call = |parameters: Parameters| {
        pages(client, kind, parameters, &mut |thing| {
            things.push(plain(kind, thing));
            true
        })
    };
    match kind.narrow {
        Narrow::Filter(name) if kind.all_ids(ids) => {
            let values = ids.iter().enumerate();
            let values = values.map(|(at, id)| (format!("Filter.1.Value.{}", at + 1), json!(id)));
            let filter = std::iter::once(("Filter.1.Name".to_owned(), json!(name)));
            one_call(filter.chain(values).collect())?;
        }
        Narrow::Lookup(name) if !ids.is_empty() => {
            for id in ids {
                one_call(attribute(name, id))?;
            }
        }
        Narrow::Each {
            kind: parent,
            parameter,
            and_without,
        } => {
            if and_without {
                one_call(Vec::new())?;
            }
            let parent = kinds::find(parent).map_err(anyhow::Error::msg)?;
            let parents = Handles::new(parent)?;
            for thing in list(client, parent, &[])? {
                let id = parents.id(&thing);
                pages(
                    client,
                    kind,
                    vec![(parameter.into(), json!(id))],
                    &mut |mut thing| {
                        // The answer does not repeat what it was asked for.
                        if let Some(members) = thing.as_object_mut() {
                            members.entry(parameter).or_insert_with(|| json!(id));
                        }
                        things.push(thing);
                        true
                    },
                )?;
            }
            let mut seen = BTreeSet::new();
            things.retain(|thing| seen.insert(handles.id(thing)));
        }
        _ => one_call(Vec::new())?,
    }
    if !ids.is_empty() {
        things.retain(|thing| ids.iter().any(|id| handles.means(thing, id)));
    }
    Ok(things)
}

/// The parameters of CloudTrail for events with this attribute.
pub(super) fn attribute(name: &str, value: &str) -> Parameters {
    let attribute = json!([{ "AttributeKey": name, "AttributeValue": value }]);
    vec![("LookupAttributes".into(), attribute)]
}

/// A thing as it is shown: of an event, the record that is text inside of it.
pub(super) fn plain(kind: &Kind, thing: Value) -> Value {
    if kind.service != Service::Cloudtrail {
        return thing;
    }
    let record = thing.get("CloudTrailEvent").and_then(Value::as_str);
    let record = record.and_then(|text| serde_json::from_str(text).ok());
    record.unwrap_or(thing)
}

/// Calls until there are no more pages, or `each` has enough and says so with `false`.
pub(super) fn pages(
    client: &Client,
    kind: &Kind,
    parameters: Parameters,
    each: &mut dyn FnMut(Value) -> bool,
) -> Result<()> {
    let (ask, told) = tokens(kind.service);
    let mut token: Option<String> = None;
    loop {
        let with = kind.with.iter();
        let mut all: Map<String, Value> = with
            .map(|(name, value)| ((*name).to_owned(), json!(value)))
            .chain(parameters.clone())
            .collect();
        if let Some(token) = token {
            all.insert(ask.into(), Value::String(token));
        }
        let mut answer = call(client, kind, all)?;
        let things = answer.get_mut(kind.list).map(Value::take);
        token = answer
            .get(told)
            .and_then(Value::as_str)
            .filter(|token| !token.is_empty())
            .map(str::to_owned);
        if let Some(Value::Array(things)) = things {
            for thing in things {
                if !each(thing) {
                    return Ok(());
                }
            }
        }
        if token.is_none() {
            return Ok(());
        }
    }
}

fn call(client: &Client, kind: &Kind, parameters: Map<String, Value>) -> Result<Value> {
    match kind.service.protocol() {
        Protocol::Own => client.ginnel(kind.operation, &Value::Object(parameters)),
        Protocol::Json(_) => client.json(kind.service, kind.operation, &Value::Object(parameters)),
        Protocol::Form(_) => {
            let texts = parameters.iter();
            let texts: Vec<(&str, &str)> = texts
                .filter_map(|(name, value)| Some((name.as_str(), value.as_str()?)))
                .collect();
            let answer = client.aws(kind.service, kind.operation, &texts)?;
            let mut answer = answer.value()?;
            // The query protocol has one element more.
            let result = answer.get_mut(format!("{}Result", kind.operation));
            match result.map(Value::take) {
                Some(result) => Ok(result),
                None => Ok(answer),
            }
        }
    }
    .with_context(|| format!("listing {}", kinds::plural(kind.name)))
}

/// How a service calls the token of the next page, in a request and in an answer.
fn tokens(service: Service) -> (&'static str, &'static str) {
    match service {
        Service::Ec2 => ("NextToken", "nextToken"),
        Service::Elbv2 => ("Marker", "NextMarker"),
        Service::Iam => ("Marker", "Marker"),
        _ => ("NextToken", "NextToken"),
    }
}

impl Kind {
    /// Whether these are ids, at least one, and not names.
    fn all_ids(&self, ids: &[String]) -> bool {
        !ids.is_empty() && ids.iter().all(|id| id.starts_with(self.prefix))
    }
}
