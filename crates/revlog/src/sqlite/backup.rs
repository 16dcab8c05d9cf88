//! Copies of a store, taken while it is in use.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use rusqlite::backup::{Backup, StepResult};
use rusqlite::{Connection, OpenFlags};

use super::read::Fault;
use super::{SqliteLog, place};
use crate::Error;

impl SqliteLog {
    /// Writes a copy of the newest revision to the new file `to` (0600), and
    /// makes it durable. The copy is one file that [`check`](super::check) and
    /// [`open_read_only`](Self::open_read_only) read; to restore it, put it in
    /// an empty directory as `store.db`. Writers go on meanwhile.
    pub fn backup(&self, to: &Path) -> Result<(), Error> {
        match place::private().create_new(true).open(to) {
            Ok(_) => {}
            Err(e) if e.kind() == ErrorKind::AlreadyExists => {
                return Err(Error::Exists {
                    path: to.to_owned(),
                });
            }
            Err(e) => return Err(Error::io("create", to, e)),
        }
        let done = self.copy(to);
        if done.is_err() {
            // The first error is the one to report.
            let _ = fs::remove_file(to);
        }
        done
    }

    fn copy(&self, to: &Path) -> Result<(), Error> {
        let mut target = place::open(to, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        self.read("copy", |snapshot| {
            copy_pages(snapshot, &mut target)
                .map_err(|e| Fault::Log(Error::sqlite("back up to", to, e)))
        })?;
        // One file that needs no WAL beside it.
        target
            .pragma_update_and_check(None, "journal_mode", "DELETE", |_| Ok(()))
            .map_err(|e| Error::sqlite("finish the backup", to, e))?;
        target
            .close()
            .map_err(|(_, e)| Error::sqlite("close the backup", to, e))?;
        let file = fs::File::open(to).map_err(|e| Error::io("open", to, e))?;
        place::sync(&file, to)?;
        place::sync_dir(&place::parent(to))
    }
}

/// Copies all pages in one step, so that no write comes between.
fn copy_pages(from: &Connection, to: &mut Connection) -> rusqlite::Result<()> {
    let backup = Backup::new(from, to)?;
    match backup.step(-1)? {
        StepResult::Done => Ok(()),
        _ => Err(rusqlite::Error::SqliteFailure(
            rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_BUSY),
            Some("the store is busy".into()),
        )),
    }
}
