//! The files of a store: where they are, who may open them, how.

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::ErrorKind;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

use crate::Error;

/// How long SQLite waits for another connection before it gives up.
const BUSY: Duration = Duration::from_secs(10);

/// The WAL file is cut back to this size after a checkpoint.
const WAL_BYTES: i64 = 16 * 1024 * 1024;

/// The database file of the store in `dir`.
pub(crate) fn database(dir: &Path) -> PathBuf {
    dir.join("store.db")
}

/// Makes the directory (0700) and the database file (0600) if they are not
/// there, and takes the lock that keeps other processes out. The lock lasts as
/// long as the file that is returned; the kernel drops it if the process dies.
pub(crate) fn occupy(dir: &Path) -> Result<File, Error> {
    let fresh = !dir.exists();
    let made = DirBuilder::new().recursive(true).mode(0o700).create(dir);
    made.map_err(|e| Error::io("create the directory", dir, e))?;
    let lock = take_lock(&dir.join("store.lock"))?;
    let database = database(dir);
    match private().create_new(true).open(&database) {
        Ok(file) => sync(&file, &database)?,
        Err(e) if e.kind() == ErrorKind::AlreadyExists => {}
        Err(e) => return Err(Error::io("create", &database, e)),
    }
    sync_dir(dir)?;
    if fresh {
        sync_dir(&parent(dir))?;
    }
    Ok(lock)
}

fn take_lock(path: &Path) -> Result<File, Error> {
    let file = private().create(true).truncate(false).open(path);
    let file = file.map_err(|e| Error::io("open the lock file", path, e))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(Error::Locked {
            path: path.to_owned(),
        }),
        Err(TryLockError::Error(e)) => Err(Error::io("lock", path, e)),
    }
}

/// Options for a file that only its owner may read.
pub(crate) fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true).write(true).mode(0o600);
    options
}

/// A connection that writes: WAL, and every commit reaches the disk.
pub(crate) fn writer(path: &Path, max_bytes: Option<u64>) -> Result<Connection, Error> {
    let connection = open(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    let tune = || -> rusqlite::Result<()> {
        connection.pragma_update_and_check(None, "journal_mode", "WAL", |row| {
            let mode: String = row.get(0)?;
            if mode == "wal" {
                return Ok(());
            }
            Err(rusqlite::Error::InvalidParameterName(format!(
                "journal mode {mode}"
            )))
        })?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        connection.pragma_update(None, "foreign_keys", "ON")?;
        connection.pragma_update(None, "journal_size_limit", WAL_BYTES)?;
        if let Some(bytes) = max_bytes {
            let page: i64 = connection.pragma_query_value(None, "page_size", |r| r.get(0))?;
            let pages = i64::try_from(bytes).unwrap_or(i64::MAX) / page.max(1);
            connection.pragma_update_and_check(None, "max_page_count", pages, |_| Ok(()))?;
        }
        Ok(())
    };
    tune().map_err(|e| Error::sqlite("configure the connection", path, e))?;
    Ok(connection)
}

/// A connection that only reads.
pub(crate) fn reader(path: &Path) -> Result<Connection, Error> {
    open(path, OpenFlags::SQLITE_OPEN_READ_ONLY)
}

/// A connection with what all have in common.
pub(crate) fn open(path: &Path, flags: OpenFlags) -> Result<Connection, Error> {
    let flags = flags | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let open = || -> rusqlite::Result<Connection> {
        let connection = Connection::open_with_flags(path, flags)?;
        connection.busy_timeout(BUSY)?;
        connection.pragma_update(None, "trusted_schema", "OFF")?;
        Ok(connection)
    };
    open().map_err(|e| Error::sqlite("open the database", path, e))
}

/// Makes a file's content durable.
pub(crate) fn sync(file: &File, path: &Path) -> Result<(), Error> {
    file.sync_all().map_err(|e| Error::io("sync", path, e))
}

/// Makes the names in a directory durable.
pub(crate) fn sync_dir(dir: &Path) -> Result<(), Error> {
    let open = fs::File::open(dir).map_err(|e| Error::io("open the directory", dir, e))?;
    sync(&open, dir)
}

/// The directory that holds `path`.
pub(crate) fn parent(path: &Path) -> PathBuf {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
        _ => PathBuf::from("."),
    }
}
