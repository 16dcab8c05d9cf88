//! What a host's report changes: pure, and the same however often it is asked.

use model::endpoint::{Effect, Endpoint, Event, State as EndpointState};
use model::host::Report;
use model::interface::Role;
use model::load_balancer::{LoadBalancer, State as BalancerState};
use model::notification::Notification;
use model::peering::{Event as PeeringEvent, Peering, State as PeeringState};
use model::time::Millis;
use model::world::{Change, Facet, Name, World};

/// The consequences of a report, at the time `now` and for the log's `revision`.
pub(crate) fn settle(world: &World, report: &Report, now: Millis, revision: u64) -> Vec<Change> {
    let mut changes = Vec::new();
    for balancer in world.select::<LoadBalancer>(&Facet::Unsettled) {
        if balancer.state == BalancerState::Provisioning && report.realised >= balancer.made_at {
            let mut balancer = balancer.as_ref().clone();
            balancer.state = BalancerState::Active;
            changes.push(balancer.into());
        }
        if changes.len() > MOST {
            return changes;
        }
    }
    for endpoint in world.select::<Endpoint>(&Facet::Unsettled) {
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
                changes.extend(removal(world, endpoint, revision, now));
            }
            EndpointState::PendingAcceptance if endpoint.deadline().is_some_and(|it| it <= now) => {
                let mut endpoint = endpoint.as_ref().clone();
                if endpoint.on(Event::Expire, revision, now).is_ok() {
                    changes.push(endpoint.into());
                }
            }
            EndpointState::PendingAcceptance
            | EndpointState::Available
            | EndpointState::Rejected
            | EndpointState::Failed
            | EndpointState::Expired
            | EndpointState::Partial
            | EndpointState::Deleting
            | EndpointState::Deleted => {}
        }
        if changes.len() > MOST {
            return changes;
        }
    }
    changes.extend(peerings(world, now).take(MOST.saturating_sub(changes.len())));
    changes
}

/// Peering connections that nobody has answered in time, and those whose end nobody sees any
/// more.
fn peerings(world: &World, now: Millis) -> impl Iterator<Item = Change> {
    let waiting = world.select::<Peering>(&Facet::Unsettled);
    waiting.filter_map(move |peering| {
        if peering.forgotten_at().is_some_and(|it| it <= now) {
            return Some(Change::Remove(Name::Peering(peering.id)));
        }
        if peering.state == PeeringState::PendingAcceptance
            && peering.deadline().is_some_and(|it| it <= now)
        {
            let mut peering = peering.as_ref().clone();
            peering.on(PeeringEvent::Expire, None, now).ok()?;
            return Some(peering.into());
        }
        None
    })
}

/// An endpoint that is not there any more, with its ENIs and the notifications about it.
fn removal(world: &World, endpoint: &Endpoint, revision: u64, now: Millis) -> Vec<Change> {
    let mut next = endpoint.clone();
    if next.on(Event::Removed, revision, now) != Ok(&[Effect::Forget]) {
        return Vec::new();
    }
    let interfaces = endpoint.interfaces.iter();
    let notifications = world.needing::<Notification>(endpoint.id);
    let interfaces = interfaces.map(|id| Name::Interface(*id));
    interfaces
        .chain(notifications.map(|it| Name::Notification(it.id)))
        .chain([Name::Endpoint(endpoint.id)])
        .map(Change::Remove)
        .collect()
}

/// A transaction holds 128 operations: these changes, those of one removal more, and a record for
/// each account. The next report brings the rest.
const MOST: usize = 40;

#[cfg(test)]
mod tests;
