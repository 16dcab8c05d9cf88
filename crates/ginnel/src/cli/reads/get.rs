//! `ginnel get`.

use std::process::ExitCode;

use anyhow::Result;
use serde_json::Value;

use super::kinds::{self, Kind};
use super::show::{Look, View, say};
use super::who::Who;
use super::{catalogue, fetch, to_the_end, watch};
use crate::client::Client;
use crate::output::{self, Shape};
use crate::place::Place;

/// List things of a kind; without a kind, lists the kinds.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  sudo ginnel get vpc\n  sudo ginnel get endpoint vpce-0123456789abcdef0 -o yaml\n  sudo ginnel get sg --query \"[?groupName=='web'].groupId\"\n  sudo ginnel get endpoints -o wide -w\n\nA thing is found by its id, ARN or name. In JSON, members are named as on the wire; all values\nof EC2, ELBv2, IAM and SNS are text but true and false.\nCalls as the administrator of --state; or as AWS_ENDPOINT_URL, AWS_REGION, AWS_ACCESS_KEY_ID\nand AWS_SECRET_ACCESS_KEY say, when they are set.\nEnds with 0, with 1 when something that was asked for is not there, with 2 on wrong usage."
)]
pub(crate) struct Get {
    /// For example vpc, sg, eni, endpoint, nlb, user; singular or plural
    #[arg(value_parser = kinds::find)]
    kind: Option<&'static Kind>,
    /// Only these: ids, ARNs or names
    #[arg(value_name = "ID")]
    ids: Vec<String>,
    /// Look every second and print what has changed, until Ctrl-C
    #[arg(short, long)]
    watch: bool,
    #[command(flatten)]
    look: Look,
    #[command(flatten)]
    who: Who,
}

impl Get {
    pub(crate) fn run(self, place: &Place) -> Result<ExitCode> {
        to_the_end(self.get(place))
    }

    fn get(self, place: &Place) -> Result<ExitCode> {
        let Some(kind) = self.kind else {
            say(&all_kinds())?;
            return Ok(ExitCode::SUCCESS);
        };
        let view = self.look.view(kind)?;
        let client = self.who.client(place)?;
        if self.watch {
            return watch::run(&client, &view, &self.ids);
        }
        let found = fetch::list(&client, kind, &self.ids)?;
        say(&view.whole(&found)?)?;
        if self.ids.is_empty() && found.is_empty() && view.query.is_none() {
            if matches!(view.shape, Shape::Table | Shape::Wide) {
                eprintln!("there is no {} yet", kind.name);
            }
            return Ok(ExitCode::SUCCESS);
        }
        Ok(all_there(&client, &view, &self.ids, &found))
    }
}

/// Tells of each that is not there.
fn all_there(client: &Client, view: &View, ids: &[String], found: &[Value]) -> ExitCode {
    let mut code = ExitCode::SUCCESS;
    for id in ids {
        if !found.iter().any(|thing| view.handles.means(thing, id)) {
            eprintln!("ginnel: {}", missing(client, view.kind, id));
            code = ExitCode::FAILURE;
        }
    }
    code
}

/// What to say of a thing that is not there.
pub(super) fn missing(client: &Client, kind: &Kind, id: &str) -> String {
    let name = kind.name;
    match kinds::of_id(id).filter(|other| other.name != name) {
        Some(other) if kind.prefix.is_empty() || !id.starts_with(kind.prefix) => format!(
            "there is no {name} {id}: that is the id of a kind {other}; try `ginnel get {other} {id}`",
            other = other.name
        ),
        _ => {
            let account = &client.credentials().account;
            let whose = if account.is_empty() {
                "the caller's account".to_owned()
            } else {
                format!("account {account}")
            };
            format!(
                "there is no {name} {id} in {whose}; `ginnel get {name}` lists those that are there, --account looks into another account"
            )
        }
    }
}

/// The table of kinds.
fn all_kinds() -> String {
    let rows = catalogue::kinds().map(|kind| {
        vec![
            kind.name.to_owned(),
            kind.aliases.join(", "),
            format!("{} {}", kind.service.scope_name(), kind.operation),
        ]
    });
    output::grid(["KIND", "ALSO", "CALLS"], rows) + "\n\nFor example: ginnel get vpc\n"
}
