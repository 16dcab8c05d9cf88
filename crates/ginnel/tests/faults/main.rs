//! The table of faults: each misconfiguration is made through the API, met with real packets, and
//! mended again. What the client saw, what `ginnel observe` says and what is counted is
//! docs/faults.md.
//!
//! `GINNEL_WRITE=1` writes that file; otherwise it must be what is seen.

#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod room;
mod scenes;
mod table;

use std::path::Path;

#[test]
fn the_table_of_faults_is_what_is_seen() {
    if !testbed::usable() {
        return;
    }
    let seen = table::text(&scenes::all());
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/faults.md");
    if std::env::var_os("GINNEL_WRITE").is_some() {
        std::fs::write(&path, &seen).unwrap();
        return;
    }
    let known = std::fs::read_to_string(&path).unwrap_or_default();
    for (seen, known) in seen.lines().zip(known.lines()) {
        assert_eq!(
            seen, known,
            "docs/faults.md: GINNEL_WRITE=1 writes what is seen"
        );
    }
    assert_eq!(seen, known);
}
