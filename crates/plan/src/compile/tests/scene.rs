//! The World of the tests. Both VPCs are 10.0.0.0/16 with the subnet 10.0.1.0/24 in zone a, and
//! the same address 10.0.1.30 is a workload's in both.
//!
//! | | provider (VPC 1) | consumer (VPC 2) |
//! |---|---|---|
//! | ENI 1 / 2 | target, 10.0.1.30 | client, 10.0.1.30 |
//! | ENI 20 / 10 | load balancer 5, 10.0.1.20 | endpoint 1, 10.0.1.10, gate 1 |
//! | groups | 1 | 2 (gate), 3 (client) |
//! | subnet, main route table, ACL | 1 | 2 |

use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::ToString as _;
use alloc::vec::Vec;
use core::net::Ipv4Addr;

use model::account::{Account, AccountId};
use model::endpoint::{DnsRecords, Endpoint, Provisioning, Service, State};
use model::endpoint_service::EndpointService;
use model::host::{BalancerSlot, EniSlot, GateSlot, GroupSlot, TargetGroupSlot, VpcNumber};
use model::id::{
    AttachmentId, BalancerId, CidrAssociationId, EndpointId, InterfaceId, ListenerId,
    NetworkAclAssociationId, NetworkAclId, RouteTableAssociationId, RouteTableId, RuleId,
    SecurityGroupId, ServiceId, SubnetId, TargetGroupId, VpcId,
};
use model::interface::{Attachment, Interface, Role};
use model::listener::Listener;
use model::load_balancer::{BalancerZone, LoadBalancer, State as BalancerState};
use model::net::Mac;
use model::network_acl::{NetworkAcl, NetworkAclAssociation};
use model::place::Zone;
use model::route_table::RouteTable;
use model::security_group::{Peer, Permission, Rule, SecurityGroup};
use model::subnet::Subnet;
use model::target_group::{HealthCheck, Protocol, Target, TargetGroup};
use model::time::Millis;
use model::vpc::Vpc;
use model::world::{Change, World};

pub(crate) const PROVIDER: &str = "123456789012";
pub(crate) const CONSUMER: &str = "210987654321";

/// The owner of VPC 1 or 2 and all in it.
fn owner(vpc: u32) -> AccountId {
    let id = if vpc == 1 { PROVIDER } else { CONSUMER };
    id.parse().unwrap()
}

pub(crate) fn scene() -> World {
    let (balancer, balancer_eni) = balancer(5, 20);
    let door = Role::Endpoint {
        endpoint: EndpointId::new(1),
        gate: GateSlot(1),
    };
    let mut client = interface(2, 2, 30, attached(2));
    client.groups = Vec::from([group(3).id]);
    let mut changes: Vec<Change> = Vec::from([
        group(1).into(),
        group(2).into(),
        group(3).into(),
        interface(1, 1, 30, attached(1)).into(),
        client.into(),
        interface(10, 2, 10, door).into(),
        balancer.into(),
        balancer_eni.into(),
        target_group().into(),
        listener(1, Protocol::Tcp, 80).into(),
        service().into(),
        endpoint().into(),
    ]);
    for number in [1, 2] {
        changes.extend([account(number).into(), vpc(number).into()]);
        changes.push(subnet(number).into());
        changes.extend([table(number).into(), acl(number).into()]);
    }
    let world = World::default().apply(&changes, 7);
    assert_eq!(world.check(), Vec::<alloc::string::String>::new());
    world
}

fn account(number: u32) -> Account {
    Account {
        id: owner(number),
        name: "n".into(),
        operator: false,
        created: Millis(0),
    }
}

fn vpc(number: u32) -> Vpc {
    Vpc {
        id: VpcId::new(number.into()),
        owner: owner(number),
        cidr: "10.0.0.0/16".parse().unwrap(),
        cidr_association: CidrAssociationId::new(1),
        number: VpcNumber(number),
        dns_support: true,
        dns_hostnames: false,
        address_metrics: false,
        default_group: group(number).id,
        dhcp_options: None,
        is_default: false,
        tags: BTreeMap::new(),
    }
}

/// The one subnet of a VPC has its number.
fn subnet(vpc: u32) -> Subnet {
    Subnet {
        id: SubnetId::new(vpc.into()),
        owner: owner(vpc),
        vpc: VpcId::new(vpc.into()),
        cidr: "10.0.1.0/24".parse().unwrap(),
        zone: Zone('a'),
        public_addresses: false,
        default_for_az: false,
        tags: BTreeMap::new(),
    }
}

/// The main route table of a VPC has its number.
pub(crate) fn table(number: u32) -> RouteTable {
    let mut table = RouteTable::new(RouteTableId::new(number.into()), &vpc(number));
    table.main = Some(RouteTableAssociationId::new(number.into()));
    table
}

/// The default ACL of a VPC has its number, and its subnet uses it.
pub(crate) fn acl(number: u32) -> NetworkAcl {
    let id = NetworkAclId::new(number.into());
    let mut acl = NetworkAcl::open(id, owner(number), VpcId::new(number.into()));
    acl.associations.push(NetworkAclAssociation {
        id: NetworkAclAssociationId::new(number.into()),
        subnet: SubnetId::new(number.into()),
    });
    acl
}

/// A group without rules; group 1 is the provider's, all others are the consumer's.
pub(crate) fn group(number: u32) -> SecurityGroup {
    let vpc = number.min(2);
    SecurityGroup {
        id: SecurityGroupId::new(number.into()),
        owner: owner(vpc),
        vpc: VpcId::new(vpc.into()),
        name: format!("g{number}"),
        description: "g".into(),
        slot: GroupSlot(number),
        rules: Vec::new(),
        tags: BTreeMap::new(),
    }
}

/// An inbound rule.
pub(crate) fn permission(protocol: Option<u8>, from: i32, to: i32, peer: Peer) -> Rule {
    Rule {
        id: RuleId::new(1),
        egress: false,
        permission: Permission {
            protocol,
            from,
            to,
            peer,
        },
        description: None,
        tags: BTreeMap::new(),
    }
}

/// The use of a workload's ENI that is bound to a namespace.
pub(crate) fn attached(slot: u8) -> Role {
    Role::Workload {
        slot: EniSlot(slot.into()),
        attachment: Some(Attachment {
            id: AttachmentId::new(slot.into()),
            namespace: format!("/run/netns/{slot}"),
            device: format!("eth{slot}"),
            since: Millis(0),
        }),
    }
}

/// An ENI at 10.0.1.`last`, with its VPC's default group.
pub(crate) fn interface(number: u128, vpc: u32, last: u8, role: Role) -> Interface {
    Interface {
        id: InterfaceId::new(number),
        owner: owner(vpc),
        vpc: VpcId::new(vpc.into()),
        subnet: SubnetId::new(vpc.into()),
        ip: Ipv4Addr::new(10, 0, 1, last),
        secondary: Vec::new(),
        source_check: true,
        mac: Mac::local([0, 0, 0, 0, 0, last]),
        description: "e".to_string(),
        groups: Vec::from([group(vpc).id]),
        role,
        created: Millis(0),
        tags: BTreeMap::new(),
    }
}

/// A load balancer of the provider in zone a at 10.0.1.`last`, and its ENI there.
pub(crate) fn balancer(number: u32, last: u8) -> (LoadBalancer, Interface) {
    let id = BalancerId::new(number.into());
    let role = Role::LoadBalancer { balancer: id };
    let eni = interface(last.into(), 1, last, role);
    let balancer = LoadBalancer {
        id,
        owner: owner(1),
        name: format!("lb{number}"),
        vpc: VpcId::new(1),
        scheme: "internal".into(),
        zones: Vec::from([BalancerZone {
            zone: Zone('a'),
            subnet: eni.subnet,
            interface: eni.id,
        }]),
        groups: Vec::new(),
        waives_groups: false,
        state: BalancerState::Active,
        slot: BalancerSlot(number),
        created: Millis(0),
        made_at: 1,
        attributes: BTreeMap::new(),
        tags: BTreeMap::new(),
    };
    (balancer, eni)
}

fn target_group() -> TargetGroup {
    TargetGroup {
        id: TargetGroupId::new(6),
        owner: owner(1),
        name: "tg".into(),
        vpc: VpcId::new(1),
        protocol: Protocol::Tcp,
        port: 8080,
        slot: TargetGroupSlot(6),
        health_check: HealthCheck {
            protocol: "TCP".into(),
            port: "traffic-port".into(),
            path: None,
            interval_seconds: 30,
            timeout_seconds: 10,
            healthy_threshold: 5,
            unhealthy_threshold: 2,
            matcher: None,
        },
        targets: Vec::from([Target {
            ip: Ipv4Addr::new(10, 0, 1, 30),
            port: 8080,
        }]),
        attributes: BTreeMap::new(),
        tags: BTreeMap::new(),
    }
}

/// A listener of load balancer 5 to the target group.
pub(crate) fn listener(number: u128, protocol: Protocol, port: u16) -> Listener {
    Listener {
        id: ListenerId::new(number),
        owner: owner(1),
        balancer: BalancerId::new(5),
        protocol,
        port,
        target_group: TargetGroupId::new(6),
        tcp_idle_seconds: None,
        tags: BTreeMap::new(),
    }
}

fn service() -> EndpointService {
    EndpointService {
        id: ServiceId::new(1),
        owner: owner(1),
        balancers: Vec::from([BalancerId::new(5)]),
        acceptance_required: true,
        permissions: Vec::new(),
        private_name: None,
        provider_pays: false,
        created: Millis(0),
        tags: BTreeMap::new(),
    }
}

fn endpoint() -> Endpoint {
    Endpoint {
        id: EndpointId::new(1),
        owner: owner(2),
        vpc: VpcId::new(2),
        service: Service::Private(ServiceId::new(1)),
        state: State::Available,
        interfaces: Vec::from([InterfaceId::new(10)]),
        groups: Vec::from([group(2).id]),
        dns_suffix: "abcdefgh".into(),
        dns_records: DnsRecords::Ipv4,
        private_name: None,
        policy: None,
        opened: 9,
        changed_at: 6,
        provisioning: Provisioning::default(),
        tags: BTreeMap::new(),
        connection_tags: BTreeMap::new(),
    }
}
