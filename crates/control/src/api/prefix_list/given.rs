//! What requests say of prefix lists.

use std::collections::{BTreeMap, BTreeSet};

use aws::{Fault, ec2};
use ipnet::IpNet;
use model::prefix_list::{Entry, Family, PrefixList};

/// What a list may be made for at most (AWS quota).
const MAX_ENTRIES: usize = 1_000;
/// Entries that one call adds or removes.
const MAX_CHANGES: usize = 100;

/// A name of a customer's list.
pub(super) fn name(text: &str) -> Result<String, Fault> {
    let why = if text.is_empty() || text.chars().count() > 255 {
        "give 1 to 255 characters"
    } else if text.starts_with("com.amazonaws") {
        "names that begin with com.amazonaws are AWS's; choose another"
    } else {
        return Ok(text.to_owned());
    };
    Err(Fault::invalid_value("PrefixListName", text, why))
}

/// How many blocks a list may have.
pub(super) fn max_entries_of(given: i32) -> Result<usize, Fault> {
    let size = usize::try_from(given).ok();
    let size = size.filter(|size| (1..=MAX_ENTRIES).contains(size));
    size.ok_or_else(|| {
        let why = format!("give a number from 1 to {MAX_ENTRIES}");
        Fault::invalid_value("MaxEntries", &given.to_string(), &why)
    })
}

/// The entries of a list after some were removed and others added; one that is there gets its
/// new description.
pub(super) fn changed(
    list: &PrefixList,
    add: &[ec2::AddPrefixListEntry],
    remove: &[ec2::RemovePrefixListEntry],
) -> Result<Vec<Entry>, Fault> {
    for (name, count) in [("AddEntry", add.len()), ("RemoveEntry", remove.len())] {
        if count > MAX_CHANGES {
            return Err(Fault::bad_request(
                "InvalidParameterValue",
                format!("{name} has {count} values; give at most {MAX_CHANGES} in a call"),
            ));
        }
    }
    let entries = list.entries.iter();
    let mut entries: BTreeMap<IpNet, Option<String>> = entries
        .map(|entry| (entry.cidr, entry.description.clone()))
        .collect();
    let mut seen = BTreeSet::new();
    for ec2::RemovePrefixListEntry { cidr } in remove {
        let block = block(list.family, cidr)?;
        if !seen.insert(block) || entries.remove(&block).is_none() {
            let why = format!("it is not an entry of {}", list.id);
            return Err(Fault::invalid_value("RemoveEntry.Cidr", cidr, &why));
        }
    }
    for ec2::AddPrefixListEntry { cidr, description } in add {
        let block = block(list.family, cidr)?;
        if !seen.insert(block) {
            let why = "it is given twice; give each block once";
            return Err(Fault::invalid_value("AddEntry.Cidr", cidr, why));
        }
        let text = description.as_deref().unwrap_or_default();
        if text.chars().count() > 255 {
            let why = "give at most 255 characters";
            return Err(Fault::invalid_value("AddEntry.Description", text, why));
        }
        entries.insert(block, description.clone());
    }
    if entries.len() > list.max_entries {
        return Err(Fault::bad_request(
            "PrefixListMaxEntriesExceeded",
            format!(
                "The prefix list would have {} entries, and may have {}; remove some, or raise MaxEntries first",
                entries.len(),
                list.max_entries
            ),
        ));
    }
    let entry = |(cidr, description)| Entry { cidr, description };
    Ok(entries.into_iter().map(entry).collect())
}

fn block(family: Family, text: &str) -> Result<IpNet, Fault> {
    let refuse = |why: &str| Err(Fault::invalid_value("Entry.Cidr", text, why));
    let Ok(net) = text.parse::<IpNet>() else {
        return refuse("give a CIDR block, for example 10.0.0.0/16");
    };
    if !family.has(&net) {
        return refuse(&format!("give blocks of the family {}", family.name()));
    }
    if net.trunc() != net {
        return refuse(&format!(
            "it has host bits set; did you mean {}?",
            net.trunc()
        ));
    }
    Ok(net)
}
