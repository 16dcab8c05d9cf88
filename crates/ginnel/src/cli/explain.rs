//! `ginnel explain`.

use anyhow::{Result, bail};
use model::verdict::Verdict;

/// Says what a drop reason means and what to do; without a reason, lists all.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  ginnel explain security-group")]
pub(crate) struct Explain {
    /// A label from `ginnel status`
    reason: Option<String>,
}

impl Explain {
    pub(crate) fn run(self) -> Result<()> {
        let Some(reason) = self.reason else {
            for verdict in Verdict::ALL {
                println!("{:<16} {}", verdict.label(), verdict.meaning());
            }
            return Ok(());
        };
        let Some(verdict) = Verdict::ALL.iter().find(|v| v.label() == reason) else {
            bail!("there is no reason {reason}; `ginnel explain` lists all");
        };
        println!(
            "{}: {}\nWhat to do: {}",
            verdict.label(),
            verdict.meaning(),
            verdict.next_step()
        );
        Ok(())
    }
}
