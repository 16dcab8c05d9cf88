//! The wire form of permissions: IpPermissions in, one by one; merged by protocol and ports
//! out, as EC2 lists them.

use aws::{Fault, ec2};
use ipnet::{Ipv4Net, Ipv6Net};
use model::id::SecurityGroupId;
use model::security_group::{Peer, Permission, SecurityGroup};

use crate::api::{Call, parse_id, prefix_list, security_group, unsupported};

const ICMP: u8 = 1;
const TCP: u8 = 6;
const UDP: u8 = 17;
const ICMP6: u8 = 58;
/// Protocols that have names.
const NAMES: [(u8, &str); 4] = [
    (ICMP, "icmp"),
    (TCP, "tcp"),
    (UDP, "udp"),
    (ICMP6, "icmpv6"),
];

/// A permission as a request gives it, with its note.
#[derive(Debug)]
pub(crate) struct Given {
    pub(crate) permission: Permission,
    pub(crate) description: Option<String>,
}

/// Takes one `IpPermissions.N` apart into permissions of one peer each.
pub(crate) fn parse(call: &Call, given: &ec2::IpPermission) -> Result<Vec<Given>, Fault> {
    let ec2::IpPermission {
        from_port,
        ip_protocol,
        ip_ranges,
        ipv6_ranges,
        prefix_list_ids,
        to_port,
        user_id_group_pairs,
    } = given;
    let protocol = ip_protocol.as_deref();
    let protocol = protocol.ok_or_else(|| Fault::missing("IpPermissions.N.IpProtocol"))?;
    let protocol = parse_protocol(protocol)?;
    let (from, to) = ports(protocol, *from_port, *to_port)?;
    let mut peers = Vec::new();
    for ec2::IpRange {
        cidr_ip,
        description,
    } in ip_ranges
    {
        peers.push((Peer::Cidr4(cidr4(cidr_ip.as_deref())?), description));
    }
    for ec2::Ipv6Range {
        cidr_ipv6,
        description,
    } in ipv6_ranges
    {
        peers.push((Peer::Cidr6(cidr6(cidr_ipv6.as_deref())?), description));
    }
    for pair in user_id_group_pairs {
        peers.push((Peer::Group(group(call, pair)?), &pair.description));
    }
    for ec2::PrefixListId {
        description,
        prefix_list_id,
    } in prefix_list_ids
    {
        let id = prefix_list_id.as_deref();
        let id =
            id.ok_or_else(|| Fault::missing("IpPermissions.N.PrefixListIds.N.PrefixListId"))?;
        peers.push((
            Peer::PrefixList(parse_id(prefix_list::STEM, id)?),
            description,
        ));
    }
    if peers.is_empty() {
        return Err(Fault::bad_request(
            "InvalidPermission.Malformed",
            "A permission of IpPermissions names no other side; give IpRanges, Ipv6Ranges, PrefixListIds or Groups",
        ));
    }
    peers
        .into_iter()
        .map(|(peer, description)| {
            if let Some(text) = description {
                security_group::check_text("IpPermissions.N.Description", text)?;
            }
            Ok(Given {
                permission: Permission {
                    protocol,
                    from,
                    to,
                    peer,
                },
                description: description.clone().filter(|text| !text.is_empty()),
            })
        })
        .collect()
}

fn parse_protocol(text: &str) -> Result<Option<u8>, Fault> {
    if text == "-1" {
        return Ok(None);
    }
    let named = NAMES
        .into_iter()
        .find(|(_, name)| name.eq_ignore_ascii_case(text));
    let number = named.map(|(number, _)| number).or(text.parse().ok());
    number.map(Some).ok_or_else(|| {
        Fault::invalid_value(
            "IpProtocol",
            text,
            "give tcp, udp, icmp, icmpv6, a number from 0 to 255, or -1 for all",
        )
    })
}

/// Ports, or ICMP type and code. Other protocols have none: AWS takes what is given for "all".
fn ports(protocol: Option<u8>, from: Option<i32>, to: Option<i32>) -> Result<(i32, i32), Fault> {
    let shown = |port: Option<i32>| port.map_or("none".to_owned(), |port| port.to_string());
    let refuse = |why: &str| {
        let value = format!("{}:{}", shown(from), shown(to));
        Err(Fault::invalid_value("FromPort:ToPort", &value, why))
    };
    match (protocol, from, to) {
        (Some(TCP | UDP), Some(from), Some(to)) => {
            if from < 0 || to > 65_535 || from > to {
                return refuse("give 0 to 65535 for both, FromPort not above ToPort");
            }
            Ok((from, to))
        }
        (Some(TCP | UDP), ..) => refuse("tcp and udp need both; give 0 and 65535 for all ports"),
        (Some(ICMP6), None, None) => Ok((-1, -1)),
        (Some(ICMP | ICMP6), Some(from), Some(to)) => {
            if !(-1..=255).contains(&from) || !(-1..=255).contains(&to) {
                return refuse("the ICMP type and code are from -1 (all) to 255");
            }
            if from == -1 && to != -1 {
                return Err(Fault::bad_request(
                    "InvalidPermission.Malformed",
                    format!(
                        "FromPort -1 is all ICMP types, and goes only with ToPort -1, all codes (given: {to})"
                    ),
                ));
            }
            Ok((from, to))
        }
        (Some(ICMP | ICMP6), ..) => refuse(
            "icmp needs both its type in FromPort and its code in ToPort; give -1 and -1 for all",
        ),
        (None | Some(_), ..) => Ok((-1, -1)),
    }
}

fn cidr4(text: Option<&str>) -> Result<Ipv4Net, Fault> {
    let text = text.ok_or_else(|| Fault::missing("IpPermissions.N.IpRanges.N.CidrIp"))?;
    let net: Ipv4Net = text.parse().map_err(|_| {
        Fault::invalid_value(
            "CidrIp",
            text,
            "the CIDR block is malformed; give for example 10.0.0.0/16 or 10.0.0.1/32",
        )
    })?;
    if net.trunc() != net {
        return Err(host_bits("CidrIp", text, &net.trunc()));
    }
    Ok(net)
}

fn cidr6(text: Option<&str>) -> Result<Ipv6Net, Fault> {
    let text = text.ok_or_else(|| Fault::missing("IpPermissions.N.Ipv6Ranges.N.CidrIpv6"))?;
    let net: Ipv6Net = text.parse().map_err(|_| {
        Fault::invalid_value(
            "CidrIpv6",
            text,
            "the CIDR block is malformed; give for example 2001:db8::/32 or ::/0",
        )
    })?;
    if net.trunc() != net {
        return Err(host_bits("CidrIpv6", text, &net.trunc()));
    }
    Ok(net)
}

fn host_bits(parameter: &str, text: &str, net: &dyn std::fmt::Display) -> Fault {
    let why = format!("it has host bits set; did you mean {net}?");
    Fault::invalid_value(parameter, text, &why)
}

fn group(call: &Call, pair: &ec2::UserIdGroupPair) -> Result<SecurityGroupId, Fault> {
    let ec2::UserIdGroupPair {
        description: _, // the caller's
        group_id,
        group_name,
        peering_status: _, // only answers have it
        user_id,
        vpc_id: _, // the group's is what counts, and is checked
        vpc_peering_connection_id,
    } = pair;
    unsupported(&[
        (
            "IpPermissions.N.Groups.N.GroupName (give GroupId)",
            group_name.is_some() && group_id.is_none(),
        ),
        (
            "IpPermissions.N.Groups.N.VpcPeeringConnectionId",
            vpc_peering_connection_id.is_some(),
        ),
    ])?;
    let id = group_id.as_deref();
    let id = id.ok_or_else(|| Fault::missing("IpPermissions.N.Groups.N.GroupId"))?;
    if let Some(user) = user_id
        .as_deref()
        .filter(|user| *user != call.account.to_string())
    {
        return Err(Fault::bad_request(
            "InvalidGroup.NotFound",
            format!(
                "The security group '{id}' of the account '{user}' cannot be referred to: a rule names groups of its own VPC"
            ),
        ));
    }
    parse_id("GroupId", id)
}

/// How EC2 writes a protocol.
pub(crate) fn protocol_name(protocol: Option<u8>) -> String {
    let Some(number) = protocol else {
        return "-1".into();
    };
    let named = NAMES.into_iter().find(|(known, _)| *known == number);
    named.map_or_else(|| number.to_string(), |(_, name)| name.into())
}

/// What a filter may call a protocol.
pub(crate) fn protocol_names(protocol: Option<u8>) -> Vec<String> {
    let mut names = vec![protocol_name(protocol)];
    names.extend(protocol.map(|number| number.to_string()));
    names
}

/// The other side, for people.
pub(crate) fn peer_text(peer: &Peer) -> String {
    match peer {
        Peer::Cidr4(net) => net.to_string(),
        Peer::Cidr6(net) => net.to_string(),
        Peer::Group(id) => id.to_string(),
        Peer::PrefixList(id) => id.to_string(),
    }
}

/// A permission in AWS's words.
pub(crate) fn in_words(permission: &Permission) -> String {
    let protocol = match permission.protocol {
        None => "ALL".into(),
        known => protocol_name(known).to_uppercase(),
    };
    let (peer, from, to) = (peer_text(&permission.peer), permission.from, permission.to);
    if from == -1 && to == -1 {
        format!("peer: {peer}, {protocol}, ALLOW")
    } else {
        format!("peer: {peer}, {protocol}, from port: {from}, to port: {to}, ALLOW")
    }
}

/// The rules of one way as EC2 lists them in a group: one entry for all of the same protocol
/// and ports.
pub(crate) fn merged(group: &SecurityGroup, egress: bool) -> Vec<ec2::IpPermission> {
    // Entry by entry, what its rules have in common.
    let mut keys = Vec::new();
    let mut listed: Vec<ec2::IpPermission> = Vec::new();
    for rule in group.rules.iter().filter(|rule| rule.egress == egress) {
        let Permission {
            protocol,
            from,
            to,
            peer,
        } = &rule.permission;
        let key = (*protocol, *from, *to);
        let place = keys.iter().position(|known| *known == key);
        let place = place.unwrap_or_else(|| {
            // Where ports mean nothing there are none.
            let has_ports = protocol.is_some_and(|number| NAMES.iter().any(|n| n.0 == number));
            keys.push(key);
            listed.push(ec2::IpPermission {
                from_port: Some(*from).filter(|_| has_ports),
                to_port: Some(*to).filter(|_| has_ports),
                ip_protocol: Some(protocol_name(*protocol)),
                ..ec2::IpPermission::default()
            });
            listed.len() - 1
        });
        let Some(entry) = listed.get_mut(place) else {
            continue;
        };
        let description = rule.description.clone();
        match peer {
            Peer::Cidr4(net) => entry.ip_ranges.push(ec2::IpRange {
                cidr_ip: Some(net.to_string()),
                description,
            }),
            Peer::Cidr6(net) => entry.ipv6_ranges.push(ec2::Ipv6Range {
                cidr_ipv6: Some(net.to_string()),
                description,
            }),
            Peer::Group(id) => entry.user_id_group_pairs.push(ec2::UserIdGroupPair {
                description,
                group_id: Some(id.to_string()),
                user_id: Some(group.owner.to_string()),
                ..ec2::UserIdGroupPair::default()
            }),
            Peer::PrefixList(id) => entry.prefix_list_ids.push(ec2::PrefixListId {
                description,
                prefix_list_id: Some(id.to_string()),
            }),
        }
    }
    listed
}
