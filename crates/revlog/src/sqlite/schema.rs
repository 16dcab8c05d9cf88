//! The tables, and how they came to be.

use std::path::Path;
use std::sync::Arc;

use rusqlite::Connection;
use rusqlite_migration::{Error as Failed, M, MigrationDefinitionError, Migrations};

use crate::Error;

/// "GNNL": how a Ginnel store is told from any other SQLite file.
pub(crate) const APPLICATION_ID: i64 = 0x474e_4e4c;

/// One entry for each schema version; never edit one that was released.
///
/// `events` holds all changes at or after `history.oldest`, and of the older
/// ones for each key the last put that was still in force (as etcd compacts).
/// So the fold of `events` is always `current`.
const STEPS: &[M<'_>] = &[M::up(
    "PRAGMA application_id = 1196314188;
    CREATE TABLE history (
        only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
        oldest   INTEGER NOT NULL CHECK (oldest >= 0)
    ) STRICT;
    INSERT INTO history VALUES (1, 0);
    CREATE TABLE events (
        revision        INTEGER NOT NULL CHECK (revision > 0),
        key             TEXT NOT NULL,
        kind            TEXT NOT NULL CHECK (kind IN ('put', 'delete')),
        value           BLOB CHECK ((value IS NULL) = (kind = 'delete')),
        create_revision INTEGER CHECK ((create_revision IS NULL) = (kind = 'delete')),
        UNIQUE (key, revision)
    ) STRICT;
    CREATE INDEX events_by_revision ON events (revision);
    CREATE TABLE current (
        key             TEXT PRIMARY KEY NOT NULL,
        value           BLOB NOT NULL,
        create_revision INTEGER NOT NULL CHECK (create_revision <= mod_revision),
        mod_revision    INTEGER NOT NULL,
        FOREIGN KEY (key, mod_revision) REFERENCES events (key, revision)
    ) STRICT;",
)];

/// The newest schema this program knows.
const KNOWN: i64 = STEPS.len() as i64;

/// Refuses a file that is neither ours nor empty, before anything is changed.
pub(crate) fn admit(connection: &Connection, path: &Path) -> Result<(), Error> {
    if is_empty(connection).map_err(|e| Error::sqlite("read the schema", path, e))? {
        return Ok(());
    }
    recognise(connection, path)
}

/// Brings the schema of an admitted file up to date.
pub(crate) fn migrate(connection: &mut Connection, path: &Path) -> Result<(), Error> {
    let done = Migrations::from_slice(STEPS).to_latest(connection);
    done.map_err(|source| match source {
        Failed::MigrationDefinition(MigrationDefinitionError::DatabaseTooFarAhead) => {
            newer(connection, path)
        }
        Failed::RusqliteError { err, .. } => Error::sqlite("migrate", path, err),
        other => Error::Migration {
            path: path.to_owned(),
            source: Arc::new(other),
        },
    })
}

/// Refuses a file that is not ours, or from the future, or not yet migrated.
pub(crate) fn require(connection: &Connection, path: &Path) -> Result<(), Error> {
    recognise(connection, path)?;
    let found = pragma(connection, "user_version")
        .map_err(|e| Error::sqlite("read the schema version", path, e))?;
    match found.cmp(&KNOWN) {
        std::cmp::Ordering::Equal => Ok(()),
        std::cmp::Ordering::Greater => Err(newer(connection, path)),
        std::cmp::Ordering::Less => Err(Error::NotAStore {
            path: path.to_owned(),
            reason: format!("schema {found} needs `ginnel store migrate`"),
        }),
    }
}

fn recognise(connection: &Connection, path: &Path) -> Result<(), Error> {
    let found = pragma(connection, "application_id")
        .map_err(|e| Error::sqlite("read the application id", path, e))?;
    if found == APPLICATION_ID {
        return Ok(());
    }
    Err(Error::NotAStore {
        path: path.to_owned(),
        reason: format!("application id {found:#x}"),
    })
}

fn newer(connection: &Connection, path: &Path) -> Error {
    Error::Newer {
        path: path.to_owned(),
        found: pragma(connection, "user_version").unwrap_or(-1),
        known: KNOWN,
    }
}

fn is_empty(connection: &Connection) -> rusqlite::Result<bool> {
    connection.query_row("SELECT count(*) = 0 FROM sqlite_schema", [], |r| r.get(0))
}

fn pragma(connection: &Connection, name: &str) -> rusqlite::Result<i64> {
    connection.pragma_query_value(None, name, |row| row.get(0))
}
