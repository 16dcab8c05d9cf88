//! VPC peering connections: packets may pass between two VPCs whose addresses do not overlap,
//! once the owner of the second has agreed. Routes lead through them.

mod life;

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use ipnet::Ipv4Net;
use serde::{Deserialize, Serialize};

use crate::account::AccountId;
use crate::id::{PeeringId, VpcId};
use crate::tag::Tags;
use crate::time::Millis;
use crate::world::{Claim, Facets, Indexed, Kind, Name, World};

pub use life::{EVENTS, Event, Refused, STATES, State, UNANSWERED};

const HOUR: i64 = 60 * 60 * 1_000;
/// How long its end is shown to whom it is no news.
const KNOWN: i64 = 2 * HOUR;
/// How long its end is shown to whom it is.
const NEWS: i64 = 48 * HOUR;

/// A way between two VPCs, or the wish for one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Peering {
    /// Its id.
    pub id: PeeringId,
    /// Who asked.
    pub requester: Side,
    /// Who was asked.
    pub accepter: Side,
    /// Where its life stands.
    pub state: State,
    /// Who rejected or deleted it.
    pub ended_by: Option<AccountId>,
    /// When it was asked for.
    pub created: Millis,
    /// Since when it is in this state.
    pub since: Millis,
    /// The requester's tags.
    pub tags: Tags,
    /// The accepter's, when that is another account.
    pub accepter_tags: Tags,
}

/// One of the two.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Side {
    /// Whose VPC.
    pub owner: AccountId,
    /// The VPC.
    pub vpc: VpcId,
    /// Its addresses; none of a VPC that was not there.
    pub cidr: Option<Ipv4Net>,
}

impl Side {
    /// Whether the two have addresses, and none in common.
    fn fits(&self, other: &Self) -> bool {
        match (self.cidr, other.cidr) {
            (Some(one), Some(two)) => !one.contains(&two) && !two.contains(&one),
            _ => false,
        }
    }
}

impl Peering {
    /// What one VPC's owner asks of another's.
    pub fn new(id: PeeringId, requester: Side, accepter: Side, now: Millis, tags: Tags) -> Self {
        Self {
            id,
            requester,
            accepter,
            state: State::InitiatingRequest,
            ended_by: None,
            created: now,
            since: now,
            tags,
            accepter_tags: Tags::new(),
        }
    }

    /// Moves on; `by` is who wants it, if somebody does.
    pub fn on(&mut self, event: Event, by: Option<AccountId>, now: Millis) -> Result<(), Refused> {
        let next = self.state.on(event)?;
        if matches!(event, Event::Reject | Event::Delete) {
            self.ended_by = by;
        }
        if next != self.state {
            self.since = now;
        }
        self.state = next;
        Ok(())
    }

    /// Brings a new request to who is asked, unless the two can never be peers.
    pub fn send(&mut self, now: Millis) -> Result<(), Refused> {
        let fits = self.requester.fits(&self.accepter);
        let event = if fits { Event::Sent } else { Event::Fail };
        self.on(event, None, now)
    }

    /// Whether this account has a part in it.
    pub fn is_of(&self, account: AccountId) -> bool {
        self.requester.owner == account || self.accepter.owner == account
    }

    /// Whether this VPC is one of the two.
    pub fn joins(&self, vpc: VpcId) -> bool {
        self.requester.vpc == vpc || self.accepter.vpc == vpc
    }

    /// The side that this VPC can reach through it.
    pub fn beyond(&self, vpc: VpcId) -> Option<&Side> {
        if self.requester.vpc == vpc {
            Some(&self.accepter)
        } else if self.accepter.vpc == vpc {
            Some(&self.requester)
        } else {
            None
        }
    }

    /// Whether both sides are the same account's.
    fn is_within_one_account(&self) -> bool {
        self.requester.owner == self.accepter.owner
    }

    /// The tags that an account has given it.
    pub fn tags_of(&self, account: AccountId) -> &Tags {
        if self.requester.owner == account {
            &self.tags
        } else {
            &self.accepter_tags
        }
    }

    /// The same, to change them.
    pub fn tags_of_mut(&mut self, account: AccountId) -> &mut Tags {
        if self.requester.owner == account {
            &mut self.tags
        } else {
            &mut self.accepter_tags
        }
    }

    /// When a request that nobody answers expires.
    pub fn deadline(&self) -> Option<Millis> {
        (self.state == State::PendingAcceptance)
            .then(|| Millis(self.created.0.saturating_add(UNANSWERED.0)))
    }

    /// Until when an account may see it; `None` while nothing has ended. AWS shows an end longer
    /// to whoever did not bring it about.
    fn shown_until(&self, account: AccountId) -> Option<Millis> {
        let long = match self.state {
            State::InitiatingRequest
            | State::PendingAcceptance
            | State::Provisioning
            | State::Active
            | State::Deleting => return None,
            // Nobody else was told.
            State::Failed if account != self.requester.owner => return Some(self.since),
            State::Failed => false,
            State::Expired => true,
            State::Rejected | State::Deleted => {
                !self.is_within_one_account() && self.ended_by != Some(account)
            }
        };
        let shown = if long { NEWS } else { KNOWN };
        Some(Millis(self.since.0.saturating_add(shown)))
    }

    /// Whether an account sees it at this time.
    pub fn is_visible_to(&self, account: AccountId, now: Millis) -> bool {
        let shown = || self.shown_until(account).is_none_or(|until| now < until);
        self.is_of(account) && shown()
    }

    /// From when on nobody sees it any more.
    pub fn forgotten_at(&self) -> Option<Millis> {
        let requester = self.shown_until(self.requester.owner)?;
        let accepter = self.shown_until(self.accepter.owner)?;
        Some(requester.max(accepter))
    }

    /// What two VPCs with a way between them claim, in either order.
    pub(crate) fn way(one: VpcId, two: VpcId) -> Claim {
        let (one, two) = (one.min(two), one.max(two));
        Claim::NameIn(one, Kind::Peering, format!("way to {two}"))
    }

    /// What a request from one VPC to another claims for as long as something may come of it.
    pub(crate) fn request(from: VpcId, to: VpcId) -> Claim {
        Claim::NameIn(from, Kind::Peering, format!("request to {to}"))
    }
}

impl Indexed for Peering {
    fn index(&self, facets: &mut Facets) {
        let (requester, accepter) = (&self.requester, &self.accepter);
        facets.owner(requester.owner, &self.tags);
        // Who never was asked has no part in it.
        if !self.is_within_one_account() && self.state != State::Failed {
            facets.owner(accepter.owner, &self.accepter_tags);
        }
        for side in [requester, accepter] {
            facets.mentions(side.vpc);
            // It ends with either VPC.
            if self.state.is_live() {
                facets.needs(side.vpc);
            }
        }
        if self.state.is_live() {
            facets.claims(Self::request(requester.vpc, accepter.vpc));
        }
        if self.state.is_way() {
            facets.claims(Self::way(requester.vpc, accepter.vpc));
        }
        if self.deadline().is_some() || self.forgotten_at().is_some() {
            facets.unsettled();
        }
    }

    fn problems(&self, world: &World, problems: &mut Vec<String>) {
        let id = self.id;
        if !self.state.is_live() {
            return;
        }
        for side in [&self.requester, &self.accepter] {
            let vpc = world.vpcs.get(&side.vpc);
            if vpc.is_some_and(|vpc| vpc.owner != side.owner || Some(vpc.cidr) != side.cidr) {
                let path = Name::Vpc(side.vpc).path();
                problems.push(format!("{id} knows {path} as what it is not"));
            }
        }
        if !self.requester.fits(&self.accepter) {
            problems.push(format!("{id} is between addresses that overlap"));
        }
    }
}

#[cfg(test)]
mod tests;
