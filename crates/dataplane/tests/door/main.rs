//! Real packets through the real programs, between namespaces whose addresses overlap.

#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod capture;
mod host;
mod hostile;
mod lab;

use std::io::{Read as _, Write as _};
use std::time::Duration;

use ginnel_dataplane::{Kernel as _, Limits};
use host::*;
use lab::*;
use model::host::{GroupSlot, Step, TargetGroupSlot};
use testbed::server::Server;
use testbed::{client, eventually};

const LIMIT: Duration = Duration::from_secs(5);
/// Long enough to be sure that nothing comes: the paths here answer in microseconds.
const SILENCE: Duration = Duration::from_millis(300);

#[test]
fn tcp_crosses_and_the_target_sees_the_load_balancer() {
    if !testbed::usable() {
        return;
    }
    let lab = Lab::new();
    let _server = Server::http(&lab.target, service(), "one").unwrap();
    let reply = client::http_get(&lab.client, endpoint(), "/", LIMIT).unwrap();
    assert!(reply.body.contains("name=one"), "{reply:?}");
    assert!(
        reply.body.contains(&format!("peer={BALANCER}:")),
        "{reply:?}"
    );
}

#[test]
fn udp_crosses_and_comes_back_from_the_endpoint() {
    if !testbed::usable() {
        return;
    }
    let lab = Lab::new();
    let _server = Server::echo_udp(&lab.target, service()).unwrap();
    for length in [0, 1, 1_000, 8_000] {
        let bytes = vec![7; length];
        let (back, from) = client::echo_udp(&lab.client, endpoint(), &bytes, LIMIT).unwrap();
        assert_eq!((back, from), (bytes, endpoint()));
    }
}

#[test]
fn a_stranger_is_refused_by_the_security_group_and_counted() {
    if !testbed::usable() {
        return;
    }
    let lab = Lab::new();
    let _server = Server::http(&lab.target, service(), "one").unwrap();
    client::http_get(&lab.stranger, endpoint(), "/", SILENCE).unwrap_err();
    lab.host.counted(STRANGER_SLOT, "security-group", 1);
    let at_gate = lab.host.run(|linux| linux.counters(&[GATE]).unwrap());
    assert!(at_gate.gates[&GATE].drops["security-group"] > 0);
}

#[test]
fn only_the_listeners_port_is_reachable_and_only_by_the_consumer() {
    if !testbed::usable() {
        return;
    }
    let lab = Lab::new();
    let _server = Server::http(&lab.target, service(), "one").unwrap();
    let other_port = (ENDPOINT, 8080).into();
    client::http_get(&lab.client, other_port, "/", SILENCE).unwrap_err();
    lab.host.counted(CLIENT_SLOT, "security-group", 1);
    // The provider's address plan does not exist here, nor the consumer's over there.
    let balancer = (BALANCER, 80).into();
    client::http_get(&lab.client, balancer, "/", SILENCE).unwrap_err();
    lab.host.counted(CLIENT_SLOT, "no-route", 1);
    client::connect(&lab.target, endpoint(), SILENCE).unwrap_err();
    lab.host.counted(TARGET_SLOT, "no-route", 1);
}

#[test]
fn an_admitted_port_without_listener_says_so() {
    if !testbed::usable() {
        return;
    }
    let lab = Lab::new();
    let mut open = group();
    open.ingress[0].traffic.first = 1;
    open.ingress[0].traffic.last = 65_535;
    lab.host.apply(Step::PutGroup(GroupSlot(1), open));
    client::connect(&lab.client, (ENDPOINT, 81).into(), SILENCE).unwrap_err();
    lab.host.counted(CLIENT_SLOT, "no-listener", 1);
    lab.host.apply(Step::RemoveTargets(TargetGroupSlot(1)));
    client::connect(&lab.client, endpoint(), SILENCE).unwrap_err();
    lab.host.counted(CLIENT_SLOT, "no-target", 1);
}

#[test]
fn closing_the_gate_ends_open_connections_at_once() {
    if !testbed::usable() {
        return;
    }
    let lab = Lab::new();
    let _server = Server::echo_tcp(&lab.target, service()).unwrap();
    let mut stream = client::connect(&lab.client, endpoint(), LIMIT).unwrap();
    stream.set_read_timeout(Some(LIMIT)).unwrap();
    let mut byte = [1];
    stream.write_all(&byte).unwrap();
    stream.read_exact(&mut byte).unwrap();
    lab.host.apply(Step::PutGate(GATE, gate(0)));
    // The write may still succeed: the reset comes in answer to it.
    let _ = stream.write_all(&byte);
    let error = stream.read_exact(&mut byte).unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset);
    lab.host.counted(CLIENT_SLOT, "flow-cut", 1);
    client::connect(&lab.client, endpoint(), SILENCE).unwrap_err();
    lab.host.counted(CLIENT_SLOT, "endpoint-closed", 1);
    // Opened again, under a new generation.
    lab.host.apply(Step::PutGate(GATE, gate(8)));
    client::connect(&lab.client, endpoint(), LIMIT).unwrap();
}

#[test]
fn flows_are_counted_settled_and_bounded() {
    if !testbed::usable() {
        return;
    }
    let lab = Lab::with(Limits {
        flows: 1_024,
        flows_per_eni: 4,
    });
    let _server = Server::echo_tcp(&lab.target, service()).unwrap();
    let open = |host: &Host| {
        host.run(|linux| {
            let counters = linux.counters(&[GATE]).unwrap();
            counters.enis[&CLIENT_SLOT].flows
        })
    };
    for _ in 0..20 {
        client::echo_tcp(&lab.client, endpoint(), b"hello", LIMIT).unwrap();
    }
    eventually("all flows closed", LIMIT, || {
        (open(&lab.host) == 0).then_some(())
    })
    .unwrap();
    let held: Vec<_> = (0..4)
        .map(|_| client::connect(&lab.client, endpoint(), LIMIT).unwrap())
        .collect();
    client::connect(&lab.client, endpoint(), SILENCE).unwrap_err();
    lab.host.counted(CLIENT_SLOT, "flow-quota", 1);
    assert_eq!(open(&lab.host), 4);
    drop(held);
    eventually("room again", LIMIT, || {
        client::connect(&lab.client, endpoint(), SILENCE).ok()
    })
    .unwrap();
    let counters = lab.host.run(|linux| linux.counters(&[GATE]).unwrap());
    let gate = &counters.gates[&GATE];
    assert!(gate.connections >= 24, "{gate:?}");
    // 20 times five bytes each way, and headers.
    assert!(
        gate.bytes_in >= 20 * 5 && gate.bytes_out >= 20 * 5,
        "{gate:?}"
    );
}

#[test]
fn a_probe_comes_back_from_open_gates_only() {
    if !testbed::usable() {
        return;
    }
    let lab = Lab::new();
    let probe = |lab: &Lab| {
        lab.host
            .run(|linux| linux.probe(&[GATE], LIMIT / 10).unwrap())
    };
    assert_eq!(probe(&lab)[&GATE].generation, 7);
    lab.host.apply(Step::PutGate(GATE, gate(0)));
    assert!(probe(&lab).is_empty());
}

#[test]
fn what_is_read_back_is_what_was_written() {
    if !testbed::usable() {
        return;
    }
    let lab = Lab::new();
    let state = lab.host.run(|linux| linux.read().unwrap());
    assert_eq!(state.tables.gates[&GATE], gate(7));
    assert_eq!(state.tables.groups[&GroupSlot(1)], group());
    let wanted = interface(CLIENT_SLOT, CONSUMER_VPC, CLIENT, &[2], &lab.client);
    let found = &state.interfaces[&CLIENT_SLOT];
    assert_eq!(found.configured.as_ref(), Some(&wanted));
    assert!(found.guarded);
    // Again, as after a crash between a step and its record: the same.
    lab.host.apply(Step::Attach(CLIENT_SLOT, wanted));
    assert_eq!(lab.host.run(|linux| linux.read().unwrap()), state);
    lab.host
        .apply(Step::Detach(CLIENT_SLOT, found.link.clone()));
    lab.host.apply(Step::RemoveGate(GATE, gate(7)));
    let after = lab.host.run(|linux| linux.read().unwrap());
    assert!(!after.interfaces.contains_key(&CLIENT_SLOT));
    assert!(after.tables.gates.is_empty());
}

#[test]
fn connections_outlive_the_agent() {
    if !testbed::usable() {
        return;
    }
    let mut lab = Lab::new();
    let _server = Server::echo_tcp(&lab.target, service()).unwrap();
    let mut stream = client::connect(&lab.client, endpoint(), LIMIT).unwrap();
    stream.set_read_timeout(Some(LIMIT)).unwrap();
    let mut talk = || {
        let mut byte = [3];
        stream.write_all(&byte).unwrap();
        stream.read_exact(&mut byte).unwrap();
    };
    talk();
    lab.host.close();
    talk();
    lab.host.open(Limits::default());
    talk();
    client::echo_tcp(&lab.client, endpoint(), b"new", LIMIT).unwrap();
}

#[test]
fn a_removed_namespace_is_noticed_and_can_be_attached_again() {
    if !testbed::usable() {
        return;
    }
    let mut lab = Lab::new();
    let fresh = testbed::Netns::new("client2").unwrap();
    lab.client = fresh;
    eventually("the link to go with its namespace", LIMIT, || {
        let state = lab.host.run(|linux| linux.read().unwrap());
        (!state.interfaces.contains_key(&CLIENT_SLOT)).then_some(())
    })
    .unwrap();
    let again = interface(CLIENT_SLOT, CONSUMER_VPC, CLIENT, &[2], &lab.client);
    lab.host.apply(Step::Attach(CLIENT_SLOT, again));
    let _server = Server::http(&lab.target, service(), "one").unwrap();
    client::http_get(&lab.client, endpoint(), "/", LIMIT).unwrap();
}
