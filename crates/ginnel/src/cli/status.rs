//! `ginnel status`.

use anyhow::Result;
use serde_json::{Value, json};

use super::{administrator, down};
use crate::output::{self, Format};
use crate::place::Place;

/// What exists, in which condition, and what was dropped and why.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  sudo ginnel status -o json")]
pub(crate) struct Status {
    /// How to print
    #[arg(short, long, value_enum, default_value_t = Format::Table)]
    output: Format,
}

impl Status {
    pub(crate) fn run(self, place: &Place) -> Result<()> {
        let Some(pid) = down::running(place)? else {
            anyhow::bail!(
                "no daemon is running for {}; the data plane, if there is one, keeps forwarding. Start it with `ginnel up`",
                place.run.display()
            );
        };
        let mut status = administrator(place)?.ginnel("Status", &json!({}))?;
        if let Some(map) = status.as_object_mut() {
            map.insert("pid".into(), json!(pid.as_raw()));
        }
        output::print(self.output, &status, people)
    }
}

fn people(status: &Value) -> String {
    let text = |pointer: &str| match status.pointer(pointer) {
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
        None => "-".into(),
    };
    let none = json!([]);
    let list = |name: &str| status.get(name).unwrap_or(&none).clone();
    let mut out = format!(
        "daemon pid {}, region {}, revision {}, data plane {} (realised {})\n",
        text("/pid"),
        text("/region"),
        text("/revision"),
        match status.pointer("/dataplane") {
            Some(Value::Bool(true)) => "on",
            _ => "OFF: no packets flow (--no-dataplane)",
        },
        text("/realised"),
    );
    for (title, name, columns) in [
        (
            "Accounts",
            "accounts",
            &[("ACCOUNT", "/account"), ("NAME", "/name")][..],
        ),
        (
            "Endpoints",
            "endpoints",
            &[
                ("ENDPOINT", "/id"),
                ("ACCOUNT", "/account"),
                ("STATE", "/state"),
                ("ADDRESSES", "/addresses"),
                ("PROVISIONED MS", "/provisioned_ms"),
                ("CONNECTIONS", "/connections"),
                ("BYTES IN", "/bytes_in"),
                ("BYTES OUT", "/bytes_out"),
                ("DROPS", "/drops"),
            ][..],
        ),
        (
            "Interfaces",
            "interfaces",
            &[
                ("ENI", "/id"),
                ("ACCOUNT", "/account"),
                ("ADDRESS", "/address"),
                ("NAMESPACE", "/namespace"),
                ("DEVICE", "/device"),
                ("ATTACHED", "/attached"),
                ("FLOWS", "/flows"),
                ("DROPS", "/drops"),
                ("PROBLEM", "/problem"),
            ][..],
        ),
    ] {
        out += &format!("\n{title}\n{}\n", output::table(&list(name), columns));
    }
    for failure in list("failures").as_array().into_iter().flatten() {
        out += &format!("\nfailing: {}", failure.as_str().unwrap_or("?"));
    }
    out
}
