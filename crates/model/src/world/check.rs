//! Invariants of the World. A commit that would break one is refused: it is a fault of ours,
//! never of a caller, because handlers check first and say it in the caller's words.

use alloc::collections::BTreeSet;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::{Change, Facet, Name, Slot, World};
use crate::host::{MAX_SLOTS, MAX_TARGETS};

impl World {
    /// Every broken invariant, in words; empty when all hold.
    pub fn check(&self) -> Vec<String> {
        let mut problems = Vec::new();
        for name in self.names() {
            self.check_one(&name, &mut problems);
        }
        problems
    }

    /// The invariants that these changes, which made this World, can have broken: the cost is
    /// that of the changes, not that of the World.
    pub fn check_changes(&self, changes: &[Change]) -> Vec<String> {
        let mut problems = Vec::new();
        for name in changes.iter().map(Change::name).collect::<BTreeSet<_>>() {
            if self.has(&name) {
                self.check_one(&name, &mut problems);
                continue;
            }
            let path = name.path();
            for left in self.index.names(&Facet::Needs(name)) {
                problems.push(format!("{} names {path}, which is not there", left.path()));
            }
        }
        problems
    }

    fn check_one(&self, name: &Name, problems: &mut Vec<String>) {
        for facet in self.look_at(name, problems) {
            match &facet {
                Facet::Needs(other) if !self.has(other) => problems.push(format!(
                    "{} names {}, which is not there",
                    name.path(),
                    other.path()
                )),
                Facet::Claims(claim) if self.index.count(&facet) > 1 => {
                    let others = self.index.names(&facet).filter(|it| *it != name);
                    let others: Vec<String> = others.map(Name::path).collect();
                    problems.push(format!(
                        "{} and {} have the same {claim:?}",
                        name.path(),
                        others.join(", ")
                    ));
                }
                Facet::Needs(_)
                | Facet::Claims(_)
                | Facet::Owner(..)
                | Facet::Mentions(_)
                | Facet::Unsettled
                | Facet::Tag(..)
                | Facet::Public(_) => {}
            }
        }
    }

    /// What a host's tables could not hold, if there is more of it than they can; such a World
    /// must not be committed where there is a data plane, because its document could never be
    /// realised.
    pub fn over_capacity(&self) -> Option<&'static str> {
        let full = |slot| self.index.highest(slot) >= MAX_SLOTS;
        let listeners = self.listeners.values();
        let doors = listeners.map(|listener| listener.protocol.numbers().len());
        let targets = self.target_groups.values().map(|group| group.targets.len());
        if full(Slot::Eni) {
            Some("network interfaces")
        } else if full(Slot::Gate) {
            Some("endpoint interfaces")
        } else if full(Slot::Group) {
            Some("security groups")
        } else if doors.sum::<usize>() > MAX_SLOTS as usize {
            Some("listeners")
        } else if targets.sum::<usize>() > MAX_TARGETS {
            Some("targets")
        } else {
            None
        }
    }
}
