//! Which function carries out which operation of STS.

use super::route;
use crate::api::sts;

route! { Sts sts
    read AssumeRole sts::assume_role;
    read GetCallerIdentity sts::get_caller_identity;
    read GetSessionToken sts::get_session_token;
}
