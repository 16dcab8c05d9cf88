//! Who calls: from a signature to an account.

use aws::call::Parts;
use aws::sigv4::{self, Signed};
use aws::{Fault, Service};
use model::account::AccountId;
use model::world::World;

use crate::secret::Vault;

/// A caller whose signature is right.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    pub(crate) account: AccountId,
    pub(crate) arn: String,
    pub(crate) operator: bool,
    /// The key that signed.
    pub(crate) access_key: String,
}

/// Checks a request's signature; `now` in seconds since 1970. Says which service is called,
/// also in an error, because that decides how the error is encoded.
pub(crate) fn authenticate(
    world: &World,
    vault: &Vault,
    region: &str,
    parts: &Parts<'_>,
    now: i64,
) -> Result<(Service, Caller), (Service, Fault)> {
    let claimed = sigv4::service(parts);
    let signed = sigv4::parse(parts).map_err(|fault| (claimed, fault))?;
    let credential = signed.credential();
    let service = claimed;
    let caller = verify(world, vault, &signed, parts, service, now).map_err(|f| (service, f))?;
    if credential.region != region {
        let mut fault = Fault::bad_signature(service);
        fault.message = format!(
            "Credential should be scoped to the region {region}, which this Ginnel serves, not {}; set AWS_REGION={region}",
            credential.region
        );
        return Err((service, fault));
    }
    Ok((service, caller))
}

fn verify(
    world: &World,
    vault: &Vault,
    signed: &Signed,
    parts: &Parts<'_>,
    service: Service,
    now: i64,
) -> Result<Caller, Fault> {
    let id = &signed.credential().access_key;
    let key = world
        .access_keys
        .get(id)
        .ok_or_else(|| Fault::invalid_key(service))?;
    let secret = vault.open_sealed(id, &key.sealed_secret).map_err(|error| {
        tracing::error!(key = id, %error, "an access key cannot be used");
        Fault::internal("The access key's secret cannot be opened; see the daemon's log")
    })?;
    signed.verify(parts, &secret, now)?;
    let operator = world.accounts.get(&key.account);
    Ok(Caller {
        account: key.account,
        arn: format!("arn:aws:iam::{}:root", key.account),
        operator: operator.is_some_and(|account| account.operator),
        access_key: id.clone(),
    })
}
