//! ICMP errors find the socket that they are about, through every kind of translation.

use std::io::ErrorKind;
use std::net::{IpAddr, SocketAddr, UdpSocket};

use model::host::{NextHop, Traffic};
use nix::sys::socket::SockProtocol;

use super::lab::*;
use super::sockets::*;
use super::ways::*;

/// Whether a datagram to a port that nobody listens on comes back as a refusal.
fn refused(socket: &UdpSocket) -> bool {
    socket.send(b"is anybody there?").unwrap();
    socket.set_read_timeout(Some(patience())).unwrap();
    let error = socket.recv(&mut [0; 64]).unwrap_err();
    error.kind() == ErrorKind::ConnectionRefused
}

#[test]
fn a_closed_port_is_told_between_enis() {
    if !testbed::usable() {
        return;
    }
    let lab = Vpc::new(&[A1, A2, B1]);
    for at in [A2.at(9), B1.at(9), A2.at6(9), B1.at6(9)] {
        assert!(refused(&dial(lab.ns(A1), at)), "{at}");
    }
    // Groups are not asked of an error, ACLs are.
    lab.admit(B1.group(), vec![cidr(traffic(17, 9, 9), "0.0.0.0/0")]);
    lab.group(
        A1.group(),
        Vec::new(),
        vec![cidr(Traffic::ALL, "0.0.0.0/0")],
    );
    assert!(refused(&dial(lab.ns(A1), B1.at(9))));
    let unreachable = traffic(1, 3 << 8, 3 << 8 | 255);
    let deny = || vec![entry(1, unreachable, "0.0.0.0/0", false)];
    lab.acl(A1.subnet, deny(), Vec::new());
    let again = dial(lab.ns(A1), B1.at(9));
    lab.refused(B1, "acl-reply-ingress", || refused(&again));
    lab.acl(A1.subnet, Vec::new(), Vec::new());
    lab.acl(B1.subnet, Vec::new(), deny());
    lab.refused(B1, "acl-reply-egress", || refused(&again));
    lab.acl(B1.subnet, Vec::new(), Vec::new());
    assert!(refused(&again));
}

#[test]
fn a_closed_port_is_told_through_an_endpoint() {
    if !testbed::usable() {
        return;
    }
    let lab = Vpc::new(&[A1, T1]);
    lab.door(|_| ());
    assert!(refused(&dial(lab.ns(A1), endpoint())));
    let at = lab.door6();
    assert!(refused(&dial(lab.ns(A1), at)));
}

#[test]
fn a_closed_port_is_told_through_gateways() {
    if !testbed::usable() {
        return;
    }
    let lab = Vpc::with_internet(&[A1, A2]);
    lab.nat();
    let at = SocketAddr::from((OUTSIDE, 9));
    assert!(refused(&dial(lab.ns(A1), at)));
    lab.public();
    assert!(refused(&dial(lab.ns(A1), at)));
    let at6 = SocketAddr::from((OUTSIDE6.parse::<IpAddr>().unwrap(), 9));
    assert!(refused(&dial(lab.ns(A1), at6)));
    // And inward.
    assert!(refused(&dial(lab.internet(), (PUBLIC, 9).into())));
    assert!(refused(&dial(lab.internet(), A1.at6(9))));
}

#[test]
fn an_error_from_a_hop_on_the_way_is_told() {
    if !testbed::usable() {
        return;
    }
    let lab = Vpc::with_internet(&[A1]);
    lab.nat();
    // The internet's router will not have it.
    lab.internet().sysctl("net.ipv4.ip_forward", "1").unwrap();
    let ip = "route add prohibit 203.0.113.128/25";
    lab.internet().ip(ip).unwrap();
    let ear = raw(lab.ns(A1), SockProtocol::Icmp);
    let lost = dial(lab.ns(A1), ([203, 0, 113, 200], 9).into());
    lost.send(b"x").unwrap();
    // It keeps its address: traceroute shows who is on the way.
    let (_, hop) = ear.recv_from(&mut [0; 128]).unwrap();
    assert_eq!(hop.ip(), OUTSIDE);
    let error = lost.recv(&mut [0]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::HostUnreachable);
    // A ping's error too: its id was another outside.
    assert_eq!(unreachable_ping(&lab), Some(ErrorKind::HostUnreachable));
}

/// What a ping to where nothing is comes back as.
fn unreachable_ping(lab: &Vpc) -> Option<ErrorKind> {
    let to = IpAddr::from([203, 0, 113, 200]);
    let socket = pinger(lab.ns(A1), to);
    socket.set_read_timeout(Some(patience())).unwrap();
    lab.ns(A1).run(|| socket.connect((to, 0))).unwrap().unwrap();
    socket.send(b"\x08\0\0\0\0\0\0\x01ginnel").unwrap();
    socket.recv(&mut [0; 64]).err().map(|error| error.kind())
}

#[test]
fn a_middleboxs_errors_are_told_and_keep_its_address() {
    if !testbed::usable() {
        return;
    }
    let lab = Vpc::new(&[A1, B1, M]);
    lab.attach(M, |it| it.source_check = false);
    lab.ns(M).sysctl("net.ipv4.ip_forward", "1").unwrap();
    lab.route(A1.subnet, &B1.net(), NextHop::Eni(M.slot));
    let ear = raw(lab.ns(A1), SockProtocol::Icmp);
    let socket = dial(lab.ns(A1), B1.at(9));
    // It dies at the first hop.
    socket.set_ttl(1).unwrap();
    socket.send(b"x").unwrap();
    let mut packet = [0; 128];
    let (_, from) = ear.recv_from(&mut packet).unwrap();
    assert_eq!((from.ip(), packet[20]), (M.ip.into(), 11));
}

#[test]
fn a_smaller_mtu_outside_is_learnt_through_a_gateway() {
    if !testbed::usable() {
        return;
    }
    let lab = Vpc::with_internet(&[A1]);
    lab.nat();
    let net = lab.internet();
    net.sysctl("net.ipv4.ip_forward", "1").unwrap();
    net.ip("link add narrow mtu 1000 type veth peer name wide")
        .unwrap();
    net.ip("link set narrow up").unwrap();
    net.ip("route add 203.0.113.128/25 dev narrow").unwrap();
    let socket = dial(lab.ns(A1), ([203, 0, 113, 200], 9).into());
    socket.send(&[0; 1_200]).unwrap();
    let error = socket.recv(&mut [0]).unwrap_err();
    assert_eq!(
        error.raw_os_error(),
        Some(nix::errno::Errno::EMSGSIZE as i32)
    );
    // From now on its own kernel takes the datagram apart.
    lab.refused(A1, "fragment", || {
        socket.send(&[0; 1_200]).unwrap();
        false
    });
}

/// An ICMP error of type 3 code 3 about a UDP datagram, from its ICMP header on.
fn port_unreachable(from: [u8; 4], to: [u8; 4], ports: (u16, u16)) -> Vec<u8> {
    let mut out = vec![3, 3, 0, 0, 0, 0, 0, 0];
    let mut ip = vec![0x45, 0, 0, 28, 0, 1, 0, 0, 64, 17, 0, 0];
    ip.extend(from.into_iter().chain(to));
    let sum = checksum(&ip);
    ip[10..12].copy_from_slice(&sum.to_be_bytes());
    out.extend(ip);
    out.extend(ports.0.to_be_bytes());
    out.extend(ports.1.to_be_bytes());
    out.extend([0, 8, 0, 0]);
    let sum = checksum(&out);
    out[2..4].copy_from_slice(&sum.to_be_bytes());
    out
}

fn checksum(bytes: &[u8]) -> u16 {
    let word = |pair: &[u8]| u32::from(u16::from_be_bytes([pair[0], pair[1]]));
    let mut sum: u32 = bytes.chunks_exact(2).map(word).sum();
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    !(sum as u16)
}

#[test]
fn unrelated_errors_reach_nobody() {
    if !testbed::usable() {
        return;
    }
    let lab = Vpc::new(&[A1, A2, B1]);
    let victim = dial(lab.ns(A1), B1.at(53));
    let server = udp(lab.ns(B1), B1.at(53));
    victim.send(b"x").unwrap();
    server.recv_from(&mut [0]).unwrap();
    let port = victim.local_addr().unwrap().port();
    let tell = |eni: Eni, about: Vec<u8>| {
        let liar = raw(lab.ns(eni), SockProtocol::Icmp);
        liar.send_to(&about, (A1.ip, 0)).unwrap();
        victim.set_read_timeout(Some(patience())).unwrap();
        victim.recv(&mut [0]).err().map(|error| error.kind()) == Some(ErrorKind::ConnectionRefused)
    };
    let true_one = || port_unreachable(A1.ip.octets(), B1.ip.octets(), (port, 53));
    // Of another flow, of the same by somebody else, of one that does not exist.
    let other_port = port_unreachable(A1.ip.octets(), B1.ip.octets(), (port ^ 1, 53));
    lab.refused(B1, "icmp-unrelated", || tell(B1, other_port));
    lab.refused(A2, "icmp-unrelated", || tell(A2, true_one()));
    let other_way = port_unreachable(B1.ip.octets(), A1.ip.octets(), (53, port));
    lab.refused(B1, "icmp-unrelated", || tell(B1, other_way));
    // From whom it concerns, it is believed.
    assert!(tell(B1, true_one()));
    // About a request for the time: only pings are known by their ids here.
    let asks = raw(lab.ns(A1), SockProtocol::Icmp);
    let mut time = vec![13, 0, 0, 0, 0, 77, 0, 1];
    time.extend([0; 12]);
    let sum = checksum(&time);
    time[2..4].copy_from_slice(&sum.to_be_bytes());
    asks.send_to(&time, (B1.ip, 0)).unwrap();
    let mut answer = [0; 128];
    while answer[20] != 14 {
        asks.recv_from(&mut answer).unwrap();
    }
    let mut about = port_unreachable(A1.ip.octets(), B1.ip.octets(), (0, 0));
    about[17] = 1;
    about[28..36].copy_from_slice(&time[..8]);
    about[2..4].fill(0);
    let sum = checksum(&about);
    about[2..4].copy_from_slice(&sum.to_be_bytes());
    lab.refused(B1, "icmp-unrelated", || {
        let liar = raw(lab.ns(B1), SockProtocol::Icmp);
        liar.send_to(&about, (A1.ip, 0)).is_err()
    });
    // To somebody else than the sender of what it is about.
    lab.refused(B1, "icmp-unrelated", || {
        let liar = raw(lab.ns(B1), SockProtocol::Icmp);
        liar.send_to(&true_one(), (A2.ip, 0)).is_err()
    });
}
