//! Prefix lists: AWS's of the services behind gateway endpoints, and customers' own.

mod given;

use std::sync::Arc;

use aws::{Fault, ec2};
use ipnet::IpNet;
use model::account::AccountId;
use model::endpoint::{Managed, Service};
use model::id::PrefixListId;
use model::prefix_list::{Entry, Family, PrefixList};
use model::route_table::RouteTable;
use model::security_group::SecurityGroup;
use model::tag::Tags;
use model::world::{Change, Name, World};

use super::page::page_of;
use super::security_group_rule::size;
use super::{Call, Decision, filter, not_found, parse_id, refusal, route, tags, unsupported};
use given::{changed, max_entries_of, name};

/// The stem of prefix list ids in error codes.
pub(crate) const STEM: &str = "PrefixListID";
const CREATE: &str = "CreateManagedPrefixList";

/// A list of either kind.
#[derive(Clone, Copy)]
enum List<'a> {
    Managed(Managed),
    Own(&'a Arc<PrefixList>),
}

impl<'a> List<'a> {
    fn id(self) -> PrefixListId {
        match self {
            Self::Managed(managed) => managed.prefix_list(),
            Self::Own(list) => list.id,
        }
    }

    fn name(self, call: &Call) -> String {
        match self {
            Self::Managed(managed) => Service::Managed(managed).name(&call.region),
            Self::Own(list) => list.name.clone(),
        }
    }

    fn owner(self) -> String {
        match self {
            Self::Managed(_) => "AWS".into(),
            Self::Own(list) => list.owner.to_string(),
        }
    }

    fn tags(self) -> Option<&'a Tags> {
        match self {
            Self::Managed(_) => None,
            Self::Own(list) => Some(&list.tags),
        }
    }

    fn entries(self) -> Vec<Entry> {
        match self {
            Self::Managed(managed) => managed
                .addresses()
                .map(|net| Entry {
                    cidr: IpNet::V4(net),
                    description: None,
                })
                .collect(),
            Self::Own(list) => list.entries.clone(),
        }
    }
}

fn managed<'a>() -> impl Iterator<Item = List<'a>> {
    Managed::ALL.into_iter().map(List::Managed)
}

/// AWS's list, or the caller's own, with this id.
fn find<'a>(world: &'a World, call: &Call, text: &str) -> Result<List<'a>, Fault> {
    let id: PrefixListId = parse_id(STEM, text)?;
    let own = world.prefix_list(call.account, id).map(List::Own);
    own.or_else(|| managed().find(|list| list.id() == id))
        .ok_or_else(|| not_found(STEM, id))
}

/// Refuses a list that is neither AWS's nor the caller's own.
pub(crate) fn check(world: &World, call: &Call, id: PrefixListId) -> Result<(), Fault> {
    let own = world.prefix_list(call.account, id).is_some();
    if own || Managed::of_prefix_list(id).is_some() {
        return Ok(());
    }
    Err(not_found(STEM, id))
}

/// The caller's own list with this id.
pub(crate) fn find_own<'a>(
    world: &'a World,
    call: &Call,
    text: &str,
) -> Result<&'a Arc<PrefixList>, Fault> {
    match find(world, call, text)? {
        List::Own(list) => Ok(list),
        List::Managed(_) => Err(Fault::bad_request(
            "OperationNotPermitted",
            format!(
                "The prefix list '{text}' is AWS's and cannot be changed; make one of your own"
            ),
        )),
    }
}

/// Lists that were named, or all that the caller may see, in the order of their ids.
fn start<'a>(
    world: &'a World,
    call: &Call,
    ids: &[String],
    own: bool,
) -> Result<Vec<List<'a>>, Fault> {
    let mut lists: Vec<List<'a>> = if ids.is_empty() {
        let mine = world.owned(call.account).map(List::Own);
        managed().chain(mine.filter(|_| own)).collect()
    } else {
        let find = |text: &String| find(world, call, text);
        ids.iter().map(find).collect::<Result<_, _>>()?
    };
    lists.sort_by_key(|list| list.id());
    lists.dedup_by_key(|list| list.id());
    Ok(lists)
}

/// AWS's lists: names and addresses of services that gateways lead to.
/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribePrefixLists.html>
pub(crate) fn describe_services(
    world: &World,
    call: &Call,
    request: &ec2::DescribePrefixListsRequest,
) -> Result<ec2::DescribePrefixListsResult, Fault> {
    let ec2::DescribePrefixListsRequest {
        dry_run: _,
        filters,
        max_results,
        next_token,
        prefix_list_ids,
    } = request;
    filter::known(filters, &["prefix-list-id", "prefix-list-name"])?;
    let start = start(world, call, prefix_list_ids, false)?.into_iter();
    let start = start.filter(|list| matches!(list, List::Managed(_)));
    let values = |list: &List<'_>, name: &str| values(call, *list, name);
    let found = filter::passing(start, filters, values, |list| list.tags())?;
    let (given, next_token) = page_of(
        found,
        |list| list.id().to_string(),
        *max_results,
        next_token.as_deref(),
        (1, 1_000),
        !prefix_list_ids.is_empty(),
    )?;
    let wire = |list: List<'_>| ec2::PrefixList {
        cidrs: list
            .entries()
            .iter()
            .map(|entry| entry.cidr.to_string())
            .collect(),
        prefix_list_id: Some(list.id().to_string()),
        prefix_list_name: Some(list.name(call)),
    };
    Ok(ec2::DescribePrefixListsResult {
        next_token,
        prefix_lists: given.into_iter().map(wire).collect(),
    })
}

fn values(call: &Call, list: List<'_>, name: &str) -> Option<Vec<String>> {
    Some(vec![match name {
        "owner-id" => list.owner(),
        "prefix-list-id" => list.id().to_string(),
        "prefix-list-name" => list.name(call),
        _ => return None,
    }])
}

/// AWS's lists and the caller's.
/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeManagedPrefixLists.html>
pub(crate) fn describe(
    world: &World,
    call: &Call,
    request: &ec2::DescribeManagedPrefixListsRequest,
) -> Result<ec2::DescribeManagedPrefixListsResult, Fault> {
    let ec2::DescribeManagedPrefixListsRequest {
        dry_run: _,
        filters,
        max_results,
        next_token,
        prefix_list_ids,
    } = request;
    filter::known(filters, &["owner-id", "prefix-list-id", "prefix-list-name"])?;
    let start = start(world, call, prefix_list_ids, true)?.into_iter();
    let values = |list: &List<'_>, name: &str| values(call, *list, name);
    let found = filter::passing(start, filters, values, |list| list.tags())?;
    let (given, next_token) = page_of(
        found,
        |list| list.id().to_string(),
        *max_results,
        next_token.as_deref(),
        (1, 100),
        !prefix_list_ids.is_empty(),
    )?;
    Ok(ec2::DescribeManagedPrefixListsResult {
        next_token,
        prefix_lists: given.into_iter().map(|list| wire(call, list)).collect(),
    })
}

/// The blocks of a list, as they are now.
/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_GetManagedPrefixListEntries.html>
pub(crate) fn entries(
    world: &World,
    call: &Call,
    request: &ec2::GetManagedPrefixListEntriesRequest,
) -> Result<ec2::GetManagedPrefixListEntriesResult, Fault> {
    let ec2::GetManagedPrefixListEntriesRequest {
        dry_run: _,
        max_results,
        next_token,
        prefix_list_id,
        target_version,
    } = request;
    let list = find(world, call, prefix_list_id)?;
    let version = match list {
        List::Own(list) => i64::try_from(list.version).unwrap_or(i64::MAX),
        List::Managed(_) => 1,
    };
    unsupported(&[(
        "TargetVersion (other than the present one)",
        target_version.is_some_and(|wanted| wanted != version),
    )])?;
    let (entries, next_token) = page_of(
        list.entries(),
        order,
        *max_results,
        next_token.as_deref(),
        (1, 100),
        false,
    )?;
    let wire = |entry: Entry| ec2::PrefixListEntry {
        cidr: Some(entry.cidr.to_string()),
        description: entry.description,
    };
    Ok(ec2::GetManagedPrefixListEntriesResult {
        entries: entries.into_iter().map(wire).collect(),
        next_token,
    })
}

/// A block as text that sorts as blocks do.
fn order(entry: &Entry) -> String {
    let prefix = entry.cidr.prefix_len();
    match entry.cidr.network() {
        std::net::IpAddr::V4(ip) => format!("4{:08x}/{prefix:03}", u32::from(ip)),
        std::net::IpAddr::V6(ip) => format!("6{:032x}/{prefix:03}", u128::from(ip)),
    }
}

/// What uses a list: the route tables that have a route for it, and the security groups that
/// have a rule for it.
/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_GetManagedPrefixListAssociations.html>
pub(crate) fn associations(
    world: &World,
    call: &Call,
    request: &ec2::GetManagedPrefixListAssociationsRequest,
) -> Result<ec2::GetManagedPrefixListAssociationsResult, Fault> {
    let ec2::GetManagedPrefixListAssociationsRequest {
        dry_run: _,
        max_results,
        next_token,
        prefix_list_id,
    } = request;
    let list = find(world, call, prefix_list_id)?.id();
    let tables = users(world, call, list).map(|it| (it.id.to_string(), it.owner));
    let groups = groups(world, call, list).map(|it| (it.id.to_string(), it.owner));
    let (given, next_token) = page_of(
        // As their ids sort: rtb- and sg-.
        tables.chain(groups),
        |(id, _)| id.clone(),
        *max_results,
        next_token.as_deref(),
        (5, 255),
        false,
    )?;
    let wire = |(id, owner): (String, AccountId)| ec2::PrefixListAssociation {
        resource_id: Some(id),
        resource_owner: Some(owner.to_string()),
    };
    Ok(ec2::GetManagedPrefixListAssociationsResult {
        next_token,
        prefix_list_associations: given.into_iter().map(wire).collect(),
    })
}

fn users<'a>(
    world: &'a World,
    call: &Call,
    list: PrefixListId,
) -> impl Iterator<Item = &'a Arc<RouteTable>> + use<'a> {
    let account = call.account;
    let tables = world.mentioning::<RouteTable>(list);
    tables.filter(move |table| table.owner == account)
}

/// The caller's security groups that have a rule for a list.
fn groups<'a>(
    world: &'a World,
    call: &Call,
    list: PrefixListId,
) -> impl Iterator<Item = &'a Arc<SecurityGroup>> + use<'a> {
    let owner = call.account;
    let groups = world.mentioning::<SecurityGroup>(list);
    groups.filter(move |group| group.owner == owner)
}

/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateManagedPrefixList.html>
pub(crate) fn create(
    world: &World,
    call: &Call,
    request: &ec2::CreateManagedPrefixListRequest,
) -> Result<Decision<ec2::CreateManagedPrefixListResult>, Fault> {
    let ec2::CreateManagedPrefixListRequest {
        address_family,
        client_token,
        dry_run: _,
        entries,
        max_entries,
        prefix_list_name,
        tag_specifications,
    } = request;
    let token = client_token.as_deref();
    let reply = |list: &Arc<PrefixList>| ec2::CreateManagedPrefixListResult {
        prefix_list: Some(wire(call, List::Own(list))),
    };
    if let Some(id) = call.replayed(world, CREATE, token, request)? {
        return Ok(Decision::unchanged(reply(find_own(world, call, &id)?)));
    }
    let families = [Family::Ipv4, Family::Ipv6];
    let family = families.into_iter().find(|it| it.name() == address_family);
    let family = family.ok_or_else(|| {
        Fault::invalid_value("AddressFamily", address_family, "give IPv4 or IPv6")
    })?;
    let mut list = PrefixList {
        id: call.id(),
        owner: call.account,
        name: name(prefix_list_name)?,
        family,
        max_entries: max_entries_of(*max_entries)?,
        version: 1,
        modified: false,
        entries: Vec::new(),
        created: call.now,
        tags: tags::on_create(tag_specifications, "prefix-list")?,
    };
    list.entries = changed(&list, entries, &[])?;
    let list = Arc::new(list);
    let mut changes = vec![PrefixList::clone(&list).into()];
    changes.extend(call.remember(CREATE, token, request, &list.id));
    Ok(Decision {
        reply: reply(&list),
        changes,
    })
}

/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ModifyManagedPrefixList.html>
pub(crate) fn modify(
    world: &World,
    call: &Call,
    request: &ec2::ModifyManagedPrefixListRequest,
) -> Result<Decision<ec2::ModifyManagedPrefixListResult>, Fault> {
    let ec2::ModifyManagedPrefixListRequest {
        add_entries,
        current_version,
        dry_run: _,
        ipam_prefix_list_resolver_sync_enabled: ipam,
        max_entries,
        prefix_list_id,
        prefix_list_name,
        remove_entries,
    } = request;
    unsupported(&[("IpamPrefixListResolverSyncEnabled", *ipam == Some(true))])?;
    let old = find_own(world, call, prefix_list_id)?;
    let mut list = PrefixList::clone(old);
    if let Some(given) = current_version
        && u64::try_from(*given).ok() != Some(old.version)
    {
        return Err(Fault::bad_request(
            "PrefixListVersionMismatch",
            format!(
                "The prefix list has the incorrect version number: CurrentVersion is {given}, and {} is at version {}; read it again",
                old.id, old.version
            ),
        ));
    }
    let edits = !add_entries.is_empty() || !remove_entries.is_empty();
    if edits && max_entries.is_some() {
        return Err(Fault::bad_request(
            "InvalidParameterCombination",
            "MaxEntries and entries cannot be changed in one call; make a call for each",
        ));
    }
    if edits && current_version.is_none() {
        return Err(Fault::missing("CurrentVersion"));
    }
    if let Some(text) = prefix_list_name {
        list.name = name(text)?;
    }
    if let Some(given) = max_entries {
        list.max_entries = max_entries_of(*given)?;
        if list.max_entries < list.entries.len() {
            let why = format!(
                "the list has {} entries; remove some first",
                list.entries.len()
            );
            return Err(Fault::invalid_value("MaxEntries", &given.to_string(), &why));
        }
        let more = list.max_entries.saturating_sub(old.max_entries);
        route::check_list_size(world, call, list.id, more)?;
        size::check_list(world, call, list.id, list.max_entries)?;
    }
    list.entries = changed(&list, add_entries, remove_entries)?;
    if list.entries != old.entries {
        list.version += 1;
    }
    let different = list != **old;
    list.modified |= different;
    let list = Arc::new(list);
    Ok(Decision {
        reply: ec2::ModifyManagedPrefixListResult {
            prefix_list: Some(wire(call, List::Own(&list))),
        },
        changes: different
            .then(|| PrefixList::clone(&list).into())
            .into_iter()
            .collect(),
    })
}

/// Removes a list that nothing uses.
/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DeleteManagedPrefixList.html>
pub(crate) fn delete(
    world: &World,
    call: &Call,
    request: &ec2::DeleteManagedPrefixListRequest,
) -> Result<Decision<ec2::DeleteManagedPrefixListResult>, Fault> {
    let ec2::DeleteManagedPrefixListRequest {
        dry_run: _,
        prefix_list_id,
    } = request;
    let list = find_own(world, call, prefix_list_id)?;
    let tables = users(world, call, list.id).map(|table| table.id.to_string());
    let groups = groups(world, call, list.id).map(|group| group.id.to_string());
    let blockers: Vec<String> = tables.chain(groups).collect();
    refusal::dependency(&format!("The prefix list '{}'", list.id), &blockers)?;
    let mut gone = wire(call, List::Own(list));
    gone.state = Some("delete-complete".into());
    Ok(Decision {
        reply: ec2::DeleteManagedPrefixListResult {
            prefix_list: Some(gone),
        },
        changes: vec![Change::Remove(Name::PrefixList(list.id))],
    })
}

fn wire(call: &Call, list: List<'_>) -> ec2::ManagedPrefixList {
    let id = list.id();
    let common = ec2::ManagedPrefixList {
        address_family: Some("IPv4".into()),
        owner_id: Some(list.owner()),
        prefix_list_id: Some(id.to_string()),
        prefix_list_name: Some(list.name(call)),
        state: Some("create-complete".into()),
        ..ec2::ManagedPrefixList::default()
    };
    match list {
        List::Managed(_) => ec2::ManagedPrefixList {
            prefix_list_arn: Some(format!("arn:aws:ec2:{}:aws:prefix-list/{id}", call.region)),
            ..common
        },
        List::Own(list) => ec2::ManagedPrefixList {
            address_family: Some(list.family.name().into()),
            max_entries: i32::try_from(list.max_entries).ok(),
            prefix_list_arn: Some(call.arn_of("ec2", list.owner, &format!("prefix-list/{id}"))),
            state: Some(
                if list.modified {
                    "modify-complete"
                } else {
                    "create-complete"
                }
                .into(),
            ),
            tags: tags::ec2(&list.tags),
            version: i64::try_from(list.version).ok(),
            ..common
        },
    }
}

#[cfg(test)]
mod tests;
