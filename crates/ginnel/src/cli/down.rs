//! `ginnel down`.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::place::Place;

const PATIENCE: Duration = Duration::from_secs(10);

/// Without --purge the data plane keeps forwarding, as after Ctrl-C or a crash.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  sudo ginnel down --purge")]
pub(crate) struct Down {
    /// Also remove the data plane (interfaces, programs, namespaces) and all state
    #[arg(long)]
    purge: bool,
}

impl Down {
    pub(crate) fn run(self, place: &Place) -> Result<()> {
        match running(place)? {
            Some(pid) => {
                stop(place, pid)?;
                println!("stopped the daemon (pid {pid})");
            }
            None => println!("no daemon is running for {}", place.run.display()),
        }
        if self.purge {
            dataplane::purge(&place.dataplane())?;
            place.remove()?;
            println!(
                "removed the data plane, {} and {}",
                place.run.display(),
                place.state.display()
            );
        }
        Ok(())
    }
}

/// The daemon's pid, if it is alive: the pid file is locked as long as it runs.
pub(crate) fn running(place: &Place) -> Result<Option<Pid>> {
    let path = place.pid_file();
    let Ok(file) = std::fs::File::open(&path) else {
        return Ok(None);
    };
    match file.try_lock_shared() {
        Ok(()) => Ok(None),
        Err(std::fs::TryLockError::WouldBlock) => {
            let text = std::fs::read_to_string(&path)
                .with_context(|| format!("reading {}", path.display()))?;
            let pid = text.trim().parse();
            Ok(Some(Pid::from_raw(pid.with_context(|| {
                format!("{} holds no pid", path.display())
            })?)))
        }
        Err(std::fs::TryLockError::Error(error)) => {
            Err(error).with_context(|| format!("locking {}", path.display()))
        }
    }
}

fn stop(place: &Place, pid: Pid) -> Result<()> {
    kill(pid, Signal::SIGTERM).with_context(|| format!("asking pid {pid} to stop"))?;
    let until = Instant::now() + PATIENCE;
    // The lock goes with the process, also when its parent has not reaped it yet.
    while running(place)? == Some(pid) {
        if Instant::now() > until {
            bail!("pid {pid} does not stop within {PATIENCE:?}; look at its log");
        }
        #[expect(
            clippy::disallowed_methods,
            reason = "a bounded wait for another process"
        )]
        std::thread::sleep(Duration::from_millis(5));
    }
    Ok(())
}
