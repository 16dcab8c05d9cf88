//! Frames that no socket makes.

use std::net::{Ipv6Addr, SocketAddr, SocketAddrV4};

use ginnel_dataplane::Kernel as _;
use testbed::packet::{self, Macs, Tcp};
use testbed::raw::{RawSender, Sniffer};
use testbed::{Netns, link};

use super::LIMIT;
use super::host::mac;
use super::lab::*;
use super::sockets::*;

/// The MAC address of every gateway.
const GATEWAY_MAC: [u8; 6] = [0x02, 0x67, 0x69, 0x6e, 0x6e, 0x6c];

pub(crate) fn macs(eni: Eni) -> Macs {
    Macs {
        from: mac(eni.slot).0,
        to: GATEWAY_MAC,
    }
}

fn inject(ns: &Netns, device: &str, frame: &[u8]) {
    let sender = RawSender::open(ns, device).unwrap();
    sender.send(frame).unwrap();
}

/// An IPv6 frame.
fn ipv6(macs: Macs, from: Ipv6Addr, to: Ipv6Addr, next: u8, payload: &[u8]) -> Vec<u8> {
    let mut out = [macs.to, macs.from].concat();
    out.extend([0x86, 0xdd, 0x60, 0, 0, 0, 0, payload.len() as u8, next, 255]);
    out.extend(from.octets().into_iter().chain(to.octets()));
    out.extend(payload);
    out
}

#[test]
fn an_ipv4_address_in_disguise_goes_nowhere() {
    if !testbed::usable() {
        return;
    }
    let lab = Vpc::with_internet(&[A1]);
    lab.public();
    let sniffer = Sniffer::start(lab.internet(), "ginnel0").unwrap();
    // Of IPv4 it would be its own.
    let from = A1.ip.to_ipv6_mapped();
    let to = OUTSIDE6.parse().unwrap();
    let datagram = [0, 7, 0, 7, 0, 8, 0, 0];
    lab.refused(A1, "malformed", || {
        inject(lab.ns(A1), "eth0", &ipv6(macs(A1), from, to, 17, &datagram));
        sniffer.frames().iter().any(|frame| frame[20] == 17)
    });
}

#[test]
fn duplicate_detection_outside_is_not_answered() {
    if !testbed::usable() {
        return;
    }
    let lab = Vpc::with_internet(&[]);
    let sniffer = Sniffer::start(lab.internet(), "ginnel0").unwrap();
    let own = Macs {
        from: link::mac(lab.internet(), "ginnel0").unwrap(),
        to: [0x33, 0x33, 0xff, 0, 0, 1],
    };
    let target: Ipv6Addr = "fe80::1234".parse().unwrap();
    let mut asked = vec![135, 0, 0, 0, 0, 0, 0, 0];
    asked.extend(target.octets());
    let group = "ff02::1:ff00:1234".parse().unwrap();
    let other = "fe80::99".parse().unwrap();
    // Whether anybody has the address that it wants; then, who has it.
    for from in [Ipv6Addr::UNSPECIFIED, other] {
        let frame = ipv6(own, from, group, 58, &asked);
        inject(lab.internet(), "ginnel0", &frame);
    }
    let advertised = |frame: &[u8]| {
        let about = frame.get(54) == Some(&136) && frame.get(62..78) == Some(&target.octets());
        about.then(|| <[u8; 16]>::try_from(&frame[38..54]).unwrap())
    };
    sniffer
        .wait_for("an advertisement", LIMIT, advertised)
        .unwrap();
    let frames = sniffer.frames();
    let to: Vec<_> = frames.iter().filter_map(|it| advertised(it)).collect();
    assert_eq!(to, [other.octets()]);
}

#[test]
fn a_reset_ends_a_flow_whatever_else_it_says() {
    if !testbed::usable() {
        return;
    }
    let lab = Vpc::new(&[A1, B1]);
    let at = B1.at(80);
    let pair = connect(lab.ns(B1), at, lab.ns(A1), at);
    let v4 = |at| match at {
        SocketAddr::V4(at) => at,
        SocketAddr::V6(_) => SocketAddrV4::new(A1.ip, 0),
    };
    pair.client.shutdown(std::net::Shutdown::Write).unwrap();
    let odd = Tcp {
        syn: true,
        rst: true,
        ..Tcp::default()
    };
    let from = v4(pair.client.local_addr().unwrap());
    let frame = packet::tcp(macs(A1), from, v4(at), odd, &[]).unwrap();
    inject(lab.ns(A1), "eth0", &frame);
    // The server, which does not believe it, may begin one by asking again.
    let gone = || {
        let flows = lab.host.run(|linux| linux.flows().unwrap());
        (!flows.iter().any(|flow| flow.eni == A1.slot)).then_some(())
    };
    testbed::eventually("the flow's end", LIMIT, gone).unwrap();
}

#[test]
fn two_senders_of_one_tuple_have_one_flow() {
    if !testbed::usable() {
        return;
    }
    let lab = Vpc::new(&[A1, B1, M]);
    lab.attach(M, |it| it.source_check = false);
    let (from, to) = (A1.at(5_000), B1.at(80));
    let server = udp(lab.ns(B1), to);
    let socket = udp(lab.ns(A1), from);
    socket.send_to(b"x", to).unwrap();
    server.recv_from(&mut [0]).unwrap();
    let open = |eni: Eni| {
        let counters = lab.host.run(|linux| linux.counters(&[]).unwrap());
        counters.enis[&eni.slot].flows
    };
    assert_eq!((open(A1), open(M)), (1, 0));
    // The middlebox may send in A1's name: from now on it is asked for the answers.
    let (SocketAddr::V4(v4), SocketAddr::V4(v4_to)) = (from, to) else {
        unreachable!();
    };
    let frame = packet::udp(macs(M), v4, v4_to, b"y").unwrap();
    inject(lab.ns(M), "eth0", &frame);
    server.recv_from(&mut [0]).unwrap();
    let flows = lab.host.run(|linux| linux.flows().unwrap());
    assert_eq!(flows.len(), 1, "{flows:?}");
    assert_eq!((flows[0].eni, open(A1), open(M)), (M.slot, 0, 1));
    // And A1 gets its flow back when it goes on.
    socket.send_to(b"x", to).unwrap();
    let (_, peer) = server.recv_from(&mut [0]).unwrap();
    server.send_to(b"z", peer).unwrap();
    socket.recv_from(&mut [0]).unwrap();
    assert_eq!((open(A1), open(M)), (1, 0));
}
