//! `ginnel demo`: two tenants with the same addresses, one endpoint between them, and proofs.
//!
//! It starts a daemon of its own (own state, own run directory, a free port), so that it
//! neither needs nor disturbs one that runs, and removes all that it made, also on Ctrl-C.

mod proofs;
pub(crate) mod server;
mod stage;
mod tell;
mod tenants;

use std::process::ExitCode;

use anyhow::Result;

use stage::Stage;
use tell::Teller;

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  sudo ginnel demo\n  sudo ginnel demo --keep   # then look around with curl and aws"
)]
pub(crate) struct Demo {
    /// Keep everything running until Ctrl-C
    #[arg(long)]
    keep: bool,
    /// Print one JSON object a step instead of text
    #[arg(long)]
    json: bool,
}

impl Demo {
    pub(crate) fn run(self) -> Result<ExitCode> {
        dataplane::preflight()?;
        let tell = Teller::new(self.json);
        let mut stage = Stage::new()?;
        let outcome = self.play(&mut stage, &tell);
        let interrupted = stage.is_interrupted();
        if let Err(error) = &outcome {
            tell.failure(error);
        }
        let removed = tell.step("remove everything that was made", "", || stage.strike());
        if interrupted {
            // As the shell reports a process that SIGINT ended.
            return Ok(ExitCode::from(130));
        }
        if outcome.is_err() || removed.is_err() {
            return Ok(ExitCode::FAILURE);
        }
        tell.end();
        Ok(ExitCode::SUCCESS)
    }

    fn play(&self, stage: &mut Stage, tell: &Teller) -> Result<()> {
        let doors = tenants::build(stage, tell)?;
        proofs::run(stage, tell, &doors)?;
        if self.keep {
            tell.note(&doors.invitation(stage));
            stage.wait_for_interrupt();
        }
        Ok(())
    }
}
