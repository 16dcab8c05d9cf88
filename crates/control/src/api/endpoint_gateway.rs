//! Gateway endpoints: routes to AWS-managed services in route tables. They are stored and
//! listed; nothing carries their packets yet.

use std::collections::BTreeMap;

use aws::Fault;
use model::endpoint::{Endpoint, Managed};
use model::id::RouteTableId;
use model::route_table::RouteTable;
use model::vpc::Vpc;
use model::world::{Change, World};

use super::{Call, quota, route_table};

/// Route tables that a call changes, each once.
#[derive(Default)]
pub(crate) struct Tables(BTreeMap<RouteTableId, RouteTable>);

impl Tables {
    fn entry(&mut self, table: &RouteTable) -> &mut RouteTable {
        self.0.entry(table.id).or_insert_with(|| table.clone())
    }

    /// Adds the endpoint's route to these tables of its VPC; one that has it keeps it.
    pub(crate) fn add(
        &mut self,
        world: &World,
        call: &Call,
        endpoint: &Endpoint,
        service: Managed,
        texts: &[String],
    ) -> Result<(), Fault> {
        let list = service.prefix_list();
        for text in texts {
            let table = route_table::find_ref(world, call, text)?;
            if table.vpc != endpoint.vpc {
                return Err(Fault::bad_request(
                    "InvalidParameter",
                    format!(
                        "The route table '{}' is in {}, not in {}; give route tables of {}",
                        table.id, table.vpc, endpoint.vpc, endpoint.vpc
                    ),
                ));
            }
            let table = self.entry(table);
            let Err(taken) = table.add_endpoint_route(list, endpoint.id) else {
                continue;
            };
            if taken.target != model::route_table::Target::Endpoint(endpoint.id) {
                return Err(Fault::bad_request(
                    "RouteAlreadyExists",
                    format!(
                        "route table {} already has a route with destination-prefix-list-id {list}",
                        table.id
                    ),
                ));
            }
        }
        Ok(())
    }

    /// Removes the endpoint's routes from these tables, which must have one.
    pub(crate) fn remove(
        &mut self,
        world: &World,
        call: &Call,
        endpoint: &Endpoint,
        texts: &[String],
    ) -> Result<(), Fault> {
        for text in texts {
            let table = route_table::find_ref(world, call, text)?;
            if !of(world, endpoint).any(|known| known.id == table.id) {
                return Err(Fault::invalid_value(
                    "RemoveRouteTableId",
                    text,
                    &format!("it is not a route table of {}", endpoint.id),
                ));
            }
            self.entry(table).remove_endpoint_routes(endpoint.id);
        }
        Ok(())
    }

    /// Removes the endpoint's routes from all tables.
    pub(crate) fn remove_all(&mut self, world: &World, endpoint: &Endpoint) {
        for table in of(world, endpoint) {
            self.entry(table).remove_endpoint_routes(endpoint.id);
        }
    }

    /// The tables that are different now.
    pub(crate) fn changes(self, world: &World) -> impl Iterator<Item = Change> + '_ {
        let changed = self.0.into_values().filter(|table| {
            let old = world.route_tables.get(&table.id);
            old.is_none_or(|old| **old != *table)
        });
        changed.map(Change::from)
    }
}

/// The route tables that lead to a gateway endpoint.
pub(crate) fn of<'a>(
    world: &'a World,
    endpoint: &Endpoint,
) -> impl Iterator<Item = &'a RouteTable> + use<'a> {
    world
        .mentioning::<RouteTable>(endpoint.id)
        .map(AsRef::as_ref)
}

/// Refuses one more than an account may have.
pub(crate) fn check_quota(world: &World, call: &Call, vpc: &Vpc) -> Result<(), Fault> {
    let mine = world.owned::<Endpoint>(vpc.owner);
    call.check_quota(
        &quota::GATEWAY_ENDPOINTS,
        mine.filter(|endpoint| endpoint.is_gateway()).count(),
        "VpcEndpointLimitExceeded",
        &format!("The account '{}'", vpc.owner),
    )
}

#[cfg(test)]
mod tests;
