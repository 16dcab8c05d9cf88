//! What becomes of flows when the tables change.

use etherparse::PacketHeaders;
use model::host::{AclKey, Document, EniSlot, GateSlot, GroupSlot, NatKey, NextHop, RouteTableKey};
use model::verdict::Verdict;

use super::lab::{
    ACK, CLIENT, FAR, Load, TCP_SYN, check_sums, document, frame, host, ip, send, told,
};
use super::ways::{Way, answer_to, ends, ways};
use crate::walk::{Fate, FlowKind, Link, Walker};

/// What an answer meets when the tables change after the first packet.
#[track_caller]
fn answer_is_refused(way: &Way, verdict: Verdict, change: impl FnOnce(&mut Document)) {
    let lab = document();
    let mut changed = document();
    change(&mut changed);
    let mut walker = Walker::new(&lab, host());
    let (_, arrived) = send(
        &mut walker,
        way.from,
        &frame(way.from, way.ends, way.ports, Load::Udp),
    );
    let (_, _, port, _) = ends(&arrived);
    let answer = answer_to(way, port, Load::Udp);
    walker.set_document(&changed);
    let outcome = walker.walk(way.to, &answer, None);
    assert_eq!(outcome.verdict, Some(verdict), "{}", told(&outcome));
    // The flow is kept, and goes on when the tables are as before.
    if verdict != Verdict::FlowCut || way.kind == FlowKind::Nat {
        walker.set_document(&lab);
        assert_eq!(walker.walk(way.to, &answer, None).verdict, None);
    }
}

fn deny(lab: &mut Document, acl: u64, egress: bool) {
    let acl = lab.tables.acls.get_mut(&AclKey(acl)).unwrap();
    if egress {
        acl.egress.clear();
    } else {
        acl.ingress.clear();
    }
}

fn set_route(lab: &mut Document, table: u64, net: &str, hop: Option<NextHop>) {
    let table = lab.tables.routes.get_mut(&RouteTableKey(table)).unwrap();
    let net = net.parse().unwrap();
    match hop {
        Some(hop) => drop(table.insert(net, hop)),
        None => drop(table.remove(&net)),
    }
}

#[test]
fn answers_need_acls_and_routes_of_their_own() {
    use Verdict::{
        AclReplyEgress, AclReplyIngress, Asymmetric, FlowCut, NoPublicAddress, NoRoute,
        ProviderAcl, RouteBlackhole,
    };
    let ways = ways();
    let (local, door, out, nat, inward) = (&ways[0], &ways[2], &ways[4], &ways[6], &ways[7]);
    answer_is_refused(local, AclReplyEgress, |lab| deny(lab, 2, true));
    answer_is_refused(local, AclReplyIngress, |lab| deny(lab, 1, false));
    let local_net = "10.0.0.0/16";
    answer_is_refused(local, Asymmetric, |lab| set_route(lab, 2, local_net, None));
    answer_is_refused(local, RouteBlackhole, |lab| {
        set_route(lab, 2, "10.0.1.0/24", Some(NextHop::Blackhole));
    });
    answer_is_refused(local, Asymmetric, |lab| {
        set_route(lab, 2, "10.0.1.0/24", Some(NextHop::Eni(EniSlot(4))));
    });
    answer_is_refused(door, ProviderAcl, |lab| deny(lab, 3, true));
    answer_is_refused(door, ProviderAcl, |lab| deny(lab, 4, false));
    answer_is_refused(door, AclReplyEgress, |lab| deny(lab, 2, true));
    answer_is_refused(door, AclReplyIngress, |lab| deny(lab, 1, false));
    answer_is_refused(door, Asymmetric, |lab| set_route(lab, 2, local_net, None));
    answer_is_refused(door, RouteBlackhole, |lab| {
        set_route(lab, 2, local_net, Some(NextHop::Blackhole));
    });
    answer_is_refused(door, NoRoute, |lab| {
        lab.tables.routes.remove(&RouteTableKey(2));
    });
    answer_is_refused(door, FlowCut, |lab| {
        lab.tables.gates.get_mut(&GateSlot(1)).unwrap().generation = 4;
    });
    answer_is_refused(out, AclReplyIngress, |lab| deny(lab, 2, false));
    answer_is_refused(nat, FlowCut, |lab| {
        lab.tables.nats.remove(&NatKey(1));
    });
    answer_is_refused(nat, AclReplyIngress, |lab| deny(lab, 2, false));
    answer_is_refused(nat, AclReplyEgress, |lab| deny(lab, 2, true));
    answer_is_refused(nat, AclReplyIngress, |lab| deny(lab, 1, false));
    answer_is_refused(inward, AclReplyEgress, |lab| deny(lab, 2, true));
    answer_is_refused(inward, Asymmetric, |lab| {
        set_route(lab, 2, "0.0.0.0/0", Some(NextHop::Eni(EniSlot(4))));
    });
    answer_is_refused(inward, NoPublicAddress, |lab| {
        lab.tables.publics.remove(&ip("198.18.1.1"));
    });
}

#[test]
fn groups_admit_flows_not_packets() {
    let lab = document();
    let mut shut = document();
    for slot in [1, 2, 3] {
        shut.tables
            .groups
            .insert(GroupSlot(slot), Default::default());
    }
    for way in ways() {
        let mut walker = Walker::new(&lab, host());
        let open = frame(way.from, way.ends, way.ports, Load::Udp);
        let (_, arrived) = send(&mut walker, way.from, &open);
        let (_, _, port, _) = ends(&arrived);
        walker.set_document(&shut);
        assert_eq!(walker.walk(way.from, &open, None).verdict, None);
        let answer = answer_to(&way, port, Load::Udp);
        assert_eq!(walker.walk(way.to, &answer, None).verdict, None);
        let mut fresh = way.ports;
        fresh.0 += 1;
        let open = frame(way.from, way.ends, fresh, Load::Udp);
        assert!(walker.walk(way.from, &open, None).verdict.is_some());
    }
}

#[test]
fn acls_ask_every_packet_of_a_flow() {
    let lab = document();
    for (way, acl, egress, verdict) in [
        (0, 1, true, Verdict::AclEgress),
        (0, 2, false, Verdict::AclIngress),
        (2, 1, true, Verdict::AclEgress),
        (2, 4, true, Verdict::ProviderAcl),
        (2, 3, false, Verdict::ProviderAcl),
        (4, 2, true, Verdict::AclEgress),
        (6, 1, true, Verdict::AclEgress),
        (6, 2, false, Verdict::AclIngress),
        (6, 2, true, Verdict::AclEgress),
        (7, 2, false, Verdict::AclIngress),
    ] {
        let way = &ways()[way];
        let mut changed = document();
        deny(&mut changed, acl, egress);
        let mut walker = Walker::new(&lab, host());
        let open = frame(way.from, way.ends, way.ports, Load::Udp);
        send(&mut walker, way.from, &open);
        walker.set_document(&changed);
        let outcome = walker.walk(way.from, &open, None);
        assert_eq!(outcome.verdict, Some(verdict), "{}", told(&outcome));
        walker.set_document(&lab);
        assert_eq!(walker.walk(way.from, &open, None).verdict, None);
    }
}

#[test]
fn a_flow_whose_way_moves_is_asked_as_a_new_one() {
    let lab = document();
    let mut moved = document();
    set_route(
        &mut moved,
        1,
        "10.0.2.10/32",
        Some(NextHop::Eni(EniSlot(4))),
    );
    let mut walker = Walker::new(&lab, host());
    let open = frame(CLIENT, ("10.0.1.10", "10.0.2.10"), (4_000, 80), Load::Udp);
    assert_eq!(send(&mut walker, CLIENT, &open).0, FAR);
    walker.set_document(&moved);
    assert_eq!(send(&mut walker, CLIENT, &open).0, Link::Eni(EniSlot(4)));
    assert_eq!(walker.flows().count(), 2, "the old records are gone");
    // From an endpoint's address to an ENI's: a TCP segment finds no connection.
    let mut swapped = document();
    let gate = swapped.tables.gates.get_mut(&GateSlot(1)).unwrap();
    gate.address.ip = ip("10.0.2.101");
    let mut other = swapped.tables.gates[&GateSlot(1)].clone();
    other.address.ip = ip("10.0.2.100");
    swapped.tables.gates.insert(GateSlot(7), other);
    let mut walker = Walker::new(&lab, host());
    let ends = ("10.0.1.10", "10.0.2.100");
    send(
        &mut walker,
        CLIENT,
        &frame(CLIENT, ends, (4_000, 80), TCP_SYN),
    );
    walker.set_document(&swapped);
    let segment = frame(CLIENT, ends, (4_000, 80), Load::Tcp(ACK, 1_001, 1));
    let outcome = walker.walk(CLIENT, &segment, None);
    assert_eq!(outcome.verdict, Some(Verdict::NoFlow));
    assert_eq!(walker.flows().count(), 0);
}

#[test]
fn a_closed_endpoint_cuts_its_connections_and_says_so() {
    let lab = document();
    let mut closed = document();
    closed
        .tables
        .gates
        .get_mut(&GateSlot(1))
        .unwrap()
        .generation = 0;
    let ends = ("10.0.1.10", "10.0.2.100");
    let mut walker = Walker::new(&lab, host());
    send(
        &mut walker,
        CLIENT,
        &frame(CLIENT, ends, (4_000, 80), TCP_SYN),
    );
    walker.set_document(&closed);
    let segment = frame(CLIENT, ends, (4_000, 80), Load::Tcp(ACK, 1_001, 77));
    let outcome = walker.walk(CLIENT, &segment, None);
    assert_eq!(outcome.verdict, Some(Verdict::FlowCut));
    let Fate::Answer { frame: reset } = outcome.fate else {
        panic!("{:?}", outcome.fate);
    };
    check_sums(&reset);
    assert_eq!(reset.len(), 54);
    let parsed = PacketHeaders::from_ethernet_slice(&reset).unwrap();
    let tcp = parsed.transport.unwrap().tcp().unwrap();
    assert!(tcp.rst && !tcp.ack);
    assert_eq!((tcp.sequence_number, tcp.acknowledgment_number), (77, 0));
    assert_eq!(walker.flows().count(), 0);
    assert_eq!(
        walker.walk(CLIENT, &segment, None).verdict,
        Some(Verdict::NoFlow)
    );
}
