//! Captures: real packets, as they came and as they went, and nothing of it afterwards.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, UdpSocket};
use std::path::PathBuf;

use aya::maps::loaded_maps;
use aya::programs::links::{FdLink, PinnedLink};
use aya::programs::loaded_programs;
use model::host::{Captured, Catch, Fate, Frame, MAX_SNAP, Side, Watch};
use model::verdict::Verdict;

use super::*;

const MOST: usize = 4_096;

fn capture(host: &Host, watch: Watch) {
    host.run(move |linux| linux.capture(Some(&watch)).map_err(|error| error.chain()))
        .unwrap();
}

fn end(host: &Host) {
    host.run(|linux| linux.capture(None).map_err(|error| error.chain()))
        .unwrap();
}

/// All that is there now.
fn caught(host: &Host) -> Catch {
    host.run(|linux| {
        let mut all = Catch::default();
        loop {
            let part = linux.captured(MOST).unwrap();
            all.packets.extend(part.packets);
            all.lost = all.lost.max(part.lost);
            if !part.more {
                return all;
            }
        }
    })
}

fn at_the_gate() -> Watch {
    Watch {
        eni: None,
        gates: vec![GATE],
        snap: MAX_SNAP,
    }
}

/// The program in each pinned link.
fn programs(host: &Host) -> BTreeMap<PathBuf, u32> {
    let links = std::fs::read_dir(host.dirs.run.join("bpf/links")).unwrap();
    let program = |pin: PathBuf| {
        let link = FdLink::from(PinnedLink::from_pin(&pin).unwrap());
        (pin, link.info().unwrap().program_id())
    };
    links.map(|entry| program(entry.unwrap().path())).collect()
}

/// The names of the maps that a program uses; what others unload meanwhile does not matter.
fn maps_of(program: u32) -> Vec<String> {
    let mut programs = loaded_programs().filter_map(Result::ok);
    let found = programs.find(|info| info.id() == program).unwrap();
    let used = found.map_ids().unwrap().unwrap();
    let maps = loaded_maps().filter_map(Result::ok);
    maps.filter(|info| used.contains(&info.id()))
        .map(|info| info.name_as_str().unwrap_or_default().to_owned())
        .collect()
}

/// Source, destination and destination port of an IPv4 frame with ports.
fn ends(frame: &Frame) -> (Ipv4Addr, Ipv4Addr, u16) {
    let address = |at: usize| {
        let four: [u8; 4] = frame.bytes[at..at + 4].try_into().unwrap();
        Ipv4Addr::from(four)
    };
    let port = u16::from_be_bytes([frame.bytes[36], frame.bytes[37]]);
    (address(26), address(30), port)
}

fn is_ip(packet: &Captured) -> bool {
    packet.came.bytes[12..14] == [8, 0]
}

#[test]
fn both_sides_of_the_nat_and_refusals_are_caught_and_nothing_stays() {
    if !testbed::usable() {
        return;
    }
    let lab = Lab::new();
    let _server = Server::http(&lab.target, service(), "one").unwrap();
    let ordinary = programs(&lab.host);
    client::http_get(&lab.client, endpoint(), "/before", LIMIT).unwrap();

    capture(&lab.host, at_the_gate());
    let watched = programs(&lab.host);
    assert!(watched.iter().all(|(pin, id)| ordinary[pin] != *id));
    // Nothing of it is in the ordinary program.
    let used = |programs: &BTreeMap<PathBuf, u32>| maps_of(*programs.values().next().unwrap());
    let (ordinary_maps, watched_maps) = (used(&ordinary), used(&watched));
    for name in ["captures", "notes", "watches"] {
        assert!(
            !ordinary_maps.iter().any(|it| it == name),
            "{ordinary_maps:?}"
        );
        assert!(watched_maps.iter().any(|it| it == name), "{watched_maps:?}");
    }
    assert_eq!(caught(&lab.host), Catch::default());
    client::http_get(&lab.client, endpoint(), "/during", LIMIT).unwrap();
    client::connect(&lab.stranger, endpoint(), SILENCE).unwrap_err();
    let all = caught(&lab.host);
    end(&lab.host);
    assert_eq!(programs(&lab.host), ordinary);
    client::http_get(&lab.client, endpoint(), "/after", LIMIT).unwrap();
    assert_eq!(caught(&lab.host), Catch::default());

    assert_eq!(all.lost, 0);
    // The handshake, the request, the answer and both ends' closing at least; all at the gate.
    assert!(all.packets.len() >= 9, "{}", all.packets.len());
    for packet in &all.packets {
        assert_eq!(packet.gate, Some(GATE), "{packet:?}");
    }
    assert!(all.packets.is_sorted_by_key(|packet| packet.at_ns));
    let there = |packet: &&Captured| packet.from == Some(CLIENT_SLOT);
    for packet in all.packets.iter().filter(there) {
        assert_eq!((packet.fate, packet.verdict), (Fate::Passed, None));
        assert_eq!(
            (packet.to, packet.side),
            (Some(TARGET_SLOT), Some(Side::Client))
        );
        assert_eq!(ends(&packet.came), (CLIENT, ENDPOINT, 80));
        let went = packet.went.as_ref().unwrap();
        assert_eq!(ends(went), (BALANCER, TARGET, 8080));
        assert_eq!(went.length, packet.came.length);
    }
    let back: Vec<_> = all
        .packets
        .iter()
        .filter(|packet| packet.from == Some(TARGET_SLOT))
        .collect();
    assert!(back.len() >= 3, "{back:?}");
    for packet in back {
        let (source, destination, _) = ends(&packet.came);
        assert_eq!((source, destination), (TARGET, BALANCER));
        let (source, destination, _) = ends(packet.went.as_ref().unwrap());
        assert_eq!((source, destination), (ENDPOINT, CLIENT));
        assert_eq!(
            (packet.to, packet.side),
            (Some(CLIENT_SLOT), Some(Side::Target))
        );
    }
    let refused: Vec<_> = all
        .packets
        .iter()
        .filter(|packet| packet.from == Some(STRANGER_SLOT))
        .collect();
    assert!(!refused.is_empty());
    for packet in refused {
        assert_eq!(packet.fate, Fate::Dropped);
        assert_eq!(packet.verdict, Some(Verdict::SecurityGroup));
        assert_eq!(
            (packet.to, packet.side, packet.went.as_ref()),
            (None, None, None)
        );
        assert_eq!(ends(&packet.came), (STRANGER, ENDPOINT, 80));
    }
}

#[test]
fn an_eni_is_watched_both_ways_and_others_are_not() {
    if !testbed::usable() {
        return;
    }
    let lab = Lab::new();
    let _server = Server::echo_udp(&lab.target, service()).unwrap();
    capture(
        &lab.host,
        Watch {
            eni: Some(STRANGER_SLOT),
            gates: Vec::new(),
            snap: 64,
        },
    );
    let bytes = vec![7; 1_000];
    client::echo_udp(&lab.client, endpoint(), &bytes, LIMIT).unwrap();
    client::echo_udp(&lab.stranger, endpoint(), &bytes, SILENCE).unwrap_err();
    let all = caught(&lab.host);
    let ours = |packet: &Captured| packet.from == Some(STRANGER_SLOT);
    assert!(all.packets.iter().all(ours), "{all:?}");
    // It asks for its gateway, and is answered.
    let arp = all
        .packets
        .iter()
        .find(|it| it.came.bytes[12..14] == [8, 6]);
    let arp = arp.unwrap();
    assert_eq!((arp.fate, arp.to), (Fate::Answered, Some(STRANGER_SLOT)));
    assert_eq!(arp.went.as_ref().unwrap().bytes[6..12], GATEWAY_MAC);
    let udp = all.packets.iter().find(|it| is_ip(it)).unwrap();
    assert_eq!(
        (udp.came.bytes.len(), udp.came.length),
        (64, 14 + 28 + 1_000)
    );

    // Another capture in its place: the target's, who is handed what the client sends.
    capture(
        &lab.host,
        Watch {
            eni: Some(TARGET_SLOT),
            ..at_the_gate()
        },
    );
    client::echo_udp(&lab.client, endpoint(), &bytes, LIMIT).unwrap();
    let all = caught(&lab.host);
    let seen: Vec<_> = all.packets.iter().filter(|it| is_ip(it)).collect();
    assert_eq!(
        (seen[0].from, seen[0].to),
        (Some(CLIENT_SLOT), Some(TARGET_SLOT))
    );
    assert_eq!(
        (seen[1].from, seen[1].to),
        (Some(TARGET_SLOT), Some(CLIENT_SLOT))
    );
    end(&lab.host);
}

#[test]
fn an_eni_that_comes_during_a_capture_is_watched_and_a_crash_ends_it() {
    if !testbed::usable() {
        return;
    }
    let mut lab = Lab::new();
    capture(&lab.host, at_the_gate());
    let watched = *programs(&lab.host).values().next().unwrap();
    let slot = model::host::EniSlot(9);
    let late = testbed::Netns::new("late").unwrap();
    let address = Ipv4Addr::new(10, 0, 1, 99);
    let interface = interface(slot, CONSUMER_VPC, address, &[3], &late);
    lab.host.apply(Step::Attach(slot, interface));
    let now = programs(&lab.host);
    assert_eq!(now.len(), 5);
    assert!(now.values().all(|id| *id == watched), "{now:?}");
    // As a new process does.
    lab.host.open(Limits::default());
    let again = programs(&lab.host);
    assert_eq!(again.len(), 5);
    assert!(again.values().all(|id| *id != watched), "{again:?}");
    assert_eq!(caught(&lab.host), Catch::default());
}

#[test]
fn what_finds_no_room_is_counted() {
    if !testbed::usable() {
        return;
    }
    const SENT: usize = 12_000;
    let lab = Lab::new();
    capture(&lab.host, at_the_gate());
    lab.client
        .run(|| {
            let socket = UdpSocket::bind("0.0.0.0:0").unwrap();
            for _ in 0..SENT {
                socket.send_to(b"x", endpoint()).unwrap();
            }
        })
        .unwrap();
    let all = eventually("all packets to be noted", LIMIT, {
        let mut seen = 0;
        let host = &lab.host;
        move || {
            let part = caught(host);
            seen += part
                .packets
                .iter()
                .filter(|it| it.from == Some(CLIENT_SLOT))
                .count();
            (seen as u64 + part.lost >= SENT as u64).then_some((seen, part.lost))
        }
    })
    .unwrap();
    assert!(all.1 > 0, "{all:?}");
    end(&lab.host);
}
