//! Figures over rounds: the middle one and how far the others are from it.

use serde::Serialize;

/// A median with the smallest and the largest.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Spread {
    /// The middle one (or the mean of the two middle ones).
    pub median: f64,
    /// The smallest.
    pub min: f64,
    /// The largest.
    pub max: f64,
}

impl Spread {
    /// Of these figures; `None` of none.
    pub fn of(figures: impl IntoIterator<Item = f64>) -> Option<Self> {
        let mut all: Vec<f64> = figures.into_iter().filter(|one| one.is_finite()).collect();
        all.sort_by(f64::total_cmp);
        let (min, max) = (*all.first()?, *all.last()?);
        let middle = all.len() / 2;
        let median = if all.len().is_multiple_of(2) {
            f64::midpoint(all[middle - 1], all[middle])
        } else {
            all[middle]
        };
        Some(Self { median, min, max })
    }
}

/// A cell of a table: the median, and the range in brackets; a dash for nothing.
#[must_use]
pub fn spread(figure: Option<Spread>, digits: usize) -> String {
    figure.map_or("-".to_owned(), |Spread { median, min, max }| {
        format!("{median:.digits$} [{min:.digits$}..{max:.digits$}]")
    })
}

/// A cell with the median alone.
#[must_use]
pub fn median(figure: Option<Spread>, digits: usize) -> String {
    figure.map_or("-".to_owned(), |one| format!("{:.digits$}", one.median))
}

/// The figure that this share of the sorted ones does not exceed; 0 of none.
#[must_use]
pub fn percentile(sorted: &[f64], share: f64) -> f64 {
    let last = sorted.len().saturating_sub(1);
    let index = (sorted.len() as f64 * share) as usize;
    sorted.get(index.min(last)).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests;
