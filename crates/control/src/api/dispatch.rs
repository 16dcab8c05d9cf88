//! Which function carries out which operation. Nothing else.

use aws::{Fault, Request, ec2, elbv2, sts};
use model::world::{Change, World};

use super::{Call, Decision, place, sts as identity, vpc};

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
        // place
        R::DescribeRegions(r) => read!(Ec2 DescribeRegions place::describe_regions(call, r)?),
        R::DescribeAvailabilityZones(r) => {
            read!(Ec2 DescribeAvailabilityZones place::describe_zones(call, r)?)
        }
        other => Err(Fault::bad_request("UnsupportedOperation", other.name())),
    }
}

fn elbv2(_world: &World, _call: &Call, request: &elbv2::Request) -> Result<Outcome, Fault> {
    Err(Fault::bad_request("UnsupportedOperation", request.name()))
}
