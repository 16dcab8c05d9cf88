//! Lines, byte by byte.

use alloc::string::ToString as _;
use alloc::sync::Arc;
use core::net::IpAddr;

use model::verdict::Verdict;

use super::{Action, Content, Counts, Direction, EndpointLeg, Flow, Record, recorded_flags};
use crate::flow::{Field, Format, Interface};

/// AWS's documented example of a custom format.
const CUSTOM: &str = "${version} ${vpc-id} ${subnet-id} ${instance-id} ${interface-id} ${account-id} ${type} ${srcaddr} ${dstaddr} ${srcport} ${dstport} ${pkt-srcaddr} ${pkt-dstaddr} ${protocol} ${bytes} ${packets} ${start} ${end} ${action} ${tcp-flags} ${log-status}";

fn ip(text: &str) -> IpAddr {
    text.parse().expect("an address")
}

fn interface(id: &str) -> Interface {
    Interface {
        id: id.parse().expect("an id"),
        account: "123456789010".parse().expect("an account"),
        vpc: "vpc-abcdefab012345678".parse().expect("an id"),
        subnet: "subnet-aaaaaaaa012345678".parse().expect("an id"),
        region: "us-east-1".into(),
        az_id: "use1-az1".into(),
        instance: Some("i-01234567890123456".into()),
    }
}

fn flow(source: (&str, u16), destination: (&str, u16), action: Action) -> Flow {
    Flow {
        direction: Direction::Ingress,
        source: ip(source.0),
        source_port: source.1,
        destination: ip(destination.0),
        destination_port: destination.1,
        packet_source: ip(source.0),
        packet_destination: ip(destination.0),
        protocol: 6,
        action,
        path: None,
        leg: None,
    }
}

fn counts(packets: u64, bytes: u64, first: i64, last: i64) -> Counts {
    Counts {
        packets,
        bytes,
        tcp_flags: 2,
        first,
        last,
    }
}

fn record(id: &str, content: Content) -> Record {
    Record {
        interface: Arc::new(interface(id)),
        content,
    }
}

const ENI: &str = "eni-1235b8ca123456789";

#[test]
fn the_documented_examples() {
    let then = counts(20, 4249, 1_418_530_010, 1_418_530_070);
    let accepted = flow(
        ("172.31.16.139", 20641),
        ("172.31.16.21", 22),
        Action::Accept,
    );
    let refused = flow(
        ("172.31.9.69", 49761),
        ("172.31.9.12", 3389),
        Action::Reject(Verdict::SecurityGroup),
    );
    let custom = flow(
        ("52.213.180.42", 43416),
        ("10.0.0.62", 5001),
        Action::Accept,
    );
    for (record, format, line) in [
        (
            record(ENI, Content::Flow(accepted, then)),
            Format::default(),
            "2 123456789010 eni-1235b8ca123456789 172.31.16.139 172.31.16.21 20641 22 6 20 4249 1418530010 1418530070 ACCEPT OK",
        ),
        (
            record(ENI, Content::Flow(refused, then)),
            Format::default(),
            "2 123456789010 eni-1235b8ca123456789 172.31.9.69 172.31.9.12 49761 3389 6 20 4249 1418530010 1418530070 REJECT OK",
        ),
        (
            record(ENI, Content::NoData(1_431_280_876, 1_431_280_934)),
            Format::default(),
            "2 123456789010 eni-1235b8ca123456789 - - - - - - - 1431280876 1431280934 - NODATA",
        ),
        (
            record(
                "eni-11111111aaaaaaaaa",
                Content::SkipData(1_431_280_876, 1_431_280_934),
            ),
            Format::default(),
            "2 123456789010 eni-11111111aaaaaaaaa - - - - - - - 1431280876 1431280934 - SKIPDATA",
        ),
        (
            record(
                ENI,
                Content::Flow(custom, counts(8, 568, 1_566_848_875, 1_566_848_933)),
            ),
            Format::parse(CUSTOM).expect("a format"),
            "3 vpc-abcdefab012345678 subnet-aaaaaaaa012345678 i-01234567890123456 eni-1235b8ca123456789 123456789010 IPv4 52.213.180.42 10.0.0.62 43416 5001 52.213.180.42 10.0.0.62 6 568 8 1566848875 1566848933 ACCEPT 2 OK",
        ),
    ] {
        assert_eq!(record.to_line(&format), line);
    }
}

#[test]
fn the_leg_behind_an_endpoint() {
    let mut through = flow(("10.0.0.5", 4000), ("10.0.0.9", 443), Action::Accept);
    through.direction = Direction::Egress;
    through.path = Some(1);
    through.leg = Some(EndpointLeg {
        endpoint: "vpce-0123456789abcdef0".parse().expect("an id"),
        service: Some("vpce-svc-0123456789abcdef1".parse().expect("an id")),
        balancer: Some((ip("10.1.0.7"), 61_000)),
        target: Some((ip("10.1.0.8"), 8443)),
    });
    let text = "ginnel-endpoint-v1 ${version} ${flow-direction} ${traffic-path} ${vpce-id} ${vpce-service-id} ${nlb-srcaddr} ${nlb-srcport} ${target-addr} ${target-port} ${drop-reason}";
    let format = Format::parse(text).expect("a format");
    let line = |flow: &Flow| {
        record(ENI, Content::Flow(flow.clone(), counts(1, 60, 5, 5))).to_line(&format)
    };
    assert_eq!(
        line(&through),
        "5 egress 1 vpce-0123456789abcdef0 vpce-svc-0123456789abcdef1 10.1.0.7 61000 10.1.0.8 8443 -"
    );
    through.action = Action::Reject(Verdict::GateClosed);
    through.path = None;
    through.leg = through.leg.map(|leg| EndpointLeg {
        service: None,
        balancer: None,
        target: None,
        ..leg
    });
    assert_eq!(
        line(&through),
        "5 egress - vpce-0123456789abcdef0 - - - - - endpoint-closed"
    );
    through.leg = None;
    through.action = Action::Accept;
    assert_eq!(line(&through), "5 egress - - - - - - - -");
}

#[test]
fn ipv6_and_all_that_is_never_told() {
    let flow = flow(("fd00::1", 1), ("fd00::2", 2), Action::Accept);
    let mut record = record(ENI, Content::Flow(flow, counts(1, 60, 5, 5)));
    let format =
        Format::parse("${type} ${srcaddr} ${pkt-dstaddr} ${region} ${az-id}").expect("one");
    assert_eq!(
        record.to_line(&format),
        "IPv6 fd00::1 fd00::2 us-east-1 use1-az1"
    );
    for field in Field::ALL.iter().filter(|field| !field.is_told()) {
        let format = Format::of_header(field.name()).expect("a field");
        assert_eq!(record.to_line(&format), "-", "{}", field.name());
    }
    record.interface = Arc::new(Interface {
        instance: None,
        ..interface(ENI)
    });
    let format = Format::parse("${instance-id}").expect("a format");
    assert_eq!(record.to_line(&format), "-");
    assert_eq!(format.to_string(), "${instance-id}");
}

#[test]
fn flags_as_they_are_recorded() {
    for (packet, recorded) in [
        (2, 2),       // SYN
        (18, 18),     // SYN-ACK
        (16, 0),      // ACK
        (24, 0),      // PSH, ACK
        (17, 1),      // FIN, ACK
        (20, 4),      // RST, ACK
        (0xc2, 2),    // SYN with ECN's
        (0xff, 0x17), // everything
    ] {
        assert_eq!(recorded_flags(packet), recorded, "{packet:#x}");
    }
}
