//! Who may: the place of the policy engine.
//!
//! Until it is there, the only principal of an account is its administrator, who may do
//! everything within it; that another account's things do not exist for it is the handlers'
//! (owner-scoped look-ups). Ginnel's own operations on the host are the operator's alone.

use aws::{Fault, Service};

use crate::authenticate::Caller;

/// Whether the caller may call this operation at all.
pub(crate) fn authorize(caller: &Caller, service: Service, operation: &str) -> Result<(), Fault> {
    match service {
        Service::Ginnel if caller.operator => Ok(()),
        Service::Ginnel => Err(Fault::new(
            403,
            "AccessDeniedException",
            format!(
                "{operation} acts on the host: only the operator's account may call it, not {}",
                caller.account
            ),
        )),
        _ => Ok(()),
    }
}
