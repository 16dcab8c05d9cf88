//! Log groups: a folder each, with a file of lines for each interface. `/ginnel/stdout` is not a
//! folder but the standard output.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write};
use std::path::{Path, PathBuf};

use model::id::InterfaceId;
use signals::flow::Batch;

use super::{Failed, layout};

/// The log group whose records go to the standard output.
const STDOUT: &str = "/ginnel/stdout";
/// A torn line is looked for in steps of so many bytes.
const STEP: u64 = 4096;

pub(super) struct Streams {
    root: PathBuf,
    out: Box<dyn Write + Send>,
}

impl Streams {
    pub(super) fn new(root: &Path, out: Box<dyn Write + Send>) -> Self {
        Self {
            root: root.to_owned(),
            out,
        }
    }

    /// Appends each interface's lines to its stream: all of them or none.
    pub(super) fn write(&mut self, batch: &Batch, group: &str) -> Result<(), Failed> {
        let mut lines: BTreeMap<InterfaceId, (String, u64)> = BTreeMap::new();
        for record in &batch.records {
            let (text, count) = lines.entry(record.interface.id).or_default();
            record.write_line(&batch.target.format, text);
            text.push('\n');
            *count += 1;
        }
        let mut failed: Option<Failed> = None;
        for (interface, (text, count)) in lines {
            let written = if group == STDOUT {
                let written = self.out.write_all(text.as_bytes());
                written.and_then(|()| self.out.flush())
            } else {
                let target = &batch.target;
                let path = layout::stream(target.account, group, interface, target.traffic);
                append(&self.root.join(path), &text)
            };
            if let Err(error) = written {
                let failed = failed.get_or_insert_with(|| Failed {
                    lost: BTreeMap::new(),
                    error: format!("log group '{group}': {error}"),
                });
                failed.lost.insert(interface, count);
            }
        }
        failed.map_or(Ok(()), Err)
    }
}

fn append(path: &Path, text: &str) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let mut file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(path)?;
    let end = whole_lines(&mut file)?;
    file.set_len(end)?;
    file.seek(SeekFrom::Start(end))?;
    let written = file.write_all(text.as_bytes());
    if written.is_err() {
        // Half a line helps nobody. If this fails too, the next append removes it.
        let _ = file.set_len(end);
    }
    written
}

/// Where the last whole line ends: a crash may have left a part of one.
fn whole_lines(file: &mut File) -> io::Result<u64> {
    let mut end = file.seek(SeekFrom::End(0))?;
    while end > 0 {
        let from = end.saturating_sub(STEP);
        file.seek(SeekFrom::Start(from))?;
        let mut part = Vec::new();
        (&mut *file).take(end - from).read_to_end(&mut part)?;
        if let Some(at) = part.iter().rposition(|byte| *byte == b'\n') {
            return Ok(from + u64::try_from(at).unwrap_or(0) + 1);
        }
        end = from;
    }
    Ok(0)
}
