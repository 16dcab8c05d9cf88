//! World → what the host records for flow logs.

use std::collections::BTreeMap;
use std::sync::Arc;

use model::flow_log::{FlowLog, Watched};
use model::id::InterfaceId;
use model::interface::{Interface, Role};
use model::world::World;
use signals::flow::{FlowLogSpec, Interface as Described, Seen, Watch};

/// All flow logs with what they watch; nothing at all when there are none.
pub(crate) fn watch(world: &World, region: &str) -> Watch {
    let mut watch = Watch::default();
    if world.flow_logs.is_empty() {
        return watch;
    }
    for interface in world.interfaces.values() {
        let seen = |endpoint| Seen {
            interface: Arc::new(describe(world, interface, region)),
            primary: interface.ip,
            endpoint,
        };
        match &interface.role {
            Role::Workload { slot, .. } => drop(watch.enis.insert(*slot, seen(None))),
            Role::Endpoint { endpoint, gate } => {
                let found = world.endpoints.get(endpoint);
                let service = found.and_then(|it| it.provider());
                watch.gates.insert(*gate, seen(Some((*endpoint, service))));
            }
            Role::LoadBalancer { .. } | Role::NatGateway { .. } => {}
        }
    }
    let known: BTreeMap<InterfaceId, Arc<Described>> = watch
        .enis
        .values()
        .chain(watch.gates.values())
        .map(|seen| (seen.interface.id, Arc::clone(&seen.interface)))
        .collect();
    for log in world.flow_logs.values() {
        watch.logs.push(spec(log, &known));
    }
    watch
}

fn spec(log: &FlowLog, known: &BTreeMap<InterfaceId, Arc<Described>>) -> FlowLogSpec {
    let is_watched = |interface: &Described| match log.watched {
        Watched::Vpc(id) => interface.vpc == id,
        Watched::Subnet(id) => interface.subnet == id,
        Watched::Interface(id) => interface.id == id,
    };
    let watched = known.iter().filter(|(_, interface)| is_watched(interface));
    FlowLogSpec {
        id: log.id,
        account: log.owner,
        watched: watched
            .map(|(id, interface)| (*id, Arc::clone(interface)))
            .collect(),
        traffic: log.traffic,
        destination: log.destination.clone(),
        format: log.format.clone(),
        interval_seconds: log.interval_seconds,
    }
}

fn describe(world: &World, interface: &Interface, region: &str) -> Described {
    let zone = world.subnets.get(&interface.subnet).map(|it| it.zone);
    Described {
        id: interface.id,
        account: interface.owner,
        vpc: interface.vpc,
        subnet: interface.subnet,
        region: region.to_owned(),
        az_id: zone.map(|zone| zone.id(region)).unwrap_or_default(),
        instance: None,
    }
}
