//! The host of the tests, and frames for it.
//!
//! | | VPC 1, the consumer's | VPC 2, the provider's |
//! |---|---|---|
//! | subnet 1 (table 1, ACL 1) | ENI 1 at .1.10, ENI 2 at .1.11 | |
//! | subnet 2 (table 2, ACL 2) | ENI 3 at .2.10, appliance 4 at .2.20, gates 1 and 2, NAT gateway 1 | |
//! | subnet 3 (table 3, ACL 3) | | target 5 at .1.10 |
//! | subnet 4 (table 3, ACL 4) | | load balancers 1 and 2 |
//!
//! Addresses are 10.0.x.x in both VPCs, and fd00:1::y or fd00:2::y with the same last part. All
//! groups and ACLs are open.

use alloc::string::ToString as _;
use alloc::vec::Vec;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use etherparse::{IpNumber, PacketBuilder};
use model::host::{
    Acl, AclKey, Address, Attachment, BalancerSlot, Document, EniSlot, Entry, Gate, GateSlot,
    Group, GroupSlot, Interface, Listener, ListenerKey, Nat, NatKey, NextHop, Peer, Place, Public,
    RouteTableKey, Rule, SubnetKey, Target, TargetGroupSlot, Traffic, VpcNumber,
};
use model::net::Mac;

use crate::walk::{Fate, GATEWAY_MAC, Host, Link, Outcome, Uplink, Walker};

pub(super) const CLIENT: Link = Link::Eni(EniSlot(1));
pub(super) const NEIGHBOUR: Link = Link::Eni(EniSlot(2));
pub(super) const FAR: Link = Link::Eni(EniSlot(3));
pub(super) const APPLIANCE: Link = Link::Eni(EniSlot(4));
pub(super) const TARGET: Link = Link::Eni(EniSlot(5));
pub(super) const UPLINK_MAC: Mac = Mac([2, 0, 0, 0, 0, 99]);

pub(super) const SYN: u8 = 0x02;
pub(super) const SYN_ACK: u8 = 0x12;
pub(super) const ACK: u8 = 0x10;
pub(super) const FIN_ACK: u8 = 0x11;
pub(super) const RST: u8 = 0x04;

pub(super) fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

pub(super) fn mac(link: Link) -> Mac {
    match link {
        Link::Eni(slot) => Mac([2, 0, 0, 0, 1, u8::try_from(slot.0).unwrap()]),
        Link::Uplink => UPLINK_MAC,
    }
}

pub(super) fn host() -> Host {
    Host {
        seed: 7,
        uplink: Some(Uplink {
            mtu: 1_500,
            mac: UPLINK_MAC,
        }),
        flow_quota: 100,
    }
}

fn place(subnet: u64) -> Place {
    Place {
        subnet: SubnetKey(subnet),
        routes: RouteTableKey(subnet.min(3)),
        acl: AclKey(subnet),
    }
}

fn interface(slot: u32, vpc: u32, subnet: u64, four: &str, six: &str) -> Interface {
    Interface {
        address: Address {
            vpc: VpcNumber(vpc),
            ip: ip(four),
        },
        more: Vec::from([ip(six)]),
        source_check: slot != 4,
        place: place(subnet),
        prefix: 24,
        gateway: Ipv4Addr::UNSPECIFIED,
        resolver: Ipv4Addr::UNSPECIFIED,
        mac: mac(Link::Eni(EniSlot(slot))),
        mtu: 8_500,
        groups: Vec::from([GroupSlot(vpc)]),
        link: slot.to_string(),
        attachment: Attachment {
            namespace: slot.to_string(),
            device: slot.to_string(),
        },
    }
}

fn gate(ip4: &str, balancer: u32, balancer_ip: &str) -> Gate {
    Gate {
        generation: 3,
        address: Address {
            vpc: VpcNumber(1),
            ip: ip(ip4),
        },
        place: place(2),
        groups: Vec::from([GroupSlot(1)]),
        balancer: BalancerSlot(balancer),
        balancer_address: Address {
            vpc: VpcNumber(2),
            ip: ip(balancer_ip),
        },
        balancer_place: place(4),
        balancer_groups: Vec::from([GroupSlot(3)]),
        balancer_enforces: true,
    }
}

pub(super) fn everything(family: &str) -> Rule {
    Rule {
        traffic: Traffic::ALL,
        peer: Peer::Cidr(family.parse().unwrap()),
    }
}

pub(super) const FAMILIES: [&str; 2] = ["0.0.0.0/0", "::/0"];

pub(super) fn open_group() -> Group {
    Group {
        ingress: FAMILIES.map(everything).into(),
        egress: FAMILIES.map(everything).into(),
    }
}

fn open_acl() -> Acl {
    let entries = || {
        let families = FAMILIES.into_iter().zip([100, 101]);
        let entries = families.map(|(family, number)| Entry {
            number,
            traffic: Traffic::ALL,
            peer: family.parse().unwrap(),
            allow: true,
        });
        entries.collect()
    };
    Acl {
        ingress: entries(),
        egress: entries(),
    }
}

pub(super) fn document() -> Document {
    let mut document = Document::default();
    let interfaces = [
        (1, 1, 1, "10.0.1.10", "fd00:1::a"),
        (2, 1, 1, "10.0.1.11", "fd00:1::b"),
        (3, 1, 2, "10.0.2.10", "fd00:1::2a"),
        (4, 1, 2, "10.0.2.20", "fd00:1::2b"),
        (5, 2, 3, "10.0.1.10", "fd00:2::a"),
    ];
    for (slot, vpc, subnet, four, six) in interfaces {
        let interface = interface(slot, vpc, subnet, four, six);
        document.interfaces.insert(EniSlot(slot), interface);
    }
    let tables = &mut document.tables;
    tables.gates = [
        (GateSlot(1), gate("10.0.2.100", 1, "10.0.4.200")),
        (GateSlot(2), gate("fd00:1::100", 2, "fd00:2::200")),
    ]
    .into();
    tables.groups = [1, 2, 3].map(|slot| (GroupSlot(slot), open_group())).into();
    tables.acls = [1, 2, 3, 4].map(|key| (AclKey(key), open_acl())).into();
    let hops = |list: &[(&str, NextHop)]| {
        let list = list.iter();
        list.map(|(net, hop)| (net.parse().unwrap(), *hop))
            .collect()
    };
    let local = NextHop::Vpc(VpcNumber(1));
    let one = [
        ("10.0.0.0/16", local),
        ("fd00:1::/64", local),
        ("0.0.0.0/0", NextHop::Nat(NatKey(1))),
        ("::/0", NextHop::Nat(NatKey(1))),
        ("172.16.0.0/16", NextHop::Blackhole),
        ("192.0.2.0/24", NextHop::GatewayEndpoint),
        ("192.168.0.0/16", NextHop::Eni(EniSlot(4))),
        ("192.168.1.0/24", NextHop::Eni(EniSlot(2))),
        ("192.168.2.0/24", NextHop::Eni(EniSlot(5))),
        ("192.168.3.0/24", NextHop::Eni(EniSlot(1))),
    ];
    let two = [
        ("10.0.0.0/16", local),
        ("fd00:1::/64", local),
        ("0.0.0.0/0", NextHop::Internet),
        ("::/0", NextHop::Internet),
        ("203.0.113.0/24", NextHop::Blackhole),
    ];
    tables.routes = [
        (RouteTableKey(1), hops(&one)),
        (RouteTableKey(2), hops(&two)),
        (RouteTableKey(3), hops(&[])),
    ]
    .into();
    let nat = Nat {
        address: Address {
            vpc: VpcNumber(1),
            ip: ip("10.0.2.50"),
        },
        place: place(2),
        public: Ipv4Addr::new(198, 18, 0, 1),
    };
    tables.nats.insert(NatKey(1), nat);
    for (outside, inside) in [("198.18.1.1", "10.0.2.10"), ("fd00:1::2a", "fd00:1::2a")] {
        let inside = Address {
            vpc: VpcNumber(1),
            ip: ip(inside),
        };
        let public = Public {
            eni: EniSlot(3),
            inside,
        };
        tables.publics.insert(ip(outside), public);
    }
    for (balancer, target) in [(1, "10.0.1.10"), (2, "fd00:2::a")] {
        for protocol in [6, 17] {
            let key = ListenerKey {
                balancer: BalancerSlot(balancer),
                protocol,
                port: 80,
            };
            let listener = Listener {
                target_group: TargetGroupSlot(balancer),
                idle_seconds: 77,
            };
            tables.listeners.insert(key, listener);
        }
        let target = Target {
            eni: EniSlot(5),
            ip: ip(target),
            port: 8080,
        };
        let targets = Vec::from([target]);
        tables.targets.insert(TargetGroupSlot(balancer), targets);
    }
    document
}

/// What a frame carries.
#[derive(Clone, Copy, Debug)]
pub(super) enum Load {
    /// Flags, sequence and ACK numbers.
    Tcp(u8, u32, u32),
    Udp,
    /// Whether it asks; the id is the port of whoever asked.
    Echo(bool),
    Other(u8),
}

pub(super) const TCP_SYN: Load = Load::Tcp(SYN, 1_000, 0);

/// A frame from a link, with these ports.
pub(super) fn frame(
    from: Link,
    (source, destination): (&str, &str),
    (sport, dport): (u16, u16),
    load: Load,
) -> Vec<u8> {
    built(
        mac(from),
        (ip(source), ip(destination)),
        (sport, dport),
        load,
        b"payload",
    )
}

pub(super) fn built(
    from: Mac,
    addresses: (IpAddr, IpAddr),
    (sport, dport): (u16, u16),
    load: Load,
    payload: &[u8],
) -> Vec<u8> {
    let ethernet = PacketBuilder::ethernet2(from.0, GATEWAY_MAC);
    let mut frame = Vec::new();
    let v4 = |ip: IpAddr| match ip {
        IpAddr::V4(ip) => ip.octets(),
        IpAddr::V6(_) => unreachable!("one family"),
    };
    let v6 = |ip: IpAddr| match ip {
        IpAddr::V6(ip) => ip.octets(),
        IpAddr::V4(_) => unreachable!("one family"),
    };
    let six = addresses.0.is_ipv6();
    let ip = if six {
        ethernet.ipv6(v6(addresses.0), v6(addresses.1), 60)
    } else {
        ethernet.ipv4(v4(addresses.0), v4(addresses.1), 60)
    };
    match load {
        Load::Tcp(flags, sequence, acknowledged) => {
            let mut tcp = ip.tcp(sport, dport, sequence, 4_096);
            if flags & 0x01 != 0 {
                tcp = tcp.fin();
            }
            if flags & 0x02 != 0 {
                tcp = tcp.syn();
                let options = [etherparse::TcpOptionElement::MaximumSegmentSize(9_000)];
                tcp = tcp.options(&options).unwrap();
            }
            if flags & 0x04 != 0 {
                tcp = tcp.rst();
            }
            if flags & 0x10 != 0 {
                tcp = tcp.ack(acknowledged);
            }
            tcp.write(&mut frame, payload).unwrap();
        }
        Load::Udp => ip.udp(sport, dport).write(&mut frame, payload).unwrap(),
        Load::Echo(true) if six => {
            let echo = ip.icmpv6_echo_request(sport, 1);
            echo.write(&mut frame, payload).unwrap();
        }
        Load::Echo(false) if six => {
            let echo = ip.icmpv6_echo_reply(dport, 1);
            echo.write(&mut frame, payload).unwrap();
        }
        Load::Echo(true) => {
            let echo = ip.icmpv4_echo_request(sport, 1);
            echo.write(&mut frame, payload).unwrap();
        }
        Load::Echo(false) => {
            let echo = ip.icmpv4_echo_reply(dport, 1);
            echo.write(&mut frame, payload).unwrap();
        }
        Load::Other(protocol) => {
            ip.write(&mut frame, IpNumber(protocol), payload).unwrap();
        }
    }
    frame
}

/// An ICMP error about a packet, by whoever sits on a link: "port unreachable".
pub(super) fn error(from: Link, source: IpAddr, about: &[u8]) -> Vec<u8> {
    let six = source.is_ipv6();
    let at = if six { 22 } else { 26 };
    let quoted = &about[14..(14 + if six { 48 } else { 28 })];
    let destination = if six {
        let octets: [u8; 16] = about[at..at + 16].try_into().unwrap();
        IpAddr::from(Ipv6Addr::from(octets))
    } else {
        let octets: [u8; 4] = about[at..at + 4].try_into().unwrap();
        IpAddr::from(Ipv4Addr::from(octets))
    };
    let ethernet = PacketBuilder::ethernet2(mac(from).0, GATEWAY_MAC);
    let mut frame = Vec::new();
    match (source, destination) {
        (IpAddr::V4(source), IpAddr::V4(destination)) => {
            let ip = ethernet.ipv4(source.octets(), destination.octets(), 60);
            let code = etherparse::icmpv4::DestUnreachableHeader::Port;
            let icmp = ip.icmpv4(etherparse::Icmpv4Type::DestinationUnreachable(code));
            icmp.write(&mut frame, quoted).unwrap();
        }
        (IpAddr::V6(source), IpAddr::V6(destination)) => {
            let ip = ethernet.ipv6(source.octets(), destination.octets(), 60);
            let code = etherparse::icmpv6::DestUnreachableCode::Port;
            let icmp = ip.icmpv6(etherparse::Icmpv6Type::DestinationUnreachable(code));
            icmp.write(&mut frame, quoted).unwrap();
        }
        _ => unreachable!("one family"),
    }
    frame
}

/// Where a packet was forwarded to, and as what.
pub(super) fn forwarded(outcome: &Outcome) -> (Link, &[u8]) {
    match &outcome.fate {
        Fate::Forward { to, frame } => (*to, frame),
        other => panic!("{other:?}: {:?}\n{}", outcome.verdict, told(outcome)),
    }
}

/// A trace in words.
pub(super) fn told(outcome: &Outcome) -> alloc::string::String {
    let lines: Vec<_> = outcome.trace.iter().map(|it| it.to_string()).collect();
    lines.join("\n")
}

/// Sends a packet that must arrive; where and as what.
pub(super) fn send(walker: &mut Walker<'_>, from: Link, frame: &[u8]) -> (Link, Vec<u8>) {
    let outcome = walker.walk(from, frame, None);
    let (to, frame) = forwarded(&outcome);
    check_sums(frame);
    (to, frame.to_vec())
}

/// Checksums, by another parser and a full computation.
pub(super) fn check_sums(frame: &[u8]) {
    use etherparse::{NetHeaders, PacketHeaders, TransportHeader};
    let packet = PacketHeaders::from_ethernet_slice(frame).unwrap();
    let payload = packet.payload.slice();
    let net = packet.net.unwrap();
    if let NetHeaders::Ipv4(ip, _) = &net {
        assert_eq!(ip.header_checksum, ip.calc_header_checksum(), "IPv4");
    }
    match (packet.transport, &net) {
        (Some(TransportHeader::Tcp(tcp)), NetHeaders::Ipv4(ip, _)) => {
            assert_eq!(tcp.checksum, tcp.calc_checksum_ipv4(ip, payload).unwrap());
        }
        (Some(TransportHeader::Tcp(tcp)), NetHeaders::Ipv6(ip, _)) => {
            assert_eq!(tcp.checksum, tcp.calc_checksum_ipv6(ip, payload).unwrap());
        }
        (Some(TransportHeader::Udp(udp)), NetHeaders::Ipv4(ip, _)) => {
            assert_eq!(udp.checksum, udp.calc_checksum_ipv4(ip, payload).unwrap());
        }
        (Some(TransportHeader::Udp(udp)), NetHeaders::Ipv6(ip, _)) => {
            assert_eq!(udp.checksum, udp.calc_checksum_ipv6(ip, payload).unwrap());
        }
        (Some(TransportHeader::Icmpv4(icmp)), _) => {
            assert_eq!(icmp.checksum, icmp.icmp_type.calc_checksum(payload));
        }
        (Some(TransportHeader::Icmpv6(icmp)), NetHeaders::Ipv6(ip, _)) => {
            let sum = icmp
                .icmp_type
                .calc_checksum(ip.source, ip.destination, payload);
            assert_eq!(icmp.checksum, sum.unwrap());
        }
        _ => {}
    }
}
