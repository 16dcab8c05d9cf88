//! What the benchmarks share: spreads over rounds, bars, the machine, and a clean end.

mod bar;
mod interrupt;
mod machine;
mod spread;

pub use bar::{Limit, Verdict};
pub use interrupt::Interrupt;
pub use machine::Machine;
pub use spread::{Spread, median, percentile, spread};
