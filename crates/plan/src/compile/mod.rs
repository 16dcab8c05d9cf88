//! World → the document of a host.
//!
//! One host for now, which holds all: every attached workload ENI, every endpoint ENI and
//! what they lead to. An endpoint that is not open is compiled as a closed gate, so that a
//! client's refusal has the right reason.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;
use core::net::Ipv4Addr;

use model::endpoint::{Endpoint, State};
use model::host::{
    Address, Attachment, BalancerSlot, Document, EniSlot, Gate, GateSlot, Group, GroupSlot,
    Interface as HostInterface, Label, Listener, ListenerKey, Rule, Source, Tables, Target,
    TargetGroupSlot, VpcNumber,
};
use model::id::{SecurityGroupId, VpcId};
use model::interface::{Interface, Role};
use model::listener::TCP_IDLE_SECONDS;
use model::load_balancer::LoadBalancer;
use model::security_group::{Peer, SecurityGroup};
use model::world::World;

/// MTU of workload ENIs (AWS PrivateLink: 8,500 bytes).
pub const MTU: u16 = 8_500;
/// A UDP flow without packets for so long is forgotten (NLB).
const UDP_IDLE_SECONDS: u32 = 120;

/// The document of the one host.
pub fn compile(world: &World) -> Document {
    let mut document = Document {
        generation: world.revision,
        ..Document::default()
    };
    for interface in world.interfaces.values() {
        match &interface.role {
            Role::Workload { slot, .. } => workload(world, interface, *slot, &mut document),
            Role::Endpoint { endpoint, gate } => {
                if let Some(endpoint) = world.endpoints.get(endpoint) {
                    door(world, interface, endpoint, *gate, &mut document);
                }
            }
            Role::LoadBalancer { .. } | Role::NatGateway { .. } => {}
        }
    }
    let used: BTreeSet<GroupSlot> = document
        .tables
        .gates
        .values()
        .flat_map(|gate| gate.groups.iter().copied())
        .collect();
    for group in world.security_groups.values() {
        if used.contains(&group.slot) {
            document
                .tables
                .groups
                .insert(group.slot, inbound(world, group));
        }
    }
    listeners(world, &mut document.tables);
    document
}

fn workload(world: &World, interface: &Interface, slot: EniSlot, document: &mut Document) {
    let (Some(attachment), Some(subnet), Some(vpc)) = (
        interface.attachment(),
        world.subnets.get(&interface.subnet),
        world.vpcs.get(&interface.vpc),
    ) else {
        return;
    };
    let resolver = Ipv4Addr::from(u32::from(vpc.cidr.network()) + 2);
    document.interfaces.insert(
        slot,
        HostInterface {
            address: Address {
                vpc: vpc.number,
                ip: interface.ip,
            },
            prefix: subnet.cidr.prefix_len(),
            gateway: subnet.router(),
            resolver,
            mac: interface.mac,
            mtu: MTU,
            groups: group_slots(world, &interface.groups),
            link: link_name(interface),
            attachment: Attachment {
                namespace: attachment.namespace.clone(),
                device: attachment.device.clone(),
            },
        },
    );
    document.eni_labels.insert(slot, label(interface, None));
}

/// The host side's link name: 15 bytes are all that Linux allows.
fn link_name(interface: &Interface) -> String {
    let digits = interface.id.digits();
    let tail = digits.get(digits.len().saturating_sub(12)..);
    alloc::format!("gnl{}", tail.unwrap_or_default())
}

fn door(
    world: &World,
    interface: &Interface,
    endpoint: &Endpoint,
    slot: GateSlot,
    document: &mut Document,
) {
    if endpoint.state == State::Deleting {
        return;
    }
    let behind = balancer_of(world, interface, endpoint);
    let behind = behind.map(|(balancer, ip)| {
        let address = Address {
            vpc: number(world, balancer.vpc),
            ip,
        };
        (balancer.slot, address)
    });
    let (balancer, balancer_address) = behind.unwrap_or((
        BalancerSlot(0),
        Address {
            vpc: VpcNumber(0),
            ip: Ipv4Addr::UNSPECIFIED,
        },
    ));
    document.tables.gates.insert(
        slot,
        Gate {
            // Without a load balancer there is nowhere to go.
            generation: behind.map_or(0, |_| endpoint.opened),
            address: Address {
                vpc: number(world, interface.vpc),
                ip: interface.ip,
            },
            groups: group_slots(world, &interface.groups),
            balancer,
            balancer_address,
        },
    );
    let name = Some(endpoint.id.to_string());
    document.gate_labels.insert(slot, label(interface, name));
}

/// The load balancer of the endpoint ENI's zone. Of several it is the one that the service has
/// had longest, so that an ENI stays with its own when another is added.
pub(crate) fn balancer_of<'a>(
    world: &'a World,
    interface: &Interface,
    endpoint: &Endpoint,
) -> Option<(&'a LoadBalancer, Ipv4Addr)> {
    let zone = world.subnets.get(&interface.subnet)?.zone;
    let service = world.services.get(&endpoint.provider()?)?;
    let in_zone = |balancer: &'a LoadBalancer| {
        let place = balancer.zones.iter().find(|place| place.zone == zone)?;
        let interface = world.interfaces.get(&place.interface)?;
        Some((balancer, interface.ip))
    };
    let mut balancers = service.balancers.iter();
    balancers.find_map(|id| in_zone(world.load_balancers.get(id)?))
}

fn number(world: &World, vpc: VpcId) -> VpcNumber {
    world.vpcs.get(&vpc).map_or(VpcNumber(0), |vpc| vpc.number)
}

fn group_slots(world: &World, groups: &[SecurityGroupId]) -> Vec<GroupSlot> {
    let found = groups.iter().filter_map(|id| world.security_groups.get(id));
    found.map(|group| group.slot).collect()
}

/// Inbound rules for what endpoints carry: TCP and UDP over IPv4.
fn inbound(world: &World, group: &SecurityGroup) -> Group {
    let rules = group.rules.iter().filter_map(|rule| admission(world, rule));
    Group {
        rules: rules.collect(),
    }
}

/// What a rule admits in the tables; nothing when it is outbound, or about what endpoints do
/// not carry.
pub(crate) fn admission(world: &World, rule: &model::security_group::Rule) -> Option<Rule> {
    if rule.egress {
        return None;
    }
    let permission = &rule.permission;
    let source = match &permission.peer {
        Peer::Cidr4(net) => Source::Cidr(net.network(), net.prefix_len()),
        Peer::Group(id) => Source::Group(world.security_groups.get(id)?.slot),
        Peer::Cidr6(_) | Peer::PrefixList(_) => return None,
    };
    let port = |number: i32| u16::try_from(number).ok();
    match permission.protocol {
        None => Some(Rule {
            protocol: None,
            ports: (0, u16::MAX),
            source,
        }),
        Some(protocol @ (6 | 17)) => Some(Rule {
            protocol: Some(protocol),
            // -1 is every port.
            ports: match (permission.from, permission.to) {
                (-1, _) => (0, u16::MAX),
                (from, to) => (port(from)?, port(to)?),
            },
            source,
        }),
        Some(_) => None,
    }
}

fn listeners(world: &World, tables: &mut Tables) {
    // Attached workload ENIs by address.
    let at: BTreeMap<(VpcId, Ipv4Addr), EniSlot> = world
        .interfaces
        .values()
        .filter(|interface| interface.attachment().is_some())
        .filter_map(|interface| match interface.role {
            Role::Workload { slot, .. } => Some(((interface.vpc, interface.ip), slot)),
            Role::Endpoint { .. } | Role::LoadBalancer { .. } | Role::NatGateway { .. } => None,
        })
        .collect();
    for listener in world.listeners.values() {
        let (Some(balancer), Some(group)) = (
            world.load_balancers.get(&listener.balancer),
            world.target_groups.get(&listener.target_group),
        ) else {
            continue;
        };
        for protocol in listener.protocol.numbers() {
            tables.listeners.insert(
                ListenerKey {
                    balancer: balancer.slot,
                    protocol: *protocol,
                    port: listener.port,
                },
                Listener {
                    target_group: group.slot,
                    idle_seconds: if *protocol == 6 {
                        listener.tcp_idle_seconds.unwrap_or(TCP_IDLE_SECONDS)
                    } else {
                        UDP_IDLE_SECONDS
                    },
                },
            );
        }
        let targets = group.targets.iter().filter_map(|target| {
            Some(Target {
                eni: *at.get(&(group.vpc, target.ip))?,
                ip: target.ip,
                port: target.port,
            })
        });
        let slot: TargetGroupSlot = group.slot;
        tables.targets.insert(slot, targets.collect());
    }
}

fn label(interface: &Interface, endpoint: Option<String>) -> Label {
    Label {
        eni: interface.id.to_string(),
        endpoint,
        account: interface.owner.to_string(),
    }
}

#[cfg(test)]
pub(crate) mod tests;
