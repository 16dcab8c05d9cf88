//! The audit trail in the log: `/audit/NUMBER` holds a link of the chain.

use aws::Fault;
use revlog::{Error, Item, Key, Log, Order, Prefix, Revision, Txn};
use signals::audit::chain::{self, Head};

/// The folder of the links.
pub(crate) const FOLDER: &str = "/audit/";
/// The end of what was forgotten: the link before the oldest that is kept.
const ANCHOR: &str = "/audit-anchor";
/// Links that are read at once.
const PAGE: usize = 256;

/// The end of the trail, and the revision that wrote its last link.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Trail {
    pub(crate) head: Head,
    written: Revision,
}

/// A link whose place or form is wrong.
#[derive(Debug, thiserror::Error)]
pub enum Damage {
    /// The log.
    #[error(transparent)]
    Log(#[from] Error),
    /// Something else where a link should be.
    #[error("{key} is not a link of the audit trail")]
    Form {
        /// Where.
        key: String,
    },
    /// The chain.
    #[error("{0}")]
    Chain(chain::Broken),
}

impl Trail {
    /// The end of the trail in a log.
    pub(crate) fn read(log: &dyn Log) -> Result<Self, Damage> {
        let last = log.page(&folder()?, None, Order::Descending, 1)?;
        let Some(item) = last.first() else {
            return Ok(Self {
                head: anchor(log)?,
                written: Revision::ZERO,
            });
        };
        let (number, hash, _) = link(item)?;
        Ok(Self {
            head: Head { number, hash },
            written: item.mod_revision,
        })
    }

    /// Adds records to a transaction that will make `revision`: and the demand that the trail
    /// ends where we think it does.
    pub(crate) fn extend<'a>(
        self,
        mut txn: Txn,
        records: impl Iterator<Item = &'a String>,
        revision: u64,
    ) -> Result<(Txn, Self), Fault> {
        let (mut head, mut next) = (self.head, self);
        for record in records {
            let before = head;
            let stored;
            (head, stored) = head.link(record.as_bytes());
            let key = key(head.number)?;
            if before == self.head {
                if self.written != Revision::ZERO {
                    txn = txn.when(self::key(before.number)?, self.written);
                }
                txn = txn.when_absent(key.clone());
            }
            txn = txn.put(key, stored);
            next = Self {
                head,
                written: Revision::new(revision),
            };
        }
        Ok((txn, next))
    }
}

/// A link's number, hash and record.
pub(crate) fn link(item: &Item) -> Result<(u64, chain::Hash, &[u8]), Damage> {
    let damage = || Damage::Form {
        key: item.key.to_string(),
    };
    let number = item.key.as_str().strip_prefix(FOLDER);
    let number = number.and_then(|digits| digits.parse().ok());
    let (hash, record) = chain::parts(&item.value).ok_or_else(damage)?;
    Ok((number.ok_or_else(damage)?, *hash, record))
}

/// The folder.
pub(crate) fn folder() -> Result<Prefix, Error> {
    Prefix::parse(FOLDER)
}

/// The key of a link: digits enough for 10^16, so that keys and numbers have one order.
pub(crate) fn key(number: u64) -> Result<Key, Fault> {
    Key::parse(&format!("{FOLDER}{number:016}"))
        .map_err(|error| Fault::internal(format!("a key of the trail: {error}")))
}

fn anchor(log: &dyn Log) -> Result<Head, Damage> {
    let damage = || Damage::Form { key: ANCHOR.into() };
    let Some(item) = log.get(&Key::parse(ANCHOR)?)? else {
        return Ok(Head::default());
    };
    let (number, hash) = item.value.split_first_chunk().ok_or_else(damage)?;
    Ok(Head {
        number: u64::from_be_bytes(*number),
        hash: hash.try_into().map_err(|_| damage())?,
    })
}

/// A transaction that forgets at most `most` of the oldest links, while `old` says of their
/// records that they may go; `None` when none may.
pub(crate) fn forget(
    log: &dyn Log,
    most: usize,
    old: impl Fn(u64, &[u8]) -> bool,
) -> Result<Option<Txn>, Damage> {
    let items = log.page(&folder()?, None, Order::Ascending, most)?;
    let (mut txn, mut last) = (Txn::new(), None);
    for item in &items {
        let (number, hash, record) = link(item)?;
        if !old(number, record) {
            break;
        }
        txn = txn.delete(item.key.clone());
        last = Some(Head { number, hash });
    }
    let Some(Head { number, hash }) = last else {
        return Ok(None);
    };
    let anchor = [&number.to_be_bytes()[..], &hash[..]].concat();
    Ok(Some(txn.put(Key::parse(ANCHOR)?, anchor)))
}

/// Every link from the oldest on, each checked against the one before it; the end.
pub(crate) fn walk(log: &dyn Log, mut each: impl FnMut(u64, &[u8])) -> Result<Head, Damage> {
    let mut head = anchor(log)?;
    let (folder, mut after) = (folder()?, None);
    loop {
        let items = log.page(&folder, after.as_ref(), Order::Ascending, PAGE)?;
        for item in &items {
            let (number, _, record) = link(item)?;
            head = head.follow(number, &item.value).map_err(Damage::Chain)?;
            each(number, record);
        }
        match items.into_iter().next_back() {
            Some(last) => after = Some(last.key),
            None => return Ok(head),
        }
    }
}
