//! When a connection has had its time.

use super::super::tables::{FIN_ACKED, FIN_AWAITS, FIN_SENT, clock, track};
use super::Clock;
use super::is_over;

const HERTZ: u64 = 250;

/// A clock that shows so many jiffies.
fn at(now: u64) -> Clock {
    let reading = |jiffies, nanoseconds| clock {
        jiffies,
        nanoseconds,
    };
    let mut it = Clock::default();
    it.read(reading(now - HERTZ, 0));
    it.read(reading(now, 1_000_000_000));
    it
}

/// A record that saw its last packet so many seconds before `now`.
fn seen(now: u64, seconds: u64, packets: u64) -> track {
    track {
        last_seen: (now - seconds * HERTZ) as u32,
        idle_seconds: 350,
        packets,
        ..track::default()
    }
}

#[test]
fn the_younger_side_counts() {
    // Just after the clock's low half has turned over, and far from it.
    for now in [u64::from(u32::MAX) + 10 * HERTZ, 1 << 40] {
        let over = |a, b| is_over(&seen(now, a, 1), Some(&seen(now, b, 1)), &at(now));
        assert!(over(350, 350));
        assert!(over(400, 351));
        assert!(!over(400, 349));
        assert!(!over(349, 400));
        assert!(!over(0, 0));
    }
}

#[test]
fn what_was_never_answered_or_is_closing_goes_early() {
    let now = 1 << 40;
    let over = |a: &track, b: &track| is_over(a, Some(b), &at(now));
    assert!(over(&seen(now, 30, 1), &seen(now, 30, 0)));
    assert!(!over(&seen(now, 29, 1), &seen(now, 29, 0)));
    // A sender that goes on without an answer keeps its flow.
    assert!(!over(&seen(now, 0, 9), &seen(now, 60, 0)));
    let closing = |seconds| track {
        closing: (FIN_SENT | FIN_AWAITS) as u8,
        ..seen(now, seconds, 1)
    };
    assert!(over(&closing(30), &closing(31)));
    // Half closed is open: the other side may send for as long as it likes.
    let said = |closing: u32| track {
        closing: closing as u8,
        ..seen(now, 60, 1)
    };
    assert!(!over(&said(FIN_SENT), &said(FIN_AWAITS | FIN_ACKED)));
    assert!(is_over(&seen(now, 30, 1), None, &at(now)));
}
