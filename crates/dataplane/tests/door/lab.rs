//! Two tenants, both 10.0.0.0/16, and one endpoint.

use std::net::{Ipv4Addr, SocketAddr};

use ginnel_dataplane::Limits;
use ipnet::IpNet;
use model::host::{
    Acl, AclKey, Address, Attachment, BalancerSlot, EniSlot, Entry, Gate, GateSlot, Group,
    GroupSlot, Interface, Listener, ListenerKey, NextHop, Peer, Place, RouteTableKey, Rule, Step,
    SubnetKey, Target, TargetGroupSlot, Traffic, VpcNumber,
};
use testbed::Netns;

use super::host::{Host, everything, mac};

pub(crate) const GATEWAY_MAC: [u8; 6] = [0x02, 0x67, 0x69, 0x6e, 0x6e, 0x6c];
pub(crate) const CONSUMER_VPC: VpcNumber = VpcNumber(1);
pub(crate) const PROVIDER_VPC: VpcNumber = VpcNumber(2);
pub(crate) const CLIENT: Ipv4Addr = Ipv4Addr::new(10, 0, 1, 10);
pub(crate) const STRANGER: Ipv4Addr = Ipv4Addr::new(10, 0, 1, 11);
pub(crate) const ENDPOINT: Ipv4Addr = Ipv4Addr::new(10, 0, 1, 50);
/// The provider's target has the client's own address: the plans overlap on purpose.
pub(crate) const TARGET: Ipv4Addr = Ipv4Addr::new(10, 0, 1, 10);
pub(crate) const BALANCER: Ipv4Addr = Ipv4Addr::new(10, 0, 1, 20);
pub(crate) const CLIENT_SLOT: EniSlot = EniSlot(1);
pub(crate) const STRANGER_SLOT: EniSlot = EniSlot(2);
pub(crate) const TARGET_SLOT: EniSlot = EniSlot(3);
pub(crate) const GATE: GateSlot = GateSlot(1);

/// The two tenants.
pub(crate) struct Lab {
    pub(crate) host: Host,
    pub(crate) client: Netns,
    pub(crate) stranger: Netns,
    pub(crate) target: Netns,
}

/// The one subnet of a VPC, with its route table and ACL, which are its VPC's number too.
pub(crate) fn place(vpc: VpcNumber) -> Place {
    let key = u64::from(vpc.0);
    Place {
        subnet: SubnetKey(key),
        routes: RouteTableKey(key),
        acl: AclKey(key),
    }
}

pub(crate) fn interface(
    slot: EniSlot,
    vpc: VpcNumber,
    ip: Ipv4Addr,
    groups: &[u32],
    ns: &Netns,
) -> Interface {
    Interface {
        address: Address { vpc, ip: ip.into() },
        more: Vec::new(),
        source_check: true,
        place: place(vpc),
        prefix: 24,
        gateway: Ipv4Addr::new(10, 0, 1, 1),
        resolver: Ipv4Addr::new(10, 0, 0, 2),
        mac: mac(slot),
        mtu: 8_500,
        groups: groups.iter().map(|slot| GroupSlot(*slot)).collect(),
        link: format!("gnl{:012x}", slot.0),
        attachment: Attachment {
            namespace: ns.path().display().to_string(),
            device: "eth0".into(),
        },
    }
}

pub(crate) fn gate(generation: u32) -> Gate {
    Gate {
        generation,
        address: Address {
            vpc: CONSUMER_VPC,
            ip: ENDPOINT.into(),
        },
        place: place(CONSUMER_VPC),
        groups: vec![GroupSlot(1)],
        balancer: BalancerSlot(1),
        balancer_address: Address {
            vpc: PROVIDER_VPC,
            ip: BALANCER.into(),
        },
        balancer_place: place(PROVIDER_VPC),
        balancer_groups: Vec::new(),
        balancer_enforces: false,
    }
}

/// Group 1 (the endpoint's) admits TCP and UDP port 80 from members of group 2 (the client's).
pub(crate) fn group() -> Group {
    let rule = |protocol| Rule {
        traffic: Traffic {
            protocol: Some(protocol),
            first: 80,
            last: 80,
        },
        peer: Peer::Group(GroupSlot(2)),
    };
    Group {
        ingress: vec![rule(6), rule(17)],
        egress: Vec::new(),
    }
}

/// A group that admits nobody and whose members may go anywhere, as AWS makes them.
pub(crate) fn outbound() -> Group {
    Group {
        ingress: Vec::new(),
        egress: vec![everything()],
    }
}

/// The ACL that AWS makes.
pub(crate) fn open_acl() -> Acl {
    let entry = Entry {
        number: 100,
        traffic: Traffic::ALL,
        peer: "0.0.0.0/0".parse().unwrap(),
        allow: true,
    };
    Acl {
        ingress: vec![entry],
        egress: vec![entry],
    }
}

impl Lab {
    pub(crate) fn new() -> Self {
        Self::with(Limits::default())
    }

    pub(crate) fn with(limits: Limits) -> Self {
        let host = Host::new(limits, None);
        let lab = Self {
            host,
            client: Netns::new("client").unwrap(),
            stranger: Netns::new("stranger").unwrap(),
            target: Netns::new("target").unwrap(),
        };
        for protocol in [6, 17] {
            lab.host.apply(Step::PutListener(
                ListenerKey {
                    balancer: BalancerSlot(1),
                    protocol,
                    port: 80,
                },
                Listener {
                    target_group: TargetGroupSlot(1),
                    idle_seconds: 350,
                },
            ));
        }
        lab.host.apply(Step::PutGroup(GroupSlot(1), group()));
        for slot in [2, 3] {
            lab.host.apply(Step::PutGroup(GroupSlot(slot), outbound()));
        }
        // The target's admits the load balancer.
        let mut target = outbound();
        target.ingress.push(Rule {
            peer: Peer::Cidr(IpNet::from(std::net::IpAddr::from(BALANCER))),
            ..everything()
        });
        lab.host.apply(Step::PutGroup(GroupSlot(4), target));
        for vpc in [CONSUMER_VPC, PROVIDER_VPC] {
            let place = place(vpc);
            lab.host.apply(Step::PutAcl(place.acl, open_acl()));
            lab.host.apply(Step::PutRoute(
                place.routes,
                "10.0.0.0/16".parse().unwrap(),
                NextHop::Vpc(vpc),
            ));
        }
        lab.host.apply(Step::PutTargets(
            TargetGroupSlot(1),
            vec![Target {
                eni: TARGET_SLOT,
                ip: TARGET.into(),
                port: 8080,
            }],
        ));
        lab.host.apply(Step::PutGate(GATE, gate(7)));
        for (slot, vpc, ip, groups, ns) in [
            (CLIENT_SLOT, CONSUMER_VPC, CLIENT, &[2][..], &lab.client),
            (
                STRANGER_SLOT,
                CONSUMER_VPC,
                STRANGER,
                &[3][..],
                &lab.stranger,
            ),
            (TARGET_SLOT, PROVIDER_VPC, TARGET, &[4][..], &lab.target),
        ] {
            let interface = interface(slot, vpc, ip, groups, ns);
            lab.host.apply(Step::Attach(slot, interface));
        }
        lab
    }
}

pub(crate) fn endpoint() -> SocketAddr {
    (ENDPOINT, 80).into()
}

pub(crate) fn service() -> SocketAddr {
    (TARGET, 8080).into()
}
