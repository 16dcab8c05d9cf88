//! Everything that can go wrong, each with what to do next.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::{Key, Revision};

/// Which bound a transaction exceeded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// Puts and deletes together.
    Operations,
    /// Compares.
    Compares,
    /// Bytes of all keys and values.
    Bytes,
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Operations => "operations",
            Self::Compares => "compares",
            Self::Bytes => "bytes",
        })
    }
}

/// Why the log refused or failed.
///
/// The variants up to [`Error::Future`] are the caller's and mean the same in
/// every engine; the others are the store's.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A text is not a key or prefix.
    #[error(
        "{key:?} is not a key: {reason}; write '/' and segments of [A-Za-z0-9._:@-], at most 512 bytes"
    )]
    BadKey {
        /// The text, cut to 512 characters.
        key: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// A transaction without puts and deletes.
    #[error("the transaction has no put and no delete; read with get or range instead")]
    EmptyTransaction,
    /// One transaction writes a key twice.
    #[error("the transaction writes {key} twice; keep one put or one delete for each key")]
    DuplicateKey {
        /// The key.
        key: Key,
    },
    /// A transaction exceeds a bound.
    #[error("the transaction has {actual} {limit}, at most {allowed} are allowed; split it")]
    TooLarge {
        /// Which bound.
        limit: Limit,
        /// What the transaction has.
        actual: usize,
        /// What it may have.
        allowed: usize,
    },
    /// The history asked for was compacted away.
    #[error(
        "history before revision {oldest} is compacted; read a snapshot with range and go on from its revision"
    )]
    Compacted {
        /// The oldest revision that can still be read.
        oldest: Revision,
    },
    /// A revision that does not exist yet.
    #[error(
        "revision {asked} does not exist yet, the log is at {revision}; wait for it or ask for less"
    )]
    Future {
        /// What was asked for.
        asked: Revision,
        /// The newest revision.
        revision: Revision,
    },
    /// Another process holds the store.
    #[error(
        "the store {path} is open in another process; stop that process, or use another directory"
    )]
    Locked {
        /// The lock file.
        path: PathBuf,
    },
    /// The store was opened for reading only.
    #[error("the store {path} is open for reading only; open it with SqliteLog::open to write")]
    ReadOnly {
        /// The database file.
        path: PathBuf,
    },
    /// The disk, or the quota of the store, is full. The write did not happen
    /// or its outcome is unknown; the store stays readable.
    #[error("no room left for the store {path}; free disk space or compact the log, then retry")]
    Full {
        /// The database file.
        path: PathBuf,
        /// What SQLite said.
        #[source]
        source: Arc<rusqlite::Error>,
    },
    /// SQLite failed. If this answers a write, its outcome is unknown: read
    /// the key before retrying.
    #[error(
        "cannot {doing} in the store {path}; look at the disk, then run `ginnel store check`, then retry"
    )]
    Sqlite {
        /// What was attempted.
        doing: &'static str,
        /// The database file.
        path: PathBuf,
        /// What SQLite said.
        #[source]
        source: Arc<rusqlite::Error>,
    },
    /// A file operation failed.
    #[error("cannot {doing} {path}; check that the path exists and that its owner is this user")]
    Io {
        /// What was attempted.
        doing: &'static str,
        /// The file or directory.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: Arc<io::Error>,
    },
    /// The schema of the store could not be brought up to date.
    #[error("cannot migrate the store {path}; restore a backup or run the version that wrote it")]
    Migration {
        /// The database file.
        path: PathBuf,
        /// What went wrong.
        #[source]
        source: Arc<rusqlite_migration::Error>,
    },
    /// The store was written by a newer version.
    #[error(
        "the store {path} has schema {found}, this program knows up to {known}; run the newer version"
    )]
    Newer {
        /// The database file.
        path: PathBuf,
        /// The schema found.
        found: i64,
        /// The newest schema this program knows.
        known: i64,
    },
    /// The file is not a Ginnel store, or is damaged beyond recognition.
    #[error("{path} is not a Ginnel store ({reason}); give another path or restore a backup")]
    NotAStore {
        /// The file.
        path: PathBuf,
        /// How that was noticed.
        reason: String,
    },
    /// The store holds something this program could not have written.
    #[error("the store {path} is damaged ({what}); run `ginnel store check` and restore a backup")]
    Damaged {
        /// The database file.
        path: PathBuf,
        /// What was found.
        what: String,
    },
    /// A backup would overwrite a file.
    #[error("{path} exists already; choose a new name for the backup")]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// The writer of the store has ended.
    #[error("the store {path} is closed; open it again")]
    Closed {
        /// The database file.
        path: PathBuf,
    },
}

impl Error {
    /// An SQLite failure, with a full disk told apart.
    pub(crate) fn sqlite(doing: &'static str, path: &Path, source: rusqlite::Error) -> Self {
        use rusqlite::ErrorCode;
        let path = path.to_owned();
        match source.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => Self::Full {
                path,
                source: Arc::new(source),
            },
            Some(ErrorCode::NotADatabase) => Self::NotAStore {
                path,
                reason: source.to_string(),
            },
            _ => Self::Sqlite {
                doing,
                path,
                source: Arc::new(source),
            },
        }
    }

    /// A failed file operation.
    pub(crate) fn io(doing: &'static str, path: &Path, source: io::Error) -> Self {
        Self::Io {
            doing,
            path: path.to_owned(),
            source: Arc::new(source),
        }
    }
}
