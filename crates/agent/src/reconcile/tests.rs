//! The loop over a kernel that remembers, and over one that fails.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::time::Duration;

use dataplane::{Echo, Error, Fake, Kernel};
use model::host::{
    Address, Attachment, BalancerSlot, Catch, Counters, Document, EniSlot, Event, Flow, Gate,
    GateSlot, Group, GroupSlot, Interface, Place, State, Step, VpcNumber, Wanted, Watch,
};
use model::net::Mac;

use super::Reconciler;

/// Fails every step of one kind, and answers no probe, while told to.
#[derive(Default)]
struct Flaky {
    inner: Fake,
    broken: bool,
    reads: u32,
}

impl Kernel for &mut Flaky {
    fn read(&mut self) -> Result<State, Error> {
        self.reads += 1;
        self.inner.read()
    }

    fn apply(&mut self, step: &Step) -> Result<(), Error> {
        if let Step::Attach(_, interface) = step
            && interface.attachment.namespace == "/gone"
        {
            return Err(Error::NotRoot);
        }
        if self.broken && matches!(step, Step::PutGroup(..)) {
            return Err(Error::NotRoot);
        }
        self.inner.apply(step)
    }

    fn probe(
        &mut self,
        gates: &[GateSlot],
        timeout: Duration,
    ) -> Result<BTreeMap<GateSlot, Echo>, Error> {
        if self.broken {
            return Ok(BTreeMap::new());
        }
        self.inner.probe(gates, timeout)
    }

    fn expire(&mut self) -> Result<usize, Error> {
        self.inner.expire()
    }

    fn counters(&mut self, gates: &[GateSlot]) -> Result<Counters, Error> {
        self.inner.counters(gates)
    }

    fn tell(&mut self, wanted: Wanted) -> Result<(), Error> {
        self.inner.tell(wanted)
    }

    fn events(&mut self, most: usize) -> Result<Vec<Event>, Error> {
        self.inner.events(most)
    }

    fn flows(&mut self) -> Result<Vec<Flow>, Error> {
        self.inner.flows()
    }

    fn capture(&mut self, watch: Option<&Watch>) -> Result<(), Error> {
        self.inner.capture(watch)
    }

    fn captured(&mut self, most: usize) -> Result<Catch, Error> {
        self.inner.captured(most)
    }

    fn is_real(&self) -> bool {
        true
    }
}

fn document(generation: u64, gate: u32) -> Document {
    let address = |vpc, last| Address {
        vpc: VpcNumber(vpc),
        ip: Ipv4Addr::new(10, 0, 0, last).into(),
    };
    let mut document = Document {
        generation,
        ..Document::default()
    };
    document
        .tables
        .groups
        .insert(GroupSlot(1), Group::default());
    document.tables.gates.insert(
        GateSlot(1),
        Gate {
            generation: gate,
            address: address(1, 5),
            groups: vec![GroupSlot(1)],
            balancer: BalancerSlot(1),
            balancer_address: address(2, 6),
            place: Place::default(),
            balancer_place: Place::default(),
            balancer_groups: Vec::new(),
            balancer_enforces: false,
        },
    );
    document
}

#[test]
fn a_document_is_realised_and_its_gates_probed() {
    let mut kernel = Flaky::default();
    let report = Reconciler::new(&mut kernel).pass(&document(4, 9), 1_000);
    assert_eq!((report.realised, report.tried), (4, 4));
    assert_eq!(report.gates[&GateSlot(1)].generation, 9);
    assert_eq!(report.failures, Vec::<String>::new());
    assert_eq!(kernel.inner.state.tables, document(4, 9).tables);
}

#[test]
fn a_closed_gate_is_never_reported_as_probed() {
    let mut kernel = Flaky::default();
    let mut reconciler = Reconciler::new(&mut kernel);
    reconciler.pass(&document(4, 9), 1_000);
    let report = reconciler.pass(&document(5, 0), 1_001);
    assert_eq!(report.realised, 5);
    assert!(report.gates.is_empty());
}

#[test]
fn a_failing_step_is_reported_and_tried_again_while_others_go_on() {
    let mut kernel = Flaky {
        broken: true,
        ..Flaky::default()
    };
    let report = Reconciler::new(&mut kernel).pass(&document(4, 9), 1_000);
    assert_eq!((report.realised, report.tried), (0, 4));
    assert_eq!(report.failures.len(), 2, "{:?}", report.failures);
    assert!(report.gates.is_empty());
    assert!(kernel.inner.state.tables.gates.contains_key(&GateSlot(1)));
    kernel.broken = false;
    let report = Reconciler::new(&mut kernel).pass(&document(4, 9), 1_001);
    assert_eq!(report.realised, 4);
}

#[test]
fn the_kernel_is_read_again_after_a_failure_or_on_distrust_only() {
    let mut kernel = Flaky::default();
    let mut reconciler = Reconciler::new(&mut kernel);
    for now in 0..5 {
        reconciler.pass(&document(4, 9), now);
    }
    reconciler.distrust();
    reconciler.pass(&document(4, 9), 9);
    drop(reconciler);
    assert_eq!(kernel.reads, 2);
}

#[test]
fn what_was_lost_in_the_kernel_is_put_back() {
    let mut kernel = Flaky::default();
    Reconciler::new(&mut kernel).pass(&document(4, 9), 1);
    kernel.inner.state = State::default();
    Reconciler::new(&mut kernel).pass(&document(4, 9), 2);
    assert_eq!(kernel.inner.state.tables, document(4, 9).tables);
}

#[test]
fn an_eni_that_cannot_be_attached_holds_nobody_up() {
    let mut wanted = document(4, 9);
    for (slot, namespace) in [(1, "/gone"), (2, "/there")] {
        let interface = Interface {
            address: wanted.tables.gates[&GateSlot(1)].address,
            more: Vec::new(),
            source_check: true,
            place: Place::default(),
            prefix: 24,
            gateway: Ipv4Addr::LOCALHOST,
            resolver: Ipv4Addr::LOCALHOST,
            mac: Mac([2; 6]),
            mtu: 8_500,
            groups: Vec::new(),
            link: format!("gnl{slot}"),
            attachment: Attachment {
                namespace: namespace.into(),
                device: "eth0".into(),
            },
        };
        wanted.interfaces.insert(EniSlot(slot), interface);
    }
    let mut kernel = Flaky::default();
    let report = Reconciler::new(&mut kernel).pass(&wanted, 1);
    assert_eq!(report.realised, 4);
    assert_eq!(report.gates[&GateSlot(1)].generation, 9);
    assert!(!report.interfaces[&EniSlot(1)].attached);
    assert!(report.interfaces[&EniSlot(1)].problem.is_some());
    assert!(report.interfaces[&EniSlot(2)].attached);
    assert_eq!(report.failures.len(), 1);
}

#[test]
fn without_packets_a_document_that_is_realised_needs_no_pass() {
    let document = Document {
        generation: 7,
        ..Document::default()
    };
    let mut reconciler = Reconciler::new(Fake::default());
    assert!(!reconciler.is_idle(&document));
    reconciler.pass(&document, 0);
    assert!(reconciler.is_idle(&document));
    let next = Document {
        generation: 8,
        ..Document::default()
    };
    assert!(!reconciler.is_idle(&next));
    reconciler.distrust();
    assert!(!reconciler.is_idle(&document));
}
