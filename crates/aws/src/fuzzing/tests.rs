//! The corpora and the past findings of the fuzz targets, replayed.

use std::path::PathBuf;

use super::{bodies, query, sigv4};

/// Replays a folder of `/fuzz`; returns how many files there were and how many got through.
fn replay(folder: &str, target: fn(&[u8]) -> bool) -> (usize, usize) {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../fuzz");
    let files = std::fs::read_dir(root.join(folder)).expect("a folder of /fuzz");
    let (mut all, mut through) = (0, 0);
    for file in files {
        let path = file.expect("an entry").path();
        if path.file_name().is_some_and(|name| name == ".gitkeep") {
            continue;
        }
        let data = std::fs::read(&path).expect("a file");
        let outcome = std::panic::catch_unwind(|| target(&data));
        let through_now = outcome.unwrap_or_else(|_| panic!("a property is broken: {path:?}"));
        all += 1;
        through += usize::from(through_now);
    }
    (all, through)
}

#[test]
fn every_request_of_the_corpora_gets_through() {
    for (folder, target, least) in [
        ("corpus/query", query as fn(&[u8]) -> bool, 30),
        ("corpus/sigv4", sigv4, 10),
        ("corpus/bodies", bodies, 18),
    ] {
        let (all, through) = replay(folder, target);
        assert!(all >= least, "{folder} has {all} files");
        assert_eq!(all, through, "{folder}");
    }
}

#[test]
fn what_was_found_stays_found() {
    replay("regressions/query", query);
    replay("regressions/sigv4", sigv4);
    replay("regressions/bodies", bodies);
}
