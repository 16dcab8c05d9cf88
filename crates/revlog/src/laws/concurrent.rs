//! The laws that need several threads.

use std::sync::{Arc, Barrier};
use std::thread;
use std::time::Duration;

use super::{key, put, rev};
use crate::{Log, Prefix, Revision, Txn, TxnOutcome};

/// How long a law waits for something that must happen.
const SOON: Duration = Duration::from_secs(30);

pub(super) fn waiters_wake(log: &Arc<dyn Log>) {
    let waiters: Vec<_> = (0..4)
        .map(|_| {
            let log = Arc::clone(log);
            thread::spawn(move || log.wait(rev(0), SOON))
        })
        .collect();
    put(&**log, "/a", "1");
    for waiter in waiters {
        assert_eq!(waiter.join().expect("the waiter ends"), rev(1));
    }
}

pub(super) fn subscribers_see(log: &Arc<dyn Log>) {
    let mut revisions = log.subscribe();
    assert_eq!(*revisions.borrow_and_update(), rev(0));
    put(&**log, "/a", "1");
    assert!(revisions.has_changed().expect("the log is open"));
    assert_eq!(*revisions.borrow_and_update(), rev(1));
    assert!(!revisions.has_changed().expect("the log is open"));
    assert_eq!(*log.subscribe().borrow(), rev(1));
}

/// Of many that create the same key, or update it from the same revision,
/// exactly one succeeds.
pub(super) fn one_of_many_wins(log: &Arc<dyn Log>) {
    const RACERS: usize = 8;
    for round in 0..5 {
        let start = Arc::new(Barrier::new(RACERS));
        let racers: Vec<_> = (0..RACERS)
            .map(|_| {
                let (log, start) = (Arc::clone(log), Arc::clone(&start));
                thread::spawn(move || {
                    let txn = Txn::new().when(key("/a"), rev(round)).put(key("/a"), "x");
                    start.wait();
                    log.txn(txn).expect("the transaction is legal")
                })
            })
            .collect();
        let won = |outcome: &TxnOutcome| matches!(outcome, TxnOutcome::Committed { .. });
        let outcomes = racers.into_iter().map(|r| r.join().expect("a racer"));
        assert_eq!(outcomes.filter(won).count(), 1);
    }
    assert_eq!(log.revision(), rev(5));
}

/// Revisions are handed out once each, a writer reads its own write, and the
/// history holds every write in the order of the revisions.
pub(super) fn many_writers_lose_nothing(log: &Arc<dyn Log>) {
    const WRITERS: u64 = 8;
    const WRITES: u64 = 25;
    let writers: Vec<_> = (0..WRITERS)
        .map(|writer| {
            let log = Arc::clone(log);
            thread::spawn(move || {
                let write = |n| {
                    let name = format!("/{writer}/{n}");
                    let revision = put(&*log, &name, "x");
                    let found = log.get(&key(&name)).expect("get").expect("my write");
                    assert_eq!(found.mod_revision, revision);
                    assert!(log.revision() >= revision);
                    (revision, name)
                };
                (0..WRITES).map(write).collect::<Vec<_>>()
            })
        })
        .collect();
    let mut all: Vec<(Revision, String)> = Vec::new();
    for writer in writers {
        all.extend(writer.join().expect("a writer"));
    }
    all.sort();
    let expected: Vec<_> = (1..)
        .zip(&all)
        .map(|(n, (_, k))| (rev(n), k.clone()))
        .collect();
    assert_eq!(all, expected);
    let events = log
        .events(&Prefix::all(), rev(1), usize::MAX)
        .expect("events");
    let events = events.into_iter().map(|e| (e.revision, e.key.to_string()));
    assert_eq!(events.collect::<Vec<_>>(), all);
}
