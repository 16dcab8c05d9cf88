//! Is a store what it should be? Reads everything, changes nothing.

use std::path::Path;

use rusqlite::Connection;

use super::read::{self, revision};
use super::{place, schema};
use crate::{Error, Key, Revision};

/// Problems listed of one kind; more are the same trouble again.
const SHOWN: usize = 20;

/// What [`check`] found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// The newest revision.
    pub revision: Revision,
    /// How many keys there are.
    pub keys: u64,
    /// How many changes the history holds.
    pub events: u64,
    /// What is wrong; empty for a sound store.
    pub problems: Vec<String>,
}

/// Checks a store directory (also one in use) or a backup file.
///
/// Fails only if there is nothing to check: no file, not a Ginnel store, or
/// another schema. Damage goes into the report.
pub fn check(path: impl AsRef<Path>) -> Result<Report, Error> {
    let path = path.as_ref();
    let path = if path.is_dir() {
        place::database(path)
    } else {
        path.to_owned()
    };
    let connection = place::reader(&path)?;
    schema::require(&connection, &path)?;
    let snapshot = connection
        .unchecked_transaction()
        .map_err(|e| Error::sqlite("read", &path, e))?;
    let mut report = Report {
        revision: Revision::ZERO,
        keys: 0,
        events: 0,
        problems: Vec::new(),
    };
    let steps: [(&str, Step); 5] = [
        ("the totals", totals),
        ("the pages", pages),
        ("the revisions", revisions),
        ("the keys and their history", history),
        ("the current values", current),
    ];
    for (what, step) in steps {
        if let Err(error) = step(&snapshot, &mut report) {
            let problem = format!("cannot read {what}: {error}");
            report.problems.push(problem);
        }
    }
    Ok(report)
}

type Step = fn(&Connection, &mut Report) -> rusqlite::Result<()>;

fn totals(snapshot: &Connection, report: &mut Report) -> rusqlite::Result<()> {
    let count = |table: &str| {
        let sql = format!("SELECT count(*) FROM {table}");
        snapshot.query_row(&sql, [], |row| row.get::<_, i64>(0))
    };
    report.keys = u64::try_from(count("current")?).unwrap_or(0);
    report.events = u64::try_from(count("events")?).unwrap_or(0);
    report.revision = read::head(snapshot)?;
    Ok(())
}

/// What SQLite itself can tell.
fn pages(snapshot: &Connection, report: &mut Report) -> rusqlite::Result<()> {
    let mut statement = snapshot.prepare(&format!("PRAGMA integrity_check({SHOWN})"))?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let text: String = row.get(0)?;
        if text != "ok" {
            report.problems.push(format!("integrity: {text}"));
        }
    }
    let sql = "SELECT \"table\", rowid FROM pragma_foreign_key_check";
    list(snapshot, report, sql, "a row refers to no event")
}

/// From the oldest readable revision to the newest, none is missing.
fn revisions(snapshot: &Connection, report: &mut Report) -> rusqlite::Result<()> {
    let rows: i64 = snapshot.query_row("SELECT count(*) FROM history", [], |r| r.get(0))?;
    if rows != 1 {
        let problem = format!("the table history has {rows} rows, not 1");
        report.problems.push(problem);
        return Ok(());
    }
    let oldest = read::oldest(snapshot)?;
    if oldest > report.revision {
        report.problems.push(format!(
            "history starts at revision {oldest}, after the newest, {}",
            report.revision
        ));
        return Ok(());
    }
    let first = oldest.max(Revision::new(1));
    let expected = (report.revision.get() + 1).saturating_sub(first.get());
    let sql = "SELECT count(DISTINCT revision) FROM events WHERE revision >= ?1";
    let found: i64 = snapshot.query_row(sql, [read::number(first)], |row| row.get(0))?;
    if u64::try_from(found) != Ok(expected) {
        report.problems.push(format!(
            "revisions {first} to {} should be {expected}, there are {found}",
            report.revision
        ));
    }
    Ok(())
}

/// Every key is valid, and its changes follow from each other.
fn history(snapshot: &Connection, report: &mut Report) -> rusqlite::Result<()> {
    let whole = read::oldest(snapshot)? <= Revision::new(1);
    let sql = "SELECT key, revision, create_revision FROM events ORDER BY key, revision";
    let mut statement = snapshot.prepare(sql)?;
    let mut rows = statement.query([])?;
    // The key of the row before, and what created it then.
    let mut before: Option<(String, Option<i64>)> = None;
    let mut found = 0;
    while let Some(row) = rows.next()? {
        if found == SHOWN {
            break;
        }
        let key: String = row.get(0)?;
        let at: i64 = row.get(1)?;
        let created: Option<i64> = row.get(2)?;
        if let Err(error) = Key::parse(&key) {
            report.problems.push(error.to_string());
            found += 1;
        }
        let previous = before.as_ref().filter(|(k, _)| *k == key).map(|(_, c)| *c);
        let follows = match (previous, created) {
            (Some(Some(earlier)), Some(now)) => now == earlier,
            (Some(None) | None, Some(now)) if previous.is_some() || whole => now == at,
            (_, Some(now)) => now <= at,
            (Some(Some(_)), None) => true,
            (Some(None), None) => false,
            (None, None) => !whole,
        };
        if !follows {
            report.problems.push(format!(
                "{key}: the change at revision {at} does not follow from the one before"
            ));
            found += 1;
        }
        before = Some((key, created));
    }
    Ok(())
}

/// The table `current` is the fold of the table `events`.
fn current(snapshot: &Connection, report: &mut Report) -> rusqlite::Result<()> {
    let wrong = "SELECT c.key, c.mod_revision FROM current AS c LEFT JOIN events AS e
         ON e.key = c.key AND e.revision = c.mod_revision
         WHERE e.key IS NULL OR e.kind <> 'put' OR e.value <> c.value
            OR e.create_revision <> c.create_revision
            OR EXISTS (SELECT 1 FROM events AS n WHERE n.key = c.key AND n.revision > c.mod_revision)";
    list(snapshot, report, wrong, "is not what its history says")?;
    let missing = "SELECT e.key, e.revision FROM events AS e WHERE e.kind = 'put'
         AND NOT EXISTS (SELECT 1 FROM events AS n WHERE n.key = e.key AND n.revision > e.revision)
         AND NOT EXISTS (SELECT 1 FROM current AS c WHERE c.key = e.key)";
    list(snapshot, report, missing, "was put and is missing")
}

/// Adds a problem for each row (a name and a number) of a query.
fn list(snapshot: &Connection, report: &mut Report, sql: &str, what: &str) -> rusqlite::Result<()> {
    let mut statement = snapshot.prepare(&format!("{sql} LIMIT {SHOWN}"))?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let name: String = row.get(0)?;
        let number = revision(row, 1)?;
        report.problems.push(format!("{name} ({number}): {what}"));
    }
    Ok(())
}
