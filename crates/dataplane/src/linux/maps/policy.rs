//! Security groups, network ACLs, routes, NAT gateways and public addresses.

use std::net::IpAddr;

use aya::maps::lpm_trie::Key;
use ipnet::IpNet;
use model::host::{
    Acl, AclKey, Group, GroupSlot, Nat, NatKey, NextHop, Public, RouteTableKey, Tables,
};

use super::super::tables;
use super::{Maps, absent_is_none, convert, gone_is_fine};
use crate::kernel::Error;

impl Maps {
    pub(super) fn read_policy(&self, out: &mut Tables) -> Result<(), Error> {
        for entry in self.rules.iter() {
            let (key, found) = entry.map_err(Error::bpf("reading the rules"))?;
            let listed = found.rules.iter().take(found.count as usize);
            let group = || GroupSlot(u32::try_from(key.id).unwrap_or_default());
            let rules = || listed.clone().map(convert::rule_from).collect();
            let entries = || listed.clone().map(convert::entry_from).collect();
            match key.list {
                tables::GROUP_INGRESS => out.groups.entry(group()).or_default().ingress = rules(),
                tables::GROUP_EGRESS => out.groups.entry(group()).or_default().egress = rules(),
                tables::ACL_INGRESS => {
                    out.acls.entry(AclKey(key.id)).or_default().ingress = entries();
                }
                _ => out.acls.entry(AclKey(key.id)).or_default().egress = entries(),
            }
        }
        for entry in self.routes.iter() {
            let (key, hop) = entry.map_err(Error::bpf("reading the routes"))?;
            let (table, net) = convert::route_from(key.prefix_len(), &key.data());
            let table = out.routes.entry(table).or_default();
            table.insert(net, convert::hop_from(&hop));
        }
        for entry in self.nats.iter() {
            let (key, nat) = entry.map_err(Error::bpf("reading the NAT gateways"))?;
            out.nats.insert(NatKey(key), convert::nat_from(&nat));
        }
        for entry in self.publics.iter() {
            let (ip, public) = entry.map_err(Error::bpf("reading the public addresses"))?;
            out.publics
                .insert(convert::ip(&ip), convert::public_from(&public));
        }
        Ok(())
    }

    /// Writes a security group. Both directions exist or none: what is half written refuses.
    pub(in super::super) fn put_group(
        &mut self,
        slot: GroupSlot,
        group: &Group,
    ) -> Result<(), Error> {
        let id = u64::from(slot.0);
        let what = || format!("writing the security group {slot}");
        let (ingress, egress) = (group.ingress.iter(), group.egress.iter());
        self.put_rules(tables::GROUP_INGRESS, id, ingress.map(convert::rule), what)?;
        self.put_rules(tables::GROUP_EGRESS, id, egress.map(convert::rule), what)
    }

    pub(in super::super) fn remove_group(&mut self, slot: GroupSlot) -> Result<(), Error> {
        let id = u64::from(slot.0);
        self.remove_rules(tables::GROUP_INGRESS, id)?;
        self.remove_rules(tables::GROUP_EGRESS, id)
    }

    pub(in super::super) fn put_acl(&mut self, key: AclKey, acl: &Acl) -> Result<(), Error> {
        let what = || format!("writing the network ACL {key}");
        let (ingress, egress) = (acl.ingress.iter(), acl.egress.iter());
        self.put_rules(
            tables::ACL_INGRESS,
            key.0,
            ingress.map(convert::entry),
            what,
        )?;
        self.put_rules(tables::ACL_EGRESS, key.0, egress.map(convert::entry), what)?;
        self.ask_again()
    }

    pub(in super::super) fn remove_acl(&mut self, key: AclKey) -> Result<(), Error> {
        self.remove_rules(tables::ACL_INGRESS, key.0)?;
        self.remove_rules(tables::ACL_EGRESS, key.0)?;
        self.ask_again()
    }

    fn put_rules(
        &mut self,
        list: u32,
        id: u64,
        rules: impl Iterator<Item = tables::rule>,
        what: impl Fn() -> String,
    ) -> Result<(), Error> {
        let mut value = tables::rules {
            count: 0,
            rules: [tables::rule::default(); tables::RULES_PER_LIST as usize],
        };
        for (place, rule) in value.rules.iter_mut().zip(rules) {
            *place = rule;
            value.count += 1;
        }
        self.rules
            .insert(rule_key(list, id), value, 0)
            .map_err(Error::bpf(what()))
    }

    fn remove_rules(&mut self, list: u32, id: u64) -> Result<(), Error> {
        gone_is_fine(self.rules.remove(&rule_key(list, id)), "removing rules")
    }

    pub(in super::super) fn put_route(
        &mut self,
        table: RouteTableKey,
        net: IpNet,
        hop: NextHop,
    ) -> Result<(), Error> {
        let (prefix, data) = convert::route_key(table, net);
        self.routes
            .insert(&Key::new(prefix, data), convert::hop(hop), 0)
            .map_err(Error::bpf(format!("writing the route {net} of {table}")))?;
        self.ask_again()
    }

    pub(in super::super) fn remove_route(
        &mut self,
        table: RouteTableKey,
        net: IpNet,
    ) -> Result<(), Error> {
        let (prefix, data) = convert::route_key(table, net);
        gone_is_fine(
            self.routes.remove(&Key::new(prefix, data)),
            "removing a route",
        )?;
        self.ask_again()
    }

    pub(in super::super) fn put_nat(&mut self, key: NatKey, nat: &Nat) -> Result<(), Error> {
        self.nats
            .insert(key.0, convert::nat(nat), 0)
            .map_err(Error::bpf(format!("writing the NAT gateway {key}")))?;
        self.ask_again()
    }

    pub(in super::super) fn remove_nat(&mut self, key: NatKey) -> Result<(), Error> {
        gone_is_fine(self.nats.remove(&key.0), "removing a NAT gateway")?;
        self.ask_again()
    }

    pub(in super::super) fn put_public(
        &mut self,
        ip: IpAddr,
        public: &Public,
    ) -> Result<(), Error> {
        let what = || format!("writing the public address {ip}");
        let raw = convert::address(ip);
        self.publics
            .insert(raw, convert::public(public), 0)
            .map_err(Error::bpf(what()))?;
        self.outsides
            .insert(convert::address_key(public.inside), raw, 0)
            .map_err(Error::bpf(what()))?;
        self.ask_again()
    }

    pub(in super::super) fn remove_public(
        &mut self,
        ip: IpAddr,
        public: &Public,
    ) -> Result<(), Error> {
        let raw = convert::address(ip);
        gone_is_fine(self.publics.remove(&raw), "removing a public address")?;
        let inside = convert::address_key(public.inside);
        if absent_is_none(self.outsides.get(&inside, 0))? == Some(raw) {
            gone_is_fine(self.outsides.remove(&inside), "removing a public address")?;
        }
        self.ask_again()
    }
}

fn rule_key(list: u32, id: u64) -> tables::rule_key {
    tables::rule_key { id, list, pad: 0 }
}
