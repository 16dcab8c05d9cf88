//! What is told: refusals, flows that open and end, and the flows that are open.

use std::net::SocketAddr;

use ginnel_dataplane::Kernel as _;
use model::host::{Event, Flow, Refusal, Tuple, Way};
use model::verdict::Verdict;
use testbed::raw::RawSender;
use testbed::{eventually, packet};

use super::LIMIT;
use super::frames::macs;
use super::lab::*;
use super::sockets::*;
use super::ways::*;

fn tuple(from: SocketAddr, to: SocketAddr) -> Tuple {
    Tuple {
        source: from.ip(),
        destination: to.ip(),
        source_port: from.port(),
        destination_port: to.port(),
    }
}

impl Vpc {
    /// What was told since the last time, but for what idle namespaces say of their own.
    fn events(&self) -> Vec<Event> {
        let mut events = self.host.run(|linux| linux.events(10_000).unwrap());
        let noise = |it: &Refusal| match it.packet {
            Some((protocol, _)) => protocol == 58,
            None => matches!(it.verdict, Verdict::Extension | Verdict::LinkLocal),
        };
        events.retain(|event| !matches!(event, Event::Refused(it) if noise(it)));
        events
    }

    fn flows(&self) -> Vec<Flow> {
        self.host.run(|linux| linux.flows().unwrap())
    }
}

/// Flows that two ends have seen so much of, to the byte.
fn assert_counts(flow: &Flow, there: &[usize], back: &[usize]) {
    let head = if flow.outer.source.is_ipv4() { 28 } else { 48 };
    let whole = |sizes: &[usize]| {
        let bytes: usize = sizes.iter().map(|size| size + head).sum();
        (sizes.len() as u64, bytes as u64)
    };
    let counted = |count: model::host::Count| (count.packets, count.bytes);
    assert_eq!(counted(flow.there), whole(there), "{flow:?}");
    assert_eq!(counted(flow.back), whole(back), "{flow:?}");
}

/// A simple generator: the sizes differ, and are the same in every run.
struct Sizes(u32);

impl Sizes {
    fn next(&mut self, most: usize) -> usize {
        self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (self.0 >> 8) as usize % (most + 1)
    }
}

#[test]
fn two_hundred_flows_are_counted_to_the_byte() {
    if !testbed::usable() {
        return;
    }
    let lab = Vpc::new(&[A1, B1, T1]);
    lab.door(|_| ());
    lab.tell();
    let mut sizes = Sizes(1);
    let served = udp(lab.ns(T1), T1.at(SERVED));
    let peer = udp(lab.ns(B1), B1.at(53));
    let peer6 = udp(lab.ns(B1), B1.at6(53));
    let ways = [
        (endpoint(), &served, Way::Door),
        (B1.at(53), &peer, Way::Local),
        (B1.at6(53), &peer6, Way::Local),
    ];
    let mut sent = Vec::new();
    for number in 0..200 {
        let (at, server, way) = ways[number % 3];
        // Ports of our own: the kernel's choice may be one that was used.
        let port = 10_000 + number as u16;
        let own = if at.is_ipv4() {
            A1.at(port)
        } else {
            A1.at6(port)
        };
        let socket = udp(lab.ns(A1), own);
        socket.connect(at).unwrap();
        let mut buffer = vec![0; 9_000];
        let mut counts = (Vec::new(), Vec::new());
        for _ in 0..=sizes.next(4) {
            let size = sizes.next(8_400);
            socket.send(&vec![1; size]).unwrap();
            counts.0.push(size);
            let (got, client) = server.recv_from(&mut buffer).unwrap();
            assert_eq!(got, size);
            for _ in 0..sizes.next(2) {
                let size = sizes.next(8_400);
                server.send_to(&vec![2; size], client).unwrap();
                counts.1.push(size);
                assert_eq!(socket.recv(&mut buffer).unwrap(), size);
            }
        }
        sent.push((tuple(own, at), way, counts));
    }
    let flows = lab.flows();
    assert_eq!(flows.len(), 200);
    let opened = lab.events();
    for (outer, way, (there, back)) in &sent {
        let flow = flows.iter().find(|flow| flow.outer == *outer).unwrap();
        let far = if *way == Way::Door { T1 } else { B1 };
        assert_eq!((flow.eni, flow.far), (A1.slot, Some(far.slot)));
        assert_eq!((flow.way, flow.protocol), (*way, 17));
        assert_eq!(flow.gate, (*way == Way::Door).then_some(GATE));
        assert_counts(flow, there, back);
        // Told when it opened, with nothing counted yet.
        let told = opened.iter().find_map(|event| match event {
            Event::Opened(told) if told.outer == *outer => Some(told),
            _ => None,
        });
        let told = told.unwrap();
        assert_eq!(told.inner, flow.inner, "as the target gets it");
        assert_eq!(
            (told.eni, told.far, told.gate),
            (flow.eni, flow.far, flow.gate)
        );
        assert_counts(told, &[], &[]);
    }
    // The ENI goes, and its flows with it: each is told once, with the same counts.
    lab.host.run(|linux| {
        let step = model::host::Step::Detach(A1.slot, "gnl000000000001".into());
        linux.apply(&step).unwrap();
    });
    let ended = lab.events();
    assert_eq!(ended.len(), 200);
    for (outer, _, (there, back)) in &sent {
        let told = ended.iter().find_map(|event| match event {
            Event::Ended(told) if told.outer == *outer => Some(told),
            _ => None,
        });
        assert_counts(told.unwrap(), there, back);
    }
}

#[test]
fn a_tcp_connection_is_told_from_its_syn_to_its_end() {
    if !testbed::usable() {
        return;
    }
    let lab = Vpc::with_internet(&[A1, B1, T1]);
    lab.door(|_| ());
    lab.nat();
    lab.tell();
    let outside = SocketAddr::from((OUTSIDE, 80));
    let at6 = lab.door6();
    let cases = [
        (B1.at(80), lab.ns(B1), B1.at(80), Way::Local),
        (B1.at6(80), lab.ns(B1), B1.at6(80), Way::Local),
        (endpoint(), lab.ns(T1), T1.at(SERVED), Way::Door),
        (at6, lab.ns(T1), T1.at6(SERVED), Way::Door),
        (outside, lab.internet(), outside, Way::Nat),
    ];
    for (to, ns, at, way) in cases {
        let before = now_ms();
        let mut pair = connect(ns, at, lab.ns(A1), to);
        let outer = tuple(pair.client.local_addr().unwrap(), to);
        let inner = tuple(pair.peer, at);
        pair.talk();
        let open = lab.flows();
        assert_eq!(open.len(), 1, "{open:?}");
        assert_eq!((open[0].outer, open[0].inner), (outer, inner));
        drop(pair);
        let mut told = Vec::new();
        eventually("the end", LIMIT, || {
            told.extend(lab.events());
            let end = told.iter().any(|event| matches!(event, Event::Ended(_)));
            end.then_some(())
        })
        .unwrap();
        assert!(lab.flows().is_empty());
        let [Event::Opened(opened), Event::Ended(ended)] = &told[..] else {
            panic!("{told:?}");
        };
        for flow in [opened, ended] {
            assert_eq!((flow.outer, flow.inner), (outer, inner));
            assert_eq!((flow.eni, flow.way, flow.protocol), (A1.slot, way, 6));
            assert_eq!(flow.nat, (way == Way::Nat).then_some(NAT));
            assert!(flow.first_ms >= before - 100 && flow.first_ms <= now_ms() + 100);
            assert!(flow.last_ms >= flow.first_ms);
        }
        // SYN and FIN; of the answers SYN with ACK and FIN.
        assert_eq!((ended.there.tcp_flags, ended.back.tcp_flags), (3, 19));
        assert!(ended.there.packets >= 4 && ended.back.packets >= 3);
    }
}

fn now_ms() -> i64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    now.unwrap().as_millis() as i64
}

#[test]
fn a_refusal_is_told_with_both_ends_and_its_reason() {
    if !testbed::usable() {
        return;
    }
    let lab = Vpc::new(&[A1, B1, T1]);
    lab.door(|_| ());
    lab.tell();
    let only = |lab: &Vpc| -> Refusal {
        let mut told = Vec::new();
        eventually("what was refused", LIMIT, || {
            told.extend(lab.events());
            (!told.is_empty()).then_some(())
        })
        .unwrap();
        match &told[..] {
            [Event::Refused(refusal)] => refusal.clone(),
            _ => panic!("{told:?}"),
        }
    };
    lab.admit(B1.group(), Vec::new());
    let socket = dial(lab.ns(A1), B1.at(53));
    socket.send(&[0; 100]).unwrap();
    let told = only(&lab);
    let outer = tuple(socket.local_addr().unwrap(), B1.at(53));
    assert_eq!(
        (told.eni, told.far, told.gate),
        (A1.slot, Some(B1.slot), None)
    );
    assert_eq!(told.verdict, Verdict::SecurityGroup);
    assert_eq!((told.answer, told.packet), (false, Some((17, outer))));
    assert_eq!((told.count.packets, told.count.bytes), (1, 128));
    assert!((told.at_ms - now_ms()).abs() < 1_000);

    lab.admit(GATE_GROUP, Vec::new());
    let socket = dial(lab.ns(A1), endpoint());
    socket.send(&[0; 10]).unwrap();
    let told = only(&lab);
    assert_eq!((told.eni, told.far, told.gate), (A1.slot, None, Some(GATE)));
    assert_eq!(told.verdict, Verdict::SecurityGroup);
    assert_eq!(told.count.bytes, 38);

    // A SYN is told as such, of IPv6 too.
    in_vain(|| testbed::client::connect(lab.ns(A1), B1.at6(80), patience())).unwrap_err();
    let told = only(&lab);
    assert_eq!(told.packet.unwrap().0, 6);
    assert_eq!(told.packet.unwrap().1.destination, B1.ip6());
    assert_eq!(told.count.tcp_flags, 2);

    // An answer that is refused belongs to a flow.
    lab.open_group(B1.group());
    let server = udp(lab.ns(B1), B1.at(54));
    let socket = dial(lab.ns(A1), B1.at(54));
    socket.send(b"x").unwrap();
    let (_, peer) = server.recv_from(&mut [0]).unwrap();
    lab.acl(
        B1.subnet,
        Vec::new(),
        vec![entry(1, traffic(17, 0, 65_535), "0.0.0.0/0", false)],
    );
    lab.events();
    server.send_to(b"yy", peer).unwrap();
    let told = only(&lab);
    assert_eq!((told.eni, told.far), (B1.slot, Some(A1.slot)));
    assert_eq!((told.verdict, told.answer), (Verdict::AclReplyEgress, true));
    assert_eq!(told.packet, Some((17, tuple(B1.at(54), peer))));
    assert_eq!(told.count.bytes, 30);
    // A segment in the middle has no flags that are told.
    let mut pair = connect(lab.ns(B1), B1.at(80), lab.ns(A1), B1.at(80));
    lab.acl(
        B1.subnet,
        Vec::new(),
        vec![entry(1, traffic(6, 0, 65_535), "0.0.0.0/0", false)],
    );
    lab.events();
    std::io::Write::write_all(&mut pair.server, b"x").unwrap();
    assert_eq!(only(&lab).count.tcp_flags, 0);
    // What would be cut into segments is counted as these.
    let (mut data, mss) = (vec![0; 60_000], 8_500 - 52);
    lab.acl(B1.subnet, Vec::new(), Vec::new());
    std::io::Read::read_exact(&mut pair.client, &mut [0]).unwrap();
    lab.acl(
        A1.subnet,
        Vec::new(),
        vec![entry(1, traffic(6, 0, 65_535), "0.0.0.0/0", false)],
    );
    lab.events();
    data.truncate(mss * 3 + 1);
    std::io::Write::write_all(&mut pair.client, &data).unwrap();
    let told = eventually("what was refused", LIMIT, || {
        match lab.events().into_iter().next()? {
            Event::Refused(told) => Some(told),
            _ => None,
        }
    })
    .unwrap();
    let (packets, bytes) = (told.count.packets, told.count.bytes);
    assert!(packets > 1, "{told:?}");
    let payload = bytes - packets * 52;
    assert_eq!(payload.div_ceil(mss as u64), packets, "{told:?}");
    // Nothing is told when nobody wants it.
    lab.host
        .run(|linux| linux.tell(Default::default()).unwrap());
    server.send_to(b"yy", peer).unwrap();
    assert!(lab.events().is_empty());
}

#[test]
fn what_is_not_told_is_counted() {
    if !testbed::usable() {
        return;
    }
    let lab = Vpc::new(&[A1, A2]);
    lab.admit(A2.group(), Vec::new());
    lab.tell();
    let (SocketAddr::V4(from), SocketAddr::V4(to)) = (A1.at(5_000), A2.at(80)) else {
        unreachable!();
    };
    let frame = packet::udp(macs(A1), from, to, b"x").unwrap();
    let sender = RawSender::open(lab.ns(A1), "eth0").unwrap();
    let mut batch = sender.batch(vec![frame; 64]);
    // More than may be told of one ENI within two seconds.
    let mut sent = 0;
    while sent < 2 * 16_384 + 5_000 {
        sent += batch.send().unwrap() as u64;
    }
    // What an idle namespace says besides may be among the lost.
    let mut told = 0;
    let (refused, lost) = eventually("every refusal accounted for", LIMIT, || {
        let events = lab.host.run(|linux| linux.events(50_000).unwrap());
        told += events.iter().filter(|event| is_refusal(event)).count() as u64;
        let counters = lab.host.run(|linux| linux.counters(&[]).unwrap());
        let eni = &counters.enis[&A1.slot];
        let refused = eni.drops["security-group"];
        let others = eni.drops.values().sum::<u64>() - refused;
        let accounted = told + eni.events_lost;
        let all = (refused..=refused + others).contains(&accounted);
        all.then_some((refused, eni.events_lost))
    })
    .unwrap();
    assert!(
        told > 10_000 && lost > 0,
        "{told} of {refused}, {lost} lost"
    );
    assert!(refused >= sent / 2, "{refused} of {sent}");
}

fn is_refusal(event: &Event) -> bool {
    matches!(event, Event::Refused(it) if it.verdict == Verdict::SecurityGroup)
}
