//! ICMP errors: they go back to whoever sent the packet that they are about, in its terms.

use core::net::IpAddr;

use model::verdict::Verdict;

use super::bytes::{Difference, byte, put, short};
use super::flow::{FlowKey, FlowKind, Record};
use super::parse::{ICMP, ICMP6, Icmp, L3, Packet, TCP, Tuple, UDP, query};
use super::recheck::{Asked, Still, recheck};
use super::rewrite::{Header, set_macs, update};
use super::route::Traveller;
use super::trace::{Decision, Flow};
use super::{Fate, Link, Trace, Walker, guard};

/// The packet that an error is about, as far as the error quotes it.
#[derive(Clone, Copy, Debug)]
struct Quoted {
    /// Where its IP header begins, and its transport's.
    l3: usize,
    l4: usize,
    six: bool,
    tuple: Tuple,
    icmp: Icmp,
}

impl Walker<'_> {
    /// An ICMP error.
    pub(super) fn related(
        &mut self,
        link: Link,
        frame: &[u8],
        packet: &Packet,
        trace: &mut Trace,
    ) -> Result<Fate, Verdict> {
        let quoted = quoted(frame, packet).ok_or(Verdict::IcmpUnrelated)?;
        // Whoever sends the error has received the packet: an answer would have this tuple.
        let tuple = quoted.tuple.reversed();
        let key = FlowKey { link, tuple };
        let record = self.flows.get(&key);
        trace.push(Decision::Related {
            known: record.is_some(),
            tuple,
        });
        let record = record.ok_or(Verdict::IcmpUnrelated)?;
        if self.is_cut(record) {
            trace.push(Decision::Flow(Flow::Cut));
            self.flows.forget(&key);
            return Err(Verdict::FlowCut);
        }
        let Tuple { saddr, daddr, .. } = packet.tuple;
        if let Link::Eni(slot) = link {
            let eni = self.fabric.eni(slot).ok_or(Verdict::NoEni)?;
            guard::mac(slot, eni, frame, trace)?;
            guard::source(&self.fabric, slot, eni, saddr, trace)?;
        }
        if daddr != tuple.daddr {
            return Err(Verdict::IcmpUnrelated);
        }
        let asked = Asked {
            kind: packet.kind(),
            traveller: Traveller {
                saddr,
                daddr,
                // Its flow is known, whatever carries it.
                translatable: true,
            },
        };
        if recheck(&self.fabric, &key, record, &asked, trace)? == Still::Moved {
            return Err(Verdict::IcmpUnrelated);
        }
        let mut out = frame.to_vec();
        translate(&mut out, packet, &quoted, record);
        let to = record.out;
        if let Some(record) = self.flows.get_mut(&key) {
            record.packets += 1;
            record.bytes += frame.len().saturating_sub(L3) as u64;
        }
        Ok(Fate::Forward { to, frame: out })
    }
}

fn quoted(frame: &[u8], packet: &Packet) -> Option<Quoted> {
    let (l3, six) = (packet.l4 + 8, packet.six);
    let l4 = l3 + if six { 40 } else { 20 };
    frame.get(l3..l4 + 8)?;
    let first = byte(frame, l3)?;
    let protocol = if six {
        (first >> 4 == 6).then_some(byte(frame, l3 + 6)?)?
    } else {
        (first == 0x45).then_some(byte(frame, l3 + 9)?)?
    };
    let (saddr, daddr) = Header::at(l3, six).addresses(frame)?;
    let mut quoted = Quoted {
        l3,
        l4,
        six,
        tuple: Tuple {
            saddr,
            daddr,
            sport: short(frame, l4)?,
            dport: short(frame, l4 + 2)?,
            word: protocol.into(),
        },
        icmp: Icmp::None,
    };
    match (protocol, six) {
        (TCP | UDP, _) => {}
        (ICMP, false) | (ICMP6, true) => {
            let echo = if six { &[128, 129][..] } else { &[8, 0] };
            echo.contains(&byte(frame, l4)?).then_some(())?;
            let query = query(frame, l4, six)?;
            quoted.icmp = query.icmp;
            quoted.tuple = Tuple {
                saddr,
                daddr,
                sport: query.sport,
                dport: query.dport,
                word: query.word,
            };
        }
        _ => return None,
    }
    Some(quoted)
}

/// The error in the terms of whoever sent the packet.
fn translate(frame: &mut [u8], packet: &Packet, quoted: &Quoted, record: &Record) {
    set_macs(frame, record.mac.0);
    if record.kind == FlowKind::Local {
        return;
    }
    let Tuple {
        saddr,
        daddr,
        sport,
        dport,
        ..
    } = record.tuple;
    // A router on the way may have sent the error. It keeps its address where the sender's would
    // not change either.
    let source: IpAddr = if saddr == quoted.tuple.daddr {
        packet.tuple.saddr
    } else {
        saddr
    };
    let outer = Header::at(L3, packet.six).rewrite(frame, source, daddr);
    let inner = Header::at(quoted.l3, quoted.six).rewrite(frame, daddr, saddr);
    let ports = Difference::default();
    let ports = match quoted.icmp {
        Icmp::Request => {
            put(frame, quoted.l4 + 4, &dport.to_be_bytes());
            ports.short(quoted.tuple.sport, dport)
        }
        Icmp::Reply => {
            put(frame, quoted.l4 + 4, &sport.to_be_bytes());
            ports.short(quoted.tuple.dport, sport)
        }
        _ => {
            put(frame, quoted.l4, &dport.to_be_bytes());
            put(frame, quoted.l4 + 2, &sport.to_be_bytes());
            ports
                .short(quoted.tuple.sport, dport)
                .short(quoted.tuple.dport, sport)
        }
    };
    // An IPv4 header's sum is the same after as before; ICMPv6 sums a pseudo header.
    let all = if packet.six {
        outer.and(inner).and(ports)
    } else {
        ports
    };
    update(frame, packet.l4 + 2, |check| all.apply(check));
}
