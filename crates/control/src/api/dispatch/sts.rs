//! Which function carries out which operation of STS.

use super::route;
use crate::api::sts;

route! { Sts sts
    read GetCallerIdentity sts::get_caller_identity;
}
