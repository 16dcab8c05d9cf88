//! A benchmark that is broken off cleans up.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Context, Result, ensure};

/// Set by SIGINT, SIGTERM and SIGHUP; every wait looks at it, so that all guards clean up.
#[derive(Debug, Clone, Default)]
pub struct Interrupt(Arc<AtomicBool>);

impl Interrupt {
    /// Takes the signals.
    pub fn listen() -> Result<Self> {
        let interrupt = Self::default();
        for signal in [nix::libc::SIGINT, nix::libc::SIGTERM, nix::libc::SIGHUP] {
            signal_hook::flag::register(signal, Arc::clone(&interrupt.0))
                .context("listen for signals")?;
        }
        Ok(interrupt)
    }

    /// An error once the run was interrupted.
    pub fn check(&self) -> Result<()> {
        ensure!(!self.0.load(Ordering::Relaxed), "interrupted");
        Ok(())
    }
}
