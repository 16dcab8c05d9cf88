//! An ENI that was attached is ready.

use std::time::{Duration, Instant};

use super::lab::*;
use super::sockets::*;

/// A lost packet (an ARP request at that) is sent again after a second. On a busy machine one of
/// eight was lost.
#[test]
fn the_first_packet_of_a_fresh_eni_is_not_lost() {
    if !testbed::usable() {
        return;
    }
    let mut lab = Vpc::new(&[A1, A2]);
    for _ in 0..8 {
        lab.renew(A2);
        let began = Instant::now();
        assert!(ping(lab.ns(A2), A1.ip));
        let took = began.elapsed();
        assert!(took < Duration::from_millis(800), "{took:?}");
        assert!(ping(lab.ns(A2), A1.ip6()));
    }
}
