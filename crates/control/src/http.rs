//! One port for all services: bytes in, bytes out.

use std::cell::RefCell;
use std::sync::Arc;
use std::time::Duration;

use aws::call::{Parts, decode};
use aws::{Fault, Request, Service};
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{Response, StatusCode, header, request};
use axum::routing::get;
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use model::time::Millis;
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};

use crate::api::{Call, ginnel, handle, is_read};
use crate::authenticate::{Caller, authenticate};
use crate::authorize::authorize;
use crate::open::{Control, now};

/// The longest body of a request; AWS's own limits lie below.
const MAX_BODY: usize = 1 << 20;
/// A body that takes longer to arrive is given up.
const BODY_TIMEOUT: Duration = Duration::from_secs(30);
const XML: &str = "text/xml;charset=UTF-8";
const JSON: &str = "application/x-amz-json-1.0";
/// Where Ginnel's own operations are.
const OWN: &str = "/_ginnel/";

pub(crate) fn router(control: Control) -> Router {
    Router::new()
        .route("/_ginnel/health", get(|| async { "{\"status\":\"ok\"}\n" }))
        .fallback(answer)
        .with_state(control)
}

/// A request whose body is read.
struct Received {
    method: String,
    path: String,
    query: String,
    headers: Vec<(String, String)>,
    body: Bytes,
}

impl Received {
    fn parts(&self) -> Parts<'_> {
        Parts {
            method: &self.method,
            path: &self.path,
            query: &self.query,
            headers: &self.headers,
            body: &self.body,
        }
    }
}

async fn answer(State(control): State<Control>, request: axum::extract::Request) -> Response<Body> {
    let request_id = request_id();
    let (head, body) = request.into_parts();
    let mut received = receive(&head);
    let outcome = match read(body).await {
        Ok(body) => {
            received.body = body;
            serve(&control, &received, &request_id).await
        }
        Err(fault) => Err((aws::sigv4::service(&received.parts()), fault)),
    };
    let (status, kind, text) = match outcome {
        Ok((kind, text)) => (200, kind, text),
        Err((service, fault)) => {
            let (kind, text) = fault.encode(service, &request_id);
            (fault.status, kind, text)
        }
    };
    let mut response = Response::new(Body::from(text));
    *response.status_mut() =
        StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    for (name, value) in [
        (header::CONTENT_TYPE, kind),
        (
            header::HeaderName::from_static("x-amzn-requestid"),
            &request_id,
        ),
    ] {
        if let Ok(value) = value.parse() {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

fn receive(head: &request::Parts) -> Received {
    let headers = head.headers.iter().map(|(name, value)| {
        let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
        (name.as_str().to_owned(), value)
    });
    Received {
        method: head.method.as_str().to_owned(),
        path: head.uri.path().to_owned(),
        query: head.uri.query().unwrap_or_default().to_owned(),
        headers: headers.collect(),
        body: Bytes::new(),
    }
}

async fn read(body: Body) -> Result<Bytes, Fault> {
    let collected = Limited::new(body, MAX_BODY).collect();
    match tokio::time::timeout(BODY_TIMEOUT, collected).await {
        Ok(Ok(collected)) => Ok(collected.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(Fault::new(
            413,
            "RequestEntityTooLarge",
            format!("The request's body is larger than {MAX_BODY} bytes"),
        )),
        Ok(Err(_)) => Err(Fault::bad_request(
            "IncompleteBody",
            "The request's body ended before its time",
        )),
        Err(_) => Err(Fault::bad_request(
            "RequestTimeout",
            "The request's body did not arrive in time",
        )),
    }
}

type Answer = Result<(&'static str, String), (Service, Fault)>;

async fn serve(control: &Control, received: &Received, request_id: &str) -> Answer {
    let inner = &control.inner;
    let parts = received.parts();
    let at = now();
    let world = inner.committer.world();
    let (service, caller) =
        authenticate(&world, &inner.vault, &inner.region, &parts, at.0 / 1_000)?;
    let failed = |fault| (service, fault);
    if service == Service::Ginnel {
        let operation = received.path.strip_prefix(OWN).unwrap_or_default();
        authorize(&caller, service, operation).map_err(failed)?;
        let reply = ginnel::serve(control, operation, &received.body).await;
        return Ok((JSON, reply.map_err(failed)?.to_string()));
    }
    let request = decode(service, &parts).map_err(failed)?;
    authorize(&caller, service, request.name()).map_err(failed)?;
    let text = if is_read(&request) {
        let call = call(control, &caller, at, world.revision);
        let outcome = handle(&world, &call, &request).and_then(|outcome| finish(&request, outcome));
        outcome.and_then(|outcome| outcome.response.encode(request_id))
    } else {
        let (control, id) = (control.clone(), request_id.to_owned());
        let written =
            tokio::task::spawn_blocking(move || write(&control, &caller, at, &request, &id)).await;
        written.unwrap_or_else(|_| Err(Fault::internal("The call's handler died; see the log")))
    };
    Ok((XML, text.map_err(failed)?))
}

fn write(
    control: &Control,
    caller: &Caller,
    at: Millis,
    request: &Request,
    request_id: &str,
) -> Result<String, Fault> {
    let response = control.inner.committer.commit(|world, revision| {
        let call = call(control, caller, at, revision);
        let outcome = handle(world, &call, request).and_then(|outcome| finish(request, outcome))?;
        Ok((outcome.response, outcome.changes))
    })?;
    response.encode(request_id)
}

/// DryRun: everything was checked; the answer is an error all the same, and nothing is written.
fn finish(request: &Request, outcome: crate::api::Outcome) -> Result<crate::api::Outcome, Fault> {
    if request.dry_run() {
        return Err(Fault::dry_run());
    }
    Ok(outcome)
}

fn call(control: &Control, caller: &Caller, at: Millis, revision: u64) -> Call {
    Call {
        account: caller.account,
        arn: caller.arn.clone(),
        region: control.inner.region.clone(),
        now: at,
        revision,
        rng: RefCell::new(StdRng::from_rng(&mut rand::rng())),
        dev: control.inner.dev,
        quotas: Arc::clone(&control.inner.quotas),
        vault: Arc::clone(&control.inner.vault),
    }
}

fn request_id() -> String {
    let bits: u128 = rand::rng().random();
    let text = format!("{bits:032x}");
    [0..8, 8..12, 12..16, 16..20, 20..32]
        .map(|part| text.get(part).unwrap_or_default().to_owned())
        .join("-")
}
