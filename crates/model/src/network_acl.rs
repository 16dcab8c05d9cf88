//! Network ACLs: what may enter and leave a subnet, packet by packet.
//!
//! They are stateless, and asked on the border of a subnet only.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use ipnet::{Ipv4Net, Ipv6Net};
use serde::{Deserialize, Serialize};

use crate::account::AccountId;
use crate::id::{NetworkAclAssociationId, NetworkAclId, SubnetId, VpcId};
use crate::tag::Tags;
use crate::world::{Claim, Facets, Indexed, Kind, Name, World};

/// The number of the last entry, which refuses everything and cannot be changed.
pub const LAST_RULE: u16 = 32_767;

/// A numbered list of permissions and refusals; the lowest number that matches decides.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NetworkAcl {
    /// Its id.
    pub id: NetworkAclId,
    /// Whose.
    pub owner: AccountId,
    /// In which VPC.
    pub vpc: VpcId,
    /// Whether it is the VPC's default one, which new subnets use.
    pub default: bool,
    /// The subnets that use it.
    pub associations: Vec<NetworkAclAssociation>,
    /// Entries in no order, without the last one that every ACL has each way.
    pub entries: Vec<Entry>,
    /// Tags.
    pub tags: Tags,
}

/// A subnet's use of an ACL; every subnet uses one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NetworkAclAssociation {
    /// Its id.
    pub id: NetworkAclAssociationId,
    /// The subnet.
    pub subnet: SubnetId,
}

/// One entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Its number, 1 to 32766: one of a kind each way.
    pub number: u16,
    /// Outbound instead of inbound.
    pub egress: bool,
    /// What becomes of packets that match.
    pub action: Action,
    /// IP protocol number; `None` = all (AWS `-1`).
    pub protocol: Option<u8>,
    /// The other side.
    pub peer: Peer,
    /// Ports from and to, of TCP and UDP.
    pub ports: Option<(u16, u16)>,
    /// ICMP type and code; -1 = all.
    pub icmp: Option<(i16, i16)>,
}

/// What becomes of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Action {
    /// It passes.
    Allow,
    /// It is dropped.
    Deny,
}

/// The other side of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Peer {
    /// IPv4 addresses.
    Cidr4(Ipv4Net),
    /// IPv6 addresses.
    Cidr6(Ipv6Net),
}

impl NetworkAcl {
    /// The default ACL of a new VPC: everything passes both ways.
    pub fn open(id: NetworkAclId, owner: AccountId, vpc: VpcId) -> Self {
        let allow = |egress| Entry {
            number: 100,
            egress,
            action: Action::Allow,
            protocol: None,
            peer: Peer::Cidr4(Ipv4Net::default()),
            ports: None,
            icmp: None,
        };
        Self {
            id,
            owner,
            vpc,
            default: true,
            associations: Vec::new(),
            entries: [false, true].map(allow).into(),
            tags: Tags::new(),
        }
    }

    /// Where an entry is in the list.
    pub fn place_of(&self, number: u16, egress: bool) -> Option<usize> {
        let mut entries = self.entries.iter();
        entries.position(|entry| entry.number == number && entry.egress == egress)
    }
}

impl Indexed for NetworkAcl {
    fn index(&self, facets: &mut Facets) {
        facets.owner(self.owner, &self.tags).needs(self.vpc);
        if self.default {
            facets.claims(Claim::Part(Name::Vpc(self.vpc), "default network ACL"));
        }
        for association in &self.associations {
            let subnet = Name::Subnet(association.subnet);
            facets
                .needs(association.subnet)
                .claims(Claim::Part(subnet, "network ACL"));
            // Calls name associations by their ids.
            let id = format!("{}", association.id);
            facets.claims(Claim::Name(self.owner, Kind::NetworkAcl, id));
        }
    }

    fn problems(&self, world: &World, problems: &mut Vec<String>) {
        let id = self.id;
        for association in &self.associations {
            let subnet = world.subnets.get(&association.subnet);
            if subnet.is_some_and(|subnet| subnet.vpc != self.vpc) {
                problems.push(format!(
                    "{id} is used by {}, which is in another VPC",
                    association.subnet
                ));
            }
        }
        for (at, entry) in self.entries.iter().enumerate() {
            if self.place_of(entry.number, entry.egress) != Some(at) {
                problems.push(format!("{id} has two entries of number {}", entry.number));
            }
            if !(1..LAST_RULE).contains(&entry.number) {
                problems.push(format!("{id} has an entry of number {}", entry.number));
            }
        }
    }
}
