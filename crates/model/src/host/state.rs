//! What the kernel holds now, read back by `dataplane`.

use alloc::collections::BTreeMap;
use alloc::string::String;

use super::{EniSlot, Interface, Tables};

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
