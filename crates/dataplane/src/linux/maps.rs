//! The typed tables: model values in, kernel structs out, and back.

use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;

use aya::Pod;
use aya::maps::{Array, HashMap, MapData, MapError};
use model::host::{
    Address, BalancerSlot, EniSlot, Gate, GateSlot, Group, GroupSlot, Interface, Listener,
    ListenerKey, Rule, Source, Tables, Target, TargetGroupSlot, VpcNumber,
};
use model::net::Mac;

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
    eni,
    gate,
    address_key,
    group,
    listener_key,
    listener,
    target_key,
    target,
    flow_key,
    flow,
    clock
);

/// The maps that hold configuration.
pub(super) struct Maps {
    ports: HashMap<MapData, u32, u32>,
    enis: Array<MapData, tables::eni>,
    gates: Array<MapData, tables::gate>,
    addresses: HashMap<MapData, tables::address_key, u32>,
    groups: HashMap<MapData, u32, tables::group>,
    listeners: HashMap<MapData, tables::listener_key, tables::listener>,
    target_counts: HashMap<MapData, u32, u32>,
    targets: HashMap<MapData, tables::target_key, tables::target>,
    clock: Array<MapData, tables::clock>,
}

/// A network-order address as the structs hold it.
pub(super) fn be(ip: Ipv4Addr) -> u32 {
    u32::from_ne_bytes(ip.octets())
}

/// And back.
pub(super) fn ip(be: u32) -> Ipv4Addr {
    Ipv4Addr::from(be.to_ne_bytes())
}

impl Maps {
    pub(super) fn open(programs: &mut Programs) -> Result<Self, Error> {
        macro_rules! open {
            ($kind:ident, $name:literal) => {
                $kind::try_from(programs.map($name)?)
                    .map_err(Error::bpf(concat!("opening the map ", $name)))?
            };
        }
        Ok(Self {
            ports: open!(HashMap, "ports"),
            enis: open!(Array, "enis"),
            gates: open!(Array, "gates"),
            addresses: open!(HashMap, "addresses"),
            groups: open!(HashMap, "groups"),
            listeners: open!(HashMap, "listeners"),
            target_counts: open!(HashMap, "target_counts"),
            targets: open!(HashMap, "targets"),
            clock: open!(Array, "clock"),
        })
    }

    /// All tables as the model has them.
    pub(super) fn read(&self) -> Result<Tables, Error> {
        let mut out = Tables::default();
        for entry in self.groups.iter() {
            let (slot, group) = entry.map_err(Error::bpf("reading the group table"))?;
            let rules = group.rules.iter().take(group.count as usize);
            out.groups.insert(
                GroupSlot(slot),
                Group {
                    rules: rules.map(rule_from).collect(),
                },
            );
        }
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
                        ip: ip(found.ip),
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
            let (key, slot) = entry.map_err(Error::bpf("reading the address table"))?;
            let gate = self
                .gates
                .get(&slot, 0)
                .map_err(Error::bpf("reading the gate table"))?;
            // The address table decides who is led where, so it decides what is told here.
            let mut gate = gate_from(&gate);
            gate.address = Address {
                vpc: VpcNumber(key.vpc),
                ip: ip(key.ip),
            };
            out.gates.insert(GateSlot(slot), gate);
        }
        Ok(out)
    }

    pub(super) fn put_group(&mut self, slot: GroupSlot, group: &Group) -> Result<(), Error> {
        let mut value = tables::group::default();
        for (place, rule) in value.rules.iter_mut().zip(&group.rules) {
            *place = rule_to(rule);
            value.count += 1;
        }
        self.groups
            .insert(slot.0, value, 0)
            .map_err(Error::bpf(format!("writing the security group {slot}")))
    }

    pub(super) fn remove_group(&mut self, slot: GroupSlot) -> Result<(), Error> {
        gone_is_fine(self.groups.remove(&slot.0), "removing a security group")
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
                ip: be(target.ip),
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
            .insert(listener_key(key), value, 0)
            .map_err(Error::bpf(format!("writing the listener {key:?}")))
    }

    pub(super) fn remove_listener(&mut self, key: ListenerKey) -> Result<(), Error> {
        gone_is_fine(
            self.listeners.remove(&listener_key(key)),
            "removing a listener",
        )
    }

    /// Writes a gate; true when the slot was free before. A change of generation passes
    /// through 0, so that no packet is admitted by a mixture of two gates.
    pub(super) fn put_gate(&mut self, slot: GateSlot, gate: &Gate) -> Result<bool, Error> {
        let what = || format!("writing the gate {slot}");
        let before = self.gates.get(&slot.0, 0).map_err(Error::bpf(what()))?;
        let mut value = gate_to(gate);
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
        self.addresses
            .insert(address_key(gate.address), slot.0, 0)
            .map_err(Error::bpf(what()))?;
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
        let key = address_key(gate.address);
        if absent_is_none(self.addresses.get(&key, 0))? == Some(slot.0) {
            gone_is_fine(
                self.addresses.remove(&key),
                "removing an endpoint's address",
            )?;
        }
        self.gates
            .set(slot.0, tables::gate::default(), 0)
            .map_err(Error::bpf(what()))
    }

    pub(super) fn put_eni(&mut self, slot: EniSlot, value: tables::eni) -> Result<(), Error> {
        let what = || format!("writing the ENI {slot}");
        self.enis
            .set(slot.0, value, 0)
            .map_err(Error::bpf(what()))?;
        self.ports
            .insert(value.ifindex, slot.0, 0)
            .map_err(Error::bpf(what()))
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
        self.enis
            .set(slot.0, tables::eni::default(), 0)
            .map_err(Error::bpf(format!("removing the ENI {slot}")))?;
        Ok(before.ifindex)
    }

    /// The slots of all ENIs, Ginnel's own (slot 0) included.
    pub(super) fn eni_slots(&self) -> Result<BTreeSet<EniSlot>, Error> {
        self.ports
            .iter()
            .map(|entry| entry.map(|(_, slot)| EniSlot(slot)))
            .collect::<Result<_, _>>()
            .map_err(Error::bpf("reading the port table"))
    }

    pub(super) fn clock(&self) -> Result<u64, Error> {
        self.clock
            .get(&0, 0)
            .map(|clock| clock.jiffies)
            .map_err(Error::bpf("reading the clock"))
    }
}

/// What the kernel holds of an interface, over what its link's alias says of the rest.
pub(super) fn interface_with(mut known: Interface, eni: &tables::eni) -> Interface {
    known.address = Address {
        vpc: VpcNumber(eni.vpc),
        ip: ip(eni.ip),
    };
    known.mac = Mac(eni.mac);
    known.groups = slots(&eni.groups, u32::from(eni.group_count));
    known
}

pub(super) fn eni_value(interface: &Interface, ifindex: u32, quota: u32) -> tables::eni {
    let (groups, count) = group_slots(&interface.groups);
    tables::eni {
        vpc: interface.address.vpc.0,
        ip: be(interface.address.ip),
        ifindex,
        flow_quota: quota,
        groups,
        mac: interface.mac.0,
        role: u8::try_from(tables::ROLE_WORKLOAD).unwrap_or_default(),
        group_count: count,
    }
}

fn group_slots(groups: &[GroupSlot]) -> ([u32; tables::GROUPS_PER_ENI as usize], u8) {
    let mut out = [0; tables::GROUPS_PER_ENI as usize];
    let mut count = 0;
    for (place, group) in out.iter_mut().zip(groups) {
        *place = group.0;
        count += 1;
    }
    (out, count)
}

fn slots(raw: &[u32], count: u32) -> Vec<GroupSlot> {
    let listed = raw.iter().take(count as usize);
    listed.map(|slot| GroupSlot(*slot)).collect()
}

fn gate_to(gate: &Gate) -> tables::gate {
    let (groups, count) = group_slots(&gate.groups);
    tables::gate {
        generation: gate.generation,
        vpc: gate.address.vpc.0,
        ip: be(gate.address.ip),
        balancer: gate.balancer.0,
        balancer_ip: be(gate.balancer_address.ip),
        balancer_vpc: gate.balancer_address.vpc.0,
        groups,
        group_count: u32::from(count),
    }
}

fn gate_from(raw: &tables::gate) -> Gate {
    Gate {
        generation: raw.generation,
        address: Address {
            vpc: VpcNumber(raw.vpc),
            ip: ip(raw.ip),
        },
        groups: slots(&raw.groups, raw.group_count),
        balancer: BalancerSlot(raw.balancer),
        balancer_address: Address {
            vpc: VpcNumber(raw.balancer_vpc),
            ip: ip(raw.balancer_ip),
        },
    }
}

fn address_key(address: Address) -> tables::address_key {
    tables::address_key {
        vpc: address.vpc.0,
        ip: be(address.ip),
    }
}

fn listener_key(key: ListenerKey) -> tables::listener_key {
    tables::listener_key {
        balancer: key.balancer.0,
        port: key.port.to_be(),
        protocol: key.protocol,
        pad: 0,
    }
}

fn rule_to(rule: &Rule) -> tables::rule {
    let mut raw = tables::rule {
        first_port: rule.ports.0,
        last_port: rule.ports.1,
        protocol: rule.protocol.unwrap_or_default(),
        any_protocol: u8::from(rule.protocol.is_none()),
        ..tables::rule::default()
    };
    match rule.source {
        Source::Cidr(network, prefix) => {
            raw.network = be(network);
            let mask = u32::MAX.checked_shl(32 - u32::from(prefix)).unwrap_or(0);
            raw.mask = mask.to_be();
        }
        Source::Group(slot) => {
            raw.group = slot.0;
            raw.by_group = 1;
        }
    }
    raw
}

fn rule_from(raw: &tables::rule) -> Rule {
    Rule {
        protocol: (raw.any_protocol == 0).then_some(raw.protocol),
        ports: (raw.first_port, raw.last_port),
        source: if raw.by_group == 1 {
            Source::Group(GroupSlot(raw.group))
        } else {
            let prefix = u32::from_be(raw.mask).leading_ones();
            Source::Cidr(ip(raw.network), u8::try_from(prefix).unwrap_or(32))
        },
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
