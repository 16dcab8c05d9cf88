//! The first packet of a flow: guard, route, ACLs, security groups, load balancer, NAT. What
//! passes leaves two records, which all later packets of the flow follow.

use model::host::{EniSlot, GateSlot, GroupSlot, Interface, NatKey};
use model::net::Mac;
use model::verdict::Verdict;

use super::acl::{Border, ask, cross};
use super::balance::balance;
use super::flow::{FlowKey, FlowKind, Record, Side, idle_seconds};
use super::group::{Other, admit};
use super::nat::{hash, ports};
use super::parse::{Packet, TCP, Tuple, UDP};
use super::route::{Traveller, Way, way};
use super::trace::{Carrier, Decision, Direction};
use super::{Fabric, Link, Refusal, Trace, Walker, guard};

/// Who sends the packet, and whether its source address is its own.
struct Sender<'a> {
    slot: EniSlot,
    eni: &'a Interface,
    own: bool,
}

impl Sender<'_> {
    /// Its groups count only for its own addresses.
    fn groups(&self) -> &[GroupSlot] {
        if self.own { &self.eni.groups } else { &[] }
    }
}

/// A flow that may be: all that its records say.
struct Passage {
    kind: FlowKind,
    /// Where its packets go, and as what.
    out: Link,
    tuple: Tuple,
    mac: Mac,
    /// Whether the source port is to be chosen.
    choose_port: bool,
    /// The MAC address of whoever opens it.
    back_mac: Mac,
    gate: Option<(GateSlot, u32)>,
    payer: EniSlot,
    far: Option<EniSlot>,
    nat: Option<NatKey>,
    idle_seconds: u32,
}

impl Walker<'_> {
    /// Asks everything of a packet of no known flow, and writes the flow's records.
    pub(super) fn admit(
        &mut self,
        key: &FlowKey,
        frame: &[u8],
        packet: &Packet,
        trace: &mut Trace,
    ) -> Result<(), Refusal> {
        let fabric = &self.fabric;
        let passage = match key.link {
            Link::Uplink => inbound(fabric, packet, trace)?,
            Link::Eni(slot) => {
                let eni = fabric.eni(slot).ok_or(Verdict::NoEni)?;
                guard::mac(slot, eni, frame, trace)?;
                let own = guard::source(fabric, slot, eni, packet.tuple.saddr, trace)?;
                let sender = Sender { slot, eni, own };
                match way(fabric, slot, eni, Traveller::of(packet), trace)? {
                    Way::Local { to, known } => local(fabric, &sender, (to, known), packet, trace)?,
                    Way::Door(gate) => door(fabric, &sender, gate, packet, trace)?,
                    Way::Out { public } => {
                        let tuple = Tuple {
                            saddr: public,
                            ..packet.tuple
                        };
                        out(fabric, &sender, None, (packet, tuple), trace)?
                    }
                    Way::Nat(nat) => by_nat(fabric, &sender, nat, packet, trace)?,
                }
            }
        };
        self.bind(key, passage, trace)?;
        Ok(())
    }

    /// Writes both records: under a source port that is free on the target's side, if one is to
    /// be chosen.
    fn bind(&mut self, key: &FlowKey, passage: Passage, trace: &mut Trace) -> Result<(), Verdict> {
        let (open, quota) = (self.flows.open(passage.payer), self.fabric.host.flow_quota);
        trace.push(Decision::Quota {
            eni: passage.payer,
            open,
            quota,
        });
        if open >= quota {
            return Err(Verdict::FlowQuota);
        }
        let back = |tuple: Tuple| FlowKey {
            link: passage.out,
            tuple: tuple.reversed(),
        };
        let tuple = if passage.choose_port {
            let hash = hash(self.fabric.host.seed, &key.tuple);
            let mut tuples = ports(hash).map(|sport| Tuple {
                sport,
                ..passage.tuple
            });
            let free = tuples.find(|tuple| self.flows.get(&back(*tuple)).is_none());
            free.ok_or(Verdict::PortAllocation)?
        } else {
            passage.tuple
        };
        if tuple != key.tuple {
            trace.push(Decision::Translated {
                from: key.tuple,
                to: tuple,
            });
        }
        let client = Record {
            gate: passage.gate.map(|(gate, _)| gate),
            generation: passage.gate.map_or(0, |(_, generation)| generation),
            out: passage.out,
            tuple,
            mac: passage.mac,
            side: Side::Client,
            payer: passage.payer,
            far: passage.far,
            kind: passage.kind,
            nat: passage.nat,
            idle_seconds: passage.idle_seconds,
            epoch: self.epoch,
            closing: 0,
            await_ack: 0,
            packets: 0,
            bytes: 0,
        };
        let target = Record {
            out: key.link,
            tuple: key.tuple.reversed(),
            mac: passage.back_mac,
            side: Side::Target,
            // The first answer is asked.
            epoch: 0,
            ..client.clone()
        };
        self.flows.insert((*key, client), (back(tuple), target));
        Ok(())
    }
}

/// To another ENI of this host.
fn local(
    fabric: &Fabric<'_>,
    sender: &Sender<'_>,
    (to, known): (EniSlot, bool),
    packet: &Packet,
    trace: &mut Trace,
) -> Result<Passage, Verdict> {
    let receiver = fabric.eni(to).ok_or(Verdict::NoRoute)?;
    let Tuple { saddr, daddr, .. } = packet.tuple;
    let kind = packet.kind();
    let border = Border {
        from: sender.eni.place,
        to: receiver.place,
        leaving: Verdict::AclEgress,
        entering: Verdict::AclIngress,
    };
    cross(fabric, &border, (saddr, daddr), kind, trace)?;
    let groups = if known { &receiver.groups[..] } else { &[] };
    egress(fabric, sender, Other { ip: daddr, groups }, packet, trace)?;
    let of = (Carrier::Eni(to), &receiver.groups[..]);
    let other = Other {
        ip: saddr,
        groups: sender.groups(),
    };
    if !admit(fabric, of, Direction::Ingress, other, kind, trace) {
        return Err(Verdict::SecurityGroup);
    }
    Ok(Passage {
        kind: FlowKind::Local,
        out: Link::Eni(to),
        tuple: packet.tuple,
        mac: receiver.mac,
        choose_port: false,
        back_mac: sender.eni.mac,
        gate: None,
        payer: sender.slot,
        far: Some(to),
        nat: None,
        idle_seconds: idle_seconds(packet.protocol),
    })
}

/// Through an endpoint to a target of its load balancer.
fn door(
    fabric: &Fabric<'_>,
    sender: &Sender<'_>,
    slot: GateSlot,
    packet: &Packet,
    trace: &mut Trace,
) -> Result<Passage, Refusal> {
    let gate = fabric.document.tables.gates.get(&slot);
    let gate = gate.ok_or(Verdict::NoRoute)?;
    let Tuple { saddr, daddr, .. } = packet.tuple;
    let kind = packet.kind();
    trace.push(Decision::Gate {
        gate: slot,
        generation: gate.generation,
    });
    if !matches!(packet.protocol, TCP | UDP) {
        return Err(Verdict::Protocol.into());
    }
    if packet.protocol == TCP && !packet.is_pure_syn() {
        // In the middle of a connection that nobody knows.
        return Err(Refusal::with_reset(Verdict::NoFlow));
    }
    if gate.generation == 0 {
        return Err(Verdict::GateClosed.into());
    }
    let border = Border {
        from: sender.eni.place,
        to: gate.place,
        leaving: Verdict::AclEgress,
        entering: Verdict::AclIngress,
    };
    cross(fabric, &border, (saddr, daddr), kind, trace)?;
    let groups = &gate.groups[..];
    egress(fabric, sender, Other { ip: daddr, groups }, packet, trace)?;
    let client = Other {
        ip: saddr,
        groups: sender.groups(),
    };
    let of = (Carrier::Gate(slot), groups);
    if !admit(fabric, of, Direction::Ingress, client, kind, trace) {
        return Err(Verdict::SecurityGroup.into());
    }
    if gate.balancer_enforces {
        let of = (Carrier::Balancer(slot), &gate.balancer_groups[..]);
        // Nobody's groups are known on the other side of an endpoint.
        let client = Other {
            ip: saddr,
            groups: &[],
        };
        if !admit(fabric, of, Direction::Ingress, client, kind, trace) {
            return Err(Verdict::BalancerGroup.into());
        }
    }
    let target = balance(fabric, gate, packet, trace)?;
    Ok(Passage {
        kind: FlowKind::Door,
        out: Link::Eni(target.slot),
        tuple: Tuple {
            saddr: gate.balancer_address.ip,
            daddr: target.ip,
            dport: target.port,
            ..packet.tuple
        },
        mac: target.eni.mac,
        choose_port: true,
        back_mac: sender.eni.mac,
        gate: Some((slot, gate.generation)),
        payer: sender.slot,
        far: Some(target.slot),
        nat: None,
        idle_seconds: target.idle_seconds,
    })
}

/// Out by a NAT gateway.
fn by_nat(
    fabric: &Fabric<'_>,
    sender: &Sender<'_>,
    key: NatKey,
    packet: &Packet,
    trace: &mut Trace,
) -> Result<Passage, Verdict> {
    let nat = fabric.document.tables.nats.get(&key);
    let nat = nat.ok_or(Verdict::RouteBlackhole)?;
    let Tuple { saddr, daddr, .. } = packet.tuple;
    let border = Border {
        from: sender.eni.place,
        to: nat.place,
        leaving: Verdict::AclEgress,
        entering: Verdict::AclIngress,
    };
    cross(fabric, &border, (saddr, daddr), packet.kind(), trace)?;
    let tuple = Tuple {
        saddr: nat.public.into(),
        ..packet.tuple
    };
    let by = (key, nat.place.acl);
    out(fabric, sender, Some(by), (packet, tuple), trace)
}

/// Out of the VPC, under an address that the outside knows: the last ACL, and the groups.
fn out(
    fabric: &Fabric<'_>,
    sender: &Sender<'_>,
    nat: Option<(NatKey, model::host::AclKey)>,
    (packet, tuple): (&Packet, Tuple),
    trace: &mut Trace,
) -> Result<Passage, Verdict> {
    let uplink = fabric.host.uplink.ok_or(Verdict::NoUplink)?;
    let daddr = packet.tuple.daddr;
    let acl = nat.map_or(sender.eni.place.acl, |(_, acl)| acl);
    let (refusal, kind) = (Verdict::AclEgress, packet.kind());
    ask(fabric, acl, Direction::Egress, daddr, kind, refusal, trace)?;
    let nobody = Other {
        ip: daddr,
        groups: &[],
    };
    egress(fabric, sender, nobody, packet, trace)?;
    Ok(Passage {
        kind: nat.map_or(FlowKind::Out, |_| FlowKind::Nat),
        out: Link::Uplink,
        tuple,
        mac: uplink.mac,
        choose_port: nat.is_some(),
        back_mac: sender.eni.mac,
        gate: None,
        payer: sender.slot,
        far: None,
        nat: nat.map(|(key, _)| key),
        idle_seconds: idle_seconds(packet.protocol),
    })
}

/// In from outside, to an address that it knows. Rules see the address inside.
fn inbound(fabric: &Fabric<'_>, packet: &Packet, trace: &mut Trace) -> Result<Passage, Verdict> {
    let uplink = fabric.host.uplink.ok_or(Verdict::NoEni)?;
    let Tuple { saddr, daddr, .. } = packet.tuple;
    let public = fabric.document.tables.publics.get(&daddr);
    let found = public.and_then(|public| Some((public, fabric.eni(public.eni)?)));
    trace.push(Decision::Public {
        inside: found.map_or(daddr, |(public, _)| public.inside.ip),
        outside: found.map(|_| daddr),
    });
    let (public, receiver) = found.ok_or(Verdict::NoRoute)?;
    let kind = packet.kind();
    ask(
        fabric,
        receiver.place.acl,
        Direction::Ingress,
        saddr,
        kind,
        Verdict::AclIngress,
        trace,
    )?;
    let of = (Carrier::Eni(public.eni), &receiver.groups[..]);
    let stranger = Other {
        ip: saddr,
        groups: &[],
    };
    if !admit(fabric, of, Direction::Ingress, stranger, kind, trace) {
        return Err(Verdict::SecurityGroup);
    }
    Ok(Passage {
        kind: FlowKind::In,
        out: Link::Eni(public.eni),
        tuple: Tuple {
            daddr: public.inside.ip,
            ..packet.tuple
        },
        mac: receiver.mac,
        choose_port: false,
        back_mac: uplink.mac,
        gate: None,
        payer: public.eni,
        far: Some(public.eni),
        nat: None,
        idle_seconds: idle_seconds(packet.protocol),
    })
}

/// The outbound rules of the sender's groups.
fn egress(
    fabric: &Fabric<'_>,
    sender: &Sender<'_>,
    other: Other<'_>,
    packet: &Packet,
    trace: &mut Trace,
) -> Result<(), Verdict> {
    let of = (Carrier::Eni(sender.slot), &sender.eni.groups[..]);
    if admit(fabric, of, Direction::Egress, other, packet.kind(), trace) {
        Ok(())
    } else {
        Err(Verdict::GroupEgress)
    }
}
