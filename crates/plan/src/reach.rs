//! Would the first packet of a connection arrive? The questions about the endpoint that the
//! forwarder asks of the tables, in the same order, asked of the World, so that the answer has
//! names and costs what the path holds, not what the World holds. Nothing is sent. Routes,
//! network ACLs and outbound rules are not asked.
//!
//! What it shares with `compile`: what a rule admits, and which load balancer an endpoint's ENI
//! leads to.

use alloc::vec::Vec;
use core::net::IpAddr;

use model::endpoint::Endpoint;
use model::host::Peer;
use model::insights::{Destination, Hop, Obstacle};
use model::interface::{Interface, Role};
use model::listener::Listener;
use model::load_balancer::LoadBalancer;
use model::security_group::SecurityGroup;
use model::subnet::Subnet;
use model::target_group::TargetGroup;
use model::world::{Claim, World};

use crate::compile::{admission, balancer_of};

/// A connection that somebody may open.
#[derive(Clone, Copy, Debug)]
pub struct Question<'a> {
    /// The workload's ENI.
    pub source: &'a Interface,
    /// To where.
    pub destination: Destination,
    /// 6 (TCP) or 17 (UDP).
    pub protocol: u8,
    /// To which port; `None`: any that something listens on.
    pub port: Option<u16>,
}

/// How far a packet would come.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Walk {
    /// What it would meet, in order.
    pub hops: Vec<Hop>,
    /// Why it would not arrive; empty when it would.
    pub obstacles: Vec<Obstacle>,
}

/// A question about another way than one to an endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this version analyses ways from workload ENIs to endpoints only")]
pub struct Unsupported;

/// The answer. Of an endpoint's ENIs the one in the source's zone is tried first; one that
/// leads through is enough.
pub fn reach(world: &World, question: &Question<'_>) -> Result<Walk, Unsupported> {
    if question.source.is_managed() {
        return Err(Unsupported);
    }
    let mut walks = Vec::new();
    for door in doors(world, question)? {
        let walk = through(world, question, door);
        if walk.obstacles.is_empty() {
            return Ok(walk);
        }
        walks.push(walk);
    }
    let nowhere = || Walk {
        hops: Vec::from([Hop::Interface(question.source.id)]),
        obstacles: Vec::from([Obstacle::NoRoute(match question.destination {
            Destination::Address(ip) => Some(ip),
            Destination::Endpoint(_) | Destination::Interface(_) => None,
        })]),
    };
    Ok(walks.into_iter().next().unwrap_or_else(nowhere))
}

/// The endpoint ENIs that lead to the destination.
fn doors<'a>(world: &'a World, question: &Question<'_>) -> Result<Vec<&'a Interface>, Unsupported> {
    let source = question.source;
    let interface = |id| world.interfaces.get(id).map(AsRef::as_ref);
    let mut doors: Vec<&Interface> = match question.destination {
        Destination::Endpoint(id) => {
            let endpoint = world.endpoints.get(&id);
            let interfaces = endpoint.map_or(&[][..], |endpoint| &endpoint.interfaces);
            interfaces.iter().filter_map(interface).collect()
        }
        Destination::Interface(id) => interface(&id).into_iter().collect(),
        Destination::Address(ip) => {
            let mut subnets = world.needing::<Subnet>(source.vpc);
            let subnet = subnets.find(|subnet| subnet.cidr.contains(&ip));
            let found = subnet.and_then(|it| world.claimant(Claim::Address(it.id, ip)));
            found.map(AsRef::as_ref).into_iter().collect()
        }
    };
    let is_door = |door: &&Interface| matches!(door.role, Role::Endpoint { .. });
    if !doors.iter().all(is_door) {
        return Err(Unsupported);
    }
    let zone = |interface: &Interface| world.subnets.get(&interface.subnet).map(|it| it.zone);
    doors.sort_by_key(|door| zone(door) != zone(source));
    Ok(doors)
}

/// Through one endpoint ENI.
fn through(world: &World, question: &Question<'_>, door: &Interface) -> Walk {
    let source = question.source;
    let mut walk = Walk::default();
    walk.hops.push(Hop::Interface(source.id));
    if source.attachment().is_none() {
        walk.obstacles.push(Obstacle::SourceNotAttached(source.id));
    }
    let endpoint = match &door.role {
        Role::Endpoint { endpoint, .. } => world.endpoints.get(endpoint),
        _ => None,
    };
    let Some(endpoint) = endpoint.filter(|_| door.vpc == source.vpc) else {
        walk.obstacles.push(Obstacle::NoRoute(Some(door.ip)));
        return walk;
    };
    if !endpoint.state.is_open() {
        walk.obstacles.push(Obstacle::EndpointClosed {
            endpoint: endpoint.id,
            state: endpoint.state,
        });
    }
    let behind = balancer_of(world, door, endpoint).map(|(balancer, _)| balancer);
    let Some(balancer) = behind else {
        walk.obstacles.push(Obstacle::NoBalancerInZone {
            endpoint: endpoint.id,
            zone: world.subnets.get(&door.subnet).map(|subnet| subnet.zone),
        });
        walk.hops.push(Hop::Interface(door.id));
        return walk;
    };
    // Without a port: one that leads through, or else the first.
    let mut tried: Option<Walk> = None;
    for port in ports(world, question, balancer) {
        let found = at_port(
            world,
            question,
            (door, endpoint, balancer),
            port,
            walk.clone(),
        );
        if found.obstacles.is_empty() {
            return found;
        }
        tried.get_or_insert(found);
    }
    tried.unwrap_or_else(|| {
        walk.obstacles.push(no_listener(balancer, None));
        walk
    })
}

/// The ports to try.
fn ports(world: &World, question: &Question<'_>, balancer: &LoadBalancer) -> Vec<u16> {
    if let Some(port) = question.port {
        return Vec::from([port]);
    }
    let listeners = world.needing::<Listener>(balancer.id);
    let spoken = listeners.filter(|it| it.protocol.numbers().contains(&question.protocol));
    spoken.map(|listener| listener.port).collect()
}

fn no_listener(balancer: &LoadBalancer, port: Option<u16>) -> Obstacle {
    Obstacle::NoListener {
        balancer: Some((balancer.id, balancer.name.clone())),
        port,
    }
}

fn at_port(
    world: &World,
    question: &Question<'_>,
    (door, endpoint, balancer): (&Interface, &Endpoint, &LoadBalancer),
    port: u16,
    mut walk: Walk,
) -> Walk {
    match admitting(world, question, door, port) {
        Some(rule) => walk.hops.push(rule),
        None => walk.obstacles.push(Obstacle::NotAdmitted {
            interface: door.id,
            groups: door.groups.clone(),
        }),
    }
    walk.hops.push(Hop::Interface(door.id));
    walk.hops.push(Hop::Endpoint(endpoint.id));
    let claim = Claim::Port(balancer.id, question.protocol, port);
    let Some(listener) = world.claimant::<Listener>(claim) else {
        walk.obstacles.push(no_listener(balancer, Some(port)));
        return walk;
    };
    walk.hops.push(Hop::Balancer {
        balancer: balancer.id,
        name: balancer.name.clone(),
        listener: listener.id,
        port,
    });
    let group = world.target_groups.get(&listener.target_group);
    match group.and_then(|group| target(world, balancer, group)) {
        Some(target) => walk.hops.push(target),
        None => walk.obstacles.push(Obstacle::NoTarget {
            balancer: Some((balancer.id, balancer.name.clone())),
            registered: group.map_or(0, |group| group.targets.len()),
        }),
    }
    walk
}

/// The first inbound rule of the endpoint ENI's groups that admits the packet.
fn admitting(world: &World, question: &Question<'_>, door: &Interface, port: u16) -> Option<Hop> {
    let carried = |slot| {
        let groups = question.source.groups.iter();
        let mut slots = groups.filter_map(|id| world.security_groups.get(id));
        slots.any(|group| group.slot == slot)
    };
    let admits = |rule: &model::security_group::Rule| {
        if rule.egress {
            return false;
        }
        admission(world, rule).iter().any(|rule| {
            rule.traffic.holds(question.protocol, port)
                && match rule.peer {
                    Peer::Group(slot) => carried(slot),
                    Peer::Cidr(net) => net.contains(&IpAddr::V4(question.source.ip)),
                }
        })
    };
    let groups = door.groups.iter();
    groups
        .filter_map(|id| world.security_groups.get(id))
        .find_map(|group: &alloc::sync::Arc<SecurityGroup>| {
            let rule = group.rules.iter().find(|rule| admits(rule))?;
            Some(Hop::Rule {
                group: group.id,
                rule: rule.id,
                permission: rule.permission.clone(),
            })
        })
}

/// A target that is attached, in the load balancer's own VPC.
fn target(world: &World, balancer: &LoadBalancer, group: &TargetGroup) -> Option<Hop> {
    if group.vpc != balancer.vpc {
        return None;
    }
    group.targets.iter().find_map(|target| {
        let interface = world.workload_at(group.vpc, target.ip)?;
        interface.attachment()?;
        Some(Hop::Target {
            interface: interface.id,
            ip: target.ip,
            port: target.port,
        })
    })
}

#[cfg(test)]
mod tests;
