//! How much of a group's quota its rules take. AWS counts each way and each family apart; a rule
//! for a group counts for both families, and one for a prefix list as often as the list may have
//! entries.

use aws::Fault;
use model::endpoint::Managed;
use model::id::PrefixListId;
use model::prefix_list::Family;
use model::security_group::{Peer, Rule, SecurityGroup};
use model::world::World;

use super::way;
use crate::api::{Call, quota};

/// Refuses a change of a group's rules that makes them more than there may be.
pub(crate) fn check(
    world: &World,
    call: &Call,
    old: &SecurityGroup,
    new: &SecurityGroup,
) -> Result<(), Fault> {
    let size = |group: &SecurityGroup, egress, family| {
        let rules = group.rules.iter().filter(|rule| rule.egress == egress);
        rules.map(|rule| weight(world, rule, family)).sum::<usize>()
    };
    for (egress, family) in sides() {
        let sizes = (size(old, egress, family), size(new, egress, family));
        check_side(call, new, egress, family, sizes)?;
    }
    Ok(())
}

/// Refuses a prefix list that grows to `entries` when a group that uses it would have too many
/// rules.
pub(crate) fn check_list(
    world: &World,
    call: &Call,
    list: PrefixListId,
    entries: usize,
) -> Result<(), Fault> {
    for group in world.mentioning::<SecurityGroup>(list) {
        for (egress, family) in sides() {
            let rules = || group.rules.iter().filter(|rule| rule.egress == egress);
            let old: usize = rules().map(|rule| weight(world, rule, family)).sum();
            let grown = |rule: &Rule| match (&rule.permission.peer, weight(world, rule, family)) {
                (Peer::PrefixList(id), 1..) if *id == list => entries,
                (_, weight) => weight,
            };
            let new: usize = rules().map(grown).sum();
            check_side(call, group, egress, family, (old, new))?;
        }
    }
    Ok(())
}

fn sides() -> impl Iterator<Item = (bool, Family)> {
    let families = [Family::Ipv4, Family::Ipv6].into_iter();
    families.flat_map(|family| [(false, family), (true, family)])
}

fn check_side(
    call: &Call,
    group: &SecurityGroup,
    egress: bool,
    family: Family,
    (old, new): (usize, usize),
) -> Result<(), Fault> {
    // Less is never too much, whatever the operator has set meanwhile.
    if new <= old {
        return Ok(());
    }
    call.check_quota_for(
        &quota::SECURITY_GROUP_RULES,
        old,
        new - old,
        "RulesPerSecurityGroupLimitExceeded",
        &format!(
            "The {} {} side of the security group '{}'",
            family.name(),
            way(egress),
            group.id
        ),
    )
}

/// As how many rules of a family one counts.
fn weight(world: &World, rule: &Rule, family: Family) -> usize {
    let of = |other: Family, count: usize| if other == family { count } else { 0 };
    match &rule.permission.peer {
        Peer::Cidr4(_) => of(Family::Ipv4, 1),
        Peer::Cidr6(_) => of(Family::Ipv6, 1),
        Peer::Group(_) => 1,
        Peer::PrefixList(id) => match world.prefix_lists.get(id) {
            Some(list) => of(list.family, list.max_entries),
            // AWS's lists of S3 and DynamoDB have the weight 1.
            None => of(
                Family::Ipv4,
                usize::from(Managed::of_prefix_list(*id).is_some()),
            ),
        },
    }
}

#[cfg(test)]
mod tests;
