//! Random calls of a consumer and a provider: invariants hold (the Desk checks them after each
//! write), and an endpoint is open only if the provider, or its setting, accepted it.

use std::collections::BTreeMap;

use model::endpoint::{Event, State};
use model::id::EndpointId;
use proptest::prelude::*;

use crate::api::scene::Scene;
use crate::api::tests::first;

#[derive(Clone, Copy, Debug)]
enum Step {
    Create(usize),
    Delete(usize),
    Accept(usize),
    Reject(usize),
    Require(bool),
    AddSubnet(usize),
    RemoveSubnet(usize),
    Realise(usize),
}

fn step() -> impl Strategy<Value = Step> {
    let which = 0usize..4;
    prop_oneof![
        3 => (0usize..4).prop_map(Step::Create),
        1 => which.clone().prop_map(Step::Delete),
        3 => which.clone().prop_map(Step::Accept),
        2 => which.clone().prop_map(Step::Reject),
        1 => any::<bool>().prop_map(Step::Require),
        1 => which.clone().prop_map(Step::AddSubnet),
        1 => which.clone().prop_map(Step::RemoveSubnet),
        2 => which.prop_map(Step::Realise),
    ]
}

/// Whom the last word of the provider (or its setting) let in.
type Accepted = BTreeMap<EndpointId, bool>;

fn take(
    scene: &mut Scene,
    service: &str,
    made: &mut Vec<String>,
    accepted: &mut Accepted,
    step: Step,
) {
    let pick = |made: &[String], at: usize| made.get(at % made.len().max(1)).cloned();
    let connection = |id: &str| format!("ServiceId={service}&VpcEndpointId.1={id}");
    match step {
        Step::Create(place) => {
            let wanted = scene.wanted(service, &[place]);
            let done = scene.consumer(|desk| desk.call("CreateVpcEndpoint", &wanted));
            // Place 2 is a zone without a load balancer.
            assert_eq!(done.is_err(), place == 2);
            if let Ok(text) = done {
                let id = first(&text, "vpcEndpointId").unwrap();
                let id_of_service = service.parse().unwrap();
                let waits = scene.desk.world.services[&id_of_service].acceptance_required;
                accepted.insert(id.parse().unwrap(), !waits);
                made.push(id);
            }
        }
        Step::Delete(at) => {
            if let Some(id) = pick(made, at) {
                let one = format!("VpcEndpointId.1={id}");
                scene.consumer(|desk| desk.ok("DeleteVpcEndpoints", &one));
                accepted.insert(id.parse().unwrap(), false);
            }
        }
        Step::Accept(at) => {
            if let Some(id) = pick(made, at) {
                let text = scene
                    .desk
                    .ok("AcceptVpcEndpointConnections", &connection(&id));
                if !text.contains("<code>") {
                    accepted.insert(id.parse().unwrap(), true);
                }
            }
        }
        Step::Reject(at) => {
            if let Some(id) = pick(made, at) {
                scene
                    .desk
                    .ok("RejectVpcEndpointConnections", &connection(&id));
                accepted.insert(id.parse().unwrap(), false);
            }
        }
        Step::Require(required) => {
            scene.desk.ok(
                "ModifyVpcEndpointServiceConfiguration",
                &format!("ServiceId={service}&AcceptanceRequired={required}"),
            );
        }
        Step::AddSubnet(at) | Step::RemoveSubnet(at) => {
            let verb = if matches!(step, Step::AddSubnet(_)) {
                "Add"
            } else {
                "Remove"
            };
            if let Some(id) = pick(made, at) {
                let subnet = scene.subnets[at % 3].clone();
                let change = format!("VpcEndpointId={id}&{verb}SubnetId.1={subnet}");
                let _ = scene.consumer(|desk| desk.call("ModifyVpcEndpoint", &change));
            }
        }
        Step::Realise(at) => {
            if let Some(id) = pick(made, at) {
                let world = &scene.desk.world;
                let mut endpoint = world.endpoints[&id.parse().unwrap()].as_ref().clone();
                let now = scene.desk.call.now;
                if endpoint
                    .on(Event::Realised, world.revision + 1, now)
                    .is_ok()
                {
                    scene.apply(&[endpoint.into()]);
                }
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn open_only_if_accepted(required in any::<bool>(), steps in proptest::collection::vec(step(), 0..40)) {
        let mut scene = Scene::new();
        let service = scene.service("orders", required);
        let (mut made, mut accepted) = (Vec::new(), Accepted::new());
        for step in steps {
            take(&mut scene, &service, &mut made, &mut accepted, step);
            for endpoint in scene.desk.world.endpoints.values() {
                prop_assert_eq!(endpoint.state.is_open(), accepted[&endpoint.id], "{:?}", step);
                prop_assert_eq!(endpoint.opened != 0, accepted[&endpoint.id]);
                prop_assert!(!endpoint.interfaces.is_empty());
                if endpoint.state == State::Deleting {
                    prop_assert_eq!(endpoint.opened, 0);
                }
            }
        }
    }
}
