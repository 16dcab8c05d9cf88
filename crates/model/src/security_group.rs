//! Security groups and their rules.

use alloc::string::String;
use alloc::vec::Vec;

use ipnet::{Ipv4Net, Ipv6Net};
use serde::{Deserialize, Serialize};

use crate::account::AccountId;
use crate::endpoint::Managed;
use crate::host::GroupSlot;
use crate::id::{PrefixListId, RuleId, SecurityGroupId, VpcId};
use crate::tag::Tags;
use crate::world::{Claim, Facets, Indexed, Kind, Slot};

/// A set of permissions; what no rule admits is refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SecurityGroup {
    /// Its id.
    pub id: SecurityGroupId,
    /// Whose.
    pub owner: AccountId,
    /// In which VPC.
    pub vpc: VpcId,
    /// Its name, one of a kind in the VPC.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// Its key in the data plane.
    pub slot: GroupSlot,
    /// Rules in the order in which they were made.
    pub rules: Vec<Rule>,
    /// Tags.
    pub tags: Tags,
}

/// One permission.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rule {
    /// Its id.
    pub id: RuleId,
    /// Outbound instead of inbound.
    pub egress: bool,
    /// What it admits.
    pub permission: Permission,
    /// A note.
    pub description: Option<String>,
    /// Tags.
    pub tags: Tags,
}

/// What a rule admits; two rules with equal permissions are duplicates.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Permission {
    /// IP protocol number; `None` = all (AWS `-1`).
    pub protocol: Option<u8>,
    /// First port, or ICMP type; -1 = all.
    pub from: i32,
    /// Last port, or ICMP code; -1 = all.
    pub to: i32,
    /// The other side.
    pub peer: Peer,
}

/// The other side of a rule.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Peer {
    /// IPv4 addresses.
    Cidr4(Ipv4Net),
    /// IPv6 addresses.
    Cidr6(Ipv6Net),
    /// Members of a group of the same VPC.
    Group(SecurityGroupId),
    /// The blocks of a prefix list, as they are now.
    PrefixList(PrefixListId),
}

impl Indexed for SecurityGroup {
    fn index(&self, facets: &mut Facets) {
        let name = Claim::NameIn(self.vpc, Kind::SecurityGroup, self.name.clone());
        facets
            .owner(self.owner, &self.tags)
            .claims(Claim::Slot(Slot::Group, self.slot.0))
            .claims(name)
            .needs(self.vpc);
        for rule in &self.rules {
            facets.claims(Claim::Rule(rule.id));
        }
        for rule in &self.rules {
            match rule.permission.peer {
                // A rule may outlive the group that it names (AWS: a stale rule).
                Peer::Group(id) if id != self.id => facets.mentions(id),
                // AWS's lists are always there.
                Peer::PrefixList(id) if Managed::of_prefix_list(id).is_some() => {
                    facets.mentions(id)
                }
                Peer::PrefixList(id) => facets.mentions(id).needs(id),
                Peer::Group(_) | Peer::Cidr4(_) | Peer::Cidr6(_) => facets,
            };
        }
    }
}
