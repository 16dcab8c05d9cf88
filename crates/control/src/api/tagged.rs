//! Everything of an account that can have tags: the one list behind DescribeTags of EC2 and of
//! Elastic Load Balancing, and behind the Resource Groups Tagging API.
//!
//! To add a noun of EC2: its line in `ec2!` (what its ids begin with, AWS's name of its kind, the
//! noun, how it is found); CreateTags and DeleteTags know it then, too. To add a noun of another
//! service: a function that makes its [`Tagged`], and a line in [`all`].

use aws::Fault;
use model::address::Address;
use model::dhcp_options::DhcpOptions;
use model::endpoint::Endpoint;
use model::endpoint_service::EndpointService;
use model::flow_log::FlowLog;
use model::insights::{Analysis, Path};
use model::interface::Interface;
use model::internet_gateway::InternetGateway;
use model::listener::Listener;
use model::load_balancer::LoadBalancer;
use model::nat_gateway::NatGateway;
use model::network_acl::NetworkAcl;
use model::peering::Peering;
use model::prefix_list::PrefixList;
use model::route_table::RouteTable;
use model::security_group::SecurityGroup;
use model::subnet::Subnet;
use model::tag::Tags;
use model::target_group::TargetGroup;
use model::topic::Topic;
use model::vpc::Vpc;
use model::world::{Change, World};

use super::elbv2::{balancer_arn, group_arn, listener_arn};
use super::{
    Call, address, connection, dhcp_options, endpoint, endpoint_service, flow_log, insights,
    interface, internet_gateway, nat_gateway, network_acl, prefix_list, route_table, subnet, vpc,
};

/// A thing that can have tags.
#[derive(Clone, Debug)]
pub(crate) struct Tagged<'a> {
    /// Its id in its service.
    pub(crate) id: String,
    /// Its ARN.
    pub(crate) arn: String,
    /// AWS's name of its kind, which its ARN has too.
    pub(crate) kind: &'static str,
    /// Its tags; there may be none.
    pub(crate) tags: &'a Tags,
}

/// Changes tags, or says why not.
pub(crate) type Edit<'a> = &'a dyn Fn(&mut Tags) -> Result<(), Fault>;

/// A kind of things of EC2 that can have tags.
pub(crate) struct Ec2Kind {
    /// What their ids begin with.
    pub(crate) prefix: &'static str,
    /// Edits the tags of the caller's thing with this id.
    pub(crate) edit: fn(&World, &Call, &str, Edit<'_>) -> Result<Change, Fault>,
    /// Adds the caller's things.
    list: for<'a> fn(&'a World, &Call, &mut Vec<Tagged<'a>>),
}

macro_rules! ec2 {
    ($($prefix:literal $kind:literal $noun:ty, $find:path;)+) => {
        /// The kinds of EC2, apart from security groups and their rules, which are edited together.
        pub(crate) const EC2: &[Ec2Kind] = &[$(Ec2Kind {
            prefix: $prefix,
            edit: |world, call, text, edit| {
                let mut found = <$noun>::clone($find(world, call, text)?);
                edit(&mut found.tags)?;
                Ok(found.into())
            },
            list: |world, call, list| {
                for found in world.owned::<$noun>(call.account) {
                    list.push(of_ec2(call, $kind, found.id.to_string(), &found.tags));
                }
            },
        }),+];
    };
}

ec2! {
    "vpc-" "vpc" Vpc, vpc::find_ref;
    "subnet-" "subnet" Subnet, subnet::find_ref;
    "eni-" "network-interface" Interface, interface::find_ref;
    "pl-" "prefix-list" PrefixList, prefix_list::find_own;
    "fl-" "vpc-flow-log" FlowLog, flow_log::find;
    "dopt-" "dhcp-options" DhcpOptions, dhcp_options::find_ref;
    "rtb-" "route-table" RouteTable, route_table::find_ref;
    "acl-" "network-acl" NetworkAcl, network_acl::find_ref;
    "igw-" "internet-gateway" InternetGateway, internet_gateway::find_ref;
    "nat-" "natgateway" NatGateway, nat_gateway::find_ref;
    "eipalloc-" "elastic-ip" Address, address::find_ref;
    "nip-" "network-insights-path" Path, insights::find_path;
    "nia-" "network-insights-analysis" Analysis, insights::find_analysis;
    "vpce-" "vpc-endpoint" Endpoint, endpoint::find;
    "vpce-svc-" "vpc-endpoint-service" EndpointService, endpoint_service::find;
}

/// A thing of the caller's.
fn of_ec2<'a>(call: &Call, kind: &'static str, id: String, tags: &'a Tags) -> Tagged<'a> {
    Tagged {
        arn: call.arn_of("ec2", call.account, &format!("{kind}/{id}")),
        id,
        kind,
        tags,
    }
}

/// The caller's things of EC2.
pub(crate) fn ec2<'a>(world: &'a World, call: &Call) -> Vec<Tagged<'a>> {
    let mut found = Vec::new();
    for kind in EC2 {
        (kind.list)(world, call, &mut found);
    }
    for service in world.owned::<EndpointService>(call.account) {
        found.extend(service.permissions.iter().map(|entry| {
            let id = entry.id.to_string();
            of_ec2(call, "vpc-endpoint-service-permission", id, &entry.tags)
        }));
        for endpoint in world.mentioning::<Endpoint>(service.id) {
            let id = connection::id(endpoint).to_string();
            let tags = &endpoint.connection_tags;
            found.push(of_ec2(call, "vpc-endpoint-connection", id, tags));
        }
    }
    for peering in world.owned::<Peering>(call.account) {
        if peering.is_visible_to(call.account, call.now) {
            let tags = peering.tags_of(call.account);
            let id = peering.id.to_string();
            found.push(of_ec2(call, "vpc-peering-connection", id, tags));
        }
    }
    for group in world.owned::<SecurityGroup>(call.account) {
        let id = group.id.to_string();
        found.push(of_ec2(call, "security-group", id, &group.tags));
        found.extend(group.rules.iter().map(|rule| {
            let id = rule.id.to_string();
            of_ec2(call, "security-group-rule", id, &rule.tags)
        }));
    }
    found
}

/// A load balancer.
pub(crate) fn balancer<'a>(call: &Call, balancer: &'a LoadBalancer) -> Tagged<'a> {
    Tagged {
        id: balancer.id.to_string(),
        arn: balancer_arn(call, balancer),
        kind: "loadbalancer",
        tags: &balancer.tags,
    }
}

/// A target group.
pub(crate) fn group<'a>(call: &Call, group: &'a TargetGroup) -> Tagged<'a> {
    Tagged {
        id: group.id.to_string(),
        arn: group_arn(call, group),
        kind: "targetgroup",
        tags: &group.tags,
    }
}

/// A listener.
pub(crate) fn listener<'a>(world: &World, call: &Call, listener: &'a Listener) -> Tagged<'a> {
    Tagged {
        id: listener.id.to_string(),
        arn: listener_arn(world, call, listener),
        kind: "listener",
        tags: &listener.tags,
    }
}

/// A topic: AWS's ARN of one has no kind.
pub(crate) fn topic<'a>(call: &Call, topic: &'a Topic) -> Tagged<'a> {
    Tagged {
        id: topic.name.clone(),
        arn: topic.arn(&call.region),
        kind: "topic",
        tags: &topic.tags,
    }
}

/// All things of the caller, of every service.
pub(crate) fn all<'a>(world: &'a World, call: &Call) -> Vec<Tagged<'a>> {
    let me = call.account;
    let mut found = ec2(world, call);
    found.extend(world.owned(me).map(|it| balancer(call, it)));
    found.extend(world.owned(me).map(|it| group(call, it)));
    found.extend(world.owned(me).map(|it| listener(world, call, it)));
    found.extend(world.owned(me).map(|it| topic(call, it)));
    found
}
