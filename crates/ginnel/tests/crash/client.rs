//! A client: its account, its book of what must be there, and its choices.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use aws::Service;
use rand::SeedableRng as _;
use rand::rngs::StdRng;
use testbed::eventually;

use crate::account::{Things, look, owned};
use crate::caller::{Answer, Caller};
use crate::deed::{Deed, Planner};

/// Deletions are finished by then.
const PATIENCE: Duration = Duration::from_secs(10);

/// A call that was answered.
pub(crate) struct Done {
    pub(crate) request: String,
    pub(crate) action: &'static str,
}

/// A call that was not, and what the account showed later.
pub(crate) struct Doubt {
    pub(crate) action: &'static str,
    /// Nothing when there is no telling: it would have changed nothing.
    pub(crate) applied: Option<bool>,
}

/// See the head of this file.
pub(crate) struct Client {
    caller: Caller,
    book: Things,
    planner: Planner,
    open: Option<Deed>,
    /// The account's id.
    pub(crate) account: String,
    /// All acknowledged calls.
    pub(crate) done: Vec<Done>,
    /// All calls that were in doubt.
    pub(crate) doubts: Vec<Doubt>,
}

impl Client {
    /// A client with a VPC, a subnet in each zone and an endpoint service there.
    pub(crate) fn new(who: &testbed::ginnel::Credentials, seed: u64) -> Self {
        let caller = Caller::new(who);
        let identity = caller.must(Service::Sts, "GetCallerIdentity", &[]);
        let mut client = Self {
            account: identity.find("Account").unwrap().to_owned(),
            caller,
            book: Things::new(),
            planner: Planner::new(StdRng::seed_from_u64(seed)),
            open: None,
            done: Vec::new(),
            doubts: Vec::new(),
        };
        let vpc = client.set_up(
            Service::Ec2,
            "CreateVpc",
            &[("CidrBlock", "10.0.0.0/16")],
            "vpcId",
        );
        let mut subnets = Vec::new();
        for (at, zone) in ["a", "b", "c"].into_iter().enumerate() {
            let zone = format!("{}{zone}", client.caller.region());
            let cidr = format!("10.0.{at}.0/24");
            let parameters = [
                ("VpcId", vpc.as_str()),
                ("CidrBlock", &cidr),
                ("AvailabilityZone", &zone),
            ];
            subnets.push(client.set_up(Service::Ec2, "CreateSubnet", &parameters, "subnetId"));
        }
        let balancer = client.set_up(
            Service::Elbv2,
            "CreateLoadBalancer",
            &[
                ("Name", "lb"),
                ("Type", "network"),
                ("Scheme", "internal"),
                ("Subnets.member.1", &subnets[0]),
                ("Subnets.member.2", &subnets[1]),
                ("Subnets.member.3", &subnets[2]),
            ],
            "LoadBalancerArn",
        );
        let service = client.set_up(
            Service::Ec2,
            "CreateVpcEndpointServiceConfiguration",
            &[
                ("NetworkLoadBalancerArn.1", &balancer),
                ("AcceptanceRequired", "false"),
            ],
            "serviceId",
        );
        client.book = look(&client.caller).unwrap();
        let fixed: BTreeSet<String> = client.book.keys().cloned().collect();
        assert_eq!(fixed.len(), 5, "{:?}", client.book);
        let name = format!("com.amazonaws.vpce.{}.{service}", client.caller.region());
        client.planner.settle_in(fixed, name);
        client
    }

    fn set_up(
        &mut self,
        service: Service,
        action: &'static str,
        parameters: &[(&str, &str)],
        id: &str,
    ) -> String {
        let parameters: Vec<_> = parameters.iter().copied().map(owned).collect();
        match self.caller.call(service, action, &parameters) {
            Answer::Done { request, body } => {
                self.done.push(Done { request, action });
                body.find(id).unwrap().to_owned()
            }
            other => panic!("{action}: {other:?}"),
        }
    }

    /// Writes, and counts the answers, until there is none, which only a killed daemon may do.
    pub(crate) fn work(&mut self, killed: &AtomicBool, answered: &AtomicU64) {
        loop {
            let deed = self.planner.plan(&self.book);
            let action = deed.action;
            match self.caller.call(Service::Ec2, action, &deed.parameters) {
                Answer::Done { request, body } => {
                    let failed = body.find("unsuccessful").unwrap_or_default();
                    assert_eq!(failed, "", "{deed:?}: {body:?}");
                    let id = deed.made(&body);
                    deed.apply(&mut self.book, id.as_deref());
                    self.done.push(Done { request, action });
                    answered.fetch_add(1, Ordering::SeqCst);
                }
                Answer::Refused { code, message } => panic!("{deed:?}: {code}: {message}"),
                Answer::Lost(why) => {
                    assert!(killed.load(Ordering::SeqCst), "{deed:?}: {why}");
                    self.open = Some(deed);
                    return;
                }
            }
        }
    }

    /// The account holds what the book says; a call in doubt is in it or is not, as a whole.
    pub(crate) fn check(&mut self, url: &str) {
        self.caller.meet(url);
        let seen = eventually("the end of all deletions", PATIENCE, || look(&self.caller));
        let seen = seen.unwrap();
        if let Some(deed) = self.open.take() {
            let mut with = self.book.clone();
            deed.apply(&mut with, deed.made_in(&seen).as_deref());
            let shows = with != self.book || deed.makes();
            let applied = with != self.book && seen == with;
            if applied {
                self.book = with;
            }
            compare(&seen, &self.book, &format!("{deed:?} was in doubt"));
            self.doubts.push(Doubt {
                action: deed.action,
                applied: shows.then_some(applied),
            });
        } else {
            compare(&seen, &self.book, "nothing was in doubt");
        }
        self.planner.rest();
    }
}

/// Fails with what differs.
fn compare(seen: &Things, book: &Things, doubt: &str) {
    if seen == book {
        return;
    }
    let ids: BTreeSet<&String> = seen.keys().chain(book.keys()).collect();
    let differ = ids.into_iter().filter(|id| seen.get(*id) != book.get(*id));
    let lines = differ.map(|id| {
        format!(
            "{id}\n  there:        {:?}\n  acknowledged: {:?}",
            seen.get(id),
            book.get(id)
        )
    });
    let lines: Vec<String> = lines.collect();
    panic!("after a kill ({doubt}):\n{}", lines.join("\n"));
}
