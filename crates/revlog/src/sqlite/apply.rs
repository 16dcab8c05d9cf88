//! Changes to the tables. Each takes a connection that is inside a write
//! transaction and leaves the commit to the caller.

use rusqlite::{Connection, params};

use super::read::{mod_revision, number, revision};
use crate::{Key, Revision, Txn, TxnOutcome};

/// Does one transaction on top of `head`; a commit makes `head.next()`.
pub(crate) fn txn(
    connection: &Connection,
    head: Revision,
    txn: &Txn,
) -> rusqlite::Result<TxnOutcome> {
    for compare in &txn.compares {
        if mod_revision(connection, &compare.key)? != compare.mod_revision {
            return Ok(TxnOutcome::Conflict { revision: head });
        }
    }
    let next = head.next();
    for (key, value) in &txn.puts {
        put(connection, next, key, value)?;
    }
    let mut changed = !txn.puts.is_empty();
    for key in &txn.deletes {
        changed |= delete(connection, next, key)?;
    }
    Ok(TxnOutcome::Committed {
        revision: if changed { next } else { head },
    })
}

fn put(connection: &Connection, at: Revision, key: &Key, value: &[u8]) -> rusqlite::Result<()> {
    let event = "INSERT INTO events (revision, key, kind, value, create_revision)
         VALUES (?1, ?2, 'put', ?3,
            coalesce((SELECT create_revision FROM current WHERE key = ?2), ?1))";
    let current = "INSERT INTO current (key, value, create_revision, mod_revision)
         VALUES (?2, ?3, ?1, ?1)
         ON CONFLICT (key) DO UPDATE SET value = ?3, mod_revision = ?1";
    for sql in [event, current] {
        let mut statement = connection.prepare_cached(sql)?;
        statement.execute(params![number(at), key.as_str(), value])?;
    }
    Ok(())
}

fn delete(connection: &Connection, at: Revision, key: &Key) -> rusqlite::Result<bool> {
    let current = "DELETE FROM current WHERE key = ?1";
    let mut statement = connection.prepare_cached(current)?;
    if statement.execute([key.as_str()])? == 0 {
        return Ok(false);
    }
    let event = "INSERT INTO events (revision, key, kind) VALUES (?1, ?2, 'delete')";
    let mut statement = connection.prepare_cached(event)?;
    statement.execute(params![number(at), key.as_str()])?;
    Ok(true)
}

/// Declares the history before `at` gone.
pub(crate) fn set_oldest(connection: &Connection, at: Revision) -> rusqlite::Result<()> {
    let mut statement = connection.prepare_cached("UPDATE history SET oldest = ?1")?;
    statement.execute([number(at)])?;
    Ok(())
}

/// Removes a part of the history that is gone: looks at up to `rows` changes
/// older than `oldest` and younger than `after`, and removes those that were
/// overtaken by `oldest`. Returns where to go on, `None` at the end.
pub(crate) fn sweep(
    connection: &Connection,
    oldest: Revision,
    after: Revision,
    rows: u32,
) -> rusqlite::Result<Option<Revision>> {
    let part = "SELECT coalesce(max(revision), 0) FROM (SELECT revision FROM events
         WHERE revision > ?1 AND revision < ?2 ORDER BY revision LIMIT ?3)";
    let mut statement = connection.prepare_cached(part)?;
    let bounds = params![number(after), number(oldest), rows];
    let upto = statement.query_row(bounds, |row| revision(row, 0))?;
    if upto == Revision::ZERO {
        return Ok(None);
    }
    // Oldest first, so that a put never outlives the delete that ended it.
    let remove = "DELETE FROM events WHERE revision > ?1 AND revision <= ?2 AND (kind = 'delete'
         OR EXISTS (SELECT 1 FROM events AS n WHERE n.key = events.key
            AND n.revision > events.revision AND n.revision <= ?3))";
    let mut statement = connection.prepare_cached(remove)?;
    statement.execute(params![number(after), number(upto), number(oldest)])?;
    Ok(Some(upto))
}
