//! Leaving the machine as it was.

use std::fs::File;
use std::os::fd::AsFd as _;

use nix::sys::statfs::statfs;

use super::netlink::Netlink;
use super::{Dirs, device, namespace, program};
use crate::kernel::Error;

/// Removes an instance's links, programs, maps, namespaces and mounts. Traffic through it
/// ends. What is already gone is fine; a second call does nothing.
pub fn purge(dirs: &Dirs) -> Result<(), Error> {
    for name in ["fabric", "system"] {
        let path = dirs.namespace(name);
        if let Ok(file) = File::open(&path) {
            // A file that is no namespace was left by a start that failed.
            let _ = namespace::inside(file.as_fd(), || device::remove_all(&Netlink::open()?));
        }
        namespace::unmount(&path)?;
        namespace::remove(std::fs::remove_file(&path), &path)?;
    }
    let bpf = dirs.bpf();
    if statfs(&bpf).is_ok_and(|stat| stat.filesystem_type() == program::BPFFS) {
        namespace::unmount(&bpf)?;
    }
    for dir in [bpf, dirs.run.join("ns")] {
        namespace::remove(std::fs::remove_dir(&dir), &dir)?;
    }
    Ok(())
}
