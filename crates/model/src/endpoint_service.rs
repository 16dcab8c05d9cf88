//! Endpoint services: what a provider offers, and to whom.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use crate::account::AccountId;
use crate::endpoint::Service;
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
    /// The name that consumers may give it in their VPCs.
    #[serde(default)]
    pub private_name: Option<PrivateName>,
    /// That the provider pays for the endpoints; it never ends.
    #[serde(default)]
    pub provider_pays: bool,
    /// When it was made.
    pub created: Millis,
    /// Tags.
    pub tags: Tags,
}

/// A name of the provider's that leads to the service in a consumer's VPC.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PrivateName {
    /// The name; its first label may be `*`.
    pub name: String,
    /// The TXT record that proves the name the provider's: its name below the domain.
    pub record: String,
    /// That record's value.
    pub value: String,
    /// Whether the proof was found.
    pub verified: bool,
}

/// An entry of the allow-list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Permission {
    /// Its id.
    pub id: PermissionId,
    /// Who.
    pub principal: Principal,
    /// Tags.
    #[serde(default)]
    pub tags: Tags,
}

/// Who may see a service.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Principal {
    /// `*`.
    Everybody,
    /// Everybody in an account: `arn:aws:iam::ACCOUNT:root`.
    Account(AccountId),
    /// `arn:aws:iam::ACCOUNT:user/PATH/NAME`, without the first part.
    User(AccountId, String),
    /// `arn:aws:iam::ACCOUNT:role/PATH/NAME`, without the first part.
    Role(AccountId, String),
    /// An AWS service, `NAME.amazonaws.com`. None of them calls here, so it admits nobody.
    Service(String),
    /// A whole organisation or a unit of it, by its ARN. There are no organisations here, so it
    /// admits nobody.
    Organization(String),
}

impl Principal {
    /// Reads `*`, a service's name or an ARN; `None` when it is none of them.
    pub fn parse(text: &str) -> Option<Self> {
        if text == "*" {
            return Some(Self::Everybody);
        }
        if let Some(name) = text.strip_suffix(".amazonaws.com") {
            let label = |label: &str| {
                let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
                !label.is_empty() && label.bytes().all(|byte| fits(byte) || byte == b'-')
            };
            let good = name.split('.').all(label);
            return good.then(|| Self::Service(text.into()));
        }
        if let Some(rest) = text.strip_prefix("arn:aws:organizations::") {
            return is_organization(rest).then(|| Self::Organization(text.into()));
        }
        let rest = text.strip_prefix("arn:aws:iam::")?;
        let (account, name) = rest.split_once(':')?;
        let account = account.parse().ok()?;
        if name == "root" {
            return Some(Self::Account(account));
        }
        let (kind, name) = name.split_once('/')?;
        if name.is_empty() || name.split('/').any(str::is_empty) {
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
            Self::Service(text) | Self::Organization(text) => text.clone(),
        }
    }

    /// AWS's name of the form (PrincipalType).
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Everybody => "All",
            Self::Account(_) => "Account",
            Self::User(..) => "User",
            Self::Role(..) => "Role",
            Self::Service(_) => "Service",
            Self::Organization(_) => "OrganizationUnit",
        }
    }

    /// Whether this entry admits a caller, whose ARN is `arn`.
    pub fn admits(&self, account: AccountId, arn: &str) -> bool {
        match self {
            Self::Everybody => true,
            Self::Account(allowed) => *allowed == account,
            Self::User(..) | Self::Role(..) => self.arn() == arn || self.is_assumed_by(arn),
            Self::Service(_) | Self::Organization(_) => false,
        }
    }

    /// Whether `arn` is that of a session of this role: it has the role's name without the path,
    /// without which names of roles are unique.
    fn is_assumed_by(&self, arn: &str) -> bool {
        let Self::Role(account, name) = self else {
            return false;
        };
        let sessions = format!("arn:aws:sts::{account}:assumed-role/");
        let session = arn.strip_prefix(sessions.as_str());
        let session = session.and_then(|rest| rest.split_once('/'));
        session.is_some_and(|(role, _)| name.rsplit('/').next() == Some(role))
    }
}

/// `ACCOUNT:organization/o-ID` or `ACCOUNT:ou/o-ID/ou-ID`, what follows an organisation's
/// `arn:aws:organizations::`.
fn is_organization(rest: &str) -> bool {
    let Some((account, path)) = rest.split_once(':') else {
        return false;
    };
    let id = |text: &str, prefix: &str| {
        let digits = text.strip_prefix(prefix).unwrap_or_default();
        let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        !digits.is_empty() && digits.bytes().all(fits)
    };
    let mut parts = path.split('/');
    let parts = (parts.next(), parts.next(), parts.next(), parts.next());
    account.parse::<AccountId>().is_ok()
        && match parts {
            (Some("organization"), Some(organization), None, None) => id(organization, "o-"),
            (Some("ou"), Some(organization), Some(unit), None) => {
                id(organization, "o-") && id(unit, "ou-")
            }
            _ => false,
        }
}

impl EndpointService {
    /// The name that consumers give: `com.amazonaws.vpce.REGION.ID`.
    pub fn name(&self, region: &str) -> String {
        Service::Private(self.id).name(region)
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
        for permission in &self.permissions {
            match &permission.principal {
                Principal::Everybody => facets.public(),
                Principal::Account(account)
                | Principal::User(account, _)
                | Principal::Role(account, _) => facets.mentions(*account),
                Principal::Service(_) | Principal::Organization(_) => facets,
            };
        }
        for balancer in &self.balancers {
            facets
                .needs(*balancer)
                .claims(Claim::Part(balancer.into(), "endpoint service"));
        }
    }
}
