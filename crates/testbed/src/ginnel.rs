//! The product as a fixture: a running `ginnel up` with its own state, and the real AWS CLI.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use nix::sys::signal::Signal;
use serde_json::Value;

use crate::proc::Child;

const START: Duration = Duration::from_secs(20);
const STOP: Duration = Duration::from_secs(10);
const READY: &str = "listening on http://";

/// Variables that make the AWS tools talk to this daemon as one identity.
pub type Credentials = BTreeMap<String, String>;

/// A running daemon with state of its own; dropped, it is ended and its traces are purged.
#[derive(Debug)]
pub struct Ginnel {
    directory: tempfile::TempDir,
    binary: PathBuf,
    more: Vec<String>,
    daemon: Child,
    begun: Instant,
    took: Duration,
    url: String,
    administrator: Credentials,
}

impl Ginnel {
    /// Starts the daemon and waits until it listens. `more` is added to its arguments.
    pub fn start(more: &[&str]) -> Result<Self> {
        let binary = binary()?;
        // Not one that is swept: a daemon that outlived its test still needs its state to be purged.
        let directory = tempfile::Builder::new().prefix("ginnel-lab-").tempdir()?;
        let more: Vec<String> = more.iter().map(|word| (*word).to_owned()).collect();
        let begun = Instant::now();
        let daemon = launch(&binary, directory.path(), &more)?;
        // From here on the guard purges, whatever fails below.
        let mut started = Self {
            directory,
            binary,
            more,
            daemon,
            begun,
            took: Duration::ZERO,
            url: String::new(),
            administrator: Credentials::new(),
        };
        started.meet()?;
        Ok(started)
    }

    /// Waits for the daemon's address and reads its credentials.
    fn meet(&mut self) -> Result<()> {
        let line = self.daemon.wait_for_line(READY, START)?;
        self.took = self.begun.elapsed();
        let from = line.find("http://").context("no address in the line")?;
        self.url = line[from..]
            .split_whitespace()
            .next()
            .unwrap_or_default()
            .to_owned();
        self.administrator = self.environment()?;
        Ok(())
    }

    /// Ends the daemon as a crash does (SIGKILL) and waits until it is gone.
    pub fn kill(&mut self) -> Result<()> {
        self.daemon.signal(Signal::SIGKILL)?;
        self.daemon.wait(STOP).map(drop)
    }

    /// Starts the daemon again on the same state; its port is another one, unless it was given.
    pub fn restart(&mut self) -> Result<()> {
        self.launch()?;
        self.meet()
    }

    /// Starts the daemon again, and does not wait until it listens.
    pub fn launch(&mut self) -> Result<()> {
        self.begun = Instant::now();
        self.daemon = launch(&self.binary, self.directory.path(), &self.more)?;
        Ok(())
    }

    /// Makes an account and returns its administrator's variables.
    pub fn account(&self, name: &str) -> Result<Credentials> {
        let text = self.cli(&["account", "create", name])?;
        Ok(exports(&text))
    }

    /// These variables with the daemon's present address: after a restart.
    pub fn again(&self, who: &Credentials) -> Credentials {
        let mut who = who.clone();
        who.insert("AWS_ENDPOINT_URL".into(), self.url.clone());
        who
    }

    /// The state directory.
    pub fn state(&self) -> PathBuf {
        self.directory.path().join("state")
    }

    /// The run directory.
    pub fn run(&self) -> PathBuf {
        self.directory.path().join("run")
    }

    /// How long it took until the daemon listened, the last time it was started.
    pub fn took(&self) -> Duration {
        self.took
    }

    /// Whether `ginnel up` has this option, by its own help.
    pub fn has_option(option: &str) -> Result<bool> {
        let help = stdout(Command::new(binary()?).args(["up", "--help"]))?;
        Ok(help.split_whitespace().any(|word| word == option))
    }

    /// The API's address.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The administrator's variables, to be changed for other identities.
    pub fn administrator(&self) -> &Credentials {
        &self.administrator
    }

    /// The daemon, to signal it or to read its output.
    pub fn daemon(&mut self) -> &mut Child {
        &mut self.daemon
    }

    /// Runs `ginnel <words>` against this daemon's state; returns its stdout.
    pub fn cli(&self, words: &[&str]) -> Result<String> {
        let mut command = Command::new(&self.binary);
        command.args(words);
        command
            .arg("--state")
            .arg(self.directory.path().join("state"));
        command.arg("--run").arg(self.directory.path().join("run"));
        stdout(&mut command)
    }

    /// The AWS CLI as the administrator: `aws(&["ec2", "describe-vpcs"])`.
    pub fn aws(&self, words: &[&str]) -> Result<Value> {
        self.aws_as(&self.administrator, words)
    }

    /// The AWS CLI as someone else. No output at all is `Value::Null`.
    pub fn aws_as(&self, who: &Credentials, words: &[&str]) -> Result<Value> {
        let mut command = Command::new("aws");
        command
            .args(words)
            .args(["--output", "json"])
            .env("AWS_PAGER", "")
            .envs(who)
            // The caller's own profile and files must not leak in.
            .env_remove("AWS_PROFILE")
            .env_remove("AWS_SESSION_TOKEN")
            .env("AWS_CONFIG_FILE", "/dev/null")
            .env("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .env("AWS_MAX_ATTEMPTS", "1");
        if let Some(token) = who.get("AWS_SESSION_TOKEN") {
            command.env("AWS_SESSION_TOKEN", token);
        }
        let text = stdout(&mut command)?;
        if text.trim().is_empty() {
            return Ok(Value::Null);
        }
        serde_json::from_str(&text).with_context(|| format!("aws {}: no JSON", words.join(" ")))
    }

    /// Reads the `export NAME=value` lines of `ginnel env`.
    fn environment(&self) -> Result<Credentials> {
        let text = self.cli(&["env"])?;
        let found = exports(&text);
        for name in [
            "AWS_ENDPOINT_URL",
            "AWS_ACCESS_KEY_ID",
            "AWS_SECRET_ACCESS_KEY",
        ] {
            ensure!(
                found.contains_key(name),
                "ginnel env does not print {name}: {text}"
            );
        }
        Ok(found)
    }
}

impl Drop for Ginnel {
    fn drop(&mut self) {
        let _ = self.daemon.terminate(STOP);
        if let Err(error) = self.cli(&["down", "--purge"]) {
            eprintln!("ginnel down --purge: {error:#}");
        }
    }
}

fn launch(binary: &Path, directory: &Path, more: &[String]) -> Result<Child> {
    let mut command = Command::new(binary);
    command.arg("up");
    for (option, folder) in [("--state", "state"), ("--run", "run")] {
        command.arg(option).arg(directory.join(folder));
    }
    if !more.iter().any(|word| word == "--listen") {
        command.args(["--listen", "127.0.0.1:0"]);
    }
    command.args(more);
    Child::start(&mut command)
}

/// The `export NAME=value` lines of a text.
fn exports(text: &str) -> Credentials {
    text.lines()
        .filter_map(|line| line.trim().strip_prefix("export ")?.split_once('='))
        .map(|(name, value)| (name.to_owned(), value.trim_matches(['\'', '"']).to_owned()))
        .collect()
}

fn stdout(command: &mut Command) -> Result<String> {
    // Program and arguments only: the variables hold a secret.
    let shown: Vec<_> = std::iter::once(command.get_program())
        .chain(command.get_args())
        .map(|word| word.to_string_lossy().into_owned())
        .collect();
    let shown = shown.join(" ");
    let output = command
        .stdin(Stdio::null())
        .output()
        .with_context(|| shown.clone())?;
    if !output.status.success() {
        let told = String::from_utf8_lossy(&output.stderr);
        bail!("{shown}: {}: {}", output.status, told.trim());
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// `GINNEL_BIN`, else `ginnel` in the target directory that this executable was built into.
fn binary() -> Result<PathBuf> {
    if let Some(path) = std::env::var_os("GINNEL_BIN") {
        let path = PathBuf::from(path);
        ensure!(path.is_file(), "GINNEL_BIN={} is no file", path.display());
        return Ok(path);
    }
    let here = std::env::current_exe()?;
    here.ancestors()
        .skip(1)
        .take(3)
        .flat_map(|folder| [folder.join("ginnel"), folder.join("debug/ginnel")])
        .find(|path| path.is_file())
        .with_context(|| {
            format!(
                "no ginnel binary near {}: build it (cargo build -p ginnel) or set GINNEL_BIN",
                here.display()
            )
        })
}
