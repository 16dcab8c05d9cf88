//! STS.

use aws::Fault;
use aws::sts::{GetCallerIdentityRequest, GetCallerIdentityResponse};
use model::world::World;

use super::Call;

/// <https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html>
pub(crate) fn get_caller_identity(
    _world: &World,
    call: &Call,
    _request: &GetCallerIdentityRequest,
) -> Result<GetCallerIdentityResponse, Fault> {
    Ok(GetCallerIdentityResponse {
        account: Some(call.account.to_string()),
        arn: Some(call.arn.clone()),
        // Of an account's root, AWS gives the account id as user id.
        user_id: Some(call.account.to_string()),
    })
}
