//! When a connection has had its time.

use super::super::tables::{FIN_ACKED, FIN_AWAITS, FIN_SENT, flow};
use super::{is_over, seconds_quiet};

const HERTZ: u64 = 250;

/// A record that saw its last packet so many seconds before `now`.
fn seen(now: u64, seconds: u64, packets: u64) -> flow {
    flow {
        last_seen: (now - seconds * HERTZ) as u32,
        idle_seconds: 350,
        packets,
        ..flow::default()
    }
}

#[test]
fn the_younger_side_counts() {
    // Just after the clock's low half has turned over, and far from it.
    for now in [u64::from(u32::MAX) + 10 * HERTZ, 1 << 40] {
        let over = |a, b| is_over(&seen(now, a, 1), Some(&seen(now, b, 1)), now, HERTZ);
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
    let over = |a: &flow, b: &flow| is_over(a, Some(b), now, HERTZ);
    assert!(over(&seen(now, 30, 1), &seen(now, 30, 0)));
    assert!(!over(&seen(now, 29, 1), &seen(now, 29, 0)));
    // A sender that goes on without an answer keeps its flow.
    assert!(!over(&seen(now, 0, 9), &seen(now, 60, 0)));
    let closing = |seconds| flow {
        closing: (FIN_SENT | FIN_AWAITS) as u8,
        ..seen(now, seconds, 1)
    };
    assert!(over(&closing(30), &closing(31)));
    // Half closed is open: the other side may send for as long as it likes.
    let said = |closing: u32| flow {
        closing: closing as u8,
        ..seen(now, 60, 1)
    };
    assert!(!over(&said(FIN_SENT), &said(FIN_AWAITS | FIN_ACKED)));
    assert!(is_over(&seen(now, 30, 1), None, now, HERTZ));
}

#[test]
fn a_packet_after_the_clock_was_read_is_no_age() {
    let now = 1 << 40;
    let flow = flow {
        last_seen: (now as u32).wrapping_add(3),
        ..flow::default()
    };
    assert_eq!(seconds_quiet(&flow, now, HERTZ), 0);
}
