//! Buckets: what a flow log writes is collected in an *open* file, and becomes a file of the
//! S3 layout after five minutes or 75 MB.
//!
//! An open file is in `open/` below the root: lines of text, of which the first is the path of
//! the file that it will be, the second the names of the fields. Becoming that file is: write it
//! beside the open one, sync, rename, remove the open one. So nothing is half-written under its
//! final name, and what a crash left is completed by the next start.

use std::collections::BTreeMap;
use std::collections::hash_map::RandomState;
use std::ffi::OsStr;
use std::fs::{self, File, OpenOptions};
use std::hash::BuildHasher as _;
use std::io::{self, BufReader, BufWriter, Write as _};
use std::path::{Component, Path, PathBuf};

use model::flow_log::Destination;
use model::id::FlowLogId;
use signals::flow::{Batch, Format};

use super::{layout, parquet, text};

/// A file is closed after so many seconds.
const MAX_AGE: i64 = 300;
/// A file is closed when it has so many bytes, before they are compressed.
const MAX_BYTES: u64 = 75_000_000;
/// A file that could not be closed is tried again after so many seconds.
const RETRY: i64 = 30;

pub(super) struct Buckets {
    root: PathBuf,
    region: String,
    open: BTreeMap<FlowLogId, Open>,
    /// Left by a crash, and not completed yet.
    left: Vec<PathBuf>,
    retry_left: i64,
    names: RandomState,
    made: u64,
    pub(super) max_bytes: u64,
}

/// Its file is opened for each write: there may be more flow logs than a process may have files.
struct Open {
    path: PathBuf,
    bytes: u64,
    close_at: i64,
}

impl Buckets {
    pub(super) fn new(root: &Path, region: &str) -> Self {
        let mut buckets = Self {
            root: root.to_owned(),
            region: region.to_owned(),
            open: BTreeMap::new(),
            left: Vec::new(),
            retry_left: i64::MIN,
            names: RandomState::new(),
            made: 0,
            max_bytes: MAX_BYTES,
        };
        let entries = fs::read_dir(buckets.open_folder()).into_iter().flatten();
        for entry in entries.flatten() {
            let path = entry.path();
            if path.extension() == Some(OsStr::new("lines")) {
                buckets.left.push(path);
            } else {
                // Half of a file whose lines are still there. What stays is written over.
                let _ = fs::remove_file(path);
            }
        }
        buckets
    }

    fn open_folder(&self) -> PathBuf {
        self.root.join("open")
    }

    /// Adds the records to the flow log's open file: all of them or none.
    pub(super) fn write(&mut self, batch: &Batch, now: i64) -> Result<(), String> {
        let id = batch.target.id;
        let mut lines = String::new();
        for record in &batch.records {
            record.write_line(&batch.target.format, &mut lines);
            lines.push('\n');
        }
        let failed = |error: &dyn ToString| format!("flow log {id}: {}", error.to_string());
        if self
            .open
            .get(&id)
            .is_some_and(|open| open.bytes >= self.max_bytes)
        {
            self.close(id, now).map_err(|error| failed(&error))?;
        }
        let open = match self.open.remove(&id) {
            Some(open) => open,
            None => self.begin(batch, now).map_err(|error| failed(&error))?,
        };
        let open = self.open.entry(id).or_insert(open);
        append(&open.path, open.bytes, &lines).map_err(|error| failed(&error))?;
        open.bytes += u64::try_from(lines.len()).unwrap_or(u64::MAX);
        if open.bytes >= self.max_bytes {
            open.close_at = now;
        }
        Ok(())
    }

    /// Closes what is due; the errors of what could not be closed, which stays open.
    pub(super) fn tick(&mut self, now: i64) -> Result<(), String> {
        let mut errors = Vec::new();
        let due = self.open.iter();
        let due = due.filter(|(_, open)| is_due(open.close_at, now, MAX_AGE));
        for id in due.map(|(id, _)| *id).collect::<Vec<_>>() {
            if let Err(error) = self.close(id, now) {
                errors.push(format!("flow log {id}: {error}"));
            }
        }
        if is_due(self.retry_left, now, RETRY) {
            self.retry_left = now.saturating_add(RETRY);
            let root = &self.root;
            self.left.retain(|path| match complete(root, path) {
                Ok(()) => false,
                Err(error) => {
                    errors.push(format!("{}: {error}", path.display()));
                    true
                }
            });
        }
        if errors.is_empty() {
            Ok(())
        } else {
            Err(errors.join("; "))
        }
    }

    fn close(&mut self, id: FlowLogId, now: i64) -> io::Result<()> {
        let Some(open) = self.open.get_mut(&id) else {
            return Ok(());
        };
        let done = complete(&self.root, &open.path);
        match done {
            Ok(()) => drop(self.open.remove(&id)),
            Err(_) => open.close_at = now.saturating_add(RETRY),
        }
        done
    }

    /// Makes an open file, with its first two lines.
    fn begin(&mut self, batch: &Batch, now: i64) -> io::Result<Open> {
        let target = &batch.target;
        let Destination::Bucket {
            arn,
            parquet,
            hive,
            hourly,
        } = &target.destination
        else {
            return Err(io::Error::other("the destination is no bucket"));
        };
        let place = layout::Place {
            arn,
            parquet: *parquet,
            hive: *hive,
            hourly: *hourly,
        };
        let (to, hash) = loop {
            self.made += 1;
            let hash = self.names.hash_one((target.id, now, self.made));
            let hash = u32::try_from(hash >> 32).unwrap_or(0);
            let to = layout::file(&place, target, &self.region, now, hash);
            if !self.root.join(&to).try_exists()? {
                break (to, hash);
            }
        };
        fs::create_dir_all(self.open_folder())?;
        let name = format!("{}-{now}-{hash:08x}.lines", target.id);
        let path = self.open_folder().join(name);
        File::create_new(&path)?;
        let head = format!("{}\n{}\n", to.display(), target.format.header());
        if let Err(error) = append(&path, 0, &head) {
            // Without its head it is removed by the next start at the latest.
            let _ = fs::remove_file(&path);
            return Err(error);
        }
        Ok(Open {
            path,
            bytes: u64::try_from(head.len()).unwrap_or(0),
            close_at: now.saturating_add(MAX_AGE),
        })
    }
}

/// Whether it is time; also when the clock was set back, so that nothing waits for long.
fn is_due(at: i64, now: i64, longest: i64) -> bool {
    at <= now || at.saturating_sub(now) > longest
}

/// Adds text to a file that has so many bytes, or leaves it as it is.
fn append(path: &Path, bytes: u64, text: &str) -> io::Result<()> {
    let mut file = OpenOptions::new().append(true).open(path)?;
    // There is more only if something failed, and taking it back did too.
    file.set_len(bytes)?;
    let written = file.write_all(text.as_bytes());
    if written.is_err() {
        let _ = file.set_len(bytes);
    }
    written
}

/// Makes of an open file what it is to be.
fn complete(root: &Path, open: &Path) -> io::Result<()> {
    let mut from = BufReader::new(File::open(open)?);
    let (mut to, mut header) = (String::new(), String::new());
    let heads = [
        text::line(&mut from, &mut to)?.is_some(),
        text::line(&mut from, &mut header)?.is_some(),
    ];
    if heads != [true, true] {
        // It was never more than begun.
        return fs::remove_file(open);
    }
    let to = Path::new(to.trim_end_matches('\n'));
    if !to
        .components()
        .all(|part| matches!(part, Component::Normal(_)))
    {
        return Err(io::Error::other("its first line is not a path"));
    }
    let part = open.with_extension("part");
    let mut file = BufWriter::new(File::create(&part)?);
    let header = header.trim_end();
    let is_parquet = to.extension() == Some(OsStr::new("parquet"));
    if is_parquet {
        let format = Format::of_header(header);
        let format = format.ok_or_else(|| io::Error::other("its second line names no fields"))?;
        parquet::write(&format, &mut from, &mut file)?;
    } else {
        text::write(header, &mut from, &mut file)?;
    }
    let file = file.into_inner().map_err(io::IntoInnerError::into_error)?;
    file.sync_all()?;
    let to = root.join(to);
    if let Some(folder) = to.parent() {
        fs::create_dir_all(folder)?;
        fs::rename(&part, &to)?;
        File::open(folder)?.sync_all()?;
    }
    fs::remove_file(open)
}
