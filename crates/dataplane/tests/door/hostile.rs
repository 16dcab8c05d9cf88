//! A tenant that forges: it reaches nobody, and each attempt is counted.

use std::net::{Ipv4Addr, SocketAddrV4};

use model::host::Target;

use testbed::packet::{self, Macs, Tcp};
use testbed::raw::{RawSender, Sniffer};

use super::*;

fn at(ip: Ipv4Addr, port: u16) -> SocketAddrV4 {
    SocketAddrV4::new(ip, port)
}

/// Sends frames from the stranger's device and returns whatever arrived anywhere else.
fn forge(lab: &Lab, frames: &[Vec<u8>]) -> Vec<Vec<u8>> {
    let sniffers = [&lab.client, &lab.target].map(|ns| Sniffer::start(ns, "eth0").unwrap());
    let sender = RawSender::open(&lab.stranger, "eth0").unwrap();
    for frame in frames {
        sender.send(frame).unwrap();
    }
    // Delivery happens within the send: there is nothing in flight afterwards.
    let arrived = sniffers.iter().flat_map(Sniffer::frames);
    // A namespace's own neighbour discovery is not from us.
    arrived
        .filter(|frame| frame.get(12..14) != Some(&[0x86, 0xdd]))
        .collect()
}

fn own_macs() -> Macs {
    Macs {
        from: mac(STRANGER_SLOT).0,
        to: GATEWAY_MAC,
    }
}

#[test]
fn forged_source_addresses_reach_nobody() {
    if !testbed::usable() {
        return;
    }
    let lab = Lab::new();
    // The client's address would pass the security group.
    let to = at(ENDPOINT, 80);
    let syn = Tcp {
        syn: true,
        ..Tcp::default()
    };
    let frames = [
        packet::tcp(own_macs(), at(CLIENT, 4_000), to, syn, &[]).unwrap(),
        packet::udp(own_macs(), at(CLIENT, 4_000), to, b"x").unwrap(),
        packet::udp(own_macs(), at(BALANCER, 4_000), to, b"x").unwrap(),
        packet::udp(own_macs(), at(Ipv4Addr::new(100, 64, 0, 1), 4), to, b"x").unwrap(),
    ];
    assert_eq!(forge(&lab, &frames), Vec::<Vec<u8>>::new());
    lab.host.counted(STRANGER_SLOT, "spoofed-source", 4);
}

#[test]
fn forged_macs_reach_nobody() {
    if !testbed::usable() {
        return;
    }
    let lab = Lab::new();
    let stolen = Macs {
        from: mac(CLIENT_SLOT).0,
        to: GATEWAY_MAC,
    };
    let frame = packet::udp(stolen, at(STRANGER, 4_000), at(ENDPOINT, 80), b"x").unwrap();
    assert_eq!(forge(&lab, &[frame]), Vec::<Vec<u8>>::new());
    lab.host.counted(STRANGER_SLOT, "spoofed-mac", 1);
}

#[test]
fn forged_arp_reaches_nobody() {
    if !testbed::usable() {
        return;
    }
    let lab = Lab::new();
    let victims = Macs {
        from: mac(STRANGER_SLOT).0,
        to: mac(CLIENT_SLOT).0,
    };
    let frames = [
        packet::arp_reply(victims, ENDPOINT, CLIENT).unwrap(),
        packet::arp_request(mac(STRANGER_SLOT).0, CLIENT, ENDPOINT).unwrap(),
        packet::arp_request(mac(CLIENT_SLOT).0, STRANGER, ENDPOINT).unwrap(),
    ];
    assert_eq!(forge(&lab, &frames), Vec::<Vec<u8>>::new());
    lab.host.counted(STRANGER_SLOT, "spoofed-arp", 3);
    // And the client still finds its endpoint.
    let _server = Server::http(&lab.target, service(), "one").unwrap();
    client::http_get(&lab.client, endpoint(), "/", LIMIT).unwrap();
}

#[test]
fn packets_for_another_tenants_addresses_reach_nobody() {
    if !testbed::usable() {
        return;
    }
    let lab = Lab::new();
    let direct = Macs {
        from: mac(STRANGER_SLOT).0,
        to: mac(TARGET_SLOT).0,
    };
    let from = at(STRANGER, 4_000);
    let frames = [
        // The target's address is also the client's, whose group admits nobody.
        packet::udp(direct, from, at(TARGET, 8_080), b"x").unwrap(),
        packet::udp(own_macs(), from, at(BALANCER, 80), b"x").unwrap(),
        packet::udp(own_macs(), from, at(Ipv4Addr::new(100, 64, 0, 1), 4), b"x").unwrap(),
        packet::ping(own_macs(), STRANGER, TARGET, 1, 1).unwrap(),
    ];
    assert_eq!(forge(&lab, &frames), Vec::<Vec<u8>>::new());
    lab.host.counted(STRANGER_SLOT, "no-route", 2);
    lab.host.counted(STRANGER_SLOT, "security-group", 2);
}

#[test]
fn a_connection_of_another_tenant_cannot_be_entered() {
    if !testbed::usable() {
        return;
    }
    let lab = Lab::new();
    let _server = Server::echo_tcp(&lab.target, service()).unwrap();
    let stream = client::connect(&lab.client, endpoint(), LIMIT).unwrap();
    let port = stream.local_addr().unwrap().port();
    let reset = Tcp {
        rst: true,
        ..Tcp::default()
    };
    // The client's exact tuple, and the target's: a flow belongs to the link it came from.
    let frames = [
        packet::tcp(own_macs(), at(CLIENT, port), at(ENDPOINT, 80), reset, &[]).unwrap(),
        packet::tcp(
            own_macs(),
            at(TARGET, 8_080),
            at(BALANCER, 1_024),
            reset,
            &[],
        )
        .unwrap(),
    ];
    assert_eq!(forge(&lab, &frames), Vec::<Vec<u8>>::new());
    lab.host.counted(STRANGER_SLOT, "spoofed-source", 2);
}

#[test]
fn vlan_tags_do_not_travel() {
    if !testbed::usable() {
        return;
    }
    let lab = Lab::new();
    let mut frame = packet::udp(own_macs(), at(STRANGER, 4_000), at(ENDPOINT, 80), b"x").unwrap();
    frame.splice(12..12, [0x81, 0x00, 0x00, 0x05]);
    assert_eq!(forge(&lab, &[frame]), Vec::<Vec<u8>>::new());
    lab.host.counted(STRANGER_SLOT, "not-ip", 1);
}

#[test]
fn a_target_in_another_vpc_is_never_reached() {
    if !testbed::usable() {
        return;
    }
    let lab = Lab::new();
    let _server = Server::http(&lab.stranger, (STRANGER, 8080).into(), "stranger").unwrap();
    // A slot that changed owners, before the target list is written anew.
    let wrong = Target {
        eni: STRANGER_SLOT,
        ip: STRANGER.into(),
        port: 8080,
    };
    lab.host
        .apply(Step::PutTargets(TargetGroupSlot(1), vec![wrong]));
    client::connect(&lab.client, endpoint(), SILENCE).unwrap_err();
    assert!(lab.host.drops(CLIENT_SLOT, "target-gone") > 0);
}

#[test]
fn a_gates_next_owner_inherits_nothing() {
    if !testbed::usable() {
        return;
    }
    let lab = Lab::new();
    let _server = Server::echo_tcp(&lab.target, service()).unwrap();
    let mut stream = client::connect(&lab.client, endpoint(), LIMIT).unwrap();
    stream.write_all(b"mine").unwrap();
    lab.host.apply(Step::RemoveGate(GATE, gate(7)));
    let mut next = gate(8);
    next.address.vpc = PROVIDER_VPC;
    lab.host.apply(Step::PutGate(GATE, next));
    // The old owner's client goes on, and ends.
    let _ = stream.write_all(b"mine");
    drop(stream);
    let counters = lab.host.run(|linux| linux.counters(&[GATE]).unwrap());
    assert_eq!(counters.gates[&GATE], Default::default());
    assert_eq!(counters.enis[&CLIENT_SLOT].flows, 0);
    client::connect(&lab.client, endpoint(), SILENCE).unwrap_err();
}
