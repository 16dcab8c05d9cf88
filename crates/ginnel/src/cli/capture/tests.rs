//! Filters, and which side of the NAT a frame is on.

use std::net::{IpAddr, Ipv4Addr};

use etherparse::PacketBuilder;
use serde_json::{Value, json};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::filter::Filter;
use super::packet::{Batch, Packet, Subject};
use super::{file, line};

const CLIENT: [u8; 4] = [10, 0, 1, 10];
const ENDPOINT: [u8; 4] = [10, 0, 1, 50];
/// Both sides may have the same addresses.
const BALANCER: [u8; 4] = ENDPOINT;

/// A SYN as the daemon tells of frames; cut as a short snap length does.
fn frame(from: [u8; 4], to: [u8; 4], ports: (u16, u16), snap: usize) -> Value {
    let builder = PacketBuilder::ethernet2([2; 6], [4; 6]).ipv4(from, to, 64);
    let builder = builder.tcp(ports.0, ports.1, 7, 1_000).syn();
    let mut bytes = Vec::new();
    builder.write(&mut bytes, &[0; 100]).unwrap();
    let kept = &bytes[..snap.min(bytes.len())];
    json!({ "length": bytes.len(), "bytes": STANDARD.encode(kept) })
}

fn packet(change: impl FnOnce(&mut Value)) -> Packet {
    let mut value = json!({
        "at_ns": 1_700_000_000_123_456_789_u64,
        "from": "eni-client",
        "to": "eni-target",
        "endpoint": "vpce-1",
        "side": "client",
        "fate": "passed",
        "verdict": null,
        "segments": 1,
        "came": frame(CLIENT, ENDPOINT, (40_312, 80), 256),
        "went": frame(BALANCER, CLIENT, (1_024, 8_080), 256),
    });
    change(&mut value);
    let batch = json!({ "lost": 0, "more": false, "packets": [value] });
    Batch::read(batch).unwrap().packets.remove(0)
}

fn refused() -> Packet {
    packet(|it| {
        it["fate"] = "dropped".into();
        it["verdict"] = "security-group".into();
        it["side"] = Value::Null;
        it["went"] = Value::Null;
        it["to"] = Value::Null;
    })
}

/// The answer to `packet`.
fn answer() -> Packet {
    packet(|it| {
        it["side"] = "target".into();
        it["from"] = "eni-target".into();
        it["to"] = "eni-client".into();
        it["came"] = frame(CLIENT, BALANCER, (8_080, 1_024), 256);
        it["went"] = frame(ENDPOINT, CLIENT, (80, 40_312), 256);
    })
}

fn endpoint() -> Subject {
    let addresses = vec![IpAddr::from(ENDPOINT)];
    Subject::Endpoint("vpce-1".into(), addresses)
}

#[test]
fn filters_hold_for_either_side_of_the_nat() {
    let cases = [
        ("proto tcp", true, true),
        ("proto 6", true, true),
        ("proto udp", false, false),
        ("port 80", true, true),
        ("port 8080", true, false),
        ("port 81", false, false),
        ("host 10.0.1.50", true, true),
        ("host 10.0.1.11", false, false),
        ("host 10.0.0.0/16 and not host 10.0.2.0/24", true, true),
        ("host fd00::1", false, false),
        ("dropped", false, true),
        ("not dropped", true, false),
        ("not not dropped", false, true),
        ("verdict security-group", false, true),
        ("verdict acl-egress", false, false),
        ("proto  tcp and\tport 80 and dropped", false, true),
        ("dropped and port 81", false, false),
    ];
    let (passed, dropped) = (packet(|_| {}), refused());
    for (text, of_passed, of_dropped) in cases {
        let filter: Filter = text.parse().unwrap();
        assert_eq!(filter.holds(&passed), of_passed, "{text}");
        assert_eq!(filter.holds(&dropped), of_dropped, "{text}");
    }
}

#[test]
fn a_filter_that_does_not_parse_names_the_place() {
    let cases = [
        ("", "place 1: a term is missing"),
        ("port", "place 5: `port` needs a port"),
        ("port 70000", "place 6: `70000` is no port"),
        ("proto tcp port 80", "place 11: `port` where `and`"),
        ("proto tcp and", "place 14: a term is missing"),
        ("proto tpc", "place 7: `tpc` is no protocol"),
        ("proto 256", "place 7: `256` is no protocol"),
        ("host web", "place 6: `web` is no address"),
        (
            "dropped and verdict no-such",
            "place 21: there is no reason `no-such`",
        ),
        ("dropped or port 1", "place 9: `or` where `and`"),
        ("sport 80", "place 1: `sport` is no term"),
        ("not", "place 4: a term is missing"),
        ("host ü and x", "place 6: `ü` is no address"),
        ("dropped and ü", "place 13: `ü` is no term"),
    ];
    for (text, wanted) in cases {
        let error = text.parse::<Filter>().unwrap_err();
        assert!(error.starts_with(wanted), "{text}: {error}");
    }
}

#[test]
fn lines_tell_time_direction_addresses_length_and_fate() {
    let eni = Subject::Eni("eni-client".into());
    assert_eq!(
        line(&eni, &packet(|_| {})),
        "2023-11-14T22:13:20.123456Z out tcp 10.0.1.10:40312 > 10.0.1.50:80 [S] eni-client > eni-target: 154 bytes, admitted, after NAT tcp 10.0.1.50:1024 > 10.0.1.10:8080 [S]\n"
    );
    let text = line(&endpoint(), &refused());
    let wanted = "in  tcp 10.0.1.10:40312 > 10.0.1.50:80 [S] eni-client > vpce-1: 154 bytes, dropped: security-group (No inbound rule";
    assert!(text.contains(wanted), "{text}");
    assert!(line(&eni, &answer()).contains("Z in  tcp"));
    assert!(line(&endpoint(), &answer()).contains("Z out tcp"));
}

#[test]
fn what_is_cut_off_is_still_told_apart() {
    let short = packet(|it| it["came"] = frame(CLIENT, ENDPOINT, (40_312, 80), 20));
    assert!(line(&endpoint(), &short).contains("154 bytes"));
    let no_ports = packet(|it| {
        it["came"] = frame(CLIENT, ENDPOINT, (40_312, 80), 34);
        it["went"] = Value::Null;
        it["fate"] = "ignored".into();
    });
    let text = line(&endpoint(), &no_ports);
    assert!(text.contains("tcp 10.0.1.10 > 10.0.1.50 "), "{text}");
    let nothing = packet(|it| it["came"] = json!({ "length": 3, "bytes": "AAAA" }));
    assert!(line(&endpoint(), &nothing).contains("no Ethernet"));
}

/// Interface, direction and comment of each block that is written.
fn blocks(subject: &Subject, packets: &[Packet]) -> Vec<(u32, u32, String)> {
    use pcap_file::pcapng::blocks::enhanced_packet::EnhancedPacketOption;
    use pcap_file::pcapng::{Block, PcapNgReader};
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file.pcapng");
    let mut file = file::File::create(&path, subject, 256).unwrap();
    for packet in packets {
        file.write(subject, packet).unwrap();
    }
    file.close().unwrap();
    let mut reader = PcapNgReader::new(std::fs::File::open(&path).unwrap()).unwrap();
    let mut found = Vec::new();
    while let Some(block) = reader.next_block() {
        let Block::EnhancedPacket(packet) = block.unwrap() else {
            continue;
        };
        assert_eq!(packet.timestamp.as_nanos(), 1_700_000_000_123_456_789);
        let (mut direction, mut comment) = (0, String::new());
        for option in packet.options {
            match option {
                EnhancedPacketOption::Comment(text) => comment = text.into_owned(),
                EnhancedPacketOption::Flags(flags) => direction = flags,
                other => panic!("{other:?}"),
            }
        }
        found.push((packet.interface_id, direction, comment));
    }
    found
}

#[test]
fn a_file_has_both_sides_with_direction_and_comment() {
    let sides = |subject: &Subject, packets: &[Packet]| -> Vec<(u32, u32)> {
        let found = blocks(subject, packets);
        found
            .into_iter()
            .map(|(side, way, _)| (side, way))
            .collect()
    };
    let both = [packet(|_| {}), answer()];
    let at_door = sides(&endpoint(), &both);
    assert_eq!(at_door, [(0, 1), (1, 2), (1, 1), (0, 2)]);
    let at_client = sides(&Subject::Eni("eni-client".into()), &both);
    assert_eq!(at_client, [(0, 2), (1, 2), (1, 1), (0, 1)]);
    let at_target = sides(&Subject::Eni("eni-target".into()), &both);
    assert_eq!(at_target, [(1, 1), (0, 1), (0, 2), (1, 2)]);

    // Nothing is translated: one block.
    let local = packet(|it| it["went"] = it["came"].clone());
    assert_eq!(
        sides(&Subject::Eni("eni-target".into()), &[local]),
        [(0, 1)]
    );
    let told = blocks(&endpoint(), &[packet(|_| {}), refused()]);
    let told: Vec<_> = told.iter().map(|(.., comment)| comment.as_str()).collect();
    assert_eq!(
        told[..2],
        [
            "in eni-client tcp 10.0.1.10:40312 > 10.0.1.50:80 [S], admitted",
            "out vpce-1 > eni-target tcp 10.0.1.50:1024 > 10.0.1.10:8080 [S] after NAT",
        ]
    );
    assert!(
        told[2].contains("dropped: security-group (No inbound rule"),
        "{}",
        told[2]
    );
}

#[test]
fn an_answer_goes_back_on_the_side_that_it_came_from() {
    let reset = packet(|it| {
        it["fate"] = "answered".into();
        it["verdict"] = "no-flow".into();
        it["to"] = "eni-client".into();
        it["went"] = frame(ENDPOINT, CLIENT, (80, 40_312), 256);
    });
    let found = blocks(&endpoint(), std::slice::from_ref(&reset));
    let sides: Vec<_> = found.iter().map(|(side, way, _)| (*side, *way)).collect();
    assert_eq!(sides, [(0, 1), (0, 2)]);
    assert!(
        found[0].2.contains("refused with an answer: no-flow"),
        "{found:?}"
    );
    let client = Subject::Eni("eni-client".into());
    let sides = blocks(&client, &[reset]);
    let sides: Vec<_> = sides.iter().map(|(side, way, _)| (*side, *way)).collect();
    assert_eq!(sides, [(0, 2), (0, 1)]);
}

#[test]
fn a_subject_is_what_the_daemon_says() {
    let eni = Subject::new("eni-1", &json!({ "ticket": 1, "endpoint": null })).unwrap();
    assert!(matches!(eni, Subject::Eni(id) if id == "eni-1"));
    let started = json!({ "endpoint": "vpce-1", "addresses": ["10.0.1.50"] });
    match Subject::new("eni-2", &started).unwrap() {
        Subject::Endpoint(id, addresses) => {
            assert_eq!(id, "vpce-1");
            assert_eq!(addresses, [IpAddr::from(Ipv4Addr::new(10, 0, 1, 50))]);
        }
        other => panic!("{other:?}"),
    }
}
