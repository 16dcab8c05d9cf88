//! The committer over a log that fails in every way that a log may.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws::Fault;
use model::account::{Account, AccountId};
use model::host::GroupSlot;
use model::id::{SecurityGroupId, VpcId};
use model::security_group::SecurityGroup;
use model::time::Millis;
use model::world::{Change, Name, World};
use revlog::{
    Error, Event, Item, Key, Log, Memory, Order, Prefix, Revision, Snapshot, Txn, TxnOutcome,
};
use tokio::sync::watch;

use super::Committer;
use crate::feed;

/// How the next transaction ends.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Next {
    Well,
    /// An error, and nothing is written.
    Fails,
    /// Written, and an error.
    InDoubt,
    Conflict,
}

struct Faulty {
    memory: Memory,
    next: Mutex<Next>,
    unreadable: AtomicBool,
}

fn broken() -> Error {
    Error::Closed {
        path: "/store".into(),
    }
}

impl Log for Faulty {
    fn txn(&self, txn: Txn) -> Result<TxnOutcome, Error> {
        match std::mem::replace(&mut *self.next.lock().unwrap(), Next::Well) {
            Next::Well => self.memory.txn(txn),
            Next::Fails => Err(broken()),
            Next::InDoubt => self.memory.txn(txn).and(Err(broken())),
            Next::Conflict => Ok(TxnOutcome::Conflict {
                revision: self.memory.revision(),
            }),
        }
    }

    fn range(&self, prefix: &Prefix, at: Option<Revision>) -> Result<Snapshot, Error> {
        if self.unreadable.load(Ordering::SeqCst) {
            return Err(broken());
        }
        self.memory.range(prefix, at)
    }

    fn page(
        &self,
        prefix: &Prefix,
        after: Option<&Key>,
        order: Order,
        limit: usize,
    ) -> Result<Vec<Item>, Error> {
        self.memory.page(prefix, after, order, limit)
    }

    fn get(&self, key: &Key) -> Result<Option<Item>, Error> {
        self.memory.get(key)
    }

    fn events(&self, prefix: &Prefix, from: Revision, limit: usize) -> Result<Vec<Event>, Error> {
        self.memory.events(prefix, from, limit)
    }

    fn revision(&self) -> Revision {
        self.memory.revision()
    }

    fn wait(&self, after: Revision, timeout: Duration) -> Revision {
        self.memory.wait(after, timeout)
    }

    fn subscribe(&self) -> watch::Receiver<Revision> {
        self.memory.subscribe()
    }

    fn compact(&self, at: Revision) -> Result<(), Error> {
        self.memory.compact(at)
    }
}

/// A committer with one account in its World.
fn start() -> (Arc<Faulty>, Committer) {
    let log = Arc::new(Faulty {
        memory: Memory::new(),
        next: Mutex::new(Next::Well),
        unreadable: AtomicBool::new(false),
    });
    let committer = Committer::new(log.clone(), true).unwrap();
    put(&committer, 1).unwrap();
    (log, committer)
}

fn id(number: u64) -> AccountId {
    AccountId::random(number)
}

fn account(number: u64) -> Change {
    let account = Account {
        id: id(number),
        name: number.to_string(),
        operator: false,
        created: Millis(0),
    };
    account.into()
}

/// Commits without a record.
fn commit<R>(
    committer: &Committer,
    decide: impl FnOnce(&World, u64) -> Result<(R, Vec<Change>), Fault>,
) -> Result<R, Fault> {
    committer.commit(decide, |_| Vec::new())
}

/// Writes an account; the revision that it was promised.
fn put(committer: &Committer, number: u64) -> Result<u64, Fault> {
    commit(committer, |_, revision| {
        Ok((revision, vec![account(number)]))
    })
}

fn same(log: &Faulty, committer: &Committer) {
    assert_eq!(*committer.world(), feed::read(&log.memory).unwrap().0);
}

#[test]
fn a_write_is_published_as_the_log_has_it() {
    let (log, committer) = start();
    let mut worlds = committer.subscribe();
    assert_eq!(put(&committer, 2).unwrap(), 2);
    assert!(worlds.has_changed().unwrap());
    assert_eq!(worlds.borrow_and_update().revision, 2);
    same(&log, &committer);
    let gone = Change::Remove(Name::Account(id(2)));
    commit(&committer, |_, _| Ok(((), vec![gone]))).unwrap();
    assert_eq!(committer.world().accounts.size(), 1);
    same(&log, &committer);
}

#[test]
fn a_write_that_failed_did_not_happen() {
    for next in [Next::Fails, Next::Conflict] {
        let (log, committer) = start();
        let before = committer.world();
        *log.next.lock().unwrap() = next;
        let fault = put(&committer, 2).unwrap_err();
        assert_eq!(fault.code, "ServiceUnavailable", "{next:?}");
        assert_eq!(committer.world(), before);
        same(&log, &committer);
        assert_eq!(put(&committer, 2).unwrap(), 2);
    }
}

#[test]
fn after_a_write_in_doubt_the_world_is_the_logs() {
    let (log, committer) = start();
    *log.next.lock().unwrap() = Next::InDoubt;
    assert!(put(&committer, 2).is_err());
    assert!(committer.world().accounts.contains_key(&id(2)));
    same(&log, &committer);
    assert_eq!(put(&committer, 3).unwrap(), 3);
    same(&log, &committer);
}

#[test]
fn in_doubt_nothing_is_decided_until_the_log_can_be_read() {
    let (log, committer) = start();
    *log.next.lock().unwrap() = Next::InDoubt;
    log.unreadable.store(true, Ordering::SeqCst);
    assert!(put(&committer, 2).is_err());
    // What is known to be there stays readable; what is in doubt is not shown.
    assert_eq!(committer.world().revision, 1);
    let decided = commit(&committer, |_, _| -> Result<((), _), Fault> {
        panic!("on an old World")
    });
    assert_eq!(decided.unwrap_err().code, "ServiceUnavailable");
    assert_eq!(log.revision().get(), 2);
    log.unreadable.store(false, Ordering::SeqCst);
    let seen = commit(&committer, |world, revision| {
        assert!(world.accounts.contains_key(&id(2)));
        Ok((revision, vec![account(3)]))
    });
    assert_eq!(seen.unwrap(), 3);
    same(&log, &committer);
}

/// A group of a VPC that is not there.
fn group(slot: u32) -> SecurityGroup {
    SecurityGroup {
        id: SecurityGroupId::new(1),
        owner: id(1),
        vpc: VpcId::new(1),
        name: "g".into(),
        description: "g".into(),
        slot: GroupSlot(slot),
        rules: Vec::new(),
        tags: Default::default(),
    }
}

#[test]
fn what_is_refused_writes_nothing() {
    let (log, committer) = start();
    let mut worlds = committer.subscribe();
    worlds.mark_unchanged();
    let wrong = [
        (vec![account(2), group(1).into()], "InternalError"),
        (
            vec![group(model::host::MAX_SLOTS).into()],
            "InsufficientCapacity",
        ),
        ((2..200).map(account).collect(), "RequestLimitExceeded"),
    ];
    for (changes, code) in wrong {
        let fault = commit(&committer, |_, _| Ok(((), changes))).unwrap_err();
        assert_eq!(fault.code, code, "{}", fault.message);
    }
    let refused = commit(&committer, |_, _| -> Result<((), _), Fault> {
        Err(Fault::bad_request("Mine", "no"))
    });
    assert_eq!(refused.unwrap_err().code, "Mine");
    assert_eq!(log.revision().get(), 1);
    assert!(!worlds.has_changed().unwrap());
    same(&log, &committer);
}

#[test]
fn what_changes_nothing_writes_nothing() {
    let (log, committer) = start();
    let worlds = committer.subscribe();
    assert_eq!(commit(&committer, |_, _| Ok((7, Vec::new()))).unwrap(), 7);
    // Removing what is absent is fine, and makes no revision.
    let gone = Change::Remove(Name::Account(id(9)));
    assert_eq!(commit(&committer, |_, _| Ok((8, vec![gone]))).unwrap(), 8);
    assert_eq!(log.revision().get(), 1);
    assert!(!worlds.has_changed().unwrap());
    assert_eq!(put(&committer, 2).unwrap(), 2);
    same(&log, &committer);
}

#[test]
fn each_of_many_writers_has_its_own_revision() {
    let (log, committer) = start();
    let mut revisions = std::thread::scope(|scope| {
        let writer = |from: u64| {
            let committer = &committer;
            move || {
                (from..from + 25)
                    .map(|n| put(committer, n).unwrap())
                    .collect::<Vec<_>>()
            }
        };
        let threads = [100, 200, 300, 400].map(|from| scope.spawn(writer(from)));
        threads.map(|thread| thread.join().unwrap()).concat()
    });
    revisions.sort_unstable();
    assert_eq!(revisions, (2..=101).collect::<Vec<_>>());
    assert_eq!(committer.world().accounts.size(), 101);
    same(&log, &committer);
}

#[test]
fn a_panic_while_deciding_stops_nobody() {
    let (log, committer) = start();
    let decide = || {
        commit(&committer, |_, _| -> Result<((), _), Fault> {
            panic!("a handler's")
        })
    };
    assert!(std::panic::catch_unwind(std::panic::AssertUnwindSafe(decide)).is_err());
    assert_eq!(put(&committer, 2).unwrap(), 2);
    same(&log, &committer);
}

/// Writes an account with a record of its number.
fn recorded(committer: &Committer, number: u64) -> Result<(), Fault> {
    committer.commit(
        |_, _| Ok(((), vec![account(number)])),
        |outcome| vec![format!("{{\"n\":{number},\"ok\":{}}}", outcome.is_ok())],
    )
}

fn records(log: &Faulty) -> Vec<String> {
    let mut records = Vec::new();
    crate::audit::offline::export(&log.memory, |record| records.push(record.to_owned())).unwrap();
    records
}

#[test]
fn a_record_is_there_exactly_when_its_effect_is() {
    let (log, committer) = start();
    recorded(&committer, 2).unwrap();
    *log.next.lock().unwrap() = Next::Fails;
    recorded(&committer, 3).unwrap_err();
    *log.next.lock().unwrap() = Next::InDoubt;
    recorded(&committer, 4).unwrap_err();
    recorded(&committer, 5).unwrap();
    let wrong = committer.commit(
        |_, _| Ok(((), vec![group(1).into()])),
        |outcome| vec![format!("{{\"refused\":{}}}", outcome.is_err())],
    );
    wrong.unwrap_err();
    assert_eq!(
        records(&log),
        [
            "{\"n\":2,\"ok\":true}",
            "{\"n\":4,\"ok\":true}",
            "{\"n\":5,\"ok\":true}",
            "{\"refused\":true}"
        ]
    );
    assert!(!committer.world().accounts.contains_key(&id(3)));
    same(&log, &committer);
}

#[test]
fn records_of_reads_share_the_next_transaction_and_survive_its_failure() {
    let (log, committer) = start();
    committer.note("\"read\"".into()).unwrap();
    assert!(records(&log).is_empty());
    *log.next.lock().unwrap() = Next::Fails;
    recorded(&committer, 2).unwrap_err();
    assert!(records(&log).is_empty());
    recorded(&committer, 3).unwrap();
    assert_eq!(records(&log), ["\"read\"", "{\"n\":3,\"ok\":true}"]);
    committer.note("\"late\"".into()).unwrap();
    let mut worlds = committer.subscribe();
    worlds.mark_unchanged();
    committer.flush().unwrap();
    assert_eq!(records(&log).last().unwrap(), "\"late\"");
    // Hosts need not hear of it.
    assert!(!worlds.has_changed().unwrap());
    same(&log, &committer);
}

#[test]
fn what_was_decided_on_a_world_that_the_log_never_got_is_not_written() {
    let (log, committer) = start();
    recorded(&committer, 2).unwrap();
    // Somebody else's hand: the trail no longer ends where the committer thinks.
    let trail = crate::audit::trail::Trail::read(&log.memory).unwrap();
    let foreign = ["\"foreign\"".to_owned()];
    let (txn, _) = trail.extend(Txn::new(), foreign.iter(), 3).unwrap();
    let _ = log.memory.txn(txn).unwrap();
    assert_eq!(
        recorded(&committer, 3).unwrap_err().code,
        "ServiceUnavailable"
    );
    assert!(
        !feed::read(&log.memory)
            .unwrap()
            .0
            .accounts
            .contains_key(&id(3))
    );
    // It has read the log since.
    recorded(&committer, 3).unwrap();
    assert_eq!(records(&log).len(), 3);
    same(&log, &committer);
}

#[test]
fn the_oldest_records_are_forgotten_and_the_chain_still_holds() {
    let (log, committer) = start();
    for number in 2..200 {
        recorded(&committer, number).unwrap();
    }
    committer.tidy(10, "").unwrap();
    let left = records(&log);
    assert_eq!(left.len(), 10);
    assert_eq!(left[0], "{\"n\":190,\"ok\":true}");
    recorded(&committer, 200).unwrap();
    assert_eq!(records(&log).len(), 11);
    committer.tidy(0, "").unwrap();
    assert_eq!(records(&log), ["{\"n\":200,\"ok\":true}"]);
    recorded(&committer, 201).unwrap();
    same(&log, &committer);
}

#[test]
fn a_reset_leaves_nothing_but_the_trail() {
    let (log, committer) = start();
    for number in 2..300 {
        recorded(&committer, number).unwrap();
    }
    committer.reset(vec!["\"reset\"".into()]).unwrap();
    assert!(committer.world().accounts.is_empty());
    assert_eq!(records(&log).len(), 299);
    recorded(&committer, 7).unwrap();
    same(&log, &committer);
    // Also one that leaves no record.
    committer.reset(Vec::new()).unwrap();
    assert!(committer.world().accounts.is_empty());
    recorded(&committer, 8).unwrap();
    same(&log, &committer);
}
