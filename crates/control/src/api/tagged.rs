//! Everything of an account that can have tags: the one list behind DescribeTags of EC2 and of
//! Elastic Load Balancing, and behind the Resource Groups Tagging API.
//!
//! To add a noun of EC2 that has the fields `id`, `owner` and `tags`: its line in [`ec2`]. To
//! add another: a function that makes its [`Tagged`], and a line in [`all`].

use model::endpoint::Endpoint;
use model::endpoint_service::EndpointService;
use model::flow_log::FlowLog;
use model::interface::Interface;
use model::listener::Listener;
use model::load_balancer::LoadBalancer;
use model::security_group::SecurityGroup;
use model::subnet::Subnet;
use model::tag::Tags;
use model::target_group::TargetGroup;
use model::vpc::Vpc;
use model::world::World;

use super::Call;
use super::elbv2::{balancer_arn, group_arn, listener_arn};

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

macro_rules! ec2 {
    ($world:ident $call:ident $found:ident: $($noun:ty => $kind:literal),+ $(,)?) => {$(
        for thing in $world.owned::<$noun>($call.account) {
            let id = thing.id.to_string();
            $found.push(Tagged {
                arn: $call.arn_of("ec2", thing.owner, &format!(concat!($kind, "/{}"), id)),
                id,
                kind: $kind,
                tags: &thing.tags,
            });
        }
    )+};
}

/// The caller's things of EC2.
pub(crate) fn ec2<'a>(world: &'a World, call: &Call) -> Vec<Tagged<'a>> {
    let mut found = Vec::new();
    ec2! { world call found:
        Vpc => "vpc",
        Subnet => "subnet",
        SecurityGroup => "security-group",
        Interface => "network-interface",
        FlowLog => "vpc-flow-log",
        EndpointService => "vpc-endpoint-service",
        Endpoint => "vpc-endpoint",
    }
    for group in world.owned::<SecurityGroup>(call.account) {
        found.extend(group.rules.iter().map(|rule| Tagged {
            id: rule.id.to_string(),
            arn: call.arn_of(
                "ec2",
                group.owner,
                &format!("security-group-rule/{}", rule.id),
            ),
            kind: "security-group-rule",
            tags: &rule.tags,
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

/// All things of the caller, of every service.
pub(crate) fn all<'a>(world: &'a World, call: &Call) -> Vec<Tagged<'a>> {
    let me = call.account;
    let mut found = ec2(world, call);
    found.extend(world.owned(me).map(|it| balancer(call, it)));
    found.extend(world.owned(me).map(|it| group(call, it)));
    found.extend(world.owned(me).map(|it| listener(world, call, it)));
    found
}
