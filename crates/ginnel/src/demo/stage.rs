//! What the demo makes on the machine, and how it goes away again: a daemon, namespaces,
//! server processes. Everything is named after the demo's pid.

use std::io::{BufRead as _, BufReader, Read as _};
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::place::Place;

/// The stage; [`Stage::strike`] empties it, and so does dropping it.
pub(super) struct Stage {
    dir: Option<tempfile::TempDir>,
    place: Place,
    namespaces: Vec<String>,
    servers: Vec<Child>,
    daemon: Option<Child>,
    interrupted: Arc<AtomicBool>,
}

impl Stage {
    pub(super) fn new() -> Result<Self> {
        let dir = tempfile::Builder::new()
            .prefix(&format!("ginnel-demo-{}-", std::process::id()))
            .tempdir()
            .context("making a temporary directory")?;
        let place = Place {
            state: dir.path().join("state"),
            run: dir.path().join("run"),
        };
        let interrupted = Arc::new(AtomicBool::new(false));
        listen_for_interrupts(Arc::clone(&interrupted))?;
        Ok(Self {
            dir: Some(dir),
            place,
            namespaces: Vec::new(),
            servers: Vec::new(),
            daemon: None,
            interrupted,
        })
    }

    pub(super) fn place(&self) -> &Place {
        &self.place
    }

    pub(super) fn is_interrupted(&self) -> bool {
        self.interrupted.load(Ordering::Relaxed)
    }

    /// An error as soon as somebody pressed Ctrl-C: called between steps.
    pub(super) fn go_on(&self) -> Result<()> {
        if self.is_interrupted() {
            bail!("interrupted");
        }
        Ok(())
    }

    pub(super) fn wait_for_interrupt(&self) {
        while !self.is_interrupted() {
            pause(Duration::from_millis(50));
        }
    }

    /// Starts `ginnel up` of this very binary and waits until it answers.
    pub(super) fn start_daemon(&mut self) -> Result<()> {
        let mut daemon = self
            .command()?
            .args(["up", "--listen", "127.0.0.1:0", "--state"])
            .arg(&self.place.state)
            .arg("--run")
            .arg(&self.place.run)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .context("starting ginnel up")?;
        let output = daemon.stdout.take().context("the daemon's output")?;
        let mut lines = BufReader::new(output).lines();
        let mut ready = false;
        for line in lines.by_ref() {
            ready = line
                .context("reading the daemon's output")?
                .contains("listening on");
            if ready {
                break;
            }
        }
        if !ready {
            let mut why = String::new();
            if let Some(mut errors) = daemon.stderr.take() {
                errors
                    .read_to_string(&mut why)
                    .context("reading the daemon's errors")?;
            }
            daemon.wait().context("waiting for the daemon")?;
            bail!("the daemon did not start: {}", why.trim());
        }
        self.daemon = Some(daemon);
        Ok(())
    }

    /// A namespace like `ip netns add`.
    pub(super) fn namespace(&mut self, role: &str) -> Result<String> {
        let name = format!("ginnel-demo-{}-{role}", std::process::id());
        self.namespaces.push(name.clone());
        dataplane::make_named(&name)?;
        Ok(name)
    }

    /// Starts the demo's HTTP server in a namespace.
    pub(super) fn serve(&mut self, namespace: &str, listen: &str, name: &str) -> Result<()> {
        let mut command = self.command()?;
        command
            .args(["demo-server", listen, name])
            .stdout(Stdio::piped());
        let mut server = run_in(namespace, || command.spawn())?.context("starting a server")?;
        let mut line = String::new();
        if let Some(output) = server.stdout.take() {
            BufReader::new(output)
                .read_line(&mut line)
                .context("reading the server's output")?;
        }
        self.servers.push(server);
        if line.trim() != "ready" {
            bail!("the server {name} did not start");
        }
        Ok(())
    }

    /// The real curl, in a namespace.
    pub(super) fn curl(&self, namespace: &str, url: &str) -> Result<Output> {
        let mut command = Command::new("curl");
        command.args(["--silent", "--show-error", "--max-time", "1", url]);
        run_in(namespace, || command.output())?
            .context("running curl; scripts/packages.sh installs it")
    }

    /// Removes everything. Every part is tried, the first failure is told.
    pub(super) fn strike(&mut self) -> Result<()> {
        let mut first = Ok(());
        let mut keep = |result: Result<()>| {
            if first.is_ok() {
                first = result;
            }
        };
        for mut server in self.servers.drain(..) {
            keep(server.kill().context("ending a server"));
            keep(server.wait().map(drop).context("ending a server"));
        }
        if let Some(mut daemon) = self.daemon.take() {
            let pid = Pid::from_raw(daemon.id().try_into().unwrap_or(0));
            keep(kill(pid, Signal::SIGTERM).context("stopping the daemon"));
            keep(daemon.wait().map(drop).context("stopping the daemon"));
        }
        keep(dataplane::purge(&self.place.dataplane()).context("removing the data plane"));
        for name in self.namespaces.drain(..) {
            keep(dataplane::remove_named(&name).context("removing a namespace"));
        }
        if let Some(dir) = self.dir.take() {
            keep(dir.close().context("removing the temporary directory"));
        }
        first
    }

    /// This binary, apart from the terminal's Ctrl-C: the demo ends its children itself.
    fn command(&self) -> Result<Command> {
        use std::os::unix::process::CommandExt as _;
        let binary = std::env::current_exe().context("finding this binary")?;
        let mut command = Command::new(binary);
        command.process_group(0);
        Ok(command)
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        if let Err(error) = self.strike() {
            eprintln!("ginnel: cleaning up: {error:#}");
        }
    }
}

fn run_in<T: Send>(namespace: &str, work: impl FnOnce() -> T + Send) -> Result<T> {
    Ok(dataplane::run_inside(
        &PathBuf::from("/run/netns").join(namespace),
        work,
    )?)
}

/// Waits a little, between two looks at something that another process changes.
pub(super) fn pause(length: Duration) {
    #[expect(
        clippy::disallowed_methods,
        reason = "bounded waits for other processes"
    )]
    std::thread::sleep(length);
}

fn listen_for_interrupts(flag: Arc<AtomicBool>) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_io()
        .build()
        .context("starting the signal thread")?;
    let streams = {
        let _entered = runtime.enter();
        use tokio::signal::unix::{SignalKind, signal};
        (
            signal(SignalKind::interrupt()).context("listening for Ctrl-C")?,
            signal(SignalKind::terminate()).context("listening for SIGTERM")?,
        )
    };
    std::thread::spawn(move || {
        let (mut interrupt, mut terminate) = streams;
        runtime.block_on(async {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
        });
        flag.store(true, Ordering::Relaxed);
    });
    Ok(())
}
