//! Network namespaces: made, pinned by bind mounts, entered.

use std::fs::File;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::mount::{MntFlags, MsFlags, mount, umount2};
use nix::sched::{CloneFlags, setns, unshare};
use nix::sys::statfs::{FsType, fstatfs};

use super::netlink::Netlink;
use crate::kernel::Error;

/// Where `ip netns` keeps names.
pub(super) const NAMED: &str = "/run/netns";
/// The file system of namespace files (linux/magic.h).
const NSFS: FsType = FsType(0x6e73_6673);

/// Makes a directory that only root reads.
pub(super) fn prepare_dir(path: &Path) -> Result<(), Error> {
    use std::os::unix::fs::DirBuilderExt as _;
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
        .map_err(Error::io(format!(
            "making the directory {}",
            path.display()
        )))
}

/// Opens a pinned namespace, or makes a new one and pins it there.
pub(super) fn open_or_make(path: &Path) -> Result<File, Error> {
    if let Ok(file) = File::open(path)
        && is_namespace(&file)
    {
        return Ok(file);
    }
    File::create(path).map_err(Error::io(format!("creating {}", path.display())))?;
    std::thread::scope(|scope| {
        scope
            .spawn(|| {
                unshare(CloneFlags::CLONE_NEWNET)
                    .map_err(Error::os("making a network namespace"))?;
                mount(
                    Some("/proc/thread-self/ns/net"),
                    path,
                    None::<&str>,
                    MsFlags::MS_BIND,
                    None::<&str>,
                )
                .map_err(Error::os(format!(
                    "pinning a namespace at {}",
                    path.display()
                )))
            })
            .join()
            .unwrap_or_else(|_| Err(died("making a namespace")))
    })?;
    File::open(path).map_err(Error::io(format!("opening {}", path.display())))
}

/// Whether the path opens a network namespace; the error says what is wrong and what to give.
pub fn check(path: &str) -> Result<(), Error> {
    open(path).map(drop)
}

/// Opens a workload's namespace.
pub(super) fn open(path: &str) -> Result<File, Error> {
    let refuse = |problem: String| Error::NoNamespace {
        path: path.to_owned(),
        problem,
    };
    // Without waiting: whatever else lies at the path (a FIFO) must not hold the agent up.
    let opened = File::options()
        .read(true)
        .custom_flags(libc::O_NONBLOCK)
        .open(path);
    let file = opened.map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => refuse("does not exist".into()),
        _ => refuse(error.to_string()),
    })?;
    if !is_namespace(&file) {
        return Err(refuse("is not a namespace file".into()));
    }
    if is_hosts(&file) {
        return Err(refuse("is the host's own namespace".into()));
    }
    std::thread::scope(|scope| {
        scope
            .spawn(|| enter(&file))
            .join()
            .unwrap_or_else(|_| Err(died("entering a namespace")))
    })
    .map_err(|_| refuse("is not a network namespace".into()))?;
    Ok(file)
}

/// Whether it is the namespace that the daemon was started in (its main thread stays there).
fn is_hosts(file: &File) -> bool {
    let id = |metadata: std::io::Result<std::fs::Metadata>| {
        metadata.ok().map(|found| (found.dev(), found.ino()))
    };
    id(file.metadata()) == id(std::fs::metadata("/proc/self/ns/net"))
}

fn is_namespace(file: &File) -> bool {
    fstatfs(file).is_ok_and(|stat| stat.filesystem_type() == NSFS)
}

/// Moves the calling thread.
pub(super) fn enter(namespace: impl AsFd) -> Result<(), Error> {
    setns(namespace, CloneFlags::CLONE_NEWNET).map_err(Error::os("entering a network namespace"))
}

/// Runs `work` on a thread inside the namespace.
pub(super) fn inside<T: Send>(
    namespace: BorrowedFd<'_>,
    work: impl FnOnce() -> Result<T, Error> + Send,
) -> Result<T, Error> {
    std::thread::scope(|scope| {
        scope
            .spawn(|| {
                enter(namespace)?;
                work()
            })
            .join()
            .unwrap_or_else(|_| Err(died("working in a namespace")))
    })
}

/// Makes a named namespace, as `ip netns add` does, with its loopback up.
pub fn make_named(name: &str) -> Result<PathBuf, Error> {
    let dir = Path::new(NAMED);
    std::fs::create_dir_all(dir).map_err(Error::io(format!("making {NAMED}")))?;
    let path = dir.join(name);
    let file = open_or_make(&path)?;
    inside(file.as_fd(), || {
        let netlink = Netlink::open()?;
        match netlink.link("lo")? {
            Some(loopback) => netlink.up(loopback.index),
            None => Ok(()),
        }
    })?;
    Ok(path)
}

/// Removes a named namespace; an absent one is fine.
pub fn remove_named(name: &str) -> Result<(), Error> {
    let path = Path::new(NAMED).join(name);
    unmount(&path)?;
    remove(std::fs::remove_file(&path), &path)
}

/// Runs `work` on a thread inside the namespace; what it starts stays there.
pub fn run_inside<T: Send>(path: &Path, work: impl FnOnce() -> T + Send) -> Result<T, Error> {
    let file = open(&path.to_string_lossy())?;
    inside(file.as_fd(), || Ok(work()))
}

/// Unmounts; what is not mounted is fine.
pub(super) fn unmount(path: &Path) -> Result<(), Error> {
    match umount2(path, MntFlags::MNT_DETACH) {
        Ok(()) | Err(Errno::EINVAL | Errno::ENOENT) => Ok(()),
        Err(error) => Err(Error::os(format!("unmounting {}", path.display()))(error)),
    }
}

/// The result of a removal, where an absent thing is as good as a removed one.
pub(super) fn remove(result: std::io::Result<()>, path: &Path) -> Result<(), Error> {
    match result {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(Error::io(format!("removing {}", path.display()))(error))
        }
        _ => Ok(()),
    }
}

fn died(what: &str) -> Error {
    Error::Io {
        what: what.to_owned(),
        source: std::io::Error::other("the helper thread died"),
    }
}

/// Keeps the fabric's links from sending neighbour discovery of their own. Only the calling
/// thread's namespace is meant: `/proc/sys/net` shows that one.
pub(super) fn quiet_ipv6() -> Result<(), Error> {
    for which in ["all", "default"] {
        let path = format!("/proc/sys/net/ipv6/conf/{which}/disable_ipv6");
        if Path::new(&path).exists() {
            std::fs::write(&path, "1").map_err(Error::io(format!("writing {path}")))?;
        }
    }
    Ok(())
}
