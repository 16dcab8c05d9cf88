//! `ginnel audit`: who did what, read from the store; works while the daemon runs, and without.

use std::io::Write as _;
use std::path::PathBuf;

use anyhow::{Context as _, Result};
use serde_json::{Value, json};

use crate::output::{self, Format};
use crate::place::Place;

#[derive(Debug, clap::Subcommand)]
#[command(
    after_help = "Example:\n  sudo ginnel audit search --event CreateVpcEndpoint --errors\n  sudo ginnel audit verify\n  sudo ginnel audit export trail.jsonl"
)]
pub(crate) enum Audit {
    /// Find calls, newest first
    Search(Search),
    /// Check that no record was changed, removed or added; prints the end of the chain
    Verify {
        /// How to print
        #[arg(short, long, value_enum, default_value_t = Format::Table)]
        output: Format,
    },
    /// Write every record, oldest first, one JSON object a line
    Export {
        /// The file to make; standard output when absent
        to: Option<PathBuf>,
    },
}

/// Which calls.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  sudo ginnel audit search --resource vpce-0123456789abcdef0\n  sudo ginnel audit search --errors --since 2026-11-01T00:00:00Z -o json"
)]
pub(crate) struct Search {
    /// Only calls of this operation
    #[arg(long, value_name = "NAME")]
    event: Option<String>,
    /// Only calls of this account
    #[arg(long, value_name = "ACCOUNT")]
    account: Option<String>,
    /// Only calls whose caller's ARN ends so
    #[arg(long, value_name = "ARN")]
    user: Option<String>,
    /// Only calls that name or changed this thing
    #[arg(long, value_name = "ID")]
    resource: Option<String>,
    /// Only calls that were refused or failed
    #[arg(long)]
    errors: bool,
    /// Without reads
    #[arg(long)]
    writes: bool,
    /// Only calls from then on (ISO 8601)
    #[arg(long, value_name = "TIME")]
    since: Option<String>,
    /// So many at most
    #[arg(short = 'n', long, default_value_t = 50, value_name = "N")]
    limit: usize,
    /// How to print
    #[arg(short, long, value_enum, default_value_t = Format::Table)]
    output: Format,
}

impl Audit {
    pub(crate) fn run(self, place: &Place) -> Result<()> {
        let log = revlog::SqliteLog::open_read_only(place.store()).with_context(|| {
            format!(
                "reading the store of {}; has `ginnel up` run with this --state? (--dev keeps no store: ask LookupEvents)",
                place.state.display()
            )
        })?;
        match self {
            Self::Search(search) => search.run(&log),
            Self::Verify { output } => {
                let verified = control::verify(&log)?;
                let value = json!({ "records": verified.records, "head": verified.head });
                output::print(output, &value, |_| {
                    format!(
                        "{} records, the chain is whole; its end is {}",
                        verified.records, verified.head
                    )
                })
            }
            Self::Export { to } => {
                let out: Box<dyn std::io::Write> = match &to {
                    Some(path) => Box::new(
                        std::fs::File::create_new(path)
                            .with_context(|| format!("making {}", path.display()))?,
                    ),
                    None => Box::new(std::io::stdout().lock()),
                };
                let mut out = std::io::BufWriter::new(out);
                let mut failed = None;
                control::export(&log, |record| {
                    if failed.is_none() {
                        failed = writeln!(out, "{record}").err();
                    }
                })?;
                match failed {
                    Some(error) => Err(error),
                    None => out.flush(),
                }
                .context("writing the records")
            }
        }
    }
}

impl Search {
    fn run(self, log: &revlog::SqliteLog) -> Result<()> {
        let found = control::search(log, self.limit, |record| self.wants(record))?;
        output::print(self.output, &Value::Array(found), |records| {
            output::table(
                records,
                &[
                    ("TIME", "/eventTime"),
                    ("CALLER", "/userIdentity/arn"),
                    ("OPERATION", "/eventName"),
                    ("ERROR", "/errorCode"),
                    ("FROM", "/sourceIPAddress"),
                    ("REQUEST", "/requestID"),
                ],
            )
        })
    }

    fn wants(&self, record: &Value) -> bool {
        let is = |pointer: &str, wanted: &Option<String>| {
            let wanted = wanted.as_deref();
            wanted.is_none_or(|wanted| text(record, pointer) == wanted)
        };
        let user = self.user.as_deref();
        let since = self.since.as_deref();
        let resource = self.resource.as_deref();
        is("/eventName", &self.event)
            && is("/recipientAccountId", &self.account)
            && user.is_none_or(|user| text(record, "/userIdentity/arn").ends_with(user))
            && since.is_none_or(|since| text(record, "/eventTime") >= since)
            && (!self.errors || record.get("errorCode").is_some())
            && (!self.writes || record.pointer("/readOnly") == Some(&Value::Bool(false)))
            && resource.is_none_or(|id| {
                let parts = ["/resources", "/requestParameters"];
                let mut parts = parts.iter().filter_map(|pointer| record.pointer(pointer));
                parts.any(|part| part.to_string().contains(&format!("\"{id}\"")))
            })
    }
}

fn text<'a>(record: &'a Value, pointer: &str) -> &'a str {
    let value = record.pointer(pointer);
    value.and_then(Value::as_str).unwrap_or_default()
}
