//! The same random operations on Memory and on Sqlite have equal answers, also
//! after Sqlite is closed and opened again.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use ginnel_revlog::{Key, Log, Memory, Prefix, Revision, SqliteLog, Txn, check};
use proptest::prelude::*;
use tempfile::TempDir;

#[derive(Clone, Debug)]
enum Op {
    Txn {
        compares: Vec<(usize, u64)>,
        /// Compare with what the key has, so that it holds.
        honest: Vec<usize>,
        puts: Vec<(usize, Vec<u8>)>,
        deletes: Vec<usize>,
    },
    Range(usize, Option<u64>),
    Get(usize),
    Events(usize, u64, usize),
    Compact(u64),
    Reopen,
}

const KEYS: [&str; 6] = ["/a", "/a/b", "/a/c", "/a-b", "/b", "/b/x/y"];
const PREFIXES: [&str; 4] = ["/", "/a/", "/b/", "/b/x/"];

fn op() -> impl Strategy<Value = Op> {
    let key = 0..KEYS.len();
    let prefix = 0..PREFIXES.len();
    let value = proptest::collection::vec(any::<u8>(), 0..4);
    let txn = (
        proptest::collection::vec((key.clone(), 0..20u64), 0..2),
        proptest::collection::vec(key.clone(), 0..3),
        proptest::collection::vec((key.clone(), value), 0..3),
        proptest::collection::vec(key.clone(), 0..3),
    );
    let some_txn = txn.prop_map(|(compares, honest, puts, deletes)| Op::Txn {
        // Half of all transactions have only compares that hold.
        compares: if puts.len() % 2 == 0 {
            compares
        } else {
            vec![]
        },
        honest,
        puts,
        deletes,
    });
    let at = proptest::option::of(0..30u64);
    prop_oneof![
        8 => some_txn,
        2 => (prefix.clone(), at).prop_map(|(p, at)| Op::Range(p, at)),
        1 => key.prop_map(Op::Get),
        2 => (prefix, 0..30u64, 0..8usize).prop_map(|(p, f, l)| Op::Events(p, f, l)),
        1 => (0..30u64).prop_map(Op::Compact),
        1 => Just(Op::Reopen),
    ]
}

fn key(n: usize) -> Key {
    Key::parse(KEYS[n]).unwrap()
}

fn prefix(n: usize) -> Prefix {
    Prefix::parse(PREFIXES[n]).unwrap()
}

/// The answer as text: errors of callers are the same in every engine.
fn answer(log: &dyn Log, op: &Op) -> String {
    match op {
        Op::Txn {
            compares,
            honest,
            puts,
            deletes,
        } => {
            let mut txn = Txn::new();
            for (k, revision) in compares {
                txn = txn.when(key(*k), Revision::new(*revision));
            }
            for k in honest {
                let seen = log.get(&key(*k)).unwrap();
                txn = txn.when(key(*k), seen.map_or(Revision::ZERO, |i| i.mod_revision));
            }
            for (k, value) in puts {
                txn = txn.put(key(*k), value.clone());
            }
            txn = deletes.iter().fold(txn, |txn, k| txn.delete(key(*k)));
            format!("{:?}", log.txn(txn))
        }
        Op::Range(p, at) => format!("{:?}", log.range(&prefix(*p), at.map(Revision::new))),
        Op::Get(k) => format!("{:?}", log.get(&key(*k))),
        Op::Events(p, from, limit) => {
            let events = log.events(&prefix(*p), Revision::new(*from), *limit);
            format!("{events:?}")
        }
        Op::Compact(at) => format!("{:?}", log.compact(Revision::new(*at))),
        Op::Reopen => String::new(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn sqlite_answers_like_memory(ops in proptest::collection::vec(op(), 1..60)) {
        let dir = TempDir::new().unwrap();
        let memory = Memory::new();
        let mut sqlite = SqliteLog::open(dir.path()).unwrap();
        for op in &ops {
            if let Op::Reopen = op {
                drop(sqlite);
                sqlite = SqliteLog::open(dir.path()).unwrap();
            }
            prop_assert_eq!(answer(&memory, op), answer(&sqlite, op), "{:?}", op);
            prop_assert_eq!(memory.revision(), sqlite.revision());
        }
        let report = check(dir.path()).unwrap();
        prop_assert!(report.problems.is_empty(), "{:?}", report);
        let all = memory.range(&Prefix::all(), None).unwrap();
        prop_assert_eq!(report.revision, all.revision);
        prop_assert_eq!(report.keys, all.items.len() as u64);
        // The history that is left is exactly what the model kept, and what
        // older puts the current state needs.
        let oldest = (0..).map(Revision::new).find(|at| {
            memory.range(&Prefix::all(), Some(*at)).is_ok()
        }).unwrap();
        let kept = memory.events(&Prefix::all(), oldest, usize::MAX).unwrap();
        let base = memory.range(&Prefix::all(), Some(oldest)).unwrap();
        let older = base.items.iter().filter(|i| i.mod_revision < oldest).count();
        prop_assert_eq!(report.events, (kept.len() + older) as u64);
    }
}
