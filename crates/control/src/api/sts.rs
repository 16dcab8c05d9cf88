//! STS.

use aws::sts::GetCallerIdentityResponse;

use super::Call;

/// <https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html>
pub(crate) fn get_caller_identity(call: &Call) -> GetCallerIdentityResponse {
    GetCallerIdentityResponse {
        account: Some(call.account.to_string()),
        arn: Some(call.arn.clone()),
        // Of an account's root, AWS gives the account id as user id.
        user_id: Some(call.account.to_string()),
    }
}
