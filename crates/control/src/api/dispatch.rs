//! Which function carries out which operation. Nothing else.

use aws::{Fault, Request, ec2, elbv2, sts};
use model::world::{Change, World};

use super::{Call, Decision, place, sts as identity, vpc};
use super::{
    connection, elbv2_tags, endpoint, endpoint_modify, endpoint_service, listener, load_balancer,
    service_catalog, service_permission, target, target_group,
};
use super::{interface, security_group, security_group_rule, subnet, tag};

/// An answer, ready to be encoded, and what it changes.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) response: Response,
    pub(crate) changes: Vec<Change>,
}

/// An answer of any service.
#[derive(Debug)]
pub(crate) enum Response {
    Ec2(ec2::Response),
    Elbv2(elbv2::Response),
    Sts(sts::Response),
}

impl Response {
    pub(crate) fn encode(&self, request_id: &str) -> Result<String, Fault> {
        match self {
            Self::Ec2(response) => response.encode(request_id),
            Self::Elbv2(response) => response.encode(request_id),
            Self::Sts(response) => response.encode(request_id),
        }
    }
}

/// Carries out a request on a World.
pub(crate) fn handle(world: &World, call: &Call, request: &Request) -> Result<Outcome, Fault> {
    match request {
        Request::Ec2(request) => ec2(world, call, request),
        Request::Elbv2(request) => elbv2(world, call, request),
        Request::Sts(sts::Request::GetCallerIdentity(_)) => Ok(Outcome {
            response: Response::Sts(sts::Response::GetCallerIdentity(Box::new(
                identity::get_caller_identity(call),
            ))),
            changes: Vec::new(),
        }),
    }
}

/// A read: its answer, and no changes.
macro_rules! read {
    ($service:ident $operation:ident $reply:expr) => {
        Ok(Outcome {
            response: Response::$service(response!($service $operation $reply)),
            changes: Vec::new(),
        })
    };
}

/// A write with an answer of its own.
macro_rules! write {
    ($service:ident $operation:ident $decision:expr) => {{
        let Decision { reply, changes } = $decision;
        Ok(Outcome {
            response: Response::$service(response!($service $operation reply)),
            changes,
        })
    }};
}

/// A write whose answer is only that it was done.
macro_rules! done {
    ($operation:ident $decision:expr) => {{
        let Decision { reply: (), changes } = $decision;
        Ok(Outcome {
            response: Response::Ec2(ec2::Response::$operation),
            changes,
        })
    }};
}

macro_rules! response {
    (Ec2 $operation:ident $reply:expr) => {
        ec2::Response::$operation(Box::new($reply))
    };
    (Elbv2 $operation:ident $reply:expr) => {
        elbv2::Response::$operation(Box::new($reply))
    };
}

fn ec2(world: &World, call: &Call, request: &ec2::Request) -> Result<Outcome, Fault> {
    use ec2::Request as R;
    match request {
        // vpc
        R::CreateVpc(r) => write!(Ec2 CreateVpc vpc::create(world, call, r)?),
        R::DescribeVpcs(r) => read!(Ec2 DescribeVpcs vpc::describe(world, call, r)?),
        R::DeleteVpc(r) => done!(DeleteVpc vpc::delete(world, call, r)?),
        R::ModifyVpcAttribute(r) => {
            done!(ModifyVpcAttribute vpc::modify_attribute(world, call, r)?)
        }
        R::DescribeVpcAttribute(r) => {
            read!(Ec2 DescribeVpcAttribute vpc::describe_attribute(world, call, r)?)
        }
        // subnet
        R::CreateSubnet(r) => {
            write!(Ec2 CreateSubnet subnet::create(world, call, r)?)
        }
        R::DescribeSubnets(r) => {
            read!(Ec2 DescribeSubnets subnet::describe(world, call, r)?)
        }
        R::DeleteSubnet(r) => {
            done!(DeleteSubnet subnet::delete(world, call, r)?)
        }
        R::ModifySubnetAttribute(r) => {
            done!(ModifySubnetAttribute subnet::modify_attribute(world, call, r)?)
        }
        // security group
        R::CreateSecurityGroup(r) => {
            write!(Ec2 CreateSecurityGroup security_group::create(world, call, r)?)
        }
        R::DescribeSecurityGroups(r) => {
            read!(Ec2 DescribeSecurityGroups security_group::describe(world, call, r)?)
        }
        R::DeleteSecurityGroup(r) => {
            write!(Ec2 DeleteSecurityGroup security_group::delete(world, call, r)?)
        }
        // security group rule
        R::AuthorizeSecurityGroupIngress(r) => {
            write!(Ec2 AuthorizeSecurityGroupIngress security_group_rule::authorize_ingress(world, call, r)?)
        }
        R::AuthorizeSecurityGroupEgress(r) => {
            write!(Ec2 AuthorizeSecurityGroupEgress security_group_rule::authorize_egress(world, call, r)?)
        }
        R::RevokeSecurityGroupIngress(r) => {
            write!(Ec2 RevokeSecurityGroupIngress security_group_rule::revoke_ingress(world, call, r)?)
        }
        R::RevokeSecurityGroupEgress(r) => {
            write!(Ec2 RevokeSecurityGroupEgress security_group_rule::revoke_egress(world, call, r)?)
        }
        R::DescribeSecurityGroupRules(r) => {
            read!(Ec2 DescribeSecurityGroupRules security_group_rule::describe(world, call, r)?)
        }
        // interface
        R::CreateNetworkInterface(r) => {
            write!(Ec2 CreateNetworkInterface interface::create(world, call, r)?)
        }
        R::DescribeNetworkInterfaces(r) => {
            read!(Ec2 DescribeNetworkInterfaces interface::describe(world, call, r)?)
        }
        R::DeleteNetworkInterface(r) => {
            done!(DeleteNetworkInterface interface::delete(world, call, r)?)
        }
        // tag
        R::CreateTags(r) => {
            done!(CreateTags tag::create(world, call, r)?)
        }
        R::DeleteTags(r) => {
            done!(DeleteTags tag::delete(world, call, r)?)
        }
        R::DescribeTags(r) => {
            read!(Ec2 DescribeTags tag::describe(world, call, r)?)
        }
        // place
        R::DescribeRegions(r) => read!(Ec2 DescribeRegions place::describe_regions(call, r)?),
        R::DescribeAvailabilityZones(r) => {
            read!(Ec2 DescribeAvailabilityZones place::describe_zones(call, r)?)
        }
        // endpoint service
        R::CreateVpcEndpointServiceConfiguration(r) => {
            write!(Ec2 CreateVpcEndpointServiceConfiguration endpoint_service::create(world, call, r)?)
        }
        R::ModifyVpcEndpointServiceConfiguration(r) => {
            write!(Ec2 ModifyVpcEndpointServiceConfiguration endpoint_service::modify(world, call, r)?)
        }
        R::DescribeVpcEndpointServiceConfigurations(r) => {
            read!(Ec2 DescribeVpcEndpointServiceConfigurations endpoint_service::describe(world, call, r)?)
        }
        R::DeleteVpcEndpointServiceConfigurations(r) => {
            write!(Ec2 DeleteVpcEndpointServiceConfigurations endpoint_service::delete(world, call, r)?)
        }
        R::DescribeVpcEndpointServices(r) => {
            read!(Ec2 DescribeVpcEndpointServices service_catalog::describe(world, call, r)?)
        }
        R::ModifyVpcEndpointServicePermissions(r) => {
            write!(Ec2 ModifyVpcEndpointServicePermissions service_permission::modify(world, call, r)?)
        }
        R::DescribeVpcEndpointServicePermissions(r) => {
            read!(Ec2 DescribeVpcEndpointServicePermissions service_permission::describe(world, call, r)?)
        }
        // connection
        R::AcceptVpcEndpointConnections(r) => {
            write!(Ec2 AcceptVpcEndpointConnections connection::accept(world, call, r)?)
        }
        R::RejectVpcEndpointConnections(r) => {
            write!(Ec2 RejectVpcEndpointConnections connection::reject(world, call, r)?)
        }
        R::DescribeVpcEndpointConnections(r) => {
            read!(Ec2 DescribeVpcEndpointConnections connection::describe(world, call, r)?)
        }
        // endpoint
        R::CreateVpcEndpoint(r) => write!(Ec2 CreateVpcEndpoint endpoint::create(world, call, r)?),
        R::ModifyVpcEndpoint(r) => {
            write!(Ec2 ModifyVpcEndpoint endpoint_modify::modify(world, call, r)?)
        }
        R::DescribeVpcEndpoints(r) => {
            read!(Ec2 DescribeVpcEndpoints endpoint::describe(world, call, r)?)
        }
        R::DeleteVpcEndpoints(r) => {
            write!(Ec2 DeleteVpcEndpoints endpoint::delete(world, call, r)?)
        }
    }
}

fn elbv2(world: &World, call: &Call, request: &elbv2::Request) -> Result<Outcome, Fault> {
    use elbv2::Request as R;
    match request {
        // load balancer
        R::CreateLoadBalancer(r) => {
            write!(Elbv2 CreateLoadBalancer load_balancer::create(world, call, r)?)
        }
        R::DescribeLoadBalancers(r) => {
            read!(Elbv2 DescribeLoadBalancers load_balancer::describe(world, call, r)?)
        }
        R::DeleteLoadBalancer(r) => {
            write!(Elbv2 DeleteLoadBalancer load_balancer::delete(world, call, r)?)
        }
        R::DescribeLoadBalancerAttributes(r) => {
            read!(Elbv2 DescribeLoadBalancerAttributes load_balancer::describe_attributes(world, call, r)?)
        }
        // target group
        R::CreateTargetGroup(r) => {
            write!(Elbv2 CreateTargetGroup target_group::create(world, call, r)?)
        }
        R::DescribeTargetGroups(r) => {
            read!(Elbv2 DescribeTargetGroups target_group::describe(world, call, r)?)
        }
        R::DeleteTargetGroup(r) => {
            write!(Elbv2 DeleteTargetGroup target_group::delete(world, call, r)?)
        }
        R::DescribeTargetGroupAttributes(r) => {
            read!(Elbv2 DescribeTargetGroupAttributes target_group::describe_attributes(world, call, r)?)
        }
        // target
        R::RegisterTargets(r) => write!(Elbv2 RegisterTargets target::register(world, call, r)?),
        R::DeregisterTargets(r) => {
            write!(Elbv2 DeregisterTargets target::deregister(world, call, r)?)
        }
        R::DescribeTargetHealth(r) => {
            read!(Elbv2 DescribeTargetHealth target::describe_health(world, call, r)?)
        }
        // listener
        R::CreateListener(r) => write!(Elbv2 CreateListener listener::create(world, call, r)?),
        R::DescribeListeners(r) => {
            read!(Elbv2 DescribeListeners listener::describe(world, call, r)?)
        }
        R::DeleteListener(r) => write!(Elbv2 DeleteListener listener::delete(world, call, r)?),
        // tags
        R::AddTags(r) => write!(Elbv2 AddTags elbv2_tags::add(world, call, r)?),
        R::RemoveTags(r) => write!(Elbv2 RemoveTags elbv2_tags::remove(world, call, r)?),
        R::DescribeTags(r) => read!(Elbv2 DescribeTags elbv2_tags::describe(world, call, r)?),
    }
}
