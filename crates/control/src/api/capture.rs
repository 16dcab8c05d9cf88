//! Captures: what a host's agent is asked for, with names in place of slots.

use std::net::IpAddr;
use std::time::Duration;

use aws::Fault;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use model::host::{
    CaptureAnswer, CaptureOrder, CaptureRefused, Captured, Catch, Document, EniSlot, Fate, Frame,
    MAX_SLOTS, MAX_SNAP, Side, Watch,
};
use model::id::{EndpointId, InterfaceId};
use model::interface::{Interface, Role};
use model::world::World;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::oneshot;

use super::{iso, not_found, parse_id};
use crate::audit::record::Recorder;
use crate::open::{Inner, now};

/// The agent answers between two of its passes.
const PATIENCE: Duration = Duration::from_secs(10);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct StartCapture {
    /// An `eni-` or a `vpce-` id.
    target: String,
    /// Bytes of each frame that are kept.
    snap: Option<u16>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Ticket {
    ticket: u64,
}

/// Begins a capture.
pub(super) async fn start(
    inner: &Inner,
    request: StartCapture,
    recorder: &Recorder,
) -> Result<Value, Fault> {
    let StartCapture { target, snap } = request;
    let snap = snap.unwrap_or(MAX_SNAP);
    if !(14..=MAX_SNAP).contains(&snap) {
        return Err(Fault::invalid_value(
            "snap",
            &snap.to_string(),
            &format!("give 14 to {MAX_SNAP} bytes"),
        ));
    }
    let Aim {
        mut watch,
        endpoint,
        addresses,
    } = aim(&inner.committer.world(), &target)?;
    watch.snap = snap;
    let holder = format!("{target} by {} since {}", recorder.who(), iso(now()));
    match ask(inner, CaptureOrder::Start { watch, holder }).await? {
        CaptureAnswer::Started { ticket } => Ok(json!({
            "ticket": ticket,
            "snap": snap,
            "endpoint": endpoint.map(|id| id.to_string()),
            "addresses": addresses,
        })),
        CaptureAnswer::Caught(_) => Err(Fault::internal("The agent misunderstood")),
    }
}

/// What was captured since the last call.
pub(super) async fn poll(inner: &Inner, request: Ticket) -> Result<Value, Fault> {
    let Ticket { ticket } = request;
    caught(inner, CaptureOrder::Poll { ticket }).await
}

/// Ends a capture; what is left can be polled.
pub(super) async fn stop(inner: &Inner, request: Ticket) -> Result<Value, Fault> {
    let Ticket { ticket } = request;
    caught(inner, CaptureOrder::Stop { ticket }).await
}

async fn caught(inner: &Inner, order: CaptureOrder) -> Result<Value, Fault> {
    match ask(inner, order).await? {
        CaptureAnswer::Caught(caught) => {
            let documents = inner.relay.documents();
            let document = documents.borrow();
            Ok(told(&document, &caught))
        }
        CaptureAnswer::Started { .. } => Err(Fault::internal("The agent misunderstood")),
    }
}

/// What is behind an id.
#[derive(Debug, Default)]
struct Aim {
    watch: Watch,
    /// With the addresses of those of its ENIs that are watched.
    endpoint: Option<EndpointId>,
    addresses: Vec<IpAddr>,
}

impl Aim {
    fn add(&mut self, interface: &Interface) {
        if let Role::Endpoint { gate, endpoint } = interface.role {
            self.watch.gates.push(gate);
            self.endpoint = Some(endpoint);
            self.addresses.push(interface.ip.into());
        }
    }
}

fn aim(world: &World, target: &str) -> Result<Aim, Fault> {
    let wrong =
        |problem: String| Fault::bad_request("InvalidParameterValue", format!("target: {problem}"));
    let mut aim = Aim::default();
    if target.starts_with("vpce-") {
        let id: EndpointId = parse_id("VpcEndpointId", target)?;
        let endpoint = world.endpoints.get(&id);
        let endpoint = endpoint.ok_or_else(|| not_found("VpcEndpointId", id))?;
        let interfaces = endpoint.interfaces.iter();
        for interface in interfaces.filter_map(|id| world.interfaces.get(id)) {
            aim.add(interface);
        }
        if aim.endpoint.is_none() {
            return Err(wrong(format!(
                "{id} has no network interface, so no packet passes it; capture an ENI"
            )));
        }
        return Ok(aim);
    }
    let id: InterfaceId = parse_id("NetworkInterfaceID", target)?;
    let interface = world.interfaces.get(&id);
    let interface = interface.ok_or_else(|| not_found("NetworkInterfaceID", id))?;
    match &interface.role {
        Role::Workload {
            attachment: Some(_),
            slot,
        } => aim.watch.eni = Some(*slot),
        Role::Workload {
            attachment: None, ..
        } => {
            return Err(wrong(format!(
                "{id} is not attached, so it has no packets; `ginnel attach {id} NAMESPACE` first"
            )));
        }
        Role::Endpoint { .. } => aim.add(interface),
        Role::LoadBalancer { .. } | Role::NatGateway { .. } => {
            return Err(wrong(format!(
                "{id} is a load balancer's or a NAT gateway's; capture an endpoint that leads there, or the ENI at an end"
            )));
        }
    }
    Ok(aim)
}

async fn ask(inner: &Inner, order: CaptureOrder) -> Result<CaptureAnswer, Fault> {
    let (answer, answered) = oneshot::channel();
    let unavailable = |problem: &str| {
        Fault::new(
            503,
            "ServiceUnavailable",
            format!("{problem}; see `ginnel status`"),
        )
    };
    let calls = inner.relay.captures();
    let calls = calls.ok_or_else(|| unavailable("The host has not started yet"))?;
    let asked = async {
        calls.send((order, answer)).await.ok()?;
        answered.await.ok()
    };
    let answer = tokio::time::timeout(PATIENCE, asked).await;
    let answer = answer
        .map_err(|_| unavailable(&format!("The host did not answer within {PATIENCE:?}")))?
        .ok_or_else(|| unavailable("The host stopped"))?;
    answer.map_err(|refused| match refused {
        CaptureRefused::Busy { holder } => Fault::bad_request(
            "ResourceInUse",
            format!("A host has one capture at a time, and this one captures {holder}; wait for its end, or end it there with Ctrl-C"),
        ),
        CaptureRefused::Over => Fault::bad_request(
            "InvalidParameterValue",
            "ticket: this capture is over: it was stopped, nobody fetched its packets for 5 s, or the daemon was restarted",
        ),
        CaptureRefused::Unable { problem } => Fault::bad_request("UnsupportedOperation", problem),
    })
}

fn told(document: &Document, caught: &Catch) -> Value {
    let packets = caught
        .packets
        .iter()
        .map(|packet| describe(document, packet));
    json!({
        "lost": caught.lost,
        "more": caught.more,
        "packets": packets.collect::<Vec<_>>(),
    })
}

fn describe(document: &Document, packet: &Captured) -> Value {
    let Captured {
        at_ns,
        from,
        to,
        gate,
        side,
        fate,
        verdict,
        segments,
        came,
        went,
    } = packet;
    let fate = match fate {
        Fate::Passed => "passed",
        Fate::Answered => "answered",
        Fate::Dropped => "dropped",
        Fate::Ignored => "ignored",
    };
    let side = side.map(|side| match side {
        Side::Client => "client",
        Side::Target => "target",
    });
    let label = gate.and_then(|gate| document.gate_labels.get(&gate));
    json!({
        "at_ns": at_ns,
        "from": from.map(|slot| name(document, slot)),
        "to": to.map(|slot| name(document, slot)),
        "endpoint": label.and_then(|label| label.endpoint.as_ref()),
        "side": side,
        "fate": fate,
        "verdict": verdict.map(|verdict| verdict.label()),
        "segments": segments,
        "came": frame(came),
        "went": went.as_ref().map(frame),
    })
}

fn name(document: &Document, slot: EniSlot) -> String {
    match document.eni_labels.get(&slot) {
        Some(label) => label.eni.clone(),
        None if slot == EniSlot(0) => "ginnel".into(),
        None if slot.0 >= MAX_SLOTS => "outside".into(),
        None => "an ENI that is gone".into(),
    }
}

fn frame(frame: &Frame) -> Value {
    json!({ "length": frame.length, "bytes": STANDARD.encode(&frame.bytes) })
}

#[cfg(test)]
mod tests;
