//! What the kernel holds now, read back by `dataplane`.

use alloc::collections::BTreeMap;
use alloc::string::String;

use super::{EniSlot, Interface, Step, Tables};

/// A workload ENI as the kernel has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InterfaceState {
    /// The configuration written with it, from the kernel's ENI table and the journal.
    pub configured: Option<Interface>,
    /// The host side exists and its program is attached.
    pub guarded: bool,
    /// Host side's link name.
    pub link: String,
}

/// Everything the kernel holds of ours.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct State {
    /// Plain tables.
    pub tables: Tables,
    /// Workload ENIs by slot.
    pub interfaces: BTreeMap<EniSlot, InterfaceState>,
}

impl State {
    /// What a kernel in this state holds after a step has succeeded.
    pub fn apply(&mut self, step: &Step) {
        let tables = &mut self.tables;
        match step.clone() {
            Step::Attach(slot, interface) => {
                let state = InterfaceState {
                    link: interface.link.clone(),
                    configured: Some(interface),
                    guarded: true,
                };
                self.interfaces.insert(slot, state);
            }
            Step::Detach(slot, _) => drop(self.interfaces.remove(&slot)),
            Step::PutGroup(slot, group) => drop(tables.groups.insert(slot, group)),
            Step::RemoveGroup(slot) => drop(tables.groups.remove(&slot)),
            Step::PutTargets(slot, targets) => drop(tables.targets.insert(slot, targets)),
            Step::RemoveTargets(slot) => drop(tables.targets.remove(&slot)),
            Step::PutListener(key, listener) => drop(tables.listeners.insert(key, listener)),
            Step::RemoveListener(key) => drop(tables.listeners.remove(&key)),
            Step::PutGate(slot, gate) => drop(tables.gates.insert(slot, gate)),
            Step::RemoveGate(slot, _) => drop(tables.gates.remove(&slot)),
            Step::PutAcl(key, acl) => drop(tables.acls.insert(key, acl)),
            Step::RemoveAcl(key) => drop(tables.acls.remove(&key)),
            Step::PutRoute(key, network, hop) => {
                tables.routes.entry(key).or_default().insert(network, hop);
            }
            Step::RemoveRoute(key, network) => {
                if let Some(table) = tables.routes.get_mut(&key) {
                    table.remove(&network);
                    if table.is_empty() {
                        tables.routes.remove(&key);
                    }
                }
            }
            Step::PutNat(key, nat) => drop(tables.nats.insert(key, nat)),
            Step::RemoveNat(key) => drop(tables.nats.remove(&key)),
            Step::PutPublic(ip, public) => drop(tables.publics.insert(ip, public)),
            Step::RemovePublic(ip, _) => drop(tables.publics.remove(&ip)),
        }
    }
}
