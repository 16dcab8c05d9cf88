//! The whole table, and what no order of events may reach.

use alloc::string::String;
use alloc::vec::Vec;

use proptest::prelude::*;

use super::{
    Admission, DnsRecords, EVENTS, Effect, Endpoint, Event, Managed, Provisioning, STATES, Service,
    State, UNANSWERED,
};
use crate::id::{EndpointId, ServiceId, VpcId};
use crate::notification::Notice;
use crate::time::Millis;

/// The table is looked at by number: each state and each event is in its place, once.
#[test]
fn the_table_is_total() {
    for (place, state) in STATES.into_iter().enumerate() {
        assert_eq!(state as usize, place);
    }
    for (place, event) in EVENTS.into_iter().enumerate() {
        assert_eq!(event as usize, place);
    }
}

#[test]
fn the_transition_table() {
    use State::{
        Available as A, Deleted as G, Deleting as D, Expired as E, Failed as F, Partial as H,
        Pending as P, PendingAcceptance as W, Rejected as R,
    };
    let table: [(State, [Option<State>; 8]); 9] = [
        //   Accept   Reject   Gone     Delete   Realised Broken   Removed  Expire
        (
            W,
            [
                Some(P),
                Some(R),
                Some(R),
                Some(D),
                None,
                None,
                None,
                Some(E),
            ],
        ),
        (
            P,
            [
                None,
                Some(R),
                Some(R),
                Some(D),
                Some(A),
                Some(F),
                None,
                None,
            ],
        ),
        (
            A,
            [None, Some(R), Some(R), Some(D), Some(A), None, None, None],
        ),
        (R, [Some(P), None, Some(R), Some(D), None, None, None, None]),
        (F, [None, None, Some(F), Some(D), None, None, None, None]),
        (E, [None, None, Some(E), Some(D), None, None, None, None]),
        (H, [None, None, Some(H), Some(D), None, None, None, None]),
        (D, [None, None, Some(D), Some(D), None, None, Some(G), None]),
        (G, [None; 8]),
    ];
    assert_eq!(table.map(|(state, _)| state), STATES);
    for (state, row) in table {
        for (event, wanted) in EVENTS.into_iter().zip(row) {
            let to = state.on(event).ok().map(|step| step.to);
            assert_eq!(to, wanted, "{state:?} {event:?}");
        }
    }
}

/// Effects follow from what a step does: opening and closing are said, and each change that
/// somebody made is told.
#[test]
fn effects_say_what_a_step_does() {
    for state in STATES {
        for event in EVENTS {
            let Ok(step) = state.on(event) else { continue };
            let has = |effect| step.effects.contains(&effect);
            let place = alloc::format!("{state:?} {event:?}");
            let opens = step.to.is_open() && !state.is_open();
            let closes = state.is_open() && !step.to.is_open();
            assert_eq!(has(Effect::Open), opens, "{place}");
            assert_eq!(has(Effect::Close), closes, "{place}");
            assert_eq!(has(Effect::Forget), step.to == State::Deleted, "{place}");
            let notice = match event {
                Event::Accept => Some(Notice::Accept),
                Event::Reject | Event::Gone => Some(Notice::Reject),
                Event::Delete => Some(Notice::Delete),
                Event::Realised | Event::Broken | Event::Removed | Event::Expire => None,
            };
            let told = step.effects.iter().filter_map(|effect| match effect {
                Effect::Notify(notice) => Some(*notice),
                Effect::Open | Effect::Close | Effect::Forget => None,
            });
            let wanted = notice.filter(|_| step.to != state);
            assert_eq!(told.collect::<Vec<_>>(), Vec::from_iter(wanted), "{place}");
        }
    }
    // Nothing leads to Partial.
    for state in STATES.into_iter().filter(|it| *it != State::Partial) {
        let mut steps = EVENTS.into_iter().filter_map(|event| state.on(event).ok());
        assert!(steps.all(|step| step.to != State::Partial));
    }
}

fn endpoint() -> Endpoint {
    Endpoint {
        id: EndpointId::new(1),
        owner: "123456789012".parse().unwrap(),
        vpc: VpcId::new(1),
        service: Service::Private(ServiceId::new(1)),
        state: State::PendingAcceptance,
        interfaces: Vec::new(),
        groups: Vec::new(),
        dns_suffix: String::new(),
        dns_records: DnsRecords::Ipv4,
        private_name: None,
        policy: None,
        opened: 0,
        changed_at: 0,
        provisioning: Provisioning::default(),
        tags: Default::default(),
        connection_tags: Default::default(),
    }
}

#[test]
fn only_what_waits_has_a_deadline() {
    let mut endpoint = endpoint();
    endpoint.provisioning.requested = Millis(5);
    for state in STATES {
        endpoint.state = state;
        let wanted = (state == State::PendingAcceptance).then_some(Millis(UNANSWERED.0 + 5));
        assert_eq!(endpoint.deadline(), wanted);
    }
}

#[test]
fn services_have_names_and_addresses_of_their_own() {
    let region = "us-east-1";
    let [tables, objects] = Managed::ALL;
    assert_eq!(
        Service::Managed(objects).name(region),
        "com.amazonaws.us-east-1.s3"
    );
    assert_eq!(
        Service::Private(ServiceId::new(1)).name(region),
        "com.amazonaws.vpce.us-east-1.vpce-svc-00000000000000001"
    );
    assert_ne!(tables.prefix_list(), objects.prefix_list());
    assert_ne!(tables.id(), objects.id());
    let mut both = tables.addresses().chain(objects.addresses());
    assert!(both.all(|net| net.trunc() == net));
}

proptest! {
    #[test]
    fn whatever_happens(
        waits in any::<bool>(),
        events in proptest::collection::vec(0usize..EVENTS.len(), 0..40),
    ) {
        let mut endpoint = endpoint();
        let admission = if waits { Admission::Waits } else { Admission::Admitted };
        endpoint.begin(admission, 1, Millis(1));
        let (mut accepted, mut generations) = (!waits, Vec::from([endpoint.opened]));
        // Whether a probe has crossed since the last opening.
        let mut probed = false;
        for (revision, event) in (2u64..).zip(events) {
            let event = EVENTS[event];
            let before = endpoint.clone();
            let Ok(effects) = endpoint.on(event, revision, Millis(revision as i64)) else {
                prop_assert_eq!(&endpoint, &before);
                continue;
            };
            accepted |= event == Event::Accept;
            if effects.contains(&Effect::Open) {
                probed = false;
            }
            probed |= event == Event::Realised;
            // Open means accepted, and only open endpoints have a generation.
            prop_assert_eq!(endpoint.opened != 0, endpoint.state.is_open());
            prop_assert!(!endpoint.state.is_open() || accepted);
            prop_assert!(endpoint.state != State::Available || probed);
            prop_assert_eq!(endpoint.changed_at == revision, endpoint.state != before.state);
            // What has ended does not open again, and only what is gone leaves deletion.
            match before.state {
                State::Deleting if event == Event::Removed => {
                    prop_assert_eq!(endpoint.state, State::Deleted);
                    prop_assert_eq!(effects, [Effect::Forget]);
                }
                State::Deleting => prop_assert_eq!(endpoint.state, State::Deleting),
                State::Failed | State::Expired => prop_assert!(!endpoint.state.is_open()),
                _ => {}
            }
            // Only who was asked, and did not answer, lets it expire.
            if endpoint.state == State::Expired && before.state != State::Expired {
                prop_assert_eq!(before.state, State::PendingAcceptance);
            }
            // Each opening has a number of its own.
            if endpoint.opened != 0 && before.opened == 0 {
                prop_assert!(!generations.contains(&endpoint.opened));
                generations.push(endpoint.opened);
            }
        }
    }
}
