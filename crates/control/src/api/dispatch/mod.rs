//! Which function carries out which operation: one line each, in the service's file.
//!
//! - `read NAME handler;` a read: its answer, and no changes;
//! - `write NAME handler;` a write with an answer of its own;
//! - `done NAME handler;` a write whose answer is only that it was done;
//! - `refuse NAME, "why";` decoded, then refused: its data plane is not there yet.
//!
//! An operation without a line is refused too.

mod cloudtrail;
mod ec2;
mod elbv2;
mod iam;
mod quotas;
mod sns;
mod sts;
mod tagging;

use aws::{Fault, Request, Response};
use model::world::{Change, World};

use super::Call;

/// An answer, ready to be encoded, and what it changes.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) response: Response,
    pub(crate) changes: Vec<Change>,
}

/// Carries out a request on a World.
pub(crate) fn handle(world: &World, call: &Call, request: &Request) -> Result<Outcome, Fault> {
    match request {
        Request::Ec2(request) => ec2::handle(world, call, request),
        Request::Elbv2(request) => elbv2::handle(world, call, request),
        Request::Sts(request) => sts::handle(world, call, request),
        Request::Iam(request) => iam::handle(world, call, request),
        Request::Sns(request) => sns::handle(world, call, request),
        Request::Cloudtrail(request) => cloudtrail::handle(world, call, request),
        Request::Quotas(request) => quotas::handle(world, call, request),
        Request::Tagging(request) => tagging::handle(world, call, request),
    }
}

/// Whether a request changes nothing, so that it needs no turn at the log.
pub(crate) fn is_read(request: &Request) -> bool {
    const READS: [&str; 5] = ["Describe", "Get", "List", "Lookup", "Simulate"];
    // Sessions are sealed into their tokens; nothing is stored.
    request.name() == "AssumeRole" || READS.iter().any(|verb| request.name().starts_with(verb))
}

/// An operation that this version does not carry out.
pub(super) fn refused(name: &str, why: &str) -> Fault {
    Fault::bad_request(
        "UnsupportedOperation",
        format!(
            "The operation {name} is not supported by this version of Ginnel{}{why}; docs/api.md lists what is",
            if why.is_empty() { "" } else { ": " }
        ),
    )
}

/// Makes a service's `handle` from its lines.
macro_rules! route {
    ($service:ident $module:ident $($verb:ident $operation:ident $($handler:path)? $(, $why:literal)?;)*) => {
        /// Carries out a request on a World.
        #[allow(unused_variables, unreachable_patterns, reason = "a service may have few lines, or all")]
        pub(super) fn handle(
            world: &model::world::World,
            call: &$crate::api::Call,
            request: &aws::$module::Request,
        ) -> Result<super::Outcome, aws::Fault> {
            match request {
                $(aws::$module::Request::$operation(r) => {
                    super::route!(@$verb $service $module $operation world call r $($handler)? $($why)?)
                })*
                other => Err(super::refused(other.name(), "")),
            }
        }
    };
    (@read $service:ident $module:ident $operation:ident $world:ident $call:ident $r:ident $handler:path) => {
        Ok(super::Outcome {
            response: aws::Response::$service(aws::$module::Response::$operation(Box::new(
                $handler($world, $call, $r)?,
            ))),
            changes: Vec::new(),
        })
    };
    (@write $service:ident $module:ident $operation:ident $world:ident $call:ident $r:ident $handler:path) => {{
        let $crate::api::Decision { reply, changes } = $handler($world, $call, $r)?;
        Ok(super::Outcome {
            response: aws::Response::$service(aws::$module::Response::$operation(Box::new(reply))),
            changes,
        })
    }};
    (@done $service:ident $module:ident $operation:ident $world:ident $call:ident $r:ident $handler:path) => {{
        let $crate::api::Decision { reply: (), changes } = $handler($world, $call, $r)?;
        Ok(super::Outcome {
            response: aws::Response::$service(aws::$module::Response::$operation),
            changes,
        })
    }};
    (@refuse $service:ident $module:ident $operation:ident $world:ident $call:ident $r:ident $why:literal) => {
        Err(super::refused(stringify!($operation), $why))
    };
}
pub(super) use route;
