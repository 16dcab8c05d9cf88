//! One port for all services: bytes in, bytes out.

use std::cell::RefCell;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use aws::call::{Parts, Protocol, decode, speaks_cbor};
use aws::{Fault, Request, Response, Service, cloudtrail};
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{self, HeaderMap, StatusCode, header, request};
use axum::routing::{get, post};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use model::time::Millis;
use model::world::Change;
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};

use crate::api::{Call, ginnel, handle, is_read};
use crate::audit;
use crate::audit::record::{Origin, Recorder};
use crate::authenticate::{Caller, Place, authenticate};
use crate::authorize::authorize;
use crate::dev;
use crate::open::{Control, now};
use crate::regions::Regions;
use crate::unsigned::{self, Unsigned};

/// The longest body of a request; AWS's own limits lie below.
const MAX_BODY: usize = 1 << 20;
/// A body that takes longer to arrive is given up.
const BODY_TIMEOUT: Duration = Duration::from_secs(30);
const XML: &str = "text/xml;charset=UTF-8";
const JSON: &str = "application/x-amz-json-1.0";
/// Where Ginnel's own operations are.
const OWN: &str = "/_ginnel/";

pub(crate) fn router(regions: Regions) -> Router {
    Router::new()
        .route("/_ginnel/health", get(|| async { "{\"status\":\"ok\"}\n" }))
        .route("/_ginnel/reset", post(reset))
        .fallback(answer)
        .with_state(regions)
}

/// Empties everything (`--dev` only; not signed, as emulators have it).
async fn reset(State(regions): State<Regions>, headers: HeaderMap) -> (StatusCode, String) {
    // A web page could send this to the loopback address; browsers then say from where.
    if headers.contains_key(header::ORIGIN) {
        return (StatusCode::FORBIDDEN, "not for web pages\n".into());
    }
    let done = tokio::task::spawn_blocking(move || regions.reset()).await;
    match done.unwrap_or_else(|_| Err(Fault::internal("The reset died; see the log"))) {
        Ok(()) => (StatusCode::OK, "{\"status\":\"reset\"}\n".into()),
        Err(fault) => {
            let (_, text) = fault.encode(Service::Ginnel, &request_id());
            let status = StatusCode::from_u16(fault.status);
            (status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR), text)
        }
    }
}

/// A request whose body is read.
struct Received {
    method: String,
    path: String,
    query: String,
    headers: Vec<(String, String)>,
    body: Bytes,
    /// The client's.
    address: String,
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

async fn answer(
    State(regions): State<Regions>,
    request: axum::extract::Request,
) -> http::Response<Body> {
    let request_id = request_id();
    let (head, body) = request.into_parts();
    let mut received = receive(&head);
    let outcome = match read(body).await {
        Ok(body) => {
            received.body = body;
            serve(&regions, &received, &request_id).await
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
    let cbor = speaks_cbor(&received.parts()) && kind == aws::json::CONTENT_TYPE;
    let cbor = cbor.then(|| aws::cbor::from_json(&text).ok()).flatten();
    let (kind, body) = match cbor {
        Some(bytes) => (aws::cbor::CONTENT_TYPE, Body::from(bytes)),
        None => (kind, Body::from(text)),
    };
    let mut response = http::Response::new(body);
    if kind == aws::cbor::CONTENT_TYPE {
        let name = header::HeaderName::from_static("smithy-protocol");
        let value = header::HeaderValue::from_static("rpc-v2-cbor");
        response.headers_mut().insert(name, value);
    }
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
        address: head
            .extensions
            .get::<IpAddr>()
            .map(ToString::to_string)
            .unwrap_or_default(),
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

/// The content type and the text, or a fault in the words of the service that was called.
type Answer = Result<(&'static str, String), (Service, Fault)>;

async fn serve(regions: &Regions, received: &Received, request_id: &str) -> Answer {
    let parts = received.parts();
    if let Some(call) = unsigned::read(&parts) {
        let answer = match call {
            Ok(call) => serve_unsigned(regions, received, call, request_id).await,
            Err(fault) => Err(fault),
        };
        return answer.map_err(|fault| (Service::Sns, fault));
    }
    let control = regions.of(aws::sigv4::region(&parts).as_deref());
    let control = &control.map_err(|fault| (aws::sigv4::service(&parts), fault))?;
    let inner = &control.inner;
    let at = now();
    let world = inner.committer.world();
    let place = Place {
        vault: &inner.vault,
        region: &inner.region,
        dev: inner.dev,
    };
    let (service, caller) = authenticate(&world, place, &parts, at.0 / 1_000)?;
    let failed = |fault| (service, fault);
    let world = if inner.dev && !world.accounts.contains_key(&caller.account) {
        // A role of an account that nobody has heard of: an emulator's user expects it.
        let (control, account) = (control.clone(), caller.account);
        let moved = tokio::task::spawn_blocking(move || dev::move_in(&control, account, false));
        let moved = moved.await;
        let moved = moved.unwrap_or_else(|_| Err(Fault::internal("Making the account died")));
        moved.map_err(failed)?;
        inner.committer.world()
    } else {
        world
    };
    let own =
        (service == Service::Ginnel).then(|| received.path.strip_prefix(OWN).unwrap_or_default());
    let origin = Origin {
        request_id,
        address: &received.address,
        region: &inner.region,
        at,
    };
    let recorder = Recorder::new(service, &parts, &caller, own, &origin);
    let may = |operation| {
        let judge = inner.judge.as_ref();
        authorize(judge, &world, &caller, (service, operation), request_id)
    };
    if let Some(operation) = own {
        if let Err(fault) = may(operation) {
            return Err(failed(refuse(control, recorder, fault).await));
        }
        let reply = ginnel::serve(control, operation, &received.body, &recorder).await;
        let reply = match reply {
            Ok(reply) => reply,
            Err(fault) => return Err(failed(refuse(control, recorder, fault).await)),
        };
        if ginnel::is_read(operation) {
            let noted = inner.committer.note(recorder.read(None));
            noted.map_err(failed)?;
        }
        return Ok((JSON, reply.to_string()));
    }
    let request = decode(service, &parts).and_then(|request| may(request.name()).map(|()| request));
    let request = match request {
        Ok(request) => request,
        Err(fault) => return Err(failed(refuse(control, recorder, fault).await)),
    };
    let text = if is_read(&request) {
        let call = call(control, &caller, at, world.revision);
        let outcome = match &request {
            Request::Cloudtrail(cloudtrail::Request::LookupEvents(request)) => {
                lookup(control, &caller, request).await
            }
            request => handle(&world, &call, request).map(|outcome| outcome.response),
        };
        let outcome = outcome.and_then(|response| finish(&request, response));
        let noted = inner.committer.note(recorder.read(outcome.as_ref().err()));
        noted
            .and(outcome)
            .and_then(|response| response.encode(request_id))
    } else {
        write_aside(control, caller, at, request, recorder, request_id).await
    };
    Ok((content_type(service), text.map_err(failed)?))
}

/// Records a call that is refused before it is carried out; what to answer.
async fn refuse(control: &Control, recorder: Recorder, fault: Fault) -> Fault {
    let control = control.clone();
    let written = tokio::task::spawn_blocking(move || {
        control.inner.committer.commit(
            |_, _| -> Result<((), Vec<Change>), Fault> { Err(fault) },
            |outcome| recorder.write(outcome),
        )
    });
    match written.await {
        Ok(Err(fault)) => fault,
        Ok(Ok(())) | Err(_) => Fault::internal("The call's refusal was lost; see the log"),
    }
}

async fn lookup(
    control: &Control,
    caller: &Caller,
    request: &cloudtrail::LookupEventsRequest,
) -> Result<Response, Fault> {
    let (control, account, request) = (control.clone(), caller.account, request.clone());
    let found = tokio::task::spawn_blocking(move || {
        // What is answered must include what was answered before.
        control.inner.committer.flush()?;
        audit::lookup::lookup(control.inner.committer.log(), account, &request)
    });
    let found = found.await;
    let found = found.unwrap_or_else(|_| Err(Fault::internal("The look-up died; see the log")))?;
    Ok(Response::Cloudtrail(cloudtrail::Response::LookupEvents(
        Box::new(found),
    )))
}

/// Who has not signed leaves no trace, in the audit neither, unless what admits him fits.
async fn serve_unsigned(
    regions: &Regions,
    received: &Received,
    unsigned: Unsigned,
    request_id: &str,
) -> Result<(&'static str, String), Fault> {
    let Unsigned {
        caller,
        request,
        region,
    } = unsigned;
    let control = &regions.there(&region).ok_or_else(|| {
        Fault::new(
            404,
            "NotFound",
            format!("The region {region} is not served here"),
        )
    })?;
    let at = now();
    let world = control.inner.committer.world();
    let tried = handle(
        &world,
        &call(control, &caller, at, world.revision),
        &request,
    )?;
    if tried.changes.is_empty() {
        return Ok((XML, tried.response.encode(request_id)?));
    }
    let origin = Origin {
        request_id,
        address: &received.address,
        region: &control.inner.region,
        at,
    };
    let recorder = Recorder::new(Service::Sns, &received.parts(), &caller, None, &origin);
    let text = write_aside(control, caller, at, request, recorder, request_id).await?;
    Ok((XML, text))
}

/// A write, on a thread that may wait for the disk.
async fn write_aside(
    control: &Control,
    caller: Caller,
    at: Millis,
    request: Request,
    recorder: Recorder,
    request_id: &str,
) -> Result<String, Fault> {
    let (control, id) = (control.clone(), request_id.to_owned());
    let written =
        tokio::task::spawn_blocking(move || write(&control, &caller, at, &request, &recorder, &id));
    written
        .await
        .unwrap_or_else(|_| Err(Fault::internal("The call's handler died; see the log")))
}

fn write(
    control: &Control,
    caller: &Caller,
    at: Millis,
    request: &Request,
    recorder: &Recorder,
    request_id: &str,
) -> Result<String, Fault> {
    let response = control.inner.committer.commit(
        |world, revision| {
            let call = call(control, caller, at, revision);
            let outcome = handle(world, &call, request).and_then(|it| finish(request, it))?;
            Ok((outcome.response, outcome.changes))
        },
        |outcome| recorder.write(outcome),
    )?;
    response.encode(request_id)
}

fn content_type(service: Service) -> &'static str {
    match service.protocol() {
        Protocol::Form(_) => XML,
        Protocol::Json(_) => aws::json::CONTENT_TYPE,
        Protocol::Own => JSON,
    }
}

/// DryRun: everything was checked; the answer is an error all the same, and nothing is written.
fn finish<T>(request: &Request, outcome: T) -> Result<T, Fault> {
    if request.dry_run() {
        return Err(Fault::dry_run());
    }
    Ok(outcome)
}

pub(crate) fn call(control: &Control, caller: &Caller, at: Millis, revision: u64) -> Call {
    Call {
        account: caller.account,
        arn: caller.arn.clone(),
        principal: caller.principal.clone(),
        temporary: caller.temporary,
        region: control.inner.region.clone(),
        now: at,
        revision,
        rng: RefCell::new(StdRng::from_rng(&mut rand::rng())),
        dev: control.inner.dev,
        reach: Arc::clone(&control.inner.reach),
        quotas: Arc::clone(&control.inner.quotas),
        report: control.inner.relay.last_report(),
        vault: Arc::clone(&control.inner.vault),
        judge: Arc::clone(&control.inner.judge),
    }
}

fn request_id() -> String {
    uuid(rand::rng().random())
}

/// Random bits in the form of a UUID.
pub(crate) fn uuid(bits: u128) -> String {
    let text = format!("{bits:032x}");
    [0..8, 8..12, 12..16, 16..20, 20..32]
        .map(|part| text.get(part).unwrap_or_default().to_owned())
        .join("-")
}
