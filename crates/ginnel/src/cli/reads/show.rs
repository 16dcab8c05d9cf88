//! How things are printed: all at once, or one after the other.

use std::io::Write as _;

use anyhow::Result;
use clap::error::ErrorKind;
use serde_json::{Value, json};

use super::fetch::Handles;
use super::kinds::Kind;
use super::query::{self, Query};
use crate::output::{self, Shape};

/// How to print.
#[derive(Debug, Default, clap::Args)]
pub(super) struct Look {
    /// How to print; table when absent, json with --query
    #[arg(short, long, value_enum)]
    output: Option<Shape>,
    /// Print what this JMESPath finds in the JSON; members are named as on the wire
    #[arg(long, value_name = "JMESPATH", value_parser = query::checked)]
    query: Option<String>,
}

impl Look {
    /// The shape; ends the program with the usage error when it does not go with --query.
    pub(super) fn shape(&self) -> Shape {
        match (self.output, &self.query) {
            (None, None) => Shape::Table,
            (None, Some(_)) => Shape::Json,
            (Some(Shape::Table | Shape::Wide | Shape::Name), Some(_)) => {
                refuse("--query finds JSON: leave -o out, or give -o json or -o yaml")
            }
            (Some(shape), _) => shape,
        }
    }

    pub(super) fn query(&self) -> Result<Option<Query>> {
        self.query.as_deref().map(Query::new).transpose()
    }

    /// How things of a kind are printed so.
    pub(super) fn view(&self, kind: &'static Kind) -> Result<View> {
        let shape = self.shape();
        let more = if shape == Shape::Wide { kind.wide } else { &[] };
        let columns = kind.columns.iter().chain(more);
        let columns = columns.map(|(title, path)| Ok((*title, Query::new(path)?)));
        Ok(View {
            kind,
            shape,
            query: self.query()?,
            handles: Handles::new(kind)?,
            columns: columns.collect::<Result<_>>()?,
        })
    }
}

/// Ends the program with a usage error.
pub(super) fn refuse(why: &str) -> ! {
    clap::Error::raw(ErrorKind::ArgumentConflict, format!("{why}\n")).exit()
}

/// How things of one kind are printed.
pub(super) struct View {
    pub(super) kind: &'static Kind,
    pub(super) shape: Shape,
    pub(super) query: Option<Query>,
    pub(super) handles: Handles,
    columns: Vec<(&'static str, Query)>,
}

impl View {
    /// All things.
    pub(super) fn whole(&self, things: &[Value]) -> Result<String> {
        if self.query.is_some() || matches!(self.shape, Shape::Json | Shape::Yaml) {
            let things = Value::Array(things.to_vec());
            return document(self.shape, self.query.as_ref(), &things);
        }
        Ok(match self.shape {
            Shape::Name => things.iter().map(|thing| self.name(thing) + "\n").collect(),
            _ if things.is_empty() => String::new(),
            _ => {
                let titles = self.columns.iter().map(|(title, _)| *title);
                output::grid(titles, things.iter().map(|thing| self.cells(thing))) + "\n"
            }
        })
    }

    /// What is seen of one thing: when that changes, the thing has changed.
    pub(super) fn face(&self, thing: &Value) -> Vec<String> {
        match self.shape {
            Shape::Table | Shape::Wide => self.cells(thing),
            Shape::Json | Shape::Yaml => vec![thing.to_string()],
            Shape::Name => vec![self.name(thing)],
        }
    }

    fn name(&self, thing: &Value) -> String {
        format!("{}/{}", self.kind.name, self.handles.id(thing))
    }

    fn cells(&self, thing: &Value) -> Vec<String> {
        self.columns
            .iter()
            .map(|(_, path)| path.cell(thing))
            .collect()
    }
}

/// JSON or YAML of a value, or of what the query finds in it.
pub(super) fn document(shape: Shape, query: Option<&Query>, value: &Value) -> Result<String> {
    let found = query.map(|query| query.find(value)).transpose()?;
    let value = found.as_ref().unwrap_or(value);
    Ok(match shape {
        Shape::Yaml => serde_norway::to_string(value)?,
        _ => serde_json::to_string_pretty(value)? + "\n",
    })
}

/// Things as they come: lines under one title, as wide as what came before.
pub(super) struct Stream<'a> {
    view: &'a View,
    widths: Vec<usize>,
    /// The title of a column before the others.
    mark: Option<&'static str>,
}

impl<'a> Stream<'a> {
    /// Widths are those of the things that are known.
    pub(super) fn new(view: &'a View, mark: Option<&'static str>, known: &[Value]) -> Self {
        let mut stream = Self {
            view,
            widths: Vec::new(),
            mark,
        };
        let titles = stream.titles();
        stream.line(titles);
        for thing in known {
            stream.line(view.cells(thing));
        }
        stream
    }

    /// The line of titles; empty when there is none.
    pub(super) fn head(&mut self) -> String {
        match self.view.shape {
            Shape::Table | Shape::Wide => {
                let mark = self.mark.map(|mark| format!("{mark:<8}"));
                let titles = self.titles();
                mark.unwrap_or_default() + &self.line(titles)
            }
            _ => String::new(),
        }
    }

    /// One thing, with what became of it.
    pub(super) fn thing(&mut self, mark: &str, thing: &Value) -> Result<String> {
        let marked = self.mark.is_some();
        let with_mark = || json!({ "change": mark, "item": thing });
        Ok(match self.view.shape {
            Shape::Table | Shape::Wide => {
                let line = self.line(self.view.cells(thing));
                if marked {
                    format!("{mark:<8}{line}")
                } else {
                    line
                }
            }
            Shape::Json if marked => with_mark().to_string() + "\n",
            Shape::Json => thing.to_string() + "\n",
            Shape::Yaml if marked => format!("---\n{}", serde_norway::to_string(&with_mark())?),
            Shape::Yaml => format!("---\n{}", serde_norway::to_string(thing)?),
            Shape::Name if mark == GONE => format!("{} {GONE}\n", self.view.name(thing)),
            Shape::Name => self.view.name(thing) + "\n",
        })
    }

    fn titles(&self) -> Vec<String> {
        let titles = self.view.columns.iter();
        titles.map(|(title, _)| (*title).to_owned()).collect()
    }

    fn line(&mut self, cells: Vec<String>) -> String {
        self.widths.resize(cells.len(), 0);
        let mut line = String::new();
        for (cell, width) in cells.iter().zip(&mut self.widths) {
            *width = (*width).max(cell.chars().count());
            line += &format!("{cell:<width$}  ", width = *width);
        }
        line.trim_end().to_owned() + "\n"
    }
}

/// The mark of a thing that is there no more.
pub(super) const GONE: &str = "gone";

/// Writes all of it, or says why not.
pub(super) fn say(text: &str) -> Result<()> {
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes())?;
    Ok(out.flush()?)
}
