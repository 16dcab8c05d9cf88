//! Over a kernel that loses what it is told to lose.

use std::collections::BTreeMap;
use std::time::Duration;

use dataplane::{Echo, Error, Kernel};
use model::host::{
    Catch, Counters, EniCounters, EniSlot, Event, Flow, GateSlot, State, Step, Wanted, Watch,
};

use super::Reader;

#[derive(Default)]
struct Lossy {
    lost: u64,
    told: Vec<Wanted>,
}

impl Kernel for Lossy {
    fn read(&mut self) -> Result<State, Error> {
        Ok(State::default())
    }

    fn apply(&mut self, _: &Step) -> Result<(), Error> {
        Ok(())
    }

    fn probe(&mut self, _: &[GateSlot], _: Duration) -> Result<BTreeMap<GateSlot, Echo>, Error> {
        Ok(BTreeMap::new())
    }

    fn expire(&mut self) -> Result<usize, Error> {
        Ok(0)
    }

    fn counters(&mut self, _: &[GateSlot]) -> Result<Counters, Error> {
        let eni = EniCounters {
            events_lost: self.lost,
            ..EniCounters::default()
        };
        Ok(Counters {
            enis: [(EniSlot(1), eni)].into(),
            gates: BTreeMap::new(),
        })
    }

    fn tell(&mut self, wanted: Wanted) -> Result<(), Error> {
        self.told.push(wanted);
        Ok(())
    }

    fn events(&mut self, _: usize) -> Result<Vec<Event>, Error> {
        Ok(Vec::new())
    }

    fn flows(&mut self) -> Result<Vec<Flow>, Error> {
        Ok(Vec::new())
    }

    fn capture(&mut self, _: Option<&Watch>) -> Result<(), Error> {
        Ok(())
    }

    fn captured(&mut self, _: usize) -> Result<Catch, Error> {
        Ok(Catch::default())
    }

    fn is_real(&self) -> bool {
        true
    }
}

const REFUSED: Wanted = Wanted {
    refused: true,
    opened: false,
    ended: false,
};

#[test]
fn windows_follow_each_other_and_say_what_was_lost_in_them() {
    let mut kernel = Lossy {
        lost: 7,
        ..Lossy::default()
    };
    let mut reader = Reader::default();
    let mut read = |kernel: &mut Lossy, now| {
        let told = reader.read(kernel, REFUSED, now).unwrap();
        let lost: u64 = told.lost.values().sum();
        (told.from_ms, told.to_ms, lost)
    };
    // Lost before anybody read.
    assert_eq!(read(&mut kernel, 100), (100, 100, 0));
    kernel.lost = 10;
    assert_eq!(read(&mut kernel, 200), (100, 200, 3));
    assert_eq!(read(&mut kernel, 300), (200, 300, 0));
    // The slot's next owner.
    kernel.lost = 2;
    assert_eq!(read(&mut kernel, 400), (300, 400, 2));
}

#[test]
fn what_is_listened_for_is_told_to_the_kernel_once_and_holds_from_the_next_window() {
    let mut kernel = Lossy::default();
    let mut reader = Reader::default();
    let all = Wanted {
        opened: true,
        ended: true,
        ..REFUSED
    };
    for (wanted, listened) in [
        (REFUSED, Wanted::default()),
        (REFUSED, REFUSED),
        (all, REFUSED),
        (all, all),
    ] {
        let told = reader.read(&mut kernel, wanted, 1).unwrap();
        assert_eq!(told.wanted, listened);
    }
    assert_eq!(kernel.told, [REFUSED, all]);
}
