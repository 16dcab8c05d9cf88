//! What a host's report changes: pure, and the same however often it is asked.

use model::endpoint::{Event, State as EndpointState};
use model::host::Report;
use model::interface::Role;
use model::load_balancer::State as BalancerState;
use model::time::Millis;
use model::world::{Change, Name, World};

/// The consequences of a report, at the time `now` and for the log's `revision`.
pub(crate) fn settle(world: &World, report: &Report, now: Millis, revision: u64) -> Vec<Change> {
    let mut changes = Vec::new();
    for balancer in world.load_balancers.values() {
        if balancer.state == BalancerState::Provisioning && report.realised >= balancer.made_at {
            let mut balancer = balancer.as_ref().clone();
            balancer.state = BalancerState::Active;
            changes.push(balancer.into());
        }
        if changes.len() > MOST {
            return changes;
        }
    }
    for endpoint in world.endpoints.values() {
        match endpoint.state {
            EndpointState::Pending => {
                let open = |id| {
                    let interface = world.interfaces.get(id)?;
                    let Role::Endpoint { gate, .. } = interface.role else {
                        return None;
                    };
                    Some(report.gates.get(&gate)?.generation == endpoint.opened)
                };
                let mut gates = endpoint.interfaces.iter();
                // Without a gate nothing was probed.
                if gates.len() > 0 && gates.all(|id| open(id) == Some(true)) {
                    let mut endpoint = endpoint.as_ref().clone();
                    if endpoint.on(Event::Realised, revision, now).is_ok() {
                        changes.push(endpoint.into());
                    }
                }
            }
            // No host has its gates any more.
            EndpointState::Deleting if report.realised >= endpoint.changed_at => {
                let interfaces = endpoint.interfaces.iter();
                changes.extend(interfaces.map(|id| Change::Remove(Name::Interface(*id))));
                changes.push(Change::Remove(Name::Endpoint(endpoint.id)));
            }
            EndpointState::PendingAcceptance
            | EndpointState::Available
            | EndpointState::Rejected
            | EndpointState::Deleting => {}
        }
        if changes.len() > MOST {
            break;
        }
    }
    changes
}

/// A transaction holds 128 operations; the next report brings the rest.
const MOST: usize = 100;

#[cfg(test)]
mod tests;
