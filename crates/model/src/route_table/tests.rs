//! Routes of gateway endpoints.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use super::{Destination, DestinationTaken, RouteTable, Target};
use crate::id::{EndpointId, PrefixListId, RouteTableId, VpcId};

#[test]
fn one_endpoint_route_a_prefix_list() {
    let mut table = RouteTable {
        id: RouteTableId::new(1),
        owner: "123456789012".parse().unwrap(),
        vpc: VpcId::new(1),
        main: None,
        associations: Vec::new(),
        routes: Vec::new(),
        tags: BTreeMap::new(),
    };
    let [list, other] = [1, 2].map(PrefixListId::new);
    let [mine, theirs] = [1, 2].map(EndpointId::new);
    assert_eq!(table.add_endpoint_route(list, mine), Ok(()));
    assert_eq!(
        table.add_endpoint_route(list, theirs),
        Err(DestinationTaken {
            table: table.id,
            target: Target::Endpoint(mine),
        })
    );
    assert_eq!(table.add_endpoint_route(other, theirs), Ok(()));
    table.remove_endpoint_routes(mine);
    assert_eq!(table.routes.len(), 1);
    assert!(table.route(Destination::PrefixList(other)).is_some());
    assert_eq!(table.add_endpoint_route(list, theirs), Ok(()));
}
