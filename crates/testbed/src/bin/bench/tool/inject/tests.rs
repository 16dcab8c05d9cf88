//! A frame whose ports were changed is the one that would have been made with them.

use std::net::{Ipv4Addr, SocketAddrV4};

use super::*;
use crate::testbed::packet::{self, Macs, Tcp};

const MACS: Macs = Macs {
    from: [2; 6],
    to: [4; 6],
};

fn udp(source: u16, target: u16) -> Vec<u8> {
    let at = |port| SocketAddrV4::new(Ipv4Addr::new(10, 0, 1, 10), port);
    packet::udp(MACS, at(source), at(target), &[0x42; 22]).expect("a frame")
}

fn syn(source: u16, target: u16) -> Vec<u8> {
    let at = |port| SocketAddrV4::new(Ipv4Addr::new(10, 0, 1, 10), port);
    let header = Tcp {
        syn: true,
        ..Tcp::default()
    };
    packet::tcp(MACS, at(source), at(target), header, &[0x42; 10]).expect("a frame")
}

#[test]
fn changed_ports_keep_the_checksum_right() {
    for make in [udp, syn] {
        let mut frame = make(40_000, 7_000);
        for (source, target) in [(40_001, 7_000), (65_535, 1), (1, 65_535), (256, 7_999)] {
            change(&mut frame, SPORT, source);
            change(&mut frame, DPORT, target);
            assert_eq!(frame, make(source, target));
        }
    }
}

#[test]
fn frames_survive_the_command_line() {
    let frames = vec![udp(1, 2), syn(3, 4)];
    let back: Vec<_> = encode(&frames)
        .split(',')
        .map(|text| decode(text).expect("hexadecimal"))
        .collect();
    assert_eq!(back, frames);
}
