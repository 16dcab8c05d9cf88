//! The table of kinds: one entry a kind.

mod endpoint;
mod network;
mod other;

use aws::Service;

use super::kinds::{Column, Kind, Narrow};

const NAME: Column = ("NAME", TAG_NAME);
const TAG_NAME: &str = "tagSet[?key=='Name'].value";
const TAGS: Column = ("TAGS", "tagSet[].join('=', [key, value])");
const OWNER: Column = ("OWNER", "ownerId");
const VPC: Column = ("VPC", "vpcId");
const SUBNET: Column = ("SUBNET", "subnetId");
const STATE: Column = ("STATE", "state");

/// What most kinds of EC2 have in common.
const EC2: Kind = Kind {
    name: "",
    aliases: &[],
    service: Service::Ec2,
    operation: "",
    with: &[],
    list: "",
    id: "",
    also: "",
    names: TAG_NAME,
    prefix: "",
    narrow: Narrow::Here,
    event: "",
    columns: &[],
    wide: &[TAGS, OWNER],
    refers: &[],
};

/// What most kinds of other services have in common.
const OTHER: Kind = Kind {
    names: "",
    wide: &[],
    ..EC2
};

/// Every kind, in the order of the list.
pub(super) fn kinds() -> impl Iterator<Item = &'static Kind> {
    [network::KINDS, endpoint::KINDS, other::KINDS]
        .into_iter()
        .flatten()
}
