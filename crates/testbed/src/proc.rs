//! Child processes as guards, and waiting for a state.

use std::io::Read;
use std::process::{Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, bail};
use nix::sys::signal::{self, Signal};
use nix::unistd::Pid;

/// A running child. Dropping it kills it (SIGKILL, by pid) and reaps it.
#[derive(Debug)]
pub struct Child {
    name: String,
    inner: std::process::Child,
    stdout: Pipe,
    stderr: Pipe,
}

impl Child {
    /// Starts the command with stdin closed and both outputs captured.
    pub fn start(command: &mut Command) -> Result<Self> {
        let name = command.get_program().to_string_lossy().into_owned();
        let mut inner = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .with_context(|| format!("start {name}"))?;
        let stdout = Pipe::follow(inner.stdout.take());
        let stderr = Pipe::follow(inner.stderr.take());
        Ok(Self {
            name,
            inner,
            stdout,
            stderr,
        })
    }

    /// The process id.
    pub fn pid(&self) -> Pid {
        Pid::from_raw(self.inner.id() as i32)
    }

    /// What it has written to stdout so far.
    pub fn stdout(&self) -> String {
        self.stdout.text()
    }

    /// What it has written to stderr so far.
    pub fn stderr(&self) -> String {
        self.stderr.text()
    }

    /// Sends a signal, if it still runs.
    pub fn signal(&mut self, signal: Signal) -> Result<()> {
        if self.inner.try_wait()?.is_none() {
            signal::kill(self.pid(), signal).with_context(|| format!("signal {}", self.name))?;
        }
        Ok(())
    }

    /// Waits for a whole stdout line that contains `part`; fails at once if the child ends first.
    pub fn wait_for_line(&mut self, part: &str, limit: Duration) -> Result<String> {
        let end = Instant::now() + limit;
        loop {
            let ended = self.inner.try_wait()?;
            if ended.is_some() {
                self.drain();
            }
            let text = self.stdout();
            let whole = text.rfind('\n').map_or("", |last| &text[..last]);
            if let Some(line) = whole.lines().find(|line| line.contains(part)) {
                return Ok(line.to_owned());
            }
            if let Some(status) = ended {
                bail!(
                    "{} ended ({status}) before {part:?}: {}",
                    self.name,
                    self.told()
                );
            }
            if Instant::now() >= end {
                bail!(
                    "{} did not say {part:?} within {limit:?}: {}",
                    self.name,
                    self.told()
                );
            }
            pause(Duration::from_millis(2));
        }
    }

    /// Waits for its end; afterwards its output is complete.
    pub fn wait(&mut self, limit: Duration) -> Result<ExitStatus> {
        let end = Instant::now() + limit;
        loop {
            if let Some(status) = self.inner.try_wait()? {
                self.drain();
                return Ok(status);
            }
            if Instant::now() >= end {
                return Err(anyhow!("{} still runs after {limit:?}", self.name));
            }
            pause(Duration::from_millis(5));
        }
    }

    /// Asks it to end (SIGTERM); kills it when it does not within the limit.
    pub fn terminate(&mut self, limit: Duration) -> Result<ExitStatus> {
        self.signal(Signal::SIGTERM)?;
        self.wait(limit).or_else(|_| {
            self.inner.kill()?;
            self.wait(Duration::from_secs(5))
        })
    }

    /// The last part of both outputs, for error messages.
    pub fn told(&self) -> String {
        let tail = |text: String| {
            let from = text.len().saturating_sub(2000);
            let from = (from..=text.len()).find(|at| text.is_char_boundary(*at));
            text[from.unwrap_or(0)..].trim().to_owned()
        };
        format!(
            "stdout: {}; stderr: {}",
            tail(self.stdout()),
            tail(self.stderr())
        )
    }

    fn drain(&self) {
        let _ = eventually("end of output", Duration::from_secs(1), || {
            (self.stdout.ended() && self.stderr.ended()).then_some(())
        });
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        // After the child was reaped this is an error and no signal is sent.
        let _ = self.inner.kill();
        let _ = self.inner.wait();
    }
}

/// One captured output; a thread reads it so that the child never blocks on a full pipe.
#[derive(Debug)]
struct Pipe {
    text: Arc<Mutex<Vec<u8>>>,
    reader: Option<JoinHandle<()>>,
}

impl Pipe {
    fn follow(source: Option<impl Read + Send + 'static>) -> Self {
        let text = Arc::new(Mutex::new(Vec::new()));
        let reader = source.map(|mut source| {
            let text = Arc::clone(&text);
            std::thread::spawn(move || {
                let mut piece = [0; 4096];
                while let Ok(length @ 1..) = source.read(&mut piece) {
                    let mut text = text.lock().unwrap_or_else(PoisonError::into_inner);
                    text.extend_from_slice(&piece[..length]);
                }
            })
        });
        Self { text, reader }
    }

    fn text(&self) -> String {
        let text = self.text.lock().unwrap_or_else(PoisonError::into_inner);
        String::from_utf8_lossy(&text).into_owned()
    }

    fn ended(&self) -> bool {
        self.reader.as_ref().is_none_or(JoinHandle::is_finished)
    }
}

/// Polls a condition until it gives a value; the error says what was waited for and how long.
pub fn eventually<T>(
    what: &str,
    limit: Duration,
    mut probe: impl FnMut() -> Option<T>,
) -> Result<T> {
    let start = Instant::now();
    let mut wait = Duration::from_micros(500);
    loop {
        if let Some(value) = probe() {
            return Ok(value);
        }
        if start.elapsed() >= limit {
            bail!("waited {limit:?} in vain for: {what}");
        }
        pause(wait);
        wait = (wait * 2).min(Duration::from_millis(20));
    }
}

/// The one sleep of the lab: between two looks at a condition, and to pace a sender.
#[expect(
    clippy::disallowed_methods,
    reason = "polling a kernel's or a process's state and pacing traffic need a real pause; tests call eventually()"
)]
pub fn pause(length: Duration) {
    std::thread::sleep(length);
}
