//! Refusals of the model, and dependency violations, in AWS's words.

use aws::Fault;
use model::endpoint::{Event, Refused};
use model::id::EndpointId;

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
