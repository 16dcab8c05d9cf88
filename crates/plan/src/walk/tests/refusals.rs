//! Every verdict: what brings it about.

use alloc::string::ToString as _;
use alloc::vec::Vec;

use model::host::{
    AclKey, BalancerSlot, Document, EniSlot, GateSlot, GroupSlot, NatKey, NextHop, RouteTableKey,
    TargetGroupSlot,
};
use model::verdict::Verdict;

use super::lab::{
    ACK, APPLIANCE, CLIENT, FAR, Load, NEIGHBOUR, TARGET, TCP_SYN, document, error, frame, host,
    ip, send, told,
};
use crate::walk::{Fate, Gso, Host, Link, Outcome, Walker};

fn walk(document: &Document, from: Link, frame: &[u8]) -> Outcome {
    Walker::new(document, host()).walk(from, frame, None)
}

#[track_caller]
fn refused(outcome: &Outcome, verdict: Verdict) {
    assert_eq!(outcome.verdict, Some(verdict), "{}", told(outcome));
    assert_eq!(outcome.fate, Fate::Drop);
}

/// A document that is changed refuses what it lets pass otherwise.
#[track_caller]
fn change_refuses(from: Link, packet: &[u8], verdict: Verdict, change: impl FnOnce(&mut Document)) {
    let mut document = document();
    assert_eq!(walk(&document, from, packet).verdict, None, "before");
    change(&mut document);
    refused(&walk(&document, from, packet), verdict);
}

fn local() -> Vec<u8> {
    frame(CLIENT, ("10.0.1.10", "10.0.2.10"), (4_000, 80), TCP_SYN)
}

fn door() -> Vec<u8> {
    frame(CLIENT, ("10.0.1.10", "10.0.2.100"), (4_000, 80), TCP_SYN)
}

fn door6() -> Vec<u8> {
    frame(CLIENT, ("fd00:1::a", "fd00:1::100"), (4_000, 80), TCP_SYN)
}

fn by_nat() -> Vec<u8> {
    frame(CLIENT, ("10.0.1.10", "8.8.8.8"), (4_000, 80), TCP_SYN)
}

fn out() -> Vec<u8> {
    frame(FAR, ("10.0.2.10", "8.8.8.8"), (4_000, 80), TCP_SYN)
}

fn inward() -> Vec<u8> {
    frame(
        Link::Uplink,
        ("8.8.8.8", "198.18.1.1"),
        (4_000, 80),
        TCP_SYN,
    )
}

fn to(address: &str) -> Vec<u8> {
    frame(CLIENT, ("10.0.1.10", address), (4_000, 80), TCP_SYN)
}

#[test]
fn frames_that_are_not_whole_ip() {
    let lab = document();
    let refuse = |frame: &[u8], verdict| refused(&walk(&lab, CLIENT, frame), verdict);
    for length in 0..local().len() - 7 - 4 {
        refuse(&local()[..length], Verdict::Malformed);
    }
    let with = |at: usize, byte: u8| {
        let mut frame = local();
        frame[at] = byte;
        frame
    };
    refuse(&with(14, 0x46), Verdict::Malformed);
    refuse(&with(13, 0x04), Verdict::NotIp);
    refuse(&with(20, 0x20), Verdict::Fragment);
    refuse(&with(21, 0x01), Verdict::Fragment);
    assert_eq!(
        walk(&lab, CLIENT, &with(20, 0x40)).verdict,
        None,
        "don't fragment"
    );
    // ICMPv6 in IPv4.
    refuse(&with(23, 58), Verdict::Malformed);
    let six = |next: u8| {
        let mut frame = door6();
        frame[20] = next;
        frame
    };
    refuse(&six(44), Verdict::Fragment);
    for next in [0, 43, 51, 60, 135] {
        refuse(&six(next), Verdict::Extension);
    }
    refuse(&six(1), Verdict::Malformed);
    let mut version = door6();
    version[14] = 0x50;
    refuse(&version, Verdict::Malformed);
}

#[test]
fn an_ipv4_address_in_disguise_is_in_no_packet() {
    let lab = document();
    let disguised = ("::ffff:10.0.1.10", "::ffff:10.0.2.10");
    let frame = frame(CLIENT, disguised, (4_000, 80), TCP_SYN);
    refused(&walk(&lab, CLIENT, &frame), Verdict::Malformed);
}

#[test]
fn link_local_addresses_are_nobodys() {
    let lab = document();
    for (source, destination) in [
        ("fe80::1", "fd00:1::b"),
        ("fd00:1::a", "fe80::1"),
        ("fd00:1::a", "ff02::fb"),
    ] {
        let udp = frame(CLIENT, (source, destination), (5_353, 5_353), Load::Udp);
        refused(&walk(&lab, CLIENT, &udp), Verdict::LinkLocal);
        let ping = frame(CLIENT, (source, destination), (1, 0), Load::Echo(true));
        refused(&walk(&lab, CLIENT, &ping), Verdict::LinkLocal);
    }
}

#[test]
fn a_packet_is_at_most_8500_bytes() {
    let lab = document();
    let mut big = local();
    big.resize(14 + 8_500, 0);
    assert_eq!(walk(&lab, CLIENT, &big).verdict, None);
    big.push(0);
    refused(&walk(&lab, CLIENT, &big), Verdict::Mtu);
    let gso = |size| Some(Gso { size, segments: 5 });
    let mut walker = Walker::new(&lab, host());
    // 20 bytes of IP, 24 of TCP.
    assert_eq!(walker.walk(CLIENT, &big, gso(8_456)).verdict, None);
    refused(&walker.walk(CLIENT, &big, gso(8_457)), Verdict::Mtu);
    refused(&walker.walk(CLIENT, &big, gso(0)), Verdict::Mtu);
}

#[test]
fn a_sender_is_who_it_is() {
    let lab = document();
    refused(&walk(&lab, Link::Eni(EniSlot(9)), &local()), Verdict::NoEni);
    refused(&walk(&lab, NEIGHBOUR, &local()), Verdict::SpoofedMac);
    let other = frame(CLIENT, ("10.0.1.11", "10.0.2.10"), (1, 2), TCP_SYN);
    refused(&walk(&lab, CLIENT, &other), Verdict::SpoofedSource);
    // Who is let off the check may send for others.
    let other = frame(APPLIANCE, ("192.168.7.7", "10.0.1.10"), (1, 2), TCP_SYN);
    assert_eq!(walk(&lab, APPLIANCE, &other).verdict, None);
}

#[test]
fn routes_that_lead_nowhere() {
    let lab = document();
    let refuse = |address, verdict| refused(&walk(&lab, CLIENT, &to(address)), verdict);
    // Nobody has it; its own.
    refuse("10.0.3.3", Verdict::NoRoute);
    refuse("10.0.1.10", Verdict::NoRoute);
    refuse("172.16.0.1", Verdict::RouteBlackhole);
    refuse("192.0.2.1", Verdict::GatewayEndpoint);
    // To an ENI that takes only its own; to one of another VPC; to the sender.
    refuse("192.168.1.1", Verdict::DestCheck);
    refuse("192.168.2.1", Verdict::RouteBlackhole);
    refuse("192.168.3.1", Verdict::NoRoute);
    assert_eq!(walk(&lab, CLIENT, &to("192.168.9.1")).verdict, None);
    // The NAT gateway's own routes; IPv6 goes through none.
    refuse("203.0.113.9", Verdict::RouteBlackhole);
    let six = frame(CLIENT, ("fd00:1::a", "2001:db8::1"), (1, 2), TCP_SYN);
    refused(&walk(&lab, CLIENT, &six), Verdict::NoRoute);
    // No route at all.
    let nowhere = frame(TARGET, ("10.0.1.10", "10.0.1.11"), (1, 2), TCP_SYN);
    refused(&walk(&lab, TARGET, &nowhere), Verdict::NoRoute);
}

#[test]
fn the_way_out_must_be_there() {
    let lab = document();
    let shut = Host {
        uplink: None,
        ..host()
    };
    for (from, frame) in [(CLIENT, by_nat()), (FAR, out())] {
        assert_eq!(walk(&lab, from, &frame).verdict, None);
        let outcome = Walker::new(&lab, shut).walk(from, &frame, None);
        refused(&outcome, Verdict::NoUplink);
    }
    let unknown = frame(APPLIANCE, ("10.0.2.20", "8.8.8.8"), (1, 2), TCP_SYN);
    refused(&walk(&lab, APPLIANCE, &unknown), Verdict::NoPublicAddress);
    let nobody = frame(Link::Uplink, ("8.8.8.8", "198.18.1.2"), (1, 2), TCP_SYN);
    refused(&walk(&lab, Link::Uplink, &nobody), Verdict::NoRoute);
    change_refuses(CLIENT, &by_nat(), Verdict::RouteBlackhole, |lab| {
        lab.tables.nats.remove(&NatKey(1));
    });
    change_refuses(CLIENT, &by_nat(), Verdict::NoRoute, |lab| {
        let table = lab.tables.routes.get_mut(&RouteTableKey(2)).unwrap();
        table.remove(&"0.0.0.0/0".parse().unwrap());
    });
}

#[test]
fn protocols_that_cannot_go_there() {
    let lab = document();
    let ping = |address| frame(CLIENT, ("10.0.1.10", address), (1, 0), Load::Echo(true));
    refused(&walk(&lab, CLIENT, &ping("10.0.2.100")), Verdict::Protocol);
    assert_eq!(walk(&lab, CLIENT, &ping("8.8.8.8")).verdict, None);
    let gre = |address| frame(CLIENT, ("10.0.1.10", address), (0, 0), Load::Other(47));
    refused(&walk(&lab, CLIENT, &gre("8.8.8.8")), Verdict::Protocol);
    assert_eq!(walk(&lab, CLIENT, &gre("10.0.2.10")).verdict, None);
}

#[test]
fn a_closed_endpoint_says_so() {
    change_refuses(CLIENT, &door(), Verdict::GateClosed, |lab| {
        lab.tables.gates.get_mut(&GateSlot(1)).unwrap().generation = 0;
    });
}

#[test]
fn a_segment_of_no_connection_is_reset() {
    let lab = document();
    let stray = frame(
        CLIENT,
        ("10.0.1.10", "10.0.2.100"),
        (4_000, 80),
        Load::Tcp(ACK, 5, 6),
    );
    let outcome = walk(&lab, CLIENT, &stray);
    assert_eq!(outcome.verdict, Some(Verdict::NoFlow));
    let Fate::Answer { frame: answer } = outcome.fate else {
        panic!("{:?}", outcome.fate);
    };
    super::lab::check_sums(&answer);
    let reset = frame(
        CLIENT,
        ("10.0.1.10", "10.0.2.100"),
        (4_000, 80),
        Load::Tcp(4, 5, 6),
    );
    refused(&walk(&lab, CLIENT, &reset), Verdict::NoFlow);
}

fn shut_acl(lab: &mut Document, key: u64, egress: bool) {
    let acl = lab.tables.acls.get_mut(&AclKey(key)).unwrap();
    let entries = if egress {
        &mut acl.egress
    } else {
        &mut acl.ingress
    };
    entries.clear();
}

#[test]
fn acls_are_asked_where_a_packet_crosses_a_border() {
    let table = [
        (CLIENT, local(), 1, true, Verdict::AclEgress),
        (CLIENT, local(), 2, false, Verdict::AclIngress),
        (CLIENT, door(), 1, true, Verdict::AclEgress),
        (CLIENT, door(), 2, false, Verdict::AclIngress),
        (CLIENT, door6(), 1, true, Verdict::AclEgress),
        (CLIENT, door(), 4, true, Verdict::ProviderAcl),
        (CLIENT, door(), 3, false, Verdict::ProviderAcl),
        (FAR, out(), 2, true, Verdict::AclEgress),
        (CLIENT, by_nat(), 1, true, Verdict::AclEgress),
        (CLIENT, by_nat(), 2, false, Verdict::AclIngress),
        (CLIENT, by_nat(), 2, true, Verdict::AclEgress),
        (Link::Uplink, inward(), 2, false, Verdict::AclIngress),
    ];
    for (from, packet, acl, egress, verdict) in table {
        change_refuses(from, &packet, verdict, |lab| shut_acl(lab, acl, egress));
    }
    // Within a subnet they are not.
    let mut lab = document();
    shut_acl(&mut lab, 1, true);
    shut_acl(&mut lab, 1, false);
    assert_eq!(walk(&lab, CLIENT, &to("10.0.1.11")).verdict, None);
    // An ACL that is not there refuses.
    change_refuses(CLIENT, &local(), Verdict::AclEgress, |lab| {
        lab.tables.acls.remove(&AclKey(1));
    });
}

#[test]
fn the_first_entry_decides() {
    change_refuses(CLIENT, &local(), Verdict::AclEgress, |lab| {
        let acl = lab.tables.acls.get_mut(&AclKey(1)).unwrap();
        let mut deny = acl.egress[0];
        (deny.number, deny.allow) = (90, false);
        (deny.traffic.protocol, deny.traffic.first, deny.traffic.last) = (Some(6), 80, 80);
        acl.egress.insert(0, deny);
    });
}

#[test]
fn groups_are_asked_both_ways() {
    let shut = |slot: u32, egress: bool| {
        move |lab: &mut Document| {
            let group = lab.tables.groups.get_mut(&GroupSlot(slot)).unwrap();
            let rules = if egress {
                &mut group.egress
            } else {
                &mut group.ingress
            };
            rules.clear();
        }
    };
    let table = [
        (CLIENT, local(), 1, true, Verdict::GroupEgress),
        (CLIENT, local(), 1, false, Verdict::SecurityGroup),
        (CLIENT, door(), 1, true, Verdict::GroupEgress),
        (CLIENT, door(), 1, false, Verdict::SecurityGroup),
        (CLIENT, door(), 3, false, Verdict::BalancerGroup),
        (CLIENT, door(), 2, false, Verdict::TargetGroup),
        (FAR, out(), 1, true, Verdict::GroupEgress),
        (CLIENT, by_nat(), 1, true, Verdict::GroupEgress),
        (Link::Uplink, inward(), 1, false, Verdict::SecurityGroup),
    ];
    for (from, packet, slot, egress, verdict) in table {
        change_refuses(from, &packet, verdict, shut(slot, egress));
    }
    // A load balancer that waives its groups for endpoints.
    let mut lab = document();
    shut(3, false)(&mut lab);
    lab.tables
        .gates
        .get_mut(&GateSlot(1))
        .unwrap()
        .balancer_enforces = false;
    assert_eq!(walk(&lab, CLIENT, &door()).verdict, None);
}

#[test]
fn a_groups_members_are_known_by_their_own_addresses_only() {
    let mut lab = document();
    let members = model::host::Rule {
        traffic: model::host::Traffic::ALL,
        peer: model::host::Peer::Group(GroupSlot(1)),
    };
    let group = lab.tables.groups.get_mut(&GroupSlot(1)).unwrap();
    group.ingress = Vec::from([members]);
    assert_eq!(walk(&lab, CLIENT, &local()).verdict, None);
    assert_eq!(walk(&lab, CLIENT, &door()).verdict, None);
    let own = frame(APPLIANCE, ("10.0.2.20", "10.0.1.10"), (1, 2), TCP_SYN);
    assert_eq!(walk(&lab, APPLIANCE, &own).verdict, None);
    let others = frame(APPLIANCE, ("192.168.7.7", "10.0.1.10"), (1, 2), TCP_SYN);
    refused(&walk(&lab, APPLIANCE, &others), Verdict::SecurityGroup);
    let group = lab.tables.groups.get_mut(&GroupSlot(1)).unwrap();
    group.ingress = super::lab::open_group().ingress;
    group.egress = Vec::from([members]);
    assert_eq!(walk(&lab, CLIENT, &local()).verdict, None);
    refused(
        &walk(&lab, CLIENT, &to("192.168.9.1")),
        Verdict::GroupEgress,
    );
    refused(&walk(&lab, CLIENT, &by_nat()), Verdict::GroupEgress);
}

#[test]
fn a_service_must_have_a_target_that_can_be_reached() {
    let other = frame(CLIENT, ("10.0.1.10", "10.0.2.100"), (4_000, 81), TCP_SYN);
    refused(&walk(&document(), CLIENT, &other), Verdict::NoListener);
    change_refuses(CLIENT, &door(), Verdict::NoListener, |lab| {
        lab.tables.gates.get_mut(&GateSlot(1)).unwrap().balancer = BalancerSlot(9);
    });
    change_refuses(CLIENT, &door(), Verdict::NoTarget, |lab| {
        lab.tables.targets.remove(&TargetGroupSlot(1));
    });
    change_refuses(CLIENT, &door(), Verdict::NoTarget, |lab| {
        lab.tables.targets.insert(TargetGroupSlot(1), Vec::new());
    });
    change_refuses(CLIENT, &door(), Verdict::TargetGone, |lab| {
        lab.interfaces.remove(&EniSlot(5));
    });
    let target = |change: fn(&mut model::host::Target)| {
        move |lab: &mut Document| {
            change(&mut lab.tables.targets.get_mut(&TargetGroupSlot(1)).unwrap()[0]);
        }
    };
    // An address that the ENI has not; an ENI of another VPC; the other family.
    change_refuses(
        CLIENT,
        &door(),
        Verdict::TargetGone,
        target(|it| it.ip = ip("10.0.1.12")),
    );
    change_refuses(
        CLIENT,
        &door(),
        Verdict::TargetGone,
        target(|it| it.eni = EniSlot(1)),
    );
    change_refuses(
        CLIENT,
        &door(),
        Verdict::TargetGone,
        target(|it| it.ip = ip("fd00:2::a")),
    );
    // A client of one family, a service of the other.
    change_refuses(CLIENT, &door6(), Verdict::TargetGone, |lab| {
        let gate = lab.tables.gates[&GateSlot(1)].clone();
        let six = lab.tables.gates.get_mut(&GateSlot(2)).unwrap();
        (six.balancer, six.balancer_address) = (gate.balancer, gate.balancer_address);
    });
}

#[test]
fn an_eni_has_so_many_flows_and_no_more() {
    let lab = document();
    let few = Host {
        flow_quota: 2,
        ..host()
    };
    let mut walker = Walker::new(&lab, few);
    let open = |port| frame(CLIENT, ("10.0.1.10", "10.0.2.10"), (port, 80), TCP_SYN);
    for port in [1, 2, 2] {
        assert_eq!(walker.walk(CLIENT, &open(port), None).verdict, None);
    }
    refused(&walker.walk(CLIENT, &open(3), None), Verdict::FlowQuota);
    // Others' are their own.
    let other = frame(FAR, ("10.0.2.10", "10.0.1.11"), (3, 80), TCP_SYN);
    assert_eq!(walker.walk(FAR, &other, None).verdict, None);
    walker.forget_eni(EniSlot(1));
    assert_eq!(walker.walk(CLIENT, &open(3), None).verdict, None);
}

#[test]
fn source_ports_run_out() {
    let lab = document();
    let many = Host {
        flow_quota: u32::MAX,
        ..host()
    };
    let mut walker = Walker::new(&lab, many);
    let mut used = alloc::collections::BTreeSet::new();
    let refusal = (0..60_000u32).find_map(|number| {
        let source = u16::try_from(number).unwrap();
        let open = frame(CLIENT, ("10.0.1.10", "8.8.8.8"), (source, 80), Load::Udp);
        let outcome = walker.walk(CLIENT, &open, None);
        if let Fate::Forward { frame, .. } = &outcome.fate {
            let port = u16::from_be_bytes([frame[34], frame[35]]);
            assert!(
                port >= 1_024 && used.insert(port),
                "{port} is another flow's"
            );
        }
        outcome.verdict
    });
    assert_eq!(refusal, Some(Verdict::PortAllocation));
}

#[test]
fn errors_about_nothing_go_nowhere() {
    let lab = document();
    let about = frame(FAR, ("10.0.2.10", "10.0.1.10"), (80, 4_000), TCP_SYN);
    let unrelated = error(CLIENT, ip("10.0.1.10"), &about);
    refused(&walk(&lab, CLIENT, &unrelated), Verdict::IcmpUnrelated);
    let mut walker = Walker::new(&lab, host());
    let (_, arrived) = send(&mut walker, CLIENT, &local());
    let related = error(FAR, ip("10.0.2.10"), &arrived);
    for length in 0..28 {
        // Without what it is about.
        let cut = &related[..related.len() - 1 - length];
        refused(&walker.walk(FAR, cut, None), Verdict::IcmpUnrelated);
    }
    let mut spoofed = related.clone();
    spoofed[11] ^= 1;
    refused(&walker.walk(FAR, &spoofed, None), Verdict::SpoofedMac);
    let spoofed = error(FAR, ip("10.0.2.11"), &arrived);
    refused(&walker.walk(FAR, &spoofed, None), Verdict::SpoofedSource);
    let mut elsewhere = related.clone();
    elsewhere[33] ^= 1;
    refused(&walker.walk(FAR, &elsewhere, None), Verdict::IcmpUnrelated);
    assert_eq!(walker.walk(FAR, &related, None).verdict, None);
}

#[test]
fn a_refusal_is_told_in_words() {
    let mut lab = document();
    shut_acl(&mut lab, 2, false);
    let outcome = walk(&lab, CLIENT, &local());
    let wanted = "\
the flow is new
the source MAC address is ENI 1's
the source address is ENI 1's own (checked)
route 10.0.0.0/16 of table 0000000000000001 takes 10.0.2.10 into VPC 1
10.0.2.10 of VPC 1 is ENI 3's
outbound entry 100 of ACL 0000000000000001 allows TCP port 80, peer 10.0.2.10
inbound entry * of ACL 0000000000000002 (no other matches) denies TCP port 80, peer 10.0.1.10";
    assert_eq!(told(&outcome), wanted.to_string());
    let gone = NextHop::Blackhole;
    let net = "10.0.2.0/24".parse().unwrap();
    let table = lab.tables.routes.get_mut(&RouteTableKey(1)).unwrap();
    table.insert(net, gone);
    let outcome = walk(&lab, CLIENT, &local());
    assert!(told(&outcome).ends_with(
        "route 10.0.2.0/24 of table 0000000000000001 takes 10.0.2.10 nowhere: its target is gone"
    ));
}
