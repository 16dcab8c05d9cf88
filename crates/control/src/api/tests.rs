//! A desk to call handlers at: decoded requests in, encoded answers out, no sockets.

use std::cell::RefCell;
use std::sync::Arc;

use aws::Fault;
use aws::call::{Parts, Protocol, Service, decode};
use model::account::{Account, AccountId};
use model::time::Millis;
use model::world::World;
use rand::SeedableRng as _;
use rand::rngs::StdRng;

use super::quota::Quotas;
use super::{Call, handle};
use crate::authenticate::Principal;
use crate::authorize::BuiltIn;
use crate::secret::Vault;

/// A World and who calls on it.
pub(crate) struct Desk {
    pub(crate) world: World,
    pub(crate) call: Call,
    accounts: [AccountId; 2],
}

impl Desk {
    pub(crate) fn new() -> Self {
        let accounts = ["123456789012", "210987654321"].map(|id| id.parse().unwrap());
        let mut world = World::default();
        for id in accounts {
            let account = Account {
                id,
                name: id.to_string(),
                operator: false,
                created: Millis(0),
            };
            world = world.apply(&[account.into()], world.revision + 1);
        }
        let call = Call {
            account: accounts[0],
            arn: format!("arn:aws:iam::{}:root", accounts[0]),
            principal: Principal::Root,
            temporary: false,
            region: "us-east-1".into(),
            now: Millis(1_700_000_000_000),
            revision: 0,
            rng: RefCell::new(StdRng::seed_from_u64(7)),
            dev: false,
            reach: Arc::default(),
            quotas: Arc::default(),
            report: Arc::default(),
            vault: Arc::new(Vault::of([7; 32])),
            judge: Arc::new(BuiltIn),
        };
        Self {
            world,
            call,
            accounts,
        }
    }

    /// The other of two accounts.
    pub(crate) fn switch_account(&mut self) {
        let [one, two] = self.accounts;
        self.call.account = if self.call.account == one { two } else { one };
        self.call.arn = format!("arn:aws:iam::{}:root", self.call.account);
        self.call.principal = Principal::Root;
    }

    /// Puts one quota in force, `CODE=N`.
    pub(crate) fn set_quota(&mut self, setting: &str) {
        self.call.quotas = Arc::new(Quotas::parse(&[setting.to_owned()]).unwrap());
    }

    /// Calls an EC2 operation (`elbv2:Name`, `iam:Name`, ... for other services) with form
    /// parameters, or with a JSON body for the services that speak it.
    pub(crate) fn call(&mut self, action: &str, parameters: &str) -> Result<String, Fault> {
        let (service, action) = match action.split_once(':') {
            Some(("elbv2", action)) => (Service::Elbv2, action),
            Some((scope, action)) => (Service::from_scope_name(scope).unwrap(), action),
            None => (Service::Ec2, action),
        };
        let version = service.version();
        let (body, headers) = match service.protocol() {
            Protocol::Json(prefix) => (
                parameters.to_owned(),
                vec![("x-amz-target".to_owned(), format!("{prefix}.{action}"))],
            ),
            Protocol::Form(_) | Protocol::Own => (
                format!("Action={action}&Version={version}&{parameters}"),
                Vec::new(),
            ),
        };
        let parts = Parts {
            method: "POST",
            path: "/",
            query: "",
            headers: &headers,
            body: body.trim_end_matches('&').as_bytes(),
        };
        let request = decode(service, &parts)?;
        self.call.revision = self.world.revision + 1;
        let outcome = handle(&self.world, &self.call, &request)?;
        if !outcome.changes.is_empty() {
            self.world = self.world.apply(&outcome.changes, self.call.revision);
            assert_eq!(self.world.check(), Vec::<String>::new(), "after {action}");
        }
        outcome.response.encode("test")
    }

    /// Expects success.
    pub(crate) fn ok(&mut self, action: &str, parameters: &str) -> String {
        self.call(action, parameters)
            .unwrap_or_else(|fault| panic!("{action} {parameters}: {fault:?}"))
    }

    /// Expects success, and returns the text of the answer's first such element.
    pub(crate) fn make(&mut self, action: &str, parameters: &str, element: &str) -> String {
        let text = self.ok(action, parameters);
        first(&text, element).unwrap_or_else(|| panic!("no {element} in {text}"))
    }

    /// Expects a refusal that changes nothing.
    pub(crate) fn fault(&mut self, action: &str, parameters: &str) -> Fault {
        let before = self.world.clone();
        let fault = match self.call(action, parameters) {
            Err(fault) => fault,
            Ok(text) => panic!("{action} {parameters} succeeded: {text}"),
        };
        assert_eq!(self.world, before);
        fault
    }
}

/// The text of the first element with a name.
pub(crate) fn first(text: &str, element: &str) -> Option<String> {
    let (open, close) = (format!("<{element}>"), format!("</{element}>"));
    let start = text.find(&open)? + open.len();
    let end = text[start..].find(&close)? + start;
    Some(text[start..end].to_owned())
}
