//! The model: a log in memory, kept simple because all others are tested
//! against it. Nothing here survives the process.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;

use crate::notify::Notify;
use crate::{
    Change, Compare, Error, Event, Item, Key, Log, Order, Prefix, Revision, Snapshot, Txn,
    TxnOutcome,
};

/// A [`Log`] in memory.
#[derive(Debug)]
pub struct Memory {
    state: Mutex<State>,
    notify: Notify,
}

type Items = BTreeMap<Key, Item>;

#[derive(Debug, Default)]
struct State {
    revision: Revision,
    /// The oldest revision that can be read.
    oldest: Revision,
    /// The items just before `oldest`.
    base: Items,
    /// Everything since, by revision and key.
    events: Vec<Event>,
    /// `base` with all `events` done.
    current: Items,
}

impl Memory {
    /// An empty log.
    pub fn new() -> Self {
        Self {
            state: Mutex::default(),
            notify: Notify::new(Revision::ZERO),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for Memory {
    fn default() -> Self {
        Self::new()
    }
}

/// Does one event.
fn fold(items: &mut Items, event: &Event) {
    let Change::Put(value) = &event.change else {
        items.remove(&event.key);
        return;
    };
    let create_revision = items
        .get(&event.key)
        .map_or(event.revision, |item| item.create_revision);
    let item = Item {
        key: event.key.clone(),
        value: value.clone(),
        create_revision,
        mod_revision: event.revision,
    };
    items.insert(event.key.clone(), item);
}

impl State {
    fn holds(&self, compare: &Compare) -> bool {
        let found = self.current.get(&compare.key);
        found.map_or(Revision::ZERO, |item| item.mod_revision) == compare.mod_revision
    }

    /// The events a transaction would make, in key order.
    fn plan(&self, txn: Txn) -> Vec<Event> {
        let revision = self.revision.next();
        let puts = txn.puts.into_iter().map(|(k, v)| (k, Change::Put(v)));
        let deletes = txn.deletes.into_iter();
        let deletes = deletes.filter(|key| self.current.contains_key(key));
        let changes = puts.chain(deletes.map(|key| (key, Change::Delete)));
        changes
            .collect::<BTreeMap<_, _>>()
            .into_iter()
            .map(|(key, change)| Event {
                revision,
                key,
                change,
            })
            .collect()
    }

    /// The items at `at`, which has been checked.
    fn at(&self, at: Revision) -> Items {
        let mut items = self.base.clone();
        let past = self.events.iter().take_while(|e| e.revision <= at);
        past.for_each(|event| fold(&mut items, event));
        items
    }
}

impl Log for Memory {
    fn txn(&self, txn: Txn) -> Result<TxnOutcome, Error> {
        txn.check()?;
        let mut state = self.lock();
        if !txn.compares.iter().all(|compare| state.holds(compare)) {
            let revision = state.revision;
            return Ok(TxnOutcome::Conflict { revision });
        }
        let events = state.plan(txn);
        if !events.is_empty() {
            state.revision = state.revision.next();
        }
        for event in events {
            fold(&mut state.current, &event);
            state.events.push(event);
        }
        let revision = state.revision;
        self.notify.publish(revision);
        Ok(TxnOutcome::Committed { revision })
    }

    fn page(
        &self,
        prefix: &Prefix,
        after: Option<&Key>,
        order: Order,
        limit: usize,
    ) -> Result<Vec<Item>, Error> {
        let state = self.lock();
        let below = || {
            state
                .current
                .values()
                .filter(|item| prefix.covers(&item.key))
        };
        Ok(match order {
            Order::Ascending => below()
                .filter(|item| after.is_none_or(|after| item.key > *after))
                .take(limit)
                .cloned()
                .collect(),
            Order::Descending => below()
                .rev()
                .filter(|item| after.is_none_or(|after| item.key < *after))
                .take(limit)
                .cloned()
                .collect(),
        })
    }

    fn range(&self, prefix: &Prefix, at: Option<Revision>) -> Result<Snapshot, Error> {
        let state = self.lock();
        let revision = at.unwrap_or(state.revision);
        if revision > state.revision {
            return Err(Error::Future {
                asked: revision,
                revision: state.revision,
            });
        }
        if revision < state.oldest {
            return Err(Error::Compacted {
                oldest: state.oldest,
            });
        }
        let covered = |item: &Item| prefix.covers(&item.key);
        let items = if revision == state.revision {
            let newest = state.current.values();
            newest.filter(|item| covered(item)).cloned().collect()
        } else {
            state.at(revision).into_values().filter(covered).collect()
        };
        Ok(Snapshot { revision, items })
    }

    fn get(&self, key: &Key) -> Result<Option<Item>, Error> {
        Ok(self.lock().current.get(key).cloned())
    }

    fn events(&self, prefix: &Prefix, from: Revision, limit: usize) -> Result<Vec<Event>, Error> {
        let state = self.lock();
        let oldest = state.oldest;
        if from.max(Revision::new(1)) < oldest {
            return Err(Error::Compacted { oldest });
        }
        let mut page: Vec<Event> = Vec::new();
        let wanted = |e: &&Event| e.revision >= from && prefix.covers(&e.key);
        for event in state.events.iter().filter(wanted) {
            let full = page.len() >= limit.max(1);
            if full && page.last().is_some_and(|l| l.revision < event.revision) {
                break;
            }
            page.push(event.clone());
        }
        Ok(page)
    }

    fn revision(&self) -> Revision {
        self.notify.revision()
    }

    fn wait(&self, after: Revision, timeout: Duration) -> Revision {
        self.notify.wait(after, timeout)
    }

    fn subscribe(&self) -> watch::Receiver<Revision> {
        self.notify.subscribe()
    }

    fn compact(&self, at: Revision) -> Result<(), Error> {
        let mut state = self.lock();
        if at > state.revision {
            return Err(Error::Future {
                asked: at,
                revision: state.revision,
            });
        }
        if at <= state.oldest {
            return Ok(());
        }
        let cut = state.events.partition_point(|e| e.revision < at);
        let gone: Vec<Event> = state.events.drain(..cut).collect();
        gone.iter().for_each(|event| fold(&mut state.base, event));
        state.oldest = at;
        Ok(())
    }
}
