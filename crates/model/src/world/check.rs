//! Invariants of the whole World. A commit that would break one is refused: it is a fault of
//! ours, never of a caller, because handlers check first and say it in the caller's words.

use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::Display;

use super::World;
use crate::host::{MAX_GROUPS_PER_ENI, MAX_SLOTS, MAX_TARGETS};
use crate::interface::Role;

impl World {
    /// Every broken invariant, in words; empty when all hold.
    pub fn check(&self) -> Vec<String> {
        let mut problems = Vec::new();
        self.check_networks(&mut problems);
        self.check_interfaces(&mut problems);
        self.check_services(&mut problems);
        problems
    }

    /// What a host's tables could not hold, if there is more of it than they can; such a World
    /// must not be committed, because its document could never be realised.
    pub fn over_capacity(&self) -> Option<&'static str> {
        let interfaces = || self.interfaces.values().map(|interface| &interface.role);
        let enis = interfaces().filter_map(|role| match role {
            Role::Workload { slot, .. } => Some(slot.0),
            Role::Endpoint { .. } | Role::LoadBalancer { .. } => None,
        });
        let gates = interfaces().filter_map(|role| match role {
            Role::Endpoint { gate, .. } => Some(gate.0),
            Role::Workload { .. } | Role::LoadBalancer { .. } => None,
        });
        let groups = self.security_groups.values().map(|group| group.slot.0);
        let listeners = self.listeners.values();
        let doors = listeners.map(|listener| listener.protocol.numbers().len());
        let targets = self.target_groups.values().map(|group| group.targets.len());
        let full = |highest: Option<u32>| highest >= Some(MAX_SLOTS);
        if full(enis.max()) {
            Some("network interfaces")
        } else if full(gates.max()) {
            Some("endpoint interfaces")
        } else if full(groups.max()) {
            Some("security groups")
        } else if doors.sum::<usize>() > MAX_SLOTS as usize {
            Some("listeners")
        } else if targets.sum::<usize>() > MAX_TARGETS {
            Some("targets")
        } else {
            None
        }
    }

    fn check_networks(&self, problems: &mut Vec<String>) {
        let mut numbers = Unique::new("VPC number");
        for vpc in self.vpcs.values() {
            numbers.add(vpc.number.0, vpc.id, problems);
            exists(&self.accounts, &vpc.owner, vpc.id, problems);
            exists(&self.security_groups, &vpc.default_group, vpc.id, problems);
        }
        for subnet in self.subnets.values() {
            match self.vpcs.get(&subnet.vpc) {
                None => problems.push(format!("{} is in no VPC", subnet.id)),
                Some(vpc) if !vpc.cidr.contains(&subnet.cidr) => {
                    problems.push(format!("{} is outside {}", subnet.id, vpc.id));
                }
                Some(_) => {}
            }
        }
        let mut slots = Unique::new("security group slot");
        for group in self.security_groups.values() {
            slots.add(group.slot.0, group.id, problems);
            exists(&self.vpcs, &group.vpc, group.id, problems);
        }
    }

    fn check_interfaces(&self, problems: &mut Vec<String>) {
        let mut addresses = Unique::new("address");
        let (mut enis, mut gates) = (Unique::new("ENI slot"), Unique::new("gate slot"));
        for interface in self.interfaces.values() {
            let id = interface.id;
            addresses.add((interface.subnet, interface.ip), id, problems);
            match self.subnets.get(&interface.subnet) {
                None => problems.push(format!("{id} is in no subnet")),
                Some(subnet) if !subnet.can_hold(interface.ip) || subnet.vpc != interface.vpc => {
                    problems.push(format!("{id} does not fit {}", subnet.id));
                }
                Some(_) => {}
            }
            if interface.groups.len() > MAX_GROUPS_PER_ENI {
                problems.push(format!("{id} has too many groups"));
            }
            for group in &interface.groups {
                match self.security_groups.get(group) {
                    Some(group) if group.vpc == interface.vpc => {}
                    _ => problems.push(format!("{id} names {group} of another VPC")),
                }
            }
            match &interface.role {
                Role::Workload { slot, .. } => enis.add(slot.0, id, problems),
                Role::Endpoint { endpoint, gate } => {
                    gates.add(gate.0, id, problems);
                    let known = self.endpoints.get(endpoint);
                    if !known.is_some_and(|endpoint| endpoint.interfaces.contains(&id)) {
                        problems.push(format!("{id} is not of {endpoint}"));
                    }
                }
                Role::LoadBalancer { balancer } => {
                    let known = self.load_balancers.get(balancer);
                    if !known.is_some_and(|lb| lb.zones.iter().any(|zone| zone.interface == id)) {
                        problems.push(format!("{id} is not of load balancer {balancer}"));
                    }
                }
            }
        }
    }

    fn check_services(&self, problems: &mut Vec<String>) {
        let mut balancers = Unique::new("load balancer of a service");
        for service in self.services.values() {
            for balancer in &service.balancers {
                balancers.add(*balancer, service.id, problems);
                exists(&self.load_balancers, balancer, service.id, problems);
            }
        }
        let mut doors = Unique::new("listener port");
        for listener in self.listeners.values() {
            exists(
                &self.load_balancers,
                &listener.balancer,
                listener.id,
                problems,
            );
            exists(
                &self.target_groups,
                &listener.target_group,
                listener.id,
                problems,
            );
            for protocol in listener.protocol.numbers() {
                doors.add(
                    (listener.balancer, *protocol, listener.port),
                    listener.id,
                    problems,
                );
            }
        }
        for endpoint in self.endpoints.values() {
            exists(&self.vpcs, &endpoint.vpc, endpoint.id, problems);
            for interface in &endpoint.interfaces {
                exists(&self.interfaces, interface, endpoint.id, problems);
            }
            if (endpoint.opened != 0) != endpoint.state.is_open() {
                problems.push(format!("{} is half open", endpoint.id));
            }
            if endpoint.state.is_open() && !self.services.contains_key(&endpoint.service) {
                problems.push(format!("{} leads to no service", endpoint.id));
            }
        }
    }
}

fn exists<K: Ord + Display, V>(
    table: &super::Table<K, V>,
    key: &K,
    by: impl Display,
    problems: &mut Vec<String>,
) {
    if !table.contains_key(key) {
        problems.push(format!("{by} names {key}, which is not there"));
    }
}

/// Finds values that two things claim.
struct Unique<K> {
    what: &'static str,
    seen: BTreeMap<K, String>,
}

impl<K: Ord> Unique<K> {
    fn new(what: &'static str) -> Self {
        Self {
            what,
            seen: BTreeMap::new(),
        }
    }

    fn add(&mut self, key: K, by: impl Display, problems: &mut Vec<String>) {
        let by = format!("{by}");
        if let Some(other) = self.seen.insert(key, by.clone()) {
            problems.push(format!("{by} and {other} have the same {}", self.what));
        }
    }
}
