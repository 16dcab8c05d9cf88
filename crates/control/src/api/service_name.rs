//! The private names of endpoint services: which are allowed, and how one is verified.

use aws::{Fault, ec2};
use model::endpoint_service::{EndpointService, PrivateName};
use model::world::World;

use super::{Call, Decision, endpoint_service, endpoint_wire};

/// A new name, which its provider has to prove with a TXT record.
pub(crate) fn new(call: &Call, text: &str) -> Result<PrivateName, Fault> {
    check(text).map_err(|why| Fault::invalid_value("PrivateDnsName", text, why))?;
    Ok(PrivateName {
        name: text.to_owned(),
        record: format!("_{}", endpoint_wire::letters::<20>(call)),
        value: format!("vpce:{}", endpoint_wire::letters::<20>(call)),
        verified: false,
    })
}

/// What is wrong with a name.
fn check(text: &str) -> Result<(), &'static str> {
    if text.len() > 255 {
        return Err("it has more than 255 characters");
    }
    if text.bytes().any(|byte| byte.is_ascii_uppercase()) {
        return Err("give it in lower case");
    }
    let mut labels: Vec<&str> = text.split('.').collect();
    if labels.len() < 2 {
        return Err("give a name below a domain, for example service.example.com");
    }
    if labels.first() == Some(&"*") {
        labels.remove(0);
        if labels.len() < 2 {
            return Err("a wildcard must be below a domain, for example *.example.com");
        }
    }
    for label in labels {
        let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        if label.contains('*') {
            return Err("only the whole first label can be *");
        }
        if label.is_empty() || label.len() > 63 {
            return Err("each of its labels must have 1 to 63 characters");
        }
        if !label.bytes().all(fits) || label.starts_with('-') || label.ends_with('-') {
            return Err("labels have a to z, 0 to 9, and hyphens within");
        }
    }
    Ok(())
}

/// What a change of a service asks of its name. A name that connections may use stays.
pub(crate) fn change(
    world: &World,
    call: &Call,
    service: &mut EndpointService,
    name: Option<&str>,
    remove: bool,
) -> Result<(), Fault> {
    let there = service.private_name.as_ref();
    match (name, remove) {
        (Some(_), true) => {
            return Err(Fault::bad_request(
                "InvalidParameterCombination",
                "PrivateDnsName and RemovePrivateDnsName=true cannot be given together; leave one out",
            ));
        }
        (None, false) => return Ok(()),
        (Some(name), false) if there.is_some_and(|there| there.name == name) => return Ok(()),
        (None, true) if there.is_none() => return Ok(()),
        (Some(_), false) | (None, true) => {}
    }
    let mut live = world.connections_of(service.id);
    if there.is_some()
        && let Some(user) = live.find(|endpoint| endpoint.state.is_live())
    {
        return Err(Fault::bad_request(
            "ExistingVpcEndpointConnections",
            format!(
                "The private DNS name of {} cannot be changed or removed while the service has connections; reject {} first",
                service.id, user.id
            ),
        ));
    }
    service.private_name = name.map(|name| new(call, name)).transpose()?;
    Ok(())
}

/// Looks for the proof of a name. There is no resolver to ask yet, so a name stays as it is; with
/// `--dev` it is taken as proved. A service without a name has nothing to prove.
/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_StartVpcEndpointServicePrivateDnsVerification.html>
pub(crate) fn verify(
    world: &World,
    call: &Call,
    request: &ec2::StartVpcEndpointServicePrivateDnsVerificationRequest,
) -> Result<Decision<ec2::StartVpcEndpointServicePrivateDnsVerificationResult>, Fault> {
    let ec2::StartVpcEndpointServicePrivateDnsVerificationRequest {
        dry_run: _,
        service_id,
    } = request;
    let old = endpoint_service::find(world, call, service_id)?;
    let mut service = EndpointService::clone(old);
    if let Some(private) = &mut service.private_name {
        private.verified |= call.dev;
    }
    let changed = service != **old;
    Ok(Decision {
        reply: ec2::StartVpcEndpointServicePrivateDnsVerificationResult {
            return_value: Some(true),
        },
        changes: changed.then(|| service.into()).into_iter().collect(),
    })
}

/// AWS's name of how far a verification is.
pub(crate) fn state(private: &PrivateName) -> &'static str {
    if private.verified {
        "verified"
    } else {
        "pendingVerification"
    }
}

#[cfg(test)]
mod tests;
