//! What AWS makes with a VPC, and the default VPC.

use aws::{Fault, ec2};
use ipnet::Ipv4Net;
use model::dhcp_options::DhcpOptions;
use model::id::DhcpOptionsId;
use model::internet_gateway::InternetGateway;
use model::network_acl::{NetworkAcl, NetworkAclAssociation};
use model::place::ZONES;
use model::route_table::{Destination, Origin, Route, RouteTable, Target};
use model::security_group::{Peer, Permission, Rule, SecurityGroup};
use model::subnet::Subnet;
use model::tag::Tags;
use model::vpc::Vpc;
use model::world::{Change, World};

use super::{Call, Decision, vpc};

/// A VPC that is not there yet, with the things that come with it.
pub(crate) struct NewVpc {
    pub(crate) vpc: Vpc,
    group: SecurityGroup,
    acl: NetworkAcl,
    table: RouteTable,
    /// The account's, if it has none yet.
    options: Option<DhcpOptions>,
}

impl NewVpc {
    /// A VPC, its default security group, its default network ACL and its main route table.
    pub(crate) fn new(world: &World, call: &Call, cidr: Ipv4Net, tags: Tags) -> Self {
        let id = call.id();
        let group = SecurityGroup {
            id: call.id(),
            owner: call.account,
            vpc: id,
            name: "default".into(),
            description: "default VPC security group".into(),
            slot: world.free_group_slot(),
            rules: Vec::new(),
            tags: Tags::new(),
        };
        let group = with_default_rules(call, group);
        let (dhcp_options, options) = account_options(world, call);
        let vpc = Vpc {
            id,
            owner: call.account,
            cidr,
            cidr_association: call.id(),
            number: world.free_vpc_number(),
            dns_support: true,
            dns_hostnames: false,
            address_metrics: false,
            default_group: group.id,
            dhcp_options: Some(dhcp_options),
            is_default: false,
            tags,
        };
        let mut table = RouteTable::new(call.id(), &vpc);
        table.main = Some(call.id());
        Self {
            acl: NetworkAcl::open(call.id(), call.account, id),
            vpc,
            group,
            table,
            options,
        }
    }

    /// What makes them.
    pub(crate) fn changes(self) -> Vec<Change> {
        let Self {
            vpc,
            group,
            acl,
            table,
            options,
        } = self;
        let mut changes = vec![vpc.into(), group.into(), acl.into(), table.into()];
        changes.extend(options.map(Change::from));
        changes
    }
}

/// The account's default DHCP options, and what makes them if there are none yet.
pub(crate) fn account_options(world: &World, call: &Call) -> (DhcpOptionsId, Option<DhcpOptions>) {
    match world.default_dhcp_options(call.account) {
        Some(there) => (there.id, None),
        None => {
            let made = DhcpOptions::of_account(call.id(), call.account, &call.region);
            (made.id, Some(made))
        }
    }
}

/// The default group admits its own members, and everything outward.
fn with_default_rules(call: &Call, mut group: SecurityGroup) -> SecurityGroup {
    let anywhere = Peer::Cidr4(Ipv4Net::default());
    for (egress, peer) in [(false, Peer::Group(group.id)), (true, anywhere)] {
        group.rules.push(Rule {
            id: call.id(),
            egress,
            permission: Permission {
                protocol: None,
                from: -1,
                to: -1,
                peer,
            },
            description: None,
            tags: Tags::new(),
        });
    }
    group
}

/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateDefaultVpc.html>
pub(crate) fn create_default(
    world: &World,
    call: &Call,
    request: &ec2::CreateDefaultVpcRequest,
) -> Result<Decision<ec2::CreateDefaultVpcResult>, Fault> {
    let ec2::CreateDefaultVpcRequest { dry_run: _ } = request;
    let Decision { reply, changes } = default_vpc(world, call)?;
    Ok(Decision {
        reply: ec2::CreateDefaultVpcResult {
            vpc: Some(vpc::wire(&reply)),
        },
        changes,
    })
}

/// Makes the account's default VPC: 172.31.0.0/16 with a subnet in each zone, an internet
/// gateway and a route to it.
pub(crate) fn default_vpc(world: &World, call: &Call) -> Result<Decision<Vpc>, Fault> {
    if let Some(there) = world.default_vpc(call.account) {
        return Err(Fault::bad_request(
            "DefaultVpcAlreadyExists",
            format!(
                "A default VPC already exists for this account in this region: '{}'; delete it first to have a new one",
                there.id
            ),
        ));
    }
    vpc::check_quota(world, call)?;
    let block = |third: u8, prefix: u8| {
        Ipv4Net::new([172, 31, third, 0].into(), prefix)
            .map_err(|error| Fault::internal(error.to_string()))
    };
    let mut made = NewVpc::new(world, call, block(0, 16)?, Tags::new());
    made.vpc.is_default = true;
    made.vpc.dns_hostnames = true;
    let mut subnets = Vec::new();
    for (zone, third) in ZONES.into_iter().zip([0, 16, 32]) {
        let subnet = Subnet {
            id: call.id(),
            owner: call.account,
            vpc: made.vpc.id,
            cidr: block(third, 20)?,
            zone,
            public_addresses: true,
            default_for_az: true,
            tags: Tags::new(),
        };
        made.acl.associations.push(NetworkAclAssociation {
            id: call.id(),
            subnet: subnet.id,
        });
        subnets.push(subnet);
    }
    let gateway = InternetGateway {
        id: call.id(),
        owner: call.account,
        vpc: Some(made.vpc.id),
        tags: Tags::new(),
    };
    made.table.routes.push(Route {
        destination: Destination::Cidr4(Ipv4Net::default()),
        target: Target::InternetGateway(gateway.id),
        origin: Origin::CreateRoute,
    });
    let reply = made.vpc.clone();
    let mut changes = made.changes();
    changes.push(gateway.into());
    changes.extend(subnets.into_iter().map(Change::from));
    Ok(Decision { reply, changes })
}

#[cfg(test)]
mod tests;
