//! The typed tables: model values in, kernel structs out, and back.

mod convert;
mod policy;

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use aya::Pod;
use aya::maps::{Array, HashMap, LpmTrie, MapData, MapError};
use model::host::{
    Address, BalancerSlot, EniSlot, Gate, GateSlot, Listener, ListenerKey, Tables, Target,
    TargetGroupSlot,
};

use super::program::Programs;
use super::tables;
use crate::kernel::Error;

macro_rules! pod {
    ($($name:ident),+ $(,)?) => {$(
        #[allow(unsafe_code, reason = "aya's marker trait for plain data")]
        // SAFETY: a `repr(C)` struct of integers and arrays of integers, with explicit
        // padding fields (bindgen's layout tests check sizes): every bit pattern is valid.
        unsafe impl Pod for tables::$name {}
    )+};
}

pod!(
    settings,
    eni,
    gate,
    address,
    address_key,
    owner,
    rule_key,
    rules,
    route_data,
    hop,
    nat,
    known,
    listener_key,
    listener,
    target_key,
    target,
    flow_key,
    flow,
    flow_key6,
    flow6,
    clock,
    watch
);

pub(super) use convert::{address, be, eni as eni_value, interface_with, ip};

/// The maps that hold configuration.
pub(super) struct Maps {
    settings: Array<MapData, tables::settings>,
    ports: HashMap<MapData, u32, u32>,
    enis: Array<MapData, tables::eni>,
    gates: Array<MapData, tables::gate>,
    addresses: HashMap<MapData, tables::address_key, tables::owner>,
    /// The addresses of each ENI, as `addresses` has them: this process is their only writer.
    owned: BTreeMap<EniSlot, BTreeSet<Address>>,
    rules: HashMap<MapData, tables::rule_key, tables::rules>,
    routes: LpmTrie<MapData, tables::route_data, tables::hop>,
    nats: HashMap<MapData, u64, tables::nat>,
    publics: HashMap<MapData, tables::address, tables::known>,
    outsides: HashMap<MapData, tables::address_key, tables::address>,
    listeners: HashMap<MapData, tables::listener_key, tables::listener>,
    target_counts: HashMap<MapData, u32, u32>,
    targets: HashMap<MapData, tables::target_key, tables::target>,
    clock: Array<MapData, tables::clock>,
}

/// Ginnel's own ENI.
pub(super) const SYSTEM_SLOT: EniSlot = EniSlot(0);
/// The way out's.
pub(super) const UPLINK_SLOT: EniSlot = EniSlot(tables::MAX_ENIS - 1);

impl Maps {
    pub(super) fn open(programs: &mut Programs) -> Result<Self, Error> {
        macro_rules! open {
            ($kind:ident, $name:literal) => {
                $kind::try_from(programs.map($name)?)
                    .map_err(Error::bpf(concat!("opening the map ", $name)))?
            };
        }
        let mut maps = Self {
            settings: open!(Array, "settings"),
            ports: open!(HashMap, "ports"),
            enis: open!(Array, "enis"),
            gates: open!(Array, "gates"),
            addresses: open!(HashMap, "addresses"),
            owned: BTreeMap::new(),
            rules: open!(HashMap, "rules"),
            routes: open!(LpmTrie, "routes"),
            nats: open!(HashMap, "nats"),
            publics: open!(HashMap, "publics"),
            outsides: open!(HashMap, "outsides"),
            listeners: open!(HashMap, "listeners"),
            target_counts: open!(HashMap, "target_counts"),
            targets: open!(HashMap, "targets"),
            clock: open!(Array, "clock"),
        };
        for entry in maps.addresses.iter() {
            let (key, owner) = entry.map_err(Error::bpf("reading the address table"))?;
            if owner.kind == tables::OWNER_ENI {
                let of = maps.owned.entry(EniSlot(owner.slot)).or_default();
                of.insert(convert::address_from(&key));
            }
        }
        // A change may have been written whose flows were not asked again.
        maps.ask_again()?;
        Ok(maps)
    }

    /// All tables as the model has them.
    pub(super) fn read(&self) -> Result<Tables, Error> {
        let mut out = Tables::default();
        self.read_policy(&mut out)?;
        for entry in self.target_counts.iter() {
            let (slot, count) = entry.map_err(Error::bpf("reading the target table"))?;
            let mut list = Vec::new();
            for index in 0..count {
                let key = tables::target_key {
                    target_group: slot,
                    index,
                };
                if let Some(found) = absent_is_none(self.targets.get(&key, 0))? {
                    list.push(Target {
                        eni: EniSlot(found.eni),
                        ip: ip(&found.ip),
                        port: u16::from_be(found.port),
                    });
                }
            }
            out.targets.insert(TargetGroupSlot(slot), list);
        }
        for entry in self.listeners.iter() {
            let (key, value) = entry.map_err(Error::bpf("reading the listener table"))?;
            out.listeners.insert(
                ListenerKey {
                    balancer: BalancerSlot(key.balancer),
                    protocol: key.protocol,
                    port: u16::from_be(key.port),
                },
                Listener {
                    target_group: TargetGroupSlot(value.target_group),
                    idle_seconds: value.idle_seconds,
                },
            );
        }
        for entry in self.addresses.iter() {
            let (key, owner) = entry.map_err(Error::bpf("reading the address table"))?;
            if owner.kind != tables::OWNER_GATE {
                continue;
            }
            let gate = self
                .gates
                .get(&owner.slot, 0)
                .map_err(Error::bpf("reading the gate table"))?;
            // The address table decides who is led where, so it decides what is told here.
            let mut gate = convert::gate_from(&gate);
            gate.address = convert::address_from(&key);
            out.gates.insert(GateSlot(owner.slot), gate);
        }
        Ok(out)
    }

    /// Writes a target group. A reader that is under way sees the old list or the new one,
    /// or for a moment a target of both: never a target that is in neither.
    pub(super) fn put_targets(
        &mut self,
        slot: TargetGroupSlot,
        list: &[Target],
    ) -> Result<(), Error> {
        let what = || format!("writing the target group {slot}");
        let before = absent_is_none(self.target_counts.get(&slot.0, 0))?.unwrap_or(0);
        let count = u32::try_from(list.len()).unwrap_or(u32::MAX);
        for (index, target) in (0..).zip(list) {
            let key = tables::target_key {
                target_group: slot.0,
                index,
            };
            let value = tables::target {
                eni: target.eni.0,
                ip: address(target.ip),
                port: target.port.to_be(),
                pad: 0,
            };
            self.targets
                .insert(key, value, 0)
                .map_err(Error::bpf(what()))?;
        }
        if count == 0 {
            gone_is_fine(
                self.target_counts.remove(&slot.0),
                "removing a target group",
            )?;
        } else {
            self.target_counts
                .insert(slot.0, count, 0)
                .map_err(Error::bpf(what()))?;
        }
        for index in count..before {
            let key = tables::target_key {
                target_group: slot.0,
                index,
            };
            gone_is_fine(self.targets.remove(&key), "removing a target")?;
        }
        Ok(())
    }

    pub(super) fn put_listener(&mut self, key: ListenerKey, to: Listener) -> Result<(), Error> {
        let value = tables::listener {
            target_group: to.target_group.0,
            idle_seconds: to.idle_seconds,
        };
        self.listeners
            .insert(convert::listener_key(key), value, 0)
            .map_err(Error::bpf(format!("writing the listener {key:?}")))
    }

    pub(super) fn remove_listener(&mut self, key: ListenerKey) -> Result<(), Error> {
        gone_is_fine(
            self.listeners.remove(&convert::listener_key(key)),
            "removing a listener",
        )
    }

    /// Writes a gate; true when the slot was free before. A change of generation passes
    /// through 0, so that no packet is admitted by a mixture of two gates.
    pub(super) fn put_gate(&mut self, slot: GateSlot, gate: &Gate) -> Result<bool, Error> {
        let what = || format!("writing the gate {slot}");
        let before = self.gates.get(&slot.0, 0).map_err(Error::bpf(what()))?;
        let mut value = convert::gate(gate);
        if before.generation != value.generation && before.generation != 0 {
            let closed = tables::gate {
                generation: 0,
                ..before
            };
            self.gates
                .set(slot.0, closed, 0)
                .map_err(Error::bpf(what()))?;
        }
        let generation = std::mem::take(&mut value.generation);
        if before.generation != generation {
            self.gates
                .set(slot.0, value, 0)
                .map_err(Error::bpf(what()))?;
        }
        value.generation = generation;
        self.gates
            .set(slot.0, value, 0)
            .map_err(Error::bpf(what()))?;
        let owner = tables::owner {
            kind: tables::OWNER_GATE,
            slot: slot.0,
        };
        self.addresses
            .insert(convert::address_key(gate.address), owner, 0)
            .map_err(Error::bpf(what()))?;
        self.ask_again()?;
        Ok(before.vpc == 0)
    }

    pub(super) fn remove_gate(&mut self, slot: GateSlot, gate: &Gate) -> Result<(), Error> {
        let what = || format!("removing the gate {slot}");
        // Closed first: from here on nothing passes, wherever this is broken off.
        let before = self.gates.get(&slot.0, 0).map_err(Error::bpf(what()))?;
        let closed = tables::gate {
            generation: 0,
            ..before
        };
        self.gates
            .set(slot.0, closed, 0)
            .map_err(Error::bpf(what()))?;
        let key = convert::address_key(gate.address);
        let owner = absent_is_none(self.addresses.get(&key, 0))?;
        if owner.is_some_and(|it| it.kind == tables::OWNER_GATE && it.slot == slot.0) {
            gone_is_fine(
                self.addresses.remove(&key),
                "removing an endpoint's address",
            )?;
        }
        self.gates
            .set(slot.0, tables::gate::default(), 0)
            .map_err(Error::bpf(what()))
    }

    /// Writes an ENI with all its addresses; established flows are asked again.
    pub(super) fn put_eni(
        &mut self,
        slot: EniSlot,
        value: tables::eni,
        addresses: &BTreeSet<Address>,
    ) -> Result<(), Error> {
        let what = || format!("writing the ENI {slot}");
        self.enis
            .set(slot.0, value, 0)
            .map_err(Error::bpf(what()))?;
        self.ports
            .insert(value.ifindex, slot.0, 0)
            .map_err(Error::bpf(what()))?;
        self.disown(slot, |address| !addresses.contains(address))?;
        let owner = tables::owner {
            kind: tables::OWNER_ENI,
            slot: slot.0,
        };
        for address in addresses {
            self.addresses
                .insert(convert::address_key(*address), owner, 0)
                .map_err(Error::bpf(what()))?;
            // Whoever had it before has it no more.
            for (other, owned) in &mut self.owned {
                if *other != slot {
                    owned.remove(address);
                }
            }
            self.owned.entry(slot).or_default().insert(*address);
        }
        self.ask_again()
    }

    /// The addresses of an ENI.
    pub(super) fn addresses(&self, slot: EniSlot) -> impl Iterator<Item = IpAddr> {
        let owned = self.owned.get(&slot);
        owned
            .into_iter()
            .flatten()
            .map(|address| address.ip)
            .collect::<Vec<_>>()
            .into_iter()
    }

    /// Takes addresses from an ENI.
    fn disown(&mut self, slot: EniSlot, which: impl Fn(&Address) -> bool) -> Result<(), Error> {
        let owned = self.owned.entry(slot).or_default();
        let (gone, kept) = std::mem::take(owned).into_iter().partition(which);
        *owned = kept;
        let gone: BTreeSet<Address> = gone;
        for address in gone {
            let key = convert::address_key(address);
            let owner = absent_is_none(self.addresses.get(&key, 0))?;
            if owner.is_some_and(|it| it.kind == tables::OWNER_ENI && it.slot == slot.0) {
                gone_is_fine(self.addresses.remove(&key), "removing an address")?;
            }
        }
        Ok(())
    }

    /// Lets every flow be asked again, at its next packet, whether its way is still open.
    pub(super) fn ask_again(&mut self) -> Result<(), Error> {
        self.set(|settings| settings.epoch = settings.epoch.wrapping_add(1).max(1))
    }

    /// Changes the host's settings; this process is their only writer.
    pub(super) fn set(&mut self, change: impl FnOnce(&mut tables::settings)) -> Result<(), Error> {
        let what = "writing the host's settings";
        let mut settings = self.settings.get(&0, 0).map_err(Error::bpf(what))?;
        change(&mut settings);
        self.settings.set(0, settings, 0).map_err(Error::bpf(what))
    }

    pub(super) fn eni(&self, slot: EniSlot) -> Result<tables::eni, Error> {
        self.enis
            .get(&slot.0, 0)
            .map_err(Error::bpf(format!("reading the ENI {slot}")))
    }

    /// Forgets an ENI; returns the link index that it had.
    pub(super) fn remove_eni(&mut self, slot: EniSlot) -> Result<u32, Error> {
        let before = self.eni(slot)?;
        if before.ifindex != 0
            && absent_is_none(self.ports.get(&before.ifindex, 0))? == Some(slot.0)
        {
            gone_is_fine(self.ports.remove(&before.ifindex), "removing a port")?;
        }
        self.disown(slot, |_| true)?;
        self.enis
            .set(slot.0, tables::eni::default(), 0)
            .map_err(Error::bpf(format!("removing the ENI {slot}")))?;
        self.ask_again()?;
        Ok(before.ifindex)
    }

    /// The ENI of a link.
    pub(super) fn eni_at(&self, ifindex: u32) -> Result<Option<EniSlot>, Error> {
        Ok(absent_is_none(self.ports.get(&ifindex, 0))?.map(EniSlot))
    }

    /// The slots of all ENIs, Ginnel's own (slot 0) and the uplink's included.
    pub(super) fn eni_slots(&self) -> Result<BTreeSet<EniSlot>, Error> {
        self.ports
            .iter()
            .map(|entry| entry.map(|(_, slot)| EniSlot(slot)))
            .collect::<Result<_, _>>()
            .map_err(Error::bpf("reading the port table"))
    }

    pub(super) fn clock(&self) -> Result<tables::clock, Error> {
        self.clock
            .get(&0, 0)
            .map_err(Error::bpf("reading the clock"))
    }
}

fn absent_is_none<T>(found: Result<T, MapError>) -> Result<Option<T>, Error> {
    match found {
        Ok(value) => Ok(Some(value)),
        Err(MapError::KeyNotFound) => Ok(None),
        Err(error) => Err(Error::bpf("reading a table")(error)),
    }
}

fn gone_is_fine(removed: Result<(), MapError>, what: &str) -> Result<(), Error> {
    match removed {
        Ok(()) | Err(MapError::KeyNotFound) => Ok(()),
        Err(MapError::SyscallError(error))
            if error.io_error.kind() == std::io::ErrorKind::NotFound =>
        {
            Ok(())
        }
        Err(error) => Err(Error::bpf(what)(error)),
    }
}

/// Interfaces by slot, for `read`.
pub(super) type Interfaces = BTreeMap<EniSlot, model::host::InterfaceState>;
