//! Flow records: a connection has two, one for each direction, written and removed together.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use model::host::{EniSlot, GateSlot, NatKey};
use model::net::Mac;

use super::Link;
use super::bytes::{long, short};
use super::parse::{ACK, FIN, L3, Packet, RST, SYN, Tuple, data_offset};

/// A packet as it enters the fabric; the link is its sender's identity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct FlowKey {
    /// The link that it enters by.
    pub link: Link,
    /// What it says of itself.
    pub tuple: Tuple,
}

/// One direction of a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// The endpoint ENI that it passes.
    pub gate: Option<GateSlot>,
    /// The gate's generation under which it was admitted.
    pub generation: u32,
    /// Where its packets leave.
    pub out: Link,
    /// What they become.
    pub tuple: Tuple,
    /// The receiver's MAC address.
    pub mac: Mac,
    /// Which direction.
    pub side: Side,
    /// The ENI that pays for it.
    pub payer: EniSlot,
    /// The ENI on the other side; none for one outside.
    pub far: Option<EniSlot>,
    /// What kind of way.
    pub kind: FlowKind,
    /// The NAT gateway.
    pub nat: Option<NatKey>,
    /// It is forgotten after so long without packets.
    pub idle_seconds: u32,
    /// Up to which change of the tables it was asked.
    pub epoch: u32,
    /// How far both sides have closed it ([`FIN_SENT`] and so on).
    pub closing: u8,
    /// The ACK number that acknowledges the other side's FIN.
    pub await_ack: u32,
    /// Packets forwarded.
    pub packets: u64,
    /// IP bytes forwarded.
    pub bytes: u64,
}

/// A direction of a flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// From whoever opened it.
    Client,
    /// The answers.
    Target,
}

/// The kind of way that a flow takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FlowKind {
    /// Between two ENIs.
    Local,
    /// Through an endpoint.
    Door,
    /// Out by the internet gateway.
    Out,
    /// Out by a NAT gateway.
    Nat,
    /// In by the internet gateway.
    In,
}

/// This direction has sent FIN.
pub const FIN_SENT: u8 = 1;
/// The other direction's FIN awaits an ACK of this one.
pub const FIN_AWAITS: u8 = 2;
/// This direction has acknowledged the other's FIN.
pub const FIN_ACKED: u8 = 4;

/// What a flow has come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Course {
    /// On.
    GoesOn,
    /// Forward this packet, then forget it.
    Ends,
    /// A new connection with its addresses.
    Again,
}

/// The records, and how many flows each ENI pays for.
#[derive(Clone, Debug, Default)]
pub(super) struct Flows {
    records: BTreeMap<FlowKey, Record>,
    open: BTreeMap<EniSlot, u32>,
}

/// Where the other direction's record is.
pub(super) fn mirror(key: &FlowKey, record: &Record) -> FlowKey {
    let tuple = Tuple {
        word: key.tuple.word,
        ..record.tuple.reversed()
    };
    FlowKey {
        link: record.out,
        tuple,
    }
}

impl Flows {
    pub(super) fn get(&self, key: &FlowKey) -> Option<&Record> {
        self.records.get(key)
    }

    pub(super) fn get_mut(&mut self, key: &FlowKey) -> Option<&mut Record> {
        self.records.get_mut(key)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&FlowKey, &Record)> {
        self.records.iter()
    }

    /// How many flows an ENI pays for.
    pub(super) fn open(&self, payer: EniSlot) -> u32 {
        self.open.get(&payer).copied().unwrap_or_default()
    }

    /// Writes both records of a new flow. A flow that is in its place is forgotten first, both
    /// its records.
    pub(super) fn insert(&mut self, client: (FlowKey, Record), target: (FlowKey, Record)) {
        self.forget(&target.0);
        self.forget(&client.0);
        *self.open.entry(client.1.payer).or_default() += 1;
        self.records.extend([target, client]);
    }

    /// Removes both records of a flow.
    pub(super) fn forget(&mut self, key: &FlowKey) {
        let Some(record) = self.records.remove(key) else {
            return;
        };
        self.records.remove(&mirror(key, &record));
        if let Some(open) = self.open.get_mut(&record.payer) {
            *open = open.saturating_sub(1);
        }
    }

    /// Removes all flows that begin, end or are paid for at an ENI.
    pub(super) fn forget_eni(&mut self, slot: EniSlot) {
        let link = Link::Eni(slot);
        let of_it = |(key, record): &(&FlowKey, &Record)| {
            key.link == link
                || record.out == link
                || record.payer == slot
                || record.far == Some(slot)
        };
        let keys: Vec<FlowKey> = self.iter().filter(of_it).map(|(key, _)| *key).collect();
        for key in keys {
            self.forget(&key);
        }
    }

    /// Follows a TCP connection's end, for a packet with SYN, FIN or RST, or any after a FIN.
    pub(super) fn follow(&mut self, key: &FlowKey, frame: &[u8], packet: &Packet) -> Course {
        let Some(record) = self.records.get(key) else {
            return Course::GoesOn;
        };
        let flags = packet.flags;
        if flags & RST != 0 {
            return Course::Ends;
        }
        if flags & (SYN | ACK) == SYN && record.closing != 0 {
            return Course::Again;
        }
        let other = mirror(key, record);
        let (mut closing, await_ack) = (record.closing, record.await_ack);
        let Some(theirs) = self.records.get_mut(&other) else {
            return Course::GoesOn;
        };
        if flags & FIN != 0 {
            let sequence = long(frame, packet.l4 + 4).unwrap_or_default();
            let end = sequence.wrapping_add(payload(frame, packet));
            theirs.await_ack = end.wrapping_add(1);
            theirs.closing |= FIN_AWAITS;
            closing |= FIN_SENT;
        }
        let acknowledged = long(frame, packet.l4 + 8).unwrap_or_default();
        let reached = acknowledged.wrapping_sub(await_ack) < 1 << 31;
        if flags & ACK != 0 && closing & FIN_AWAITS != 0 && reached {
            closing |= FIN_ACKED;
        }
        let done = closing & FIN_ACKED != 0 && theirs.closing & FIN_ACKED != 0;
        if let Some(record) = self.records.get_mut(key) {
            record.closing = closing;
        }
        if done { Course::Ends } else { Course::GoesOn }
    }
}

/// The bytes after a TCP header, as the IP header says: it may lie, so it wraps.
pub(super) fn payload(frame: &[u8], packet: &Packet) -> u32 {
    let (at, header) = if packet.six { (4, 0) } else { (2, 20) };
    let length = u32::from(short(frame, L3 + at).unwrap_or_default());
    let options = u32::try_from(data_offset(frame, packet.l4)).unwrap_or_default();
    length.wrapping_sub(header).wrapping_sub(options)
}

/// Seconds without packets after which flows of a protocol are forgotten.
pub(super) fn idle_seconds(protocol: u8) -> u32 {
    match protocol {
        super::parse::TCP => 350,
        super::parse::UDP => 180,
        super::parse::ICMP | super::parse::ICMP6 => 30,
        _ => 600,
    }
}
