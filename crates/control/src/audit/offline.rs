//! The trail of a store that is only read, for the command line.

use revlog::{Log, Order};
use serde_json::Value;

use super::trail::{self, Damage};

/// What a whole reading of the trail found.
#[derive(Clone, Debug)]
pub struct Verified {
    /// Records.
    pub records: u64,
    /// The end of the chain, as `NUMBER:HASH`: keep it elsewhere to prove later that nothing
    /// before it was changed.
    pub head: String,
}

/// Checks every link of the chain.
///
/// # Errors
///
/// The store cannot be read, or a link does not follow from the one before it.
pub fn verify(log: &dyn Log) -> Result<Verified, Damage> {
    let mut records = 0;
    let head = trail::walk(log, |_, _| records += 1)?;
    Ok(Verified {
        records,
        head: head.to_string(),
    })
}

/// Gives every record to `each`, oldest first, checking the chain on the way.
///
/// # Errors
///
/// As [`verify`].
pub fn export(log: &dyn Log, mut each: impl FnMut(&str)) -> Result<(), Damage> {
    trail::walk(log, |_, record| each(&String::from_utf8_lossy(record)))?;
    Ok(())
}

/// The newest records that `wanted` accepts, newest first, at most `most`.
///
/// # Errors
///
/// The store cannot be read.
pub fn search(
    log: &dyn Log,
    most: usize,
    mut wanted: impl FnMut(&Value) -> bool,
) -> Result<Vec<Value>, Damage> {
    let (folder, mut after, mut found) = (trail::folder()?, None, Vec::new());
    loop {
        let items = log.page(&folder, after.as_ref(), Order::Descending, 256)?;
        for item in &items {
            let (_, _, record) = trail::link(item)?;
            let Ok(record) = serde_json::from_slice::<Value>(record) else {
                continue;
            };
            if wanted(&record) {
                found.push(record);
                if found.len() >= most {
                    return Ok(found);
                }
            }
        }
        match items.into_iter().next_back() {
            Some(last) => after = Some(last.key),
            None => return Ok(found),
        }
    }
}
