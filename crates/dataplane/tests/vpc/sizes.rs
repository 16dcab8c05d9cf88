//! What is too large, what is in pieces, and what handshakes say of sizes.

use std::net::SocketAddr;

use testbed::raw::Sniffer;
use testbed::server::Server;
use testbed::{client, eventually};

use super::LIMIT;
use super::lab::*;
use super::sockets::*;
use super::ways::*;

#[test]
fn packets_over_8500_bytes_are_dropped_and_counted() {
    if !testbed::usable() {
        return;
    }
    let lab = Vpc::new(&[A1, B1, T1]);
    lab.door(|_| ());
    lab.ns(A1).ip("link set eth0 mtu 9000").unwrap();
    let server = udp(lab.ns(B1), B1.at(80));
    let socket = dial(lab.ns(A1), B1.at(80));
    let most = 8_500 - 28;
    for flow in ["first", "known"] {
        socket.send(&vec![7; most]).unwrap();
        let got = server.recv(&mut [0; 9_000]).unwrap();
        assert_eq!(got, most, "{flow}");
        lab.refused(A1, "mtu", || {
            socket.send(&vec![7; most + 1]).unwrap();
            server.set_read_timeout(Some(patience())).unwrap();
            server.recv(&mut [0; 9_000]).is_ok()
        });
        server.set_read_timeout(Some(LIMIT)).unwrap();
    }
    let at = B1.at6(80);
    lab.refused(A1, "mtu", || {
        dial(lab.ns(A1), at).send(&vec![7; 8_500 - 47]).is_err()
    });
    lab.refused(A1, "mtu", || {
        dial(lab.ns(A1), endpoint())
            .send(&vec![7; most + 1])
            .is_err()
    });
}

#[test]
fn handshakes_through_an_endpoint_agree_on_what_fits() {
    if !testbed::usable() {
        return;
    }
    let lab = Vpc::new(&[A1, T1]);
    lab.door(|_| ());
    let at6 = lab.door6();
    let sniffers = [A1, T1].map(|eni| Sniffer::start(lab.ns(eni), "eth0").unwrap());
    // Both sides believe in more than there is.
    for eni in [A1, T1] {
        lab.ns(eni).ip("link set eth0 mtu 9000").unwrap();
    }
    let pairs: [(SocketAddr, SocketAddr, u16); 2] = [
        (endpoint(), T1.at(SERVED), 8_500 - 40),
        (at6, T1.at6(SERVED), 8_500 - 60),
    ];
    for (at, served, most) in pairs {
        let sink = Server::sink(lab.ns(T1), served).unwrap();
        let sent = client::bulk(lab.ns(A1), at, 1 << 20, 0, LIMIT).unwrap();
        let got = eventually("the bytes", LIMIT, || sink.received().pop()).unwrap();
        assert_eq!((got.bytes, got.checksum), (1 << 20, sent), "{at}");
        let clamped = |frame: &[u8]| handshake(frame).filter(|told| *told == (SERVED, most));
        sniffers[1].wait_for("a SYN", LIMIT, clamped).unwrap();
        let clamped = |frame: &[u8]| handshake(frame).filter(|told| told.1 == most);
        sniffers[0].wait_for("its answer", LIMIT, clamped).unwrap();
    }
    assert_eq!(lab.drops(A1, "mtu") + lab.drops(T1, "mtu"), 0);
}

#[test]
fn fragments_are_counted_and_go_nowhere() {
    if !testbed::usable() {
        return;
    }
    let lab = Vpc::new(&[A1, B1]);
    let server = udp(lab.ns(B1), B1.at(80));
    let socket = dial(lab.ns(A1), B1.at(80));
    lab.refused(A1, "fragment", || {
        socket.send(&[7; 20_000]).unwrap();
        server.set_read_timeout(Some(patience())).unwrap();
        server.recv(&mut [0; 65_535]).is_ok()
    });
    lab.counted(A1.slot, "fragment", 3);
    lab.refused(A1, "fragment", || {
        dial(lab.ns(A1), B1.at6(80)).send(&[7; 20_000]).is_err()
    });
    lab.counted(A1.slot, "fragment", 6);
}
