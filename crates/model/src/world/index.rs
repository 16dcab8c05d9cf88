//! The index: which things have what in common, so that nobody has to scan a table.
//!
//! Each noun says once, in [`Indexed`], whose it is, what it needs, what it mentions, what only
//! it may have and its tags. Look-ups, dependency checks, uniqueness and free slots follow.

use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;
use core::net::Ipv4Addr;

use rpds::{RedBlackTreeMapSync, RedBlackTreeSetSync};

use super::{Kind, Name, World};
use crate::account::AccountId;
use crate::id::{AttachmentId, BalancerId, RuleId, SubnetId, VpcId};
use crate::tag::Tags;

/// What things can have in common.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Facet {
    /// Things of one kind of an account.
    Owner(AccountId, Kind),
    /// Things that cannot be without this one.
    Needs(Name),
    /// Things that name this one, and may outlive it.
    Mentions(Name),
    /// Things on which a report of a host, or time, may have consequences.
    Unsettled,
    /// The thing that has this alone.
    Claims(Claim),
    /// Things of one kind of an account with this tag.
    Tag(AccountId, Kind, String, String),
    /// Things of one kind that everybody may see.
    Public(Kind),
}

/// What only one thing may have.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Claim {
    /// A place in the data plane's tables.
    Slot(Slot, u32),
    /// An address of a subnet.
    Address(SubnetId, Ipv4Addr),
    /// An address of the internet.
    PublicAddress(Ipv4Addr),
    /// A name, one of its kind in an account.
    Name(AccountId, Kind, String),
    /// A name, one of its kind in a VPC.
    NameIn(VpcId, Kind, String),
    /// A listener's port: load balancer, IP protocol, port.
    Port(BalancerId, u8, u16),
    /// A rule of a security group.
    Rule(RuleId),
    /// A binding of a network interface.
    Attachment(AttachmentId),
    /// A part of another thing that only one may play, such as its default or main one.
    Part(Name, &'static str),
}

/// The kinds of places in the data plane's tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Slot {
    /// VPC numbers.
    Vpc,
    /// Workload ENIs.
    Eni,
    /// Endpoint ENIs.
    Gate,
    /// Security groups.
    Group,
    /// Load balancers.
    Balancer,
    /// Target groups.
    TargetGroup,
}

/// A noun that can be found.
pub trait Indexed {
    /// Says what it has in common with others.
    fn index(&self, facets: &mut Facets);

    /// What is wrong with it in this World, beyond names that are not there and claims that
    /// another has too: a fault of ours, in words.
    fn problems(&self, _world: &World, _problems: &mut Vec<String>) {}
}

/// The facets of one thing.
#[derive(Debug)]
pub struct Facets {
    kind: Kind,
    pub(super) list: Vec<Facet>,
}

impl Facets {
    pub(super) fn of(kind: Kind, noun: &impl Indexed) -> Vec<Facet> {
        let mut facets = Self {
            kind,
            list: Vec::new(),
        };
        noun.index(&mut facets);
        facets.list
    }

    /// Whose it is, and its tags.
    pub fn owner(&mut self, owner: AccountId, tags: &Tags) -> &mut Self {
        self.list.push(Facet::Owner(owner, self.kind));
        let tag = |(key, value): (&String, &String)| {
            Facet::Tag(owner, self.kind, key.clone(), value.clone())
        };
        self.list.extend(tags.iter().map(tag));
        self
    }

    /// It cannot be without this thing.
    pub fn needs(&mut self, name: impl Into<Name>) -> &mut Self {
        self.add(Facet::Needs(name.into()))
    }

    /// It cannot be without these.
    pub fn needs_all<N: Into<Name>>(&mut self, names: impl IntoIterator<Item = N>) -> &mut Self {
        for name in names {
            self.needs(name);
        }
        self
    }

    /// It names this thing, and may outlive it.
    pub fn mentions(&mut self, name: impl Into<Name>) -> &mut Self {
        self.add(Facet::Mentions(name.into()))
    }

    /// A report of a host, or time, may have consequences for it.
    pub fn unsettled(&mut self) -> &mut Self {
        self.add(Facet::Unsettled)
    }

    /// Only it may have this.
    pub fn claims(&mut self, claim: Claim) -> &mut Self {
        self.add(Facet::Claims(claim))
    }

    /// Everybody may see it.
    pub fn public(&mut self) -> &mut Self {
        self.add(Facet::Public(self.kind))
    }

    fn add(&mut self, facet: Facet) -> &mut Self {
        // A thing that names another twice is there once.
        if !self.list.contains(&facet) {
            self.list.push(facet);
        }
        self
    }
}

/// Facet → the names of the things that have it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Index {
    facets: RedBlackTreeMapSync<Facet, RedBlackTreeSetSync<Name>>,
    pools: BTreeMap<Slot, Pool>,
}

impl Index {
    /// The names that have a facet, in order.
    pub(super) fn names<'a>(&'a self, facet: &Facet) -> impl Iterator<Item = &'a Name> + use<'a> {
        self.facets.get(facet).into_iter().flatten()
    }

    /// How many have it.
    pub(super) fn count(&self, facet: &Facet) -> usize {
        self.facets.get(facet).map_or(0, RedBlackTreeSetSync::size)
    }

    pub(super) fn add(&mut self, name: &Name, facets: Vec<Facet>) {
        for facet in facets {
            if let Facet::Claims(Claim::Slot(slot, number)) = facet {
                self.pools.entry(slot).or_default().take(number);
            }
            let names = match self.facets.get(&facet) {
                Some(names) => names.insert(name.clone()),
                None => RedBlackTreeSetSync::new_sync().insert(name.clone()),
            };
            self.facets.insert_mut(facet, names);
        }
    }

    pub(super) fn remove(&mut self, name: &Name, facets: Vec<Facet>) {
        for facet in facets {
            let Some(names) = self.facets.get(&facet) else {
                continue;
            };
            let names = names.remove(name);
            if names.is_empty() {
                self.facets.remove_mut(&facet);
                if let Facet::Claims(Claim::Slot(slot, number)) = facet {
                    self.pools.entry(slot).or_default().give_back(number);
                }
            } else {
                self.facets.insert_mut(facet, names);
            }
        }
    }

    /// The lowest number that nobody has; 0 is never given out.
    pub(super) fn free(&self, slot: Slot) -> u32 {
        self.pools.get(&slot).map_or(1, Pool::lowest)
    }

    /// The lowest free numbers.
    pub(super) fn free_many(&self, slot: Slot, count: usize) -> Vec<u32> {
        let empty = Pool::default();
        let pool = self.pools.get(&slot).unwrap_or(&empty);
        let gaps = pool.freed.iter().copied();
        gaps.chain(pool.next..).take(count).collect()
    }

    /// The highest number that somebody has, or 0.
    pub(super) fn highest(&self, slot: Slot) -> u32 {
        self.pools.get(&slot).map_or(0, |pool| pool.next - 1)
    }
}

/// Numbers from 1 on: all below `next` are taken, but for those in `freed`.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Pool {
    next: u32,
    freed: RedBlackTreeSetSync<u32>,
}

impl Default for Pool {
    fn default() -> Self {
        Self {
            next: 1,
            freed: RedBlackTreeSetSync::new_sync(),
        }
    }
}

impl Pool {
    fn lowest(&self) -> u32 {
        self.freed.first().copied().unwrap_or(self.next)
    }

    fn take(&mut self, number: u32) {
        // Slots are handed out from the lowest on: the gap is short.
        while self.next <= number {
            self.freed.insert_mut(self.next);
            self.next += 1;
        }
        self.freed.remove_mut(&number);
    }

    fn give_back(&mut self, number: u32) {
        self.freed.insert_mut(number);
        // So that the same numbers taken always make the same pool.
        while self.next > 1 && self.freed.contains(&(self.next - 1)) {
            self.next -= 1;
            self.freed.remove_mut(&self.next);
        }
    }
}

#[cfg(test)]
mod tests {
    use alloc::collections::BTreeSet;
    use alloc::vec::Vec;

    use proptest::prelude::*;

    use super::Pool;

    proptest! {
        #[test]
        fn a_pool_gives_the_lowest_free_number(steps in proptest::collection::vec((any::<bool>(), 1u32..40), 0..60)) {
            let (mut pool, mut taken) = (Pool::default(), BTreeSet::new());
            for (take, number) in steps {
                if take {
                    pool.take(number);
                    taken.insert(number);
                } else if taken.remove(&number) {
                    pool.give_back(number);
                }
                let lowest = (1..).find(|number| !taken.contains(number)).unwrap();
                prop_assert_eq!(pool.lowest(), lowest);
            }
            let mut again = Pool::default();
            let numbers: Vec<u32> = taken.into_iter().collect();
            for number in numbers.into_iter().rev() {
                again.take(number);
            }
            prop_assert_eq!(pool, again);
        }
    }
}
