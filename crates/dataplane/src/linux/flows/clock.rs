//! The kernel's clock: records hold the low half of jiffies, whose rate no program tells.

use std::time::{SystemTime, UNIX_EPOCH};

use super::super::tables;

/// What kernels are built with (CONFIG_HZ).
const RATES: [u64; 4] = [100, 250, 300, 1_000];
/// Jiffies begin so many seconds before the turn of their low half (INITIAL_JIFFIES).
const BEFORE_TURN: u64 = 300;
const NANOSECONDS: u64 = 1_000_000_000;

/// The last reading, and the rate.
#[derive(Debug, Default)]
pub(super) struct Clock {
    first: Option<tables::clock>,
    now: tables::clock,
    wall_ms: i64,
    hertz: u64,
}

impl Clock {
    pub(super) fn read(&mut self, now: tables::clock) {
        let wall = SystemTime::now().duration_since(UNIX_EPOCH);
        self.wall_ms = wall.map_or(0, |it| i64::try_from(it.as_millis()).unwrap_or(i64::MAX));
        let first = *self.first.get_or_insert(now);
        self.now = now;
        let passed = now.nanoseconds.saturating_sub(first.nanoseconds);
        let ticks = now.jiffies.saturating_sub(first.jiffies);
        self.hertz = if passed >= NANOSECONDS / 2 {
            nearest(|rate| {
                (u128::from(rate) * u128::from(passed) / u128::from(NANOSECONDS))
                    .abs_diff(ticks.into())
            })
        } else {
            // Since boot, then: less exact only about the turn itself.
            nearest(|rate| {
                let up = u128::from(rate) * u128::from(now.nanoseconds) / u128::from(NANOSECONDS);
                (up + (1 << 32)).abs_diff(u128::from(now.jiffies) + u128::from(BEFORE_TURN * rate))
            })
        };
    }

    /// Seconds since a time in the past.
    pub(super) fn seconds_quiet(&self, last_seen: u32) -> u64 {
        self.ticks_since(last_seen) / self.hertz.max(1)
    }

    /// A time in the past, in milliseconds since 1970.
    pub(super) fn wall_ms(&self, seen: u32) -> i64 {
        let ago = self.ticks_since(seen) * 1_000 / self.hertz.max(1);
        self.wall_ms - i64::try_from(ago).unwrap_or_default()
    }

    fn ticks_since(&self, seen: u32) -> u64 {
        // The low half; flows are far younger than its turn.
        let ticks = (self.now.jiffies as u32).wrapping_sub(seen);
        // A packet may have come after the reading.
        u64::from(if ticks > u32::MAX / 2 { 0 } else { ticks })
    }
}

fn nearest(distance: impl Fn(u64) -> u128) -> u64 {
    let best = RATES.into_iter().min_by_key(|rate| distance(*rate));
    best.unwrap_or(250)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reading(hertz: u64, seconds: u64) -> tables::clock {
        tables::clock {
            jiffies: (1u64 << 32).wrapping_sub(BEFORE_TURN * hertz) + hertz * seconds,
            nanoseconds: NANOSECONDS * seconds,
        }
    }

    #[test]
    fn the_rate_is_known_from_the_first_reading() {
        for hertz in RATES {
            for up in [1, 40, 3_600, 10_000_000] {
                let mut clock = Clock::default();
                clock.read(reading(hertz, up));
                assert_eq!(clock.hertz, hertz, "{up} s after boot");
                let seen = reading(hertz, up).jiffies.wrapping_sub(40 * hertz) as u32;
                assert_eq!(clock.seconds_quiet(seen), 40);
                assert_eq!(clock.wall_ms - clock.wall_ms(seen), 40_000);
            }
        }
    }

    #[test]
    fn what_comes_after_the_reading_is_not_old() {
        let mut clock = Clock::default();
        clock.read(reading(250, 100));
        let later = reading(250, 101).jiffies as u32;
        assert_eq!(clock.seconds_quiet(later), 0);
    }
}
