//! `ginnel observe`: refused packets and why, and flows as they come and go.

use std::io::Write as _;
use std::process::ExitCode;
use std::sync::mpsc;

use anyhow::{Context as _, Result};
use serde_json::{Value, json};
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use super::administrator;
use crate::place::Place;

/// Shows refused packets with the rule (or its absence) that refused them; with -f also flows that
/// open and end, as they happen.
///
/// Refusals of the last while are always there; flows only while somebody follows. What is covered,
/// and how much was lost, is said at the end (on standard error).
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  sudo ginnel observe --verdict REJECT\n  sudo ginnel observe -f --eni eni-0123456789abcdef0\n  sudo ginnel observe -f --vpce vpce-0123456789abcdef0 -o json"
)]
pub(crate) struct Observe {
    /// Go on with what happens, until Ctrl-C
    #[arg(short, long)]
    follow: bool,
    /// Only these: REJECT, OPEN, END, or the label of a refusal such as security-group
    #[arg(long, value_name = "WHAT")]
    verdict: Option<String>,
    /// Only packets and flows from or to this ENI
    #[arg(long, value_name = "ENI")]
    eni: Option<String>,
    /// Only packets and flows through this endpoint
    #[arg(long, value_name = "VPCE")]
    vpce: Option<String>,
    /// How to print: a line each for people, or a JSON object a line
    #[arg(short, long, value_enum, default_value_t = Lines::Text)]
    output: Lines,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Lines {
    /// For people
    Text,
    /// For programs
    Json,
}

/// What was covered so far.
#[derive(Clone, Copy, Debug, Default)]
struct Covered {
    from_ms: Option<i64>,
    flows_from_ms: Option<i64>,
    to_ms: Option<i64>,
    shown: usize,
    lost: u64,
}

/// What ends a wait.
enum News {
    Answer(Result<Value>),
    Stop(i32),
}

impl Observe {
    pub(crate) fn run(self, place: &Place) -> Result<ExitCode> {
        let client = administrator(place)?;
        let mut covered = Covered::default();
        if !self.follow {
            let answer = client.ginnel("Observe", &self.question(&json!(0)))?;
            self.show(&answer, &mut covered)?;
            eprintln!("{}", covered.sentence());
            return Ok(ExitCode::SUCCESS);
        }
        // The daemon's answers take their time; Ctrl-C does not wait for them.
        let (ask, questions) = mpsc::channel::<Value>();
        let (tell, news) = mpsc::channel();
        listen_for_the_end(tell.clone())?;
        std::thread::spawn(move || {
            for question in questions {
                let answer = client.ginnel("Observe", &question);
                if tell.send(News::Answer(answer)).is_err() {
                    return;
                }
            }
        });
        let mut since = json!(0);
        loop {
            ask.send(self.question(&since))
                .context("asking the daemon")?;
            match news.recv().context("waiting for the daemon")? {
                News::Answer(answer) => {
                    let answer = answer?;
                    self.show(&answer, &mut covered)?;
                    since = answer.get("next").cloned().unwrap_or(since);
                }
                News::Stop(signal) => {
                    eprintln!("{}", covered.sentence());
                    return Ok(ExitCode::from(u8::try_from(128 + signal).unwrap_or(1)));
                }
            }
        }
    }

    fn question(&self, since: &Value) -> Value {
        json!({
            "since": since,
            "eni": self.eni,
            "endpoint": self.vpce,
            "verdict": self.verdict,
            "follow": self.follow,
        })
    }

    fn show(&self, answer: &Value, covered: &mut Covered) -> Result<()> {
        let none = Vec::new();
        let seen = answer.get("observations").and_then(Value::as_array);
        let mut out = std::io::stdout().lock();
        for one in seen.unwrap_or(&none) {
            let line = match self.output {
                Lines::Text => text(one),
                Lines::Json => one.to_string(),
            };
            writeln!(out, "{line}").context("printing")?;
            covered.shown += 1;
        }
        let number = |name: &str| answer.get(name).and_then(Value::as_i64);
        covered.from_ms = covered.from_ms.or(number("refused_from_ms"));
        covered.flows_from_ms = covered.flows_from_ms.or(number("flows_from_ms"));
        covered.to_ms = number("to_ms").or(covered.to_ms);
        let lost = answer.get("lost").and_then(Value::as_u64);
        covered.lost += lost.unwrap_or_default();
        Ok(())
    }
}

impl Covered {
    fn sentence(&self) -> String {
        let at = |ms: Option<i64>| ms.map_or_else(|| "-".into(), clock);
        let flows = match self.flows_from_ms {
            Some(ms) => format!("flows from {}", clock(ms)),
            None => "no flows (follow with -f)".into(),
        };
        format!(
            "{} shown; covered: refusals from {}, {flows}, until {} (UTC); {} lost",
            self.shown,
            at(self.from_ms),
            at(self.to_ms),
            self.lost
        )
    }
}

fn listen_for_the_end(tell: mpsc::Sender<News>) -> Result<()> {
    let mut signals = Signals::new([SIGINT, SIGTERM]).context("listening for Ctrl-C")?;
    std::thread::spawn(move || {
        if let Some(signal) = signals.forever().next() {
            // Nobody waits any more: then it is over anyway.
            let _ = tell.send(News::Stop(signal));
        }
    });
    Ok(())
}

/// `12:34:56.789`, of the day in UTC.
pub(crate) fn clock(ms: i64) -> String {
    let ms = ms.rem_euclid(86_400_000);
    let (s, rest) = (ms / 1_000, ms % 1_000);
    format!(
        "{:02}:{:02}:{:02}.{rest:03}",
        s / 3_600,
        s / 60 % 60,
        s % 60
    )
}

fn text(one: &Value) -> String {
    let text = |pointer: &str| match one.pointer(pointer) {
        Some(Value::String(text)) => Some(text.clone()),
        Some(Value::Null) | None => None,
        Some(other) => Some(other.to_string()),
    };
    let at = one.get("at_ms").and_then(Value::as_i64).unwrap_or_default();
    let protocol = one.get("protocol").and_then(Value::as_u64);
    let protocol = protocol.map_or_else(|| "-".into(), name_of);
    let ends = |what: &str| {
        let part = |name: &str| text(&format!("/{what}/{name}"));
        let with_port = |ip: Option<String>, port: Option<String>| match (ip, port) {
            (Some(ip), Some(port)) if port != "0" && ip.contains(':') => format!("[{ip}]:{port}"),
            (Some(ip), Some(port)) if port != "0" => format!("{ip}:{port}"),
            (Some(ip), _) => ip,
            _ => "-".into(),
        };
        one.pointer(&format!("/{what}/source"))?;
        Some(format!(
            "{} > {}",
            with_port(part("source"), part("source_port")),
            with_port(part("destination"), part("destination_port"))
        ))
    };
    let mut line = format!(
        "{} {:<6} {} {protocol} {}",
        clock(at),
        text("/kind").unwrap_or_default(),
        text("/eni").unwrap_or_default(),
        ends("tuple").unwrap_or_else(|| "-".into())
    );
    if let Some(translated) = ends("translated") {
        line += &format!(" (as {translated})");
    }
    for (name, pointer) in [("to", "/far"), ("through", "/endpoint"), ("by", "/path")] {
        if let Some(value) = text(pointer) {
            line += &format!(" {name} {value}");
        }
    }
    if let Some(verdict) = text("/verdict") {
        let answer = one.get("answer").and_then(Value::as_bool) == Some(true);
        let whose = if answer { "answer " } else { "" };
        line += &format!(
            ": {whose}{verdict}: {}",
            text("/reason").unwrap_or_default()
        );
        if let Some(next) = text("/next") {
            line += &format!(". {next}");
        }
    }
    if text("/kind").as_deref() == Some("END") {
        let count = |name: &str| {
            format!(
                "{} packets {} bytes",
                text(&format!("/{name}/packets")).unwrap_or_default(),
                text(&format!("/{name}/bytes")).unwrap_or_default()
            )
        };
        line += &format!(": sent {}, answered {}", count("sent"), count("answered"));
    }
    line
}

fn name_of(protocol: u64) -> String {
    match protocol {
        1 => "icmp".into(),
        6 => "tcp".into(),
        17 => "udp".into(),
        58 => "icmpv6".into(),
        other => other.to_string(),
    }
}
