//! Endpoints among the rest: peered clients, and what the provider's side says.

use model::host::{NextHop, Peer, Rule, Traffic, VpcNumber};
use testbed::client;

use super::lab::*;
use super::sockets::*;
use super::ways::*;

/// One datagram through the endpoint, and its answer.
fn ask(lab: &Vpc, eni: Eni) -> bool {
    send(lab.ns(T1), T1.at(SERVED), lab.ns(eni), endpoint()).is_some()
}

#[test]
fn a_peered_vpc_reaches_an_endpoint() {
    if !testbed::usable() {
        return;
    }
    let lab = Vpc::new(&[A1, P1, T1]);
    lab.door(|_| ());
    lab.refused(P1, "no-route", || ask(&lab, P1));
    lab.peer();
    assert!(ask(&lab, P1) && ask(&lab, A1));
    let mut pair = connect(lab.ns(T1), T1.at(SERVED), lab.ns(P1), endpoint());
    assert_eq!(pair.peer.ip(), BALANCER);
    pair.talk();
    lab.admit(GATE_GROUP, vec![cidr(Traffic::ALL, &A1.net())]);
    lab.refused(P1, "security-group", || ask(&lab, P1));
    lab.admit(GATE_GROUP, vec![cidr(Traffic::ALL, &P1.net())]);
    assert!(ask(&lab, P1));
    // The way back is the endpoint's subnet's: it must lead to the client.
    lab.unroute(EDGE, "10.3.0.0/16");
    lab.refused(T1, "no-route", || ask(&lab, P1));
    lab.route(EDGE, "10.3.0.0/16", NextHop::Blackhole);
    lab.refused(T1, "blackhole", || ask(&lab, P1));
    lab.route(EDGE, "10.3.0.0/16", NextHop::Vpc(VpcNumber(1)));
    lab.refused(T1, "asymmetric", || ask(&lab, P1));
}

#[test]
fn the_consumers_acls_are_between_client_and_endpoint() {
    if !testbed::usable() {
        return;
    }
    let lab = Vpc::new(&[A1, T1]);
    lab.door(|_| ());
    let deny = |traffic, peer: &str| vec![entry(1, traffic, peer, false)];
    let (there, back) = (traffic(17, 80, 80), traffic(17, 1_024, 65_535));
    let open = Vec::new;
    let gate = format!("{ENDPOINT}/32");
    let cases = [
        (A1, "acl-egress", A1.subnet, open(), deny(there, &gate)),
        (A1, "acl-ingress", EDGE, deny(there, &A1.net()), open()),
        (T1, "acl-reply-egress", EDGE, open(), deny(back, &A1.net())),
        (
            T1,
            "acl-reply-ingress",
            A1.subnet,
            deny(back, &gate),
            open(),
        ),
    ];
    for (eni, label, subnet, ingress, egress) in cases {
        assert!(ask(&lab, A1));
        lab.acl(subnet, ingress, egress);
        lab.refused(eni, label, || ask(&lab, A1));
        lab.acl(subnet, open(), open());
    }
    lab.confine(A1.group(), vec![cidr(traffic(17, 80, 80), &A2.net())]);
    lab.refused(A1, "security-group-egress", || ask(&lab, A1));
    let named = Rule {
        traffic: Traffic::ALL,
        peer: Peer::Group(GATE_GROUP),
    };
    lab.confine(A1.group(), vec![named]);
    assert!(ask(&lab, A1));
}

#[test]
fn the_providers_acls_and_groups_refuse_under_names_of_their_own() {
    if !testbed::usable() {
        return;
    }
    let lab = Vpc::new(&[A1, T1]);
    lab.door(|_| ());
    let deny = |traffic, peer: &str| vec![entry(1, traffic, peer, false)];
    let open = Vec::new;
    // The target's port and the load balancer's address, both ways.
    let served = traffic(17, SERVED, SERVED);
    let ports = traffic(17, 1_024, 65_535);
    let balancer = format!("{BALANCER}/32");
    let cases = [
        (A1, FRONT, open(), deny(served, &T1.net())),
        (A1, T1.subnet, deny(served, &balancer), open()),
        (T1, T1.subnet, open(), deny(ports, &balancer)),
        (T1, FRONT, deny(ports, &T1.net()), open()),
    ];
    for (eni, subnet, ingress, egress) in cases {
        assert!(ask(&lab, A1));
        lab.acl(subnet, ingress, egress);
        lab.refused(eni, "provider-acl", || ask(&lab, A1));
        lab.acl(subnet, open(), open());
    }
    // The target's groups see the load balancer: by address or by its group, never the client.
    for (rule, passes) in [
        (cidr(served, &balancer), true),
        (cidr(served, &A1.net()), false),
        (cidr(traffic(17, PORT, PORT), &balancer), false),
        (
            Rule {
                traffic: served,
                peer: Peer::Group(BALANCER_GROUP),
            },
            true,
        ),
        (
            Rule {
                traffic: served,
                peer: Peer::Group(A1.group()),
            },
            false,
        ),
    ] {
        lab.admit(T1.group(), vec![rule]);
        if passes {
            assert!(ask(&lab, A1), "{rule:?}");
        } else {
            lab.refused(A1, "target-security-group", || ask(&lab, A1));
        }
    }
}

#[test]
fn a_load_balancers_own_groups_are_asked_when_it_wants_so() {
    if !testbed::usable() {
        return;
    }
    let lab = Vpc::new(&[A1, T1]);
    lab.door(|_| ());
    lab.admit(BALANCER_GROUP, Vec::new());
    assert!(ask(&lab, A1));
    lab.door(|gate| gate.balancer_enforces = true);
    lab.refused(A1, "balancer-security-group", || ask(&lab, A1));
    lab.refused(A1, "balancer-security-group", || {
        client::connect(lab.ns(A1), endpoint(), patience()).is_ok()
    });
    // Clients are addresses over there, not groups.
    let group = Rule {
        traffic: Traffic::ALL,
        peer: Peer::Group(A1.group()),
    };
    lab.admit(BALANCER_GROUP, vec![group]);
    lab.refused(A1, "balancer-security-group", || ask(&lab, A1));
    lab.admit(
        BALANCER_GROUP,
        vec![cidr(traffic(17, PORT, PORT), &A1.net())],
    );
    assert!(ask(&lab, A1));
}
