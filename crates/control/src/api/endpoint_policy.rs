//! Policies of endpoints: which endpoints have one, and what is stored.

use aws::Fault;
use model::endpoint::Service;
use serde_json::Value;

use super::Call;
use super::policy_shape::{Broken, Kind, check};

/// Characters of an endpoint's policy (AWS.md 10).
const MOST: usize = 20_480;

/// What a gateway without a policy of its own shows.
const DEFAULT: &str = r#"{"Version":"2008-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}]}"#;

/// What every endpoint to a provider's service shows.
const DEFAULT_PRIVATE: &str = "{\n  \"Statement\": [\n    {\n      \"Action\": \"*\", \n      \"Effect\": \"Allow\", \n      \"Principal\": \"*\", \n      \"Resource\": \"*\"\n    }\n  ]\n}";

/// What an endpoint shows that has no policy of its own.
pub(crate) fn default(service: Service) -> &'static str {
    match service {
        Service::Managed(_) => DEFAULT,
        Service::Private(_) => DEFAULT_PRIVATE,
    }
}

/// What is stored for this text: the text, byte for byte. Where the service does not evaluate
/// policies only the default is taken, and nothing is stored.
pub(crate) fn stored(call: &Call, service: Service, text: &str) -> Result<Option<String>, Fault> {
    check(text, Kind::Endpoint, MOST).map_err(|broken| {
        let next = match &broken {
            Broken::TooLong { .. } => "shorten it, or move rules to the policies of the resources",
            Broken::Shape(_) => "correct PolicyDocument and call again",
        };
        let message = format!("The policy document is not valid: {broken}; {next}");
        Fault::bad_request("InvalidPolicyDocument", message)
    })?;
    match service {
        Service::Managed(_) => Ok(Some(text.to_owned())),
        Service::Private(_) if allows_all(text) => Ok(None),
        Service::Private(_) => Err(Fault::bad_request(
            "InvalidParameter",
            format!(
                "PolicyDocument: the service {} does not evaluate endpoint policies (it forwards connections and does not see requests), so this one would have no effect; leave PolicyDocument out, and use security groups and the service's allow-list",
                service.name(&call.region)
            ),
        )),
    }
}

/// Whether a policy says no more than the default.
fn allows_all(text: &str) -> bool {
    let statement = |document: &Value| match document.get("Statement") {
        Some(Value::Array(list)) if list.len() == 1 => list.first().cloned(),
        Some(one @ Value::Object(_)) => Some(one.clone()),
        _ => None,
    };
    let document: Option<Value> = serde_json::from_str(text).ok();
    let Some(Value::Object(mut given)) = document.as_ref().and_then(statement) else {
        return false;
    };
    given.remove("Sid");
    let default: Option<Value> = serde_json::from_str(DEFAULT).ok();
    default.as_ref().and_then(statement) == Some(Value::Object(given))
}

#[cfg(test)]
mod tests {
    use model::endpoint::{Managed, Service};
    use model::id::ServiceId;

    use super::{allows_all, default, stored};
    use crate::api::tests::Desk;

    #[test]
    fn defaults_are_policies_that_allow_all() {
        let desk = Desk::new();
        let private = Service::Private(ServiceId::new(1));
        for service in [private, Service::Managed(Managed::S3)] {
            let text = default(service);
            assert!(allows_all(text), "{text}");
            stored(&desk.call, service, text).unwrap();
        }
        let deny = default(private).replace("Allow", "Deny");
        assert!(!allows_all(&deny));
        let fault = stored(&desk.call, private, &deny).unwrap_err();
        assert_eq!(fault.code, "InvalidParameter");
        assert!(
            fault.message.contains("PolicyDocument"),
            "{}",
            fault.message
        );
        assert_eq!(stored(&desk.call, private, default(private)), Ok(None));
    }
}
