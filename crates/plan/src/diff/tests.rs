//! Properties of the plan, over random documents and states.

use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::ToString as _;
use alloc::vec::Vec;
use core::net::Ipv4Addr;

use model::host::{
    Address, Attachment, BalancerSlot, Document, EniSlot, Gate, GateSlot, Group, GroupSlot,
    Interface, InterfaceState, Listener, ListenerKey, Rule, Source, State, Step, Tables, Target,
    TargetGroupSlot, VpcNumber,
};
use model::net::Mac;
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;

use super::diff;

fn ip() -> impl Strategy<Value = Ipv4Addr> {
    (0u8..4).prop_map(|last| Ipv4Addr::new(10, 0, 0, last))
}

fn gate() -> impl Strategy<Value = Gate> {
    (
        0u32..3,
        ip(),
        vec((1u32..3).prop_map(GroupSlot), 0..2),
        1u32..3,
    )
        .prop_map(|(generation, ip, groups, balancer)| Gate {
            generation,
            address: Address {
                vpc: VpcNumber(1),
                ip,
            },
            groups,
            balancer: BalancerSlot(balancer),
            balancer_address: Address {
                vpc: VpcNumber(2),
                ip: Ipv4Addr::new(10, 0, 0, 9),
            },
        })
}

fn tables() -> impl Strategy<Value = Tables> {
    let group = (1u16..3).prop_map(|port| Group {
        rules: Vec::from([Rule {
            protocol: Some(6),
            ports: (port, port),
            source: Source::Group(GroupSlot(1)),
        }]),
    });
    let target = (1u32..3, ip()).prop_map(|(eni, ip)| Target {
        eni: EniSlot(eni),
        ip,
        port: 80,
    });
    let key = (1u32..3, 1u16..3).prop_map(|(balancer, port)| ListenerKey {
        balancer: BalancerSlot(balancer),
        protocol: 6,
        port,
    });
    let listener = (1u32..3).prop_map(|group| Listener {
        target_group: TargetGroupSlot(group),
        idle_seconds: 350,
    });
    (
        btree_map((1u32..3).prop_map(GroupSlot), group, 0..3),
        btree_map((1u32..3).prop_map(TargetGroupSlot), vec(target, 0..3), 0..3),
        btree_map(key, listener, 0..3),
        btree_map((1u32..4).prop_map(GateSlot), gate(), 0..4),
    )
        .prop_map(|(groups, targets, listeners, gates)| Tables {
            groups,
            targets,
            listeners,
            gates,
        })
}

fn interfaces() -> impl Strategy<Value = BTreeMap<EniSlot, Interface>> {
    let one = (1u32..4, ip(), 0u8..2).prop_map(|(slot, ip, place)| {
        let interface = Interface {
            address: Address {
                vpc: VpcNumber(1),
                ip,
            },
            prefix: 24,
            gateway: Ipv4Addr::new(10, 0, 0, 1),
            resolver: Ipv4Addr::new(10, 0, 0, 2),
            mac: Mac([2, 0, 0, 0, 0, 1]),
            mtu: 8_500,
            groups: Vec::new(),
            link: format!("gnl{slot}"),
            attachment: Attachment {
                namespace: format!("/run/netns/{place}"),
                device: "eth0".to_string(),
            },
        };
        (EniSlot(slot), interface)
    });
    vec(one, 0..4).prop_map(|list| list.into_iter().collect())
}

fn document() -> impl Strategy<Value = Document> {
    (tables(), interfaces()).prop_map(|(tables, interfaces)| Document {
        generation: 1,
        tables,
        interfaces,
        ..Document::default()
    })
}

fn state() -> impl Strategy<Value = State> {
    (tables(), interfaces(), any::<bool>()).prop_map(|(mut tables, interfaces, guarded)| {
        // The kernel holds no empty list of targets.
        tables.targets.retain(|_, list| !list.is_empty());
        let interfaces = interfaces.into_iter().map(|(slot, interface)| {
            let state = InterfaceState {
                link: interface.link.clone(),
                configured: Some(interface),
                guarded,
            };
            (slot, state)
        });
        State {
            tables,
            interfaces: interfaces.collect(),
        }
    })
}

proptest! {
    #[test]
    fn the_steps_lead_to_the_document(document in document(), mut state in state()) {
        for step in diff(&document, &state) {
            state.apply(&step);
        }
        prop_assert_eq!(diff(&document, &state), Vec::new());
        prop_assert_eq!(&state.tables.gates, &document.tables.gates);
        prop_assert_eq!(&state.tables.groups, &document.tables.groups);
    }

    #[test]
    fn a_plan_can_be_broken_off_anywhere(document in document(), mut state in state(), at in 0usize..20) {
        for step in diff(&document, &state).into_iter().take(at) {
            state.apply(&step);
        }
        for step in diff(&document, &state) {
            state.apply(&step);
        }
        prop_assert_eq!(&state.tables.gates, &document.tables.gates);
        for (slot, wanted) in &document.interfaces {
            prop_assert_eq!(state.interfaces[slot].configured.as_ref(), Some(wanted));
        }
    }

    #[test]
    fn a_gate_is_written_only_when_its_groups_are_there(document in document(), mut state in state()) {
        for step in diff(&document, &state) {
            if let Step::PutGate(_, gate) = &step {
                for group in gate.groups.iter().filter(|g| document.tables.groups.contains_key(g)) {
                    prop_assert_eq!(
                        state.tables.groups.get(group),
                        document.tables.groups.get(group)
                    );
                }
            }
            state.apply(&step);
        }
    }
}
