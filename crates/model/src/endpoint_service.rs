//! Endpoint services: what a provider offers, and to whom.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use crate::account::AccountId;
use crate::id::{BalancerId, PermissionId, ServiceId};
use crate::tag::Tags;
use crate::time::Millis;
use crate::world::{Claim, Facets, Indexed};

/// Load balancers behind one name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EndpointService {
    /// Its id.
    pub id: ServiceId,
    /// Whose: the provider.
    pub owner: AccountId,
    /// What is behind it; a load balancer is behind one service only.
    pub balancers: Vec<BalancerId>,
    /// Whether connections wait for the provider.
    pub acceptance_required: bool,
    /// Who may see it and ask for an endpoint.
    pub permissions: Vec<Permission>,
    /// When it was made.
    pub created: Millis,
    /// Tags.
    pub tags: Tags,
}

/// An entry of the allow-list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Permission {
    /// Its id.
    pub id: PermissionId,
    /// Who.
    pub principal: Principal,
}

/// Who may see a service.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Principal {
    /// `*`.
    Everybody,
    /// Everybody in an account: `arn:aws:iam::ACCOUNT:root`.
    Account(AccountId),
    /// `arn:aws:iam::ACCOUNT:user/NAME`.
    User(AccountId, String),
    /// `arn:aws:iam::ACCOUNT:role/NAME`.
    Role(AccountId, String),
}

impl Principal {
    /// Reads `*` or an ARN without path; `None` when it is neither.
    pub fn parse(text: &str) -> Option<Self> {
        if text == "*" {
            return Some(Self::Everybody);
        }
        let rest = text.strip_prefix("arn:aws:iam::")?;
        let (account, name) = rest.split_once(':')?;
        let account = account.parse().ok()?;
        if name == "root" {
            return Some(Self::Account(account));
        }
        let (kind, name) = name.split_once('/')?;
        if name.is_empty() || name.contains('/') {
            return None;
        }
        match kind {
            "user" => Some(Self::User(account, name.into())),
            "role" => Some(Self::Role(account, name.into())),
            _ => None,
        }
    }

    /// `*` or the ARN.
    pub fn arn(&self) -> String {
        match self {
            Self::Everybody => "*".into(),
            Self::Account(account) => format!("arn:aws:iam::{account}:root"),
            Self::User(account, name) => format!("arn:aws:iam::{account}:user/{name}"),
            Self::Role(account, name) => format!("arn:aws:iam::{account}:role/{name}"),
        }
    }

    /// AWS's name of the form (PrincipalType).
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Everybody => "All",
            Self::Account(_) => "Account",
            Self::User(..) => "User",
            Self::Role(..) => "Role",
        }
    }

    /// Whether this entry admits a caller, whose ARN is `arn`.
    pub fn admits(&self, account: AccountId, arn: &str) -> bool {
        match self {
            Self::Everybody => true,
            Self::Account(allowed) => *allowed == account,
            Self::User(..) | Self::Role(..) => self.arn() == arn,
        }
    }
}

impl EndpointService {
    /// The name that consumers give: `com.amazonaws.vpce.REGION.ID`.
    pub fn name(&self, region: &str) -> String {
        format!("com.amazonaws.vpce.{region}.{}", self.id)
    }

    /// The base of its DNS names: `ID.REGION.vpce.amazonaws.com`.
    pub fn base_dns_name(&self, region: &str) -> String {
        format!("{}.{region}.vpce.amazonaws.com", self.id)
    }

    /// Whether a caller may see it and ask for an endpoint; its owner always may.
    pub fn is_visible_to(&self, account: AccountId, arn: &str) -> bool {
        let allowed = |entry: &Permission| entry.principal.admits(account, arn);
        self.owner == account || self.permissions.iter().any(allowed)
    }
}

impl Indexed for EndpointService {
    fn index(&self, facets: &mut Facets) {
        facets.owner(self.owner, &self.tags);
        for balancer in &self.balancers {
            facets
                .needs(*balancer)
                .claims(Claim::Part(balancer.into(), "endpoint service"));
        }
    }
}
