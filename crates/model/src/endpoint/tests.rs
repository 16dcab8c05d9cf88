//! The whole table, and what no order of events may reach.

use alloc::string::String;
use alloc::vec::Vec;

use proptest::prelude::*;

use super::{Endpoint, Event, Provisioning, State};
use crate::id::{EndpointId, ServiceId, VpcId};
use crate::time::Millis;

const STATES: [State; 5] = [
    State::PendingAcceptance,
    State::Pending,
    State::Available,
    State::Rejected,
    State::Deleting,
];
const EVENTS: [Event; 4] = [Event::Accept, Event::Reject, Event::Realised, Event::Delete];

#[test]
fn the_transition_table() {
    use State::{
        Available as A, Deleting as D, Pending as P, PendingAcceptance as W, Rejected as R,
    };
    let table: [(State, [Option<State>; 4]); 5] = [
        //   Accept   Reject   Realised  Delete
        (W, [Some(P), Some(R), None, Some(D)]),
        (P, [None, Some(R), Some(A), Some(D)]),
        (A, [None, Some(R), Some(A), Some(D)]),
        (R, [Some(P), None, None, Some(D)]),
        (D, [None, None, None, Some(D)]),
    ];
    assert_eq!(table.map(|(state, _)| state), STATES);
    for (state, row) in table {
        for (event, wanted) in EVENTS.into_iter().zip(row) {
            assert_eq!(state.on(event).ok(), wanted, "{state:?} {event:?}");
        }
    }
}

fn endpoint() -> Endpoint {
    Endpoint {
        id: EndpointId::new(1),
        owner: "123456789012".parse().unwrap(),
        vpc: VpcId::new(1),
        service: ServiceId::new(1),
        state: State::PendingAcceptance,
        interfaces: Vec::new(),
        groups: Vec::new(),
        dns_suffix: String::new(),
        opened: 0,
        changed_at: 0,
        provisioning: Provisioning::default(),
        tags: Default::default(),
    }
}

proptest! {
    #[test]
    fn whatever_happens(events in proptest::collection::vec(0usize..4, 0..30)) {
        let mut endpoint = endpoint();
        let (mut accepted, mut generations) = (false, Vec::new());
        for (revision, event) in (1u64..).zip(events) {
            let event = EVENTS[event];
            let before = endpoint.clone();
            if endpoint.on(event, revision, Millis(revision as i64)).is_err() {
                prop_assert_eq!(&endpoint, &before);
                continue;
            }
            accepted |= event == Event::Accept;
            // Open means accepted, and only open endpoints have a generation.
            prop_assert_eq!(endpoint.opened != 0, endpoint.state.is_open());
            prop_assert!(!endpoint.state.is_open() || accepted);
            // Nothing comes back from deletion.
            if before.state == State::Deleting {
                prop_assert_eq!(endpoint.state, State::Deleting);
            }
            // Each opening has a number of its own.
            if endpoint.opened != 0 && before.opened == 0 {
                prop_assert!(!generations.contains(&endpoint.opened));
                generations.push(endpoint.opened);
            }
        }
    }
}
