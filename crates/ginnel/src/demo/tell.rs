//! How the demo tells what it does: a tick, the step, its time, the equivalent command.

use std::cell::RefCell;
use std::time::Instant;

use anyhow::Result;
use serde_json::json;

/// Prints steps, as text or as JSON lines.
pub(super) struct Teller {
    json: bool,
    started: Instant,
    proofs: RefCell<u32>,
}

impl Teller {
    pub(super) fn new(json: bool) -> Self {
        Self {
            json,
            started: Instant::now(),
            proofs: RefCell::new(0),
        }
    }

    /// Does a step and tells of it, with the command that does the same.
    pub(super) fn step<T>(
        &self,
        what: &str,
        command: &str,
        work: impl FnOnce() -> Result<T>,
    ) -> Result<T> {
        self.tell("step", what, command, || Ok((work()?, String::new())))
    }

    /// Does a proof and tells what was seen.
    pub(super) fn proof(
        &self,
        what: &str,
        command: &str,
        work: impl FnOnce() -> Result<String>,
    ) -> Result<()> {
        self.tell("proof", what, command, || Ok(((), work()?)))?;
        *self.proofs.borrow_mut() += 1;
        Ok(())
    }

    fn tell<T>(
        &self,
        kind: &str,
        what: &str,
        command: &str,
        work: impl FnOnce() -> Result<(T, String)>,
    ) -> Result<T> {
        let started = Instant::now();
        let outcome = work();
        let took = started.elapsed().as_secs_f64() * 1_000.0;
        let seen = outcome
            .as_ref()
            .map_or_else(|error| format!("{error:#}"), |(_, seen)| seen.clone());
        if self.json {
            let line = json!({
                "kind": kind,
                "what": what,
                "command": command,
                "ok": outcome.is_ok(),
                "seen": seen,
                "ms": (took * 10.0).round() / 10.0,
            });
            println!("{line}");
        } else {
            let mark = if outcome.is_ok() { "✔" } else { "✘" };
            println!("{mark} {what} ({took:.1} ms)");
            for line in [command, &seen].into_iter().filter(|line| !line.is_empty()) {
                println!("    {line}");
            }
        }
        outcome.map(|(value, _)| value)
    }

    pub(super) fn note(&self, text: &str) {
        if self.json {
            println!("{}", json!({ "kind": "note", "what": text }));
        } else {
            println!("\n{text}\n");
        }
    }

    pub(super) fn failure(&self, error: &anyhow::Error) {
        self.note(&format!("The demo failed: {error:#}"));
    }

    pub(super) fn end(&self) {
        let (proofs, took) = (self.proofs.borrow(), self.started.elapsed().as_secs_f64());
        self.note(&format!(
            "{proofs} proofs passed in {took:.1} s; nothing is left behind."
        ));
    }
}
