//! The way out by NAT and internet gateways, and the way in by a public address.

use std::net::{IpAddr, SocketAddr};

use ginnel_dataplane::Limits;
use model::host::{Address, NextHop, Public, Step, Traffic, VpcNumber};
use testbed::raw::Sniffer;
use testbed::server::Server;
use testbed::{Netns, client, eventually};

use super::LIMIT;
use super::lab::*;
use super::sockets::*;

fn outside(port: u16) -> SocketAddr {
    (OUTSIDE, port).into()
}

fn outside6(port: u16) -> SocketAddr {
    (OUTSIDE6.parse::<IpAddr>().unwrap(), port).into()
}

/// The segment size that a SYN or its answer tells.
fn mss(frame: &[u8]) -> Option<u16> {
    handshake(frame).map(|(_, mss)| mss)
}

/// Many bytes from `from` to `to`, which leads to `at` in `ns`; all arrive.
fn bulk(from: &Netns, to: SocketAddr, ns: &Netns, at: SocketAddr) {
    let sink = Server::sink(ns, at).unwrap();
    let sent = client::bulk(from, to, 1 << 20, 0, LIMIT).unwrap();
    let got = eventually("the bytes", LIMIT, || sink.received().pop()).unwrap();
    assert_eq!((got.bytes, got.checksum), (1 << 20, sent));
}

#[test]
fn a_nat_gateway_lends_its_address() {
    if !testbed::usable() {
        return;
    }
    let lab = Vpc::with_internet(&[A1, A2]);
    lab.nat();
    let at = outside(7);
    let sniffer = Sniffer::start(lab.internet(), "ginnel0").unwrap();
    let peer = send(lab.internet(), at, lab.ns(A1), at).unwrap();
    assert_eq!(peer.ip(), NAT_PUBLIC);
    let mut pair = connect(lab.internet(), at, lab.ns(A1), at);
    assert_eq!(pair.peer.ip(), NAT_PUBLIC);
    pair.talk();
    assert!(ping(lab.ns(A1), OUTSIDE) && ping(lab.ns(A2), OUTSIDE));
    let seen = sniffer.wait_for("a SYN", LIMIT, mss).unwrap();
    assert_eq!(seen, UPLINK_MTU - 40);
    bulk(lab.ns(A1), outside(81), lab.internet(), outside(81));
    // Two that use the same port are told apart.
    let server = udp(lab.internet(), at);
    let sockets = [A1, A2].map(|eni| udp(lab.ns(eni), eni.at(5_000)));
    let peers = sockets.each_ref().map(|socket| {
        socket.send_to(b"x", at).unwrap();
        server.recv_from(&mut [0]).unwrap().1
    });
    assert_ne!(peers[0], peers[1]);
    for (socket, peer) in sockets.iter().zip(peers).rev() {
        server.send_to(b"y", peer).unwrap();
        assert_eq!(socket.recv_from(&mut [0]).unwrap().1, at);
    }
    // Nobody comes in by it.
    udp(lab.internet(), outside(9))
        .send_to(b"x", peers[0])
        .unwrap();
    lab.counted(UPLINK, "no-route", 1);
    lab.refused(A1, "no-route", || {
        ping(lab.ns(A1), OUTSIDE6.parse::<IpAddr>().unwrap())
    });
    lab.refused(A1, "protocol", || {
        let socket = raw(lab.ns(A1), nix::sys::socket::SockProtocol::Sctp);
        socket.send_to(b"an unusual one", (OUTSIDE, 0)).is_err()
    });
}

#[test]
fn what_a_nat_gateways_subnet_says_counts() {
    if !testbed::usable() {
        return;
    }
    let lab = Vpc::with_internet(&[A1]);
    lab.nat();
    let at = outside(7);
    let ask = || send(lab.internet(), at, lab.ns(A1), at).is_some();
    assert!(ask());
    let deny = |traffic, peer: &str| vec![entry(100, traffic, peer, false)];
    let open = Vec::new;
    let echo = traffic(17, 7, 7);
    lab.acl(EDGE, deny(echo, &A1.net()), open());
    lab.refused(A1, "acl-ingress", ask);
    lab.acl(EDGE, open(), deny(echo, "203.0.113.0/24"));
    lab.refused(A1, "acl-egress", ask);
    lab.acl(EDGE, open(), open());
    lab.acl(A1.subnet, open(), deny(echo, "203.0.113.0/24"));
    lab.refused(A1, "acl-egress", ask);
    lab.acl(A1.subnet, open(), open());
    lab.route(EDGE, "203.0.113.0/24", NextHop::Blackhole);
    lab.refused(A1, "blackhole", ask);
    lab.unroute(EDGE, "203.0.113.0/24");
    lab.unroute(EDGE, "0.0.0.0/0");
    lab.refused(A1, "no-route", ask);
    lab.route(EDGE, "0.0.0.0/0", NextHop::Internet);
    assert!(ask());
    // Its answers pass the ACLs of both subnets.
    let server = udp(lab.internet(), at);
    let socket = dial(lab.ns(A1), at);
    socket.send(b"x").unwrap();
    let (_, peer) = server.recv_from(&mut [0]).unwrap();
    let answer = || {
        server.send_to(b"y", peer).unwrap();
        socket.set_read_timeout(Some(patience())).unwrap();
        socket.recv(&mut [0]).is_ok()
    };
    let clients = traffic(17, 1_024, 65_535);
    lab.acl(A1.subnet, deny(clients, "0.0.0.0/0"), open());
    assert!(!in_vain(answer));
    lab.counted(UPLINK, "acl-reply-ingress", 1);
    lab.acl(A1.subnet, open(), open());
    lab.acl(EDGE, open(), deny(clients, &A1.net()));
    assert!(!in_vain(answer));
    lab.counted(UPLINK, "acl-reply-egress", 1);
    lab.acl(EDGE, open(), open());
    assert!(answer());
    // A gateway that is gone takes its flows along.
    lab.host.apply(Step::RemoveNat(NAT));
    assert!(!in_vain(answer));
    lab.counted(UPLINK, "flow-cut", 1);
    drop(server);
    lab.refused(A1, "blackhole", ask);
}

#[test]
fn a_public_address_leads_out_and_in() {
    if !testbed::usable() {
        return;
    }
    let lab = Vpc::with_internet(&[A1, A2]);
    lab.public();
    let sniffer = Sniffer::start(lab.internet(), "ginnel0").unwrap();
    let (inside, public) = (A1.at(80), SocketAddr::from((PUBLIC, 80)));
    let at = outside(7);
    // Out.
    assert_eq!(
        send(lab.internet(), at, lab.ns(A1), at).unwrap().ip(),
        PUBLIC
    );
    let mut pair = connect(lab.internet(), at, lab.ns(A1), at);
    assert_eq!(pair.peer.ip(), PUBLIC);
    pair.talk();
    assert!(ping(lab.ns(A1), OUTSIDE));
    assert_eq!(
        sniffer.wait_for("a SYN", LIMIT, mss).unwrap(),
        UPLINK_MTU - 40
    );
    lab.refused(A2, "no-public-address", || ping(lab.ns(A2), OUTSIDE));
    // In.
    let peer = send(lab.ns(A1), inside, lab.internet(), public).unwrap();
    assert_eq!(peer.ip(), OUTSIDE);
    let arrived = Sniffer::start(lab.ns(A1), "eth0").unwrap();
    connect(lab.ns(A1), inside, lab.internet(), public).talk();
    assert!(arrived.wait_for("a SYN", LIMIT, mss).unwrap() <= UPLINK_MTU - 40);
    assert!(ping(lab.internet(), PUBLIC));
    bulk(lab.internet(), (PUBLIC, 82).into(), lab.ns(A1), A1.at(82));
    // Its group sees who comes, and to which port.
    lab.admit(A1.group(), vec![cidr(traffic(6, 80, 80), "203.0.113.1/32")]);
    connect(lab.ns(A1), inside, lab.internet(), public).talk();
    assert!(!in_vain(|| ping(lab.internet(), PUBLIC)));
    lab.counted(UPLINK, "security-group", 1);
    let other = SocketAddr::from((PUBLIC, 81));
    client::connect(lab.internet(), other, super::SILENCE).unwrap_err();
    lab.counted(UPLINK, "security-group", 2);
    lab.open_group(A1.group());
    lab.acl(
        A1.subnet,
        vec![entry(1, Traffic::ALL, "203.0.113.0/24", false)],
        Vec::new(),
    );
    assert!(!in_vain(|| ping(lab.internet(), PUBLIC)));
    lab.counted(UPLINK, "acl-ingress", 1);
    // Addresses of nobody.
    let nobody = IpAddr::from([198, 51, 100, 99]);
    assert!(!in_vain(|| ping(lab.internet(), nobody)));
    lab.counted(UPLINK, "no-route", 1);
}

#[test]
fn a_public_address_that_moves_takes_its_flows_along() {
    if !testbed::usable() {
        return;
    }
    let lab = Vpc::with_internet(&[A1]);
    lab.public();
    let (inside, public) = (A1.at(80), SocketAddr::from((PUBLIC, 80)));
    let server = udp(lab.ns(A1), inside);
    let socket = dial(lab.internet(), public);
    socket.send(b"x").unwrap();
    let (_, peer) = server.recv_from(&mut [0]).unwrap();
    // No answer by another way than it came.
    lab.route(A1.subnet, &format!("{OUTSIDE}/32"), NextHop::Blackhole);
    lab.refused(A1, "blackhole", || {
        server.send_to(b"y", peer).unwrap();
        socket.set_read_timeout(Some(patience())).unwrap();
        socket.recv(&mut [0]).is_ok()
    });
    lab.unroute(A1.subnet, &format!("{OUTSIDE}/32"));
    server.send_to(b"y", peer).unwrap();
    socket.set_read_timeout(Some(LIMIT)).unwrap();
    socket.recv(&mut [0]).unwrap();
    let known = lab.host.run(|linux| {
        use ginnel_dataplane::Kernel as _;
        linux.read().unwrap().tables.publics[&PUBLIC.into()]
    });
    lab.host.apply(Step::RemovePublic(PUBLIC.into(), known));
    socket.send(b"x").unwrap();
    lab.counted(UPLINK, "no-route", 1);
    lab.refused(A1, "no-public-address", || ping(lab.ns(A1), OUTSIDE));
}

#[test]
fn ipv6_leaves_and_enters_with_its_own_address() {
    if !testbed::usable() {
        return;
    }
    let lab = Vpc::with_internet(&[A1, A2]);
    lab.public();
    let sniffer = Sniffer::start(lab.internet(), "ginnel0").unwrap();
    let at = outside6(7);
    let peer = send(lab.internet(), at, lab.ns(A1), at).unwrap();
    assert_eq!(peer.ip(), A1.ip6());
    connect(lab.internet(), at, lab.ns(A1), at).talk();
    assert_eq!(
        sniffer.wait_for("a SYN", LIMIT, mss).unwrap(),
        UPLINK_MTU - 60
    );
    assert!(ping(lab.ns(A1), at.ip()));
    let inside = A1.at6(80);
    let peer = send(lab.ns(A1), inside, lab.internet(), inside).unwrap();
    assert_eq!(peer.ip(), at.ip());
    connect(lab.ns(A1), inside, lab.internet(), inside).talk();
    bulk(lab.internet(), A1.at6(81), lab.ns(A1), A1.at6(81));
    assert!(ping(lab.internet(), A1.ip6()));
    lab.refused(A2, "no-public-address", || ping(lab.ns(A2), at.ip()));
}

#[test]
fn without_an_uplink_nothing_leaves() {
    if !testbed::usable() {
        return;
    }
    let lab = Vpc::new(&[A1]);
    lab.nat();
    lab.refused(A1, "no-uplink", || ping(lab.ns(A1), OUTSIDE));
    lab.public();
    lab.refused(A1, "no-uplink", || ping(lab.ns(A1), OUTSIDE));
}

#[test]
fn neighbours_meet_outside_by_their_public_addresses() {
    if !testbed::usable() {
        return;
    }
    let lab = Vpc::with_internet(&[A1, A2]);
    lab.public();
    let other = IpAddr::from([198, 51, 100, 11]);
    let known = Public {
        eni: A2.slot,
        inside: Address {
            vpc: VpcNumber(1),
            ip: A2.ip.into(),
        },
    };
    lab.host.apply(Step::PutPublic(other, known));
    // Whoever is outside sends it back in.
    lab.internet().sysctl("net.ipv4.ip_forward", "1").unwrap();
    let to = SocketAddr::from((other, 80));
    let mut pair = connect(lab.ns(A2), A2.at(80), lab.ns(A1), to);
    assert_eq!(pair.peer.ip(), PUBLIC);
    pair.talk();
    assert!(ping(lab.ns(A1), other));
}

#[test]
fn connections_through_gateways_outlive_the_agent() {
    if !testbed::usable() {
        return;
    }
    let mut lab = Vpc::with_internet(&[A1]);
    lab.nat();
    let at = outside(80);
    let mut pair = connect(lab.internet(), at, lab.ns(A1), at);
    pair.talk();
    lab.host.close();
    pair.talk();
    lab.host.open(Limits::default());
    pair.talk();
    connect(lab.internet(), outside(81), lab.ns(A1), outside(81)).talk();
}

#[test]
fn an_agent_that_is_told_of_no_way_out_takes_it_away() {
    if !testbed::usable() {
        return;
    }
    let mut lab = Vpc::with_internet(&[A1]);
    lab.nat();
    assert!(ping(lab.ns(A1), OUTSIDE));
    lab.host.uplink = None;
    lab.host.open(Limits::default());
    lab.refused(A1, "no-uplink", || ping(lab.ns(A1), OUTSIDE));
}
