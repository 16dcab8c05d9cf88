//! Endpoints: a consumer's doors to services. Their life is in [`life`].

mod life;
mod service;

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use crate::account::AccountId;
use crate::id::{EndpointId, InterfaceId, SecurityGroupId, ServiceId, VpcId};
use crate::tag::Tags;
use crate::time::Millis;
use crate::world::{Claim, Facets, Indexed, Kind, World};

pub use life::{Admission, EVENTS, Effect, Event, Refused, STATES, State, Step, UNANSWERED};
pub use service::{Managed, Service};

/// A consumer's door to a service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Endpoint {
    /// Its id.
    pub id: EndpointId,
    /// Whose: the consumer.
    pub owner: AccountId,
    /// In which VPC.
    pub vpc: VpcId,
    /// To which service. One to an AWS-managed service is a gateway: a route to it in route
    /// tables (which know it), no ENIs.
    pub service: Service,
    /// Where its life stands.
    pub state: State,
    /// One ENI a zone, in the order of the subnets given.
    pub interfaces: Vec<InterfaceId>,
    /// The security groups of its ENIs.
    pub groups: Vec<SecurityGroupId>,
    /// The random part of its DNS names, 8 characters.
    pub dns_suffix: String,
    /// Which records its DNS names have.
    #[serde(default)]
    pub dns_records: DnsRecords,
    /// The service's private name, which leads to it in its VPC; none when it is not wanted.
    #[serde(default)]
    pub private_name: Option<String>,
    /// Its policy as it was given; without one, all is allowed.
    #[serde(default)]
    pub policy: Option<String>,
    /// The log's revision at which it was last opened (never 0); flows admitted under another
    /// number are cut. 0 while it is closed.
    pub opened: u32,
    /// The log's revision of the last change of state: hosts that have realised it act on it.
    pub changed_at: u64,
    /// How long its making took, by phase.
    pub provisioning: Provisioning,
    /// Tags.
    pub tags: Tags,
    /// The provider's tags of the connection.
    #[serde(default)]
    pub connection_tags: Tags,
}

/// Which records the DNS names of an endpoint have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum DnsRecords {
    /// A.
    #[default]
    Ipv4,
    /// What the service has.
    ServiceDefined,
}

/// When each phase of an endpoint's making ended (SLI M7).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Provisioning {
    /// The consumer asked.
    pub requested: Millis,
    /// The provider (or its settings) accepted.
    pub accepted: Option<Millis>,
    /// A probe had crossed the path.
    pub available: Option<Millis>,
}

impl Endpoint {
    /// Begins its life. `revision` is the log's at which this is written, `now` the time.
    pub fn begin(&mut self, admission: Admission, revision: u64, now: Millis) -> &'static [Effect] {
        self.changed_at = revision;
        self.take(admission.begin(), revision, now)
    }

    /// Moves on; the effects are what others have to do.
    pub fn on(
        &mut self,
        event: Event,
        revision: u64,
        now: Millis,
    ) -> Result<&'static [Effect], Refused> {
        let step = self.state.on(event)?;
        Ok(self.take(step, revision, now))
    }

    fn take(&mut self, step: Step, revision: u64, now: Millis) -> &'static [Effect] {
        if step.to != self.state {
            self.changed_at = revision;
        }
        self.state = step.to;
        for effect in step.effects {
            match effect {
                Effect::Open => {
                    self.open(revision);
                    self.provisioning.accepted = Some(now);
                    self.provisioning.available = None;
                }
                Effect::Close => self.opened = 0,
                Effect::Notify(_) | Effect::Forget => {}
            }
        }
        if self.state == State::Available && self.provisioning.available.is_none() {
            self.provisioning.available = Some(now);
        }
        step.effects
    }

    /// Gives the flows of this opening their number.
    pub fn open(&mut self, revision: u64) {
        // The low half is enough to tell an opening from the one before it.
        self.opened = u32::try_from(revision % u64::from(u32::MAX)).unwrap_or(0) + 1;
    }

    /// When time itself will be an event, [`Event::Expire`], if nothing else happens.
    pub fn deadline(&self) -> Option<Millis> {
        let end = self.provisioning.requested.0.saturating_add(UNANSWERED.0);
        (self.state == State::PendingAcceptance).then_some(Millis(end))
    }

    /// Whether it is a gateway: a route instead of ENIs.
    pub fn is_gateway(&self) -> bool {
        self.service.managed().is_some()
    }

    /// The provider's service, unless an AWS-managed one.
    pub fn provider(&self) -> Option<ServiceId> {
        match self.service {
            Service::Private(id) => Some(id),
            Service::Managed(_) => None,
        }
    }
}

impl Indexed for Endpoint {
    fn index(&self, facets: &mut Facets) {
        facets
            .owner(self.owner, &self.tags)
            .needs(self.vpc)
            .needs_all(&self.interfaces)
            .needs_all(&self.groups);
        if let Some(service) = self.provider() {
            facets.mentions(service);
        }
        match self.state {
            State::PendingAcceptance | State::Pending | State::Deleting => {
                facets.unsettled();
            }
            State::Available
            | State::Rejected
            | State::Failed
            | State::Expired
            | State::Partial
            | State::Deleted => {}
        }
        // What goes away holds no name.
        if let Some(name) = &self.private_name
            && self.state != State::Deleting
        {
            facets.claims(Claim::NameIn(self.vpc, Kind::Endpoint, name.clone()));
        }
    }

    fn problems(&self, world: &World, problems: &mut Vec<String>) {
        let id = self.id;
        if (self.opened != 0) != self.state.is_open() {
            problems.push(format!("{id} is half open"));
        }
        if self.state == State::Deleted {
            problems.push(format!("{id} is gone and still there"));
        }
        match self.provider() {
            Some(service) if self.state.is_open() && !world.services.contains_key(&service) => {
                problems.push(format!("{id} leads to no service"));
            }
            None if !self.interfaces.is_empty() || !self.groups.is_empty() => {
                problems.push(format!("{id} is a gateway and has ENIs"));
            }
            Some(_) | None => {}
        }
    }
}

#[cfg(test)]
mod tests;
