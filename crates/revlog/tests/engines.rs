//! Both engines keep the laws, and answer alike to whatever is asked.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::{Arc, Mutex};

use ginnel_revlog::{Memory, SqliteLog, check, laws};
use tempfile::TempDir;

#[test]
fn memory_keeps_the_laws() {
    laws::all(&|| Arc::new(Memory::new()));
}

#[test]
fn sqlite_keeps_the_laws() {
    let dirs = Mutex::new(Vec::new());
    laws::all(&|| {
        let dir = TempDir::new().unwrap();
        let log = SqliteLog::open(dir.path()).unwrap();
        dirs.lock().unwrap().push(dir);
        Arc::new(log)
    });
    for dir in dirs.into_inner().unwrap() {
        let report = check(dir.path()).unwrap();
        assert!(report.problems.is_empty(), "{report:?}");
    }
}
