//! Network ACLs: numbered, stateless, on the borders of subnets only.

use std::io::Write as _;

use model::host::{AclKey, Step, Traffic};
use testbed::client;

use super::SILENCE;
use super::lab::*;
use super::sockets::*;

const TCP: u8 = 6;
const UDP: u8 = 17;

fn deny(traffic: Traffic, peer: &str) -> Vec<model::host::Entry> {
    vec![entry(100, traffic, peer, false)]
}

#[test]
fn the_first_entry_that_matches_decides() {
    if !testbed::usable() {
        return;
    }
    let lab = Vpc::new(&[A1, A2, B1]);
    let ingress = vec![
        entry(100, traffic(UDP, 53, 53), "10.1.1.0/24", true),
        entry(110, traffic(UDP, 50, 60), "0.0.0.0/0", false),
        entry(120, traffic(UDP, 55, 55), "0.0.0.0/0", true),
        entry(130, traffic(1, 8 << 8, 8 << 8 | 255), &A2.net(), false),
        entry(140, traffic(UDP, 70, 70), "::/0", false),
    ];
    lab.acl(B1.subnet, ingress, Vec::new());
    assert!(lab.udp(A1, B1, 53) && lab.udp(A1, B1, 61) && lab.udp(A1, B1, 70));
    lab.refused(A1, "acl-ingress", || lab.udp(A1, B1, 54));
    lab.refused(A1, "acl-ingress", || lab.udp(A1, B1, 55));
    assert!(ping(lab.ns(A1), B1.ip));
    lab.refused(A2, "acl-ingress", || ping(lab.ns(A2), B1.ip));
    // Of IPv6 there is one entry that matches, and the last.
    assert!(lab.udp6(A1, B1, 54) && ping(lab.ns(A2), B1.ip6()));
    lab.refused(A1, "acl-ingress", || lab.udp6(A1, B1, 70));
    // Without any entry nothing passes, and without an ACL neither.
    let key = AclKey(B1.subnet);
    lab.host.apply(Step::PutAcl(key, Default::default()));
    lab.refused(A1, "acl-ingress", || lab.udp(A1, B1, 53));
    lab.host.apply(Step::RemoveAcl(key));
    lab.refused(A1, "acl-ingress", || lab.udp(A1, B1, 53));
}

#[test]
fn each_border_is_crossed_twice() {
    if !testbed::usable() {
        return;
    }
    let lab = Vpc::new(&[A1, A2, B1]);
    let open = Vec::new;
    // Out of the sender's subnet, into the receiver's.
    lab.acl(A1.subnet, open(), deny(traffic(UDP, 53, 53), &B1.net()));
    lab.refused(A1, "acl-egress", || lab.udp(A1, B1, 53));
    assert!(lab.udp(A1, B1, 54));
    lab.acl(A1.subnet, open(), open());
    lab.acl(B1.subnet, deny(traffic(UDP, 53, 53), &A1.net()), open());
    lab.refused(A1, "acl-ingress", || lab.udp(A1, B1, 53));
    assert!(lab.udp(A2, B1, 53));
    // The answers: to the client's port, which an entry of its own must let through.
    let clients = traffic(UDP, 1_024, 65_535);
    lab.acl(B1.subnet, open(), deny(clients, "10.1.1.0/24"));
    let server = udp(lab.ns(B1), B1.at(53));
    let ask = || {
        let socket = dial(lab.ns(A1), B1.at(53));
        socket.send(b"?").unwrap();
        let (_, peer) = server.recv_from(&mut [0]).unwrap();
        server.send_to(b"!", peer).unwrap();
        socket.recv(&mut [0]).is_ok()
    };
    lab.refused(B1, "acl-reply-egress", ask);
    lab.acl(B1.subnet, open(), open());
    lab.acl(A1.subnet, deny(clients, &B1.net()), open());
    lab.refused(B1, "acl-reply-ingress", ask);
    lab.acl(A1.subnet, open(), open());
    assert!(ask());
    // An answer to a ping is type 0.
    lab.acl(A1.subnet, deny(traffic(1, 0, 255), "0.0.0.0/0"), open());
    lab.refused(B1, "acl-reply-ingress", || ping(lab.ns(A1), B1.ip));
    lab.acl(
        A1.subnet,
        deny(traffic(58, 129 << 8, 129 << 8), "::/0"),
        open(),
    );
    lab.refused(B1, "acl-reply-ingress", || ping(lab.ns(A1), B1.ip6()));
    lab.acl(B1.subnet, open(), deny(clients, "fd00:1:1::/48"));
    lab.refused(B1, "acl-reply-egress", || lab.udp6(A1, B1, 55));
    lab.acl(B1.subnet, open(), open());
    // Nothing of this inside one subnet.
    let all = || deny(Traffic::ALL, "0.0.0.0/0");
    lab.acl(A1.subnet, all(), all());
    assert!(lab.udp(A1, A2, 53) && lab.tcp(A1, A2, 80) && ping(lab.ns(A1), A2.ip));
}

#[test]
fn a_change_is_felt_by_open_connections_at_once_and_until_taken_back() {
    if !testbed::usable() {
        return;
    }
    let lab = Vpc::new(&[A1, B1]);
    let mut pair = connect(lab.ns(B1), B1.at(80), lab.ns(A1), B1.at(80));
    pair.talk();
    let open = Vec::new;
    let all = || deny(traffic(TCP, 0, 65_535), "0.0.0.0/0");
    let cases = [
        (A1, "acl-egress", (A1.subnet, open(), all())),
        (A1, "acl-ingress", (B1.subnet, all(), open())),
        (B1, "acl-reply-egress", (B1.subnet, open(), all())),
        (B1, "acl-reply-ingress", (A1.subnet, all(), open())),
    ];
    for (eni, label, (subnet, ingress, egress)) in cases {
        let before = lab.drops(eni, label);
        lab.acl(subnet, ingress, egress);
        if eni.slot == A1.slot {
            pair.client.write_all(b"x").unwrap();
        } else {
            pair.server.write_all(b"x").unwrap();
        }
        lab.counted(eni.slot, label, before + 1);
        // A connection is no reason for another.
        if eni.slot == A1.slot {
            client::connect(lab.ns(A1), B1.at(80), SILENCE).unwrap_err();
        }
        lab.acl(subnet, open(), open());
        // The lost segment is sent again.
        let mut byte = [0];
        let mut ends = [&pair.server, &pair.client];
        ends.rotate_left(usize::from(eni.slot != A1.slot));
        std::io::Read::read_exact(&mut ends[0], &mut byte).unwrap();
        assert_eq!(&byte, b"x");
    }
    pair.talk();
}
