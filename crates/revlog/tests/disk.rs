//! A disk that refuses to be written: an error for the caller, never a panic,
//! and the store goes on when the disk does.
//!
//! The disk is simulated by a limit on the size of files (`RLIMIT_FSIZE`). It
//! holds for a whole process, so the test runs its own binary, through a shell
//! that makes the kernel's signal for it an ordinary error.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::path::Path;
use std::process::Command;

use ginnel_revlog::{Error, Key, Log, Prefix, SqliteLog, Txn, TxnOutcome, check};
use nix::sys::resource::{RLIM_INFINITY, Resource, getrlimit, setrlimit};
use tempfile::TempDir;

const STORE: &str = "GINNEL_REVLOG_DISK_STORE";

/// How many stores are tried, each from empty (the log may grow to the size of
/// the database, so that one store would double with every place).
const STORES: u64 = 5;

/// How many places of the write-ahead log the disk fills up at, in each.
const PLACES: u64 = 16;

fn limit(bytes: u64) {
    let (_, hard) = getrlimit(Resource::RLIMIT_FSIZE).unwrap();
    setrlimit(Resource::RLIMIT_FSIZE, bytes.min(hard), hard).unwrap();
}

fn size(path: &Path) -> u64 {
    fs::metadata(path).map_or(0, |m| m.len())
}

/// Not a test but the program with the bad disk; does nothing unless asked.
#[test]
fn program() {
    let Ok(store) = std::env::var(STORE) else {
        return;
    };
    for number in 0..STORES {
        fill(&Path::new(&store).join(number.to_string()), number * PLACES);
    }
    fs::write(Path::new(&store).join("done"), "").unwrap();
}

fn fill(store: &Path, first: u64) {
    let log = SqliteLog::open(store).unwrap();
    let mut acknowledged = Vec::new();
    let mut unknown = 0;
    for place in first..first + PLACES {
        let wal = size(&store.join("store.db-wal"));
        let database = size(&store.join("store.db"));
        limit(wal.max(database) + place * 777);
        for number in 0.. {
            let name = format!("/{place}/{number}");
            let key = Key::parse(&name).unwrap();
            let txn = Txn::new().put(key.clone(), vec![1; 3000]);
            match log.txn(txn) {
                Ok(TxnOutcome::Committed { revision }) => {
                    let item = log.get(&key).unwrap().unwrap();
                    assert_eq!(item.mod_revision, revision);
                    acknowledged.push(key);
                }
                Ok(TxnOutcome::Conflict { .. }) => unreachable!("no compares"),
                Err(error) => {
                    let disk = matches!(error, Error::Sqlite { .. } | Error::Full { .. });
                    assert!(disk, "{error:?}");
                    break;
                }
            }
            assert!(number < 10_000, "the disk never filled up");
        }
        unknown += 1;
        // Reading works while writing does not.
        let shown = log.range(&Prefix::all(), None).unwrap();
        assert!(shown.items.len() >= acknowledged.len());
        limit(RLIM_INFINITY);
        let after = Key::parse(&format!("/{place}/after")).unwrap();
        let _ = log.txn(Txn::new().put(after.clone(), "x")).unwrap();
        acknowledged.push(after);
    }
    let there = |log: &SqliteLog| {
        let items = log.range(&Prefix::all(), None).unwrap().items;
        for key in &acknowledged {
            assert!(items.iter().any(|item| item.key == *key), "lost {key}");
        }
        assert!(items.len() <= acknowledged.len() + unknown);
        assert_eq!(log.revision().get(), items.len() as u64);
    };
    there(&log);
    drop(log);
    let report = check(store).unwrap();
    assert!(report.problems.is_empty(), "{report:?}");
    there(&SqliteLog::open(store).unwrap());
}

#[test]
fn a_full_disk_is_an_error_and_passes() {
    let dir = TempDir::new().unwrap();
    let output = Command::new("sh")
        .args(["-c", "trap '' XFSZ; exec \"$0\" \"$@\""])
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", "program", "--nocapture"])
        .env(STORE, dir.path())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    assert!(dir.path().join("done").exists(), "{said}");
}
