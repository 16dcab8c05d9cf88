//! R3: a writer that is killed at any moment loses no acknowledged write.
//!
//! The test runs its own binary as the writer, which prints each write after
//! it was acknowledged; reads some of that, kills it, and looks at the store.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeSet;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::thread;

use ginnel_revlog::{Change, Key, Log, Prefix, Revision, SqliteLog, Txn, TxnOutcome, check};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use tempfile::TempDir;

const ROUNDS: u32 = 30;
const THREADS: u32 = 6;
const STORE: &str = "GINNEL_REVLOG_KILL_STORE";
const ROUND: &str = "GINNEL_REVLOG_KILL_ROUND";

/// Not a test but the program that is killed; does nothing unless asked.
#[test]
fn writer() {
    let (Ok(store), Ok(round)) = (std::env::var(STORE), std::env::var(ROUND)) else {
        return;
    };
    say("start");
    let log = Arc::new(SqliteLog::open(store).unwrap());
    for thread in 0..THREADS {
        let (log, round) = (Arc::clone(&log), round.clone());
        thread::spawn(move || write_for_ever(&log, &round, thread));
    }
    // Compacts now and then, so that this is interrupted too.
    let mut seen = log.revision();
    loop {
        seen = log.wait(Revision::new(seen.get() + 40), std::time::Duration::MAX);
        log.compact(Revision::new(seen.get().saturating_sub(100)))
            .unwrap();
    }
}

fn write_for_ever(log: &SqliteLog, round: &str, thread: u32) {
    for number in 0.. {
        let name = format!("/{round}/{thread}/{number}");
        let key = Key::parse(&name).unwrap();
        let txn = Txn::new().when_absent(key.clone()).put(key, name.clone());
        let outcome = log.txn(txn).unwrap();
        assert!(matches!(outcome, TxnOutcome::Committed { .. }), "{name}");
        say(&name);
    }
}

/// One line, and the end of it only when all of it was said.
fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    writeln!(out, "said {line}").unwrap();
    out.flush().unwrap();
}

/// Runs the writer, kills it after `lines` lines, and returns all it said.
fn run_and_kill(store: &Path, round: u32, lines: usize) -> Vec<String> {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "writer", "--nocapture"])
        .env(STORE, store)
        .env(ROUND, round.to_string())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    let mut said = Vec::new();
    let mut line = String::new();
    // Reads on after the kill: what is in the pipe was acknowledged before.
    while out.read_line(&mut line).unwrap() > 0 {
        let whole = line.strip_suffix('\n');
        if let Some((_, name)) = whole.and_then(|l| l.split_once("said ")) {
            said.push(name.to_owned());
        }
        if said.len() == lines {
            child.kill().unwrap();
        }
        line.clear();
    }
    child.wait().unwrap();
    said.retain(|name| name != "start");
    said
}

#[test]
fn a_killed_writer_loses_nothing() {
    let dir = TempDir::new().unwrap();
    let seed = RandomState::new().build_hasher().finish();
    println!("seed {seed}");
    let mut random = StdRng::seed_from_u64(seed);
    let mut acknowledged = BTreeSet::new();
    for round in 0..ROUNDS {
        // The first line comes before the store is opened, so that opening
        // (and recovery from the kill before) is interrupted too.
        let lines = if round % 10 == 9 {
            1
        } else {
            random.random_range(1..300)
        };
        let said = run_and_kill(dir.path(), round, lines);
        assert!(
            said.len() + 1 >= lines,
            "the writer ended by itself: {said:?}"
        );
        acknowledged.extend(said);

        let log = SqliteLog::open(dir.path()).unwrap();
        let items = log.range(&Prefix::all(), None).unwrap().items;
        let found: BTreeSet<_> = items.iter().map(|i| i.key.to_string()).collect();
        let lost: Vec<_> = acknowledged.difference(&found).collect();
        assert!(lost.is_empty(), "round {round}: lost {lost:?}");
        // Beyond that, at most the one write each thread was waiting for.
        let more = found.len() - acknowledged.len();
        let most = (THREADS * (round + 1)) as usize;
        assert!(more <= most, "round {round}: {more} that were never done");
        for item in &items {
            assert_eq!(item.create_revision, item.mod_revision, "written twice");
            assert_eq!(item.value, item.key.as_str().as_bytes(), "wrong value");
        }
        let report = check(dir.path()).unwrap();
        assert!(report.problems.is_empty(), "round {round}: {report:?}");
        assert_eq!(report.revision.get(), found.len() as u64, "round {round}");

        // Each write made one revision, each revision is one write.
        let from = Revision::new(log.revision().get().saturating_sub(90).max(1));
        let events = log.events(&Prefix::all(), from, usize::MAX).unwrap();
        for (event, revision) in events.iter().zip(from.get()..) {
            assert_eq!(event.revision.get(), revision);
            assert!(matches!(event.change, Change::Put(_)));
        }
    }
}
