//! Hashes and ports, worked out apart from this code: the ENIs' program must come to the same.

use alloc::vec::Vec;

use super::lab::ip;
use crate::walk::Tuple;
use crate::walk::nat::{hash, ports};

#[test]
#[cfg(target_endian = "little")]
fn hashes_are_what_they_should_be() {
    let icmp_echo = 1 | 8 << 8;
    for (seed, (saddr, daddr), (sport, dport), word, wanted, first) in [
        (
            7,
            ("10.0.1.10", "10.0.2.100"),
            (4_000, 80),
            6,
            0x4220_c265,
            [53_159, 61_078, 4_485],
        ),
        (
            0xdead_beef,
            ("fd00:1::a", "fd00:1::100"),
            (4_000, 80),
            17,
            0xf2f8_c71a,
            [40_007, 47_926, 55_845],
        ),
        (
            1,
            ("10.0.1.10", "8.8.8.8"),
            (4_000, 0),
            icmp_echo,
            0xaafe_8850,
            [52_360, 60_279, 3_686],
        ),
    ] {
        let tuple = Tuple {
            saddr: ip(saddr),
            daddr: ip(daddr),
            sport,
            dport,
            word,
        };
        let found = hash(seed, &tuple);
        assert_eq!(found, wanted, "{tuple}");
        let all: Vec<u16> = ports(found).collect();
        assert_eq!(all.len(), 16);
        assert_eq!(all[..3], first);
    }
}
