//! Calls without a signature: what the URLs in notifications ask for. The token, or the
//! subscription's random ARN, is what admits them.

use aws::call::{Parts, decode};
use aws::{Fault, Request, Service, sns};
use model::account::AccountId;

use crate::api::sns::ANYONE;
use crate::authenticate::{Caller, Principal};

/// Such a call.
pub(crate) struct Unsigned {
    /// Nobody, for the account that the ARN names.
    pub(crate) caller: Caller,
    pub(crate) request: Request,
    /// The region that the ARN names.
    pub(crate) region: String,
}

/// The call, if it is such a one at all.
pub(crate) fn read(parts: &Parts<'_>) -> Option<Result<Unsigned, Fault>> {
    let signed = parts.header("authorization").is_some() || parts.query.contains("X-Amz-Signature");
    let mut fields = parts.query.split('&');
    let asked =
        fields.any(|field| matches!(field, "Action=ConfirmSubscription" | "Action=Unsubscribe"));
    if parts.method != "GET" || signed || !asked {
        return None;
    }
    Some(decode(Service::Sns, parts).and_then(|request| {
        let arn = match &request {
            Request::Sns(sns::Request::ConfirmSubscription(it)) => it.topic_arn.as_str(),
            Request::Sns(sns::Request::Unsubscribe(it)) => it.subscription_arn.as_str(),
            _ => "",
        };
        // The topic's owner is whose things are acted on; the handlers know that nobody signed.
        let region = arn.split(':').nth(3).unwrap_or_default().to_owned();
        let account = arn.split(':').nth(4).and_then(|it| it.parse().ok());
        let account: AccountId = account.ok_or_else(|| {
            Fault::bad_request("InvalidParameter", format!("'{arn}' is not an ARN of SNS"))
        })?;
        let caller = Caller {
            account,
            principal: Principal::Session {
                role: None,
                name: ANYONE.into(),
                session: ANYONE.into(),
            },
            temporary: false,
            arn: ANYONE.into(),
            operator: false,
        };
        Ok(Unsigned {
            caller,
            request,
            region,
        })
    }))
}
