//! What a process has used, from `/proc`; and what the disk takes for a durable write.

use std::fs;
use std::io::Write as _;
use std::time::Instant;

use anyhow::{Context as _, Result};
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike as _;
use nix::unistd::{Pid, SysconfVar, sysconf};

use crate::testbed::bench::Spread;

/// Seconds of CPU time of a process, its ended threads included.
pub(crate) fn cpu(pid: Pid) -> Result<f64> {
    let path = format!("/proc/{pid}/stat");
    let text = fs::read_to_string(&path).with_context(|| path.clone())?;
    let ticks = sysconf(SysconfVar::CLK_TCK)?.context("the clock's ticks")?;
    let used = used(&text).with_context(|| path)?;
    Ok(used as f64 / ticks as f64)
}

/// User and system time of a `stat` line, in ticks.
fn used(stat: &str) -> Option<u64> {
    // The name, in parentheses, may hold anything.
    let (_, rest) = stat.rsplit_once(')')?;
    let mut fields = rest.split_ascii_whitespace().skip(11);
    let mut field = || fields.next()?.parse::<u64>().ok();
    Some(field()? + field()?)
}

/// Seconds of CPU time of this process.
pub(crate) fn own_cpu() -> Result<f64> {
    let usage = getrusage(UsageWho::RUSAGE_SELF)?;
    let all = usage.user_time().num_microseconds() + usage.system_time().num_microseconds();
    Ok(all as f64 / 1e6)
}

/// Resident memory of a process, in bytes.
pub(crate) fn resident(pid: Pid) -> Result<f64> {
    let path = format!("/proc/{pid}/status");
    let text = fs::read_to_string(&path).with_context(|| path.clone())?;
    let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|line| line.split_ascii_whitespace().next());
    let kib: f64 = kib.context("VmRSS")?.parse().with_context(|| path)?;
    Ok(kib * 1_024.0)
}

/// Milliseconds of a small durable write where the servers' state is: no server that stores what
/// it acknowledges is faster, one call at a time. The median of a few.
pub(crate) fn durable_write() -> Result<f64> {
    let mut file = tempfile::tempfile().context("a file in the temporary directory")?;
    let times = (0..32).map(|_| {
        let start = Instant::now();
        file.write_all(&[b'x'; 4_096])?;
        file.sync_data()?;
        Ok(start.elapsed().as_secs_f64() * 1e3)
    });
    let times = times.collect::<std::io::Result<Vec<_>>>()?;
    Ok(Spread::of(times).context("no write")?.median)
}

#[cfg(test)]
mod tests {
    use super::used;

    #[test]
    fn times_are_found_behind_any_name() {
        let stat = "7 (a) b) S 1 7 7 0 -1 4194560 100 0 0 0 31 11 0 0 20 0 1 0 5 6 7";
        assert_eq!(used(stat), Some(42));
        assert_eq!(used("7 (a"), None);
    }
}
