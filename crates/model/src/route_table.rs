//! Route tables: where a subnet's packets go.
//!
//! `plan::compile` makes next hops of them.

use alloc::format;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use ipnet::{Ipv4Net, Ipv6Net};
use serde::{Deserialize, Serialize};

use crate::account::AccountId;
use crate::endpoint::{self, Managed};
use crate::id::{
    EndpointId, InterfaceId, InternetGatewayId, NatGatewayId, PeeringId, PrefixListId,
    RouteTableAssociationId, RouteTableId, SubnetId, VpcId,
};
use crate::tag::Tags;
use crate::vpc::Vpc;
use crate::world::{Claim, Facets, Indexed, Kind, Name, World};

/// A list of routes, and the subnets that use it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RouteTable {
    /// Its id.
    pub id: RouteTableId,
    /// Whose.
    pub owner: AccountId,
    /// In which VPC.
    pub vpc: VpcId,
    /// That it is the main one of the VPC, which subnets without an association of their own
    /// use.
    pub main: Option<RouteTableAssociationId>,
    /// The subnets that are set to use it.
    pub associations: Vec<RouteTableAssociation>,
    /// Its routes, the local one first.
    pub routes: Vec<Route>,
    /// Tags.
    pub tags: Tags,
}

/// A subnet's use of a route table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RouteTableAssociation {
    /// Its id.
    pub id: RouteTableAssociationId,
    /// The subnet.
    pub subnet: SubnetId,
}

/// One route.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Route {
    /// For which addresses; one of its kind in the table.
    pub destination: Destination,
    /// Where their packets go.
    pub target: Target,
    /// Who made it.
    pub origin: Origin,
}

/// For which addresses a route is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Destination {
    /// IPv4 addresses.
    Cidr4(Ipv4Net),
    /// IPv6 addresses.
    Cidr6(Ipv6Net),
    /// Those of a prefix list.
    PrefixList(PrefixListId),
}

/// Where a route leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Target {
    /// Into the VPC itself.
    Local,
    /// To an internet gateway.
    InternetGateway(InternetGatewayId),
    /// To a NAT gateway.
    NatGateway(NatGatewayId),
    /// To a network interface.
    Interface(InterfaceId),
    /// To a gateway endpoint.
    Endpoint(EndpointId),
    /// To the other VPC of a peering connection.
    Peering(PeeringId),
}

/// Who made a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Origin {
    /// It came with the table.
    CreateRouteTable,
    /// A call.
    CreateRoute,
}

/// A table that has a route for a destination already.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{table} has a route for this destination already")]
pub struct DestinationTaken {
    /// The table.
    pub table: RouteTableId,
    /// Where the route that is there leads.
    pub target: Target,
}

impl RouteTable {
    /// A new table, with the way into the VPC itself.
    pub fn new(id: RouteTableId, vpc: &Vpc) -> Self {
        Self {
            id,
            owner: vpc.owner,
            vpc: vpc.id,
            main: None,
            associations: Vec::new(),
            routes: vec![Route {
                destination: Destination::Cidr4(vpc.cidr),
                target: Target::Local,
                origin: Origin::CreateRouteTable,
            }],
            tags: Tags::new(),
        }
    }

    /// The route for exactly these addresses.
    pub fn route(&self, destination: Destination) -> Option<&Route> {
        self.routes
            .iter()
            .find(|route| route.destination == destination)
    }

    /// Adds a route.
    pub fn add_route(&mut self, route: Route) -> Result<(), DestinationTaken> {
        if let Some(there) = self.route(route.destination) {
            return Err(DestinationTaken {
                table: self.id,
                target: there.target,
            });
        }
        self.routes.push(route);
        Ok(())
    }

    /// Adds a gateway endpoint's route for the addresses of its service.
    pub fn add_endpoint_route(
        &mut self,
        prefix_list: PrefixListId,
        endpoint: EndpointId,
    ) -> Result<(), DestinationTaken> {
        self.add_route(Route {
            destination: Destination::PrefixList(prefix_list),
            target: Target::Endpoint(endpoint),
            origin: Origin::CreateRoute,
        })
    }

    /// Removes all routes of a gateway endpoint.
    pub fn remove_endpoint_routes(&mut self, endpoint: EndpointId) {
        self.routes
            .retain(|route| route.target != Target::Endpoint(endpoint));
    }
}

impl Target {
    /// The thing that it is, if it is one.
    pub fn name(self) -> Option<Name> {
        match self {
            Self::Local => None,
            Self::InternetGateway(id) => Some(id.into()),
            Self::NatGateway(id) => Some(id.into()),
            Self::Interface(id) => Some(id.into()),
            Self::Endpoint(id) => Some(id.into()),
            Self::Peering(id) => Some(id.into()),
        }
    }
}

impl Route {
    /// Whether its target can take packets of this VPC; otherwise they are dropped (AWS: the
    /// route is a black hole).
    pub fn is_live(&self, world: &World, vpc: VpcId) -> bool {
        match self.target {
            Target::Local => true,
            Target::InternetGateway(id) => world
                .internet_gateways
                .get(&id)
                .is_some_and(|gateway| gateway.vpc == Some(vpc)),
            Target::NatGateway(id) => world.nat_gateways.contains_key(&id),
            Target::Interface(id) => world
                .interfaces
                .get(&id)
                .is_some_and(|found| found.is_managed() || found.attachment().is_some()),
            Target::Endpoint(id) => world
                .endpoints
                .get(&id)
                .is_some_and(|found| found.state != endpoint::State::Deleting),
            Target::Peering(id) => world
                .peerings
                .get(&id)
                .is_some_and(|found| found.state.is_open() && found.joins(vpc)),
        }
    }
}

impl Indexed for RouteTable {
    fn index(&self, facets: &mut Facets) {
        facets.owner(self.owner, &self.tags).needs(self.vpc);
        if self.main.is_some() {
            facets.claims(Claim::Part(Name::Vpc(self.vpc), "main route table"));
        }
        // Calls name associations by their ids.
        let ids = self.associations.iter().map(|association| association.id);
        for id in ids.chain(self.main) {
            let id = format!("{id}");
            facets.claims(Claim::Name(self.owner, Kind::RouteTable, id));
        }
        for association in &self.associations {
            let subnet = Name::Subnet(association.subnet);
            facets
                .needs(association.subnet)
                .claims(Claim::Part(subnet, "route table"));
        }
        // A route may outlive its target: it is a black hole then.
        for name in self.routes.iter().filter_map(|route| route.target.name()) {
            facets.mentions(name);
        }
        for route in &self.routes {
            if let Destination::PrefixList(list) = route.destination {
                facets.mentions(list);
                // AWS's lists are always there.
                if Managed::of_prefix_list(list).is_none() {
                    facets.needs(list);
                }
            }
        }
    }

    fn problems(&self, world: &World, problems: &mut Vec<String>) {
        let id = self.id;
        for association in &self.associations {
            let subnet = world.subnets.get(&association.subnet);
            if subnet.is_some_and(|subnet| subnet.vpc != self.vpc) {
                problems.push(format!(
                    "{id} is used by {}, which is in another VPC",
                    association.subnet
                ));
            }
        }
        for (at, route) in self.routes.iter().enumerate() {
            let mut earlier = self.routes.iter().take(at);
            if earlier.any(|it| it.destination == route.destination) {
                problems.push(format!("{id} has two routes for {:?}", route.destination));
            }
        }
    }
}

#[cfg(test)]
mod tests;
