//! A network namespace as a guard.
//!
//! Names are `gnlt-<pid>-<counter>-<prefix>` under `/run/netns`, so that `ip netns` shows them
//! and a later run can tell whose they were. A thread enters a namespace by `setns` and children
//! inherit it from the thread that spawns them: no code runs between fork and exec, so no
//! `unsafe` is needed. A socket stays in the namespace it was made in, whichever thread uses it.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::net::IpAddr;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::Once;
use std::sync::atomic::{AtomicU32, Ordering};

use anyhow::{Context, Result, bail, ensure};
use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, CpuSet, sched_setaffinity, setns, unshare};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::proc::{Child, eventually};

const RUN: &str = "/run/netns";
const ETC: &str = "/etc/netns";
const MARK: &str = "gnlt-";

static COUNTER: AtomicU32 = AtomicU32::new(0);
static SWEEP: Once = Once::new();

/// A network namespace of our own; dropping it kills what runs inside and removes it.
#[derive(Debug)]
pub struct Netns {
    name: String,
    path: PathBuf,
    file: File,
}

impl Netns {
    /// Makes a namespace with loopback up. The first call of a process also sweeps leftovers.
    pub fn new(prefix: &str) -> Result<Self> {
        sweep();
        ensure!(
            !prefix.contains(['/', ' ']),
            "a namespace's prefix is one plain word, got {prefix:?}"
        );
        let number = COUNTER.fetch_add(1, Ordering::Relaxed);
        let name = format!("{MARK}{}-{number}-{prefix}", std::process::id());
        ip(&["netns", "add", &name])?;
        let path = Path::new(RUN).join(&name);
        let file = match File::open(&path) {
            Ok(file) => file,
            Err(error) => {
                remove(&name);
                return Err(error).with_context(|| format!("open {}", path.display()));
            }
        };
        let made = Self { name, path, file };
        made.ip("link set lo up")?;
        Ok(made)
    }

    /// The name as `ip netns` shows it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The file that holds the namespace, for programs that take a path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Runs a closure on a fresh thread inside the namespace. A panic in it is passed on.
    pub fn run<T: Send>(&self, work: impl FnOnce() -> T + Send) -> Result<T> {
        std::thread::scope(|scope| {
            let inside = scope.spawn(|| -> Result<T> {
                setns(&self.file, CloneFlags::CLONE_NEWNET)
                    .with_context(|| format!("enter {}", self.name))?;
                Ok(work())
            });
            match inside.join() {
                Ok(result) => result,
                Err(panic) => std::panic::resume_unwind(panic),
            }
        })
    }

    /// A command that will run inside; it also sees `/etc/netns/<name>/resolv.conf` as its own.
    pub fn command(&self, program: impl AsRef<OsStr>) -> NsCommand<'_> {
        NsCommand {
            ns: self,
            command: Command::new(program),
            cpus: None,
        }
    }

    /// `ip -n <name> <words>`, an error with its message when it fails.
    pub fn ip(&self, words: &str) -> Result<()> {
        let mut all = vec!["-n", self.name.as_str()];
        all.extend(words.split_whitespace());
        ip(&all)
    }

    /// Sets a sysctl of this namespace, for example `net.ipv4.ip_forward`. Only `net.` is allowed,
    /// because everything else belongs to the host.
    pub fn sysctl(&self, key: &str, value: &str) -> Result<()> {
        ensure!(key.starts_with("net."), "{key} is not a namespace's sysctl");
        let file = format!("/proc/sys/{}", key.replace('.', "/"));
        self.run(|| fs::write(&file, value))?
            .with_context(|| format!("set {key}={value} in {}", self.name))
    }

    /// Programs started by [`Netns::command`] will ask this resolver.
    pub fn set_resolver(&self, resolver: IpAddr) -> Result<()> {
        let directory = Path::new(ETC).join(&self.name);
        // Another namespace's end may just have removed the empty parent.
        fs::create_dir_all(&directory).or_else(|_| fs::create_dir_all(&directory))?;
        let text = format!("nameserver {resolver}\noptions timeout:1 attempts:2\n");
        fs::write(directory.join("resolv.conf"), text)?;
        Ok(())
    }

    /// The processes inside, apart from this one.
    pub fn members(&self) -> Vec<Pid> {
        members(&self.path)
    }
}

impl Drop for Netns {
    fn drop(&mut self) {
        clear(&self.path);
        remove(&self.name);
    }
}

/// A command bound to a namespace. Children inherit namespace, CPU set and mounts from the thread
/// that spawns them.
#[derive(Debug)]
pub struct NsCommand<'a> {
    ns: &'a Netns,
    command: Command,
    cpus: Option<CpuSet>,
}

impl NsCommand<'_> {
    /// Adds one argument.
    pub fn arg(mut self, word: impl AsRef<OsStr>) -> Self {
        self.command.arg(word);
        self
    }

    /// Adds arguments.
    pub fn args<S: AsRef<OsStr>>(mut self, words: impl IntoIterator<Item = S>) -> Self {
        self.command.args(words);
        self
    }

    /// Sets an environment variable.
    pub fn env(mut self, key: impl AsRef<OsStr>, value: impl AsRef<OsStr>) -> Self {
        self.command.env(key, value);
        self
    }

    /// Pins the child to these CPUs.
    pub fn on_cpus(mut self, cpus: CpuSet) -> Self {
        self.cpus = Some(cpus);
        self
    }

    /// Starts the child; its output is captured by the guard.
    pub fn spawn(self) -> Result<Child> {
        let Self {
            ns,
            mut command,
            cpus,
        } = self;
        ns.run(move || {
            prepare(&ns.name, cpus.as_ref())?;
            Child::start(&mut command)
        })?
    }

    /// Runs the child to its end and returns what it wrote.
    pub fn output(self) -> Result<Output> {
        let Self {
            ns,
            mut command,
            cpus,
        } = self;
        ns.run(move || {
            prepare(&ns.name, cpus.as_ref())?;
            let program = command.get_program().to_owned();
            command
                .stdin(Stdio::null())
                .output()
                .with_context(|| format!("run {}", program.display()))
        })?
    }

    /// Runs the child to its end; failure is an error with its message. Returns its stdout.
    pub fn check(self) -> Result<String> {
        let shown = format!("{:?} in {}", self.command, self.ns.name);
        let output = self.output()?;
        if !output.status.success() {
            let told = String::from_utf8_lossy(&output.stderr);
            bail!("{shown}: {}: {}", output.status, told.trim());
        }
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }
}

/// What the spawning thread takes on for its children, beside the namespace.
fn prepare(name: &str, cpus: Option<&CpuSet>) -> Result<()> {
    let resolver = Path::new(ETC).join(name).join("resolv.conf");
    if resolver.exists() {
        unshare(CloneFlags::CLONE_NEWNS).context("private mount namespace")?;
        let none = None::<&str>;
        // Slave, not private: a namespace removed outside must vanish in here too.
        mount(none, "/", none, MsFlags::MS_REC | MsFlags::MS_SLAVE, none)?;
        let target = fs::canonicalize("/etc/resolv.conf").context("/etc/resolv.conf")?;
        mount(Some(&resolver), &target, none, MsFlags::MS_BIND, none)?;
    }
    if let Some(cpus) = cpus {
        sched_setaffinity(Pid::from_raw(0), cpus).context("pin to CPUs")?;
    }
    Ok(())
}

/// Runs `ip` with these words in the host's namespace; failure is an error with its message.
pub(crate) fn ip(words: &[&str]) -> Result<()> {
    let output = Command::new("ip")
        .args(words)
        .stdin(Stdio::null())
        .output()
        .context("run ip (iproute2)")?;
    if !output.status.success() {
        let told = String::from_utf8_lossy(&output.stderr);
        bail!("ip {}: {}", words.join(" "), told.trim());
    }
    Ok(())
}

/// Removes what dead makers left: namespaces with all that runs inside, and folders of
/// [`folder`]. The first [`Netns::new`] of a process does it; more calls do nothing.
pub fn sweep() {
    SWEEP.call_once(|| {
        for name in of_the_dead(Path::new(RUN)) {
            clear(&Path::new(RUN).join(&name));
            remove(&name);
        }
        let temporary = std::env::temp_dir();
        for name in of_the_dead(&temporary) {
            let _ = fs::remove_dir_all(temporary.join(name));
        }
    });
}

/// A temporary folder that [`sweep`] finds if this process is killed.
pub fn folder() -> Result<tempfile::TempDir> {
    let prefix = format!("{MARK}{}-", std::process::id());
    let made = tempfile::Builder::new().prefix(&prefix).tempdir();
    made.context("temporary folder")
}

/// Names in a folder that begin with the lab's mark and the pid of a process that is gone.
fn of_the_dead(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let names = entries.map(|entry| entry.file_name().to_string_lossy().into_owned());
    names
        .filter(|name| {
            let pid = name
                .strip_prefix(MARK)
                .and_then(|rest| rest.split('-').next());
            let pid = pid.and_then(|pid| pid.parse::<u32>().ok());
            pid.is_some_and(|pid| !Path::new("/proc").join(pid.to_string()).exists())
        })
        .collect()
}

/// Kills the processes of a namespace and waits shortly until none is left.
fn clear(path: &Path) {
    let _ = eventually("empty namespace", std::time::Duration::from_secs(2), || {
        let left = members(path);
        for pid in &left {
            let _ = kill(*pid, Signal::SIGKILL);
        }
        left.is_empty().then_some(())
    });
}

fn remove(name: &str) {
    let _ = ip(&["netns", "del", name]);
    let _ = fs::remove_dir_all(Path::new(ETC).join(name));
    // Only succeeds when it is empty: then it was ours.
    let _ = fs::remove_dir(ETC);
}

/// Processes whose network namespace is the one at `path`. Never this process, and none at all if
/// the path leads to the host's own namespace (then it is no namespace of ours).
fn members(path: &Path) -> Vec<Pid> {
    let identity = |path: &Path| fs::metadata(path).ok().map(|m| (m.dev(), m.ino()));
    let Some(wanted) = identity(path) else {
        return Vec::new();
    };
    if identity(Path::new("/proc/1/ns/net")) == Some(wanted)
        || identity(Path::new("/proc/self/ns/net")) == Some(wanted)
    {
        return Vec::new();
    }
    let Ok(entries) = fs::read_dir("/proc") else {
        return Vec::new();
    };
    entries
        .flatten()
        .filter_map(|entry| entry.file_name().to_string_lossy().parse::<i32>().ok())
        .filter(|pid| *pid as u32 != std::process::id())
        .filter(|pid| identity(&PathBuf::from(format!("/proc/{pid}/ns/net"))) == Some(wanted))
        .map(Pid::from_raw)
        .collect()
}
