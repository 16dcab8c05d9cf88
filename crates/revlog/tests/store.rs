//! The SQLite store on its disk: reopening, locks, modes, backups, damage, and
//! a disk that is full.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;
use std::thread;

use ginnel_revlog::{
    Error, Key, Log, Options, Prefix, Revision, Snapshot, SqliteLog, Txn, TxnOutcome, check,
};
use tempfile::TempDir;

fn key(text: &str) -> Key {
    Key::parse(text).unwrap()
}

fn put(log: &SqliteLog, name: &str, value: &[u8]) -> Result<Revision, Error> {
    match log.txn(Txn::new().put(key(name), value))? {
        TxnOutcome::Committed { revision } => Ok(revision),
        TxnOutcome::Conflict { .. } => unreachable!("no compares"),
    }
}

fn all(log: &SqliteLog) -> Snapshot {
    log.range(&Prefix::all(), None).unwrap()
}

fn sound(path: &Path) {
    let report = check(path).unwrap();
    assert!(report.problems.is_empty(), "{report:?}");
}

/// Some history: 30 writes, some deletes, a compaction.
fn filled(dir: &Path) -> SqliteLog {
    let log = SqliteLog::open(dir).unwrap();
    for n in 0..30u8 {
        put(&log, &format!("/k/{}", n % 7), &[n]).unwrap();
    }
    let _ = log.txn(Txn::new().delete(key("/k/3"))).unwrap();
    log.compact(Revision::new(12)).unwrap();
    log
}

/// Runs SQL on a store that nobody has open.
fn sql(dir: &Path, text: &str) {
    let connection = rusqlite::Connection::open(dir.join("store.db")).unwrap();
    connection.execute_batch(text).unwrap();
}

#[test]
fn reopening_gives_the_same_state() {
    let dir = TempDir::new().unwrap();
    let log = filled(dir.path());
    let before = (
        all(&log),
        log.events(&Prefix::all(), Revision::new(12), 99).unwrap(),
    );
    drop(log);
    assert!(
        !dir.path().join("store.db-wal").exists(),
        "WAL written back"
    );
    let log = SqliteLog::open(dir.path()).unwrap();
    assert_eq!(log.revision(), Revision::new(31));
    let after = (
        all(&log),
        log.events(&Prefix::all(), Revision::new(12), 99).unwrap(),
    );
    assert_eq!(before, after);
    let refused = log.range(&Prefix::all(), Some(Revision::new(11)));
    assert!(matches!(refused, Err(Error::Compacted { .. })));
    assert_eq!(put(&log, "/k/3", b"x").unwrap(), Revision::new(32));
}

#[test]
fn a_second_opener_is_refused() {
    let dir = TempDir::new().unwrap();
    let log = SqliteLog::open(dir.path()).unwrap();
    let refused = SqliteLog::open(dir.path()).unwrap_err();
    assert!(matches!(&refused, Error::Locked { path } if path.ends_with("store.lock")));
    assert!(refused.to_string().contains("store.lock"));
    put(&log, "/a", b"1").unwrap();
    drop(log);
    SqliteLog::open(dir.path()).unwrap();
}

#[test]
fn only_the_owner_may_look() {
    let parent = TempDir::new().unwrap();
    let dir = parent.path().join("a/store");
    let log = SqliteLog::open(&dir).unwrap();
    put(&log, "/a", b"1").unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&dir), 0o700);
    for file in fs::read_dir(&dir).unwrap() {
        let path = file.unwrap().path();
        assert_eq!(mode(&path), 0o600, "{}", path.display());
    }
    let backup = parent.path().join("backup");
    log.backup(&backup).unwrap();
    assert_eq!(mode(&backup), 0o600);
}

#[test]
fn read_only_reads_beside_the_writer_and_after_it() {
    let dir = TempDir::new().unwrap();
    let log = filled(dir.path());
    let reader = SqliteLog::open_read_only(dir.path()).unwrap();
    assert_eq!(reader.revision(), Revision::new(31));
    put(&log, "/new", b"1").unwrap();
    assert_eq!(all(&reader), all(&log));
    assert_eq!(reader.revision(), Revision::new(32));
    let refused = reader.txn(Txn::new().put(key("/a"), "1"));
    assert!(matches!(refused, Err(Error::ReadOnly { .. })));
    let refused = reader.compact(Revision::new(20));
    assert!(matches!(refused, Err(Error::ReadOnly { .. })));
    sound(dir.path());
    let expected = all(&log);
    drop((reader, log));
    let reader = SqliteLog::open_read_only(dir.path()).unwrap();
    assert_eq!(all(&reader), expected);
    sound(dir.path());
}

#[test]
fn nothing_to_read_is_an_error() {
    let dir = TempDir::new().unwrap();
    assert!(SqliteLog::open_read_only(dir.path()).is_err());
    assert!(check(dir.path()).is_err());
    assert!(!dir.path().join("store.db").exists());
}

#[test]
fn a_backup_is_a_store() {
    let dir = TempDir::new().unwrap();
    let log = Arc::new(filled(dir.path()));
    let writer = {
        let log = Arc::clone(&log);
        thread::spawn(move || {
            for n in 0..200u8 {
                put(&log, "/busy", &[n]).unwrap();
            }
        })
    };
    log.wait(Revision::new(50), std::time::Duration::from_secs(30));
    let to = dir.path().join("backup.db");
    log.backup(&to).unwrap();
    let refused = log.backup(&to).unwrap_err();
    assert!(matches!(&refused, Error::Exists { path } if *path == to));
    writer.join().unwrap();
    sound(&to);
    let copy = SqliteLog::open_read_only(&to).unwrap();
    let shown = all(&copy);
    assert!(shown.revision >= Revision::new(50));
    assert_eq!(
        shown,
        log.range(&Prefix::all(), Some(shown.revision)).unwrap()
    );
    drop(copy);
    let restored = dir.path().join("restored");
    fs::create_dir(&restored).unwrap();
    fs::copy(&to, restored.join("store.db")).unwrap();
    let restored = SqliteLog::open(&restored).unwrap();
    assert_eq!(all(&restored), shown);
    assert_eq!(put(&restored, "/a", b"1").unwrap(), shown.revision.next());
    // A backup that cannot be made leaves nothing behind.
    let nowhere = dir.path().join("none/backup.db");
    assert!(matches!(log.backup(&nowhere), Err(Error::Io { .. })));
}

#[test]
fn damage_is_found() {
    let damages = [
        "UPDATE current SET value = x'00' WHERE key = '/k/1'",
        "PRAGMA foreign_keys=0; DELETE FROM current WHERE key = '/k/1'",
        "PRAGMA foreign_keys=0; DELETE FROM events WHERE revision = 20",
        "PRAGMA foreign_keys=0; DELETE FROM events WHERE revision = 31",
        "UPDATE events SET create_revision = create_revision - 1 WHERE revision = 25",
        "UPDATE current SET create_revision = 0 WHERE key = '/k/2'",
        "UPDATE history SET oldest = 99",
        "DELETE FROM history",
        "INSERT INTO events VALUES (33, '/gap', 'put', x'00', 33);
         INSERT INTO current VALUES ('/gap', x'00', 33, 33)",
        "INSERT INTO events VALUES (32, 'bad key', 'put', x'00', 32);
         INSERT INTO current VALUES ('bad key', x'00', 32, 32)",
        "INSERT INTO events VALUES (32, '/twice', 'delete', NULL, NULL);
         INSERT INTO events VALUES (33, '/twice', 'delete', NULL, NULL)",
    ];
    for damage in damages {
        let dir = TempDir::new().unwrap();
        drop(filled(dir.path()));
        sound(dir.path());
        sql(dir.path(), damage);
        let report = check(dir.path()).unwrap();
        assert!(!report.problems.is_empty(), "{damage}");
    }
}

#[test]
fn damaged_pages_are_found() {
    let dir = TempDir::new().unwrap();
    drop(filled(dir.path()));
    let path = dir.path().join("store.db");
    let mut bytes = fs::read(&path).unwrap();
    let half = bytes.len() / 2;
    bytes[half..].fill(0x5a);
    fs::write(&path, bytes).unwrap();
    let report = check(dir.path()).unwrap();
    assert!(!report.problems.is_empty());
    // Using it gives errors, not panics.
    if let Ok(log) = SqliteLog::open(dir.path()) {
        let _ = log.range(&Prefix::all(), None);
        let _ = put(&log, "/a", b"1");
    }
}

#[test]
fn other_files_are_refused_and_left_alone() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("store.db");
    sql(dir.path(), "CREATE TABLE theirs (x)");
    let before = fs::read(&path).unwrap();
    let refused = SqliteLog::open(dir.path()).unwrap_err();
    assert!(matches!(refused, Error::NotAStore { .. }), "{refused}");
    assert!(fs::read(&path).unwrap() == before, "changed");
    fs::write(&path, "not a database at all, whatever its name says").unwrap();
    let refused = SqliteLog::open(dir.path()).unwrap_err();
    assert!(matches!(refused, Error::NotAStore { .. }), "{refused}");
    let refused = check(&path).unwrap_err();
    assert!(matches!(refused, Error::NotAStore { .. }), "{refused}");
}

#[test]
fn a_newer_schema_is_refused() {
    let dir = TempDir::new().unwrap();
    drop(filled(dir.path()));
    sql(dir.path(), "PRAGMA user_version = 99");
    for refused in [
        SqliteLog::open(dir.path()).map(drop),
        SqliteLog::open_read_only(dir.path()).map(drop),
        check(dir.path()).map(drop),
    ] {
        assert!(
            matches!(refused, Err(Error::Newer { found: 99, .. })),
            "{refused:?}"
        );
    }
}

#[test]
fn a_full_store_is_an_error_and_compaction_makes_room() {
    let dir = TempDir::new().unwrap();
    let mut options = Options::default();
    options.max_bytes = Some(512 * 1024);
    let log = SqliteLog::open_with(dir.path(), options).unwrap();
    let value = vec![1; 20_000];
    let mut last = Revision::ZERO;
    let refused = loop {
        match put(&log, "/a", &value) {
            Ok(revision) => last = revision,
            Err(error) => break error,
        }
    };
    assert!(matches!(refused, Error::Full { .. }), "{refused:?}");
    assert!(last > Revision::new(5));
    for _ in 0..3 {
        assert!(matches!(put(&log, "/b", &value), Err(Error::Full { .. })));
    }
    let shown = all(&log);
    assert_eq!((shown.revision, shown.items.len()), (last, 1));
    assert_eq!(log.revision(), last);
    log.compact(last).unwrap();
    assert_eq!(put(&log, "/b", &value).unwrap(), last.next());
    drop(log);
    sound(dir.path());
}

#[test]
fn a_batch_larger_than_the_store_fails_alone() {
    let dir = TempDir::new().unwrap();
    let mut options = Options::default();
    options.max_bytes = Some(1024 * 1024);
    let log = Arc::new(SqliteLog::open_with(dir.path(), options).unwrap());
    // Some of these share a commit with one that does not fit, and fail with
    // it; whatever was acknowledged is there, whatever failed is not.
    let writers: Vec<_> = (0..8)
        .map(|writer| {
            let log = Arc::clone(&log);
            thread::spawn(move || {
                let mut mine = Vec::new();
                for n in 0..40 {
                    let size = if n % 5 == 4 { 600_000 } else { 10 };
                    let name = format!("/{writer}/{n}");
                    mine.push((put(&log, &name, &vec![1; size]).ok(), name));
                }
                mine
            })
        })
        .collect();
    let mut failed = 0;
    for writer in writers {
        for (acknowledged, name) in writer.join().unwrap() {
            let found = log.get(&key(&name)).unwrap().map(|i| i.mod_revision);
            assert_eq!(found, acknowledged, "{name}");
            failed += usize::from(acknowledged.is_none());
        }
    }
    assert!(
        failed >= 8 * 8 - 1,
        "at most one large value fits: {failed}"
    );
    put(&log, "/small", b"1").unwrap();
    drop(log);
    sound(dir.path());
}

#[test]
fn a_long_history_is_swept_in_steps() {
    let dir = TempDir::new().unwrap();
    let log = Arc::new(SqliteLog::open(dir.path()).unwrap());
    for n in 0..60u32 {
        let txn = (0..100).fold(Txn::new(), |txn, k| {
            txn.put(key(&format!("/k/{k}")), n.to_be_bytes())
        });
        let _ = log.txn(txn).unwrap();
    }
    let writer = {
        let log = Arc::clone(&log);
        thread::spawn(move || (0..50u8).for_each(|n| put(&log, "/w", &[n]).map(drop).unwrap()))
    };
    log.compact(Revision::new(55)).unwrap();
    writer.join().unwrap();
    let report = check(dir.path()).unwrap();
    assert!(report.problems.is_empty(), "{report:?}");
    assert_eq!((report.keys, report.events), (101, 6 * 100 + 50));
    let then = log.range(&Prefix::all(), Some(Revision::new(55))).unwrap();
    assert_eq!(then.items.len(), 100);
    assert!(
        then.items
            .iter()
            .all(|i| i.create_revision == Revision::new(1))
    );
}

#[test]
fn the_tail_of_a_long_history_is_found_by_revision() {
    let dir = TempDir::new().unwrap();
    drop(filled(dir.path()));
    let connection = rusqlite::Connection::open(dir.path().join("store.db")).unwrap();
    let source = include_str!("../src/sqlite/read.rs");
    let query = source
        .split('"')
        .find(|text| text.contains("+key"))
        .unwrap();
    let sql = format!("EXPLAIN QUERY PLAN {query}");
    let mut statement = connection.prepare(&sql).unwrap();
    let plan: String = statement
        .query_row(rusqlite::params![1, "/", "0"], |row| row.get("detail"))
        .unwrap();
    assert!(plan.contains("events_by_revision"), "{plan}");
}
