//! Refusals of the model, and dependency violations, in AWS's words.

use aws::Fault;
use model::endpoint::{Event, Refused};
use model::id::EndpointId;
use model::world::{Name, World};

/// A deletion of what others still need; each blocker is named.
pub(crate) fn dependency(what: &str, blockers: &[String]) -> Result<(), Fault> {
    if blockers.is_empty() {
        return Ok(());
    }
    Err(Fault::bad_request(
        "DependencyViolation",
        format!(
            "{what} has dependencies and cannot be deleted: remove {} first",
            blockers.join(", ")
        ),
    ))
}

/// How a thing that blocks is named to its owner: by its id, or by the name that its API uses.
pub(crate) fn blocker(world: &World, name: &Name) -> String {
    match name {
        Name::LoadBalancer(id) => {
            let known = world.load_balancers.get(id);
            let name = known.map_or_else(|| id.to_string(), |known| known.name.clone());
            format!("load balancer {name}")
        }
        Name::TargetGroup(id) => {
            let known = world.target_groups.get(id);
            let name = known.map_or_else(|| id.to_string(), |known| known.name.clone());
            format!("target group {name}")
        }
        // All others have an id that says what they are, at the end of their path.
        other => {
            let path = other.path();
            path.rsplit('/').next().unwrap_or_default().to_owned()
        }
    }
}

/// Refuses the removal of a thing that others need, all but those that go with it.
pub(crate) fn dependents(
    world: &World,
    what: &str,
    name: impl Into<Name>,
    goes_with_it: impl Fn(&Name) -> bool,
) -> Result<(), Fault> {
    let blockers = world.dependents(name).filter(|name| !goes_with_it(name));
    let blockers: Vec<String> = blockers.map(|name| blocker(world, name)).collect();
    dependency(what, &blockers)
}

/// An endpoint that is in the wrong state.
pub(crate) fn endpoint(id: EndpointId, refused: Refused) -> Fault {
    let (state, wanted) = (
        state_name(refused.state),
        match refused.event {
            Event::Accept => "accepted; only pendingAcceptance and rejected endpoints can be",
            Event::Reject => {
                "rejected; only pendingAcceptance, pending and available endpoints can be"
            }
            Event::Realised => "made available",
            Event::Delete => "deleted",
        },
    );
    Fault::bad_request(
        "InvalidState",
        format!("The VPC endpoint '{id}' is in the state {state} and cannot be {wanted}"),
    )
}

/// The wire form of a state: lower camel case (AWS.md 1.7).
pub(crate) fn state_name(state: model::endpoint::State) -> &'static str {
    use model::endpoint::State;
    match state {
        State::PendingAcceptance => "pendingAcceptance",
        State::Pending => "pending",
        State::Available => "available",
        State::Rejected => "rejected",
        State::Deleting => "deleting",
    }
}
