//! A VPC with two subnets, a peer, a provider, and an internet.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};
use std::time::Duration;

use ginnel_dataplane::{Kernel as _, Limits, Uplink};
use ipnet::IpNet;
use model::host::{
    Acl, AclKey, Address, Attachment, EniSlot, Entry, GateSlot, Group, GroupSlot, Interface,
    NatKey, NextHop, Peer, Place, RouteTableKey, Rule, Step, SubnetKey, Traffic, VpcNumber, Wanted,
};
use testbed::{Netns, eventually};

use super::SILENCE;
use super::host::{Host, everything, mac};

/// One ENI of the lab. Its slot is also the number of the one group that it carries.
#[derive(Clone, Copy)]
pub(crate) struct Eni {
    pub(crate) slot: EniSlot,
    name: &'static str,
    vpc: u32,
    /// Its subnet, which is also the number of its route table and ACL.
    pub(crate) subnet: u64,
    pub(crate) ip: Ipv4Addr,
    /// Another address of the same.
    pub(crate) second: Ipv4Addr,
    ip6: &'static str,
}

impl Eni {
    const fn new(
        slot: u32,
        name: &'static str,
        vpc: u32,
        subnet: u64,
        ip: [u8; 4],
        ip6: &'static str,
    ) -> Self {
        let [a, b, c, d] = ip;
        Self {
            slot: EniSlot(slot),
            name,
            vpc,
            subnet,
            ip: Ipv4Addr::new(a, b, c, d),
            second: Ipv4Addr::new(a, b, c, d + 100),
            ip6,
        }
    }

    pub(crate) fn at(&self, port: u16) -> SocketAddr {
        (self.ip, port).into()
    }

    pub(crate) fn ip6(&self) -> IpAddr {
        self.ip6.parse().unwrap()
    }

    pub(crate) fn at6(&self, port: u16) -> SocketAddr {
        (self.ip6(), port).into()
    }

    /// Its address alone, as rules have it.
    pub(crate) fn net(&self) -> String {
        format!("{}/32", self.ip)
    }

    pub(crate) fn group(&self) -> GroupSlot {
        GroupSlot(self.slot.0)
    }
}

/// In subnet A.
pub(crate) const A1: Eni = Eni::new(1, "a1", 1, 0xa, [10, 1, 1, 10], "fd00:1:1::10");
/// Its neighbour.
pub(crate) const A2: Eni = Eni::new(2, "a2", 1, 0xa, [10, 1, 1, 11], "fd00:1:1::11");
/// In subnet B.
pub(crate) const B1: Eni = Eni::new(3, "b1", 1, 0xb, [10, 1, 2, 10], "fd00:1:2::10");
/// A middlebox in a subnet of its own.
pub(crate) const M: Eni = Eni::new(4, "m", 1, 0xc, [10, 1, 3, 10], "fd00:1:3::10");
/// In the peered VPC 3.
pub(crate) const P1: Eni = Eni::new(5, "p1", 3, 0x3a, [10, 3, 1, 10], "fd00:3:1::10");
/// The provider's target, in another subnet than the load balancer.
pub(crate) const T1: Eni = Eni::new(6, "t1", 2, 0x2b, [10, 2, 2, 10], "fd00:2:2::10");

const ALL: [Eni; 6] = [A1, A2, B1, M, P1, T1];

/// The subnet that the endpoint and the NAT gateway stand in.
pub(crate) const EDGE: u64 = 0xe;
/// The load balancer's subnet.
pub(crate) const FRONT: u64 = 0x2a;
pub(crate) const GATE: GateSlot = GateSlot(1);
pub(crate) const GATE6: GateSlot = GateSlot(2);
pub(crate) const ENDPOINT: Ipv4Addr = Ipv4Addr::new(10, 1, 9, 50);
pub(crate) const BALANCER: Ipv4Addr = Ipv4Addr::new(10, 2, 1, 20);
/// The endpoint's group and the load balancer's.
pub(crate) const GATE_GROUP: GroupSlot = GroupSlot(50);
pub(crate) const BALANCER_GROUP: GroupSlot = GroupSlot(51);
/// What the listeners take, and what the target serves.
pub(crate) const PORT: u16 = 80;
pub(crate) const SERVED: u16 = 8080;

/// The server outside, and the address that is not used there.
pub(crate) const OUTSIDE: Ipv4Addr = Ipv4Addr::new(203, 0, 113, 1);
pub(crate) const OUTSIDE6: &str = "2001:db8::1";
pub(crate) const UPLINK_MTU: u16 = 1_400;
/// The uplink's place among the counters.
pub(crate) const UPLINK: EniSlot = EniSlot(16_384);
pub(crate) const NAT: NatKey = NatKey(0x77);
pub(crate) const NAT_PUBLIC: Ipv4Addr = Ipv4Addr::new(198, 51, 100, 7);
/// The public address of A1.
pub(crate) const PUBLIC: Ipv4Addr = Ipv4Addr::new(198, 51, 100, 10);

pub(crate) struct Vpc {
    pub(crate) host: Host,
    members: BTreeMap<EniSlot, Netns>,
    pub(crate) internet: Option<Netns>,
}

pub(super) fn place(subnet: u64) -> Place {
    Place {
        subnet: SubnetKey(subnet),
        routes: RouteTableKey(subnet),
        acl: AclKey(subnet),
    }
}

pub(crate) fn net(text: &str) -> IpNet {
    text.parse().unwrap()
}

/// Everything, of IPv6.
fn everything6() -> Rule {
    Rule {
        traffic: Traffic::ALL,
        peer: Peer::Cidr(net("::/0")),
    }
}

/// A protocol with a range of ports (or of ICMP types and codes).
pub(crate) fn traffic(protocol: u8, first: u16, last: u16) -> Traffic {
    Traffic {
        protocol: Some(protocol),
        first,
        last,
    }
}

/// A rule about addresses.
pub(crate) fn cidr(traffic: Traffic, peer: &str) -> Rule {
    Rule {
        traffic,
        peer: Peer::Cidr(net(peer)),
    }
}

/// An entry of an ACL.
pub(crate) fn entry(number: u16, traffic: Traffic, peer: &str, allow: bool) -> Entry {
    Entry {
        number,
        traffic,
        peer: net(peer),
        allow,
    }
}

/// Entries that let everything through, after all others.
fn open_entries() -> Vec<Entry> {
    ["0.0.0.0/0", "::/0"]
        .map(|peer| entry(32_000, Traffic::ALL, peer, true))
        .to_vec()
}

impl Vpc {
    /// A lab of these ENIs, without a way out.
    pub(crate) fn new(members: &[Eni]) -> Self {
        Self::build(members, None)
    }

    /// The same with an uplink into a namespace that has a few addresses.
    pub(crate) fn with_internet(members: &[Eni]) -> Self {
        let internet = Netns::new("internet").unwrap();
        // Without duplicate detection: a link-local address is of use at once.
        for which in ["all", "default"] {
            let key = format!("net.ipv6.conf.{which}.accept_dad");
            internet.sysctl(&key, "0").unwrap();
        }
        internet
            .ip(&format!("addr add {OUTSIDE}/32 dev lo"))
            .unwrap();
        internet
            .ip(&format!("addr add {OUTSIDE6}/128 dev lo nodad"))
            .unwrap();
        Self::build(members, Some(internet))
    }

    fn build(members: &[Eni], internet: Option<Netns>) -> Self {
        let uplink = internet.as_ref().map(|ns| Uplink {
            namespace: ns.path().display().to_string(),
            mtu: UPLINK_MTU,
            pool: vec![net("198.51.100.0/24"), net("fd00:1::/32")],
        });
        let named = |eni: &Eni| (eni.slot, Netns::new(eni.name).unwrap());
        let lab = Self {
            host: Host::new(Limits::default(), uplink),
            members: members.iter().map(named).collect(),
            internet,
        };
        lab.tables();
        for eni in members {
            lab.attach(*eni, |_| ());
        }
        lab
    }

    /// Every group and ACL is open, every VPC has its local routes.
    fn tables(&self) {
        let subnets = ALL.map(|eni| (eni.subnet, eni.vpc));
        for (subnet, vpc) in subnets.into_iter().chain([(EDGE, 1), (FRONT, 2)]) {
            self.acl(subnet, Vec::new(), Vec::new());
            for local in [format!("10.{vpc}.0.0/16"), format!("fd00:{vpc}::/32")] {
                self.route(subnet, &local, NextHop::Vpc(VpcNumber(vpc)));
            }
        }
        for group in ALL.map(|eni| eni.group()) {
            self.open_group(group);
        }
        self.open_group(GATE_GROUP);
        self.open_group(BALANCER_GROUP);
    }

    /// The namespace of an ENI.
    pub(crate) fn ns(&self, eni: Eni) -> &Netns {
        &self.members[&eni.slot]
    }

    pub(crate) fn internet(&self) -> &Netns {
        self.internet.as_ref().unwrap()
    }

    /// Attaches an ENI, or changes one.
    pub(crate) fn attach(&self, eni: Eni, change: impl FnOnce(&mut Interface)) {
        let [a, b, c, _] = eni.ip.octets();
        let mut interface = Interface {
            address: Address {
                vpc: VpcNumber(eni.vpc),
                ip: eni.ip.into(),
            },
            more: vec![eni.second.into(), eni.ip6()],
            source_check: true,
            place: place(eni.subnet),
            prefix: 24,
            gateway: Ipv4Addr::new(a, b, c, 1),
            resolver: Ipv4Addr::new(a, b, 0, 2),
            mac: mac(eni.slot),
            mtu: 8_500,
            groups: vec![eni.group()],
            link: format!("gnl{:012x}", eni.slot.0),
            attachment: Attachment {
                namespace: self.ns(eni).path().display().to_string(),
                device: "eth0".into(),
            },
        };
        change(&mut interface);
        let has_ipv6 = interface.more.contains(&eni.ip6());
        self.host.apply(Step::Attach(eni.slot, interface));
        if has_ipv6 {
            self.await_ipv6(eni);
        }
    }

    /// The kernel gives an IPv6 address its local route by a worker of its own, which a busy
    /// machine lets wait for seconds; until then the address takes nothing.
    fn await_ipv6(&self, eni: Eni) {
        let at = eni.at6(0);
        eventually("the IPv6 address", Duration::from_secs(10), || {
            let socket = self.ns(eni).run(|| UdpSocket::bind(at)).ok()?.ok()?;
            socket.set_read_timeout(Some(SILENCE)).ok()?;
            socket.send_to(b"x", socket.local_addr().ok()?).ok()?;
            socket.recv(&mut [0]).ok()
        })
        .unwrap();
    }

    /// Attaches an ENI to a fresh namespace; the one that it was in goes, whenever the kernel
    /// gets round to it.
    pub(crate) fn renew(&mut self, eni: Eni) {
        let fresh = Netns::new(eni.name).unwrap();
        self.members.insert(eni.slot, fresh);
        self.attach(eni, |_| ());
    }

    /// The rules of a group.
    pub(crate) fn group(&self, slot: GroupSlot, ingress: Vec<Rule>, egress: Vec<Rule>) {
        let group = Group { ingress, egress };
        self.host.apply(Step::PutGroup(slot, group));
    }

    pub(crate) fn open_group(&self, slot: GroupSlot) {
        let all = vec![everything(), everything6()];
        self.group(slot, all.clone(), all);
    }

    /// A group whose members may go anywhere and are reached by these.
    pub(crate) fn admit(&self, slot: GroupSlot, ingress: Vec<Rule>) {
        self.group(slot, ingress, vec![everything(), everything6()]);
    }

    /// A group that anybody reaches and whose members may go there only.
    pub(crate) fn confine(&self, slot: GroupSlot, egress: Vec<Rule>) {
        self.group(slot, vec![everything(), everything6()], egress);
    }

    /// A subnet's ACL: these entries, then everything else passes.
    pub(crate) fn acl(&self, subnet: u64, mut ingress: Vec<Entry>, mut egress: Vec<Entry>) {
        ingress.extend(open_entries());
        egress.extend(open_entries());
        let acl = Acl { ingress, egress };
        self.host.apply(Step::PutAcl(AclKey(subnet), acl));
    }

    pub(crate) fn route(&self, subnet: u64, to: &str, hop: NextHop) {
        let step = Step::PutRoute(RouteTableKey(subnet), net(to), hop);
        self.host.apply(step);
    }

    pub(crate) fn unroute(&self, subnet: u64, from: &str) {
        let step = Step::RemoveRoute(RouteTableKey(subnet), net(from));
        self.host.apply(step);
    }

    /// Drops counted at an ENI under a label.
    pub(crate) fn drops(&self, eni: Eni, label: &'static str) -> u64 {
        self.host.drops(eni.slot, label)
    }

    /// Tells everything from now on.
    pub(crate) fn tell(&self) {
        let all = Wanted {
            refused: true,
            opened: true,
            ended: true,
        };
        self.host.run(move |linux| linux.tell(all).unwrap());
    }
}
