//! Entries of network ACLs.

use aws::{Fault, ec2};
use ipnet::{Ipv4Net, Ipv6Net};
use model::network_acl::{Action, Entry, LAST_RULE, NetworkAcl, Peer};
use model::world::World;

use super::{Call, Decision, network_acl, quota};

const ICMP: u8 = 1;
const TCP: u8 = 6;
const UDP: u8 = 17;
const ICMP6: u8 = 58;

/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateNetworkAclEntry.html>
pub(crate) fn create(
    world: &World,
    call: &Call,
    request: &ec2::CreateNetworkAclEntryRequest,
) -> Result<Decision<()>, Fault> {
    let ec2::CreateNetworkAclEntryRequest {
        cidr_block,
        dry_run: _,
        egress,
        icmp_type_code,
        ipv6_cidr_block,
        network_acl_id,
        port_range,
        protocol,
        rule_action,
        rule_number,
    } = request;
    let mut acl = NetworkAcl::clone(network_acl::find_ref(world, call, network_acl_id)?);
    let peer = peer(cidr_block.as_deref(), ipv6_cidr_block.as_deref())?;
    let entry = Entry {
        number: number(*rule_number)?,
        egress: *egress,
        action: action(rule_action)?,
        ..matching(peer, protocol, port_range.as_ref(), icmp_type_code.as_ref())?
    };
    if acl.place_of(entry.number, entry.egress).is_some() {
        return Err(Fault::bad_request(
            "NetworkAclEntryAlreadyExists",
            format!(
                "The network acl entry identified by {} already exists in {} ({}); change it with ReplaceNetworkAclEntry",
                entry.number,
                acl.id,
                way(entry.egress)
            ),
        ));
    }
    let same_way = acl.entries.iter().filter(|it| it.egress == entry.egress);
    call.check_quota(
        &quota::NETWORK_ACL_RULES,
        same_way.count(),
        "NetworkAclEntryLimitExceeded",
        &format!("The network ACL '{}' ({})", acl.id, way(entry.egress)),
    )?;
    acl.entries.push(entry);
    Ok(Decision {
        reply: (),
        changes: vec![acl.into()],
    })
}

/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ReplaceNetworkAclEntry.html>
pub(crate) fn replace(
    world: &World,
    call: &Call,
    request: &ec2::ReplaceNetworkAclEntryRequest,
) -> Result<Decision<()>, Fault> {
    let ec2::ReplaceNetworkAclEntryRequest {
        cidr_block,
        dry_run: _,
        egress,
        icmp_type_code,
        ipv6_cidr_block,
        network_acl_id,
        port_range,
        protocol,
        rule_action,
        rule_number,
    } = request;
    let mut acl = NetworkAcl::clone(network_acl::find_ref(world, call, network_acl_id)?);
    let peer = peer(cidr_block.as_deref(), ipv6_cidr_block.as_deref())?;
    let entry = Entry {
        number: number(*rule_number)?,
        egress: *egress,
        action: action(rule_action)?,
        ..matching(peer, protocol, port_range.as_ref(), icmp_type_code.as_ref())?
    };
    let at = place(&acl, entry.number, entry.egress)?;
    if let Some(there) = acl.entries.get_mut(at) {
        *there = entry;
    }
    Ok(Decision {
        reply: (),
        changes: vec![acl.into()],
    })
}

/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DeleteNetworkAclEntry.html>
pub(crate) fn delete(
    world: &World,
    call: &Call,
    request: &ec2::DeleteNetworkAclEntryRequest,
) -> Result<Decision<()>, Fault> {
    let ec2::DeleteNetworkAclEntryRequest {
        dry_run: _,
        egress,
        network_acl_id,
        rule_number,
    } = request;
    let mut acl = NetworkAcl::clone(network_acl::find_ref(world, call, network_acl_id)?);
    let at = place(&acl, number(*rule_number)?, *egress)?;
    acl.entries.remove(at);
    Ok(Decision {
        reply: (),
        changes: vec![acl.into()],
    })
}

fn place(acl: &NetworkAcl, number: u16, egress: bool) -> Result<usize, Fault> {
    acl.place_of(number, egress).ok_or_else(|| {
        Fault::bad_request(
            "InvalidNetworkAclEntry.NotFound",
            format!(
                "The network acl entry identified by {number} does not exist in {} ({})",
                acl.id,
                way(egress)
            ),
        )
    })
}

fn way(egress: bool) -> &'static str {
    if egress { "outbound" } else { "inbound" }
}

fn number(given: i32) -> Result<u16, Fault> {
    let number = u16::try_from(given).ok();
    number
        .filter(|number| (1..LAST_RULE).contains(number))
        .ok_or_else(|| {
            Fault::invalid_value(
                "RuleNumber",
                &given.to_string(),
                "give a number from 1 to 32766",
            )
        })
}

fn action(given: &str) -> Result<Action, Fault> {
    match given {
        "allow" => Ok(Action::Allow),
        "deny" => Ok(Action::Deny),
        other => Err(Fault::invalid_value(
            "RuleAction",
            other,
            "give allow or deny",
        )),
    }
}

/// The one block that a request names; AWS drops host bits here.
fn peer(cidr4: Option<&str>, cidr6: Option<&str>) -> Result<Peer, Fault> {
    match (cidr4, cidr6) {
        (Some(text), None) => {
            let net: Result<Ipv4Net, _> = text.parse();
            let net = net.map_err(|_| {
                let why = "this is not a valid CIDR block; give for example 0.0.0.0/0";
                Fault::invalid_value("CidrBlock", text, why)
            })?;
            Ok(Peer::Cidr4(net.trunc()))
        }
        (None, Some(text)) => {
            let net: Result<Ipv6Net, _> = text.parse();
            let net = net.map_err(|_| {
                let why = "this is not a valid CIDR block; give for example ::/0";
                Fault::invalid_value("Ipv6CidrBlock", text, why)
            })?;
            Ok(Peer::Cidr6(net.trunc()))
        }
        (None, None) => Err(Fault::missing("CidrBlock")),
        (Some(_), Some(_)) => Err(Fault::bad_request(
            "InvalidParameterCombination",
            "Give one of CidrBlock and Ipv6CidrBlock; make an entry for each",
        )),
    }
}

/// An entry with the protocol of the request, and what belongs to it. As in AWS, ports of
/// other protocols than TCP and UDP and ICMP types of others than ICMP say nothing, nor do those
/// of ICMPv6 with an IPv4 block.
fn matching(
    peer: Peer,
    protocol: &str,
    ports: Option<&ec2::PortRange>,
    icmp: Option<&ec2::IcmpTypeCode>,
) -> Result<Entry, Fault> {
    let protocol = match protocol {
        "-1" | "all" => None,
        "tcp" => Some(TCP),
        "udp" => Some(UDP),
        "icmp" => Some(ICMP),
        "icmpv6" => Some(ICMP6),
        other => Some(other.parse().map_err(|_| {
            Fault::invalid_value(
                "Protocol",
                other,
                "give a protocol number from 0 to 255, or -1 for all",
            )
        })?),
    };
    Ok(Entry {
        number: 0,
        egress: false,
        action: Action::Deny,
        protocol,
        peer,
        ports: match protocol {
            Some(TCP | UDP) => Some(port_range(ports)?),
            _ => None,
        },
        icmp: match (protocol, peer) {
            (Some(ICMP6), Peer::Cidr4(_)) => None,
            (Some(ICMP | ICMP6), _) => Some(icmp_type(icmp)?),
            _ => None,
        },
    })
}

fn port_range(given: Option<&ec2::PortRange>) -> Result<(u16, u16), Fault> {
    let given = given.ok_or_else(|| Fault::missing("PortRange"))?;
    let ec2::PortRange { from, to } = given;
    let read = |name: &str, value: &Option<i32>| {
        let value = value.ok_or_else(|| Fault::missing(name))?;
        u16::try_from(value).map_err(|_| {
            Fault::invalid_value(name, &value.to_string(), "give a port from 0 to 65535")
        })
    };
    let (first, last) = (read("PortRange.From", from)?, read("PortRange.To", to)?);
    if first > last {
        return Err(Fault::invalid_value(
            "PortRange.To",
            &last.to_string(),
            &format!("it is below PortRange.From, {first}"),
        ));
    }
    Ok((first, last))
}

fn icmp_type(given: Option<&ec2::IcmpTypeCode>) -> Result<(i16, i16), Fault> {
    let given = given.ok_or_else(|| Fault::missing("Icmp.Type"))?;
    let ec2::IcmpTypeCode { code, r#type } = given;
    let read = |name: &str, value: &Option<i32>| {
        let value = value.ok_or_else(|| Fault::missing(name))?;
        let number = i16::try_from(value).ok();
        let number = number.filter(|number| (-1..=255).contains(number));
        number.ok_or_else(|| {
            Fault::invalid_value(
                name,
                &value.to_string(),
                "give a number from 0 to 255, or -1 for all",
            )
        })
    };
    Ok((read("Icmp.Type", r#type)?, read("Icmp.Code", code)?))
}

/// The values of an ACL's entries under a filter's name after `entry.`.
pub(super) fn values(acl: &NetworkAcl, name: &str) -> Option<Vec<String>> {
    let number = |number: Option<i32>| number.map(|number| number.to_string());
    let value = |entry: ec2::NetworkAclEntry| {
        let icmp = entry.icmp_type_code;
        let ports = entry.port_range;
        Some(match name {
            "cidr" => entry.cidr_block,
            "egress" => entry.egress.map(|egress| egress.to_string()),
            "icmp.code" => number(icmp.and_then(|icmp| icmp.code)),
            "icmp.type" => number(icmp.and_then(|icmp| icmp.r#type)),
            "ipv6-cidr" => entry.ipv6_cidr_block,
            "port-range.from" => number(ports.and_then(|ports| ports.from)),
            "port-range.to" => number(ports.and_then(|ports| ports.to)),
            "protocol" => entry.protocol,
            "rule-action" => entry.rule_action,
            "rule-number" => number(entry.rule_number),
            _ => return None,
        })
    };
    let found: Option<Vec<_>> = wire(acl).into_iter().map(value).collect();
    Some(found?.into_iter().flatten().collect())
}

/// Entries as EC2 lists them: outbound first, in the order in which they are tried, and last
/// the one that refuses what no other has decided.
pub(super) fn wire(acl: &NetworkAcl) -> Vec<ec2::NetworkAclEntry> {
    let mut listed = Vec::new();
    for egress in [true, false] {
        let entries = acl.entries.iter().filter(|entry| entry.egress == egress);
        let mut entries: Vec<&Entry> = entries.collect();
        entries.sort_by_key(|entry| entry.number);
        listed.extend(entries.into_iter().map(wire_one));
        listed.push(wire_one(&Entry {
            number: LAST_RULE,
            egress,
            action: Action::Deny,
            protocol: None,
            peer: Peer::Cidr4(Ipv4Net::default()),
            ports: None,
            icmp: None,
        }));
    }
    listed
}

fn wire_one(entry: &Entry) -> ec2::NetworkAclEntry {
    let (cidr4, cidr6) = match entry.peer {
        Peer::Cidr4(net) => (Some(net.to_string()), None),
        Peer::Cidr6(net) => (None, Some(net.to_string())),
    };
    let protocol = entry.protocol.map(|number| number.to_string());
    ec2::NetworkAclEntry {
        cidr_block: cidr4,
        egress: Some(entry.egress),
        icmp_type_code: entry.icmp.map(|(r#type, code)| ec2::IcmpTypeCode {
            code: Some(code.into()),
            r#type: Some(r#type.into()),
        }),
        ipv6_cidr_block: cidr6,
        port_range: entry.ports.map(|(from, to)| ec2::PortRange {
            from: Some(from.into()),
            to: Some(to.into()),
        }),
        protocol: Some(protocol.unwrap_or_else(|| "-1".into())),
        rule_action: Some(
            match entry.action {
                Action::Allow => "allow",
                Action::Deny => "deny",
            }
            .into(),
        ),
        rule_number: Some(entry.number.into()),
    }
}

#[cfg(test)]
mod tests;
