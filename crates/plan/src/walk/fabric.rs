//! The tables, as the forwarder asks them.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::net::IpAddr;

use model::host::{Document, EniSlot, Interface, VpcNumber};

use super::bytes::mapped;
use super::trace::{Decision, Owner};
use super::{Host, Trace};

/// A document, and what follows from it.
#[derive(Clone, Debug)]
pub(super) struct Fabric<'a> {
    pub(super) document: &'a Document,
    pub(super) host: Host,
    owners: BTreeMap<(VpcNumber, [u8; 16]), Owner>,
}

impl<'a> Fabric<'a> {
    pub(super) fn new(document: &'a Document, host: Host) -> Self {
        let interfaces = document.interfaces.iter().flat_map(|(slot, interface)| {
            let vpc = interface.address.vpc;
            let all = [interface.address.ip].into_iter();
            let all = all.chain(interface.more.iter().copied());
            all.map(move |ip| ((vpc, mapped(ip)), Owner::Eni(*slot)))
        });
        let gates = document.tables.gates.iter();
        let gates = gates.map(|(slot, gate)| {
            let place = (gate.address.vpc, mapped(gate.address.ip));
            (place, Owner::Gate(*slot))
        });
        Self {
            document,
            host,
            owners: interfaces.chain(gates).collect(),
        }
    }

    /// A workload ENI that is on this host.
    pub(super) fn eni(&self, slot: EniSlot) -> Option<&'a Interface> {
        self.document.interfaces.get(&slot)
    }

    /// Who has an address of a VPC.
    pub(super) fn owner(&self, vpc: VpcNumber, ip: IpAddr) -> Option<Owner> {
        self.owners.get(&(vpc, mapped(ip))).copied()
    }

    /// The same, as a decision.
    pub(super) fn find(&self, vpc: VpcNumber, ip: IpAddr, trace: &mut Trace) -> Option<Owner> {
        let owner = self.owner(vpc, ip);
        trace.push(Decision::Owner {
            vpc,
            address: ip,
            owner,
        });
        owner
    }

    /// Whether an ENI has an address itself.
    pub(super) fn owns(&self, slot: EniSlot, eni: &Interface, ip: IpAddr) -> bool {
        self.owner(eni.address.vpc, ip) == Some(Owner::Eni(slot))
    }

    /// The outside addresses of an inside one, in order.
    pub(super) fn outside(&self, vpc: VpcNumber, inside: IpAddr) -> Vec<IpAddr> {
        let publics = self.document.tables.publics.iter();
        let is_its = |public: &model::host::Public| {
            public.inside.vpc == vpc && mapped(public.inside.ip) == mapped(inside)
        };
        let of_it = publics.filter(|(_, public)| is_its(public));
        of_it.map(|(outside, _)| *outside).collect()
    }
}
