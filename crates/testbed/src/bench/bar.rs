//! A demand on a figure.

use std::fmt;

use serde::Serialize;

/// Which side of a figure is the good one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Limit {
    /// This or more.
    AtLeast(f64),
    /// This or less.
    AtMost(f64),
}

/// One demand and whether it was met.
#[derive(Debug, Clone, Serialize)]
pub struct Verdict {
    /// The demand in words.
    pub demand: String,
    /// The median that was found; none when it was not measured.
    pub found: Option<f64>,
    /// Whether it was met. Not measured is not met.
    pub met: bool,
}

impl Verdict {
    /// Holds a figure against its limit.
    #[must_use]
    pub fn new(what: &str, found: Option<f64>, limit: Limit) -> Self {
        let (sign, bound) = match limit {
            Limit::AtLeast(bound) => (">=", bound),
            Limit::AtMost(bound) => ("<=", bound),
        };
        let met = found.is_some_and(|found| match limit {
            Limit::AtLeast(bound) => found >= bound,
            Limit::AtMost(bound) => found <= bound,
        });
        Self {
            demand: format!("{what} {sign} {bound:.2}"),
            found,
            met,
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = if self.met { "met " } else { "MISS" };
        let found = self
            .found
            .map_or("not measured".to_owned(), |found| format!("{found:.2}"));
        write!(f, "{word} {}: {found}", self.demand)
    }
}

#[cfg(test)]
mod tests;
