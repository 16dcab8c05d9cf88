//! The reading verbs: `get`, `describe` and `events`. They call the public AWS API, as anybody can.

mod catalogue;
mod describe;
mod events;
mod fetch;
mod get;
mod kinds;
mod query;
mod show;
mod watch;
mod who;

#[cfg(test)]
mod tests;

use std::io::ErrorKind;
use std::process::ExitCode;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

use anyhow::{Context as _, Result};

pub(crate) use describe::Describe;
pub(crate) use events::Events;
pub(crate) use get::Get;

/// Between two looks of -w and -f.
const BETWEEN: Duration = Duration::from_secs(1);

/// The outcome; that nobody reads on, as in `| head`, is none.
pub(super) fn to_the_end(outcome: Result<ExitCode>) -> Result<ExitCode> {
    let broken = |error: &std::io::Error| error.kind() == ErrorKind::BrokenPipe;
    match outcome {
        Err(error) if error.downcast_ref().is_some_and(broken) => Ok(ExitCode::SUCCESS),
        outcome => outcome,
    }
}

/// Hears of Ctrl-C, from now on: the program ends with success, between two writes. A second
/// one ends it at once.
pub(super) fn interrupts() -> Result<Receiver<()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_io()
        .build()
        .context("starting the signal thread")?;
    let mut interrupt = {
        let _entered = runtime.enter();
        signal(SignalKind::interrupt()).context("listening for Ctrl-C")?
    };
    let (tell, hear) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        runtime.block_on(interrupt.recv());
        let _ = tell.send(());
        runtime.block_on(interrupt.recv());
        let _ = nix::sys::signal::raise(nix::sys::signal::Signal::SIGTERM);
    });
    Ok(hear)
}

/// Looks again and again until Ctrl-C; a look that fails is told once, and the next may succeed.
fn again_and_again(
    interrupts: &Receiver<()>,
    mut look: impl FnMut() -> Result<()>,
) -> Result<ExitCode> {
    let mut told = false;
    while interrupts.recv_timeout(BETWEEN) == Err(RecvTimeoutError::Timeout) {
        match look() {
            Ok(()) => told = false,
            Err(error) if error.is::<std::io::Error>() => return Err(error),
            Err(error) if !told => {
                eprintln!("ginnel: {error:#}; trying on");
                told = true;
            }
            Err(_) => {}
        }
    }
    Ok(ExitCode::SUCCESS)
}
