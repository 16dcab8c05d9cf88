//! Network ACLs.

use alloc::vec::Vec;

use ipnet::IpNet;
use model::host::{Acl, AclKey, Entry, Tables, Traffic};
use model::network_acl::{Action, Entry as Stored, NetworkAcl, Peer};
use model::world::World;

use super::group::icmp;
use super::{Places, key};

/// The ACLs that something stands under.
pub(super) fn acls(world: &World, used: &Places, tables: &mut Tables) {
    for acl in world.network_acls.values() {
        let key = AclKey(key(acl.id));
        if used.acls.contains(&key) {
            let each_way = |egress| entries(acl, egress);
            let (ingress, egress) = (each_way(false), each_way(true));
            tables.acls.insert(key, Acl { ingress, egress });
        }
    }
}

/// Entries one way, lowest number first. The last one, which refuses everything, is what no
/// match means anyway.
fn entries(acl: &NetworkAcl, egress: bool) -> Vec<Entry> {
    let stored = acl.entries.iter().filter(|entry| entry.egress == egress);
    let mut entries: Vec<Entry> = stored.filter_map(entry).collect();
    entries.sort_by_key(|entry| entry.number);
    entries
}

fn entry(stored: &Stored) -> Option<Entry> {
    let (first, last) = match (stored.icmp, stored.ports) {
        (Some((kind, code)), _) => icmp(kind.into(), code.into())?,
        (None, ports) => ports.unwrap_or((0, u16::MAX)),
    };
    Some(Entry {
        number: stored.number,
        traffic: Traffic {
            protocol: stored.protocol,
            first,
            last,
        },
        peer: match stored.peer {
            Peer::Cidr4(net) => IpNet::V4(net.trunc()),
            Peer::Cidr6(net) => IpNet::V6(net.trunc()),
        },
        allow: stored.action == Action::Allow,
    })
}
