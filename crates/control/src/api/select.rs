//! What a describe call starts from: by the index, never by a whole table.

use std::collections::BTreeSet;
use std::sync::Arc;

use aws::{Fault, ec2};
use model::id::VpcId;
use model::world::{Noun, World};

use super::{Call, filter};

/// The things that were named by their ids, once each; without ids the caller's, or only those
/// of the VPCs that the filter called `of_vpc` names. All in the order of their ids.
pub(crate) fn select<'a, N: Noun>(
    world: &'a World,
    call: &Call,
    ids: &[String],
    find: impl Fn(&str) -> Result<&'a Arc<N>, Fault>,
    filters: &[ec2::Filter],
    of_vpc: &str,
) -> Result<Vec<&'a Arc<N>>, Fault> {
    if !ids.is_empty() {
        let found = ids.iter().map(|text| find(text));
        let mut found = found.collect::<Result<Vec<_>, _>>()?;
        found.sort_by_key(|found| found.name());
        found.dedup_by_key(|found| found.name());
        return Ok(found);
    }
    let Some(vpcs) = filter::exact(filters, of_vpc) else {
        return Ok(world.owned(call.account).collect());
    };
    let vpcs = mine(world, call, vpcs);
    let found = vpcs.into_iter().flat_map(|vpc| world.needing::<N>(vpc));
    let mut found: Vec<_> = found.collect();
    found.sort_by_key(|found| found.name());
    Ok(found)
}

/// The caller's VPCs among these texts.
pub(crate) fn mine(world: &World, call: &Call, texts: &[String]) -> BTreeSet<VpcId> {
    let ids = texts.iter().filter_map(|text| text.parse().ok());
    ids.filter(|id| world.vpc(call.account, *id).is_some())
        .collect()
}
