//! `ginnel store`.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use serde_json::json;

use crate::output::{self, Format};
use crate::place::Place;

#[derive(Debug, clap::Subcommand)]
#[command(after_help = "Example:\n  sudo ginnel store backup /backup/ginnel.db")]
pub(crate) enum Store {
    /// Copy the store to a new file; works while the daemon runs
    Backup {
        /// The file to make
        to: PathBuf,
    },
    /// Check a store or a backup; exit code 1 when something is wrong
    Check {
        /// A backup; the daemon's own store when absent
        path: Option<PathBuf>,
        /// How to print
        #[arg(short, long, value_enum, default_value_t = Format::Table)]
        output: Format,
    },
}

impl Store {
    pub(crate) fn run(self, place: &Place) -> Result<ExitCode> {
        match self {
            Self::Backup { to } => {
                revlog::SqliteLog::open_read_only(place.store())?.backup(&to)?;
                println!("backed up to {}", to.display());
                Ok(ExitCode::SUCCESS)
            }
            Self::Check { path, output } => {
                let report = revlog::check(path.unwrap_or_else(|| place.store()))?;
                let value = json!({
                    "revision": report.revision.get(),
                    "keys": report.keys,
                    "events": report.events,
                    "problems": report.problems,
                });
                output::print(output, &value, |_| {
                    let mut text = format!(
                        "revision {}, {} keys, {} events, {} problems",
                        report.revision.get(),
                        report.keys,
                        report.events,
                        report.problems.len()
                    );
                    for problem in &report.problems {
                        text += "\n  ";
                        text += problem;
                    }
                    text
                })?;
                Ok(if report.problems.is_empty() {
                    ExitCode::SUCCESS
                } else {
                    ExitCode::FAILURE
                })
            }
        }
    }
}
