//! A demand is met on its good side only, and never by what was not measured.

use super::*;

#[test]
fn a_limit_has_a_good_side() {
    let met = |found, limit| Verdict::new("it", found, limit).met;
    assert!(met(Some(2.0), Limit::AtLeast(2.0)));
    assert!(!met(Some(1.9), Limit::AtLeast(2.0)));
    assert!(met(Some(2.0), Limit::AtMost(2.0)));
    assert!(!met(Some(2.1), Limit::AtMost(2.0)));
    assert!(!met(None, Limit::AtMost(2.0)));
    assert!(!met(Some(f64::NAN), Limit::AtMost(2.0)));
}

#[test]
fn a_verdict_reads_well() {
    let text = |found| Verdict::new("speed", found, Limit::AtLeast(20.0)).to_string();
    assert_eq!(text(Some(31.4)), "met  speed >= 20.00: 31.40");
    assert_eq!(text(Some(3.0)), "MISS speed >= 20.00: 3.00");
    assert_eq!(text(None), "MISS speed >= 20.00: not measured");
}
