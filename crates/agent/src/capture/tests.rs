//! A capture over a kernel that catches what it is told to.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use dataplane::{Echo, Error, Kernel};
use model::host::{
    CaptureAnswer, CaptureOrder, CaptureRefused, Captured, Catch, Counters, Event, Fate, Flow,
    Frame, GateSlot, State, Step, Wanted, Watch,
};

use super::{ABANDONED, BATCH, Captures, WAITING};

/// Has packets ready, and remembers whether it is to catch more.
#[derive(Default)]
struct Net {
    on: bool,
    ready: u64,
    lost: u64,
}

impl Kernel for Net {
    fn read(&mut self) -> Result<State, Error> {
        Ok(State::default())
    }

    fn apply(&mut self, _step: &Step) -> Result<(), Error> {
        Ok(())
    }

    fn probe(
        &mut self,
        _gates: &[GateSlot],
        _timeout: Duration,
    ) -> Result<BTreeMap<GateSlot, Echo>, Error> {
        Ok(BTreeMap::new())
    }

    fn expire(&mut self) -> Result<usize, Error> {
        Ok(0)
    }

    fn counters(&mut self, _gates: &[GateSlot]) -> Result<Counters, Error> {
        Ok(Counters::default())
    }

    fn tell(&mut self, _wanted: Wanted) -> Result<(), Error> {
        Ok(())
    }

    fn events(&mut self, _most: usize) -> Result<Vec<Event>, Error> {
        Ok(Vec::new())
    }

    fn flows(&mut self) -> Result<Vec<Flow>, Error> {
        Ok(Vec::new())
    }

    fn capture(&mut self, watch: Option<&Watch>) -> Result<(), Error> {
        if watch.is_some_and(|watch| watch.gates.len() > 1) {
            return Err(Error::NoPackets);
        }
        self.on = watch.is_some();
        Ok(())
    }

    fn captured(&mut self, most: usize) -> Result<Catch, Error> {
        let now = self.ready.min(most as u64);
        self.ready -= now;
        Ok(Catch {
            packets: (0..now).map(packet).collect(),
            lost: self.lost,
            more: self.ready > 0,
        })
    }

    fn is_real(&self) -> bool {
        true
    }
}

fn packet(at_ns: u64) -> Captured {
    Captured {
        at_ns,
        from: None,
        to: None,
        gate: None,
        side: None,
        fate: Fate::Passed,
        verdict: None,
        segments: 1,
        came: Frame {
            length: 60,
            bytes: vec![0; 60],
        },
        went: None,
    }
}

fn start(captures: &mut Captures, net: &mut Net, now: Instant) -> u64 {
    let order = CaptureOrder::Start {
        watch: Watch::default(),
        holder: "ann".into(),
    };
    match captures.serve(net, order, now) {
        Ok(CaptureAnswer::Started { ticket }) => ticket,
        other => panic!("{other:?}"),
    }
}

fn caught(answer: super::Answer) -> Catch {
    match answer {
        Ok(CaptureAnswer::Caught(caught)) => caught,
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_is_caught_is_fetched_and_what_is_left_after_the_end_too() {
    let (mut captures, mut net, now) = (Captures::default(), Net::default(), Instant::now());
    assert!(!captures.is_on());
    let ticket = start(&mut captures, &mut net, now);
    assert!(captures.is_on() && net.on);
    net.ready = BATCH as u64 + 3;
    captures.drain(&mut net, now);
    assert_eq!(net.ready, 0);
    net.lost = 5;
    let stop = captures.serve(&mut net, CaptureOrder::Stop { ticket }, now);
    let first = caught(stop);
    assert!(!net.on);
    assert_eq!(
        (first.packets.len(), first.lost, first.more),
        (BATCH, 5, true)
    );
    let rest = caught(captures.serve(&mut net, CaptureOrder::Poll { ticket }, now));
    assert_eq!((rest.packets.len(), rest.lost, rest.more), (3, 5, false));
    assert!(!captures.is_on());
    let over = captures.serve(&mut net, CaptureOrder::Poll { ticket }, now);
    assert_eq!(over, Err(CaptureRefused::Over));
}

#[test]
fn there_is_one_at_a_time_and_whose_it_is_is_told() {
    let (mut captures, mut net, now) = (Captures::default(), Net::default(), Instant::now());
    let ticket = start(&mut captures, &mut net, now);
    let order = CaptureOrder::Start {
        watch: Watch::default(),
        holder: "bob".into(),
    };
    let busy = CaptureRefused::Busy {
        holder: "ann".into(),
    };
    assert_eq!(captures.serve(&mut net, order, now), Err(busy));
    caught(captures.serve(&mut net, CaptureOrder::Stop { ticket }, now));
    assert_ne!(start(&mut captures, &mut net, now), ticket);
}

#[test]
fn who_does_not_fetch_loses_it() {
    let (mut captures, mut net, begun) = (Captures::default(), Net::default(), Instant::now());
    let ticket = start(&mut captures, &mut net, begun);
    let almost = begun + ABANDONED - Duration::from_millis(1);
    captures.drain(&mut net, almost);
    caught(captures.serve(&mut net, CaptureOrder::Poll { ticket }, almost));
    captures.drain(&mut net, almost + ABANDONED - Duration::from_millis(1));
    assert!(net.on);
    captures.drain(&mut net, almost + ABANDONED);
    assert!(!net.on && !captures.is_on());
    let over = captures.serve(&mut net, CaptureOrder::Poll { ticket }, almost + ABANDONED);
    assert_eq!(over, Err(CaptureRefused::Over));
}

#[test]
fn packets_that_wait_too_long_to_be_fetched_are_counted() {
    let (mut captures, mut net, now) = (Captures::default(), Net::default(), Instant::now());
    let ticket = start(&mut captures, &mut net, now);
    net.ready = WAITING as u64 + 7;
    captures.drain(&mut net, now);
    captures.drain(&mut net, now);
    net.lost = 2;
    let first = caught(captures.serve(&mut net, CaptureOrder::Poll { ticket }, now));
    assert_eq!(
        (first.packets.len(), first.lost, first.more),
        (BATCH, 9, true)
    );
}

#[test]
fn what_the_kernel_cannot_is_told_and_leaves_the_place_free() {
    let (mut captures, mut net, now) = (Captures::default(), Net::default(), Instant::now());
    let order = CaptureOrder::Start {
        watch: Watch {
            gates: vec![GateSlot(1), GateSlot(2)],
            ..Watch::default()
        },
        holder: "ann".into(),
    };
    let refused = captures.serve(&mut net, order, now);
    assert!(
        matches!(refused, Err(CaptureRefused::Unable { .. })),
        "{refused:?}"
    );
    start(&mut captures, &mut net, now);
}

#[test]
fn the_end_of_the_agent_ends_it() {
    let (mut captures, mut net, now) = (Captures::default(), Net::default(), Instant::now());
    start(&mut captures, &mut net, now);
    captures.finish(&mut net, now);
    assert!(!net.on && !captures.is_on());
}
