//! Ginnel's own operations, for its command line: JSON, signed like all others, for the
//! operator's account only.

use std::time::Duration;

use aws::Fault;
use model::account::{AccessKey, Account, AccountId, Status};
use model::host::{Counters, InterfaceReport};
use model::id::InterfaceId;
use model::interface::{Attachment, Interface, Role};
use model::world::{Change, World};
use rand::RngExt as _;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::iam::access_key;
use super::observe;
use super::refusal::state_name;
use super::{capture, not_found, parse_id};
use crate::audit::record::Recorder;
use crate::open::{Control, FirstKey, Inner, now};

/// How long attaching and detaching wait for the host.
const PATIENCE: Duration = Duration::from_secs(10);

/// Carries out an operation.
pub(crate) async fn serve(
    control: &Control,
    operation: &str,
    body: &[u8],
    recorder: &Recorder,
) -> Result<Value, Fault> {
    let inner = &control.inner;
    match operation {
        "CreateAccount" => {
            let CreateAccount { name, id } = read(body)?;
            let key = create_account(inner, &name, id.as_deref(), false, Some(recorder))?;
            Ok(json!({
                "account": key.account,
                "access_key_id": key.access_key_id,
                "secret_access_key": key.secret_access_key,
            }))
        }
        "ListAccounts" => Ok(json!({ "accounts": accounts(&inner.committer.world()) })),
        "AttachInterface" => attach(inner, read(body)?, recorder).await,
        "DetachInterface" => detach(inner, read(body)?, recorder).await,
        "Observe" => observe::serve(inner, read(body)?).await,
        "Status" => Ok(status(inner)),
        "StartCapture" => capture::start(inner, read(body)?, recorder).await,
        "PollCapture" => capture::poll(inner, read(body)?).await,
        "StopCapture" => capture::stop(inner, read(body)?).await,
        other => Err(Fault::bad_request(
            "InvalidAction",
            format!(
                "Ginnel has no operation {other}; it has CreateAccount, ListAccounts, AttachInterface, DetachInterface, Observe, Status, StartCapture, PollCapture and StopCapture"
            ),
        )),
    }
}

/// Whether an operation changes nothing that is stored, and leaves a record of its own. Polls of
/// a capture, several a second, are part of its start, which is recorded.
pub(crate) fn is_read(operation: &str) -> bool {
    [
        "ListAccounts",
        "Observe",
        "Status",
        "StartCapture",
        "StopCapture",
    ]
    .contains(&operation)
}

fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, Fault> {
    serde_json::from_slice(body)
        .map_err(|error| Fault::bad_request("SerializationException", error.to_string()))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CreateAccount {
    name: String,
    id: Option<String>,
}

/// Makes an account and its administrator's access key.
pub(crate) fn create_account(
    inner: &Inner,
    name: &str,
    id: Option<&str>,
    operator: bool,
    recorder: Option<&Recorder>,
) -> Result<FirstKey, Fault> {
    if name.is_empty() || name.len() > 64 || name.chars().any(char::is_control) {
        return Err(Fault::invalid_value(
            "name",
            name,
            "give 1 to 64 printable characters",
        ));
    }
    let mut rng = rand::rng();
    let chosen = id
        .map(|text| {
            text.parse()
                .map_err(|_| Fault::invalid_value("id", text, "an account id has 12 digits"))
        })
        .transpose()?;
    let key_id = access_key::id("AKIA", rng.random());
    let secret = access_key::secret(rng.random());
    let sealed_secret = inner
        .vault
        .seal(&key_id, &secret)
        .map_err(|error| Fault::internal(error.to_string()))?;
    let account = inner.committer.commit(
        |world, _| {
            let id = match chosen {
                Some(AccountId::AWS) => {
                    return Err(Fault::invalid_value(
                        "id",
                        "000000000000",
                        "no account can have this id; leave it out to get a new one",
                    ));
                }
                Some(id) if world.accounts.contains_key(&id) => {
                    return Err(Fault::bad_request(
                        "EntityAlreadyExists",
                        format!(
                            "The account {id} exists already; leave the id out to get a new one"
                        ),
                    ));
                }
                Some(id) => id,
                None => loop {
                    let id = AccountId::random(rng.random());
                    if !world.accounts.contains_key(&id) {
                        break id;
                    }
                },
            };
            let account = Account {
                id,
                name: name.to_owned(),
                operator,
                created: now(),
            };
            let key = AccessKey {
                id: key_id.clone(),
                account: id,
                user: None,
                status: Status::Active,
                created: account.created,
                sealed_secret,
            };
            Ok((id, vec![account.into(), key.into()]))
        },
        |outcome| recorder.map_or_else(Vec::new, |recorder| recorder.done(outcome)),
    )?;
    Ok(FirstKey {
        account: account.to_string(),
        access_key_id: key_id,
        secret_access_key: secret,
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Attach {
    interface: String,
    namespace: String,
    device: String,
}

/// Binds, and waits until the host has done it; what the host cannot do is taken back.
async fn attach(inner: &Inner, request: Attach, recorder: &Recorder) -> Result<Value, Fault> {
    let Attach {
        interface,
        namespace,
        device,
    } = request;
    let id: InterfaceId = parse_id("NetworkInterfaceID", &interface)?;
    let bytes = device.as_bytes();
    if bytes.is_empty()
        || bytes.len() > 15
        || bytes.iter().any(|b| !b.is_ascii_graphic() || *b == b'/')
    {
        return Err(Fault::invalid_value(
            "device",
            &device,
            "a device name has 1 to 15 printable characters without slash",
        ));
    }
    if namespace.chars().any(char::is_whitespace) || namespace.len() > 128 {
        return Err(Fault::invalid_value(
            "namespace",
            &namespace,
            "a namespace path has at most 128 characters and no spaces",
        ));
    }
    (inner.check_namespace)(&namespace)
        .map_err(|problem| Fault::bad_request("InvalidParameterValue", problem))?;
    let mut reports = inner.relay.reports();
    let attachment = Attachment {
        id: model::id::Id::new(rand::rng().random()),
        namespace: namespace.clone(),
        device: device.clone(),
        since: now(),
    };
    let (slot, address, revision) = inner.committer.commit(
        |world, revision| {
            let mut found = workload(world, id)?;
            let ip = found.ip;
            let Role::Workload {
                slot,
                attachment: place,
            } = &mut found.role
            else {
                return Err(managed(id));
            };
            if let Some(old) = place {
                return Err(Fault::bad_request(
                    "InvalidParameterValue",
                    format!(
                        "{id} is attached to {} as {}; `ginnel detach {id}` first",
                        old.namespace, old.device
                    ),
                ));
            }
            *place = Some(attachment);
            let slot = *slot;
            Ok(((slot, ip, revision), vec![found.into()]))
        },
        |outcome| recorder.done(outcome),
    )?;
    let deadline = tokio::time::sleep(PATIENCE);
    tokio::pin!(deadline);
    let problem = loop {
        {
            let report = reports.borrow_and_update();
            match report.interfaces.get(&slot) {
                Some(InterfaceReport { attached: true, .. }) if report.tried >= revision => {
                    return Ok(json!({
                        "interface": interface,
                        "address": address.to_string(),
                        "namespace": namespace,
                        "device": device,
                        "dataplane": report.dataplane,
                    }));
                }
                Some(InterfaceReport {
                    problem: Some(problem),
                    ..
                }) if report.tried >= revision => break problem.clone(),
                _ => {}
            }
        }
        tokio::select! {
            changed = reports.changed() => if changed.is_err() {
                break "the host stopped".to_owned();
            },
            () = &mut deadline => break format!("the host did not do it within {PATIENCE:?}"),
        }
    };
    release(inner, id, recorder)?;
    Err(Fault::bad_request(
        "InvalidParameterValue",
        format!("{interface} was not attached: {problem}"),
    ))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Detach {
    interface: String,
}

/// Unbinds, and waits until the host has done it.
async fn detach(inner: &Inner, request: Detach, recorder: &Recorder) -> Result<Value, Fault> {
    let id: InterfaceId = parse_id("NetworkInterfaceID", &request.interface)?;
    let mut reports = inner.relay.reports();
    let revision = release(inner, id, recorder)?;
    let done = async {
        loop {
            if reports.borrow_and_update().realised >= revision {
                return;
            }
            if reports.changed().await.is_err() {
                return;
            }
        }
    };
    tokio::time::timeout(PATIENCE, done).await.map_err(|_| {
        Fault::new(
            503,
            "ServiceUnavailable",
            format!(
                "{id} is to be detached, but the host has not done it yet; see `ginnel status`"
            ),
        )
    })?;
    Ok(json!({ "interface": request.interface }))
}

fn release(inner: &Inner, id: InterfaceId, recorder: &Recorder) -> Result<u64, Fault> {
    inner.committer.commit(
        |world, revision| {
            let mut found = workload(world, id)?;
            let Role::Workload { attachment, .. } = &mut found.role else {
                return Err(managed(id));
            };
            if attachment.take().is_none() {
                return Err(Fault::bad_request(
                    "InvalidParameterValue",
                    format!("{id} is not attached"),
                ));
            }
            Ok((revision, vec![Change::from(found)]))
        },
        |outcome| recorder.done(outcome),
    )
}

fn workload(world: &World, id: InterfaceId) -> Result<Interface, Fault> {
    let found = world.interfaces.get(&id);
    Ok(found
        .ok_or_else(|| not_found("NetworkInterfaceID", id))?
        .as_ref()
        .clone())
}

fn managed(id: InterfaceId) -> Fault {
    Fault::bad_request(
        "OperationNotPermitted",
        format!("{id} belongs to an endpoint, a load balancer or a NAT gateway; it has no device"),
    )
}

fn accounts(world: &World) -> Value {
    let list = world
        .accounts
        .values()
        .map(|account| json!({ "account": account.id.to_string(), "name": account.name }));
    list.collect()
}

fn status(inner: &Inner) -> Value {
    let world = inner.committer.world();
    let reports = inner.relay.reports();
    let report = reports.borrow();
    let endpoints = world.endpoints.values().map(|endpoint| {
        let times = endpoint.provisioning;
        let took = times.available.map(|at| {
            // From the acceptance on: the wait for a person is not ours.
            at.0 - times.accepted.unwrap_or(times.requested).0
        });
        let mut sums = Sums::default();
        let mut addresses = Vec::new();
        for interface in endpoint
            .interfaces
            .iter()
            .filter_map(|id| world.interfaces.get(id))
        {
            addresses.push(interface.ip.to_string());
            if let Role::Endpoint { gate, .. } = interface.role {
                sums.add(&report.counters, gate);
            }
        }
        json!({
            "id": endpoint.id.to_string(),
            "account": endpoint.owner.to_string(),
            "service": endpoint.service.to_string(),
            "state": state_name(endpoint.state),
            "addresses": addresses.join(" "),
            "provisioned_ms": took,
            "connections": sums.connections,
            "bytes_in": sums.bytes_in,
            "bytes_out": sums.bytes_out,
            "drops": sums.drops,
        })
    });
    let interfaces = world.interfaces.values().filter_map(|interface| {
        let Role::Workload { slot, attachment } = &interface.role else {
            return None;
        };
        let condition = report.interfaces.get(slot);
        let counters = report
            .counters
            .enis
            .get(slot)
            .filter(|_| attachment.is_some());
        let place = attachment.as_ref();
        Some(json!({
            "id": interface.id.to_string(),
            "account": interface.owner.to_string(),
            "address": interface.ip.to_string(),
            "namespace": place.map(|place| &place.namespace),
            "device": place.map(|place| &place.device),
            "attached": condition.is_some_and(|condition| condition.attached),
            "problem": condition.and_then(|condition| condition.problem.as_ref()),
            "flows": counters.map(|counters| counters.flows),
            "drops": counters.map(|counters| &counters.drops),
        }))
    });
    json!({
        "region": inner.region,
        "revision": world.revision,
        "realised": report.realised,
        "dataplane": report.dataplane,
        "failures": report.failures,
        "accounts": accounts(&world),
        "endpoints": endpoints.collect::<Vec<_>>(),
        "interfaces": interfaces.collect::<Vec<_>>(),
    })
}

/// Counters of all zones of an endpoint.
#[derive(Default)]
struct Sums {
    connections: u64,
    bytes_in: u64,
    bytes_out: u64,
    drops: std::collections::BTreeMap<String, u64>,
}

impl Sums {
    fn add(&mut self, counters: &Counters, gate: model::host::GateSlot) {
        let Some(gate) = counters.gates.get(&gate) else {
            return;
        };
        self.connections += gate.connections;
        self.bytes_in += gate.bytes_in;
        self.bytes_out += gate.bytes_out;
        for (label, count) in &gate.drops {
            *self.drops.entry(label.clone()).or_default() += count;
        }
    }
}
