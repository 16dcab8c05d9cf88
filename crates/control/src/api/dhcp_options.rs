//! DHCP option sets.

use std::sync::Arc;

use aws::{Fault, ec2};
use model::dhcp_options::{DhcpOption, DhcpOptions};
use model::id::DhcpOptionsId;
use model::vpc::Vpc;
use model::world::{Change, Name, World};

use super::page::page;
use super::{Call, Decision, filter, not_found, parse_id, refusal, select, tags, vpc};

/// The stem of sets' ids in `NotFound` codes.
const STEM: &str = "DhcpOptionID";
/// The stem of sets' ids in `Malformed` codes.
const ID_STEM: &str = "DhcpOptionsId";
/// What an option may be, and how many values it may have.
const OPTIONS: [(&str, usize); 6] = [
    ("domain-name", 1),
    ("domain-name-servers", 4),
    ("ipv6-address-preferred-lease-time", 1),
    ("netbios-name-servers", 4),
    ("netbios-node-type", 1),
    ("ntp-servers", 4),
];

/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateDhcpOptions.html>
pub(crate) fn create(
    _world: &World,
    call: &Call,
    request: &ec2::CreateDhcpOptionsRequest,
) -> Result<Decision<ec2::CreateDhcpOptionsResult>, Fault> {
    let ec2::CreateDhcpOptionsRequest {
        dhcp_configurations,
        dry_run: _,
        tag_specifications,
    } = request;
    if dhcp_configurations.is_empty() {
        return Err(Fault::missing("DhcpConfiguration"));
    }
    let mut options: Vec<DhcpOption> = Vec::new();
    for ec2::NewDhcpConfiguration { key, values } in dhcp_configurations {
        let key = key.as_deref();
        let key = key.ok_or_else(|| Fault::missing("DhcpConfiguration.N.Key"))?;
        if options.iter().any(|option| option.key == key) {
            let why = "it is given twice; give all its values at once";
            return Err(Fault::invalid_value("DhcpConfiguration.N.Key", key, why));
        }
        check_option(key, values)?;
        options.push(DhcpOption {
            key: key.into(),
            values: values.clone(),
        });
    }
    let set = DhcpOptions {
        id: call.id(),
        owner: call.account,
        default: false,
        options,
        tags: tags::on_create(tag_specifications, "dhcp-options")?,
    };
    Ok(Decision {
        reply: ec2::CreateDhcpOptionsResult {
            dhcp_options: Some(wire(&set)),
        },
        changes: vec![set.into()],
    })
}

fn check_option(key: &str, values: &[String]) -> Result<(), Fault> {
    let Some((_, most)) = OPTIONS.iter().find(|(known, _)| *known == key) else {
        let known = OPTIONS.map(|(known, _)| known).join(", ");
        return Err(Fault::invalid_value(
            "DhcpConfiguration.N.Key",
            key,
            &format!("the options are {known}"),
        ));
    };
    if !(1..=*most).contains(&values.len()) {
        return Err(Fault::invalid_value(
            "DhcpConfiguration.N.Value",
            &values.join(","),
            &format!("{key} takes 1 to {most} values"),
        ));
    }
    let refuse = |value: &str, why: &str| {
        Err(Fault::invalid_value(
            "DhcpConfiguration.N.Value",
            value,
            why,
        ))
    };
    for value in values {
        let is_address = value.parse::<core::net::IpAddr>().is_ok();
        match key {
            "domain-name" if value.is_empty() || value.len() > 255 => {
                return refuse(value, "give a domain name of 1 to 255 characters");
            }
            "domain-name-servers" if !is_address && value != "AmazonProvidedDNS" => {
                return refuse(value, "give IP addresses, or AmazonProvidedDNS");
            }
            "ntp-servers" | "netbios-name-servers" if !is_address => {
                return refuse(value, "give IP addresses");
            }
            "netbios-node-type" if !["1", "2", "4", "8"].contains(&value.as_str()) => {
                return refuse(value, "give 1, 2, 4 or 8");
            }
            "ipv6-address-preferred-lease-time"
                if !value
                    .parse()
                    .is_ok_and(|it: u32| (140..=2_147_483_647).contains(&it)) =>
            {
                return refuse(value, "give seconds from 140 to 2147483647");
            }
            _ => {}
        }
    }
    Ok(())
}

/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeDhcpOptions.html>
pub(crate) fn describe(
    world: &World,
    call: &Call,
    request: &ec2::DescribeDhcpOptionsRequest,
) -> Result<ec2::DescribeDhcpOptionsResult, Fault> {
    let ec2::DescribeDhcpOptionsRequest {
        dhcp_options_ids: ids,
        dry_run: _,
        filters,
        max_results,
        next_token,
    } = request;
    filter::known(filters, &["dhcp-options-id", "key", "owner-id", "value"])?;
    let find = |text: &str| find_ref(world, call, text);
    let mine = select::select(world, call, ids, find, &[], "")?;
    let values = |set: &&Arc<DhcpOptions>, name: &str| {
        let options = set.options.iter();
        Some(match name {
            "dhcp-options-id" => vec![set.id.to_string()],
            "key" => options.map(|option| option.key.clone()).collect(),
            "owner-id" => vec![set.owner.to_string()],
            "value" => options.flat_map(|option| option.values.clone()).collect(),
            _ => return None,
        })
    };
    let found = filter::apply(mine, filters, values, |set| Some(&set.tags))?;
    let (given, next_token) = page(
        found,
        |set| set.id.to_string(),
        *max_results,
        next_token.as_deref(),
        (5, 1_000),
        !ids.is_empty(),
    )?;
    Ok(ec2::DescribeDhcpOptionsResult {
        dhcp_options: given.into_iter().map(|set| wire(set)).collect(),
        next_token,
    })
}

/// Removes a set that no VPC has.
/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DeleteDhcpOptions.html>
pub(crate) fn delete(
    world: &World,
    call: &Call,
    request: &ec2::DeleteDhcpOptionsRequest,
) -> Result<Decision<()>, Fault> {
    let ec2::DeleteDhcpOptionsRequest {
        dhcp_options_id,
        dry_run: _,
    } = request;
    let id = find_ref(world, call, dhcp_options_id)?.id;
    refusal::dependents(world, &format!("The dhcpOptions '{id}'"), id, |_| false)?;
    Ok(Decision {
        reply: (),
        changes: vec![Change::Remove(Name::DhcpOptions(id))],
    })
}

/// Gives a VPC a set, or with `default` none.
/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_AssociateDhcpOptions.html>
pub(crate) fn associate(
    world: &World,
    call: &Call,
    request: &ec2::AssociateDhcpOptionsRequest,
) -> Result<Decision<()>, Fault> {
    let ec2::AssociateDhcpOptionsRequest {
        dhcp_options_id,
        dry_run: _,
        vpc_id,
    } = request;
    let set = match dhcp_options_id.as_str() {
        "default" => None,
        text => Some(find_ref(world, call, text)?.id),
    };
    let mut vpc = Vpc::clone(vpc::find_ref(world, call, vpc_id)?);
    vpc.dhcp_options = set;
    Ok(Decision {
        reply: (),
        changes: vec![vpc.into()],
    })
}

/// The caller's set with this id.
pub(crate) fn find_ref<'a>(
    world: &'a World,
    call: &Call,
    text: &str,
) -> Result<&'a Arc<DhcpOptions>, Fault> {
    let id: DhcpOptionsId = parse_id(ID_STEM, text)?;
    world
        .dhcp_options_set(call.account, id)
        .ok_or_else(|| not_found(STEM, id))
}

/// A set as EC2 lists it.
fn wire(set: &DhcpOptions) -> ec2::DhcpOptions {
    let value = |value: &String| ec2::AttributeValue {
        value: Some(value.clone()),
    };
    let options = set.options.iter().map(|option| ec2::DhcpConfiguration {
        key: Some(option.key.clone()),
        values: option.values.iter().map(value).collect(),
    });
    ec2::DhcpOptions {
        dhcp_configurations: options.collect(),
        dhcp_options_id: Some(set.id.to_string()),
        owner_id: Some(set.owner.to_string()),
        tags: tags::ec2(&set.tags),
    }
}

#[cfg(test)]
mod tests;
