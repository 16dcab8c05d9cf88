//! Log → World, and the form of values in the log.

use aws::Fault;
use model::world::{Change, Name, Resource, World};
use revlog::{Log, Prefix};
use serde::{Deserialize, Serialize};

use crate::audit::trail::{Damage, Trail};

/// The schema of stored values; a reader refuses newer ones.
const VERSION: u32 = 1;

#[derive(Serialize, Deserialize)]
struct Stored<T> {
    v: u32,
    #[serde(flatten)]
    resource: T,
}

/// Why the log could not be read as a World.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The log itself.
    #[error("reading the store")]
    Log(#[from] revlog::Error),
    /// The audit trail.
    #[error("reading the audit trail")]
    Trail(#[from] Damage),
    /// Another process writes without a pause.
    #[error("the store is being written by another process; try again")]
    Busy,
    /// A value of a newer Ginnel.
    #[error("{key} was written by a newer Ginnel (schema {version}); start that version")]
    Newer {
        /// Where.
        key: String,
        /// Its schema.
        version: u32,
    },
    /// A value that is no resource.
    #[error("{key} is not readable; `ginnel store check` may tell more")]
    Value {
        /// Where.
        key: String,
        /// Why.
        #[source]
        source: serde_json::Error,
    },
}

/// The value of a resource.
pub(crate) fn encode(resource: &Resource) -> Result<Vec<u8>, Fault> {
    let stored = Stored {
        v: VERSION,
        resource,
    };
    serde_json::to_vec(&stored).map_err(|error| Fault::internal(format!("encoding: {error}")))
}

fn decode(key: &str, value: &[u8]) -> Result<Resource, Error> {
    let broken = |source| Error::Value {
        key: key.to_owned(),
        source,
    };
    #[derive(Deserialize)]
    struct Version {
        v: u32,
    }
    let Version { v } = serde_json::from_slice(value).map_err(broken)?;
    if v > VERSION {
        return Err(Error::Newer {
            key: key.to_owned(),
            version: v,
        });
    }
    let stored: Stored<Resource> = serde_json::from_slice(value).map_err(broken)?;
    Ok(stored.resource)
}

/// Tries to read all kinds at one revision, while another process may write.
const TRIES: usize = 8;

/// The World that the log holds, and the end of its audit trail.
pub(crate) fn read(log: &dyn Log) -> Result<(World, Trail), Error> {
    for _ in 0..TRIES {
        let before = log.revision();
        let mut changes = Vec::new();
        for folder in Name::FOLDERS {
            let snapshot = log.range(&Prefix::parse(folder)?, None)?;
            for item in &snapshot.items {
                changes.push(Change::Put(decode(item.key.as_str(), &item.value)?));
            }
        }
        let trail = Trail::read(log)?;
        // Reading tells how far the log is.
        if log.revision() == before {
            return Ok((World::default().apply(&changes, before.get()), trail));
        }
    }
    Err(Error::Busy)
}

#[cfg(test)]
mod tests;
