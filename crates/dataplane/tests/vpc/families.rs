//! Secondary addresses, and IPv6 from end to end.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{IpAddr, SocketAddr, SocketAddrV6};

use ginnel_dataplane::Kernel as _;
use model::host::{Gate, Step};
use nix::net::if_::if_nametoindex;
use testbed::raw::Sniffer;
use testbed::server::Server;
use testbed::{client, eventually};

use super::LIMIT;
use super::lab::*;
use super::sockets::*;

#[test]
fn a_secondary_address_is_as_good_as_the_first() {
    if !testbed::usable() {
        return;
    }
    let lab = Vpc::new(&[A1, B1]);
    let (from, to) = ((A1.second, 4_000).into(), (B1.second, 80).into());
    let server = udp(lab.ns(B1), to);
    let socket = udp(lab.ns(A1), from);
    socket.send_to(b"x", to).unwrap();
    let (_, peer) = server.recv_from(&mut [0]).unwrap();
    assert_eq!(peer, from);
    server.send_to(b"y", peer).unwrap();
    assert_eq!(socket.recv_from(&mut [0]).unwrap().1, to);
    let pair = &mut connect(lab.ns(B1), to, lab.ns(A1), to);
    pair.talk();
    assert!(ping(lab.ns(A1), B1.second));
    // Taken away, it is nobody's: neither as source nor as destination.
    lab.attach(B1, |it| it.more.clear());
    lab.refused(A1, "no-route", || ping(lab.ns(A1), B1.second));
    lab.attach(A1, |it| it.more.clear());
    let again = format!("addr add {}/32 dev eth0", A1.second);
    lab.ns(A1).ip(&again).unwrap();
    let server = udp(lab.ns(B1), B1.at(80));
    lab.refused(A1, "spoofed-source", || {
        udp(lab.ns(A1), (A1.second, 4_001))
            .send_to(b"x", B1.at(80))
            .unwrap();
        server.set_read_timeout(Some(patience())).unwrap();
        server.recv_from(&mut [0]).is_ok()
    });
}

#[test]
fn ipv6_carries_tcp_udp_and_pings() {
    if !testbed::usable() {
        return;
    }
    let lab = Vpc::new(&[A1, A2, B1]);
    let sniffer = Sniffer::start(lab.ns(A2), "eth0").unwrap();
    for to in [A2, B1] {
        assert!(ping(lab.ns(A1), to.ip6()));
        assert!(lab.udp6(A1, to, 53));
        let at = to.at6(80);
        let mut pair = connect(lab.ns(to), at, lab.ns(A1), at);
        assert_eq!(pair.peer.ip(), A1.ip6());
        pair.talk();
    }
    // Segments larger than a packet (GSO) cross too.
    let sink = Server::sink(lab.ns(B1), B1.at6(81)).unwrap();
    let sent = client::bulk(lab.ns(A1), B1.at6(81), 1 << 20, 0, LIMIT).unwrap();
    let got = eventually("the bytes", LIMIT, || sink.received().pop()).unwrap();
    assert_eq!((got.bytes, got.checksum), (1 << 20, sent));
    // No neighbour hears who looks for whom.
    let solicited = |frame: &Vec<u8>| frame.get(12..14) == Some(&[0x86, 0xdd]) && frame[54] == 135;
    assert!(!sniffer.frames().iter().any(solicited));
    // Nobody is behind the gateway's own address.
    lab.refused(A1, "link-local", || {
        let index = lab.ns(A1).run(|| if_nametoindex("eth0")).unwrap().unwrap();
        let router = SocketAddrV6::new("fe80::1".parse().unwrap(), 9, 0, index);
        let socket = udp(lab.ns(A1), A1.at6(0));
        socket.send_to(b"x", router).unwrap();
        socket.recv(&mut [0]).is_ok()
    });
}

#[test]
fn a_forged_ipv6_source_reaches_nobody() {
    if !testbed::usable() {
        return;
    }
    let lab = Vpc::new(&[A1, B1]);
    assert!(lab.udp6(A1, B1, 80));
    lab.ns(A1)
        .ip("addr add fd00:1:1::99/128 dev eth0 nodad")
        .unwrap();
    let forged: SocketAddr = "[fd00:1:1::99]:4000".parse().unwrap();
    let server = udp(lab.ns(B1), B1.at6(80));
    lab.refused(A1, "spoofed-source", || {
        udp(lab.ns(A1), forged).send_to(b"x", B1.at6(80)).unwrap();
        server.set_read_timeout(Some(patience())).unwrap();
        server.recv_from(&mut [0]).is_ok()
    });
    // Nor may it look for neighbours in that name.
    lab.ns(A1).ip("neigh flush dev eth0").unwrap();
    lab.refused(A1, "spoofed-arp", || {
        let _ = udp(lab.ns(A1), forged).send_to(b"x", B1.at6(80));
        server.recv_from(&mut [0]).is_ok()
    });
}

#[test]
fn an_endpoint_of_ipv6_takes_tcp_and_udp() {
    if !testbed::usable() {
        return;
    }
    let lab = Vpc::new(&[A1, T1]);
    let at = lab.door6();
    let balancer = "fd00:2:1::20".parse::<IpAddr>().unwrap();
    let served = T1.at6(SERVED);
    let peer = send(lab.ns(T1), served, lab.ns(A1), at).unwrap();
    assert_eq!(peer.ip(), balancer);
    let mut pair = connect(lab.ns(T1), served, lab.ns(A1), at);
    assert_eq!(pair.peer.ip(), balancer);
    pair.talk();
    let sink = Server::sink(lab.ns(T1), T1.at6(SERVED)).unwrap();
    let sent = client::bulk(lab.ns(A1), at, 1 << 20, 0, LIMIT).unwrap();
    let got = eventually("the bytes", LIMIT, || sink.received().pop()).unwrap();
    assert_eq!((got.bytes, got.checksum), (1 << 20, sent));
    lab.refused(A1, "protocol", || ping(lab.ns(A1), at.ip()));
    lab.admit(GATE_GROUP, vec![cidr(traffic(6, 80, 80), "fd00:1:2::/48")]);
    lab.refused(A1, "security-group", || {
        client::connect(lab.ns(A1), at, patience()).is_ok()
    });
}

#[test]
fn a_closed_endpoint_of_ipv6_resets_its_connections() {
    if !testbed::usable() {
        return;
    }
    let lab = Vpc::new(&[A1, T1]);
    let at = lab.door6();
    let mut pairs = [(); 2].map(|()| connect(lab.ns(T1), T1.at6(SERVED), lab.ns(A1), at));
    pairs.iter_mut().for_each(Pair::talk);
    let known = lab
        .host
        .run(|linux| linux.read().unwrap().tables.gates[&GATE6].clone());
    let closed = Gate {
        generation: 0,
        ..known.clone()
    };
    lab.host.apply(Step::PutGate(GATE6, closed));
    // Whichever end speaks first is told.
    let [first, second] = &mut pairs;
    for end in [&mut first.client, &mut second.server] {
        let _ = end.write_all(b"x");
        let error = end.read_exact(&mut [0]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ConnectionReset);
    }
    lab.counted(A1.slot, "flow-cut", 1);
    lab.counted(T1.slot, "flow-cut", 1);
    lab.refused(A1, "endpoint-closed", || {
        client::connect(lab.ns(A1), at, patience()).is_ok()
    });
    // A segment of no known connection is told so.
    let open = Gate {
        generation: 8,
        ..known
    };
    lab.host.apply(Step::PutGate(GATE6, open.clone()));
    let mut pair = connect(lab.ns(T1), T1.at6(SERVED), lab.ns(A1), at);
    lab.host.apply(Step::RemoveGate(GATE6, open));
    lab.door6();
    pair.client.write_all(b"x").unwrap();
    let error = pair.client.read_exact(&mut [0]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionReset);
    lab.counted(A1.slot, "no-flow", 1);
}
