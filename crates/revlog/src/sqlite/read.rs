//! Questions to the tables. Each takes a connection that is inside a
//! transaction, so that its answers belong to one revision.

use std::path::Path;

use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::{Change, Error, Event, Item, Key, Order, Prefix, Revision, Snapshot};

/// Why a question has no answer.
#[derive(Debug)]
pub(crate) enum Fault {
    /// SQLite failed.
    Sqlite(rusqlite::Error),
    /// The log refuses, or the data is damaged.
    Log(Error),
    /// The data is damaged.
    Damaged(String),
}

impl From<rusqlite::Error> for Fault {
    fn from(source: rusqlite::Error) -> Self {
        Self::Sqlite(source)
    }
}

impl Fault {
    /// The error for the caller.
    pub(crate) fn error(self, doing: &'static str, path: &Path) -> Error {
        match self {
            Self::Sqlite(source) => Error::sqlite(doing, path, source),
            Self::Log(error) => error,
            Self::Damaged(what) => Error::Damaged {
                path: path.to_owned(),
                what,
            },
        }
    }
}

/// The newest revision.
pub(crate) fn head(connection: &Connection) -> rusqlite::Result<Revision> {
    let sql = "SELECT coalesce(max(revision), 0) FROM events";
    let mut statement = connection.prepare_cached(sql)?;
    statement.query_row([], |row| revision(row, 0))
}

/// The oldest revision that can be read.
pub(crate) fn oldest(connection: &Connection) -> rusqlite::Result<Revision> {
    let mut statement = connection.prepare_cached("SELECT oldest FROM history")?;
    statement.query_row([], |row| revision(row, 0))
}

/// When `key` was last modified; zero if it is absent.
pub(crate) fn mod_revision(connection: &Connection, key: &Key) -> rusqlite::Result<Revision> {
    let sql = "SELECT mod_revision FROM current WHERE key = ?1";
    let mut statement = connection.prepare_cached(sql)?;
    let found = statement.query_row([key.as_str()], |row| revision(row, 0));
    Ok(found.optional()?.unwrap_or_default())
}

/// One item.
pub(crate) fn get(connection: &Connection, key: &Key) -> Result<Option<Item>, Fault> {
    let sql = "SELECT key, value, create_revision, mod_revision FROM current WHERE key = ?1";
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query([key.as_str()])?;
    rows.next()?.map(item).transpose()
}

/// The items of a prefix at a revision.
pub(crate) fn range(
    connection: &Connection,
    prefix: &Prefix,
    at: Option<Revision>,
) -> Result<Snapshot, Fault> {
    let newest = head(connection)?;
    let at = at.unwrap_or(newest);
    if at > newest {
        return Err(Fault::Log(Error::Future {
            asked: at,
            revision: newest,
        }));
    }
    let oldest = oldest(connection)?;
    if at < oldest {
        return Err(Fault::Log(Error::Compacted { oldest }));
    }
    let sql = if at == newest {
        "SELECT key, value, create_revision, mod_revision FROM current
         WHERE key >= ?1 AND key < ?2 AND ?3 >= 0 ORDER BY key"
    } else {
        "SELECT key, value, create_revision, revision FROM events AS e
         WHERE key >= ?1 AND key < ?2 AND kind = 'put' AND revision =
            (SELECT max(revision) FROM events AS n WHERE n.key = e.key AND n.revision <= ?3)
         ORDER BY key"
    };
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query(params![prefix.as_str(), prefix.end(), number(at)])?;
    let mut items = Vec::new();
    while let Some(row) = rows.next()? {
        items.push(item(row)?);
    }
    Ok(Snapshot {
        revision: at,
        items,
    })
}

/// A page of the newest items.
pub(crate) fn page(
    connection: &Connection,
    prefix: &Prefix,
    after: Option<&Key>,
    order: Order,
    limit: usize,
) -> Result<Vec<Item>, Fault> {
    let (sql, from, to) = match order {
        Order::Ascending => (
            "SELECT key, value, create_revision, mod_revision FROM current
             WHERE key > ?1 AND key < ?2 ORDER BY key LIMIT ?3",
            after.map_or(prefix.as_str(), Key::as_str).to_owned(),
            prefix.end(),
        ),
        Order::Descending => (
            "SELECT key, value, create_revision, mod_revision FROM current
             WHERE key > ?1 AND key < ?2 ORDER BY key DESC LIMIT ?3",
            prefix.as_str().to_owned(),
            after.map_or_else(|| prefix.end(), |after| after.as_str().to_owned()),
        ),
    };
    let mut statement = connection.prepare_cached(sql)?;
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let mut rows = statement.query(params![from, to, limit])?;
    let mut items = Vec::new();
    while let Some(row) = rows.next()? {
        items.push(item(row)?);
    }
    Ok(items)
}

/// A page of history.
pub(crate) fn events(
    connection: &Connection,
    prefix: &Prefix,
    from: Revision,
    limit: usize,
) -> Result<Vec<Event>, Fault> {
    let oldest = oldest(connection)?;
    if from.max(Revision::new(1)) < oldest {
        return Err(Fault::Log(Error::Compacted { oldest }));
    }
    // The '+' keeps SQLite from reading all history by key and sorting it: a
    // watcher asks for the tail, which the index by revision has at hand.
    let sql = "SELECT revision, key, value FROM events
         WHERE revision >= ?1 AND +key >= ?2 AND +key < ?3 ORDER BY revision, key";
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query(params![number(from), prefix.as_str(), prefix.end()])?;
    let mut page: Vec<Event> = Vec::new();
    while let Some(row) = rows.next()? {
        let revision = revision(row, 0)?;
        let full = page.len() >= limit.max(1);
        if full && page.last().is_some_and(|last| last.revision < revision) {
            break;
        }
        let value: Option<Vec<u8>> = row.get(2)?;
        page.push(Event {
            revision,
            key: key(row, 1)?,
            change: value.map_or(Change::Delete, Change::Put),
        });
    }
    Ok(page)
}

fn item(row: &Row<'_>) -> Result<Item, Fault> {
    Ok(Item {
        key: key(row, 0)?,
        value: row.get(1)?,
        create_revision: revision(row, 2)?,
        mod_revision: revision(row, 3)?,
    })
}

fn key(row: &Row<'_>, column: usize) -> Result<Key, Fault> {
    let text: String = row.get(column)?;
    Key::parse(&text).map_err(|e| Fault::Damaged(e.to_string()))
}

/// A revision as SQLite keeps it.
pub(crate) fn number(revision: Revision) -> i64 {
    i64::try_from(revision.get()).unwrap_or(i64::MAX)
}

/// A revision from a row; a negative number cannot be in a STRICT, CHECKed
/// table and would be shown as zero.
pub(crate) fn revision(row: &Row<'_>, column: usize) -> rusqlite::Result<Revision> {
    let number: i64 = row.get(column)?;
    Ok(Revision::new(u64::try_from(number).unwrap_or(0)))
}
