//! What `preflight` refuses, and in which words.

use std::path::Path;

use super::preflight_with;

#[test]
fn a_user_without_root_is_told_of_no_dataplane() {
    let error = preflight_with(false, "6.18.0", Path::new("/")).unwrap_err();
    assert!(error.to_string().contains("--no-dataplane"), "{error}");
}

#[test]
fn an_old_kernel_is_named() {
    let error = preflight_with(true, "6.1.0-13-amd64", Path::new("/")).unwrap_err();
    assert!(error.to_string().contains("6.1.0-13-amd64"), "{error}");
}

#[test]
fn missing_btf_is_named_with_its_path() {
    let error = preflight_with(true, "6.18.44", Path::new("/nonexistent/btf")).unwrap_err();
    assert!(error.to_string().contains("/nonexistent/btf"), "{error}");
}

#[test]
fn a_fit_machine_passes() {
    preflight_with(true, "6.6", Path::new("/")).unwrap();
}

#[test]
fn the_models_bounds_are_the_tables() {
    use super::tables;
    use model::host;
    for entries in [
        tables::MAX_ENIS - 1, // the uplink's
        tables::MAX_GATES,
        tables::MAX_LISTENERS,
    ] {
        assert_eq!(entries, host::MAX_SLOTS);
    }
    assert_eq!(tables::MAX_TARGETS as usize, host::MAX_TARGETS);
    assert_eq!(tables::GROUPS_PER_ENI as usize, host::MAX_GROUPS_PER_ENI);
    assert_eq!(tables::RULES_PER_LIST as usize, host::MAX_RULES_PER_GROUP);
}
