//! The laws every engine keeps: a test suite for implementors of [`Log`].
//!
//! Call [`all`] from a test of the engine. A law that does not hold panics
//! with its name in the backtrace; this is test code that others can link.
#![allow(
    clippy::expect_used,
    clippy::panic,
    reason = "a test suite, called from tests only"
)]

use std::sync::Arc;
use std::time::Duration;

use crate::{
    Change, Error, Item, Key, Limit, Log, MAX_BYTES, MAX_OPERATIONS, Order, Prefix, Revision, Txn,
    TxnOutcome,
};

mod concurrent;

/// Holds an engine to every law. `make` returns a new, empty log each time.
pub fn all(make: &dyn Fn() -> Arc<dyn Log>) {
    let laws: &[fn(&dyn Log)] = &[
        empty_log,
        puts_and_deletes,
        one_revision_for_each_txn,
        nothing_changed_makes_no_revision,
        compares,
        compares_see_the_state_before,
        refusals,
        limits_are_inclusive,
        ranges_in_key_order,
        ranges_at_a_revision,
        pages_from_both_ends,
        submitted_in_order,
        history_in_order,
        pages_keep_revisions_whole,
        compaction,
        compaction_keeps_creation,
        waiting_times_out,
    ];
    for law in laws {
        law(&*make());
    }
    concurrent::waiters_wake(&make());
    concurrent::subscribers_see(&make());
    concurrent::one_of_many_wins(&make());
    concurrent::many_writers_lose_nothing(&make());
}

fn key(text: &str) -> Key {
    Key::parse(text).expect("a legal key")
}

fn prefix(text: &str) -> Prefix {
    Prefix::parse(text).expect("a legal prefix")
}

fn rev(number: u64) -> Revision {
    Revision::new(number)
}

fn committed(log: &dyn Log, txn: Txn) -> Revision {
    match log.txn(txn).expect("the transaction is legal") {
        TxnOutcome::Committed { revision } => revision,
        TxnOutcome::Conflict { revision } => panic!("conflict at {revision}"),
    }
}

fn put(log: &dyn Log, name: &str, value: &str) -> Revision {
    committed(log, Txn::new().put(key(name), value))
}

fn delete(log: &dyn Log, name: &str) -> Revision {
    committed(log, Txn::new().delete(key(name)))
}

fn conflict(log: &dyn Log, txn: Txn) -> Revision {
    match log.txn(txn).expect("the transaction is legal") {
        TxnOutcome::Conflict { revision } => revision,
        TxnOutcome::Committed { revision } => panic!("committed at {revision}"),
    }
}

fn item(name: &str, value: &str, created: u64, modified: u64) -> Item {
    Item {
        key: key(name),
        value: value.into(),
        create_revision: rev(created),
        mod_revision: rev(modified),
    }
}

fn at(log: &dyn Log, revision: u64) -> Vec<Item> {
    let snapshot = log
        .range(&Prefix::all(), Some(rev(revision)))
        .expect("the revision is there");
    assert_eq!(snapshot.revision, rev(revision));
    snapshot.items
}

/// Events as text: `3 put /a=x`, `4 del /a`.
fn history(log: &dyn Log, under: &str, from: u64, limit: usize) -> Vec<String> {
    let events = log.events(&prefix(under), rev(from), limit);
    let events = events.expect("the history is there").into_iter();
    let text = events.map(|event| match event.change {
        Change::Put(value) => {
            let value = String::from_utf8(value).expect("text");
            format!("{} put {}={value}", event.revision, event.key)
        }
        Change::Delete => format!("{} del {}", event.revision, event.key),
    });
    text.collect()
}

fn empty_log(log: &dyn Log) {
    assert_eq!(log.revision(), Revision::ZERO);
    assert_eq!(log.get(&key("/a")).expect("get"), None);
    let snapshot = log.range(&Prefix::all(), None).expect("range");
    assert_eq!((snapshot.revision, snapshot.items), (rev(0), vec![]));
    assert_eq!(at(log, 0), []);
    assert!(history(log, "/", 0, 10).is_empty());
    assert!(history(log, "/", 99, 10).is_empty());
    log.compact(rev(0)).expect("nothing to do");
}

fn puts_and_deletes(log: &dyn Log) {
    assert_eq!(put(log, "/a", "x"), rev(1));
    assert_eq!(log.revision(), rev(1));
    assert_eq!(
        log.get(&key("/a")).expect("get"),
        Some(item("/a", "x", 1, 1))
    );
    put(log, "/a", "");
    assert_eq!(
        log.get(&key("/a")).expect("get"),
        Some(item("/a", "", 1, 2))
    );
    assert_eq!(delete(log, "/a"), rev(3));
    assert_eq!(log.get(&key("/a")).expect("get"), None);
    put(log, "/a", "z");
    assert_eq!(
        log.get(&key("/a")).expect("get"),
        Some(item("/a", "z", 4, 4))
    );
    let bytes: Vec<u8> = (0..=255).collect();
    committed(log, Txn::new().put(key("/b"), bytes.clone()));
    let found = log.get(&key("/b")).expect("get").expect("an item");
    assert_eq!(found.value, bytes);
}

fn one_revision_for_each_txn(log: &dyn Log) {
    put(log, "/c", "old");
    let txn = Txn::new().put(key("/b"), "2").put(key("/a"), "1");
    assert_eq!(committed(log, txn.delete(key("/c"))), rev(2));
    let expected = ["2 put /a=1", "2 put /b=2", "2 del /c"];
    assert_eq!(history(log, "/", 2, 10), expected);
    let snapshot = log.range(&Prefix::all(), None).expect("range");
    assert_eq!(snapshot.revision, rev(2));
    assert_eq!(
        snapshot.items,
        [item("/a", "1", 2, 2), item("/b", "2", 2, 2)]
    );
}

fn nothing_changed_makes_no_revision(log: &dyn Log) {
    assert_eq!(delete(log, "/a"), rev(0));
    put(log, "/a", "x");
    assert_eq!(delete(log, "/b"), rev(1));
    assert_eq!(log.revision(), rev(1));
    // The same value again is a change: its revision is what compares see.
    assert_eq!(put(log, "/a", "x"), rev(2));
    let txn = Txn::new().delete(key("/none")).delete(key("/a"));
    assert_eq!(committed(log, txn), rev(3));
    assert_eq!(history(log, "/", 3, 10), ["3 del /a"]);
}

fn compares(log: &dyn Log) {
    let create = || Txn::new().when_absent(key("/a")).put(key("/a"), "x");
    assert_eq!(committed(log, create()), rev(1));
    assert_eq!(conflict(log, create()), rev(1));
    let update = |seen| Txn::new().when(key("/a"), rev(seen)).put(key("/a"), "y");
    assert_eq!(committed(log, update(1)), rev(2));
    assert_eq!(conflict(log, update(1)), rev(2));
    assert_eq!(conflict(log, update(9)), rev(2));
    // All must hold; nothing is done in part.
    let half = Txn::new().when(key("/a"), rev(2)).when(key("/b"), rev(1));
    conflict(log, half.put(key("/c"), "z").delete(key("/a")));
    assert_eq!(log.get(&key("/c")).expect("get"), None);
    assert_eq!(log.revision(), rev(2));
    delete(log, "/a");
    assert_eq!(conflict(log, update(2)), rev(3));
    assert_eq!(committed(log, create()), rev(4));
}

fn compares_see_the_state_before(log: &dyn Log) {
    let twice = Txn::new().when_absent(key("/a")).when_absent(key("/a"));
    assert_eq!(committed(log, twice.put(key("/a"), "x")), rev(1));
    let contrary = Txn::new().when_absent(key("/a")).when(key("/a"), rev(1));
    conflict(log, contrary.put(key("/a"), "y"));
}

fn refusals(log: &dyn Log) {
    let only_compares = Txn::new().when_absent(key("/a"));
    for txn in [Txn::new(), only_compares] {
        assert!(matches!(log.txn(txn), Err(Error::EmptyTransaction)));
    }
    let a = || key("/a");
    let twice = [
        Txn::new().put(a(), "1").put(a(), "2"),
        Txn::new().put(a(), "1").delete(a()),
        Txn::new().delete(a()).delete(a()),
    ];
    for txn in twice {
        let refused = log.txn(txn);
        assert!(matches!(refused, Err(Error::DuplicateKey { key }) if key == a()));
    }
    let too_large = |txn: Txn, expected: Limit| match log.txn(txn) {
        Err(Error::TooLarge {
            limit,
            actual,
            allowed,
        }) => {
            assert_eq!(limit, expected);
            assert_eq!(actual, allowed + 1);
        }
        other => panic!("not refused: {other:?}"),
    };
    let many = || (0..=MAX_OPERATIONS).map(|n| key(&format!("/k/{n}")));
    too_large(many().fold(Txn::new(), Txn::delete), Limit::Operations);
    let compares = many().fold(Txn::new(), Txn::when_absent);
    too_large(compares.put(a(), "1"), Limit::Compares);
    too_large(Txn::new().put(a(), vec![0; MAX_BYTES - 1]), Limit::Bytes);
    assert_eq!(log.revision(), rev(0));
}

fn limits_are_inclusive(log: &dyn Log) {
    let many = || (0..MAX_OPERATIONS).map(|n| key(&format!("/k/{n}")));
    let txn = many().fold(Txn::new(), Txn::when_absent);
    assert_eq!(
        committed(log, many().fold(txn, |t, k| t.put(k, "v"))),
        rev(1)
    );
    let large = vec![7; MAX_BYTES - "/a".len()];
    assert_eq!(
        committed(log, Txn::new().put(key("/a"), large.clone())),
        rev(2)
    );
    let found = log.get(&key("/a")).expect("get").expect("an item");
    assert!(found.value == large);
    let segment = "s".repeat(511);
    let longest = format!("/{segment}");
    put(log, &longest, "x");
    assert!(log.get(&key(&longest)).expect("get").is_some());
}

fn ranges_in_key_order(log: &dyn Log) {
    // Bytes order '-' < '.' < '/' < '0' < ':' < '@' < 'A' < 'a'.
    let names = [
        "/v", "/v-", "/v./x", "/v/a", "/v/b/c", "/v/b0", "/v0", "/v:", "/w/a",
    ];
    for name in names.iter().rev() {
        put(log, name, "x");
    }
    let found = |under: &str| {
        let snapshot = log.range(&prefix(under), None).expect("range");
        assert_eq!(snapshot.revision, rev(9));
        let keys = snapshot.items.into_iter().map(|item| item.key.to_string());
        keys.collect::<Vec<_>>()
    };
    assert_eq!(found("/"), names);
    assert_eq!(found("/v/"), names[3..6]);
    assert_eq!(found("/v/b/"), names[4..5]);
    assert!(found("/none/").is_empty());
}

fn ranges_at_a_revision(log: &dyn Log) {
    put(log, "/a", "1");
    put(log, "/b", "1");
    put(log, "/a", "2");
    delete(log, "/b");
    put(log, "/b", "2");
    assert_eq!(at(log, 0), []);
    assert_eq!(at(log, 1), [item("/a", "1", 1, 1)]);
    assert_eq!(at(log, 2), [item("/a", "1", 1, 1), item("/b", "1", 2, 2)]);
    assert_eq!(at(log, 3), [item("/a", "2", 1, 3), item("/b", "1", 2, 2)]);
    assert_eq!(at(log, 4), [item("/a", "2", 1, 3)]);
    assert_eq!(at(log, 5), [item("/a", "2", 1, 3), item("/b", "2", 5, 5)]);
    let refused = log.range(&Prefix::all(), Some(rev(6)));
    assert!(matches!(
        refused,
        Err(Error::Future { asked, revision }) if asked == rev(6) && revision == rev(5)
    ));
}

fn pages_from_both_ends(log: &dyn Log) {
    for name in ["/a/1", "/a/2", "/a/3", "/a", "/b/1", "/a0/1"] {
        put(log, name, name);
    }
    delete(log, "/a/2");
    put(log, "/a/4", "/a/4");
    let page = |after: Option<&str>, order, limit| -> Vec<String> {
        let after = after.map(key);
        let items = log.page(&prefix("/a/"), after.as_ref(), order, limit);
        let items = items.expect("a page").into_iter();
        items.map(|item| item.key.as_str().to_owned()).collect()
    };
    assert_eq!(page(None, Order::Ascending, 9), ["/a/1", "/a/3", "/a/4"]);
    assert_eq!(page(Some("/a/1"), Order::Ascending, 1), ["/a/3"]);
    assert_eq!(page(None, Order::Descending, 2), ["/a/4", "/a/3"]);
    assert_eq!(page(Some("/a/3"), Order::Descending, 9), ["/a/1"]);
    assert_eq!(page(Some("/a/2"), Order::Descending, 9), ["/a/1"]);
    assert_eq!(page(Some("/a/1"), Order::Descending, 9), [""; 0]);
}

fn submitted_in_order(log: &dyn Log) {
    // Each is only possible after the one before it.
    let pending: Vec<_> = (0..200u64)
        .map(|number| {
            let txn = Txn::new().when(key("/chain"), rev(number));
            log.submit(txn.put(key("/chain"), number.to_string()))
        })
        .collect();
    for (number, pending) in (1..).zip(pending) {
        let outcome = pending.wait().expect("an outcome");
        assert_eq!(
            outcome,
            TxnOutcome::Committed {
                revision: rev(number)
            }
        );
    }
}

fn history_in_order(log: &dyn Log) {
    put(log, "/v/a", "1");
    put(log, "/w/a", "1");
    delete(log, "/v/a");
    let all = ["1 put /v/a=1", "2 put /w/a=1", "3 del /v/a"];
    assert_eq!(history(log, "/", 0, 10), all);
    assert_eq!(history(log, "/", 1, 10), all);
    assert_eq!(history(log, "/", 2, 10), all[1..]);
    assert_eq!(history(log, "/v/", 1, 10), [all[0], all[2]]);
    assert_eq!(history(log, "/v/", 2, 10), [all[2]]);
    assert!(history(log, "/", 4, 10).is_empty());
}

fn pages_keep_revisions_whole(log: &dyn Log) {
    put(log, "/a", "1");
    let three = Txn::new().put(key("/a"), "2").put(key("/b"), "2");
    committed(log, three.put(key("/w/c"), "2"));
    put(log, "/a", "3");
    for limit in [0, 1] {
        assert_eq!(history(log, "/", 1, limit), ["1 put /a=1"]);
    }
    let second = ["2 put /a=2", "2 put /b=2", "2 put /w/c=2"];
    for limit in 1..=3 {
        assert_eq!(history(log, "/", 2, limit), second);
    }
    assert_eq!(history(log, "/", 1, 2).len(), 4);
    assert_eq!(history(log, "/", 1, 4).len(), 4);
    assert_eq!(history(log, "/", 1, 5).len(), 5);
    assert_eq!(history(log, "/w/", 1, 1), second[2..]);
}

fn compaction(log: &dyn Log) {
    put(log, "/a", "1");
    put(log, "/b", "1");
    delete(log, "/b");
    put(log, "/a", "2");
    put(log, "/c", "1");
    let gone = |oldest: u64| {
        for old in 0..oldest {
            let range = log.range(&Prefix::all(), Some(rev(old)));
            let events = log.events(&Prefix::all(), rev(old), 9).map(drop);
            for refused in [range.map(drop), events] {
                assert!(
                    matches!(refused, Err(Error::Compacted { oldest: o }) if o == rev(oldest)),
                    "{old}: {refused:?}"
                );
            }
        }
    };
    log.compact(rev(3)).expect("compact");
    gone(3);
    assert_eq!(at(log, 3), [item("/a", "1", 1, 1)]);
    assert_eq!(at(log, 4), [item("/a", "2", 1, 4)]);
    let kept = ["3 del /b", "4 put /a=2", "5 put /c=1"];
    assert_eq!(history(log, "/", 3, 9), kept);
    // Again, or older, changes nothing; the future is refused.
    log.compact(rev(3)).expect("again");
    log.compact(rev(1)).expect("older");
    gone(3);
    let refused = log.compact(rev(6));
    assert!(matches!(refused, Err(Error::Future { asked, .. }) if asked == rev(6)));
    log.compact(rev(5)).expect("to the newest");
    gone(5);
    assert_eq!(at(log, 5), [item("/a", "2", 1, 4), item("/c", "1", 5, 5)]);
    assert_eq!(history(log, "/", 5, 9), kept[2..]);
    assert_eq!(log.revision(), rev(5));
    assert_eq!(put(log, "/b", "2"), rev(6));
    assert_eq!(
        log.get(&key("/b")).expect("get"),
        Some(item("/b", "2", 6, 6))
    );
}

fn compaction_keeps_creation(log: &dyn Log) {
    for value in ["1", "2", "3"] {
        put(log, "/a", value);
    }
    log.compact(rev(3)).expect("compact");
    assert_eq!(put(log, "/a", "4"), rev(4));
    assert_eq!(at(log, 3), [item("/a", "3", 1, 3)]);
    assert_eq!(at(log, 4), [item("/a", "4", 1, 4)]);
    let update = Txn::new().when(key("/a"), rev(4)).delete(key("/a"));
    assert_eq!(committed(log, update), rev(5));
    log.compact(rev(5)).expect("compact");
    assert_eq!(at(log, 5), []);
    assert_eq!(history(log, "/", 5, 9), ["5 del /a"]);
}

fn waiting_times_out(log: &dyn Log) {
    assert_eq!(log.wait(rev(0), Duration::from_millis(5)), rev(0));
    put(log, "/a", "1");
    assert_eq!(log.wait(rev(0), Duration::ZERO), rev(1));
    assert_eq!(log.wait(rev(1), Duration::ZERO), rev(1));
}
