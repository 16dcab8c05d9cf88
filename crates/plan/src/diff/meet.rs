//! What two versions of a thing both let pass, or less of it.

use alloc::vec::Vec;

use model::host::{
    Acl, AclKey, BalancerSlot, Entry, Gate, Group, Interface, MAX_ENTRIES_PER_ACL, Nat, NextHop,
    Place, RouteTableKey, Target,
};

/// A thing of which two versions have something in common.
pub(super) trait Meet {
    /// Lets pass nothing that one of both refuses.
    fn meet(&self, new: &Self) -> Self;
}

/// What is in both lists, in the new one's order: where any entry of a list may let pass, and
/// for the groups that somebody carries.
fn both<T: Clone + PartialEq>(old: &[T], new: &[T]) -> Vec<T> {
    let kept = new.iter().filter(|item| old.contains(item));
    kept.cloned().collect()
}

impl Meet for Group {
    fn meet(&self, new: &Self) -> Self {
        Self {
            ingress: both(&self.ingress, &new.ingress),
            egress: both(&self.egress, &new.egress),
        }
    }
}

impl Meet for Acl {
    fn meet(&self, new: &Self) -> Self {
        Self {
            ingress: entries(&self.ingress, &new.ingress),
            egress: entries(&self.egress, &new.egress),
        }
    }
}

/// Every refusal of both lists, and the permissions that are in both. A packet whose first match
/// here is a permission meets no refusal before it in either list: both let it pass. Without
/// the end of a list that is too long, fewer pass.
fn entries(old: &[Entry], new: &[Entry]) -> Vec<Entry> {
    let in_new = |entry: &&Entry| !entry.allow || new.contains(entry);
    let mut entries: Vec<Entry> = old.iter().filter(in_new).copied().collect();
    let more = new.iter().filter(|entry| !entry.allow);
    let more = more.filter(|entry| !old.contains(entry));
    entries.extend(more);
    // Of two entries with one number the refusal goes first.
    entries.sort_by_key(|entry| (entry.number, entry.allow));
    entries.truncate(MAX_ENTRIES_PER_ACL);
    entries
}

impl Meet for NextHop {
    fn meet(&self, new: &Self) -> Self {
        if self == new { *self } else { Self::Blackhole }
    }
}

/// A key of nothing refuses.
impl Meet for Place {
    fn meet(&self, new: &Self) -> Self {
        Self {
            subnet: new.subnet,
            routes: if self.routes == new.routes {
                new.routes
            } else {
                RouteTableKey::default()
            },
            acl: if self.acl == new.acl {
                new.acl
            } else {
                AclKey::default()
            },
        }
    }
}

/// Of one that keeps its addresses.
impl Meet for Nat {
    fn meet(&self, new: &Self) -> Self {
        Self {
            place: self.place.meet(&new.place),
            ..*new
        }
    }
}

impl Meet for Vec<Target> {
    fn meet(&self, new: &Self) -> Self {
        both(self, new)
    }
}

/// Of one that keeps its link and primary address.
impl Meet for Interface {
    fn meet(&self, new: &Self) -> Self {
        Self {
            more: both(&self.more, &new.more),
            source_check: self.source_check || new.source_check,
            place: self.place.meet(&new.place),
            groups: both(&self.groups, &new.groups),
            ..new.clone()
        }
    }
}

/// Of one that keeps its address.
impl Meet for Gate {
    fn meet(&self, new: &Self) -> Self {
        let same_way = self.balancer == new.balancer
            && self.balancer_address == new.balancer_address
            && self.balancer_place.subnet == new.balancer_place.subnet;
        Self {
            generation: if self.generation == new.generation {
                new.generation
            } else {
                0
            },
            place: self.place.meet(&new.place),
            groups: both(&self.groups, &new.groups),
            // Nobody listens there: a new flow is refused, an old one goes on.
            balancer: if same_way {
                new.balancer
            } else {
                BalancerSlot(0)
            },
            balancer_place: self.balancer_place.meet(&new.balancer_place),
            balancer_groups: both(&self.balancer_groups, &new.balancer_groups),
            balancer_enforces: self.balancer_enforces || new.balancer_enforces,
            ..new.clone()
        }
    }
}
