//! What a lab may have besides: peering, gateways, public addresses, endpoints.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use model::host::{
    Address, BalancerSlot, Gate, Listener, ListenerKey, Nat, NextHop, Public, Step, Target,
    TargetGroupSlot, VpcNumber,
};

use super::lab::*;

impl Vpc {
    /// Peers VPCs 1 and 3, with routes on both sides.
    pub(crate) fn peer(&self) {
        for subnet in [A1.subnet, B1.subnet, EDGE] {
            self.route(subnet, "10.3.0.0/16", NextHop::Vpc(VpcNumber(3)));
        }
        self.route(P1.subnet, "10.1.0.0/16", NextHop::Vpc(VpcNumber(1)));
    }

    /// A NAT gateway at the edge, and the route of subnet A to it.
    pub(crate) fn nat(&self) {
        let nat = Nat {
            address: Address {
                vpc: VpcNumber(1),
                ip: Ipv4Addr::new(10, 1, 9, 7).into(),
            },
            place: place(EDGE),
            public: NAT_PUBLIC,
        };
        self.host.apply(Step::PutNat(NAT, nat));
        self.route(EDGE, "0.0.0.0/0", NextHop::Internet);
        self.route(A1.subnet, "0.0.0.0/0", NextHop::Nat(NAT));
    }

    /// Public addresses for A1, of both families, and the routes of its subnet.
    pub(crate) fn public(&self) {
        for (public, inside) in [(PUBLIC.into(), A1.ip.into()), (A1.ip6(), A1.ip6())] {
            let known = Public {
                eni: A1.slot,
                inside: Address {
                    vpc: VpcNumber(1),
                    ip: inside,
                },
            };
            self.host.apply(Step::PutPublic(public, known));
        }
        self.route(A1.subnet, "0.0.0.0/0", NextHop::Internet);
        self.route(A1.subnet, "::/0", NextHop::Internet);
    }

    /// An endpoint of VPC 1 to T1, for TCP and UDP.
    pub(crate) fn door(&self, change: impl FnOnce(&mut Gate)) {
        self.serve(1, T1.ip.into());
        let mut gate = gate(1, ENDPOINT.into(), BALANCER.into());
        change(&mut gate);
        self.host.apply(Step::PutGate(GATE, gate));
    }

    /// The same of IPv6.
    pub(crate) fn door6(&self) -> SocketAddr {
        self.serve(2, T1.ip6());
        let ip: IpAddr = "fd00:1:9::50".parse().unwrap();
        let gate = gate(2, ip, "fd00:2:1::20".parse().unwrap());
        self.host.apply(Step::PutGate(GATE6, gate));
        (ip, PORT).into()
    }

    fn serve(&self, balancer: u32, ip: IpAddr) {
        for protocol in [6, 17] {
            let key = ListenerKey {
                balancer: BalancerSlot(balancer),
                protocol,
                port: PORT,
            };
            let listener = Listener {
                target_group: TargetGroupSlot(balancer),
                idle_seconds: 350,
            };
            self.host.apply(Step::PutListener(key, listener));
        }
        let target = Target {
            eni: T1.slot,
            ip,
            port: SERVED,
        };
        let step = Step::PutTargets(TargetGroupSlot(balancer), vec![target]);
        self.host.apply(step);
    }
}

fn gate(balancer: u32, ip: IpAddr, balancer_ip: IpAddr) -> Gate {
    let address = |vpc, ip| Address {
        vpc: VpcNumber(vpc),
        ip,
    };
    Gate {
        generation: 7,
        address: address(1, ip),
        place: place(EDGE),
        groups: vec![GATE_GROUP],
        balancer: BalancerSlot(balancer),
        balancer_address: address(2, balancer_ip),
        balancer_place: place(FRONT),
        balancer_groups: vec![BALANCER_GROUP],
        balancer_enforces: false,
    }
}

pub(crate) fn endpoint() -> SocketAddr {
    (ENDPOINT, PORT).into()
}
