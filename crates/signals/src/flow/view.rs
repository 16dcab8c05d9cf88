//! Who sees what of a flow: the ENI that sends, the endpoint's, the one that receives.

use alloc::vec::Vec;
use core::net::IpAddr;

use model::host::{Count, EniSlot, Refusal, Tuple, Way};
use model::verdict::Verdict;

use super::{Action, Counts, Direction, EndpointLeg, Flow, Sample, Seen, Watch, recorded_flags};

/// AWS's numbers of ways out (`traffic-path`).
const SAME_VPC: u8 = 1;
const PEERING: u8 = 4;
const INTERNET_GATEWAY: u8 = 8;

/// What of a flow is new.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Growth {
    /// From who opened it.
    pub there: Count,
    /// The answers.
    pub back: Count,
    /// The second of the first new packet, since 1970.
    pub first: i64,
    /// The second of the last one.
    pub last: i64,
}

impl Watch {
    /// What each ENI on a flow's way saw of what is new.
    pub fn samples(&self, flow: &model::host::Flow, more: &Growth) -> Vec<Sample> {
        let mut out = Vec::new();
        let client = self.enis.get(&flow.eni).filter(|_| flow.way != Way::In);
        let gate = flow.gate.and_then(|gate| self.gates.get(&gate));
        let far = match flow.way {
            Way::In => self.enis.get(&flow.eni),
            _ => flow.far.and_then(|far| self.enis.get(&far)),
        };
        let path = Some(path(flow.way, client, far));
        let leg = gate.and_then(|gate| gate.endpoint);
        let mut see = |seen: Option<&Seen>, direction, tuple: Tuple, count: Count, inside: bool| {
            let Some(seen) = seen.filter(|_| count.packets > 0) else {
                return;
            };
            let egress = direction == Direction::Egress;
            let recorded = Flow {
                path: path.filter(|_| egress),
                // The provider's addresses are the provider's business.
                leg: leg.map(|(endpoint, service)| EndpointLeg {
                    endpoint,
                    service,
                    balancer: inside.then_some((flow.inner.source, flow.inner.source_port)),
                    target: inside.then_some((flow.inner.destination, flow.inner.destination_port)),
                }),
                ..flow_of(seen, direction, flow.protocol, tuple, Action::Accept)
            };
            out.push(sample(seen, recorded, count, more.first, more.last));
        };
        let (outer, inner) = (flow.outer, flow.inner);
        see(client, Direction::Egress, outer, more.there, false);
        see(gate, Direction::Ingress, outer, more.there, false);
        see(far, Direction::Ingress, inner, more.there, true);
        see(far, Direction::Egress, reversed(inner), more.back, true);
        see(gate, Direction::Egress, reversed(outer), more.back, false);
        see(
            client,
            Direction::Ingress,
            reversed(outer),
            more.back,
            false,
        );
        out
    }

    /// What the ENIs on a refused packet's way saw of it: whoever refused it a REJECT, and
    /// whoever had let it out before an ACCEPT.
    pub fn refused(&self, refusal: &Refusal) -> Vec<Sample> {
        let Some((protocol, tuple)) = refusal.packet else {
            return Vec::new();
        };
        let sender = self.enis.get(&refusal.eni);
        let receiver = match refusal.gate {
            Some(gate) => self.gates.get(&gate),
            None => refusal.far.and_then(|far: EniSlot| self.enis.get(&far)),
        };
        let at_receiver = receiver.is_some() && is_at_receiver(refusal);
        let second = refusal.at_ms.div_euclid(1_000);
        let reject = Action::Reject(refusal.verdict);
        let mut out = Vec::new();
        if let Some(seen) = sender {
            let action = if at_receiver { Action::Accept } else { reject };
            let flow = flow_of(seen, Direction::Egress, protocol, tuple, action);
            out.push(sample(seen, flow, refusal.count, second, second));
        }
        if let Some(seen) = receiver.filter(|_| at_receiver) {
            let flow = flow_of(seen, Direction::Ingress, protocol, tuple, reject);
            out.push(sample(seen, flow, refusal.count, second, second));
        }
        out
    }
}

/// Whether the sender's side had nothing against it.
fn is_at_receiver(refusal: &Refusal) -> bool {
    match refusal.verdict {
        Verdict::AclIngress | Verdict::SecurityGroup | Verdict::BalancerGroup => true,
        // An endpoint's answers are translated in between.
        Verdict::AclReplyIngress => refusal.gate.is_none(),
        _ => false,
    }
}

fn sample(seen: &Seen, flow: Flow, count: Count, first: i64, last: i64) -> Sample {
    Sample {
        interface: seen.interface.id,
        flow,
        counts: Counts {
            packets: count.packets,
            bytes: count.bytes,
            tcp_flags: recorded_flags(count.tcp_flags),
            first,
            last,
        },
    }
}

fn flow_of(seen: &Seen, direction: Direction, protocol: u8, tuple: Tuple, action: Action) -> Flow {
    // Records show the primary address on the interface's own side.
    let own = |ip: IpAddr| match ip {
        IpAddr::V4(_) => IpAddr::V4(seen.primary),
        v6 @ IpAddr::V6(_) => v6,
    };
    let (source, destination) = match direction {
        Direction::Egress => (own(tuple.source), tuple.destination),
        Direction::Ingress => (tuple.source, own(tuple.destination)),
    };
    Flow {
        direction,
        source,
        source_port: ported(protocol, tuple.source_port),
        destination,
        destination_port: ported(protocol, tuple.destination_port),
        packet_source: tuple.source,
        packet_destination: tuple.destination,
        protocol,
        action,
        path: None,
        leg: None,
    }
}

/// A ping's id is no port.
fn ported(protocol: u8, port: u16) -> u16 {
    if [6, 17].contains(&protocol) { port } else { 0 }
}

fn path(way: Way, client: Option<&Seen>, far: Option<&Seen>) -> u8 {
    match way {
        Way::Out | Way::In => INTERNET_GATEWAY,
        Way::Local => {
            let vpc = |seen: Option<&Seen>| seen.map(|seen| seen.interface.vpc);
            if vpc(client) == vpc(far) {
                SAME_VPC
            } else {
                PEERING
            }
        }
        Way::Door | Way::Nat => SAME_VPC,
    }
}

/// The answers' direction.
fn reversed(tuple: Tuple) -> Tuple {
    Tuple {
        source: tuple.destination,
        destination: tuple.source,
        source_port: tuple.destination_port,
        destination_port: tuple.source_port,
    }
}
