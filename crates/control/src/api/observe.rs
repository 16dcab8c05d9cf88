//! Looking at packets and flows: Ginnel's own operation `Observe`.

use std::time::Duration;

use aws::Fault;
use model::time::Millis;
use serde::Deserialize;
use serde_json::Value;

use crate::observe::{Observation, Window};
use crate::open::{Inner, now};

/// A look waits for news no longer than this.
const PATIENCE: Duration = Duration::from_secs(20);

/// What is asked.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Look {
    /// The number to begin with; without it, everything that is kept.
    #[serde(default)]
    since: u64,
    /// Only about this ENI.
    eni: Option<String>,
    /// Only through this endpoint.
    endpoint: Option<String>,
    /// REJECT, OPEN or END, or a refusal's label.
    verdict: Option<String>,
    /// Watch flows from now on, and wait for something new.
    #[serde(default)]
    follow: bool,
}

/// Answers with what was seen.
pub(super) async fn serve(inner: &Inner, look: Look) -> Result<Value, Fault> {
    check(&look)?;
    let read = || -> Window {
        let Millis(now_ms) = now();
        let watch = look.follow.then_some(now_ms);
        inner
            .observations
            .read(look.since, watch, |seen| look.fits(seen))
    };
    let news = inner.observations.news().notified();
    let mut window = read();
    if look.follow && window.observations.is_empty() {
        // News about something else ends the wait too: the reader asks again.
        let _ = tokio::time::timeout(PATIENCE, news).await;
        window = read();
    }
    serde_json::to_value(&window).map_err(|error| Fault::internal(error.to_string()))
}

fn check(look: &Look) -> Result<(), Fault> {
    for (name, value, stem) in [
        ("eni", &look.eni, "eni-"),
        ("endpoint", &look.endpoint, "vpce-"),
    ] {
        if let Some(value) = value
            && !value.starts_with(stem)
        {
            return Err(Fault::invalid_value(
                name,
                value,
                &format!("give an id that begins with {stem}"),
            ));
        }
    }
    let Some(verdict) = &look.verdict else {
        return Ok(());
    };
    let labels = model::verdict::Verdict::ALL.iter().map(|it| it.label());
    let known = KINDS.into_iter().chain(labels);
    if known.clone().any(|it| it.eq_ignore_ascii_case(verdict)) {
        return Ok(());
    }
    Err(Fault::invalid_value(
        "verdict",
        verdict,
        &format!("there are {}", known.collect::<Vec<_>>().join(", ")),
    ))
}

const KINDS: [&str; 3] = ["REJECT", "OPEN", "END"];

impl Look {
    fn fits(&self, seen: &Observation) -> bool {
        let eni = self.eni.as_ref();
        let eni = eni.is_none_or(|eni| seen.eni == *eni || seen.far.as_ref() == Some(eni));
        let endpoint = self.endpoint.as_ref();
        let endpoint = endpoint.is_none_or(|id| seen.endpoint.as_ref() == Some(id));
        let verdict = self.verdict.as_deref().is_none_or(|wanted| {
            seen.kind.eq_ignore_ascii_case(wanted)
                || seen
                    .verdict
                    .is_some_and(|label| label.eq_ignore_ascii_case(wanted))
        });
        eni && endpoint && verdict
    }
}
