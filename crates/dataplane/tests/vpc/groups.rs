//! Security groups: every kind of rule, both directions, and that they are stateful.

use std::io::Write as _;

use model::host::{Peer, Rule, Traffic};
use nix::sys::socket::SockProtocol;
use testbed::client;

use super::SILENCE;
use super::lab::*;
use super::sockets::*;

const TCP: u8 = 6;
const UDP: u8 = 17;

/// What each kind of rule lets through, tried from A1 to A2 and counted at A1.
fn each_kind(lab: &Vpc, label: &'static str, put: impl Fn(Vec<Rule>), them: &str) {
    let to = |traffic| cidr(traffic, them);

    put(vec![]);
    lab.refused(A1, label, || lab.tcp(A1, A2, 80));
    lab.refused(A1, label, || lab.udp(A1, A2, 80));
    lab.refused(A1, label, || ping(lab.ns(A1), A2.ip));

    put(vec![to(traffic(TCP, 80, 80))]);
    assert!(lab.tcp(A1, A2, 80));
    lab.refused(A1, label, || lab.tcp(A1, A2, 81));
    lab.refused(A1, label, || lab.udp(A1, A2, 80));

    put(vec![
        to(traffic(TCP, 1_000, 2_000)),
        to(traffic(UDP, 53, 53)),
    ]);
    for port in [1_000, 1_500, 2_000] {
        assert!(lab.tcp(A1, A2, port));
    }
    lab.refused(A1, label, || lab.tcp(A1, A2, 999));
    lab.refused(A1, label, || lab.tcp(A1, A2, 2_001));
    assert!(lab.udp(A1, A2, 53));
    lab.refused(A1, label, || lab.udp(A1, A2, 54));

    // ICMP: echo requests, of any code.
    put(vec![to(traffic(1, 8 << 8, 8 << 8 | 255))]);
    assert!(ping(lab.ns(A1), A2.ip));
    lab.refused(A1, label, || lab.udp(A1, A2, 8 << 8));

    put(vec![to(Traffic::ALL)]);
    assert!(lab.tcp(A1, A2, 80) && lab.udp(A1, A2, 80) && ping(lab.ns(A1), A2.ip));

    // Another protocol has no ports.
    let sctp = || {
        let server = raw(lab.ns(A2), SockProtocol::Sctp);
        let socket = raw(lab.ns(A1), SockProtocol::Sctp);
        socket.send_to(b"an unusual one", (A2.ip, 0)).unwrap();
        server.recv_from(&mut [0; 64]).is_ok()
    };
    assert!(sctp());
    put(vec![to(traffic(132, 0, 0))]);
    assert!(sctp());
    lab.refused(A1, label, || lab.udp(A1, A2, 0x1234));
}

#[test]
fn ingress_takes_each_kind_of_rule() {
    if !testbed::usable() {
        return;
    }
    let lab = Vpc::new(&[A1, A2]);
    let put = |rules| lab.admit(A2.group(), rules);
    each_kind(&lab, "security-group", put, &A1.net());
}

#[test]
fn egress_takes_each_kind_of_rule() {
    if !testbed::usable() {
        return;
    }
    let lab = Vpc::new(&[A1, A2]);
    let put = |rules| lab.confine(A1.group(), rules);
    each_kind(&lab, "security-group-egress", put, &A2.net());
}

#[test]
fn peers_are_networks_or_groups() {
    if !testbed::usable() {
        return;
    }
    let lab = Vpc::new(&[A1, A2, B1]);
    let only = |peer: &str| lab.admit(B1.group(), vec![cidr(Traffic::ALL, peer)]);
    only(&A1.net());
    assert!(lab.udp(A1, B1, 80));
    lab.refused(A2, "security-group", || lab.udp(A2, B1, 80));
    only("10.1.1.10/31");
    assert!(lab.udp(A1, B1, 80) && lab.udp(A2, B1, 80));
    only("10.1.2.0/24");
    lab.refused(A1, "security-group", || lab.udp(A1, B1, 80));
    only("0.0.0.0/0");
    assert!(lab.udp(A1, B1, 80) && lab.udp(A2, B1, 80));
    // Neither family's networks hold the other's addresses.
    lab.refused(A1, "security-group", || lab.udp6(A1, B1, 80));
    only("::/0");
    assert!(lab.udp6(A1, B1, 80));
    lab.refused(A1, "security-group", || lab.udp(A1, B1, 80));
    only("fd00:1:1::10/128");
    assert!(lab.udp6(A1, B1, 80));
    lab.refused(A2, "security-group", || lab.udp6(A2, B1, 80));

    // A group stands for whoever carries it, of both families, in either direction.
    let group = |peer| Rule {
        traffic: Traffic::ALL,
        peer: Peer::Group(peer),
    };
    lab.admit(B1.group(), vec![group(A2.group())]);
    assert!(lab.udp(A2, B1, 80) && lab.udp6(A2, B1, 80));
    lab.refused(A1, "security-group", || lab.udp(A1, B1, 80));
    lab.attach(A1, |it| it.groups.push(A2.group()));
    assert!(lab.udp(A1, B1, 81));
    lab.open_group(B1.group());
    lab.confine(A2.group(), vec![group(B1.group())]);
    assert!(lab.udp(A2, B1, 82));
    lab.refused(A2, "security-group-egress", || lab.udp(A2, A1, 80));
}

#[test]
fn answers_need_no_rule_and_the_other_direction_does() {
    if !testbed::usable() {
        return;
    }
    let lab = Vpc::new(&[A1, B1]);
    // A1 may only go out, B1 may only be reached.
    let all = || vec![cidr(Traffic::ALL, "0.0.0.0/0")];
    lab.group(A1.group(), Vec::new(), all());
    lab.group(B1.group(), all(), Vec::new());
    assert!(lab.tcp(A1, B1, 80) && lab.udp(A1, B1, 80) && ping(lab.ns(A1), B1.ip));
    lab.refused(B1, "security-group-egress", || lab.tcp(B1, A1, 80));
    lab.open_group(B1.group());
    lab.refused(B1, "security-group", || lab.tcp(B1, A1, 80));
    lab.refused(B1, "security-group", || ping(lab.ns(B1), A1.ip));
}

#[test]
fn a_removed_rule_ends_no_connection_and_admits_no_other() {
    if !testbed::usable() {
        return;
    }
    let lab = Vpc::new(&[A1, B1]);
    let at = B1.at(80);
    let mut pair = connect(lab.ns(B1), at, lab.ns(A1), at);
    let datagrams = (udp(lab.ns(A1), A1.at(5_000)), udp(lab.ns(B1), B1.at(53)));
    datagrams.0.send_to(b"x", B1.at(53)).unwrap();
    datagrams.1.recv_from(&mut [0]).unwrap();
    lab.admit(B1.group(), Vec::new());
    pair.talk();
    lab.refused(A1, "security-group", || lab.tcp(A1, B1, 81));
    // A tracked flow goes on; so does one of UDP.
    datagrams.0.send_to(b"x", B1.at(53)).unwrap();
    datagrams.1.recv_from(&mut [0]).unwrap();
    // Even when every flow is asked again.
    lab.acl(A1.subnet, Vec::new(), Vec::new());
    pair.talk();
    lab.group(A1.group(), Vec::new(), Vec::new());
    pair.talk();
    // Half closed is open.
    pair.client.shutdown(std::net::Shutdown::Write).unwrap();
    pair.server.write_all(b"more").unwrap();
    drop(pair);
    client::connect(lab.ns(A1), at, SILENCE).unwrap_err();
    lab.open_group(A1.group());
    lab.open_group(B1.group());
    connect(lab.ns(B1), B1.at(82), lab.ns(A1), B1.at(82)).talk();
}

#[test]
fn ipv6_has_rules_of_its_own() {
    if !testbed::usable() {
        return;
    }
    let lab = Vpc::new(&[A1, B1]);
    let tcp6 = |port| {
        let at = B1.at6(port);
        let _listener = listen(lab.ns(B1), at);
        client::connect(lab.ns(A1), at, patience()).is_ok()
    };
    let echo = || ping(lab.ns(A1), B1.ip6());
    for (label, ingress) in [("security-group", true), ("security-group-egress", false)] {
        let put = |traffic, peer: &str| {
            let rules = vec![cidr(traffic, peer)];
            if ingress {
                lab.admit(B1.group(), rules);
            } else {
                lab.confine(A1.group(), rules);
            }
        };
        put(traffic(TCP, 80, 90), "fd00:1::/32");
        assert!(tcp6(80) && tcp6(90));
        lab.refused(A1, label, || tcp6(91));
        lab.refused(A1, label, || lab.udp6(A1, B1, 80));
        lab.refused(A1, label, echo);
        // Pings of IPv6 are another protocol than those of IPv4.
        put(traffic(58, 128 << 8, 128 << 8 | 255), "::/0");
        assert!(echo());
        lab.refused(A1, label, || tcp6(80));
        put(traffic(1, 0, u16::MAX), "::/0");
        lab.refused(A1, label, echo);
        put(traffic(UDP, 0, u16::MAX), "0.0.0.0/0");
        lab.refused(A1, label, || lab.udp6(A1, B1, 80));
        put(Traffic::ALL, "::/0");
        assert!(tcp6(80) && lab.udp6(A1, B1, 80) && echo());
        lab.open_group(A1.group());
        lab.open_group(B1.group());
    }
}
