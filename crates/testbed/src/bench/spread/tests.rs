//! Medians and percentiles of few, odd, even and no figures.

use super::*;

#[test]
fn a_median_of_odd_even_and_no_figures() {
    let spread = |figures: &[f64]| Spread::of(figures.iter().copied());
    assert_eq!(spread(&[]), None);
    assert_eq!(spread(&[f64::NAN]), None);
    assert_eq!(
        spread(&[3.0, 1.0, 9.0]).map(|s| (s.min, s.median, s.max)),
        Some((1.0, 3.0, 9.0))
    );
    assert_eq!(spread(&[4.0, 1.0, 2.0, 9.0]).map(|s| s.median), Some(3.0));
}

#[test]
fn percentiles_of_a_hundred() {
    let hundred: Vec<f64> = (1..=100).map(f64::from).collect();
    assert_eq!(percentile(&hundred, 0.5), 51.0);
    assert_eq!(percentile(&hundred, 0.99), 100.0);
    assert_eq!(percentile(&hundred, 1.0), 100.0);
    assert_eq!(percentile(&[], 0.5), 0.0);
}

#[test]
fn cells() {
    let figure = Spread::of([1.0, 2.0, 3.0]);
    assert_eq!(spread(figure, 1), "2.0 [1.0..3.0]");
    assert_eq!(median(figure, 0), "2");
    assert_eq!(spread(None, 1), "-");
}
