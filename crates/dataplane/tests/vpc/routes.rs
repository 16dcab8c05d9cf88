//! Route tables: the longest prefix decides, and both sides must lead to each other.

use std::io::{Read as _, Write as _};
use std::net::Ipv4Addr;

use model::host::{EniSlot, NextHop, Peer, Rule, Traffic, VpcNumber};

use super::lab::*;
use super::sockets::*;

const VPC: NextHop = NextHop::Vpc(VpcNumber(1));

#[test]
fn the_longest_prefix_decides() {
    if !testbed::usable() {
        return;
    }
    let lab = Vpc::new(&[A1, A2, B1]);
    let a = A1.subnet;
    assert!(lab.udp(A1, B1, 80));
    lab.route(a, "10.1.2.0/24", NextHop::Blackhole);
    lab.refused(A1, "blackhole", || lab.udp(A1, B1, 80));
    assert!(lab.udp(A1, A2, 80));
    lab.route(a, &B1.net(), VPC);
    assert!(lab.udp(A1, B1, 80));
    lab.unroute(a, &B1.net());
    lab.refused(A1, "blackhole", || lab.tcp(A1, B1, 80));
    lab.unroute(a, "10.1.2.0/24");
    assert!(lab.udp(A1, B1, 80));
    // Of the other family nothing was said.
    lab.route(a, "fd00:1:2::/48", NextHop::Blackhole);
    lab.refused(A1, "blackhole", || lab.udp6(A1, B1, 80));
    lab.route(a, "fd00:1:2::10/128", VPC);
    assert!(lab.udp6(A1, B1, 80) && lab.udp(A1, B1, 80));
    lab.unroute(a, "10.1.0.0/16");
    lab.refused(A1, "no-route", || lab.udp(A1, A2, 80));
    lab.route(a, "0.0.0.0/0", NextHop::GatewayEndpoint);
    lab.refused(A1, "gateway-endpoint", || lab.udp(A1, A2, 80));
}

#[test]
fn addresses_that_nobody_has_are_no_route() {
    if !testbed::usable() {
        return;
    }
    let lab = Vpc::new(&[A1, P1]);
    let reach = |ip: [u8; 4]| {
        let socket = dial(lab.ns(A1), (ip, 80).into());
        socket.send(b"x").is_ok() && socket.recv(&mut [0]).is_ok()
    };
    lab.refused(A1, "no-route", || reach([10, 1, 2, 99]));
    lab.refused(A1, "no-route", || reach([10, 3, 1, 10]));
    lab.refused(A1, "no-route", || reach([192, 0, 2, 1]));
    // The peer's addresses are behind a route to the peer only.
    lab.route(A1.subnet, "10.3.0.0/16", VPC);
    lab.refused(A1, "no-route", || reach([10, 3, 1, 10]));
}

#[test]
fn a_route_is_taken_back_from_open_connections() {
    if !testbed::usable() {
        return;
    }
    let lab = Vpc::new(&[A1, B1]);
    let mut pair = connect(lab.ns(B1), B1.at(80), lab.ns(A1), B1.at(80));
    pair.talk();
    lab.route(A1.subnet, &B1.net(), NextHop::Blackhole);
    lab.refused(A1, "blackhole", || {
        pair.client.write_all(b"x").unwrap();
        pair.server.set_read_timeout(Some(patience())).unwrap();
        pair.server.read_exact(&mut [0]).is_ok()
    });
    lab.unroute(A1.subnet, &B1.net());
    lab.route(B1.subnet, &A1.net(), NextHop::Blackhole);
    lab.refused(B1, "blackhole", || {
        pair.server.write_all(b"x").unwrap();
        pair.client.set_read_timeout(Some(patience())).unwrap();
        pair.client.read_exact(&mut [0]).is_ok()
    });
}

#[test]
fn a_middlebox_stands_between_two_subnets() {
    if !testbed::usable() {
        return;
    }
    let lab = Vpc::new(&[A1, B1, M]);
    let by = NextHop::Eni(M.slot);
    lab.route(A1.subnet, &B1.net(), by);
    // It takes what is its own only, until told otherwise.
    lab.refused(A1, "destination-check", || lab.udp(A1, B1, 80));
    lab.attach(M, |it| it.source_check = false);
    lab.ns(M).sysctl("net.ipv4.ip_forward", "1").unwrap();
    for which in ["all", "eth0"] {
        let key = |what| format!("net.ipv4.conf.{which}.{what}");
        lab.ns(M).sysctl(&key("rp_filter"), "0").unwrap();
        lab.ns(M).sysctl(&key("send_redirects"), "0").unwrap();
    }
    // The way there only: the answer would not come by the middlebox.
    lab.refused(B1, "asymmetric", || {
        let server = udp(lab.ns(B1), B1.at(80));
        let socket = dial(lab.ns(A1), B1.at(80));
        socket.send(b"x").unwrap();
        let (_, peer) = server.recv_from(&mut [0]).unwrap();
        assert_eq!(peer.ip(), A1.ip);
        server.send_to(b"y", peer).unwrap();
        socket.recv(&mut [0]).is_ok()
    });
    lab.route(B1.subnet, &A1.net(), by);
    assert!(lab.udp(A1, B1, 81) && ping(lab.ns(A1), B1.ip));
    connect(lab.ns(B1), B1.at(80), lab.ns(A1), B1.at(80)).talk();
    // What the middlebox passes on has A1's address, not its groups.
    lab.admit(
        B1.group(),
        vec![Rule {
            traffic: Traffic::ALL,
            peer: Peer::Group(A1.group()),
        }],
    );
    lab.refused(M, "security-group", || lab.udp(A1, B1, 82));
    lab.admit(B1.group(), vec![cidr(Traffic::ALL, &A1.net())]);
    assert!(lab.udp(A1, B1, 83));
    // Its check on again: it may not speak for others, nor be spoken through.
    lab.attach(M, |it| it.source_check = true);
    lab.refused(A1, "destination-check", || lab.udp(A1, B1, 84));
    // Gone, it leaves a hole.
    lab.route(A1.subnet, &B1.net(), NextHop::Eni(EniSlot(99)));
    lab.refused(A1, "blackhole", || lab.udp(A1, B1, 84));
}

#[test]
fn a_middlebox_may_use_addresses_that_it_has_not() {
    if !testbed::usable() {
        return;
    }
    let lab = Vpc::new(&[A1, M]);
    let stranger = Ipv4Addr::new(192, 0, 2, 9);
    let ip = format!("addr add {stranger}/32 dev lo");
    lab.ns(M).ip(&ip).unwrap();
    // It knows its gateway from before: it may not ask for it in a stranger's name.
    assert!(ping(lab.ns(M), A1.ip));
    let socket = udp(lab.ns(M), (stranger, 4_000));
    let server = udp(lab.ns(A1), A1.at(80));
    lab.refused(M, "spoofed-source", || {
        socket.send_to(b"x", A1.at(80)).unwrap();
        server.set_read_timeout(Some(patience())).unwrap();
        server.recv_from(&mut [0]).is_ok()
    });
    lab.attach(M, |it| it.source_check = false);
    socket.send_to(b"x", A1.at(80)).unwrap();
    let (_, peer) = server.recv_from(&mut [0]).unwrap();
    assert_eq!(peer, (stranger, 4_000).into());
    // The answer has no way back, until there is a route.
    lab.refused(A1, "no-route", || {
        server.send_to(b"y", peer).unwrap();
        socket.set_read_timeout(Some(patience())).unwrap();
        socket.recv(&mut [0]).is_ok()
    });
    lab.route(A1.subnet, "192.0.2.0/24", NextHop::Eni(M.slot));
    server.send_to(b"y", peer).unwrap();
    socket.recv(&mut [0]).unwrap();
}

#[test]
fn peers_reach_each_other_by_routes_on_both_sides() {
    if !testbed::usable() {
        return;
    }
    let lab = Vpc::new(&[A1, P1]);
    let ask = || {
        let server = udp(lab.ns(P1), P1.at(53));
        let socket = dial(lab.ns(A1), P1.at(53));
        socket.send(b"?").unwrap();
        let Ok((_, peer)) = server.recv_from(&mut [0]) else {
            return false;
        };
        server.send_to(b"!", peer).unwrap();
        socket.recv(&mut [0]).is_ok()
    };
    lab.refused(A1, "no-route", ask);
    lab.route(A1.subnet, "10.3.0.0/16", NextHop::Vpc(VpcNumber(3)));
    // The question arrives; the answer has no route.
    lab.refused(P1, "no-route", ask);
    lab.route(P1.subnet, "10.1.0.0/16", NextHop::Blackhole);
    lab.refused(P1, "blackhole", ask);
    lab.route(P1.subnet, "10.1.0.0/16", VPC);
    assert!(ask() && ping(lab.ns(A1), P1.ip) && ping(lab.ns(P1), A1.ip));
    connect(lab.ns(P1), P1.at(80), lab.ns(A1), P1.at(80)).talk();
    connect(lab.ns(A1), A1.at(80), lab.ns(P1), A1.at(80)).talk();
    // Groups of the one VPC may name groups of the other.
    let group = Rule {
        traffic: Traffic::ALL,
        peer: Peer::Group(A1.group()),
    };
    lab.admit(P1.group(), vec![group]);
    assert!(ask());
    lab.attach(A1, |it| it.groups.clear());
    lab.refused(A1, "security-group-egress", ask);
}
